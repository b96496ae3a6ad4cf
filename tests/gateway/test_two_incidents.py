"""Two incidents of one button, two orders of one id: what is done about one leaves the other alone."""
from gateway_kit import BUTTON, POST, Bench, alarm, button_status, report
from kentongan_gateway.actions import SirenOff
from kentongan_wire import messages as m


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
