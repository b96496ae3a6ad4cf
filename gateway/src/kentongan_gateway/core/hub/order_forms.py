"""Forms of the hub's orders: every field is read once, by type and range, before anything is done.

read() gives an Order with the fields of the table, whatever the line, a proxy or a newer hub sent.
"""

from collections.abc import Callable
from typing import NamedTuple

from kentongan_wire.base.errors import LocalError
from kentongan_wire.message import messages as m

from kentongan_gateway.core.answers.stages import ORDERED
from kentongan_gateway.core.base.directory import DEVICES_LIMIT, Directory
from kentongan_gateway.core.base.memory import Row
from kentongan_gateway.core.base.units import Node
from kentongan_gateway.core.devices import device_settings
from kentongan_gateway.core.sirens.siren_orders import SECONDS_MAX

ID_MAX = 2**63 - 1  # of a row in the hub's database
SAID_MAX = 240  # characters of a sentence: the voice's process has 18 s for one
SHOWN = 40  # characters of a refused value that are told
NODE_MIN, NODE_MAX, U32 = 4, 0xFFFFFFFE, 0xFFFFFFFF
ROWS_MAX = 16 * DEVICES_LIMIT  # of a counter table: some types, some generations of every device
ACTIONS = {"start": m.ACTION_START, "stop": m.ACTION_STOP, "test": m.ACTION_TEST, "rest": m.ACTION_REST}
EXPIRED = "expired"
ZONE = "zone"  # in place of targets: the posts of the alarm's zone

Raw = dict[str, object]  # an order as JSON gives it
Reader = Callable[[Raw, str], object]  # (the whole order, the field's name) -> its value, or LocalError


class StageOrder(NamedTuple):
    """Tells a button that somebody comes, or that it is over."""

    device: Node
    counter: int
    first: int | None
    stage: int


class SirenOrder(NamedTuple):
    """Starts, stops or tests sirens; 0 for origin and counter: about no alarm."""

    action: int
    kind: int
    seconds: int
    origin: Node
    counter: int
    first: int | None
    targets: list[Node] | str  # node numbers, or ZONE
    zone: int | None  # in place of the alarm's


class PageOrder(NamedTuple):
    """Calls penerima about an alarm; targets None: whom the directory names."""

    device: Node
    counter: int
    first: int | None
    kind: int | None
    zone: int
    silent: int  # 0 or 1
    targets: list[Node] | None


class DrillOrder(NamedTuple):
    """Opens a drill, or with 0 minutes ends it."""

    minutes: int
    zone: int  # 0: the whole site
    number: int  # the hub's
    posts: list[Node] | None  # None: all of that RT


class SayOrder(NamedTuple):
    """Take a text that people said at the post; an empty one ends it."""

    text: str


class DirectoryOrder(NamedTuple):
    directory: Directory


class ConfigOrder(NamedTuple):
    devices: list[device_settings.WantedRow]


class CodesOrder(NamedTuple):
    """Gives the RT's codes, as kentongan_wire.settings.config has them."""

    profile: str | None
    patterns: list[object] | None


class KeysOrder(NamedTuple):
    """Brings key generations; roots: [{"generation", "sealed"}], checked by the keyring."""

    send: int
    lowest: int
    roots: list[object]


class CountersOrder(NamedTuple):
    """Brings the hub's copy of last counters."""

    table: list[Row]
    gateway_counter: int
    part: int  # 1: of who alarmed lately only


Fields = (
    StageOrder
    | SirenOrder
    | PageOrder
    | DrillOrder
    | SayOrder
    | DirectoryOrder
    | ConfigOrder
    | CodesOrder
    | KeysOrder
    | CountersOrder
)


class Form(NamedTuple):
    """Reads the fields of one type into its shape."""

    shape: Callable[..., Fields]
    readers: dict[str, Reader]


class Order(NamedTuple):
    """An order that may be carried out."""

    type: str
    fields: Fields


def order_id(raw: object) -> int | None:
    """Return the id by which the hub knows this order, or None: then nothing can be answered."""
    value = raw.get("id") if isinstance(raw, dict) else None
    return value if type(value) is int and 0 < value <= ID_MAX else None


def read(raw: Raw) -> Order:
    """Return an order that has an id; LocalError names the field and what is wrong with it."""
    name = raw.get("type")
    form = FORMS.get(name) if isinstance(name, str) else None
    if form is None or not isinstance(name, str):
        raise LocalError(f"type {shown(name)} is unknown here")
    if whole(-(2**31), 2**31, 1)(raw, "expires_in_s") <= 0:
        raise LocalError(EXPIRED)
    return Order(name, form.shape(**{field: reader(raw, field) for field, reader in form.readers.items()}))


def shown(value: object) -> str:
    """Return a refused value, short enough for a line."""
    text = repr(value[:SHOWN] if isinstance(value, (str, list)) else value)
    return text if len(text) <= SHOWN else text[:SHOWN] + ".."


def whole(low: int, high: int, default: int | None = None) -> Callable[[Raw, str], int]:
    """Make a reader of a whole number within bounds; one without a default must be given."""

    def reader(raw: Raw, name: str) -> int:
        value = raw.get(name)
        if value is None and default is not None:
            return default
        if type(value) is not int or not low <= value <= high:
            raise LocalError(f"{name} {shown(value)} is outside {low}..{high}")
        return value

    return reader


def _whole_or_none(low: int, high: int) -> Reader:
    reader = whole(low, high)
    return lambda raw, name: None if raw.get(name) is None else reader(raw, name)


def _action(raw: Raw, name: str) -> int:
    value = raw.get(name)
    if not isinstance(value, str) or value not in ACTIONS:
        raise LocalError(f"{name} {shown(value)}; {', '.join(ACTIONS)}")
    return ACTIONS[value]


def _stage(raw: Raw, name: str) -> int:
    value = raw.get(name)
    if type(value) is not int or value not in ORDERED:
        raise LocalError(f"stage {shown(value)} is not given by order; 3, 4 or 5 are")
    return value


def _rows(raw: Raw, name: str, limit: int) -> list[object]:
    value = raw.get(name)
    if not isinstance(value, list) or len(value) > limit:
        raise LocalError(f"{name} {shown(value)} is no list of at most {limit}")
    return value


def _nodes(raw: Raw, name: str) -> list[Node] | None:
    """Node numbers, or None where none are named."""
    if raw.get(name) is None:
        return None
    rows = _rows(raw, name, DEVICES_LIMIT)
    nodes = [n for n in rows if type(n) is int]
    if len(nodes) < len(rows):
        raise LocalError(f"{name} are node numbers")
    return nodes


def _targets(raw: Raw, name: str) -> list[Node] | str:
    """Node numbers, or ZONE."""
    if raw.get(name) == ZONE:
        return ZONE
    nodes = _nodes(raw, name)
    if nodes is None:
        raise LocalError(f'{name} are node numbers or "{ZONE}"')
    return nodes


def _settings(raw: Raw, name: str) -> list[device_settings.WantedRow]:
    """One entry a device, as configs take it."""
    value = raw.get(name)
    if not isinstance(value, list) or len(value) > DEVICES_LIMIT:
        raise LocalError(f"config: {name} {shown(value)} is no list of at most {DEVICES_LIMIT}")
    return [device_settings.check(entry) for entry in value]


def _counters(raw: Raw, name: str) -> list[Row]:
    """[(node, generation, type, counter)]; a row of zeros says nothing and is left out."""
    out: list[Row] = []
    for row in _rows(raw, name, ROWS_MAX):
        if not (isinstance(row, list) and len(row) == 4 and all(type(n) is int for n in row)):
            raise LocalError("counters: a row is no [node, generation, type, counter]")
        if NODE_MIN <= row[0] <= NODE_MAX and row[3] > 0:
            out.append((row[0], row[1], row[2], row[3]))
    return out


def _text(raw: Raw, name: str) -> str | None:
    value = raw.get(name)
    if value is not None and not isinstance(value, str):
        raise LocalError(f"config: {name} {shown(value)} is no text")
    return value


def _sentence(raw: Raw, name: str) -> str:
    """One line to be spoken: a voice that talked on would hold the siren."""
    value = raw.get(name)
    if not isinstance(value, str) or len(value) > SAID_MAX or not (value.isprintable() or not value):
        raise LocalError(f"{name} {shown(value)} is no line of at most {SAID_MAX} characters")
    return value


def _list(raw: Raw, name: str) -> list[object] | None:
    value = raw.get(name)
    if value is not None and not isinstance(value, list):
        raise LocalError(f"config: {name} {shown(value)} is no list")
    return value


def _whole_order(read_all: Callable[[Raw], object]) -> Reader:
    """Make a reader of several fields together: it gets the order and no name."""
    return lambda raw, _: read_all(raw)


ALARM: dict[str, Reader] = {"device": whole(NODE_MIN, NODE_MAX), "counter": whole(1, U32)}
# what the alarm says, for a gateway that does not remember it: `first` is the first counter of its incident
FIRST = _whole_or_none(1, U32)

FORMS: dict[str, Form] = {
    "stage": Form(StageOrder, {**ALARM, "first": FIRST, "stage": _stage}),
    "siren": Form(
        SirenOrder,
        {
            "action": _action,
            "kind": whole(0, 255, 0),
            "seconds": whole(0, SECONDS_MAX, SECONDS_MAX),
            "origin": whole(0, NODE_MAX, 0),
            "counter": whole(0, U32, 0),
            "first": FIRST,
            "targets": _targets,
            "zone": _whole_or_none(0, 255),
        },
    ),
    "page": Form(
        PageOrder,
        {
            **ALARM,
            "first": FIRST,
            "kind": _whole_or_none(0, 255),
            "zone": whole(0, 255, 0),
            "silent": whole(0, 1, 0),
            "targets": _nodes,
        },
    ),
    "drill": Form(
        DrillOrder,
        {"minutes": whole(0, 60), "zone": whole(0, 255, 0), "number": whole(0, ID_MAX, 0), "posts": _nodes},
    ),
    "say": Form(SayOrder, {"text": _sentence}),
    "directory": Form(DirectoryOrder, {"directory": _whole_order(Directory.from_dict)}),
    "config": Form(ConfigOrder, {"devices": _settings}),
    "codes": Form(CodesOrder, {"profile": _text, "patterns": _list}),
    "keys": Form(
        KeysOrder,
        {"send": whole(0, 255), "lowest": whole(0, 255), "roots": lambda raw, name: _rows(raw, name, 255)},
    ),
    "counters": Form(
        CountersOrder, {"table": _counters, "gateway_counter": whole(0, U32, 0), "part": whole(0, 1, 0)}
    ),
}
