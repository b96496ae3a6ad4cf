"""Forty-three faults of every kind: one card that reads well on the smallest phone and on a wall."""

import re

import pytest
from kentongan_hub.base.clock import Clock, Now
from kits.hub.fault_kit import fail

pytestmark = pytest.mark.browser

SMALL, WALL = (320, 568), (1920, 1080)
LOOKS = (("320", SMALL, "light"), ("1080p", WALL, "dark"))
CARDS, PARTS = "article.kartu", "article.kartu .perkara > li"
KINDS = ("tutup terbuka", "sirene rusak", "radio diganggu", "radio mati", "kontak rusak", "listrik padam")


def texts(night, css):
    return [one.text for one in night.all(css)]


def watched(night, count):
    """The page once the hub has looked: so many parts in its first card."""
    night.go("/peringatan", "Peringatan")

    def there():
        night.driver.refresh()
        return len(night.all(PARTS)) >= count

    night.browser.wait(there, "the warnings")


def look(night, name):
    night.browser.every_size(f"peringatan-{name}", LOOKS)
    for size in (SMALL, WALL):
        night.browser.resize(size)
        assert night.browser.axe() == []


def test_forty_three_mixed_faults_are_one_card_and_what_is_taken_is_calm_and_below(night, village):
    fail(village.store(), Now(Clock().steady_ms(), Clock().wall_ms()))
    night.enter("ketua")
    watched(night, 9)
    assert len(night.all(CARDS)) == 1 and "mendesak" in texts(night, f"{CARDS} > .kepala h2")[0]
    parts = texts(night, f"{PARTS} h2")
    for kind in KINDS:
        assert len([one for one in parts if kind in one.lower()]) == 1, (kind, parts)
    urgent = [bool(re.search("mendesak", one.get_attribute("class") or "")) for one in night.all(PARTS)]
    assert urgent == sorted(urgent, reverse=True), "what is urgent stands first"
    look(night, "43")
    for size in (SMALL, WALL):
        night.browser.resize(size)
        assert night.browser.letters(f"{PARTS} h2") > 0.015

    night.browser.press("Saya urus")  # the first part alone
    night.browser.wait_text("Diurus Siti Aminah")
    assert len(night.all(CARDS)) == 2 and len(night.all(f"{CARDS}.diurus")) == 1
    assert len(texts(night, f"{PARTS} h2")) == len(parts) - 1
    look(night, "43-satu-diurus")
    night.browser.press("Saya urus semuanya")
    night.browser.wait(lambda: len(night.all(CARDS)) == 1, "all of it is taken")
    assert len(night.all(f"{CARDS}.diurus")) == 1 and not night.all("button.utama")
    look(night, "43-diurus")
    night.driver.get(village.address + "/papan")
    night.browser.wait_text("diurus Siti Aminah")
    night.browser.every_size("papan-43-diurus", LOOKS)
