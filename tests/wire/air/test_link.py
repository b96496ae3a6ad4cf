# runs: cpython micropython
"""The modem link: what one end encodes the other decodes, and any other bytes are only counted."""

import struct

from kentongan_wire.air import link
from kentongan_wire.air.link import Decoder, cobs_decode, cobs_encode, crc16, encode
from kentongan_wire.base.errors import LocalError
from kits.both import raises, random_bytes

FRAME = bytes(range(256))[:255]
EXAMPLES = (
    link.Configure(
        node=0x12345678, preset="ShortSlow", freq_hz=920_625_000, conducted_dbm=17, gain_dbi=3, loss_db=0
    ),
    link.Configure(node=4, preset="", freq_hz=0, conducted_dbm=-9, gain_dbi=-1, loss_db=30),
    link.Transmit(frame=FRAME, klass=0, not_before_ms=30, flags=link.FLAG_FIRST, snr_q=-80),
    link.Transmit(frame=b"", klass=4, not_before_ms=60_000, flags=0, snr_q=127),
    link.Drop(src=0xFFFFFFFE, id=1),
    link.StatusAsk(),
    link.Hello(version=link.LINK_VERSION, role=4, node=0),
    link.Received(frame=b"\0" * 255, rssi=-137, snr_q=-81, at_ms=0xFFFFFFFF),
    link.Transmitted(src=7, id=0, airtime_ms=344),
    link.Refused(src=7, id=9, reason=link.REASON_AIR),
    link.ModemStatus(air_used_ms=36_000, queued=3, dropped=65535, uptime_s=1 << 31, faults=3),
    link.LogLine(text="mulai"),
    link.Ack(seq=65535),
    link.Nack(seq=0, reason=link.REASON_SETTINGS),
)


def line_of(raw):
    """These bytes as a frame with a true CRC."""
    return b"\0" + cobs_encode(raw + struct.pack("<H", crc16(raw))) + b"\0"


def fed(data):
    decoder = Decoder()
    return decoder.feed(data), decoder.errors


def test_the_crc_is_the_published_one():
    assert crc16(b"123456789") == 0x29B1
    assert crc16(b"") == 0xFFFF


def test_cobs_gives_the_published_examples():
    for plain, encoded in (
        ("", "01"),
        ("00", "0101"),
        ("0000", "010101"),
        ("11220033", "0311220233"),
        ("11223344", "0511223344"),
        ("11000000", "0211010101"),
    ):
        assert cobs_encode(bytes.fromhex(plain)) == bytes.fromhex(encoded), plain
        assert cobs_decode(bytes.fromhex(encoded)) == bytes.fromhex(plain), plain


def test_cobs_returns_every_length_around_its_block_size():
    for filler in (b"\0", b"\1", b"\xff"):
        for length in (0, 1, 2, 252, 253, 254, 255, 256, 507, 508, 509, 510, 700):
            for plain in (filler * length, filler * length + b"\0", b"\0" + filler * length):
                encoded = cobs_encode(plain)
                assert 0 not in encoded
                assert cobs_decode(encoded) == plain, (filler, length)


def test_what_no_cobs_encoder_made_is_refused():
    for bad in (b"", b"\0", b"\x02", b"\x05abc", b"\x03a\0", b"\x02a\0"):
        assert cobs_decode(bad) is None, bad


def test_every_message_comes_back_whole():
    for seq in (0, 1, 0x00FF, 0xFFFF):
        for message in EXAMPLES:
            assert fed(encode(seq, message))[0] == [(seq, message)]


def test_every_layout_has_an_example_and_a_code_of_its_side():
    kinds = [type(message) for message in EXAMPLES]
    codes = []
    for code, kind, _, _ in link.LAYOUTS:
        assert kind in kinds
        assert code not in codes
        codes.append(code)


def test_messages_come_back_when_fed_byte_by_byte():
    decoder = Decoder()
    got = []
    for i in range(len(EXAMPLES)):
        for byte in encode(i, EXAMPLES[i]):
            got.extend(decoder.feed(bytes([byte])))
    assert got == [(i, EXAMPLES[i]) for i in range(len(EXAMPLES))]
    assert sum(decoder.errors.values()) == 0


def test_a_torn_frame_costs_only_itself():
    whole = encode(7, link.Ack(3))
    for cut in range(2, len(whole) - 1):
        got, errors = fed(whole[:cut] + encode(8, link.Drop(5, 6)) + whole)
        assert got == [(8, link.Drop(5, 6)), (7, link.Ack(3))], cut
        assert sum(errors.values()) == 1, cut


def test_junk_after_and_before_a_frame_is_one_error():
    frame = encode(1, link.StatusAsk())
    for junk in (b"ets Jun  8 2016 00:22:57\r\n", b"\x01", b"\xff" * 300):
        got, errors = fed(junk + frame + junk)
        assert got == [(1, link.StatusAsk())]
        assert sum(errors.values()) == 1
    assert fed(b"\0" * 50 + frame + b"\0" * 50) == ([(1, link.StatusAsk())], Decoder().errors)


def test_each_fault_is_counted_under_its_name():
    good = bytes([70, 1, 0, 3, 0])
    for name, data in (
        ("cobs", b"\0\x09abc\0"),
        ("short", line_of(b"\x04")),
        ("crc", b"\0" + cobs_encode(good + b"\0\0") + b"\0"),
        ("type", line_of(bytes([99, 1, 0]))),
        ("type", line_of(bytes([0, 1, 0]))),
        ("length", line_of(bytes([70, 1, 0, 3]))),
        ("length", line_of(good + b"\0")),
        ("length", line_of(bytes([69, 1, 0]) + b"a" * (link.TEXT_LIMIT + 1))),
        ("length", line_of(bytes([2, 1, 0]) + b"abcde" + b"f" * 256)),
        ("long", b"\0" + b"\x01" * 5000 + b"\0"),
    ):
        got, errors = fed(data + encode(1, link.Ack(1)))
        assert got == [(1, link.Ack(1))], name
        assert errors[name] == 1 and sum(errors.values()) == 1, (name, errors)
        assert name in link.ERRORS


def test_the_buffer_stays_bounded_without_a_delimiter():
    decoder = Decoder()
    for _ in range(200):
        assert decoder.feed(b"\x41" * 1000) == []
        assert len(decoder._buffer) <= link.BUFFER_LIMIT
    assert decoder.errors["long"] == 1
    assert decoder.feed(encode(2, link.Ack(9))) == [(2, link.Ack(9))]


def test_every_flipped_bit_is_refused():
    for message in (EXAMPLES[0], EXAMPLES[4], EXAMPLES[8]):
        whole = encode(513, message)
        for at in range(1, len(whole) - 1):
            for bit in range(8):
                torn = bytearray(whole)
                torn[at] ^= 1 << bit
                got, errors = fed(torn)
                assert got == [] and sum(errors.values()) >= 1, (message, at, bit)


def test_any_bytes_are_decoded_or_counted():
    byte = random_bytes(1)
    decoder = Decoder()
    for _ in range(2000):
        decoder.feed(bytes([next(byte) % 9 for _ in range(next(byte))]))
        assert len(decoder._buffer) <= link.BUFFER_LIMIT
    assert sum(decoder.errors.values()) > 1000
    for _ in range(300):  # true CRC, any content
        raw = bytes([next(byte) % 80, next(byte), next(byte)] + [next(byte) for _ in range(next(byte) % 40)])
        got, errors = fed(line_of(raw))
        assert len(got) + sum(errors.values()) == 1
        for seq, message in got:
            assert fed(encode(seq, message))[0] == [(seq, message)]


def test_a_log_line_is_cut_and_made_printable():
    got = fed(encode(1, link.LogLine("pintu \u00e9\n" + "x" * 500)))[0]
    text = got[0][1].text
    assert text.startswith("pintu ??x") and len(text) == link.TEXT_LIMIT
    assert fed(line_of(bytes([69, 1, 0, 0xC3, 0x28, 0x41])))[0] == [(1, link.LogLine("?(A"))]


def test_a_value_that_does_not_fit_is_our_own_error():
    for message in (
        link.Transmit(b"x" * 256, 0, 0, 0, 0),
        link.Transmit(b"", 0, 70_000, 0, 0),
        link.Transmit(b"", -1, 0, 0, 0),
        link.Ack(65536),
        link.Ack(1.5),
        link.Ack("1"),
        link.LogLine(5),
        link.Hello(1, 4, -1),
        (1, 2),
        None,
    ):
        raises(LocalError, encode, 1, message)
    raises(LocalError, encode, 65536, link.StatusAsk())
    raises(LocalError, encode, -1, link.StatusAsk())
