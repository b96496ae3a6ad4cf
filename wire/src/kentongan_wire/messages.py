"""The kentongan message on port 256: header, masks, tags; numbers are in codes.py, bodies in bodies.py."""
import struct
from collections import namedtuple

from kentongan_wire import bodies
from kentongan_wire.bodies import (  # noqa: F401 - one name to import them all by
    Alarm,
    ButtonStatus,
    Config,
    Entry,
    Event,
    NodeStatus,
    Page,
    Receipts,
    SirenOrder,
    SirenReport,
    decode_body,
    encode_body,
)
from kentongan_wire.codes import *  # noqa: F403 - the numbers are part of this module's face
from kentongan_wire.codes import (
    ALARM,
    CONFIG,
    PAGE,
    SENDERS,
    STAGE_SOUNDING,
    STAGE_STORED,
    VERSION,
)
from kentongan_wire.crypto import hmac_sha256, xor
from kentongan_wire.errors import LocalError, RemoteError
from kentongan_wire.packet import BROADCAST, NODE_MIN, PAYLOAD_MAX

HEADER_BYTES = 6
TAG_BYTES = 8
PAYLOAD_MIN = HEADER_BYTES + TAG_BYTES
MASK_BYTES = 7

# body = bytes as sent, still masked; payload = the whole; nothing in it is verified
Envelope = namedtuple("Envelope", ("type", "role", "generation", "counter", "body", "tag", "payload"))


def parse(payload: bytes) -> Envelope:
    """Header and raw body, no keys needed; RemoteError short, long, version, type, role, field or length."""
    if len(payload) < PAYLOAD_MIN:
        raise RemoteError("short")
    if len(payload) > PAYLOAD_MAX:
        raise RemoteError("long")
    version, type, role, generation = payload[0] >> 4, payload[0] & 15, payload[1] >> 4, payload[1] & 15
    if version != VERSION:
        raise RemoteError("version")
    if type not in SENDERS:
        raise RemoteError("type")
    if role not in SENDERS[type]:
        raise RemoteError("role")
    counter = struct.unpack_from("<I", payload, 2)[0]
    if counter == 0:  # sequences begin at 1
        raise RemoteError("field")
    body = bytes(payload[HEADER_BYTES:-TAG_BYTES])
    bodies.check_length(type, role, body)
    return Envelope(type, role, generation, counter, body, bytes(payload[-TAG_BYTES:]), bytes(payload))


def encode(type: int, role: int, generation: int, counter: int, src: int, body, key: bytes) -> bytes:
    """Payload bytes of a broadcast message, masked and tagged; LocalError when receivers would refuse it.

    key: C(src) for a silent ALARM, C(target) for CONFIG and PAGE, A(src) for all else.
    """
    if type not in SENDERS or role not in SENDERS[type]:
        raise LocalError("message type {} from role {}: see codes.SENDERS".format(type, role))
    if not (0 <= generation <= 15 and 1 <= counter <= 0xFFFFFFFF and NODE_MIN <= src < BROADCAST):
        raise LocalError("message of {}: generation {}, counter {}: generation is 0-15, counter 1 and up, "
                         "the sender a number from the hub".format(src, generation, counter))
    raw = mask(type, src, counter, key, encode_body(type, role, body))
    head = struct.pack("<BBI", VERSION << 4 | type, role << 4 | generation, counter)
    return head + raw + outer_tag(key, src, BROADCAST, head + raw)


def outer_tag(key: bytes, src: int, to: int, unsigned: bytes) -> bytes:
    """The 8 tag bytes over sender, destination and everything before the tag."""
    return hmac_sha256(key, b"KTG1" + struct.pack("<II", src, to) + unsigned)[:TAG_BYTES]


def mask(type: int, src: int, counter: int, key: bytes, raw: bytes) -> bytes:
    """Mask or unmask a body: the last 7 bytes of ALARM and PAGE, nothing of the others."""
    if type not in (ALARM, PAGE):
        return raw
    pad = hmac_sha256(key, b"KTGE" + struct.pack("<II", src, counter))[:MASK_BYTES]
    return raw[:-MASK_BYTES] + xor(raw[-MASK_BYTES:], pad)


def target_of(envelope: Envelope) -> int:
    """The node that a CONFIG or PAGE names; it stands in clear."""
    if envelope.type not in (CONFIG, PAGE):
        raise LocalError("messages.target_of: only CONFIG and PAGE name one target")
    return struct.unpack_from("<I", envelope.body)[0]


def entry_tag(sender: int, entry, key: bytes) -> bytes:
    """The 4 tag bytes of a receipt entry; key A(node) for stage 1, C(node) for 2-5."""
    return hmac_sha256(key, b"KTGR" + struct.pack("<I", sender) + bodies.entry_fixed(entry))[:4]


def receipt_entry(sender: int, node: int, counter: int, stage: int, sounding: int, zone: int, kind: int,
                  key: bytes) -> Entry:
    """A tagged receipt entry; LocalError for a zone or kind outside stage 2. Key: A(node) or, from 2, C."""
    if not STAGE_SOUNDING <= stage <= 5:
        raise LocalError("receipt stage {}: use 1 to 5".format(stage))
    if stage != STAGE_STORED and (zone or kind):
        raise LocalError("receipt stage {}: zone and kind stand in stage 2 only, give 0".format(stage))
    entry = Entry(node, counter, stage, 1 if sounding else 0, zone, kind, b"")
    return Entry(node, counter, stage, entry.sounding, zone, kind, entry_tag(sender, entry, key))


def order_target(sender: int, counter: int, target: int, origin: int, alarm_counter: int, action: int,
                 pattern: int, seconds: int, key: bytes) -> tuple:
    """(target, tag8) for SirenOrder.targets; counter is the order message's, key C(target)."""
    order = SirenOrder(origin, alarm_counter, action, pattern, seconds, ())
    return target, order_tag(sender, counter, target, order, key)


def order_tag(sender: int, counter: int, target: int, order, key: bytes) -> bytes:
    """The 8 tag bytes of one target of an order, over sender, counter, target and the 12 fixed bytes."""
    head = b"KTGO" + struct.pack("<III", sender, counter, target)
    return hmac_sha256(key, head + bodies.order_fixed(order))[:TAG_BYTES]
