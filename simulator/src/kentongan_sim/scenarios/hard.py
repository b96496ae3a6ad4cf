"""Places that make it hard: houses of zinc, and neighbours on the channel who mean no good."""

from kentongan_wire.air import phy

from kentongan_sim.physics.air import URBAN
from kentongan_sim.scenarios.kampung import rt
from kentongan_sim.scenarios.parts import Actor, Numbers, Plan, Scenario, rows, rt_places

# ITU-R P.2109, median building entry loss at 920 MHz, horizontal path: 28 dB for the class with metallised
# surfaces ("thermally efficient"), 12.5 dB for the traditional one, of which URBAN's path loss has a share.
ZINC_DB = 28
# 13 of 42 houses are 31 %, the share of zinc roofs in the country; spread by a fixed step over the lanes.
ZINC_HOUSES = tuple(sorted(1 + (5 + 16 * i) % 42 for i in range(13)))
ZINC = Plan(
    houses=rows(11, 6, 24, 56, 74)[:42],
    posts=((2, 40), (222, 40)),
    penerus=((70, 40), (170, 40)),
    penerima=((5, 98, 12), (38, 120, 68)),
    gateway=(116, 40),
    shielded=ZINC_HOUSES,
)

FOREIGN_LOAD_PERCENT = 20
# Four radios of a network of their own: two across the road, two further away.
FOREIGN = tuple(
    Actor(f"asing-{i}", "foreign", x_m, y_m, {"share_percent": FOREIGN_LOAD_PERCENT / 4})
    for i, (x_m, y_m) in enumerate(((-60, 40), (56, 150), (230, 60), (40, -160)), 1)
)
REPLAYER = Actor("pemutar-ulang", "replayer", 90, 90, {})
# On for two minutes of every three: the village has to say that it is jammed, and to be heard all the same.
JAMMER = Actor("pengganggu", "jammer", 130, 84, {"from_s": 60, "on_s": 120, "off_s": 60, "gap_ms": 250})


def zinc() -> Scenario:
    places, gateway = rt_places(ZINC, Numbers(), shield_db=ZINC_DB)
    return Scenario(
        "zinc",
        "one RT of 42 houses, 13 of them (31 %) behind zinc, 2 posts, 1 gateway, 2 penerus, 2 penerima",
        tuple(places),
        None,
        URBAN._replace(layout="zinc"),
        phy.DEFAULT_PRESET,
        (gateway,),
    )


def hostile() -> Scenario:
    return rt()._replace(
        name="hostile",
        title="rt, with a foreign network at 20 % load, a replaying and a jamming neighbour",
        actors=(*FOREIGN, REPLAYER, JAMMER),
    )
