"""Serial devices by their stable path: one adapter, one name. CH340 have no serial number, and so no name.

Two of them share one entry in /dev/serial/by-id, which leads to whichever came last. /dev/serial/by-path
names the socket that each is plugged into instead.
"""

import glob
import os
from collections.abc import Callable, Iterable
from typing import Any

from kentongan_wire.base.errors import LocalError
from serial.tools import list_ports

BY_PATH = "/dev/serial/by-path/*"


def same(one: str, other: str) -> bool:
    """Tell whether two paths lead to one device that is there."""
    return bool(one and other) and os.path.exists(one) and os.path.realpath(one) == os.path.realpath(other)


def check(port: str, listed: Callable[[], Iterable[Any]] = list_ports.comports, paths: str = BY_PATH) -> None:
    """Raise LocalError with the remedy where this path leads to one of several that nothing tells apart."""
    if os.path.dirname(port).endswith("by-path"):
        return
    device, found = os.path.realpath(port), list(listed())
    mine = next((one for one in found if os.path.realpath(one.device) == device), None)
    if mine is None or mine.vid is None or mine.serial_number:
        return
    kind = mine.vid, mine.pid
    twins = [one.device for one in found if (one.vid, one.pid) == kind and not one.serial_number]
    if len(twins) < 2:
        return
    real = {os.path.realpath(one) for one in twins}
    sockets = [path for path in sorted(glob.glob(paths)) if os.path.realpath(path) in real]
    raise LocalError(
        f"{port}: {len(twins)} adapters {mine.vid:04x}:{mine.pid:04x} without a serial number are plugged in "
        f"and share this name; give one of {', '.join(sockets) or BY_PATH}"
    )
