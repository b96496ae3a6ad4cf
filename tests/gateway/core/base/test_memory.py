"""Guards survive: after a restart the disk is asked first, and without a disk somebody has to vouch."""

import pytest
from kentongan_gateway.core.base.actions import Note, Siren, Speak
from kentongan_gateway.core.base.memory import ASK_AT_MS, DOUBT_MS, HELD_LIMIT, WORDS_LIMIT
from kentongan_gateway.core.gateway_core import CoreConfig
from kentongan_gateway.disk.spool import Spool
from kentongan_wire.message import messages as m
from kits.gateway.gateway_kit import (
    BUTTON,
    BUTTON_2,
    DEVICES,
    GATEWAY_2,
    POST,
    POST_2,
    ROLES,
    SITE,
    Bench,
    alarm,
    message,
    node_status,
    report,
    stage_1,
    starts,
)

CONFIG = CoreConfig(0x1010, "gateway-1", 5, voice=True)


def begun(bench):
    """Return what an alarm has set going: posts' sirens, our own, voice, pages, posts by way of a receipt."""
    named = [entry for _, _, entry in bench.entries() if entry.zone]
    return [*starts(bench), *bench.all(Siren), *bench.all(Speak), *bench.sent(m.PAGE), *named]


def a_former_run(hub):
    bench = Bench(config=CONFIG)
    bench.hear(alarm(kind=2))
    bench.run(100)
    if hub:
        bench.hub_takes_all()
    return bench


@pytest.mark.parametrize("hub", [True, False])
@pytest.mark.parametrize("lost", [(), ("guard", "stored"), ("stored",)])
@pytest.mark.parametrize("age_ms", [240_000, -1])
def test_a_recorded_alarm_played_after_a_power_cut_is_answered_and_starts_nothing(hub, lost, age_ms):
    """The stranger has no key: four sirens, and the hub dead, was what one frame could do."""
    bench = a_former_run(hub)
    state = {name: data for name, data in bench.state.items() if name not in lost}
    again = Bench(state=state, spool=bench.spool, config=CONFIG, age_ms=age_ms)
    rows = bench.spool.counts()["rows"]
    for _ in range(3):
        again.hear(alarm(kind=2))
        again.run(20_000)
    assert begun(again) == []
    assert {(e.counter, e.stage) for _, _, e in again.entries(BUTTON)} == {(100, 2)}
    assert again.spool.counts()["rows"] == rows, "it is not stored a second time"


def test_the_spool_alone_may_be_gone_and_the_counters_alone_know_what_was_stored():
    bench = a_former_run(hub=True)
    bench.run(1_000)
    again = Bench(state=bench.state, config=CONFIG)
    again.hear(alarm(kind=2))
    again.run(20_000)
    assert begun(again) == [] and again.entries(BUTTON) and not again.of_type("alarm")


@pytest.mark.parametrize("hub", [True, False])
def test_an_alarm_under_way_goes_on_after_a_restart(hub):
    bench = a_former_run(hub)
    again = Bench(state=bench.state, spool=bench.spool, config=CONFIG, age_ms=20_000)
    again.hear(alarm(kind=2, attempt=4))  # its button never heard its receipt
    again.run(8_000)
    assert starts(again) and again.all(Speak)
    assert bool(again.all(Siren)) is not hub, "where the hub has it, the hub acts for it"


def test_a_new_press_after_a_power_cut_is_called_for_at_once():
    bench = a_former_run(hub=True)
    again = Bench(state={}, spool=bench.spool, config=CONFIG, age_ms=-1)
    again.hear(alarm(counter=101, kind=2))
    again.run(8_000)
    assert starts(again) and again.all(Siren), "its button is known from the spool: it is not in doubt"


SOUNDING = m.STATUS_MAINS | m.STATUS_SOUNDING


def answer_to_test(bench, counter, sounding=True, post=POST):
    """The STATUS of a post that has just taken the last quiet test."""
    last = [order.counter for _, _, order in bench.sent(m.SIREN_ORDER) if order.body.action == m.ACTION_TEST][
        -1
    ]
    return node_status(post, counter, last, flags=SOUNDING if sounding else m.STATUS_MAINS)


def new_card():
    """No state, no spool, no hub: a stranger plays an alarm that he recorded, or somebody presses."""
    bench = Bench(state={}, spool=Spool(":memory:"), config=CONFIG)
    bench.hear(alarm(kind=2))
    bench.run(60_000)
    return bench


def test_on_a_new_card_an_alarm_is_stored_and_receipted_at_once_and_starts_nothing():
    bench = new_card()
    assert [(e.counter, e.stage) for _, _, e in bench.entries(BUTTON)] == [(100, 2)]
    assert bench.of_type("alarm")[0]["doubted"] and not bench.of_type("alarm")[0]["late"]
    assert begun(bench) == []


@pytest.mark.parametrize("word", [report(), stage_1()])
def test_a_post_that_sounds_now_vouches_for_its_alarm_and_for_no_other(word):
    bench = new_card()
    bench.hear(alarm(src=BUTTON_2, counter=50, kind=2), src=BUTTON_2)
    bench.hear(word, src=POST)
    bench.run(1_000)
    assert begun(bench) == []
    bench.hear(answer_to_test(bench, counter=324), src=POST)
    bench.run(3_000)
    assert {s.pattern for s in bench.all(Siren)} == {"kebakaran"} and len(bench.all(Siren)) == 1
    assert {page.body.origin for _, _, page in bench.sent(m.PAGE)} == {BUTTON}


def test_a_word_of_a_post_behind_its_answer_vouches_at_once():
    bench = new_card()
    bench.hear(answer_to_test(bench, counter=300, sounding=False), src=POST)
    bench.hear(report(counter=301), src=POST)
    bench.run(3_000)
    assert bench.all(Siren) and bench.sent(m.PAGE)


SECOND = {"node": 0x3003, "role": "sirene", "label": "sirene-3", "zone": 5, "house": 0, "hops": 1}
ROLES[0x3003] = m.SIRENE


def two_posts(hub=None):
    """A new card at an RT with two posts; hub: what it says of the alarm, None: it is dead."""
    bench = Bench(state={}, config=CONFIG, devices=[*DEVICES, SECOND])
    bench.hub_says_new = hub
    bench.hear(alarm(kind=2))
    bench.run(1_000)
    return bench


def sounds_now(bench, post=POST, ahead=0):
    """That post's word on the alarm, and behind it the STATUS that says that it is of now."""
    bench.hear(report(post, 698 + ahead), src=post)
    bench.hear(answer_to_test(bench, 700 + ahead, post=post), src=post)


def test_one_stolen_post_vouches_for_no_recorded_alarm_where_another_could():
    bench = two_posts()
    for ahead in range(0, 200, 4):
        sounds_now(bench, ahead=ahead)
        sounds_now(bench, POST_2, ahead)  # of another RT: it does not sound for that alarm by itself
        bench.run(1_000)
    assert begun(bench) == []


@pytest.mark.parametrize("late_ms", [0, 20_000])
def test_two_posts_vouch_once_the_hub_has_not_taken_the_alarm(late_ms):
    bench = two_posts()
    sounds_now(bench)
    bench.run(late_ms)
    sounds_now(bench, 0x3003)
    assert bool(begun(bench)) is (late_ms > 0)
    bench.run(7_000)
    assert bench.all(Siren) and {page.body.origin for _, _, page in bench.sent(m.PAGE)} == {BUTTON}
    assert [s.pattern for s in bench.all(Siren)] == ["kebakaran"], "and once"


@pytest.mark.parametrize("new", [True, False])
def test_while_the_hub_answers_it_has_the_first_word_and_posts_have_none(new):
    bench = two_posts(new)
    sounds_now(bench)
    sounds_now(bench, 0x3003)
    assert begun(bench) == []
    bench.run(8_000, hub_ok_every_ms=1_000)
    assert bool(begun(bench)) is new
    bench.run(DOUBT_MS, hub_ok_every_ms=5_000)
    assert bool(begun(bench)) is new, "ten minutes do not make it new"


def test_one_posts_many_words_take_no_place_of_anothers():
    bench = two_posts()
    bench.hear(report(0x3003, 698), src=0x3003)
    for n in range(WORDS_LIMIT + 1):
        bench.hear(report(POST, 10 + n, alarm_counter=2_000 + n), src=POST)
    sounds_now(bench)
    bench.hear(answer_to_test(bench, 700, post=0x3003), src=0x3003)
    bench.run(7_000)
    assert begun(bench)


def test_a_stranger_who_recorded_the_posts_words_as_well_gets_nobody_to_vouch():
    """The post is there and answers; its words about the old alarm are a day older."""
    bench = new_card()
    bench.hear(report(), src=POST)
    bench.hear(stage_1(), src=POST)
    bench.hear(node_status(counter=330, last_control=0xFFFF, flags=SOUNDING), src=POST)  # recorded as well
    bench.hear(answer_to_test(bench, counter=900), src=POST)
    bench.run(60_000)
    assert begun(bench) == []


def test_a_status_that_names_a_number_of_a_run_before_the_loss_dates_nothing():
    """Without its counters a gateway would go on where an earlier run of it went on after a loss as well."""
    bench = Bench(state={}, spool=Spool(":memory:"), config=CONFIG)
    bench.run(200_000)
    told = [order.counter for _, _, order in bench.sent(m.SIREN_ORDER)]
    assert told, "devices were asked for their status"
    bench.hear(alarm(kind=2))
    bench.hear(report(), src=POST)
    bench.run(1_000)
    for place, number in enumerate(dict.fromkeys((*told, *range(1 << 16, (1 << 16) + 8)))):
        bench.hear(node_status(counter=311 + place, last_control=number, flags=SOUNDING), src=POST)
    bench.run(60_000)
    assert begun(bench) == []


def test_while_an_alarm_waits_its_zones_posts_are_asked_and_never_for_long():
    bench = new_card()
    bench.run(DOUBT_MS - 70_000)
    tests = [
        (at, [post for post, _ in order.body.targets])
        for at, _, order in bench.sent(m.SIREN_ORDER)
        if order.body.action == m.ACTION_TEST
    ]
    asked = [at - 1_000_000 for at, posts in tests if posts == [POST]]
    assert asked[:6] == list(ASK_AT_MS)


@pytest.mark.parametrize(
    "order",
    [
        {"type": "siren", "action": "start", "origin": BUTTON, "counter": 100, "kind": 2, "targets": "zone"},
        {"type": "page", "device": BUTTON, "counter": 100},
    ],
)
def test_an_order_of_the_hub_about_it_vouches(order):
    bench = new_card()
    bench.order(id=1, **order)
    bench.run(5_000)
    assert starts(bench) and bench.all(Siren) and bench.sent(m.PAGE)


def test_the_log_says_when_the_memory_is_lost_and_when_it_is_whole_again():
    bench = new_card()
    bench.order(id=1, type="counters", table=[[BUTTON, 0, 0, 99]], gateway_counter=0, part=True)
    assert [note.step for note in bench.all(Note) if "memory" in note.step] == ["memory_lost"]
    for n in (2, 3):
        bench.order(id=n, type="counters", table=[[BUTTON, 0, 0, 99]], gateway_counter=0)
    assert [note.step for note in bench.all(Note) if "memory" in note.step] == ["memory_lost", "memory_known"]
    healthy = Bench(config=CONFIG)
    healthy.run(1_000)
    assert not [note for note in healthy.all(Note) if "memory" in note.step]


@pytest.mark.parametrize(("copy", "acts"), [(99, True), (100, False), (300, False)])
def test_the_hubs_copy_of_the_counters_says_which_alarms_are_new(copy, acts):
    bench = new_card()
    bench.order(id=1, type="counters", table=[[BUTTON, 0, 0, copy]], gateway_counter=0)
    bench.run(5_000)
    assert bool(begun(bench)) is acts
    bench.hear(alarm(src=BUTTON_2, counter=50, kind=2), src=BUTTON_2)
    bench.run(5_000)
    assert BUTTON_2 in {page.body.origin for _, _, page in bench.sent(m.PAGE)}, "the doubt is over"


def test_ten_minutes_vouch_as_they_do_at_the_posts():
    bench = new_card()
    bench.run(DOUBT_MS - 61_000)
    assert begun(bench) == []
    bench.run(5_000)
    assert starts(bench) and bench.all(Siren) and bench.sent(m.PAGE)
    bench.hear(alarm(src=BUTTON_2, counter=50, kind=2), src=BUTTON_2)
    bench.run(8_000)
    assert BUTTON_2 in {page.body.origin for _, _, page in bench.sent(m.PAGE)}


def test_a_second_power_cut_does_not_make_true_what_was_in_doubt():
    bench = new_card()
    bench.do(bench.core.close(bench.now_ms))
    again = Bench(state=bench.state, spool=bench.spool, config=CONFIG, age_ms=-1)
    again.hear(alarm(counter=104, kind=2))  # the next one that he has
    again.hear(alarm(src=BUTTON_2, counter=50, kind=2), src=BUTTON_2)
    again.run(60_000)
    assert begun(again) == [] and len(again.of_type("alarm")) == 2


def test_a_damaged_counter_file_is_a_lost_memory():
    bench = Bench(state={"guard": b"torn"}, spool=Spool(":memory:"), config=CONFIG)
    bench.hear(alarm(kind=2))
    bench.run(60_000)
    assert begun(bench) == [] and bench.core.counters["guard_lost"] == 1


def test_what_waits_is_bounded_and_what_has_no_place_is_counted():
    bench = Bench(state={}, spool=Spool(":memory:"), config=CONFIG)
    for n in range(HELD_LIMIT + 5):
        bench.hear(alarm(src=0x6000 + n, counter=10), src=0x6000 + n)
    assert bench.core.counters["doubted_dropped"] == 5 and len(bench.of_type("alarm")) == HELD_LIMIT + 5
    bench.run(60_000)
    assert begun(bench) == [], "an alarm that lost its place is in doubt all the same, and the hub is dead"


def test_an_old_receipt_played_to_a_new_card_makes_no_dead_gateway_alive():
    """It would be waited for with the next alarm of its zone."""
    devices = [
        *DEVICES,
        {"node": GATEWAY_2, "role": "gateway", "label": "gateway-2", "zone": 6, "house": 0, "hops": 1},
    ]
    entry = m.receipt_entry(GATEWAY_2, BUTTON_2, 7, 2, 0, 6, 1, SITE.c(BUTTON_2, m.TOMBOL, 0))
    recorded = message(m.RECEIPTS, GATEWAY_2, 40, m.Receipts((entry,)))
    answered_ms = []
    for state in ({}, None):
        bench = Bench(state=state, devices=devices)
        bench.hear(alarm(src=BUTTON_2, counter=7, zone=6), src=BUTTON_2)
        bench.hear(recorded, src=GATEWAY_2)
        bench.run(11_000)
        begin = bench.now_ms
        for attempt in range(3):
            bench.hear(alarm(zone=6, attempt=attempt))
            bench.run(2_000)
        answered_ms.append(bench.entries(BUTTON)[0][0] - begin)
    assert answered_ms[0] <= 1_000 < 3_500 <= answered_ms[1]


def test_a_post_may_have_answered_and_spoken_before_its_alarm_came():
    bench = new_card()
    bench.hear(report(counter=299, alarm_counter=50, origin=BUTTON_2), src=POST)
    bench.hear(answer_to_test(bench, counter=300), src=POST)
    bench.run(1_000)
    assert begun(bench) == []
    bench.hear(alarm(src=BUTTON_2, counter=50, kind=2), src=BUTTON_2)
    bench.run(8_000)
    assert {page.body.origin for _, _, page in bench.sent(m.PAGE)} == {BUTTON_2}
