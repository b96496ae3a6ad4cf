"""Bodies with a true tag, settings, the link and the device's file hold for any bytes and values."""

from hypothesis import given, settings
from hypothesis import strategies as st
from kentongan_wire.air import link, packet
from kentongan_wire.base import codes
from kentongan_wire.base.errors import REASONS, LocalError, RemoteError
from kentongan_wire.keyring import site_keys
from kentongan_wire.message import messages, replay, verify
from kentongan_wire.settings import config, device_file

SITE_KEY = bytes(range(32))
SITE = site_keys.SiteKeys({0: site_keys.alarm_root(SITE_KEY, 0)}, {0: site_keys.control_root(SITE_KEY, 0)}, 0)
NODES = st.integers(packet.NODE_MIN, packet.BROADCAST - 1)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=70),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def decoded(function, *arguments):
    """The result, or None when it was refused with a known reason."""
    try:
        return function(*arguments)
    except RemoteError as error:
        assert error.reason in REASONS
        return None


SIZES = (6, 10, 11, 16, 17, 22, 25)  # of bodies that exist, an ALARM's without its proof


def sized(size):
    return st.binary(min_size=size, max_size=size)


def heads():
    """The first two bytes of a message, mostly ones that exist."""
    return st.builds(
        lambda first, second: bytes([first, second]),
        st.sampled_from([0x10 | kind for kind in codes.TYPE_NAMES]) | st.integers(0, 255),
        st.sampled_from([role << 4 for role in codes.ROLE_NAMES]) | st.integers(0, 255),
    )


@settings(max_examples=300)
@given(
    heads(),
    st.binary(max_size=225) | st.sampled_from(SIZES).flatmap(sized),
    NODES,
    st.integers(1, 0xFFFFFFFF),
    st.booleans(),
)
def test_any_body_with_true_tags_is_decoded_or_refused_and_comes_back(head, body, src, counter, under_a):
    kind, role = head[0] & 15, head[1] >> 4
    unsigned = head + counter.to_bytes(4, "little") + body
    key = (SITE.a if under_a else SITE.c)(src, role, 0)
    if kind in (codes.CONFIG, codes.PAGE) and len(body) >= 4:
        key = SITE.c(int.from_bytes(body[:4], "little"), codes.PENERIMA, 0)
    proof_key, carry_key = SITE.c(src, role, 0), SITE.r(src, role, 0)
    if kind == codes.ALARM:
        unsigned += messages.proof_tag(proof_key, src, packet.BROADCAST, unsigned)
    payload = unsigned + messages.outer_tag(key, src, packet.BROADCAST, unsigned)
    payload += messages.carry_tag(carry_key, src, packet.BROADCAST, payload)
    message = decoded(verify.open_message, payload, src, packet.BROADCAST, SITE)
    if message is None:
        return
    guard = replay.Guard()
    assert guard.check(message) == replay.NEW
    guard.accept(message)
    assert guard.check(message) == replay.REPEAT
    if kind == codes.SIREN_ORDER and int.from_bytes(body[10:12], "little") > message.body.seconds:
        return  # cut: what is done is less than what was said
    again = messages.encode(kind, role, 0, counter, src, message.body, key, carry_key, proof_key)
    assert again == payload


@given(st.binary(max_size=220), st.integers(0, 0xFFFFFFFF), NODES)
def test_any_settings_are_read_or_refused(items, counter, src):
    decoded(config.read, items, bytes(32), src, counter)
    decoded(config.read, items, None, src, counter)
    body = messages.Config(77, 1, 0, 1, items)
    decoded(config.Collector().add, body, bytes(32), src, counter)


@given(st.lists(st.binary(max_size=1200), max_size=6), st.integers(0, 0xFFFF))
def test_any_line_noise_is_counted_and_the_next_message_is_heard(pieces, seq):
    decoder = link.Decoder()
    for piece in pieces:
        decoder.feed(piece)
    assert decoder.feed(link.encode(seq, link.Ack(7)))[-1:] == [(seq, link.Ack(7))]
    assert sorted(decoder.errors) == sorted(link.ERRORS)


@given(st.binary(max_size=700))
def test_cobs_comes_back(plain):
    encoded = link.cobs_encode(plain)
    assert 0 not in encoded and link.cobs_decode(encoded) == plain


@settings(max_examples=300)
@given(
    st.sampled_from(device_file.ROLES),
    st.dictionaries(st.sampled_from(device_file.NAMES) | st.text(), JSON | st.just("\ud800")),
)
def test_any_device_file_is_checked_or_refused_by_name(role, values):
    given_file = {"format": 1, "site": "x", "node": 77, "role": role, "channel_name": "x", "zone": 1}
    given_file.update({name: "ab" * 32 for name in device_file.KEYS_BY_ROLE[role]})
    given_file.update(values)
    try:
        assert sorted(device_file.check(given_file, "device.json")) == sorted(device_file.NAMES)
    except LocalError as error:
        assert str(error).startswith("device.json: ")
