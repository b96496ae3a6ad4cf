"""An alarm that only a stolen post can have made: people are told, and posts' words weigh less for a day."""
import pytest
from gateway_kit import BUTTON, BUTTON_2, DEVICES, POST, POST_2, SITE, Bench, alarm, forged, report, starts
from kentongan_gateway.actions import Siren
from kentongan_gateway.forgeries import LAST_MS, NAME
from kentongan_wire import messages as m
from kentongan_wire.messages import encode

TWO_POSTS = [{**d, "zone": 5} if d["node"] == POST_2 else d for d in DEVICES]


def silent_under_a(counter=100):
    """What no button sends: an alarm that may not sound, under the key that every post has."""
    body = m.Alarm(0, counter & 0xFFFF, 5, m.KIND_UJI, 0, 150)
    of = BUTTON, m.TOMBOL, 0
    return encode(m.ALARM, m.TOMBOL, 0, counter, BUTTON, body, SITE.a(*of), SITE.r(*of), SITE.c(*of))


def told(bench):
    return [(e["active"], e["detail"]) for e in bench.of_type("trouble") if e["name"] == NAME]


@pytest.mark.parametrize(("payload", "reason"), [(forged(), "unproved"), (silent_under_a(), "weak_key")])
def test_a_forged_alarm_is_refused_and_people_are_told_once_for_a_day(payload, reason):
    bench = Bench()
    for _ in range(50):
        bench.hear(payload)
        bench.run(1_000, hub_ok_every_ms=1_000)
    assert bench.core.counters[reason] == 50
    assert not bench.of_type("alarm") and not bench.sent() and not bench.all(Siren)
    ((active, text),) = told(bench)
    assert active and "periksa apakah pos dicuri" in text
    bench.run(LAST_MS - 10_000, hub_ok_every_ms=60_000)
    assert len(told(bench)) == 1
    bench.run(20_000, hub_ok_every_ms=60_000)
    assert [active for active, _ in told(bench)] == [True, False]


def test_a_forged_alarm_moves_no_counter_and_the_real_press_under_it_is_called_for():
    bench = Bench()
    for counter in (100, 4_000_000_000):
        bench.hear(forged(counter=counter))
    bench.hear(alarm(kind=2))
    bench.run(7_000)
    event, = bench.of_type("alarm")
    assert (event["counter"], event["late"], event["altered"]) == (100, False, False)
    assert starts(bench) and bench.all(Siren) and bench.entries(BUTTON)


def test_while_forgeries_are_minded_the_word_of_one_post_replaces_the_order_to_no_other():
    bench = Bench(devices=TWO_POSTS)
    bench.hear(forged(src=BUTTON_2), src=BUTTON_2)
    bench.hear(alarm(kind=2))
    bench.hear(report(src=POST_2), src=POST_2)  # the thief's
    bench.run(20_000, hub_ok_every_ms=1_000)
    assert [posts for _, _, posts in starts(bench)] == [[POST]] * 5


def test_while_forgeries_are_minded_a_word_of_one_post_before_the_alarm_replaces_no_order():
    """He says that it sounds as soon as he has heard the button, and is stored first."""
    bench = Bench(devices=TWO_POSTS)
    bench.hear(forged(src=BUTTON_2), src=BUTTON_2)
    bench.hear(report(src=POST_2), src=POST_2)
    bench.hear(alarm(kind=2))
    bench.run(20_000, hub_ok_every_ms=1_000)
    assert [posts for _, _, posts in starts(bench)] == [[POST]] * 5


def test_while_forgeries_are_minded_an_order_under_way_ends_for_each_post_by_its_own_report():
    bench = Bench(devices=TWO_POSTS)
    bench.hear(alarm(kind=2))
    bench.run(2_500, hub_ok_every_ms=1_000)
    bench.hear(forged(src=BUTTON_2), src=BUTTON_2)
    bench.hear(report(src=POST_2), src=POST_2)
    bench.run(6_000, hub_ok_every_ms=1_000)
    assert len(starts(bench)) == 3
    bench.hear(report(), src=POST)
    bench.run(20_000, hub_ok_every_ms=1_000)
    assert len(starts(bench)) == 3


def test_without_forgeries_one_post_that_reports_is_enough():
    bench = Bench(devices=TWO_POSTS)
    bench.hear(alarm(kind=2))
    bench.hear(report(src=POST_2), src=POST_2)
    bench.run(20_000, hub_ok_every_ms=1_000)
    assert not starts(bench)


def test_a_restart_forgets_no_forgery_and_begins_no_new_day():
    bench = Bench()
    bench.hear(forged())
    bench.run(LAST_MS // 2, hub_ok_every_ms=60_000)
    again = Bench(state=bench.state)
    assert again.core.troubles().get(NAME)
    again.hear(alarm(kind=2))
    again.hear(report(), src=POST)
    again.run(LAST_MS // 2 + 3_600_000, hub_ok_every_ms=60_000)
    assert NAME not in again.core.troubles()
    assert NAME not in Bench(state=again.state).core.troubles()
