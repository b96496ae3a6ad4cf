"""A drill ends when it ends: a press in earnest right after it is beaten as real by every post within 5 s.

The whole measurement: `kentongan-sim drill rt --seeds 1-1000`; a failure here names its seed.
"""

import json
import subprocess
import sys
from pathlib import Path

from kentongan_sim.attack import drill_end
from kits.patience import PATIENCE_S

SEEDS = range(1, 13)


def test_a_press_in_earnest_is_beaten_as_real_everywhere_five_seconds_after_the_end():
    found = drill_end.figures("rt", SEEDS)
    assert found["as_drill"] == [] and found["late"] == []
    assert found["drilled"] == len(SEEDS), "and until then it was a drill"


def test_posts_that_hear_nothing_are_named_with_the_seed():
    found = drill_end.figures("rt", [3], loss=0.9)
    assert found["in_time"] == 0 and found["as_drill"] == []
    assert found["late"][0]["seed"] == 3 and found["late"][0]["late"]


def test_the_command_prints_its_figure_and_refuses_what_it_does_not_know():
    command = [Path(sys.executable).parent / "kentongan-sim", "drill"]
    run = subprocess.run(
        [*command, "rt", "--seeds", "1-2", "--json"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    assert json.loads(run.stdout)["runs"] == 2
    odd = subprocess.run([*command, "kota"], capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert odd.returncode == 2 and "kota" in odd.stderr
