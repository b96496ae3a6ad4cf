"""Faults of buttons, posts and relays."""

import random

from kentongan_sim.soak.field.box import Box
from kentongan_sim.soak.field.place import Place
from kentongan_sim.soak.field.told import UNHEARD, Change, Fault, Told, doing, lamp, setting, warning

SAGS = 4  # the fifth frame is the last one that a cell is asked for: then the lamp says that nobody hears


def _refuse(label: str, nvs: bool) -> Change:
    def begin(place: Place, rng: random.Random) -> None:
        box = place.boxes[label or place.memo["pressed"].label]
        box.refuses, box.nvs_refuses = True, nvs
        place.memo["box"] = box
        if label and place.memo["phase"] == "after" or label.startswith("penerus"):
            box.reset()  # what writes seldom finds it out at a start

    return begin


def _sag(place: Place, rng: random.Random) -> None:
    place.memo["pressed"].sags = 1 + rng.randrange(SAGS)


def _pressed(place: Place) -> Box:
    return place.memo["pressed"]


def _post(place: Place) -> Box:
    return place.boxes["pos-1"]


def _mute_post(mute: bool) -> Change:
    def change(place: Place, rng: random.Random) -> None:
        _post(place).mute = mute
        _post(place).reset()

    return change


def _worn(label: str) -> Told:
    return warning("flash gagal", label)


WORN = ("flash gagal",)
POST_AWAY = Told(
    "warning: sirene diam or terputus",
    lambda place: any(
        warning(what, "pos-1")(place) for what in ("sirene diam", "sirene terputus", "terlambat")
    ),
)
UNDRIVEN = warning("sirene rusak", "pos-1")
UNDRIVEN_TOO = (*UNHEARD, "sirene rusak", "sirene gagal")
ANY_LAMP = lamp("sounding", "stored", "coming", "nobody")
NOBODY = lamp("nobody", "coming", where="its lamp: nobody hears")
TAKE = doing(lambda place: place.memo["box"].take_writes())
BUTTON, BUTTON_NVS = _refuse("", False), _refuse("", True)
POST, RELAY = _refuse("pos-1", False), _refuse("penerus-1", False)
STEADY = setting(_pressed, sags=0)
DEAF, HEARS = setting(_pressed, deaf=True), setting(_pressed, deaf=False)
POST_DEAF, POST_HEARS = setting(_post, deaf=True), setting(_post, deaf=False)
CUT, POWERED = doing(lambda place: _post(place).power_off()), doing(lambda place: _post(place).power_on())
MUTE, LOUD = _mute_post(True), _mute_post(False)

DEVICES = (
    Fault("tombol: flash takes no write", BUTTON, TAKE, 120, 300, _worn("tombol-"), WORN, button=True),
    Fault(
        "tombol: flash and NVS take no write", BUTTON_NVS, TAKE, 120, 300, _worn("tombol-"), WORN, button=True
    ),
    Fault("pos: flash takes no write", POST, TAKE, 200, 500, _worn("pos-1"), WORN),
    Fault("penerus: flash takes no write", RELAY, TAKE, 200, 500, _worn("penerus-1"), WORN),
    Fault("tombol: brown-outs at 1 to 4 frames", _sag, STEADY, 20, 60, ANY_LAMP, (), "after", True),
    Fault("tombol: radio deaf, antenna off", DEAF, HEARS, 10, 100, NOBODY, (), "after", True),
    Fault("pos: radio deaf, antenna off", POST_DEAF, POST_HEARS, 330, 600, POST_AWAY, UNHEARD, "other"),
    Fault("pos: without power", CUT, POWERED, 330, 600, POST_AWAY, UNHEARD, "other"),
    Fault("pos: its output cannot be driven", MUTE, LOUD, 200, 500, UNDRIVEN, UNDRIVEN_TOO, "other"),
)
