"""The gateway's README names every module, setting, event and order; what is shipped is good."""

import re
from pathlib import Path

import pytest
from kentongan_gateway.core.paths import hub_orders
from kentongan_gateway.disk import spool
from kentongan_gateway.outputs import lamp
from kentongan_gateway.service import settings

ROOT = Path(__file__).resolve().parents[2] / "gateway"
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_module_is_in_the_table():
    source = ROOT / "src/kentongan_gateway"
    modules = [p.relative_to(source) for p in source.rglob("[!_]*.py")]
    assert modules
    assert not [p for p in modules if f"`{p.as_posix()}`" not in README and f"`{p.stem}`" not in README]


def test_every_setting_is_named():
    for section, fields in settings.FIELDS.items():
        assert f"`[{section}]`" in README
        assert not [key for key in fields if f"`{key}`" not in README]


NAMES = [*hub_orders.HubOrders._DEEDS, *spool.CLASSES, "supervision", "radio", "refusals"]


@pytest.mark.parametrize("name", NAMES)
def test_every_order_and_event_is_named(name):
    assert f"`{name}`" in README


def test_the_shipped_settings_are_good():
    assert settings.load(ROOT / "deploy/gateway.toml").radio.port == "/dev/kentongan-modem"


def test_the_unit_feeds_its_watchdog_and_never_gives_up():
    unit = (ROOT / "deploy/kentongan-gateway.service").read_text()
    assert {"Type=notify", "Restart=always", "StartLimitIntervalSec=0"} <= set(unit.splitlines())
    assert re.search(r"^WatchdogSec=\d+$", unit, re.M)


UDEV_LINE = re.compile(r'([A-Z]+)(\{[A-Za-z_]+\})?(==|!=|=|\+=)"([^"]*)"(?:, |$)')
UDEV_KEYS = {"SUBSYSTEM", "ATTRS", "KERNEL", "ACTION", "SYMLINK", "GROUP", "MODE", "ENV", "RUN"}


def udev_rules():
    """[{key: (operator, value)}] of each line, every character of which is read."""
    out = []
    for line in (ROOT / "deploy/70-kentongan.rules").read_text().splitlines():
        if line and not line.startswith("#"):
            found = UDEV_LINE.findall(line)
            read = ", ".join(f'{key}{attr}{op}"{value}"' for key, attr, op, value in found)
            assert read == line
            out.append({key + attr: (op, value) for key, attr, op, value in found})
    return out


def test_the_udev_rules_keep_every_boards_line_for_the_group_and_name_none_of_them_the_modem():
    """ModemManager would talk to a new serial line; a second board would take the modem's name."""
    rules = udev_rules()
    assert {key.partition("{")[0] for rule in rules for key in rule} <= UDEV_KEYS
    boards = [rule for rule in rules if rule["SUBSYSTEM"][1] == "tty"]
    assert {rule["ATTRS{idVendor}"][1] for rule in boards} == {"10c4", "1a86", "303a"}
    for rule in boards:
        assert "SYMLINK" not in rule  # `kentongan-gateway modem` gives one board the name
        assert rule["ENV{ID_MM_DEVICE_IGNORE}"] == ("=", "1")
        assert rule["GROUP"] == ("=", "dialout") and rule["ATTRS{idVendor}"][0] == "=="


def test_the_rules_show_how_two_ch340_get_a_name_each():
    """By the socket; the examples are rules that udev would take, were they uncommented."""
    text = (ROOT / "deploy/70-kentongan.rules").read_text()
    shown = [UDEV_LINE.findall(line[4:]) for line in text.splitlines() if line.startswith("#   SUBSYSTEM")]
    names = [dict((key + attr, value) for key, attr, op, value in rule) for rule in shown]
    assert [name["SYMLINK"] for name in names] == ["kentongan-modem", "kentongan-siren"]
    assert names[0]["ENV{ID_PATH}"] != names[1]["ENV{ID_PATH}"]


def test_the_logs_of_the_machine_have_an_end():
    journal = (ROOT / "deploy/journald-kentongan.conf").read_text().splitlines()
    assert {"SystemMaxUse=64M", "RuntimeMaxUse=16M", "MaxRetentionSec=90day"} <= set(journal)


def test_the_lamps_codes_at_the_post_are_those_of_the_program():
    rows = dict(re.findall(r"^\| (\d)(?: flash every 2 s)? \| (.+?) \|$", README, re.M))
    assert {int(code): words for code, words in rows.items()} == lamp.CODES
