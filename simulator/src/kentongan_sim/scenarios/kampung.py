"""Kampungs of every size: one RT of 20 or 120 houses, an RW of seven RT, a city of 25."""

from collections.abc import Callable

from kentongan_wire.air import phy

from kentongan_sim.physics.air import URBAN
from kentongan_sim.scenarios.parts import Numbers, Plan, Scenario, many_rt, rows, rt_places

# Two lanes with houses on both sides.
RT_20 = Plan(
    houses=rows(5, 6, 24, 56, 74),
    posts=((2, 15), (106, 65)),
    penerus=((30, 44),),
    penerima=((7, 58, 20), (15, 18, 60)),
    gateway=(56, 40),
)
# Six lanes of twenty houses, 220 m by 340 m: as large as one RT gets.
RT_120 = Plan(
    houses=rows(10, *(y for lane in range(6) for y in (15 + 56 * lane, 33 + 56 * lane))),
    posts=((4, 80), (206, 248)),
    penerus=((104, 52), (40, 220), (170, 130)),
    penerima=((25, 100, 75), (96, 110, 255)),
    gateway=(104, 164),
)
# Of 43 houses: two longer lanes.
RT_43 = Plan(
    houses=rows(11, 6, 24, 56, 74)[:43],
    posts=((2, 40), (222, 40)),
    penerus=((70, 40), (170, 40)),
    penerima=((5, 98, 12), (38, 120, 68)),
    gateway=(116, 40),
)
# Of 40 houses; a city needs no penerima to be large.
RT_40 = Plan(
    houses=rows(10, 6, 24, 56, 74),
    posts=((2, 40), (206, 40)),
    penerus=((60, 40), (150, 40)),
    penerima=(),
    gateway=(104, 40),
)


def _one(name: str, title: str, plan: Plan) -> Scenario:
    places, gateway = rt_places(plan, Numbers())
    return Scenario(
        name, title, tuple(places), None, URBAN._replace(layout=name), phy.DEFAULT_PRESET, (gateway,)
    )


def _many(
    name: str, title: str, plan_of: Callable[[int], Plan], count: int, columns: int, pitch_m: tuple[int, int]
) -> Scenario:
    places, gateways = many_rt(plan_of, count, columns, pitch_m)
    return Scenario(name, title, places, None, URBAN._replace(layout=name), phy.DEFAULT_PRESET, gateways)


def rt() -> Scenario:
    return _one("rt", "one RT: 20 houses, 2 posts, 1 gateway, 1 penerus, 2 penerima", RT_20)


def rt120() -> Scenario:
    return _one("rt120", "one large RT: 120 houses, 2 posts, 1 gateway, 3 penerus, 2 penerima", RT_120)


def rw() -> Scenario:
    def plan_of(i: int) -> Plan:
        return RT_43 if i < 6 else RT_43._replace(houses=RT_43.houses[:42])

    return _many(
        "rw",
        "one RW: 7 RT, each with its gateway: 300 houses, 14 posts, 14 penerus, 14 penerima",
        plan_of,
        7,
        3,
        (250, 120),
    )


def rw7() -> Scenario:
    return _many(
        "rw7", "a small RW: 7 RT of 20 houses, each with its gateway", lambda _: RT_20, 7, 3, (170, 170)
    )


def city1000() -> Scenario:
    return _many(
        "city1000",
        "25 RT, each with its gateway: 1,000 houses, 50 posts, 50 penerus",
        lambda _: RT_40,
        25,
        5,
        (240, 120),
    )
