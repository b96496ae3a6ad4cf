"""Ronda in a browser: roster, the post by PIN, a sticker, attendance; both languages and sizes."""

import pytest
from kentongan_hub.base.clock import local_parts
from kentongan_hub.people.watch import roster, stickers, turns
from kits.browser.browser_screen import pair

pytestmark = pytest.mark.browser

SIZES = ((360, 740), (1366, 768))
SIDEWAYS = "return document.documentElement.scrollWidth <= innerWidth"
DAY_MS = 86_400_000


@pytest.fixture(scope="module", autouse=True)
def kept(village):
    """A squad with the longest names that runs now, a turn of yesterday, and the sticker of a house."""
    with village.store().write() as db:
        by = db.one("SELECT * FROM accounts WHERE login = 'ketua'")
        people = [
            row["id"] for row in db.all("SELECT id FROM accounts WHERE login IN ('ronda', 'ketua', 'kader')")
        ]
        now = _now()
        here = local_parts(now.wall - 5 * 60_000, "WIB")
        squad = roster.set_squad(db, now, by, None, 5, "Regu Kembang Sepatu Gang Mawar Timur", people[:2])
        roster.set_squad(db, now, by, None, 5, "Regu Melati", people[2:])
        begin, end = f"{here:%H.%M}", f"{(here.hour + 6) % 24:02d}.00"
        roster.add_shift(db, now, by, squad, f"{here:%Y-%m-%d}", begin, end, 2)
        db.set_setting("wall_ms", 0)
        turns.run_due(db, now)
        person = db.one("SELECT * FROM accounts WHERE login = 'kader'")
        turns.mark(db, now, person, turns.PRESENT, turns.BY_PIN, screen="Pos")
        stickers.ready(db)
        return f"/ronda/r/{stickers.address(db, 5, 7)}"


def _now():
    from kentongan_hub.base.clock import Clock, Now

    return Now(Clock().steady_ms(), Clock().wall_ms())


def look(night, name, sizes=SIZES):
    """Look at the page at both sizes; what is wrong with it."""
    found = []
    for size in sizes:
        night.browser.resize(size)
        night.browser.shot(f"ronda-{name}-{size[0]}")
        if not night.driver.execute_script(SIDEWAYS):
            found.append((name, size, "sideways"))
        found += [(name, size, *one) for one in night.browser.axe()]
    return found


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_watchs_pages_fit_each_screen_and_axe_finds_nothing(night, village, kept, language):
    night.enter("ketua")
    night.browser.press({"id": "Bahasa Indonesia", "en": "English"}[language])
    found = []
    for path, name in (("/ronda", "pos"), ("/ronda/jadwal", "jadwal"), ("/ronda/rekap", "rekap"),
                       ("/ronda/stiker", "stiker"), (kept, "rumah"), ("/papan", "papan")):  # fmt: skip
        night.driver.get(village.address + path)
        night.driver.execute_script(
            "document.querySelectorAll('details').forEach(one => { one.open = true })"
        )
        found += look(night, f"{name}-{language}")
    night.browser.press("Bahasa Indonesia")
    assert found == []


def test_at_the_post_a_name_and_a_pin_check_in_and_the_board_says_so(night, village):
    pair(night)
    night.driver.get(village.tablet_address + "/ronda")
    found = look(night, "layar")
    night.browser.find("input[name=orang]").click()
    person = night.browser.find("input[name=orang]:checked").find_element("xpath", "..").text
    pin = {"Budi Santoso": "4827", "Siti Aminah": "7261"}[person]
    night.browser.fill(pin=pin)
    night.browser.press("Hadir")
    night.browser.wait_text(f"{person}: hadir")
    night.driver.get(village.tablet_address + "/papan")
    night.browser.wait_text("Pos dijaga")
    assert person in night.text()
    assert found + look(night, "papan-layar") == []
