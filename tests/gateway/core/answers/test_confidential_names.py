"""No line of the log names a silent alarm, however many others there were since."""

import pytest
from kentongan_gateway.core.answers.confidential_names import LIMIT
from kentongan_gateway.core.base.actions import Note
from kits.gateway.gateway_kit import BUTTON, BUTTON_2, Bench, alarm, button_status


def said_of_it(bench, since):
    """Log lines about tombol-07 and its silent alarm 100, but of a STATUS itself."""
    notes = [action for _, action in bench.done[since:] if isinstance(action, Note)]
    return {note.device for note in notes if note.device.startswith(("tombol-07", "rahasia"))}


@pytest.mark.parametrize(("other", "name"), [(BUTTON_2, "rahasia-1"), (BUTTON, "rahasia")])
def test_no_number_of_silent_alarms_makes_the_log_name_one(other, name):
    """256 of a stolen button pushed its number out; then the log said tombol-07."""
    bench = Bench()
    bench.hear(alarm(under_c=True))
    for n in range(LIMIT + 1):
        bench.hear(alarm(other, 1_000 + n, under_c=True), src=other)
        bench.run(150, hub_ok_every_ms=1_000)
    since = len(bench.done)
    bench.hear(alarm(under_c=True, attempt=5))
    bench.order(id=1, type="stage", device=BUTTON, counter=100, stage=3)
    bench.run(2_000, hub_ok_every_ms=1_000)
    bench.hear(button_status(counter=3_000, stage=3))
    bench.run(500)
    names = said_of_it(bench, since)
    assert name in names and "tombol-07" not in names


def test_an_old_silent_alarm_that_is_played_after_a_restart_has_no_name_either():
    bench = Bench()
    bench.hear(alarm(under_c=True))
    bench.run(2_000, hub_ok_every_ms=1_000)
    again = Bench(state={**bench.state, "secrets": b""}, spool=bench.spool, age_ms=-1)
    again.hear(alarm(under_c=True))
    again.run(2_000, hub_ok_every_ms=1_000)
    assert "tombol-07" not in said_of_it(again, 0)
