"""The events of gateways: each one's fields, checked; every refusal names field and remedy."""

from typing import Any, cast

from kentongan_hub.base.tables import Event

U8, U16, U32 = 0xFF, 0xFFFF, 0xFFFF_FFFF
ID_LIMIT = 100  # characters
TEXT_LIMIT = 200  # characters
REASONS_LIMIT = 64  # refusal reasons in one event
AT_LIMIT_MS = 1 << 53  # monotonic ms; JSON's exact integers
SUPERVISION = ("terlambat", "terputus", "terhubung")


class BadEvent(Exception):
    """An event that cannot be taken, with the field and the remedy."""


# form, lowest, highest (of a text: how long), default; 0 where a form has no such limit
Rule = tuple[str, int, int, Any]


def _integer(low: int, high: int, default: object | None = None) -> Rule:
    return ("integer", low, high, default)


def _truth() -> Rule:
    return ("truth", 0, 0, False)


def _text(limit: int = TEXT_LIMIT, default: object = "") -> Rule:
    return ("text", 0, limit, default)


REQUIRED = object()
_DEVICE = _integer(1, U32, REQUIRED)
_COUNTER = _integer(0, U32, REQUIRED)
_GENERATION = _integer(0, 15)
_RADIO = {"rssi": _integer(-200, 100), "snr_q": _integer(-400, 400), "hops": _integer(0, 255)}

# age_ms: since the gateway stored it, by a clock that does not jump; -1: it cannot tell
COMMON: dict[str, Rule] = {
    "at_ms": _integer(0, AT_LIMIT_MS, 0),
    "age_ms": _integer(-1, AT_LIMIT_MS, -1),
    "boot_id": _text(64),
    "wall": _text(40),
}
FIELDS: dict[str, dict[str, Rule]] = {
    "alarm": {
        "device": _DEVICE,
        "counter": _COUNTER,
        "kind": _integer(0, U8, REQUIRED),
        "incident": _integer(0, U16),
        "zone": _integer(0, U8, 0),
        "silent": _truth(),
        "cancel": _truth(),
        "lid": _truth(),
        "drill": _truth(),
        "late": _truth(),
        "altered": _truth(),
        "doubted": _truth(),
        "unread": _truth(),
        "digest": _text(8),
        "attempt": _integer(0, U8),
        "battery": _integer(0, U8),
        "label": _text(),
        "stored_wall": _text(40),
        "generation": _GENERATION,
        **_RADIO,
    },
    "status": {
        "device": _DEVICE,
        "body": ("object", 0, 0, None),
        "generation": _GENERATION,
        "counter": _integer(0, U32),
        **_RADIO,
    },
    "siren_report": {
        "device": _DEVICE,
        "origin": _DEVICE,
        "counter": _COUNTER,
        "state": _integer(0, U8, REQUIRED),
        "source": _integer(0, U8, 0),
        "generation": _GENERATION,
        "report_counter": _integer(0, U32),
    },
    "gateway_siren": {
        "origin": _DEVICE,
        "counter": _COUNTER,
        "state": _text(20, REQUIRED),
        "source": _text(20),
    },
    "event": {
        "device": _DEVICE,
        "event": _integer(0, U8, REQUIRED),
        "person": _integer(0, U8, 0),
        "origin": _integer(0, U32, 0),
        "counter": _integer(0, U32, 0),
        "generation": _GENERATION,
        "report_counter": _integer(0, U32),
    },
    "drill_known": {"device": _DEVICE, "number": _integer(0, 1 << 53, REQUIRED), "open": _truth()},
    "waiting": {
        "what": _text(20, REQUIRED),
        "reason": _text(20),
        "seconds": _integer(0, 86_400, 0),
        "devices": _integer(0, U16, 0),
    },
    "paged": {"device": _DEVICE, "origin": _DEVICE, "counter": _COUNTER},
    "stage_seen": {"device": _DEVICE, "counter": _COUNTER, "stage": _integer(1, 7, REQUIRED)},
    "refusals": {"counters": ("counters", 0, 0, REQUIRED)},
    "radio": {"name": _text(64), "up": _truth()},
    "trouble": {"name": _text(64, REQUIRED), "active": _truth(), "detail": _text()},
    "supervision": {"device": _DEVICE, "state": _text(20, REQUIRED)},
}


def check(event: object) -> Event:
    """Check an event into a new dict, defaults filled; BadEvent where a field is wrong.

    Unknown fields are left out: a newer gateway may say more than this hub understands.
    """
    if not isinstance(event, dict):
        raise BadEvent('event: not an object; send {"id", "type", ...}')
    id_, type_ = event.get("id"), event.get("type")
    if not isinstance(id_, str) or not 0 < len(id_) <= ID_LIMIT or not _is_text(id_):
        raise BadEvent(
            f"id: {str(id_)[:40]!r} is no text of 1..{ID_LIMIT} characters; send '<gateway>/<spool seq>'"
        )
    if not isinstance(type_, str) or type_ not in FIELDS:
        raise BadEvent(f"type: {str(type_)[:40]!r} is unknown; send one of {', '.join(FIELDS)}")
    out: dict[str, Any] = {"id": id_, "type": type_}
    for name, rule in {**COMMON, **FIELDS[type_]}.items():
        out[name] = _field(name, event.get(name), rule)
    if type_ == "supervision" and out["state"] not in SUPERVISION:
        raise BadEvent(f"state: {out['state']!r} is unknown; send one of {', '.join(SUPERVISION)}")
    return cast(Event, out)


def _field(name: str, value: Any, rule: Rule) -> object:
    form, low, high, default = rule
    if value is None:
        if default is REQUIRED:
            raise BadEvent(f"{name}: missing; send it")
        return default
    if form == "integer" and (type(value) is not int or not low <= value <= high):
        raise BadEvent(f"{name}: {str(value)[:40]!r} is no whole number {low}..{high}; correct the sender")
    if form == "truth" and type(value) is not bool:
        raise BadEvent(f"{name}: {str(value)[:40]!r} is no truth value; send true or false")
    if form == "text" and (not isinstance(value, str) or len(value) > high or not _is_text(value)):
        raise BadEvent(f"{name}: no text of at most {high} characters; shorten it")
    if form == "object" and not isinstance(value, dict):
        raise BadEvent(f"{name}: no object; send {{...}}")
    if form == "counters":
        _counters(name, value)
    return value


def _is_text(value: str) -> bool:
    """Refuse half a surrogate pair, which JSON can spell and no database can hold."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _counters(name: str, value: object) -> None:
    if not isinstance(value, dict) or len(value) > REASONS_LIMIT:
        raise BadEvent(f"{name}: no object of at most {REASONS_LIMIT} reasons; send {{reason: count}}")
    for reason, count in value.items():
        if len(reason) > 64 or not _is_text(reason) or type(count) is not int or not 0 <= count < AT_LIMIT_MS:
            raise BadEvent(f"{name}.{reason[:40]}: no count; send a whole number")
