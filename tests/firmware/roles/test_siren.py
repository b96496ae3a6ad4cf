# runs: cpython micropython
"""Sirene: sounds at once for what is true, and for nothing else."""

from kentongan_node.base import actions as act
from kentongan_node.base.mix import mix
from kentongan_wire.message import messages as m
from kits.node.nodekit import CHANNEL, GATEWAY, alarm, frame, key_a, key_c, key_r, of, packet_of
from kits.node.sirenkit import OTHER_POST, SECOND, TOMBOL, Post, configure, next_id, order, pressed, receipt

# -- direct sounding --------------------------------------------------------------------------------


def test_a_valid_alarm_sounds_before_anything_else_in_the_same_call():
    post = Post()
    actions = post.core.receive(pressed(kind=1), -90, 20, post.now_ms, 1)
    assert isinstance(actions[0], act.Sound)
    assert actions[0].pattern == "maling"
    assert actions[0].total_ms == 180 * SECOND
    persisted = [a.name for a in of(actions, act.Persist)]
    assert "guard" in persisted and "siren" in persisted


def test_every_kind_sounds_its_code_and_unknown_kinds_sound_titir():
    for kind, name in (
        (0, "titir"),
        (1, "maling"),
        (2, "kebakaran"),
        (3, "bencana"),
        (7, "medis"),
        (9, "titir"),
        (14, "titir"),
    ):
        post = Post()
        post.hear(pressed(kind=kind))
        assert post.patterns() == [name]


def test_it_stops_by_itself_after_180_seconds():
    post = Post()
    post.hear(pressed())
    post.wait(179 * SECOND)
    assert post.loud()
    post.wait(1_500)
    assert not post.loud()


def test_repeats_of_one_press_sound_once():
    post = Post()
    for attempt in range(12):
        post.hear(pressed(attempt=attempt))
        post.wait(30 * SECOND)
    assert len(post.sounds()) == 1


def test_another_press_with_another_kind_changes_the_pattern_and_not_the_end():
    post = Post()
    post.hear(pressed(10))
    post.wait(60 * SECOND)
    post.hear(pressed(14, incident=10, kind=2))
    assert post.patterns() == ["titir", "kebakaran"]
    assert post.sounds()[1].total_ms <= 121 * SECOND


def test_one_incident_sounds_at_most_three_times():
    post = Post()
    for n in range(6):
        post.hear(pressed(10 + n, incident=10))
        post.wait(200 * SECOND)
    assert len(post.sounds()) == 3


def test_from_the_fourth_incident_of_one_button_in_half_an_hour_only_an_order_sounds():
    post = Post()
    for n in range(5):
        post.hear(pressed(10 + n))
        post.wait(200 * SECOND)
    assert len(post.sounds()) == 3
    assert post.core.counters["too_many"] == 2
    post.hear(pressed(50, src=TOMBOL + 1))
    assert len(post.sounds()) == 4
    post.wait(200 * SECOND)
    post.hear(order(m.ACTION_START, counter=14))
    assert len(post.sounds()) == 5
    post.wait(1_800 * SECOND)
    post.hear(pressed(60))
    assert len(post.sounds()) == 6


def test_only_zones_and_kinds_of_its_table_sound_but_a_sick_person_always():
    post = Post(table=[[5, 1 << m.KIND_KEBAKARAN], [6, 0xFFFF]])
    for zone, kind, loud in ((5, 1, False), (5, 2, True), (6, 1, True), (7, 2, False), (7, 7, True)):
        before = len(post.sounds())
        post.hear(pressed(next_id(), src=TOMBOL + zone * 16 + kind, zone=zone, kind=kind))
        assert (len(post.sounds()) > before) == loud


def test_nothing_ever_sounds_on_zone_zero():
    post = Post()
    post.hear(pressed(zone=0))
    post.hear(pressed(zone=0, kind=m.KIND_MEDIS, src=TOMBOL + 1))
    post.hear(receipt(counter=3, zone=0, src=TOMBOL + 2))
    assert post.sounds() == []


def test_the_test_kind_and_violence_never_sound_from_anybody():
    post = Post()
    post.hear(pressed(kind=m.KIND_UJI))
    post.hear(pressed(20, kind=m.KIND_KEKERASAN))
    post.hear(pressed(30, flags=m.FLAG_SILENT))
    body = m.Alarm(0, 9, 5, m.KIND_UJI, 0, 0)
    post.hear(frame(m.ALARM, m.SIRENE, OTHER_POST, 9, body))
    for kind in (m.KIND_KEKERASAN, m.KIND_UJI):
        post.hear(receipt(counter=40 + kind, kind=kind))
        post.hear(order(m.ACTION_START, counter=60 + kind, pattern=kind))
    post.wait(20 * SECOND)
    assert post.sounds() == []
    assert post.reports() == []


def test_a_silent_alarm_is_only_an_anonymous_count_and_is_carried_on():
    post = Post()
    post.hear(pressed(kind=8, flags=1, key=key_c(TOMBOL, m.TOMBOL)))
    post.wait(SECOND)
    assert post.core.counters == {"tag": 1}
    assert post.sounds() == [] and of(post.all, act.Note) == []
    assert len([f for f in post.frames() if packet_of(f).src == TOMBOL]) == 1


# -- what must not sound ----------------------------------------------------------------------------


def test_forged_foreign_revoked_and_altered_frames_never_sound_and_are_counted():
    good = pressed()
    cases = (
        ("tag", pressed(key=bytes(32))),
        ("tag", pressed(key=key_a(TOMBOL + 1, m.TOMBOL))),
        ("tag", pressed(key=key_a(TOMBOL, m.PENERIMA))),
        ("role", good[:16] + CHANNEL.crypt(TOMBOL, packet_of(good).id, _with_role(good, m.PENERUS))),
        ("revoked", pressed(src=TOMBOL + 9)),
        ("generation", good[:16] + CHANNEL.crypt(TOMBOL, packet_of(good).id, _with_role(good, m.TOMBOL, 3))),
        ("channel", good[:13] + bytes((good[13] ^ 1,)) + good[14:]),
        ("short", good[:10]),
    )
    for reason, bad in cases:
        post = Post(revoked=[TOMBOL + 9])
        post.hear(bad)
        post.wait(10 * SECOND)
        assert post.sounds() == [], reason
        assert post.core.counters == {reason: 1}


def _with_role(good, role, generation=0):
    """The plain Data of an alarm with another role and generation byte in its payload."""
    packet = packet_of(good)
    plain = bytearray(CHANNEL.crypt(packet.src, packet.id, packet.body))
    at = bytes(plain).find(bytes((m.VERSION << 4 | m.ALARM, m.TOMBOL << 4)))
    plain[at + 1] = role << 4 | generation
    return bytes(plain)


def test_no_single_flipped_bit_of_an_alarm_sounds_unless_only_hops_or_the_relay_changed():
    good = pressed()
    for at in range(len(good)):
        for bit in range(8):
            post = Post()
            post.hear(good[:at] + bytes((good[at] ^ 1 << bit,)) + good[at + 1 :])
            # 12: flags, 14: next_hop, 15: relay_node; at the end the carry tag, for relays, and the bitfield
            assert not post.sounds() or at in (12, 14, 15) or at >= len(good) - 4


def test_a_replayed_older_counter_and_an_altered_equal_one_never_sound():
    post = Post()
    post.hear(pressed(10))
    post.key("hush")
    sounds = len(post.sounds())
    post.hear(pressed(9))
    post.hear(pressed(10, kind=2))
    assert len(post.sounds()) == sounds
    assert post.core.counters["replay"] == 1 and post.core.counters["altered"] == 1


def test_a_replay_after_a_power_cut_is_still_known():
    post = Post()
    old = pressed(10)
    post.hear(old)
    post.wait(200 * SECOND)
    again = Post(state=post.state)
    again.hear(old)
    again.hear(pressed(9))
    assert again.sounds() == []


def test_receipts_and_orders_that_are_not_the_gateways_own_for_us_never_sound():
    post = Post()
    forged = m.receipt_entry(GATEWAY, TOMBOL, 25, 2, 0, 5, 0, key_c(TOMBOL, m.TOMBOL))
    for bad in (
        receipt(counter=21, stage=1, sender=OTHER_POST, role=m.SIRENE),
        receipt(counter=22, stage=3),
        order(m.ACTION_START, counter=23, target=OTHER_POST),
        order(m.ACTION_START, counter=24, key=key_c(OTHER_POST, m.SIRENE)),
        frame(m.RECEIPTS, m.GATEWAY, GATEWAY, 7, m.Receipts((forged,)), key_a(GATEWAY, m.SIRENE)),
    ):
        post.hear(bad)
    post.wait(SECOND)
    assert post.sounds() == []
    assert post.core.counters == {"not_for_us": 1, "tag": 2}


def test_a_post_that_calls_its_receipt_stage_two_is_refused():
    good = receipt(counter=25, sender=OTHER_POST)
    payload = bytearray(CHANNEL.open(packet_of(good)).payload)
    payload[1] = m.SIRENE << 4
    unsigned = bytes(payload[: -m.END_BYTES])
    unsigned += m.outer_tag(key_c(OTHER_POST, m.SIRENE), OTHER_POST, 0xFFFFFFFF, unsigned)
    carry = m.carry_tag(key_r(OTHER_POST, m.SIRENE), OTHER_POST, 0xFFFFFFFF, unsigned)
    post = Post()
    post.hear(CHANNEL.seal(OTHER_POST, 99, 0, unsigned + carry))
    assert post.sounds() == []
    assert post.core.counters == {"stage": 1}


def test_an_alarm_that_was_beaten_by_receipt_or_order_is_no_new_one_when_its_frame_is_played_later():
    """A post that missed the frames themselves: whoever recorded one plays it when the siren has ended."""
    for word in (receipt(counter=20, kind=m.KIND_MALING), order(m.ACTION_START, counter=20)):
        post = Post()
        post.hear(word)
        assert len(post.sounds()) == 1
        for later_ms in (250 * SECOND, 1_200 * SECOND):
            post.wait(later_ms)
            post.hear(pressed(20))
            assert len(post.sounds()) == 1, later_ms
        post.hear(pressed(21))
        assert len(post.sounds()) == 2, "the next press is a new one"
        again = Post(state=post.state)
        again.hear(pressed(20))
        assert again.core.counters.get("replay"), "nor after a power cut"


def test_a_replayed_receipt_and_a_replayed_order_do_not_sound_again():
    post = Post()
    stored_alarm, start = receipt(counter=20), order(m.ACTION_START, counter=30, origin=TOMBOL + 1)
    for f in (stored_alarm, start):
        post.hear(f)
        post.key("hush")
    sounds = len(post.sounds())
    assert sounds == 2
    for f in (stored_alarm, start, stored_alarm, start):
        post.wait(3 * SECOND)
        post.hear(f)
    assert len(post.sounds()) == sounds


# -- counters lost ----------------------------------------------------------------------------------


def test_with_the_counters_lost_an_unknown_counter_does_not_sound_for_ten_minutes_unless_ordered():
    post = Post(state={})
    assert post.core.status_flags() & m.STATUS_COUNTERS_LOST
    post.hear(pressed(10))
    post.hear(pressed(11, incident=10))
    post.hear(receipt(counter=20, src=TOMBOL + 1))
    assert post.sounds() == []
    post.hear(order(m.ACTION_START, counter=11))
    assert len(post.sounds()) == 1
    post.wait(601 * SECOND)
    post.hear(pressed(30, src=TOMBOL + 2))
    assert len(post.sounds()) == 2


def test_a_torn_counter_file_counts_as_lost():
    post = Post(state={"guard": b"torn"})
    assert post.core.counters_lost
    post.hear(pressed())
    assert post.sounds() == []


def test_the_gateways_counter_table_ends_the_waiting():
    post = Post(state={})
    configure(post, counters=[(TOMBOL, 0, 0, 9)])
    assert not post.core.status_flags() & m.STATUS_COUNTERS_LOST
    post.hear(pressed(9))
    assert post.sounds() == []
    post.hear(pressed(10))
    assert len(post.sounds()) == 1


def test_with_the_counters_lost_no_order_from_before_the_last_settings_is_obeyed():
    before, recorded = Post(), order(m.ACTION_START)
    configure(before, counters=[(TOMBOL, 0, 0, 9)])
    later = order(m.ACTION_START)
    for state in ({}, {"guard": b"torn"}, {"guard": Post().core.guard.dump(), "stale": b"1"}):
        post = Post(state=dict(state, config=before.state["config"]))
        post.hear(recorded)
        assert post.sounds() == [] and post.core.counters["replay"] == 1
        assert post.core.last_control >= before.core.kept.floor[2]
        post.hear(later)
        assert post.loud()


def test_with_the_counters_there_an_order_that_the_settings_have_overtaken_is_obeyed_after_a_restart():
    before, on_its_way = Post(), order(m.ACTION_START)
    configure(before, counters=[(TOMBOL + 1, 0, 0, 9)])
    post = Post("reset", dict(before.state))
    post.hear(on_its_way)
    assert post.loud()


def test_with_the_counters_lost_no_recorded_order_makes_a_press_in_earnest_a_drill_or_stops_it():
    begin = order(m.ACTION_DRILL, 70, 0, 5, 1_800)
    for state in ({}, {"guard": Post().core.guard.dump(), "stale": b"1"}):
        post = Post(state=state)
        post.hear(begin)
        post.hear(order(m.ACTION_STOP, counter=40))
        post.wait(601 * SECOND)
        post.hear(pressed(50))
        told = [state for state, _ in post.reports()]
        assert post.patterns() == ["titir"] and m.STATE_NO_DRILL in told and m.STATE_DRILL not in told
        post.hear(order(m.ACTION_STOP, counter=45))  # recorded as well
        assert post.loud()


def test_a_new_post_sounds_from_the_first_minute():
    post = Post()
    assert not post.core.counters_lost
    post.hear(pressed())
    assert post.loud()


# -- anything at all --------------------------------------------------------------------------------


def surprise(post, rnd):
    """One event of any kind; True when it may make the siren sound."""
    what, n = mix(rnd, 1) % 16, mix(rnd, 2)
    src, counter = TOMBOL + n % 5, 1 + (n >> 8) % 40
    forged = bytes(32) if n & 0x10000 else None
    if what < 4:
        post.hear(
            pressed(
                counter,
                src=src,
                kind=(n >> 4) % 10,
                attempt=n % 9,
                key=forged,
                flags=(0, 0, 0, 1, 4)[(n >> 20) % 5],
            )
        )
        return forged is None
    if what < 6:
        post.hear(receipt(counter, src, stage=1 + n % 5, kind=(n >> 4) % 10))
        return True
    if what < 8:
        post.hear(order(1 + n % 3, counter, src, pattern=(n >> 4) % 10, key=forged))
        return forged is None
    if what < 10:
        post.key(("hush", "test", "lid", "main")[n % 4], bool(n & 0x100))
        return n % 4 < 2
    if what == 10:
        post.hear(bytes([mix(n, i) & 0xFF for i in range(n % 90)]))
    elif what == 11:
        post.take(post.core.sense(("siren", "mains", "battery")[n % 3], n & 1, post.now_ms, n))
    elif what == 12:
        post.take(post.core.sent(bool(n & 1), post.now_ms, n))
    elif what == 13:
        post.take(post.core.cad(bool(n & 1), post.now_ms, n))
    else:
        post.wait(n % 60_000)
        return True  # an older incident may take its turn again
    return False


def test_no_order_of_events_breaks_a_promise():
    for seed in range(10):
        post = Post(sensor=bool(seed & 1))
        for step in range(120):
            rnd = mix(seed * 1_000 + 3, step)
            before = len(post.sounds())
            may = surprise(post, rnd)
            assert may or len(post.sounds()) == before
            for sound in post.sounds()[before:]:
                assert sound.steps and 0 < sound.total_ms <= 180 * SECOND
                assert sound.pattern != "diam"
            assert len(post.core.soundings.records) <= 16
            assert len(post.core.reports.waiting) <= 8
            post.wait(mix(rnd, 3) % 2_000)
            deadline = post.core.next_deadline()
            assert deadline is None or deadline >= post.now_ms - 200
        post.wait(400 * SECOND)
        assert not post.loud()


def test_garbage_and_forgeries_alone_never_sound():
    for seed in range(4):
        post = Post()
        for step in range(80):
            rnd = mix(seed + 77, step)
            good = (pressed(kind=rnd % 8), receipt(), order(m.ACTION_START), alarm(TOMBOL, 10))[rnd % 4]
            # the end is not for us: bit field, and the tags of an order, which others judge
            at = 16 + mix(rnd, 1) % (len(good) - 24 - 16)
            post.hear(good[:at] + bytes((good[at] ^ 1 << rnd % 8,)) + good[at + 1 :])
            post.hear(bytes([mix(rnd, i) & 0xFF for i in range(rnd % 60)]))
            post.wait(100)
        assert post.sounds() == []
