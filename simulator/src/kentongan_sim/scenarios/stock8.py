"""`stock8`: eight homes, one relay and a gateway, the place in which stock firmware 2.7.26 was measured.

Of that place it is known that every home hears the relay, that some do not hear each other, and that one
press took two hops and 2.5 transmissions in the mean. The rest is chosen to fit: a row of doors of which the
two at the ends are hidden from each other, and a gateway that hears the relay and the homes in the middle.
"""

from kentongan_sim.physics.air import Propagation
from kentongan_sim.physics.chance import between
from kentongan_sim.scenarios.parts import NODE_BASE, Gateway, Place, Scenario

HOMES = 8
DOORS_HEARD = 6
GATEWAY_HEARS = (3, 4, 5, 6)
WEAKEST_DB = 146.5  # 9.5 dB below the noise, 3 dB above the weakest frame of MediumFast
SPREAD_DB = 20  # other links are so much stronger at most, fixed by their ends
DOOR_M, GATEWAY_AT, POST_AT = 60, (270, 120), (270, 40)


def stock8() -> Scenario:
    homes = {i: f"tombol-{i:02d}" for i in range(1, HOMES + 1)}
    places = [
        Place(label, "tombol", NODE_BASE + 0x100 + i, 1, i, DOOR_M * i, 0, 0) for i, label in homes.items()
    ]
    places += [
        Place("pos-1", "sirene", NODE_BASE + 1, 1, 0, *POST_AT, 0),
        Place("modem-1", "modem", NODE_BASE + 2, 1, 0, *GATEWAY_AT, 0),
    ]
    pairs = [
        ("pos-1", "modem-1"),
        *((label, "pos-1") for label in homes.values()),
        *((homes[i], "modem-1") for i in GATEWAY_HEARS),
        *((homes[i], homes[j]) for i in homes for j in homes if 0 < j - i <= DOORS_HEARD),
    ]
    links = {pair: WEAKEST_DB - between(0, SPREAD_DB * 4, "stock8", *pair) / 4 for pair in pairs}
    return Scenario(
        "stock8",
        "8 homes, a post that relays, 1 gateway; two homes are hidden from each other",
        tuple(places),
        links,
        Propagation(0, 0, 0, 1.0, "stock8"),
        "MediumFast",
        (Gateway("gateway-1", "modem-1", 1, *GATEWAY_AT),),
    )
