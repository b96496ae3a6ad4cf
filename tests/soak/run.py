"""Long campaigns that CI runs a short version of: `make soak`, or `make soak ONLY=flash`.

Each campaign is a list of commands; one that ends with another status than 0 fails it. Exit 1 when any
failed.
"""

import os
import subprocess
import sys
from pathlib import Path

from kentongan_sim.console.progress import during

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(sys.executable).parent
DEVICE_PATH = ":".join(str(ROOT / part) for part in ("wire/src", "firmware/src", "simulator/src", "tests"))
TELL_EVERY_S = 30  # for how long a command has run
MICROPYTHON = [str(BIN / "micropython"), "-X", "heapsize=64M"]

ATTACK = [
    [str(BIN / "kentongan-sim"), "attack", "--seeds", "1-20", "--jobs", "2"],
    [str(BIN / "kentongan-sim"), "attack", "--seeds", "101", "--jobs", "2", "--engine", "micropython"],
    [sys.executable, "tests/soak/frames/attack_frames.py", "--jobs", "2"],  # a million through every core
]

# name: (what it shows, commands)
CAMPAIGNS = {
    "flash": (
        "12,000 power cuts in a device's flash: no write, counter or setting lost",
        [[*MICROPYTHON, "tests/soak/devices/flash_cuts.py", "1000", str(seed)] for seed in range(1, 13)],
    ),
    "device": (
        "1,000 faults beside an alarm on devices: no silence, no packet number twice, each is told",
        [[sys.executable, "tests/soak/devices/device_faults.py", "250", str(seed)] for seed in range(1, 5)],
    ),
    "chip": (
        "a day of every role on the ESP32 model, 100,000 random bytes on its line, each part fails",
        [
            [*MICROPYTHON, "tests/soak/devices/chip_days.py", role, "24", "100000", "1"]
            for role in ("tombol", "sirene", "penerus", "penerima", "modem")
        ],
    ),
    "street": (
        "a day of a busy street on every role: 40 KB of a classic ESP32's heap are left",
        [[sys.executable, "tests/soak/devices/street_day.py"]],
    ),
    "month": (
        "30 days of every role in virtual time: no growth, over the wraps of the tick counter",
        [
            [sys.executable, "tests/soak/devices/month.py", role, "30"]
            for role in ("tombol", "sirene", "penerus", "penerima", "modem")
        ],
    ),
    "gateway": (
        "2,052 faults on the walk of an alarm: nothing receipted is lost, no false siren",
        [[str(BIN / "kentongan-sim"), "soak", "gateway", "--faults", "2052", "--jobs", "2"]],
    ),
    "field": (
        "555 faults of the field beside an alarm: none lost or silent, every one told to a person",
        [[str(BIN / "kentongan-sim"), "soak", "field", "--faults", "555", "--jobs", "2"]],
    ),
    "process": (
        "the real gateway process, killed at each step of an alarm's walk",
        [[sys.executable, "-m", "pytest", "-q", "tests/gateway/service/test_process.py", "-k", "kill_9"]],
    ),
    "stock": (
        "the unmodified meshtastic library, 10,000 packets, unplugged 50 times",
        [[str(BIN / "kentongan-sim"), "soak", "stock"]],
    ),
    "api": (
        "200 calls of every route of the hub's API, right and wrong: no crash, no answer unheard of",
        [[sys.executable, "-m", "pytest", "-q", "tests/hub/api/test_security_api.py"]],
    ),
    "forms": (
        "every form of the hub some hundred times with odd values, of every role: no answer 5xx",
        [[sys.executable, "-m", "pytest", "-q", "tests/hub/web/every_page/test_forms.py"]],
    ),
    "damage": (
        "every column of the hub's database damaged in six ways, in one row and all: each alarm is "
        "stored, open and called for, and the damage is told",
        [[sys.executable, "-m", "pytest", "-q", "tests/hub/storage/test_damage.py"]],
    ),
    "escalation": (
        "50 escalations killed at any point: no step lost, doubles marked",
        [[sys.executable, "-m", "pytest", "-q", "tests/hub/policies/test_escalation_crash.py"]],
    ),
    "attack": (
        "thieves in the village, 2,000 attacked walks and millions of odd frames: nothing false, "
        "nothing lost",
        ATTACK,
    ),
    "install": (
        "the packages in fresh roots of Debian 12 and 13, without a network: installed, served, purged",
        [[sys.executable, "tests/soak/install.py"]],
    ),
    "keys": (
        "a change of keys with a device away for a day",
        [[sys.executable, "-m", "pytest", "-q", "tests/simulator/world/test_trust.py"]],
    ),
}


def run(name):
    what, commands = CAMPAIGNS[name]
    print(f"== {name}: {what}", flush=True)
    environment = {
        **os.environ,
        "MICROPYPATH": f"{DEVICE_PATH}:.frozen",
        "KENTONGAN_SOAK": "1",
        "PYTHONPATH": str(ROOT / "tests"),
    }
    failed = []
    for number, command in enumerate(commands, 1):
        with during(f"{name}, {number} of {len(commands)}", sys.stdout, TELL_EVERY_S):
            if subprocess.run(command, cwd=ROOT, env=environment).returncode:
                failed.append(command)
    for command in failed:
        print(f"FAILED, run again with: MICROPYPATH={environment['MICROPYPATH']} {' '.join(command)}")
    return not failed


def main():
    chosen = sys.argv[1:] or list(CAMPAIGNS)
    unknown = [name for name in chosen if name not in CAMPAIGNS]
    if unknown:
        sys.exit(f"unknown campaign {', '.join(unknown)}; choose from {', '.join(CAMPAIGNS)}")
    sys.exit(0 if all([run(name) for name in chosen]) else 1)


if __name__ == "__main__":
    main()
