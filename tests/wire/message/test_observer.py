# runs: cpython micropython
"""Observers with the channel key only, relays and posts: none of them is told what is silent."""

from kentongan_wire.air.packet import BROADCAST
from kentongan_wire.base.errors import RemoteError
from kentongan_wire.keyring import keys, site_keys
from kentongan_wire.message import messages as m
from kentongan_wire.message.verify import carries, open_message
from kits.both import raises

SITE = bytes(range(32))
ALARM_ROOT, CONTROL_ROOT = site_keys.alarm_root(SITE, 0), site_keys.control_root(SITE, 0)
SITE_KEYS = site_keys.SiteKeys({0: ALARM_ROOT}, {0: CONTROL_ROOT}, 0)
BUTTON, POST, RELAY, CHIME, GATE = 0x4B000107, 0x4B000221, 0x4B000331, 0x4B000551, 0x4B000441
A, C, R = (pick(BUTTON, m.TOMBOL, 0) for pick in (SITE_KEYS.a, SITE_KEYS.c, SITE_KEYS.r))
POST_KEYS = keys.PostKeys(POST, {0: (ALARM_ROOT, SITE_KEYS.c(POST, m.SIRENE, 0))}, 0)
RELAY_KEYS = keys.RelayKeys(
    RELAY, m.PENERUS, {0: (keys.relay_root(ALARM_ROOT), SITE_KEYS.c(RELAY, m.PENERUS, 0))}, 0
)
LOUD = (5, m.KIND_MALING, 0)  # zone, kind, flags
SILENT, CANCEL = (5, m.KIND_KEKERASAN, m.FLAG_SILENT), (5, m.KIND_MALING, m.FLAG_CANCEL)
TEST = (5, m.KIND_UJI, 0)
FRAMES = 1_000
ALARM_BYTES = 22
CLEAR = 7  # header and attempt
# One bit of 1,000 frames is set 500 times, give or take 16: five times that, over 480 of them, is no chance.
TOLERANCE = 80


def alarm(what, counter, attempt=0):
    body = m.Alarm(attempt, counter & 0xFFFF, what[0], what[1], what[2], 150)
    return m.encode(m.ALARM, m.TOMBOL, 0, counter, BUTTON, body, A if m.is_loud(*what) else C, R, C)


def bits_set(payloads):
    """Count how often each bit behind the clear bytes is set."""
    counts = [0] * (8 * (ALARM_BYTES - CLEAR))
    for payload in payloads:
        value = int.from_bytes(payload[CLEAR:], "little")
        for i in range(len(counts)):
            counts[i] += value >> i & 1
    return counts


def xored(one, other):
    return bytes([x ^ y for x, y in zip(one, other)])  # noqa: B905 - the same length, and MicroPython


def test_loud_and_quiet_alarms_are_equally_long_and_equal_in_all_that_is_clear():
    for counter in (1, 1234, 0xFFFFFFFF):
        for attempt in (0, 3, 255):
            loud = alarm(LOUD, counter, attempt)
            for quiet in (SILENT, CANCEL, TEST):
                other = alarm(quiet, counter, attempt)
                assert len(other) == len(loud) == ALARM_BYTES
                assert other[:CLEAR] == loud[:CLEAR]


def test_no_bit_behind_the_clear_bytes_leans_to_a_side_in_loud_or_in_quiet_alarms():
    for what in (LOUD, SILENT, TEST):
        counts = bits_set([alarm(what, 1 + i) for i in range(FRAMES)])
        assert max([abs(count - FRAMES // 2) for count in counts]) < TOLERANCE, what


def test_no_two_frames_cancel_out_their_masks():
    """The same key stream twice would give the exclusive or of what two alarms say."""
    streams = set()
    count = 0
    for counter in range(1, 200):
        for what in (LOUD, SILENT):
            clear = m.encode_body(m.ALARM, m.TOMBOL, m.Alarm(0, counter, what[0], what[1], what[2], 150))[1:6]
            streams.add(xored(alarm(what, counter)[CLEAR : CLEAR + 5], clear))
            count += 1
    assert len(streams) == count


def test_repeats_of_an_alarm_look_alike_whether_it_is_loud_or_not():
    for what in (LOUD, SILENT, CANCEL, TEST):
        frames = [alarm(what, 1234, attempt) for attempt in range(20)]
        assert len(set([frame[CLEAR : CLEAR + 5] for frame in frames])) == 1
        for first, end in ((12, 16), (16, 20), (20, 22)):  # proof, tag, carry tag
            assert len(set([frame[first:end] for frame in frames])) == 20


def test_who_relays_carries_both_alike_and_opens_neither():
    for what in (LOUD, SILENT, CANCEL, TEST):
        payload = alarm(what, 1234)
        assert carries(m.parse(payload), BUTTON, BROADCAST, RELAY_KEYS)
        assert raises(RemoteError, open_message, payload, BUTTON, BROADCAST, RELAY_KEYS).reason == "no_key"


def test_a_post_cannot_tell_a_silent_alarm_from_a_cancel_or_a_test():
    for what in (SILENT, CANCEL, TEST):
        error = raises(RemoteError, open_message, alarm(what, 1234), BUTTON, BROADCAST, POST_KEYS)
        assert error.reason == "tag"
    assert open_message(alarm(LOUD, 1234), BUTTON, BROADCAST, POST_KEYS).body.zone == 5


def status(counter, flags, alarm_counter):
    body = m.ButtonStatus(flags, 150, 31, -97, 3, 3, 1, alarm_counter)
    return m.encode(m.STATUS, m.TOMBOL, 0, counter, BUTTON, body, C, R)


def coming(counter, alarm_counter):
    key = SITE_KEYS.c(CHIME, m.PENERIMA, 0)
    body = m.Event(m.EVENT_COMING, 0, BUTTON, alarm_counter)
    return m.encode(m.EVENT, m.PENERIMA, 0, counter, CHIME, body, key, SITE_KEYS.r(CHIME, m.PENERIMA, 0))


def page(counter, kind, flags):
    key = SITE_KEYS.c(CHIME, m.PENERIMA, 0)
    body = m.Page(CHIME, BUTTON, 1234, kind, 12, 5, flags)
    return m.encode(m.PAGE, m.GATEWAY, 0, counter, GATE, body, key, SITE_KEYS.r(GATE, m.GATEWAY, 0))


def test_a_status_does_not_tell_that_its_button_awaits_somebody_and_a_page_not_that_it_is_silent():
    for one, other, clear in (
        (status(9, 0, 0), status(9, 0x0C, 1234), 6),
        (page(9, 1, 0), page(9, m.KIND_KEKERASAN, m.FLAG_SILENT), 10),
        (coming(9, 1234), coming(9, 7), 8),
    ):
        assert len(one) == len(other) and one[:clear] == other[:clear]
        assert one[-6:] != other[-6:]
    # what is said twice is not seen to be the same: to which alarm somebody comes
    for make in (
        lambda n: status(n, 0x0C, 1234)[6:17],
        lambda n: coming(n, 1234)[8:16],
        lambda n: page(n, 1, 0)[10:23],
    ):
        assert len(set([make(n) for n in range(1, 50)])) == 49
