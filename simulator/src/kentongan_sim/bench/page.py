"""docs/benchmarks.md from the results: targets, cells, plots, failures and how to run it all again."""

import platform
from argparse import Namespace
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from kentongan_wire.air.phy import DEFAULT_PRESET

from kentongan_sim.bench import bounds, grid, targets
from kentongan_sim.bench.grid import OURS, STOCK, Block, Cell, Failures, Results, Row, Rows
from kentongan_sim.bench.pictures import pictures
from kentongan_sim.bench.record import Record
from kentongan_sim.bench.stats import percentile, rate_at_most, share_at_least
from kentongan_sim.bench.targets import ABSENT, SHORT, Judged, Target, in_ms

NOTHING = "-"
OTHER_PRESET = grid.PRESETS[1]
SIGNS = {SHORT: "**short**"}
# quick: which grid. digest: of the code that was run. writer: of the code that writes the page, heap and
# speed included. machine: processor and Python. extra: of machine.py


class Campaign(NamedTuple):
    """A campaign as the page tells it."""

    quick: bool
    pattern: str
    date: str
    digest: str
    writer: str
    note: str
    machine: str
    cells: Sequence[Cell]
    results: Results
    extra: dict[str, Any]


def campaign(
    args: Namespace,
    cells: Sequence[Cell],
    results: dict[str, dict[int, Record]],
    digests: tuple[str, str],
    extra: dict[str, Any],
) -> Campaign:
    return Campaign(
        args.quick,
        args.cells,
        datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        *digests,
        args.note,
        f"{platform.machine()}, Python {platform.python_version()}",
        cells,
        results,
        extra,
    )


def write(path: str | Path, run: Campaign, failures: Failures) -> None:
    """Write the page, and its plots into `images` beside it."""
    path = Path(path)
    images = path.parent / "images"
    images.mkdir(parents=True, exist_ok=True)
    drawn = pictures(run.cells, lambda cell: finished(run, cell))
    for name, (svg, _) in drawn.items():
        (images / name).write_text(svg, encoding="utf-8")
    text = render(run, failures, {name: words for name, (_, words) in drawn.items()})
    path.write_text(text, encoding="utf-8")


def render(run: Campaign, failures: Failures, drawn: dict[str, str]) -> str:
    judged = {target.block for target in targets.TARGETS}
    parts = [head(run), ahead(run), summary(run), "## Each target, cell by cell\n\n" + LEGEND]
    parts += [one_block(run, block) for block in grid.BLOCKS if block.key in judged]
    parts.append(everywhere(run))
    parts += [
        part(table, lambda cell: finished(run, cell), run.cells)
        for part in (bounds.section, bounds.spent_section, bounds.chain_section)
    ]
    parts.append(measured_stock(run))
    parts += [*run.extra.get("sections", ()), all_cells(run)]
    parts.append(PLOTS + "\n\n".join(f"![{words}](images/{name})" for name, words in drawn.items()))
    parts += [broken_runs(failures), HOW]
    return "\n\n".join(part for part in parts if part) + "\n"


LEGEND = """**pass**: the figure and its 95 % bound meet the target. **met**: the figure does, with too \
few runs for the bound. **short**: the figure does not. Bounds are one-sided: \
Clopper-Pearson for shares (with no miss in n that is the rule of three, at most about 3/n \
missed), order statistics for percentiles. A press that nothing came of counts as "never", \
not as left out. Times are from the finger unless "from code ready" is said; the finger is \
350 ms of boot earlier. Only the default preset and our own nodes are judged in the table \
above."""

AHEAD_S = (10, 30)
AHEAD = f"""## Who is ahead

Presses stored at a gateway, of our nodes and of unmodified Meshtastic nodes in the same places, air and \
seeds, at {100 * grid.WORST_LOSS:g} % loss: "even" where the 95 % bounds of the shares within {AHEAD_S[0]} s \
overlap. Only ours carry receipts, siren reports and status beside the alarms.

"""

PLOTS = """## Plots

In brackets: of how many presses a curve is made. Shares are drawn by their nines: each further nine takes \
as much room as the one before, so that a rare miss can be seen.

"""

HOW = """## Run it again

```sh
make bench            # the whole grid, an hour or two; interrupted, it goes on where it stopped
make bench QUICK=1    # the reduced grid, minutes
make bench JOBS=4     # so many processes; by default one for each core
.venv/bin/kentongan-sim bench --list                      # the cells, their seeds, their processor time
.venv/bin/kentongan-sim bench --cells 'rt10-*' --jobs 2 # some cells, their page under build/bench/
```

Results are kept under `build/bench/<digest>/<cell>.jsonl`, one line for each seed. The digest is of the \
sources of wire, firmware, gateway and simulator: other code begins anew, and results of two versions \
never share a table. The same seed gives the same run on every machine, so each figure but the speeds \
can be had again exactly. The model and its limits are in the [simulator's \
README](../simulator/README.md): no real radio has been measured yet."""


def finished(run: Campaign, cell: Cell) -> list[Record]:
    records = run.results.get(grid.name(cell), {})
    return [records[seed] for seed in sorted(records) if not records[seed].get("error")]


def head(run: Campaign) -> str:
    which = (
        "**reduced grid** (`make bench QUICK=1`): few seeds, so many bounds are wide"
        if run.quick
        else "**full grid** (`make bench`)"
    )
    if run.pattern != "*":
        which += f", only the cells named `{run.pattern}`"
    counts = sum(len(finished(run, cell)) for cell in run.cells)
    wanted = sum(len(grid.seeds(cell, run.quick)) for cell in run.cells)
    parts = [
        f"# Benchmarks\n\nMade by the {which}. {counts:,} of {wanted:,} simulated runs, seeds 1-n with "
        f"n in each table; code {run.digest}, {run.date}, {run.machine}. Default preset "
        f"{DEFAULT_PRESET}; losses are extra frame loss at every receiver, on top of path loss and "
        "collisions. Normal status traffic runs underneath. Every number is simulated."
    ]
    if run.writer != run.digest:
        parts.append(
            f"**Older than the code beside it**: the runs are those of code {run.digest}; heap, "
            f"time a frame and speed are of code {run.writer}, which also wrote this page."
        )
    if run.note:
        parts.append(run.note)
    if counts < wanted:
        parts.append(
            f"**Unfinished**: {wanted - counts:,} runs are missing, the same share of each cell as "
            "far as the seeds say; where they are missing the seeds are those that were run."
        )
    return "\n\n".join(parts)


def seeds_shown(run: Campaign, cell: Cell) -> str:
    """ "1-300", or "1-120 of 300" where the rest is still to be run."""
    records, wanted = run.results.get(grid.name(cell), {}), grid.seeds(cell, run.quick)
    if len(records) == len(wanted):
        return grid.seed_range(cell, run.quick)
    seeds = sorted(records)
    if not seeds:
        return f"none of {len(wanted)}"
    whole = seeds[-1] - seeds[0] + 1 == len(seeds)
    return f"{seeds[0]}-{seeds[-1]} of {len(wanted)}" if whole else f"{len(seeds)} of {len(wanted)}"


def summary(run: Campaign) -> str:
    """Write one row a target: our cell at the worst loss on the default preset, where most runs are; another
    of that preset only where it is short. The same cell of the other preset and of the baseline beside it.
    """
    rows: Rows = []
    for target in targets.TARGETS:
        if target.block is None:
            rows.append(judged_row(target, judge_everywhere(run, target)))
            continue
        cells = [
            cell
            for cell in run.cells
            if (cell.block, cell.baseline, cell.preset) == (target.block, OURS, DEFAULT_PRESET)
        ]
        found = [(cell, judge(run, target, cell)) for cell in cells]
        judged = [(cell, one) for cell, one in found if one.verdict != ABSENT]
        if not judged:
            words = found[0][1].measured if found else "not in this grid"
            rows.append((target.row, target.text, words, NOTHING, NOTHING))
            continue
        at_worst = [(cell, one) for cell, one in judged if cell.loss == grid.WORST_LOSS] or judged
        worst = targets.worst(one.verdict for _, one in judged)
        if worst != SHORT:
            judged, worst = at_worst, targets.worst(one.verdict for _, one in at_worst)
        cell, shown = next((cell, one) for cell, one in judged if one.verdict == worst)
        rows.append(
            (
                *judged_row(target, shown._replace(measured=f"{shown.measured}, at {conditions(cell)}")),
                beside(run, target, cell._replace(preset=OTHER_PRESET)),
                beside(run, target, cell._replace(baseline=STOCK)),
            )
        )
    rows = [(*row, *[NOTHING] * (7 - len(row))) for row in rows + run.extra.get("summary", [])]
    return (
        "## Targets\n\nOurs on the default preset, at the loss at which it is judged, or at another one "
        "where it is short; beside it the same cell on MediumFast, and unmodified Meshtastic nodes in "
        "the same places, air and seeds, of which fewer are run.\n\n"
        + table(
            ("what", "target", "measured", "95 % bound", "verdict", "MediumFast", "stock, same air"), rows
        )
    )


def ahead(run: Campaign) -> str:
    """Write one row for each village, burst and preset at the worst loss: who stored more of its presses."""
    rows: Rows = []
    for cell in run.cells:
        stock = stock_cell(run, cell)
        if cell.baseline != OURS or cell.loss != grid.WORST_LOSS or cell.dead or stock is None:
            continue
        values = [
            [ms for record in finished(run, one) for ms in targets.stored(record)] for one in (cell, stock)
        ]
        if not all(values):
            continue
        shown = [
            targets.per_cent(len([ms for ms in some if ms <= limit_s * 1000]) / len(some))
            for limit_s in AHEAD_S
            for some in values
        ]
        about = f"`{cell.scenario}`, {cell.presses}" + (
            f" in {cell.within_s:g} s" if cell.presses > 1 else ""
        )
        rows.append((about, cell.preset, *shown, leader(*values)))
    limits = [f"{who}, in {limit_s} s" for limit_s in AHEAD_S for who in ("ours", "stock")]
    return AHEAD + table(("presses", "preset", *limits, "ahead"), rows)


def leader(ours: Sequence[float], stock: Sequence[float]) -> str:
    """Say of whom more was stored within the first limit, where the 95 % bounds of both shares lie apart."""
    low, high = [], []
    for values in (ours, stock):
        hits = len([ms for ms in values if ms <= AHEAD_S[0] * 1000])
        low.append(share_at_least(hits, len(values)))
        high.append(rate_at_most(hits, len(values)))
    return "ours" if low[0] > high[1] else "**stock**" if low[1] > high[0] else "even"


def beside(run: Campaign, target: Target, cell: Cell) -> str:
    """Return the figure of a target in a cell that stands beside a judged one."""
    found = find(run, cell)
    return judge(run, target, found).measured if found else NOTHING


def judged_row(target: Target, judged: Judged) -> Row:
    return target.row, target.text, judged.measured, judged.bound, sign(judged.verdict)


def conditions(cell: Cell) -> str:
    dead = f", {', '.join(cell.dead)} dead" if cell.dead else ""
    return f"{100 * cell.loss:g} % loss{dead}"


def judge(run: Campaign, target: Target, cell: Cell) -> Judged:
    records = finished(run, cell)
    if not records:
        return targets.Judged("no result yet", NOTHING, ABSENT)
    judged = target.judge(records)
    errors = len(run.results[grid.name(cell)]) - len(records)
    if errors:
        words = f"{judged.measured}; {errors} runs ended without figures"
        judged = judged._replace(measured=words, verdict=SHORT)
    return judged


def judge_everywhere(run: Campaign, target: Target) -> Judged:
    records = [record for cell in run.cells if cell.baseline == OURS for record in finished(run, cell)]
    return target.judge(records) if records else targets.Judged("no result yet", NOTHING, ABSENT)


def one_block(run: Campaign, block: Block) -> str:
    """Return the table of one block: each of our cells and targets, the baseline in the same air beside."""
    rows = []
    for cell in run.cells:
        if cell.block != block.key or cell.baseline != OURS:
            continue
        stock_beside = stock_cell(run, cell)
        for target in targets.TARGETS:
            if target.block != block.key:
                continue
            ours = judge(run, target, cell)
            stock = judge(run, target, stock_beside).measured if stock_beside else NOTHING
            rows.append(
                (
                    cell.preset,
                    conditions(cell),
                    target.text,
                    ours.measured,
                    ours.bound,
                    sign(ours.verdict),
                    stock,
                    seeds_shown(run, cell),
                )
            )
    if not rows:
        return f"### {block.title}\n\nNot in this grid."
    again = f".venv/bin/kentongan-sim bench{' --quick' if run.quick else ''} --cells '{block.key}-*'"
    return f"### {block.title}\n\nAgain: `{again}`\n\n" + table(
        ("preset", "cell", "target", "measured", "95 % bound", "verdict", "stock, same air", "seeds"), rows
    )


def stock_cell(run: Campaign, cell: Cell) -> Cell | None:
    """Return the baseline's cell of the same places, presses and losses, or None."""
    return find(run, cell._replace(baseline=STOCK))


def find(run: Campaign, wanted: Cell) -> Cell | None:
    """Return the cell of this campaign with the name of `wanted`, or None."""
    return next((cell for cell in run.cells if grid.name(cell) == grid.name(wanted)), None)


def everywhere(run: Campaign) -> str:
    rows = [
        judged_row(target, judge_everywhere(run, target))
        for target in targets.TARGETS
        if target.block is None
    ]
    return "### In every run of ours, all cells\n\n" + table(
        ("what", "target", "measured", "95 % bound", "verdict"), rows
    )


def measured_stock(run: Campaign) -> str:
    """Compare the stock model with what real stock nodes did in the same kind of place."""
    rows = []
    for presses, baseline, words, real, figure in targets.REAL_STOCK:
        wanted = "stock8", presses, baseline
        cell = next((one for one in run.cells if (one.block, one.presses, one.baseline) == wanted), None)
        records = finished(run, cell) if cell else []
        why = "no result yet" if cell else "not in this grid"
        rows.append(
            (words, real, figure(records) if records else why, seeds_shown(run, cell) if cell else NOTHING)
        )
    return (
        "### The stock model against real stock nodes\n\nFirmware 2.7.26, eight homes, a router and a "
        "gateway, MediumFast, plain packets of 69 bytes.\n\n"
        + table(("what", "real nodes", "the model", "seeds"), rows)
        + "\n\n"
        + told_wrongly(run)
    )


def told_wrongly(run: Campaign) -> str:
    """Say how often the stock presser was told wrongly, for the row beside ours."""
    records = [record for cell in run.cells if cell.baseline == STOCK for record in finished(run, cell)]
    if not records:
        return ""
    wrongly = sum(record["acked_not_stored"] for record in records)
    pressed = sum(len(record["presses"]) for record in records)
    return (
        f"In the cells of the stock baseline {wrongly:,} of {pressed:,} presses were acknowledged to the "
        'presser although no gateway ever had them; it has no word for "a siren sounds" or "nobody '
        'hears".'
    )


def all_cells(run: Campaign) -> str:
    """List every cell once, with its latencies; also those without a target."""
    rows: Rows = []
    for cell in run.cells:
        records = finished(run, cell)
        if not records:
            rows.append((f"`{grid.name(cell)}`", "no result yet", *[""] * 7))
            continue
        code, finger, stored, shown = (
            [value for record in records for value in values_of(record)]
            for values_of in (
                targets.siren_from_code,
                targets.siren_from_finger,
                targets.stored,
                targets.answered,
            )
        )
        most_ms = max((used[0] for record in records for used in record["air_ms"].values()), default=0)
        frames = sum(count for record in records for count, _ in record["frames"].values())
        rows.append(
            (
                f"`{grid.name(cell)}`",
                f"{len(records):,}",
                sum(len(r["presses"]) for r in records),
                spread(code),
                spread(finger),
                spread(stored),
                spread(shown),
                f"{most_ms / 1000:.1f} s",
                f"{frames / len(records):,.0f}",
            )
        )
    return "## All cells\n\nEach latency as p50 / p99 / worst.\n\n" + table(
        (
            "cell",
            "runs",
            "presses",
            "siren, from code ready",
            "siren, from finger",
            "stored",
            "shown to the presser",
            "most air in an hour",
            "frames a run",
        ),
        rows,
    )


def spread(values: Sequence[float]) -> str:
    if not values:
        return NOTHING
    return " / ".join(in_ms(percentile(values, percent)) for percent in (50, 99, 100))


def broken_runs(failures: Failures) -> str:
    if not failures:
        return "## Broken runs\n\nNone: every checker held in every run of ours."
    rows = [(f"`{name}`", seed, why, f"`{command}`") for name, seed, why, command in failures]
    return f"## Broken runs\n\n{len(failures)}, each of which makes the command exit 1.\n\n" + table(
        ("cell", "seed", "why", "run again"), rows
    )


def sign(verdict: str) -> str:
    return SIGNS.get(verdict, verdict)


def table(names: Sequence[str], rows: Iterable[Row]) -> str:
    def cells(row: Row) -> str:
        return "| " + " | ".join(str(value).replace("|", "\\|").replace("\n", " ") for value in row) + " |"

    return "\n".join([cells(names), "|" + "---|" * len(names), *map(cells, rows)])
