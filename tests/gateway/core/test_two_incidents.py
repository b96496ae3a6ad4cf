"""Two incidents of one button, two orders of one id: what is done about one leaves the other alone."""

import pytest
from kentongan_gateway.core.base.actions import OrderDone, SirenOff, Speak
from kentongan_gateway.core.gateway_core import CoreConfig
from kentongan_wire.message import messages as m
from kits.gateway.gateway_kit import BUTTON, POST, Bench, alarm, button_status, report


def test_a_stop_for_one_incident_leaves_the_buttons_next_one_sounding():
    bench = Bench()
    bench.hear(alarm(counter=100))
    bench.run(4_000)
    bench.hear(alarm(counter=200))
    bench.run(6_000)
    assert bench.of_type("gateway_siren")[-1]["counter"] == 200, "the hub is silent"
    orders = len(bench.sent(m.SIREN_ORDER))
    bench.order(id=1, type="siren", action="stop", origin=BUTTON, counter=100, targets="zone", zone=5)
    assert bench.all(SirenOff) == []
    bench.run(4_000)
    starts = [o for _, _, o in bench.sent(m.SIREN_ORDER)[orders:] if o.body.action == m.ACTION_START]
    assert [o.body.counter for o in starts] == [200]


def test_a_cancel_held_back_does_not_take_the_siren_from_a_newer_alarm():
    bench = Bench()
    bench.hear(alarm(counter=200))
    bench.run(2_500)
    bench.hear(alarm(counter=150, flags=m.FLAG_CANCEL, incident=100))
    bench.run(4_000)
    starts = [o for _, _, o in bench.sent(m.SIREN_ORDER) if o.body.action == m.ACTION_START]
    assert len(starts) >= 2 and {o.body.counter for o in starts} == {200}


def test_what_the_button_is_told_of_its_silent_alarm_holds_back_nothing_of_the_loud_one():
    bench = Bench()
    bench.hear(alarm(counter=100))
    bench.hear(alarm(counter=101, under_c=True))
    bench.order(id=1, type="stage", device=BUTTON, counter=101, stage=3)
    bench.run(1_000)
    bench.hear(button_status(stage=3, of=101))
    bench.order(id=2, type="stage", device=BUTTON, counter=100, stage=3)
    bench.run(1_000)
    assert (100, 3) in [(entry.counter, entry.stage) for *_, entry in bench.entries(BUTTON)]


def test_an_order_id_that_a_restored_hub_gives_again_is_another_order():
    bench = Bench()
    bench.hear(alarm(counter=100))
    bench.order(id=1, type="stage", device=BUTTON, counter=100, stage=3, expires_in_s=60)
    bench.order(id=1, type="stage", device=BUTTON, counter=100, stage=3, expires_in_s=55)
    bench.order(id=1, type="stage", device=BUTTON, counter=100, stage=4, expires_in_s=60)
    bench.run(1_000)
    assert [entry.stage for *_, entry in bench.entries(BUTTON) if entry.stage > 2] == [3, 4]


def test_a_report_about_an_older_incident_ends_no_start_for_the_newer_one():
    bench = Bench()
    bench.hear(alarm(counter=100))
    bench.hear(report(counter=309), src=POST)
    bench.hear(alarm(counter=200, incident=200))
    bench.run(2_500)
    bench.hear(report(alarm_counter=100, state=m.STATE_DRIVEN), src=POST)
    bench.run(10_000)
    starts = [o for _, _, o in bench.sent(m.SIREN_ORDER) if o.body.action == m.ACTION_START]
    assert {o.body.counter for o in starts} == {200} and len(starts) >= 3
    bench.hear(report(counter=311, alarm_counter=200, state=m.STATE_DRIVEN), src=POST)
    bench.run(30_000)
    assert len([o for _, _, o in bench.sent(m.SIREN_ORDER) if o.body.action == m.ACTION_START]) == len(starts)


# --- first counters that end in the same 16 bits: a button that lost its counters leaps over many ---

FAR = 100 + (1 << 16)


def starts(bench, counter):
    orders = [order.body for _, _, order in bench.sent(m.SIREN_ORDER)]
    return [order for order in orders if order.action == m.ACTION_START and order.counter == counter]


def two(second=FAR, **kind):
    """A bench that has heard an alarm 100 and, later, the first alarm of another incident."""
    bench = Bench(config=CoreConfig(0x1010, "gateway-1", 5, voice=True))
    bench.hear(alarm(counter=100))
    bench.run(12_000)
    bench.hear(alarm(counter=second, **kind))
    return bench


@pytest.mark.parametrize("second", [FAR, 999])
def test_the_next_incident_is_paged_whatever_its_numbers_last_bits(second):
    bench = two(second)
    bench.run(30_000)
    paged = {page.body.counter for _, _, page in bench.sent(m.PAGE)}
    assert paged == {100, second}


@pytest.mark.parametrize("second", [FAR, 999])
def test_the_next_incident_is_said_aloud(second):
    bench = Bench(config=CoreConfig(0x1010, "gateway-1", 5, voice=True))
    for src, counter in ((BUTTON, 100), (BUTTON, second)):
        bench.hear(alarm(src=src, counter=counter))
    bench.order(id=1, type="stage", device=BUTTON, counter=100, stage=3)
    bench.run(30_000)
    assert len(bench.all(Speak)) >= 2, "an answer to one leaves the other to be said"


@pytest.mark.parametrize("second", [FAR, 999])
def test_a_cancel_of_one_takes_no_siren_page_or_word_from_the_next(second):
    bench = two(second)
    bench.hear(alarm(counter=101, flags=m.FLAG_CANCEL, incident=100))
    bench.run(30_000)
    assert starts(bench, second) and second in {page.body.counter for _, _, page in bench.sent(m.PAGE)}


@pytest.mark.parametrize("second", [FAR, 999])
def test_a_stop_ordered_for_one_leaves_our_own_siren_to_the_next(second):
    bench = two(second)
    bench.run(8_000)
    assert bench.of_type("gateway_siren")[-1]["counter"] == second, "the hub is silent"
    off = len(bench.all(SirenOff))
    about = {"origin": BUTTON, "counter": 100, "first": 100, "targets": "zone", "zone": 5}
    bench.order(id=1, type="siren", action="stop", **about)
    assert len(bench.all(SirenOff)) == off


@pytest.mark.parametrize("second", [FAR, 999])
def test_the_button_is_told_of_each_whichever_is_answered_first(second):
    bench = two(second)
    for number, counter in enumerate((second, 100), 1):
        bench.order(id=number, type="stage", device=BUTTON, counter=counter, first=counter, stage=3)
        bench.run(3_000)
    told = [(entry.counter, entry.stage) for *_, entry in bench.entries(BUTTON)]
    assert (100, 3) in told and (second, 3) in told
    assert "failed: overtaken" not in [done.result for done in bench.all(OrderDone)]


@pytest.mark.parametrize("second", [FAR, 999])
def test_a_post_that_sounds_for_one_is_not_taken_to_sound_for_the_next(second):
    bench = Bench()
    bench.hear(alarm(counter=100))
    bench.hear(report(counter=309), src=POST)
    bench.run(1_000)
    bench.hear(alarm(counter=second, kind=2))
    bench.run(5_000)
    assert starts(bench, second)
    bench.hear(report(counter=310, alarm_counter=second, state=m.STATE_SOUNDING), src=POST)
    record = bench.core.parts.records.find(BUTTON, 100)
    assert bench.core.parts.watch.sounds(record), "and the word of one takes no other's place"


@pytest.mark.parametrize("second", [FAR, 999])
def test_two_confidential_incidents_have_two_names(second):
    bench = Bench()
    bench.hear(alarm(counter=100, under_c=True))
    bench.hear(alarm(counter=second, under_c=True))
    names = bench.core.parts.context.names
    assert names.secret(BUTTON, 100) == "rahasia-1" and names.secret(BUTTON, second) == "rahasia-2"
