"""The shell around a core: waits for the next event, hands it to the core, performs the answers in order.

The only file with `await`. `port` is the hardware (hal.py) or the simulated world. Of the port it needs:
boot(), next_event(deadline_ms) [both awaitable], now_ms(), random_u32(), perform(action).
A core ends with Sleep: the port's perform does not come back on hardware; elsewhere the run returns.
"""

from kentongan_wire.base.shapes import TYPE_CHECKING

from kentongan_node.base.actions import Sleep

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable
    from typing import Any, Protocol

    from kentongan_node.base.actions import Action, Boot
    from kentongan_node.common.node import Node

    class Port(Protocol):
        """See the module."""

        def boot(self) -> Awaitable[Boot]: ...

        def next_event(self, deadline_ms: int | None) -> Awaitable[tuple[str, tuple[object, ...]] | None]: ...

        def now_ms(self) -> int: ...

        def random_u32(self) -> Any: ...  # an int, or what stands for one (kentongan_sim: chance.Draws)

        def perform(self, action: Action) -> object: ...


EVENTS = ("key", "receive", "garbled", "cad", "sent", "sense", "host")


def perform_all(actions: "Iterable[Action]", port: "Port") -> bool:
    """Perform in order; True when the core put itself to sleep."""
    for action in actions:
        port.perform(action)
        if isinstance(action, Sleep):
            return True
    return False


async def run(core: "Node", port: "Port") -> None:
    """Drive the core until it sleeps. None from next_event means that the deadline has come."""
    boot = await port.boot()
    asleep = perform_all(core.start(boot, port.now_ms(), port.random_u32()), port)
    while not asleep:
        event = await port.next_event(core.next_deadline())
        now_ms, rnd = port.now_ms(), port.random_u32()
        if event is None:
            actions = core.tick(now_ms, rnd)
        else:
            name, args = event
            if name not in EVENTS:
                raise ValueError("runner: no core takes the event {}; known: {}".format(name, EVENTS))
            actions = getattr(core, name)(*(tuple(args) + (now_ms, rnd)))
        asleep = perform_all(actions, port)
