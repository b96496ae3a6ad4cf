"""Laws that hold for any bytes and any values, searched by hypothesis (CPython only)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kentongan_wire.air import packet, phy
from kentongan_wire.base.crypto import aes_ctr, hmac_portable, hmac_sha256, xor
from kentongan_wire.base.errors import REASONS, RemoteError
from kentongan_wire.keyring import keys, site_keys
from kentongan_wire.message import bodies, messages
from kentongan_wire.message import messages as m
from kentongan_wire.message.replay import Guard
from kentongan_wire.message.verify import carries, open_message, own_entry, own_order

ROOTS = site_keys.alarm_root(bytes(32), 0), site_keys.control_root(bytes(32), 0)
SITE = site_keys.SiteKeys({0: ROOTS[0]}, {0: ROOTS[1]}, 0)
POST = keys.PostKeys(201, {0: site_keys.held(*ROOTS, 201, m.SIRENE, 0)}, 0)
CHIME = keys.RelayKeys(301, m.PENERIMA, {0: site_keys.held(*ROOTS, 301, m.PENERIMA, 0)}, 0)
U8, U16, U32 = st.integers(0, 0xFF), st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)
SOME = st.integers(1, 0xFFFFFFFF)
I8, U4 = st.integers(-128, 127), st.integers(0, 15)
NODE = st.integers(4, 0xFFFFFFFE)
COUNTER = st.integers(1, 0xFFFFFFFF)
FRAMES = st.binary(max_size=260)


def plausible(draw_tail):
    """Payload bytes whose header is often good, so that the search reaches the bodies."""
    head = st.tuples(st.sampled_from(list(m.TYPE_NAMES)), st.integers(1, 5), COUNTER).map(
        lambda t: bytes([0x10 | t[0], t[1] << 4]) + t[2].to_bytes(4, "little")
    )
    return st.one_of(st.binary(max_size=240), st.builds(lambda a, b: a + b, head, draw_tail))


def only_remote_errors(function, *args):
    try:
        return function(*args)
    except RemoteError as error:
        assert error.reason in REASONS
        return None


@given(FRAMES)
def test_a_frame_parses_and_builds_back_or_is_refused(frame):
    p = only_remote_errors(packet.parse_packet, frame)
    if p is not None:
        assert packet.build_packet(p) == frame


@given(st.binary(max_size=300))
def test_any_bytes_are_a_data_or_refused_and_reading_again_changes_nothing(plain):
    data = only_remote_errors(packet.decode_data, plain)
    if data is not None:
        assert packet.decode_data(packet.encode_data(data)) == data


@given(U32, st.binary(max_size=231), st.none() | U32)
def test_a_data_survives_the_wire(portnum, payload, bitfield):
    data = packet.Data(portnum, payload, bitfield)
    assert packet.decode_data(packet.encode_data(data)) == data


@given(NODE, COUNTER, st.integers(0, 7), st.binary(max_size=231), st.sampled_from([16, 32]))
def test_a_sealed_payload_opens_again(src, number, hops, payload, key_bytes):
    channel = packet.Channel("kentongan", bytes(range(key_bytes)))
    p = packet.parse_packet(channel.seal(src, number, hops, payload))
    assert channel.open(p) == packet.Data(packet.PORT_PRIVATE, payload, 0)


@settings(max_examples=400)
@given(plausible(st.binary(max_size=230)), U32, U32)
def test_any_payload_is_verified_or_refused(payload, src, to):
    for ring in (SITE, POST, CHIME):
        only_remote_errors(open_message, payload, src, to, ring)
        only_remote_errors(own_order, payload, src, 201, ring)
    only_remote_errors(own_entry, payload, src, 201, bytes(32), bytes(32))
    envelope = only_remote_errors(messages.parse, payload)
    if envelope is not None:
        only_remote_errors(bodies.decode_body, envelope.type, envelope.role, envelope.body)
        for ring in (SITE, POST, CHIME):
            assert carries(envelope, src, to, ring) in (True, False)  # two bytes: chance may make them


ENTRIES = st.builds(
    lambda node, counter, stage, sounding, zone, kind, tag: m.Entry(
        node, counter, stage, sounding, zone if stage == 2 else 0, kind if stage == 2 else 0, tag
    ),
    U32,
    U32,
    st.integers(1, 5),
    st.integers(0, 1),
    U8,
    U8,
    st.binary(min_size=4, max_size=4),
)
BODIES = {
    (m.ALARM, m.TOMBOL): st.builds(m.Alarm, U8, U16, U8, U4, U4, U8),
    (m.STATUS, m.TOMBOL): st.builds(m.ButtonStatus, U8, U8, I8, I8, U8, U8, U8, U32),
    (m.STATUS, m.SIRENE): st.builds(
        m.NodeStatus, U16, U16, I8, I8, I8, U16, U16, U16, U32, U16, st.tuples(U8, U8, U8)
    ),
    (m.SIREN_REPORT, m.SIRENE): st.builds(m.SirenReport, U32, U32, st.integers(1, 8), st.integers(1, 4)),
    (m.EVENT, m.PENERIMA): st.builds(m.Event, st.just(4), U8, NODE, COUNTER),
    (m.EVENT, m.TOMBOL): st.builds(m.Event, st.integers(1, 3), U8, st.just(0), st.just(0)),
    (m.RECEIPTS, m.GATEWAY): st.builds(m.Receipts, st.lists(ENTRIES, min_size=1, max_size=14).map(tuple)),
    (m.SIREN_ORDER, m.GATEWAY): st.builds(
        m.SirenOrder,
        U32,
        U32,
        st.integers(1, 5),
        U8,
        st.integers(0, 180),
        st.lists(st.tuples(U32, st.binary(min_size=8, max_size=8)), min_size=1, max_size=15).map(tuple),
    ),
    (m.CONFIG, m.GATEWAY): st.builds(
        lambda target, version, parts, items: m.Config(target, version, parts - 1, parts, items),
        U32,
        U16,
        st.integers(1, 255),
        st.binary(max_size=209),
    ),
    (m.PAGE, m.GATEWAY): st.builds(m.Page, U32, SOME, SOME, U8, U16, U8, U8),
}


@pytest.mark.parametrize("type,role", BODIES, ids=lambda n: str(n))
@given(data=st.data(), src=NODE, counter=COUNTER)
def test_every_message_survives_the_wire(type, role, data, src, counter):
    body = data.draw(BODIES[type, role])
    loud = type == m.ALARM and m.is_loud(body.zone, body.kind, body.flags)
    key = (SITE.a if loud or m.posts_judge(type, role) else SITE.c)(src, role, 0)
    if type in (m.CONFIG, m.PAGE):
        key = SITE.c(body.target, m.PENERUS, 0)
    payload = m.encode(type, role, 0, counter, src, body, key, SITE.r(src, role, 0), SITE.c(src, role, 0))
    assert carries(m.parse(payload), src, packet.BROADCAST, CHIME)
    message = open_message(payload, src, packet.BROADCAST, SITE)
    assert (message.type, message.role, message.src, message.counter) == (type, role, src, counter)
    assert message.body == body


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_both_hmacs_agree(key, data):
    assert hmac_portable(key, data) == hmac_sha256(key, data)


@given(st.sampled_from([16, 32]), st.binary(min_size=16, max_size=16), st.binary(max_size=255))
def test_counter_mode_undoes_itself(key_bytes, block, data):
    key = bytes(range(key_bytes))
    assert aes_ctr(key, block, aes_ctr(key, block, data)) == data
    assert xor(xor(data, data), data) == data


@given(st.binary(max_size=120))
def test_any_bytes_load_into_a_guard_or_are_refused(data):
    guard = Guard()
    before = guard.dump()
    only_remote_errors(guard.load, data)
    assert guard.dump() == before or guard.dump() == data


@given(st.sampled_from(sorted(phy.PRESETS)), st.integers(0, 254))
def test_one_byte_more_costs_nothing_or_one_block_of_symbols(name, n_bytes):
    p = phy.preset(name)
    more = phy.airtime_us(p, n_bytes + 1) - phy.airtime_us(p, n_bytes)
    assert more >= 0 and more % (p.cr * phy.symbol_us(p)) == 0
