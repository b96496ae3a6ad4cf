"""Faults of buttons, posts and relays."""

import random

from kentongan_sim.soak.field.place import Place
from kentongan_sim.soak.field.told import UNHEARD, Change, Fault, lamp, warning

SAGS = 4  # the fifth frame is the last one that a cell is asked for: then the lamp says that nobody hears


def _refuse(label: str, nvs: bool) -> Change:
    def begin(place: Place, rng: random.Random) -> None:
        box = place.boxes[label or place.memo["pressed"].label]
        box.refuses, box.nvs_refuses = True, nvs
        place.memo["box"] = box
        if label and place.memo["phase"] == "after" or label.startswith("penerus"):
            box.reset()  # what writes seldom finds it out at a start

    return begin


def _take_writes(place: Place, rng: random.Random) -> None:
    place.memo["box"].take_writes()


def _sag(place: Place, rng: random.Random) -> None:
    place.memo["pressed"].sags = 1 + rng.randrange(SAGS)


def _recovered(place: Place, rng: random.Random) -> None:
    place.memo["pressed"].sags = 0


def _deafen(place: Place, rng: random.Random) -> None:
    place.memo["pressed"].deaf = True


def _hears(place: Place, rng: random.Random) -> None:
    place.memo["pressed"].deaf = False


def _post(attribute: str, value: bool) -> Change:
    def change(place: Place, rng: random.Random) -> None:
        place.memo["box"] = place.boxes["pos-1"]
        setattr(place.boxes["pos-1"], attribute, value)

    return change


def _mute_post(mute: bool) -> Change:
    def change(place: Place, rng: random.Random) -> None:
        place.boxes["pos-1"].mute = mute
        place.boxes["pos-1"].reset()

    return change


def _cut_post(place: Place, rng: random.Random) -> None:
    place.boxes["pos-1"].power_off()


def _power_post(place: Place, rng: random.Random) -> None:
    place.boxes["pos-1"].power_on()


DEVICES = (
    Fault(
        "tombol: flash takes no write",
        "device",
        _refuse("", False),
        _take_writes,
        120,
        300,
        warning("flash gagal", "tombol-"),
        "warning: flash gagal",
        ("flash gagal",),
        "both",
        True,
    ),
    Fault(
        "tombol: flash and NVS take no write",
        "device",
        _refuse("", True),
        _take_writes,
        120,
        300,
        warning("flash gagal", "tombol-"),
        "warning: flash gagal",
        ("flash gagal",),
        "both",
        True,
    ),
    Fault(
        "pos: flash takes no write",
        "device",
        _refuse("pos-1", False),
        _take_writes,
        200,
        500,
        warning("flash gagal", "pos-1"),
        "warning: flash gagal",
        ("flash gagal",),
    ),
    Fault(
        "penerus: flash takes no write",
        "device",
        _refuse("penerus-1", False),
        _take_writes,
        200,
        500,
        warning("flash gagal", "penerus-1"),
        "warning: flash gagal",
        ("flash gagal",),
    ),
    Fault(
        "tombol: brown-outs at 1 to 4 frames",
        "device",
        _sag,
        _recovered,
        20,
        60,
        lamp("sounding", "stored", "coming", "nobody"),
        "its lamp",
        (),
        "after",
        True,
    ),
    Fault(
        "tombol: radio deaf, antenna off",
        "device",
        _deafen,
        _hears,
        10,
        100,
        lamp("nobody", "coming"),
        "its lamp: nobody hears",
        (),
        "after",
        True,
    ),
    Fault(
        "pos: radio deaf, antenna off",
        "device",
        _post("deaf", True),
        _post("deaf", False),
        330,
        600,
        lambda place: (
            warning("sirene diam", "pos-1")(place)
            or warning("sirene terputus", "pos-1")(place)
            or warning("terlambat", "pos-1")(place)
        ),
        "warning: sirene diam or terputus",
        UNHEARD,
        "other",
    ),
    Fault(
        "pos: without power",
        "device",
        _cut_post,
        _power_post,
        330,
        600,
        lambda place: (
            warning("sirene diam", "pos-1")(place)
            or warning("sirene terputus", "pos-1")(place)
            or warning("terlambat", "pos-1")(place)
        ),
        "warning: sirene diam or terputus",
        UNHEARD,
        "other",
    ),
    Fault(
        "pos: its output cannot be driven",
        "device",
        _mute_post(True),
        _mute_post(False),
        200,
        500,
        warning("sirene rusak", "pos-1"),
        "warning: sirene rusak",
        (*UNHEARD, "sirene rusak", "sirene gagal"),
        "other",
    ),
)
