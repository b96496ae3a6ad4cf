"""Message bodies: a namedtuple each, its bytes and back. Masks, keys and outer tags are not known here."""

import struct

from kentongan_wire.base import codes
from kentongan_wire.base.errors import LocalError, RemoteError
from kentongan_wire.base.shapes import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    Body = Any  # one of the tuples below: which, the message's type and its sender's role say

# battery of ALARM and ButtonStatus in 20 mV; incident = low 16 bits of the counter of its first ALARM
Alarm = NamedTuple(
    "Alarm",
    (("attempt", int), ("incident", int), ("zone", int), ("kind", int), ("flags", int), ("battery", int)),
)
# temperature in degrees C, rssi in dBm, config_version = low byte; counter: of the alarm whose stage the
# flags name, 0 when they name none
ButtonStatus = NamedTuple(
    "ButtonStatus",
    (
        ("flags", int),
        ("battery", int),
        ("temperature", int),
        ("rssi", int),
        ("boots", int),
        ("config_version", int),
        ("firmware", int),
        ("counter", int),
    ),
)
# snr_q in 0.25 dB, air_used in 0.1 s of the last hour, firmware = (major, minor, patch)
NodeStatus = NamedTuple(
    "NodeStatus",
    (
        ("flags", int),
        ("battery_mv", int),
        ("temperature", int),
        ("rssi", int),
        ("snr_q", int),
        ("boots", int),
        ("uptime_h", int),
        ("air_used", int),
        ("last_control", int),
        ("config_version", int),
        ("firmware", "tuple[int, ...]"),
    ),
)
SirenReport = NamedTuple("SirenReport", (("origin", int), ("counter", int), ("state", int), ("source", int)))
# origin, counter: the alarm that "saya datang" answers, by its node and its incident's first counter; else 0
Event = NamedTuple("Event", (("event", int), ("person", int), ("origin", int), ("counter", int)))
Receipts = NamedTuple("Receipts", (("entries", "tuple[Entry, ...]"),))
# sounding 0 or 1; tag4 is 4 bytes
Entry = NamedTuple(
    "Entry",
    (
        ("node", int),
        ("counter", int),
        ("stage", int),
        ("sounding", int),
        ("zone", int),
        ("kind", int),
        ("tag4", bytes),
    ),
)
# targets = ((node, 8-byte tag), ...); seconds at most 180
SirenOrder = NamedTuple(
    "SirenOrder",
    (
        ("origin", int),
        ("counter", int),
        ("action", int),
        ("pattern", int),
        ("seconds", int),
        ("targets", "tuple[tuple[int, bytes], ...]"),
    ),
)
# parts are numbered from 0; items = type-length-value bytes, see config.py
Config = NamedTuple(
    "Config", (("target", int), ("version", int), ("part", int), ("parts", int), ("items", bytes))
)
# origin, counter: node and first counter of the incident
Page = NamedTuple(
    "Page",
    (
        ("target", int),
        ("origin", int),
        ("counter", int),
        ("kind", int),
        ("house", int),
        ("zone", int),
        ("flags", int),
    ),
)

ALARM_FORMAT = "BHBBB"  # kind in the low half byte, flags in the high one
PROOF_BYTES = 4  # under C, behind an ALARM's body: what the gateway believes, and no post can make
BUTTON_STATUS_FORMAT = "BBbbBBBI"
EVENT_FORMAT = "BBII"
NODE_STATUS_FORMAT = "HHbbbHHHIHBBB"
ENTRY_FORMAT = "IIBBB"
ENTRY_BYTES = 15
ORDER_FORMAT = "IIBBH"
ORDER_BYTES = 12
TARGET_BYTES = 12
CONFIG_FORMAT = "IHBB"
CONFIG_BYTES = 8
PAGE_FORMAT = "IIIBHBB"
SOUNDING_BIT = 0x80  # in an entry's stage
_RANGE = {"B": (0, 0xFF), "b": (-0x80, 0x7F), "H": (0, 0xFFFF), "I": (0, 0xFFFFFFFF)}
_FIXED = {
    codes.SIREN_REPORT: ("IIBB", SirenReport),
    codes.EVENT: (EVENT_FORMAT, Event),
    codes.PAGE: (PAGE_FORMAT, Page),
}
ALARM_BYTES = 6
_BYTES = {codes.ALARM: ALARM_BYTES + PROOF_BYTES, codes.SIREN_REPORT: 10, codes.EVENT: 10, codes.PAGE: 17}
_BUTTON_STATUS_BYTES, _NODE_STATUS_BYTES = 11, 22


def pack(what: str, layout: str, values: "Sequence[int]") -> bytes:
    """Little-endian bytes; LocalError names the place of a value that does not fit (devices would cut it)."""
    if len(values) != len(layout):
        raise LocalError("{}: {} values, give {}".format(what, len(values), len(layout)))
    for i in range(len(layout)):
        low, high = _RANGE[layout[i]]
        if not low <= values[i] <= high:
            raise LocalError("{}: value {} is {}, give {} to {}".format(what, i, values[i], low, high))
    return struct.pack("<" + layout, *values)


def check_length(type: int, role: int, raw: bytes) -> None:
    """Raise RemoteError length unless the body is exactly as long as its type, role and count say."""
    size = len(raw)
    if type == codes.STATUS:
        good = size == (_BUTTON_STATUS_BYTES if role == codes.TOMBOL else _NODE_STATUS_BYTES)
    elif type == codes.RECEIPTS:
        good = size > 0 and 1 <= raw[0] <= codes.ENTRIES_MAX and size == 1 + raw[0] * ENTRY_BYTES
    elif type == codes.SIREN_ORDER:
        good = (
            size > ORDER_BYTES
            and raw[ORDER_BYTES] <= codes.TARGETS_MAX
            and size == ORDER_BYTES + 1 + raw[ORDER_BYTES] * TARGET_BYTES
        )
    elif type == codes.CONFIG:
        good = CONFIG_BYTES <= size <= CONFIG_BYTES + codes.CONFIG_ITEMS_MAX
    else:
        good = size == _BYTES[type]
    if not good:
        raise RemoteError("length")


def decode_body(type: int, role: int, raw: bytes) -> "Body":
    """Return the body of an unmasked, length-checked message; an ALARM's without its proof.

    RemoteError field, stage, role, order_empty or config_part.
    """
    if type == codes.STATUS:
        if role == codes.TOMBOL:
            return ButtonStatus(*struct.unpack("<" + BUTTON_STATUS_FORMAT, raw))
        values = struct.unpack("<" + NODE_STATUS_FORMAT, raw)
        return NodeStatus(*(values[:10] + (values[10:],)))
    if type == codes.RECEIPTS:
        return _decode_receipts(role, raw)
    if type == codes.SIREN_ORDER:
        return _decode_order(raw)
    if type == codes.CONFIG:
        target, version, part, parts = struct.unpack_from("<" + CONFIG_FORMAT, raw)
        if part >= parts:
            raise RemoteError("config_part")
        return Config(target, version, part, parts, bytes(raw[CONFIG_BYTES:]))
    if type == codes.ALARM:
        return _decode_alarm(role, raw)
    layout, shape = _FIXED[type]
    body = shape(*struct.unpack("<" + layout, raw))
    if type == codes.SIREN_REPORT and not (1 <= body.state <= codes.STATE_NO_DRILL and 1 <= body.source <= 4):
        raise RemoteError("field")
    if type == codes.EVENT:
        _check_event(role, body)
    if type == codes.PAGE and not (body.origin and body.counter):
        raise RemoteError("field")
    return body


def _decode_alarm(role: int, raw: bytes) -> Alarm:
    attempt, incident, zone, both, battery = struct.unpack("<" + ALARM_FORMAT, raw[:ALARM_BYTES])
    body = Alarm(attempt, incident, zone, both & 15, both >> 4, battery)
    if role == codes.SIRENE and body.kind != codes.KIND_UJI:
        raise RemoteError("role")
    return body


def _check_event(role: int, body: Event) -> None:
    """Refuse an answer unless a penerima gives it and names its incident; tombol and sirene never answer."""
    if not 1 <= body.event <= 4:
        raise RemoteError("field")
    answers = body.event == codes.EVENT_COMING
    if answers and role != codes.PENERIMA:
        raise RemoteError("role")
    if bool(body.origin) != answers or bool(body.counter) != answers:
        raise RemoteError("field")


def encode_body(type: int, role: int, body: "Body") -> bytes:
    """Unmasked bytes of a body; LocalError when a value does not fit. Reverse of decode_body.

    An ALARM's end with a place for its proof, all zero.
    """
    if type == codes.ALARM:
        raw = _encode_alarm(body)
    elif type == codes.STATUS:
        if role == codes.TOMBOL:
            raw = pack("button status", BUTTON_STATUS_FORMAT, body)
        else:
            raw = pack("node status", NODE_STATUS_FORMAT, tuple(body[:10]) + tuple(body[10]))
    elif type == codes.RECEIPTS:
        raw = bytes([len(body.entries) & 0xFF]) + b"".join([entry_fixed(e) + e.tag4 for e in body.entries])
    elif type == codes.SIREN_ORDER:
        raw = order_fixed(body) + bytes([len(body.targets) & 0xFF])
        raw += b"".join([struct.pack("<I", target) + tag8 for target, tag8 in body.targets])
    elif type == codes.CONFIG:
        raw = pack("config", CONFIG_FORMAT, body[:4]) + body.items
    else:
        raw = pack(codes.TYPE_NAMES[type], _FIXED[type][0], body)
    try:  # what a receiver would refuse is not sent
        check_length(type, role, raw)
        decode_body(type, role, raw)
    except RemoteError as error:
        raise LocalError(
            "{} from role {}: receivers refuse this body: {}".format(
                codes.TYPE_NAMES[type], role, error.reason
            )
        )
    return raw


def _encode_alarm(body: Alarm) -> bytes:
    if not (0 <= body.kind <= 15 and 0 <= body.flags <= 15):
        raise LocalError("ALARM: kind {}, flags {}: give 0 to 15 each".format(body.kind, body.flags))
    values = tuple(body[:3]) + (body.kind | body.flags << 4, body.battery)
    return pack("ALARM", ALARM_FORMAT, values) + bytes(PROOF_BYTES)


def entry_fixed(entry: Entry) -> bytes:
    """Return the first 11 bytes of a receipt entry, which its own tag covers."""
    stage = entry.stage | (SOUNDING_BIT if entry.sounding else 0)
    return pack("receipt entry", ENTRY_FORMAT, (entry.node, entry.counter, stage, entry.zone, entry.kind))


def order_fixed(order: SirenOrder) -> bytes:
    """Return the 12 fixed bytes of an order, origin to seconds; more seconds than its action has are cut."""
    seconds = min(order.seconds, _longest(order.action))
    return pack(
        "siren order", ORDER_FORMAT, (order.origin, order.counter, order.action, order.pattern, seconds)
    )


def _longest(action: int) -> int:
    return codes.DRILL_SECONDS_MAX if action == codes.ACTION_DRILL else codes.ORDER_SECONDS_MAX


def _decode_receipts(role: int, raw: bytes) -> Receipts:
    entries = []
    for at in range(1, len(raw), ENTRY_BYTES):
        node, counter, stage, zone, kind = struct.unpack_from("<" + ENTRY_FORMAT, raw, at)
        sounding = stage >> 7
        stage &= ~SOUNDING_BIT
        if not codes.STAGE_SOUNDING <= stage <= codes.STAGE_CANCELLED:
            raise RemoteError("stage")
        if role == codes.SIRENE and stage != codes.STAGE_SOUNDING:
            raise RemoteError("stage")
        if stage != codes.STAGE_STORED and (zone or kind):
            raise RemoteError("field")  # only a stage 2 answer may make a post sound
        tag4 = bytes(raw[at + ENTRY_BYTES - 4 : at + ENTRY_BYTES])
        entries.append(Entry(node, counter, stage, sounding, zone, kind, tag4))
    return Receipts(tuple(entries))


def _decode_order(raw: bytes) -> SirenOrder:
    origin, counter, action, pattern, seconds = struct.unpack_from("<" + ORDER_FORMAT, raw)
    if not codes.ACTION_START <= action <= codes.ACTION_REST:
        raise RemoteError("field")
    targets = []
    for at in range(ORDER_BYTES + 1, len(raw), TARGET_BYTES):
        targets.append((struct.unpack_from("<I", raw, at)[0], bytes(raw[at + 4 : at + TARGET_BYTES])))
    if not targets:
        raise RemoteError("order_empty")
    return SirenOrder(origin, counter, action, pattern, min(seconds, _longest(action)), tuple(targets))
