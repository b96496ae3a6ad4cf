"""The modem's stable name, /dev/kentongan-modem: a rule for udev that one board answers to, and no second.

By its serial number; where that is missing, or one that many boards bear from the factory, by its socket.
"""

import glob
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from kentongan_wire.base.errors import LocalError
from serial.tools import list_ports

NAME = "kentongan-modem"
RULES = "/etc/udev/rules.d/71-kentongan-modem.rules"  # after 60-serial.rules, which finds out the socket
BY_PATH = "/dev/serial/by-path/*"
# The bridges and chips of our boards: CP2102, CH9102, CH340; None: every product of that maker (ESP32-S3).
BOARDS = ((0x10C4, 0xEA60), (0x1A86, 0x55D4), (0x1A86, 0x7523), (0x303A, None))
SAME_ON_MANY = re.compile(r"0*1?|0*12345678?9?", re.ASCII)  # CP2102 leave the factory as 0001
PLAIN = re.compile(r"[\w.:-]+", re.ASCII)  # what a rule can hold and mean as it stands

Ports = Callable[[], Iterable[Any]]


def boards(listed: Ports) -> list[Any]:
    """List the serial lines that may be a modem, by their device."""
    found = [one for one in listed() if (one.vid, one.pid) in BOARDS or (one.vid, None) in BOARDS]
    return sorted(found, key=lambda one: str(one.device))


def choose(port: str | None, found: list[Any]) -> Any:
    """Return the board at this port, or the only one; LocalError that names all of them otherwise."""
    real = os.path.realpath(port) if port else None
    matching = [one for one in found if real is None or os.path.realpath(one.device) == real]
    if len(matching) == 1:
        return matching[0]
    there = ", ".join(f"{one.device} ({one.serial_number or 'no serial number'})" for one in found)
    if not found:
        raise LocalError("no board is plugged in; plug in the modem, with its antenna, and try again")
    if real:
        raise LocalError(f"--port {port}: no board of ours; there are {there}")
    raise LocalError(f"several boards: {there}; say which is the modem with --port")


def rule(board: Any, found: list[Any], paths: str = BY_PATH) -> str:
    """Return udev's rule that gives this board the name."""
    serial = board.serial_number or ""
    twins = [one for one in found if one is not board and (one.serial_number or "") == serial]
    if PLAIN.fullmatch(serial) and not SAME_ON_MANY.fullmatch(serial) and not twins:
        by = f'ATTRS{{idVendor}}=="{board.vid:04x}", ATTRS{{serial}}=="{serial}"'
    else:
        by = f'ENV{{ID_PATH}}=="{_socket(board.device, paths)}"'
    return f'SUBSYSTEM=="tty", {by}, SYMLINK+="{NAME}"\n'


def _socket(device: str, paths: str) -> str:
    """Return udev's ID_PATH of the socket that a board is plugged into."""
    real = os.path.realpath(device)
    names = [os.path.basename(one) for one in sorted(glob.glob(paths)) if os.path.realpath(one) == real]
    names = [name for name in names if "-usbv" not in name] or names  # newer udev names a socket twice
    if not names:
        raise LocalError(f"{device}: no serial number of its own and no name in {paths}; is udev running?")
    return re.sub(r"-port\d+$", "", names[0])


def keep(port: str | None) -> str:
    """Write the rule; returns it. LocalError says what stands in the way."""
    found = boards(list_ports.comports)
    text = rule(choose(port, found), found)
    try:
        Path(RULES).write_text(f"# written by `kentongan-gateway modem`\n{text}", encoding="utf-8")
    except OSError as error:
        raise LocalError(f"{RULES}: {error.strerror}; as root: sudo kentongan-gateway modem")
    return text
