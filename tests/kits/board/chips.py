"""SX1262 and SX1276 as seen from their pins: SPI bytes, BUSY, DIO, time. MicroPython subset.

Written from the data sheets, so that any driver can be run against them. What a chip never forgives (a
command while BUSY, an unknown opcode) is kept in `wrongs`. `faults` is a set of names; see FAULTS.
"""

from kentongan_wire.air import phy

FAULTS = ("lost_tx_done", "stuck_busy", "no_chip", "command_error", "reset_in_tx", "cad_never")
BANDWIDTHS_HZ = {0x04: 125_000, 0x05: 250_000}  # SX1262 13.4.5.2
BANDWIDTHS_127_HZ = {0x7: 125_000, 0x8: 250_000}  # SX1276 RegModemConfig1


class Wire:
    """A pin towards the chip: callable as machine.Pin is, and with its methods."""

    def __init__(self, changed=None, level=1):
        self.level = level
        self._changed = changed

    def init(self, *args, **kwargs):
        if "value" in kwargs:
            self(kwargs["value"])

    def irq(self, handler=None, trigger=None, **_):
        self.handler = handler

    def value(self, level=None):
        return self(level) if level is not None else self()

    def __call__(self, level=None):
        if level is None:
            return self.level() if callable(self.level) else self.level
        self.level = level
        if self._changed is not None:
            self._changed(level)
        return None


class Chip:
    """Common base of both chips: select, reset, time, the air."""

    def __init__(self, clock):
        self.clock = clock
        self.faults = set()
        self.wrongs = []
        self.sent = []  # frames that went out whole
        self.began_us = []  # when transmissions began
        self.resets = 0
        self.channel_busy = False
        self.cs = Wire(self._select)
        self.reset = Wire(self._reset_pin)
        self.busy = Wire(level=self._busy)
        self.dio0 = Wire(level=lambda: 0)
        self.dio1 = Wire(level=lambda: 0)
        self._bytes = None
        self.commanded_us = clock.us  # when the last command came that was no question
        self.power_on()

    def pins(self, **more):
        out = {
            "spi": self,
            "cs": self.cs,
            "reset": self.reset,
            "busy": self.busy,
            "dio0": self.dio0,
            "dio1": self.dio1,
            "switch": None,
            "rf_switch": True,
            "tcxo_mv": None,
        }
        out.update(more)
        return out

    def _reset_pin(self, level):
        if not level:
            self.resets += 1
            self.power_on()

    def _busy(self):
        return 1 if "stuck_busy" in self.faults or self.clock.us < self.busy_until_us else 0

    def _select(self, level):
        if not level:
            self.tick()
            self.selected()
            self._bytes = []
        elif self._bytes is not None:
            done, self._bytes = self._bytes, None
            if done and "no_chip" not in self.faults:
                self.execute(done)

    def selected(self):
        """Just selected, before the first byte."""

    def write(self, data):
        self.write_readinto(data, bytearray(len(data)))

    def write_readinto(self, out, into):
        said = self._bytes  # since the select; half a million times in a test file
        if said is None:
            self.wrongs.extend(["byte without select"] * len(out))
        else:
            begun = len(said)
            said.extend(out)
            self.clock.us += 4 * len(out)  # 2 MHz
        if said is None or "no_chip" in self.faults:
            for i in range(len(out)):
                into[i] = 0xFF
            return
        for i in range(begun, len(said)):
            into[i - begun] = self.answer(said, i)

    def readinto(self, into, fill=0):
        self.write_readinto(bytes([fill] * len(into)), into)

    def airtime_us(self, size):
        return phy.airtime_us(phy.Preset("", self.bw_hz, self.sf, self.cr), size)


class Sx1262(Chip):
    """Modes: 2 standby RC, 3 standby XOSC, 5 receive, 6 transmit, 0 asleep."""

    KNOWN = {
        op: "_op_{:02x}".format(op)
        for op in (
            0x80,
            0x82,
            0x83,
            0x84,
            0x86,
            0x88,
            0x89,
            0x98,
            0x8A,
            0x8B,
            0x8C,
            0x8E,
            0x8F,
            0x95,
            0x97,
            0x9D,
            0x0D,
            0x0E,
            0x1D,
            0x1E,
            0x02,
            0x07,
            0x08,
            0x12,
            0x13,
            0x14,
            0x17,
            0xC0,
            0xC5,
        )
    }
    READS = (0x12, 0x13, 0x14, 0x17, 0x1D, 0x1E)

    def power_on(self):
        self.mode, self.irq, self.mask, self.pin_mask, self.errors = 2, 0, 0, 0, 0
        self.command = 0
        self.buffer = bytearray(256)
        self.registers = {0x0740: 0x14, 0x0741: 0x24, 0x0736: 0x0D, 0x08D8: 0xC8}
        self.bw_hz, self.sf, self.cr, self.freq_hz, self.power = 125_000, 7, 5, 0, None
        self.preamble, self.payload_len, self.tx_base, self.rx_base = 0, 0, 0, 0
        self.calibrated, self.tcxo, self.lora = [], 0, False
        self.busy_until_us = self.clock.us + 1_000
        self.ends_us = None
        self._rx = (0, 0, 0, 0)

    def selected(self):
        if self.mode == 0:
            self.mode, self.errors = 2, 0x20  # the select wakes it; the oscillator has yet to start
            self.busy_until_us = self.clock.us + 500

    def answer(self, data, i):
        """The byte that it says while it hears data[i]."""
        op = data[0]
        status = self.mode << 4 | self.command << 1
        if i == 0 or op not in self.READS:
            return status
        if op == 0x12:  # at every look
            return status if i == 1 or i > 3 else self.irq >> 8 if i == 2 else self.irq & 0xFF
        if op == 0x17:
            said = (status, self.errors >> 8, self.errors & 0xFF)
        elif op == 0x13:
            said = (status, self._rx[0], self._rx[1])
        elif op == 0x14:
            said = (status, self._rx[2], self._rx[3] & 0xFF, 0)
        elif op == 0x1D:
            return self.registers.get((data[1] << 8 | data[2]) + i - 4, 0) if i >= 4 else status
        else:
            return self.buffer[(data[1] + i - 3) & 0xFF] if i >= 3 else status
        return said[i - 1] if i <= len(said) else status

    def execute(self, data):
        op = data[0]
        if self._busy():
            self.wrongs.append("command {:#x} while BUSY".format(op))
            return
        name = self.KNOWN.get(op)
        if name is None:
            self.wrongs.append("unknown opcode {:#x}".format(op))
            return
        self.busy_until_us = self.clock.us + 50
        self.command = 5 if "command_error" in self.faults and op in (0x83, 0xC5) else 0
        if self.command:
            return
        if op in self.READS:
            return
        self.commanded_us = self.clock.us
        perform = getattr(self, name, None)
        if perform is not None:
            perform(bytes(data[1:]))

    def _op_80(self, args):
        self.mode, self.ends_us = 2 + args[0], None

    def _op_82(self, args):
        self.mode, self.continuous, self.ends_us = 5, args[:3] == b"\xff\xff\xff", None

    def _op_83(self, args):
        self.mode = 6
        self.began_us.append(self.clock.us)
        self.ends_us = self.clock.us + self.airtime_us(self.payload_len)
        if "reset_in_tx" in self.faults:
            self.faults.remove("reset_in_tx")
            self.power_on()

    def _op_84(self, args):
        self.mode = 0

    def _op_86(self, args):
        self.freq_hz = (int.from_bytes(args[:4], "big") * 32_000_000) >> 25

    def _op_89(self, args):
        self.calibrated.append(("all", self.tcxo))
        self.busy_until_us = self.clock.us + 3_500
        self.mode = 2

    def _op_98(self, args):
        self.calibrated.append(("image", args[0] * 4, args[1] * 4))
        self.busy_until_us = self.clock.us + 2_000

    def _op_8a(self, args):
        self.lora = args[0] == 1

    def _op_8b(self, args):
        self.sf, self.bw_hz, self.cr = args[0], BANDWIDTHS_HZ.get(args[1], 0), args[2] + 4

    def _op_8c(self, args):
        self.preamble, self.payload_len = args[0] << 8 | args[1], args[3]
        self.crc_on, self.explicit = args[4] == 1, args[2] == 0

    def _op_8e(self, args):
        self.power = args[0] - 256 if args[0] > 127 else args[0]

    def _op_8f(self, args):
        self.tx_base, self.rx_base = args[0], args[1]

    def _op_97(self, args):
        self.tcxo, self.errors = args[0] + 1, 0x20

    def _op_9d(self, args):
        self.rf_switch = args[0] == 1

    def _op_c5(self, args):
        self.mode = 5
        self.ends_us = self.clock.us + 2 * (1_000_000 << self.sf) // self.bw_hz + 1_000
        self._cad = True
        if "cad_never" in self.faults:
            self.ends_us = None

    def _op_88(self, args):
        self.cad_params = tuple(args)

    def _op_08(self, args):
        self.mask, self.pin_mask = args[0] << 8 | args[1], args[2] << 8 | args[3]

    def _op_02(self, args):
        self.irq &= ~(args[0] << 8 | args[1])

    def _op_07(self, args):
        self.errors = 0

    def _op_0d(self, args):
        for i in range(len(args) - 2):
            self.registers[(args[0] << 8 | args[1]) + i] = args[2 + i]

    def _op_0e(self, args):
        for i in range(len(args) - 1):
            self.buffer[(args[0] + i) & 0xFF] = args[1 + i]

    def _raise(self, bits):
        self.irq |= bits & self.mask
        if bits & self.mask & self.pin_mask and getattr(self.dio1, "handler", None):
            self.dio1.handler(self.dio1)

    def tick(self):
        if self.ends_us is None or self.clock.us < self.ends_us:
            return
        if self.mode == 6 and "lost_tx_done" not in self.faults:
            base = self.tx_base
            self.sent.append(bytes([self.buffer[(base + i) & 0xFF] for i in range(self.payload_len)]))
            self.mode, self.ends_us = 2, None
            self._raise(0x0001)
        elif self.mode == 5:
            self.mode, self.ends_us = 2, None
            self._raise(0x0180 if self.channel_busy else 0x0080)

    def preamble_heard(self):
        if self.mode == 5:
            self._raise(0x0004)

    def header_heard(self, good=True):
        if self.mode == 5:
            self._raise(0x0014 if good else 0x0024)

    def hear(self, frame, rssi=-90, snr_q=20, crc_ok=True):
        """A frame ends on the air; True when the chip took it."""
        self.tick()
        usable = self.mode == 5 and self.lora and self.freq_hz // 1000 in (920_624, 920_625)
        if not usable or self.registers[0x0740] != 0x24 or self.registers[0x0741] != 0xB4:
            return False
        for i in range(len(frame)):
            self.buffer[(self.rx_base + i) & 0xFF] = frame[i]
        self._rx = (len(frame), self.rx_base, -2 * rssi, snr_q)
        self._raise(0x0016 if crc_ok else 0x0056)
        return True


class Sx1276(Chip):
    """Modes: 0 sleep, 1 standby, 3 transmit, 5 receive continuously, 7 channel activity detection."""

    VERSION = 0x12

    def power_on(self):
        self.registers = bytearray(0x80)
        self.registers[0x01], self.registers[0x42], self.registers[0x4D] = 0x09, self.VERSION, 0x84
        self.registers[0x1D], self.registers[0x1E], self.registers[0x33] = 0x72, 0x70, 0x27
        self.fsk_image_cal = 0
        self.fifo = bytearray(256)
        self.busy_until_us = 0
        self.calibrated = []
        self._rx_pointer = 0
        self.ends_us = None

    @property
    def mode(self):
        return self.registers[0x01] & 7

    @property
    def lora(self):
        return self.registers[0x01] >> 7

    @property
    def bw_hz(self):
        return BANDWIDTHS_127_HZ.get(self.registers[0x1D] >> 4, 0)

    @property
    def sf(self):
        return self.registers[0x1E] >> 4

    @property
    def cr(self):
        return (self.registers[0x1D] >> 1 & 7) + 4

    @property
    def freq_hz(self):
        return int.from_bytes(bytes(self.registers[6:9]), "big") * 32_000_000 >> 19

    def _step(self, register):
        """The FIFO's register stays; all others count on."""
        return 0 if register == 0 else 1

    def answer(self, data, i):
        if i < 1 or data[0] & 0x80:
            return 0
        register = data[0] + (i - 1) * self._step(data[0])
        if register == 0:
            value = self.fifo[self.registers[0x0D]]
            self.registers[0x0D] = (self.registers[0x0D] + 1) & 0xFF
            return value
        if register == 0x3B and not self.lora:
            running = 0x20 if self.clock.us < self.busy_until_us else 0
            return self.fsk_image_cal & ~0x60 | running
        return self.registers[register]

    def execute(self, data):
        if not data[0] & 0x80:
            return
        self.commanded_us = self.clock.us
        register = data[0] & 0x7F
        for byte in data[1:]:
            self._store(register, byte)
            register += self._step(register)

    def _store(self, register, byte):
        if register == 0:
            self.fifo[self.registers[0x0D]] = byte
            self.registers[0x0D] = (self.registers[0x0D] + 1) & 0xFF
        elif register == 0x12:
            self.registers[0x12] &= ~byte & 0xFF
        elif register == 0x3B and not self.lora:
            self.fsk_image_cal = byte
            if byte & 0x40:
                self.busy_until_us = self.clock.us + 10_000
                self.calibrated.append(("image", self.freq_hz))
        elif register == 0x01:
            self._enter(byte)
        elif register != 0x42:
            self.registers[register] = byte

    def _enter(self, byte):
        if (byte ^ self.registers[0x01]) & 0x80 and self.mode:
            byte = byte & 0x7F | self.registers[0x01] & 0x80  # the LoRa bit changes asleep only
        self.registers[0x01] = byte
        self.ends_us = None
        if self.mode == 3:
            self.began_us.append(self.clock.us)
            self.ends_us = self.clock.us + self.airtime_us(self.registers[0x22])
            if "reset_in_tx" in self.faults:
                self.faults.remove("reset_in_tx")
                self.power_on()
        elif self.mode == 5:
            self._rx_pointer = self.registers[0x0F]
        elif self.mode == 7 and "cad_never" not in self.faults:
            self.ends_us = self.clock.us + 2 * (1_000_000 << self.sf) // self.bw_hz

    def tick(self):
        if self.ends_us is None or self.clock.us < self.ends_us:
            return
        if self.mode == 3 and "lost_tx_done" not in self.faults:
            base = self.registers[0x0E]
            self.sent.append(bytes([self.fifo[(base + i) & 0xFF] for i in range(self.registers[0x22])]))
            self._end(0x08)
        elif self.mode == 7:
            self._end(0x05 if self.channel_busy else 0x04)

    def _end(self, flags):
        self.ends_us = None
        self.registers[0x01] = self.registers[0x01] & 0xF8 | 1
        self.registers[0x12] |= flags

    def preamble_heard(self):
        self.registers[0x18] = 0x03

    def header_heard(self, good=True):
        self.registers[0x18] = 0x0B if good else 0

    def hear(self, frame, rssi=-90, snr_q=20, crc_ok=True):
        """A frame ends on the air; in continuous reception the next one lands behind it in the FIFO.

        Where the SPI side reads next (0x0D) is the driver's business: the chip does not move it to the frame.
        What it says of a frame is the last one's: start (0x10), length (0x13), end (0x25), strength.
        """
        self.tick()
        usable = self.mode == 5 and self.lora and self.freq_hz // 1000 in (920_624, 920_625)
        if not usable or self.registers[0x39] != 0x2B:
            return False
        self.registers[0x10] = self._rx_pointer
        for byte in frame:
            self.fifo[self._rx_pointer] = byte
            self._rx_pointer = (self._rx_pointer + 1) & 0xFF
        self.registers[0x13], self.registers[0x25] = len(frame), self._rx_pointer
        self.registers[0x19], self.registers[0x1A] = snr_q & 0xFF, (rssi + 157) & 0xFF
        self.registers[0x18] = 0
        self.registers[0x12] |= 0x50 if crc_ok else 0x70
        return True
