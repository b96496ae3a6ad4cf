"""The part of the world that a gateway stands in; the world itself is of the folder above."""

from collections.abc import Callable, Mapping
from typing import Protocol

from kentongan_sim.physics.clock import Clock, Entry
from kentongan_sim.physics.shapes import About, Detail, Us
from kentongan_sim.scenarios.parts import Scenario
from kentongan_sim.world.node_host import HostEar, NodeHost

Told = tuple[int, int, int, int]  # (node, generation, type, counter) of an alarm that the hub has


class TellsOthers(Protocol):
    """A gateway whose hub also knows what other gateways have told."""

    def later(self, after_us: Us, function: "Callable[..., object]", *args: object) -> None: ...

    def hub_knows(self, *rows: Told) -> None: ...


class WorldPart(Protocol):
    """The world as its gateways and their hub use it: time, devices, serial lines and the trace."""

    seed: int
    scene: Scenario
    clock: Clock
    nodes: dict[str, NodeHost]
    hops: dict[int, dict[str, int]]  # zone -> label -> transmissions to its gateway's modem
    told: dict[Told, Us]  # since when
    answered: set[About]

    @property
    def gateway_hosts(self) -> "Mapping[str, TellsOthers]": ...

    @property
    def now_us(self) -> Us: ...

    def at(self, t_us: Us, function: "Callable[..., object]", *args: object) -> Entry: ...

    def report(self, label: str, what: str, detail: Detail) -> None: ...

    def on_host(self, label: str, callback: HostEar) -> None: ...

    def host_write(self, label: str, data: bytes) -> None: ...
