"""Products of the boards: gerbers, pick list, parts list, drawing; each with a fault it must catch."""

import copy
import re
import shutil
import subprocess

import pytest
from conftest import require
from kentongan_hw import HARDWARE, build
from kentongan_hw.__main__ import CARRIERS
from kentongan_hw.boards import fabrication

REMEDY = "run: make hardware-files"


@pytest.fixture(params=CARRIERS)
def node(request):
    return request.param


def committed(node, ending):
    return HARDWARE / node / "files" / f"{node}{ending}"


def text_of(node, ending):
    return committed(node, ending).read_text(encoding="utf-8")


def test_pictures_and_gerbers_were_made_from_the_committed_board(node):
    assert text_of(node, "-dari.sha256") == build.digest(HARDWARE / node / "files", node), REMEDY


def test_seeded_fault_a_board_changed_after_its_pictures_is_seen(node, tmp_path):
    for ending in build.SOURCES:
        shutil.copy(committed(node, ending), tmp_path)
    board = tmp_path / f"{node}.kicad_pcb"
    board.write_text(board.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert text_of(node, "-dari.sha256") != build.digest(tmp_path, node)


# -- gerbers ----------------------------------------------------------------------------------------


def test_the_gerbers_have_every_layer_and_the_drill_file(node):
    assert fabrication.lacking(fabrication.layers(committed(node, "-gerber.zip"))) == []


@pytest.mark.parametrize("word", fabrication.LAYERS)
def test_seeded_fault_a_layer_that_is_gone_or_empty_is_seen(word):
    found = fabrication.layers(committed("siren", "-gerber.zip"))
    (name,) = (name for name in found if word in name)
    gone = {other: text for other, text in found.items() if other != name}
    empty = {**found, name: "\n".join(row for row in found[name].splitlines() if not row.startswith("X"))}
    assert [line for line in fabrication.lacking(gone) if "0 files" in line and word in line]
    assert [line for line in fabrication.lacking(empty) if "nothing is drawn" in line and word in line]


@pytest.fixture(scope="module")
def exported(built, tmp_path_factory):
    """exported(node, change): {gerber: text} and pick list of the board made anew; its text changed."""

    def export(node, change=None):
        folder = tmp_path_factory.mktemp(node)
        for path in (*built(node).glob(f"{node}.*"), *built(node).glob("*-lib-table")):
            shutil.copy(path, folder)
        board = folder / f"{node}.kicad_pcb"
        if change:
            text = board.read_text(encoding="utf-8")
            assert change(text) != text
            board.write_text(change(text), encoding="utf-8")
        build.gerbers(folder, node)
        build.places(folder, node)
        return (
            fabrication.layers(folder / f"{node}-gerber.zip"),
            (folder / f"{node}-letak.csv").read_text(encoding="utf-8"),
        )

    return export


def test_the_committed_gerbers_and_pick_list_are_the_boards(exported, node):
    made, places = exported(node)
    assert fabrication.differing(made, fabrication.layers(committed(node, "-gerber.zip"))) == [], REMEDY
    assert places == text_of(node, "-letak.csv"), REMEDY


def test_seeded_fault_a_track_and_a_part_that_moved_after_the_export_are_seen(exported):
    def move(text):
        part = re.search(r'\(footprint "[^"]*R_Axial.*?\(at ([\d.]+) ', text, re.DOTALL)
        track = re.search(r"\(segment\s+\(start ([\d.]+) ", text)
        for at in sorted((part.span(1), track.span(1)), reverse=True):
            text = f"{text[: at[0]]}{float(text[slice(*at)]) + 0.5:.3f}{text[at[1] :]}"
        return text

    made, places = exported("button", move)
    stale = fabrication.differing(made, fabrication.layers(committed("button", "-gerber.zip")))
    assert any("Cu" in name for name in stale) and any(".drl" in name for name in stale)
    assert places != text_of("button", "-letak.csv")


# -- pick list, parts list, silk --------------------------------------------------------------------


def test_the_pick_list_places_every_part_on_the_board(node):
    assert fabrication.misplaced(text_of(node, "-letak.csv"), build.circuit_of(node)) == []


def test_seeded_fault_a_part_too_few_too_many_twice_or_of_another_value_is_seen():
    text, circuit = text_of("siren", "-letak.csv"), build.circuit_of("siren")
    row = next(line for line in text.splitlines() if line.startswith('"R10"'))
    assert fabrication.misplaced(text.replace(row + "\n", ""), circuit) == ["R10: not in the list"]
    hole = row.replace("R10", "TP1")
    assert fabrication.misplaced(text + hole + "\n", circuit) == ["TP1: no part to place"]
    assert fabrication.misplaced(text + row + "\n", circuit) == ["R10: listed twice"]
    other = row.replace(f'"{circuit.part("R10").value}"', '"1k5"')
    (said,) = fabrication.misplaced(text.replace(row, other), circuit)
    assert said == f"R10: 1k5, not {circuit.part('R10').value}"


def test_the_parts_list_is_what_the_circuit_says(node):
    assert text_of(node, "-bom.csv") == build.bom(build.circuit_of(node)), REMEDY


def unlisted(text, circuit):
    listed = {ref for line in text.splitlines()[1:] for ref in line.replace(",", " ").split()}
    return sorted({part.ref for part in circuit.parts()} - listed)


def test_the_parts_list_names_every_part(node):
    assert unlisted(text_of(node, "-bom.csv"), build.circuit_of(node)) == []


def test_seeded_fault_a_part_of_another_value_or_none_at_all_is_seen_in_the_parts_list(node):
    text, circuit = text_of(node, "-bom.csv"), build.circuit_of(node)
    lines = text.splitlines(keepends=True)
    row = next(line for line in lines if " R1 " in line.replace(",", " "))
    assert "R1" in unlisted("".join(line for line in lines if line != row), circuit)
    circuit.part("R1").value = "3k3"
    assert text != build.bom(circuit)


def test_every_reference_and_the_revision_stand_on_the_board(node):
    text = text_of(node, ".kicad_pcb")
    assert fabrication.nameless(text) == []
    assert fabrication.revision(text) == build.circuit_of(node).revision


def test_seeded_fault_a_hidden_reference_and_a_board_without_revision_are_seen():
    text = text_of("button", ".kicad_pcb")
    hidden = re.sub(r'(\(property "Reference" "C3"\s)', r"\1(hide yes)", text)
    assert fabrication.nameless(hidden) == ["C3"]
    assert fabrication.revision(text.replace('(rev "B")', "")) == ""


# -- the drawing ------------------------------------------------------------------------------------


def sheet_faults(path, circuit):
    """List what the printed drawing lacks: one A3 page, revision, and who built it."""

    def said(*command):
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    size, words = said("pdfinfo", path), " ".join(said("pdftotext", "-layout", path, "-").split())
    needed = (f"Rev: {circuit.revision}", "nobody yet", circuit.title)
    wrong = [f"{what} is not on the sheet" for what in needed if what not in words]
    if not re.search(r"Pages:\s+1\n", size) or "(A3)" not in size:
        wrong.append("not one A3 page")
    return wrong + [
        f"{part.ref}: not drawn" for part in circuit.parts() if not re.search(rf"\b{part.ref}[A-D]?\b", words)
    ]


def test_the_printed_drawing_is_one_a3_page_with_revision_and_every_part(node):
    require(shutil.which("pdftotext"), "pdftotext", "apt-get install poppler-utils")
    assert sheet_faults(committed(node, "-skema.pdf"), build.circuit_of(node)) == []


def test_seeded_fault_a_drawing_of_another_revision_or_circuit_is_seen():
    require(shutil.which("pdftotext"), "pdftotext", "apt-get install poppler-utils")
    circuit = copy.copy(build.circuit_of("button"))
    circuit.revision = "Z"
    assert sheet_faults(committed("button", "-skema.pdf"), circuit) == ["Rev: Z is not on the sheet"]
    assert any(
        "not drawn" in line
        for line in sheet_faults(committed("button", "-skema.pdf"), build.circuit_of("siren"))
    )
