"""Plots of the page, from the records of the grid."""

from collections.abc import Sequence

from kentongan_wire.air.phy import AIR_LIMIT_MS, DEFAULT_PRESET

from kentongan_sim.bench import plots, targets
from kentongan_sim.bench.grid import LOADS, LOSSES, OURS, WORST_LOSS, Cell, Finished, ValuesOf
from kentongan_sim.bench.record import Record

STORED_LIMIT_MS = 10_000
FRAME_KINDS = {
    "ALARM": "alarm frames, repeats and relays included",
    "RECEIPTS": "receipt frames",
    "SIREN_REPORT": "siren reports",
    "SIREN_ORDER": "siren orders",
}


def pictures(cells: Sequence[Cell], finished: Finished) -> dict[str, tuple[str, str]]:
    """{file name: (SVG, alternative text)}; `finished(cell)` gives its records that came to figures."""
    drawers = {
        "siren": (siren, "Cumulative share of single presses for which a siren sounds within a time"),
        "stored": (stored, "Cumulative share of burst presses stored at a gateway within a time"),
        "load": (load, "Share of alarms stored within 10 s against presses in 3 s"),
        "receipts": (receipts, "Frames on the air against presses in 3 s"),
        "air": (air, "Air time of the busiest device of each role in any rolling hour"),
    }
    return {f"bench-{name}.svg": (draw(cells, finished), words) for name, (draw, words) in drawers.items()}


def name_of(cell: Cell) -> str:
    loss = f"{100 * cell.loss:g} %"
    return f"{cell.baseline}, {cell.preset}, {loss}"


def only(cells: Sequence[Cell], block: str, **fields: object) -> list[Cell]:
    return [
        cell
        for cell in cells
        if cell.block == block and all(getattr(cell, name) == value for name, value in fields.items())
    ]


def values(records: Sequence[Record], values_of: ValuesOf) -> list[float]:
    return [value for record in records for value in values_of(record)]


def siren(cells: Sequence[Cell], finished: Finished) -> str:
    series: list[plots.Series] = []
    for cell in only(cells, "rt1"):
        if cell.loss not in ((WORST_LOSS, LOSSES[0]) if cell.baseline == OURS else (WORST_LOSS,)):
            continue  # what lies between would be drawn over
        found = values(finished(cell), targets.siren_from_code)
        if found:
            title = f"{name_of(cell)} ({len(found):,})"
            series.append(plots.cdf(title, found, len(series), cell.baseline != OURS))
    return plots.chart(
        "rt, 1 press: from code ready to a siren",
        series,
        plots.log_time_axis("time since the button's code runs"),
        plots.nines_axis("presses with a siren"),
        [(1_000, "target: 99 %"), (10_000, "target: 99.99 %")],
    )


def stored(cells: Sequence[Cell], finished: Finished) -> str:
    series: list[plots.Series] = []
    for cell in only(cells, "rt10", loss=WORST_LOSS) + only(cells, "rw40", loss=WORST_LOSS):
        found = values(finished(cell), targets.stored)
        if found:
            title = f"{cell.scenario} {cell.presses}: {cell.baseline}, {cell.preset} ({len(found):,})"
            series.append(plots.cdf(title, found, len(series), cell.baseline != OURS))
    return plots.chart(
        "bursts at 8 % loss: from the press until it is stored",
        series,
        plots.log_time_axis("time since the finger; our buttons boot for 0.35 s of it"),
        plots.nines_axis("presses stored"),
        [(10_000, "10 s"), (60_000, "60 s")],
    )


def load(cells: Sequence[Cell], finished: Finished) -> str:
    series: list[plots.Series] = []
    for (baseline, preset), sweep in sweeps(cells).items():
        points, least = list[plots.Point](), None
        for cell in sweep:
            found = values(finished(cell), targets.stored)
            if found:
                least = len(found) if least is None else min(least, len(found))
                within = [ms for ms in found if ms <= STORED_LIMIT_MS]
                points.append((cell.presses, 100 * len(within) / len(found)))
        if points:
            title = f"{baseline}, {preset} (≥ {least:,} presses a point)"
            series.append(plots.Series(title, points, len(series), baseline != OURS, False))
    return plots.chart(
        "delivery against load: rt, 8 % loss, stored within 10 s of the press",
        series,
        plots.number_axis("presses within 3 s", max(LOADS)),
        plots.nines_axis("presses stored within 10 s"),
    )


def sweeps(cells: Sequence[Cell]) -> dict[tuple[str, str], list[Cell]]:
    """Sort the block of loads: {(baseline, preset): cells in order of presses}."""
    out: dict[tuple[str, str], list[Cell]] = {}
    for cell in sorted(only(cells, "load"), key=lambda cell: cell.presses):
        out.setdefault((cell.baseline, cell.preset), []).append(cell)
    return out


def receipts(cells: Sequence[Cell], finished: Finished) -> str:
    sweep = sweeps(cells).get((OURS, DEFAULT_PRESET), [])
    series, most = list[plots.Series](), 1.0
    for kind, title in FRAME_KINDS.items():
        points: list[plots.Point] = []
        for cell in sweep:
            records = finished(cell)
            if records:
                points.append((cell.presses, mean_frames(records, kind)))
        if points:
            most = max(most, *[y for _, y in points])
            series.append(plots.Series(title, points, len(series), False, False))
    return plots.chart(
        f"frames against presses: rt, ours, {DEFAULT_PRESET}, 8 % loss, mean of a run",
        series,
        plots.number_axis("presses within 3 s", max(LOADS)),
        plots.number_axis("frames", most),
    )


def mean_frames(records: Sequence[Record], kind: str) -> float:
    return sum(record["frames"].get(kind, (0, 0))[0] for record in records) / len(records)


def air(cells: Sequence[Cell], finished: Finished) -> str:
    rows = []
    for block in ("rt1", "rt10", "rw40", "hour"):
        for cell in only(cells, block, baseline=OURS, preset=DEFAULT_PRESET, loss=WORST_LOSS):
            roles: dict[str, list[tuple[int, int]]] = {}
            for record in finished(cell):
                for role, (most_ms, mean_ms) in record["air_ms"].items():
                    roles.setdefault(role, []).append((most_ms, mean_ms))
            title = f"{cell.scenario} {cell.presses}" + (", no gateway, 1 h" if block == "hour" else "")
            for role, used in sorted(roles.items()):
                most_s = max(most for most, _ in used) / 1000
                rows.append((f"{title}: {role}", most_s, sum(mean for _, mean in used) / len(used) / 1000))
    return plots.bars(
        "air time of one device in any rolling hour: most, and mean (tick)",
        rows,
        (AIR_LIMIT_MS / 1000, "law: 36 s"),
        "seconds",
    )
