"""Frames as JSON objects and back, for people and their tools; CPython only, never on a device."""

from collections.abc import Mapping
from typing import Any

from kentongan_wire.air.packet import (
    BROADCAST,
    PORT_PRIVATE,
    Channel,
    Data,
    Packet,
    build_packet,
    encode_data,
    parse_packet,
)
from kentongan_wire.base import codes
from kentongan_wire.base.crypto import equal
from kentongan_wire.base.errors import LocalError, RemoteError
from kentongan_wire.keyring import keys
from kentongan_wire.keyring.site_keys import SiteKeys, alarm_root, control_root
from kentongan_wire.message import bodies, messages, verify
from kentongan_wire.settings import config

Object = dict[str, Any]  # as JSON has it

U32, U8 = 0xFFFFFFFF, 0xFF
# header field of the object, field of Packet, highest value, default for encode (None: has to be there)
HEADER: tuple[tuple[str, str, int, int | None], ...] = (
    ("to", "to", U32, BROADCAST),
    ("from", "src", U32, None),
    ("id", "id", U32, None),
    ("hop_limit", "hop_limit", 7, 1),
    ("hop_start", "hop_start", 7, None),
    ("want_ack", "want_ack", 1, 0),
    ("via_mqtt", "via_mqtt", 1, 0),
    ("channel_hash", "channel_hash", U8, None),
    ("next_hop", "next_hop", U8, 0),
    ("relay_node", "relay_node", U8, None),
)
SHAPES: dict[int, Any] = {
    codes.ALARM: bodies.Alarm,
    codes.SIREN_REPORT: bodies.SirenReport,
    codes.EVENT: bodies.Event,
    codes.RECEIPTS: bodies.Receipts,
    codes.SIREN_ORDER: bodies.SirenOrder,
    codes.CONFIG: bodies.Config,
    codes.PAGE: bodies.Page,
}
TARGETED = (codes.CONFIG, codes.PAGE)
SECRETIVE = (codes.ALARM, codes.PAGE)


def every_generation(site_key: bytes) -> SiteKeys:
    """Every generation's keys of a site."""
    generations = range(keys.GENERATION_MAX + 1)
    alarm = {g: alarm_root(site_key, g) for g in generations}
    control = {g: control_root(site_key, g) for g in generations}
    return SiteKeys(alarm, control, 0)


def frame_to_object(frame: bytes, channel: Channel, ring: SiteKeys | None = None) -> Object:
    """Return the object of one frame, `ring` a SiteKeys or None; RemoteError for a bad header or Data."""
    packet = parse_packet(frame)
    data = channel.open(packet)
    out = {name: getattr(packet, field) for name, field, _, _ in HEADER}
    out.update(
        portnum=data.portnum,
        bitfield=data.bitfield,
        payload=data.payload.hex(),
        message=None,
        tag_ok=None,
        carry_ok=None,
    )
    if data.portnum == PORT_PRIVATE:
        _describe_message(out, data.payload, packet, ring)
    return out


def _describe_message(out: Object, payload: bytes, packet: Packet, ring: SiteKeys | None) -> None:
    """Fill in message, tag_ok and, where something in it is wrong, message_error."""
    try:
        envelope = messages.parse(payload)
    except RemoteError as error:
        out["message_error"] = error.reason
        return
    message: Object = {
        "type": codes.TYPE_NAMES[envelope.type],
        "role": codes.ROLE_NAMES[envelope.role],
        "generation": envelope.generation,
        "counter": envelope.counter,
        "body": None,
    }
    out["message"] = message
    body = None
    if ring is not None:
        try:
            opened = verify.open_message(payload, packet.src, packet.to, ring)
            out["tag_ok"], body = True, opened.body
            if envelope.type in SECRETIVE:
                message["silent"] = opened.silent
        except RemoteError as error:
            out["message_error"] = error.reason
            out["tag_ok"] = error.reason != "tag"  # every other refusal comes after the tag
    if ring is not None:
        out["carry_ok"] = verify.carries(envelope, packet.src, packet.to, ring)
    if not out["tag_ok"] and messages.masked(envelope.type, envelope.role) == (0, 0):
        try:
            body = bodies.decode_body(envelope.type, envelope.role, envelope.body)
        except RemoteError as error:
            out.setdefault("message_error", error.reason)
    if body is not None:
        message["body"] = _body_to_object(envelope, body, packet.src, ring)
    if ring is not None and envelope.type in TARGETED:
        message["target_role"] = _target_role(envelope, packet, ring)


def _target_role(envelope: messages.Envelope, packet: Packet, ring: SiteKeys) -> str | None:
    """Name of the role under whose C key the tag holds, or None."""
    unsigned = envelope.payload[: -messages.END_BYTES]
    for role in sorted(codes.ROLE_NAMES):
        key = ring.c(messages.target_of(envelope), role, envelope.generation)
        if key and equal(messages.outer_tag(key, packet.src, packet.to, unsigned), envelope.tag):
            return codes.ROLE_NAMES[role]
    return None


def _body_to_object(envelope: messages.Envelope, body: Any, src: int, ring: SiteKeys | None) -> Object:
    out = dict(zip(body._fields, body, strict=True))
    if envelope.type == codes.RECEIPTS:
        out["entries"] = [_entry_to_object(envelope, entry, src, ring) for entry in body.entries]
    elif envelope.type == codes.SIREN_ORDER:
        out["targets"] = [_target_to_object(envelope, body, one, src, ring) for one in body.targets]
    elif envelope.type == codes.CONFIG:
        out["items"] = body.items.hex()
        try:
            # next_keys stay sealed: no key is ever printed
            out["settings"] = config.read(body.items, None, src, envelope.counter)
        except RemoteError as error:
            out["settings_error"] = error.reason
    return out


def _entry_to_object(
    envelope: messages.Envelope, entry: bodies.Entry, src: int, ring: SiteKeys | None
) -> Object:
    out = dict(zip(entry._fields, entry, strict=True), tag4=entry.tag4.hex(), tag_ok=None)
    if ring is not None:
        pick = ring.a if entry.stage == codes.STAGE_SOUNDING else ring.c
        candidates = [pick(entry.node, role, envelope.generation) for role in codes.ROLE_NAMES]
        out["tag_ok"] = any(
            equal(messages.entry_tag(src, entry, key), entry.tag4) for key in candidates if key
        )
    return out


def _target_to_object(
    envelope: messages.Envelope,
    body: bodies.SirenOrder,
    one: tuple[int, bytes],
    src: int,
    ring: SiteKeys | None,
) -> Object:
    target, tag8 = one
    out: Object = {"target": target, "tag8": tag8.hex(), "tag_ok": None}
    if ring is not None:
        out["tag_ok"] = any(
            equal(messages.order_tag(src, envelope.counter, target, body, key), tag8)
            for key in ring.c_of_target(target, envelope.generation)
        )
    return out


def object_to_frame(given: Object, channel: Channel, ring: SiteKeys | None = None) -> bytes:
    """Return the frame of such an object; LocalError names the field that is missing or out of range.

    `payload` is used when it is there; else `message` is built with the site's keys.
    """
    if type(given) is not dict:
        raise LocalError("a line is one JSON object")
    values: dict[str, int] = {}
    for name, field, highest, default in HEADER:
        if name == "hop_start":
            default = values["hop_limit"]
        elif name == "relay_node":
            default = values["src"] & U8
        elif name == "channel_hash":
            default = channel.hash
        values[field] = _integer(given, name, highest, default)
    if values["channel_hash"] != channel.hash:
        raise LocalError(f"channel_hash {values['channel_hash']} is another channel's; leave it out")
    portnum = _integer(given, "portnum", U32, PORT_PRIVATE)
    bitfield = None if given.get("bitfield", 0) is None else _integer(given, "bitfield", U32, 0)
    if given.get("payload") is not None:
        payload = _hex(given, "payload")
    else:
        payload = message_to_payload(given.get("message"), values["src"], ring)
    plain = encode_data(Data(portnum, payload, bitfield))
    return build_packet(Packet(body=channel.crypt(values["src"], values["id"], plain), **values))


def message_to_payload(given: Any, src: int, ring: SiteKeys | None) -> bytes:
    """Payload bytes of a `message` object, tags made with the site's keys; LocalError as object_to_frame."""
    if type(given) is not dict:
        raise LocalError("give payload (hexadecimal) or message (an object)")
    if ring is None:
        raise LocalError("message needs the site's keys: give --site-key-file, or payload instead")
    kind = _named(given, "type", codes.TYPE_NAMES)
    role = _named(given, "role", codes.ROLE_NAMES)
    generation = _integer(given, "generation", 15, 0)
    counter = _integer(given, "counter", U32, None)
    fields = given.get("body")
    if type(fields) is not dict:
        raise LocalError("message has no body object")
    body = _object_to_body(kind, role, generation, counter, fields, src, ring)
    if kind in TARGETED:
        default = codes.PENERIMA if kind == codes.PAGE else None
        key = ring.c(body.target, _named(given, "target_role", codes.ROLE_NAMES, default), generation)
    elif codes.posts_judge(kind, role) or (
        kind == codes.ALARM and codes.is_loud(body.zone, body.kind, body.flags)
    ):
        key = ring.a(src, role, generation)
    else:
        key = ring.c(src, role, generation)
    proof_key = ring.c(src, role, generation) if kind == codes.ALARM else None
    carry_key = ring.r(src, role, generation)
    return messages.encode(
        kind, role, generation, counter, src, body, _held(key), _held(carry_key), proof_key
    )


def _shape(kind: int, role: int) -> Any:
    if kind == codes.STATUS:
        return bodies.ButtonStatus if role == codes.TOMBOL else bodies.NodeStatus
    return SHAPES[kind]


def _object_to_body(
    kind: int, role: int, generation: int, counter: int, fields: Object, src: int, ring: SiteKeys
) -> Any:
    shape = _shape(kind, role)
    values: Object = {}
    for name in shape._fields:
        if name in ("entries", "targets") or (name == "firmware" and shape is bodies.NodeStatus):
            if type(fields.get(name)) is not list:
                raise LocalError(f"{name}: give a list")
            values[name] = tuple(fields[name])
        elif name == "items":
            values[name] = _hex(fields, name)
        else:
            low = -0x80 if name in ("temperature", "rssi", "snr_q") else 0
            values[name] = _integer(fields, name, U32, None, low)
    if shape is bodies.NodeStatus:
        triple = {str(i): value for i, value in enumerate(values["firmware"])}
        values["firmware"] = tuple(_integer(triple, str(i), U8, None) for i in range(3))
    if kind == codes.RECEIPTS:
        values["entries"] = tuple(
            _object_to_entry(one, role, generation, src, ring) for one in values["entries"]
        )
    if kind == codes.SIREN_ORDER:
        order = bodies.SirenOrder(**dict(values, targets=()))
        values["targets"] = tuple(
            _object_to_target(one, order, generation, counter, src, ring) for one in values["targets"]
        )
    return shape(**values)


def _object_to_entry(given: Any, role: int, generation: int, src: int, ring: SiteKeys) -> bodies.Entry:
    """Return an Entry; without tag4 it is made for a node of `role`, a tombol unless said otherwise."""
    if type(given) is not dict:
        raise LocalError("entries: each is an object")
    node, counter = _integer(given, "node", U32, None), _integer(given, "counter", U32, None)
    stage = _integer(given, "stage", 5, codes.STAGE_SOUNDING if role == codes.SIRENE else None)
    sounding, zone, kind = (
        _integer(given, name, highest, 0) for name, highest in (("sounding", 1), ("zone", U8), ("kind", U8))
    )
    if given.get("tag4") is not None:
        return bodies.Entry(node, counter, stage, sounding, zone, kind, _hex(given, "tag4", 4))
    pick = ring.a if stage == codes.STAGE_SOUNDING else ring.c
    key = pick(node, _named(given, "role", codes.ROLE_NAMES, codes.TOMBOL), generation)
    return messages.receipt_entry(src, node, counter, stage, sounding, zone, kind, _held(key))


def _object_to_target(
    given: Any, order: bodies.SirenOrder, generation: int, counter: int, src: int, ring: SiteKeys
) -> tuple[int, bytes]:
    """(target, tag8); without tag8 it is made for a node of `role`, a sirene unless said otherwise."""
    if type(given) is not dict:
        raise LocalError("targets: each is an object")
    target = _integer(given, "target", U32, None)
    if given.get("tag8") is not None:
        return target, _hex(given, "tag8", 8)
    key = ring.c(target, _named(given, "role", codes.ROLE_NAMES, codes.SIRENE), generation)
    return target, messages.order_tag(src, counter, target, order, _held(key))


def _held(key: bytes | None) -> bytes:
    """Return the key, which a ring without the message's generation does not have."""
    if key is None:
        raise LocalError("generation: the site's keys here have none of it; give one that they have")
    return key


def _integer(given: Mapping[str, Any], name: str, highest: int, default: int | None, low: int = 0) -> int:
    value = given.get(name, default)
    if value is True or value is False:
        value = int(value)
    if type(value) is not int or not low <= value <= highest:
        what = "is missing" if value is None else "is out of range"
        raise LocalError(f"{name} {what}; give a whole number {low}..{highest}")
    return value


def _hex(given: Mapping[str, Any], name: str, length: int | None = None) -> bytes:
    value = given.get(name, "")
    try:
        raw = bytes.fromhex(value)
    except (ValueError, TypeError):
        raise LocalError(f"{name} is no text of hexadecimal digits")
    if length is not None and len(raw) != length:
        raise LocalError(f"{name} has {len(raw)} bytes, give {length}")
    return raw


def _named(given: Mapping[str, Any], name: str, names: dict[int, str], default: int | None = None) -> int:
    """Return the number of a name (or the number itself) from a table number -> name."""
    value = given.get(name, default)
    for number, known in names.items():
        if value == known or (type(value) is int and value == number):
            return number
    raise LocalError(f"{name} is missing or unknown; give one of {', '.join(names.values())}")
