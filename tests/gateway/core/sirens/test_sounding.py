"""One siren, many alarms: when a neighbour's siren is proof enough that the street hears something."""

from kentongan_wire.message import messages as m
from kits.gateway.gateway_kit import BUTTON_2, POST, Bench, alarm, report


def test_a_siren_that_beats_the_same_for_a_neighbour_is_enough_while_it_lasts():
    bench = Bench()
    bench.hear(alarm())
    bench.hear(report(), src=POST)
    bench.hear(alarm(src=BUTTON_2, counter=200), src=BUTTON_2)
    bench.run(20_000, hub_ok_every_ms=1_000)
    assert not bench.sent(m.SIREN_ORDER)
    bench.hear(report(state=m.STATE_STOPPED, counter=311), src=POST)
    bench.run(2_100, hub_ok_every_ms=1_000)
    assert [(o.body.action, o.body.origin) for _, _, o in bench.sent(m.SIREN_ORDER)] == [(1, BUTTON_2)]


def test_a_siren_that_beats_something_else_for_a_neighbour_is_not_enough():
    bench = Bench()
    bench.hear(alarm())
    bench.hear(report(), src=POST)
    bench.hear(alarm(src=BUTTON_2, counter=200, kind=2), src=BUTTON_2)
    bench.run(2_100, hub_ok_every_ms=1_000)
    assert [o.body.origin for _, _, o in bench.sent(m.SIREN_ORDER)] == [BUTTON_2]


def test_no_order_comes_when_a_neighbours_siren_has_beaten_all_the_time():
    bench = Bench()
    bench.hear(alarm())
    bench.hear(report(), src=POST)
    bench.hear(alarm(src=BUTTON_2, counter=200), src=BUTTON_2)
    bench.run(400_000, hub_ok_every_ms=1_000)
    assert not [1 for _, _, o in bench.sent(m.SIREN_ORDER) if o.body.action == m.ACTION_START]
