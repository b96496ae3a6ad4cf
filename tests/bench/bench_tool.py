"""`make bench-tool`: how long kentongan-tool takes to make a blank board a house, from the plug to the label.

The demo's village, hub and gateway are there; the board is the virtual one on its table, real MicroPython
that boots from the files written to it. Its serial line and its flash cost no time, so the tool's own time is
what is measured; a real board's is counted beside it, from the bytes that went over the line and the blocks
that were written. Prints a Markdown table: wall time, the processor time of the tool and of all that it
started (the machine may be shared), and those.
"""

import argparse
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from kentongan_sim.console.progress import during  # noqa: E402
from kentongan_sim.demo import plan  # noqa: E402
from kentongan_sim.demo.run import Demo  # noqa: E402
from kentongan_tool.board import bundle  # noqa: E402
from kentongan_tool.board.console import BAUD  # noqa: E402
from kits.patience import wait_for  # noqa: E402

LIMIT_S = 60  # the promise: beside the board's own time
TIMES = 3
BLOCK_BYTES = 4096  # of the flash, as in simulator boards/board_rom.py
BITS = 10  # of a byte on the line: start, eight, stop
ERASE_S, PAGE_S, PAGE_BYTES = (0.4, 0.003, 256)  # at most, by a W25Q's datasheet: a sector, a page
BIN = Path(sys.executable).parent
RESET = "tekan RESET pada papan"


class Took(NamedTuple):
    """One house: the tool's wall and processor time, and what a real board would have taken beside it."""

    wall_s: float
    cpu_s: float
    line_bytes: int
    blocks: int
    steps: list[tuple[float, str]]

    @property
    def board_s(self) -> float:
        pages = BLOCK_BYTES // PAGE_BYTES
        return self.line_bytes * BITS / BAUD + self.blocks * (ERASE_S + pages * PAGE_S)


class Line:
    """Count of what goes over the board's serial line, both ways."""

    def __init__(self, board):
        self.count = 0
        bridge = board._bridge
        bridge.write, bridge.on_data = self._counted(bridge.write), self._counted(bridge.on_data)

    def _counted(self, go):
        def counted(data):
            self.count += len(data)
            return go(data)

        return counted


class Table:
    """The board on the demo's table; another blank one takes its place for each house."""

    def __init__(self, demo):
        self._village, self._board, self._prompts = demo.village, demo.bench.board, 0
        demo.village.world.listen(self._note)

    def _note(self, _t_us, label, what, _detail):
        self._prompts += label == plan.BENCH.label and what == "prompt"

    def blank(self):
        """Switch it off, empty its flash, switch it on and wait for its prompt."""
        self._village.switch(plan.BENCH.label, False)
        with self._board.flash.open("r+b") as flash:
            flash.write(b"\xff" * self._board.flash.stat().st_size)
        before = self._prompts
        self._village.switch(plan.BENCH.label, True)
        wait_for(lambda: self._prompts > before, "the blank board's prompt")


def written(before, after):
    """Count the blocks of the flash that have changed."""
    return sum(
        before[at : at + BLOCK_BYTES] != after[at : at + BLOCK_BYTES]
        for at in range(0, len(after), BLOCK_BYTES)
    )


def provision(demo, line, number, folder):
    """Run the command that the demo prints, as a person would type it."""
    board, words = demo.bench.board, shlex.split(demo.bench.command(demo.hub_url))
    words = [BIN / "kentongan-tool", *words[1:], "--label-out", folder / f"label-{number}.pdf"]
    for option, value in (("--label", f"tombol-{number}"), ("--house", str(number))):
        words[words.index(option) + 1] = value
    before, counted = board.flash.read_bytes(), line.count
    state = {"XDG_STATE_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    began, steps = time.monotonic(), []
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, **state}
    )
    for text in process.stdout:
        steps.append((time.monotonic() - began, text.strip()))
        if RESET in text:
            board.press_reset()
    _, status, used = os.wait4(process.pid, 0)
    wall_s = time.monotonic() - began
    assert status == 0, "\n".join(text for _, text in steps)
    blocks = written(before, board.flash.read_bytes())
    return Took(wall_s, used.ru_utime + used.ru_stime, line.count - counted, blocks, steps)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=TIMES, help="how many houses")
    parser.add_argument("--steps", action="store_true", help="also what the tool said, and when")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Demo(Path(folder) / "data", "cpython") as demo:
        demo.start()
        if not demo.bench:
            sys.exit("This needs MicroPython for this machine: make setup installs it on x86-64 Linux.")
        began_s = time.monotonic()
        with during("the program is packed, as a technician does it once, at home"):
            bundle.of_checkout()
        packed_s = time.monotonic() - began_s
        line, table, took = Line(demo.bench.board), Table(demo), []
        for at in range(args.times):
            table.blank()
            with during(f"house {at + 1} of {args.times}"):
                took.append(provision(demo, line, 30 + at, Path(folder)))
    print("| house | tool, wall | tool, processor | over the line | flash blocks | board's own time |")
    print("|---|---|---|---|---|---|")
    for number, one in enumerate(took, 1):
        print(f"| {number} | {one.wall_s:.1f} s | {one.cpu_s:.1f} s | {one.line_bytes / 1024:.0f} KiB "
              f"| {one.blocks} | {one.board_s:.0f} s |")  # fmt: skip
    if args.steps:
        print("\n".join(f"{at_s:7.2f} s  {text}" for at_s, text in took[-1].steps))
    print(f"\nPacking the program, once for all houses (nothing where it was kept): {packed_s:.1f} s.")
    median_s = statistics.median(one.wall_s for one in took)
    print(f"Median {median_s:.1f} s beside the board's own time; the promise is {LIMIT_S} s.")
    sys.exit(median_s > LIMIT_S)


if __name__ == "__main__":
    main()
