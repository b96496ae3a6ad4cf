"""An ESP32 board for the device's shell, as its MicroPython port answers; MicroPython subset.

A reset, a deep sleep and the end of a test are raised, since on a board nothing comes back from them either.
Each answer's place in the port's sources: README.md beside this file.
"""

import os as real_os
import sys

from kentongan_node import roles
from kits.board import esp32_lines as lines
from kits.board import esp32_memory as memory
from kits.board.chips import Sx1262, Sx1276
from kits.board.esp32_chip import HEAP_DATA, chip_of, unmade_error
from kits.board.esp32_pins import AdcMaker, Pin, PinMaker
from kits.board.esp32_sleep import (
    BROWNOUT_RESET,
    DEEPSLEEP_RESET,
    EXT0_WAKE,
    EXT1_WAKE,
    HARD_RESET,
    PWRON_RESET,
    SOFT_RESET,
    TIMER_WAKE,
    WDT_RESET,
    Asleep,
    Power,
    Reset,
    Stopped,
    Wakes,
)
from kits.board.esp32_timers import TimerMaker, WatchdogMaker
from kits.both import root_path
from kits.node import boardkit

NEVER_US = 1 << 60
QUEUE = 8  # callbacks that may wait for the program; one more is lost
CALM_MS, LIVELY_US = 25, 300_000  # see Board._until_next_look
MODULES = [
    "kentongan_node." + name
    for name in (
        "shell.timing",
        "parts.beat",
        "parts.wiring",
        "parts.radio",
        "parts.usbline",
        "shell.files",
        "shell.hal",
        "shell.launch",
    )
]


class Ticks(boardkit.Time):
    """The module `time`: ticks begin at every start, time() at power-on; both go on in a test's `us`."""

    def __init__(self, us=0):
        boardkit.Time.__init__(self, us)
        self.boot_us = self.power_us = 0

    def ticks_ms(self):
        return (self.us - self.boot_us) // 1000 % boardkit.TICKS

    def ticks_us(self):
        return (self.us - self.boot_us) % boardkit.TICKS

    def time(self):
        return (self.us - self.power_us) // 1_000_000


def numbers(name):
    """The module of firmware/boards/<name>.py."""
    space = {}
    with open(root_path() + "/firmware/boards/" + name + ".py") as file:
        exec(file.read(), space)
    return boardkit.Space(**{key: space[key] for key in space if key.isupper()})


class Board:
    """One board over its whole life: `boot` starts the program of a role and lets time run."""

    def __init__(self, name="heltec_v3", ticks_us=0):
        self.clock = Ticks(ticks_us)
        self.clock.sleep_ms = self._sleep_ms  # time goes by for the whole board
        self.numbers = numbers(name)
        self.soc = chip_of(name)
        self.flash = {}
        self.nvs = {}
        self.nvs_full = False  # no free page left: the next start erases all of it
        self.refuses = None  # of a path, or "nvs": whether the flash takes no write there
        self.rtc = b""
        self.power = Power()
        self.adc = {}
        self.i2c = None
        self.floating = 0  # what a pad reads that nothing pulls: the chip promises neither
        self.unmade = set()  # what cannot be made: "SPI", "I2C", ..., "Timer 0", "Pin 4"
        self.broken = (
            set()
        )  # who answers with an error: pins, "i2c", "adc", "timers", "rtc", ... (chip_days.py)
        self.interrupts_left = 1  # of the chip, for a timer's init; 0: it aborts
        self.interrupts = 0  # that its timers took
        self.asked_pulls = []  # input-only pads that were asked for a pull
        self.chip = (Sx1262 if self.numbers.CHIP == "sx1262" else Sx1276)(self.clock)
        self.pins, self.timers = {}, {}
        for name, wire in (
            ("NSS", self.chip.cs),
            ("RESET", self.chip.reset),
            ("BUSY", self.chip.busy),
            ("DIO0", self.chip.dio0),
            ("DIO1", self.chip.dio1),
        ):
            if getattr(self.numbers, name) is not None:
                self.pins[getattr(self.numbers, name)] = wire
        self.serial = lines.Serial(self)
        self.armed = Wakes(self.soc)
        self.fed_us = self.watchdog_ms = None
        self.script = []  # (us, function)
        self.until_us = None
        self.slept_ms = None
        self.modules = {}
        self.callback_faults = []
        self._stalled = self._begun = False
        self.calms = True  # False where a test counts the loop's looks: _until_next_look
        self._lively_us = 0
        self._queue = []

    # -- what a test does ---------------------------------------------------------------------------

    @property
    def cause(self):
        return self.power.cause

    @cause.setter
    def cause(self, cause):
        self.power.cause = cause

    @property
    def wakes(self):
        return self.armed.levels()

    def pin(self, number):
        if number not in self.pins:
            self.pins[number] = Pin(self, number)
        return self.pins[number]

    def hold(self, number, level):
        """Something outside pulls that pin to a level (None: nothing)."""
        self.pin(number).hold_outside(level)

    def at(self, ms, function, *args):
        """Call it so long after now."""
        self.script.append((self.clock.us + ms * 1000, function, args))

    def boot(self, role, ms, cause=None, wake=None):
        """Start and run for so long; "stopped", "reset", "asleep" or "prompt"."""
        pins = getattr(self.numbers, role.upper())
        return self.run(ms, cause, wake, self._main, pins, roles.core_class(role))

    def run(self, ms, cause, wake, program, *args):
        """A start of any program, as boot."""
        if self.power.begin(cause, wake):
            self._supply()
        if self._begun:
            self.clock.boot_us = self.clock.us
        self._begun = True
        self.armed = Wakes(self.soc)
        for pin in [pin for pin in self.pins.values() if isinstance(pin, Pin)]:
            pin.reset()
        self.timers, self.watchdog_ms, self._queue = {}, None, []
        self.until_us = self.clock.us + ms * 1000
        self._lively_us = self.clock.us + LIVELY_US
        self.serial.interrupt_char = 3
        if self.nvs_full:
            self.nvs, self.nvs_full = {}, False
        try:
            self._with_fakes(program, *args)
        except Stopped:
            return "stopped"
        except Reset:
            if self.power.cause != WDT_RESET:
                self.power.cause = HARD_RESET
            return "reset"
        except Asleep:
            self.power.cause = DEEPSLEEP_RESET
            return "asleep"
        except KeyboardInterrupt:
            pass
        self.power.cause = SOFT_RESET
        return "prompt"

    def _supply(self):
        """It was lost before this start; the first one has nothing to lose."""
        if self._begun:
            self.rtc = b""
            self.clock.power_us = self.clock.us
        for pin in self.pins.values():
            pin.held = False

    def doze(self, ms):
        """Asleep for so long at most: what wakes it (the next start then begins with that), or None."""
        self.until_us = self.watchdog_ms = None
        end_us = self.clock.us + ms * 1000
        due_us = None if self.slept_ms is None else self.clock.us + self.slept_ms * 1000
        while self.clock.us <= end_us:
            reason = self.armed.reason(lambda number: self.pin(number).pad())
            if reason is None and due_us is not None and self.clock.us >= due_us:
                reason = TIMER_WAKE
            if reason is not None:
                self.power.cause, self.power.wake = DEEPSLEEP_RESET, reason
                return reason
            next_us = min([planned[0] for planned in self.script] + [end_us + 1, due_us or NEVER_US])
            self.clock.us = max(self.clock.us + 1, next_us)
            self._do_planned()
        return None

    def pass_ms(self, ms):
        """Time goes by: chip, timers, what the test planned, and the watchdog."""
        clock = self.clock  # half a million times in a test file
        end_us = clock.us + ms * 1000
        while clock.us < end_us:
            next_us = self._next_timer_us()
            for planned in self.script:
                if planned[0] < next_us:
                    next_us = planned[0]
            next_us = end_us if next_us > end_us else next_us
            clock.us = next_us if next_us > clock.us else clock.us + 1
            self.chip.tick()
            if self._next_timer_us() <= clock.us:
                self._ring()
            if self.script:
                self._do_planned()
            if self.watchdog_ms is not None and clock.us - self.fed_us > self.watchdog_ms * 1000:
                self.power.cause = WDT_RESET
                raise Reset("watchdog")
            if self.until_us is not None and clock.us >= self.until_us:
                raise Stopped()

    def idle(self):
        """Time goes by until something can have come."""
        next_us = min([planned[0] for planned in self.script] + [self.clock.us + 1_000_000])
        for due_us in (self.until_us, self.watchdog_ms and self.fed_us + self.watchdog_ms * 1000):
            if due_us and due_us > self.clock.us:
                next_us = min(next_us, due_us)
        self.pass_ms(max(1, (next_us - self.clock.us + 999) // 1000))

    def stall_ms(self, ms):
        """The program waits inside the port, where no callback is called; what comes due waits with it."""
        if self.until_us is None:
            self.clock.us += ms * 1000
            return
        outer, self._stalled = self._stalled, True
        try:
            self.pass_ms(ms)
        finally:
            self._stalled = outer
        self._call_queued()

    def schedule(self, function, argument):
        """micropython's queue of callbacks: run at once, or as soon as the program can."""
        if len(self._queue) < QUEUE:
            self._queue.append((function, argument))
        self._call_queued()

    def _call_queued(self):
        """As MicroPython does it: what a callback raises is printed and ends nothing else."""
        while self._queue and not self._stalled:
            function, argument = self._queue.pop(0)
            try:
                function(argument)
            except Exception as fault:
                self.callback_faults.append(fault)
                self.serial.out += "Traceback: {!r}\n".format(fault)

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
                timer.ring()

    def _do_planned(self):
        for planned in [one for one in self.script if one[0] <= self.clock.us]:
            self._lively_us = self.clock.us + LIVELY_US
            self.script.remove(planned)
            planned[1](*planned[2])

    def _sleep_ms(self, ms):
        if ms < 0:
            return
        if self.until_us is None:
            self.clock.us += ms * 1000
        else:
            self.pass_ms(ms)

    # -- what the program sees ----------------------------------------------------------------------

    def _main(self, pins, kind):
        self.modules = boardkit.load(MODULES, self._fakes())
        for name in MODULES:
            folder, _, short = name.rpartition(".")
            sys.modules[name] = self.modules[short]
            setattr(sys.modules[folder], short, self.modules[short])
        for name in ("hal", "launch"):
            self.modules[name].sys = self.sys()
            self.modules[name].print = lambda text: self.serial.write(text + "\n")
        self.modules["files"].open = self.open
        self.prepare()
        if pins["siren"] is not None:
            self.modules["hal"].siren_off(pins)
        self.modules["launch"].serve(self.numbers, pins, kind)

    def prepare(self):
        """Before the program starts, with self.modules loaded: for a test to override."""

    def sys(self):
        """The module sys."""
        return boardkit.Space(
            stdin=self.serial,
            stdout=self.serial,
            platform="esp32",
            print_exception=lambda fault: self.serial.write("Traceback: {!r}\n".format(fault)),
        )

    def open(self, path, mode="r"):
        return memory.File(self.flash, path, mode, self.refuses)

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
        return {
            "time": self.clock,
            "lora": boardkit.lora(self.clock),
            "machine": self._machine(),
            "esp32": self._esp32(),
            "asyncio": boardkit.Space(sleep_ms=sleep_ms, run=self._run),
            "select": boardkit.Space(poll=lambda: self.serial, POLLIN=1),
            "os": memory.Os(self, getattr(real_os, "getenv", None)),
            "micropython": boardkit.micropython(self._kbd_intr),
        }

    def _kbd_intr(self, char):
        self.serial.interrupt_char = char

    def _run(self, coroutine):
        while True:
            try:
                ms = coroutine.send(None)
            except StopIteration:
                return
            self.pass_ms(self._until_next_look(ms) if ms else 0)

    def _until_next_look(self, ms):
        """Return how long the loop waits for events: five looks are one while nothing has happened for long.

        Nine in ten looks find nothing, and they took most of the time of these tests. What a test planned,
        the radio's work and the end come no later than they would; a deadline of the program up to 20 ms.
        """
        now_us = self.clock.us
        if not self.calms or ms >= CALM_MS or now_us < self._lively_us:
            return ms
        if self.chip.ends_us is not None or self.chip.commanded_us > now_us - LIVELY_US:
            return ms
        next_us = now_us + CALM_MS * 1000
        for planned in self.script:
            if planned[0] < next_us:
                next_us = planned[0]
        return max(ms, (next_us - now_us) // (ms * 1000) * ms)

    def make(self, what):
        """Raises when the chip gives no such thing."""
        if what in self.unmade:
            raise unmade_error(what)

    def log(self, line):
        self.serial.log(line)

    def _machine(self):
        return boardkit.Space(
            Pin=PinMaker(self),
            Timer=TimerMaker(self),
            WDT=WatchdogMaker(self),
            ADC=AdcMaker(self),
            RTC=self._rtc,
            SPI=memory.SpiMaker(self),
            I2C=memory.BusMaker(self),
            UART=lines.UartMaker(self),
            reset=self._reset,
            deepsleep=self._deepsleep,
            reset_cause=self.power.reset_cause,
            wake_reason=lambda: self.power.wake,
            PWRON_RESET=PWRON_RESET,
            HARD_RESET=HARD_RESET,
            WDT_RESET=WDT_RESET,
            DEEPSLEEP_RESET=DEEPSLEEP_RESET,
            SOFT_RESET=SOFT_RESET,
            TIMER_WAKE=TIMER_WAKE,
            EXT0_WAKE=EXT0_WAKE,
            EXT1_WAKE=EXT1_WAKE,
            PIN_WAKE=EXT0_WAKE,
        )

    def _esp32(self):
        space = boardkit.Space(
            NVS=lambda name: memory.Nvs(self, name),
            idf_heap_info=memory.idf_heap_info,
            HEAP_DATA=HEAP_DATA,
            wake_on_ext0=self.armed.wake_on_ext0,
            wake_on_ext1=self.armed.wake_on_ext1,
            WAKEUP_ALL_LOW=Wakes.WAKEUP_ALL_LOW,
            WAKEUP_ANY_HIGH=Wakes.WAKEUP_ANY_HIGH,
        )
        if self.soc.classic:
            space.raw_temperature = lambda: self._temperature(88)  # Fahrenheit
        else:
            space.mcu_temperature = lambda: self._temperature(31)
        return space

    def _temperature(self, reading):
        if "temperature" in self.broken:
            raise OSError(-1)
        return reading

    def _rtc(self):
        self.make("RTC")
        return memory.Rtc(self)

    def _reset(self):
        raise Reset()

    def abort(self, why):
        """ESP_ERROR_CHECK: the chip prints it and starts anew."""
        self.log("ESP_ERROR_CHECK failed: " + why)
        raise Reset(why)

    def _deepsleep(self, ms=None):
        self.slept_ms = ms
        for number in self.pins:  # outputs let go; the pads that wake keep their pulls
            if isinstance(self.pins[number], Pin) and number not in self.wakes:
                self.pins[number].reset()
        raise Asleep()


def sleep_ms(ms):
    yield ms


__all__ = (
    "BROWNOUT_RESET",
    "DEEPSLEEP_RESET",
    "EXT0_WAKE",
    "EXT1_WAKE",
    "HARD_RESET",
    "PWRON_RESET",
    "SOFT_RESET",
    "TIMER_WAKE",
    "WDT_RESET",
    "Asleep",
    "Board",
    "Reset",
    "Stopped",
    "numbers",
)
