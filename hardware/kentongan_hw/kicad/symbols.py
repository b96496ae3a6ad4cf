"""KiCad's symbols: pins and outline of one, by "Library:Name". In mm, y upwards as in the library."""

import copy
from collections import namedtuple
from functools import cache
from pathlib import Path

from kentongan_hw import HARDWARE
from kentongan_hw.kicad.sexpr import Text, find, first, parse

LIBRARY = Path("/usr/share/kicad/symbols")
OWN = HARDWARE / "lib" / "kentongan.kicad_sym"

Pin = namedtuple("Pin", "number name kind x y angle unit")


@cache
def _library(name):
    path = OWN if name == "kentongan" else LIBRARY / f"{name}.kicad_sym"
    tree = parse(path.read_text(encoding="utf-8"))
    return {symbol[1]: symbol for symbol in find(tree, "symbol")}


@cache
def symbol(full):
    """Return the s-expression of a symbol that stands alone (no `extends`), named "Library:Name"."""
    library, name = full.split(":")
    found = _library(library)[name]
    assert first(found, "extends") is None, f"{full} extends another symbol: use that one"
    own = copy.deepcopy(found)
    own[1] = Text(full)
    return own


@cache
def pins(full):
    """[Pin] of a symbol, every unit."""
    result = []
    for part in find(symbol(full), "symbol"):
        unit = int(part[1].split("_")[-2])
        for pin in find(part, "pin"):
            at = first(pin, "at")
            result.append(
                Pin(
                    first(pin, "number")[1],
                    first(pin, "name")[1],
                    pin[1],
                    float(at[1]),
                    float(at[2]),
                    int(at[3]),
                    unit,
                )
            )
    return result


def _points(item):
    for name in ("start", "mid", "end", "center"):
        point = first(item, name)
        if point:
            yield float(point[1]), float(point[2])
    pts = first(item, "pts")
    if pts:
        for xy in find(pts, "xy"):
            yield float(xy[1]), float(xy[2])
    radius = first(item, "radius")
    if radius:
        x, y = (float(v) for v in first(item, "center")[1:3])
        r = float(radius[1])
        yield x - r, y - r
        yield x + r, y + r


@cache
def outline(full, unit=1):
    """(x0, y0, x1, y1) of the drawn body of one unit."""
    points = []
    for part in find(symbol(full), "symbol"):
        if int(part[1].split("_")[-2]) in (0, unit):
            for kind in ("rectangle", "polyline", "circle", "arc"):
                for item in find(part, kind):
                    points += _points(item)
    if not points:
        points = [(pin.x, pin.y) for pin in pins(full) if pin.unit in (0, unit)]
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)
