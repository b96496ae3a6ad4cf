"""Boxes: what the parameters refuse, and that board, keys and cables fit into what is printed."""

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from kentongan_hw import ROOT
from kentongan_hw.__main__ import CARRIERS
from kentongan_hw.enclosure import dimensions, parameters
from kits.patience import PATIENCE_S

CAD = ROOT / "build/cad/bin/python"


def cad(require, *args):
    """Standard output of `python -m kentongan_hw.enclosure` in the environment that has build123d."""
    require(CAD.exists(), "build123d", "run: make cad")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "hardware")}
    done = subprocess.run(
        [CAD, "-m", "kentongan_hw.enclosure", *map(str, args)],
        cwd=ROOT,
        env=environment,
        timeout=PATIENCE_S,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def source(node):
    return parameters.path(node).read_text(encoding="utf-8")


def spoilt(tmp_path, node, old, new):
    """A copy of the node's file with one thing changed."""
    text = source(node)
    assert text.count(old) >= 1
    file = tmp_path / f"{node}.toml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return file


@pytest.mark.parametrize("node", parameters.NODES)
def test_every_node_has_a_box_that_says_who_built_it(node):
    box = parameters.load(node)
    assert box.built_by == "nobody yet" and box.mount in parameters.MOUNTS
    assert any("kasa serangga" in hole.what and hole.vent for hole in box.holes)
    glands = [hole for hole in box.holes if "gland" in hole.what or "antena" in hole.what]
    assert glands and all(hole.side == "bottom" for hole in glands), "cables enter from below: rain does not"


@pytest.mark.parametrize(
    "old, new, complaint",
    [
        ("wall = 2.4", "wall = 1.2", "at least 2.0 mm"),
        ("wall = 2.4", "walls = 2.4", "unknown or missing wall, walls"),
        ("inner = [94, 172, 58]", "inner = [94, 256, 52]", "do not fit a printer"),
        ('mount = "wall"', 'mount = "roof"', "mount is one of wall, pole"),
        ("at = [0, 34.5]", "at = [35, 34.5]", "to the edge of its side"),
        ("at = [0, -18]", "at = [0, 20]", "overlaps"),
        ('side = "right"', 'side = "east"', "side is one of"),
        ("sekrup-m3x6", "sekrup-m3x16", "it bottoms and clamps nothing"),
        ("sekrup-m3x6", "sekrup-m3x60", "no such class in hardware/bought.toml"),
        ("standoff = 6", "standoff = 4", "it bottoms and clamps nothing"),
        ('buy = "tombol-22"', 'buy = "tombol-22"\ndepth = 30', "depth comes from hardware/bought.toml"),
    ],
)
def test_seeded_fault_a_box_that_makes_no_sense_is_refused_with_the_place(old, new, complaint, tmp_path):
    file = spoilt(tmp_path, "button", old, new)
    with pytest.raises(parameters.BoxError, match="button/enclosure.toml") as refused:
        parameters.parse("button", tomllib.loads(file.read_text(encoding="utf-8")))
    assert complaint in str(refused.value)


@pytest.mark.parametrize(
    "name, millimetres", [("tombol-22", "22,4"), ("tombol-arcade-24", "24,4"), ("tombol-arcade-28", "28,4")]
)
def test_the_hole_of_the_big_button_is_that_of_the_part_that_is_bought(name, millimetres, tmp_path):
    """22 mm class, and both arcade sizes: the class alone changes, and the drawing with it."""
    file = spoilt(tmp_path, "button", '"tombol-22"', f'"{name}"')
    box = parameters.parse("button", tomllib.loads(file.read_text(encoding="utf-8")))
    drawn = dimensions.sheets(box)["tutup-ukuran.svg"]
    assert f"tombol besar: diameter {millimetres}" in drawn


def test_seeded_fault_a_lid_without_a_drip_edge_is_told():
    box = parameters.load("siren")
    x, y, _ = (mm / 2 + 3 for mm in parameters.outer(box))
    rim, top = box.inner[2], box.inner[2] + box.lid
    assert parameters.sheds_rain(box, (-x, -y, rim - 8), (x, y, top)) == ""
    assert "0.0 mm below" in parameters.sheds_rain(box, (-x, -y, rim), (x, y, top))
    assert "every side" in parameters.sheds_rain(box, (-x, -y, rim - 8), (x, y - 4, top))


@pytest.fixture(scope="module")
def judged(require, tmp_path_factory):
    """Return the faults of the project's boxes and of three spoilt ones, by file; build123d loads once.

    The spoilt ones: a key above the board, where rev A had it, a lid that its groove nearly cuts through, a
    board so near to the wall that nuts have no room.
    """
    folder = tmp_path_factory.mktemp("spoilt")
    spoilt(folder, "button", "at = [0, 34.5]", "at = [0, 14]")
    spoilt(folder, "siren", "at = [0, 4]", "at = [0, -10]")
    spoilt(folder, "repeater", "lid = 3.0", "lid = 2.0")
    files = [f"{path.stem}={path}" for path in sorted(folder.glob("*.toml"))]
    files += [f"{node}={parameters.path(node)}" for node in parameters.NODES]
    return folder, json.loads(cad(require, "check", *files))


def test_boards_and_keys_fit_and_every_part_prints(judged):
    found = {node: judged[1][str(parameters.path(node))] for node in parameters.NODES}
    assert len(found) == len(list((ROOT / "hardware").glob("*/enclosure.toml")))
    assert not {name: one for name, one in found.items() if any(one.values())}


def test_seeded_fault_a_key_in_the_board_and_a_thin_lid_are_seen(judged):
    folder, found = judged
    assert any("tombol besar" in clash for clash in found[str(folder / "button.toml")]["clashes"])
    assert any("tutup" in part for part in found[str(folder / "repeater.toml")]["thin"])


def test_seeded_fault_a_box_without_room_for_the_nuts_of_its_glands_is_seen(judged):
    folder, found = judged
    clashes = found[str(folder / "siren.toml")]["clashes"]
    assert any("gland" in clash and "papan" in clash for clash in clashes)


def test_seeded_fault_a_surface_with_a_hole_in_it_is_told(require, tmp_path):
    """A tetrahedron that lacks one of its four faces."""
    corners = [(0, 0, 0), (10, 0, 0), (0, 10, 0), (0, 0, 10)]

    def stl(faces):
        lines = ["solid t"]
        for face in faces:
            points = "".join(f"vertex {x} {y} {z}\n" for x, y, z in (corners[i] for i in face))
            lines.append(f"facet normal 0 0 0\nouter loop\n{points}endloop\nendfacet")
        return "\n".join([*lines, "endsolid t\n"])

    whole = [(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)]
    closed, open_ = tmp_path / "closed.stl", tmp_path / "open.stl"
    closed.write_text(stl(whole))
    open_.write_text(stl(whole[:3]))
    assert json.loads(cad(require, "leaks", closed, open_)) == {
        str(closed): "",
        str(open_): "surface is open",
    }


def test_the_drawings_are_those_of_the_parameters(require, tmp_path):
    """Written again they do not change; each says its size and that nobody has built it."""
    drawn = [
        path for view in ("depan", "belakang") for path in (ROOT / "hardware").glob(f"*/files/*-{view}.svg")
    ]
    before = {path: path.read_text(encoding="utf-8") for path in drawn}
    assert len(before) == 4 * len(parameters.NODES)
    for path, text in before.items():
        size = " x ".join(map(dimensions.number, parameters.outer(parameters.load(path.parents[1].name))))
        assert size in text and "nobody yet" in text
    written = cad(require, "files").split()
    assert {str(path) for path in before} <= set(written)
    changed = [path for path, text in before.items() if path.read_text(encoding="utf-8") != text]
    for path in changed:
        path.write_text(before[path], encoding="utf-8")
    assert not changed, "run: make boxes"
    assert all(Path(name).stat().st_size > 1_000 for name in written)


def outline(text):
    """((width, height), {screws from the middle}) of a board file, in mm."""
    edge = re.findall(r"\(gr_line\s+\(start ([\d.]+) ([\d.]+)\)\s+\(end ([\d.]+) ([\d.]+)\)", text)
    xs = [float(v) for row in edge for v in row[::2]]
    ys = [float(v) for row in edge for v in row[1::2]]
    middle = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    holes = re.findall(r'\(footprint "[^"]*MountingHole[^"]*".*?\(at ([\d.]+) ([\d.]+)', text, re.DOTALL)
    screws = {(float(x) - middle[0], middle[1] - float(y)) for x, y in holes}
    return (max(xs) - min(xs), max(ys) - min(ys)), screws


def same_board(node, text):
    """The board that the box is made for has the size and the screw holes of the board file."""
    board, (size, screws) = parameters.load(node).board, outline(text)
    return (
        tuple(board.size) == pytest.approx(size, abs=0.1),
        {tuple(map(float, at)) for at in board.screws} == screws,
    )


def board_text(node):
    return (ROOT / f"hardware/{node}/files/{node}.kicad_pcb").read_text(encoding="utf-8")


@pytest.mark.parametrize("node", CARRIERS)
def test_the_box_holds_the_board_that_is_made(node):
    assert same_board(node, board_text(node)) == (True, True)


def test_seeded_fault_a_wider_board_and_a_moved_screw_are_seen():
    text = board_text("button")
    assert same_board("button", text.replace("(end 134 ", "(end 136 ")) != (True, True)
    hole = re.search(r'\(footprint "MountingHole:.*?\(at ([\d.]+ )', text, re.DOTALL)
    moved = f"{text[: hole.start(1)]}{float(hole.group(1)) + 1:g} {text[hole.end(1) :]}"
    assert same_board("button", moved) == (True, False)
