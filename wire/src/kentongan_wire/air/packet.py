"""Meshtastic's packet: 16-byte header, channel cipher and the protobuf `Data` inside."""

import struct

from kentongan_wire.air.phy import MAX_FRAME
from kentongan_wire.base.crypto import aes_ctr
from kentongan_wire.base.errors import LocalError, RemoteError
from kentongan_wire.base.shapes import NamedTuple

BROADCAST = 0xFFFFFFFF
NODE_MIN = 4  # numbers 0-3 are reserved in Meshtastic
PORT_TEXT = 1  # meshtastic portnums.proto TEXT_MESSAGE_APP
PORT_ALERT = 11  # ALERT_APP
PORT_PRIVATE = 256  # PRIVATE_APP, where kentongan messages live
HOP_MAX = 7  # three bits
HEADER = "<IIIBBBB"
HEADER_BYTES = 16
BODY_MAX = MAX_FRAME - HEADER_BYTES
PAYLOAD_MAX = BODY_MAX - 8  # 231: portnum 3, payload tag and length 3, bitfield 2
NAME_MAX_BYTES = 11  # Meshtastic ChannelSettings.name
VARINT_MAX_BYTES = 10  # protobuf: 64 bits
OURS_HEAD, OURS_TAIL = b"\x08\x80\x02\x12", 0x48  # portnum 256, then the payload's and the bitfield's key

Packet = NamedTuple(
    "Packet",
    (
        ("to", int),
        ("src", int),
        ("id", int),
        ("hop_limit", int),
        ("want_ack", int),
        ("via_mqtt", int),
        ("hop_start", int),
        ("channel_hash", int),
        ("next_hop", int),
        ("relay_node", int),
        ("body", bytes),
    ),
)  # want_ack, via_mqtt 0 or 1; body = ciphertext
Data = NamedTuple(
    "Data", (("portnum", int), ("payload", bytes), ("bitfield", "int | None"))
)  # bitfield None = absent


def parse_packet(frame: bytes) -> Packet:
    """Return the header fields and ciphertext of a whole LoRa frame; RemoteError short, long or header."""
    if len(frame) < HEADER_BYTES:
        raise RemoteError("short")
    if len(frame) > MAX_FRAME:
        raise RemoteError("long")
    to, src, number, flags, channel_hash, next_hop, relay_node = struct.unpack_from(HEADER, frame)
    hop_limit, hop_start = flags & 7, flags >> 5
    if src < NODE_MIN or src == BROADCAST or hop_limit > hop_start:
        raise RemoteError("header")
    return Packet(
        to,
        src,
        number,
        hop_limit,
        flags >> 3 & 1,
        flags >> 4 & 1,
        hop_start,
        channel_hash,
        next_hop,
        relay_node,
        bytes(frame[HEADER_BYTES:]),
    )


def build_packet(packet: Packet) -> bytes:
    """Return the frame of a packet; LocalError when a field does not fit. Reverse of parse_packet."""
    if not 0 <= packet.hop_limit <= packet.hop_start <= HOP_MAX:
        raise LocalError(
            "packet: hop_limit {} of hop_start {}: 0 <= hop_limit <= hop_start <= 7".format(
                packet.hop_limit, packet.hop_start
            )
        )
    if not NODE_MIN <= packet.src < BROADCAST:
        raise LocalError("packet: sender {} is reserved: use a node number from the hub".format(packet.src))
    if len(packet.body) > BODY_MAX:
        raise LocalError("packet: {} bytes of body, at most {} fit".format(len(packet.body), BODY_MAX))
    flags = packet.hop_limit | (packet.want_ack & 1) << 3 | (packet.via_mqtt & 1) << 4 | packet.hop_start << 5
    header = struct.pack(
        HEADER,
        packet.to & BROADCAST,
        packet.src,
        packet.id & 0xFFFFFFFF,
        flags,
        packet.channel_hash & 0xFF,
        packet.next_hop & 0xFF,
        packet.relay_node & 0xFF,
    )
    return header + packet.body


def relayed(packet: Packet, relay_node: int) -> bytes:
    """Return the frame that relays a packet: hop_limit - 1 and our low byte, nothing else changes.

    LocalError when hop_limit is 0: the caller decides that before.
    """
    if packet.hop_limit < 1:
        raise LocalError("packet.relayed: hop_limit is 0, such a packet is not relayed")
    return build_packet(
        Packet(
            packet.to,
            packet.src,
            packet.id,
            packet.hop_limit - 1,
            packet.want_ack,
            packet.via_mqtt,
            packet.hop_start,
            packet.channel_hash,
            packet.next_hop,
            relay_node & 0xFF,
            packet.body,
        )
    )


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    """(value, next index) of a varint of at most 64 bits; padded ones are read, as nanopb does."""
    value = 0
    for i in range(VARINT_MAX_BYTES):
        if at >= len(data):
            raise RemoteError("protobuf")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << (7 * i)
        if byte < 0x80:
            if value >> 64:
                break
            return value, at
    raise RemoteError("protobuf")


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _skip(data: bytes, at: int, wire_type: int) -> tuple[int, int]:
    """(length of the field's content, its index): varint, fixed64, length-delimited, fixed32; no groups."""
    if wire_type == 0:
        return _read_varint(data, at)[1] - at, at
    if wire_type == 1:
        return 8, at
    if wire_type == 2:
        return _read_varint(data, at)
    if wire_type == 5:
        return 4, at
    raise RemoteError("protobuf")


def decode_data(plain: bytes) -> Data:
    """Read a protobuf Data: field 1 portnum, 2 payload, 9 bitfield; skip others. RemoteError protobuf."""
    # Ours as every relay writes it: port 256, a payload of at most 127 bytes, a bitfield of one byte.
    if (
        plain[:4] == OURS_HEAD
        and len(plain) > 6
        and plain[4] < 0x80
        and plain[4] + 7 == len(plain)
        and plain[-2] == OURS_TAIL
        and plain[-1] < 0x80
    ):
        return Data(PORT_PRIVATE, bytes(plain[5:-2]), plain[-1])
    portnum, payload, bitfield = 0, b"", None
    at = 0
    while at < len(plain):
        key, at = _read_varint(plain, at)
        field, wire_type = key >> 3, key & 7
        if not 0 < field < 1 << 29:
            raise RemoteError("protobuf")
        if (field in (1, 9) and wire_type != 0) or (field == 2 and wire_type != 2):
            raise RemoteError("protobuf")
        length, at = _skip(plain, at, wire_type)
        if length > len(plain) - at:
            raise RemoteError("protobuf")
        if field == 2:
            payload = bytes(plain[at : at + length])
        elif field in (1, 9):
            value = _read_varint(plain, at)[0]
            if value >> 32:
                raise RemoteError("protobuf")
            portnum, bitfield = (value, bitfield) if field == 1 else (portnum, value)
        at += length
    return Data(portnum, payload, bitfield)


def encode_data(data: Data) -> bytes:
    """Canonical protobuf of a Data, in field order; defaults left out, a bitfield kept even when 0."""
    out = b""
    if data.portnum:
        out += b"\x08" + _varint(data.portnum)
    if data.payload:
        out += b"\x12" + _varint(len(data.payload)) + data.payload
    if data.bitfield is not None:
        out += b"\x48" + _varint(data.bitfield)
    return out


class Channel:
    """One Meshtastic channel: name (1-11 bytes of UTF-8) and key (16 or 32 bytes)."""

    def __init__(self, name: str, key: bytes):
        raw = name.encode()
        if not 1 <= len(raw) <= NAME_MAX_BYTES:
            raise LocalError("channel name {!r}: give 1 to {} bytes".format(name, NAME_MAX_BYTES))
        if len(key) not in (16, 32):
            raise LocalError("channel key has {} bytes: give 16 or 32".format(len(key)))
        self.name = name
        self.key = bytes(key)
        self.hash = 0
        for byte in raw + self.key:
            self.hash ^= byte

    def crypt(self, src: int, packet_id: int, body: bytes) -> bytes:
        """Encrypt or decrypt; counter block = id u64, from u32, 0 u32 (little-endian)."""
        return aes_ctr(self.key, struct.pack("<QII", packet_id, src, 0), body)

    def open(self, packet: Packet) -> Data:
        """Return the Data of a packet on this channel; RemoteError channel or protobuf."""
        if packet.channel_hash != self.hash:
            raise RemoteError("channel")
        return decode_data(self.crypt(packet.src, packet.id, packet.body))

    def seal(
        self,
        src: int,
        packet_id: int,
        hop_limit: int,
        payload: bytes,
        hop_start: int | None = None,
        relay_node: int | None = None,
        portnum: int = PORT_PRIVATE,
    ) -> bytes:
        """Return the broadcast frame of a payload of at most 231 bytes; LocalError when it does not fit.

        hop_start defaults to hop_limit, relay_node to the sender's low byte: the frame of its origin.
        packet_id is the node's next sequence value: a (from, id) pair is never used twice under one key.
        """
        if not 1 <= packet_id <= 0xFFFFFFFF:
            raise LocalError("packet id {}: take the sequence's next value, 1 and up".format(packet_id))
        if len(payload) > PAYLOAD_MAX:
            raise LocalError("payload has {} bytes, at most {} fit a frame".format(len(payload), PAYLOAD_MAX))
        body = self.crypt(src, packet_id, encode_data(Data(portnum, payload, 0)))
        return build_packet(
            Packet(
                BROADCAST,
                src,
                packet_id,
                hop_limit,
                0,
                0,
                hop_limit if hop_start is None else hop_start,
                self.hash,
                0,
                src & 0xFF if relay_node is None else relay_node,
                body,
            )
        )
