"""Send times of a stock radio, against the delays measured on firmware 2.7.26 (wire-format section 2)."""

from kentongan_node.base.actions import Cad, Transmit
from kentongan_sim.stock.send_queue import DEFAULT, QUEUE_MAX, RELIABLE, StockQueue, Waiting
from kentongan_wire.air.phy import contention_window, preset, slot_us

PRESET = preset("MediumFast")
SLOT_MS = 12  # measured on MediumFast
FRAME = bytes(45)
DRAWS = 3_000


def relay(number=1, snr_q=0, want_ack=False):
    return Waiting(7, number, FRAME, RELIABLE if want_ack else DEFAULT, True, snr_q)


def own(number=1, want_ack=False):
    return Waiting(1, number, FRAME, RELIABLE if want_ack else DEFAULT, False, 0)


def slots_drawn(role, packet, draws=DRAWS, heard=0):
    """The delays of one packet in slots, over many draws; `heard` frames took the channel before."""
    out = set()
    for rnd in range(draws):
        queue = StockQueue(PRESET, role)
        for _ in range(heard):
            queue.used(FRAME, 0)
        queue.add(packet, 0, rnd)
        delay_ms = queue.next_deadline()
        assert delay_ms == 1 or delay_ms % SLOT_MS == 0
        out.add(delay_ms // SLOT_MS)
    return out


def test_the_slot_is_the_measured_one():
    assert slot_us(PRESET) == SLOT_MS * 1000


def test_a_router_draws_from_twice_its_window_for_every_strength():
    for snr_db in range(-20, 11, 5):
        window = contention_window(snr_db * 4)
        assert slots_drawn("ROUTER", relay(snr_q=snr_db * 4), 500) == set(range(2 * window))


def test_a_client_draws_after_every_router_from_two_to_the_power_of_its_window():
    for snr_db, window in ((-20, 3), (-14, 4), (-8, 5), (-2, 6), (4, 7), (10, 8)):
        assert slots_drawn("CLIENT", relay(snr_q=snr_db * 4)) == set(range(16, 16 + 2**window))


def test_own_packets_wait_longer_on_a_busy_channel():
    assert slots_drawn("CLIENT", own(), 300) == set(range(8))
    busy = 60_000 // StockQueue(PRESET, "CLIENT").airtime_ms(FRAME)
    assert slots_drawn("CLIENT", own(), 300, heard=busy // 4) == set(range(16))
    assert slots_drawn("ROUTER", own(), heard=2 * busy) == set(range(256))


def test_the_channel_is_quiet_again_a_minute_later():
    queue = StockQueue(PRESET, "CLIENT")
    for _ in range(300):
        queue.used(FRAME, 0)
    assert queue.own_window(59_999) > queue.own_window(60_000) == 3


def test_the_wait_for_an_acknowledgement_is_the_firmwares():
    queue = StockQueue(PRESET, "CLIENT")
    assert queue.retry_ms(FRAME, 0) == 2 * queue.airtime_ms(FRAME) + (8 + 16 + 32) * SLOT_MS + 4_500
    slow = StockQueue(preset("LongFast"), "CLIENT")
    assert 7_000 <= slow.retry_ms(FRAME, 0) <= 8_000  # "about 7 s"


def test_what_wants_an_acknowledgement_goes_first_then_relays_and_each_kind_in_its_order():
    queue = StockQueue(PRESET, "ROUTER")
    for packet in (own(1), relay(2), own(3), relay(4), own(5, True), relay(6, want_ack=True), own(7, True)):
        queue.add(packet, 0, 5)
    assert [waiting.id for waiting in queue.waiting] == [6, 5, 7, 2, 4, 1, 3]


def test_one_timer_serves_the_whole_queue_and_is_drawn_anew_after_each_packet():
    queue = StockQueue(PRESET, "CLIENT")
    queue.add(relay(1, 40), 0, 5)
    first_ms = queue.next_deadline()
    queue.add(relay(2, -80), 10, 5)
    assert queue.next_deadline() == first_ms
    assert queue.tick(first_ms - 1, 1) == [] and queue.tick(first_ms, 1) == [Cad()]
    assert queue.cad(False, first_ms, 1) == [Transmit(FRAME)]
    queue.sent(first_ms + 170, 1)
    assert queue.next_deadline() >= first_ms + 170 + 16 * SLOT_MS


def test_a_taken_channel_draws_the_same_kind_of_delay_again():
    for rnd in range(50):
        queue = StockQueue(PRESET, "CLIENT")
        queue.add(relay(1, 40), 0, rnd)
        now_ms = queue.next_deadline()
        queue.tick(now_ms, rnd)
        assert queue.cad(True, now_ms, rnd + 1) == []
        assert 16 * SLOT_MS <= queue.next_deadline() - now_ms < (16 + 256) * SLOT_MS


def test_a_timer_that_ends_during_a_transmission_waits_on():
    queue = StockQueue(PRESET, "ROUTER")
    queue.add(relay(1), 0, 1)
    now_ms = queue.next_deadline()
    queue.tick(now_ms, 1)
    queue.cad(False, now_ms, 1)
    queue.add(relay(2), now_ms, 1)
    assert queue.tick(queue.next_deadline(), 1) == []
    assert queue.next_deadline() > now_ms and queue.has(7, 2)


def test_sixteen_wait_and_another_finds_no_place_but_one_that_counts_more():
    queue = StockQueue(PRESET, "CLIENT")
    assert all(queue.add(relay(number), 0, 1) for number in range(QUEUE_MAX)) and not queue.free()
    assert not queue.add(own(50), 0, 1) and not queue.add(relay(51), 0, 1)
    assert queue.add(own(52, True), 0, 1)
    assert [waiting.id for waiting in queue.waiting] == [52, *range(QUEUE_MAX - 1)]


def test_each_frame_heard_draws_the_delay_anew():
    queue = StockQueue(PRESET, "CLIENT")
    queue.add(relay(1, 40), 0, 1)
    queue.heard(5_000, 1)
    assert queue.next_deadline() >= 5_000 + 16 * SLOT_MS


def test_a_cancelled_packet_leaves_a_timer_that_ends_in_nothing():
    queue = StockQueue(PRESET, "CLIENT")
    queue.add(relay(1), 0, 1)
    assert queue.cancel(7, 1) and not queue.cancel(7, 1)
    assert queue.tick(queue.next_deadline(), 1) == [] and queue.next_deadline() is None
