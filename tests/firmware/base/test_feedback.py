# runs: cpython micropython
"""Feedback of the box: each state can be told from each other one without seeing a colour."""

from kentongan_node.base import feedback
from kentongan_wire.base import patterns
from kits.both import raises

ALARM_STATES = ("sending", "sounding", "stored", "coming", "closed", "cancelled", "nobody")


def test_every_state_of_an_alarm_has_a_rhythm_of_its_own():
    rhythms = [feedback.STEPS[state][0] for state in ALARM_STATES]
    for i in range(len(rhythms)):
        assert rhythms[i]
        assert rhythms[i] not in rhythms[:i]


def test_the_blinks_count_the_stages_one_two_three():
    for n, state in ((1, "sounding"), (2, "stored"), (3, "coming")):
        assert len(feedback.STEPS[state][0]) == n


def test_every_rhythm_has_an_end_so_that_the_lamp_can_begin_again():
    for state in feedback.STEPS:
        for steps in feedback.STEPS[state]:
            assert not steps or patterns.cycle_ms(steps) > 0


def test_off_is_dark_and_still():
    assert feedback.show("off").steps == ((), (), ())


def test_a_quiet_page_neither_beeps_nor_shakes():
    assert feedback.show("page_quiet").steps[1:] == ((), ())


def test_no_state_is_named_for_a_silent_alarm():
    for state in feedback.STEPS:
        assert "silent" not in state and "kekerasan" not in state


def test_a_state_without_a_row_is_a_mistake_of_ours():
    assert raises(KeyError, feedback.show, "received")
