# runs: cpython micropython
"""Memory of the (from, id) pairs seen lately: exact, bounded, for years."""

from kentongan_wire.air.seen import SEEN_LIMIT, Seen
from kits.both import random_bytes


def test_a_pair_is_seen_after_it_was_added_and_only_exactly():
    seen = Seen()
    assert not seen.seen(5, 6, 0)
    seen.add(5, 6, 0)
    assert seen.seen(5, 6, 0) and seen.seen(5, 6)
    for src, packet_id in ((6, 5), (5, 7), (0, 0), (0x0500, 0x0600), (6, 0)):
        assert not seen.seen(src, packet_id, 0)


def test_a_pair_is_forgotten_after_ten_minutes_and_renewed_by_adding():
    seen = Seen()
    seen.add(5, 6, 1_000)
    assert seen.seen(5, 6, 600_999)
    assert not seen.seen(5, 6, 601_000)
    seen.add(5, 6, 601_000)
    assert seen.seen(5, 6, 1_200_000)
    assert len(seen) == 1


def test_time_goes_on_for_years():
    seen = Seen()
    year_ms = 365 * 86_400_000
    seen.add(5, 6, 20 * year_ms)
    assert seen.seen(5, 6, 20 * year_ms + 599_000)
    assert not seen.seen(5, 6, 21 * year_ms)


def test_the_oldest_pair_gives_way_and_memory_stays_bounded():
    seen = Seen(limit=4)
    for packet_id in range(1, 11):
        seen.add(9, packet_id, packet_id)
        assert len(seen) == min(packet_id, 4)
    assert [i for i in range(1, 11) if seen.seen(9, i, 20)] == [7, 8, 9, 10]
    seen = Seen()
    for packet_id in range(2 * SEEN_LIMIT):
        seen.add(9, packet_id, 0)
    assert len(seen) == SEEN_LIMIT
    assert not seen.seen(9, SEEN_LIMIT - 1, 0) and seen.seen(9, SEEN_LIMIT, 0)


def test_the_ring_agrees_with_a_plain_table():
    byte = random_bytes(3)
    seen, table = Seen(limit=2000), {}
    for now_s in range(1500):
        src, packet_id = next(byte) % 3 * 0x01010101, next(byte) % 5 * 0x010001
        known = (src, packet_id) in table and now_s - table[(src, packet_id)] < 600
        assert seen.seen(src, packet_id, now_s * 1000) == known
        if next(byte) < 10:
            seen.add(src, packet_id, now_s * 1000)
            table[(src, packet_id)] = now_s
