"""The fit by envelopes: what stands in a box as upright blocks, with nuts, cables at their bend and switches.

Coarser than checks.py and without build123d, so that it runs at once: what meets here may still pass as round
parts; what does not meet here never does.
"""

from kentongan_hw.enclosure import leads
from kentongan_hw.enclosure.parameters import BOSS, POST, Hole, on_board
from kentongan_hw.parts import bought

MEET_MM = 0.05
PART = "komponen"


def upright(x, y, z, size):
    """(x0, x1, y0, y1, z0, z1) of a block with the middle of its underside at (x, y, z)."""
    return x - size[0] / 2, x + size[0] / 2, y - size[1] / 2, y + size[1] / 2, z, z + size[2]


def behind(box, hole, size, near, far):
    """Return the block that stands from `near` to `far` behind the inner face of a hole's side."""
    (x, y, z), (u, v), (w, h) = box.inner, hole.at, size
    across, up = (u - w / 2, u + w / 2), (v - h / 2, v + h / 2)
    return {
        "lid": (*across, *up, z - far, z - near),
        "floor": (*across, *up, near, far),
        "bottom": (*across, -y / 2 + near, -y / 2 + far, *up),
        "top": (*across, y / 2 - far, y / 2 - near, *up),
        "right": (x / 2 - far, x / 2 - near, *across, *up),
        "left": (-x / 2 + near, -x / 2 + far, *across, *up),
    }[hole.side]


def things(box):
    """{name: block} of everything that stands in the box, its pillars too."""
    board = box.board
    top = board.standoff + board.thickness
    found = {board.what: upright(*board.at, board.standoff, (*board.size, board.thickness))}
    for at, (x, y, size) in enumerate(on_board(box)):
        found[f"{PART} {at}"] = upright(x, y, top, size)
    for body in box.bodies:
        found[body.what] = upright(*body.at, body.z, body.size)
    x, y, z = box.inner
    for sx in (-1, 1):
        for sy in (-1, 1):
            found[f"tiang {sx} {sy}"] = upright(sx * (x - POST) / 2, sy * (y - POST) / 2, 0, (POST, POST, z))
    for hole in box.holes:
        wide = max(hole.outside, hole.diameter)
        if hole.depth:
            found[hole.what] = behind(box, hole, hole.block or (wide, wide), 0, hole.depth)
        bend = leads.bend(hole)
        if bend:
            found[f"kabel di {hole.what}"] = behind(
                box, hole, (bend.thick, bend.thick), hole.depth, hole.depth + bend.long
            )
    for seat in box.seats:
        switch = bought.part(seat.buy)
        middle = z - switch["under_lid"] - switch["below"] + switch["block"][1] / 2
        at = Hole("", seat.side, (seat.at, middle), 0, 0, 0, False, "", (), ())
        found["saklar tutup"] = behind(box, at, switch["block"], BOSS, BOSS + switch["thick"])
    return found


def faults(box):
    """Return sentences about whatever leaves the box or meets something else."""
    found, wrong = things(box), []
    x, y, z = box.inner
    room = (-x / 2, x / 2, -y / 2, y / 2, 0.0, z)
    names = list(found)
    for at, one in enumerate(names):
        here = found[one]
        if any(here[i] < room[i] - MEET_MM or here[i + 1] > room[i + 1] + MEET_MM for i in (0, 2, 4)):
            wrong.append(f"{one} leaves the box")
        for other in names[at + 1 :]:
            if one.startswith(PART) and other.startswith(PART):
                continue  # the board's own check
            there = found[other]
            shared = [min(here[i + 1], there[i + 1]) - max(here[i], there[i]) for i in (0, 2, 4)]
            if min(shared) > MEET_MM:
                wrong.append(f"{one} meets {other}: {' x '.join(f'{mm:.1f}' for mm in shared)} mm")
    return wrong
