"""One box as data: enclosure.toml, read once, refused with the place and the remedy when it makes no sense.

All lengths in mm. x to the right, y up the wall, z from the wall to the lid; the origin is the middle of the
inner floor. Sizes of what is bought come from hardware/bought.toml by `buy`, never from here. `side` of a
hole: lid, floor, top, bottom, left, right; its `at` is (x, y) on lid and floor, (x, z) on top and bottom,
(y, z) on left and right.
"""

import csv
import tomllib
from collections import namedtuple

from kentongan_hw import HARDWARE
from kentongan_hw.parts import bought

NODES = ("button", "siren", "repeater", "gateway")
KEYS = (
    "title",
    "revision",
    "built_by",
    "inner",
    "wall",
    "lid",
    "corner",
    "mount",
    "outside",
    "board",
    "body",
    "hole",
    "seat",
)
SIDES = ("lid", "floor", "top", "bottom", "left", "right")
MOUNTS = ("wall", "pole")
WALL_MIN = 2.0  # five lines of a 0.4 mm nozzle: stiff, and tight against rain
PRINT_MAX = 250.0  # a common printer's bed and height
HOLE_MIN_WEB = 3.0  # plastic left between a hole and the next one or the edge

# leads: what goes through it or stands in it, as sheet.cable or sheet.part of the wiring sheets; block: its
# size behind the panel where that is not round
Hole = namedtuple("Hole", "what side at diameter outside depth vent buy leads block")
# at: middle of its foot on the floor plane (x, y) and the height z of its underside
Body = namedtuple("Body", "what at z size")
Board = namedtuple("Board", "what at size standoff thickness screws screw")
# on side walls, under the lid; at: along the wall
Seat = namedtuple("Seat", "buy side at leads")
Box = namedtuple(
    "Box", "node title inner wall lid corner mount built_by revision outside board bodies holes seats"
)


class BoxError(ValueError):
    """The file, the table and what to do about it."""


def path(node):
    return HARDWARE / node / "enclosure.toml"


def load(node) -> Box:
    """Return the box of a node; BoxError when a key is unknown or missing, or the numbers make no box."""
    with path(node).open("rb") as file:
        return parse(node, tomllib.load(file))


def parse(node, data) -> Box:
    top = _take(data, f"{node}/enclosure.toml", KEYS)
    board = Board(**_take(top["board"], f"{node}/enclosure.toml [board]", Board._fields))
    bodies = [
        Body(
            **_take(
                _body(row, f"{node}/enclosure.toml [[body]] {at}"),
                f"{node}/enclosure.toml [[body]] {at}",
                Body._fields,
            )
        )
        for at, row in enumerate(top["body"], 1)
    ]
    holes = [_hole(row, f"{node}/enclosure.toml [[hole]] {at}") for at, row in enumerate(top["hole"], 1)]
    seats = [
        Seat(**_take(row, f"{node}/enclosure.toml [[seat]] {at}", Seat._fields))
        for at, row in enumerate(top["seat"], 1)
    ]
    box = Box(
        node,
        top["title"],
        tuple(top["inner"]),
        top["wall"],
        top["lid"],
        top["corner"],
        top["mount"],
        top["built_by"],
        top["revision"],
        tuple(top["outside"]),
        board,
        bodies,
        holes,
        seats,
    )
    check(box)
    return box


def bought_part(name, place):
    try:
        return bought.part(name)
    except ValueError as fault:
        raise BoxError(f"{place}: {fault}") from None


def _body(row, place):
    if "buy" not in row:
        return row
    size = bought_part(row["buy"], place)
    return {"what": size["what"], "size": size["body"], **{key: row[key] for key in row if key != "buy"}}


def _hole(row, place):
    """Return a hole with the size of what is bought for it; `turn` lays a block across."""
    size = {"outside": 0, "depth": 0, "block": ()}
    if row.get("buy"):
        part = bought_part(row["buy"], place)
        given = sorted({"diameter", "outside", "depth", "block"} & set(row))
        if given:
            raise BoxError(
                f"{place}: {', '.join(given)} comes from hardware/bought.toml [{row['buy']}]; leave it out"
            )
        size.update({key: part[key] for key in size if key in part}, diameter=part["hole"])
    turn = row.get("turn", False)
    block = tuple(reversed(size["block"])) if turn else tuple(size["block"])
    full = {"vent": False, "buy": "", "leads": (), **size, **row, "block": block}
    full.pop("turn", None)
    return Hole(**_take(full, place, Hole._fields))


def _take(table, place, names):
    odd = sorted(set(table) ^ set(names))
    if odd:
        raise BoxError(f"{place}: unknown or missing {', '.join(odd)}; it has exactly {', '.join(names)}")
    return dict(table)


def face(box, side):
    """(width, height) of the inner face that a hole of this side lies on, in the order of its `at`."""
    x, y, z = box.inner
    return {"lid": (x, y), "floor": (x, y), "top": (x, z), "bottom": (x, z)}.get(side, (y, z))


def outer(box):
    """(x, y, z) of the closed box without ears."""
    x, y, z = box.inner
    return x + 2 * box.wall, y + 2 * box.wall, z + box.wall + box.lid


def sheds_rain(box, low, high) -> str:
    """Say why a lid with these corners of its bounds would not let rain drip past the joint, or ""."""
    x, y, _ = outer(box)
    if box.inner[2] - low[2] < DRIP_MIN:
        return f"its skirt reaches {box.inner[2] - low[2]:.1f} mm below the joint, not {DRIP_MIN}"
    if min(high[0] - x / 2, high[1] - y / 2, -low[0] - x / 2, -low[1] - y / 2) <= 0:
        return "it does not stand out over the shell on every side"
    return ""


def check(box):
    """BoxError for a wall too thin, a box too large to print, and holes that leave the wall or each other."""
    place = f"{box.node}/enclosure.toml"
    if min(box.wall, box.lid) < WALL_MIN:
        raise BoxError(f"{place}: wall and lid are at least {WALL_MIN} mm, so that they print and stay tight")
    longest = max(outer(box)) + 2 * EAR
    if longest > PRINT_MAX:
        raise BoxError(f"{place}: {longest:.0f} mm with its ears do not fit a printer of {PRINT_MAX:.0f} mm")
    _screws(box, place)
    if box.mount not in MOUNTS:
        raise BoxError(f"{place}: mount is one of {', '.join(MOUNTS)}")
    for at, hole in enumerate(box.holes, 1):
        where = f"{place} [[hole]] {at} ({hole.what})"
        if hole.side not in SIDES:
            raise BoxError(f"{where}: side is one of {', '.join(SIDES)}")
        width, height = face(box, hole.side)
        low = -height / 2 if hole.side in ("lid", "floor") else 0
        u, v = hole.at
        room = min(width / 2 - abs(u), v - low, low + height - v) - hole.diameter / 2
        if room < HOLE_MIN_WEB:
            raise BoxError(f"{where}: {room:.1f} mm to the edge of its side, not {HOLE_MIN_WEB} or more")
        for other in box.holes[at:]:
            if other.side == hole.side:
                gap = ((other.at[0] - u) ** 2 + (other.at[1] - v) ** 2) ** 0.5
                web = gap - (max(hole.diameter, hole.outside) + max(other.diameter, other.outside)) / 2
                if web < 0:
                    raise BoxError(f"{where}: overlaps {other.what} by {-web:.1f} mm; move one of them")


def _screws(box, place):
    """BoxError for a screw that bottoms, holds too little or cuts no thread."""
    board = box.board
    found = [
        bought.screw_fault(
            bought_part(board.screw, f"{place} [board]"), board.thickness, board.standoff - bought.FLOOR_MM
        ),
        bought.screw_fault(bought.part(LID_SCREW), box.lid, LID_PILOT, bought.WASHER_MM),
    ]
    if box.seats:
        found.append(
            bought.screw_fault(
                bought.part(SEAT_SCREW), bought.part("saklar-tutup")["thick"], BOSS + box.wall / 2
            )
        )
    for fault in filter(None, found):
        raise BoxError(f"{place}: {fault}")


def on_board(box):
    """[(x, y, (w, h, z))] of the parts on a carrier (from its <node>-badan.csv), from the box's middle."""
    table = HARDWARE / box.node / "files" / f"{box.node}-badan.csv"
    if not table.exists():
        return []
    with table.open(encoding="utf-8") as file:
        rows = [{key: float(row[key]) for key in "xywhz"} for row in csv.DictReader(file)]
    x, y = box.board.at
    return [(x + row["x"], y + row["y"], (row["w"], row["h"], row["z"])) for row in rows]


DRIP_MIN = 6.0  # of the lid's skirt below the joint: water drips there, not in the joint
EAR = 12.0  # what the mounting ears add above and below
POST = 9.0  # corner pillar, square
GAP = 0.4  # between the lid's skirt and the shell, for a printer that is not exact
KEYHOLE = (8.0, 4.2)  # head and neck of a 4 mm wall screw
BAND = (22.0, 3.5)  # steel band of 20 mm around a pole
SEAT = (56.0, 30.0, 14.0)  # each of the two ribs that sit on a pole
LID_SCREW, LID_PILOT = "sekrup-m3x16", 14.0  # into the corner pillars
SEAT_SCREW, BOSS = "sekrup-m2x10", 4.0  # the lid switch's, and how far its two bosses stand off the wall
