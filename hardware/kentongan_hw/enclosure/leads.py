"""Cables and holes: what leaves a box has a hole of its own, what a hole says goes through it, and it fits.

A hole's `leads` name cables and parts of the wiring sheets as sheet.name; `outside` of the box names the
parts that stand elsewhere. Reads the sheets as text: needs neither WireViz nor build123d.
"""

import re
from collections import namedtuple

from kentongan_hw.drawing import wiring
from kentongan_hw.parts import bought

# cores: how many wires; gauge: of one of them, as the sheet writes it; ends: the parts it joins
Cable = namedtuple("Cable", "name cores gauge ends")
Bend = namedtuple("Bend", "long thick")
SHEETS = {
    "button": ("tombol", "penerima"),
    "siren": ("sirene",),
    "repeater": ("penerus", "penerus-adaptor"),
    "gateway": ("gateway",),
}


def parts_of(text):
    """Names of a sheet's parts."""
    return set(re.findall(r"^  (\w+): \{type.*?pinlabels", text.split("cables:")[0], re.MULTILINE))


def cables_of(text):
    """{name: Cable} of a sheet."""
    found = {}
    body = text.split("cables:")[1]
    for name, row in re.findall(r"^  (K\d+): \{(.*)\}$", body, re.MULTILINE):
        colors = re.search(r"colors: \[(.*?)\]", row)
        gauge = re.search(r"gauge: ([\d.]+ AWG|[\d.]+)", row)
        kind = (
            gauge[1] if gauge else "pigtail" if "Pigtail" in row else "LAN" if "jaringan" in row else "coax"
        )
        cores = len(colors[1].split(",")) if colors else 1
        ends = set()
        for line in re.findall(rf"^  - \[(.*\b{name}: .*)\]$", body, re.MULTILINE):
            ends |= set(re.findall(r"(\w+): \[", line)) - {name}
        found[name] = Cable(name, cores, kind, frozenset(ends))
    return found


def crossing(text, outside):
    """{name: Cable} of the cables that have one end in the box and another outside."""
    return {
        name: cable
        for name, cable in cables_of(text).items()
        if cable.ends & outside and cable.ends - outside
    }


def known(lead):
    """(sheet, name, Cable or None) of a lead; ValueError for one that no sheet has."""
    sheet, _, name = lead.partition(".")
    text = wiring.source(sheet) if sheet in wiring.SHEETS else ""
    if name in parts_of(text):
        return sheet, name, None
    if text and name in cables_of(text):
        return sheet, name, cables_of(text)[name]
    raise ValueError(f"{lead}: no wiring sheet has such a cable or part")


def bend(hole):
    """Return the room behind a gland in which its thickest cable turns, cores apart; None without one."""
    thick = long = 0.0
    for lead in hole.leads:
        _, _, cable = known(lead)
        if cable:
            core = bought.table()["cores"].get(cable.gauge)
            if core is None:
                continue
            long, thick = max(long, bought.bend_mm(cable.gauge)), max(thick, min(cable.cores, 2) * core)
    return Bend(long, thick) if long else None


def faults(box, sheets=None):
    """Return sentences about each lead that a builder could not lay."""
    sheets = {name: wiring.source(name) for name in SHEETS[box.node]} if sheets is None else sheets
    outside, wrong, taken = set(box.outside), [], {}
    holes = [(hole.what, hole) for hole in box.holes] + [("saklar tutup", seat) for seat in box.seats]
    for what, hole in holes:
        if not hole.leads and not getattr(hole, "vent", False):
            wrong.append(f"{what}: no cable and no part belongs to this hole")
        for lead in hole.leads:
            taken.setdefault(lead, []).append(what)
            sheet, _, name = lead.partition(".")
            if sheet not in sheets or not (
                name in parts_of(sheets[sheet]) or name in cables_of(sheets[sheet])
            ):
                wrong.append(f"{what}: no sheet of this box has {lead}")
                continue
            cable = cables_of(sheets[sheet]).get(name)
            if cable and getattr(hole, "buy", ""):
                wrong += fits(what, hole, lead, cable)
    for sheet, text in sheets.items():
        wrong += [
            f"{sheet}.{name}: leaves the box without a hole"
            for name in crossing(text, outside)
            if f"{sheet}.{name}" not in taken
        ]
        wrong += [
            f"{sheet}.{name}: its part has no seat in the box"
            for name in parts_of(text)
            if name in PANEL and name not in outside and f"{sheet}.{name}" not in taken
        ]
        wrong += terminal_faults(sheet, text)
    return wrong + [
        f"{lead}: named by {' and '.join(names)}" for lead, names in taken.items() if len(names) > 1
    ]


PANEL = (
    "Besar",
    "Datang",
    "Diam",
    "Lampu",
    "Tutup",
    "Kunci",
)  # parts of the sheets that a hand or an eye reaches


def fits(what, hole, lead, cable):
    """List a cable that is thinner or thicker than what its gland seals."""
    seals = bought.part(hole.buy).get("range")
    if not seals or cable.gauge == "coax":
        return []
    outer = bought.outer_mm(cable.cores, cable.gauge)
    if seals[0] <= outer <= seals[1]:
        return []
    return [
        f"{what}: {lead} is {outer} mm thick, {bought.part(hole.buy)['what']} seals {seals[0]} to {seals[1]}"
    ]


def terminal_faults(sheet, text):
    """Cores too thick for the terminal on the carrier that they go to."""
    terminal = bought.part("terminal-papan")
    most = terminal["mm2"]
    return [
        f"{sheet}.{name}: {cable.gauge} mm2 does not go into {terminal['what']}, which takes {most}"
        for name, cable in cables_of(text).items()
        if "Papan" in cable.ends and re.fullmatch(r"[\d.]+", cable.gauge) and float(cable.gauge) > most
    ]
