"""Build guides: each honest about who built it, with pictures and links that exist."""
import re

import pytest
from kentongan_hw import HARDWARE
from kentongan_hw.power import figures

GUIDES = sorted((HARDWARE / "rakit").glob("*.md"))
PAGES = [*GUIDES, *HARDWARE.glob("*.md"), *HARDWARE.glob("*/README.md"), *HARDWARE.glob("*/files/*.md")]
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
BUILT = ("penerus", "gateway", "penerima")


def broken(page, text):
    return [link for link in LINK.findall(text) if "://" not in link and not (page.parent / link).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HARDWARE)))
def test_every_link_and_picture_exists(page):
    assert not broken(page, page.read_text(encoding="utf-8"))


def test_a_picture_that_is_gone_is_found():
    gone = "../gateway/files/gone.svg"
    assert broken(GUIDES[0], f"![x]({gone}) [y](https://example.org)") == [gone]


@pytest.mark.parametrize("name", BUILT)
def test_a_guide_has_parts_wires_test_points_and_first_power_up(name):
    text = (HARDWARE / "rakit" / f"{name}.md").read_text(encoding="utf-8")
    assert "nobody yet" in text and f"{name}-daftar.md" in text and f"{name}-kabel.svg" in text
    assert "## Titik uji" in text and "## Pertama menyala" in text
    assert len(re.findall(r"\d[,.\d]*(?:-\d[,.\d]*)? m?V", text)) >= 3, "test points name volts"


def test_the_current_of_a_penerus_is_that_of_the_budget():
    text = (HARDWARE / "rakit/penerus.md").read_text(encoding="utf-8")
    low, high = map(int, re.search(r"hitungan (\d+)-(\d+) mA", text).groups())
    assert low == round(figures.PENERUS.ma) and high == round(figures.PENERUS_AWAKE.ma)


def test_mounting_says_never_under_zinc_and_nobody_opens_mains():
    text = (HARDWARE / "rakit/pasang.md").read_text(encoding="utf-8")
    assert "tidak pernah di bawah seng" in text and "Jangan membuka adaptor" in text
