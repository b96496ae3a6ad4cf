"""A phone that cannot reach the hub: an honest page, no board out of a cache, and the way back by itself."""

import pytest
from kits.browser.browser_kit import ALL_SIZES, PHONE

pytestmark = pytest.mark.browser

KEPT = (
    "const done = arguments[0];"
    "(async () => { const found = [];"
    "for (const name of await caches.keys())"
    " for (const one of await (await caches.open(name)).keys()) found.push(new URL(one.url).pathname);"
    "return found.sort(); })().then(done, error => done([String(error)]))"
)
READY = (
    "const done = arguments[0];"
    "navigator.serviceWorker.ready.then("
    "one => done([one.scope, Boolean(navigator.serviceWorker.controller)]))"
)
FILES = ["/static/hub.css", "/static/hub.js", "/static/kentongan.svg", "/static/unreached.html"]


@pytest.fixture
def phone(night, village):
    """The board with one alarm, on a phone that has kept what it may keep."""
    village.close_all()
    night.enter("ketua")
    village.alarm()
    night.browser.wait_text("Rumah 7")
    night.browser.wait(lambda: night.driver.execute_async_script(READY)[1], "no service worker")
    yield night
    night.browser.complaints()  # the console names what could not be reached


def port(village):
    return int(village.address.rpartition(":")[2])


def test_the_worker_stands_before_every_page_and_keeps_nothing_of_the_hub(phone, village):
    scope, _ = phone.driver.execute_async_script(READY)
    assert scope == village.address + "/"
    for path in ("/papan", "/kejadian", f"/kejadian/{village.newest()}", "/denah"):
        phone.driver.get(village.address + path)
    assert phone.driver.execute_async_script(KEPT) == FILES


def test_where_the_hub_is_not_reached_no_alarm_and_no_calm_is_shown_but_what_to_do(phone, village):
    address = phone.driver.current_url
    village.process.stop()
    try:
        for path in (address, village.address + "/kejadian", village.address + "/"):
            phone.driver.get(path)
            said = phone.text()
            assert "Tidak tersambung ke pusat data" in said and "Ini bukan papan siaga" in said
            assert "This is not the alert board" in said and "Tekan tombol darurat" in said
            for word in ("Rumah 7", "Maling", "Tidak ada kejadian", "terhubung", "Siti"):
                assert word not in said, word
            assert not phone.all(".kartu, #papan, form")
        phone.browser.every_size("tidak-tersambung", ALL_SIZES)
        assert phone.browser.letters("h1") > 0.02, "its stylesheet is there"
        assert phone.browser.axe() == []
    finally:
        village.start(port(village))


def test_the_page_that_was_asked_for_opens_by_itself_when_the_hub_is_back(phone, village):
    phone.browser.resize(PHONE)
    village.process.stop()
    phone.driver.refresh()
    phone.browser.wait_text("Tidak tersambung ke pusat data")
    village.start(port(village))
    phone.browser.wait_text("terhubung, langsung")
    assert phone.driver.current_url == village.address + "/papan" and phone.all(".kartu")


def test_a_session_that_has_ended_shows_nothing_either(phone, village):
    phone.driver.delete_all_cookies()
    phone.driver.get(village.address + "/papan")
    assert "/masuk" in phone.driver.current_url and "Rumah 7" not in phone.text()
    village.process.stop()
    try:
        phone.driver.get(village.address + "/papan")
        assert "Ini bukan papan siaga" in phone.text() and "Rumah 7" not in phone.text()
    finally:
        village.start(port(village))
