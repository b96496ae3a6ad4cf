"""The targets of the benchmark page and how a cell's runs are judged by them.

A verdict is PASS when the measured figure and its 95 % bound meet the target, MET when the figure does but
the runs are too few for the bound, SHORT when the figure does not.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from kentongan_sim.bench.grid import ONCE, RESEND, RESEND_S, ValuesOf
from kentongan_sim.bench.record import Record
from kentongan_sim.bench.stats import NEVER, percentile, percentile_at_most, rate_at_most, share_at_least

PASS, MET, SHORT, ABSENT = "pass", "met", "short", "-"
DIGITS_PART = 40  # a figure is off by at most this part of its distance from 0 or 100 %
WORST_FIRST = (SHORT, MET, PASS, ABSENT)


class Judged(NamedTuple):
    """A target's figure, its bound and the verdict."""

    measured: str
    bound: str
    verdict: str


Judge = Callable[[Sequence[Record]], Judged]  # takes the finished records of one cell


class Target(NamedTuple):
    """One target of the page."""

    key: str
    block: str | None  # of the grid's cells, or None for every run of the grid
    row: str  # of the target table
    text: str
    judge: Judge


# What one run says. Times are from the finger but for siren_from_code; NEVER is later than any limit.


def presses(record: Record) -> list[dict[str, Any]]:
    return [row for row in record["presses"] if not row["merged"]]


def never_or(value: float | None) -> float:
    return NEVER if value is None else value


def siren_from_code(record: Record) -> list[float]:
    """ms from the first instruction of the button's code to a siren, of presses with a radio path."""
    return [never_or(row["siren_ms"]) - row["boot_ms"] for row in presses(record) if row["path"]]


def siren_from_finger(record: Record) -> list[float]:
    return [never_or(row["siren_ms"]) for row in presses(record) if row["path"]]


def siren_over_floor(record: Record) -> list[float]:
    """Return the same beyond the air time of the hops, which no radio can save."""
    return [
        never_or(row["siren_ms"]) - row["boot_ms"] - row["floor_ms"]
        for row in presses(record)
        if row["floor_ms"] is not None
    ]


def stored(record: Record) -> list[float]:
    return [never_or(row["stored_ms"]) for row in presses(record) if row["gateway"]]


def answered(record: Record) -> list[float]:
    return [never_or(row["answer_ms"]) for row in presses(record) if row["gateway"]]


def first_siren(record: Record) -> list[float]:
    """[ms] from the code of the first press of the run to its first siren."""
    rows = presses(record)
    start_ms = min(row["at_ms"] + row["boot_ms"] for row in rows)
    return [min(row["at_ms"] + never_or(row["siren_ms"]) for row in rows) - start_ms]


def all_stored(record: Record) -> list[float]:
    """[ms] from the first press of the run until the last of them was stored."""
    rows = [row for row in presses(record) if row["gateway"]]
    start_ms = min(row["at_ms"] for row in presses(record))
    return [max((row["at_ms"] + never_or(row["stored_ms"]) for row in rows), default=start_ms) - start_ms]


# Judges: each takes the finished records of one cell


def share(
    values_of: ValuesOf, limit_ms: float, least: float, noun: str = "presses", enough: int = 0
) -> Judge:
    """At least a share `least` of the values within limit_ms; a share of 1 allows no miss among `enough`."""

    def judge(records: Sequence[Record]) -> Judged:
        values = [value for record in records for value in values_of(record)]
        hits = len([value for value in values if value <= limit_ms])
        if not values:
            return Judged("no radio path in any run", "", ABSENT)
        bound = share_at_least(hits, len(values))
        measured = f"{per_cent(hits / len(values))} ({len(values) - hits:,} of {len(values):,} {noun} missed)"
        shown = bound >= least if least < 1 else len(values) >= enough
        return Judged(
            measured, f"≥ {per_cent(bound)}", SHORT if hits / len(values) < least else PASS if shown else MET
        )

    return judge


def quantile(values_of: ValuesOf, percent: float, limit_ms: float) -> Judge:
    def judge(records: Sequence[Record]) -> Judged:
        values = [value for record in records for value in values_of(record)]
        if not values:
            return Judged("no radio path in any run", "", ABSENT)
        found, bound = percentile(values, percent), percentile_at_most(values, percent)
        verdict = SHORT if found > limit_ms else PASS if bound is not None and bound <= limit_ms else MET
        return Judged(
            f"{in_ms(found)} ({len(values):,} values)",
            "too few values" if bound is None else f"≤ {in_ms(bound)}",
            verdict,
        )

    return judge


def none_of(count_of: Callable[[Record], int], noun: str, enough: int = 0) -> Judge:
    """`count_of` is 0 in every run, of `enough` at least; the bound is the share of runs in which it may be
    otherwise.
    """

    def judge(records: Sequence[Record]) -> Judged:
        bad = [count for count in map(count_of, records) if count]
        return Judged(
            f"{sum(bad):,} {noun} in {len(records):,} run{'s' if len(records) > 1 else ''}",
            f"≤ {per_cent(rate_at_most(len(bad), len(records)), up=True)} of runs",
            SHORT if bad else PASS if len(records) >= enough else MET,
        )

    return judge


def broken(checker: str) -> Callable[[Record], int]:
    return lambda record: record["broken"].get(checker, [0])[0]


def law(records: Sequence[Record]) -> Judged:
    """Air of the busiest device of all runs, and whether any run was above the limit."""
    most_ms, role = max(
        ((used[0], role) for record in records for role, used in record["air_ms"].items()),
        default=(0, "nobody"),
    )
    judged = none_of(broken("air_within_law"), "devices above 36 s")(records)
    return judged._replace(measured=f"{judged.measured}; at most {most_ms / 1000:.1f} s ({role})")


def lost_ones(record: Record) -> int:
    return broken("no_alarm_lost")(record)


def replays(record: Record) -> int:
    return record["replayed"] + broken("no_accepted_replay")(record)


def unreported(record: Record) -> int:
    return int(not record["jam_reported"] or bool(broken("jamming_is_reported")(record)))


def _targets(block: str | None, row: str, *targets: tuple[str, str, Judge]) -> Iterable[Target]:
    """Make the targets of one row of the table, each of (key, text, judge)."""
    return [Target(key, block, row, text, judge) for key, text, judge in targets]


TARGETS = (
    *_targets(
        "rt1",
        "`rt`, 1 press: a siren sounds",
        (
            "rt1-p50",
            "from code ready, p50 ≤ air time of its hops + 50 ms (beyond the air time:)",
            quantile(siren_over_floor, 50, 50),
        ),
        ("rt1-p99", "from code ready, p99 ≤ 1 s", quantile(siren_from_code, 99, 1_000)),
        ("rt1-10s", "99.99 % within 10 s", share(siren_from_code, 10_000, 0.9999)),
    ),
    *_targets(
        "rt10",
        "`rt`, 10 presses in 3 s",
        ("rt10-first", "first siren p99 ≤ 1 s", quantile(first_siren, 99, 1_000)),
        (
            "rt10-all",
            "all ten stored within 10 s of the first press in ≥ 99.5 % of bursts",
            share(all_stored, 10_000, 0.995, "bursts"),
        ),
        ("rt10-answer", "presser sees stage 2 within 15 s in ≥ 99.9 %", share(answered, 15_000, 0.999)),
    ),
    *_targets(
        "rw40",
        "`rw`, 40 presses in 10 s",
        (
            "rw40-60s",
            "stored within 60 s of its press: none missed",
            share(stored, 60_000, 1.0, enough=3_000),
        ),
        ("rw40-30s", "stored within 30 s ≥ 99 %", share(stored, 30_000, 0.99)),
        ("rw40-lost", "none lost ever", none_of(lost_ones, "alarms lost", enough=75)),
    ),
    *_targets(
        "dead",
        "any one device dead, 1 press",
        (
            "dead-10s",
            "≥ 99.9 % sound within 10 s where a radio path exists",
            share(siren_from_finger, 10_000, 0.999),
        ),
    ),
    *_targets(
        "zinc",
        "`zinc`, with up to 8 % frame loss",
        (
            "zinc-10s",
            "≥ 99.9 % sound within 10 s where a path exists",
            share(siren_from_finger, 10_000, 0.999),
        ),
    ),
    *_targets(
        "hostile",
        "`hostile`",
        ("hostile-false", "0 false sirens", none_of(broken("no_false_siren"), "false sirens")),
        ("hostile-replay", "0 accepted replays", none_of(replays, "alarms stored or sounded a second time")),
        (
            "hostile-jam",
            "jamming is reported as such",
            none_of(unreported, "runs without a stored report of it"),
        ),
        ("hostile-15s", "≥ 99 % sound within 15 s", share(siren_from_finger, 15_000, 0.99)),
    ),
    *_targets(
        "hour",
        "law",
        ("hour-law", "gateway dead for the hour: no device above 36 s in any rolling hour", law),
    ),
    *_targets(
        None, "law", ("law", "no device above 36 s of air in any rolling hour, in any run of ours", law)
    ),
    *_targets(
        None,
        "presser's knowledge",
        (
            "truth",
            "in every run of ours each press ends in a true state",
            none_of(broken("presser_knows_truth"), "untruths"),
        ),
    ),
)


# What real stock firmware did, and the same figure of the model: (presses, baseline, what, real, figure).


def median_stored(records: Sequence[Record]) -> str:
    return in_ms(percentile([ms for record in records for ms in stored(record)], 50))


def delivered(records: Sequence[Record]) -> str:
    values = [ms for record in records for ms in stored(record)]
    return per_cent(len([ms for ms in values if ms != NEVER]) / len(values))


def delivered_late(records: Sequence[Record]) -> str:
    values = [ms for record in records for ms in stored(record)]
    return f"{delivered(records)}, p95 {in_ms(percentile(values, 95))}"


def alarm_air(records: Sequence[Record]) -> str:
    air_ms = sum(record["frames"].get("ALARM", (0, 0))[1] for record in records)
    return f"{air_ms / sum(len(record['presses']) for record in records):,.0f} ms a press"


REAL_STOCK = (
    (1, ONCE, "1 press: median until delivered", "570 ms", median_stored),
    (8, ONCE, "8 presses in 3 s: delivered", "87.5 % (42 of 48)", delivered),
    (1, ONCE, "1 press: air of all nodes", "690 ms a press", alarm_air),
    (8, RESEND, f"8 presses, anew every {RESEND_S} s: delivered", "100 %, p95 16,000 ms", delivered_late),
    (8, RESEND, f"8 presses, anew every {RESEND_S} s: air of all nodes", "2,900 ms a press", alarm_air),
)


def worst(verdicts: Iterable[str]) -> str:
    """Return the verdict that a row of several cells has."""
    return min(verdicts, key=WORST_FIRST.index, default=ABSENT)


# Figures as text


def per_cent(part: float, up: bool = False) -> str:
    """ "99.97 %": rounded to the unlucky side, with so many digits that 100 % means all and 0 % none."""
    to_edge = 100 * min(part, 1 - part)
    for digits in range(7):
        scale = 10**digits
        exact = 100 * part * scale
        rounded = (math.ceil(exact - 1e-6) if up else math.floor(exact + 1e-6)) / scale
        if abs(rounded - 100 * part) <= to_edge / DIGITS_PART + 1e-9:
            return f"{rounded:.{digits}f} %"
    return f"{100 * part:g} %"


def in_ms(value: float) -> str:
    return "never" if value == NEVER else f"{value:,.0f} ms"
