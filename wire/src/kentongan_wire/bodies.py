"""Message bodies: a namedtuple each, its bytes and back. Masks, keys and outer tags are not known here."""
import struct
from collections import namedtuple

from kentongan_wire import codes
from kentongan_wire.errors import LocalError, RemoteError

# battery of ALARM and ButtonStatus in 20 mV; incident = low 16 bits of the counter of its first ALARM
Alarm = namedtuple("Alarm", ("attempt", "incident", "zone", "kind", "flags", "battery", "reserved"))
# temperature in degrees C, rssi in dBm, config_version = low byte
ButtonStatus = namedtuple("ButtonStatus", (
    "flags", "battery", "temperature", "rssi", "boots", "config_version", "firmware", "reserved"))
# snr_q in 0.25 dB, air_used in 0.1 s of the last hour, firmware = (major, minor, patch)
NodeStatus = namedtuple("NodeStatus", (
    "flags", "battery_mv", "temperature", "rssi", "snr_q", "boots", "uptime_h", "air_used", "last_control",
    "config_version", "firmware"))
SirenReport = namedtuple("SirenReport", ("origin", "counter", "state", "source"))
Event = namedtuple("Event", ("event", "person", "value"))
Receipts = namedtuple("Receipts", ("entries",))
# sounding 0 or 1; tag4 is 4 bytes
Entry = namedtuple("Entry", ("node", "counter", "stage", "sounding", "zone", "kind", "tag4"))
# targets = ((node, 8-byte tag), ...); seconds at most 180
SirenOrder = namedtuple("SirenOrder", ("origin", "counter", "action", "pattern", "seconds", "targets"))
# parts are numbered from 0; items = type-length-value bytes, see config.py
Config = namedtuple("Config", ("target", "version", "part", "parts", "items"))
Page = namedtuple("Page", ("target", "incident", "kind", "house", "zone", "flags"))

ALARM_FORMAT = "BHBBBBB"
BUTTON_STATUS_FORMAT = "BBbbBBBB"
NODE_STATUS_FORMAT = "HHbbbHHHIHBBB"
ENTRY_FORMAT = "IIBBB"
ENTRY_BYTES = 15
ORDER_FORMAT = "IIBBH"
ORDER_BYTES = 12
TARGET_BYTES = 12
CONFIG_FORMAT = "IHBB"
CONFIG_BYTES = 8
PAGE_FORMAT = "IHBHBB"
SOUNDING_BIT = 0x80  # in an entry's stage
_RANGE = {"B": (0, 0xFF), "b": (-0x80, 0x7F), "H": (0, 0xFFFF), "I": (0, 0xFFFFFFFF)}
_FIXED = {codes.SIREN_REPORT: ("IIBB", SirenReport), codes.EVENT: ("BBH", Event),
          codes.PAGE: (PAGE_FORMAT, Page), codes.ALARM: (ALARM_FORMAT, Alarm)}
_BYTES = {codes.ALARM: 8, codes.SIREN_REPORT: 10, codes.EVENT: 4, codes.PAGE: 11}
_BUTTON_STATUS_BYTES, _NODE_STATUS_BYTES = 8, 22


def pack(what: str, layout: str, values) -> bytes:
    """Little-endian bytes; LocalError names the place of a value that does not fit (devices would cut it)."""
    if len(values) != len(layout):
        raise LocalError("{}: {} values, give {}".format(what, len(values), len(layout)))
    for i in range(len(layout)):
        low, high = _RANGE[layout[i]]
        if not low <= values[i] <= high:
            raise LocalError("{}: value {} is {}, give {} to {}".format(what, i, values[i], low, high))
    return struct.pack("<" + layout, *values)


def check_length(type: int, role: int, raw: bytes) -> None:
    """RemoteError length unless the body is exactly as long as its type, role and count say."""
    size = len(raw)
    if type == codes.STATUS:
        good = size == (_BUTTON_STATUS_BYTES if role == codes.TOMBOL else _NODE_STATUS_BYTES)
    elif type == codes.RECEIPTS:
        good = size > 0 and 1 <= raw[0] <= codes.ENTRIES_MAX and size == 1 + raw[0] * ENTRY_BYTES
    elif type == codes.SIREN_ORDER:
        good = (size > ORDER_BYTES and raw[ORDER_BYTES] <= codes.TARGETS_MAX
                and size == ORDER_BYTES + 1 + raw[ORDER_BYTES] * TARGET_BYTES)
    elif type == codes.CONFIG:
        good = CONFIG_BYTES <= size <= CONFIG_BYTES + codes.CONFIG_ITEMS_MAX
    else:
        good = size == _BYTES[type]
    if not good:
        raise RemoteError("length")


def decode_body(type: int, role: int, raw: bytes):
    """The body of an unmasked, length-checked message.

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
    layout, shape = _FIXED[type]
    body = shape(*struct.unpack("<" + layout, raw))
    if type == codes.SIREN_REPORT and not (1 <= body.state <= 5 and 1 <= body.source <= 4):
        raise RemoteError("field")
    if type == codes.EVENT and not 1 <= body.event <= 4:
        raise RemoteError("field")
    if type == codes.ALARM and role == codes.SIRENE and body.kind != codes.KIND_UJI:
        raise RemoteError("role")
    return body


def encode_body(type: int, role: int, body) -> bytes:
    """Unmasked bytes of a body; LocalError when a value does not fit. Reverse of decode_body."""
    if type == codes.STATUS:
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
        raise LocalError("{} from role {}: receivers refuse this body: {}".format(
            codes.TYPE_NAMES[type], role, error.reason))
    return raw


def entry_fixed(entry) -> bytes:
    """The first 11 bytes of a receipt entry, which its own tag covers."""
    stage = entry.stage | (SOUNDING_BIT if entry.sounding else 0)
    return pack("receipt entry", ENTRY_FORMAT, (entry.node, entry.counter, stage, entry.zone, entry.kind))


def order_fixed(order) -> bytes:
    """The 12 fixed bytes of an order, origin to seconds; seconds above 180 are written as 180."""
    seconds = min(order.seconds, codes.ORDER_SECONDS_MAX)
    return pack("siren order", ORDER_FORMAT,
                (order.origin, order.counter, order.action, order.pattern, seconds))


def _decode_receipts(role, raw):
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


def _decode_order(raw):
    origin, counter, action, pattern, seconds = struct.unpack_from("<" + ORDER_FORMAT, raw)
    if not codes.ACTION_START <= action <= codes.ACTION_TEST:
        raise RemoteError("field")
    targets = []
    for at in range(ORDER_BYTES + 1, len(raw), TARGET_BYTES):
        targets.append((struct.unpack_from("<I", raw, at)[0], bytes(raw[at + 4 : at + TARGET_BYTES])))
    if not targets:
        raise RemoteError("order_empty")
    return SirenOrder(origin, counter, action, pattern, min(seconds, codes.ORDER_SECONDS_MAX), tuple(targets))
