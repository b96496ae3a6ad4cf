"""Build guides: each honest about who built it, with pictures and links that exist."""
import importlib
import re

import pytest
from kentongan_hw import HARDWARE, build
from kentongan_hw.power import figures

GUIDES = sorted((HARDWARE / "rakit").glob("*.md"))
PAGES = [*GUIDES, *HARDWARE.glob("*.md"), *HARDWARE.glob("*/README.md"), *HARDWARE.glob("*/files/*.md")]
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
BUILT = ("penerus", "gateway", "penerima", "tombol", "sirene")
BOARDS = {"tombol": "button", "penerima": "button", "sirene": "siren"}


def broken(page, text):
    return [link for link in LINK.findall(text) if "://" not in link and not (page.parent / link).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HARDWARE)))
def test_every_link_and_picture_exists(page):
    assert not broken(page, page.read_text(encoding="utf-8"))


def test_seeded_fault_a_picture_that_is_gone_is_found():
    gone = "../gateway/files/gone.svg"
    assert broken(GUIDES[0], f"![x]({gone}) [y](https://example.org)") == [gone]


@pytest.mark.parametrize("name", BUILT)
def test_a_guide_has_parts_wires_test_points_and_first_power_up(name):
    text = (HARDWARE / "rakit" / f"{name}.md").read_text(encoding="utf-8")
    assert "nobody yet" in text and f"{name}-daftar.md" in text and f"{name}-kabel.svg" in text
    assert "## Titik uji" in text and "## Pertama menyala" in text
    assert len(re.findall(r"\d[,.\d]*(?:-\d[,.\d]*)? m?V", text)) >= 3, "test points name volts"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HARDWARE)))
def test_every_page_says_who_built_it(page):
    assert re.search(r"[Nn]obody (yet|has)|not measured yet", page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ("tombol", "sirene"))
def test_the_guide_of_a_board_has_all_that_a_technician_needs(name):
    text = (HARDWARE / "rakit" / f"{name}.md").read_text(encoding="utf-8")
    titles = ("Bahan", "Urutan solder", "Kabel", "Titik uji", "Pertama menyala", "Memasang", "Serah terima")
    for title in titles:
        assert f"## {title}" in text
    assert "Rp" in text and "Antena" in text and "pasang.md" in text and "serah-terima.md" in text
    assert f"{BOARDS[name]}-top.png" in text and f"{BOARDS[name]}-bom.csv" in text


@pytest.mark.parametrize("name", BOARDS)
def test_test_points_in_a_guide_are_holes_of_the_board_with_that_name(name):
    """`TP3 BB` in a guide is TP3 on the silk, named BB, and every hole is used by some guide of the board."""
    text = (HARDWARE / "rakit" / f"{name}.md").read_text(encoding="utf-8")
    assert len(re.findall(r"TP\d+ [A-Z0-9]+", text)) >= 4
    assert misnamed(name, text) == []


def misnamed(name, text):
    """Test points that a guide calls otherwise than the board does."""
    layout = importlib.import_module(f"kentongan_hw.{BOARDS[name]}_layout")
    wrong = []
    for ref, word in sorted(set(re.findall(r"(TP\d+) ([A-Z0-9]+)", text))):
        x, y, _ = layout.EDGES[ref]
        if [words for words, lx, ly, _, _ in layout.LABELS if abs(lx - x) < 0.1 and 0 < ly - y < 3] != [word]:
            wrong.append(f"{ref} {word}")
    return wrong


def test_seeded_fault_a_test_point_by_another_name_is_seen():
    assert misnamed("sirene", "TP6 GERBANG 8-12 V, TP7 GERBANG 0 V") == ["TP7 GERBANG"]


def test_every_test_point_is_measured_in_some_guide():
    for board in set(BOARDS.values()):
        used = "".join((HARDWARE / "rakit" / f"{name}.md").read_text(encoding="utf-8")
                       for name, of in BOARDS.items() if of == board)
        holes = {part.ref for part in build.circuit_of(board).parts() if part.kind == "TITIK"}
        assert holes <= set(re.findall(r"TP\d+", used))


def test_the_current_of_a_penerus_is_that_of_the_budget():
    text = (HARDWARE / "rakit/penerus.md").read_text(encoding="utf-8")
    low, high = map(int, re.search(r"hitungan (\d+)-(\d+) mA", text).groups())
    assert low == round(figures.PENERUS.ma) and high == round(figures.PENERUS_AWAKE.ma)


def test_mounting_says_never_under_zinc_and_nobody_opens_mains():
    text = (HARDWARE / "rakit/pasang.md").read_text(encoding="utf-8")
    assert "tidak pernah di bawah seng" in text and "Jangan membuka adaptor" in text
