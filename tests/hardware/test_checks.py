"""The table of checks in hardware/README.md: every check has its seeded fault, and none is forgotten."""

import re
from pathlib import Path

from kentongan_hw import HARDWARE

FOLDER = Path(__file__).parent
FAULT = "test_seeded_fault_"
# Words of the checks that the hardware must never lose.
ASKED = (
    "committed files are what the source makes",
    "erc drc and parity",
    "kicks back has its diode",
    "gate is held low",
    "strapping",
    "carry their current",
    "footprints have the pads",
    "every layer",
    "pick list",
    "parts list names every part",
    "can be bought",
    "fit and every part prints",
    "brown out",
    "reversed battery",
    "surge",
    "divider",
    "180 and 260 s",
    "pins of the source",
    "those of the parameters",
    "devices own code",
)


def table(text):
    """[(file, [check test], [fault test])]"""
    body = re.search(r"<!-- checks -->\n(.*?)<!-- /checks -->", text, re.DOTALL).group(1)
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in body.splitlines()[2:]]

    def names(prefix, sentences):
        return [prefix + one.strip().replace(" ", "_") for one in sentences.split(";") if one.strip()]

    return [(file, names("test_", check), names(FAULT, fault)) for file, check, fault in cells]


def written():
    """{file: {test: its text}} of this folder and its rooms."""
    found = {}
    for path in FOLDER.rglob("test_*.py"):
        parts = re.split(r"^def (?=test_)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
        found[path.stem.removeprefix("test_")] = {part.split("(")[0]: part for part in parts}
    return found


def faults_of(rows, tests):
    """List the table's faults as sentences."""
    wrong = [
        f"{file}: no {name}"
        for file, checks, faults in rows
        for name in checks + faults
        if name not in tests.get(file, {})
    ]
    listed = {(file, name) for file, _, faults in rows for name in faults}
    wrong += [
        f"{file}: {name} is not in the table"
        for file, found in tests.items()
        for name in found
        if name.startswith(FAULT) and (file, name) not in listed
    ]
    wrong += [
        f"{file}: {name} has no fault"
        for file, checks, faults in rows
        if not faults
        for name in checks
        if not re.search(r"seeded fault|without", tests.get(file, {}).get(name, ""))
    ]
    words = " ".join(name for _, checks, _ in rows for name in checks).replace("_", " ")
    return wrong + [f"no check says: {asked}" for asked in ASKED if asked not in words]


def test_every_check_of_the_table_exists_and_has_its_seeded_fault():
    rows = table((HARDWARE / "README.md").read_text(encoding="utf-8"))
    assert len(rows) > 50
    assert faults_of(rows, written()) == []


def test_a_check_without_a_fault_and_a_fault_without_a_row_are_told():
    text = (HARDWARE / "README.md").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if "the gerbers have every layer" in line)
    cells = row.split("|")
    said = faults_of(table(text.replace(row, "|".join([*cells[:3], "  ", ""]))), written())
    assert said == [
        "products: test_seeded_fault_a_layer_that_is_gone_or_empty_is_seen is not in the table",
        "products: test_the_gerbers_have_every_layer_and_the_drill_file has no fault",
    ]
    said = faults_of(table(text.replace(row + "\n", "")), written())
    assert "no check says: every layer" in said and any("is not in the table" in one for one in said)
    assert "circuit: no test_every_gate_is_held_high" in faults_of(
        table(text.replace("every gate is held low", "every gate is held high")), written()
    )
