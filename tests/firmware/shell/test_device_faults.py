"""Faults beside an alarm on devices, drawn from a seed; `make soak ONLY=device` makes a thousand."""

import json
import subprocess
import sys

from conftest import ROOT
from kits.patience import PATIENCE_S

FAULTS, SEED = 30, 16  # not one of the campaign's seeds


def campaign(faults, seed, *more):
    command = [sys.executable, ROOT / "tests/soak/devices/device_faults.py", str(faults), str(seed), *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.stdout.splitlines(), done.stderr
    return done.returncode, json.loads(done.stdout.splitlines()[-1]), done.stdout + done.stderr


def test_no_fault_beside_an_alarm_silences_a_device_or_brings_a_packet_number_back():
    code, found, text = campaign(FAULTS, SEED)
    assert code == 0 and found["misses"] == 0, text
    assert sum(found["kinds"].values()) == FAULTS
    kinds = {
        "tombol brown_out",
        "sirene flash_and_nvs",
        "sirene radio_later",
        "sirene part",
        "tombol part",
        "sirene unmade",
        "tombol unmade",
    }
    assert kinds <= set(found["kinds"])


def test_seeded_fault_a_flash_error_that_ends_the_program_is_found():
    code, found, _ = campaign(16, SEED, "careless")
    assert code == 1 and found["misses"]
