"""The LoRa chip behind micropython-lib's driver, without waiting: begin, poll, answer.

Adds what the driver lacks: channel activity detection, a bound on every transmission with a fresh start
of the chip, image calibration, error counters, and a refusal of settings outside band or power.
Section numbers are of the SX1261/2 datasheet rev 2.1 and the SX1276 datasheet rev 7.
"""
from time import ticks_diff, ticks_ms

from kentongan_wire import phy
from lora import SX1262, SX1276  # micropython-lib lora-sx126x / lora-sx127x with lora-sync, by mip

IDLE, CHECKING, SENDING = 0, 1, 2
CAD_WAIT_MS = 60         # 2-4 symbols and turnaround; later the answer is lost
SEND_WAIT_MS = 200       # beyond the air time; then TX_DONE is lost
FAILURES_MAX = 5         # restarts in a row without one success: the watchdog takes over
TCXO_START_US = 5_000    # oscillator on DIO3

# SX126x commands and interrupt bits that the driver does not use (13.1.12, 13.3.1, 13.4.7)
SX126_SET_CAD, SX126_CAD_PARAMS, SX126_DIO_IRQ = 0xC5, 0x88, 0x08
SX126_PREAMBLE, SX126_HEADER, SX126_RX_DONE = 0x0004, 0x0010, 0x0002
SX126_CAD_DONE, SX126_CAD_HIT = 0x0080, 0x0100
SX126_IRQ_ALL = 0x03FF       # all may be set in the status ...
SX126_IRQ_PIN = 0x0203       # ... but only RX_DONE, TX_DONE and TIMEOUT raise DIO1, as the driver has it
SX126_CAD_PEAK_OVER_SF = 13  # detection peak = SF + 13 (Semtech AN1200.48: 22 at SF8 with 2 symbols)
SX126_CAD_MIN = 10
CAD_SYMBOL_CODES = {1: 0, 2: 1, 4: 2, 8: 3, 16: 4}
# SX127x registers (4.1.6, table 41)
SX127_OP_MODE, SX127_IRQ, SX127_STAT = 0x01, 0x12, 0x18
SX127_CAD_MODE, SX127_MODE_MASK = 0x07, 0x07
SX127_CAD_DONE, SX127_CAD_HIT = 0x04, 0x01
SX127_RECEIVING = 0x0A       # header valid, or signal synchronised
PREAMBLE_STALE_SYMBOLS = 40  # a preamble that long ago without a header was none


class Radio:
    """`pins`: chip "sx1262" or "sx1276", spi, cs, reset, busy, dio1, dio0, tcxo_mv, rf_switch; LocalError
    when the settings are outside band or power, RuntimeError when the chip does not answer."""

    def __init__(self, pins, settings):
        self.counters = {"cad_lost": 0, "send_lost": 0, "driver": 0, "crc": 0, "restarts": 0}
        self.failures = 0
        self._pins = pins
        self._sx126 = pins["chip"] == "sx1262"
        self._state = IDLE
        self._since_ms = ticks_ms()
        self._limit_ms = 0
        self._preamble_ms = None
        self._listening = False
        self._crc_seen = 0
        self.tune(settings)

    def tune(self, settings):
        """Take other radio settings: the chip starts anew."""
        self.preset = phy.preset(settings["preset"])
        phy.check_frequency(settings["freq_hz"], self.preset.bw_hz)
        phy.check_eirp_dbm(settings["conducted_dbm"], settings["gain_dbi"], settings["loss_db"])
        self._config = {
            "freq_khz": settings["freq_hz"] // 1000, "sf": self.preset.sf,
            "bw": str(self.preset.bw_hz // 1000), "coding_rate": self.preset.cr,
            "preamble_len": phy.PREAMBLE_SYMBOLS, "syncword": phy.SYNC_WORD, "crc_en": True,
            "implicit_header": False, "output_power": settings["conducted_dbm"],
        }
        self._start()

    def _start(self):
        pins = self._pins
        if self._sx126:
            self._chip = SX1262(
                pins["spi"], pins["cs"], pins["busy"], dio1=pins["dio1"], dio2_rf_sw=pins["rf_switch"],
                dio3_tcxo_millivolts=pins["tcxo_mv"], dio3_tcxo_start_time_us=TCXO_START_US,
                reset=pins["reset"], lora_cfg=self._config)
            self._chip._cmd(">BHHHH", SX126_DIO_IRQ, SX126_IRQ_ALL, SX126_IRQ_PIN, 0, 0)
        else:
            self._chip = SX1276(pins["spi"], pins["cs"], dio0=pins["dio0"], dio1=pins["dio1"],
                                reset=pins["reset"], lora_cfg=self._config)
        self._chip.calibrate_image()  # 9.2.1: the reset value is for 915 MHz and 3.3 V at 25 degrees
        self._crc_seen = 0
        self._state = IDLE
        if self._listening:
            self._chip.start_recv(None, True)

    @property
    def dead(self):
        """Restarting the chip did not help; nothing but a reset of the board is left."""
        return self.failures >= FAILURES_MAX

    def listen(self, on):
        """Receiver on or off while nothing is sent."""
        self._listening = on
        if self._state == IDLE:
            self._safely(self._resume, None)

    def sleep(self):
        """Lowest power; the next begin wakes the chip."""
        self._listening = False
        self._safely(self._chip.sleep, None)

    def begin_check(self):
        """Start one channel check; poll answers ("cad", busy)."""
        self._begin(CHECKING, CAD_WAIT_MS)
        self._safely(self._check, None)

    def begin_send(self, frame):
        """Start one transmission; poll answers ("sent", ok) within its air time and SEND_WAIT_MS."""
        self._begin(SENDING, phy.airtime_us(self.preset, len(frame)) // 1000 + SEND_WAIT_MS)
        self._safely(self._send, frame)

    def poll(self):
        """The next event or None: ("cad", (busy,)) ("sent", (ok,)) ("receive", (frame, rssi, snr_q))."""
        if self._state == IDLE:
            return self._safely(self._poll_receive, None) if self._listening else None
        answer = self._safely(self._poll_send if self._state == SENDING else self._poll_check, None)
        if answer is None and ticks_diff(ticks_ms(), self._since_ms) > self._limit_ms:
            answer = self._lost()
        return answer

    def _begin(self, state, limit_ms):
        self._state, self._since_ms, self._limit_ms = state, ticks_ms(), limit_ms

    def _safely(self, work, argument):
        """Run one step with the driver; a fault of the chip is counted and the chip started anew."""
        try:
            return work(argument)
        except (RuntimeError, OSError, ValueError):
            self.counters["driver"] += 1
            self.failures += 1
            return self._lost() if self._state != IDLE else self._restart()

    def _lost(self):
        """No answer came: a fresh start, and the core is told the cautious answer."""
        state = self._state
        self.counters["send_lost" if state == SENDING else "cad_lost"] += 1
        self._restart()
        return ("sent", (False,)) if state == SENDING else ("cad", (True,))

    def _restart(self):
        self.counters["restarts"] += 1
        self._state = IDLE
        if self.dead:
            return
        try:
            self._start()
        except (RuntimeError, OSError, ValueError):
            self.failures += 1

    def _resume(self, _):
        self._state = IDLE
        if self._listening:
            self._chip.start_recv(None, True)
        else:
            self._chip.standby()

    # -- one step each ------------------------------------------------------------------------------

    def _send(self, frame):
        self._chip.prepare_send(frame)
        self._chip.start_send()

    def _poll_send(self, _):
        if self._chip.poll_send() is True:
            return None
        self.failures = 0
        self._resume(None)
        return ("sent", (True,))

    def _check(self, _):
        if self._listening and self._receiving():
            self._limit_ms = 0  # a frame is coming in: busy, and it is not cut off
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

    def _poll_check(self, _):
        if self._limit_ms == 0:
            self._state = IDLE
            return ("cad", (True,))
        flags = self._chip._get_irq()
        done, hit = (SX126_CAD_DONE, SX126_CAD_HIT) if self._sx126 else (SX127_CAD_DONE, SX127_CAD_HIT)
        if not flags & done:
            return None
        self._chip._clear_irq()
        self._resume(None)
        return ("cad", (bool(flags & hit),))

    def _receiving(self):
        """Whether the receiver is in the middle of a frame."""
        if not self._sx126:
            return bool(self._chip._reg_read(SX127_STAT) & SX127_RECEIVING)
        flags = self._chip._get_irq()
        if flags & SX126_RX_DONE:
            return True  # not read out yet: a check would throw it away
        if flags & SX126_HEADER:
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

    def _poll_receive(self, _):
        packet = self._chip.poll_recv()
        self.counters["crc"] += self._chip.crc_errors - self._crc_seen
        self._crc_seen = self._chip.crc_errors
        if packet is False:
            self._chip.start_recv(None, True)
            return None
        if packet is True:
            return None
        self.failures = 0
        return ("receive", (bytes(packet), packet.rssi, packet.snr))
