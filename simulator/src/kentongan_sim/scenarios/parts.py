"""Parts of scenarios: places, gateways, strangers on the air, and an RT along its lanes."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from kentongan_sim.physics.air import Propagation
from kentongan_sim.physics.shapes import Node

NODE_BASE = 0x6B740000  # "kt": only test nodes have these numbers
INDOOR_DB = 6  # one outer wall of brick or wood

Spot = tuple[int, int]  # (x, y) in metres


class Place(NamedTuple):
    """One device."""

    label: str
    role: str
    node: Node
    zone: int
    house: int
    x_m: float
    y_m: float
    wall_db: float  # lost on the way in and out of the house


class Gateway(NamedTuple):
    """A Raspberry Pi at the post, and the modem through which it is on the air."""

    label: str
    modem: str
    zone: int
    x_m: float
    y_m: float


class Actor(NamedTuple):
    """A radio that is none of ours."""

    label: str
    kind: str  # a key of actors.KINDS
    x_m: float
    y_m: float
    settings: dict[str, Any]  # as that kind's class describes them


class Scenario(NamedTuple):
    """A village: where its devices stand and what the air between them is like."""

    name: str
    title: str
    places: tuple[Place, ...]
    links: Mapping[tuple[str, str], float] | None  # path loss in dB, both ways; others hear nothing
    propagation: Propagation  # of places without `links`
    preset: str
    gateways: tuple[Gateway, ...]
    actors: tuple[Actor, ...] = ()  # there from the start


class Plan(NamedTuple):
    """Positions of the things in an RT."""

    houses: tuple[Spot, ...]
    posts: tuple[Spot, ...]
    penerus: tuple[Spot, ...]
    penerima: tuple[tuple[int, int, int], ...]  # (house, x, y)
    gateway: Spot
    shielded: tuple[int, ...] = ()  # houses behind zinc


class Numbers:
    """Node numbers of a site: never twice, and the low byte of whatever relays unique and not 0."""

    def __init__(self) -> None:
        self._relays, self._buttons = 0, 0x100

    def relay(self) -> int:
        self._relays += 1
        assert self._relays < 0x100, "a site has at most 255 devices that relay: split it"
        return NODE_BASE + self._relays

    def button(self) -> int:
        self._buttons += 1
        return NODE_BASE + self._buttons


def rows(columns: int, *ys: int) -> tuple[Spot, ...]:
    """Place houses on both sides of the lanes, 20 m apart: one row of `columns` at each y."""
    return tuple((14 + 20 * column, y_m) for y_m in ys for column in range(columns))


def rt_places(
    plan: Plan,
    numbers: Numbers,
    zone: int = 1,
    x0: float = 0,
    y0: float = 0,
    prefix: str = "",
    shield_db: float = INDOOR_DB,
) -> tuple[list[Place], Gateway]:
    """Place one RT with its corner at (x0, y0); returns (places, gateway)."""
    places: list[Place] = []

    def add(label: str, role: str, node: Node, at: Spot, wall_db: float, house: int = 0) -> None:
        places.append(Place(prefix + label, role, node, zone, house, x0 + at[0], y0 + at[1], wall_db))

    for house, at in enumerate(plan.houses, 1):
        wall_db = shield_db if house in plan.shielded else INDOOR_DB
        add(f"tombol-{house:02d}", "tombol", numbers.button(), at, wall_db, house)
    for i, at in enumerate(plan.posts, 1):
        add(f"pos-{i}", "sirene", numbers.relay(), at, 0)
    for i, at in enumerate(plan.penerus, 1):
        add(f"penerus-{i}", "penerus", numbers.relay(), at, 0)
    for i, (house, x_m, y_m) in enumerate(plan.penerima, 1):
        add(f"penerima-{i}", "penerima", numbers.relay(), (x_m, y_m), INDOOR_DB, house)
    add("modem-1", "modem", numbers.relay(), plan.gateway, 0)
    x_m, y_m = plan.gateway
    return places, Gateway(prefix + "gateway-1", prefix + "modem-1", zone, x0 + x_m, y0 + y_m)


def many_rt(
    plan_of: Callable[[int], Plan], count: int, columns: int, pitch_m: tuple
) -> tuple[tuple[Place, ...], tuple[Gateway, ...]]:
    """Place `count` RT in rows of `columns`; plan_of(i) is the i-th one's Plan, from 0; returns
    (places, gateways).
    """
    numbers, places, gateways = Numbers(), list[Place](), list[Gateway]()
    for i in range(count):
        x0, y0 = pitch_m[0] * (i % columns), pitch_m[1] * (i // columns)
        some, gateway = rt_places(plan_of(i), numbers, i + 1, x0, y0, f"rt{i + 1}-")
        places += some
        gateways.append(gateway)
    return tuple(places), tuple(gateways)
