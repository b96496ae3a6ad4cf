"""What an order of the hub may hold: every field read once, by type and range, before anything is done.

read() gives an Order whose fields are what the table says, whatever the line, a proxy or a newer hub sent.
"""

from collections import namedtuple
from types import SimpleNamespace

from kentongan_wire import messages as m
from kentongan_wire.errors import LocalError

from kentongan_gateway.core.answers.stages import ORDERED
from kentongan_gateway.core.devices import device_settings
from kentongan_gateway.core.devices.directory import DEVICES_LIMIT, Directory
from kentongan_gateway.core.sirens.siren_orders import SECONDS_MAX

ID_MAX = 2**63 - 1  # of a row in the hub's database
SHOWN = 40  # characters of a refused value that are told
NODE_MIN, NODE_MAX, U32 = 4, 0xFFFFFFFE, 0xFFFFFFFF
ROWS_MAX = 16 * DEVICES_LIMIT  # of a counter table: some types, some generations of every device
ACTIONS = {"start": m.ACTION_START, "stop": m.ACTION_STOP, "test": m.ACTION_TEST}
EXPIRED = "expired"
ZONE = "zone"  # in place of targets: the posts of the alarm's zone

# id, type and the fields of FORMS[type] as attributes of .fields
Order = namedtuple("Order", ("id", "type", "fields"))
_REQUIRED = object()


def order_id(raw):
    """The id by which the hub knows this order, or None: then nothing can be answered."""
    value = raw.get("id") if isinstance(raw, dict) else None
    return value if type(value) is int and 0 < value <= ID_MAX else None


def read(raw) -> Order:
    """An order that has an id; LocalError names the field and what is wrong with it."""
    name = raw.get("type")
    form = FORMS.get(name) if isinstance(name, str) else None
    if form is None:
        raise LocalError(f"type {shown(name)} is unknown here")
    if whole(-(2**31), 2**31, 1)(raw, "expires_in_s") <= 0:
        raise LocalError(EXPIRED)
    return Order(
        order_id(raw), name, SimpleNamespace(**{field: reader(raw, field) for field, reader in form.items()})
    )


def shown(value) -> str:
    """A refused value, short enough for a line."""
    text = repr(value[:SHOWN] if isinstance(value, (str, list)) else value)
    return text if len(text) <= SHOWN else text[:SHOWN] + ".."


# readers: (the whole order, the field's name) -> its value, or LocalError


def whole(low, high, default=_REQUIRED):
    def reader(raw, name):
        value = raw.get(name)
        if value is None and default is not _REQUIRED:
            return default
        if type(value) is not int or not low <= value <= high:
            raise LocalError(f"{name} {shown(value)} is outside {low}..{high}")
        return value

    return reader


def _action(raw, name):
    value = raw.get(name)
    if not isinstance(value, str) or value not in ACTIONS:
        raise LocalError(f"{name} {shown(value)}; {', '.join(ACTIONS)}")
    return ACTIONS[value]


def _stage(raw, name):
    value = raw.get(name)
    if type(value) is not int or value not in ORDERED:
        raise LocalError(f"stage {shown(value)} is not given by order; 3, 4 or 5 are")
    return value


def _rows(raw, name, limit):
    value = raw.get(name)
    if not isinstance(value, list) or len(value) > limit:
        raise LocalError(f"{name} {shown(value)} is no list of at most {limit}")
    return value


def _nodes(raw, name):
    """Node numbers, or None where none are named."""
    if raw.get(name) is None:
        return None
    nodes = _rows(raw, name, DEVICES_LIMIT)
    if not all(type(n) is int for n in nodes):
        raise LocalError(f"{name} are node numbers")
    return nodes


def _targets(raw, name):
    """Node numbers, or ZONE."""
    if raw.get(name) == ZONE:
        return ZONE
    nodes = _nodes(raw, name)
    if nodes is None:
        raise LocalError(f'{name} are node numbers or "{ZONE}"')
    return nodes


def _settings(raw, name):
    """[one entry as configs take it]"""
    if not isinstance(raw.get(name), list) or len(raw[name]) > DEVICES_LIMIT:
        raise LocalError(f"config: {name} {shown(raw.get(name))} is no list of at most {DEVICES_LIMIT}")
    return [device_settings.check(entry) for entry in raw[name]]


def _counters(raw, name):
    """[(node, generation, type, counter)]; a row of zeros says nothing and is left out."""
    out = []
    for row in _rows(raw, name, ROWS_MAX):
        if not (isinstance(row, list) and len(row) == 4 and all(type(n) is int for n in row)):
            raise LocalError("counters: a row is no [node, generation, type, counter]")
        if NODE_MIN <= row[0] <= NODE_MAX and row[3] > 0:
            out.append(tuple(row))
    return out


def _text(raw, name):
    value = raw.get(name)
    if value is not None and not isinstance(value, str):
        raise LocalError(f"config: {name} {shown(value)} is no text")
    return value


def _list(raw, name):
    value = raw.get(name)
    if value is not None and not isinstance(value, list):
        raise LocalError(f"config: {name} {shown(value)} is no list")
    return value


def _whole_order(read_all):
    """For forms that read several fields together: the reader gets the order and no name."""
    return lambda raw, _: read_all(raw)


ALARM = {"device": whole(NODE_MIN, NODE_MAX), "counter": whole(1, U32)}
# what the alarm says, for a gateway that does not remember it: `first` is the first counter of its incident
FIRST = whole(1, U32, None)

# type -> field -> reader
FORMS = {
    "stage": {**ALARM, "first": FIRST, "stage": _stage},
    "siren": {
        "action": _action,
        "kind": whole(0, 255, 0),
        "seconds": whole(0, SECONDS_MAX, SECONDS_MAX),
        "origin": whole(0, NODE_MAX, 0),
        "counter": whole(0, U32, 0),
        "first": FIRST,
        "targets": _targets,
        "zone": whole(0, 255, None),
    },
    "page": {
        **ALARM,
        "first": FIRST,
        "kind": whole(0, 255, None),
        "zone": whole(0, 255, 0),
        "silent": whole(0, 1, 0),
        "targets": _nodes,
    },
    "drill": {
        "minutes": whole(0, 60),
        "zone": whole(0, 255, 0),
        "number": whole(0, ID_MAX, 0),
        "posts": _nodes,
    },
    "directory": {"directory": _whole_order(Directory.from_dict)},
    "config": {"devices": _settings},
    "codes": {"profile": _text, "patterns": _list},
    "keys": {
        "send": whole(0, 255),
        "lowest": whole(0, 255),
        "roots": lambda raw, name: _rows(raw, name, 255),
    },
    "counters": {"table": _counters, "gateway_counter": whole(0, U32, 0), "part": whole(0, 1, 0)},
}
