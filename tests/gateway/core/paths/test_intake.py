"""Identity is content: what comes under a counter that is known, or below it, and what follows."""

import pytest
from kentongan_gateway.core.base.actions import Siren
from kentongan_gateway.core.base.records import RECORDS_LIMIT
from kentongan_gateway.core.devices.configs import QUIET_MAX_MS
from kentongan_gateway.core.paths import intake
from kentongan_gateway.core.paths.intake import SLOW_MS
from kentongan_wire.message import messages as m
from kits.gateway.gateway_kit import BUTTON, BUTTON_2, Bench, alarm, button_status, starts

PLANTED = {"uji": {"kind": m.KIND_UJI}, "cancel": {"flags": m.FLAG_CANCEL}}


def stored(bench):
    return [(e["counter"], e["kind"], e["altered"], e["late"]) for e in bench.of_type("alarm")]


def test_the_same_counter_with_other_content_is_another_alarm_and_is_called_for():
    bench = Bench()
    bench.hear(alarm(kind=m.KIND_UJI))
    bench.run(1_000)
    bench.hear(alarm(kind=2))
    bench.run(7_000)
    assert stored(bench) == [(100, m.KIND_UJI, False, False), (100, 2, True, False)]
    assert [(e.stage, e.zone, e.kind) for _, _, e in bench.entries(BUTTON)] == [(2, 0, 0), (2, 5, 2)]
    assert starts(bench) and [siren.pattern for siren in bench.all(Siren)] == ["kebakaran"]
    assert bench.sent(m.PAGE)[0][2].body.kind == 2
    first, second = bench.of_type("alarm")
    assert first["key"] != second["key"] and first["digest"] != second["digest"]


def test_each_content_is_receipted_as_itself_and_only_after_its_own_commit():
    bench = Bench()
    bench.hear(alarm(kind=m.KIND_UJI))
    bench.run(3_000)
    bench.disk_ok = False
    bench.hear(alarm(kind=2))
    bench.run(3_000)
    assert len(bench.entries(BUTTON)) == 1, "what is not on disk is not receipted by the other's receipt"
    bench.disk_ok = True
    bench.hear(alarm(kind=2, attempt=1))
    bench.run(3_000)
    for attempt in (2, 3):
        bench.hear(alarm(kind=2, attempt=attempt))
        bench.run(3_000)
    assert [e.kind for _, _, e in bench.entries(BUTTON)] == [0, 2, 2, 2]
    assert len(bench.of_type("alarm")) == 2


@pytest.mark.parametrize("what", PLANTED)
@pytest.mark.parametrize("counter", [105, 140])
def test_what_does_not_sound_and_was_planted_under_coming_counters_silences_no_press(what, counter):
    """Only who has the button's own keys can plant it; the next press is stored, receipted and called for."""
    bench = Bench()
    bench.hear(button_status(counter=100))
    for planted in range(101, 141):
        bench.hear(alarm(counter=planted, **PLANTED[what]))
        bench.run(700)
    before = len(bench.entries(BUTTON))
    begin = bench.now_ms
    for attempt in range(3):
        bench.hear(alarm(counter=counter, kind=2, attempt=attempt))
        bench.run(2_500)
    assert stored(bench)[-1] == (counter, 2, True, False) and len(bench.of_type("alarm")) == 41
    assert {(e.counter, e.stage) for _, _, e in bench.entries(BUTTON)[before:] if e.counter == counter} == {
        (counter, m.STAGE_STORED)
    }
    assert starts(bench)[0][:2] == (begin + 2_000, counter)


def test_an_alarm_that_other_messages_of_its_button_overtook_lately_still_sounds():
    bench = Bench()
    bench.hear(button_status(counter=90))
    bench.hear(button_status(counter=110))
    bench.run(SLOW_MS - 1_000, hub_ok_every_ms=1_000)
    bench.hear(alarm(counter=100))
    bench.run(3_000, hub_ok_every_ms=1_000)
    assert stored(bench) == [(100, 1, False, False)] and starts(bench)


def test_another_button_that_goes_through_its_counters_makes_no_overtaken_press_late(monkeypatch):
    monkeypatch.setattr(intake, "PASSED_LIMIT", 16)
    bench = Bench()
    bench.hear(button_status(counter=90))
    bench.hear(button_status(counter=110))
    for counter in range(100, 130):
        bench.hear(button_status(BUTTON_2, counter))
    bench.hear(alarm(counter=100))
    bench.run(3_000, hub_ok_every_ms=1_000)
    assert stored(bench) == [(100, 1, False, False)] and starts(bench)


def test_an_alarm_that_was_held_back_is_shown_as_late_and_sounds_nowhere():
    bench = Bench()
    bench.hear(button_status(counter=90))
    bench.hear(button_status(counter=110))
    bench.run(SLOW_MS + 1_000, hub_ok_every_ms=1_000)
    bench.hear(alarm(counter=100))
    bench.run(60_000)
    assert stored(bench) == [(100, 1, False, True)]
    assert not starts(bench) and not bench.all(Siren) and not bench.sent(m.PAGE)


def test_an_alarm_that_was_called_off_before_it_came_sounds_nowhere():
    bench = Bench()
    bench.hear(button_status(counter=90))
    bench.hear(alarm(counter=101, incident=100, flags=m.FLAG_CANCEL))
    bench.hear(alarm(counter=100))
    bench.run(60_000)
    assert not starts(bench) and not bench.all(Siren) and not bench.sent(m.PAGE)


def test_after_a_restart_the_second_content_is_known_as_stored_too():
    bench = Bench()
    bench.hear(alarm(kind=1))
    bench.hear(alarm(kind=2))
    bench.run(1_000)
    again = Bench(state=bench.state, spool=bench.spool, age_ms=-1)
    for kind in (2, 1):
        again.hear(alarm(kind=kind, attempt=3))
        again.run(2_500)
    again.run(20_000)
    assert not again.of_type("alarm") and len(again.entries(BUTTON)) == 2
    assert not starts(again) and not again.all(Siren)


def test_an_alarm_that_hundreds_of_others_pushed_out_of_memory_is_still_known():
    bench = Bench()
    bench.hear(alarm(kind=2))
    bench.run(5_000, hub_ok_every_ms=1_000)
    for n in range(RECORDS_LIMIT + 5):
        bench.hear(alarm(src=0x6000 + n, counter=10, kind=m.KIND_UJI), src=0x6000 + n)
    bench.run(400_000, hub_ok_every_ms=1_000)
    told, ordered = len(bench.of_type("alarm")), len(starts(bench))
    bench.hear(alarm(kind=2))
    bench.run(60_000)
    assert len(bench.of_type("alarm")) == told and len(starts(bench)) == ordered
    assert not bench.all(Siren) and not bench.sent(m.PAGE)
    assert bench.entries(BUTTON)[-1][0] > bench.now_ms - 60_001, "it is stored, and that is said"


def test_a_cancel_that_names_itself_as_the_first_of_its_incident_ends_nothing():
    bench = Bench()
    bench.hear(alarm(counter=100, flags=m.FLAG_CANCEL))
    bench.hear(alarm(counter=100, kind=2))
    bench.run(7_000)
    assert bench.core.counters["cancel_of_nothing"] == 1
    assert starts(bench) and bench.all(Siren)


def test_who_plays_an_old_alarm_again_and_again_holds_no_settings_up():
    bench = Bench()
    bench.hear(alarm(kind=2))
    bench.run(300_000, hub_ok_every_ms=1_000)
    for _ in range(40):
        bench.hear(alarm(kind=2))
        bench.run(60_000, hub_ok_every_ms=1_000)
        assert bench.now_ms >= bench.core.parts.configs._quiet_until_ms
    assert bench.now_ms > 1_000_000 + QUIET_MAX_MS
