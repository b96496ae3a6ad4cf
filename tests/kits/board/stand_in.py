"""The part of micropython-lib's `lora` that radio.py uses, for machines that do not have it.

A small driver of our own with the same face; `tests/firmware/parts/real_lora.py` runs the same tests with the
real one. It waits for BUSY, as the real one does, and raises RuntimeError where the chip does not answer.
"""

import struct
import time

BUSY_LIMIT_US = 12_000
BANDWIDTHS = {"125": (4, 7), "250": (5, 8)}


class RxPacket(bytearray):
    rssi = snr = 0


class Modem:
    """State that both chips share: what is received, and what was spoilt."""

    def __init__(self, spi, cs, reset, ant_sw):
        self._spi, self._cs, self._ant_sw = spi, cs, ant_sw
        self._rx = self._tx = False
        self.crc_errors = 0
        self.rx_crc_error = False
        cs.init(value=1)
        if reset:
            reset.init(value=0)
            time.sleep_ms(1)
            reset(1)
            time.sleep_ms(5)

    def _switch(self, what, *args):
        if self._ant_sw:
            getattr(self._ant_sw, what)(*args)

    def standby(self):
        self._standby()
        self._rx = self._tx = False
        self._switch("idle")

    def _take(self, good, read):
        """The packet of a reception that ended; True when it was spoilt and nobody asked for such."""
        if not good:
            self.crc_errors += 1
        return read() if good or self.rx_crc_error else True


class SX1262(Modem):
    def __init__(
        self,
        spi,
        cs,
        busy,
        dio1=None,
        dio2_rf_sw=True,
        dio3_tcxo_millivolts=None,
        dio3_tcxo_start_time_us=1000,
        reset=None,
        lora_cfg=None,
        ant_sw=None,
    ):
        self._busy = busy
        self._asleep = True
        super().__init__(spi, cs, reset, ant_sw)
        if self._cmd("B", 0x12, n_read=3)[0] >> 4 & 7 not in (2, 3):
            raise RuntimeError("no SX1262 answers")
        if dio2_rf_sw:
            self._cmd("BB", 0x9D, 1)
        if dio3_tcxo_millivolts:
            self._cmd(">BI", 0x97, 2 << 24 | dio3_tcxo_start_time_us * 1000 // 15625)
            time.sleep_ms(15)
            self._cmd(">BH", 0x07, 0)
        if dio1:
            dio1.irq(lambda _: None)
        self._cmd("BB", 0x8A, 1)
        self._configure(lora_cfg)

    def _configure(self, cfg):
        self._khz = cfg["freq_khz"]
        self._preamble = cfg["preamble_len"]
        self._cmd(">BI", 0x86, (self._khz * 1000 << 25) // 32_000_000)
        word = cfg["syncword"]
        self._cmd(">BHH", 0x0D, 0x0740, 0x0404 | (word & 0xF0) << 8 | (word & 0x0F) << 4)
        self._cmd("BBBBB", 0x95, 4, 7, 0, 1)
        self._cmd("BbB", 0x8E, cfg["output_power"], 2)
        slow = 1 if (1 << cfg["sf"]) >= 16 * int(cfg["bw"]) else 0
        self._cmd("BBBBB", 0x8B, cfg["sf"], BANDWIDTHS[cfg["bw"]][0], cfg["coding_rate"] - 4, slow)
        self._packet(0xFF)

    def _packet(self, size):
        self._cmd(">BHBBBB", 0x8C, self._preamble, 0, size, 1, 0)

    def _cmd(self, fmt, *args, n_read=0, write_buf=None, read_buf=None):
        if self._asleep:
            self._asleep = False
            self._cs(0)  # being selected wakes it
            time.sleep_us(20)
            self._cs(1)
            self._cmd(">BH", 0x07, 0)
        start = time.ticks_us()
        while self._busy():
            if time.ticks_diff(time.ticks_us(), start) > BUSY_LIMIT_US:
                raise RuntimeError("BUSY timeout")
            time.sleep_us(1)
        data = bytearray(struct.pack(fmt, *args)) + bytearray(n_read)
        self._cs(0)
        self._spi.write_readinto(data, data)
        if write_buf:
            self._spi.write(write_buf)
        if read_buf:
            self._spi.readinto(read_buf, 0xFF)
        self._cs(1)
        return memoryview(data)[len(data) - n_read :]

    def calibrate(self):
        self._cmd("BB", 0x89, 0xFE)

    def calibrate_image(self):
        if not 902 <= self._khz // 1000 <= 928:
            raise ValueError("band")
        self._cmd(">BH", 0x98, 0xE1E9)

    def _standby(self):
        self._cmd("BB", 0x80, 1)
        self._clear_irq()

    def _clear_irq(self, bits=0xFFFF):
        self._cmd(">BH", 0x02, bits)

    def sleep(self):
        self.standby()
        self._cmd("BB", 0x84, 4)
        self._asleep = True

    def prepare_send(self, frame):
        self._standby()
        self._switch("tx", True)
        self._packet(len(frame))
        self._cmd("BBB", 0x8F, 0, 0xFF)
        self._cmd("BB", 0x0E, 0, write_buf=frame)

    def start_send(self):
        self._cmd("BBBB", 0x83, 0, 0, 0)
        self._tx = True

    def poll_send(self):
        self._clear_irq()
        self._tx = False
        self._switch("idle")
        return time.ticks_ms()

    def start_recv(self, timeout_ms=None, continuous=False):
        self._standby()
        self._rx = True
        self._switch("rx")
        self._cmd("BBB", 0x8F, 0xFF, 0)
        self._packet(0xFF)
        self._cmd(">BBH", 0x82, 0xFF, 0xFFFF)

    def poll_recv(self):
        flags = self._cmd("B", 0x12, n_read=3)
        flags = flags[1] << 8 | flags[2]
        if not flags & 0x0202:
            return True
        self._clear_irq(flags)
        return self._take(flags & 0x0262 == 0x0002, self._read)

    def _read(self):
        found = bytes(self._cmd("B", 0x13, n_read=3))
        packet = RxPacket(found[1])
        self._cmd("BB", 0x1E, found[2], n_read=1, read_buf=packet)
        packet.rssi, packet.snr = struct.unpack("xBbx", bytes(self._cmd("B", 0x14, n_read=4)))
        packet.rssi //= -2
        return packet


class SX1276(Modem):
    def __init__(self, spi, cs, dio0=None, dio1=None, reset=None, lora_cfg=None, ant_sw=None):
        super().__init__(spi, cs, reset, ant_sw)
        if self._reg_read(0x42) != 0x12:
            raise RuntimeError("no SX1276 answers")
        self._mode(0, 0)
        self._mode(1)
        self._configure(lora_cfg)

    def _configure(self, cfg):
        raw = cfg["freq_khz"] * 16384 // 1000
        self._reg_write(0x06, bytes((raw >> 16, raw >> 8 & 0xFF, raw & 0xFF)))
        boost = 0x80 if cfg.get("tx_ant") == "PA_BOOST" else 0
        self._reg_write(0x09, boost | 0x70 | cfg["output_power"] - 2)
        self._reg_write(0x1D, BANDWIDTHS[cfg["bw"]][1] << 4 | cfg["coding_rate"] - 4 << 1)
        self._reg_write(0x1E, cfg["sf"] << 4 | 4)
        self._reg_write(0x20, bytes((0, cfg["preamble_len"])))
        self._reg_write(0x39, cfg["syncword"])

    def _reg_read(self, register):
        data = bytearray((register, 0))
        self._cs(0)
        self._spi.write_readinto(data, data)
        self._cs(1)
        return data[1]

    def _reg_write(self, register, value):
        self._cs(0)
        self._spi.write(bytes((register | 0x80,)))
        self._spi.write(bytes((value,)) if isinstance(value, int) else value)
        self._cs(1)

    def _mode(self, mode, lora=0x80):
        if (self._reg_read(0x01) ^ lora) & 0x80:
            self._reg_write(0x01, self._reg_read(0x01) & 0x80)
            self._reg_write(0x01, lora)
        self._reg_write(0x01, lora | mode)

    def calibrate_image(self):
        self._mode(1, 0)
        self._reg_write(0x3B, 0x42)
        while self._reg_read(0x3B) & 0x20:
            time.sleep_ms(1)
        self._mode(1)

    def _standby(self):
        self._mode(1)
        self._clear_irq()

    def _clear_irq(self, bits=0xFF):
        self._reg_write(0x12, bits)

    def sleep(self):
        self.standby()
        self._mode(0)

    def prepare_send(self, frame):
        self._standby()
        self._switch("tx", True)
        self._reg_write(0x0D, 0)
        self._reg_write(0x0E, 0)
        self._reg_write(0x22, len(frame))
        self._reg_write(0x00, frame)

    def start_send(self):
        self._mode(3)
        self._tx = True

    def poll_send(self):
        self._clear_irq()
        self._tx = False
        self._switch("idle")
        return time.ticks_ms()

    def start_recv(self, timeout_ms=None, continuous=False):
        self._standby()
        self._rx = True
        self._switch("rx")
        self._reg_write(0x0D, 0)
        self._reg_write(0x0F, 0)
        self._mode(5)

    def poll_recv(self):
        flags = self._reg_read(0x12)
        if not flags & 0x40:
            return True
        self._clear_irq(flags)
        return self._take(flags & 0xF0 == 0x50, self._read)

    def _read(self):
        packet = RxPacket(self._reg_read(0x13))
        self._cs(0)
        self._spi.write(b"\x00")
        self._spi.readinto(packet)
        self._cs(1)
        packet.snr = self._reg_read(0x19)
        packet.snr -= 256 if packet.snr > 127 else 0
        packet.rssi = self._reg_read(0x1A) - 157
        return packet
