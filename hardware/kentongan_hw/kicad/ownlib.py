"""Our own symbols and footprints: the radio board and the buck-boost module, which KiCad's libraries lack.

The Heltec's order of pins: two public pin maps agree (headers J2 and J3, from the GND end,
seen from above with that end up: J2 left, J3 right). Row distance 22.86 mm. Neither has been checked on a
board: compare a print at 1:1 with one before a carrier is ordered.
"""

from kentongan_hw import HARDWARE
from kentongan_hw.kicad.sexpr import Text, dump

J2 = (
    "GND",
    "5V",
    "Ve",
    "Ve",
    "GPIO44",
    "GPIO43",
    "RST",
    "GPIO0",
    "GPIO36",
    "GPIO35",
    "GPIO34",
    "GPIO33",
    "GPIO47",
    "GPIO48",
    "GPIO26",
    "GPIO21",
    "GPIO20",
    "GPIO19",
)
J3 = (
    "GND",
    "3V3",
    "3V3",
    "GPIO37",
    "GPIO46",
    "GPIO45",
    "GPIO42",
    "GPIO41",
    "GPIO40",
    "GPIO39",
    "GPIO38",
    "GPIO1",
    "GPIO2",
    "GPIO3",
    "GPIO4",
    "GPIO5",
    "GPIO6",
    "GPIO7",
)
ROW_MM = 22.86
PITCH_MM = 2.54
BUCK_BOOST = ("VIN", "GND", "GND", "VOUT")


def pin_of(gpio):
    """Symbol pin number of a GPIO on the Heltec's headers; ValueError where it is not brought out."""
    return str((*J2, *J3).index(f"GPIO{gpio}") + 1)


def _kind(name, number):
    power = {"GND": "passive", "5V": "power_in", "RST": "input", "Ve": "passive", "3V3": "passive"}
    kind = power.get(name, "bidirectional")
    return "power_out" if name == "3V3" and number == 20 else kind


def _pin(number, name, kind, x, y, angle):
    font = ["effects", ["font", ["size", 1.27, 1.27]]]
    return [
        "pin",
        kind,
        "line",
        ["at", x, y, angle],
        ["length", 5.08],
        ["name", Text(name), font],
        ["number", Text(str(number)), font],
    ]


def _symbol(name, what, footprint, half, rows, pins):
    def text(key, value, y, hide):
        node = [
            "property",
            Text(key),
            Text(value),
            ["at", 0, y, 0],
            ["effects", ["font", ["size", 1.27, 1.27]]],
        ]
        return node[:-1] + [node[-1] + [["hide", "yes"]]] if hide else node

    top = 2.54 * (rows // 2) + 2.54
    box = [
        "rectangle",
        ["start", -half, top],
        ["end", half, top - 2.54 * (rows + 1)],
        ["stroke", ["width", 0.254], ["type", "default"]],
        ["fill", ["type", "background"]],
    ]
    return [
        "symbol",
        Text(name),
        ["pin_names", ["offset", 1.016]],
        ["exclude_from_sim", "no"],
        ["in_bom", "yes"],
        ["on_board", "yes"],
        text("Reference", "U", top + 1.27, False),
        text("Value", name, -top - 1.27, False),
        text("Footprint", footprint, 0, True),
        text("Datasheet", "", 0, True),
        text("Description", what, 0, True),
        ["symbol", Text(f"{name}_1_1"), box, *pins],
    ]


def symbols():
    left = [_pin(i + 1, n, _kind(n, i + 1), -17.78, 22.86 - 2.54 * i, 0) for i, n in enumerate(J2)]
    right = [_pin(i + 19, n, _kind(n, i + 19), 17.78, 22.86 - 2.54 * i, 180) for i, n in enumerate(J3)]
    kinds = ("passive", "passive", "passive", "power_out")
    module = [
        _pin(1, "VIN", kinds[0], -12.7, 2.54, 0),
        _pin(2, "GND", kinds[1], -12.7, 0, 0),
        _pin(3, "GND", kinds[2], 12.7, 0, 180),
        _pin(4, "VOUT", kinds[3], 12.7, 2.54, 180),
    ]
    return [
        "kicad_symbol_lib",
        ["version", 20241209],
        ["generator", Text("kentongan_hw")],
        _symbol(
            "HELTEC_V3",
            "Heltec WiFi LoRa 32 V3 on its two headers",
            "kentongan:HELTEC_V3",
            12.7,
            18,
            left + right,
        ),
        _symbol("BUCK_BOOST", "Buck-boost module, 3.3 V out", "kentongan:BUCK_BOOST", 7.62, 2, module),
    ]


def _line(layer, x0, y0, x1, y1, width):
    return [
        "fp_rect",
        ["start", x0, y0],
        ["end", x1, y1],
        ["stroke", ["width", width], ["type", "solid"]],
        ["fill", "no"],
        ["layer", Text(layer)],
    ]


def _footprint(name, what, pads, body):
    font = ["effects", ["font", ["size", 1, 1], ["thickness", 0.15]]]
    x0, y0, x1, y1 = body
    nodes = [
        "footprint",
        Text(name),
        ["version", 20241229],
        ["generator", Text("kentongan_hw")],
        ["layer", Text("F.Cu")],
        ["descr", Text(what)],
        [
            "property",
            Text("Reference"),
            Text("REF**"),
            ["at", 0, y0 - 1.5, 0],
            ["layer", Text("F.SilkS")],
            font,
        ],
        ["property", Text("Value"), Text(name), ["at", 0, y1 + 1.5, 0], ["layer", Text("F.Fab")], font],
        ["attr", "through_hole"],
        _line("F.Fab", x0, y0, x1, y1, 0.1),
        _line("F.SilkS", x0 - 0.12, y0 - 0.12, x1 + 0.12, y1 + 0.12, 0.12),
        _line("F.CrtYd", x0 - 0.5, y0 - 0.5, x1 + 0.5, y1 + 0.5, 0.05),
    ]
    for number, x, y in pads:
        shape = "rect" if number == 1 else "oval"
        nodes.append(
            [
                "pad",
                Text(str(number)),
                "thru_hole",
                shape,
                ["at", x, y],
                ["size", 1.7, 1.7],
                ["drill", 1.0],
                ["layers", Text("*.Cu"), Text("*.Mask")],
            ]
        )
    return nodes


def footprints():
    x, top = ROW_MM / 2, -8.5 * PITCH_MM
    rows = [(i + 1, -x, top + PITCH_MM * i) for i in range(18)]
    rows += [(i + 19, x, top + PITCH_MM * i) for i in range(18)]
    module = [(1, -10.16, -2.54), (2, -10.16, 0), (3, 10.16, 0), (4, 10.16, -2.54)]
    return {
        "HELTEC_V3": _footprint(
            "HELTEC_V3", "two 1x18 sockets, 2.54 mm, rows 22.86 mm apart", rows, (-13, -25.2, 13, 25.2)
        ),
        "BUCK_BOOST": _footprint("BUCK_BOOST", "buck-boost module on pins", module, (-12, -6, 12, 6)),
    }


def write():
    """Writes hardware/lib; returns the names that changed."""
    files = {HARDWARE / "lib/kentongan.kicad_sym": dump(symbols()) + "\n"}
    for name, node in footprints().items():
        files[HARDWARE / f"lib/kentongan.pretty/{name}.kicad_mod"] = dump(node) + "\n"
    changed = []
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(str(path.relative_to(HARDWARE.parent)))
    return changed
