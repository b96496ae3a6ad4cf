"""Rows of relays between a button and its post; nobody hears further than the next."""

from kentongan_wire.air import phy

from kentongan_sim.physics.air import Propagation
from kentongan_sim.scenarios.parts import NODE_BASE, Gateway, Place, Scenario

STEP_M, LINK_DB, NEAR_DB = 250, 120, 90


def _line(name: str, title: str, relays: int) -> Scenario:
    row = ("tombol-01", *(f"penerus-{i}" for i in range(1, relays + 1)))
    end_m = STEP_M * (relays + 1)
    places = [Place(row[0], "tombol", NODE_BASE + 0x101, 1, 1, 0, 0, 0)]
    places += [Place(row[i], "penerus", NODE_BASE + i, 1, 0, STEP_M * i, 0, 0) for i in range(1, relays + 1)]
    places += [
        Place("pos-1", "sirene", NODE_BASE + relays + 1, 1, 0, end_m, 20, 0),
        Place("modem-1", "modem", NODE_BASE + relays + 2, 1, 0, end_m, -20, 0),
    ]
    links = {(row[i], row[i + 1]): LINK_DB for i in range(relays)}
    links.update({(row[-1], "pos-1"): LINK_DB, (row[-1], "modem-1"): LINK_DB, ("pos-1", "modem-1"): NEAR_DB})
    return Scenario(
        name,
        title,
        tuple(places),
        links,
        Propagation(0, 0, 0, 1.0, name),
        phy.DEFAULT_PRESET,
        (Gateway("gateway-1", "modem-1", 1, end_m, -20),),
    )


def line3() -> Scenario:
    return _line("line3", "three relays in a row between a button and its post", 3)


def line5() -> Scenario:
    return _line("line5", "five relays in a row between a button and its post", 5)
