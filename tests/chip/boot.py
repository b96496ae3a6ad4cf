"""/boot.py of an emulated board: what the radio's pins do goes over UART 2 to the SX1276 model outside.

No emulator to be had has a LoRa chip at its pins. All else of `machine` is the chip's own. T: that many bytes
to and from the radio; S, R: its select and its reset pin. emulator.py answers. MicroPython subset.
"""
import gc
import sys

import machine

NSS, RESET = 18, 23          # of lilygo_t3
UART, TX, RX, BAUD = 2, 17, 16, 921_600
ANSWER_MS = 5_000


class Spi:
    """machine.SPI, as far as a radio driver calls it."""

    def __init__(self, line):
        self._line = line

    def __call__(self, *_, **__):
        return self

    def write_readinto(self, out, into):
        self._line.write(b"T" + bytes((len(out),)) + out)
        if self._line.readinto(into) != len(out):
            raise OSError(110)

    def write(self, out):
        self.write_readinto(out, bytearray(len(out)))

    def readinto(self, into, fill=0):
        self.write_readinto(bytes((fill,)) * len(into), into)


class Told:
    """An output of the chip whose level the radio sees."""

    def __init__(self, pin, word, line):
        self._pin, self._word, self._line = pin, word, line

    def __call__(self, level):
        self._pin(level)
        self._line.write(self._word + bytes((level,)))

    def init(self, *how, **more):
        self._pin.init(machine.Pin.OUT)
        if "value" in more:
            self(more["value"])


class Pins:
    """machine.Pin: the chip's own, but for those two."""

    def __init__(self, line):
        self._line = line

    def __getattr__(self, name):
        return getattr(machine.Pin, name)

    def __call__(self, number, *how, **more):
        pin = machine.Pin(number, *how, **more)
        word = {NSS: b"S", RESET: b"R"}.get(number)
        return pin if word is None else Told(pin, word, self._line)


class Machine:
    def __init__(self, line):
        self.SPI, self.Pin = Spi(line), Pins(line)

    def __getattr__(self, name):
        return getattr(machine, name)


gc.collect()
free = gc.mem_free()
line = machine.UART(UART, baudrate=BAUD, tx=TX, rx=RX, rxbuf=512, timeout=ANSWER_MS)
sys.modules["machine"] = Machine(line)
gc.collect()
print("stand-in {}".format(free - gc.mem_free()))
