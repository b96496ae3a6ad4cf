"""A phone's photo of many megabytes, chosen in a real browser: made small there, and refused in words."""

from pathlib import Path

import pytest
from kits.browser.browser_kit import CHROMIUM, DRIVER, Browser
from kits.hub.hub_kit import HubProcess, make_site
from PIL import Image

pytestmark = pytest.mark.browser


@pytest.fixture
def page(require, tmp_path):
    require(
        Path(CHROMIUM).exists() and Path(DRIVER).exists(), "a browser", "apt install chromium chromium-driver"
    )
    made = make_site(tmp_path / "data")
    hub = HubProcess(tmp_path / "data")
    event = {"id": "gateway-1/1", "type": "alarm", "device": made["button"], "counter": 9, "kind": 1}
    hub.call("/api/v1/events", {"boot_id": "b", "events": [event]}, made["token"])
    browser = Browser(tmp_path / "profile")
    browser.enter(hub.address, "admin")
    browser.driver.get(hub.address + "/kejadian/kejadian-1")
    yield browser
    browser.close()
    hub.stop()


def choose(page, path):
    page.find("[name=foto]").send_keys(str(path))


def test_a_large_photo_leaves_the_browser_small_and_arrives(page, tmp_path):
    path = tmp_path / "besar.jpg"
    Image.effect_noise((4_000, 3_000), 90).convert("RGB").save(path, "JPEG", quality=95)
    assert path.stat().st_size > 5 << 20
    choose(page, path)
    small = "return document.querySelector('[name=foto]').files[0].size < 2000000"
    page.wait(lambda: page.driver.execute_script(small), "the photo was not made small")
    page.press("Simpan foto")
    page.wait(lambda: page.driver.find_elements("css selector", ".foto img"), "no photo on the page")
    assert page.complaints() == []


def test_what_cannot_be_made_small_and_is_too_large_says_so_before_it_is_sent(page, tmp_path):
    path = tmp_path / "bukan.jpg"
    path.write_bytes(bytes(21 << 20))
    choose(page, path)
    said = "return document.querySelector('[name=foto]').validationMessage"
    page.wait(lambda: "20 MB" in page.driver.execute_script(said), "nothing was said")
