"""Patience of tests: how long they wait for what must happen. None promises this machine's speed.

A thing that happens is waited for only until it has; so the end may be far away, and is: a machine at many
times its usual load must not fail a test. Whoever breaks something and wants to know it sooner sets
KENTONGAN_PATIENCE_S. `tests/repo/test_tidy.py` holds that no test has a shorter end of its own.
"""

import os
import time

PATIENCE_S = float(os.environ.get("KENTONGAN_PATIENCE_S", 600))
LOOK_S = 0.02


def wait_for(condition, what, seconds=PATIENCE_S):
    """The first true value of condition(); AssertionError that names `what` when there is none in time."""
    until_s = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < until_s, f"did not happen in {seconds:g} s: {what}"
        time.sleep(LOOK_S)
    return value
