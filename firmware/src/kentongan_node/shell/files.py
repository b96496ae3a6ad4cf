"""Files on a board's flash: its device file, and what its core persisted."""

import os

from kentongan_wire.base.shapes import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from kentongan_wire.base.shapes import Bytes

    from kentongan_node.base.actions import State


STATE_DIR = "/state"
DEVICE_FILE = "/device.json"
WIDE = "/wide"  # where main.py has mounted the same files with larger pieces, for the start's reads alone:
# what such a mount writes the port's cannot always read (an inline file above its cache, at a block's end)


def device_text() -> str:
    return _early(_content, DEVICE_FILE, "r")


def _early(work: "Callable[..., Any]", path: str, *how: str) -> "Any":
    """work(path) by main.py's mount, or by the port's when that is not there."""
    try:
        return work(WIDE + path, *how)
    except OSError:
        return work(path, *how)


def _content(path: str, mode: str) -> "Any":
    with open(path, mode) as file:
        return file.read()


def read_state() -> "State":
    """{name: bytes} of everything that was persisted. An empty file is none: its first write was cut off.

    Once, before the first write: after it main.py's mount is gone.
    """
    try:
        names = _early(os.listdir, STATE_DIR)
    except OSError:
        names = []
        try:
            os.mkdir(STATE_DIR)
        except OSError:
            pass  # the flash takes no write: keeper.py says what follows
    state = {}
    for name in names:
        try:
            content = _early(_content, STATE_DIR + "/" + name, "rb")
        except OSError:
            content = b"?"  # it was there: a core must know that it lost something
        if content:
            state[name] = content
    narrow()
    return state


def narrow() -> None:
    """Use the port's mount alone from now on."""
    try:
        import vfs

        vfs.umount(WIDE)
    except Exception:
        pass  # not a board's MicroPython, or it is not there


def state_names() -> list[str]:
    try:
        return os.listdir(STATE_DIR)
    except OSError:
        return []


def write_state(name: str, data: "Bytes") -> None:
    # A plain rewrite is atomic on littlefs2; a rename would cost three program operations instead of one.
    with open(STATE_DIR + "/" + name, "wb") as file:
        file.write(data)
