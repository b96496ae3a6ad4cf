"""On an emulated board, started by boot.py: what the radio's pins do goes over UART 2 to the model outside.

No emulator to be had has a LoRa chip at its pins. All else of `machine` is the chip's own. T: that many bytes
to and from the radio; S, R: its select and its reset pin; H, P, F: heap, pads and flash, when the byte behind
an answer asks for them; Z: asleep, until a byte says what wakes it. emulator.py answers. A module of its own:
main.py shares boot.py's names. MicroPython subset.
"""

import gc
import sys

import esp32
import flashbdev
import machine
import vfs

MARK = b"radio_line\n"  # before it the pad may have made noise as it became a line
NSS, RESET = 18, 23  # of lilygo_t3
GPIO_OUT = 0x3FF44004  # ESP32 technical reference, 4.12
TX = 0x81, 3  # the SX1276's mode register, written, and its mode of sending
ANSWER_MS = 600_000  # a PC's patience: a busy one answers late, and that is not the chip's fault
line = machine.UART(2, baudrate=921_600, tx=17, rx=16, rxbuf=512, timeout=ANSWER_MS)
line.write(MARK)
woken = {b"K": machine.EXT0_WAKE, b"T": machine.TIMER_WAKE}.get(line.read(1))  # None: it did not sleep


class Flash:
    """Flash that counts what both mounts ask of it: calls, those to the first frame, the largest piece."""

    calls = largest = to_frame = 0

    def __init__(self, real):
        self.real = real

    def readblocks(self, block, buf, offset=0):
        self.calls += 1
        self.largest = max(self.largest, len(buf))
        return self.real.readblocks(block, buf, offset)

    def writeblocks(self, block, buf, offset=0):
        self.calls += 1
        return self.real.writeblocks(block, buf, offset)

    def ioctl(self, what, number):
        self.calls += what == 6  # an erase
        return self.real.ioctl(what, number)


flashbdev.bdev = flash = Flash(flashbdev.bdev)
vfs.umount("/")
vfs.mount(flash, "/")  # as _boot.py does


def tell(word):
    """H: bytes used and free, IDF's regions as (size, free, largest block, least ever). P: GPIO_OUT."""
    if word == b"H":
        gc.collect()
        line.write("H{} {} {}\n".format(gc.mem_alloc(), gc.mem_free(), esp32.idf_heap_info(esp32.HEAP_DATA)))
    elif word == b"P":
        line.write("P{}\n".format(machine.mem32[GPIO_OUT]))
    elif word == b"F":
        line.write("F{} {} {}\n".format(flash.calls, flash.to_frame, flash.largest))


class SPI:
    def __init__(self, *_, **__):
        pass

    def write_readinto(self, out, into):
        if not flash.to_frame and out[0] == TX[0] and out[-1] & 7 == TX[1]:
            flash.to_frame = flash.calls
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
    """An emulator crashes there, and none has a key: once woken, a reset, which keeps RTC memory, too."""
    line.write(b"Z")
    while not line.read(1):
        pass
    machine.reset()


sys.modules["machine"] = made = Instead(machine, SPI=SPI, Pin=Pins(machine.Pin), deepsleep=deepsleep)
if woken is not None:
    made.reset_cause, made.wake_reason = lambda: machine.DEEPSLEEP_RESET, lambda: woken
