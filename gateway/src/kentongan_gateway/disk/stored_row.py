"""A row of the spool: how an event is written there, read back, and what its key alone still says."""

import json
import zlib
from typing import NotRequired, TypedDict, cast

from kentongan_wire.message import messages as m

from kentongan_gateway.core.base.events import DIGEST_BYTES
from kentongan_gateway.core.base.stored import Event

Row = tuple[str | None, int, str, int]  # key, class, body, crc of its bytes

EVENT_BYTES_MAX = 16_384
TEXT = "CAST(body AS BLOB), crc"  # of a row's columns what event_of() judges

# What goes first when room is needed: the highest class. Uplink order is the other way round.
CLASS_ALARM, CLASS_REPORT, CLASS_STATE, CLASS_STATUS = 0, 1, 2, 3
CLASSES = {
    "alarm": CLASS_ALARM,
    "siren_report": CLASS_REPORT,
    "event": CLASS_REPORT,
    "gateway_siren": CLASS_REPORT,
    "stage_seen": CLASS_REPORT,
    "paged": CLASS_REPORT,
    "drill_known": CLASS_REPORT,
    "waiting": CLASS_STATUS,
    "status": CLASS_STATUS,
}
CLASS_NAMES = ("alarm", "report", "state", "status")


class Counts(TypedDict):
    """For people and metrics; `held`: of the events those that only memory has."""

    rows: int
    unsent: int
    evicted: dict[str, int]  # by the name of their class
    held: NotRequired[int]


class SpoolError(Exception):
    """An event could not be put on disk: nothing about it may be acknowledged."""


encode = json.JSONEncoder(separators=(",", ":")).encode


def row_of(event: Event) -> Row:
    """(key, class, body, crc) of an event, as the table has them."""
    try:
        body = encode(event)
    except (TypeError, ValueError, RecursionError) as error:
        raise SpoolError(f"no event: {error}") from error
    if len(body) > EVENT_BYTES_MAX:
        raise SpoolError(f"event of {len(body)} bytes; at most {EVENT_BYTES_MAX}")
    return event.get("key"), CLASSES.get(event["type"], CLASS_STATE), body, zlib.crc32(body.encode())


def event_of(body: bytes | None, crc: int) -> Event | None:
    """Return an event from the bytes of its text; None for what is none, or not as it was written.

    One letter makes another alarm of one: it names another house, or is no longer silent.
    """
    try:
        event = json.loads(body) if body is not None and zlib.crc32(body) == crc else None
    except (ValueError, TypeError, RecursionError):
        return None
    good = isinstance(event, dict) and isinstance(event.get("type"), str)
    return cast(Event, event) if good else None


def alarm_of(key: str | None) -> Event | None:
    """Return the known facts of an alarm whose text the disk has altered, by its row's key; None: no alarm.

    Nobody knows what it was: it sounds nothing and is told to nobody but the agreed, who are called.
    """
    try:
        kind, device, generation, counter, digest = (key or "").split("/")
        known = kind == "alarm" and len(bytes.fromhex(digest)) == DIGEST_BYTES
        found: Event = {
            "type": "alarm",
            "key": key,
            "device": int(device, 16),
            "generation": int(generation),
            "counter": int(counter),
            "kind": m.KIND_BAHAYA,
            "silent": True,
            "digest": digest,
            "unread": True,
        }
    except (AttributeError, ValueError):
        return None
    return found if known else None
