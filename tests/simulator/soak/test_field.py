"""The campaign of field faults in short, and that it can fail: nothing heard, nothing shown, nothing kept."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from kentongan_gateway.hub_client.results import Results
from kentongan_hub.devices import supervision
from kentongan_hub.incidents.calling import recipients, steps
from kentongan_hub.people import accounts
from kentongan_hub.record import rows
from kentongan_hub.storage import kept
from kentongan_sim.soak import campaign_gateway
from kentongan_sim.soak.field import campaign, page
from kentongan_sim.soak.field.box import Box
from kentongan_sim.soak.field.campaign import Campaign, Result
from kentongan_sim.soak.field.faults import FAULTS

ROOT = Path(__file__).resolve().parents[3]
UNREAD = "unreadable: a person's name"
UNTOLD = "results of orders are not taken"
SHORT = (
    "tombol: flash takes no write",
    "tombol: brown-outs at 1 to 4 frames",
    "odd orders",
    "pos: its output cannot be driven",
    "journal of the spool altered (WAL)",
    "database empty",
    "clock stepped back while it runs",
    "SMS modem noise",
    "odd forms",
)


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


def soon(monkeypatch, **other):
    """Findings of a press need no look that the hub takes every ten minutes."""
    faults = [
        fault._replace(least_s=150, most_s=180, **other) if fault.name == UNREAD else fault
        for fault in FAULTS
    ]
    monkeypatch.setattr(campaign, "FAULTS", faults)
    monkeypatch.setattr(campaign, "PRESSES", ("main",))


def test_values_that_nobody_can_read_are_told_by_their_own_word_each_time(monkeypatch):
    """An earlier one's word is forgotten, and no other word of the page is taken for theirs."""
    soon(monkeypatch)
    result = ran(UNREAD, count=2)
    assert result.problems == [] and result.told[UNREAD] == 2


@pytest.mark.parametrize("called", [True, False])
def test_an_alarm_of_which_only_the_number_is_left_is_called_for_or_found_out(called, monkeypatch):
    """The hub is told so late that the card has altered it before; its button was answered and is silent."""
    monkeypatch.setattr(campaign, "PRESSES", ("main",))
    monkeypatch.setattr(Campaign, "_moments", lambda *_: (3_000, 1_000))
    monkeypatch.setattr(campaign_gateway, "UPLINK_MS", (5_000, 5_001))
    if not called:
        monkeypatch.setattr(recipients, "_may_know", lambda *_: False)
    problems = ran("stored alarms altered").problems
    assert (problems == []) == called
    assert called or any(one.startswith("not called:") for one in problems)


@pytest.mark.parametrize("name", ["keys", "seq"])
def test_a_lost_state_is_told_by_whichever_word_its_name_has(name):
    """Of keys the page says what to do, of others that they were begun anew."""
    (fault,) = [fault for fault in FAULTS if fault.name == "state files unreadable"]
    place = SimpleNamespace(warnings=lambda: {("gerbang perlu dilihat", f"gateway-1 disk_state {name}")})
    assert fault.told(place) and not fault.told(SimpleNamespace(warnings=set))


def test_results_that_the_hub_does_not_take_are_told_by_their_own_word():
    result = ran(UNTOLD)
    assert result.problems == [] and result.told[UNTOLD] == 1


@pytest.mark.parametrize(
    "name, owner, part, instead",
    [(UNREAD, rows, "recent", lambda db, now: []), (UNTOLD, Results, "trouble", lambda self: None)],
)
def test_a_word_that_is_never_said_is_missed_whatever_else_is_open(name, owner, part, instead, monkeypatch):
    monkeypatch.setattr(owner, part, instead)
    monkeypatch.setattr(campaign, "TOLD_MS", 10_000)
    soon(monkeypatch)
    assert any(one.startswith("not told:") for one in ran(name).problems)


def test_a_true_word_about_somebody_else_is_a_false_word(monkeypatch):
    soon(monkeypatch, also=(("nilai rusak diganti", "people 2"), ("pusat data gagal", "pusat data")))
    problems = ran(UNREAD).problems
    assert len(problems) == 1 and problems[0].startswith("false word:") and "people 1" in problems[0]


def test_the_page_tells_of_the_whole_campaign_or_says_that_it_does_not():
    """`kentongan-sim soak field --page docs/reliability.md` draws it: at least 500 injections, of all."""
    text = (ROOT / "docs/reliability.md").read_text()
    block = text.split(page.MARK)[1]
    said = re.match(r"\s*([\d,]+) faults beside ([\d,]+) alarms: 0 lost, ", block)
    injected, pressed = (int(number.replace(",", "")) for number in said.groups())
    rows_of = re.findall(r"^\| (\w+) \| ([^|]+) \| (\d+) \|", block, re.MULTILINE)
    assert pressed == injected == sum(int(count) for _, _, count in rows_of)
    every = {(part, name) for part, name, _ in rows_of} == {(fault.part, fault.name) for fault in FAULTS}
    assert injected >= 500 and every and f"soak field --faults {injected} " in block


def test_every_part_has_faults_and_every_fault_a_name_of_its_own():
    assert {fault.part for fault in FAULTS} == {"device", "gateway", "hub"}
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)


@pytest.mark.parametrize(
    "patch, kind",
    [
        ((Box, "_sound", lambda self, action: None), "silent"),
        ((supervision, "findings", lambda *_: {}), "not told"),
        ((steps, "run_due", lambda db, now: 0), "not called"),
    ],
)
def test_a_campaign_that_nothing_holds_finds_it_out(patch, kind, monkeypatch):
    owner, name, instead = patch
    monkeypatch.setattr(owner, name, instead)
    monkeypatch.setattr(campaign, "PRESSES", ("main",))
    monkeypatch.setattr("kentongan_sim.soak.site.ANSWER_MS", 10**9)
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
    rows = page_text.partition("| fault or rule")[2].split("\n\n")[0]
    named = 0
    for row in rows.splitlines():
        folder = ""
        for name in re.findall(r"`([\w/]+\.py)`", row):
            folder = name.rpartition("/")[0] or folder
            assert (ROOT / folder / name.rpartition("/")[2]).exists(), f"{name} in {row}"
            named += 1
    assert named > 30
