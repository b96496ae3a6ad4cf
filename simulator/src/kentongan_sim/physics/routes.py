"""Routes by the fewest transmissions between nodes, as a technician's survey would find them."""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Protocol

from kentongan_sim.physics.air import Air, Radio

RELAYS = ("sirene", "penerus", "penerima")  # roles that relay
MARGIN_Q = 20  # 5 dB above the floor: a link that a technician would count on


class Placed(Protocol):
    """One device of a world: its place and its radio."""

    @property
    def place(self) -> "HasRole": ...

    @property
    def radio(self) -> Radio: ...


class HasRole(Protocol):
    """A place with a role; scenarios are of the next room."""

    @property
    def role(self) -> str: ...


class Surveyed(Protocol):
    """The part of a world that a survey looks at."""

    air: Air
    dead: frozenset[str]

    @property
    def nodes(self) -> Mapping[str, Placed]: ...


def hops_to(world: Surveyed, targets: Iterable[str]) -> dict[str, int]:
    """Count label -> transmissions of a frame from there to the nearest target, without unreachable ones."""
    hops = {label: 0 for label in targets}
    queue = deque(targets)
    least_q = world.air.floor_q + MARGIN_Q
    while queue:
        label = queue.popleft()
        host = world.nodes[label]
        if hops[label] and host.place.role not in RELAYS:
            continue
        for radio in host.radio.links:
            other = radio.label
            if other in hops or other in world.dead:
                continue
            if radio.links.get(host.radio, least_q - 1) >= least_q:
                hops[other] = hops[label] + 1
                queue.append(other)
    return hops
