"""Progress: a person who waits is told what for, at once and while it lasts."""

import io

import pytest
from kentongan_sim.console import progress
from kits.patience import wait_for


def test_a_step_is_said_at_once_and_again_while_it_lasts():
    out = io.StringIO()
    with progress.during("the hub starts", out, every_s=0.01):
        assert out.getvalue() == "the hub starts ...\n"
        wait_for(lambda: out.getvalue().count("\n") >= 3, "two more words")
    lines = out.getvalue().splitlines()
    assert all(line.startswith("  the hub starts: ") and line.endswith(" s") for line in lines[1:])


def test_nothing_is_said_any_more_when_it_is_over_or_has_failed():
    out = io.StringIO()
    with pytest.raises(KeyError), progress.during("it", out, every_s=0.01):
        raise KeyError
    assert out.getvalue() == "it ...\n"
