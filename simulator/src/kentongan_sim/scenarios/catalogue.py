"""Places as data: who stands where, and what the air between them is like.

A scenario names no secret: node keys come from TEST_SITE_KEY, which no real site may use.
"""

from kentongan_wire.base.errors import LocalError
from kentongan_wire.keyring import keys as wire_keys
from kentongan_wire.keyring import site_keys
from kentongan_wire.settings.device_file import check

from kentongan_sim.physics.shapes import Settings
from kentongan_sim.scenarios.hard import hostile, zinc
from kentongan_sim.scenarios.kampung import city1000, rt, rt120, rw, rw7
from kentongan_sim.scenarios.lines import line3, line5
from kentongan_sim.scenarios.parts import INDOOR_DB, NODE_BASE, Actor, Gateway, Place, Scenario  # noqa: F401 - one name to import them all by
from kentongan_sim.scenarios.stock8 import stock8

TEST_SITE_KEY = bytes(range(32))
CHANNEL_NAME = "kampung"
CHANNEL_KEY = bytes(range(100, 132))
ROLE_NUMBERS = {"tombol": 1, "sirene": 2, "penerus": 3, "modem": 4, "penerima": 5}
CONDUCTED_DBM, GAIN_DBI = 17, 3  # 20 dBm EIRP, the law's limit

SCENARIOS = {
    make.__name__: make for make in (rt, rt120, rw, rw7, line3, line5, zinc, hostile, city1000, stock8)
}


def scenario(name: str) -> Scenario:
    """Make the scenario of that name; LocalError names those there are."""
    if name not in SCENARIOS:
        raise LocalError(f"there is no scenario {name!r}; choose one of {', '.join(sorted(SCENARIOS))}")
    return SCENARIOS[name]()


def device_settings(place: Place, scene: Scenario, gateway: int, hops: int) -> Settings:
    """Write the settings of this device as provisioning would, checked as the device checks them."""
    settings: Settings = {
        "format": 1,
        "site": scene.name,
        "role": place.role,
        "node": place.node,
        "label": place.label,
        "zone": place.zone,
        "house": place.house,
        "preset": scene.preset,
        "conducted_dbm": CONDUCTED_DBM,
        "gain_dbi": GAIN_DBI,
        "gateway": gateway,
        "gateway_hops": hops,
        "hop_limit": max(1, hops - 1),
    }
    if place.role != "modem":
        settings["channel_name"] = CHANNEL_NAME
        settings["channel_key"] = CHANNEL_KEY.hex()
        number = ROLE_NUMBERS[place.role]
        roots = (site_keys.alarm_root(TEST_SITE_KEY, 0), site_keys.control_root(TEST_SITE_KEY, 0))
        held = site_keys.held(*roots, place.node, number, 0)
        settings.update({name: key.hex() for name, key in zip(wire_keys.HELD[number], held, strict=True)})
        if place.role == "sirene":
            settings["has_sense"] = True
    return check(settings, place.label)
