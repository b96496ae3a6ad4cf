"""Holders of a serial port: programs that people run, and those that a desktop runs by itself."""

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from kentongan_tool.base.failures import ToolError

PROC = Path("/proc")
BRAILLE = "brltty"  # takes the USB chips of our boards for a braille display: the port goes away
GRABBERS = ("ModemManager", BRAILLE)  # they run as root: which files they have open nobody else can see


def busy(port: str) -> ToolError:
    names = [*_with_open(port), *_running(GRABBERS)]
    return ToolError("port_busy", f"{port}: {', '.join(dict.fromkeys(names)) or '?'}")


def missing(port: str) -> ToolError:
    return ToolError("port_taken" if any(_running([BRAILLE])) else "port_missing", port)


def _with_open(port: str) -> Iterator[str]:
    """ "thonny (4711)" for every other program of this account that has the port open."""
    wanted = os.path.realpath(port)
    for pid in _pids():
        if pid == os.getpid():
            continue
        folder = PROC / str(pid)
        try:
            if any(os.path.realpath(one) == wanted for one in (folder / "fd").iterdir()):
                yield f"{_name(folder)} ({pid})"
        except OSError:
            continue


def _running(names: Collection[str]) -> Iterator[str]:
    for pid in _pids():
        try:
            name = _name(PROC / str(pid))
        except OSError:
            continue
        if name in names:
            yield name


def _name(folder: Path) -> str:
    return (folder / "comm").read_text(errors="replace").strip()


def _pids() -> list[int]:
    try:
        return [int(name) for name in os.listdir(PROC) if name.isdecimal()]
    except OSError:  # no /proc on this system
        return []
