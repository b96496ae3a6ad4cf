"""Nodes in this process: the same cores under CPython, with a memory for what many of them work out.

A core is called here as kentongan_node.shell.runner calls it, without its coroutine, which would take a tenth
of a city's time. The MicroPython engine runs the runner itself, and both have to give the same trace.
"""

from typing import Any

from kentongan_node import roles
from kentongan_node.base.actions import Boot, Sleep

from kentongan_sim.engines import memo
from kentongan_sim.physics import shapes
from kentongan_sim.physics.shapes import Action, Answer, Chance, Counters, Settings, State

memo.install()


class Engine:
    name = "cpython"

    def __init__(self) -> None:
        self._cores: dict[str, Any] = {}  # Node, asked with a Chance in place of a number

    def boot(
        self, label: str, settings: Settings, state: State, boot: shapes.Boot, now_ms: int, rnd: Chance
    ) -> Answer:
        """Make and start a node; returns (actions, deadline in the node's ms or None)."""
        core: Any = roles.make(settings, state)
        self._cores[label] = core
        return until_sleep(core.start(Boot(*boot), now_ms, rnd)), core.next_deadline()

    def deliver(self, label: str, name: str, args: tuple[object, ...], now_ms: int, rnd: Chance) -> Answer:
        """Hand a running node one event; returns (actions, deadline in the node's ms or None)."""
        core = self._cores[label]
        actions = getattr(core, name)(*args, now_ms, rnd)
        if name == "garbled":
            return actions, None  # the caller asks for no deadline: none has moved
        return until_sleep(actions) if actions else actions, core.next_deadline()

    def receive(self, label: str, frame: bytes, rssi: int, snr_q: int, now_ms: int, rnd: Chance) -> Answer:
        """Deliver a received frame: the event that happens most."""
        core = self._cores[label]
        actions = core.receive(frame, rssi, snr_q, now_ms, rnd)
        return until_sleep(actions) if actions else actions, core.next_deadline()

    def counters(self, label: str) -> Counters:
        """Return the refusals and drops of a running node, by reason."""
        return dict(self._cores[label].counters)

    def kill(self, label: str) -> None:
        """Power cut; only what was persisted is left, and the world keeps that."""
        self._cores.pop(label, None)

    def close(self) -> None:
        self._cores.clear()


def until_sleep(actions: list[Action]) -> list[Action]:
    """Cut the actions after the one that puts the core to sleep: nothing is done after it."""
    for at, action in enumerate(actions):
        if type(action) is Sleep:
            return actions[: at + 1]
    return actions
