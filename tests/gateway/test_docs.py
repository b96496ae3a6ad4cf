"""The gateway's README names every module, setting, event and order; what is shipped is good."""
import re
from pathlib import Path

import pytest
from kentongan_gateway import commands, settings, spool

ROOT = Path(__file__).resolve().parents[2] / "gateway"
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_module_is_in_the_table():
    modules = {p.stem for p in (ROOT / "src/kentongan_gateway").glob("*.py")} - {"__init__", "__main__"}
    modules |= {p.stem for p in (ROOT / "src/kentongan_gateway/radio").glob("*.py")} - {"__init__"}
    assert not {name for name in modules if f"`{name}" not in README}


def test_every_setting_is_named():
    for section, fields in settings.FIELDS.items():
        assert f"`[{section}]`" in README
        assert not [key for key in fields if f"`{key}`" not in README]


NAMES = [*commands.Commands._DEEDS, *spool.CLASSES, "supervision", "radio", "refusals"]


@pytest.mark.parametrize("name", NAMES)
def test_every_order_and_event_is_named(name):
    assert f"`{name}`" in README


def test_the_shipped_settings_are_good():
    assert settings.load(ROOT / "deploy/gateway.toml").radio.port == "/dev/kentongan-modem"


def test_the_unit_feeds_its_watchdog_and_never_gives_up():
    unit = (ROOT / "deploy/kentongan-gateway.service").read_text()
    assert {"Type=notify", "Restart=always", "StartLimitIntervalSec=0"} <= set(unit.splitlines())
    assert re.search(r"^WatchdogSec=\d+$", unit, re.M)
