# runs: cpython micropython
"""Each tombol has its share of a relay's hour, in a ring that never grows."""

from kentongan_node.air.shares import LIMIT, SPAN_MS, Shares
from kentongan_node.base.mix import mix
from kentongan_wire.air.phy import preset

ONE, OTHER, THIRD = 0x53000007, 0xFFFFFFF0, 0x54000000


def test_a_tombol_has_three_seconds_of_the_hour_and_six_where_frames_are_long():
    for name, share_ms in (("ShortSlow", 3_000), ("MediumFast", 6_000)):
        shares = Shares(preset(name))
        for n in range(share_ms // 100):
            assert shares.affords(ONE, 100, n)
            shares.charge(ONE, 100, n)
        assert not shares.affords(ONE, 1, 1_000)
        assert shares.affords(OTHER, share_ms, 1_000)


def test_what_was_spent_counts_for_an_hour_also_when_the_spans_begin_anew():
    for start_ms in (0, 0xFFFF * SPAN_MS):
        shares = Shares(preset("ShortSlow"))
        shares.charge(ONE, 2_000, start_ms)
        assert shares.used_ms(ONE, start_ms + 15 * SPAN_MS) == 2_000
        assert shares.used_ms(ONE, start_ms + 16 * SPAN_MS) == 0


def test_a_full_ring_forgets_the_oldest_and_keeps_its_size():
    shares = Shares(preset("ShortSlow"))
    shares.charge(ONE, 90, 0)
    for n in range(LIMIT - 1):
        shares.charge(THIRD + n, 1, n)
    assert shares.used_ms(ONE, 500) == 90
    shares.charge(THIRD + LIMIT, 1, 500)
    assert shares.used_ms(ONE, 500) == 0
    some = LIMIT + LIMIT // 8  # each of them is looked for in the whole ring
    for n in range(some):
        shares.charge(THIRD + n, 1, 2 * SPAN_MS)
    assert len([n for n in range(some) if shares.used_ms(THIRD + n, 2 * SPAN_MS)]) == LIMIT


def test_the_purses_that_all_share_remember_what_they_paid_whoever_presses():
    """A drill of forty houses in eight minutes pushed out what recordings had taken: they began anew."""
    shares = Shares(preset("ShortSlow"))
    for purse in (0, 4, 5, 0xFFFFFFFE):
        shares.charge(purse, 900, 0)
    for n in range(3 * LIMIT):
        shares.charge(THIRD + n, 100, n)
    assert [shares.used_ms(purse, 500) for purse in (0, 4, 5, 0xFFFFFFFE)] == [900] * 4
    assert len([n for n in range(3 * LIMIT) if shares.used_ms(THIRD + n, 500)]) == LIMIT


def test_the_purses_that_all_share_take_no_senders_place_and_forget_nothing_themselves():
    """Nine of them filled every entry within an hour: a button's own share began anew in every span."""
    shares, purses = Shares(preset("ShortSlow")), tuple(range(8)) + tuple([0xFFFFFFF8 + n for n in range(8)])
    for n in range(16):
        now_ms = n * SPAN_MS
        for purse in purses:
            shares.charge(purse, 10, now_ms)
        if n % 4 == 0:
            shares.charge(ONE, 700, now_ms)
        shares.charge(THIRD + n, 90, now_ms)
    assert [shares.used_ms(purse, now_ms) for purse in purses] == [160] * 16
    assert shares.used_ms(ONE, now_ms) == 2_800 and not shares.affords(ONE, 300, now_ms)
    assert [shares.used_ms(purse, 31 * SPAN_MS) for purse in purses] == [0] * 16


def test_frames_of_four_minutes_share_an_entry():
    shares = Shares(preset("ShortSlow"))
    for n in range(3 * LIMIT):
        shares.charge((ONE, OTHER)[n % 2], 2, 10 * n)
    assert shares.used_ms(ONE, 10_000) == shares.used_ms(OTHER, 10_000) == 3 * LIMIT
    assert shares.used_ms(ONE, 17 * SPAN_MS) == 0


def test_beyond_the_purses_there_is_room_every_half_minute_at_moments_that_nobody_can_foresee():
    shares, gaps, last_ms = Shares(preset("ShortSlow")), [], 0
    for now_ms in range(0, 10 * 3_600_000, 500):
        if shares.allow(now_ms, mix(7, now_ms), 0, 60_000):
            gaps.append(now_ms - last_ms)
            last_ms = now_ms
    assert 25_000 < sum(gaps) // len(gaps) < 35_000
    assert min(gaps[1:]) < 2_000 and max(gaps) > 55_000
