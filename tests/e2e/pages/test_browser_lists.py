"""Lists, bars, policies, the plan and paper: at every size, in both languages."""

import base64
import re

import pytest
from kentongan_hub.base.clock import Clock
from selenium.webdriver.common.action_chains import ActionChains

pytestmark = pytest.mark.browser

SIZES = ((360, 740), (768, 1024), (1366, 768))
PAGES = ("/kejadian?cari=rumah&keadaan=terbuka", "/kejadian?cari=tidak-ada", "/perangkat?peran=tombol",
         "/perangkat/pos-1", "/warga?cari=warga", "/denah", "/denah?isi=daftar", "/kebijakan?jenis=2",
         "/kebijakan?jenis=8", "/rekap", "/kejadian/{newest}")  # fmt: skip
SIDEWAYS = "return document.documentElement.scrollWidth <= innerWidth"
A4 = (794, 1123)  # at 96 dots an inch


def live_a_month(village):
    """The devices have stood for two months and were heard, but for some hours and days."""
    now, hour = Clock().wall_ms(), 3_600_000
    with village.store().write() as db:
        db.run("UPDATE devices SET created_wall = ?", now - 60 * 24 * hour)
        for row in db.all("SELECT node, role FROM devices"):
            step = 24 * hour if row["role"] == "tombol" else hour
            for number in {*range(30)} - {3, 4, 9, row["node"] % 30}:
                db.insert(
                    "statuses", device=row["node"], at_wall=now - number * step, gateway="gateway-1", flags=0
                )


@pytest.fixture
def ketua(night, village):
    if village.pressed == 100:
        live_a_month(village)
        village.alarm(kind=2)
        village.alarm(kind=1, device=village.made["other"])
    night.enter("ketua")
    return night


@pytest.mark.parametrize("language", ["id", "en"])
def test_each_page_fits_each_screen_and_axe_finds_nothing(ketua, village, language):
    ketua.browser.press({"id": "Bahasa Indonesia", "en": "English"}[language])
    found = []
    for number, path in enumerate(PAGES):
        ketua.driver.get(village.address + path.format(newest=village.newest()))
        for size in SIZES:
            ketua.browser.resize(size)
            ketua.browser.shot(f"daftar-{number}-{language}-{size[0]}")
            if not ketua.driver.execute_script(SIDEWAYS):
                found.append((path, size, "sideways"))
        if language == "id":  # in English and at the other sizes: tests/e2e/pages/test_browser_axe.py
            ketua.browser.resize(SIZES[0])
            found += [(path, *one) for one in ketua.browser.axe()]
    ketua.browser.press("Bahasa Indonesia")
    assert found == []


def test_a_list_is_searched_without_scripts_and_the_address_keeps_it(ketua, village):
    ketua.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        ketua.go("/kejadian", "Kejadian")
        ketua.browser.fill(cari="rumah 7")
        ketua.browser.find("form.saring button").click()
        ketua.browser.wait_text("1 kejadian cocok")
        assert "cari=rumah+7" in ketua.driver.current_url
        assert ketua.browser.find("[name=cari]").get_attribute("value") == "rumah 7"
        assert (
            "Rumah 7" in ketua.browser.find(".daftar").text
            and "Rumah 8" not in ketua.browser.find(".daftar").text
        )
    finally:
        ketua.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def placed(village):
    return village.value("SELECT count(*) FROM houses WHERE x IS NOT NULL")


def test_the_plan_is_walked_by_taps_and_a_tap_is_taken_back(ketua, village):
    ketua.browser.resize((360, 740))
    ketua.go("/denah", "Berjalan")
    ketua.browser.press("Berjalan")
    words = ketua.browser.find("#jalan-kata")
    first = re.fullmatch("Ketuk tempat (Rumah .+)", words.text)[1]
    tap(ketua, -40, 20)
    ketua.browser.wait(lambda: f"{first}: tersimpan" in words.text, "the first tap was not kept")
    second = re.search("Ketuk tempat (.+)", words.text)[1]
    tap(ketua, 20, -30)
    ketua.browser.wait(lambda: f"{second}: tersimpan" in words.text, "the second tap was not kept")
    assert ketua.browser.in_sight("#jalan-kata"), "what is to be tapped is out of sight"
    assert placed(village) == 2 and len(ketua.all("#denah .titik")) == 2
    ketua.browser.shot("denah-berjalan")
    ketua.browser.press("Urungkan yang terakhir")
    ketua.browser.wait(lambda: words.text == f"Ketuk tempat {second}", "the tap was not taken back")
    assert placed(village) == 1
    ketua.browser.press("Lewati yang ini")
    assert second not in words.text
    ketua.browser.press("Selesai berjalan")
    ketua.browser.wait(lambda: len(ketua.all("[data-apa]")) == 1, "the page does not show what was walked")
    ketua.browser.press("Urungkan: ")
    ketua.browser.wait(lambda: not ketua.all("[data-apa]"), "the walk was not taken back")
    assert placed(village) == 0


def tap(night, x, y):
    ground = night.browser.find(".bingkai")
    night.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", ground)
    ActionChains(night.driver).move_to_element_with_offset(ground, x, y).click().perform()


def on_paper(night, name):
    """The page as it would be printed: its words, and what could be pressed on it."""
    night.browser.resize(A4)
    night.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        words = night.browser.text()
        press = night.driver.execute_script(
            "return [...document.querySelectorAll('button, input, select, textarea, nav, a.tombol')]"
            ".filter(one => one.checkVisibility()).map(one => one.outerHTML)"
        )
        night.browser.shot(f"cetak-{name}")
        pdf = night.driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"]
        return words, press, base64.b64decode(pdf)
    finally:
        night.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def is_a4(pdf):
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    return boxes and all((round(float(x)), round(float(y))) == (595, 842) for x, y in boxes)


def test_an_incident_is_printed_on_a4_with_every_text_and_nothing_to_press(ketua, village):
    slug = village.newest()
    ketua.go(f"/kejadian/{slug}", "Riwayat")
    ketua.browser.fill(catatan="Pintu belakang rusak, polisi sudah datang.")
    ketua.browser.press("Simpan catatan")
    ketua.browser.wait_text("Pintu belakang rusak")
    on_screen = [one.text for one in ketua.all(".riwayat li")]
    words, press, pdf = on_paper(ketua, "kejadian")
    assert press == [] and is_a4(pdf)
    for text in (
        "Rumah",
        "Belum dijawab",
        "Sirene",
        "Pintu belakang rusak, polisi sudah datang.",
        *on_screen,
    ):
        assert text in words, text
    assert "Cetak" not in words and "Saya datang" not in words


def test_a_month_is_printed_on_one_sheet_of_a4(ketua):
    ketua.go("/rekap", "Kejadian menurut jenis")
    words, press, pdf = on_paper(ketua, "rekap")
    assert press == [] and is_a4(pdf) and len(re.findall(rb"/Type ?/Page\b", pdf)) == 1
    for text in ("Kebakaran", "Ditekan sampai saya datang", "Latihan", "Dari catatan pusat data"):
        assert text in words, text


def test_a_bar_of_life_has_words_and_is_no_stop_for_the_keyboard(ketua):
    ketua.go("/perangkat", "Alat di lapangan")
    bars = ketua.all("svg.detak")
    assert len(bars) >= 4
    for bar in bars:
        assert re.match(r"(24 jam|30 hari) terakhir: terdengar ", bar.get_attribute("aria-label"))
        assert bar.get_attribute("tabindex") is None
