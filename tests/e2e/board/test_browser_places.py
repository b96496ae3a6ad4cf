"""The answer is in sight on every screen, however much else there is to say."""

import pytest
from kentongan_hub.base import site as site_file
from kentongan_hub.base.clock import Clock, Now
from kentongan_hub.devices.provision import device_files
from kentongan_hub.storage.store import Store
from kits.browser.browser_screen import pair
from kits.browser.browser_village import Village

pytestmark = pytest.mark.browser

HOUSES, FAULTS = 120, 40
PLACE = "Gang Melati Kenanga Barat III nomor {} belakang Musholla"
SIZES = ((320, 568), (360, 740), (768, 1024), (1024, 768), (1366, 768), (1920, 1080))
WALLS = ((768, 1024), (1024, 768), (1366, 768), (1920, 1080))
KINDS = (4, 1, 2, 5)  # the longest name first
# what covers the lower end of a phone's screen is no place to see a button
COVERED = (
    "const menu = document.querySelector('.menu'), of = one => one.getBoundingClientRect();"
    "const over = menu && getComputedStyle(menu).position === 'fixed';"
    "const end = over ? of(menu).top : innerHeight;"
    "return [...document.querySelectorAll('.kartu .jawab .utama')].map(of).filter(box => box.height > 0"
    " && box.top >= 0 && box.left >= 0 && box.right <= innerWidth && box.bottom <= end).length"
)
SIDEWAYS = (  # what makes the page scroll sideways
    "return [...document.querySelectorAll('body *')].filter(one =>"
    " one.getBoundingClientRect().right > innerWidth + 1"
    " && getComputedStyle(one).position !== 'absolute').map(one => one.className || one.tagName)"
)


class Street(Village):
    """120 houses more, with long places; 40 of their lids are open."""

    def _make(self, data):
        super()._make(data)
        secret, now = site_file.load(data), Now(Clock().steady_ms(), Clock().wall_ms())
        with Store(data).write() as db:
            for house in range(30, 30 + HOUSES):
                about = "tombol", f"tombol-{house}", 5, house, PLACE.format(house)
                self.made[house] = device_files.add(db, now, secret, *about)["node"]
            for number in (2, 3):
                name = f"pos-ronda-gang-kenanga-{number}"
                self.made[name] = device_files.add(db, now, secret, "sirene", name, 5)["node"]

    def open_lids(self):
        for house in range(30, 30 + FAULTS):
            self.send("status", device=self.made[house], body={"flags": 1})

    def alarms(self, count):
        for number, kind in enumerate(KINDS[:count]):
            self.alarm(device=self.made[100 + number], kind=kind)


@pytest.fixture(scope="module")
def village(tmp_path_factory):
    made = Street(tmp_path_factory.mktemp("jalan") / "data")
    yield made
    made.process.stop()


@pytest.fixture
def street(night, village):
    """A board with forty faults, before anybody presses."""
    village.close_all()
    village.open_lids()
    night.enter("ketua")
    night.browser.wait_text("tutup terbuka")
    return night


def cards(night, count):
    night.browser.wait(lambda: len(night.all(".kartu")) == count, f"not {count} cards")


def larger(night, large):
    """As a person chooses it in the browser's settings: 200 % letters."""
    sizes = {"standard": 32 if large else 16, "fixed": 26 if large else 13}
    night.driver.execute_cdp_cmd("Page.setFontSizes", {"fontSizes": sizes})


@pytest.mark.parametrize("count", [1, 4])
def test_the_newest_alarm_is_answered_without_a_search_on_every_screen(street, village, count):
    village.alarms(count)
    cards(street, count)
    for size in SIZES:
        street.browser.resize(size)
        for large in (False, True):
            larger(street, large)
            name = f"{size[0]}x{size[1]}-{count}" + ("-besar" if large else "")
            street.browser.shot(f"papan-{name}")
            assert street.driver.execute_script(COVERED) >= 1, name
            assert street.driver.execute_script(SIDEWAYS) == [], name
    larger(street, False)


def test_on_a_wall_that_nobody_can_scroll_every_answer_is_in_sight(street, village):
    pair(street)
    street.driver.execute_script("document.getElementById('bisu').hidden = false")
    for count in (1, 4):
        village.close_all()
        village.alarms(count)
        cards(street, count)
        for size in WALLS:
            street.browser.resize(size)
            name = f"layar-{size[0]}x{size[1]}-{count}"
            street.browser.shot(name)
            assert street.driver.execute_script(COVERED) == count, name
            shown = [one.text for one in street.all(".kartu")]
            assert len(shown) == count, name
            assert all("RT 05" in one and "Gang Melati" in one for one in shown), name


TOLD = "Anak kecil baju merah belum pulang sejak sore, terakhir di lapangan"


def tell(street, house):
    """Somebody runs to the post; the post writes it down."""
    street.go("/lapor", "Apa yang terjadi")
    browser = street.browser
    assert browser.find("[name=jenis]").get_attribute("value") == "", "nobody sends a kind unread"
    for name, value in (("jenis", "1"), ("rt", "5")):
        browser.find(f"[name={name}] option[value='{value}']").click()
    browser.fill(rumah=str(house), isi=TOLD, patokan=PLACE.format(house))
    browser.press("Laporkan")
    browser.wait_text(TOLD)
    assert "RT 05" in street.text() and "Gang Melati" in street.text()


def test_a_report_told_at_the_post_shows_place_and_sentence_however_many_alarms(street, village):
    tell(street, 12)
    street.driver.get(village.tablet_address + "/masuk")
    street.driver.delete_all_cookies()  # another tablet
    pair(street, "Pos kedua")
    for count in (1, 4, 8):
        village.close_all(told=False)
        village.alarms(min(count, 4) - 1)
        for number in range(4, count):
            village.alarm(device=village.made[100 + number], kind=1)
        cards(street, count)
        for size in (*SIZES, (3840, 2160)):
            street.browser.resize(size)
            name = f"lapor-{size[0]}x{size[1]}-{count}"
            street.browser.shot(name)
            shown = [one.text for one in street.all(".kartu")]
            assert len(shown) == count, name
            assert all("RT 05" in one and "Gang Melati" in one for one in shown), name
            told = [one for one in street.all(".kartu .kata") if one.is_displayed()]
            assert len(told) == 1 and TOLD in told[0].text, name


def test_forty_faults_are_one_card_and_one_press_and_calm_once_somebody_sees_to_them(street, village):
    browser, driver = street.browser, street.driver
    street.go("/peringatan", "Tutup terbuka: 40")
    page = "return document.documentElement.scrollHeight"
    for language in ("en", "id"):
        for size in ((360, 740), (768, 1024), (1920, 1080)):
            browser.resize(size)
            browser.shot(f"peringatan-{size[0]}-{'id' if language == 'en' else 'en'}")
            assert driver.execute_script(SIDEWAYS) == []
            assert driver.execute_script(page) < 4 * 740, "it was 13,155 px"
        assert browser.axe() == []
        browser.find(f".bahasa [value={language}]").click()
    browser.wait_text("Tutup terbuka: 40")
    # its own place: other warnings come beside it, for nobody else speaks to this hub
    lids = "//div[@class='kepala'][.//h2[contains(., 'utup terbuka')]]/.."
    press = lids + "//button[contains(., 'Saya urus')]"
    button = driver.find_element("xpath", press)
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
    button.click()
    browser.wait(
        lambda: driver.find_elements("xpath", lids) and not driver.find_elements("xpath", press),
        "nobody sees to it",
    )
    assert "tombol-30" in driver.find_element("xpath", lids).text
    untaken = village.value("SELECT count(*) FROM warnings WHERE what = 'lid_open' AND taken_by IS NULL")
    assert untaken == 0
    browser.resize((360, 740))
    browser.shot("peringatan-360-diurus")
    assert browser.axe() == []
    street.go("/papan", "diurus Siti Aminah")
    browser.shot("papan-360-diurus")
    calm = browser.find(".ganggu.diurus").rect["y"]
    assert all(one.rect["y"] < calm for one in street.all(".ganggu:not(.diurus)")), "it stands below"
