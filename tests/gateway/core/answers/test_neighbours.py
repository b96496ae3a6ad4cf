"""Several gateways in earshot of one button: that of its zone answers and orders, another stands in."""

import pytest
from kentongan_gateway.core.base.actions import OrderDone, Persist, Siren
from kentongan_gateway.core.gateway_core import CoreConfig
from kentongan_wire.message import messages as m
from kentongan_wire.message.replay import Guard
from kits.gateway.gateway_kit import (
    BUTTON,
    BUTTON_2,
    DEVICES,
    GATEWAY_2,
    POST,
    POST_2,
    SITE,
    Bench,
    alarm,
    message,
    report,
)

GATEWAY_OF_6 = {"node": GATEWAY_2, "role": "gateway", "label": "gateway-2", "zone": 6, "house": 0, "hops": 1}


def bench():
    return Bench(devices=[*DEVICES, GATEWAY_OF_6])


def receipt(counter=100, node=BUTTON, own=40, key=None, stage=2):
    """RECEIPTS of the gateway of zone 6 for an alarm."""
    key = SITE.c(node, m.TOMBOL, 0) if key is None else key
    entry = m.receipt_entry(GATEWAY_2, node, counter, stage, 0, 0, 0, key)
    return message(m.RECEIPTS, GATEWAY_2, own, m.Receipts((entry,)))


def starts(at):
    orders = [order.body for _, _, order in at.sent(m.SIREN_ORDER)]
    return [order.origin for order in orders if order.action == m.ACTION_START]


def go_on(at, seconds, counter=100):
    """The button of zone 6 repeats its alarm every other second."""
    for attempt in range(1, seconds // 2 + 1):
        at.run(2_000, hub_ok_every_ms=1_000)
        at.hear(alarm(zone=6, counter=counter, attempt=attempt))


def alive(at):
    """Gateway 2 answers an alarm of its RT that we hear, too."""
    at.hear(alarm(zone=6, counter=90))
    at.hear(receipt(counter=90), src=GATEWAY_2)


@pytest.mark.parametrize("minutes", [0, 60])
def test_an_old_entry_in_a_new_frame_of_a_stolen_post_makes_no_dead_gateway_alive(minutes):
    """The sirens of its RT were ordered after 21 s instead of 5, for 0.1 s of air in ten minutes."""
    at = bench()
    if minutes:
        alive(at)
        at.run(minutes * 60_000, hub_ok_every_ms=60_000)
    at.hear(receipt(counter=90, own=5_000), src=GATEWAY_2)
    at.run(60_000, hub_ok_every_ms=1_000)
    at.hear(alarm(zone=6))
    start = at.now_ms
    go_on(at, 10)
    assert at.entries(BUTTON)[0][0] - start <= 1_500


def test_a_gateway_that_was_heard_of_lately_has_three_seconds_to_answer_its_own_zones_button():
    at = bench()
    alive(at)
    at.hear(alarm(zone=6))
    at.run(600_000, hub_ok_every_ms=1_000)
    assert len(at.of_type("alarm")) == 2  # stored all the same
    assert not at.entries() and not starts(at)


def test_a_button_that_goes_on_is_answered_although_its_own_gateway_was_heard_of():
    at = bench()
    alive(at)
    at.hear(alarm(zone=6))
    start = at.now_ms
    go_on(at, 10)
    assert 3_500 <= at.entries(BUTTON)[0][0] - start <= 6_000


def played(told=None, state=None):
    """A stranger plays an old alarm of RT 5 to the gateway of RT 6, which never heard that button."""
    at = Bench(state=state, config=CoreConfig(GATEWAY_2, "gateway-2", 6), devices=[*DEVICES, GATEWAY_OF_6])
    at.hub_says_new = False
    at.run(60_000, hub_ok_every_ms=5_000)
    if told:
        at.order(id=1, type="counters", table=told, part=1)
    for attempt in range(4):
        at.hear(alarm(attempt=attempt, kind=2))
        at.run(4_000, hub_ok_every_ms=1_000 if told is None else None)
    at.run(60_000, hub_ok_every_ms=1_000 if told is None else None)
    return at


@pytest.mark.parametrize("told", [None, [[BUTTON, 0, 0, 100]], [[BUTTON, 0, 0, 250]]])
def test_a_gateway_that_never_heard_a_button_orders_nothing_for_an_old_alarm_of_it(told):
    """The hub knows of it: by its word on that alarm, or it has told us so before and may be dead now."""
    at = played(told)
    assert not starts(at) and not at.all(Siren) and not at.sent(m.PAGE)
    assert {entry.stage for _, _, entry in at.entries(BUTTON)} == {2}, "it is answered as ever"
    assert not [entry for _, _, entry in at.entries(BUTTON) if entry.zone], "no post sounds on that"
    assert at.of_type("alarm")[0]["doubted"] is (told is None)


def test_a_press_that_a_strange_gateway_hears_first_is_ordered_as_soon_as_the_hub_calls_it_new():
    at = bench()
    start = at.now_ms
    at.hear(alarm(zone=6))
    at.run(7_000, hub_ok_every_ms=200)
    orders = at.sent(m.SIREN_ORDER)
    assert starts(at)[:1] == [BUTTON] and 3_000 <= orders[0][0] - start <= 6_200
    at.hear(alarm(zone=6, counter=140))
    assert not at.of_type("alarm")[1]["doubted"], "its button is known from then on"


def test_without_the_hub_a_strange_gateway_acts_as_the_hub_would():
    at = bench()
    at.hear(alarm(zone=6, kind=2))
    at.run(4_900)
    assert at.entries(BUTTON) and not starts(at)
    at.run(7_000)
    assert BUTTON in starts(at) and at.all(Siren) and at.sent(m.PAGE)


def test_the_gateway_of_the_buttons_own_zone_waits_for_no_word():
    at = bench()
    at.hear(alarm(kind=2))
    at.run(2_100)
    assert starts(at) == [BUTTON] and not at.of_type("alarm")[0]["doubted"]


def test_a_part_of_the_counters_is_on_disk_before_it_is_answered_and_lowers_nothing():
    at = bench()
    at.hear(alarm(counter=300, zone=6))
    at.run(1_000, hub_ok_every_ms=200)
    for number in (1, 2):
        at.order(id=number, type="counters", table=[[BUTTON, 0, 0, 200], [BUTTON_2, 0, 0, 70]], part=1)
    kinds = [type(action) for action in at.done[-2:] for action in action[1:]]
    assert kinds == [Persist, OrderDone] and at.done[-2][1].name == "guard"
    kept = Guard(4096)
    kept.load(at.state["guard"])
    assert kept.last(BUTTON, 0, m.ALARM) == 300 and kept.last(BUTTON_2, 0, m.ALARM) == 70


def test_a_part_of_the_counters_ends_the_doubt_about_those_that_it_names_and_no_others():
    at = Bench(state={}, devices=[*DEVICES, GATEWAY_OF_6])
    at.hear(alarm(kind=2))
    at.hear(alarm(src=BUTTON_2, counter=50, kind=2), src=BUTTON_2)
    at.run(20_000)
    at.order(id=1, type="counters", table=[[BUTTON, 0, 0, 99]], part=1)
    at.run(8_000)
    assert starts(at) and set(starts(at)) == {BUTTON}
    at.run(20_000)
    assert set(starts(at)) == {BUTTON}, "the memory of others is still lost"


def test_what_the_hub_called_old_begins_nothing_after_a_power_cut_either():
    at = played()
    again = Bench(
        state=at.state,
        spool=at.spool,
        config=CoreConfig(GATEWAY_2, "gateway-2", 6),
        devices=[*DEVICES, GATEWAY_OF_6],
    )
    again.hear(alarm(kind=2, attempt=9))
    again.run(30_000, hub_ok_every_ms=1_000)
    assert not starts(again) and not again.all(Siren) and not again.sent(m.PAGE)


def test_in_a_crowd_only_a_button_that_goes_on_is_answered():
    at = bench()
    at.hear(alarm(src=BUTTON_2, counter=7), src=BUTTON_2)
    at.hear(alarm(zone=6))
    at.run(3_000, hub_ok_every_ms=1_000)
    assert not at.entries(BUTTON) and at.entries(BUTTON_2)
    go_on(at, 8)
    assert at.entries(BUTTON)


def test_with_the_zones_gateway_dead_another_answers_and_orders_its_sirens():
    at = bench()
    start = at.now_ms
    at.hear(alarm(zone=6))
    at.run(7_000, hub_ok_every_ms=1_000)
    assert at.entries(BUTTON)[0][0] - start <= 1_000
    assert starts(at)[:1] == [BUTTON]
    orders = at.sent(m.SIREN_ORDER)
    assert [target for target, _ in orders[0][2].body.targets] == [POST_2]
    assert 3_000 <= orders[0][0] - start <= 6_000


def test_with_the_zones_gateway_dead_in_the_middle_another_orders_within_half_a_minute():
    at = bench()
    alive(at)  # its last word
    at.hear(alarm(zone=6))
    go_on(at, 6)
    at.run(20_000, hub_ok_every_ms=1_000)
    assert at.entries(BUTTON) and starts(at)[:1] == [BUTTON]


def test_what_the_zones_gateway_has_answered_is_not_ordered_by_another():
    at = bench()
    at.hear(alarm(zone=6))
    at.run(1_500, hub_ok_every_ms=500)
    assert at.entries(BUTTON)
    at.hear(receipt(), src=GATEWAY_2)
    at.run(60_000, hub_ok_every_ms=1_000)
    assert not starts(at)


@pytest.mark.parametrize(
    "forged",
    [
        receipt(key=bytes(32)),
        receipt(stage=1, key=SITE.a(BUTTON, m.TOMBOL, 0)),
        receipt(node=0x7777, key=SITE.c(0x7777, m.TOMBOL, 0)),
    ],
)
def test_an_outer_tag_that_a_stolen_post_can_make_silences_no_gateway(forged):
    at = bench()
    at.hear(alarm(zone=6))
    at.run(100)
    at.hear(forged, src=GATEWAY_2)
    at.run(7_000, hub_ok_every_ms=1_000)
    assert at.entries(BUTTON) and starts(at)


def ordered(post=POST_2, origin=BUTTON, counter=100, own=50, key=None):
    """SIREN_ORDER of the gateway of zone 6, to start."""
    fixed = (origin, counter, m.ACTION_START, 1, 180)
    target = m.order_target(GATEWAY_2, own, post, *fixed, key or SITE.c(post, m.SIRENE, 0))
    return message(m.SIREN_ORDER, GATEWAY_2, own, m.SirenOrder(*fixed, (target,)))


@pytest.mark.parametrize(
    ("zone", "order", "orders"),
    [
        (6, ordered(), False),  # we would only stand in
        (6, ordered(key=bytes(32)), True),  # a stolen post's word
        (6, ordered(counter=99), True),  # for an older alarm, which tells nothing of this one's siren ..
        (5, ordered(POST), True),  # and the zone's own gateway orders whatever others do
    ],
)
def test_another_gateways_true_order_is_enough_for_one_that_stands_in(zone, order, orders):
    at = bench()
    at.hear(alarm(zone=zone))
    at.run(1_500, hub_ok_every_ms=500)
    at.hear(order, src=GATEWAY_2)
    at.run(30_000, hub_ok_every_ms=1_000)
    assert bool(starts(at)) == orders


def test_an_order_that_is_played_again_and_again_keeps_nobody_from_ordering():
    at = bench()
    old = ordered(origin=BUTTON_2, counter=7)
    at.hear(alarm(zone=6))
    for _ in range(10):
        at.hear(old, src=GATEWAY_2)
        at.run(2_000, hub_ok_every_ms=1_000)
    assert BUTTON in starts(at)


def test_recorded_orders_about_what_is_long_over_hold_nothing_back_after_a_restart_either():
    at = bench()
    at.hear(alarm(src=BUTTON_2, zone=6, counter=7), src=BUTTON_2)
    at.run(5_000, hub_ok_every_ms=1_000)
    at = Bench(devices=[*DEVICES, GATEWAY_OF_6], state=at.state)
    at.hear(alarm(zone=6))
    for n in range(10):  # each was new to the gateway that has just started, and good for 15 s
        at.hear(ordered(origin=BUTTON_2, counter=7, own=50 + n), src=GATEWAY_2)
        at.run(3_000, hub_ok_every_ms=1_000)
    assert BUTTON in starts(at)


def test_a_gateway_whose_first_answer_comes_late_orders_late_but_does():
    at = bench()
    alive(at)
    at.hear(alarm(zone=6))
    at.run(40_000, hub_ok_every_ms=1_000)  # nothing more of it came through
    assert not starts(at)
    at.hear(alarm(zone=6, attempt=9))
    at.run(4_000, hub_ok_every_ms=1_000)
    assert at.entries(BUTTON) and BUTTON in starts(at)


def test_one_order_at_a_time_tells_a_zones_posts_to_beat_the_same():
    at = bench()
    at.hear(alarm())
    at.hear(alarm(src=BUTTON_2, counter=200), src=BUTTON_2)
    at.run(10_000, hub_ok_every_ms=1_000)
    assert set(starts(at)) == {BUTTON}
    at.hear(report(), src=POST)
    at.run(30_000, hub_ok_every_ms=1_000)
    assert set(starts(at)) == {BUTTON}  # the street hears that beat


def test_an_order_that_no_post_answers_leaves_room_for_the_next_alarms():
    at = bench()
    at.hear(alarm())
    at.hear(alarm(src=BUTTON_2, counter=200), src=BUTTON_2)
    at.run(40_000, hub_ok_every_ms=1_000)
    assert starts(at).count(BUTTON) == 5 and starts(at).count(BUTTON_2) == 5


def test_the_report_of_another_zones_post_is_answered_when_it_is_repeated():
    at = bench()
    alive(at)
    start = at.now_ms
    for wait_ms in (3_000, 4_000, 3_000):
        at.hear(report(POST_2), src=POST_2)
        at.run(wait_ms, hub_ok_every_ms=1_000)
    assert [7_000 <= when - start <= 8_500 for when, _, _ in at.entries(POST_2)] == [True]


def test_a_counter_that_a_thief_used_up_under_a_hides_no_true_answer():
    at = bench()
    false = m.Receipts((m.Entry(BUTTON, 1, 2, 0, 0, 0, bytes(4)),))
    at.hear(message(m.RECEIPTS, GATEWAY_2, 0xFFFFFFFF, false), src=GATEWAY_2)
    at.hear(alarm(zone=6))
    at.run(100, hub_ok_every_ms=50)
    at.hear(receipt(own=41), src=GATEWAY_2)
    at.run(60_000, hub_ok_every_ms=1_000)
    assert not at.entries() and not starts(at)
