"""Messages of people at the post, by name and PIN: a siren on purpose, an evacuation, safe houses."""

import pytest
from kits.browser.browser_kit import LYING, PHONE, TABLET, WALL
from kits.browser.browser_screen import pair
from kits.browser.browser_village import PINS

pytestmark = pytest.mark.browser

NAME = "Budi Santoso"
LOOKS = (("tablet", TABLET, "light"), ("wall", WALL, "dark"), ("phone", PHONE, "light"))


@pytest.fixture
def tablet(night, village):
    if not getattr(village, "told_code", None):
        village.told_code = pair(night)
    night.driver.get(village.tablet_address + "/papan")
    night.browser.resize(LYING)
    night.browser.wait_text("Bunyikan sirene")
    return night


def label(night, text):
    choice = night.driver.find_element("xpath", f"//label[contains(., '{text}')]")
    night.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", choice)
    choice.click()


def look(night, name):
    night.browser.every_size(f"told-{name}", LOOKS)
    assert night.browser.axe() == []
    night.browser.resize(LYING)


def follow(night, text):
    night.browser.wait(lambda: night.driver.find_elements("link text", text), f"no link {text}")
    link = night.driver.find_element("link text", text)
    night.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", link)
    night.browser.turn(link.click)


def test_a_siren_is_sounded_and_hushed_on_purpose_by_name_and_pin(tablet):
    tablet.village.close_all()
    follow(tablet, "Bunyikan sirene")
    tablet.browser.wait_text("Lanjut")
    label(tablet, "Kebakaran")
    label(tablet, "Dilihat sendiri saat ronda")
    look(tablet, "sirene")
    before = tablet.village.newest()
    tablet.browser.press("Lanjut")
    tablet.browser.wait_text("Bunyikan sirene RT 05?")
    look(tablet, "sirene-yakin")
    assert tablet.village.newest() == before, "nothing sounds before the second press"
    label(tablet, NAME)
    tablet.browser.fill(pin="0007")
    tablet.browser.press("Ya, bunyikan")
    tablet.browser.wait_text("PIN tidak cocok")
    tablet.browser.complaints()  # the refusal is in the console, too
    label(tablet, NAME)
    tablet.browser.fill(pin=PINS[NAME])
    tablet.browser.press("Ya, bunyikan")
    tablet.browser.wait_text(f"Disuarakan dari pos oleh {NAME}")
    tablet.browser.wait_text("Kebakaran")
    for size in (LYING, TABLET, WALL):
        tablet.browser.resize(size)
        assert tablet.browser.in_sight(".kartu .utama"), "the answer is in sight under a long name too"
    look(tablet, "papan-sirene")
    orders = "SELECT count(*) FROM outbox WHERE type = 'siren' AND json_extract(body, '$.action') = '{}'"
    assert tablet.village.value(orders.format("start")) == 1
    stops = tablet.village.value(orders.format("stop"))
    follow(tablet, "Bunyikan sirene")
    tablet.browser.wait_text("Matikan bunyi")
    label(tablet, NAME)
    tablet.browser.fill(pin=PINS[NAME])
    tablet.browser.press("Matikan bunyi")
    tablet.browser.wait(lambda: tablet.village.value(orders.format("stop")) == stops + 1, "no stop")


def test_an_evacuation_is_announced_and_houses_are_marked(tablet):
    tablet.village.close_all()
    follow(tablet, "Umumkan")
    tablet.browser.wait_text("Apa yang diumumkan")
    label(tablet, "Evakuasi")
    tablet.browser.fill(isi="Air naik, kumpul di balai RW")
    label(tablet, "saya yakin")
    label(tablet, NAME)
    tablet.browser.fill(pin=PINS[NAME])
    look(tablet, "umumkan")
    tablet.browser.press("Umumkan")
    tablet.browser.wait_text("Air naik, kumpul di balai RW")
    assert tablet.village.value("SELECT count(*) FROM outbox WHERE type = 'say'") >= 1
    follow(tablet, "Saya aman")
    tablet.browser.wait_text("Mulai absen rumah")
    tablet.browser.fill(alasan="banjir", pin=PINS[NAME])
    label(tablet, NAME)
    tablet.browser.press("Mulai absen")
    tablet.browser.wait_text("Simpan tanda RT 05")
    house = tablet.driver.find_element("css selector", "[name='rumah-7'][value=help]")
    tablet.driver.execute_script(
        "arguments[0].scrollIntoView({block: 'center'}); arguments[0].click()", house
    )
    label(tablet, NAME)
    tablet.browser.fill(pin=PINS[NAME])
    tablet.browser.press("Simpan tanda RT 05")
    tablet.browser.wait_text(f"Butuh bantuan kata {NAME}")
    look(tablet, "absen")
    tablet.driver.get(tablet.village.tablet_address + "/papan")
    tablet.browser.wait_text("1 butuh bantuan")
    look(tablet, "papan-umum")
    for language, words in (("English", "1 need help"), ("Bahasa Indonesia", "1 butuh bantuan")):
        tablet.browser.press(language)
        tablet.browser.wait_text(words)
