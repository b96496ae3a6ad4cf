"""A siren that people at the hub have sounded: ordered under our own number, told of whole, stopped alone."""

from itertools import product

from kentongan_gateway.core.base.actions import Siren, SirenOff
from kentongan_wire.message import messages as m
from kits.gateway.gateway_kit import (
    BUTTON,
    DEVICES,
    GATEWAY,
    GATEWAY_2,
    POST,
    RECEIVER,
    Bench,
    alarm,
    coming,
    report,
    starts,
)

NUMBER = 12  # of the hub's incident
ORDER = {"type": "siren", "action": "start", "origin": GATEWAY, "counter": NUMBER, "first": NUMBER,
         "targets": "zone", "zone": 5, "kind": m.KIND_KEBAKARAN, "seconds": 60}  # fmt: skip


def refusals(bench):
    bench.run(70_000)
    return {reason for e in bench.of_type("refusals") for reason in e["counters"]}


def test_posts_and_our_own_siren_start_for_it_until_the_posts_say_so():
    bench = Bench()
    bench.order(id=1, **ORDER)
    bench.run(500)
    assert len(bench.all(Siren)) == 1 and {tuple(posts) for _, _, posts in starts(bench)} == {(POST,)}
    sent = len(starts(bench))
    bench.hear(report(origin=GATEWAY, alarm_counter=NUMBER), src=POST)
    bench.run(30_000)
    assert len(starts(bench)) == sent, "the post has said that it sounds"
    assert [e["origin"] for e in bench.of_type("siren_report")] == [GATEWAY]


def test_its_stop_leaves_the_siren_of_a_button_alone():
    bench = Bench()
    bench.order(id=1, **ORDER)
    bench.hear(alarm(counter=100, kind=m.KIND_MALING))
    bench.run(10_000)
    before = len(bench.all(SirenOff))
    bench.order(id=2, **{**ORDER, "action": "stop"})
    bench.run(1_000)
    assert bench.core.parts.own.alarm is not None and bench.core.parts.own.alarm[0] == BUTTON
    assert len(bench.all(SirenOff)) == before


def test_the_silence_key_of_a_post_ends_its_order_and_is_no_refusal():
    bench = Bench()
    bench.order(id=1, **ORDER)
    bench.run(500)
    sent = len(starts(bench))
    bench.hear(report(origin=GATEWAY, alarm_counter=NUMBER, state=m.STATE_SILENCED), src=POST)
    bench.run(30_000)
    assert len(starts(bench)) == sent
    assert "silence_not_asked" not in refusals(bench)


def test_a_chime_is_called_about_it_and_its_answer_tells_no_button():
    bench = Bench()
    bench.order(id=2, type="page", device=GATEWAY, counter=NUMBER, first=NUMBER, kind=2, zone=5, silent=0)
    bench.run(500)
    assert [(e["origin"], e["counter"]) for e in bench.of_type("paged")] == [(GATEWAY, NUMBER)]
    bench.hear(coming(origin=GATEWAY, first=NUMBER), src=RECEIVER)
    bench.run(30_000)
    assert bench.entries(GATEWAY) == [], "nobody waits for a word at our own number"
    assert "answer_not_asked" not in refusals(bench)


def raised(bench, number, action, counter, kind=m.KIND_KEBAKARAN):
    """The hub's order about a siren that people raised; all have our number as their origin."""
    about = {"origin": GATEWAY, "counter": counter, "first": counter, "targets": "zone", "zone": 5}
    bench.order(id=number, type="siren", action=action, kind=kind, seconds=60, **about)
    bench.run(500)


def test_the_end_of_one_raised_siren_leaves_our_own_for_another():
    bench = Bench()
    raised(bench, 1, "start", 10)
    raised(bench, 2, "stop", 11)
    assert bench.core.parts.own.alarm[1] == 10
    raised(bench, 3, "start", 11, m.KIND_MALING)
    raised(bench, 4, "stop", 10)
    assert bench.core.parts.own.alarm[1] == 11
    raised(bench, 5, "stop", 11)
    assert not bench.core.parts.own.alarm


def test_the_end_of_one_raised_siren_ends_no_start_of_an_earlier_one():
    bench = Bench()
    raised(bench, 1, "start", 10)
    begun = len(starts(bench))
    raised(bench, 2, "stop", 11)
    bench.run(20_000)
    assert len(starts(bench)) > begun


def orders(bench, action):
    return [order.body for _, _, order in bench.sent(m.SIREN_ORDER) if order.body.action == action]


def test_a_stop_for_another_gateways_siren_ends_that_one_alone_and_a_buttons_whatever_it_raised():
    bench = Bench()
    for number, (origin, counter) in enumerate(((GATEWAY_2, 10), (GATEWAY, 10), (BUTTON, 10)), 1):
        about = {"origin": origin, "counter": counter, "first": counter, "targets": "zone", "zone": 5}
        bench.order(id=number, type="siren", action="stop", kind=2, seconds=0, **about)
        bench.run(2_000)
    assert {one.origin: one.seconds for one in orders(bench, m.ACTION_STOP)} == {
        GATEWAY_2: m.STOP_ALONE, GATEWAY: m.STOP_ALONE, BUTTON: 0,
    }  # fmt: skip


def test_a_posts_word_on_one_raised_siren_ends_no_order_about_another():
    """Two at once: it has heard the order of the second, and perhaps not that of the first."""
    bench = Bench()
    raised(bench, 1, "start", 10)
    raised(bench, 2, "start", 11)
    bench.hear(report(origin=GATEWAY, alarm_counter=11), src=POST)
    before = len(starts(bench))
    bench.run(20_000)
    assert {counter for _, counter, _ in starts(bench)[before:]} == {10}


def test_an_order_that_a_later_one_overtook_goes_again_under_a_counter_that_the_post_still_takes():
    """Its first word was lost, or went out second: a post takes no order below one that it has heard."""
    bench = Bench()
    raised(bench, 1, "start", 10)
    raised(bench, 2, "start", 11)
    bench.run(20_000)
    sent = [(order.body.counter, order.counter) for _, _, order in bench.sent(m.SIREN_ORDER)]
    first = max(counter for number, counter in sent if number == 11 and sent.index((number, counter)) < 3)
    assert max(counter for number, counter in sent if number == 10) > first
    heard = 0
    for _, counter in sent[2:]:  # whatever was heard before, each later frame is above it, or is itself again
        assert counter >= heard
        heard = counter


def test_an_order_that_no_other_overtook_is_repeated_as_it_was():
    bench = Bench()
    raised(bench, 1, "start", 10)
    bench.run(20_000)
    sent = [(order.counter, order.body) for _, _, order in bench.sent(m.SIREN_ORDER)]
    assert len(sent) > 2 and len(set(sent)) == 1


def test_a_press_of_an_incident_that_was_ended_is_not_stopped_by_what_is_left_of_its_end():
    """It was closed, and its button pressed again before every post had heard the stop."""
    bench = Bench()
    about = {"type": "siren", "origin": BUTTON, "first": 100, "zone": 5, "kind": 2}
    bench.order(id=1, action="stop", counter=100, targets="zone", seconds=0, **about)
    bench.run(500)
    bench.order(id=2, action="start", counter=102, targets=[POST], seconds=180, **about)
    begun = len(orders(bench, m.ACTION_STOP))
    bench.run(20_000)
    assert len(orders(bench, m.ACTION_STOP)) == begun and starts(bench)
    bench.order(id=3, action="stop", counter=102, targets="zone", seconds=0, **about)
    bench.run(500)
    assert len(orders(bench, m.ACTION_STOP)) > begun, "its own end is ordered"


def test_a_posts_word_that_one_raised_siren_is_silent_ends_no_stop_of_another():
    bench = Bench()
    raised(bench, 1, "stop", 10)
    raised(bench, 2, "stop", 11)
    bench.hear(report(origin=GATEWAY, alarm_counter=11, state=m.STATE_STOPPED), src=POST)
    before = len(orders(bench, m.ACTION_STOP))
    bench.run(20_000)
    assert {one.counter for one in orders(bench, m.ACTION_STOP)[before:]} == {10}


def test_however_many_stops_are_ordered_an_alarm_that_comes_then_is_started_at_once():
    """Of a fire that fifty houses call in eight RTs, where no post reports."""
    rts = range(20, 28)
    button = next(one for one in DEVICES if one["node"] == BUTTON)
    post = next(one for one in DEVICES if one["node"] == POST)
    houses = [{**button, "node": BUTTON + 100 + n, "label": f"tombol-x{n}"} for n in range(50)]
    posts = [{**post, "node": POST + rt, "label": f"pos-x{rt}", "zone": rt} for rt in rts]
    bench = Bench(devices=[*DEVICES, *houses, *posts])
    for number, (house, rt) in enumerate(product(houses, rts), 1):
        about = {"origin": house["node"], "counter": 5, "first": 5, "targets": "zone", "zone": rt, "kind": 2}
        bench.order(id=number, type="siren", action="stop", seconds=0, **about)
    bench.run(30_000)
    assert not starts(bench)
    bench.order(id=9_999, **{**ORDER, "origin": BUTTON, "counter": 100, "first": 100})
    bench.run(1_000)
    assert starts(bench)
