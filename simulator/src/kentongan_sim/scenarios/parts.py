"""What scenarios are made of: places, gateways, strangers on the air, and an RT along its lanes."""

from collections import namedtuple

NODE_BASE = 0x6B740000  # "kt": only test nodes have these numbers
INDOOR_DB = 6  # one outer wall of brick or wood

# One device. x and y in metres; wall_db is lost on the way in and out of the house.
Place = namedtuple("Place", "label role node zone house x_m y_m wall_db")
# links: None, or {(label, label): path loss in dB}, both ways; pairs left out do not hear each other.
# actors: radios that are none of ours, there from the start.
Scenario = namedtuple(
    "Scenario", "name title places links propagation preset gateways actors", defaults=((),)
)
# The gateway (a Raspberry Pi at the post) and the modem through which it is on the air.
Gateway = namedtuple("Gateway", "label modem zone x_m y_m")
# kind: a key of actors.KINDS; settings: what that kind wants to know.
Actor = namedtuple("Actor", "label kind x_m y_m settings")

# Where things stand in an RT: (x, y) in metres. penerima: (house, x, y). shielded: houses behind zinc.
Plan = namedtuple("Plan", "houses posts penerus penerima gateway shielded", defaults=((),))


class Numbers:
    """Node numbers of a site: never twice, and the low byte of whatever relays unique and not 0."""

    def __init__(self):
        self._relays, self._buttons = 0, 0x100

    def relay(self) -> int:
        self._relays += 1
        assert self._relays < 0x100, "a site has at most 255 devices that relay: split it"
        return NODE_BASE + self._relays

    def button(self) -> int:
        self._buttons += 1
        return NODE_BASE + self._buttons


def rows(columns: int, *ys) -> tuple:
    """Houses on both sides of the lanes, 20 m apart: one row of `columns` at each y."""
    return tuple((14 + 20 * column, y_m) for y_m in ys for column in range(columns))


def rt_places(plan: Plan, numbers: Numbers, zone=1, x0=0, y0=0, prefix="", shield_db=INDOOR_DB):
    """(places, gateway) of one RT with its corner at (x0, y0)."""
    places = []

    def add(label, role, node, at, wall_db, house=0):
        places.append(Place(prefix + label, role, node, zone, house, x0 + at[0], y0 + at[1], wall_db))

    for house, at in enumerate(plan.houses, 1):
        wall_db = shield_db if house in plan.shielded else INDOOR_DB
        add(f"tombol-{house:02d}", "tombol", numbers.button(), at, wall_db, house)
    for i, at in enumerate(plan.posts, 1):
        add(f"pos-{i}", "sirene", numbers.relay(), at, 0)
    for i, at in enumerate(plan.penerus, 1):
        add(f"penerus-{i}", "penerus", numbers.relay(), at, 0)
    for i, (house, *at) in enumerate(plan.penerima, 1):
        add(f"penerima-{i}", "penerima", numbers.relay(), at, INDOOR_DB, house)
    add("modem-1", "modem", numbers.relay(), plan.gateway, 0)
    x_m, y_m = plan.gateway
    return places, Gateway(prefix + "gateway-1", prefix + "modem-1", zone, x0 + x_m, y0 + y_m)


def many_rt(plan_of, count: int, columns: int, pitch_m: tuple):
    """(places, gateways) of `count` RT in rows of `columns`; plan_of(i) is the i-th one's Plan, from 0."""
    numbers, places, gateways = Numbers(), [], []
    for i in range(count):
        x0, y0 = pitch_m[0] * (i % columns), pitch_m[1] * (i // columns)
        some, gateway = rt_places(plan_of(i), numbers, i + 1, x0, y0, f"rt{i + 1}-")
        places += some
        gateways.append(gateway)
    return tuple(places), tuple(gateways)
