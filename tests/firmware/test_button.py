# runs: cpython micropython
"""Tombol: on the air at once, true feedback, silent alarms that show nothing, and an end to everything."""
from kentongan_node import actions as act
from kentongan_node.button import Tombol
from kentongan_node.mix import mix
from kentongan_wire import messages as m
from kentongan_wire import verify
from kentongan_wire.keys import SiteKeys
from nodekit import (
    ALARM_ROOT,
    CHANNEL,
    CONTROL_ROOT,
    GATEWAY,
    Shell,
    frame,
    key_a,
    key_c,
    message_of,
    of,
    packet_of,
    settings,
)

NODE = 0x53000007
POST = 0x52000021
SITE = SiteKeys({0: ALARM_ROOT}, {0: CONTROL_ROOT}, 0)
BOOT_MS = 350


class Box(Shell):
    """A button with its board around it: a boot for a reason, and the deep sleep that ends a core."""

    def __init__(self, cause="wake_key", key="main", lid_open=False, state=None, now_ms=BOOT_MS, **changes):
        self.core = Tombol(settings("tombol", NODE, **changes), state or {})
        self.now_ms, self.sent, self.all, self.busy, self.calls = now_ms, [], [], False, 0
        self.state = dict(state or {})
        self.take(self.core.start(act.Boot(cause, key, lid_open), now_ms, self.rnd()))

    def key(self, key, down):
        self.take(self.core.key(key, down, self.now_ms, self.rnd()))

    def tap(self, key="main", ms=200):
        self.key(key, True)
        self.wait(ms)
        self.key(key, False)

    def stage(self, stage, counter=None, **changes):
        self.hear(receipt(stage, self.counters_sent()[-1] if counter is None else counter, **changes))

    def messages(self):
        return [opened(f) for f in self.frames()]

    def alarms(self):
        return [message for message in self.messages() if message.type == m.ALARM]

    def counters_sent(self):
        return [message.counter for message in self.alarms()]

    def statuses(self):
        return [message for message in self.messages() if message.type == m.STATUS]

    def shown(self):
        return [show.state for show in of(self.all, act.Show)]

    def asleep(self):
        return bool(self.all) and isinstance(self.all[-1], act.Sleep)


def opened(frame_bytes):
    packet = packet_of(frame_bytes)
    return verify.open_message(CHANNEL.open(packet).payload, packet.src, packet.to, SITE)


_ids = [5000]


def receipt(stage, counter, sender=GATEWAY, role=m.GATEWAY, key=None, node=NODE):
    _ids[0] += 1
    if key is None:
        key = key_a(node, m.TOMBOL) if stage == 1 else key_c(node, m.TOMBOL)
    entry = m.receipt_entry(sender, node, counter, stage, 0, 0, 0, key)
    return frame(m.RECEIPTS, role, sender, _ids[0], m.Receipts((entry,)), hop_limit=0)


# -- on the air -------------------------------------------------------------------------------------


def test_one_press_is_on_the_air_within_600_ms_of_the_press_boot_included():
    box = Box()
    assert len(box.sent) == 1
    assert box.sent[0][0] <= 600
    body = box.alarms()[0].body
    assert (body.attempt, body.kind, body.zone, body.flags) == (0, m.KIND_BAHAYA, 5, 0)
    assert body.incident == box.counters_sent()[0] & 0xFFFF


def test_the_channel_is_asked_before_the_incident_is_written_and_the_incident_before_the_frame():
    box = Box()
    names = [type(a).__name__ + (a.name if isinstance(a, act.Persist) else "") for a in box.all]
    assert names.index("Cad") < names.index("Persistincident")
    actions = Tombol(settings("tombol", NODE), {}).start(act.Boot("wake_key", "main", False), 350, 1)
    assert [a for a in actions if isinstance(a, act.Persist) and a.name == "incident"]
    assert not of(actions, act.Transmit)


def test_repeats_have_a_new_packet_id_the_same_counter_and_count_their_attempts():
    box = Box()
    box.wait(700_000)
    ids = [packet_of(f).id for f in box.frames()][:21]
    assert len(set(ids)) == 21
    alarms = box.alarms()
    assert len(alarms) == 21
    assert [a.body.attempt for a in alarms] == list(range(21))
    assert len({a.counter for a in alarms}) == 1
    assert len({a.digest for a in alarms}) == 1


def test_hops_grow_when_nobody_answers():
    box = Box()
    box.wait(30_000)
    assert [packet_of(f).hop_limit for f in box.frames()][:9] == [1, 1, 1, 3, 3, 3, 3, 5, 5]


def test_nothing_is_resent_without_an_end_and_the_box_goes_to_sleep():
    box = Box()
    box.wait(3_600_000)
    assert len(box.alarms()) == 21
    assert box.asleep()
    assert box.core.next_deadline() is None


def test_a_busy_channel_takes_two_turns_and_the_third_is_sent_all_the_same():
    box = Box("power", "", now_ms=100_000)
    for n in range(100):
        if n == 60:
            box.key("main", True)
        box.core.mesh.meter.mark(box.now_ms, box.now_ms + 1_000, box.now_ms)
        box.now_ms += 1_000
        box.take(box.core.tick(box.now_ms, box.rnd()))
    assert len(box.alarms()) == 4  # turns 0, 3, 6 and 9 of the 11 within 40 s
    assert box.core.counters["turn_skipped"] == 7


def test_strokes_become_the_kind_600_ms_after_the_last_release():
    box = Box(one_press=False)
    box.wait(150)
    box.key("main", False)
    for _ in range(2):
        box.wait(250)
        box.tap()
    released_ms = box.now_ms
    assert box.sent == []
    box.wait(2_000)
    assert box.alarms()[0].body.kind == m.KIND_KEBAKARAN
    assert 600 <= box.sent[0][0] - released_ms <= 750


def test_a_wake_press_that_ended_during_the_boot_is_bahaya():
    box = Box(one_press=False, strokes=[7, 1])
    box.key("main", False)
    box.wait(700)
    assert box.alarms()[0].body.kind == m.KIND_BAHAYA


def test_the_lamp_says_now_while_strokes_are_counted():
    box = Box(one_press=False)
    assert box.shown() == ["pressed"]


def test_another_press_is_the_same_incident_with_a_new_counter_and_kind():
    box = Box(one_press=False)
    box.wait(150)
    box.key("main", False)
    box.wait(4_000)
    for _ in range(2):
        box.tap()
        box.wait(250)
    box.wait(1_000)
    first, last = box.alarms()[0], box.alarms()[-1]
    assert last.counter > first.counter
    assert last.body.incident == first.body.incident
    assert (first.body.kind, last.body.kind, last.body.attempt) == (0, m.KIND_MALING, 0)


def test_a_hammered_key_does_not_fill_the_channel():
    box = Box()
    for _ in range(600):
        box.wait(50)
        box.key("main", False)
        box.wait(50)
        box.key("main", True)
    assert 8 <= len(set(box.counters_sent())) <= 10


# -- feedback ---------------------------------------------------------------------------------------


def test_the_box_shows_each_stage_as_it_comes_and_never_goes_back():
    box = Box()
    counter = box.counters_sent()[0]
    for stage in (1, 2, 1, 3, 2, 4):
        box.wait(1_000)
        box.stage(stage, counter)
    assert box.shown() == ["sending", "sounding", "stored", "coming", "closed"]
    box.wait(60_000)
    assert box.shown()[-1] == "off"
    assert box.asleep()


def test_without_any_stage_for_ten_seconds_nobody_hears_and_it_goes_on_trying():
    box = Box()
    box.wait(9_000)
    assert box.shown() == ["sending"]
    box.wait(1_000)
    assert box.shown() == ["sending", "nobody"]
    sent = len(box.sent)
    box.wait(20_000)
    assert len(box.sent) > sent
    box.stage(2)
    assert box.shown()[-1] == "stored"


def test_a_stage_is_believed_only_from_who_may_give_it_under_the_right_key():
    counter = Box().counters_sent()[0]
    false = (
        receipt(2, counter, key=key_a(NODE, m.TOMBOL)),
        receipt(3, counter, key=key_c(NODE + 1, m.TOMBOL)),
        receipt(1, counter, key=key_c(NODE, m.TOMBOL)),
        receipt(2, counter + 1),
        receipt(2, counter, node=NODE + 1),
    )
    for bad in false:
        box = Box()
        box.hear(bad)
        box.wait(1_000)
        assert box.shown() == ["sending"]
        assert box.core.incidents["incident"].stage == 0


def test_a_false_stage_is_counted():
    box = Box()
    box.hear(receipt(2, box.counters_sent()[0], key=key_a(NODE, m.TOMBOL)))
    assert box.core.counters == {"tag": 1}


def test_every_altered_bit_of_a_receipts_entry_leaves_the_box_untouched():
    good = receipt(2, Box().counters_sent()[0])
    box = Box()
    for i in range(16, len(good)):
        box.hear(good[:i] + bytes((good[i] ^ 1 << i % 8,)) + good[i + 1:])
        if box.core.incidents["incident"].stage:
            # wire-format 4: a tombol judges its own entry only; the outer tag and counter do not count
            payload = CHANNEL.open(packet_of(good)).payload
            at = i - 16 - (len(good) - 16 - len(payload) - 2)
            assert not 7 <= at < 7 + 15
            box = Box()


def test_stage_two_ends_the_repeats():
    box = Box()
    box.stage(2)
    box.wait(1_000_000)
    assert len(box.alarms()) == 1


def test_after_stage_one_only_the_sparse_turns_are_used():
    box = Box()
    box.stage(1)
    box.wait(1_000_000)
    assert len(box.alarms()) == 5


def test_a_receipt_for_the_first_press_does_not_end_the_repeats_of_the_second():
    box = Box()
    first = box.counters_sent()[0]
    box.wait(3_000)
    box.key("main", False)
    box.tap()
    box.stage(2, first)
    box.wait(30_000)
    last = box.counters_sent()[-1]
    assert last != first
    assert box.counters_sent().count(last) > 5
    box.stage(2, last)
    sent = len(box.alarms())
    box.wait(100_000)
    assert len(box.alarms()) == sent


def test_each_new_stage_from_three_on_sends_one_status_that_names_it():
    box = Box()
    box.stage(2)
    box.wait(5_000)
    assert box.statuses() == []
    for stage in (3, 3, 4):
        at_ms = box.now_ms
        box.stage(stage)
        box.wait(3_000)
        after = [t for t, _ in box.sent if t >= at_ms]
        assert all([500 <= t - at_ms <= 2_500 for t in after])
    flags = [s.body.flags >> m.TOMBOL_STATUS_STAGE_SHIFT & 7 for s in box.statuses()]
    assert flags == [3, 4]


# -- cancel -----------------------------------------------------------------------------------------


def held(box, ms=3_000):
    box.key("main", True)
    box.wait(ms)
    box.key("main", False)
    box.wait(500)


def cancels(box):
    return [a for a in box.alarms() if a.body.flags & m.FLAG_CANCEL]


def pressed_and_sounding():
    box = Box()
    box.wait(200)
    box.key("main", False)
    box.stage(1)
    return box


def test_a_three_second_hold_takes_the_alarm_back_until_stage_five():
    box = pressed_and_sounding()
    incident = box.alarms()[0].body.incident
    box.wait(6_000)
    held(box)
    assert len(cancels(box)) == 1
    assert cancels(box)[0].body.incident == incident
    box.stage(2)
    box.wait(10_000)
    assert len(cancels(box)) > 3
    box.stage(5)
    sent = len(box.alarms())
    box.wait(30_000)
    assert len(box.alarms()) == sent
    assert "cancelled" in box.shown()
    assert box.shown()[-1] == "off"


def test_a_cancel_is_repeated_with_a_bound_when_nobody_answers_it():
    box = pressed_and_sounding()
    box.wait(6_000)
    held(box)
    box.wait(3_600_000)
    assert len(cancels(box)) == 21
    assert box.asleep()


def test_a_hold_too_soon_too_late_or_before_any_stage_is_no_cancel():
    soon = pressed_and_sounding()
    soon.wait(2_000)
    held(soon)
    late = pressed_and_sounding()
    late.wait(61_000)
    held(late)
    unheard = Box()
    unheard.key("main", False)
    unheard.wait(8_000)
    held(unheard)
    for box in (soon, late, unheard):
        assert cancels(box) == []


def test_a_hold_that_is_let_go_early_is_another_press():
    for ms in (300, 2_900):
        box = pressed_and_sounding()
        box.wait(6_000)
        held(box, ms)
        assert cancels(box) == []
        assert len(set(box.counters_sent())) == 2


def test_a_press_after_a_cancel_is_a_new_incident_that_sirens_sound_for():
    box = pressed_and_sounding()
    box.wait(6_000)
    held(box)
    box.tap()
    box.wait(300)
    assert box.alarms()[-1].body.flags == 0
    assert box.alarms()[-1].body.incident != box.alarms()[0].body.incident


# -- silent -----------------------------------------------------------------------------------------


def test_a_silent_alarm_goes_out_under_c_with_its_flag_and_kind():
    box = Box(key="silent")
    alarm = box.alarms()[0]
    assert alarm.silent
    assert (alarm.body.kind, alarm.body.flags) == (m.KIND_KEKERASAN, m.FLAG_SILENT)
    envelope = message_of(box.frames()[0])
    packet = packet_of(box.frames()[0])
    unsigned = envelope.payload[:-8]
    assert envelope.tag == m.outer_tag(key_c(NODE, m.TOMBOL), NODE, packet.to, unsigned)


def test_a_silent_alarm_shows_nothing_ever():
    box = Box(key="silent")
    for stage in (1, 2, 3, 4):
        box.wait(12_000)
        box.stage(stage)
    box.wait(4_000_000)
    assert box.shown() == []
    assert of(box.all, act.Sound) == []
    assert of(box.all, act.Note) == []
    assert box.asleep()


def test_a_silent_alarm_unheard_shows_nothing_and_is_repeated_like_any_other():
    box = Box(key="silent")
    box.wait(3_600_000)
    assert len(box.alarms()) == 21
    assert box.shown() == []


def test_a_silent_alarm_beside_a_running_one_changes_no_light_and_both_run():
    box = Box()
    box.wait(1_000)
    box.stage(2)
    loud = box.counters_sent()[0]
    before = list(box.shown())
    box.key("silent", True)
    box.key("silent", False)
    box.wait(15_000)
    silent = [a for a in box.alarms() if a.silent]
    assert len(silent) > 3
    box.stage(3, silent[0].counter)
    box.wait(3_000)
    assert box.shown() == before
    box.stage(3, loud)
    assert box.shown()[-1] == "coming"


def test_two_incidents_at_once_never_send_a_counter_that_receivers_would_take_for_a_replay():
    box = Box()
    box.wait(3_000)
    box.key("silent", True)
    box.key("silent", False)
    box.wait(60_000)
    counters = box.counters_sent()
    assert counters == sorted(counters)
    loud = [a for a in box.alarms() if not a.silent]
    assert len({a.body.incident for a in loud}) == 1
    assert [a.body.attempt for a in loud] == list(range(len(loud)))
    box.stage(2, loud[-1].counter)
    assert box.shown()[-1] == "stored"
    sent = len([a for a in box.alarms() if not a.silent])
    box.wait(300_000)
    assert len([a for a in box.alarms() if not a.silent]) == sent


def test_a_receipt_for_any_number_of_the_running_alarm_ends_it():
    box = Box()
    first = box.counters_sent()[0]
    box.key("silent", True)
    box.wait(30_000)
    assert [a for a in box.alarms() if not a.silent][-1].counter != first
    box.stage(2, first)
    box.wait(1_000)
    sent = len([a for a in box.alarms() if not a.silent])
    box.wait(300_000)
    assert len([a for a in box.alarms() if not a.silent]) == sent


def test_a_silent_alarm_cannot_be_taken_back_with_the_main_key():
    box = Box(key="silent")
    box.stage(2)
    box.wait(6_000)
    held(box)
    assert cancels(box) == []
    assert len([a for a in box.alarms() if not a.silent]) >= 1


# -- resets -----------------------------------------------------------------------------------------


def test_after_a_reset_an_unfinished_incident_goes_on_twice_and_then_no_more():
    box = Box()
    box.wait(3_000)
    counter, state = box.counters_sent()[0], box.state
    for _ in range(2):
        box = Box("reset", "", state=state)
        box.wait(5_000)
        assert box.counters_sent()[0] == counter
        assert box.alarms()[0].body.incident == counter & 0xFFFF
        state = box.state
    box = Box("reset", "", state=state)
    box.wait(10_000)
    assert box.alarms() == []


def test_a_resumed_incident_uses_no_packet_id_twice():
    box = Box()
    box.wait(20_000)
    ids = [packet_of(f).id for f in box.frames()]
    again = Box("reset", "", state=box.state)
    again.wait(20_000)
    assert not set(ids) & {packet_of(f).id for f in again.frames()}


def test_a_battery_change_opens_the_lid_and_ends_the_incident():
    box = Box()
    again = Box("power", "", lid_open=True, state=box.state)
    again.wait(20_000)
    assert again.alarms() == []
    third = Box("power", "", state=again.state)
    third.wait(20_000)
    assert third.alarms() == []


def test_a_finished_or_torn_incident_does_not_go_on():
    box = Box()
    box.stage(4)
    for state in (box.state, {"incident": b"torn"}, {"incident": bytes(30)}):
        again = Box("reset", "", state=state)
        again.wait(60_000)
        assert again.alarms() == []


def test_every_torn_or_flipped_incident_file_is_none_at_all():
    data = Box().state["incident"]
    for i in range(len(data)):
        for bad in (data[:i], data[:i] + bytes((data[i] ^ 1 << i % 8,)) + data[i + 1:]):
            box = Box("reset", "", state={"incident": bad})
            box.wait(1_000)
            assert box.alarms() == []


def test_a_stored_incident_goes_on_listening_after_a_reset_and_sends_nothing():
    box = Box()
    counter = box.counters_sent()[0]
    box.stage(2)
    again = Box("reset", "", state=box.state)
    again.wait(5_000)
    assert again.alarms() == []
    assert again.shown() == ["stored"]
    again.hear(receipt(3, counter))
    assert again.shown() == ["stored", "coming"]


def test_a_silent_incident_goes_on_after_a_reset_and_stays_dark():
    box = Box(key="silent")
    again = Box("reset", "", state=box.state)
    again.wait(5_000)
    assert again.alarms()[0].silent
    assert again.shown() == []


# -- status and sleep -------------------------------------------------------------------------------


def test_a_wake_up_by_the_clock_sends_one_status_listens_two_seconds_and_sleeps_on():
    box = Box("wake_timer", "")
    box.wait(60_000)
    assert len(box.statuses()) == 1 and len(box.sent) == 1
    assert box.asleep()
    assert [a.on for a in of(box.all, act.Listen)] == [True, False]
    sleep = of(box.all, act.Sleep)[0]
    assert 21_600_000 * 9 // 10 - 20_000 <= sleep.wake_ms <= 21_600_000 * 11 // 10


def test_buttons_that_are_switched_on_together_wake_at_different_times():
    times = set()
    for n in range(10):
        core = Tombol(settings("tombol", NODE + n), {})
        actions = core.start(act.Boot("wake_timer", "", False), 350, mix(99, n))
        assert actions is not None
        times.add(core.timers["status"])
        core.tick(core.timers["status"], mix(77, n))
        times.add(core.timers["status"])
    assert len(times) > 9


def test_opening_the_lid_wakes_the_box_for_one_status_with_the_lid_flag():
    box = Box("wake_key", "lid", lid_open=True)
    box.wait(60_000)
    assert len(box.statuses()) == 1
    assert box.statuses()[0].body.flags & m.TOMBOL_STATUS_LID
    assert box.asleep()


def test_a_lid_that_rattles_does_not_fill_the_channel():
    box = Box("wake_key", "lid", lid_open=True)
    for i in range(100):
        box.key("lid", i % 2 == 1)
        box.wait(200)
    assert len(box.statuses()) <= 4


def test_while_an_incident_runs_nothing_but_alarms_is_sent_and_the_lid_waits_for_its_end():
    box = Box()
    box.key("lid", True)
    box.wait(60_000)
    assert box.statuses() == []
    box.stage(4)
    box.wait(30_000)
    assert len(box.statuses()) == 2


def test_a_press_listens_until_the_end_of_the_incident():
    box = Box()
    box.stage(2)
    box.wait(1_790_000)
    assert [a.on for a in of(box.all, act.Listen)] == [True]
    box.wait(20_000)
    assert [a.on for a in of(box.all, act.Listen)] == [True, False]
    assert box.asleep()


def test_a_low_battery_is_told():
    box = Box("power", "")
    box.take(box.core.sense("battery", 3_000, box.now_ms, 1))
    box.wait(15_000)
    body = box.statuses()[0].body
    assert body.flags & m.TOMBOL_STATUS_LOW_BATTERY
    assert body.battery == 150


def test_the_log_names_the_press_the_sending_and_each_receipt_in_order():
    box = Box()
    for stage in (1, 2, 3):
        box.wait(1_000)
        box.stage(stage)
    notes = of(box.all, act.Note)
    assert [n.step for n in notes] == ["press", "sent", "receipt_1", "receipt_2", "receipt_3", "shown_coming"]
    assert {(n.device, n.counter) for n in notes} == {("tombol-7", box.counters_sent()[0])}


# -- anything at all --------------------------------------------------------------------------------


def surprise(box, rnd):
    """One event of any kind; True for a reset."""
    what, n = mix(rnd, 1) % 14, mix(rnd, 2)
    if what < 3:
        box.key(("main", "lid", "come")[what], bool(n & 1))
    elif what == 3:
        box.key("silent", bool(n & 1) and n % 8 == 1)
    elif what < 9 and box.core.incidents["incident"]:
        incident = box.core.incidents["incident"]
        box.hear(receipt(1 + n % 5, max(0, incident.counter - n % 3), key=None if n & 64 else bytes(32)))
    elif what == 9:
        box.hear(bytes([mix(n, i) & 0xFF for i in range(n % 80)]))
    elif what == 10:
        box.take(box.core.sense(("battery", "temperature")[n & 1], n % 5_000 - 100, box.now_ms, n))
    elif what == 11:
        box.take(box.core.sent(bool(n & 1), box.now_ms, n))
    elif what == 12:
        box.take(box.core.cad(bool(n & 1), box.now_ms, n))
    else:
        return n % 6 == 0
    return False


def test_no_order_of_events_breaks_a_promise():
    for seed in range(12):
        box = Box("power", "", one_press=bool(seed & 1))
        for step in range(100):
            rnd = mix(seed * 1_000 + 7, step)
            if surprise(box, rnd):
                box = Box(("reset", "power", "wake_timer")[rnd % 3], "", bool(rnd & 4), box.state)
            box.wait(mix(rnd, 3) % 3_000)
            incident = box.core.incidents["incident"]
            if box.shown() and box.shown()[-1] in ("stored", "coming", "closed"):
                assert incident is not None and incident.stage >= 2
            if incident is None and box.core.incidents["silent"] is not None:
                assert box.core._shown in ("off", "pressed")
            box.wait(0)
            deadline = box.core.next_deadline()
            assert deadline is None or deadline >= box.now_ms
        ids = [packet_of(f).id for f in box.frames()]
        assert len(ids) == len(set(ids))
        box.wait(8_000_000)
        assert box.core.incidents == {"incident": None, "silent": None}


def test_a_box_that_was_only_pressed_silently_never_shows_whatever_it_hears():
    for seed in range(6):
        box = Box(key="silent")
        for step in range(60):
            rnd = mix(seed + 400, step)
            silent = box.core.incidents["silent"]
            counter = silent.counter if silent else 1
            if rnd & 3 == 0:
                box.key("silent", bool(rnd & 4))
            else:
                box.hear(receipt(1 + rnd % 5, counter, key=None if rnd & 64 else bytes(32)))
            box.wait(mix(rnd, 3) % 20_000)
        assert of(box.all, act.Show) == []
        assert of(box.all, act.Sound) == []
