"""Dimensioned drawings of a box at 1:1, from its parameters alone: what to drill where, and how it hangs.

`sheets` gives {file name: SVG text}; printed without scaling the face is a template to drill after. Numbers
on holes stand in the table below the faces. Positions are those of enclosure.toml: from the middle,
z from the inner floor.
"""

from html import escape

from kentongan_hw.enclosure.parameters import BAND, EAR, GAP, KEYHOLE, POST, SEAT, face, outer
from kentongan_hw.parts import bought

MARGIN, BETWEEN, ROW = 22.0, 26.0, 5.2
LETTER = 1.8  # of a row below the faces, on average
A3 = (420.0, 297.0)  # no sheet is larger, so that a copy shop prints it at 1:1
# side: (title, x axis, y axis, mirrored when seen from outside)
VIEWS = {
    "lid": ("TUTUP, dari depan", "x", "y", False),
    "floor": ("BELAKANG, dari dinding", "x", "y", True),
    "bottom": ("BAWAH, dari bawah (dinding di bawah)", "x", "z", False),
    "top": ("ATAS, dari atas", "x", "z", True),
    "left": ("KIRI, dari luar", "y", "z", True),
    "right": ("KANAN, dari luar", "y", "z", False),
}


def number(mm):
    return f"{mm:.1f}".rstrip("0").rstrip(".").replace(".", ",")


def text(x, y, words, size=3.2, anchor="middle", turn=0):
    spin = f' transform="rotate({turn} {x:.2f} {y:.2f})"' if turn else ""
    return (
        f'<text x="{x:.2f}" y="{y:.2f}" font-size="{size}" text-anchor="{anchor}"{spin}>'
        f"{escape(words)}</text>"
    )


def rect(x, y, w, h, r=0.0, style="line"):
    return f'<rect class="{style}" x="{x:.2f}" y="{y:.2f}" width="{w:.2f}" height="{h:.2f}" rx="{r}"/>'


def circle(x, y, diameter, style="line"):
    cross = diameter / 2 + 2
    lines = f"M{x - cross:.2f} {y:.2f}h{2 * cross:.2f}M{x:.2f} {y - cross:.2f}v{2 * cross:.2f}"
    return (
        f'<circle class="{style}" cx="{x:.2f}" cy="{y:.2f}" r="{diameter / 2:.2f}"/>'
        f'<path class="thin" d="{lines}"/>'
    )


def across(x0, x1, y, foot):
    """Draw a horizontal dimension at y with lines down to `foot`."""
    return (
        f'<path class="dim" d="M{x0:.2f} {y:.2f}H{x1:.2f}"/>'
        f'<path class="thin" d="M{x0:.2f} {foot:.2f}V{y - 1.5:.2f}M{x1:.2f} {foot:.2f}V{y - 1.5:.2f}"/>'
        + text((x0 + x1) / 2, y - 1.2, number(x1 - x0))
    )


def along(y0, y1, x, foot):
    """Draw a vertical dimension at x with lines to `foot`."""
    return (
        f'<path class="dim" d="M{x:.2f} {y0:.2f}V{y1:.2f}"/>'
        f'<path class="thin" d="M{foot:.2f} {y0:.2f}H{x - 1.5:.2f}M{foot:.2f} {y1:.2f}H{x - 1.5:.2f}"/>'
        + text(x - 1.2, (y0 + y1) / 2, number(y1 - y0), turn=-90)
    )


class Face:
    """One side of the box, its middle line or floor at (left, top) of the sheet."""

    def __init__(self, box, side, left, top):
        self.box, self.side, self.left, self.top = box, side, left, top
        self.width, self.height = face(box, side)
        self.title, self.u, self.v, self.mirror = VIEWS[side]
        self.flat = side in ("lid", "floor")
        self.wall = 2 * box.wall + GAP if side == "lid" else box.wall  # the lid's skirt goes over the shell

    def at(self, u, v):
        """Sheet coordinates of a position."""
        u = -u if self.mirror else u
        base = self.height / 2 if self.flat else self.height
        return self.left + self.width / 2 + u, self.top + base - v

    def draw(self, numbers):
        wall = self.wall
        x0, y0, x1, y1 = self.left, self.top, self.left + self.width, self.top + self.height
        above = y0 - (wall if self.flat else 0)  # a side ends at the rim that the lid covers
        ear = EAR if self.side == "floor" and self.box.mount == "wall" else 0
        out = [
            text((x0 + x1) / 2, above - ear - 12, self.title, 3.6),
            rect(
                x0 - wall,
                above,
                self.width + 2 * wall,
                y1 + wall - above,
                (self.box.corner + wall) * self.flat,
            ),
            rect(x0, y0, self.width, self.height, self.box.corner * self.flat, "hidden"),
            across(x0 - wall, x1 + wall, above - ear - 5, above),
            along(above, y1 + wall, x0 - wall - 6, x0 - wall),
        ]
        out += self.zero()
        for hole, at in numbers:
            x, y = self.at(*hole.at)
            out += [circle(x, y, hole.diameter), text(x + hole.diameter / 2 + 2.6, y - 1.2, str(at), 3.6)]
        return out

    def zero(self):
        """Mark the origin of positions, with an arrow a side in the direction that counts up."""
        (x, y), (right, up) = self.at(0, 0), self.at(9, 9)
        return [
            f'<path class="zero" d="M{x:.2f} {y:.2f}H{right:.2f}"/>',
            f'<path class="zero" d="M{x:.2f} {y:.2f}V{up:.2f}"/>',
            text(right + (2.5 if right > x else -2.5), y - 1.2, self.u, 2.8),
            text(x - 2.2, up + 1, self.v, 2.8),
        ]

    def screws(self):
        """Lid: screws to the pillars. Floor: posts of the board."""
        if self.side == "lid":
            x, y, _ = self.box.inner
            spots = [(sx * (x - POST) / 2, sy * (y - POST) / 2) for sx in (-1, 1) for sy in (-1, 1)]
            size = 3.4
        else:
            (bx, by), size = self.box.board.at, bought.part(self.box.board.screw)["pilot"]
            spots = [(bx + sx, by + sy) for sx, sy in self.box.board.screws]
        xs, ys = sorted({x for x, _ in spots}), sorted({y for _, y in spots})
        (x0, y0), (x1, y1) = self.at(xs[0], ys[-1]), self.at(xs[-1], ys[0])
        out = [circle(*self.at(*spot), size, "screw") for spot in spots]
        low = self.top + self.height + self.wall + (EAR + 8 if self.side == "floor" else 8)
        right = self.left + self.width + self.wall + 10
        return [*out, across(min(x0, x1), max(x0, x1), low, y1), along(y0, y1, right, max(x0, x1))]

    def mount(self):
        """Ears with keyholes, or the seat on a pole with its bands."""
        _, y, _ = self.box.inner
        if self.box.mount == "wall":
            out, necks = [], []
            for sign in (1, -1):
                middle = sign * (y / 2 + self.box.wall + EAR / 2 - 0.5)
                x, top = self.at(0, middle + (EAR + 1) / 2)
                out.append(rect(x - 13, top, 26, EAR + 1, 3))
                out += [
                    circle(*self.at(0, middle - 1.5), KEYHOLE[0]),
                    circle(*self.at(0, middle + 2.5), KEYHOLE[1]),
                ]
                necks.append(self.at(0, middle + 2.5)[1])
            return [
                *out,
                along(necks[0], necks[1], self.left - self.box.wall - 14, self.left + self.width / 2),
            ]
        out, middles = [], []
        for sign in (1, -1):
            x, v = self.at(0, sign * y / 4)
            out += [
                rect(x - SEAT[0] / 2, v - SEAT[1] / 2, *SEAT[:2], style="hidden"),
                rect(x - SEAT[0] / 2 - 2, v - BAND[0] / 2, SEAT[0] + 4, BAND[0], style="hidden"),
                text(x, v + 1.2, "pita 20 mm; tiang 40-76 mm", 2.8),
            ]
            middles.append(v)
        return [*out, along(middles[0], middles[1], self.left - self.box.wall - 14, self.left)]


def sheets(box):
    """{"kotak-ukuran.svg": .., "sisi-ukuran.svg": .., "tutup-ukuran.svg": ..}: back, sides, lid."""
    rest = [side for side in ("bottom", "top", "right", "left") if any(h.side == side for h in box.holes)]
    return {
        "kotak-ukuran.svg": sheet(box, "kotak", ["floor"]),
        "sisi-ukuran.svg": sheet(box, "sisi kotak", rest),
        "tutup-ukuran.svg": sheet(box, "tutup", ["lid"]),
    }


def sheet(box, name, sides):
    """Faces side by side in rows that A3 takes, the holes' table below."""
    start = MARGIN + 14
    left, top, tall, wide, parts, holes = start, 34.0, 0.0, 190.0, [], []
    for side in sides:
        breadth = face(box, side)[0] + 2 * box.wall + BETWEEN
        if left > start and left + breadth > A3[0]:
            left, top, tall = start, top + tall + 24, 0.0
        one = Face(box, side, left, top + (EAR if side == "floor" else 0))
        mine = [(hole, len(holes) + i) for i, hole in enumerate((h for h in box.holes if h.side == side), 1)]
        holes += [(hole, at, one) for hole, at in mine]
        parts += one.draw(mine)
        if one.flat:
            parts += one.screws()
        if side == "floor":
            parts += one.mount()
        left += breadth
        wide = max(wide, left)
        tall = max(tall, one.height + 2 * box.wall + (2 * EAR if side == "floor" else 0))
    width, y = wide, top + tall + 16
    rows = [
        f"{at}.  {hole.what}: diameter {number(hole.diameter)}, {one.u} {number(hole.at[0])}, "
        f"{one.v} {number(hole.at[1])}"
        + (", kisi lubang 3 mm, kasa ditempel dari dalam" if hole.vent else "")
        for hole, at, one in holes
    ]
    size = " x ".join(number(mm) for mm in outer(box))
    rows += [
        f"Ukuran dalam mm; kotak tertutup {size}.",
        "Posisi lubang dari titik nol (hijau): tengah sisi; z dari lantai dalam.",
        "Skala 1:1 bila dicetak 100 % di A3. Biru: sekrup.",
        f"Rev {box.revision}. Dirakit oleh / built by: {box.built_by}.",
    ]
    width = max(width, MARGIN + LETTER * max(map(len, rows)) + 6)
    parts += [text(MARGIN, y + ROW * i, row, 3.4, "start") for i, row in enumerate(rows)]
    height = y + ROW * len(rows) + 6
    style = (
        "text{font-family:sans-serif;fill:#222}.line{fill:none;stroke:#222;stroke-width:.4}"
        ".hidden{fill:none;stroke:#555;stroke-width:.25;stroke-dasharray:2 1.2}"
        ".screw{fill:none;stroke:#06c;stroke-width:.4}.thin{fill:none;stroke:#777;stroke-width:.15}"
        ".zero{fill:none;stroke:#080;stroke-width:.4;marker-end:url(#b)}"
        ".dim{fill:none;stroke:#b00;stroke-width:.3;marker-start:url(#a);marker-end:url(#a)}"
    )
    marker = "".join(
        f'<marker id="{one}" viewBox="0 0 6 6" refX="6" refY="3" markerWidth="7" markerHeight="7" '
        f'orient="auto-start-reverse"><path d="M0 0L6 3L0 6z" fill="{color}"/></marker>'
        for one, color in (("a", "#b00"), ("b", "#080"))
    )
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}mm" height="{height:.0f}mm" '
        f'viewBox="0 0 {width:.0f} {height:.0f}"><defs>{marker}<style>{style}</style></defs>'
        f'<rect width="100%" height="100%" fill="#fff"/>'
    )
    title = text(MARGIN, 10, f"{box.title}: {name}, gambar ukuran", 4.6, "start")
    return "\n".join([head, title, *parts, "</svg>", ""])
