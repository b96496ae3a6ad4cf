"""Presses of a run: drawn from the seed, after the village has settled."""

from kentongan_wire.base.errors import LocalError

from kentongan_sim.physics.chance import between, draw_u32
from kentongan_sim.world.world import World

WARM_UP_S = 150  # one round of mains status (140 s) before the first press


def plan_presses(world: World, presses: int, within_s: float) -> None:
    """Different houses as far as they go, in an order and at times that the seed decides."""
    buttons = sorted(
        [
            label
            for label, host in world.nodes.items()
            if host.place.role == "tombol" and label not in world.dead
        ],
        key=lambda label: (draw_u32(world.seed, "house", label), label),
    )
    if presses and not buttons:
        raise LocalError("no button is alive to be pressed; leave one out of --dead")
    for k in range(presses):
        after_us = between(0, int(within_s * 1e6), world.seed, "press", k) if presses > 1 else 0
        world.press(buttons[k % len(buttons)], WARM_UP_S * 1_000_000 + after_us)
