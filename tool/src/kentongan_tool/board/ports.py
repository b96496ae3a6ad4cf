"""The ports with a board on them: which board it may be, its chip, and what is on it; the picker of --port.

A device that runs is asked what it is and goes on; a board at its prompt is asked for its chip.
"""

import contextlib
import json
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from kentongan_wire.air import link

from kentongan_tool.base.failures import Say, ToolError
from kentongan_tool.board import boards, holders
from kentongan_tool.board.console import BAUD, INSPECT, PROMPT, READ_S, check_port

ANSWER_S = 2.0  # for a board that runs; one that sleeps says nothing
# One short line: the port's buffer takes no long one. What device.json holds stays there, it has keys.
ASK_CHIP = (
    b"import os,sys;print('KENTONGAN',getattr(sys.implementation,'_machine','-'),';',"
    b"'device.json' in os.listdir('/'))\r\n"
)
CHIP = re.compile(r"^KENTONGAN (.*) ; (True|False)", re.MULTILINE)
KNOWN = {usb for board in boards.BOARDS.values() for usb in board.usb}


class Port(NamedTuple):
    name: str
    usb: boards.Usb
    title: str  # USB's own words


def there() -> list[Port]:
    """List the USB ports of this machine, those that a board here shows first."""
    from serial.tools import list_ports

    found = [
        Port(one.device, (one.vid, one.pid), one.product or one.description or "")
        for one in list_ports.comports()
        if one.vid is not None
    ]
    return sorted(found, key=lambda port: (port.usb not in KNOWN, port.name))


def described(port: Port) -> str:
    """Board, chip and label, as far as they can be known without stopping anything."""
    if port.usb not in KNOWN:
        return f"{port.title}: bukan papan kita (no board of ours)"
    names = [board.name for board in boards.BOARDS.values() if port.usb in board.usb]
    return f"{looked(port.name)}; {' / '.join(names)}"


def looked(name: str) -> str:
    """Describe the board at that port in a few words."""
    try:
        check_port(name)
        return _asked(name)
    except ToolError as error:
        return error.lines()[0].removeprefix("GAGAL").strip()


def _asked(name: str) -> str:
    import serial

    try:
        line = serial.serial_for_url(name, baudrate=BAUD, timeout=READ_S, do_not_open=True)
        line.dtr = line.rts = True  # as in Console
        with contextlib.suppress(AttributeError):
            line.exclusive = True
        line.open()
    except (serial.SerialException, OSError):
        raise holders.busy(name)
    try:
        return _answer(line)
    except (serial.SerialException, OSError):
        raise ToolError("cut", name)
    finally:
        with contextlib.suppress(OSError):
            line.close()


def _answer(line: Any) -> str:
    said, radio, asked_chip = b"", link.Decoder(), False
    line.write(b"\r\n" + INSPECT.strip().encode() + b"\r\n")
    until_s = time.monotonic() + ANSWER_S
    while time.monotonic() < until_s:
        part = line.read(max(1, line.in_waiting))
        said += part
        if any(True for _ in radio.feed(part)):
            return "radio gateway"
        text = said.decode("utf-8", "replace").replace("\r", "")
        for words in text.splitlines():
            if words.startswith(INSPECT):
                with contextlib.suppress(ValueError, KeyError, TypeError):
                    told = json.loads(words[len(INSPECT) :])
                    return f"{told['role']} {told['label']} {told['node']:08x}"
        if found := CHIP.search(text):
            chip = boards.chip_of_machine(found[1]) or found[1]
            what = "sebuah alat, di promptnya" if found[2] == "True" else "kosong"
            return f"{what}, {chip}"
        if PROMPT in said and not asked_chip:
            line.write(ASK_CHIP)
            asked_chip, until_s = True, time.monotonic() + ANSWER_S
    return "diam: kosong, atau tombol yang tidur (blank, or a button asleep)"


def lines(found: list[Port]) -> list[str]:
    """ "/dev/ttyUSB0  tombol tombol-07 6b74f007; heltec_v3" of each, asked at the same time."""
    with ThreadPoolExecutor(len(found) or 1) as pool:
        words = list(pool.map(described, found))
    return [f"{port.name}  {text}" for port, text in zip(found, words, strict=True)]


def choose(given: str | None, say: Say, any_kind: bool = False) -> str:
    """Return the port that was given, or the only one with a board, or the one that a person picks.

    `any_kind`: also ports that no board of ours shows, for other people's radios.
    """
    if given:
        return given
    found = there()
    if not any_kind:
        found = [port for port in found if port.usb in KNOWN] or found
    if not found:
        raise holders.missing("--port")
    if len(found) == 1:
        say(f"Papan di {found[0].name}: {described(found[0])}")
        return found[0].name
    rows = lines(found)
    if not sys.stdin.isatty():
        raise ToolError("argument", "--port: ada beberapa papan (several boards): " + "; ".join(rows))
    for number, row in enumerate(rows, 1):
        say(f"  {number}. {row}")
    answer = input(f"Papan yang mana (which board)? 1-{len(rows)}: ").strip()
    if answer not in [str(number) for number in range(1, len(rows) + 1)]:
        raise ToolError("argument", f"{answer!r}: angka 1..{len(rows)} (a number), atau --port")
    return found[int(answer) - 1].name
