"""The grid as data: which villages are run with how many presses, losses, dead parts, presets and seeds.

Seeds of a cell are 1..n, the same for ours and for the stock baseline.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatch
from hashlib import sha256
from typing import Any, NamedTuple

from kentongan_wire.air.phy import DEFAULT_PRESET

# stock: unmodified Meshtastic nodes in the same places, each press one packet that wants an acknowledgement;
# stock-once and stock-resend: the plain packets with which real nodes were measured, once or every RESEND_S.
OURS, STOCK, ONCE, RESEND = "ours", "stock", "stock-once", "stock-resend"
RESEND_S = 7
RETRY_S: dict[str, float | None] = {STOCK: None, ONCE: 0, RESEND: RESEND_S}  # of stock_village
SIDE_BY_SIDE = (OURS, STOCK)
PRESETS = (DEFAULT_PRESET, "MediumFast", "ShortFast", "LongFast")
BESIDE = PRESETS[:2]  # in every block; the others in those that ask who is ahead
LOSSES = (0.0, 0.05, 0.08)
WORST_LOSS = LOSSES[-1]
ALIVE = ((),)
ONE_PRESS_S = 270  # 150 s of warm-up, then long enough for a button that repeats and for "nobody hears"
BURST_S = 270
EARTHQUAKE_S = 300
HOSTILE_S = 480  # until what was heard at the press has been replayed for the last time
HOUR_S = 3_900  # warm-up and one whole hour
DEAD_PARTS = (("gateway-1",), ("penerus-1",), ("pos-1",), ("pos-2",))
LOADS = (1, 2, 5, 10, 15, 20)


# How many seeds: `judged` in the cell that a target is judged on (default preset, worst loss), `other` at the
# other losses of that preset, `beside` in the cells of the second preset, `stock` in those of the baseline;
# `further` in both at the worst loss of the presets that are not in BESIDE. 0: not in this grid.
class Seeds(NamedTuple):
    """Numbers of seeds of each sort of cell."""

    judged: int
    other: int
    beside: int
    stock: int
    further: int = 0


class Cost(NamedTuple):
    """Processor seconds of one run, roughly: (each run, and for each press)."""

    ours: tuple[float, float]
    stock: tuple[float, float]


class Block(NamedTuple):
    """One row of the target table."""

    key: str
    title: str  # on the page
    scenario: str
    full: Seeds
    quick: Seeds
    cost: Cost
    presses: tuple[int, ...] = (1,)
    within_s: float = 0
    duration_s: int = ONE_PRESS_S
    dead: tuple[tuple[str, ...], ...] = ALIVE
    losses: tuple[float, ...] = LOSSES
    presets: tuple[str, ...] = PRESETS
    baselines: tuple[str, ...] = SIDE_BY_SIDE


class Cell(NamedTuple):
    """Runs of one village under one set of conditions."""

    block: str
    scenario: str
    presses: int
    within_s: float
    duration_s: int
    loss: float
    dead: tuple[str, ...]
    preset: str
    baseline: str
    full: int  # seeds
    quick: int  # seeds
    cost_s: float


Record = dict[str, Any]  # of one run, JSON-ready: record.measure says what it holds
Figures = dict[str, Any]  # of one measurement, JSON-ready
Results = dict[str, dict[int, Record]]  # name of a cell -> seed -> its record
Finished = Callable[[Cell], list[Record]]  # gives the records of a cell that have no error
ValuesOf = Callable[[Record], list[Any]]  # gives numbers of one run
Failures = list[Any]  # (cell, seed, why) of runs that broke
Row = Sequence[Any]  # cells of a table, as they are to be printed
Rows = list[Any]  # each a Row
Table = Callable[[Sequence[str], Iterable[Row]], str]  # writes a table with these names

# Costs as measured on one core of an AMD EPYC; `--list` reckons with them.
BLOCKS = (
    Block(
        "rt1",
        "`rt`, 1 press",
        "rt",
        Seeds(30_000, 1_000, 600, 600, 300),
        Seeds(300, 60, 60, 30, 10),
        Cost((0.03, 0.015), (0.01, 0)),
    ),
    Block(
        "rt10",
        "`rt`, 10 presses in 3 s",
        "rt",
        Seeds(1_400, 600, 200, 200, 100),
        Seeds(40, 12, 12, 10, 6),
        Cost((0.03, 0.02), (0, 0.004)),
        presses=(10,),
        within_s=3,
        duration_s=BURST_S,
    ),
    Block(
        "rw40",
        "`rw`, 40 presses in 10 s",
        "rw",
        Seeds(76, 76, 10, 8, 3),
        Seeds(3, 1, 1, 1),
        Cost((0.8, 0.13), (0, 0.1)),
        presses=(40,),
        within_s=10,
        duration_s=EARTHQUAKE_S,
    ),
    Block(
        "dead",
        "`rt`, one device dead, 1 press",
        "rt",
        Seeds(3_000, 300, 300, 300),
        Seeds(30, 0, 0, 5),
        Cost((0.03, 0.01), (0.008, 0)),
        dead=DEAD_PARTS,
        presets=BESIDE,
    ),
    Block(
        "zinc",
        "`zinc`, 1 press",
        "zinc",
        Seeds(3_200, 600, 300, 300, 100),
        Seeds(60, 10, 10, 10, 5),
        Cost((0.04, 0.02), (0.015, 0)),
    ),
    Block(
        "hostile",
        "`hostile`, 1 press",
        "hostile",
        Seeds(500, 100, 60, 10),
        Seeds(15, 3, 3, 2),
        Cost((0.5, 0), (2, 0)),
        duration_s=HOSTILE_S,
        presets=BESIDE,
    ),
    Block(
        "hour",
        "`rt`, gateway dead for an hour, 20 presses in it",
        "rt",
        Seeds(60, 20, 20, 20),
        Seeds(2, 0, 0, 0),
        Cost((0.4, 0.06), (0.08, 0)),
        presses=(20,),
        within_s=3_600,
        duration_s=HOUR_S,
        dead=(("gateway-1",),),
        presets=BESIDE,
    ),
    Block(
        "load",
        "`rt`, more and more presses in 3 s",
        "rt",
        Seeds(60, 0, 60, 60, 20),
        Seeds(8, 0, 0, 6),
        Cost((0.03, 0.025), (0, 0.006)),
        presses=LOADS,
        within_s=3,
        duration_s=BURST_S,
        losses=(WORST_LOSS,),
    ),
    Block(
        "rt120",
        "`rt120`, 1 and 10 presses",
        "rt120",
        Seeds(300, 100, 60, 30, 20),
        Seeds(8, 0, 0, 0),
        Cost((0.06, 0.02), (0, 0.05)),
        presses=(1, 10),
        within_s=3,
        duration_s=BURST_S,
    ),
    Block(
        "line",
        "`line3`, 1 press",
        "line3",
        Seeds(1_000, 300, 300, 300, 200),
        Seeds(40, 0, 10, 10, 10),
        Cost((0.03, 0.01), (0.002, 0)),
    ),
    Block(
        "line5",
        "`line5`, 1 press",
        "line5",
        Seeds(1_000, 300, 300, 300, 200),
        Seeds(40, 0, 10, 10, 10),
        Cost((0.03, 0.02), (0.003, 0)),
    ),
    Block(
        "stock8",
        "the stock model in the place where real stock nodes were measured",
        "stock8",
        Seeds(0, 0, 0, 200),
        Seeds(0, 0, 0, 40),
        Cost((0, 0), (0, 0.008)),
        presses=(1, 8),
        within_s=3,
        duration_s=BURST_S,
        losses=(0.0,),
        presets=("MediumFast",),
        baselines=(ONCE, RESEND),
    ),
)


def cells() -> list[Cell]:
    """List every cell of BLOCKS, in their order."""
    out: list[Cell] = []
    for block in BLOCKS:
        for baseline in block.baselines:
            for preset in PRESETS:
                if preset in block.presets:
                    out += _cells_of(block, preset, baseline)
    return out


def _cells_of(block: Block, preset: str, baseline: str) -> Iterator[Cell]:
    further = preset not in BESIDE
    for loss in (WORST_LOSS,) if further else reversed(block.losses):
        which = "further" if further else "stock"
        if baseline == OURS and not further:
            which = "beside" if preset != DEFAULT_PRESET else "judged" if loss == WORST_LOSS else "other"
        run_s, press_s = block.cost.ours if baseline == OURS else block.cost.stock
        for dead in block.dead:
            for presses in block.presses:
                quick = getattr(block.quick, which)
                if block.baselines == SIDE_BY_SIDE and baseline == STOCK and loss != WORST_LOSS:
                    quick = 0  # a quick grid shows the baseline at one loss only
                yield Cell(
                    block.key,
                    block.scenario,
                    presses,
                    block.within_s,
                    block.duration_s,
                    loss,
                    dead,
                    preset,
                    baseline,
                    getattr(block.full, which),
                    quick,
                    run_s + press_s * presses,
                )


def name(cell: Cell) -> str:
    """Make a file name that says all of the cell, as "dead-p1-loss8-no-pos-1-ShortSlow-ours"."""
    dead = "".join(f"-no-{label}" for label in cell.dead)
    return f"{cell.block}-p{cell.presses}-loss{100 * cell.loss:g}{dead}-{cell.preset}-{cell.baseline}"


def key(cell: Cell) -> str:
    """Hash what a run of this cell depends on: all of it but its block and how many seeds."""
    return sha256(repr(cell[1:9]).encode()).hexdigest()[:12]


def seeds(cell: Cell, quick: bool) -> range:
    return range(1, 1 + (cell.quick if quick else cell.full))


def cost_s(cell: Cell, quick: bool) -> float:
    """Estimate the processor seconds of all seeds of a cell."""
    return cell.cost_s * len(seeds(cell, quick))


def seed_range(cell: Cell, quick: bool) -> str:
    """Write "1-300", as the page and the list do."""
    last = len(seeds(cell, quick))
    return f"1-{last}" if last > 1 else "1"


def chosen(quick: bool, pattern: str = "*") -> list[Cell]:
    """List the cells of this grid whose name matches."""
    return [cell for cell in cells() if seeds(cell, quick) and fnmatch(name(cell), pattern)]
