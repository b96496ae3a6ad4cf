"""The simulated port: hands a node's actions to the simulator and the simulator's events to the node.

MicroPython subset. The real sibling is kentongan_node.shell.hal; the runner cannot tell them apart.
"""

from kentongan_node import roles
from kentongan_node.base.actions import Boot, Persist
from kentongan_node.shell import runner

TYPE_CHECKING = False  # a board has only its role's one file to import from
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any, SupportsInt


class Ask:
    """Awaitable that stops the coroutine until the host sends the next event."""

    def __init__(self, port: "SimPort"):
        self._port = port

    def __iter__(self) -> "Generator[None, Any, Any]":
        what, self._port.now, self._port.rnd = yield
        return what

    __await__ = __iter__


class Done:
    """Awaitable that is over at once: in the simulator an action is only written down."""

    def __iter__(self) -> "Generator[None, None, None]":
        return
        yield

    __await__ = __iter__


class SimPort:
    """Port for runner.run, with the list of actions since the host last looked."""

    def __init__(self) -> None:
        self.actions: list[Any] = []
        self.deadline: int | None = None
        self.now = 0
        self.rnd: SupportsInt = 0
        self._ask = Ask(self)
        self._done = Done()

    def boot(self) -> Ask:
        return self._ask

    def next_event(self, deadline: "int | None") -> Ask:
        self.deadline = deadline
        return self._ask

    def now_ms(self) -> int:
        return self.now

    def random_u32(self) -> "SupportsInt":
        return self.rnd

    def perform(self, action: "Any") -> Done:
        if isinstance(action, Persist):
            action = Persist(action.name, bytes(action.data))
        self.actions.append(action)
        return self._done


class Hosted:
    """One running node: the real runner around the real core, driven one event at a time."""

    def __init__(self, settings: "dict[str, Any]", state: "dict[str, bytes]"):
        self._port = SimPort()
        core = roles.make(settings, state)
        self.counters = core.counters
        self._coroutine = runner.run(core, self._port)
        self._coroutine.send(None)

    def boot(
        self, boot: "tuple[str, str, bool]", now_ms: int, rnd: "SupportsInt"
    ) -> "tuple[list[Any], int | None]":
        """Start the core; boot = (cause, key, lid_open); returns (actions, deadline_ms)."""
        return self._step(Boot(*boot), now_ms, rnd)

    def deliver(
        self, name: str, args: "tuple[object, ...]", now_ms: int, rnd: "SupportsInt"
    ) -> "tuple[list[Any], int | None]":
        """Deliver one event, name "tick" being a deadline; returns (actions, deadline_ms)."""
        return self._step(None if name == "tick" else (name, args), now_ms, rnd)

    def deadline(self) -> "int | None":
        """Return when the core wants its next tick, in the node's ms, or None."""
        return self._port.deadline

    def _step(self, what: "Any", now_ms: int, rnd: "SupportsInt") -> "tuple[list[Any], int | None]":
        port = self._port
        port.actions = []
        try:
            self._coroutine.send((what, now_ms, rnd))
        except StopIteration:
            port.deadline = None
        return port.actions, port.deadline
