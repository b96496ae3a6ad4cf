"""axe-core's rules find nothing, whatever the impact: every page, both languages, by day and by night, on a
phone, a tablet, a desk and the post's screen.
"""

import re

import pytest
from kentongan_hub.app import create_app
from kits.browser.browser_kit import DESKTOP, LYING, PHONE, TABLET, WALL
from kits.browser.browser_screen import pair

pytestmark = pytest.mark.browser

SAMPLES = {
    "slug": "kejadian-1", "number": "1", "label": "tombol-07", "zone": "5", "name": "sms",
    "table": "kejadian", "form": "csv", "filename": "hub.css", "house": "x",
    "token": "x",
}  # fmt: skip
NO_PAGES = (  # answers that are no page of HTML, or need a secret of their own
    "/papan/aliran", "/papan/isi", "/papan/tercatat", "/ekspor/", "/static/", "/api/", "/foto/",
    "/denah/gambar", "/undangan/<", "/simpanan/cadangan",
)  # fmt: skip
LOOKS = {"id": ((DESKTOP, "light"), (PHONE, "dark")), "en": ((TABLET, "light"),)}


def pages(village):
    app = create_app(village.data, dispatch=False)
    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods and not any(part in str(rule) for part in NO_PAGES):
            yield re.sub(r"<(?:\w+:)?(\w+)>", lambda found: SAMPLES[found[1]], str(rule))


class Findings:
    def __init__(self, browser):
        self.browser, self.found, self.looked = browser, {}, 0

    def look(self, where, size, scheme):
        self.browser.resize(size)
        self.browser.scheme(scheme)
        self.looked += 1
        for impact, rule, places in self.browser.axe():
            self.found.setdefault((impact, rule), []).append((where, size, scheme, places))

    def none(self):
        return self.found == {}, "\n".join(f"{rule}: {places}" for rule, places in sorted(self.found.items()))


@pytest.mark.parametrize("language", ["id", "en"])
def test_axe_finds_nothing_on_any_page(night, language):
    if not night.village.pressed > 100:
        night.village.alarm(kind=2)
    night.enter("admin")
    night.browser.press({"id": "Bahasa Indonesia", "en": "English"}[language])
    findings = Findings(night.browser)
    for path in [*sorted(set(pages(night.village))), "/tidak-ada"]:
        night.driver.get(night.village.address + path)
        if night.driver.execute_script("return document.contentType") != "text/html":
            continue
        assert night.browser.find("html").get_attribute("lang") == language, path
        for size, scheme in LOOKS[language]:
            findings.look(path, size, scheme)
    night.browser.complaints()  # pages that refuse, such as a used invitation
    assert findings.looked > 30 * len(LOOKS[language])
    assert findings.none() == (True, "")


def test_axe_finds_nothing_on_the_posts_screen_at_any_hour(night):
    findings = Findings(night.browser)
    night.driver.get(night.village.tablet_address + "/layar")
    for scheme in ("light", "dark"):
        findings.look("/layar", TABLET, scheme)
    pair(night)
    night.village.alarm(kind=2)
    night.village.alarm(kind=1, device=night.village.made["other"])
    night.browser.wait_text("Maling")
    for size, look in ((WALL, "siang"), (LYING, "malam"), (TABLET, "siang")):
        night.driver.execute_script(f"localStorage.rupa = '{look}'")
        night.driver.refresh()
        night.browser.wait_text("terhubung, langsung")
        findings.look(f"/papan, {look}", size, "light")
    night.driver.execute_script("document.getElementById('putus').hidden = false")
    findings.look("/papan, terputus", WALL, "dark")
    night.driver.get(f"{night.village.tablet_address}/kejadian/{night.village.newest()}/pin")
    for scheme in ("light", "dark"):
        findings.look("pin", TABLET, scheme)
    night.browser.complaints()  # who turns pages this fast is asked to poll for some seconds
    assert findings.none() == (True, "")
