"""The device file: one JSON text, checked once, then a plain dict that every core takes."""
import gc
import json
import sys

from kentongan_wire.errors import LocalError


def load(text, where="device.json"):
    """Checked settings with defaults filled in; LocalError names the file, the key and the remedy."""
    sys.path.insert(0, "")  # where it lies on a board
    try:
        from kentongan_wire import device_file  # here, so that a device can give its memory back
    finally:
        sys.path.pop(0)
    try:
        raw = json.loads(text)
    except ValueError as error:
        raise LocalError("{}: no JSON text ({}); write it again with kentongan-tool".format(where, error))
    if not isinstance(raw, dict):
        raise LocalError("{}: holds no JSON object; write it again with kentongan-tool".format(where))
    return device_file.check(raw, where)


def unload():
    """Give back the memory of the checks (8 KB on a chip): a device reads its file once."""
    sys.modules.pop("device_file", None)  # a board's, where the rest is one file
    if sys.modules.pop("kentongan_wire.device_file", None):
        del sys.modules["kentongan_wire"].device_file
    gc.collect()


def start(kind, text, read_state, own=None):
    """(checked settings, core) of a device file's text, where `kind` is the class of its role.

    `own`: told the checked settings before the state is read.
    """
    checked = load(text)
    unload()
    if own is not None:
        own(checked)
    return checked, kind(checked, read_state())
