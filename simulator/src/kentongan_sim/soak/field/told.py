"""Faults of this campaign, and the places where a person must see each.

A fault is begun and ended with (place, rng); what it needs to remember it keeps in `place.memo`. `told` is
what must come true: told(place) is asked every few seconds from its begin until a while after its end.
"""

from collections import namedtuple

DAY_S = 86_400
# part: device, gateway or hub · least_s, most_s: how long it lasts · told: see above, None where nothing
# fails · where: that, for people · also: warnings that are true words beside it, or (warning, subject) where
# it is true of that alone · sounds: which posts must sound: "both" or the "other" within SOUND_S of the
# press, "after": both within AFTER_S of the fault's end · button: whether the box that is pressed has the
# fault · beside: the alarm is at the hub BESIDE_S after the press, and people are called, and what they
# answer is shown, however long the fault lasts; ANY_TIME or MEANWHILE: when the press comes
Fault = namedtuple(
    "Fault",
    "name part begin end least_s most_s told where also sounds button beside",
    defaults=("both", False, ""),
)
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


def page(path, *words):
    return lambda place: any(place.shows(path, word) for word in words)


def channel(name):
    """The page Kanal says that this road has a problem."""

    def told(place):
        section = place.page("/kanal").partition(f'id="kanal-{name}"')[2].partition("</section>")[0]
        return 'class="masalah"' in section

    return told


def warning(what, subject=""):
    return lambda place: any(w == what and subject in s for w, s in place.warnings())


def lamp(*states):
    """The box that was pressed shows it."""
    return lambda place: any(
        at >= place.memo["begun"] and state in states for at, state in place.memo["pressed"].shown
    )


# what parts share


def nothing(place, rng):
    return


def disk(place_of, kind, code):
    def begin(place, rng):
        if place.disk:
            place.disk.fault, place.disk.failing = kind, place_of(place)
        if place_of(place) == place.house.directory:
            place.house.state_fault = OSError(code, kind)

    return begin


def disk_well(place, rng):
    if place.disk:
        place.disk.fault = place.disk.failing = None
    place.house.state_fault = None
