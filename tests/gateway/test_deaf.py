"""A gateway without a radio has seen nothing: nobody is called silent for that, and it says so."""

from gateway_kit import POST, REPEATER, Bench, node_status
from kentongan_gateway.air import HALF_S
from kentongan_wire import messages as m


def states_of(bench, node=POST):
    return [event["state"] for event in bench.of_type("supervision") if event["device"] == node]


def radio(bench, up, name="modem"):
    bench.do(bench.core.radio_state(name, up, bench.now_ms))


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
    for counter in range(300, 302):
        bench.run(120_000, hub_ok_every_ms=10_000)
        bench.hear(node_status(REPEATER, counter), src=REPEATER)
    assert states_of(bench) == [], "everybody has their time again"
    bench.run(65_000, hub_ok_every_ms=1_000)
    assert states_of(bench) == ["terlambat", "terputus"] and states_of(bench, REPEATER) == []
    bench.run(1_800_000, hub_ok_every_ms=10_000)
    assert "radio_away" not in bench.core.troubles()


def test_with_a_second_radio_that_works_devices_are_watched_on():
    bench = Bench()
    radio(bench, True)
    radio(bench, True, "meshtastic")
    radio(bench, False)
    bench.run(310_000, hub_ok_every_ms=10_000)
    assert states_of(bench) == ["terlambat", "terputus"]
    radio(bench, True)
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
    bench.core._desk.air.spend(HALF_S + 1, bench.now_ms)
    asked, ticks = len(bench.sent(m.SIREN_ORDER)), 0
    until_ms = bench.now_ms + 240_000
    while bench.now_ms < until_ms:
        ticks += 1
        assert ticks < 400, "it never moves on"
        bench.now_ms = max(bench.now_ms, bench.core.next_deadline())
        bench.do(bench.core.tick(bench.now_ms, 99))
    assert len(bench.sent(m.SIREN_ORDER)) == asked
