"""The demo's kampung as data: what stands where, in metres; the page draws it and the air uses it."""

from collections.abc import Iterator
from typing import NamedTuple


class Spot(NamedTuple):
    """One device of the plan."""

    label: str
    role: str
    name: str
    house: int  # 0: no household
    x_m: int
    y_m: int


HEIGHT_M = 95  # a dense kampung, 150 m wide: neighbours 18 m apart
COLUMNS_M = (19, 37, 55, 95, 113, 131)  # three houses each side of the street
ROWS_M = (14, 36, 59, 81)  # two rows along each lane
STREET_M = 75  # x of the street; the lanes run at y 25 and 70
SLOTS = tuple((x, y) for y in ROWS_M for x in COLUMNS_M)
RESPONDERS = {9: ("penerima-1", "Bu Bidan"), 14: ("penerima-2", "Pak RT")}  # slots that hold no button
OPEN_SLOTS = {8: "musala", 15: "lapangan"}

GATEWAY = Spot("modem-1", "modem", "Balai RT", 0, STREET_M, 47)
POSTS = (
    Spot("pos-1", "sirene", "Pos ronda barat", 0, 6, 25),
    Spot("pos-2", "sirene", "Pos ronda timur", 0, 144, 70),
)
REPEATER = Spot("penerus-1", "penerus", "Penerus", 0, STREET_M, 8)


def _houses() -> Iterator[Spot]:
    number = 0
    for slot, (x, y) in enumerate(SLOTS):
        if slot not in RESPONDERS and slot not in OPEN_SLOTS:
            number += 1
            yield Spot(f"tombol-{number:02}", "tombol", f"Rumah {number:02}", number, x, y)


# where the demo's technician sits with a blank board; it is no device of the site until it is provisioned
BENCH = Spot("papan-1", "tombol", "Meja teknisi", 21, 97, 47)
HOUSES = tuple(_houses())
RECEIVERS = tuple(
    Spot(label, "penerima", name, 0, *SLOTS[slot]) for slot, (label, name) in RESPONDERS.items()
)
LANDMARKS = tuple((name, *SLOTS[slot]) for slot, name in OPEN_SLOTS.items())
DEVICES = (*HOUSES, *POSTS, REPEATER, *RECEIVERS, GATEWAY)
# the boxes of Gang Mawar send at the first press, those of Gang Melati count strokes: both are settings
ONE_PRESS = frozenset(spot.label for spot in HOUSES if spot.y_m < HEIGHT_M / 2)


def place_of(spot: Spot) -> str:
    """Name the place as a person would: a house's lane, else the spot's own name."""
    if not spot.house:
        return spot.name
    return "Gang Mawar" if spot.y_m < HEIGHT_M / 2 else "Gang Melati"
