"""The file that makes a board somebody: `device.json`, written by provisioning, checked before use.

check() is the only reader of its rules, for the hub that writes the file and the device that loads it.
"""

from kentongan_wire.air import phy
from kentongan_wire.base.errors import LocalError
from kentongan_wire.base.kinds import KIND_NAMES, NEVER_SOUND
from kentongan_wire.base.shapes import TYPE_CHECKING
from kentongan_wire.settings.config import PROFILES, REVOKED_LIMIT, TABLE_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from typing import Any, NoReturn

    Device = dict[str, Any]  # by the names of FIELDS, each of its own kind
    Reader = Callable[[Any], Any]  # what JSON gave -> the value, else _Bad

FORMAT = 1
ROLES = ("tombol", "sirene", "penerus", "penerima", "modem")
NODE_MIN = 4  # 0-3 are Meshtastic's own
NODE_MAX = 0xFFFFFFFE  # 0xFFFFFFFF is broadcast
NAME_LIMIT = 64  # bytes of a site's name or a label
CHANNEL_NAME_LIMIT = 11  # bytes, Meshtastic's limit
NODE_KEY_BYTES = 32
CHANNEL_KEY_BYTES = (16, 32)
CONDUCTED_MIN_DBM, CONDUCTED_MAX_DBM = -9, 22  # SX1262
STROKES_LIMIT = 5  # strokes that have a kind
STROKE_KINDS = tuple([kind for kind in sorted(KIND_NAMES) if kind not in NEVER_SOUND])
STATUS_PERIOD_MIN_S, STATUS_PERIOD_MAX_S = 60, 86_400
STATUS_PERIOD_TOMBOL_S, STATUS_PERIOD_MAINS_S = 21_600, 140
KEYS_BY_ROLE = {
    "tombol": ("channel_key", "key_a", "key_c", "key_r"),
    "penerus": ("channel_key", "relay_root", "key_c"),
    "penerima": ("channel_key", "relay_root", "key_c"),
    "sirene": ("channel_key", "alarm_root", "key_c"),
    "modem": (),
}
ALL_KEYS = ("channel_key", "key_a", "key_c", "key_r", "alarm_root", "relay_root")
ROLES_WITH_ZONE = ("tombol", "sirene")


class _Bad(Exception):
    """(problem, remedy) about one value."""


def _integer(low: int, high: int, what: str) -> "Callable[[object], int]":
    def read(value: object) -> int:
        if type(value) is not int or not low <= value <= high:
            raise _Bad("{!r} is no {}".format(value, what), "give a whole number {}..{}".format(low, high))
        return value

    return read


def _text(limit: int) -> "Callable[[Any], str]":
    def read(value: "Any") -> str:
        try:
            good = type(value) is str and len(value.encode()) <= limit
        except UnicodeError:  # half a surrogate pair, which JSON can write
            good = False
        if not good:
            raise _Bad("is no text of at most {} bytes".format(limit), "shorten it")
        return value

    return read


def _truth(value: object) -> bool:
    if value is not True and value is not False:
        raise _Bad("{!r} is no truth value".format(value), "write true or false")
    return value


def _choice(names: "Collection[str]") -> "Callable[[object], str]":
    def read(value: object) -> str:
        if type(value) is not str or value not in names:
            raise _Bad("{!r} is unknown".format(value), "choose one of " + ", ".join(sorted(names)))
        return value

    return read


def _hex(*lengths: int) -> "Callable[[Any], str]":
    def read(value: "Any") -> str:
        if value == "":
            return ""  # as good as absent: _check_role says who needs which key
        digits = type(value) is str and all([char in "0123456789abcdef" for char in value.lower()])
        if not digits or len(value) // 2 not in lengths or len(value) % 2:
            # the value is a secret: it never goes into a message
            sizes = " or ".join([str(2 * length) for length in lengths])
            raise _Bad("is no key", "give {} hexadecimal digits".format(sizes))
        return value.lower()

    return read


def _list_of(read_one: "Reader", limit: int) -> "Reader":
    def read(value: "Any") -> "list[Any]":
        if type(value) not in (list, tuple) or len(value) > limit:
            raise _Bad("is no list of at most {} entries".format(limit), "write [ ... ]")
        return [read_one(one) for one in value]

    return read


def _table_row(row: "Any") -> list[int]:
    if type(row) not in (list, tuple) or len(row) != 2:
        raise _Bad("{!r} is no row".format(row), "write [zone, kinds mask]")
    return [_integer(1, 255, "zone")(row[0]), _integer(0, 0xFFFF, "mask of kinds")(row[1])]


def _stroke_kind(value: object) -> int:
    if type(value) is not int or value not in STROKE_KINDS:
        raise _Bad("{!r} is no kind for strokes".format(value), "choose from 0..7")
    return value


_node = _integer(NODE_MIN, NODE_MAX, "node number")


def _node_or_none(value: object) -> int:
    return 0 if value == 0 and type(value) is int else _node(value)


# name, reader of a value, default (None: it has to be there)
FIELDS: "tuple[tuple[str, Reader, Any], ...]" = (
    ("format", _integer(FORMAT, FORMAT, "known format"), None),
    ("site", _text(NAME_LIMIT), None),
    ("role", _choice(ROLES), None),
    ("node", _node, None),
    ("label", _text(NAME_LIMIT), ""),
    ("zone", _integer(0, 255, "zone"), 0),
    ("house", _integer(0, 0xFFFF, "house number"), 0),
    ("channel_name", _text(CHANNEL_NAME_LIMIT), ""),
    ("channel_key", _hex(*CHANNEL_KEY_BYTES), ""),
    ("preset", _choice(tuple(phy.PRESETS)), phy.DEFAULT_PRESET),
    ("freq_hz", _integer(0, 0xFFFFFFFF, "frequency"), phy.DEFAULT_FREQ_HZ),
    ("conducted_dbm", _integer(CONDUCTED_MIN_DBM, CONDUCTED_MAX_DBM, "power"), 17),
    ("gain_dbi", _integer(-30, 30, "antenna gain (round up)"), 3),
    ("loss_db", _integer(0, 30, "cable loss (round down)"), 0),
    ("generation", _integer(0, 15, "generation"), 0),
    ("key_a", _hex(NODE_KEY_BYTES), ""),
    ("key_c", _hex(NODE_KEY_BYTES), ""),
    ("key_r", _hex(NODE_KEY_BYTES), ""),
    ("alarm_root", _hex(NODE_KEY_BYTES), ""),
    ("relay_root", _hex(NODE_KEY_BYTES), ""),
    ("hop_limit", _integer(1, 7, "hop limit"), 1),
    ("one_press", _truth, True),
    ("strokes", _list_of(_stroke_kind, STROKES_LIMIT), (0, 1, 2, 3, 7)),
    ("table", _list_of(_table_row, TABLE_LIMIT), ()),
    ("profile", _choice(PROFILES), PROFILES[0]),
    ("gateway", _node_or_none, 0),
    ("gateway_hops", _integer(1, 7, "number of hops"), 1),
    ("has_sense", _truth, False),
    ("status_period_s", _integer(STATUS_PERIOD_MIN_S, STATUS_PERIOD_MAX_S, "period"), 0),
    ("revoked", _list_of(_node, REVOKED_LIMIT), ()),
)
NAMES = tuple([field[0] for field in FIELDS])


def _distance(one: str, other: str) -> int:
    """Edits between two short words."""
    row = list(range(len(other) + 1))
    for i in range(len(one)):
        before, row[0] = row[0], i + 1
        for j in range(len(other)):
            cost = before + (one[i] != other[j])
            before = row[j + 1]
            row[j + 1] = min(cost, before + 1, row[j] + 1)
    return row[-1]


def nearest(name: str, names: "Sequence[str]") -> str:
    """Return the known name that takes the fewest edits."""
    best = names[0]
    for known in names:
        if _distance(name[:32], known) < _distance(name[:32], best):
            best = known
    return best


def _fail(where: str, name: str, problem: str, remedy: str) -> "NoReturn":
    raise LocalError("{}: {}: {}; {}".format(where, name, problem, remedy))


def _check_role(out: "Device", given: "Device", where: str) -> None:
    role = out["role"]
    for name in ALL_KEYS:
        if name in KEYS_BY_ROLE[role] and not out[name]:
            _fail(where, name, "a {} needs it".format(role), "provision the device again")
        if name not in KEYS_BY_ROLE[role] and out[name]:
            _fail(where, name, "a {} must not hold it".format(role), "remove the line")
    if role != "modem" and not out["channel_name"]:
        _fail(where, "channel_name", "is empty", "give the site's channel name")
    if role in ROLES_WITH_ZONE and not out["zone"]:
        _fail(where, "zone", "a {} needs one, and nothing sounds on zone 0".format(role), "give 1..255")
    if len(set([row[0] for row in out["table"]])) < len(out["table"]):
        _fail(where, "table", "names a zone twice", "join its kinds in one row")
    if "table" not in given and role == "sirene":
        out["table"] = [[out["zone"], 0xFFFF]]
    if not out["strokes"]:
        _fail(where, "strokes", "is empty", "give the kind of one stroke at least")
    if "status_period_s" not in given:
        out["status_period_s"] = STATUS_PERIOD_TOMBOL_S if role == "tombol" else STATUS_PERIOD_MAINS_S


def _check_radio(out: "Device", where: str) -> None:
    for name, call, values in (
        ("freq_hz", phy.check_frequency, (out["freq_hz"], phy.preset(out["preset"]).bw_hz)),
        ("conducted_dbm", phy.check_eirp_dbm, (out["conducted_dbm"], out["gain_dbi"], out["loss_db"])),
    ):
        try:
            call(*values)
        except LocalError as error:
            raise LocalError("{}: {}: {}".format(where, name, error))


def check(given: "Device", where: str) -> "Device":
    """Return a new dict with every field of FIELDS, typed and in range; keys stay hexadecimal, in lower case.

    LocalError names `where`, the key and the remedy. No message repeats a key's digits.
    """
    if type(given) is not dict:
        raise LocalError("{}: is no JSON object; provision the device again".format(where))
    for name in sorted([str(name) for name in given]):
        if name not in NAMES:
            _fail(where, name[:40], "unknown", "did you mean {}?".format(nearest(name, NAMES)))
    out = {}
    for name, read, default in FIELDS:
        if name not in given:
            if default is None:
                _fail(where, name, "missing", "provision the device again")
            out[name] = list(default) if type(default) is tuple else default
            continue
        try:
            out[name] = read(given[name])
        except _Bad as bad:
            _fail(where, name, bad.args[0], bad.args[1])
    _check_role(out, given, where)
    _check_radio(out, where)
    return out
