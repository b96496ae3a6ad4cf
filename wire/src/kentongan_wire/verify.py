"""Is this message authentic, and what does it say? Counters are judged after this, in replay.py."""
from collections import namedtuple

from kentongan_wire import codes, messages
from kentongan_wire.bodies import decode_body
from kentongan_wire.crypto import equal, sha256
from kentongan_wire.errors import RemoteError
from kentongan_wire.packet import BROADCAST, NODE_MIN

# silent: True also for anything under a C key and for kind 8 under A.
# digest: 4 bytes over all that repeats of one counter must not change (an ALARM's attempt is left out).
Message = namedtuple("Message", ("type", "role", "generation", "src", "counter", "body", "silent", "digest"))


def open_message(payload: bytes, src: int, to: int, keys, revoked=()) -> Message:
    """The verified message of a payload sent by src, judged with a keys.KeyRing.

    RemoteError in this order: short long version type role field length (shape), header (a reserved sender),
    revoked, generation, not_for_us, no_key, tag, then role stage field order_empty config_part (content).
    A receipt's entries and an order's targets carry tags of their own: own_entry, own_order.
    """
    envelope = messages.parse(payload)
    if src < NODE_MIN or src >= BROADCAST:
        raise RemoteError("header")
    if src in revoked:
        raise RemoteError("revoked")
    if envelope.generation not in keys.generations:
        raise RemoteError("generation")
    key, under_c = _key_that_holds(envelope, src, to, keys)
    return _message(envelope, src, key, under_c)


def _message(envelope, src, key, under_c):
    """What an envelope says whose outer tag holds under this key."""
    raw = messages.mask(envelope.type, src, envelope.counter, key, envelope.body)
    body = decode_body(envelope.type, envelope.role, raw)
    silent = False
    if envelope.type == codes.ALARM:
        silent = under_c or bool(body.flags & codes.FLAG_SILENT) or body.kind == codes.KIND_KEKERASAN
    elif envelope.type == codes.PAGE:
        silent = bool(body.flags & codes.FLAG_SILENT) or body.kind == codes.KIND_KEKERASAN
    return Message(envelope.type, envelope.role, envelope.generation, src, envelope.counter, body, silent,
                   _digest(envelope, under_c))


def _key_that_holds(envelope, src, to, keys):
    """(key, is it a C key) under which the outer tag holds; RemoteError not_for_us, no_key, tag."""
    role, generation = envelope.role, envelope.generation
    if envelope.type in (codes.CONFIG, codes.PAGE):
        candidates = [(key, True) for key in keys.c_of_target(messages.target_of(envelope), generation)]
        if not candidates:
            raise RemoteError("not_for_us")
    else:
        candidates = [(keys.a(src, role, generation), False)]
        if envelope.type == codes.ALARM:
            candidates.append((keys.c(src, role, generation), True))
    known = False
    for key, under_c in candidates:
        if key is not None:
            known = True
            if _holds(envelope, src, to, key):
                return key, under_c
    raise RemoteError("tag" if known else "no_key")


def _holds(envelope, src, to, key):
    """Whether the outer tag holds under this key."""
    unsigned = envelope.payload[: -messages.TAG_BYTES]
    return equal(messages.outer_tag(key, src, to, unsigned), envelope.tag)


def _digest(envelope, under_c):
    unsigned = envelope.payload[: -messages.TAG_BYTES]
    if envelope.type == codes.ALARM:
        unsigned = unsigned[: messages.HEADER_BYTES] + unsigned[messages.HEADER_BYTES + 1 :]
    return sha256((b"C" if under_c else b"A") + unsigned)[:4]


def own_entry(payload: bytes, src: int, node: int, a: bytes, c: bytes) -> tuple:
    """(Envelope, our Entry or None) of a RECEIPTS payload; the outer tag is ignored, our entry's must hold.

    a, c: our keys of the generation that the payload names (messages.parse tells it); None = not held.
    Only the first entry for us counts. RemoteError as messages.parse, or type stage field no_key tag.
    """
    envelope = messages.parse(payload)
    if envelope.type != codes.RECEIPTS:
        raise RemoteError("type")
    for entry in decode_body(envelope.type, envelope.role, envelope.body).entries:
        if entry.node == node:
            key = a if entry.stage == codes.STAGE_SOUNDING else c
            if key is None:
                raise RemoteError("no_key")
            if not equal(messages.entry_tag(src, entry, key), entry.tag4):
                raise RemoteError("tag")
            return envelope, entry
    return envelope, None


def own_order(message: Message, node: int, c: bytes) -> bool:
    """True when a verified SIREN_ORDER names us under our C; RemoteError type, not_for_us, no_key or tag."""
    if message.type != codes.SIREN_ORDER:
        raise RemoteError("type")
    for target, tag8 in message.body.targets:
        if target == node:
            if c is None:
                raise RemoteError("no_key")
            if not equal(messages.order_tag(message.src, message.counter, node, message.body, c), tag8):
                raise RemoteError("tag")
            return True
    raise RemoteError("not_for_us")
