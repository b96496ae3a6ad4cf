"""An ESP32 board for the device's shell: pins, timers, sleep, RTC memory, watchdog, flash; MicroPython subset

A reset, a deep sleep and the end of a test are raised, since on a board nothing comes back from them either.
"""
import binascii
import os as real_os
import sys

import boardkit
from board.chips import Sx1262, Sx1276
from board.parts import Bus, File, Nvs, Serial
from both import root_path
from kentongan_node import roles

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5
EXT0_WAKE, EXT1_WAKE, TIMER_WAKE = 2, 3, 4
NEVER_US = 1 << 60
HISTORY = 6_000   # edges of a pin that are remembered
CLASSIC = ("lilygo_t3", "tbeam_sx1262", "tbeam_sx1276")  # an ESP32, not an S3
MODULES = ["kentongan_node." + name for name in ("timing", "beat", "wiring", "radio", "usbline", "hal",
                                               "launch")]


class Reset(BaseException):
    """machine.reset(), or the watchdog."""


class Asleep(BaseException):
    """machine.deepsleep(ms)."""


class Stopped(BaseException):
    """The test has seen enough."""


class Pin:
    IN, OUT, PULL_UP, PULL_DOWN, IRQ_RISING = 1, 3, 2, 1, 1

    def __init__(self, board, number):
        self.board, self.number = board, number
        self.mode, self.pull, self.outside = None, None, None
        self.driven = 0
        self.history = []      # (us, level) of an output

    def init(self, mode=None, pull=None, value=None):
        self.mode = mode if mode is not None else self.mode
        self.pull = pull
        if self.board.classic and 34 <= self.number <= 39:
            if self.mode == Pin.OUT:
                raise ValueError("pin can only be input")
            if pull is not None:  # IDF tells it on the line, and goes on
                self.pull = None
                self.board.serial.write("E (123) gpio: gpio_pullup_en(83): GPIO number error\r\n")
        if value is not None:
            self.value(value)

    def irq(self, **_):
        pass

    def value(self, level=None):
        if self.number in self.board.broken:
            raise OSError(5)
        if level is None:
            if self.mode == Pin.OUT:
                return self.driven
            if self.outside is not None:
                return self.outside
            return 1 if self.pull == Pin.PULL_UP else 0
        if not self.history or self.history[-1][1] != level:
            self.history.append((self.board.clock.us, level))
            if len(self.history) > HISTORY:
                del self.history[: HISTORY // 2]
        self.driven = level
        return None

    def __call__(self, level=None):
        return self.value(level)


class Timer:
    ONE_SHOT, PERIODIC = 0, 1

    def __init__(self, board, number):
        self.board, self.number = board, number
        self.due_us = self.callback = None
        self.interrupt = False  # from the first init to the next deinit
        assert 0 <= number <= 3, "the chip has four timers"
        board.timers[number] = self

    def init(self, mode=None, period=None, callback=None):
        assert mode == Timer.ONE_SHOT and period >= 1
        if "timers" in self.board.broken:
            raise OSError(-0x103)
        self.board.interrupts += not self.interrupt
        self.interrupt = True
        self.due_us, self.callback = self.board.clock.us + period * 1000, callback

    def deinit(self):
        self.due_us, self.interrupt = None, False


def numbers(name):
    """The module of firmware/boards/<name>.py."""
    space = {}
    with open(root_path() + "/firmware/boards/" + name + ".py") as file:
        exec(file.read(), space)
    return boardkit.Space(**{key: space[key] for key in space if key.isupper()})


class Board:
    """One board over its whole life: `boot` starts the program of a role and lets time run."""

    def __init__(self, name="heltec_v3", ticks_us=0):
        self.clock = boardkit.Time(ticks_us)
        self.clock.sleep_ms = self._sleep_ms  # time goes by for the whole board
        self.numbers, self.classic = numbers(name), name in CLASSIC
        self.flash = {}
        self.nvs = {}
        self.refuses = None    # of a path, or "nvs": whether the flash takes no write there
        self.rtc = b""
        self.cause, self.wake = PWRON_RESET, None
        self.adc = {}
        self.i2c = None
        self.unmade = set()    # what cannot be made: "SPI", "I2C", ..., "Timer 0", "Pin 4"
        self.broken = set()    # who answers with an error: pins, "i2c", "adc", "temperature", "timers"
        self.chip = (Sx1262 if self.numbers.CHIP == "sx1262" else Sx1276)(self.clock)
        self.pins, self.timers, self.serial = {}, {}, Serial()
        self.interrupts = 0    # that its timers took
        for name, wire in (("NSS", self.chip.cs), ("RESET", self.chip.reset), ("BUSY", self.chip.busy),
                           ("DIO0", self.chip.dio0), ("DIO1", self.chip.dio1)):
            if getattr(self.numbers, name) is not None:
                self.pins[getattr(self.numbers, name)] = wire
        self.wakes = {}
        self.fed_us = self.watchdog_ms = None
        self.script = []       # (us, function)
        self.until_us = None
        self.slept_ms = None
        self.modules = {}

    # -- what a test does ---------------------------------------------------------------------------

    def pin(self, number):
        if number not in self.pins:
            self.pins[number] = Pin(self, number)
        return self.pins[number]

    def hold(self, number, level):
        """Something outside pulls that pin to a level (None: nothing)."""
        self.pin(number).outside = level

    def at(self, ms, function, *args):
        """Call it so long after now."""
        self.script.append((self.clock.us + ms * 1000, function, args))

    def boot(self, role, ms, cause=None, wake=None):
        """Start and run for so long; "stopped", "reset", "asleep" or "prompt"."""
        self.cause = self.cause if cause is None else cause
        self.wake, self.wakes = wake, {}
        for pin in [pin for pin in self.pins.values() if isinstance(pin, Pin)]:
            pin.mode, pin.pull, pin.driven = None, None, 0
            pin.history.append((self.clock.us, None))  # a reset: the pin floats
        self.timers, self.watchdog_ms = {}, None
        self.until_us = self.clock.us + ms * 1000
        self.serial.interrupts = True
        pins = getattr(self.numbers, role.upper())
        try:
            self._with_fakes(self._main, pins, roles.core_class(role))
        except Stopped:
            return "stopped"
        except Reset:
            self.cause = HARD_RESET
            return "reset"
        except Asleep:
            self.cause = DEEPSLEEP_RESET
            return "asleep"
        except KeyboardInterrupt:
            pass
        self.cause = SOFT_RESET
        return "prompt"

    def pass_ms(self, ms):
        """Time goes by: chip, timers, what the test planned, and the watchdog."""
        end_us = self.clock.us + ms * 1000
        while self.clock.us < end_us:
            next_us = min(end_us, self._next_timer_us())
            for planned in self.script:
                next_us = min(next_us, planned[0])
            self.clock.us = max(self.clock.us + 1, next_us)
            self.chip.tick()
            if self._next_timer_us() <= self.clock.us:
                self._ring()
            if self.script:
                self._do_planned()
            if self.watchdog_ms is not None and self.clock.us - self.fed_us > self.watchdog_ms * 1000:
                self.cause = WDT_RESET
                raise Reset("watchdog")
            if self.until_us is not None and self.clock.us >= self.until_us:
                raise Stopped()

    def _next_timer_us(self):
        next_us = NEVER_US
        for timer in self.timers.values():
            if timer.due_us is not None and timer.due_us < next_us:
                next_us = timer.due_us
        return next_us

    def _ring(self):
        for number in list(self.timers):
            timer = self.timers[number]
            if timer.due_us is not None and self.clock.us >= timer.due_us:
                timer.due_us = None
                self._call_back(timer)

    def _do_planned(self):
        for planned in [one for one in self.script if one[0] <= self.clock.us]:
            self.script.remove(planned)
            planned[1](*planned[2])

    def _call_back(self, timer):
        """As MicroPython does it: what a callback raises ends nothing else."""
        try:
            timer.callback(timer)
        except OSError:
            pass

    def _sleep_ms(self, ms):
        if self.until_us is None:
            self.clock.us += ms * 1000
        else:
            self.pass_ms(ms)

    # -- what the program sees ----------------------------------------------------------------------

    def _main(self, pins, kind):
        self.modules = boardkit.load(MODULES, self._fakes())
        import kentongan_node
        for name in self.modules:
            sys.modules["kentongan_node." + name] = self.modules[name]
            setattr(kentongan_node, name, self.modules[name])
        for name in ("hal", "launch"):
            self.modules[name].sys = boardkit.Space(
                stdin=self.serial, stdout=self.serial, platform="esp32",
                print_exception=lambda fault: self.serial.write("Traceback: {!r}\n".format(fault)))
            self.modules[name].print = lambda text: self.serial.write(text + "\n")
        self.modules["hal"].open = lambda path, mode="r": File(self.flash, path, mode, self.refuses)
        self.prepare()
        if pins["siren"] is not None:
            self.modules["hal"].siren_off(pins)
        self.modules["launch"].serve(self.numbers, pins, kind)

    def prepare(self):
        """Before the program starts, with self.modules loaded: for a test to override."""

    def _with_fakes(self, function, *args):
        fakes = self._fakes()
        saved = {name: sys.modules.get(name) for name in fakes}
        for name in fakes:
            sys.modules[name] = fakes[name]
        try:
            function(*args)
        finally:
            for name in saved:
                if saved[name] is None:
                    sys.modules.pop(name, None)
                else:
                    sys.modules[name] = saved[name]
            for name in MODULES:
                sys.modules.pop(name, None)

    def _fakes(self):
        fakes = {"time": self.clock, "lora": boardkit.lora(self.clock), "machine": self._machine(),
                 "esp32": self._esp32(), "asyncio": boardkit.Space(sleep_ms=sleep_ms, run=self._run),
                 "select": boardkit.Space(poll=lambda: self.serial, POLLIN=1), "os": self._os(),
                 "micropython": boardkit.micropython(self._kbd_intr)}
        return fakes

    def _kbd_intr(self, char):
        self.serial.interrupts = char == 3

    def _run(self, coroutine):
        while True:
            try:
                ms = coroutine.send(None)
            except StopIteration:
                return
            self.pass_ms(ms or 0)

    def _os(self):
        def listdir(path):
            if path not in self.flash:
                raise OSError(2)
            return [name[len(path) + 1:] for name in self.flash if name.startswith(path + "/")]

        def mkdir(path):
            if self.refuses is not None and self.refuses(path):
                raise OSError(28)
            self.flash[path] = None

        def urandom(n):
            digest = binascii.crc32(str(self.clock.us).encode()) & 0xFFFFFFFF
            return digest.to_bytes(4, "little")[:n]

        return boardkit.Space(listdir=listdir, mkdir=mkdir, urandom=urandom,
                              getenv=getattr(real_os, "getenv", None))

    def make(self, what, made):
        """`made`, unless the chip gives no such thing."""
        if what in self.unmade:
            raise OSError(-0x101)
        return made

    def _machine(self):
        def pin(number, mode=None, pull=None, value=None):
            self.make("Pin {}".format(number), None)
            it = self.pin(number)
            if isinstance(it, Pin) and (mode is not None or value is not None):
                it.init(mode, pull, value)
            elif value is not None:
                it(value)
            return it

        for name in ("IN", "OUT", "PULL_UP", "PULL_DOWN", "IRQ_RISING"):
            setattr(PinMaker, name, getattr(Pin, name))
        maker = PinMaker(pin)
        timer = TimerMaker(self)
        return boardkit.Space(
            Pin=maker, Timer=timer, WDT=self._watchdog, ADC=AdcMaker(self),
            RTC=lambda: self.make("RTC", boardkit.Space(memory=self._memory)),
            SPI=lambda *args, **names: self.make("SPI", self.chip),
            I2C=lambda *args, **names: self.make("I2C", Bus(self)),
            reset=self._reset, deepsleep=self._deepsleep, reset_cause=lambda: self.cause,
            wake_reason=lambda: self.wake, PWRON_RESET=PWRON_RESET,
            DEEPSLEEP_RESET=DEEPSLEEP_RESET, TIMER_WAKE=TIMER_WAKE, EXT0_WAKE=EXT0_WAKE)

    def _esp32(self):
        def ext0(pin, level):
            self.wakes[pin.number] = level

        def ext1(pins, level):
            for pin in pins:
                self.wakes[pin.number] = level

        return boardkit.Space(NVS=lambda name: Nvs(self),
                              wake_on_ext0=ext0, wake_on_ext1=ext1, WAKEUP_ALL_LOW=0, WAKEUP_ANY_HIGH=1,
                              mcu_temperature=self._temperature)

    def _temperature(self):
        if "temperature" in self.broken:
            raise OSError(-1)
        return 31

    def _memory(self, data=None):
        if data is None:
            return self.rtc
        assert len(data) <= 2048
        self.rtc = bytes(data)
        return None

    def _watchdog(self, timeout):
        self.make("WDT", None)
        self.watchdog_ms, self.fed_us = timeout, self.clock.us
        return boardkit.Space(feed=self._feed)

    def _feed(self):
        self.fed_us = self.clock.us

    def _reset(self):
        raise Reset()

    def _deepsleep(self, ms=None):
        self.slept_ms = ms
        raise Asleep()


class PinMaker:
    """machine.Pin: called, it gives the one object of that number; the radio's pins are the chip's."""

    def __init__(self, make):
        self._make = make

    def __call__(self, *args, **names):
        return self._make(*args, **names)


class TimerMaker:
    ONE_SHOT = 0

    def __init__(self, board):
        self._board = board

    def __call__(self, number):
        self._board.make("Timer {}".format(number), None)
        return self._board.timers.get(number) or Timer(self._board, number)


class AdcMaker:
    ATTN_11DB = 3

    def __init__(self, board):
        self._board = board

    def __call__(self, number, atten=0):
        self._board.make("ADC", None)
        assert atten == AdcMaker.ATTN_11DB, "up to 3.1 V can come"
        return boardkit.Space(read_uv=lambda: self._read_uv(number))

    def _read_uv(self, number):
        if "adc" in self._board.broken:
            raise OSError(-258)  # no calibration in the chip's eFuse
        return self._board.adc.get(number, 0)


def sleep_ms(ms):
    yield ms
