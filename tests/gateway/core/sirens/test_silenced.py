"""Sirens that a person stopped are not started again by a restart; those that nobody touched still are."""

import pytest
from kentongan_gateway.core.base.actions import Siren, Speak
from kentongan_gateway.core.gateway_core import CoreConfig
from kentongan_gateway.core.sirens.silenced import LIMIT
from kentongan_wire.message import messages as m
from kits.gateway.gateway_kit import BUTTON, POST, RECEIVER, Bench, alarm, report
from kits.gateway.gateway_kit import coming as coming_from

CONFIG = CoreConfig(0x1010, "gateway-1", 5, voice=True)


def starts(bench):
    return [order for _, _, order in bench.sent(m.SIREN_ORDER) if order.body.action == m.ACTION_START]


def silenced(bench):
    bench.hear(report(state=m.STATE_SILENCED), src=POST)


def stopped(bench):
    bench.order(id=1, type="siren", action="stop", origin=BUTTON, counter=100, targets="zone")


def answered(bench):
    bench.order(id=1, type="stage", device=BUTTON, counter=100, stage=3)


def hushed(bench):
    bench.run(6_000)  # the hub is silent: our own siren sounds
    assert bench.core.parts.own.alarm
    bench.do(bench.core.on_silence_key(bench.now_ms, 1))


def cancelled(bench):
    bench.hear(alarm(counter=101, incident=100, flags=m.FLAG_CANCEL))


def coming(bench):
    bench.run(6_000)  # paged by ourselves
    bench.hear(coming_from(), src=RECEIVER)


def killed(bench):
    """kill -9, and the next run: what was kept late is lost, what is promised is on disk."""
    kept = {name: data for name, data in bench.state.items() if name not in ("guard", "stored")}
    return Bench(state=kept, config=CONFIG, spool=bench.spool)


@pytest.mark.parametrize("deed", [stopped, answered, hushed, cancelled, coming])
def test_a_restart_starts_no_siren_that_a_person_has_ended(deed):
    bench = Bench(config=CONFIG)
    bench.hear(alarm())
    bench.hear(report(counter=309), src=POST)
    deed(bench)
    again = killed(bench)
    again.hear(alarm(attempt=5))  # the button never heard its receipt
    again.run(30_000)
    assert not starts(again) and not again.all(Siren) and not again.all(Speak)
    assert [entry.stage for _, _, entry in again.entries(BUTTON)][0] == m.STAGE_STORED


def test_a_restart_still_starts_the_siren_that_nobody_has_ended():
    bench = Bench(config=CONFIG)
    bench.hear(alarm())
    again = killed(bench)
    again.hear(alarm(attempt=5))
    again.run(30_000)
    assert starts(again) and again.all(Siren) and again.all(Speak)


def test_the_hub_may_start_again_what_was_stopped():
    bench = Bench(config=CONFIG)
    bench.hear(alarm())
    stopped(bench)
    again = killed(bench)
    again.hear(alarm(attempt=5))
    again.order(id=7, type="siren", action="start", origin=BUTTON, counter=100, kind=1, targets="zone")
    assert starts(again) and again.all(Siren)


def test_a_new_press_after_an_answer_is_a_new_cry_for_help_and_after_a_stop_it_is_not():
    for deed, cries in ((answered, True), (stopped, False)):
        bench = Bench(config=CONFIG)
        bench.hear(alarm())
        deed(bench)
        again = killed(bench)
        again.hear(alarm(counter=140, incident=100))
        again.run(5_000)
        assert bool(starts(again)) is cries


def test_another_incident_of_the_same_button_is_untouched_even_when_its_number_comes_round_again():
    bench = Bench(config=CONFIG)
    bench.hear(alarm())
    silenced(bench)
    again = killed(bench)
    again.hear(alarm(counter=100 + (1 << 16), incident=100))
    again.run(5_000)
    assert starts(again)


def test_what_is_kept_is_bounded_and_a_torn_state_costs_nothing_else():
    bench = Bench(config=CONFIG)
    for n in range(LIMIT + 50):
        bench.order(id=n, type="siren", action="stop", origin=BUTTON, counter=1_000 + n, targets="zone")
    assert len(bench.core.parts.context.quiet._all) == LIMIT
    torn = {**bench.state, "quiet": bench.state["quiet"][:-3]}
    assert len(Bench(state=torn, config=CONFIG).core.parts.context.quiet._all) == LIMIT - 1
