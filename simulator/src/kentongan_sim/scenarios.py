"""Places as data: who stands where, and what the air between them is like.

A scenario names no secret: node keys come from TEST_SITE_KEY, which no real site may use.
"""
from collections import namedtuple

from kentongan_wire import keys as wire_keys
from kentongan_wire import phy
from kentongan_wire.device_file import check
from kentongan_wire.errors import LocalError

from kentongan_sim.air import URBAN, Propagation

TEST_SITE_KEY = bytes(range(32))
CHANNEL_NAME = "kampung"
CHANNEL_KEY = bytes(range(100, 132))
ROLE_NUMBERS = {"tombol": 1, "sirene": 2, "penerus": 3, "modem": 4, "penerima": 5}
NODE_BASE = 0x6B740000  # "kt": only test nodes have these numbers
CONDUCTED_DBM, GAIN_DBI = 17, 3  # 20 dBm EIRP, the law's limit
INDOOR_DB = 6  # one outer wall of brick or wood

# One device. x and y in metres; wall_db is lost on the way in and out of the house.
Place = namedtuple("Place", "label role node zone house x_m y_m wall_db")
# links: None, or {(label, label): path loss in dB}, both ways; pairs left out do not hear each other.
Scenario = namedtuple("Scenario", "name title places links propagation preset gateways")
# The gateway (a Raspberry Pi at the post) and the modem through which it is on the air.
Gateway = namedtuple("Gateway", "label modem zone x_m y_m")

# Two lanes with houses on both sides.
HOUSES = tuple((14 + 20 * (i % 5), (6, 24, 56, 74)[i // 5]) for i in range(20))
POSTS = ((2, 15), (106, 65))
GATEWAY = (56, 40)
PENERUS = (30, 44)
PENERIMA = ((7, 58, 20), (15, 18, 60))  # house, x, y
RT_PITCH_M = 170  # from one RT of an RW to the next


def _rt(zone, x0, y0, prefix, relay, button):
    """The places and the gateway of one RT; relay and button are its first node numbers."""
    places = []

    def add(label, role, number, x_m, y_m, wall_db, house=0):
        node = NODE_BASE + number
        places.append(Place(prefix + label, role, node, zone, house, x0 + x_m, y0 + y_m, wall_db))

    for i, (x_m, y_m) in enumerate(HOUSES):
        add(f"tombol-{i + 1:02d}", "tombol", button + i, x_m, y_m, INDOOR_DB, i + 1)
    for i, (x_m, y_m) in enumerate(POSTS):
        add(f"pos-{i + 1}", "sirene", relay + i, x_m, y_m, 0)
    add("penerus-1", "penerus", relay + 2, *PENERUS, 0)
    for i, (house, x_m, y_m) in enumerate(PENERIMA):
        add(f"penerima-{i + 1}", "penerima", relay + 3 + i, x_m, y_m, INDOOR_DB, house)
    add("modem-1", "modem", relay + 5, *GATEWAY, 0)
    gateway = Gateway(prefix + "gateway-1", prefix + "modem-1", zone, x0 + GATEWAY[0], y0 + GATEWAY[1])
    return places, gateway


def rt() -> Scenario:
    places, gateway = _rt(1, 0, 0, "", 1, 0x101)
    return Scenario("rt", "one RT: 20 houses, 2 posts, 1 gateway, 1 penerus, 2 penerima", tuple(places), None,
                    URBAN, phy.DEFAULT_PRESET, (gateway,))


def rw() -> Scenario:
    places, gateways = [], []
    for i in range(7):
        some, gateway = _rt(i + 1, RT_PITCH_M * (i % 3), RT_PITCH_M * (i // 3), f"rt{i + 1}-",
                            1 + 6 * i, 0x101 + 0x20 * i)
        places += some
        gateways.append(gateway)
    return Scenario("rw", "one RW: 7 RT, each with its gateway", tuple(places), None,
                    URBAN._replace(layout="rw"), phy.DEFAULT_PRESET, tuple(gateways))


def line3() -> Scenario:
    row = ("tombol-01", "penerus-1", "penerus-2", "penerus-3")
    places = [Place(row[0], "tombol", NODE_BASE + 0x101, 1, 1, 0, 0, 0)]
    places += [Place(row[i], "penerus", NODE_BASE + i, 1, 0, 250 * i, 0, 0) for i in (1, 2, 3)]
    places += [Place("pos-1", "sirene", NODE_BASE + 4, 1, 0, 1000, 20, 0),
               Place("modem-1", "modem", NODE_BASE + 5, 1, 0, 1000, -20, 0)]
    links = {(row[i], row[i + 1]): 120 for i in range(3)}
    links.update({("penerus-3", "pos-1"): 120, ("penerus-3", "modem-1"): 120, ("pos-1", "modem-1"): 90})
    return Scenario("line3", "three relays in a row between a button and its post", tuple(places), links,
                    Propagation(0, 0, 0, 1.0, "line3"), phy.DEFAULT_PRESET,
                    (Gateway("gateway-1", "modem-1", 1, 1000, -20),))


SCENARIOS = {"rt": rt, "rw": rw, "line3": line3}


def scenario(name: str) -> Scenario:
    """The scenario of that name; LocalError names those there are."""
    if name not in SCENARIOS:
        raise LocalError(f"there is no scenario {name!r}; choose one of {', '.join(sorted(SCENARIOS))}")
    return SCENARIOS[name]()


def device_settings(place: Place, scene: Scenario, gateway: int, hops: int) -> dict:
    """What provisioning would write for this device, checked as the device checks it."""
    settings = {
        "format": 1, "site": scene.name, "role": place.role, "node": place.node, "label": place.label,
        "zone": place.zone, "house": place.house, "preset": scene.preset, "conducted_dbm": CONDUCTED_DBM,
        "gain_dbi": GAIN_DBI, "gateway": gateway, "gateway_hops": hops, "hop_limit": max(1, hops - 1),
    }
    if place.role != "modem":
        settings["channel_name"] = CHANNEL_NAME
        settings["channel_key"] = CHANNEL_KEY.hex()
        number = ROLE_NUMBERS[place.role]
        alarm = wire_keys.alarm_root(TEST_SITE_KEY, 0)
        control = wire_keys.control_root(TEST_SITE_KEY, 0)
        settings["key_c"] = wire_keys.node_key(control, place.node, number, 0).hex()
        if place.role == "sirene":
            settings["alarm_root"] = alarm.hex()
            settings["has_sense"] = True
        else:
            settings["key_a"] = wire_keys.node_key(alarm, place.node, number, 0).hex()
    return check(settings, place.label)
