"""Settings as the parts of CONFIG messages. On a device config.py reads them."""

import struct

from kentongan_wire.base.errors import LocalError
from kentongan_wire.base.shapes import TYPE_CHECKING
from kentongan_wire.settings.config import ITEMS, NAMES, PART_BYTES, PROFILES, good, groups_fit, within

if TYPE_CHECKING:
    from typing import Any


def _to_row(name: str, value: "Any") -> "tuple[Any, ...]":
    """Return a settings value as the tuple that goes on the air."""
    if name == "profile":
        return (PROFILES.index(value) if value in PROFILES else -1,)
    if name == "counters":
        node, generation, message_type, counter = value
        if not (within(0, generation, 15) and within(0, message_type, 15)):
            raise ValueError
        return (node, generation << 4 | message_type, counter)
    if name == "patterns":
        kind, groups = value
        if not groups_fit(groups):
            raise ValueError
        return (kind, sum([groups[i] << 4 * i for i in range(len(groups))]))
    if name in ("revoked", "status_period_s", "hop_limit"):
        return (value,)
    return tuple(value)


def _rows(name: str, value: "Any", limit: int) -> "list[tuple[Any, ...]]":
    if limit > 1 and type(value) not in (list, tuple):
        raise LocalError("config: {} is no list; give [ ... ]".format(name))
    values = value if limit > 1 else [value]
    if len(values) > limit:
        raise LocalError("config: {} has {} entries, at most {} fit".format(name, len(values), limit))
    out = []
    for one in values:
        try:
            row = _to_row(name, one)
            fits = good(name, row)
        except (ValueError, TypeError, IndexError):
            fits = False
        if not fits:
            # the value may be a key: it never goes into a message
            raise LocalError("config: an entry of {} is out of range; see wire/README.md".format(name))
        out.append(row)
    return out


def split(settings: "dict[str, Any]") -> list[bytes]:
    """List of parts, each the plain items of one CONFIG message; at least one. LocalError on bad settings.

    Give each part to `seal` with the counter of its message before it is sent.
    """
    for name in sorted(settings):
        if name not in NAMES:
            raise LocalError("config: {} is no setting; known are {}".format(name, ", ".join(NAMES)))
    parts = [b""]
    for tag, name, layout, limit in ITEMS:
        if name not in settings:
            continue
        rows = _rows(name, settings[name], limit)
        size = struct.calcsize(layout)
        while True:
            if len(parts[-1]) + 2 + size > PART_BYTES:
                parts.append(b"")
            fit = (PART_BYTES - len(parts[-1]) - 2) // size
            value = b"".join([struct.pack(layout, *row) for row in rows[:fit]])
            parts[-1] += bytes([tag, len(value)]) + value
            rows = rows[fit:]
            if not rows:
                break
    return parts
