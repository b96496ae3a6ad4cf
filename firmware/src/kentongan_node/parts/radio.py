"""The LoRa chip behind micropython-lib's driver, without waiting: begin, poll, answer.

Adds what the driver lacks: channel activity detection, a bound on every transmission with a fresh start of
the chip, calibration for our band, the chip's own state read at every look (a chip that browned out, hangs or
answers nonsense is noticed and begun anew), error counters, and a refusal of settings outside band, power or
chip. Section numbers are of the SX1261/2 datasheet rev 2.1 and the SX1276 datasheet rev 7.
"""

from time import ticks_diff, ticks_ms

import lora  # of micropython-lib: lora-sync with lora-sx126x or lora-sx127x; a board has its chip's alone
from kentongan_wire.air import phy
from kentongan_wire.base.errors import LocalError
from kentongan_wire.base.shapes import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from kentongan_node.base.actions import Settings

    Event = tuple[str, tuple[Any, ...]]  # a name, its arguments


IDLE, CHECKING, SENDING = 0, 1, 2
CAD_WAIT_MS = 60  # 2-4 symbols and turnaround; later the answer is lost
SEND_WAIT_MS = 200  # beyond the air time; then TX_DONE is lost
FAILED, COMING_IN = -1, 0  # a step that was over as it began, in place of its limit
FAILURES_MAX = 5  # starts in a row without one frame sent between them: the board starts anew
RETRY_MS = 1_000  # between two starts of a chip that does not answer
REFRESH_MS = 600_000  # nothing heard for so long: calibrate anew (temperature moves the image) in 30 ms
TCXO_START_US = 5_000  # oscillator on DIO3
POWER_DBM = {"sx1262": (-9, 22), "sx1276": (2, 17)}  # what the driver really sets; SX1276 with PA_BOOST
FAULTS = (RuntimeError, OSError, ValueError)

# SX126x commands, states and interrupt bits (13.1.12, 13.3.1, 13.4.7, 13.5.1)
SX126_SET_CAD, SX126_CAD_PARAMS, SX126_DIO_IRQ, SX126_GET_IRQ = 0xC5, 0x88, 0x08, 0x12
SX126_TX_DONE, SX126_RX_DONE, SX126_PREAMBLE, SX126_HEADER = 0x0001, 0x0002, 0x0004, 0x0010
SX126_CAD_DONE, SX126_CAD_HIT, SX126_TIMEOUT = 0x0080, 0x0100, 0x0200
# All of ours may be set in the status, and the CRC's; not the header's error, which would stay set and spoil
# the next good frame. Only those that the driver waits for raise DIO1.
SX126_IRQ_ALL = 0x03D7
SX126_IRQ_PIN = SX126_RX_DONE | SX126_TX_DONE | SX126_TIMEOUT
SX126_RX, SX126_MODES, SX126_SENDING = 5, (2, 3, 4, 5, 6), (4, 6)
SX126_COMMAND_FAULTS = (4, 5)  # command status: cannot be processed, failed to execute
SX126_CAD_PEAK_OVER_SF = 13  # detection peak = SF + 13 (Semtech AN1200.48: 22 at SF8 with 2 symbols)
SX126_CAD_MIN = 10
CAD_SYMBOL_CODES = {1: 0, 2: 1, 4: 2, 8: 3, 16: 4}
# SX127x registers and modes (4.1.6, table 41)
SX127_OP_MODE, SX127_IRQ, SX127_STAT = 0x01, 0x12, 0x18
SX127_FIFO_AT, SX127_FIFO_RX_LAST, SX127_RX_BYTES = 0x0D, 0x10, 0x13
SX127_LORA, SX127_MODE_MASK, SX127_CAD_MODE = 0x80, 0x07, 0x07
SX127_RX, SX127_SENDING = 5, (2, 3)
SX127_RX_DONE, SX127_TX_DONE, SX127_CAD_DONE, SX127_CAD_HIT = 0x40, 0x08, 0x04, 0x01
SX127_RECEIVING = 0x0A  # header valid, or signal synchronised
PREAMBLE_STALE_SYMBOLS = 40  # a preamble that long ago without a header was none


class Radio:
    """`pins`: chip "sx1262" or "sx1276", spi, cs, reset, busy, dio1, dio0, tcxo_mv, rf_switch, switch;
    LocalError when the settings are outside band, power or chip, RuntimeError when the chip does not
    answer; with `patient` it is tried again beside what else goes on, as one that died later."""

    def __init__(self, pins: "dict[str, Any]", settings: "Settings", patient: bool = False) -> None:
        self.counters = {
            "cad_lost": 0,
            "send_lost": 0,
            "driver": 0,
            "crc": 0,
            "deaf": 0,
            "restarts": 0,
            "refreshed": 0,
            "missed": 0,
        }
        self.failures = 0
        self._pins = pins
        self._sx126 = pins["chip"] == "sx1262"
        self._state = IDLE
        self._since_ms = ticks_ms()
        self._limit_ms = 0
        self._preamble_ms: Any = None
        self._listening = False
        self._heard_ms = ticks_ms()
        self._down_ms: Any = None  # when the chip failed to start
        self._crc_seen = 0
        self._fifo_at = 0  # SX1276: where the next frame will begin
        try:
            self.tune(settings)
        except LocalError:
            raise
        except FAULTS:
            if not patient:
                raise
            self.failures = 1

    def tune(self, settings: "Settings") -> None:
        """Take other radio settings: the chip starts anew. A refusal changes nothing."""
        preset = phy.preset(settings["preset"])
        power = settings["conducted_dbm"]
        phy.check_frequency(settings["freq_hz"], preset.bw_hz)
        phy.check_eirp_dbm(power, settings["gain_dbi"], settings["loss_db"])
        low, high = POWER_DBM[self._pins["chip"]]
        if not low <= power <= high:
            raise LocalError(
                "conducted_dbm {}: this board's {} sends {} to {} dBm; choose from these".format(
                    power, self._pins["chip"], low, high
                )
            )
        self.preset = preset
        self._config = {
            "freq_khz": settings["freq_hz"] // 1000,
            "sf": preset.sf,
            "bw": str(preset.bw_hz // 1000),
            "coding_rate": preset.cr,
            "preamble_len": phy.PREAMBLE_SYMBOLS,
            "syncword": phy.SYNC_WORD,
            "crc_en": True,
            "implicit_header": False,
            "output_power": power,
        }
        if not self._sx126:
            self._config["tx_ant"] = "PA_BOOST"  # the antenna of these boards hangs on that pin
        self._start()

    def _start(self) -> None:
        pins = self._pins
        self._down_ms = ticks_ms()
        if self._sx126:
            self._chip = lora.SX1262(
                pins["spi"],
                pins["cs"],
                pins["busy"],
                dio1=pins["dio1"],
                dio2_rf_sw=pins["rf_switch"],
                dio3_tcxo_millivolts=pins["tcxo_mv"],
                dio3_tcxo_start_time_us=TCXO_START_US,
                reset=pins["reset"],
                lora_cfg=self._config,
                ant_sw=pins["switch"],
            )
            self._chip._cmd(">BHHHH", SX126_DIO_IRQ, SX126_IRQ_ALL, SX126_IRQ_PIN, 0, 0)
            if pins["tcxo_mv"]:
                self._chip.calibrate()  # 13.3.6: what was calibrated at power-on had no oscillator yet
        else:
            self._chip = lora.SX1276(
                pins["spi"],
                pins["cs"],
                dio0=pins["dio0"],
                dio1=pins["dio1"],
                reset=pins["reset"],
                lora_cfg=self._config,
                ant_sw=pins["switch"],
            )
        self._chip.calibrate_image()  # 9.2.1: the reset value is for 915 MHz and 3.3 V at 25 degrees
        self._chip.rx_crc_error = True  # a frame that nobody can read says that the channel is used
        self._look()
        self._down_ms = None
        self._crc_seen = 0
        self._state = IDLE
        self._heard_ms = ticks_ms()
        if self._listening:
            self._receive()

    @property
    def dead(self) -> bool:
        """Restarting the chip did not help; nothing but a reset of the board is left."""
        return self.failures >= FAILURES_MAX

    @property
    def checking(self) -> bool:
        return self._state == CHECKING

    def listen(self, on: bool) -> None:
        """Receiver on or off while nothing is sent."""
        self._listening = on
        self._heard_ms = ticks_ms()
        if self._state == IDLE and self._down_ms is None:
            self._safely(self._resume, None)

    def sleep(self) -> None:
        """Lowest power; the next begin wakes the chip."""
        self._listening = False
        self._safely(self._rest, None)

    def begin_check(self) -> None:
        """Start one channel check; poll answers ("cad", busy)."""
        self._begin(CHECKING, CAD_WAIT_MS, self._check, None)

    def begin_send(self, frame: bytes) -> None:
        """Start one transmission; poll answers ("sent", ok) within its air time and SEND_WAIT_MS."""
        wait_ms = phy.airtime_us(self.preset, len(frame)) // 1000 + SEND_WAIT_MS
        self._begin(SENDING, wait_ms, self._send, frame)

    def poll(self) -> "Event | None":
        """Return the next event or None: ("cad", (busy,)) ("sent", (ok,)) ("receive", (frame, rssi, snr_q)),
        or of a frame whose CRC did not hold ("garbled", (length,)).
        """
        if self._down_ms is not None:
            return self._poll_down()
        if self._state == IDLE:
            return self._safely(self._poll_receive, None) if self._listening else None
        if self._limit_ms == FAILED:
            return self._lost()
        if self._limit_ms == COMING_IN:
            self._state = IDLE
            return ("cad", (True,))
        answer = self._safely(self._poll_send if self._state == SENDING else self._poll_check, None)
        if answer is None and ticks_diff(ticks_ms(), self._since_ms) > self._limit_ms:
            answer = self._lost()
        return answer

    def _begin(
        self, state: int, limit_ms: int, work: "Callable[[Any], object]", argument: bytes | None
    ) -> None:
        self._state, self._since_ms, self._limit_ms = state, ticks_ms(), limit_ms
        if self._down_ms is not None:
            return  # poll answers for the chip that is down
        try:
            work(argument)
        except FAULTS:
            self._fault()

    def _safely(self, work: "Callable[[Any], Any]", argument: bytes | None) -> "Event | None":
        """Run one step with the driver; a fault of the chip is counted and the chip started anew."""
        try:
            return work(argument)
        except FAULTS:
            self._fault()
            if self._state != IDLE:
                return self._lost()
            self._restart()
            return None

    def _fault(self) -> None:
        self.counters["driver"] += 1
        self._limit_ms = FAILED

    def _lost(self) -> "Event":
        """No answer came: a fresh start, and the core is told the cautious answer."""
        state = self._state
        self.counters["send_lost" if state == SENDING else "cad_lost"] += 1
        self._restart()
        return ("sent", (False,)) if state == SENDING else ("cad", (True,))

    def _restart(self) -> None:
        self.counters["restarts"] += 1
        self.failures += 1
        self._state = IDLE
        try:
            self._start()
        except FAULTS:
            self._down_ms = ticks_ms()

    def _poll_down(self) -> "Event | None":
        """Answer for a chip that did not start, and try it again now and then."""
        state, self._state = self._state, IDLE
        if ticks_diff(ticks_ms(), self._down_ms) >= RETRY_MS:
            self._restart()
        if state == IDLE:
            return None
        return ("sent", (False,)) if state == SENDING else ("cad", (True,))

    # -- one step each ------------------------------------------------------------------------------

    def _look(self) -> tuple[int, int]:
        """(mode, interrupt flags); RuntimeError when the chip reports a failed command, or is none."""
        if not self._sx126:
            mode = self._chip._reg_read(SX127_OP_MODE)
            if not mode & SX127_LORA or mode == 0xFF:
                raise RuntimeError("chip is not in LoRa mode")
            return mode & SX127_MODE_MASK, self._chip._reg_read(SX127_IRQ)
        answer = self._chip._cmd("B", SX126_GET_IRQ, n_read=3)
        mode, command = answer[0] >> 4 & 7, answer[0] >> 1 & 7
        if mode not in SX126_MODES or command in SX126_COMMAND_FAULTS:
            raise RuntimeError("chip status {:#x}".format(answer[0]))
        return mode, answer[1] << 8 | answer[2]

    def _rest(self, _: None) -> None:
        self._state = IDLE
        self._chip.sleep()

    def _resume(self, _: None) -> None:
        self._state = IDLE
        if self._listening:
            self._receive()
        else:
            self._chip.standby()

    def _receive(self) -> None:
        self._fifo_at = 0
        self._chip.start_recv(None, True)

    def _send(self, frame: bytes) -> None:
        self._chip.standby()
        self._chip.prepare_send(frame)
        self._chip.start_send()

    def _poll_send(self, _: None) -> "Event | None":
        mode, flags = self._look()
        if not flags & (SX126_TX_DONE if self._sx126 else SX127_TX_DONE):
            if mode not in (SX126_SENDING if self._sx126 else SX127_SENDING):
                raise RuntimeError("chip left the transmission")
            return None
        self._chip.poll_send()
        self.failures = 0
        self._resume(None)
        return ("sent", (True,))

    def _check(self, _: None) -> None:
        if self._listening and self._receiving():
            self._limit_ms = COMING_IN  # busy, and the frame is not cut off
            return
        self._chip.standby()
        if self._sx126:
            symbols = CAD_SYMBOL_CODES[phy.CAD_SYMBOLS]
            peak = self.preset.sf + SX126_CAD_PEAK_OVER_SF
            self._chip._cmd(">BBBBBBH", SX126_CAD_PARAMS, symbols, peak, SX126_CAD_MIN, 0, 0, 0)
            self._chip._cmd("B", SX126_SET_CAD)
        else:
            mode = self._chip._reg_read(SX127_OP_MODE) & ~SX127_MODE_MASK
            self._chip._reg_write(SX127_IRQ, 0xFF)
            self._chip._reg_write(SX127_OP_MODE, mode | SX127_CAD_MODE)

    def _poll_check(self, _: None) -> "Event | None":
        flags = self._look()[1]
        done, hit = (SX126_CAD_DONE, SX126_CAD_HIT) if self._sx126 else (SX127_CAD_DONE, SX127_CAD_HIT)
        if not flags & done:
            return None
        self._chip._clear_irq()
        self._resume(None)
        return ("cad", (bool(flags & hit),))

    def _receiving(self) -> bool:
        """Tell whether the receiver is in the middle of a frame, or holds one that was not read out yet."""
        flags = self._look()[1]
        if not self._sx126:
            return bool(flags & SX127_RX_DONE or self._chip._reg_read(SX127_STAT) & SX127_RECEIVING)
        if flags & (SX126_RX_DONE | SX126_HEADER):
            return True
        if not flags & SX126_PREAMBLE:
            self._preamble_ms = None
            return False
        if self._preamble_ms is None:
            self._preamble_ms = ticks_ms()
        stale_ms = phy.symbol_us(self.preset) * PREAMBLE_STALE_SYMBOLS // 1000
        if ticks_diff(ticks_ms(), self._preamble_ms) <= stale_ms:
            return True
        self._preamble_ms = None
        return False  # the check's standby clears the stale bit

    def _find_frame(self) -> None:
        """Let the driver read the frame that the chip speaks of.

        It begins elsewhere than the last one ended when another frame came between two looks; of that one
        length and strength are gone (4.1.2.3: status is the last packet's only).
        """
        start = self._chip._reg_read(SX127_FIFO_RX_LAST)
        if start != self._fifo_at:
            self.counters["missed"] += 1
        self._chip._reg_write(SX127_FIFO_AT, start)
        self._fifo_at = start + self._chip._reg_read(SX127_RX_BYTES) & 0xFF

    def _poll_receive(self, _: None) -> "Event | None":
        mode, flags = self._look()
        if not flags & (SX126_RX_DONE if self._sx126 else SX127_RX_DONE):
            if mode != (SX126_RX if self._sx126 else SX127_RX):
                self.counters["deaf"] += 1  # it lost its supply or its mind, and its settings with that
                raise RuntimeError("chip left the reception")
            if ticks_diff(ticks_ms(), self._heard_ms) >= REFRESH_MS:
                self.counters["refreshed"] += 1
                self._start()
            return None
        if not self._sx126:
            self._find_frame()
        packet = self._chip.poll_recv()
        self._heard_ms = ticks_ms()
        crc = self._chip.crc_errors - self._crc_seen
        self._crc_seen = self._chip.crc_errors
        self.counters["crc"] += crc
        if crc or packet is False:
            # SX127x: a frame that is not read out shifts the next ones in the FIFO; begin at its start again.
            self._receive()
        if packet is True or packet is False or packet is None:
            return None
        if crc:
            return ("garbled", (len(packet),))
        rssi = packet.rssi
        if not self._sx126 and packet.snr < 0:
            rssi += packet.snr // 4  # SX1276 5.5.5: below the noise the frame is weaker than the channel
        return ("receive", (bytes(packet), rssi, packet.snr))
