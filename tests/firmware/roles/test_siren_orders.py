# runs: cpython micropython
"""Sirene: sounds by receipt and by order, stops for one incident only, and marks drills."""

from kentongan_node.base import actions as act
from kentongan_wire.message import messages as m
from kits.node.nodekit import GATEWAY, key_a
from kits.node.sirenkit import NODE, SECOND, TOMBOL, Post, next_id, order, pressed, receipt, stored

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


def test_what_was_recorded_rests_and_the_next_press_of_its_incident_sounds():
    post = Post()
    post.hear(order(m.ACTION_START))  # somebody plays it to a post that did not hear it then
    post.hear(order(m.ACTION_REST))
    assert not post.loud()
    post.wait(5 * SECOND)
    assert post.reports()[-1] == (m.STATE_STOPPED, m.SOURCE_ORDER)
    post.hear(pressed(11, incident=10))
    assert post.loud()


def test_a_rest_for_an_alarm_ends_nothing_that_was_pressed_since():
    post = Post()
    post.hear(order(m.ACTION_START))
    post.hear(pressed(11, incident=10))
    post.hear(order(m.ACTION_REST))
    assert post.loud()


def test_a_rest_for_an_alarm_that_was_never_heard_keeps_no_press_silent():
    post = Post()
    post.hear(order(m.ACTION_REST))
    post.hear(pressed(10))
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


def test_an_order_that_is_played_again_is_answered_no_oftener_than_a_gateway_says_it():
    """One recorded frame names fifteen posts, and needs no key to be played."""
    for action, kind in ((m.ACTION_TEST, m.STATUS), (m.ACTION_START, m.SIREN_REPORT)):
        said = []
        for times in (6, 40):
            post, heard = Post(), order(action, counter=40 if action == m.ACTION_START else 0)
            for n in range(40):
                if n < times:
                    post.hear(heard)
                post.wait(20 * SECOND)
            said.append(len(post.messages(kind)))
        assert said[0] == said[1] >= 1, (action, said)


def test_a_person_at_the_hub_can_start_and_stop_the_siren_alone():
    post = Post()
    for _ in range(5):
        post.hear(order(m.ACTION_START, origin=0, counter=0, seconds=10))
        assert post.loud()
        post.hear(order(m.ACTION_STOP, origin=0, counter=0))
        assert not post.loud()


# -- cancel and drill -------------------------------------------------------------------------------


def taken_back(counter=12, origin=TOMBOL, number=None):
    """The gateway's stop for a cancelled alarm: the end tone follows."""
    return order(m.ACTION_STOP, counter=counter, origin=origin, seconds=1, number=number)


def test_no_post_reads_a_cancel_for_a_stolen_post_could_make_one():
    post = Post()
    post.hear(pressed(10))
    post.hear(pressed(12, incident=10, flags=m.FLAG_CANCEL))
    post.hear(pressed(13, incident=10, flags=m.FLAG_CANCEL, key=key_a(TOMBOL, m.TOMBOL)))
    assert post.loud() and post.core.counters == {"tag": 1, "weak_key": 1}


def test_the_gateways_stop_of_a_cancelled_alarm_plays_the_end_tone_once():
    post = Post()
    post.hear(pressed(10))
    post.wait(10 * SECOND)
    for _ in range(3):
        post.hear(taken_back(number=12_000))
    assert post.patterns() == ["titir", "selesai"]
    post.wait(6 * SECOND)
    assert not post.loud()
    assert post.reports()[-1][0] == m.STATE_STOPPED
    post.hear(pressed(14, incident=10))
    assert len(post.sounds()) == 2


def test_a_cancel_of_something_unknown_is_silent_and_keeps_it_silent():
    post = Post()
    post.hear(taken_back(counter=10))
    post.hear(receipt(counter=10))
    assert post.sounds() == []


def test_a_cancel_during_another_alarm_lets_that_one_sound_on():
    post = Post()
    post.hear(pressed(10, kind=1))
    post.hear(pressed(20, src=TOMBOL + 1, kind=2))
    post.hear(taken_back(counter=20, origin=TOMBOL + 1))
    assert post.patterns() == ["maling", "kebakaran", "maling"]


def drill(seconds=1_800, zone=5, name=70, action=m.ACTION_DRILL, target=NODE):
    """The gateway's order that a drill begins, or with action ACTION_DRILL_END ends."""
    number = next_id()
    return number, order(action, name, 0, zone, seconds, target, number)


def test_in_a_drill_window_the_first_alarm_of_each_button_is_a_drill_and_the_second_is_real():
    post = Post()
    post.hear(drill()[1])
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


def test_a_drill_is_obeyed_by_whom_it_names_and_in_its_zone_only():
    for frame in (drill(zone=6)[1], drill(seconds=0)[1], drill(target=NODE + 1)[1]):
        post = Post()
        post.hear(frame)
        post.hear(pressed(10, kind=1))
        assert post.patterns() == ["maling"]
    post = Post()
    post.hear(drill(zone=0)[1])
    post.hear(pressed(10, kind=1))
    assert post.patterns() == ["latihan_maling"]


def told(post):
    """[(state, counter of the order)] of what the post says of drills."""
    reports = [r.body for r in post.messages(m.SIREN_REPORT) if r.body.state >= m.STATE_DRILL]
    assert all(one.origin == GATEWAY and one.source == m.SOURCE_ORDER for one in reports)
    return [(one.state, one.counter) for one in reports]


def test_the_gateway_hears_that_the_post_knows_of_begin_and_end_also_after_repeats():
    post = Post()
    begin, frame = drill()
    post.hear(frame)
    post.wait(10 * SECOND)
    assert told(post) == [(m.STATE_DRILL, begin)] * 3, "until the gateway says that it has it"
    post.hear(frame)
    post.wait(10 * SECOND)
    assert len(told(post)) == 6
    end, frame = drill(action=m.ACTION_DRILL_END, seconds=0)
    post.hear(frame)
    post.wait(SECOND)
    assert told(post)[6:] == [(m.STATE_NO_DRILL, end)]
    post.hear(stored(post, post.messages(m.SIREN_REPORT)[-1]))
    post.wait(20 * SECOND)
    assert len(told(post)) == 7
    post.hear(frame)
    post.wait(SECOND)
    assert told(post)[7:] == [(m.STATE_NO_DRILL, end)]


def test_a_later_order_of_the_same_drill_gives_nobody_a_second_drill_and_a_new_drill_does():
    post = Post()
    post.hear(drill()[1])
    post.hear(pressed(10, kind=1))
    post.hear(drill(1_700)[1])
    post.wait(70 * SECOND)
    post.hear(pressed(20, kind=1))
    assert post.patterns()[-1] == "maling"
    post.wait(200 * SECOND)
    post.hear(drill(1_700, name=99)[1])
    post.hear(pressed(30, kind=2))
    assert post.patterns()[-1] == "latihan_kebakaran"


def test_an_end_is_obeyed_at_once_and_an_old_begin_played_again_opens_nothing():
    post = Post()
    _, begin = drill()
    post.hear(begin)
    post.hear(drill(action=m.ACTION_DRILL_END, seconds=0)[1])
    post.hear(begin)
    post.hear(pressed(10, kind=1))
    assert post.patterns() == ["maling"] and post.core.counters == {"replay": 1}


def test_after_the_end_a_press_of_the_button_that_was_in_the_drill_is_beaten_in_earnest():
    for wait_s in (5, 100):  # while the drill is still beaten, and after it
        post = Post()
        post.hear(drill()[1])
        post.hear(pressed(10, kind=1))
        post.wait(wait_s * SECOND)
        post.hear(drill(action=m.ACTION_DRILL_END, seconds=0)[1])
        post.hear(pressed(11, incident=10, kind=1))
        assert post.patterns() == ["latihan_maling", "maling"]
        assert post.sounds()[-1].total_ms == 180 * SECOND


def test_a_drill_that_was_hushed_or_stopped_keeps_no_press_in_earnest_silent():
    for quiet in ("hush", "order"):
        post = Post()
        post.hear(drill()[1])
        post.hear(pressed(10, kind=1))
        post.key("hush") if quiet == "hush" else post.hear(order(m.ACTION_STOP))
        post.hear(drill(action=m.ACTION_DRILL_END, seconds=0)[1])
        post.hear(pressed(11, incident=10, kind=1))
        assert post.patterns()[-1] == "maling" and post.loud(), quiet


def test_a_post_that_missed_the_end_beats_in_earnest_what_the_gateway_holds_for_real():
    for word in (receipt, order):
        post = Post()
        post.hear(drill()[1])
        post.hear(pressed(10, kind=1))
        post.hear(receipt(kind=1) if word is receipt else order(m.ACTION_START, pattern=1))
        assert post.patterns() == ["latihan_maling", "maling"]
        assert post.sounds()[-1].total_ms == 180 * SECOND
    post = Post()
    post.hear(drill()[1])
    post.hear(pressed(10, kind=1))
    post.hear(receipt(kind=1, zone=0))
    assert post.patterns() == ["latihan_maling"], "a receipt without a zone asks for no sound"


def test_a_late_copy_of_a_drills_press_drowns_no_alarm_in_earnest():
    post = Post()
    post.hear(drill()[1])
    post.hear(pressed(10, kind=1))
    post.hear(pressed(11, incident=10, kind=1))
    post.hear(pressed(20, src=TOMBOL + 1, kind=2, attempt=1))
    assert post.patterns() == ["latihan_maling", "maling"]
    post.wait(181 * SECOND)
    assert post.patterns() == ["latihan_maling", "maling"], "and by then the drill's time is over"


def test_after_a_restart_a_post_knows_of_no_drill():
    post = Post()
    post.hear(drill()[1])
    post.wait(SECOND)
    again = Post(state=post.state)
    again.hear(pressed(10, kind=1))
    assert again.patterns() == ["maling"]


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
        for bad in (data[:i], data[:i] + bytes((data[i] ^ 1 << i % 8,)) + data[i + 1 :]):
            again = Post("reset", {"guard": post.state["guard"], "siren": bad})
            assert again.sounds() == []


def test_a_stopped_incident_is_still_stopped_after_a_reset():
    post = Post()
    post.hear(pressed())
    post.key("hush")
    again = Post("reset", post.state)
    again.hear(pressed(12, incident=10))
    assert again.sounds() == []


# -- on purpose --------------------------------------------------------------------------------------


def test_a_siren_under_a_gateways_number_is_told_of_and_stopped_by_that_number_alone():
    """People at the hub had it sounded: no button has that number."""
    post = Post()
    post.hear(pressed(10, kind=1))
    post.wait(20 * SECOND)
    post.hear(order(m.ACTION_START, origin=GATEWAY, counter=12, pattern=2, seconds=60))
    assert post.patterns() == ["maling", "kebakaran"]
    post.wait(5 * SECOND)
    told = [one.body for one in post.messages(m.SIREN_REPORT)]
    assert (GATEWAY, 12, m.STATE_DRIVEN, m.SOURCE_ORDER) in [tuple(body) for body in told]
    post.hear(order(m.ACTION_STOP, origin=GATEWAY, counter=12))
    assert post.patterns()[-1] == "maling" and post.loud(), "the button's alarm goes on"


def test_the_end_of_a_raised_siren_that_never_was_here_leaves_another_raised_one():
    """One gateway raises both: an origin alone names nothing."""
    post = Post()
    post.hear(order(m.ACTION_START, origin=GATEWAY, counter=10))
    post.hear(order(m.ACTION_STOP, origin=GATEWAY, counter=11))
    assert post.loud()
    post.hear(order(m.ACTION_STOP, origin=GATEWAY, counter=10))
    assert not post.loud()


def test_whichever_gateway_is_asked_the_end_of_one_raised_siren_leaves_another():
    """Its own gateway is away: another orders for it, under the number of the first."""
    post, away = Post(), GATEWAY + 1
    for counter in (10, 11):
        post.hear(order(m.ACTION_START, origin=away, counter=counter))
    post.hear(order(m.ACTION_STOP, origin=away, counter=11, seconds=m.STOP_ALONE))
    post.hear(order(m.ACTION_STOP, origin=away, counter=12, seconds=m.STOP_ALONE))
    assert post.loud(), "the one before goes on"
    post.hear(order(m.ACTION_STOP, origin=away, counter=10, seconds=m.STOP_ALONE))
    assert not post.loud()


def test_the_end_of_a_raised_siren_plays_no_end_tone_and_a_cancel_does():
    for seconds, tones in ((m.STOP_ALONE, 0), (m.STOP_TONE, 1)):
        post = Post()
        post.hear(order(m.ACTION_START, counter=10))
        before = len(post.sounds())
        post.hear(order(m.ACTION_STOP, counter=10, seconds=seconds))
        assert len(post.sounds()) - before == tones
