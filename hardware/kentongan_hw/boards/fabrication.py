"""Fabrication files, read back: gerbers by layer, the pick list, the names on the silk.

Each function returns what is wrong, as sentences, or what to compare; an empty list is good.
"""

import csv
import io
import re
import zipfile

from kentongan_hw.kicad.sexpr import find, first, parse

LAYERS = {
    "F_Cu": "top copper",
    "B_Cu": "bottom copper",
    "F_Mask": "top mask",
    "B_Mask": "bottom mask",
    "F_Paste": "top paste",
    "F_Silk": "silk",
    "Edge_Cuts": "outline",
    ".drl": "drill",
}
# Date and version lines of KiCad: the only ones that differ between two exports of one board.
STAMP = re.compile(r"CreationDate|GenerationSoftware|Created by KiCad|DRILL file \{KiCad|\"Version\":")
DRAWN = re.compile(r"^X-?[\d.]+Y", re.MULTILINE)  # a move, line, flash or hole


def layers(archive) -> dict:
    """{file name: text without its date lines} of a zip of gerbers, a path or an open file."""
    with zipfile.ZipFile(archive) as opened:
        texts = {name: opened.read(name).decode() for name in opened.namelist()}
    return {
        name: "\n".join(row for row in text.splitlines() if not STAMP.search(row))
        for name, text in texts.items()
    }


def lacking(found) -> list:
    """Layers that a two-sided board needs and that are not there, or have nothing on them."""
    wrong = []
    for word, what in LAYERS.items():
        texts = [text for name, text in found.items() if word in name]
        if len(texts) != 1:
            wrong.append(f"{what} ({word}): {len(texts)} files, not one")
        elif not DRAWN.search(texts[0]):
            wrong.append(f"{what} ({word}): nothing is drawn on it")
    return wrong


def differing(one, other) -> list:
    """List the names whose text is not the same in both, or that only one of the two {name: text} has."""
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))


def misplaced(text, circuit) -> list:
    """List what differs between pick list and circuit: every part once, with its value, and no hole."""
    rows = list(csv.DictReader(io.StringIO(text)))
    refs = [row["Ref"] for row in rows]
    parts = {part.ref: part for part in circuit.parts() if part.kind != "TITIK"}  # a bare hole
    wrong = [f"{ref}: not in the list" for ref in sorted(set(parts) - set(refs))]
    wrong += [f"{ref}: no part to place" for ref in sorted(set(refs) - set(parts))]
    wrong += [f"{ref}: listed twice" for ref in sorted(set(refs)) if refs.count(ref) > 1]
    return wrong + [
        f"{row['Ref']}: {row['Val']}, not {parts[row['Ref']].value}"
        for row in rows
        if row["Ref"] in parts and row["Val"] != parts[row["Ref"]].value
    ]


def nameless(board_text) -> list:
    """References that do not stand on the silk of a .kicad_pcb; screw holes need none."""
    wrong = []
    for footprint in find(parse(board_text), "footprint"):
        name = next(p for p in find(footprint, "property") if p[1] == "Reference")
        hidden = first(name, "hide")
        if not str(name[2]).startswith("H") and (
            hidden is not None and hidden[1] == "yes" or first(name, "layer")[1] != "F.SilkS"
        ):
            wrong.append(str(name[2]))
    return wrong


def revision(board_text) -> str:
    """Return the revision in the board's title block; "" when it has none."""
    block = first(parse(board_text), "title_block")
    rev = first(block, "rev") if block else None
    return str(rev[1]) if rev else ""
