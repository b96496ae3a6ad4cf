# runs: cpython micropython
"""What a node remembers of the flood, what it carries on, and how urgent that is."""
from both import random_bytes
from kentongan_wire import flood, messages
from kentongan_wire.flood import Seen, class_of, class_of_data, hops_taken, may_relay
from kentongan_wire.packet import BROADCAST, PORT_ALERT, PORT_PRIVATE, PORT_TEXT, Data, Packet

PAYLOAD = b"\x11\x11" + bytes(20)


def packet(to=BROADCAST, hop_limit=2, hop_start=3):
    return Packet(to, 77, 1, hop_limit, 0, 0, hop_start, 0, 0, 77, b"")


def ours(payload=PAYLOAD, portnum=PORT_PRIVATE, bitfield=0):
    return Data(portnum, payload, bitfield)


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
    for packet_id in range(2 * flood.SEEN_LIMIT):
        seen.add(9, packet_id, 0)
    assert len(seen) == flood.SEEN_LIMIT
    assert not seen.seen(9, flood.SEEN_LIMIT - 1, 0) and seen.seen(9, flood.SEEN_LIMIT, 0)


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


def test_only_our_own_broadcasts_with_hops_left_are_carried():
    assert may_relay(packet(), ours())
    assert may_relay(packet(hop_limit=1, hop_start=7), ours())
    assert may_relay(packet(), ours(bitfield=None))
    assert may_relay(packet(), ours(b"\x1f" + PAYLOAD[1:]))  # a type of the future
    assert may_relay(packet(), ours(PAYLOAD[: messages.PAYLOAD_MIN]))
    for other in (
        (packet(hop_limit=0), ours()),
        (packet(to=78), ours()),
        (packet(), ours(portnum=PORT_TEXT)),
        (packet(), ours(portnum=3)),
        (packet(), ours(b"\x21" + PAYLOAD[1:])),
        (packet(), ours(b"\x01" + PAYLOAD[1:])),
        (packet(), ours(PAYLOAD[: messages.PAYLOAD_MIN - 1])),
        (packet(), ours(b"")),
    ):
        assert not may_relay(*other), other


def test_text_for_phones_is_carried_last():
    text = ours(b"KEBAKARAN RT 05", PORT_ALERT)
    assert may_relay(packet(), text)
    assert class_of_data(text) == flood.CLASS_REST


def test_classes_put_alarms_and_receipts_first():
    order = (
        (messages.ALARM, messages.RECEIPTS), (messages.SIREN_ORDER, messages.PAGE),
        (messages.EVENT, messages.SIREN_REPORT), (messages.STATUS,), (messages.CONFIG, 0, 5, 15, 99),
    )
    for klass in range(len(order)):
        for message_type in order[klass]:
            assert class_of(message_type) == klass, message_type
    assert len(flood.CLASS_NAMES) == len(order)
    for message_type in messages.TYPE_NAMES:
        data = ours(bytes([0x10 | message_type]) + PAYLOAD)
        assert class_of_data(data) == class_of(message_type)


def test_hops_are_what_the_origin_had_and_the_packet_has_not():
    assert hops_taken(packet(hop_limit=3, hop_start=3)) == 0
    assert hops_taken(packet(hop_limit=0, hop_start=7)) == 7
