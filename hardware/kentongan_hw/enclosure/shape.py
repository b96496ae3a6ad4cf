"""Shells, lids and the things inside, as solids. build123d.

The box is printed floor down, the lid outside down. The lid's skirt goes over the shell: rain that runs down
the wall drips off its lower edge instead of finding the joint. Its four screws pass inside the cord:
each needs a rubber washer.
"""

from build123d import (
    Align,
    Box,
    BuildPart,
    BuildSketch,
    Cylinder,
    Location,
    Part,
    Plane,
    RectangleRounded,
    Rot,
    extrude,
)

from kentongan_hw.enclosure import leads, parameters
from kentongan_hw.enclosure.parameters import BAND, BOSS, EAR, GAP, KEYHOLE, LID_PILOT, POST, SEAT
from kentongan_hw.parts import bought

SKIRT = 8.0  # how far the lid reaches down over the shell
CLEAR = 3.4  # M3 passes
GROOVE = (2.2, 1.4)  # width and depth, for a cord of 2 mm that is pressed to 1.4
MESH_HOLE, MESH_PITCH, MESH_RECESS = 3.0, 5.0, 0.8  # vent: holes, and the bed that insect mesh is glued into
V_SIDE = 15.5  # of the square bar whose edge cuts the V: 11 mm deep, 22 mm wide
INWARD, OUTWARD = 4.0, 30.0  # how far a hole's tool reaches from the inner face
PARTS = "komponen di papan"
BOSS_MM = 5.5  # across a peg of the lid switch
TOUCH = 0.01  # bodies stand on each other; this much of air is left between them

MIN = (Align.CENTER, Align.CENTER, Align.MIN)


def block(x, y, z, size):
    """Return a block with the middle of its underside at (x, y, z)."""
    return Location((x, y, z)) * Box(*size, align=MIN)


def drum(x, y, z, diameter, height):
    return Location((x, y, z)) * Cylinder(diameter / 2, height, align=MIN)


def rounded(x, y, z, height, corner):
    with BuildPart() as part:
        with BuildSketch(Plane.XY.offset(z)):
            RectangleRounded(x, y, corner)
        extrude(amount=height)
    return part.part


def corners(box):
    """Middles of the four pillars, inside the corners."""
    x, y, _ = box.inner
    return [(sx * (x - POST) / 2, sy * (y - POST) / 2) for sx in (-1, 1) for sy in (-1, 1)]


def shell(box) -> Part:
    """Return the part on the wall, with ears or the seat of a pole's bands."""
    x, y, z = box.inner
    part = rounded(x + 2 * box.wall, y + 2 * box.wall, -box.wall, z + box.wall, box.corner + box.wall)
    part -= rounded(x, y, 0, z + 1, box.corner)
    for cx, cy in corners(box):
        part += block(cx, cy, 0, (POST, POST, z)) & rounded(x, y, 0, z, box.corner)
        part -= drum(cx, cy, z - LID_PILOT, bought.part(parameters.LID_SCREW)["pilot"], LID_PILOT + 1)
    for sx, sy in box.board.screws:
        bx, by = box.board.at[0] + sx, box.board.at[1] + sy
        part += drum(bx, by, 0, 7, box.board.standoff)
        part -= drum(bx, by, bought.FLOOR_MM, bought.part(box.board.screw)["pilot"], box.board.standoff)
    for one in box.seats:
        part += bosses(box, one)
        part -= bosses(box, one, bought.part(parameters.SEAT_SCREW)["pilot"], box.wall / 2)
    part += ears(box) if box.mount == "wall" else seat(box)
    if box.mount == "pole":
        part -= pole(box)
    for hole in box.holes:
        if hole.side != "lid":
            part -= opening(box, hole)
    return part


def bosses(box, seat, diameter=BOSS_MM, into=0.0) -> Part:
    """Two pegs on a side wall that the lid switch is screwed to, or their pilots, `into` the wall."""
    switch = bought.part(seat.buy)
    z = box.inner[2] - switch["under_lid"]
    pegs = Part()
    for sign in (-1, 1):
        at = parameters.Hole(
            "", seat.side, (seat.at + sign * switch["spacing"] / 2, z), 0, 0, 0, False, "", (), ()
        )
        pegs += placed(box, at, drum(0, 0, -BOSS, diameter, BOSS + into))
    return pegs


def lid_switch(box, seat):
    """Return the switch on its pegs, from its terminals to its top."""
    switch = bought.part(seat.buy)
    along, high = switch["block"]
    z = box.inner[2] - switch["under_lid"] - switch["below"] + high / 2
    at = parameters.Hole("", seat.side, (seat.at, z), 0, 0, 0, False, "", (), ())
    size = (
        (along, high, switch["thick"]) if seat.side in ("top", "bottom") else (high, along, switch["thick"])
    )
    return placed(box, at, block(0, 0, -BOSS - TOUCH - switch["thick"], size))


def ears(box) -> Part:
    """Tongues above and below with a keyhole each: hang it, then fix the lower one."""
    _, y, _ = box.inner
    part = Part()
    for sign in (1, -1):
        middle = sign * (y / 2 + box.wall + EAR / 2 - 0.5)
        tongue = rounded(26, EAR + 1, -box.wall, max(box.wall, 4.0), 3)
        tongue = Location((0, middle, 0)) * tongue
        tongue -= drum(0, middle - 1.5, -box.wall - 1, KEYHOLE[0], 20)
        tongue -= drum(0, middle + 2.5, -box.wall - 1, KEYHOLE[1], 20)
        tongue -= block(0, middle + 0.5, -box.wall - 1, (KEYHOLE[1], 4, 20))
        part += tongue
    return part


def seat(box) -> Part:
    """Two ribs behind the floor that sit on a pole of 40 to 76 mm."""
    _, y, _ = box.inner
    return sum((block(0, sign * y / 4, -box.wall - SEAT[2], SEAT) for sign in (1, -1)), Part())


def pole(box) -> Part:
    """Return the cut-out of the seat: the V that a pole lies in, and slots for its bands."""
    _, y, _ = box.inner
    cut = Location((0, 0, -box.wall - SEAT[2])) * Rot(0, 45, 0) * Box(V_SIDE, y, V_SIDE)
    for sign in (1, -1):
        cut += block(0, sign * y / 4, -box.wall - 5, (60, BAND[0], BAND[1]))
    return cut


def opening(box, hole):
    """Return the material drilled away for a hole, or the sieve and mesh bed of a vent."""
    if not hole.vent:
        return placed(box, hole, drum(0, 0, -INWARD, hole.diameter, INWARD + OUTWARD))
    bed = drum(0, 0, -INWARD, hole.diameter, INWARD + MESH_RECESS)
    return placed(box, hole, bed + sieve(hole.diameter))


def sieve(diameter) -> Part:
    """Small holes within a circle, through the wall."""
    steps = [at * MESH_PITCH for at in range(-4, 5)]
    reach = (diameter - MESH_HOLE) / 2 - 0.5
    spots = [(u, v) for u in steps for v in steps if (u * u + v * v) ** 0.5 <= reach]
    return sum((drum(u, v, 0, MESH_HOLE, OUTWARD) for u, v in spots), Part())


def placed(box, hole, tool):
    """Bring a tool along z to a hole's place; its z = 0 is the inner face, its +z goes outward."""
    x, y, z = box.inner
    u, v = hole.at
    at, turn = {
        "lid": ((u, v, z), (0, 0, 0)),
        "floor": ((u, v, 0), (180, 0, 0)),
        "top": ((u, y / 2, v), (-90, 0, 0)),
        "bottom": ((u, -y / 2, v), (90, 0, 0)),
        "left": ((-x / 2, u, v), (0, -90, 0)),
        "right": ((x / 2, u, v), (0, 90, 0)),
    }[hole.side]
    return Location(at) * Rot(*turn) * tool


def lid(box) -> Part:
    """Return the cover: plate, skirt outside the shell, groove for the cord, holes."""
    x, y, z = box.inner
    wide, tall = x + 2 * (box.wall + GAP + box.wall), y + 2 * (box.wall + GAP + box.wall)
    corner = box.corner + 2 * box.wall + GAP
    part = rounded(wide, tall, z - SKIRT, SKIRT + box.lid, corner)
    part -= rounded(
        x + 2 * (box.wall + GAP),
        y + 2 * (box.wall + GAP),
        z - SKIRT - 1,
        SKIRT + 1,
        box.corner + box.wall + GAP,
    )
    middle = box.corner + box.wall / 2  # the cord lies on the middle of the shell's rim
    outside, inside = box.wall + GROOVE[0], box.wall - GROOVE[0]
    ring = rounded(x + outside, y + outside, z, GROOVE[1], middle + GROOVE[0] / 2)
    ring -= rounded(x + inside, y + inside, z - 1, GROOVE[1] + 2, middle - GROOVE[0] / 2)
    part -= ring
    for cx, cy in corners(box):
        part -= drum(cx, cy, z - 1, CLEAR, box.lid + 2)
    for hole in box.holes:
        if hole.side == "lid":
            part -= opening(box, hole)
    for hole in [h for h in box.holes if h.side in ("top", "bottom", "left", "right")]:
        width = max(hole.diameter, hole.outside)
        if hole.at[1] + width / 2 > z - SKIRT - 0.5:  # a gland's nut that would meet the skirt
            notch = placed(box, hole, drum(0, 0, 0, width + 1, 30))
            part -= notch & rounded(wide + 1, tall + 1, 0, z, corner)
    return part


def contents(box) -> dict:
    """{what: solid} of everything inside: board, bodies, and what stands behind each hole."""
    board = box.board
    found = {board.what: block(*board.at, board.standoff + TOUCH, (*board.size, board.thickness))}
    bodies = [
        block(x, y, board.standoff + board.thickness + TOUCH, size) for x, y, size in parameters.on_board(box)
    ]
    if bodies:
        found[PARTS] = Part() + bodies
    for body in box.bodies:
        found[body.what] = block(*body.at, body.z + TOUCH, body.size)
    for hole in box.holes:
        if hole.depth:
            width = max(hole.outside, hole.diameter)
            low = -hole.depth - TOUCH
            stands = (
                block(0, 0, low, (*hole.block, hole.depth))
                if hole.block
                else drum(0, 0, low, width, hole.depth)
            )
            found[hole.what] = placed(box, hole, stands)
        bend = leads.bend(hole)
        if bend:
            found[f"kabel di {hole.what}"] = placed(
                box, hole, drum(0, 0, -hole.depth - 2 * TOUCH - bend.long, bend.thick, bend.long)
            )
    for at, one in enumerate(box.seats, 1):
        found[f"saklar tutup {at}"] = lid_switch(box, one)
    return found
