"""Writes and checks what is in hardware/: pins, schematics, boards, fabrication files, simulations.

Two interpreters run it. The pure parts (pins, circuits, rules, SPICE) need only the standard library; `board`
needs KiCad's `pcbnew`, which Debian installs for its own python3, so the command runs with that one:
`PYTHONPATH=hardware /usr/bin/python3 -m kentongan_hw`.
"""

from pathlib import Path

HARDWARE = Path(__file__).resolve().parent.parent
ROOT = HARDWARE.parent
BUILD = ROOT / "build" / "hardware"


def put(path, text):
    """Writes text where it is not there already: who reads the file meanwhile never finds it half written."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return path
