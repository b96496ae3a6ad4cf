"""Settings that the hub wants for each device, checked and kept over restarts; they hold no keys."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from kentongan_wire.base.errors import LocalError
from kentongan_wire.settings import compose

from kentongan_gateway.core.base.units import Ms, Node

if TYPE_CHECKING:
    from kentongan_wire.settings.config import Settings

DEVICES_LIMIT = 4096
VERSION_LIMIT = 0xFFFF
# settings that the hub may name
NAMES = ("table", "profile", "patterns", "revoked", "status_period_s", "hop_limit")
LISTS = ("table", "patterns", "revoked")


class Progress(TypedDict, total=False):
    """Progress of a device, by its own STATUS."""

    proven: int
    tabled: int
    shut: list[Node]


class WantedRow(Progress):
    """One device of a `config` order; kept over restarts with its progress."""

    node: Node
    version: int
    settings: "Settings"
    generation: int
    lowest: int
    next: int | None
    counters: int


class Wanted:
    """One device: the version and settings that it should report, and how far that is."""

    def __init__(self, raw: WantedRow) -> None:
        self.node = raw["node"]
        self.version = raw["version"]
        self.settings = raw["settings"]
        self.send, self.lowest, self.next = raw["generation"], raw["lowest"], raw["next"]
        self.counters = raw["counters"]
        self.proven = raw.get("proven", 0)  # newest generation under which a STATUS of it came
        self.tabled = raw.get("tabled", 0)  # counter tables that it has reported
        self.shut = raw.get("shut", [])  # revoked numbers that it has reported to refuse
        self.reported: int | None = None  # version in its last STATUS, as far as it tells
        self.heard_ms: Ms | None = None
        self.rounds, self.extra = 0, 0
        self.last_ms: Ms | None = None
        self.due_ms: Ms | None = None

    def revoked(self) -> list[Node]:
        return self.settings.get("revoked", [])

    def raw(self) -> WantedRow:
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


def _whole(raw: Mapping[str, object], name: str, low: int, high: int) -> int:
    value = raw.get(name)
    if type(value) is not int or not low <= value <= high:
        raise LocalError(f"config: {name} {str(value)[:20]} is outside {low}..{high}")
    return value


def check(raw: object) -> WantedRow:
    """One entry of a `config` order as Wanted takes it; LocalError names the field."""
    if not isinstance(raw, dict):
        raise LocalError("config: devices are objects")
    settings = raw.get("settings")
    if not isinstance(settings, dict) or not set(settings) <= set(NAMES):
        raise LocalError(f"config: settings are an object of {', '.join(NAMES)}")
    out: WantedRow = {
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


def _progress(raw: Mapping[str, Any]) -> Progress:
    out: Progress = {}
    if "proven" in raw:
        out["proven"] = _whole(raw, "proven", 0, 1 << 31)
    if "tabled" in raw:
        out["tabled"] = _whole(raw, "tabled", 0, 1 << 31)
    out["shut"] = [node for node in raw.get("shut") or [] if type(node) is int]
    return out


def items(settings: "Settings") -> "Settings":
    """Settings out of JSON as kentongan_wire.settings.config takes them; rows become tuples."""
    return {
        name: [tuple(row) if isinstance(row, list) else row for row in value]
        if name in LISTS and isinstance(value, list)
        else value
        for name, value in settings.items()
    }


def load(saved: bytes | None) -> dict[Node, Wanted]:
    """{node: Wanted} of a dump; LocalError when it is not whole."""
    if not saved:
        return {}
    try:
        return {raw["node"]: Wanted({**check(raw), **_progress(raw)}) for raw in json.loads(saved)}
    except (ValueError, TypeError, KeyError, RecursionError, LocalError) as error:
        raise LocalError("kept settings are damaged; the hub sends them again") from error


def dump(wanted: Mapping[Node, Wanted]) -> bytes:
    return json.dumps([one.raw() for one in wanted.values()], separators=(",", ":")).encode()
