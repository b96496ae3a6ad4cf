"""The campaign of field faults in short, and that it can fail: nothing heard, nothing shown, nothing kept."""
import re
from pathlib import Path

import pytest
from kentongan_hub import accounts, calling, kept, supervision
from kentongan_sim.soak.field import campaign, page
from kentongan_sim.soak.field.box import Box
from kentongan_sim.soak.field.campaign import Campaign, Result
from kentongan_sim.soak.field.faults import FAULTS

ROOT = Path(__file__).resolve().parents[2]
SHORT = ("tombol: flash takes no write", "tombol: brown-outs at 1 to 4 frames", "odd orders",
         "pos: its output cannot be driven",
         "journal of the spool altered (WAL)", "database empty", "clock stepped back while it runs",
         "SMS modem noise", "odd forms")


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """A few alarms need no calm between them, no minutes are given to an alarm that was lost, and a password
    costs less than in earnest."""
    monkeypatch.setattr(accounts, "HASH_METHOD", "scrypt:1024:8:1")
    for name, ms in (("CALM_MS", 20_000), ("SETTLE_MS", 60_000), ("WARM_UP_MS", 60_000)):
        monkeypatch.setattr(campaign, name, ms)


def ran(*names, seed=1, count=None):
    result = Result()
    Campaign(seed, result).run(count or len(names), names)
    return result


def test_a_fault_of_each_part_loses_nothing_silences_nothing_and_is_told():
    result = ran(*SHORT)
    assert result.problems == []
    assert set(result.faults) == set(SHORT) and result.pressed == len(SHORT)
    assert "0 lost, 0 silent, 0 told to nobody" in page.verdict(result)
    assert all(f"| {name} |" in page.table(result) for name in SHORT)


def test_every_part_has_faults_and_every_fault_a_name_of_its_own():
    assert {fault.part for fault in FAULTS} == {"device", "gateway", "hub"}
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)


@pytest.mark.parametrize("patch, kind", [
    ((Box, "_sound", lambda self, action: None), "silent"),
    ((supervision, "findings", lambda *_: {}), "not told"),
    ((calling, "run_due", lambda db, now: 0), "not called"),
])
def test_a_campaign_that_nothing_holds_finds_it_out(patch, kind, monkeypatch):
    owner, name, instead = patch
    monkeypatch.setattr(owner, name, instead)
    monkeypatch.setattr(campaign, "PRESSES", ("main",))
    monkeypatch.setattr("kentongan_sim.soak.field.place.ANSWER_MS", 10**9)
    assert any(one.startswith(kind + ":") for one in ran("its disk full").problems)


def test_an_alarm_that_goes_with_a_damaged_database_is_found_out(monkeypatch):
    monkeypatch.setattr(kept, "read", lambda data_dir: {})
    monkeypatch.setattr(campaign, "PHASES", ("before", "before", "before"))
    monkeypatch.setattr(campaign, "TOLD_MS", 10_000)  # a hub that knows nobody need not be asked for minutes
    problems = ran("database empty").problems
    assert any(one.startswith(("lost", "false word", "not called")) for one in problems)


def test_every_test_that_the_page_names_is_there():
    """A name without a folder is in the folder of the one before it in its row."""
    page_text = (ROOT / "docs/reliability.md").read_text()
    rows = page_text.partition("| what breaks, or must be true")[2].split("\n\n")[0]
    named = 0
    for row in rows.splitlines():
        folder = ""
        for name in re.findall(r"`([\w/]+\.py)`", row):
            folder = name.rpartition("/")[0] or folder
            assert (ROOT / folder / name.rpartition("/")[2]).exists(), f"{name} in {row}"
            named += 1
    assert named > 30
