"""Simple bodies of parts for the 3D picture and the fit in the box: upright prisms, written as STEP.

A body is made from what the footprint draws of it and the height in parts.toml; it shows where a part stands
and how high, not how it looks. Lengths in mm, x to the right, y up, z from the board's face.
"""

import math
from collections import namedtuple

Prism = namedtuple("Prism", "corners z0 z1 colour")  # corners against the clock, [(x, y)]
BLACK, GREY, SILVER, GREEN, BLUE = (
    (0.09, 0.09, 0.1),
    (0.45, 0.45, 0.45),
    (0.8, 0.8, 0.82),
    (0.1, 0.45, 0.2),
    (0.1, 0.25, 0.6),
)
BEIGE, RED, WHITE, GOLD, SKY = (
    (0.55, 0.72, 0.82),
    (0.75, 0.1, 0.1),
    (0.9, 0.9, 0.85),
    (0.85, 0.7, 0.3),
    (0.2, 0.5, 0.75),
)
COLOURS = {
    "R": SKY,
    "R5W": WHITE,
    "RSHUNT": SKY,
    "C": GOLD,
    "CFILM": RED,
    "CE": BLACK,
    "CE_BIG": BLACK,
    "PTC_100": GOLD,
    "PTC_040": GOLD,
    "BUCK5": BLACK,
    "RELAY": BLUE,
    "LED": RED,
    "BUZZER": BLACK,
    "FUSE": WHITE,
    "BUCKBOOST": BLUE,
    "TERM2": GREEN,
    "TERM3": GREEN,
    "TERM4": GREEN,
}
ROUND = ("CE", "CE_BIG", "LED", "BUZZER")
SIDES = 24
NO_BODY = ("TITIK",)


def box(x0, y0, x1, y1, z0, z1, colour):
    return Prism([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], z0, z1, colour)


def drum(x, y, radius, z0, z1, colour):
    turn = [2 * math.pi * k / SIDES for k in range(SIDES)]
    return Prism([(x + radius * math.cos(a), y + radius * math.sin(a)) for a in turn], z0, z1, colour)


def of_part(kind, body, pads, height):
    """[Prism] of a kind. `body`: (x0, y0, x1, y1) as the footprint draws it; `pads`: [(x, y)]."""
    x0, y0, x1, y1 = body
    if kind in NO_BODY:
        return []
    if kind == "HELTEC":
        rows = sorted({round(x, 2) for x, _ in pads})
        low, high = min(y for _, y in pads) - 1.3, max(y for _, y in pads) + 1.3
        sockets = [box(x - 1.25, low, x + 1.25, high, 0, 8.5, BLACK) for x in rows]
        plate = box(x0 + 0.3, y0, x1 - 0.3, y1, 11, 12.6, GREEN)
        screen = box(x0 + 6, -8, x1 - 6, 12, 12.6, height, BLACK)
        return [*sockets, plate, screen]
    if kind in ("HEADER10", "JUMPER3"):
        pins = [box(x - 0.32, y - 0.32, x + 0.32, y + 0.32, 0, height, GOLD) for x, y in pads]
        return [box(x0, y0, x1, y1, 0, 2.5, BLACK), *pins]
    if kind in ROUND:
        middle, radius = ((x0 + x1) / 2, (y0 + y1) / 2), min(x1 - x0, y1 - y0) / 2
        return [drum(*middle, radius, 0, height, COLOURS[kind])]
    if kind == "KEY":
        return [
            box(x0, y0, x1, y1, 0, 3.5, BLACK),
            drum((x0 + x1) / 2, (y0 + y1) / 2, 1.75, 3.5, height, GREY),
        ]
    legs = [box(x - 0.3, y - 0.3, x + 0.3, y + 0.3, 0, 0.8, SILVER) for x, y in pads]
    leads = [
        box(min(x, x0), y - 0.3, max(x, x1), y + 0.3, height / 2 - 0.3, height / 2 + 0.3, SILVER)
        for x, y in pads
        if len(pads) == 2 and (x < x0 - 0.5 or x > x1 + 0.5)
    ]
    posts = [box(x - 0.3, y - 0.3, x + 0.3, y + 0.3, 0, height / 2 + 0.3, SILVER) for x, y in pads if leads]
    return [
        box(x0, y0, x1, y1, 0 if leads else 0.3, height, COLOURS.get(kind, BLACK)),
        *leads,
        *(posts or legs),
    ]


# -- STEP ------------------------------------------------------------------------------------------

HEAD = """ISO-10303-21;
HEADER;
FILE_DESCRIPTION((''),'2;1');
FILE_NAME('{name}','2026-01-01T00:00:00',(''),(''),'kentongan_hw','','');
FILE_SCHEMA(('AUTOMOTIVE_DESIGN {{ 1 0 10303 214 1 1 1 1 }}'));
ENDSEC;
DATA;
"""


NONE, YES, NO = "''", ".T.", ".F."


class _Step:
    def __init__(self):
        self.lines, self.known = [], {}

    def add(self, kind, *values):
        """Return the number of an entity; the same one is written once a solid."""
        text = f"{kind}({','.join(values)})" if values else kind
        if text not in self.known:
            self.known[text] = f"#{len(self.lines) + 1}"
            self.lines.append(f"{self.known[text]}={text};")
        return self.known[text]

    def vector(self, kind, xyz):
        return self.add(kind, NONE, many(f"{v + 0.0:.4f}" for v in xyz))

    def axes(self, at, z, x):
        return self.add(
            "AXIS2_PLACEMENT_3D",
            NONE,
            self.vector("CARTESIAN_POINT", at),
            self.vector("DIRECTION", z),
            self.vector("DIRECTION", x),
        )

    def edge(self, a, b):
        """Return the oriented edge from a to b; one curve for both neighbours."""
        low, high = min(a, b), max(a, b)
        points = [self.vector("CARTESIAN_POINT", p) for p in (low, high)]
        way = self.add("VECTOR", NONE, self.vector("DIRECTION", _unit(low, high)), "1.")
        line = self.add("LINE", NONE, points[0], way)
        ends = [self.add("VERTEX_POINT", NONE, point) for point in points]
        curve = self.add("EDGE_CURVE", NONE, *ends, line, YES)
        return self.add("ORIENTED_EDGE", NONE, "*", "*", curve, YES if a == low else NO)

    def face(self, points, normal):
        """Return a plane face whose corners go against the clock when seen from outside."""
        edges = [self.edge(a, b) for a, b in zip(points, [*points[1:], points[0]], strict=True)]
        bound = self.add("FACE_OUTER_BOUND", NONE, self.add("EDGE_LOOP", NONE, many(edges)), YES)
        plane = self.add("PLANE", NONE, self.axes(points[0], normal, _unit(points[0], points[1])))
        return self.add("ADVANCED_FACE", NONE, many([bound]), plane, YES)

    def solid(self, prism):
        """(solid, its colour) of a prism."""
        self.known = {}  # nothing is shared with other solids
        low = [(x, y, prism.z0) for x, y in prism.corners]
        high = [(x, y, prism.z1) for x, y in prism.corners]
        faces = [self.face(high, (0, 0, 1)), self.face(low[::-1], (0, 0, -1))]
        for i, here in enumerate(low):
            j = (i + 1) % len(low)
            x, y, _ = _unit(here, low[j])
            faces.append(self.face([here, low[j], high[j], high[i]], (y, -x, 0)))
        solid = self.add("MANIFOLD_SOLID_BREP", NONE, self.add("CLOSED_SHELL", NONE, many(faces)))
        style = self.add("COLOUR_RGB", NONE, *(f"{v:.3f}" for v in prism.colour))
        style = self.add("FILL_AREA_STYLE_COLOUR", NONE, style)
        style = self.add("SURFACE_STYLE_FILL_AREA", self.add("FILL_AREA_STYLE", NONE, many([style])))
        style = self.add("SURFACE_STYLE_USAGE", ".BOTH.", self.add("SURFACE_SIDE_STYLE", NONE, many([style])))
        style = self.add("PRESENTATION_STYLE_ASSIGNMENT", many([style]))
        return solid, self.add("STYLED_ITEM", NONE, many([style]), solid)

    def product(self, name):
        """Return the shape of a product of this name."""
        use = self.add("APPLICATION_CONTEXT", "'automotive design'")
        kind = self.add("PRODUCT_CONTEXT", NONE, use, "'mechanical'")
        made = self.add("PRODUCT", f"'{name}'", f"'{name}'", NONE, many([kind]))
        made = self.add("PRODUCT_DEFINITION_FORMATION", NONE, NONE, made)
        stage = self.add("PRODUCT_DEFINITION_CONTEXT", "'part definition'", use, "'design'")
        return self.add(
            "PRODUCT_DEFINITION_SHAPE", NONE, NONE, self.add("PRODUCT_DEFINITION", NONE, NONE, made, stage)
        )

    def space(self):
        """Millimetres, radians and how exact."""
        units = [
            self.add(text)
            for text in (
                "(LENGTH_UNIT()NAMED_UNIT(*)SI_UNIT(.MILLI.,.METRE.))",
                "(NAMED_UNIT(*)PLANE_ANGLE_UNIT()SI_UNIT($,.RADIAN.))",
                "(NAMED_UNIT(*)SI_UNIT($,.STERADIAN.)SOLID_ANGLE_UNIT())",
            )
        ]
        exact = self.add(
            "UNCERTAINTY_MEASURE_WITH_UNIT",
            "LENGTH_MEASURE(1.E-05)",
            units[0],
            "'distance_accuracy_value'",
            NONE,
        )
        return self.add(
            f"(GEOMETRIC_REPRESENTATION_CONTEXT(3)GLOBAL_UNCERTAINTY_ASSIGNED_CONTEXT(({exact}))"
            f"GLOBAL_UNIT_ASSIGNED_CONTEXT({many(units)})REPRESENTATION_CONTEXT('',''))"
        )


def many(values):
    return f"({','.join(values)})"


def _unit(a, b):
    return [(q - p) / math.dist(a, b) for p, q in zip(a, b, strict=True)]


def step(name, prisms):
    """Return the text of a STEP file (AP214) with these prisms."""
    out = _Step()
    shape, space = out.product(name), out.space()
    axes = out.axes((0, 0, 0), (0, 0, 1), (1, 0, 0))
    found = [out.solid(prism) for prism in prisms]
    body = out.add("ADVANCED_BREP_SHAPE_REPRESENTATION", NONE, many([axes, *(s for s, _ in found)]), space)
    out.add("SHAPE_DEFINITION_REPRESENTATION", shape, body)
    out.add("MECHANICAL_DESIGN_GEOMETRIC_PRESENTATION_REPRESENTATION", NONE, many(s for _, s in found), space)
    return HEAD.format(name=name) + "\n".join(out.lines) + "\nENDSEC;\nEND-ISO-10303-21;\n"
