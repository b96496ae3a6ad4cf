"""Is this message authentic, and what does it say? Counters are judged after this, in replay.py."""

from kentongan_wire.air.packet import BROADCAST, NODE_MIN
from kentongan_wire.base import codes
from kentongan_wire.base.crypto import equal, sha256
from kentongan_wire.base.errors import RemoteError
from kentongan_wire.base.shapes import TYPE_CHECKING, NamedTuple
from kentongan_wire.message import messages
from kentongan_wire.message.bodies import ALARM_BYTES, decode_body, order_fixed

if TYPE_CHECKING:
    from collections.abc import Container

    from kentongan_wire.keyring.keys import KeyRing
    from kentongan_wire.message.bodies import Alarm, Body, Entry  # noqa: F401 - Message names it as text
    from kentongan_wire.message.messages import Envelope

# silent: nobody near the presser may notice. digest: 4 bytes over all that repeats of one counter must not
# change (of an ALARM not its attempt, and so neither its proof nor its tags).
Message = NamedTuple(
    "Message",
    (
        ("type", int),
        ("role", int),
        ("generation", int),
        ("src", int),
        ("counter", int),
        ("body", "Body"),
        ("silent", bool),
        ("digest", bytes),
    ),
)


def open_message(
    payload: bytes, src: int, to: int, keys: "KeyRing", revoked: "Container[int]" = ()
) -> Message:
    """Return the verified message of a payload sent by src, judged with a keys.KeyRing.

    RemoteError in this order: short long version type role field length (shape), header (a reserved sender),
    revoked, generation, not_for_us, no_key, tag, unproved, then role stage field weak_key order_empty
    config_part (content).
    A receipt's entries and an order's targets carry tags of their own: own_entry, own_order.
    """
    envelope = messages.parse(payload)
    _check_sender(envelope, src, keys, revoked)
    key, under_c = _key_that_holds(envelope, src, to, keys)
    return _message(envelope, src, key, under_c)


def _check_sender(envelope: "Envelope", src: int, keys: "KeyRing", revoked: "Container[int]") -> None:
    if src < NODE_MIN or src >= BROADCAST:
        raise RemoteError("header")
    if src in revoked:
        raise RemoteError("revoked")
    if envelope.generation not in keys.generations:
        raise RemoteError("generation")


def carries(envelope: "Envelope", src: int, to: int, keys: "KeyRing") -> bool:
    """Tell whether a message's carry tag holds: src itself made it, so a relay may spend src's share.

    It proves nothing to act on: who relays holds the R of everybody.
    """
    key = keys.r(src, envelope.role, envelope.generation)
    if key is None:
        return False
    return equal(messages.carry_tag(key, src, to, envelope.payload[: -messages.CARRY_BYTES]), envelope.carry)


def _message(envelope: "Envelope", src: int, key: bytes, under_c: bool) -> Message:
    """Return the message of an envelope whose outer tag holds under this key."""
    raw = messages.mask(envelope.type, envelope.role, src, envelope.counter, key, envelope.body)
    body = decode_body(envelope.type, envelope.role, raw)
    silent = False
    if envelope.type == codes.ALARM:
        silent = _is_silent(body, under_c)
    elif envelope.type == codes.PAGE:
        silent = bool(body.flags & codes.FLAG_SILENT) or body.kind in codes.CONFIDENTIAL
    return Message(
        envelope.type,
        envelope.role,
        envelope.generation,
        src,
        envelope.counter,
        body,
        silent,
        digest_of(envelope, under_c),
    )


def _is_silent(body: "Alarm", under_c: bool) -> bool:
    """Tell whether an alarm is secret; RemoteError weak_key for one under A that no post may sound."""
    if not under_c:
        if not codes.is_loud(body.zone, body.kind, body.flags):
            raise RemoteError("weak_key")
        return False
    if body.flags & codes.FLAG_SILENT or body.kind in codes.CONFIDENTIAL:
        return True
    return not (body.flags & codes.FLAG_CANCEL or body.kind == codes.KIND_UJI or not body.zone)


def _key_that_holds(envelope: "Envelope", src: int, to: int, keys: "KeyRing") -> tuple[bytes, bool]:
    """(key, is it a C key) under which the tag holds; RemoteError not_for_us, no_key, tag, unproved."""
    role, generation = envelope.role, envelope.generation
    candidates: list[tuple[bytes | None, bool]]
    if envelope.type in (codes.CONFIG, codes.PAGE):
        candidates = [(key, True) for key in keys.c_of_target(messages.target_of(envelope), generation)]
        if not candidates:
            raise RemoteError("not_for_us")
    else:
        candidates = [(keys.c(src, role, generation), True)]
        if envelope.type == codes.ALARM:
            candidates.insert(0, (keys.a(src, role, generation), False))
        elif codes.posts_judge(envelope.type, role):
            candidates = [(keys.a(src, role, generation), False)]
    known = False
    for key, under_c in candidates:
        if key is not None:
            known = True
            if _holds(envelope, src, to, key):
                if envelope.type == codes.ALARM:
                    _check_proof(envelope, src, to, keys.c(src, role, generation))
                return key, under_c
    raise RemoteError("tag" if known else "no_key")


def _holds(envelope: "Envelope", src: int, to: int, key: bytes) -> bool:
    """Tell whether the outer tag holds under this key."""
    unsigned = envelope.payload[: -messages.END_BYTES]
    return equal(messages.outer_tag(key, src, to, unsigned), envelope.tag)


def _check_proof(envelope: "Envelope", src: int, to: int, key: bytes | None) -> None:
    """Check the proof, which holders of the sender's C can make and no post can; RemoteError unproved."""
    if key is None:
        return
    unsigned = envelope.payload[: messages.HEADER_BYTES + ALARM_BYTES]
    proof = envelope.body[ALARM_BYTES:]
    if not equal(messages.proof_tag(key, src, to, unsigned), proof):
        raise RemoteError("unproved")


def digest_of(envelope: "Envelope", under_c: bool) -> bytes:
    """Return the 4 bytes that tell one content of a counter from another."""
    unsigned = envelope.payload[: -messages.END_BYTES]
    if envelope.type == codes.ALARM:
        first = messages.HEADER_BYTES
        unsigned = unsigned[:first] + unsigned[first + 1 : first + ALARM_BYTES]
    return sha256((b"C" if under_c else b"A") + unsigned)[:4]


def own_entry(
    payload: bytes, src: int, node: int, a: bytes | None, c: bytes | None
) -> "tuple[Envelope, Entry | None]":
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


def own_order(
    payload: bytes, src: int, node: int, keys: "KeyRing", revoked: "Container[int]" = ()
) -> Message:
    """Return a SIREN_ORDER judged by one of its targets; the outer tag, which is for gateways, is ignored.

    The target's own tag covers sender, counter, target and the order. RemoteError as open_message up to
    generation and as decode_body, or type, not_for_us, no_key, tag.
    """
    envelope = messages.parse(payload)
    if envelope.type != codes.SIREN_ORDER:
        raise RemoteError("type")
    _check_sender(envelope, src, keys, revoked)
    body = decode_body(envelope.type, envelope.role, envelope.body)
    for target, tag8 in body.targets:
        if target == node:
            own = keys.c_of_target(node, envelope.generation)
            if not own:
                raise RemoteError("no_key")
            if not equal(messages.order_tag(src, envelope.counter, node, body, own[0]), tag8):
                raise RemoteError("tag")
            # What its tag covers, no more: else a changed neighbour's entry would make the next copy another.
            return Message(
                envelope.type,
                envelope.role,
                envelope.generation,
                src,
                envelope.counter,
                body,
                False,
                sha256(order_fixed(body))[:4],
            )
    raise RemoteError("not_for_us")
