"""`kentongan-sim bench`: run what is missing of the grid in parallel, then write the page."""

import signal
import sys
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from os import _exit, cpu_count
from pathlib import Path
from threading import Thread
from typing import Any

from kentongan_wire.base.errors import LocalError

from kentongan_sim.bench import grid, machine, page, record
from kentongan_sim.bench.grid import Cell, Failures, Results
from kentongan_sim.bench.record import Record
from kentongan_sim.bench.store import Store, code_digest
from kentongan_sim.console.arguments import Commands, typed

AHEAD = 3  # tasks handed out for each worker, so that none waits for the next
JOBS_MAX = 256
BAR_CHARS = 30
BAR_EVERY_S = 0.2
LINE_EVERY_S = 20  # where no terminal is
EXIT_BROKEN, EXIT_STOPPED = 1, 130
SAID_MAX = 20  # broken runs on standard error; the page has all
WHOLE_PAGE, PART_PAGE = "docs/benchmarks.md", "part.md"


def add_parser(sub: Commands) -> None:
    bench = sub.add_parser("bench", help="run the grid of scenarios and write the page of benchmarks")
    bench.add_argument("--quick", action="store_true", help="the reduced grid, a few minutes on two cores")
    bench.add_argument("--cells", default="*", metavar="GLOB", help="only cells with such names")
    bench.add_argument("--jobs", type=int, default=0, metavar="N", help="processes (default: one a core)")
    bench.add_argument("--out", default="build/bench", metavar="DIR", help="where results are kept")
    bench.add_argument(
        "--page",
        metavar="FILE",
        help=f"the page to write (default: {WHOLE_PAGE}; with --cells, {PART_PAGE} in DIR)",
    )
    bench.add_argument(
        "--code",
        metavar="DIGEST",
        help="run nothing: write the page from the results of that code, as far as they go",
    )
    bench.add_argument("--note", default="", metavar="TEXT", help="a sentence for the head of the page")
    bench.add_argument(
        "--list",
        action="store_true",
        help="print the cells, their seeds and their processor time, run nothing",
    )
    bench.set_defaults(go=go)


def go(args: Namespace) -> int:
    if not 0 <= args.jobs <= JOBS_MAX:
        raise LocalError(f"--jobs {args.jobs}: give 1..{JOBS_MAX}, or leave it out for one a core")
    chosen = grid.chosen(args.quick, args.cells)
    if not chosen:
        raise LocalError(
            f"no cell of this grid is named like {args.cells!r}; see {typed('kentongan-sim')} bench --list"
        )
    if args.list:
        list_cells(chosen, args.quick)
        return 0
    started = time.monotonic()
    store = ours = Store(args.out, code_digest())
    if args.code:
        store = Store(args.out, args.code)
        if not store.folder.is_dir():
            raise LocalError(f"--code {args.code}: there are no results under {store.folder}")
        results = campaign(chosen, args.quick, store, 0)
    else:
        results = campaign(chosen, args.quick, store, args.jobs or cpu_count() or 1)
    extra = machine.extra(machine.figures(ours, args.quick)) if args.cells == "*" else {}
    if code_digest() != ours.digest:
        print(
            "the code was changed while this ran; run it again for figures of the code as it is now",
            file=sys.stderr,
        )
    failed = failures(chosen, results)
    path = args.page or (WHOLE_PAGE if args.cells == "*" else Path(args.out) / PART_PAGE)
    page.write(path, page.campaign(args, chosen, results, (store.digest, ours.digest), extra), failed)
    print(
        f"written: {path}, from {sum(map(len, results.values())):,} runs under {store.folder}, "
        f"in {time.monotonic() - started:.0f} s"
    )
    return report_failures(failed)


def list_cells(chosen: Sequence[Cell], quick: bool) -> None:
    """Print the cells, their seeds, and their costs."""
    for cell in chosen:
        seeds = f"seeds {grid.seed_range(cell, quick)}"
        print(f"{grid.name(cell):48} {seeds:14} {grid.cost_s(cell, quick):7.0f} core-s")
    total_s = sum(grid.cost_s(cell, quick) for cell in chosen)
    print(
        f"{len(chosen)} cells, {sum(len(grid.seeds(cell, quick)) for cell in chosen):,} runs, about "
        f"{total_s / 60:.0f} core-minutes on an AMD EPYC"
    )


def campaign(chosen: Sequence[Cell], quick: bool, store: Store, jobs: int) -> Results:
    """{cell name: {seed: record}} of the whole grid: what was kept, and what had to be run now; with no jobs
    nothing is run.
    """
    results, tasks = {}, []
    for cell in chosen:
        name = grid.name(cell)
        seeds = grid.seeds(cell, quick)
        kept = store.load(cell)
        results[name] = {seed: kept[seed] for seed in seeds if seed in kept}
        tasks += [(seed / len(seeds), name, cell, seed) for seed in seeds if seed not in kept]
    if not jobs:
        return results
    had = sum(map(len, results.values()))
    if had:
        print(
            f"{had} results of this code are kept under {store.folder}; {len(tasks)} are to be run",
            file=sys.stderr,
        )
    tasks.sort(key=lambda task: task[:2])  # all cells advance together, so an unfinished grid has all of them
    progress = Progress(len(tasks))
    try:
        for cell, done in run_all([(cell, seed) for _, _, cell, seed in tasks], jobs):
            store.append(cell, done)
            results[grid.name(cell)][done["seed"]] = done
            progress.step(grid.name(cell), bool(fault(cell, done)))
    except KeyboardInterrupt:
        progress.end()
        print("stopped; the same command goes on from here", file=sys.stderr, flush=True)
        _exit(EXIT_STOPPED)  # the workers end with this process, in the middle of their runs
    progress.end()
    return results


def run_all(tasks: Sequence[Any], jobs: int) -> Iterator[tuple[Cell, Record]]:
    """Yield (cell, record) as they come, in any order."""
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), initializer=die_with_parent)
    waiting, cell_of = iter(tasks), {}
    try:
        while True:
            for cell, seed in waiting:
                cell_of[pool.submit(record.run_cell, cell, seed)] = cell
                if len(cell_of) >= AHEAD * jobs:
                    break
            if not cell_of:
                return
            for future in wait(cell_of, return_when=FIRST_COMPLETED).done:
                yield cell_of.pop(future), future.result()
    except BrokenProcessPool:
        raise LocalError(
            "a worker process was killed, perhaps for want of memory; the results so far are "
            "kept, so run the same command again with fewer --jobs"
        )
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def die_with_parent() -> None:
    """In a worker: end when the command ends, however it does; Ctrl-C is the command's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent is not None, "a worker has one"

    def wait() -> None:
        parent.join()
        _exit(1)

    Thread(target=wait, daemon=True).start()


def report_failures(failed: Failures) -> int:
    """Say each run that failed, with the command for it; 1 when there is one."""
    for name, _, why, command in failed[:SAID_MAX]:
        print(f"broken: {name}: {why}; run again: {command}", file=sys.stderr)
    if len(failed) > SAID_MAX:
        print(f"broken: {len(failed) - SAID_MAX} more, all on the page", file=sys.stderr)
    return EXIT_BROKEN if failed else 0


def failures(chosen: Sequence[Cell], results: Results) -> Failures:
    """[(cell name, seed, why, command)] of every run that a checker found broken or that came to no figures.

    The stock baseline promises none of what our checkers hold: only its errors count.
    """
    return [
        (grid.name(cell), seed, why, record.again(cell, seed))
        for cell in chosen
        for seed, done in sorted(results.get(grid.name(cell), {}).items())
        if (why := fault(cell, done))
    ]


def fault(cell: Cell, done: Record) -> str:
    """Say what is wrong with a run, or return ""."""
    if done.get("error"):
        return done["error"].splitlines()[-1]
    if cell.baseline == grid.OURS:
        return "; ".join(
            f"{checker} {count} times: {first}"
            for checker, (count, first, *_) in sorted(done["broken"].items())
        )
    return ""


class Progress:
    """A bar on a terminal, a line now and then elsewhere; on standard error."""

    def __init__(self, total: int):
        self.total = total
        self.done = self.failed = 0
        self.started = self.shown = time.monotonic()
        self.terminal = sys.stderr.isatty()
        if total:
            print(f"{total} runs begin", file=sys.stderr, flush=True)

    def step(self, name: str, failed: bool) -> None:
        self.done += 1
        self.failed += failed
        now = time.monotonic()
        if now - self.shown >= (BAR_EVERY_S if self.terminal else LINE_EVERY_S):
            self.shown = now
            self.show(name)

    def show(self, name: str) -> None:
        passed = time.monotonic() - self.started
        left_s = passed / self.done * (self.total - self.done)
        words = (
            f"{self.done}/{self.total} runs, {self.failed} failed, about {left_s / 60:.1f} min left, {name}"
        )
        if self.terminal:
            full = BAR_CHARS * self.done // self.total
            print(
                f"\r\033[K[{'#' * full}{'.' * (BAR_CHARS - full)}] {words[:120]}",
                end="",
                file=sys.stderr,
                flush=True,
            )
        else:
            print(words, file=sys.stderr, flush=True)

    def end(self) -> None:
        if self.terminal:
            print("\r\033[K", end="", file=sys.stderr)
        if self.total:
            print(
                f"{self.done} runs in {time.monotonic() - self.started:.0f} s, {self.failed} failed",
                file=sys.stderr,
                flush=True,
            )
