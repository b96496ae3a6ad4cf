"""A gateway without a radio has seen nothing: nobody is called silent for that, and it says so."""

from kentongan_gateway.core.base.air import HALF_S
from kentongan_wire.message import messages as m
from kits.gateway.gateway_kit import POST, REPEATER, Bench, node_status


def states_of(bench, node=POST):
    return [event["state"] for event in bench.of_type("supervision") if event["device"] == node]


def radio(bench, up, name="uji"):
    bench.do(bench.core.on_radio_state(name, up, bench.now_ms))


def test_a_gateway_whose_only_radio_is_down_calls_nobody_silent_and_says_afterwards_that_it_was_deaf():
    bench = Bench()
    radio(bench, True)
    bench.run(100_000, hub_ok_every_ms=1_000)
    radio(bench, False)
    asked = len(bench.sent(m.SIREN_ORDER))
    bench.run(1_200_000, hub_ok_every_ms=10_000)
    assert states_of(bench) == [] and len(bench.sent(m.SIREN_ORDER)) == asked, "nor is anybody asked"
    radio(bench, True)
    told = bench.of_type("trouble")[-1]
    assert told["name"] == "radio_away" and told["active"] and "20 min" in told["detail"]
    for counter in range(300, 308):
        assert states_of(bench) == [] or counter > 306, "everybody has their time again"
        bench.run(40_000, hub_ok_every_ms=1_000)
        bench.hear(node_status(REPEATER, counter), src=REPEATER)
    assert states_of(bench) == ["terlambat", "terputus"] and states_of(bench, REPEATER) == []
    bench.run(1_800_000, hub_ok_every_ms=10_000)
    assert "radio_away" not in bench.core.troubles()


def test_with_a_second_radio_that_works_devices_are_watched_on():
    bench = Bench()
    radio(bench, True)
    radio(bench, True, "meshtastic")
    radio(bench, False, "meshtastic")
    for counter in range(300, 308):
        bench.run(40_000, hub_ok_every_ms=10_000)
        bench.hear(node_status(REPEATER, counter), src=REPEATER)
    assert states_of(bench) == ["terlambat", "terputus"]
    radio(bench, True, "meshtastic")
    assert "radio_away" not in bench.core.troubles()


def test_one_that_was_lost_before_stays_lost_while_the_radio_is_down():
    bench = Bench()
    bench.run(310_000, hub_ok_every_ms=10_000)
    radio(bench, False)
    bench.run(600_000, hub_ok_every_ms=10_000)
    radio(bench, True)
    assert states_of(bench) == ["terlambat", "terputus"]


def test_without_air_to_ask_anybody_a_radio_that_hears_nothing_is_looked_at_again_once_a_minute():
    """Until the hour has air again; a deadline that stays behind would never let the program rest."""
    bench = Bench()
    radio(bench, True)
    bench.hear(node_status(REPEATER, 300), src=REPEATER)
    bench.core.parts.context.air.spend(HALF_S + 1, bench.now_ms)
    asked, ticks = len(bench.sent(m.SIREN_ORDER)), 0
    until_ms = bench.now_ms + 240_000
    while bench.now_ms < until_ms:
        ticks += 1
        assert ticks < 400, "it never moves on"
        bench.now_ms = max(bench.now_ms, bench.core.next_deadline())
        bench.do(bench.core.tick(bench.now_ms, 99))
    assert len(bench.sent(m.SIREN_ORDER)) == asked


def silence(bench, ms):
    """The hub is there and nothing comes in."""
    bench.run(ms, hub_ok_every_ms=1_000)


def test_a_radio_that_is_up_and_hears_nothing_calls_nobody_silent_either():
    bench = Bench()
    radio(bench, True)
    bench.hear(node_status(POST, 300), src=POST)
    bench.hear(node_status(REPEATER, 300), src=REPEATER)
    silence(bench, 600_000)
    assert "radio_deaf uji" in bench.core.troubles()
    assert states_of(bench) == states_of(bench, REPEATER) == []
    bench.hear(node_status(REPEATER, 301), src=REPEATER)
    assert "radio_deaf uji" not in bench.core.troubles() and "radio_away" in bench.core.troubles()
    for counter in range(302, 312):
        silence(bench, 30_000)
        bench.hear(node_status(REPEATER, counter), src=REPEATER)
    assert states_of(bench) == ["terlambat", "terputus"], "hearing others, it knows who is lost"


def test_of_a_single_post_that_is_silent_both_are_told_for_either_may_be_dead():
    bench = Bench()
    radio(bench, True)
    bench.order(
        id=1,
        type="directory",
        devices=[{"node": POST, "role": "sirene", "label": "pos-1", "zone": 5, "house": 0, "hops": 1}],
    )
    silence(bench, 600_000)
    assert "radio_deaf uji" in bench.core.troubles() and states_of(bench) == ["terlambat", "terputus"]


def test_a_radio_that_comes_and_goes_gives_a_dead_post_no_second_life():
    bench = Bench()
    radio(bench, True)
    for counter in range(300, 309):
        bench.run(36_000, hub_ok_every_ms=1_000)
        bench.hear(node_status(REPEATER, counter), src=REPEATER)
        radio(bench, False)
        bench.run(4_000, hub_ok_every_ms=1_000)
        radio(bench, True)
    assert states_of(bench) == ["terlambat", "terputus"]
