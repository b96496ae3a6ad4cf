"""Makes a .kicad_pcb from a circuit, its netlist and a layout. Needs `pcbnew`: Debian's python3 runs it."""

import json

import pcbnew

from kentongan_hw import HARDWARE
from kentongan_hw.boards import solids
from kentongan_hw.boards.route import GRID_MM, Pad, Router
from kentongan_hw.drawing.schematic import uid
from kentongan_hw.kicad.netlist import read_netlist
from kentongan_hw.parts.circuit import SIGNAL

FOOTPRINTS = "/usr/share/kicad/footprints"
ORIGIN_MM = (50.0, 50.0)  # the board's corner on the sheet
TEXT_MM, SMALL_MM = 0.9, 0.8  # 0.8 is the least that a board house prints


def mm(value):
    return pcbnew.FromMM(float(value))


def vec(x, y):
    return pcbnew.VECTOR2I(mm(x + ORIGIN_MM[0]), mm(y + ORIGIN_MM[1]))


class Maker:
    def __init__(self, circuit, layout, netlist, sheet_file):
        self.circuit, self.layout, self.netlist = circuit, layout, netlist
        self.board = pcbnew.CreateEmptyBoard()
        self.sheet_file = sheet_file
        self.names = {}  # KiCad's net name -> ours
        for part in circuit.parts():
            for pin, net in part.nets.items():
                if net is not None:
                    self.names[netlist[(part.ref, pin)]] = net
        self.net_items = {}
        self.taken, self.texts = [], []  # boxes on the silk, in mm: where no word goes; words
        title = pcbnew.TITLE_BLOCK()
        title.SetTitle(circuit.title)
        title.SetRevision(circuit.revision)  # gerbers and pictures carry it
        title.SetCompany("kentongan")
        self.board.SetTitleBlock(title)

    def net(self, name):
        if name not in self.net_items:
            item = pcbnew.NETINFO_ITEM(self.board, name)
            self.board.Add(item)
            self.net_items[name] = item
        return self.net_items[name]

    # -- parts --------------------------------------------------------------------------------------

    @staticmethod
    def load(part):
        library, name = part.footprint.split(":")
        folder = HARDWARE / "lib" if library == "kentongan" else FOOTPRINTS
        item = pcbnew.FootprintLoad(f"{folder}/{library}.pretty", name)
        item.SetFPID(pcbnew.LIB_ID(library, name))
        return item

    def places(self):
        """{ref: (x, y, rot)}: the layout's own places, and its stacks packed by courtyards."""
        places = dict(self.layout.EDGES)
        for start, across, axis, gap, row in self.layout.ROWS:
            for ref, rot in row:
                item = self.load(self.circuit.part(ref))
                item.SetOrientationDegrees(rot)
                box = item.GetCourtyard(pcbnew.F_CrtYd).BBox()
                size = pcbnew.ToMM(box.GetWidth() if axis == "x" else box.GetHeight())
                middle = start + size / 2
                places[ref] = (middle, across, rot) if axis == "x" else (across, middle, rot)
                start += size + gap
        return places

    def footprints(self):
        self.spots = self.places()
        for part in self.circuit.parts():
            item = self.load(part)
            item.SetReference(part.ref)
            item.SetValue(part.value)
            unit = part.places[0][0]
            path = pcbnew.KIID_PATH()
            path.append(pcbnew.KIID(str(uid(self.circuit.name, part.ref, unit))))
            item.SetPath(path)
            item.SetSheetname("/")
            item.SetSheetfile(self.sheet_file)
            for key, text in (("Jenis", part.kind), ("Varian", part.variant)):
                if text:
                    field = pcbnew.PCB_FIELD(item, getattr(pcbnew, "FIELD_T_USER", 100), key)
                    field.SetText(text)
                    field.SetVisible(False)
                    field.SetLayer(pcbnew.F_Fab)
                    field.SetPosition(item.GetPosition())
                    item.Add(field)
            self.board.Add(item)
            self.place(item, part.ref)
            for pad in item.Pads():
                name = self.netlist.get((part.ref, pad.GetNumber()))
                if name is not None:
                    pad.SetNet(self.net(name))
                if part.ref in getattr(self.layout, "SOLID", ()):
                    pad.SetLocalZoneConnection(pcbnew.ZONE_CONNECTION_FULL)

    def place(self, item, ref):
        """Middle of the courtyard to the layout's place, then pad 1 to the router's grid."""
        x, y, rot = self.spots[ref]
        item.SetOrientationDegrees(rot)
        item.SetPosition(vec(0, 0))
        box = item.GetCourtyard(pcbnew.F_CrtYd).BBox()
        middle = box.GetCenter()
        at = vec(x, y)
        item.SetPosition(
            pcbnew.VECTOR2I(
                2 * item.GetPosition().x - middle.x + at.x - vec(0, 0).x,
                2 * item.GetPosition().y - middle.y + at.y - vec(0, 0).y,
            )
        )
        pads = list(item.Pads())
        if pads:
            position = pads[0].GetPosition()
            gx = (pcbnew.ToMM(position.x) - ORIGIN_MM[0]) / GRID_MM
            gy = (pcbnew.ToMM(position.y) - ORIGIN_MM[1]) / GRID_MM
            item.Move(pcbnew.VECTOR2I(mm((round(gx) - gx) * GRID_MM), mm((round(gy) - gy) * GRID_MM)))

    def outline(self):
        width, height = self.layout.SIZE
        corners = [(0, 0), (width, 0), (width, height), (0, height)]
        for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
            line = pcbnew.PCB_SHAPE(self.board, pcbnew.SHAPE_T_SEGMENT)
            line.SetStart(vec(*a))
            line.SetEnd(vec(*b))
            line.SetLayer(pcbnew.Edge_Cuts)
            line.SetWidth(mm(0.1))
            self.board.Add(line)
        for i, (x, y) in enumerate(self.layout.HOLES, 1):
            item = pcbnew.FootprintLoad(f"{FOOTPRINTS}/MountingHole.pretty", "MountingHole_3.2mm_M3")
            item.SetFPID(pcbnew.LIB_ID("MountingHole", "MountingHole_3.2mm_M3"))
            item.SetReference(f"H{i}")
            item.SetPosition(vec(x, y))
            item.SetAttributes(item.GetAttributes() | pcbnew.FP_BOARD_ONLY | pcbnew.FP_EXCLUDE_FROM_BOM)
            item.Reference().SetVisible(False)
            self.board.Add(item)

    # -- copper -------------------------------------------------------------------------------------

    def rule(self, name):
        ours = self.names.get(name)
        return self.layout.RULES.get(ours, SIGNAL)

    def route(self):
        pads = []
        for item in self.board.GetFootprints():
            for pad in item.Pads():
                box, position = pad.GetBoundingBox(), pad.GetPosition()
                layers = tuple(
                    i for i, layer in enumerate((pcbnew.F_Cu, pcbnew.B_Cu)) if pad.IsOnLayer(layer)
                )
                pads.append(
                    Pad(
                        pad.GetNetname() or f"open {item.GetReference()} {pad.GetNumber()}",
                        pcbnew.ToMM(position.x) - ORIGIN_MM[0],
                        pcbnew.ToMM(position.y) - ORIGIN_MM[1],
                        pcbnew.ToMM(box.GetWidth()) / 2,
                        pcbnew.ToMM(box.GetHeight()) / 2,
                        layers,
                    )
                )
        rules = {pad.net: self.rule(pad.net) for pad in pads}
        router = Router(self.layout.SIZE, pads, rules, [(x, y, 1.7) for x, y in self.layout.HOLES])
        wanted = [net for net, found in router.by_net.items() if len(found) > 1 and net != "GND"]

        def key(net):
            found = router.by_net[net]
            span = (
                max(p.x for p in found)
                - min(p.x for p in found)
                + max(p.y for p in found)
                - min(p.y for p in found)
            )
            return -rules[net].width, span, net

        router.rules["GND"] = SIGNAL
        router.fan_out("GND")
        router.run(sorted(wanted, key=key), "GND")
        for net in sorted(router.tracks):
            for t in router.tracks[net]:
                self.track(net, (pcbnew.F_Cu, pcbnew.B_Cu)[t.layer], t.x0, t.y0, t.x1, t.y1, t.width)
            for via in router.vias[net]:
                self.via(net, via.x, via.y)
        return router

    def track(self, net, layer, x0, y0, x1, y1, width):
        if (x0, y0) == (x1, y1):
            return
        item = pcbnew.PCB_TRACK(self.board)
        item.SetStart(vec(x0, y0))
        item.SetEnd(vec(x1, y1))
        item.SetWidth(mm(width))
        item.SetLayer(layer)
        item.SetNet(self.net(net))
        self.board.Add(item)

    def via(self, net, x, y):
        item = pcbnew.PCB_VIA(self.board)
        item.SetPosition(vec(x, y))
        item.SetDrill(mm(0.4))
        item.SetWidth(mm(0.8))
        item.SetNet(self.net(net))
        self.board.Add(item)

    def stitch(self, router):
        """Ground vias on a coarse grid wherever both layers are free, so that the two planes are one."""
        rules = dict(router.rules)
        rules["GND"] = SIGNAL._replace(width=0.8, clearance=0.3)
        router.rules = rules
        free = ~((router._hard("GND", 0.45) | router._soft("GND", 0.45)).any(axis=0))
        mask = [p for p in router.pads if p.net == "GND"]
        step = round(self.layout.STITCH_MM / GRID_MM)
        for row in range(4, router.rows - 4, step):
            for col in range(4, router.cols - 4, step):
                x, y = col * GRID_MM, row * GRID_MM
                clear = all(abs(x - p.x) > p.half_w + 0.8 or abs(y - p.y) > p.half_h + 0.8 for p in mask)
                clear = clear and all(abs(x - v.x) > 1.0 or abs(y - v.y) > 1.0 for v in router.vias["GND"])
                x0, y0 = x + ORIGIN_MM[0] - 0.3, y + ORIGIN_MM[1] - 0.3
                clear = clear and not any(_overlap((x0, y0, x0 + 0.6, y0 + 0.6), text) for text in self.texts)
                if free[row, col] and clear:
                    self.via("GND", x, y)

    def zones(self):
        width, height = self.layout.SIZE
        for layer in (pcbnew.F_Cu, pcbnew.B_Cu):
            zone = pcbnew.ZONE(self.board)
            zone.SetLayer(layer)
            zone.SetNet(self.net("GND"))
            outline = zone.Outline()
            outline.NewOutline()
            for x, y in ((0.6, 0.6), (width - 0.6, 0.6), (width - 0.6, height - 0.6), (0.6, height - 0.6)):
                outline.Append(vec(x, y))
            zone.SetLocalClearance(mm(0.35))
            zone.SetMinThickness(mm(0.3))
            zone.SetThermalReliefGap(mm(0.4))
            zone.SetThermalReliefSpokeWidth(mm(0.8))
            zone.SetIslandRemovalMode(pcbnew.ISLAND_REMOVAL_MODE_ALWAYS)
            self.board.Add(zone)

    # -- words --------------------------------------------------------------------------------------

    def words(self):
        """References beside their parts, labels of the layout; none on pads or on each other."""
        for item in self.board.GetFootprints():
            item.Value().SetVisible(False)
            for pad in item.Pads():
                self.taken.append(self._box(pad.GetBoundingBox(), 0.2))
            for shape in item.GraphicalItems():
                if shape.GetLayer() == pcbnew.F_SilkS:
                    self._take_shape(shape)
        for words, x, y, size, rot in self.layout.LABELS:
            text = pcbnew.PCB_TEXT(self.board)
            text.SetText(words)
            text.SetLayer(pcbnew.F_SilkS)
            text.SetTextSize(pcbnew.VECTOR2I(mm(size), mm(size)))
            text.SetTextThickness(mm(size * 0.15))
            text.SetTextAngleDegrees(rot)
            text.SetPosition(vec(x, y))
            self.board.Add(text)
            self.texts.append(self._box(text.GetBoundingBox(), 0.1))
        self.taken += self.texts
        hidden = []
        for item in sorted(self.board.GetFootprints(), key=lambda f: f.GetReference()):
            if not item.GetReference().startswith("H") and not self._reference(item):
                hidden.append(item.GetReference())
                item.Reference().SetVisible(False)
        return hidden

    @staticmethod
    def _box(box, margin):
        return (
            pcbnew.ToMM(box.GetLeft()) - margin,
            pcbnew.ToMM(box.GetTop()) - margin,
            pcbnew.ToMM(box.GetRight()) + margin,
            pcbnew.ToMM(box.GetBottom()) + margin,
        )

    def _take_shape(self, shape):
        """Take the outline of a drawn line or box, not what it encloses."""
        x0, y0, x1, y1 = self._box(shape.GetBoundingBox(), 0.15)
        if isinstance(shape, pcbnew.PCB_SHAPE) and shape.GetShape() in (
            pcbnew.SHAPE_T_RECT,
            pcbnew.SHAPE_T_CIRCLE,
        ):
            self.taken += [
                (x0, y0, x1, y0 + 0.4),
                (x0, y1 - 0.4, x1, y1),
                (x0, y0, x0 + 0.4, y1),
                (x1 - 0.4, y0, x1, y1),
            ]
        else:
            self.taken.append((x0, y0, x1, y1))

    def _reference(self, item):
        text = item.Reference()
        width, height = self.layout.SIZE
        for size in (TEXT_MM, SMALL_MM):
            text.SetTextSize(pcbnew.VECTOR2I(mm(size), mm(size)))
            text.SetTextThickness(mm(0.14 if size == TEXT_MM else 0.12))
            spots = _spots(self._box(item.GetCourtyard(pcbnew.F_CrtYd).BBox(), 0))
            if item.GetReference() in self.layout.REFS:
                x, y, angle = self.layout.REFS[item.GetReference()]
                spots = [(x + ORIGIN_MM[0], y + ORIGIN_MM[1], angle)]
            for x, y, angle in spots:
                text.SetTextAngleDegrees(angle)
                text.SetPosition(pcbnew.VECTOR2I(mm(x), mm(y)))
                box = self._box(text.GetBoundingBox(), 0.1)
                inside = (
                    box[0] > ORIGIN_MM[0] + 0.7
                    and box[1] > ORIGIN_MM[1] + 0.7
                    and box[2] < ORIGIN_MM[0] + width - 0.7
                    and box[3] < ORIGIN_MM[1] + height - 0.7
                )
                if inside and not any(_overlap(box, other) for other in self.taken):
                    self.taken.append(box)
                    self.texts.append(box)
                    text.SetVisible(True)
                    return True
        return False

    def bodies(self):
        """CSV of what stands on the board: middle from the board's middle (y up), size and height in mm."""
        width, height = self.layout.SIZE
        lines = ["ref,x,y,w,h,z"]
        for part in self.circuit.parts():
            if part.kind not in solids.NO_BODY:
                x0, y0, x1, y1 = drawn_body(self.board.FindFootprintByReference(part.ref))
                x, y = (x0 + x1) / 2 - ORIGIN_MM[0] - width / 2, height / 2 - (y0 + y1) / 2 + ORIGIN_MM[1]
                lines.append(f"{part.ref},{x:.2f},{y:.2f},{x1 - x0:.2f},{y1 - y0:.2f},{part.row['height']}")
        return "\n".join(lines) + "\n"

    def save(self, path):
        self.board.SetFileName(str(path))
        pcbnew.SaveBoard(str(path), self.board)


def _spots(box):
    """(x, y, angle) for a reference, the best first: above, below, beside, inside, along the edges."""
    x0, y0, x1, y1 = box
    mid_x, mid_y = (x0 + x1) / 2, (y0 + y1) / 2
    near = [(mid_x, y0 - 0.7, 0), (mid_x, y1 + 0.7, 0), (x0 - 0.7, mid_y, 90), (x1 + 0.7, mid_y, 90)]
    inside = [(mid_x, mid_y, 0), (mid_x, mid_y, 90)]
    along = [
        at
        for away in (0.5, 0.7, 1.0, 1.4)
        for k in range(-1, 12)
        for at in (
            (x0 + (x1 - x0) * k / 10, y0 - away, 0),
            (x0 + (x1 - x0) * k / 10, y1 + away, 0),
            (x0 - away, y0 + (y1 - y0) * k / 10, 90),
            (x1 + away, y0 + (y1 - y0) * k / 10, 90),
            (x0 - away - 0.7, y0 + (y1 - y0) * k / 10, 0),
            (x1 + away + 0.7, y0 + (y1 - y0) * k / 10, 0),
        )
    ]
    return near + inside + along


def _overlap(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def fill(board):
    """Fills the ground planes; stitching vias that miss one of them are taken away and it is filled again."""
    zones = list(board.Zones())
    for _ in range(5):
        pcbnew.ZONE_FILLER(board).Fill(board.Zones())
        lost = [
            item
            for item in board.GetTracks()
            if isinstance(item, pcbnew.PCB_VIA)
            and item.GetNetname() == "GND"
            and not all(zone.HitTestFilledArea(zone.GetLayer(), item.GetPosition(), 0) for zone in zones)
        ]
        if not lost:
            return
        for item in lost:
            board.Delete(item)


def project(name):
    """Return the .kicad_pro as a dict: design rules and net classes."""
    classes = [
        {
            "name": "Default",
            "clearance": SIGNAL.clearance,
            "track_width": SIGNAL.width,
            "via_diameter": 0.8,
            "via_drill": 0.4,
            "wire_width": 6,
            "bus_width": 12,
            "line_style": 0,
            "priority": 2147483647,
        }
    ]
    return {
        "meta": {"filename": f"{name}.kicad_pro", "version": 3},
        "net_settings": {"classes": classes, "meta": {"version": 4}},
        "board": {
            "design_settings": {
                "rules": {
                    "min_clearance": 0.25,
                    "min_track_width": 0.3,
                    "min_copper_edge_clearance": 0.5,
                    "min_hole_clearance": 0.25,
                    "min_hole_to_hole": 0.25,
                    "min_via_diameter": 0.6,
                    "min_through_hole_diameter": 0.3,
                    "min_silk_clearance": 0.0,
                    "min_text_height": 0.8,
                    "min_text_thickness": 0.12,
                    "min_resolved_spokes": 1,
                    "solder_mask_to_copper_clearance": 0.0,
                }
            }
        },
    }


def make(circuit, layout, netlist_path, folder):
    """Writes <name>.kicad_pcb and .kicad_pro into folder; returns references without room on the silk."""
    pcbnew.KIID.SeedGenerator(20_25)
    name = circuit.name
    maker = Maker(circuit, layout, read_netlist(netlist_path), f"{name}.kicad_sch")
    maker.outline()
    maker.footprints()
    router = maker.route()
    hidden = maker.words()
    maker.stitch(router)
    maker.zones()
    rules = json.dumps(project(name), indent=1) + "\n"
    (folder / f"{name}.kicad_pro").write_text(rules)
    path = folder / f"{name}.kicad_pcb"
    maker.save(path)
    (folder / f"{name}.kicad_pro").write_text(rules)
    board = pcbnew.LoadBoard(str(path))  # the filler needs the project's rules, which a new board lacks
    fill(board)
    pcbnew.SaveBoard(str(path), board)
    (folder / f"{name}.kicad_pro").write_text(rules)
    (folder / f"{name}-badan.csv").write_text(maker.bodies())
    dress(board, circuit, folder / "badan")
    pcbnew.SaveBoard(str(folder / f"{name}-3d.kicad_pcb"), board)
    return hidden


def drawn_body(item):
    """(x0, y0, x1, y1) in mm of what the footprint draws as the part's body, y downwards."""
    shapes = [
        shape
        for shape in item.GraphicalItems()
        if isinstance(shape, pcbnew.PCB_SHAPE) and shape.GetLayer() == pcbnew.F_Fab
    ]
    closed = [shape for shape in shapes if shape.GetShape() == pcbnew.SHAPE_T_RECT]  # without a part's leads
    boxes = [shape.GetBoundingBox() for shape in closed or shapes] or [
        item.GetCourtyard(pcbnew.F_CrtYd).BBox()
    ]
    return (
        pcbnew.ToMM(min(b.GetLeft() for b in boxes)),
        pcbnew.ToMM(min(b.GetTop() for b in boxes)),
        pcbnew.ToMM(max(b.GetRight() for b in boxes)),
        pcbnew.ToMM(max(b.GetBottom() for b in boxes)),
    )


def dress(board, circuit, folder):
    """Gives every footprint the body of its kind, as STEP files in folder, in place of KiCad's models."""
    folder.mkdir(exist_ok=True)
    files = {}
    for part in circuit.parts():
        if part.kind not in files:
            item = Maker.load(part)
            x0, y0, x1, y1 = drawn_body(item)
            pads = [(pcbnew.ToMM(p.GetPosition().x), -pcbnew.ToMM(p.GetPosition().y)) for p in item.Pads()]
            prisms = solids.of_part(part.kind, (x0, -y1, x1, -y0), pads, part.row["height"])
            files[part.kind] = folder / f"{part.kind}.step" if prisms else None
            if prisms:
                files[part.kind].write_text(solids.step(part.kind, prisms), encoding="utf-8")
    for item in board.GetFootprints():
        item.Models().clear()
        ref = item.GetReference()
        if not ref.startswith("H") and files[circuit.part(ref).kind]:
            model = pcbnew.FP_3DMODEL()
            model.m_Filename = str(files[circuit.part(ref).kind])
            item.Models().push_back(model)
