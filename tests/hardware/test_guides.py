"""Build guides: each honest about who built it, with pictures and links that exist."""

import importlib
import re

import pytest
from kentongan_hw import HARDWARE, build
from kentongan_hw.enclosure import parameters
from kentongan_hw.parts import pins
from kentongan_hw.power import figures

GUIDES = sorted((HARDWARE / "rakit").glob("*.md"))
PAGES = [*HARDWARE.glob("*.md"), *HARDWARE.glob("*/*.md"), *HARDWARE.glob("*/files/*.md")]
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


TITLES = ("Bahan", "Urutan solder", "Kabel", "Titik uji", "Pertama menyala", "Memasang", "Serah terima")


def lacking(name, text):
    """List what a technician needs and the guide lacks."""
    wrong = [title for title in TITLES if f"\n## {title}" not in text]
    node = {"penerus": "repeater", "gateway": "gateway", **BOARDS}[name]
    words = {
        "revision": f"Revisi {parameters.load(node).revision}",
        "who built it": "nobody yet",
        "parts": f"{name}-daftar.md",
        "wires": f"{name}-kabel.svg",
        "prices": "Rp",
        "tools": "#alat-kerja",
        "aerial first": "ntena",
        "lightning and mains": "pasang.md",
        "sheet to sign": "serah-terima.md",
        "a box": "kotak",
    }
    if name in BOARDS:
        words.update({"the board": f"{BOARDS[name]}-top.png", "its parts": f"{BOARDS[name]}-bom.csv"})
    wrong += [what for what, word in words.items() if word not in text]
    if len(re.findall(r"\d[,.\d]*(?:-\d[,.\d]*)? m?V\b", text)) < 3:
        wrong.append("volts at its test points")
    return wrong


def guide(name):
    return (HARDWARE / "rakit" / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", BUILT)
def test_a_guide_has_all_that_a_technician_needs(name):
    assert lacking(name, guide(name)) == []


@pytest.mark.parametrize("title", TITLES)
def test_seeded_fault_a_guide_without_a_chapter_or_without_volts_is_seen(title):
    text = guide("sirene")
    assert title in lacking("sirene", text.replace(f"## {title}", "## Lain", 1))
    assert lacking("sirene", re.sub(r" m?V\b", " volt", text)) == ["volts at its test points"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HARDWARE)))
def test_every_page_says_who_built_it(page):
    assert dishonest(page.read_text(encoding="utf-8")) == []


def dishonest(text):
    """A page names its revision and says that nobody has built it, or that nothing on it was measured."""
    wrong = [] if re.search(r"\b[Rr]ev(isi|ision)?\b", text) else ["no revision"]
    return wrong + ([] if re.search(r"[Nn]obody (yet|has)", text) else ["nobody built it: not said"])


def test_seeded_fault_a_page_that_says_neither_is_seen():
    assert dishonest("# Merakit tombol\n\nRevisi A. Sudah dirakit.") == ["nobody built it: not said"]
    assert dishonest("# Merakit tombol") == ["no revision", "nobody built it: not said"]


def test_the_wires_to_a_stick_lite_are_those_of_the_header_and_of_its_pins():
    rows = dict(re.findall(r"^\| \d+ \| (\w+) \| (.*) \|$", guide("tombol").split("| J8 |")[1], re.MULTILINE))
    header = build.circuit_of("button").part("J8").nets
    names = {
        "+3V3": "3V3",
        "BAT_OUT": "BAT",
        "TOMBOL_NO": "NO",
        "TOMBOL_NC": "NC",
        "TOMBOL_DIAM": "DIAM",
        "LAMPU_GPIO": "LAMPU",
        "BUZZER_GPIO": "BUZZER",
        "GETAR_GPIO": "GETAR",
    }
    assert list(rows) == [names.get(net, net) for net in header.values()]
    role = pins.load("wireless_stick_lite_v3")["tombol"]
    slots = {
        "NO": "key_main",
        "NC": "key_main_nc",
        "TUTUP": "key_lid",
        "DIAM": "key_silent",
        "LAMPU": "lamp",
        "BUZZER": "buzzer",
        "GETAR": "motor",
    }
    for name, slot in slots.items():
        assert rows[name] == (f"GPIO {role[slot]}" if slot in role else "jangan disambung"), name


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
        used = "".join(
            (HARDWARE / "rakit" / f"{name}.md").read_text(encoding="utf-8")
            for name, of in BOARDS.items()
            if of == board
        )
        holes = {part.ref for part in build.circuit_of(board).parts() if part.kind == "TITIK"}
        assert holes <= set(re.findall(r"TP\d+", used))


def test_the_current_of_a_penerus_is_that_of_the_budget():
    text = (HARDWARE / "rakit/penerus.md").read_text(encoding="utf-8")
    low, high = map(int, re.search(r"hitungan (\d+)-(\d+) mA", text).groups())
    assert low == round(figures.PENERUS.ma) and high == round(figures.PENERUS_AWAKE.ma)


def test_mounting_says_never_under_zinc_and_nobody_opens_mains():
    text = (HARDWARE / "rakit/pasang.md").read_text(encoding="utf-8")
    assert "tidak pernah di bawah seng" in text and "Jangan membuka adaptor" in text
