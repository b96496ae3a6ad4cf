"""Writes and checks what is in hardware/: pins, schematics, boards, fabrication files, simulations.

Two interpreters run it. The pure parts (pins, circuits, rules, SPICE) need only the standard library; `board`
needs KiCad's `pcbnew`, which Debian installs for its own python3, so the command runs with that one:
`PYTHONPATH=hardware /usr/bin/python3 -m kentongan_hw`.
"""
from pathlib import Path

HARDWARE = Path(__file__).resolve().parent.parent
ROOT = HARDWARE.parent
BUILD = ROOT / "build" / "hardware"
