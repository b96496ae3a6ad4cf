"""`hostile`: among a foreign network, a replayer and a jammer, alarms come through and no promise breaks."""

import pytest
from kentongan_sim.checkers import check_all
from kentongan_sim.scenarios.catalogue import scenario
from kentongan_sim.world.actors import JAMMER
from kentongan_sim.world.history import History
from kentongan_sim.world.world import World

S = 1_000_000
PRESS_US, END_US = 150 * S, 450 * S


@pytest.mark.parametrize("seed", (1, 2))
def test_a_press_among_hostile_neighbours_sounds_and_every_promise_is_kept(seed):
    with World(scenario("hostile"), seed) as world:
        world.press("tombol-03", PRESS_US)
        world.run_until(END_US)
        history = History.of(world)
    (alarm,) = history.alarms
    assert alarm.sounded_us - PRESS_US < 15 * S and alarm.stored_us
    assert {name: problems for name, problems in check_all(history).items() if problems} == {}
    assert history.jam_reports


def test_a_jammer_is_reported_although_foreign_frames_destroy_most_of_what_it_sends():
    with World(scenario("hostile"), 14, loss=0.08) as world:
        world.press("tombol-16", PRESS_US)
        world.run_until(END_US)
        history = History.of(world)
    assert check_all(history)["jamming_is_reported"] == []


def test_the_strangers_are_as_busy_as_the_scenario_says():
    with World(scenario("hostile"), 3) as world:
        world.run_until(END_US)
        used_us = {}
        for _, label, detail in History.of(world).frames.values():
            kind = world.nodes[label].place.role
            used_us[kind] = used_us.get(kind, 0) + detail["airtime_us"]
    assert 0.15 < used_us["foreign"] / END_US < 0.22  # a busy channel takes some of its 20 %
    assert used_us[JAMMER] / END_US > 0.3
