"""A circuit as data: parts with their nets, grouped in the blocks of the drawing. Nothing here draws."""

import tomllib
from collections import namedtuple
from functools import cache

from kentongan_hw import HARDWARE
from kentongan_hw.parts import meanings

Rule = namedtuple("Rule", "width clearance")  # of a net's tracks, in mm
SIGNAL = Rule(0.4, 0.25)  # of nets that the layout does not name
POWER = ("GND", "+3V3", "+5V", "V12", "VRAW", "VBAT")  # drawn as power symbols, not as wires


@cache
def catalogue():
    """parts.toml: kind -> symbol, footprint, what, typical, alternates, price_idr, ratings."""
    return tomllib.loads((HARDWARE / "parts.toml").read_text(encoding="utf-8"))


class Part:
    """One part. `nets`: {function or pin number: net, None for an open pin}, kept by number; `at`: (x, y) in
    2.54 mm of its block."""

    def __init__(self, ref, kind, value, nets, at, rot=0, units=None, variant="", mirror=False):
        self.ref, self.kind, self.value = ref, kind, value
        self.nets = meanings.by_number(kind, nets)
        self.places = units or [(1, at, rot)]  # (unit, at, rot)
        self.variant = variant
        self.mirror = mirror
        row = catalogue()[kind]
        self.symbol, self.footprint = row["symbol"], row.get("footprint", "")
        self.row = row


class Block:
    """A framed group of the drawing: title, corner and size in mm, notes under the title."""

    def __init__(self, title, at, size, notes=()):
        self.title, self.at, self.size, self.notes = title, at, size, notes
        self.parts = []

    def add(self, ref, kind, value, nets, at, rot=0, **more):
        """`nets`: "net net ..." in the order of the pin numbers 1, 2, .., or {function: net}; `-` is open."""
        if isinstance(nets, str):
            nets = {str(i): None if net == "-" else net for i, net in enumerate(nets.split(), 1)}
        self.parts.append(Part(ref, kind, value, nets, at, rot, **more))


class Circuit:
    def __init__(self, name, title, revision, labels):
        self.name, self.title, self.revision, self.labels = name, title, revision, labels
        self.blocks = []
        self.flags = {}  # {net: place in the first block} of nets that are fed from outside
        self.volts = {}  # {net: V} at worst, in a clamped surge
        self.loads = {}  # {net: A} that its copper and its parts must carry
        self.steady_v = 0.0  # the most that stands on a supply for hours

    def block(self, *args, **kwargs):
        self.blocks.append(Block(*args, **kwargs))
        return self.blocks[-1]

    def parts(self):
        return [part for block in self.blocks for part in block.parts]

    def part(self, ref):
        return next(part for part in self.parts() if part.ref == ref)

    def nets(self):
        """{net: {(ref, pin)}}"""
        nets = {}
        for part in self.parts():
            for pin, net in part.nets.items():
                if net is not None:
                    nets.setdefault(net, set()).add((part.ref, pin))
        return nets
