"""On an emulated board, started by boot.py: what the radio's pins do goes over UART 2 to the model outside.

No emulator to be had has a LoRa chip at its pins. All else of `machine` is the chip's own. T: that many bytes
to and from the radio; S, R: its select and its reset pin; H, P: heap and pads, when the byte behind an answer
asks for them. emulator.py answers. A module of its own: main.py shares boot.py's names. MicroPython subset.
"""
import gc
import sys
import time

import esp32
import machine

NSS, RESET = 18, 23          # of lilygo_t3
GPIO_OUT = 0x3FF44004        # ESP32 technical reference, 4.12
ANSWER_MS = 5_000
line = machine.UART(2, baudrate=921_600, tx=17, rx=16, rxbuf=512, timeout=ANSWER_MS)


def tell(word):
    """H: bytes used and free, IDF's regions as (size, free, largest block, least ever). P: GPIO_OUT."""
    if word == b"H":
        gc.collect()
        line.write("H{} {} {}\n".format(gc.mem_alloc(), gc.mem_free(), esp32.idf_heap_info(esp32.HEAP_DATA)))
    elif word == b"P":
        line.write("P{}\n".format(machine.mem32[GPIO_OUT]))


class SPI:
    def __init__(self, *_, **__):
        pass

    def write_readinto(self, out, into):
        line.write(b"T" + bytes((len(out),)) + out)
        if line.readinto(into) != len(out):
            raise OSError(110)
        tell(line.read(1))

    def write(self, out):
        self.write_readinto(out, bytearray(len(out)))

    def readinto(self, into, fill=0):
        self.write_readinto(bytes((fill,)) * len(into), into)


class Told:
    """An output of the chip whose level the radio sees."""

    def __init__(self, pin, word):
        self._pin, self._word = pin, word

    def __call__(self, level):
        self._pin(level)
        line.write(self._word + bytes((level,)))

    def init(self, *how, **more):
        self._pin.init(machine.Pin.OUT)
        if "value" in more:
            self(more["value"])


class Instead:
    """The chip's own, but for what is given."""

    def __init__(self, real, **given):
        self._real = real
        for name in given:
            setattr(self, name, given[name])

    def __getattr__(self, name):
        return getattr(self._real, name)


class Pins(Instead):
    def __call__(self, number, *how, **more):
        pin = machine.Pin(number, *how, **more)
        word = {NSS: b"S", RESET: b"R"}.get(number)
        return pin if word is None else Told(pin, word)


def deepsleep(*_):
    """An emulator crashes there; no key could wake it either."""
    print("deepsleep")
    while True:
        time.sleep(60)


sys.modules["machine"] = Instead(machine, SPI=SPI, Pin=Pins(machine.Pin), deepsleep=deepsleep)
