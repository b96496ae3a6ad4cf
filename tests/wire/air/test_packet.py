# runs: cpython micropython
"""Meshtastic packets: what was captured on the air, protobuf's oddities, and everything malformed."""

from binascii import hexlify, unhexlify

from kentongan_wire.air import packet
from kentongan_wire.air.packet import Channel, Data, Packet
from kentongan_wire.base.errors import REASONS, LocalError, RemoteError
from kits.both import load_json, raises, random_bytes

CHANNEL = Channel("kentongan", bytes(range(32)))


def captured():
    for recorded in load_json("wire/captures/meshtastic-air.json")["channels"]:
        channel = Channel(recorded["name"], unhexlify(recorded["psk"]))
        assert channel.hash == int(recorded["hash"], 16)
        for frame in recorded["frames"]:
            yield channel, frame


def refused(plain):
    return raises(RemoteError, packet.decode_data, plain).reason


def test_captured_headers_read_as_recorded():
    for _, frame in captured():
        p = packet.parse_packet(unhexlify(frame["hex"]))
        assert (p.to, p.src, p.id) == tuple(int(frame[k], 16) for k in ("to", "fr", "id"))
        assert (p.hop_limit, p.hop_start, p.want_ack) == tuple(
            frame[k] for k in ("hop_limit", "hop_start", "want_ack")
        )
        assert (p.channel_hash, p.next_hop, p.relay_node) == tuple(
            int(frame[k], 16) for k in ("ch", "next_hop", "relay")
        )
        assert p.via_mqtt == 0


def test_captured_frames_open_to_their_plaintext_and_close_to_the_same_bytes():
    without_bitfield = 0
    for channel, frame in captured():
        p = packet.parse_packet(unhexlify(frame["hex"]))
        data = channel.open(p)
        assert hexlify(data.payload).decode() == frame["payload"]
        assert data.portnum == frame["portnum"]
        plain = packet.encode_data(data)
        assert hexlify(plain).decode() == frame["data_pb"]
        again = Packet(
            p.to,
            p.src,
            p.id,
            p.hop_limit,
            p.want_ack,
            p.via_mqtt,
            p.hop_start,
            p.channel_hash,
            p.next_hop,
            p.relay_node,
            channel.crypt(p.src, p.id, plain),
        )
        assert hexlify(packet.build_packet(again)).decode() == frame["hex"]
        without_bitfield += data.bitfield is None
    assert without_bitfield == 4


def test_relaying_makes_the_frame_that_the_stock_relay_made():
    frames = {frame["hex"]: channel for channel, frame in captured()}
    relays = 0
    for number in frames:
        p = packet.parse_packet(unhexlify(number))
        for relay_node in (1, 2, 3):
            if p.hop_limit and hexlify(packet.relayed(p, relay_node)).decode() in frames:
                relays += 1
    assert relays >= 12


def test_a_sealed_frame_is_a_plain_broadcast_of_ours():
    frame = CHANNEL.seal(0x11223344, 77, 3, b"halo")
    p = packet.parse_packet(frame)
    assert (p.to, p.src, p.id, p.hop_limit, p.hop_start) == (packet.BROADCAST, 0x11223344, 77, 3, 3)
    assert (p.want_ack, p.via_mqtt, p.next_hop, p.relay_node) == (0, 0, 0, 0x44)
    assert CHANNEL.open(p) == Data(packet.PORT_PRIVATE, b"halo", 0)
    late = packet.parse_packet(CHANNEL.seal(0x11223344, 78, 1, b"halo", 3, 0x55, packet.PORT_TEXT))
    assert (late.hop_limit, late.hop_start, late.relay_node) == (1, 3, 0x55)
    assert CHANNEL.open(late).portnum == packet.PORT_TEXT
    alone = packet.parse_packet(CHANNEL.seal(5, 1, 0, b"x"))
    assert (alone.hop_limit, alone.hop_start) == (0, 0)


def test_the_longest_payload_fills_the_longest_frame():
    frame = CHANNEL.seal(5, 1, 1, bytes(packet.PAYLOAD_MAX))
    assert len(frame) == 255
    assert len(CHANNEL.open(packet.parse_packet(frame)).payload) == packet.PAYLOAD_MAX
    raises(LocalError, CHANNEL.seal, 5, 1, 1, bytes(packet.PAYLOAD_MAX + 1))


def test_what_cannot_be_sent_is_our_own_mistake():
    raises(LocalError, CHANNEL.seal, 5, 0, 1, b"")
    raises(LocalError, CHANNEL.seal, 5, 1 << 32, 1, b"")
    raises(LocalError, CHANNEL.seal, 5, 1, 8, b"")
    raises(LocalError, CHANNEL.seal, 5, 1, 3, b"", 2)
    raises(LocalError, CHANNEL.seal, 3, 1, 3, b"")
    raises(LocalError, CHANNEL.seal, packet.BROADCAST, 1, 3, b"")
    raises(LocalError, Channel, "kentongan", bytes(31))
    raises(LocalError, Channel, "", bytes(32))
    raises(LocalError, Channel, "kentongan-rt-03", bytes(32))
    raises(LocalError, packet.relayed, packet.parse_packet(CHANNEL.seal(5, 1, 0, b"")), 9)
    p = packet.parse_packet(CHANNEL.seal(5, 1, 0, b""))
    raises(LocalError, packet.build_packet, Packet(*(tuple(p)[:10] + (bytes(240),))))


def test_headers_that_no_sender_makes_are_refused():
    frame = CHANNEL.seal(5, 1, 3, b"halo")
    for n in range(16):
        assert raises(RemoteError, packet.parse_packet, frame[:n]).reason == "short"
    assert raises(RemoteError, packet.parse_packet, frame + bytes(255)).reason == "long"
    for src in (0, 1, 2, 3, packet.BROADCAST):
        forged = frame[:4] + src.to_bytes(4, "little") + frame[8:]
        assert raises(RemoteError, packet.parse_packet, forged).reason == "header"
    more_hops_than_at_the_start = frame[:12] + bytes([3 << 5 | 4]) + frame[13:]
    assert raises(RemoteError, packet.parse_packet, more_hops_than_at_the_start).reason == "header"


def test_another_channel_is_refused_by_its_hash():
    p = packet.parse_packet(Channel("tetangga", bytes(32)).seal(5, 1, 3, b"halo"))
    assert raises(RemoteError, CHANNEL.open, p).reason == "channel"


def test_unknown_protobuf_fields_are_skipped():
    plain = packet.encode_data(Data(256, b"isi", 0))
    unknown = (
        b"\x18\x01",  # 3 want_response, varint
        b"\x25\x01\x02\x03\x04",  # 4 dest, fixed32
        b"\x31\x01\x02\x03\x04\x05\x06\x07\x08",  # 6, fixed64
        b"\x52\x03abc",  # 10, length-delimited
        b"\xf8\x07\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",  # 127, the largest varint
        b"\xa2\x06\x00",  # 100, empty
    )
    for field in unknown:
        assert packet.decode_data(field + plain) == Data(256, b"isi", 0)
        assert packet.decode_data(plain + field) == Data(256, b"isi", 0)
    assert packet.decode_data(b"".join(unknown) + plain) == Data(256, b"isi", 0)


def test_order_repetition_and_absence_read_as_protobuf_says():
    assert packet.decode_data(b"") == Data(0, b"", None)
    assert packet.decode_data(b"\x48\x00\x12\x01a\x08\x05") == Data(5, b"a", 0)
    assert packet.decode_data(b"\x08\x01\x08\x02\x12\x01a\x12\x01b") == Data(2, b"b", None)
    assert packet.decode_data(b"\x08\x81\x00") == Data(1, b"", None)  # a padded varint is read
    for data in (Data(0, b"", None), Data(1, b"x", None), Data(256, b"", 0), Data(511, bytes(200), 3)):
        assert packet.decode_data(packet.encode_data(data)) == data


def test_protobuf_that_no_encoder_makes_is_refused():
    for plain in (
        b"\x08",  # nothing after the key
        b"\x08\x80",  # varint cut short
        b"\x12\x05abc",  # a length that lies
        b"\x12\xff\xff\xff\xff\x0f",  # a length of 4 GiB
        b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",  # a length of 2^64 - 1
        b"\x08" + b"\xff" * 10 + b"\x01",  # eleven bytes of varint
        b"\x08" + b"\xff" * 9 + b"\x02",  # 65 bits
        b"\x08\x80\x80\x80\x80\x10",  # a portnum of 33 bits
        b"\x48\x80\x80\x80\x80\x10",  # a bitfield of 33 bits
        b"\x0a\x01a",  # portnum as bytes
        b"\x10\x01",  # payload as varint
        b"\x4a\x01a",  # bitfield as bytes
        b"\x15\x01\x02\x03\x04",  # payload as fixed32
        b"\x25\x01\x02\x03",  # fixed32 cut short
        b"\x31\x01\x02\x03\x04\x05\x06\x07",  # fixed64 cut short
        b"\x00\x01",  # field number 0
        b"\x80\x80\x80\x80\x20\x01",  # a field number of 30 bits
        b"\x1b\x1c",  # a group
        b"\x1c",  # the end of a group
        b"\x1e",
        b"\x1f",  # wire types that do not exist
    ):
        assert refused(plain) == "protobuf", plain
        assert refused(b"\x08\x01" + plain) == "protobuf", plain


def test_every_truncation_of_a_data_is_refused_or_shorter():
    plain = packet.encode_data(Data(256, b"0123456789", 0))
    for n in range(len(plain)):
        try:
            assert packet.decode_data(plain[:n]) != Data(256, b"0123456789", 0)
        except RemoteError as error:
            assert error.reason == "protobuf"


def test_any_bytes_are_read_or_refused_with_a_known_reason():
    noise = random_bytes(2)
    for n in range(3000):
        frame = bytearray([next(noise) for _ in range(next(noise))])
        if n % 2 == 0:
            frame = bytearray(CHANNEL.seal(5, 1, 3, b"ab"))
            frame[next(noise) % len(frame)] ^= 1 << next(noise) % 8
        try:
            p = packet.parse_packet(bytes(frame))
            assert packet.build_packet(p) == bytes(frame)
            packet.decode_data(p.body)
            CHANNEL.open(p)
        except RemoteError as error:
            assert error.reason in REASONS
