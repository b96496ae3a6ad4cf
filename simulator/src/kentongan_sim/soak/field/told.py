"""Faults of this campaign, and the places where a person must see each.

A fault is begun and ended with (place, rng); what it needs to remember it keeps in `place.memo`. Its Told
must come true: told(place) is asked every few seconds from its begin until a while after its end.
"""

import random
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from kentongan_sim.soak.field.place import Place

DAY_S = 86_400
Change = Callable[[Place, random.Random], None]


class Told(NamedTuple):
    """A place where a person sees a fault: its words for people, and whether it is seen there."""

    where: str
    sees: Callable[[Place], bool]

    def __call__(self, place: Place) -> bool:
        return self.sees(place)


class Fault(NamedTuple):
    name: str
    begin: Change
    end: Change
    least_s: int  # how long it lasts
    most_s: int
    told: Told | None  # None where nothing fails
    # warnings that are true words beside it, or (warning, subject) where it is true of that alone
    also: tuple[str | tuple[str, str], ...] = ()
    # which posts must sound: "both" or the "other" within SOUND_S of the press, "after": both within AFTER_S
    # of the fault's end
    sounds: str = "both"
    button: bool = False  # whether the box that is pressed has the fault
    # the alarm is at the hub BESIDE_S after the press, and people are called, and what they answer is shown,
    # however long the fault lasts; ANY_TIME or MEANWHILE: when the press comes
    beside: str = ""
    part: str = ""  # device, gateway or hub: faults.py fills it in

    @property
    def where(self) -> str:
        return self.told.where if self.told else "nothing fails"


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


def page(path: str, word: str, where: str = "") -> Told:
    return Told(where or f"page {path[1:].title()}: {word}", lambda place: place.shows(path, word))


def channel(name: str) -> Told:
    """Make a Told: the page Kanal says that this road has a problem."""

    def sees(place: Place) -> bool:
        section = place.page("/kanal").partition(f'id="kanal-{name}"')[2].partition("</section>")[0]
        return 'class="masalah"' in section

    return Told("page Kanal, warning: kanal gagal", sees)


def warning(what: str, subject: str = "", where: str = "") -> Told:
    return Told(
        where or f"warning: {what}",
        lambda place: any(w == what and subject in s for w, s in place.warnings()),
    )


def lamp(*states: str, where: str = "its lamp") -> Told:
    """Make a Told: the box that was pressed shows it."""

    def sees(place: Place) -> bool:
        shown, begun = place.memo["pressed"].shown, place.memo["begun"]
        return any(at >= begun and state in states for at, state in shown)

    return Told(where, sees)


# what parts share


def nothing(place: Place, rng: random.Random) -> None:
    return


def doing(deed: Callable[[Place], object]) -> Change:
    """Make a change in which nothing is drawn."""

    def change(place: Place, rng: random.Random) -> None:
        deed(place)

    return change


def setting(of: Callable[[Place], object], **values: object) -> Change:
    """Make a change of attributes of a part of the place."""
    return doing(lambda place: vars(of(place)).update(values))


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
