# runs: cpython micropython
"""Tombol: on the air at once, true feedback, and an end to everything."""

from kentongan_node.base import actions as act
from kentongan_node.base.mix import mix
from kentongan_node.roles.button import Tombol
from kentongan_wire.message import messages as m
from kits.node.buttonkit import NODE, Box, cancels, held, receipt
from kits.node.nodekit import CHANNEL, key_a, key_c, of, packet_of, settings

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
        box.hear(good[:i] + bytes((good[i] ^ 1 << i % 8,)) + good[i + 1 :])
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


def repeat_waits(box):
    """The box, whose next repeat waits for the channel."""
    box.busy = True
    while not box.core.mesh.queue.entries:
        box.wait(50)
    return box


def test_a_repeat_that_waits_for_the_channel_is_not_sent_once_its_press_is_stored():
    box = repeat_waits(Box())
    box.stage(2)
    box.busy = False
    box.wait(100_000)
    assert len(box.alarms()) == 1


def test_a_repeat_that_waits_is_sent_all_the_same_when_an_earlier_press_is_stored():
    box = Box()
    first = box.counters_sent()[0]
    box.wait(3_000)
    box.key("main", False)
    box.tap()
    sent = len(box.alarms())
    repeat_waits(box).stage(2, first)
    box.busy = False
    box.wait(1_000)
    assert len(box.alarms()) == sent + 1 and box.counters_sent()[-1] != first


def test_after_stage_one_only_the_sparse_turns_are_used():
    box = Box()
    box.stage(1)
    box.wait(1_000_000)
    assert len(box.alarms()) == 20
    early = [t for t, _ in box.sent if t < 50_000]
    assert len(early) == 12  # dense enough for a gateway that has missed it: all but the turn at 12 s


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


def test_each_stage_from_three_on_is_named_by_one_status_whenever_it_is_told_but_four_times_at_most():
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

    def named():
        return [s.body.flags >> m.TOMBOL_STATUS_STAGE_SHIFT & 7 for s in box.statuses()]

    assert named() == [3, 3, 4]  # told again: the gateway has not heard the first one
    box = Box()
    for _ in range(9):
        box.stage(3)
        box.wait(3_000)
    assert named() == [3, 3, 3, 3]


# -- cancel -----------------------------------------------------------------------------------------


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


def test_a_new_press_that_waits_goes_out_although_the_earlier_one_is_closed():
    """Played from a record, or said by a hub that does not know of the new press yet."""
    box = Box()
    first = box.counters_sent()[0]
    box.wait(3_000)
    box.stage(2)
    box.key("main", False)
    box.wait(60_000)
    box.busy = True
    box.tap()
    box.stage(4, first)
    box.busy = False
    box.wait(120_000)
    new = [counter for counter in box.counters_sent() if counter > first]
    assert len(new) > 3, "it is sent, and said again while nobody answers it"


def test_the_last_repeat_goes_out_although_a_siren_is_heard_while_it_waits():
    box = Box()
    box.key("main", False)
    incident = box.core.incidents["incident"]
    while incident.repeats.due_ms is not None:
        box.wait(1_000)
        if incident.repeats._turn == 20:
            box.busy = True
    sent = len(box.alarms())
    assert box.core.mesh.queue.entries
    box.stage(1)
    box.busy = False
    box.wait(5_000)
    assert len(box.alarms()) == sent + 1
