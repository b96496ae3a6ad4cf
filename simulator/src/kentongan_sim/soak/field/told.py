"""Faults of this campaign, and the places where a person must see each.

A fault is begun and ended with (place, rng); what it needs to remember it keeps in `place.memo`. `told` is
what must come true: told(place) is asked every few seconds from its begin until a while after its end.
"""

import random
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from kentongan_sim.soak.field.place import Place

DAY_S = 86_400
Change = Callable[[Place, random.Random], None]
Told = Callable[[Place], bool]


class Fault(NamedTuple):
    name: str
    part: str  # device, gateway or hub
    begin: Change
    end: Change
    least_s: int  # how long it lasts
    most_s: int
    told: Told | None  # see above, None where nothing fails
    where: str  # that, for people
    # warnings that are true words beside it, or (warning, subject) where it is true of that alone
    also: tuple[str | tuple[str, str], ...]
    # which posts must sound: "both" or the "other" within SOUND_S of the press, "after": both within AFTER_S
    # of the fault's end
    sounds: str = "both"
    button: bool = False  # whether the box that is pressed has the fault
    # the alarm is at the hub BESIDE_S after the press, and people are called, and what they answer is shown,
    # however long the fault lasts; ANY_TIME or MEANWHILE: when the press comes
    beside: str = ""


BESIDE_S = 60
ANY_TIME, MEANWHILE = "any time", "meanwhile"

# true words beside many faults
AWAY = (
    "gerbang terputus",
    "pusat data pernah mati",
    "gerbang perlu dilihat",
    "jam tidak pasti",
    "cadangan lama",
    "kontak lama",
)
RESTARTED = ("gerbang perlu dilihat",)
UNHEARD = (
    "gerbang perlu dilihat",
    "gerbang bermasalah",
    "gerbang terputus",
    "radio mati",
    "sirene diam",
    "sirene terputus",
    "terputus",
    "terlambat",
)


# who says it


def page(path: str, *words: str) -> Told:
    return lambda place: any(place.shows(path, word) for word in words)


def channel(name: str) -> Told:
    """The page Kanal says that this road has a problem."""

    def told(place: Place) -> bool:
        section = place.page("/kanal").partition(f'id="kanal-{name}"')[2].partition("</section>")[0]
        return 'class="masalah"' in section

    return told


def warning(what: str, subject: str = "") -> Told:
    return lambda place: any(w == what and subject in s for w, s in place.warnings())


def lamp(*states: str) -> Told:
    """The box that was pressed shows it."""
    return lambda place: any(
        at >= place.memo["begun"] and state in states for at, state in place.memo["pressed"].shown
    )


# what parts share


def nothing(place: Place, rng: random.Random) -> None:
    return


def disk(place_of: Callable[[Place], Path], kind: str, code: int) -> Change:
    def begin(place: Place, rng: random.Random) -> None:
        if place.disk:
            place.disk.fault, place.disk.failing = kind, place_of(place)
        if place_of(place) == place.house.directory:
            place.house.state_fault = OSError(code, kind)

    return begin


def disk_well(place: Place, rng: random.Random) -> None:
    if place.disk:
        place.disk.fault = place.disk.failing = None
    place.house.state_fault = None
