"""Drills at the gateway: its own window, and posts that are told of begin and end until they know."""

import pytest
from kentongan_gateway.core.base.actions import Siren
from kentongan_gateway.core.sirens.drill import GAPS_MS, HEARD_GAP_MS
from kentongan_wire.air.flood import CLASS_ORDER
from kentongan_wire.message import messages as m
from kits.gateway.gateway_kit import (
    BUTTON,
    BUTTON_2,
    GATEWAY,
    POST,
    POST_2,
    Bench,
    alarm,
    message,
    node_status,
)

END, BEGIN = m.ACTION_DRILL_END, m.ACTION_DRILL
SECOND = 1_000


def drill(bench, minutes=10, zone=5, number=3, posts=None):
    bench.orders = getattr(bench, "orders", 0) + 1
    bench.order(id=bench.orders, type="drill", minutes=minutes, zone=zone, number=number, posts=posts)


def told(bench, post=POST):
    """[(ms, counter, order)] of the drill orders that name this post."""
    out = []
    for at, action, opened in bench.sent(m.SIREN_ORDER):
        if opened.body.action in (BEGIN, END) and post in [target for target, _ in opened.body.targets]:
            assert action.klass == CLASS_ORDER
            out.append((at, opened.counter, opened.body))
    return out


def knows(bench, state, post=POST, order=None, origin=GATEWAY):
    """The post acknowledges its latest order, or that of this counter."""
    bench.reports = getattr(bench, "reports", 900) + 1
    body = m.SirenReport(origin, order or told(bench, post)[-1][1], state, m.SOURCE_ORDER)
    bench.hear(message(m.SIREN_REPORT, post, bench.reports, body), post)


def known(bench):
    return [(e["device"], e["number"], e["open"]) for e in bench.of_type("drill_known")]


def test_in_a_drill_window_the_first_alarm_of_a_button_is_a_drill_and_the_second_is_real():
    bench = Bench()
    drill(bench)
    bench.hear(alarm(counter=100))
    bench.hear(alarm(counter=101))
    bench.hear(alarm(src=BUTTON_2, counter=9, under_c=True), src=BUTTON_2)
    assert [e["drill"] for e in bench.of_type("alarm")] == [True, False, False]
    bench.run(1_000)
    first, second = [entry for *_, entry in bench.entries(BUTTON)]
    assert (first.zone, second.zone) == (0, 5)


def test_a_drill_window_ends_and_has_a_zone():
    bench = Bench()
    drill(bench, zone=6)
    bench.hear(alarm(counter=100))
    drill(bench)
    bench.run(600_001, hub_ok_every_ms=1_000)
    bench.hear(alarm(counter=101))
    assert [e["drill"] for e in bench.of_type("alarm")] == [False, False]


def test_a_drill_sounds_here_as_a_drill_and_pages_nobody_when_the_hub_is_silent():
    bench = Bench()
    drill(bench)
    bench.hear(alarm())
    bench.run(10_000)
    assert bench.all(Siren)[0].pattern == "latihan_maling" and not bench.sent(m.PAGE)
    assert {opened.body.action for *_, opened in bench.sent(m.SIREN_ORDER)} == {BEGIN}


def test_a_drill_drowns_nothing_that_our_own_siren_beats_in_earnest():
    bench = Bench()
    drill(bench)
    bench.hear(alarm(counter=100))
    bench.hear(alarm(counter=101))
    bench.order(id=70, type="siren", action="start", origin=BUTTON, counter=101, kind=1, targets="zone")
    bench.hear(alarm(src=BUTTON_2, counter=9), src=BUTTON_2)
    bench.run(10_000)
    assert [one.pattern for one in bench.all(Siren)][0] == "maling"
    assert not [one for one in bench.all(Siren)[1:] if one.pattern.startswith("latihan")]


def test_a_begin_is_repeated_with_the_seconds_that_are_left_until_the_post_says_that_it_knows():
    bench = Bench()
    drill(bench)
    bench.run(2_000)
    (first, *_), last = told(bench)[0], told(bench)[-1]
    assert len(told(bench)) == 3 and not told(bench, POST_2)
    assert (last[2].action, last[2].pattern, last[2].seconds) == (BEGIN, 5, 598)
    assert {body.counter for *_, body in told(bench)} == {told(bench)[0][1]}, "one number for one drill"
    assert len({counter for _, counter, _ in told(bench)}) == 3, "no repeat may be older than another order"
    knows(bench, m.STATE_DRILL)
    bench.run(300_000, hub_ok_every_ms=SECOND)
    assert len(told(bench)) == 3 and known(bench) == [(POST, 3, True)] and first == told(bench)[0][0]
    assert bench.of_type("siren_report")[0]["state"] == m.STATE_DRILL, "and its word is stored and answered"


def test_an_end_is_on_the_air_five_times_in_five_seconds_and_grows_rare_and_ends():
    bench = Bench()
    drill(bench)
    knows(bench, m.STATE_DRILL)
    start = bench.now_ms
    drill(bench, 0)
    bench.run(3_500_000, hub_ok_every_ms=SECOND)
    ends = [at - start for at, _, body in told(bench) if body.action == END]
    assert sum(at <= 5_000 for at in ends) == 5 and ends[0] == 0
    assert [b - a for a, b in zip(ends, ends[1:], strict=False)] == list(GAPS_MS)


def test_who_did_not_answer_is_told_again_when_it_is_heard_and_no_more_once_the_window_is_over():
    bench = Bench()
    drill(bench)
    drill(bench, 0)
    bench.run(200_000, hub_ok_every_ms=SECOND)
    n = len(told(bench))
    bench.hear(node_status(counter=1_001), POST)
    bench.run(SECOND)
    bench.hear(node_status(counter=1_002), POST)
    bench.run(HEARD_GAP_MS, hub_ok_every_ms=SECOND)
    assert len(told(bench)) == n + 1
    bench.hear(node_status(counter=1_003), POST)
    bench.run(SECOND)
    assert len(told(bench)) == n + 2
    bench.run(600_000, hub_ok_every_ms=SECOND)
    bench.hear(node_status(counter=1_004), POST)
    bench.run(SECOND)
    assert len(told(bench)) == n + 2, "every window has run out by itself"


def test_only_an_answer_to_what_is_so_now_counts():
    bench = Bench()
    drill(bench)
    begin = told(bench)[-1][1]
    drill(bench, 0)
    knows(bench, m.STATE_DRILL, order=begin)
    knows(bench, m.STATE_NO_DRILL, order=begin)
    knows(bench, m.STATE_DRILL)
    knows(bench, m.STATE_NO_DRILL, order=777)
    knows(bench, m.STATE_NO_DRILL, origin=BUTTON)
    assert known(bench) == []
    knows(bench, m.STATE_NO_DRILL)
    knows(bench, m.STATE_NO_DRILL)
    assert known(bench) == [(POST, 3, False)]


def test_the_hub_says_whose_posts_are_ours_to_tell_and_who_was_told_of_the_begin_is_told_of_the_end():
    bench = Bench()
    drill(bench, zone=0, posts=[POST_2])
    assert told(bench, POST_2) and not told(bench)
    drill(bench, 0, zone=0, posts=[POST])
    assert told(bench)[-1][2].action == told(bench, POST_2)[-1][2].action == END
    bench = Bench()
    drill(bench, zone=0)
    assert told(bench) and told(bench, POST_2), "all of the site where nobody says which"


def test_a_real_alarm_after_an_end_is_ordered_at_posts_that_do_not_know_until_they_beat_it_by_order():
    bench = Bench()
    drill(bench)
    knows(bench, m.STATE_DRILL)
    bench.hear(alarm(counter=100))
    drill(bench, 0)
    bench.hear(alarm(counter=101, incident=100))

    def starts():
        return [
            (at, opened.body)
            for at, _, opened in bench.sent(m.SIREN_ORDER)
            if opened.body.action == m.ACTION_START
        ]

    assert [(body.origin, body.counter) for _, body in starts()] == [(BUTTON, 101)]
    body = m.SirenReport(BUTTON, 101, m.STATE_SOUNDING, m.SOURCE_DIRECT)  # it beats: as a drill, may be
    bench.hear(message(m.SIREN_REPORT, POST, 902, body), POST)
    bench.run(4_000)
    assert len(starts()) == 2
    bench.reports = 902
    knows(bench, m.STATE_NO_DRILL)
    assert len(starts()) == 3, "an order after the end: the earlier one is refused by who knows the end"
    body = m.SirenReport(BUTTON, 101, m.STATE_SOUNDING, m.SOURCE_ORDER)
    bench.hear(message(m.SIREN_REPORT, POST, 904, body), POST)
    bench.run(30_000)
    assert len(starts()) == 3


def test_in_the_minute_after_an_end_every_post_is_ordered_and_later_only_when_none_is_heard():
    for wait_ms, ordered in ((1_000, True), (61_000, False)):
        bench = Bench()
        drill(bench)
        knows(bench, m.STATE_DRILL)
        drill(bench, 0)
        knows(bench, m.STATE_NO_DRILL)
        bench.run(wait_ms)
        bench.hear(alarm(counter=101))
        actions = [opened.body.action for *_, opened in bench.sent(m.SIREN_ORDER)]
        assert (m.ACTION_START in actions) is ordered


def test_a_stop_of_a_drill_holds_back_nothing_in_earnest():
    bench = Bench()
    drill(bench)
    bench.hear(alarm(counter=100))
    bench.order(id=80, type="siren", action="stop", origin=BUTTON, counter=100, targets="zone")
    drill(bench, 0)
    knows(bench, m.STATE_NO_DRILL)
    bench.hear(alarm(counter=101, incident=100))
    bench.run(3_000)
    orders = [opened.body for *_, opened in bench.sent(m.SIREN_ORDER)]
    assert (m.ACTION_START, 101) in [(body.action, body.counter) for body in orders]


def test_a_restart_ends_the_drill_here_and_at_the_posts_and_the_hub_is_told():
    bench = Bench()
    drill(bench)
    knows(bench, m.STATE_DRILL)
    again = Bench(state=bench.state)
    again.hear(alarm())
    assert [e["drill"] for e in again.of_type("alarm")] == [False]
    assert told(again)[0][2].action == END and known(again) == [(GATEWAY, 3, False)]
    knows(again, m.STATE_NO_DRILL)
    assert known(again)[-1] == (POST, 3, False)
    assert not told(Bench(state=again.state)), "and once it is known there is nothing to end"


@pytest.mark.parametrize("odd", [{"number": -1}, {"number": "x"}, {"posts": "alle"}, {"posts": [None]}])
def test_an_odd_drill_order_opens_nothing(odd):
    bench = Bench()
    bench.order(**{"id": 1, "type": "drill", "minutes": 10, "zone": 5, **odd})
    bench.hear(alarm())
    assert [e["drill"] for e in bench.of_type("alarm")] == [False] and not told(bench)
