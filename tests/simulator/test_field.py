"""The campaign of field faults in short, and that it can fail: nothing heard, nothing shown, nothing kept."""
import pytest
from kentongan_hub import calling, mending, supervision
from kentongan_sim.soak.field import page
from kentongan_sim.soak.field.box import Box
from kentongan_sim.soak.field.campaign import Campaign, Result
from kentongan_sim.soak.field.faults import FAULTS

SHORT = ("tombol: flash takes no write", "tombol: brown-outs at 1 to 6 frames",
         "journal of the spool altered (WAL)", "odd orders", "database empty", "clock stepped back while it runs", "SMS modem noise", "odd forms")


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
    monkeypatch.setattr("kentongan_sim.soak.field.campaign.PRESSES", ("main",))
    monkeypatch.setattr("kentongan_sim.soak.field.place.ANSWER_MS", 10**9)
    assert any(one.startswith(kind + ":") for one in ran("its disk full").problems)


def test_an_alarm_that_goes_with_a_damaged_database_is_found_out(monkeypatch):
    monkeypatch.setattr(mending, "_kept", lambda data_dir: {})
    monkeypatch.setattr("kentongan_sim.soak.field.campaign.PHASES", ("before", "before", "before"))
    assert any(one.startswith(("lost", "false word", "not")) for one in ran("database empty").problems)
