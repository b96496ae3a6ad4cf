"""Layout of the button's carrier: middle of each courtyard in mm, rotation in degrees.

Wires to keys, cells and lid leave at the top, towards the cell and the big button; the adaptor's lead, the
motor and the lead to the Heltec's battery socket at the bottom.
"""

from kentongan_hw.parts.circuit import Rule

SIZE = (84.0, 84.0)
HOLES = ((4.0, 4.0), (80.0, 4.0), (4.0, 80.0), (80.0, 80.0))
SUPPLY, LOGIC = Rule(1.0, 0.25), Rule(0.8, 0.25)
PICTURE = (1200, 1200, 0.95)  # of the board from above: width and height in pixels, zoom
ZOOM_3D = 0.78
STITCH_MM = 2.54  # grid of the vias that join the two ground planes
RULES = {
    **dict.fromkeys(
        ("SEL_IN", "SEL", "BAT_OUT", "AA_IN", "AA", "AA_P", "ADAPTOR_IN", "ADAPTOR", "+5V"), SUPPLY
    ),
    "BB": LOGIC,
    "+3V3": LOGIC,
    "GETAR_N": Rule(0.5, 0.25),
}
# Stacks of parts: (first edge, middle of the other axis, axis, gap, [(ref, rot), ...]).
ROWS = (
    (3, 16.6, "x", 1.0, (("F2", 0), ("Q2", 0), ("F1", 0), ("Q1", 0))),
    (
        20,
        48,
        "y",
        1.0,
        (("R2", 0), ("R1", 0), ("D3", 0), ("Q3", 0), ("D4", 0), ("Q4", 0), ("D5", 0), ("JP2", 90)),
    ),
    (35, 9.3, "y", 1.0, (("R3", 0), ("R4", 0), ("R5", 0), ("R6", 0), ("R9", 0), ("R10", 0))),
    (35, 22.8, "y", 1.0, (("D1", 0), ("D2", 0), ("C2", 0), ("C3", 0), ("C4", 0), ("C5", 0))),
    (
        35,
        35.8,
        "y",
        1.0,
        (("R11", 0), ("R12", 0), ("R17", 0), ("R13", 0), ("R14", 0), ("R15", 0), ("R7", 0), ("R8", 0)),
    ),
    (3, 63.0, "x", 1.0, (("D6", 0), ("Q5", 0))),
)
TOP, BOTTOM = 6.6, 77.4
POINTS = {f"TP{i + 1}": (36.5 + 6.2 * (i % 5), 73.9 + 6.2 * (i // 5), 0) for i in range(10)}
EDGES = {
    "J3": (14.0, TOP, 180),
    "J1": (25.9, TOP, 180),
    "J4": (42.9, TOP, 180),
    "J5": (64.9, TOP, 180),
    "J7": (14.0, BOTTOM, 0),
    "J6": (26.0, BOTTOM, 0),
    "J2": (70.6, BOTTOM, 0),
    "J8": (69.0, 68.6, 90),
    "U2": (69.0, 40.0, 0),
    "U1": (15.7, 26.6, 0),
    "C1": (32.6, 23.4, 270),
    "JP1": (36.0, 30.6, 90),
    "BZ1": (48.8, 63.4, 0),
    "F3": (12.4, 68.6, 0),
    "R18": (28.4, 69.6, 0),
    **POINTS,
}
REFS = {"J8": (58.2, 71.3, 0), **{ref: (x, y - 2.5, 0) for ref, (x, y, _) in POINTS.items()}}
NAMES = ("GND", "BAT", "BB", "3V3", "5V", "NO", "NC", "TUTUP", "BUZ", "ADA5V")
LABELS = (
    # (words, x, y, height, rotation)
    ("-  2xAA  +", 14.0, 12.9, 1.0, 0),
    ("- 18650 +", 25.9, 12.9, 1.0, 0),
    ("L", 35.3, 12.9, 1.0, 0),
    ("NC", 40.4, 12.9, 1.0, 0),
    ("GND", 45.4, 12.9, 1.0, 0),
    ("NO", 50.5, 12.9, 1.0, 0),
    ("TUTUP", 58.6, 12.9, 1.0, 0),
    ("DIAM", 71.2, 12.9, 1.0, 0),
    ("+ 5V -", 14.0, 83.2, 0.8, 0),
    ("+ GETAR -", 26.0, 83.2, 0.8, 0),
    ("+ HELTEC -", 70.6, 83.2, 0.8, 0),
    ("GND", 60.4, 18.4, 0.9, 0),
    ("5V", 60.0, 20.95, 0.9, 0),
    ("GND", 77.6, 18.4, 0.9, 0),
    ("3V3", 77.6, 20.95, 0.9, 0),
    ("19", 59.8, 61.6, 0.9, 0),
    ("7", 78.6, 61.6, 0.9, 0),
    ("KENTONGAN", 69.0, 34.0, 1.4, 0),
    ("TOMBOL REV B", 69.0, 37.0, 1.4, 0),
    ("BELUM ADA YANG", 69.0, 43.0, 1.0, 0),
    ("MENGUJI PAPAN INI", 69.0, 45.0, 1.0, 0),
    ("1 SUMBER SAJA:", 69.0, 51.0, 1.0, 0),
    ("AA / 18650 / 5V", 69.0, 53.0, 1.0, 0),
    *((name, POINTS[f"TP{i + 1}"][0], POINTS[f"TP{i + 1}"][1] + 2.0, 0.8, 0) for i, name in enumerate(NAMES)),
)
