# runs: cpython micropython
"""The mesh: one frame at a time, alarms first, the law always, and nobody's copy twice."""

import struct

from kentongan_node.base import actions as act
from kentongan_node.base.mix import mix
from kentongan_wire.air import phy
from kentongan_wire.message.messages import NodeStatus
from kits.node.meshkit import NODE, ask, hear, mesh, offer, own, send_all
from kits.node.nodekit import alarm, frame, of, packet_of, receipt

OTHER = 0x52000044
TOMBOL = 0x53000007
PRESET = phy.preset("ShortSlow")
ALARM, ORDER, EVENT, STATUS, REST = 0, 1, 2, 3, 4
WAIT_ALARM_MS = 400
# an alarm's frame takes 91 ms
HELD_MS, TWO_MS, CROWD_MS = 500 + 8 * 91, 500 + 12 * 91, 500 + 32 * 91


def free(core, now_ms, rnd=9):
    """Answer checks with "free" until something else is asked for; the actions."""
    actions = [act.Cad()]
    while of(actions, act.Cad):
        actions = []
        core.cad(False, now_ms, rnd, actions)
    return actions


def test_every_transmission_is_preceded_by_three_channel_checks_that_find_it_free():
    core = mesh()
    core.submit(own(1), STATUS, 0)
    actions = []
    for now_ms in range(0, 400, 5):
        core.tick(now_ms, 9, actions)
    assert actions == [act.Cad()]
    for answer in ([act.Cad()], [act.Cad()], [act.Transmit(own(1))]):
        actions = []
        core.cad(False, 400, 9, actions)
        assert [a for a in actions if not isinstance(a, act.Persist)] == answer
    core.submit(own(2), ALARM, 400, first=True)
    actions = []
    core.tick(410, 9, actions)
    assert actions == []  # one frame at a time


def test_one_busy_check_is_enough_to_wait():
    core = mesh()
    core.submit(own(1), STATUS, 0)
    actions = []
    core.tick(300, 9, actions)
    core.tick(300, 9, actions)
    for busy in (False, False, True):
        actions = []
        core.cad(busy, 300, 9, actions)
    assert actions == [] and core.next_deadline() > 300
    core.tick(900, 9, actions)
    assert actions == [act.Cad()]
    actions = []
    core.cad(False, 900, 9, actions)
    assert actions == [act.Cad()]  # the count begins anew


def test_a_first_alarm_frame_is_checked_for_at_once():
    core = mesh()
    core.submit(own(1), ALARM, 70, first=True)
    actions = []
    core.tick(70, 5, actions)
    assert actions == [act.Cad()]


def test_others_wait_a_random_number_of_slots_the_farthest_hearer_fewer():
    slot_ms = phy.slot_us(PRESET) // 1000
    longest = {}
    for snr_q in (-80, 40):
        waits = set()
        for n in range(200):
            core = mesh()
            core.submit(own(1), STATUS, 0, snr_q=snr_q)
            core.tick(0, mix(n, 77), [])
            waits.add(core.next_deadline() if core.queue.entries and core._state == 0 else 0)
        assert all([w % slot_ms == 0 for w in waits])
        assert max(waits) == 2 * phy.contention_window(snr_q) * slot_ms
        assert min(waits) == 0
        longest[snr_q] = max(waits)
    assert longest[-80] < longest[40]


def test_an_alarm_goes_after_400_ms_on_a_channel_that_is_always_busy():
    core = mesh()
    core.submit(own(1), ALARM, 1_000, first=True)
    out = send_all(core, 1_000, 60_000, busy=True)
    assert len(out) == 1 and 1_000 < out[0][0] <= 1_000 + WAIT_ALARM_MS + 5


def test_where_whole_frames_are_heard_it_waits_1600_ms_longer_and_no_more():
    core = mesh()
    core.submit(own(1), ALARM, 1_000, first=True)
    out = send_all(core, 1_000, 1_200, busy=True)
    for now_ms in range(1_200, 4_000, 100):
        core.channel_used(45, now_ms)
        out += send_all(core, now_ms, now_ms + 100, busy=True)
    assert len(out) == 1 and 1_000 + WAIT_ALARM_MS + 1_400 < out[0][0] <= 1_000 + WAIT_ALARM_MS + 1_705


def test_even_a_status_goes_in_the_end_so_that_a_jammed_node_can_say_so():
    core = mesh()
    core.submit(own(1), STATUS, 0)
    out = send_all(core, 0, 120_000, busy=True)
    assert len(out) == 1 and 60_000 <= out[0][0] <= 60_200
    assert core.meter.jammed(out[0][0])


def test_after_a_busy_check_slots_are_drawn_from_that_frames_end():
    core = mesh()
    core.submit(own(1), STATUS, 0)
    out = []
    core.tick(200, 3, out)
    core.tick(200, 3, out)
    core.cad(True, 204, 3, out)
    assert core.next_deadline() >= 204 + core.airtime_ms(45)
    core.channel_used(45, 240)  # it was heard, and ended sooner than the estimate
    core.tick(240, 3, out)
    assert core.next_deadline() <= 240 + 16 * phy.slot_us(PRESET) // 1000


def test_the_most_urgent_frame_goes_first_and_alarms_have_places_of_their_own():
    core = mesh()
    for n in range(20):
        core.submit(own(100 + n), STATUS, 0)
    assert core.drops == {"status_full": 10}
    for n in range(6):
        assert core.submit(own(200 + n), ALARM, 0)
    assert core.submit(own(300), ORDER, 0)  # an order takes a status's place
    assert core.drops == {"status_full": 11}
    for n in range(20):
        core.submit(own(400 + n), ALARM, 0)
    assert len(core.queue) == 16
    out = [packet_of(f).id for _, f in send_all(core, 2_000, 30_000)]
    assert all([200 <= i < 300 or i >= 400 for i in out[:16]])
    assert sum(core.drops.values()) + len(out) == 47


def test_the_hour_never_holds_more_than_36_seconds_and_half_is_kept_for_alarms():
    core = mesh()
    out = []
    for minute in range(130):
        for n in range(8):
            core.submit(own(minute * 8 + n + 1, 200), STATUS if minute < 60 else ALARM, minute * 60_000)
        out += send_all(core, minute * 60_000, minute * 60_000 + 59_000)
    airtime_ms = core.airtime_ms(200)
    for start in range(0, 130 * 60_000, 60_000):
        spent = airtime_ms * len([t for t, _ in out if start <= t < start + 3_600_000])
        assert spent <= 36_000
    early = airtime_ms * len([t for t, _ in out if t < 3_600_000])
    assert 17_000 < early <= 18_000
    assert core.drops["status_air"] > 0 and core.drops["alarm_air"] > 0


def test_with_little_air_left_an_alarm_goes_by_lot_and_only_when_it_goes_on():
    core, carried = mesh(air_state=struct.pack("<I61H", *([0] * 61 + [25_000]))), 0
    assert not offer(core, alarm(TOMBOL, 10, packet_id=10), 0)
    assert not offer(core, alarm(TOMBOL, 10, packet_id=9), 0), "the same attempt by another way"
    for n in range(1, 13):
        carried += offer(core, alarm(TOMBOL, 10, attempt=n, packet_id=10 + n), n * 2_000)
        assert not offer(core, alarm(OTHER, 10 + n, packet_id=100 + n), n * 2_000), "one of each of many"
        send_all(core, n * 2_000, n * 2_000 + 900)
    assert 5 <= carried <= 11
    assert core.drops == {"alarm_low_air": 26 - carried}


def test_air_is_persisted_at_each_full_second_and_counts_after_a_reset():
    core = mesh()
    kept = []
    for n in range(12):
        core.submit(own(n + 1, 200), ALARM, n * 1_000, first=True)
        actions = []
        core.tick(n * 1_000, 1, actions)
        kept += of(free(core, n * 1_000), act.Persist)
        core.sent(True, n * 1_000 + 300, 1, [])
    used_ms = core.air_used_ms(12_000)
    assert len(kept) == 3  # at the first frame, then for each full second
    again = mesh(air_state=kept[-1].data)
    assert used_ms <= again.air_used_ms(5) <= used_ms + 1_000
    assert again.air_used_ms(62 * 60_000) == 0


def test_an_alarms_copy_that_another_relay_seems_to_have_carried_waits_for_a_receipt_and_then_goes():
    core = mesh()
    heard = alarm(TOMBOL, 10, hop_limit=2)
    offer(core, heard, 0, tag=(TOMBOL, 10))
    for hop_limit, relay_node in ((2, 0x77), (0, 0x44)):  # not as far along, and farther
        hear(core, alarm(TOMBOL, 10, hop_limit=hop_limit, hop_start=2, relay_node=relay_node), 5)
        assert core.queue.entries[0].base_ms == 0
    for now_ms in (10, 20):
        hear(core, alarm(TOMBOL, 10, hop_limit=1, hop_start=2, relay_node=0x44), now_ms)
        assert core.queue.entries[0].base_ms == HELD_MS
    assert not offer(core, heard, 20, tag=(TOMBOL, 10))  # it was queued before: never again
    assert [t >= HELD_MS for t, _ in send_all(core, 20, 5_000)] == [True]
    for attempt in (5, 6):  # two lies, one of them with a key, keep no alarm back for good
        about = {"attempt": attempt, "packet_id": 11 + attempt}
        offer(core, alarm(TOMBOL, 11, hop_limit=2, **about), 6_000, tag=(TOMBOL, 11))
        hear(core, alarm(TOMBOL, 11, hop_limit=1, hop_start=2, relay_node=0x44, **about), 6_010)
        core.doubt_alarm(TOMBOL, 11)
        assert len(core.queue) == attempt - 5


def test_a_status_that_another_relay_carried_is_not_carried_again():
    core = mesh()
    body = NodeStatus(1, 12_000, 30, -80, 20, 3, 5, 100, 7, 1, (0, 1, 0))
    heard = frame(2, 3, OTHER, 5, body, hop_limit=2)
    offer(core, heard, 0, klass=STATUS)
    hear(core, frame(2, 3, OTHER, 5, body, hop_limit=0, hop_start=2), 5)
    assert len(core.queue) == 1
    hear(core, frame(2, 3, OTHER, 5, body, hop_limit=1, hop_start=2), 10)
    assert len(core.queue) == 0 and core.drops == {"status_suppressed": 1}


def test_what_nobody_proved_neither_holds_nor_drops_a_copy():
    """Row 10 of the attacks: no key, or only the channel's."""
    core = mesh()
    offer(core, alarm(TOMBOL, 10, hop_limit=2), 0, tag=(TOMBOL, 10))
    for hop_limit in (0, 1):
        hear(core, alarm(TOMBOL, 10, hop_limit=hop_limit, hop_start=2, relay_node=0x44), 5, proved=False)
    forged = alarm(TOMBOL, 10, attempt=9, packet_id=99, hop_limit=2)
    assert offer(core, forged, 6, tag=(TOMBOL, 10), proved=False)
    assert [(e.id, e.base_ms) for e in core.queue.entries] == [(10, 0), (99, 6)]
    assert core.active_origins(6) == 0  # nor does it make a crowd of the street


def test_frames_that_nobody_proved_cost_their_sender_nothing_and_share_one_purse():
    """Row 6: one house was muted at relays by 45 frames in its name."""
    core, out = mesh(), []
    for n in range(300):
        now_ms = n * 3_000
        offer(core, alarm(TOMBOL, 10 + n, attempt=7, packet_id=1_000 + n, hop_limit=1), now_ms, proved=False)
        out += send_all(core, now_ms, now_ms + 2_900)
    spent = sum([core.airtime_ms(len(f)) for _, f in out])
    assert 2_700 < spent <= 3_000 and core.drops["alarm_unproved"] == 300 - len(out)
    assert offer(core, alarm(TOMBOL, 9, hop_limit=1), 900_000)


def test_the_first_attempts_of_a_newcomer_that_cannot_prove_itself_still_go():
    core, out = mesh(), []
    for n in range(60):
        forged = alarm(TOMBOL, 10 + n, attempt=7, packet_id=1_000 + n, hop_limit=1)
        offer(core, forged, n * 1_000, proved=False)
        out += send_all(core, n * 1_000, n * 1_000 + 900)
    assert not offer(core, alarm(OTHER, 10, attempt=4, packet_id=14, hop_limit=1), 70_000, proved=False)
    assert offer(core, alarm(OTHER, 10, attempt=3, packet_id=13, hop_limit=1), 70_000, proved=False)


def test_a_recorded_alarm_that_is_played_again_is_paid_from_the_common_purse():
    """No key: a stranger replays a house's test presses to use up its share."""
    core, out = mesh(), []
    for n in range(40):
        offer(core, alarm(TOMBOL, 10 + n, hop_limit=1), n * 1_000)
        out += send_all(core, n * 1_000, n * 1_000 + 900)
    spent_ms = sum([core.airtime_ms(len(f)) for _, f in out])
    later_ms = 20 * 60_000
    for n in range(40):
        offer(core, alarm(TOMBOL, 10 + n, hop_limit=1), later_ms + n * 1_000)  # the very same frames: never
    assert send_all(core, later_ms, later_ms + 50_000) == [] and spent_ms > 3_000
    for n in range(40):  # an altered header, sealed anew by who holds the channel's key
        offer(core, alarm(TOMBOL, 10 + n, packet_id=5_000 + n, hop_limit=1), later_ms + n * 1_000)
        assert [e.charge for e in core.queue.entries] in ([0], [])
        send_all(core, later_ms + n * 1_000, later_ms + n * 1_000 + 900)


def test_an_order_is_carried_with_each_of_its_repeats_and_not_when_it_is_played_again():
    core, ids = mesh(), list(range(100, 112))
    body = NodeStatus(1, 12_000, 30, -80, 20, 3, 5, 100, 7, 1, (0, 1, 0))
    purses = []
    for n, packet_id in enumerate(ids):
        offer(core, frame(2, 3, OTHER, 5, body, packet_id=packet_id, hop_limit=2), n * 3_000, klass=STATUS)
        purses += [e.charge for e in core.queue.entries]
        send_all(core, n * 3_000, n * 3_000 + 2_900)
    assert purses == [0xFFFFFFFF - STATUS] * 6 + [0] * 6


def test_nobody_marks_a_frame_as_carried_before_it_comes():
    core = mesh()
    heard = alarm(TOMBOL, 10, hop_limit=2)
    assert offer(core, heard, 0, proved=False)
    assert offer(core, heard, 5, proved=True)


def test_a_copy_of_an_older_attempt_gives_way_to_the_newer_one():
    core = mesh()
    for packet_id, attempt in ((20, 0), (21, 1), (22, 0)):
        heard = alarm(TOMBOL, 10, attempt=attempt, packet_id=packet_id, hop_limit=1)
        assert offer(core, heard, 0, tag=(TOMBOL, 10))
    assert core.drops == {"alarm_repeated": 1}
    assert [e.id for e in core.queue.entries] == [21, 22]


def test_copies_are_held_for_the_receipt_while_two_origins_are_active():
    core = mesh()
    for origin, expected in ((TOMBOL, 0), (OTHER, TWO_MS)):
        hear(core, alarm(origin, 10, hop_limit=1), 1_000)
        offer(core, alarm(origin, 10, hop_limit=1), 1_000)
        assert core.queue.entries[-1].base_ms - 1_000 == expected
    assert core.active_origins(1_000) == 2
    assert core.active_origins(20_000) == 0


def test_in_a_crowd_a_newer_attempts_copy_goes_in_the_turn_of_the_one_that_it_replaces():
    core = mesh()
    hear(core, alarm(OTHER, 10, packet_id=1), 0)
    for attempt in range(4):  # each would be held anew: nothing of that house would come through
        heard = alarm(TOMBOL, 10, attempt=attempt, packet_id=10 + attempt, hop_limit=2)
        hear(core, heard, attempt * 350)
        assert offer(core, heard, attempt * 350, tag=(TOMBOL, 10))
        hear(
            core,
            alarm(
                TOMBOL, 10, attempt=attempt, packet_id=10 + attempt, hop_limit=1, hop_start=2, relay_node=0x44
            ),
            attempt * 350,
        )
    assert [(e.attempt, e.base_ms) for e in core.queue.entries] == [(3, 2 * TWO_MS)]
    assert [packet_of(f).id for _, f in send_all(core, 1_100, 4_000)] == [13]


def test_from_five_alarms_on_a_copy_waits_longer_for_the_gateways_answer():
    for others, held_ms in ((0, 0), (1, TWO_MS), (3, TWO_MS), (4, CROWD_MS), (12, CROWD_MS)):
        core = mesh(known=[TOMBOL] + [OTHER + n for n in range(others)])
        for n in range(others):
            hear(core, alarm(OTHER + n, 10, packet_id=1), 0)
        heard = alarm(TOMBOL, 10, hop_limit=2)
        hear(core, heard, 0)
        offer(core, heard, 0, tag=(TOMBOL, 10))
        assert core.queue.entries[0].base_ms == held_ms


def test_what_could_not_be_carried_does_not_count_as_carried():
    core = mesh()
    assert not offer(core, alarm(TOMBOL, 10, hop_limit=0, hop_start=1), 0)
    assert offer(core, alarm(TOMBOL, 10, hop_limit=1), 5)
    full = mesh()
    for n in range(16):
        full.submit(own(n + 1), ALARM, 0)
    assert not offer(full, alarm(TOMBOL, 11, hop_limit=1), 0)
    send_all(full, 0, 30_000)
    assert offer(full, alarm(TOMBOL, 11, hop_limit=1), 30_000)


def test_our_own_frames_and_nodes_that_do_not_relay_carry_nothing():
    assert not offer(mesh(), alarm(NODE, 10, hop_limit=3), 0)
    assert not offer(mesh(relays=False), alarm(TOMBOL, 10, hop_limit=3), 0)


def test_a_status_is_carried_in_its_own_class():
    core = mesh()
    body = NodeStatus(1, 12_000, 30, -80, 20, 3, 5, 100, 7, 1, (0, 1, 0))
    assert offer(core, frame(2, 3, OTHER, 5, body, hop_limit=2), 0, klass=STATUS)
    assert core.queue.entries[0].klass == STATUS


def test_a_receipt_that_cannot_be_verified_keeps_only_the_first_attempts_back():
    core = mesh()
    for attempt in range(5):
        offer(
            core, alarm(TOMBOL, 10, attempt=attempt, packet_id=30 + attempt, hop_limit=1), 0, tag=(TOMBOL, 10)
        )
        core.doubt_alarm(TOMBOL, 11)
        core.doubt_alarm(OTHER, 10)
        assert len(core.queue) == 1
        core.doubt_alarm(TOMBOL, 10)
        assert len(core.queue) == (0 if attempt <= 2 else 1)


def test_a_receipt_that_a_post_has_verified_keeps_back_more_but_not_all_for_a_stolen_post_can_make_it():
    for attempt in range(8):
        core = mesh()
        offer(
            core, alarm(TOMBOL, 10, attempt=attempt, packet_id=30 + attempt, hop_limit=1), 0, tag=(TOMBOL, 10)
        )
        core.doubt_alarm(TOMBOL, 10, True)
        assert len(core.queue) == (0 if attempt <= 5 else 1)


def test_a_stored_alarm_is_dropped_and_answered_byte_for_byte():
    core = mesh()
    offer(core, alarm(TOMBOL, 10, hop_limit=1), 0, tag=(TOMBOL, 10))
    core.doubt_alarm(TOMBOL, 10)
    assert core.next_deadline() is None and core.drops == {"alarm_doubt": 1}
    stored = receipt(TOMBOL, 10)
    core.answers.keep(stored, [(TOMBOL, 10)])
    assert ask(core, TOMBOL, 10, 5_000)
    assert not ask(core, TOMBOL, 9, 5_000, hops=0)
    assert ask(core, TOMBOL, 10, 5_500, attempt=2)  # held, though too soon to say it again
    assert [f for _, f in send_all(core, 5_000, 9_000)] == [stored]


def test_an_answer_that_had_no_air_is_none_and_a_later_repeat_has_it():
    """Thirty recordings while the hour is used up must not leave the button unanswered after it."""
    core = mesh()
    stored = receipt(TOMBOL, 10)
    core.answers.keep(stored, [(TOMBOL, 10)])
    core.ledger.spend(36_000, 0, [])
    for n in range(40):
        ask(core, TOMBOL, 10, 5_000 + 3_000 * n, hops=0)
        assert send_all(core, 5_000 + 3_000 * n, 7_000 + 3_000 * n) == []
    later_ms = 2 * 3_600_000
    ask(core, TOMBOL, 10, later_ms)
    assert [f for _, f in send_all(core, later_ms, later_ms + 2_000)] == [stored]


def test_an_answer_is_needless_when_another_node_gave_it():
    core = mesh()
    stored = receipt(TOMBOL, 10)
    core.answers.keep(stored, [(TOMBOL, 10)])
    ask(core, TOMBOL, 10, 5_000)
    hear(core, stored, 5_010)
    assert send_all(core, 5_000, 9_000) == []


def test_a_radio_that_fails_is_tried_three_times_and_one_that_is_mute_is_given_up():
    core = mesh()
    core.submit(own(1), ALARM, 0, first=True)
    sends = 0
    for step in range(40):
        now_ms = step * 150
        actions = []
        core.tick(now_ms, step, actions)
        if of(actions, act.Cad):
            sends += len(of(free(core, now_ms, step), act.Transmit))
            assert core.sent(False, now_ms + 90, step, []) is None
    assert sends == 3 and core.drops == {"alarm_radio": 1}
    mute = mesh()
    mute.submit(own(1), ALARM, 0, first=True)
    mute.tick(0, 1, [])
    free(mute, 0)
    mute.submit(own(2), ALARM, 10, first=True)
    actions = []
    mute.tick(mute.next_deadline(), 1, actions)
    assert actions == [act.Cad()] and mute.drops == {"alarm_radio_timeout": 1}


def test_answers_that_nobody_asked_for_change_nothing():
    core = mesh()
    actions = []
    core.cad(False, 0, 1, actions)
    core.cad(True, 0, 1, actions)
    assert core.sent(True, 0, 1, actions) is None
    assert actions == [] and core.next_deadline() is None


def test_frames_that_cannot_be_read_count_as_use_of_the_channel_and_change_nothing_that_waits():
    core = mesh()
    core.submit(own(1), ALARM, 100_000)
    before = core.next_deadline()
    for now_ms in range(0, 60_000, 700):
        core.garbled(255, now_ms)
    assert core.meter.jammed(60_000) and core.next_deadline() == before


def test_a_channel_busy_for_over_half_a_minute_is_jammed_and_busy_time_counts_once():
    core = mesh()
    for now_ms in range(0, 60_000, 1_000):
        core.channel_used(255, now_ms)
    assert not core.meter.jammed(60_000) and 30 < core.meter.share_percent(60_000) <= 50
    for now_ms in range(60_000, 120_000, 300):
        core.channel_used(255, now_ms)
    assert core.meter.jammed(120_000) and core.meter.share_percent(120_000) <= 100
    assert not core.meter.jammed(700_000)
