# runs: cpython micropython
"""Sirene: sounds at once for what is true, for nothing else, and says truthfully what it did."""
from kentongan_node import actions as act
from kentongan_node.mix import mix
from kentongan_node.siren import Sirene, new_post_state
from kentongan_wire import config, verify
from kentongan_wire import messages as m
from kentongan_wire.keys import SiteKeys
from nodekit import (
    ALARM_ROOT,
    CHANNEL,
    CONTROL_ROOT,
    GATEWAY,
    Shell,
    alarm,
    frame,
    key_a,
    key_c,
    of,
    packet_of,
    settings,
)

NODE = 0x52000021
OTHER_POST = 0x52000022
TOMBOL = 0x53000007
SITE = SiteKeys({0: ALARM_ROOT}, {0: CONTROL_ROOT}, 0)
SECOND = 1_000
_ids = [9_000]


def next_id():
    _ids[0] += 1
    return _ids[0]


class Post(Shell):
    """A post with its siren: keeps what sounds now, and can feed its sensor."""

    def __init__(self, cause="power", state=None, sensor=False, **changes):
        self.core = Sirene(settings("sirene", NODE, has_sense=sensor, **changes),
                           new_post_state() if state is None else state)
        self.now_ms, self.sent, self.all, self.busy, self.calls = 350, [], [], False, 0
        self.sensor, self.broken = sensor, False
        self.state = dict(state or {})
        self.take(self.core.start(act.Boot(cause, "", False), self.now_ms, self.rnd()))

    def take(self, actions):
        super().take(actions)
        for action in actions:
            if self.sensor and not self.broken and isinstance(action, (act.Sound, act.Quiet)):
                on = 1 if isinstance(action, act.Sound) else 0
                super().take(self.core.sense("siren", on, self.now_ms + 20, self.rnd()))

    def key(self, key, down=True):
        self.take(self.core.key(key, down, self.now_ms, self.rnd()))

    def sounds(self):
        return of(self.all, act.Sound)

    def patterns(self):
        return [sound.pattern for sound in self.sounds()]

    def loud(self):
        """Whether the output is on: the last Sound was neither ended nor stopped."""
        last = [a for a in self.all if isinstance(a, (act.Sound, act.Quiet))]
        return bool(last) and isinstance(last[-1], act.Sound)

    def messages(self, kind):
        out = []
        for f in self.frames():
            packet = packet_of(f)
            if packet.src == NODE:
                message = verify.open_message(CHANNEL.open(packet).payload, NODE, packet.to, SITE)
                if message.type == kind:
                    out.append(message)
        return out

    def reports(self):
        return [(r.body.state, r.body.source) for r in self.messages(m.SIREN_REPORT)]

    def stage1(self):
        return [r.body.entries[0] for r in self.messages(m.RECEIPTS)]


def pressed(counter=10, src=TOMBOL, incident=None, kind=0, zone=5, flags=0, attempt=0, key=None, hop_limit=1):
    body = m.Alarm(attempt, counter & 0xFFFF if incident is None else incident, zone, kind, flags, 150, 0)
    return frame(m.ALARM, m.TOMBOL, src, counter, body, key, next_id(), hop_limit)


def receipt(counter=10, src=TOMBOL, stage=2, zone=5, kind=0, sender=GATEWAY, role=m.GATEWAY, number=None,
            key=None):
    if key is None:
        key = key_a(src, m.TOMBOL) if stage == 1 else key_c(src, m.TOMBOL)
    if stage != 2:
        zone = kind = 0
    entry = m.receipt_entry(sender, src, counter, stage, 0, zone, kind, key)
    return frame(m.RECEIPTS, role, sender, number or next_id(), m.Receipts((entry,)), hop_limit=0)


def order(action, counter=10, origin=TOMBOL, pattern=0, seconds=180, target=NODE, number=None, key=None):
    number = number or next_id()
    key = key or key_c(target, m.SIRENE)
    one = m.order_target(GATEWAY, number, target, origin, counter, action, pattern, seconds, key)
    body = m.SirenOrder(origin, counter, action, pattern, seconds, (one,))
    return frame(m.SIREN_ORDER, m.GATEWAY, GATEWAY, number, body)


def stored(post, report):
    """The gateway's stage 2 entry for a report of the post."""
    entry = m.receipt_entry(GATEWAY, NODE, report.counter, 2, 0, 0, 0, key_c(NODE, m.SIRENE))
    return frame(m.RECEIPTS, m.GATEWAY, GATEWAY, next_id(), m.Receipts((entry,)), hop_limit=0)


def configure(post, version=1, **changed):
    parts = config.split(changed)
    for part in range(len(parts)):
        number = next_id()
        body = m.Config(NODE, version, part, len(parts), parts[part])
        post.hear(frame(m.CONFIG, m.GATEWAY, GATEWAY, number, body, key_c(NODE, m.SIRENE)))


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
    for kind, name in ((0, "titir"), (1, "maling"), (2, "kebakaran"), (3, "bencana"), (7, "medis"),
                       (9, "titir"), (200, "titir")):
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
    body = m.Alarm(0, 9, 5, m.KIND_UJI, 0, 0, 0)
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
            post.hear(good[:at] + bytes((good[at] ^ 1 << bit,)) + good[at + 1:])
            # 12: flags, 14: next_hop, 15: relay_node; the bitfield at the end stands outside the payload
            assert not post.sounds() or at in (12, 14, 15) or at >= len(good) - 2


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
    tag = m.outer_tag(key_a(OTHER_POST, m.SIRENE), OTHER_POST, 0xFFFFFFFF, bytes(payload[:-8]))
    post = Post()
    post.hear(CHANNEL.seal(OTHER_POST, 99, 0, bytes(payload[:-8]) + tag))
    assert post.sounds() == []
    assert post.core.counters == {"stage": 1}


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
    assert post.core.status_flags(0) & m.STATUS_COUNTERS_LOST
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
    assert not post.core.status_flags(0) & m.STATUS_COUNTERS_LOST
    post.hear(pressed(9))
    assert post.sounds() == []
    post.hear(pressed(10))
    assert len(post.sounds()) == 1


def test_a_new_post_sounds_from_the_first_minute():
    post = Post()
    assert not post.core.counters_lost
    post.hear(pressed())
    assert post.loud()


# -- by receipt and by order ------------------------------------------------------------------------


def test_a_stored_alarm_that_was_not_heard_here_sounds_by_the_gateways_receipt():
    post = Post()
    post.hear(receipt(kind=2))
    assert post.patterns() == ["kebakaran"]
    post.wait(5 * SECOND)
    assert post.reports()[0] == (m.STATE_DRIVEN, m.SOURCE_RECEIPT)
    post.hear(pressed(10, kind=2, attempt=3))
    assert len(post.sounds()) == 1


def test_a_stored_alarm_that_was_heard_here_does_not_sound_twice():
    post = Post(table=[[6, 0xFFFF]])
    post.hear(pressed(zone=6))
    post.key("hush")
    post.hear(receipt(zone=6))
    post.hear(pressed(30, src=TOMBOL + 1, zone=5))
    post.hear(receipt(counter=30, src=TOMBOL + 1, zone=6))
    assert len(post.sounds()) == 1


def test_an_order_starts_for_its_seconds_and_never_for_more_than_180():
    post = Post()
    post.hear(order(m.ACTION_START, pattern=3, seconds=20))
    assert post.sounds()[0].total_ms == 20 * SECOND
    assert post.patterns() == ["bencana"]
    post.hear(order(m.ACTION_START, counter=40, seconds=180))
    assert post.sounds()[-1].total_ms == 180 * SECOND


def test_a_stop_acts_on_its_incident_only_and_the_older_one_goes_on():
    post = Post()
    post.hear(pressed(10, kind=1))
    post.wait(30 * SECOND)
    post.hear(pressed(20, src=TOMBOL + 1, kind=2))
    post.wait(30 * SECOND)
    post.hear(order(m.ACTION_STOP, counter=20, origin=TOMBOL + 1))
    assert post.patterns() == ["maling", "kebakaran", "maling"]
    assert 118 * SECOND <= post.sounds()[-1].total_ms <= 120 * SECOND
    post.hear(order(m.ACTION_STOP, counter=10))
    assert not post.loud()


def test_a_stopped_incident_stays_silent_for_its_presses_and_sounds_again_by_order():
    post = Post()
    post.hear(pressed(10))
    post.hear(order(m.ACTION_STOP))
    post.hear(pressed(11, incident=10, kind=2))
    assert not post.loud()
    post.hear(pressed(20, src=TOMBOL + 1))
    assert post.loud()
    post.hear(order(m.ACTION_STOP, counter=20, origin=TOMBOL + 1))
    post.hear(order(m.ACTION_START, counter=11))
    assert post.loud()


def test_a_stop_for_an_incident_that_was_not_heard_yet_keeps_its_late_copies_silent():
    post = Post()
    post.hear(order(m.ACTION_STOP))
    post.hear(pressed(10, attempt=5))
    assert post.sounds() == []


def test_the_hush_key_silences_what_is_heard_and_nothing_that_comes_later():
    post = Post()
    post.hear(pressed())
    post.key("hush")
    assert not post.loud()
    post.wait(5 * SECOND)
    assert post.reports()[-1] == (m.STATE_SILENCED, m.SOURCE_POST)
    post.hear(pressed(20, src=TOMBOL + 1))
    assert post.loud()


def test_a_quiet_test_is_answered_by_a_status_and_not_by_a_sound():
    post = Post()
    post.hear(order(m.ACTION_TEST, origin=0, counter=0))
    post.wait(3 * SECOND)
    assert len(post.messages(m.STATUS)) == 1
    assert post.sounds() == []


def test_a_person_at_the_hub_can_start_and_stop_the_siren_alone():
    post = Post()
    for _ in range(5):
        post.hear(order(m.ACTION_START, origin=0, counter=0, seconds=10))
        assert post.loud()
        post.hear(order(m.ACTION_STOP, origin=0, counter=0))
        assert not post.loud()


# -- cancel and drill -------------------------------------------------------------------------------


def test_the_pressers_cancel_stops_and_plays_the_end_tone_once():
    post = Post()
    post.hear(pressed(10))
    post.wait(10 * SECOND)
    for attempt in range(3):
        post.hear(pressed(12, incident=10, flags=m.FLAG_CANCEL, attempt=attempt))
    assert post.patterns() == ["titir", "selesai"]
    post.wait(6 * SECOND)
    assert not post.loud()
    assert post.reports()[-1][0] == m.STATE_STOPPED
    post.hear(pressed(14, incident=10))
    assert len(post.sounds()) == 2


def test_a_cancel_of_something_unknown_is_silent_and_keeps_it_silent():
    post = Post()
    post.hear(pressed(12, incident=10, flags=m.FLAG_CANCEL))
    post.hear(receipt(counter=10))
    assert post.sounds() == []


def test_a_cancel_during_another_alarm_lets_that_one_sound_on():
    post = Post()
    post.hear(pressed(10, kind=1))
    post.hear(pressed(20, src=TOMBOL + 1, kind=2))
    post.hear(pressed(22, src=TOMBOL + 1, incident=20, kind=2, flags=m.FLAG_CANCEL))
    assert post.patterns() == ["maling", "kebakaran", "maling"]


def test_in_a_drill_window_the_first_alarm_of_each_button_is_a_drill_and_the_second_is_real():
    post = Post()
    configure(post, drill=(5, 1_800))
    post.hear(pressed(10, kind=1))
    assert post.patterns() == ["latihan_maling"]
    post.wait(70 * SECOND)
    assert not post.loud()
    post.hear(pressed(20, kind=1))
    assert post.patterns()[-1] == "maling"
    post.wait(200 * SECOND)
    post.hear(pressed(30, src=TOMBOL + 1, kind=1))
    assert post.patterns()[-1] == "latihan_maling"
    post.wait(1_800 * SECOND)
    post.hear(pressed(40, src=TOMBOL + 2, kind=1))
    assert post.patterns()[-1] == "maling"


def test_a_drill_window_of_another_zone_or_of_no_seconds_is_none():
    for drill in ((6, 1_800), (5, 0)):
        post = Post()
        configure(post, drill=drill)
        post.hear(pressed(10, kind=1))
        assert post.patterns() == ["maling"]


# -- stage 1 ----------------------------------------------------------------------------------------


def test_stage_one_comes_once_after_50_to_500_ms_under_the_buttons_own_key():
    for seed in range(5):
        post = Post()
        post.calls = seed * 100
        at_ms = post.now_ms
        post.hear(pressed(hop_limit=2))
        post.wait(20 * SECOND)
        entries = post.stage1()
        assert len(entries) == 1
        times = [t for t, f in post.sent if packet_of(f).src == NODE]
        assert 50 <= times[0] - at_ms <= 700
        entry = entries[0]
        assert (entry.node, entry.counter, entry.stage, entry.sounding) == (TOMBOL, 10, 1, 1)
        assert (entry.zone, entry.kind) == (0, 0)
        assert entry.tag4 == m.entry_tag(NODE, entry, key_a(TOMBOL, m.TOMBOL))


def test_stage_one_is_not_sent_when_a_valid_one_is_overheard_but_a_forged_one_is_no_reason():
    post = Post()
    post.hear(pressed())
    post.hear(receipt(stage=1, sender=OTHER_POST, role=m.SIRENE))
    post.wait(20 * SECOND)
    assert post.stage1() == []
    forged = Post()
    forged.hear(pressed())
    forged.hear(receipt(stage=1, sender=OTHER_POST, role=m.SIRENE, key=bytes(32)))
    forged.wait(20 * SECOND)
    assert len(forged.stage1()) == 1


def test_only_the_first_alarm_of_a_burst_is_answered_at_once():
    post = Post()
    for n in range(6):
        post.hear(pressed(10, src=TOMBOL + n))
        post.wait(600)
    post.wait(30 * SECOND)
    assert [e.node for e in post.stage1()] == [TOMBOL]


def test_late_repeats_say_that_their_presser_has_heard_nothing_and_are_answered_twice_at_most():
    post = Post()
    for n in range(3):
        post.hear(pressed(10, src=TOMBOL + n))
        post.wait(600)
    for attempt in range(1, 12):
        for n in range(3):
            post.hear(pressed(10, src=TOMBOL + n, attempt=attempt))
            post.wait(3 * SECOND)
        if attempt == 1:
            assert [e.node for e in post.stage1()] == [TOMBOL]
    nodes = [e.node for e in post.stage1()]
    assert [nodes.count(TOMBOL + n) for n in range(3)] == [2, 2, 2]


def test_no_crowd_makes_a_post_send_stage_one_more_often_than_every_two_seconds():
    post = Post()
    for n in range(16):
        post.hear(pressed(10, src=TOMBOL + n))
    for attempt in range(3, 12):
        for n in range(16):
            post.hear(pressed(10, src=TOMBOL + n, attempt=attempt))
            post.wait(100)
    times = [t for t, f in post.sent if packet_of(f).src == NODE and post_type(f) == m.RECEIPTS]
    assert len(times) > 4
    assert min([times[i + 1] - times[i] for i in range(len(times) - 1)]) >= 2_000


def post_type(frame_bytes):
    return m.parse(CHANNEL.open(packet_of(frame_bytes)).payload).type


def test_no_stage_one_is_claimed_when_the_sensor_says_that_nothing_sounds():
    post = Post(sensor=True)
    post.broken = True
    post.hear(pressed())
    post.wait(20 * SECOND)
    assert post.stage1() == []
    assert post.reports()[0] == (m.STATE_FAILED, m.SOURCE_DIRECT)
    assert post.core.status_flags(0) & m.STATUS_SIREN_FAULT


def test_with_its_sensor_the_post_says_that_it_sounds_and_without_one_that_it_is_driven():
    for sensor, state in ((True, m.STATE_SOUNDING), (False, m.STATE_DRIVEN)):
        post = Post(sensor=sensor)
        post.hear(pressed())
        post.wait(2 * SECOND)
        assert post.reports() == [(state, m.SOURCE_DIRECT)]
        assert len(post.stage1()) == 1


# -- reports ----------------------------------------------------------------------------------------


def test_a_report_is_repeated_at_3_and_7_seconds_with_one_counter_and_then_no_more():
    post = Post()
    post.hear(pressed())
    post.wait(100 * SECOND)
    reports = post.messages(m.SIREN_REPORT)
    assert len(reports) == 3
    assert len({r.counter for r in reports}) == 1
    assert len({r.digest for r in reports}) == 1
    body = reports[0].body
    assert (body.origin, body.counter) == (TOMBOL, 10)


def test_a_repeat_that_a_newer_report_has_overtaken_takes_a_new_counter():
    post = Post()
    post.hear(pressed(10))
    post.wait(2 * SECOND)
    post.hear(pressed(10, src=TOMBOL + 1))
    post.wait(10 * SECOND)
    counters = [r.counter for r in post.messages(m.SIREN_REPORT)]
    assert len(counters) == 6
    assert counters == sorted(counters)  # a receiver refuses a counter below the last one
    last = [r for r in post.messages(m.SIREN_REPORT) if r.body.origin == TOMBOL][-1]
    post.hear(stored(post, last))
    assert [r.body.origin for r in post.core.reports.waiting] == [TOMBOL + 1]


def test_the_first_report_goes_no_farther_than_the_gateway_and_the_repeats_have_a_hop_to_spare():
    for hops in (1, 3):
        post = Post(gateway_hops=hops)
        post.hear(pressed())
        post.wait(30 * SECOND)
        sent = [packet_of(f) for f in post.frames() if packet_of(f).src == NODE]
        assert [p.hop_limit for p in sent][-3:] == [hops - 1, hops, hops]


def heard_report(counter=10, src=TOMBOL, state=m.STATE_SOUNDING, key=None):
    body = m.SirenReport(src, counter, state, m.SOURCE_DIRECT)
    return frame(m.SIREN_REPORT, m.SIRENE, OTHER_POST, next_id(), body, key)


def test_in_a_crowd_of_alarms_another_posts_report_lets_ours_come_later_but_come():
    def sent_within_five_seconds(crowd, report):
        post = Post()
        if crowd:
            post.hear(pressed(3, src=TOMBOL + 1))
        post.hear(pressed())
        post.hear(report)
        at_ms = post.now_ms
        post.wait(60 * SECOND)
        ours = [r for r in post.messages(m.SIREN_REPORT) if r.body.origin == TOMBOL]
        assert len(ours) == 3
        times = [t - at_ms for t, f in post.sent if packet_of(f).src == NODE and t - at_ms < 5 * SECOND]
        return len(times)

    alone = sent_within_five_seconds(False, heard_report())
    crowded = sent_within_five_seconds(True, heard_report())
    for useless in (heard_report(key=bytes(32)), heard_report(state=m.STATE_FAILED),
                    heard_report(counter=77)):
        assert sent_within_five_seconds(True, useless) == crowded + 2
    assert alone == 3  # stage 1 and two reports


def test_a_report_reaches_the_gateway_within_its_two_seconds():
    post = Post()
    at_ms = post.now_ms
    post.hear(pressed())
    post.wait(2 * SECOND)
    assert post.messages(m.SIREN_REPORT)
    assert [t for t, f in post.sent if packet_of(f).src == NODE][-1] - at_ms < 1_800


def test_the_gateways_entry_under_our_c_ends_the_repeats_and_a_forged_one_does_not():
    post = Post()
    post.hear(pressed())
    post.wait(2 * SECOND)
    report = post.messages(m.SIREN_REPORT)[0]
    entry = m.receipt_entry(GATEWAY, NODE, report.counter, 2, 0, 0, 0, key_a(NODE, m.SIRENE))
    post.hear(frame(m.RECEIPTS, m.GATEWAY, GATEWAY, next_id(), m.Receipts((entry,))))
    assert post.core.counters == {"tag": 1}
    post.wait(3 * SECOND)
    assert len(post.messages(m.SIREN_REPORT)) == 2
    post.hear(stored(post, report))
    post.wait(60 * SECOND)
    assert len(post.messages(m.SIREN_REPORT)) == 2


def test_the_end_of_a_sounding_is_reported():
    post = Post()
    post.hear(pressed())
    post.wait(190 * SECOND)
    assert post.reports()[-1] == (m.STATE_STOPPED, m.SOURCE_DIRECT)


# -- the test key -----------------------------------------------------------------------------------


def test_the_test_key_plays_two_tones_and_sends_an_alarm_that_sounds_nowhere():
    post = Post()
    post.key("test")
    post.key("test", False)
    assert post.patterns() == ["latihan"]
    post.wait(20 * SECOND)
    assert not post.loud()
    tests = post.messages(m.ALARM)
    assert len(tests) == 3 and len({t.digest for t in tests}) == 1
    assert tests[0].body.kind == m.KIND_UJI
    assert tests[0].body.incident == tests[0].counter & 0xFFFF


def test_the_test_key_is_idle_during_an_alarm_and_cannot_be_hammered():
    post = Post()
    for _ in range(20):
        post.key("test")
        post.wait(200)
    assert len(post.sounds()) == 1
    post.wait(20 * SECOND)
    post.hear(pressed())
    post.key("test")
    assert post.patterns() == ["latihan", "titir"]


def test_an_alarm_during_the_test_tones_takes_the_siren_over():
    post = Post()
    post.key("test")
    post.hear(pressed())
    post.wait(30 * SECOND)
    assert post.patterns() == ["latihan", "titir"]
    assert post.loud()


# -- resets -----------------------------------------------------------------------------------------


def test_after_a_reset_the_remaining_seconds_sound_at_most_twice():
    post = Post()
    post.hear(pressed(kind=1))
    post.wait(65 * SECOND)
    for _ in range(2):
        post = Post("reset", post.state)
        assert post.patterns() == ["maling"]
        assert post.sounds()[0].total_ms <= 120 * SECOND
        assert [type(a).__name__ for a in post.all if isinstance(a, (act.Persist, act.Sound))][-1] == "Sound"
        post.wait(5 * SECOND)
    assert Post("reset", post.state).sounds() == []


def test_a_torn_file_of_soundings_is_silence():
    post = Post()
    post.hear(pressed())
    data = post.state["siren"]
    for i in range(len(data)):
        for bad in (data[:i], data[:i] + bytes((data[i] ^ 1 << i % 8,)) + data[i + 1:]):
            again = Post("reset", {"guard": post.state["guard"], "siren": bad})
            assert again.sounds() == []


def test_a_stopped_incident_is_still_stopped_after_a_reset():
    post = Post()
    post.hear(pressed())
    post.key("hush")
    again = Post("reset", post.state)
    again.hear(pressed(12, incident=10))
    assert again.sounds() == []


# -- anything at all --------------------------------------------------------------------------------


def surprise(post, rnd):
    """One event of any kind; True when it may make the siren sound."""
    what, n = mix(rnd, 1) % 16, mix(rnd, 2)
    src, counter = TOMBOL + n % 5, 1 + (n >> 8) % 40
    forged = bytes(32) if n & 0x10000 else None
    if what < 4:
        post.hear(pressed(counter, src=src, kind=(n >> 4) % 10, attempt=n % 9, key=forged,
                          flags=(0, 0, 0, 1, 4)[(n >> 20) % 5]))
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
            at = 16 + mix(rnd, 1) % (len(good) - 18 - 16)
            post.hear(good[:at] + bytes((good[at] ^ 1 << rnd % 8,)) + good[at + 1:])
            post.hear(bytes([mix(rnd, i) & 0xFF for i in range(rnd % 60)]))
            post.wait(100)
        assert post.sounds() == []
