"""Days on which much goes wrong: odd presses, power cuts, no hub. The promises hold all the same."""

import pytest
from kentongan_sim.checkers import check_all
from kentongan_sim.checkers.summary import unreachable
from kentongan_sim.physics.chance import between
from kentongan_sim.scenarios.catalogue import scenario
from kentongan_sim.world.history import History
from kentongan_sim.world.world import World

EVENTS = 14
FROM_US, WITHIN_US, END_US = 60_000_000, 120_000_000, 420_000_000
SECOND_US = 1_000_000
CANCEL_AFTER_US, CANCEL_MS = 8 * SECOND_US, 3_300


def off_and_on(world, label, t_us, seconds):
    world.at(t_us, world.switch, label, False)
    world.at(t_us + seconds * SECOND_US, world.switch, label, True)


def one_event(world, seed, k):
    def pick(things, what):
        return things[between(0, len(things) - 1, seed, what, k)]

    t_us = FROM_US + between(0, WITHIN_US, seed, "when", k)
    button = pick([label for label in world.nodes if "tombol" in label], "button")
    what = pick(("press",) * 5 + ("silent", "cancel", "device", "device", "hub", "gateway", "lid"), "what")
    if what == "press":
        world.press(button, t_us, strokes=between(1, 5, seed, "strokes", k))
    elif what == "silent":
        world.press(button, t_us, key="silent")
    elif what == "cancel":
        world.press(button, t_us)
        world.press(button, t_us + CANCEL_AFTER_US, hold_ms=CANCEL_MS)
    elif what == "device":
        off_and_on(world, pick(list(world.nodes), "device"), t_us, between(1, 20, seed, "outage", k))
    elif what == "hub":
        off_and_on(world, "hub", t_us, 30)
    elif what == "gateway":
        off_and_on(world, "gateway-1", t_us, 15)
    else:
        world.at(t_us, world.lid, button, True)
        world.at(t_us + 5 * SECOND_US, world.lid, button, False)


@pytest.mark.parametrize("seed", range(1, 7))
def test_whatever_a_day_brings_every_promise_is_kept(seed):
    with World(scenario("rt"), seed, loss=0.08) as world:
        for k in range(EVENTS):
            one_event(world, seed, k)
        world.run_until(END_US)
        history = History.of(world, unreachable(world))
        assert len(history.alarms) >= 3 and history.stored
        assert {name: problems for name, problems in check_all(history).items() if problems} == {}
