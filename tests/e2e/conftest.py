"""One village with a night behind it and one chromium for all the tests of a file."""

from pathlib import Path

import pytest
from kits.browser.browser_kit import CHROMIUM, DRIVER, Browser
from kits.browser.browser_village import Night, Village


@pytest.fixture(scope="module")
def village(tmp_path_factory):
    made = Village(tmp_path_factory.mktemp("kampung") / "data")
    yield made
    made.process.stop()


@pytest.fixture(scope="module")
def chromium(require, village, tmp_path_factory):
    require(
        Path(CHROMIUM).exists() and Path(DRIVER).exists(), "a browser", "apt install chromium chromium-driver"
    )
    made = Browser(tmp_path_factory.mktemp("chromium") / "profile")
    yield made
    assert made.hosts_asked() <= {
        address.removeprefix("http://") for address in (village.address, village.tablet_address)
    }, "a page asked somebody outside"
    made.close()


@pytest.fixture
def night(village, chromium):
    walk = Night(village, chromium)
    yield walk
    assert chromium.complaints() == []
