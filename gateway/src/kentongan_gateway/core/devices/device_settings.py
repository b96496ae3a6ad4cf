"""What the hub wants each device to be set to, checked and kept over restarts; no keys are in it."""

import json

from kentongan_wire import compose
from kentongan_wire.errors import LocalError

DEVICES_LIMIT = 4096
VERSION_LIMIT = 0xFFFF
# settings that the hub may name
NAMES = ("table", "profile", "patterns", "revoked", "status_period_s", "hop_limit")
LISTS = ("table", "patterns", "revoked")


class Wanted:
    """One device: the version and settings that it should report, and how far that is."""

    def __init__(self, raw):
        self.node = raw["node"]
        self.version = raw["version"]
        self.settings = raw["settings"]
        self.send, self.lowest, self.next = raw["generation"], raw["lowest"], raw["next"]
        self.counters = raw["counters"]
        self.proven = raw.get("proven", 0)  # newest generation under which a STATUS of it came
        self.tabled = raw.get("tabled", 0)  # counter tables that it has reported
        self.shut = raw.get("shut", [])  # revoked numbers that it has reported to refuse
        self.reported = None  # version in its last STATUS, as far as it tells
        self.heard_ms = None
        self.rounds, self.extra, self.last_ms, self.due_ms = 0, 0, None, None

    def revoked(self):
        return self.settings.get("revoked", [])

    def raw(self):
        return {
            "node": self.node,
            "version": self.version,
            "settings": self.settings,
            "generation": self.send,
            "lowest": self.lowest,
            "next": self.next,
            "counters": self.counters,
            "proven": self.proven,
            "tabled": self.tabled,
            "shut": self.shut,
        }


def _whole(raw, name, low, high):
    value = raw.get(name)
    if type(value) is not int or not low <= value <= high:
        raise LocalError(f"config: {name} {str(value)[:20]} is outside {low}..{high}")
    return value


def check(raw) -> dict:
    """One entry of a `config` order as Wanted takes it; LocalError names the field."""
    if not isinstance(raw, dict):
        raise LocalError("config: devices are objects")
    settings = raw.get("settings")
    if not isinstance(settings, dict) or not set(settings) <= set(NAMES):
        raise LocalError(f"config: settings are an object of {', '.join(NAMES)}")
    out = {
        "node": _whole(raw, "node", 4, 0xFFFFFFFE),
        "version": _whole(raw, "version", 0, VERSION_LIMIT),
        "settings": settings,
        "generation": _whole(raw, "generation", 0, 15),
        "lowest": _whole(raw, "lowest", 0, 15),
        "next": None if raw.get("next") is None else _whole(raw, "next", 0, 15),
        "counters": _whole(raw, "counters", 0, 1 << 31),
    }
    compose.split(items(settings))
    return out


def _progress(raw):
    out = {name: _whole(raw, name, 0, 1 << 31) for name in ("proven", "tabled") if name in raw}
    return {**out, "shut": [node for node in raw.get("shut") or [] if type(node) is int]}


def items(settings) -> dict:
    """Settings out of JSON as kentongan_wire.config takes them; rows become tuples."""
    return {
        name: [tuple(row) if isinstance(row, list) else row for row in value]
        if name in LISTS and isinstance(value, list)
        else value
        for name, value in settings.items()
    }


def load(saved) -> dict:
    """{node: Wanted} of a dump; LocalError when it is not whole."""
    if not saved:
        return {}
    try:
        return {raw["node"]: Wanted({**check(raw), **_progress(raw)}) for raw in json.loads(saved)}
    except (ValueError, TypeError, KeyError, RecursionError, LocalError) as error:
        raise LocalError("kept settings are damaged; the hub sends them again") from error


def dump(wanted) -> bytes:
    return json.dumps([one.raw() for one in wanted.values()], separators=(",", ":")).encode()
