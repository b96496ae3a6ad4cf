"""Draws a circuit as a KiCad schematic: framed blocks, wires inside a block, labels between blocks."""

import math
import uuid

from kentongan_hw.drawing.wires import Sheet, line
from kentongan_hw.kicad import symbols
from kentongan_hw.kicad.sexpr import Text, dump
from kentongan_hw.parts.circuit import POWER

G = 1.27  # the drawing's grid in mm
CHAR = 1.15  # width of a letter of 1.27 mm, generous
SPACE = uuid.UUID("8f1f3c4e-0d0b-5b7e-9d55-6b656e746f6e")
GROUND = ("GND",)
POWER_SYMBOL = {"GND": "power:GND", "+3V3": "power:+3V3", "+5V": "power:+5V"}


class DrawError(RuntimeError):
    """A block that cannot be drawn: says which part or net needs room."""


def uid(*words):
    return Text(str(uuid.uuid5(SPACE, "/".join(map(str, words)))))


def turn(x, y, rot, mirror=False):
    """Symbol coordinates (y up) to sheet offsets (y down) for a rotation in degrees."""
    if mirror:
        x = -x
    for _ in range(rot // 90):
        x, y = -y, x
    return x, -y


def grid(mm):
    return round(mm / G)


def cells_of_box(x0, y0, x1, y1):
    return [
        (x, y)
        for x in range(math.floor(x0 / G + 0.3), math.ceil(x1 / G - 0.3) + 1)
        for y in range(math.floor(y0 / G + 0.3), math.ceil(y1 / G - 0.3) + 1)
    ]


def effects(size=1.27, justify=None, bold=False, hide=False):
    font = ["font", ["size", size, size]]
    if bold:
        font.append(["bold", "yes"])
    node = ["effects", font]
    if justify:
        node.append(["justify", *justify.split()])
    if hide:
        node.append(["hide", "yes"])
    return node


class Drawing:
    """Collects the s-expression of one sheet."""

    def __init__(self, circuit):
        self.circuit = circuit
        self.root = uid(circuit.name, "sheet")
        self.used = {}
        self.items = []
        self.count = 0
        self.nets = circuit.nets()
        self.homes = {}  # net -> blocks with a pin of it
        for block in circuit.blocks:
            for part in block.parts:
                for net in part.nets.values():
                    self.homes.setdefault(net, set()).add(block.title)

    # -- parts --------------------------------------------------------------------------------------

    def instance(self, name, ref, value, footprint, at, rot, unit, fields, mirror=False, extra=()):
        """Adds a symbol; `fields`: ((name, text, x, y, justify), ...) that are shown."""
        self.used[name] = symbols.symbol(name)
        number = uid(self.circuit.name, ref, unit)
        power = ref.startswith("#")
        node = ["symbol", ["lib_id", Text(name)], ["at", *at, rot]]
        if mirror:
            node.append(["mirror", "y"])
        node += [
            ["unit", unit],
            ["exclude_from_sim", "no"],
            ["in_bom", "no" if power or ref.startswith("TP") else "yes"],
            ["on_board", "no" if power else "yes"],
            ["dnp", "no"],
            ["uuid", number],
        ]
        shown = {field[0] for field in fields}
        turned = 90 if rot in (90, 270) else 0
        for key, text in (
            ("Reference", ref),
            ("Value", value),
            ("Footprint", footprint),
            ("Datasheet", ""),
            *extra,
        ):
            if key not in shown:
                node.append(["property", Text(key), Text(text), ["at", *at, 0], effects(hide=True)])
        for key, text, x, y, justify in fields:
            node.append(["property", Text(key), Text(text), ["at", x, y, turned], effects(justify=justify)])
        for pin in sorted({pin.number for pin in symbols.pins(name)}):
            node.append(["pin", Text(pin), ["uuid", uid(self.circuit.name, ref, unit, "pin", pin)]])
        node.append(
            [
                "instances",
                [
                    "project",
                    Text(self.circuit.name),
                    ["path", Text(f"/{self.root}"), ["reference", Text(ref)], ["unit", unit]],
                ],
            ]
        )
        self.items.append(node)

    def place(self, block, sheet, part, unit, at, rot):
        """One unit of a part: symbol, words; returns [(cell, direction, net, pin name)] of its pins."""
        x, y = (block.at[0] + 2 * G * at[0], block.at[1] + 2 * G * at[1])
        x, y = round(x / G) * G, round(y / G) * G
        pins = [pin for pin in symbols.pins(part.symbol) if pin.unit in (0, unit)]
        ox0, oy0, ox1, oy1 = symbols.outline(part.symbol, unit)
        corners = [turn(cx, cy, rot, part.mirror) for cx in (ox0, ox1) for cy in (oy0, oy1)]
        box = (
            x + min(c[0] for c in corners),
            y + min(c[1] for c in corners),
            x + max(c[0] for c in corners),
            y + max(c[1] for c in corners),
        )
        ends = []
        for pin in pins:
            px, py = turn(pin.x, pin.y, rot, part.mirror)
            rad = (pin.angle if not part.mirror else 180 - pin.angle) + rot
            out = (-round(math.cos(math.radians(rad))), round(math.sin(math.radians(rad))))
            ends.append(((grid(x + px), grid(y + py)), out, part.nets.get(pin.number), pin.number))
        body = [
            cell
            for cell in cells_of_box(*box)
            if all((cell[0] - e[0]) * o[0] + (cell[1] - e[1]) * o[1] < 0 for e, o, _, _ in ends)
        ]
        self._check_free(block, sheet, part, body, ends)
        fields = self._words(block, part, unit, box, ends, rot, sheet)
        extra = (("Jenis", part.kind), *((("Varian", part.variant),) if part.variant else ()))
        self.instance(
            part.symbol, part.ref, part.value, part.footprint, (x, y), rot, unit, fields, part.mirror, extra
        )
        sheet.block(body, "body")
        for cell, out, net, _ in ends:
            inner = cell
            while inner not in body and abs(inner[0] - cell[0]) + abs(inner[1] - cell[1]) < 8:
                sheet.block([inner], "body")
                inner = (inner[0] - out[0], inner[1] - out[1])
            sheet.block([cell], net or "open")
        return ends

    @staticmethod
    def _check_free(block, sheet, part, body, ends):
        cells = [*body, *(end[0] for end in ends)]
        bx, by = block.at
        taken = [cell for cell in cells if not sheet.free([cell])]
        outside = [
            (cx, cy)
            for cx, cy in cells
            if not (bx <= cx * G <= bx + block.size[0] and by + 6 <= cy * G <= by + block.size[1])
        ]
        if outside or taken:
            where = [((cx * G - bx) / 2 / G, (cy * G - by) / 2 / G) for cx, cy in taken[:1] or outside[:1]]
            what = "another part or its words" if taken else "its frame's edge"
            raise DrawError(f"{block.title}: {part.ref} lies on {what} at {where[0]}")

    def _words(self, block, part, unit, box, ends, rot, sheet):
        ref = part.ref if len(part.places) == 1 else part.ref + chr(64 + unit)
        wide = max(len(ref), len(part.value)) * CHAR
        sides = {out for _, out, _, _ in ends}
        x0, y0, x1, y1 = box
        mid = (x0 + x1) / 2
        if sides <= {(0, -1), (0, 1)} or (len(ends) == 3 and rot == 0 and (1, 0) not in sides):
            spots = [(x1 + 1.0, (y0 + y1) / 2 - 1.3, "left"), (x0 - 1.0, (y0 + y1) / 2 - 1.3, "right")]
        else:
            spots = [(mid, y0 - 3.6, None), (mid, y1 + 1.3, None)]
        if len(ends) > 5:
            spots = [
                (mid + 3.2, y0 - 3.8, "left"),
                (mid - 3.2, y0 - 3.8, "right"),
                (mid + 3.2, y1 + 1.3, "left"),
                (mid - 3.2, y1 + 1.3, "right"),
            ]
        if sides == {(-1, 0)} and len(ends) == 2:  # above such a part stand its pins' numbers
            spots.insert(0, (x1 + 1.0, (y0 + y1) / 2 - 1.3, "left"))
        for x, y, justify in spots:
            left = {"left": x, "right": x - wide, None: x - wide / 2}[justify]
            cells = cells_of_box(left, y - 0.6, left + wide, y + 3.0)
            inside = block.at[0] + 1 < left and left + wide < block.at[0] + block.size[0] - 1
            if inside and sheet.free(cells) and all(end[0] not in cells for end in ends):
                break
        else:
            raise DrawError(f"no room for the words of {part.ref}; move its neighbours")
        sheet.block(cells, "text")
        flip = rot in (90, 180) or part.mirror  # KiCad turns words with the symbol
        shown = {"left": "right", "right": "left", None: None}[justify] if flip else justify
        return (("Reference", part.ref, x, y, shown), ("Value", part.value, x, y + 2.3, shown))

    # -- nets ---------------------------------------------------------------------------------------

    def power(self, block, sheet, net, end):
        """Draw a power symbol at a pin, on the shortest free stub."""
        cell, out, _, _ = end
        up = net not in GROUND
        ways = (
            (0, (0, -1) if up else (0, 1)),
            (180, (0, 1) if up else (0, -1)),
            (270 if up else 90, (1, 0)),
            (90 if up else 270, (-1, 0)),
        )
        crowded = any(
            sheet.blocked.get((cell[0], cell[1] + d), "body") not in ("body", "text") for d in (-2, 2)
        )
        for length in (2, 1, 3, 4, 5, 6, 8, 10, 12):
            tip = (cell[0] + out[0] * length, cell[1] + out[1] * length)
            stub = line(cell, tip)[1:]
            for rot, way in ways if not crowded else ways[::-1]:
                if way == (-out[0], -out[1]):
                    continue
                body = self._power_cells(tip, way, net)
                if sheet.free(stub, net) and sheet.free(body, net):
                    sheet.draw(net, cell, tip)
                    sheet.block([c for c in body if c != tip], "body")
                    self._power_symbol(net, tip, rot, way)
                    return
        raise DrawError(f"{block.title}: no room for {net} at {cell}")

    @staticmethod
    def _power_cells(tip, way, net):
        wide = 1 if net in GROUND else max(1, math.ceil(len(net) * CHAR / 2 / G))
        cells = []
        for along in range(0, 4 if way[0] == 0 else 3 + 2 * wide):
            for across in range(-wide if along else 0, wide + 1 if along else 1):
                if way[0] and abs(across) > 1:
                    continue
                cells.append(
                    (tip[0] + way[0] * along + way[1] * across, tip[1] + way[1] * along + way[0] * across)
                )
        return cells

    def _power_symbol(self, net, tip, rot, way):
        self.count += 1
        x, y = tip[0] * G, tip[1] * G
        reach = 4.0 if net in GROUND else 3.4
        tx, ty = x + way[0] * (reach + (0 if way[0] == 0 else 0.4)), y + way[1] * reach
        justify = None if way[0] == 0 else ("left" if way[0] > 0 else "right")
        if rot in (90, 180):  # KiCad turns words with the symbol
            justify = {"left": "right", "right": "left", None: None}[justify]
        show = () if net == "GND" else (("Value", net, tx, ty, justify),)
        name = POWER_SYMBOL.get(net, "power:+12V")
        self.instance(name, f"#PWR{self.count:03d}", net, "", (x, y), rot, 1, show)

    def flag(self, block, net, at):
        """Draw a power symbol and a PWR_FLAG joined at `at` (2.54 mm units): the net is fed from outside."""
        self.count += 1
        x, y = grid(block.at[0]) + 2 * at[0], grid(block.at[1]) + 2 * at[1]
        up = net not in GROUND
        self._power_symbol(net, (x, y), 0, (0, -1) if up else (0, 1))
        self.instance(
            "power:PWR_FLAG", f"#FLG{self.count:03d}", "PWR_FLAG", "", (x * G, y * G), 180 if up else 0, 1, ()
        )

    def label(self, block, sheet, net, ends):
        """Draw a label on one pin of a net that goes on in other blocks."""
        size = math.ceil((len(net) + 2.5) * CHAR / G)
        for length in (2, 3, 4, 1, 6):
            for cell, out, _, _ in sorted(ends, key=lambda e: e[1][0] == 0):
                tip = (cell[0] + out[0] * length, cell[1] + out[1] * length)
                options = [((1, 0), 0), ((-1, 0), 180)] if out[0] == 0 else [(out, 0 if out[0] > 0 else 180)]
                for way, angle in options:
                    body = [
                        (tip[0] + way[0] * k, tip[1] + dy)
                        for k in range(1, size + 1)
                        for dy in ((0,) if out[0] else (-1, 0, 1))
                    ]
                    inside = all(block.at[0] <= c[0] * G <= block.at[0] + block.size[0] for c in body)
                    if inside and sheet.free(line(cell, tip)[1:], net) and sheet.free(body, net):
                        sheet.draw(net, cell, tip)
                        sheet.block(body, "text")
                        self._label_node(block, net, tip, angle)
                        return
        raise DrawError(f"{block.title}: no room for the label {net}")

    def _label_node(self, block, net, tip, angle):
        self.items.append(
            [
                "global_label",
                Text(net),
                ["shape", "passive"],
                ["at", tip[0] * G, tip[1] * G, angle],
                ["fields_autoplaced", "yes"],
                effects(justify="left" if angle == 0 else "right"),
                ["uuid", uid(self.circuit.name, "label", block.title, net, tip)],
            ]
        )

    def connect(self, block, sheet, net, ends):
        """Wires between all pins of a net in this block."""
        bounds = (
            grid(block.at[0]) + 1,
            grid(block.at[1]) + 5,
            grid(block.at[0] + block.size[0]) - 1,
            grid(block.at[1] + block.size[1]) - 1,
        )
        cells = [end[0] for end in ends]
        done = sheet.cells_of(net) or {cells[0]}
        rest = sorted(
            (c for c in cells if c not in done),
            key=lambda c: min(abs(c[0] - d[0]) + abs(c[1] - d[1]) for d in done),
        )
        for cell in rest:
            if not sheet.route(net, cell, done, bounds):
                raise DrawError(f"{block.title}: no way for {net} to {cell}; move parts apart")
            done |= sheet.cells_of(net) | {cell}

    def block(self, block):
        sheet = Sheet()
        ends = [
            end
            for part in block.parts
            for unit, at, rot in part.places
            for end in self.place(block, sheet, part, unit, at, rot)
        ]
        nets = {}
        for end in ends:
            if end[2] is None:
                self.items.append(
                    [
                        "no_connect",
                        ["at", end[0][0] * G, end[0][1] * G],
                        ["uuid", uid(self.circuit.name, "open", block.title, end[0])],
                    ]
                )
            else:
                nets.setdefault(end[2], []).append(end)
        ends_of = {net: [end[0] for end in found] for net, found in nets.items()}
        for net, found in nets.items():
            if net in POWER:
                for end in found:
                    self.power(block, sheet, net, end)
        for net, found in nets.items():
            if net not in POWER and (len(self.homes[net]) > 1 or len(found) == 1):
                self.label(block, sheet, net, found)
        order = [net for net in nets if net not in POWER]
        order.sort(
            key=lambda n: sum(
                abs(a[0][0] - b[0][0]) + abs(a[0][1] - b[0][1]) for a in nets[n] for b in nets[n]
            )
        )
        for net in order:
            self.connect(block, sheet, net, nets[net])
        self.wires(block, sheet, ends_of)
        self.frame(block)

    def wires(self, block, sheet, ends_of):
        for net in sheet.segments:
            for a, b in sheet.pieces(net, ends_of.get(net, ())):
                self.items.append(
                    [
                        "wire",
                        ["pts", ["xy", a[0] * G, a[1] * G], ["xy", b[0] * G, b[1] * G]],
                        ["stroke", ["width", 0], ["type", "default"]],
                        ["uuid", uid(self.circuit.name, "wire", block.title, net, a, b)],
                    ]
                )
            for cell in sheet.junctions(net, ends_of.get(net, ())):
                self.items.append(
                    [
                        "junction",
                        ["at", cell[0] * G, cell[1] * G],
                        ["diameter", 0],
                        ["color", 0, 0, 0, 0],
                        ["uuid", uid(self.circuit.name, "dot", net, cell)],
                    ]
                )

    def frame(self, block):
        x, y = block.at
        w, h = block.size
        self.items.append(
            [
                "rectangle",
                ["start", x, y],
                ["end", x + w, y + h],
                ["stroke", ["width", 0.3], ["type", "dash"]],
                ["fill", ["type", "none"]],
                ["uuid", uid(self.circuit.name, "frame", block.title)],
            ]
        )
        self.text(block.title, x + 2, y + 3.2, 2.0, True)
        for i, note in enumerate(block.notes):
            self.text(note, x + 2, y + h - 2.0 - 2.6 * (len(block.notes) - 1 - i), 1.3)

    def text(self, words, x, y, size, bold=False):
        self.items.append(
            [
                "text",
                Text(words),
                ["exclude_from_sim", "no"],
                ["at", x, y, 0],
                effects(size, "left", bold),
                ["uuid", uid(self.circuit.name, "text", words, x, y)],
            ]
        )

    def sheet(self):
        circuit = self.circuit
        for block in circuit.blocks:
            self.block(block)
        for net, at in circuit.flags.items():
            self.flag(circuit.blocks[0], net, at)
        title = [
            "title_block",
            ["title", Text(circuit.title)],
            ["rev", Text(circuit.revision)],
            ["company", Text("kentongan")],
            *(["comment", i + 1, Text(words)] for i, words in enumerate(circuit.labels)),
        ]
        return [
            "kicad_sch",
            ["version", 20250114],
            ["generator", Text("kentongan_hw")],
            ["generator_version", Text("9.0")],
            ["uuid", self.root],
            ["paper", Text("A3")],
            title,
            ["lib_symbols", *(self.used[name] for name in sorted(self.used))],
            *self.items,
            ["sheet_instances", ["path", Text("/"), ["page", Text("1")]]],
            ["embedded_fonts", "no"],
        ]


def draw(circuit):
    """Return the text of the .kicad_sch; DrawError where a block has no room."""
    return dump(Drawing(circuit).sheet()) + "\n"
