"""Bodies for the 3D picture and the fit: closed prisms, as high as parts.toml says."""

import csv
import re

import pytest
from kentongan_hw import HARDWARE, build
from kentongan_hw.__main__ import CARRIERS
from kentongan_hw.boards import solids
from kentongan_hw.enclosure import dimensions, parameters
from kentongan_hw.parts.circuit import catalogue

BODY, PADS = (-5.0, -2.0, 5.0, 2.0), [(-6.35, 0.0), (6.35, 0.0)]


@pytest.mark.parametrize("kind", sorted(set(catalogue()) - set(solids.NO_BODY)))
def test_a_body_is_as_high_as_its_part(kind):
    body = (-13.0, -25.2, 13.0, 25.2) if kind == "HELTEC" else BODY
    prisms = solids.of_part(kind, body, PADS, catalogue()[kind]["height"])
    assert max(prism.z1 for prism in prisms) == pytest.approx(catalogue()[kind]["height"], abs=0.31)
    for prism in prisms:
        turn = sum(
            x0 * y1 - x1 * y0
            for (x0, y0), (x1, y1) in zip(prism.corners, prism.corners[1:] + prism.corners[:1], strict=True)
        )
        assert turn > 0 and prism.z1 > prism.z0, "corners go against the clock"


def test_step_names_every_entity_that_it_refers_to_and_closes_every_edge():
    text = solids.step(
        "dua", [solids.box(0, 0, 2, 1, 0, 3, solids.RED), solids.drum(5, 5, 1, 0, 2, solids.BLUE)]
    )
    known = set(re.findall(r"^(#\d+)=", text, re.MULTILINE))
    assert set(re.findall(r"#\d+", text)) == known
    senses = re.findall(r"ORIENTED_EDGE\('',\*,\*,(#\d+),(\.[TF]\.)\)", text)
    edges = {edge for edge, _ in senses}
    assert len(edges) == 12 + 3 * solids.SIDES
    assert len(senses) == len(set(senses)) == 2 * len(edges), "each edge once in each direction"


@pytest.mark.parametrize("node", CARRIERS)
def test_the_list_of_bodies_has_every_part_that_stands_on_the_board(node):
    with (HARDWARE / node / "files" / f"{node}-badan.csv").open(encoding="utf-8") as file:
        rows = {row["ref"]: row for row in csv.DictReader(file)}
    parts = [part for part in build.circuit_of(node).parts() if part.kind not in solids.NO_BODY]
    assert {part.ref for part in parts} == set(rows)
    width, height = parameters.load(node).board.size
    for part in parts:
        row = {key: float(rows[part.ref][key]) for key in "xywhz"}
        assert row["z"] == part.row["height"]
        assert abs(row["x"]) + row["w"] / 2 <= width / 2 and abs(row["y"]) + row["h"] / 2 <= height / 2


@pytest.mark.parametrize("node", parameters.NODES)
def test_the_dimensioned_drawings_are_those_of_the_parameters(node):
    box = parameters.load(node)
    sheets = dimensions.sheets(box)
    for name, text in sheets.items():
        assert (HARDWARE / node / "files" / name).read_text(encoding="utf-8") == text, "run: make boxes"
        assert "nobody yet" in text
    drawn = "".join(sheets.values())
    assert all(dimensions.number(hole.diameter) in drawn and hole.what in drawn for hole in box.holes)


def test_seeded_fault_a_larger_hole_makes_the_drawing_stale():
    box = parameters.load("button")
    other = box._replace(holes=[box.holes[0]._replace(diameter=28.4), *box.holes[1:]])
    assert dimensions.sheets(box)["tutup-ukuran.svg"] != dimensions.sheets(other)["tutup-ukuran.svg"]


@pytest.mark.parametrize("node", parameters.NODES)
def test_every_row_below_the_faces_ends_on_the_sheet(node):
    for name, text in dimensions.sheets(parameters.load(node)).items():
        width = int(re.search(r'width="(\d+)mm"', text)[1])
        rows = re.findall(r'<text x="22.00"[^>]*>([^<]*)<', text)
        assert len(rows) > 4 and all(22 + dimensions.LETTER * len(row) < width for row in rows), name


def too_large(box):
    """Sheets that A3 does not hold, on either side."""
    wrong = []
    for name, text in dimensions.sheets(box).items():
        size = map(int, re.search(r'width="(\d+)mm" height="(\d+)mm"', text).groups())
        if any(mm > most for mm, most in zip(sorted(size), sorted(dimensions.A3), strict=True)):
            wrong.append(name)
    return wrong


@pytest.mark.parametrize("node", parameters.NODES)
def test_every_dimensioned_sheet_prints_at_1_to_1_on_a3(node):
    assert too_large(parameters.load(node)) == []


def test_seeded_fault_a_sheet_wider_than_the_paper_is_seen(monkeypatch):
    box = parameters.load("gateway")
    many = dimensions.sheet(box, "sisi", ["bottom", "top", "right", "left", "bottom", "top"])
    monkeypatch.setattr(dimensions, "sheets", lambda _: {"sisi-ukuran.svg": many})
    assert too_large(box) == ["sisi-ukuran.svg"]
