# runs: cpython micropython
"""Tombol: silent alarms that show nothing; resets, STATUS and sleep."""

from kentongan_node.base import actions as act
from kentongan_node.base.mix import mix
from kentongan_node.roles.button import Tombol
from kentongan_wire.message import messages as m
from kits.node.buttonkit import NODE, Box, cancels, held, receipt
from kits.node.nodekit import key_c, message_of, of, packet_of, settings

# -- silent -----------------------------------------------------------------------------------------


def test_a_silent_alarm_goes_out_under_c_with_its_flag_and_kind():
    box = Box(key="silent")
    alarm = box.alarms()[0]
    assert alarm.silent
    assert (alarm.body.kind, alarm.body.flags) == (m.KIND_KEKERASAN, m.FLAG_SILENT)
    envelope = message_of(box.frames()[0])
    packet = packet_of(box.frames()[0])
    unsigned = envelope.payload[: -m.END_BYTES]
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


def test_two_incidents_that_a_reset_interrupted_go_on_above_every_counter_sent_before():
    box = Box()
    box.wait(3_000)
    box.key("silent", True)
    box.key("silent", False)
    box.wait(100)
    silent = [a for a in box.alarms() if a.silent][-1].counter
    assert silent == max(box.counters_sent())
    box.stage(2, silent)
    again = Box("reset", "", state=box.state)
    again.wait(30_000)
    assert again.alarms() and min(again.counters_sent()) > silent


def test_a_receipt_for_the_silent_alarm_says_nothing_of_the_loud_one_whose_counters_lie_around_it():
    box = Box()
    box.wait(3_000)
    box.key("silent", True)
    box.key("silent", False)
    box.wait(4_000)
    loud = [a.counter for a in box.alarms() if not a.silent]
    silent = [a.counter for a in box.alarms() if a.silent][0]
    assert loud[0] < silent < loud[-1]
    for stage in (2, 3):
        box.stage(stage, silent)
    assert box.shown() == ["sending"]
    sent = len(box.alarms())
    box.wait(60_000)
    assert [a.silent for a in box.alarms()[sent:]].count(False) > 5 and "stored" not in box.shown()


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


def test_after_a_reset_an_unfinished_incident_goes_on_twice_as_it_was_twice_weaker_and_then_no_more():
    box = Box()
    box.wait(3_000)
    counter, state = box.counters_sent()[0], box.state
    for power in (None, None, 10, 2):
        box = Box("reset", "", state=state)
        box.wait(5_000)
        assert box.counters_sent()[0] == counter
        assert box.alarms()[0].body.incident == counter & 0xFFFF
        assert [tune.conducted_dbm for tune in of(box.all, act.Tune)] == ([power] if power else [])
        state = box.state
    box = Box("reset", "", state=state)
    assert box.shown() == ["nobody"]
    box.wait(15_000)
    assert box.alarms() == [] and box.asleep()
    again = Box("reset", "", state=box.state)
    again.wait(10_000)
    assert again.alarms() == [] and again.shown() == []


def test_of_a_silent_incident_nothing_is_shown_when_its_resets_are_used_up():
    state = Box(key="silent").state
    for _ in range(6):
        box = Box("reset", "", state=state)
        box.wait(5_000)
        assert box.shown() == []
        state = box.state
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
        for bad in (data[:i], data[:i] + bytes((data[i] ^ 1 << i % 8,)) + data[i + 1 :]):
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
