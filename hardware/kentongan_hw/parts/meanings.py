"""Pins as their makers mean them (hardware/meanings.toml), held against symbol, footprint, drawing and silk.

A circuit names a part's functions; pin numbers come from the table. Each check returns sentences.
"""

import re
import tomllib
from collections import Counter
from functools import cache
from itertools import pairwise

from kentongan_hw import HARDWARE
from kentongan_hw.kicad.sexpr import find, first, parse

# Kinds whose two ends are the same, or that are one hole or a row that the words beside it name.
EVEN = ("R", "R5W", "RSHUNT", "C", "CFILM", "FUSE", "PTC_100", "PTC_040", "TITIK", "HEADER10")
ROWS = ("TERM2", "TERM3", "TERM4")  # their places are named in [terminals]
OFF_MM = 0.45  # between a data sheet's nominal and a footprint's pad
WORD_MM = 9.0  # from a pad to its word, past the terminal's body
GLYPH = 0.85  # a letter's width by its height


@cache
def table():
    return tomllib.loads((HARDWARE / "meanings.toml").read_text(encoding="utf-8"))


def row(kind):
    """{"pins": {number: function}, ..} of a kind, or None where its ends are the same."""
    return table().get(kind)


def by_number(kind, nets):
    """{pin number: net} from {function or number: net}; ValueError for a function that the part has not."""
    pins = {function: number for number, function in (row(kind) or {"pins": {}})["pins"].items()}
    found = {}
    for name, net in nets.items():
        number = pins.get(name, name)
        if not number.isdigit():
            raise ValueError(f"{kind}: no pin is called {name}; hardware/meanings.toml has {', '.join(pins)}")
        found[number] = net
    return found


def unexplained(kinds):
    """Kinds with unlike pins that the table does not explain, with source and page."""
    return [
        f"{kind}: {key} is missing in hardware/meanings.toml"
        for kind in kinds
        if kind not in (*EVEN, *ROWS)
        for key in ("source", "page", "seen", "pins", "at", "nets")
        if not (row(kind) or {}).get(key)
    ]


# -- symbol -----------------------------------------------------------------------------------------


def symbol_faults(kind, pins, drawing):
    """Pins of KiCad's symbol that say or show something else than the data sheet."""
    meant = row(kind)
    wrong = []
    for pin in pins:
        function = meant["pins"].get(pin.number)
        word = meant.get("drawn", {}).get(pin.number, function)
        if function is not None and pin.name not in ("~", word):
            wrong.append(f"{kind}: pin {pin.number} is {function}, the symbol says {pin.name}")
    missing = set(meant["pins"]) - {pin.number for pin in pins}
    wrong += [f"{kind}: the symbol has no pin {number}" for number in sorted(missing)]
    if any(pin.name == "~" for pin in pins) and kind in SHOWN:
        place = {meant["pins"][pin.number]: (pin.x, pin.y) for pin in pins if pin.number in meant["pins"]}
        wrong += [f"{kind}: {what}" for what in SHOWN[kind](place, drawing)]
    return wrong


def _lines(drawing):
    return [[(float(p[1]), float(p[2])) for p in find(first(line, "pts"), "xy")] for line in drawing]


def _arm(place, drawing):
    """Check the relay's arm: the slanting line from COM ends beside the contact that is closed at rest."""
    for line in _lines(drawing):
        for near, far in (line[:2], line[1::-1]):
            slants = near[0] != far[0] and near[1] != far[1]
            if slants and near[0] == place["COM"][0] and abs(near[1] - place["COM"][1]) < 6:
                beside = min(("NO", "NC"), key=lambda name: abs(place[name][0] - far[0]))
                return [] if beside == "NC" else ["the arm lies on the contact called NO"]
    return ["the symbol draws no arm"]


def _arrow(place, drawing):
    """Check the optocoupler: the diode's bar is at the cathode, the filled arrow at the emitter."""
    wrong = []
    for line in _lines(drawing):
        flat = len(line) == 2 and line[0][1] == line[1][1] and line[0][0] < 0 and line[1][0] < 0
        if flat and abs(line[0][1] - place["K"][1]) > abs(line[0][1] - place["A"][1]):
            wrong.append("the diode's bar is at the pin called anode")
        head = len(line) == 4 and line[0] == line[-1] and min(x for x, _ in line) > 1
        if head and abs(line[0][1] - place["E"][1]) > abs(line[0][1] - place["C"][1]):
            wrong.append("the arrow is at the pin called collector")
    return wrong


def _plus(place, drawing):
    """Check the polarised capacitor: two short lines that cross stand beside its plus."""
    short = [line for line in _lines(drawing) if len(line) == 2]
    middles = [(sum(y for _, y in line) / 2) for line in short]
    crossing = [y for y, other in pairwise(middles) if y == other]
    if not crossing:
        return ["the symbol has no plus"]
    return [] if crossing[0] * place["+"][1] > 0 else ["the plus stands at the pin called minus"]


SHOWN = {"RELAY": _arm, "OPTO": _arrow, "CE": _plus, "CE_BIG": _plus}


# -- footprint --------------------------------------------------------------------------------------


def pads_of(tree):
    """{number: (x, y)} of a footprint, the first of pads with the same number."""
    places = {}
    for pad in find(tree, "pad"):
        at = first(pad, "at")
        places.setdefault(pad[1], (float(at[1]), float(at[2])))
    return places


def footprint_faults(kind, tree):
    """Pads that lie elsewhere than the part's pins, seen from above."""
    meant, pads = row(kind), pads_of(tree)
    x0, y0 = pads["1"]
    wrong = []
    for number, (x, y) in meant["at"].items():
        have = pads[number][0] - x0, pads[number][1] - y0
        if max(abs(have[0] - x), abs(have[1] - y)) > OFF_MM:
            wrong.append(
                f"{kind}: pad {number} ({meant['pins'].get(number, 'pin')}) lies at {have[0]:.2f} "
                f"{have[1]:.2f} from pad 1, the data sheet has {x} {y}"
            )
    if "front" in meant and _front(tree) != meant["front"]:
        wrong.append(f"{kind}: its front faces {_front(tree)}, the data sheet has it {meant['front']}")
    return wrong


def _front(tree):
    """Return the side of a row of pins where the body is thinner: a tab or round back is the other one."""
    ys = []
    for name in ("fp_line", "fp_rect", "fp_arc"):
        for shape in find(tree, name):
            if first(shape, "layer")[1] == "F.Fab":
                ys += [float(first(shape, key)[2]) for key in ("start", "mid", "end") if first(shape, key)]
    return "+y" if max(ys) < -min(ys) else "-y"


# -- drawing: the netlist that KiCad makes of it -------------------------------------------------------


def carried(tree, circuit):
    """{(ref, pin): net} of KiCad's netlist; its own names give way to what most of a net's pins bear."""
    said = {(part.ref, number): net for part in circuit.parts() for number, net in part.nets.items() if net}
    found = {}
    for net in find(first(tree, "nets"), "net"):
        pins = [(first(node, "ref")[1], first(node, "pin")[1]) for node in find(net, "node")]
        votes = Counter(said[pin] for pin in pins if pin in said)
        found.update(dict.fromkeys(pins, votes.most_common(1)[0][0] if votes else ""))
    return found


def net_faults(circuit, nets):
    """Functions on nets that no such function may carry. `nets`: {(ref, pin): net}."""
    wrong = []
    for part in circuit.parts():
        names = table()["terminals"].get(circuit.name, {}).get(part.ref)
        meant = row(part.kind)
        for number in part.nets:
            net = nets.get((part.ref, number), "")
            if names:
                function, allowed = names[int(number) - 1], table()["words"]
            elif meant and number in meant["pins"]:
                function, allowed = meant["pins"][number], meant["nets"]
            else:
                continue
            if function in allowed and part.nets[number] and not re.fullmatch(allowed[function], net):
                wrong.append(f"{part.ref}: {function} carries {net or 'nothing'}, not {allowed[function]}")
    return wrong


def unnamed(circuit):
    """Terminals whose places have no names, or too few."""
    names = table()["terminals"].get(circuit.name, {})
    return [
        part.ref
        for part in circuit.parts()
        if part.kind in ROWS and len(names.get(part.ref, ())) != len(part.nets)
    ]


# -- the words beside the terminals ------------------------------------------------------------------


def board_pads(text, refs):
    """{(ref, pin): (x, y)} of a board file, from its upper left corner."""
    tree = parse(text)
    edge = [line for line in find(tree, "gr_line") if first(line, "layer")[1] == "Edge.Cuts"]
    left = min(float(first(line, key)[1]) for line in edge for key in ("start", "end"))
    top = min(float(first(line, key)[2]) for line in edge for key in ("start", "end"))
    found = {}
    for item in find(tree, "footprint"):
        ref = next(p[2] for p in find(item, "property") if p[1] == "Reference")
        if ref in refs:
            at = [float(v) for v in first(item, "at")[1:]] + [0.0]
            for number, (x, y) in pads_of(item).items():
                px, py = turned(x, y, at[2])
                found[ref, number] = at[0] + px - left, at[1] + py - top
    return found


def turned(x, y, degrees):
    """Return a place of a footprint turned against the clock, y downwards; quarter turns only."""
    for _ in range(round(degrees / 90) % 4):
        x, y = y, -x
    return x, y


def spoken(labels):
    """[(word, x, y)] of the layout's labels, each word of a line where it stands."""
    found = []
    for words, x, y, size, _ in labels:
        start = x - len(words) * size * GLYPH / 2
        for match in re.finditer(r"\S+", words):
            found.append((match[0], start + (match.start() + match.end()) / 2 * size * GLYPH, y))
    return found


def word_faults(circuit, labels, pads):
    """Places of terminals beside which another place's word stands."""
    wrong = []
    words = spoken(labels)
    for ref, names in table()["terminals"][circuit.name].items():
        if len(set(names)) == 1 or circuit.part(ref).kind not in ROWS:
            continue
        between = ref in table()["between"].get(circuit.name, ())
        for number, name in enumerate(names, 1):
            if between and name == "GND":
                continue
            x, y = pads[ref, str(number)]
            near = [(((wx - x) ** 2 + (wy - y) ** 2) ** 0.5, word) for word, wx, wy in words if word in names]
            distance, word = min(near, default=(99.0, "nothing"))
            if word != name or distance > WORD_MM:
                wrong.append(f"{ref}: beside place {number} ({name}) stands {word} at {distance:.1f} mm")
    return wrong
