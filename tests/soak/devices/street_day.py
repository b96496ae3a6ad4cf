"""A day of a busy street on every role: what is left of a classic ESP32's heap at its fullest.

usage: python tests/soak/devices/street_day.py [ROLE ...]

As tests/firmware/test_heap.py, with 5,000 frames 17 s apart instead of 200. Exit 1 below 40 KB.
"""

import sys
import tempfile
from pathlib import Path

sys.path[:0] = [
    str(Path(__file__).resolve().parents[2]),
    str(Path(__file__).resolve().parents[2] / "firmware"),
]

import test_heap  # noqa: E402
from kits.node.street import FRAMES, NODES  # noqa: E402

DAY_FRAMES, GAP_MS = 5_000, 17_280


def main():
    short = []
    for role in sys.argv[1:] or sorted(NODES):
        left = []
        for frames, gap_ms in ((FRAMES, 300), (DAY_FRAMES, GAP_MS)):
            with tempfile.TemporaryDirectory() as folder:
                found = test_heap.run(role, Path(folder), frames, gap_ms)
            assert found["frames"] == frames, found
            left.append(test_heap.left_on_a_chip(found))
        burst, day = (round(one / 1024, 1) for one in left)
        print(f"{role}: {burst} KB left in a burst of {FRAMES} frames, {day} KB in a day of {DAY_FRAMES}")
        short += [role] * (min(left) < test_heap.LEFT_MIN)
    sys.exit(1 if short else 0)


main()
