"""The campaigns' village: real boxes whose promises are written down, and faults that are what they say."""

import pytest
from kentongan_sim.soak import faults
from kentongan_sim.soak.campaign_gateway import Dead
from kentongan_sim.soak.site import BUTTONS, Site
from kentongan_wire.message import messages as m


@pytest.fixture(name="town")
def town_fixture(tmp_path):
    town = Site(tmp_path, 3, None, gateways=1)
    town.first = town.houses["gateway-1"]
    town.first.start()
    town.run(60_000)
    yield town
    town.close()


def test_a_press_is_promised_by_its_own_receipt_and_answered_by_a_person(town):
    press = town.press("main")
    assert not press.promised
    assert town.run(3_000, lambda: press.promised) and town.first.spool.alarms(5)
    assert town.run(20_000, lambda: press.stage >= m.STAGE_COMING)
    (row,) = town.at_hub(press)
    assert row["kind"] == dict((label, kind) for label, _, kind in BUTTONS)[press.label]


def test_a_silent_press_is_promised_though_its_box_shows_nothing(town):
    shown = []
    town.world.listen(lambda t_us, label, what, detail: shown.append(label) if what == "show" else None)
    press = town.press("silent")
    assert town.run(10_000, lambda: press.promised and bool(town.at_hub(press)))
    assert press.label not in shown and town.plays == []


def test_a_test_that_no_gateway_hears_is_given_up_and_its_box_has_said_so(town):
    town.first.switch_off()
    press = town.press("uji")
    town.run(70_000)
    assert press.told_nobody and not press.promised
    alarm = town.press("main")
    town.run(70_000)
    assert not alarm.told_nobody, "an alarm is never given up"


@pytest.mark.parametrize("begin, end", [(faults._freeze, faults._thaw), (faults._unplug, faults._plug)])
def test_a_modem_out_of_reach_is_told_and_comes_back(begin, end, town):
    """Nothing is promised while it is, and everything afterwards."""
    steps = []
    town.world.listen(lambda t_us, label, what, detail: steps.append(detail.get("step")))
    begin(town.first, town.rng)
    press = town.press("main")
    town.run(30_000)
    assert "radio_down" in steps and not press.promised
    end(town.first)
    assert town.run(120_000, lambda: press.promised) and "radio_up" in steps


def test_a_gateway_that_dies_as_the_hub_takes_its_events_notes_no_delivery_any_more(town, monkeypatch):
    def ends(*_):
        raise Dead

    marks = []
    monkeypatch.setattr(town.first._performer, "taken", ends)
    monkeypatch.setattr(town.first.spool, "mark_sent", lambda *args: marks.append(args))
    press = town.press("main")
    assert town.run(20_000, lambda: press.promised and bool(town.at_hub(press)))
    town.run(20_000)
    assert marks == [] and town.first._core, "the next process offers them again, and notes it"


def test_a_killed_gateway_comes_back_with_one_loop_of_each_kind(town, monkeypatch):
    """Nothing that belonged to the dead process does anything any more."""
    asked = []
    call = town.first.link.call
    monkeypatch.setattr(town.first.link, "call", lambda *args: asked.append(args[0]) or call(*args))
    for steps in range(12):
        town.first.kill_in = steps
        town.press("main")
        town.run(15_000)
        town.first.kill_in = None
    town.run(30_000)
    asked.clear()
    town.run(45_000)
    assert asked.count("GET") == 10
