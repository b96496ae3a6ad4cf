"""An RW whose gateways hear each other's buttons: 40 presses in 10 s, and a zone without its own gateway."""

import pytest
from kentongan_sim.checkers import check_all
from kentongan_sim.checkers.summary import unreachable
from kentongan_sim.scenarios.catalogue import scenario
from kentongan_sim.world.history import History
from kentongan_sim.world.presses import plan_presses
from kentongan_sim.world.world import World
from kentongan_wire.message import messages as m

S = 1_000_000
PRESS_US = 150 * S


def broken(history):
    return {name: problems for name, problems in check_all(history).items() if problems}


def shown_stored_us(history, label):
    return min(t_us for t_us, who, state in history.shows if who == label and state in ("stored", "coming"))


def test_forty_presses_in_ten_seconds_are_all_stored_within_a_minute_each():
    seed = 3
    again = f".venv/bin/kentongan-sim run rw --presses 40 --within 10 --loss 0.08 --seed {seed}"
    with World(scenario("rw"), seed, loss=0.08) as world:
        plan_presses(world, 40, 10)
        world.run_until(PRESS_US + 75 * S)
        history = History.of(world, unreachable(world))
        zones = {host.place.node: host.place.zone for host in world.nodes.values()}
        places = {label: host.place for label, host in world.nodes.items()}
    waits_s = sorted((alarm.stored_us or 9_999 * S) / S - alarm.t_us / S for alarm in history.alarms)
    assert len(waits_s) == 40
    assert waits_s[-1] <= 60, again
    assert len([wait for wait in waits_s if wait <= 30]) >= 39, again
    assert broken(history) == {}, again
    orders = [
        (zones[detail["src"]], zones[detail["about"][0]])
        for _, label, detail in history.frames.values()
        if detail["type"] == "SIREN_ORDER"
        and detail["src"] == places[label].node
        and detail["about"][0] in zones
    ]
    foreign = [order for order in orders if order[0] != order[1]]
    assert len(foreign) < 60, again  # before gateways yielded, some 200 in this time


def test_a_burst_of_ten_on_a_slower_preset_is_stored_within_ten_seconds_mostly():
    """Times that were the same on every preset let 18.5 % of these bursts through: they met their repeats."""
    again = ".venv/bin/kentongan-sim run rt --presses 10 --within 3 --preset MediumFast --loss 0.08 --seed "
    in_time = []
    for seed in range(501, 525):
        scene = scenario("rt")._replace(preset="MediumFast")
        with World(scene, seed, loss=0.08) as world:
            plan_presses(world, 10, 3)
            world.run_until(PRESS_US + 60 * S)
            history = History.of(world, unreachable(world))
        first_us = min(alarm.t_us for alarm in history.alarms)
        assert broken(history) == {}, again + str(seed)
        if all(alarm.stored_us and alarm.stored_us <= first_us + 10 * S for alarm in history.alarms):
            in_time.append(seed)
    assert len(in_time) >= 14, again + "501 and on; in time: " + str(in_time)


def test_the_model_of_a_gateway_counts_its_air_on_the_villages_preset():
    for preset in ("ShortSlow", "MediumFast"):
        with World(scenario("rt")._replace(preset=preset), 1) as world:
            cores = [gateway._make_core() for gateway in world.gateway_hosts.values()]
        assert [core.parts.context.config.preset for core in cores] == [preset]


@pytest.mark.parametrize("seed", (1, 2))
def test_with_its_gateway_dead_a_zones_alarm_is_stored_answered_and_sounded_by_its_neighbours(seed):
    with World(scenario("rw7"), seed, loss=0.08, dead=["rt4-gateway-1"]) as world:
        world.press("rt4-tombol-07", PRESS_US)
        world.run_until(PRESS_US + 60 * S)
        history = History.of(world, unreachable(world))
    (alarm,) = history.alarms
    assert alarm.sounded_us - PRESS_US < 10 * S
    assert shown_stored_us(history, alarm.label) - PRESS_US < 15 * S
    assert broken(history) == {}


@pytest.mark.parametrize("seed", (1, 2))
def test_with_its_gateway_and_posts_dead_a_zones_neighbours_store_and_answer(seed):
    dead = ["rt4-gateway-1", "rt4-pos-1", "rt4-pos-2"]
    with World(scenario("rw7"), seed, loss=0.08, dead=dead) as world:
        world.press("rt4-tombol-07", PRESS_US)
        world.run_until(PRESS_US + 60 * S)
        history = History.of(world, unreachable(world))
        notes = [(label, detail["step"]) for _, label, what, detail in world.trace.events if what == "note"]
    (alarm,) = history.alarms
    assert shown_stored_us(history, alarm.label) - PRESS_US < 15 * S
    assert any(step == "order" for _, step in notes)  # somebody tried
    assert broken(history) == {}


@pytest.mark.parametrize("seed", (1, 2))
def test_a_gateway_that_dies_in_the_middle_of_its_zones_burst_costs_no_alarm(seed):
    with World(scenario("rw7"), seed, loss=0.08) as world:
        for n in range(1, 9):
            world.press(f"rt4-tombol-{n:02d}", PRESS_US + n * S // 2)
        world.at(PRESS_US + 2 * S, world.switch, "rt4-gateway-1", False)
        world.run_until(PRESS_US + 90 * S)
        history = History.of(world, unreachable(world))
    assert all(alarm.stored_us for alarm in history.alarms) and len(history.alarms) == 8
    for alarm in history.alarms:
        assert alarm.stored_us - alarm.t_us < 30 * S
        assert shown_stored_us(history, alarm.label) - alarm.t_us < 60 * S
    assert broken(history) == {}


def test_no_receipt_of_stage_two_comes_from_a_gateway_that_has_not_stored_that_alarm():
    with World(scenario("rw7"), 5, loss=0.08) as world:
        plan_presses(world, 20, 5)
        world.run_until(PRESS_US + 60 * S)
        history = History.of(world, unreachable(world))
        gateways = {world.nodes[g.modem].place.node: g.label for g in world.scene.gateways}
        buttons = [host.place.node for host in world.nodes.values() if host.place.role == "tombol"]
        stores = {}
        for t_us, label, what, detail in world.trace.events:
            if what == "store" and detail["type"] == "alarm":
                stores.setdefault((label, detail["device"], detail["counter"]), t_us)
    said = [
        (t_us, gateways[detail["src"]], node, counter)
        for t_us, _, detail in history.frames.values()
        if detail["type"] == "RECEIPTS" and detail["src"] in gateways
        for node, counter, stage in detail["answers"]
        if stage & 127 == m.STAGE_STORED and node in buttons
    ]
    assert len(said) > 20
    for t_us, *what in said:
        assert stores[tuple(what)] < t_us
