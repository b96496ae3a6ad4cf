"""A stranger without any key, and a gateway whose power went: one recorded frame starts nothing again."""

import pytest
from kentongan_sim.checkers import check_all
from kentongan_sim.scenarios.catalogue import scenario
from kentongan_sim.world.actors import Stranger
from kentongan_sim.world.frames import Describer
from kentongan_sim.world.history import History
from kentongan_sim.world.world import World
from kentongan_wire.air import packet as wire

S = 1_000_000
STRANGER, BUTTON, GATEWAY = "orang-asing", "tombol-07", "gateway-1"
PRESS_US = 30 * S


def recorded(world, stranger):
    """The first alarm frame of one press, as the stranger heard it."""
    world.press(BUTTON, PRESS_US)
    world.run_until(PRESS_US + 10 * S)
    describe = Describer().describe
    return next(frame for _, frame in stranger.heard if describe(frame)["type"] == "ALARM")


def happened(world, what, since_us):
    return [event for event in world.trace.events if event[2] == what and event[0] >= since_us]


@pytest.mark.parametrize("hub_dead", [True, False])
@pytest.mark.parametrize("after_s", [240, 1_200])
def test_a_frame_played_again_after_a_power_cut_of_the_gateway_sounds_nothing(hub_dead, after_s):
    """Minutes later, byte for byte; nobody had answered, and the hub may be dead as well."""
    stranger = Stranger()
    with World(scenario("rt"), 3, answer_after_s=100_000) as world:
        world.host_core(STRANGER, stranger, 56, 44, role="stranger")
        frame = recorded(world, stranger)
        world.run_until(PRESS_US + (after_s - 30) * S)
        world.switch(GATEWAY, False)
        if hub_dead:
            world.gateway_hosts[GATEWAY].hub_switch(False)
        world.run_until(world.now_us + 10 * S)
        world.switch(GATEWAY, True)
        world.run_until(PRESS_US + after_s * S)
        since_us, src = world.now_us, wire.parse_packet(frame).src
        for _ in range(3):
            world.host_write(STRANGER, frame)
            world.run_until(world.now_us + 20 * S)
        history = History.of(world)
        assert [e[1] for e in happened(world, "sound", since_us)] == []
        stored = [e for e in world.trace.events if e[2] == "store" and e[3]["type"] == "alarm"]
        assert [e[3]["device"] for e in stored] == [src], "once, by the press itself"
        steps = {e[3]["step"] for e in happened(world, "note", since_us)}
        assert not steps & {"order", "paged", "no_siren_heard", "hub_silent"}
    problems = {name: found for name, found in check_all(history).items() if found}
    assert problems == {}


def on_a_new_card(world):
    """The gateway's card is replaced while it is off, and the hub is dead."""
    house = world.gateway_hosts[GATEWAY]
    world.switch(GATEWAY, False)
    house.hub_switch(False)
    house.new_card()
    world.run_until(world.now_us + 10 * S)
    world.switch(GATEWAY, True)
    world.run_until(world.now_us + 30 * S)
    return world.now_us


def test_on_a_new_card_with_the_hub_dead_a_recorded_frame_is_stored_and_sounds_nothing():
    stranger = Stranger()
    with World(scenario("rt"), 3, answer_after_s=100_000) as world:
        world.host_core(STRANGER, stranger, 56, 44, role="stranger")
        frame = recorded(world, stranger)
        world.run_until(PRESS_US + 1_200 * S)
        since_us = on_a_new_card(world)
        for frame in [frame for _, frame in stranger.heard][:40]:  # the posts' words of that day as well
            world.host_write(STRANGER, frame)
            world.run_until(world.now_us + S // 2)
        world.run_until(since_us + 240 * S)
        assert [e[1] for e in happened(world, "sound", since_us)] == []
        assert [e for e in happened(world, "store", since_us) if e[3]["type"] == "alarm"]
        steps = {e[3]["step"] for e in happened(world, "note", since_us)}
        assert "doubted" in steps and not steps & {"vouched", "paged", "no_siren_heard"}


@pytest.mark.parametrize("seed", range(1, 6))
def test_on_a_new_card_with_the_hub_dead_the_posts_that_sound_vouch_for_a_real_press(seed):
    with World(scenario("rt"), seed, answer_after_s=100_000, loss=0.08) as world:
        world.run_until(PRESS_US)
        pressed_us = on_a_new_card(world)
        world.press(BUTTON, pressed_us)
        world.run_until(pressed_us + 60 * S)
        assert happened(world, "sound", pressed_us)
        vouched = [e[0] for e in happened(world, "note", pressed_us) if e[3]["step"] == "vouched"]
        assert vouched and vouched[0] - pressed_us < 40 * S
