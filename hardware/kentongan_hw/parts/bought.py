"""Bought parts by class (hardware/bought.toml): boxes, wiring sheets and the fit take their sizes from it."""

import tomllib
from functools import cache

from kentongan_hw import HARDWARE

NEEDED = ("what", "beli", "source", "seen", "date")
LISTS = ("cables", "cores")
# A pilot begins this far above the floor; so much of it stays free below the screw.
FLOOR_MM, SPARE_MM = 0.8, 0.3
HOLD = 1.2  # a screw holds when it is this many diameters deep
BEND = 4.0  # a core bends at no less than this many of its diameters
WASHER_MM = 1.0


@cache
def table():
    return tomllib.loads((HARDWARE / "bought.toml").read_text(encoding="utf-8"))


def part(name):
    """Return the row of a class; ValueError that names the file for one that nobody has described."""
    rows = table()
    if name not in rows or name in LISTS:
        raise ValueError(f"{name}: no such class in hardware/bought.toml; it has {', '.join(sorted(rows))}")
    return rows[name]


def undescribed(rows=None):
    """Classes that say not what they are, what to buy, where the size was found and when."""
    rows = table() if rows is None else rows
    return [
        f"{name}: {key} is missing"
        for name, row in rows.items()
        for key in (NEEDED if name not in LISTS else NEEDED[2:])
        if not row.get(key)
    ]


def screw_fault(screw, through, deep, clamp=0.0):
    """Say why a screw does not hold, or "". `through`: mm under its head; `deep`: mm of its pilot."""
    engaged = screw["length"] - through - clamp
    if not 0.75 * screw["thread"] <= screw["pilot"] <= 0.9 * screw["thread"]:
        return f"{screw['what']}: a pilot of {screw['pilot']} mm cuts no thread"
    if engaged > deep - SPARE_MM:
        return f"{screw['what']}: {engaged:.1f} mm in a hole of {deep:.1f}: it bottoms and clamps nothing"
    if engaged < HOLD * screw["thread"]:
        return f"{screw['what']}: {engaged:.1f} mm deep, not {HOLD * screw['thread']:.1f} or more"
    return ""


def outer_mm(cores, gauge):
    """Return the outer diameter of a sheathed cable, or of a single core."""
    known = table()["cables"].get(f"{cores} x {gauge}") or (
        table()["cores"].get(gauge) if cores == 1 else None
    )
    if known is None:
        raise ValueError(f"{cores} x {gauge}: no such cable in hardware/bought.toml [cables]")
    return known


def bend_mm(gauge):
    return BEND * table()["cores"][gauge]
