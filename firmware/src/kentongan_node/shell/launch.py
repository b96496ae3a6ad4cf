"""Starts a board: watchdog, settings, program, radio; and what happens when one of them fails.

fault                                    what follows
settings missing or wrong                the board waits for a technician, and says what is wrong
what stands beside the alarm             it is told, and nothing stops: beside.py
the radio, while a siren or chime sounds it is tried on and on; the fresh start comes after the end
anything else, once or twice in a row    what sounds goes on to its end; then a fresh start after RESTART_MS
the same, for the third time             the board waits for a technician
`servis` on the serial line              siren off, the prompt; a fresh start after SERVICE_MS
the flash takes no write                 nothing stops: keeper.py
RTC memory is empty                      counter.after_dark

Ctrl-C on the serial line is a character like others: a line that nobody holds makes it now and then.
Waiting for a technician: the lamp says so, nothing is sent, no siren sounds. A mains device tries again after
TECHNICIAN_MS (a wet radio may have dried), a button sleeps after TECHNICIAN_TOMBOL_MS until its key is
pressed. A presser who is not heard sees that first (NOBODY_MS): a press is never met with a dark lamp.
"""

import sys
import time
from asyncio import run as run_loop

from kentongan_wire.base.errors import LocalError
from kentongan_wire.base.shapes import TYPE_CHECKING

from kentongan_node.base import feedback
from kentongan_node.parts import radio
from kentongan_node.shell import files, hal, runner, settings
from kentongan_node.shell.console import Console, Service

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from kentongan_node.base.actions import Boot, State
    from kentongan_node.common.node import Node
    from kentongan_node.parts.wiring import Pins
    from kentongan_node.shell.rtcmem import Memory


FAULTS_MAX = 3
RESTART_MS = 5_000
SERVICE_MS = 600_000
TECHNICIAN_MS = 600_000
TECHNICIAN_TOMBOL_MS = 60_000
NOBODY_MS = 10_000
LOOK_MS = 100


def outputs_off(pins: "Pins") -> None:
    hal.stop_timers()
    hal.siren_off(pins)
    hal.healthy_off(pins)


def serve(board: "Any", pins: "Pins", kind: "type[Node]") -> None:
    """Read the device file, make the core of class `kind`, run it.

    Comes back to the prompt only, when a technician asked.
    """
    hal.own_line(True)
    memory = hal.recall()
    watchdog = hal.watchdog(hal.WATCHDOG_MS)  # from here on a start that hangs ends in a reset
    memory.faults += 1  # until this start has proved a good one; wake() keeps it
    key = ""
    try:
        try:
            boot = hal.wake(board, pins, memory)
            key = boot.key
            run(board, pins, kind, boot, memory, watchdog)
        except LocalError as fault:
            wait_for_technician(board, pins, watchdog, str(fault), tells(kind, memory, key))
        except Service:
            raise
        except Exception as fault:  # an uncaught one would leave the board at its prompt, deaf
            outputs_off(pins)
            hal.beside.do("line", sys.print_exception, fault)
            first = tells(kind, memory, key)
            if memory.faults >= FAULTS_MAX:
                wait_for_technician(board, pins, watchdog, repr(fault), first)
            # no faster than this, should the fault be there at once again
            wait(watchdog, show(board, pins, first), RESTART_MS)
            hal.restart()
    except Service:
        serve_technician(pins, memory)


def serve_technician(pins: "Pins", memory: "Memory") -> None:
    """Leave the prompt to the technician, until the watchdog takes the board back."""
    outputs_off(pins)
    hal.watchdog(SERVICE_MS)
    memory.faults = 0
    hal.remember(memory)
    hal.own_line(False)
    print("servis; alat mulai lagi sendiri dalam {} menit".format(SERVICE_MS // 60_000))


def run(
    board: "Any", pins: "Pins", kind: "type[Node]", boot: "Boot", memory: "Memory", watchdog: "hal.Watchdog"
) -> None:
    core, port = prepare(board, pins, kind, boot, memory, watchdog)
    let_go()
    try:
        run_loop(runner.run(core, port))
    except Service:
        raise
    except Exception:
        port.outlast()
        raise


def let_go() -> None:
    """Give back the code of what only the start calls: the tool's letgo.py writes it into the joined file."""


def prepare(
    board: "Any", pins: "Pins", kind: "type[Node]", boot: "Boot", memory: "Memory", watchdog: "hal.Watchdog"
) -> "tuple[Node, hal.Port]":
    """Make the core and its port of the device file and what was persisted."""
    try:
        text = files.device_text()
    except (OSError, ValueError):  # not there, or no text
        raise LocalError("device.json is missing or torn; provision the board with kentongan-tool")

    checked = settings.load(text)
    if role_of(board, pins) != checked["role"]:
        raise LocalError(
            "device.json is for a {}, main.py for another role; provision again".format(checked["role"])
        )
    checked["power_dbm"] = radio.POWER_DBM[board.CHIP]
    memory.dark = not memory.belongs_to(checked["node"]) and checked["role"] != "modem"
    core = kind(checked, recalled(memory))
    watchdog.feed()
    i2c = hal.wires.power_chip(board)
    ask = getattr(core, "cut_off", None)  # a sounding that a reset has cut off comes before the radio
    chip, patient = None, ask is not None and ask()
    try:
        chip = radio.Radio(hal.wiring.radio_pins(hal.machine, board), checked, patient)
    except radio.FAULTS:
        if not patient:
            raise
    return core, hal.Port(board, pins, checked, chip, boot, memory, watchdog, i2c)


def recalled(memory: "Memory") -> "State":
    """{name: bytes} that a core begins with."""
    from kentongan_node.common import counter

    state = files.read_state()
    for name in memory.files:
        # RTC memory is written first, so it is never older; where the chip gave none for a while it is
        kept = counter.unpack(state.get(name, b""))
        if name not in counter.NAMES or counter.unpack(memory.files[name]) >= kept:
            state[name] = memory.files[name]
    if memory.dark:
        boots = int.from_bytes(bytes(state.get("boots", b"")), "little")
        counter.after_dark(
            state,
            boots,
            hal.random_u32(),
            lambda name, data: hal.keep_sequence(memory, name, data),
            hal.read_spare(memory.node),
        )
        memory.stale = memory.failing  # what was heard since the flash began to fail went with the supply
        for name in counter.NAMES:
            if memory.failing and name in state:
                memory.files[name] = state[name]
        hal.remember(memory)
    if memory.stale:
        state["stale"] = b"1"
    return state


def role_of(board: "Any", pins: "Pins") -> str:
    for role in ("TOMBOL", "SIRENE", "PENERUS", "PENERIMA", "MODEM"):
        if getattr(board, role) is pins:
            return role.lower()
    return ""


def tells(kind: "type[Node]", memory: "Memory", key: str) -> str:
    """Return the lamp's signal while the program does not run: "nobody hears" for a press that has no
    answer, nothing while a silent alarm runs, else that a technician is needed.
    """
    ask = getattr(kind, "unanswered", None)
    if ask is None:
        return feedback.TECHNICIAN
    if key in ("main", "uji") or key != "silent" and ask(memory.files.get("incident")):
        return feedback.NOBODY
    return feedback.OFF if key == "silent" or memory.files.get("silent") else feedback.TECHNICIAN


def show(board: "Any", pins: "Pins", state: str) -> "Callable[[], object]":
    """Let lamp, buzzer and motor say it, as far as they are there: a look(), which keeps it going."""
    beats = hal.wires.shows(board, pins)
    hal.wires.show(beats, feedback.STEPS[state])
    return lambda: hal.wires.look(beats)


def wait(watchdog: "hal.Watchdog", look: "Callable[[], object]", ms: int) -> None:
    for _ in range(ms // LOOK_MS):
        watchdog.feed()
        look()
        time.sleep_ms(LOOK_MS)


def say(text: str) -> None:
    hal.beside.do("line", print, text)


def wait_for_technician(
    board: "Any", pins: "Pins", watchdog: "hal.Watchdog", reason: str, first: str
) -> None:
    """Show it and say it, over and over; then sleep (tombol) or try again (the others).

    `first`: what the lamp says until NOBODY_MS are over.
    """
    outputs_off(pins)
    tombol = pins is board.TOMBOL
    look = show(board, pins, first)
    waits_ms = TECHNICIAN_TOMBOL_MS if tombol else TECHNICIAN_MS
    console, poller = Console(), hal.line()
    say("perlu teknisi: " + reason)
    for n in range(waits_ms // LOOK_MS):
        if first != feedback.TECHNICIAN and n * LOOK_MS >= NOBODY_MS:
            first = feedback.TECHNICIAN
            look = show(board, pins, first)
        data = hal.beside.do("line", hal.read_line, poller)
        if data:
            if "servis" in console.feed(data.replace(b"\0", b"\n")):  # a modem is asked between two zeros
                raise Service()
            say("perlu teknisi: " + reason)
        wait(watchdog, look, LOOK_MS)
    show(board, pins, feedback.OFF)
    if tombol:
        hal.sleep_until_key(board, pins)
    hal.restart()
