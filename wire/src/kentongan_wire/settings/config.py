"""Contents of CONFIG: settings of a device as type-length-value items in parts (wire-format 4).

Settings are a dict with any of these names (absent = unchanged; a list that is present replaces the old one):
  table            list of (zone, kinds mask u16)      which alarms a post sounds
  profile          name from PROFILES                   how it beats them
  revoked          list of node numbers                 of the current generation, all of them
  counters         list of (node, generation, type, counter); type 0 = any type, as kept for a tombol
  next_keys        (generation, first, second, third)   32 bytes each: of a tombol A, C, R; of a post
                   alarm_root, C, zeros; of penerus and penerima relay_root, C, zeros
  status_period_s  seconds between two STATUS
  hop_limit        of the device's own alarms, 1-7
  generations      (send, lowest)                       keys to send with, and the oldest that are accepted
  patterns         list of (kind of CODED, groups)       codes of the RT's own; others beat by profile
Groups are the strokes between short pauses, (3, 1) for `*** . * -`: up to four of 1-9; () is titir.
Items never straddle parts: every part decodes by itself, a long list goes on in the next part.
"""

import struct

from kentongan_wire.base.codes import CONFIG_ITEMS_MAX
from kentongan_wire.base.crypto import aes_ctr, hmac_sha256
from kentongan_wire.base.errors import RemoteError
from kentongan_wire.base.kinds import CODED
from kentongan_wire.base.shapes import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from kentongan_wire.message.bodies import Config

    Settings = dict[str, Any]  # by the names above, each its own shape

PROFILES = ("jawa_umum", "polri", "tmmd", "bali")  # kentongan pattern profiles, by their number on the air
PART_BYTES = CONFIG_ITEMS_MAX  # items of one part
PARTS_LIMIT = 24  # 400 counters take 18, everything else at its limit 4
TABLE_LIMIT = 16  # rows
REVOKED_LIMIT = 128  # numbers
COUNTERS_LIMIT = 400  # entries
STATUS_PERIOD_S = (60, 86_400)
PATTERNS_LIMIT = len(CODED)
GROUPS_LIMIT, STROKES_LIMIT = 4, 9  # of one code; a group is a half byte, the first one lowest
KEY_BYTES = 32
NODE_RANGE = (4, 0xFFFFFFFE)

TABLE, PROFILE, REVOKED, COUNTERS, NEXT_KEYS, STATUS_PERIOD, HOP_LIMIT = 1, 2, 3, 4, 5, 7, 8
GENERATIONS, PATTERNS = 9, 10
# tag, name, struct of one row, most rows (1 = a single value, never a list)
ITEMS = (
    (TABLE, "table", "<BH", TABLE_LIMIT),
    (PROFILE, "profile", "<B", 1),
    (REVOKED, "revoked", "<I", REVOKED_LIMIT),
    (COUNTERS, "counters", "<IBI", COUNTERS_LIMIT),
    (NEXT_KEYS, "next_keys", "<B32s32s32s", 1),
    (STATUS_PERIOD, "status_period_s", "<I", 1),
    (HOP_LIMIT, "hop_limit", "<B", 1),
    (GENERATIONS, "generations", "<BB", 1),
    (PATTERNS, "patterns", "<BH", PATTERNS_LIMIT),
)
NAMES = tuple([row[1] for row in ITEMS])
KEYS_SEALED_BYTES = 3 * KEY_BYTES  # the generation before them stays readable


def within(low: int, value: object, high: int) -> bool:
    return type(value) is int and low <= value <= high


def groups_fit(groups: "Sequence[int]") -> bool:
    """Tell whether a code may go on the air: within bounds, and never only single strokes or only sixes."""
    if len(groups) > GROUPS_LIMIT or [n for n in groups if not within(1, n, STROKES_LIMIT)]:
        return False
    return not groups or [n for n in groups if n != groups[0]] != [] or groups[0] not in (1, 6)


def _unpacked(number: int) -> tuple[int, ...] | None:
    """Groups of a code's two bytes; None when there is a hole in them."""
    groups = [number >> shift & 15 for shift in (0, 4, 8, 12)]
    while groups and not groups[-1]:
        groups.pop()
    return tuple(groups) if groups_fit(groups) else None


def good(name: str, row: "tuple[Any, ...]") -> bool:
    """Tell whether one row's values are in range; the same rule for rows that we send and read."""
    if name == "table":
        return within(1, row[0], 255) and within(0, row[1], 0xFFFF)
    if name == "profile":
        return within(0, row[0], len(PROFILES) - 1)
    if name == "revoked":
        return within(NODE_RANGE[0], row[0], NODE_RANGE[1])
    if name == "counters":
        return within(NODE_RANGE[0], row[0], NODE_RANGE[1]) and within(0, row[2], 0xFFFFFFFF)
    if name == "next_keys":
        return within(0, row[0], 15) and [len(key) for key in row[1:]] == [KEY_BYTES] * 3
    if name == "status_period_s":
        return within(STATUS_PERIOD_S[0], row[0], STATUS_PERIOD_S[1])
    if name == "generations":
        return within(0, row[0], 15) and within(0, row[1], row[0])
    if name == "patterns":
        return type(row[0]) is int and row[0] in CODED and _unpacked(row[1]) is not None
    return within(1, row[0], 7)


def _from_row(name: str, row: "tuple[Any, ...]") -> "Any":
    """Return the reverse of _to_row."""
    if name == "profile":
        return PROFILES[row[0]]
    if name == "counters":
        return (row[0], row[1] >> 4, row[1] & 15, row[2])
    if name == "patterns":
        return (row[0], _unpacked(row[1]))
    return row[0] if len(row) == 1 else row


def _keys_at(items: bytes) -> list[int]:
    """Index of the sealed bytes of every NEXT_KEYS item; RemoteError length when a length lies."""
    out = []
    at = 0
    while at < len(items):
        if at + 2 > len(items) or at + 2 + items[at + 1] > len(items):
            raise RemoteError("length")
        if items[at] == NEXT_KEYS:
            if items[at + 1] != 1 + KEYS_SEALED_BYTES:
                raise RemoteError("length")
            out.append(at + 3)
        at += 2 + items[at + 1]
    return out


def seal(items: bytes, key_c: bytes, src: int, counter: int) -> bytes:
    """Items with NEXT_KEYS encrypted for one message (or decrypted again: the same bytes both ways).

    AES-CTR under HMAC(C, "KTGX"); counter block = message counter u64, from u32, 0 u32, as a packet's.
    """
    places = _keys_at(items)
    if not places:
        return bytes(items)
    out = bytearray(items)
    block = struct.pack("<QII", counter, src, 0)
    stream = aes_ctr(hmac_sha256(key_c, b"KTGX"), block, bytes(KEYS_SEALED_BYTES * len(places)))
    for i in range(len(stream)):
        out[places[i // KEYS_SEALED_BYTES] + i % KEYS_SEALED_BYTES] ^= stream[i]
    return bytes(out)


def read(items: bytes, key_c: bytes | None, src: int, counter: int) -> "Settings":
    """Return the settings of one part: RemoteError length or field. Unknown tags are skipped.

    With key_c None, next_keys is left out.
    """
    settings: Settings = {}
    if key_c is None:
        _keys_at(items)
        _read_plain(items, settings, NEXT_KEYS)
    else:
        _read_plain(seal(items, key_c, src, counter), settings, None)
    return settings


def _read_plain(plain: bytes, settings: "Settings", left_out: int | None) -> None:
    """Add the items, whose lengths were checked, to the settings."""
    at = 0
    while at < len(plain):
        tag, length = plain[at], plain[at + 1]
        value = plain[at + 2 : at + 2 + length]
        at += 2 + length
        for known, name, layout, limit in ITEMS:
            if known == tag and tag != left_out:
                _read_item(settings, name, layout, limit, value)


def _read_item(settings: "Settings", name: str, layout: str, limit: int, value: bytes) -> None:
    size = struct.calcsize(layout)
    if len(value) % size or (limit == 1 and len(value) != size):
        raise RemoteError("length")
    rows = [struct.unpack(layout, value[i : i + size]) for i in range(0, len(value), size)]
    for row in rows:
        if not good(name, row):
            raise RemoteError("field")
    if limit == 1:
        if name in settings:
            raise RemoteError("field")
        settings[name] = _from_row(name, rows[0])
        return
    out = settings.setdefault(name, [])
    if len(out) + len(rows) > limit:
        raise RemoteError("field")
    out.extend([_from_row(name, row) for row in rows])


class Collector:
    """Parts of one version in, whole settings out; holds one version of at most 24 parts (5 KB)."""

    def __init__(self) -> None:
        self.version: int | None = None
        self._parts: list[bytes | None] = []

    def add(self, body: "Config", key_c: bytes, src: int, counter: int) -> "tuple[int, Settings] | None":
        """(version, settings) once the last missing part of a version is in, else None.

        `body` is the Config of a message whose tag held. RemoteError config_part, length or field: the part
        is not kept. Parts of another version, or of another number of parts, start the collection anew.
        """
        if not 0 <= body.part < body.parts <= PARTS_LIMIT:
            raise RemoteError("config_part")
        plain = seal(body.items, key_c, src, counter)
        _read_plain(plain, {}, None)
        if body.version != self.version or body.parts != len(self._parts):
            self.version = body.version
            self._parts = [None] * body.parts
        self._parts[body.part] = plain
        if None in self._parts:
            return None
        settings: Settings = {}
        parts, self._parts, self.version = self._parts, [], None
        for part in parts:
            _read_plain(part, settings, None)  # type: ignore[arg-type]  # no part is None any more
        return body.version, settings
