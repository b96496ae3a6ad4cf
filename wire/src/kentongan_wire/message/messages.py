"""The kentongan message on port 256: header, masks, tags; numbers are in codes.py, bodies in bodies.py."""

import struct

from kentongan_wire.air.packet import BROADCAST, NODE_MIN, PAYLOAD_MAX
from kentongan_wire.base.codes import *  # noqa: F403 - the numbers are part of this module's face
from kentongan_wire.base.codes import (
    ALARM,
    CONFIG,
    EVENT,
    PAGE,
    SENDERS,
    STAGE_SOUNDING,
    STAGE_STORED,
    STATUS,
    TOMBOL,
    VERSION,
)
from kentongan_wire.base.crypto import hmac_sha256, xor
from kentongan_wire.base.errors import LocalError, RemoteError
from kentongan_wire.base.shapes import TYPE_CHECKING, NamedTuple
from kentongan_wire.message import bodies
from kentongan_wire.message.bodies import (  # noqa: F401 - one name to import them all by
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

if TYPE_CHECKING:
    from kentongan_wire.message.bodies import Body

HEADER_BYTES = 6
# The end of every message: the tag, then the carry tag, by which relays know whose frame they carry. It
# covers the tag: of one true frame nobody makes others that relays take for true. Four bytes as LoRaWAN's
# MIC: a forger without the key needs 2^31 frames, six years of sending on ShortSlow.
TAG_BYTES, CARRY_BYTES = 4, 2
END_BYTES = TAG_BYTES + CARRY_BYTES
PAYLOAD_MIN = HEADER_BYTES + END_BYTES
_MASKED = {ALARM: (1, bodies.ALARM_BYTES), EVENT: (2, 10), PAGE: (4, 17)}  # from, to, of the body

# body = bytes as sent, still masked; payload = the whole; nothing in it is verified
Envelope = NamedTuple(
    "Envelope",
    (
        ("type", int),
        ("role", int),
        ("generation", int),
        ("counter", int),
        ("body", bytes),
        ("tag", bytes),
        ("carry", bytes),
        ("payload", bytes),
    ),
)


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
    body = bytes(payload[HEADER_BYTES:-END_BYTES])
    bodies.check_length(type, role, body)
    return Envelope(
        type,
        role,
        generation,
        counter,
        body,
        bytes(payload[-END_BYTES:-CARRY_BYTES]),
        bytes(payload[-CARRY_BYTES:]),
        bytes(payload),
    )


def encode(
    type: int,
    role: int,
    generation: int,
    counter: int,
    src: int,
    body: "Body",
    key: bytes,
    carry_key: bytes,
    proof_key: bytes | None = None,
) -> bytes:
    """Payload bytes of a broadcast message, masked and tagged; LocalError when receivers would refuse it.

    key: A(src) for a gateway's RECEIPTS and an ALARM that sounds, C(target) for CONFIG and PAGE, else C(src).
    carry_key: R(src). proof_key: C(src), of an ALARM only.
    """
    if type not in SENDERS or role not in SENDERS[type]:
        raise LocalError("message type {} from role {}: see codes.SENDERS".format(type, role))
    if not (0 <= generation <= 15 and 1 <= counter <= 0xFFFFFFFF and NODE_MIN <= src < BROADCAST):
        raise LocalError(
            "message of {}: generation {}, counter {}: generation is 0-15, counter 1 and up, "
            "the sender a number from the hub".format(src, generation, counter)
        )
    raw = mask(type, role, src, counter, key, encode_body(type, role, body))
    head = struct.pack("<BBI", VERSION << 4 | type, role << 4 | generation, counter)
    if type == ALARM:
        if proof_key is None:
            raise LocalError("ALARM of {}: give its C as proof_key".format(src))
        raw = raw[: bodies.ALARM_BYTES]
        raw += proof_tag(proof_key, src, BROADCAST, head + raw)
    tagged = head + raw + outer_tag(key, src, BROADCAST, head + raw)
    return tagged + carry_tag(carry_key, src, BROADCAST, tagged)


def outer_tag(key: bytes, src: int, to: int, unsigned: bytes) -> bytes:
    """Return the 4 tag bytes over sender, destination, header and body."""
    return hmac_sha256(key, b"KTG1" + struct.pack("<II", src, to) + unsigned)[:TAG_BYTES]


def carry_tag(key: bytes, src: int, to: int, tagged: bytes) -> bytes:
    """Return the 2 bytes under R(src) over sender, destination and everything before them, the tag too."""
    return hmac_sha256(key, b"KTGC" + struct.pack("<II", src, to) + tagged)[:CARRY_BYTES]


def proof_tag(key: bytes, src: int, to: int, unsigned: bytes) -> bytes:
    """Return the 4 bytes under C(src) in an ALARM, over sender, destination, header and body before them."""
    return hmac_sha256(key, b"KTGP" + struct.pack("<II", src, to) + unsigned)[: bodies.PROOF_BYTES]


def masked(type: int, role: int) -> tuple[int, int]:
    """(from, to) of the bytes of a body that are masked, (0, 0) for none."""
    if type == STATUS and role == TOMBOL:
        return 0, 11
    return _MASKED.get(type, (0, 0))


def mask(type: int, role: int, src: int, counter: int, key: bytes, raw: bytes) -> bytes:
    """Mask or unmask a body: what ALARM, EVENT, PAGE and a tombol's STATUS say is for who holds the key."""
    first, end = masked(type, role)
    if first == end:
        return raw
    pad = hmac_sha256(key, b"KTGE" + struct.pack("<BII", type, src, counter))[: end - first]
    return raw[:first] + xor(raw[first:end], pad) + raw[end:]


def target_of(envelope: Envelope) -> int:
    """Return the node that a CONFIG or PAGE names; it stands in clear."""
    if envelope.type not in (CONFIG, PAGE):
        raise LocalError("messages.target_of: only CONFIG and PAGE name one target")
    return struct.unpack_from("<I", envelope.body)[0]


def entry_tag(sender: int, entry: Entry, key: bytes) -> bytes:
    """Return the 4 tag bytes of a receipt entry; key A(node) for stage 1, C(node) for 2-5."""
    return hmac_sha256(key, b"KTGR" + struct.pack("<I", sender) + bodies.entry_fixed(entry))[:4]


def receipt_entry(
    sender: int, node: int, counter: int, stage: int, sounding: int, zone: int, kind: int, key: bytes
) -> Entry:
    """Return a tagged receipt entry; LocalError for a zone or kind but in stage 2. Key: A(node), C from 2."""
    if not STAGE_SOUNDING <= stage <= 5:
        raise LocalError("receipt stage {}: use 1 to 5".format(stage))
    if stage != STAGE_STORED and (zone or kind):
        raise LocalError("receipt stage {}: zone and kind stand in stage 2 only, give 0".format(stage))
    entry = Entry(node, counter, stage, 1 if sounding else 0, zone, kind, b"")
    return Entry(node, counter, stage, entry.sounding, zone, kind, entry_tag(sender, entry, key))


def order_target(
    sender: int,
    counter: int,
    target: int,
    origin: int,
    alarm_counter: int,
    action: int,
    pattern: int,
    seconds: int,
    key: bytes,
) -> tuple[int, bytes]:
    """(target, tag8) for SirenOrder.targets; counter is the order message's, key C(target)."""
    order = SirenOrder(origin, alarm_counter, action, pattern, seconds, ())
    return target, order_tag(sender, counter, target, order, key)


def order_tag(sender: int, counter: int, target: int, order: SirenOrder, key: bytes) -> bytes:
    """Return the 8 tag bytes of an order's target, over sender, counter, target and the 12 fixed bytes."""
    head = b"KTGO" + struct.pack("<III", sender, counter, target)
    return hmac_sha256(key, head + bodies.order_fixed(order))[:8]
