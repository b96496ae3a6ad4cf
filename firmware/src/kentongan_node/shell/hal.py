"""The device's port: pins, flash, sleep and watchdog. The simulator's sibling is kentongan_sim.port.

No waiting in here: events are looked for at every POLL_MS by the awaitable that next_event returns.
"""

import os
import select
import struct
import sys
import time

import esp32
import machine
import micropython
from kentongan_wire.base.shapes import TYPE_CHECKING

from kentongan_node.base.actions import Boot
from kentongan_node.parts import wiring
from kentongan_node.parts.beside import Beside
from kentongan_node.parts.inputs import Panel, boot_key, level_of
from kentongan_node.parts.senses import Senses
from kentongan_node.shell import files, rtcmem
from kentongan_node.shell.console import Console, Service, asked, noise
from kentongan_node.shell.keeper import Keeper
from kentongan_node.shell.timing import Clock, NextEvent, Ready

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from kentongan_node.base.actions import (
        Action,
        Cad,
        HostWrite,
        Listen,
        Note,
        Persist,
        Quiet,
        Settings,
        Show,
        Sleep,
        Sound,
        Transmit,
        Tune,
    )
    from kentongan_node.parts.radio import Event, Radio


SIREN_LIMIT_MS = 180_000  # by a timer of its own, whatever the program asks for
WATCHDOG_MS = 30_000
GOOD_RUN_MS = 60_000  # a start that lived so long was a good one
PRESS_TRIES = 3  # boots that may begin with the same press
OUTLAST_MS = 50  # between two looks at a siren that outlasts its program
HOST_READ_BYTES = 256
LINE_READ_BYTES = 32  # of the serial line in one turn of the loop: what one turn brings at 115200 baud
SPARE = "kentongan"  # our part of the chip's NVS


beside = Beside(lambda text: sys.stdout.write(text))  # of this start
wires = wiring.Wires(machine, beside)


def siren_off(pins: "wiring.Pins") -> None:
    """Drive the siren's output low: the first thing that a board does. `pins`: its role's dict of boards/."""
    if pins["siren"] is not None:
        wires.output(wiring.OUTPUT, pins["siren"])


def healthy_off(pins: "wiring.Pins") -> None:
    if pins["healthy"] is not None:
        wires.output("healthy", pins["healthy"])


def recall() -> "rtcmem.Memory":
    """Return the rtcmem.Memory that the last run left."""
    return rtcmem.load(beside.do("rtc", lambda: machine.RTC().memory()) or b"")


def remember(memory: "rtcmem.Memory") -> None:
    data = memory.dump()  # no room on the heap is the caller's business
    beside.do("rtc", lambda: machine.RTC().memory(data))


class Watchdog:
    """The chip's, or None in its place where the chip gives none."""

    def __init__(self, chips: "Any") -> None:
        self._chips = chips

    def feed(self) -> None:
        if self._chips is not None:
            beside.do("watchdog", self._chips.feed)


def watchdog(timeout_ms: int) -> "Watchdog":
    """Return the watchdog, which nothing stops; a second call gives it another time."""
    return Watchdog(beside.do("watchdog", lambda: machine.WDT(timeout=timeout_ms)))


def restart() -> None:
    machine.reset()


def own_line(ours: bool) -> None:
    """Ctrl-C on the serial line ends the program (a technician's), or is a character like others (ours)."""
    micropython.kbd_intr(-1 if ours else 3)


def random_u32() -> int:
    return struct.unpack("<I", os.urandom(4))[0]


def line() -> select.poll:
    """Return a poller of the serial line."""
    poller = select.poll()
    poller.register(sys.stdin, select.POLLIN)
    return poller


def read_line(poller: select.poll, limit: int = LINE_READ_BYTES) -> bytes:
    """Bytes that came on the serial line, so many at most; text would wait for all of a character, and a read
    of several bytes for all of them."""
    data = bytearray()
    while len(data) < limit and poller.poll(0):
        data.extend(sys.stdin.buffer.read(1) or b"")
    return bytes(data)


def stop_timers() -> None:
    """Stop every rhythm: a siren that was switched off would be switched on by the next edge."""
    for number in range(4):
        beside.do("timer {}".format(number), lambda timer: machine.Timer(timer).deinit(), number)


def sleep_until_key(board: "Any", pins: "wiring.Pins") -> None:
    """Deep sleep until the main key; does not come back."""
    wiring.arm_keys(esp32, wires.keys(board, pins, 0))
    machine.deepsleep()


def read_spare(node: int) -> bytes:
    """Read the second home of the sequence, or b"". Never the only one: the chip erases a full NVS."""
    data = bytearray(8)
    try:
        return bytes(data) if esp32.NVS(SPARE).get_blob(str(node), data) == len(data) else b""
    except OSError:
        return b""


def write_spare(node: int, data: bytes) -> bool:
    """Return True when it is there for good."""
    try:
        spare = esp32.NVS(SPARE)
        spare.set_blob(str(node), data)
        spare.commit()
    except OSError:
        return False
    return True


def keep_sequence(memory: "rtcmem.Memory", name: str, data: bytes) -> bool:
    """Write a file of the sequence before there is a Port; True when a home took it."""
    try:
        files.write_state(name, data)
        return True
    except OSError:
        memory.failing = True
        return write_spare(memory.node, data)


def wake(board: "Any", pins: "wiring.Pins", memory: "rtcmem.Memory") -> "Boot":
    """Return the Boot: cause and key of the start; noted, so that a failed start keeps a press."""
    cause, key, lid_open = _why(board, pins, memory)
    memory.armed = False
    memory.tries = memory.tries + 1 if key and key == memory.pressed else 1
    memory.pressed = key if memory.tries <= PRESS_TRIES else ""
    remember(memory)
    return Boot(cause, key, lid_open)


def _why(board: "Any", pins: "wiring.Pins", memory: "rtcmem.Memory") -> tuple[str, str, bool]:
    """(cause, key, whether the lid is open)."""
    down = [key.name for _, _, key in wires.keys(board, pins, 0) if key.down]
    lid_open = "lid" in down
    cause = machine.reset_cause()
    if cause == machine.DEEPSLEEP_RESET:
        reason = machine.wake_reason()
        if reason == machine.TIMER_WAKE:
            return "wake_timer", "", lid_open
        # EXT0 is the main key; EXT1 the silent key and the lid: what was let go before boot was the key.
        if reason == machine.EXT0_WAKE:
            return "wake_key", "" if memory.armed and "main" not in down else "main", lid_open
        return "wake_key", "lid" if lid_open and "silent" not in down else "silent", lid_open
    if memory.pressed and memory.tries < PRESS_TRIES:
        return "wake_key", memory.pressed, lid_open  # the program failed before the press had reached it
    return ("power" if cause == machine.PWRON_RESET else "reset"), boot_key(down, lid_open), lid_open


class Port:
    """Port of runner.run on the device.

    `board`, `pins`: a module of boards/ and its dict of the role; `radio`: radio.Radio, or None;
    `boot`: of wake; `memory`: rtcmem.Memory; `watchdog`: fed here; `i2c`: of a power chip.
    """

    def __init__(
        self,
        board: "Any",
        pins: "wiring.Pins",
        settings: "Settings",
        radio: "Radio | None",
        boot: "Boot",
        memory: "rtcmem.Memory",
        watchdog: "Watchdog",
        i2c: "Any" = None,
    ) -> None:
        self._boot = boot
        self._board, self._pins, self._radio = board, pins, radio
        self._settings, self._memory, self._watchdog = settings, memory, watchdog
        self._clock = Clock(memory, machine.reset_cause() == machine.DEEPSLEEP_RESET)
        self._started_ms = self.now_ms()
        self._tuning = {name: settings[name] for name in ("gain_dbi", "loss_db")}
        # the carrier pulls the contact up: the chip's pull-up would cost 70 uA all day, for it is closed
        senses = [(what, wires.input(what, number)) for what, number in pins["senses"]]
        contact = dict(senses).get("contact")
        self._panel = Panel(
            wires.keys(board, pins, self._started_ms), contact, memory.worn and boot.cause == "wake_timer"
        )
        self._outputs(board, pins)
        senses = [(what, pin) for what, pin in senses if what != "contact"]  # the panel's
        battery = beside.do("battery", wiring.battery, machine, board, pins, i2c)
        self._senses = Senses(senses, battery, lambda: wiring.temperature(esp32), self._panel.stuck,
                              self._siren, beside, self._started_ms)  # fmt: skip
        # A key that woke us and was let go by now: its edge is told, or the strokes would wait for it.
        self._let_go = "" if self._panel.is_down(boot.key) or boot.key not in ("main", "silent") else boot.key
        self._keeper = Keeper(memory, files.write_state, remember,
                              lambda data: write_spare(memory.node, data), self._started_ms,
                              boot.cause == "wake_timer")  # fmt: skip
        self._lines()
        self._do: dict[str, Callable[[Any], object]] = {
            "Cad": self._cad, "Transmit": self._transmit, "Tune": self._tune, "Listen": self._listen,
            "Persist": self._persist, "Sound": self._sound, "Quiet": self._quiet, "Show": self._show,
            "HostWrite": self._host_write, "Sleep": self._sleep, "Note": self._note,
        }  # fmt: skip

    def _outputs(self, board: "Any", pins: "wiring.Pins") -> None:
        self._siren = wires.siren(pins)
        self._mute = self._siren is not None and isinstance(self._siren.pin, wiring.Dead)  # to be told
        self._shows = wires.shows(board, pins)
        self._sounder = self._siren or self._shows[1]  # a penerima chimes with its buzzer
        number = pins["healthy"]
        self._healthy = None if number is None else wires.output("healthy", number)

    def _lines(self) -> None:
        """Read the serial line: the host's at a modem; else notes and a technician's words."""
        self._host = self._console = None
        self._words: list[str] = []
        self._poller = line()
        self._asked = b""  # the end of what the host sent: a word of the technician may begin in it
        if self._settings["role"] != "modem":
            self._console = Console()
            return
        from kentongan_node.parts.usbline import UsbLine

        self._host = UsbLine(sys.stdout.buffer)

    def boot(self) -> "Ready":
        """Awaitable of the Boot: why we start, and whether the lid stands open."""
        return Ready(self._boot)

    def settling(self) -> bool:
        """Tell whether the readings of a timer's wake are on their way: its STATUS waits for them."""
        return self._boot.cause == "wake_timer" and self._senses.settling()

    # -- events ---------------------------------------------------------------------------------------

    def now_ms(self) -> int:
        return self._clock.now_ms()

    def random_u32(self) -> int:
        return random_u32()

    def next_event(self, deadline_ms: int | None) -> "NextEvent":
        return NextEvent(self, deadline_ms)

    def poll(self) -> "Event | None":
        """Return the next event (name, args), or None."""
        if (self._radio is None or self._radio.dead) and not self._sounds():  # a restart would end that
            raise RuntimeError("radio does not answer: {}".format(self._radio and self._radio.counters))
        self._tend()
        now_ms = self.now_ms()
        if self._memory.pressed or self._memory.faults:
            self._started_well(now_ms)
        if self._let_go:
            name, self._let_go = self._let_go, ""
            return "key", (name, False)
        edge = self._panel.poll(now_ms)
        if edge is not None:
            return "key", edge
        if self._mute:
            self._mute = False
            return "sense", ("siren", -1)
        event = None if self._radio is None else self._radio.poll()
        if event is None:
            event = beside.do("line", self._hear_line)
        if event is None:
            event = self._senses.poll(now_ms)
        if event is None:
            quiet = self._radio is None or not self._radio.checking
            event = beside.do("flash", self._keeper.poll, now_ms, quiet, quiet and not self._busy())
        return event

    def _tend(self) -> None:
        """Tend what must go on however the program fares: watchdogs, and beats that have no timer."""
        self._watchdog.feed()
        if self._healthy is not None:  # the carrier's watchdog and relay want edges, not a level
            beside.do("healthy", lambda: self._healthy.value(1 - self._healthy.value()))
        wires.look(self._shows, self._siren)

    def _sounds(self) -> bool:
        return self._sounder is not None and self._sounder.playing

    def outlast(self) -> None:
        """Let what sounds go on to its end, or until somebody at the post ends it: the program has failed."""
        while self._sounds():
            self._tend()
            if [
                key
                for pin, active, key in self._panel.keys
                if key.name in ("hush", "test") and level_of(pin) == active
            ]:
                beside.do(wiring.OUTPUT, self._sounder.stop)
            time.sleep_ms(OUTLAST_MS)
            if not self._sounds() and self._siren is not None:
                # no start finds it unfinished
                beside.do("flash", self._keeper.persist, "siren", b"", self.now_ms())

    def _busy(self) -> bool:
        """Tell whether an alarm is being sent, or sounds: no time to try a flash that fails."""
        files = self._memory.files
        return bool(files.get("incident") or files.get("silent") or self._sounds())

    def _started_well(self, now_ms: int) -> None:
        """Note that the press has reached the core; after a while the start as a whole was a good one."""
        self._memory.pressed = ""
        if now_ms - self._started_ms >= GOOD_RUN_MS:
            self._memory.faults = 0
        elif not self._memory.tries:
            return
        self._memory.tries = 0
        remember(self._memory)

    def _hear_line(self) -> "Event | None":
        if self._host is not None:
            data = read_line(self._poller, HOST_READ_BYTES)
            if not data:
                return None
            self._host.heard()
            self._asked = asked(self._asked, data)
            return "host", (data,)
        self._words.extend(self._console.feed(read_line(self._poller)))
        while self._words:
            word = self._words.pop(0)
            if word == "uji":
                return "key", ("uji", True)
            if word == "servis":
                raise Service()
            if word == "periksa":
                self._inspect()
            elif not noise(word):
                sys.stdout.write("tidak dikenal: {}; tulis uji, periksa atau servis\n".format(word))
        return None

    def _inspect(self) -> None:
        from kentongan_node.shell import selftest

        down, stuck = self._panel.down(), self._panel.stuck(self.now_ms())
        radio = None if self._radio is None else self._radio.counters
        selftest.tell(sys.stdout, self._settings, down, stuck, self._senses.levels(),
                      self._senses.battery_mv(), radio, files.state_names(), self._keeper.failing,
                      sorted(beside.failing))  # fmt: skip

    # -- actions ------------------------------------------------------------------------------------

    def perform(self, action: "Action") -> None:
        """Do one action; when this returns it is done, or begun where the answer is an event."""
        name = type(action).__name__
        if name in ("Note", "HostWrite"):
            beside.do("line", self._do[name], action)
        else:
            self._do[name](action)

    def _cad(self, action: "Cad") -> None:
        if self._radio is not None:
            self._radio.begin_check()

    def _transmit(self, action: "Transmit") -> None:
        if self._radio is not None:
            self._radio.begin_send(action.frame)

    def _listen(self, action: "Listen") -> None:
        if self._radio is not None:
            self._radio.listen(action.on)

    def _tune(self, action: "Tune") -> None:
        self._tuning.update(
            {"preset": action.preset, "freq_hz": action.freq_hz, "conducted_dbm": action.conducted_dbm}
        )
        if self._radio is not None:
            self._radio.tune(self._tuning)

    def _persist(self, action: "Persist") -> None:
        """Into RTC memory at once where that is wide enough; an incident reaches flash while its frame flies.

        The sequence is on flash before the frame that uses it begins: RTC memory does not outlive the supply.
        """
        if action.name.startswith("seq"):  # not on the air before it is kept
            self._keeper.persist(action.name, action.data, self.now_ms())
        else:
            beside.do("flash", self._keeper.persist, action.name, action.data, self.now_ms())

    def _sound(self, action: "Sound") -> None:
        """Tell the core of an output that cannot be driven: nobody shall believe that it sounds."""
        if self._sounder is None:
            return
        if self._siren is not None:
            self._senses.forget()
            if isinstance(self._siren.pin, wiring.Dead):
                self._siren.pin = wires.output(wiring.OUTPUT, self._pins["siren"])
        beside.do(wiring.OUTPUT, self._sounder.play, action.steps, min(action.total_ms, SIREN_LIMIT_MS))
        self._mute = self._siren is not None and not self._siren.playing

    def _quiet(self, action: "Quiet") -> None:
        if self._sounder is not None:
            beside.do(wiring.OUTPUT, self._sounder.stop)

    def _show(self, action: "Show") -> None:
        wires.show(self._shows, action.steps)

    def _host_write(self, action: "HostWrite") -> None:
        if self._host is not None:
            self._host.write(action.data)

    def _note(self, action: "Note") -> None:
        if self._console is not None:
            line = "{} #{} {} {}\n"
            sys.stdout.write(line.format(action.device, action.counter, action.step, action.detail))

    def _sleep(self, action: "Sleep") -> None:
        """Deep sleep; does not come back."""
        self._keeper.flush(self.now_ms())
        if self._radio is not None:
            self._radio.sleep()
        for i in range(len(self._shows)):
            if self._shows[i] is not None:
                beside.do(wiring.SHOWS[i], self._shows[i].stop)
        memory = self._memory
        memory.faults = memory.tries = 0
        memory.clock_ms, memory.chip_s = self.now_ms(), int(time.time())
        memory.armed, memory.worn = wiring.arm_keys(esp32, self._panel.keys), bool(self._panel.worn())
        remember(self._memory)
        if action.wake_ms is None:
            machine.deepsleep()
        machine.deepsleep(max(1, action.wake_ms))
