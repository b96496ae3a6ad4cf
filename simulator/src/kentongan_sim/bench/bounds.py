"""Bounds that no design can beat: air time arithmetic of the presets, for the page."""

from collections.abc import Sequence

from kentongan_node.press.repeats import TURNS_S
from kentongan_wire.air import phy
from kentongan_wire.air.packet import Channel

from kentongan_sim.bench import targets
from kentongan_sim.bench.grid import OURS, PRESETS, WORST_LOSS, Cell, Finished, Record, Rows, Table
from kentongan_sim.bench.stats import percentile
from kentongan_sim.scenarios.catalogue import CHANNEL_KEY, CHANNEL_NAME, NODE_BASE

ALARM_PAYLOAD = 22  # head 6, attempt 1, masked 7, tag 8 (wire-format)
RECEIPT_FIXED, RECEIPT_ENTRY = 15, 15  # head 7 and tag 8, and each alarm answered
BURST, EARTHQUAKE = 10, 40
CHAINS = (("line", "line3", 4), ("line5", "line5", 6))  # block, scenario, receptions from button to post
WITHIN_S = 10
# (block, presses) whose air is told by kind of frame
SPENT = (("rt10", BURST), ("load", 20))
KINDS = (
    ("alarms", ("ALARM",)),
    ("receipts", ("RECEIPTS",)),
    ("siren reports and orders", ("SIREN_REPORT", "SIREN_ORDER")),
    ("status", ("STATUS",)),
)


def frame_us(preset: str, payload_bytes: int) -> int:
    """Return the time on air of a message of so many bytes on the site's channel."""
    frame = Channel(CHANNEL_NAME, CHANNEL_KEY).seal(NODE_BASE + 1, 1, 1, bytes(payload_bytes))
    return phy.airtime_us(phy.preset(preset), len(frame))


def rows() -> Rows:
    """List for each preset: name, alarm, one hop of 10 and 40, a receipt of 10, frames an hour, in text."""
    out = []
    for preset in PRESETS:
        alarm_us = frame_us(preset, ALARM_PAYLOAD)
        receipt_us = frame_us(preset, RECEIPT_FIXED + RECEIPT_ENTRY * BURST)
        out.append(
            (
                preset,
                f"{alarm_us / 1000:.0f} ms",
                f"{BURST * alarm_us / 1e6:.1f} s",
                f"{EARTHQUAKE * alarm_us / 1e6:.1f} s",
                f"{receipt_us / 1000:.0f} ms",
                f"{phy.AIR_LIMIT_MS * 1000 // alarm_us}",
            )
        )
    return out


def measured_rows(finished: Finished, cells: Sequence[Cell]) -> Rows:
    """List for each preset and burst: the least air, and the best figures that we had, at the least loss."""
    out = []
    for block, presses, limit_s in (("rt10", BURST, 10), ("rw40", EARTHQUAKE, 60)):
        for preset in PRESETS:
            floor_us = (
                presses * frame_us(preset, ALARM_PAYLOAD)
                + frame_us(preset, RECEIPT_FIXED + RECEIPT_ENTRY * BURST) * presses // BURST
            )
            best = [
                (cell, finished(cell))
                for cell in cells
                if (cell.block, cell.preset, cell.baseline) == (block, preset, OURS)
            ]
            cell, records = min(
                ((c, r) for c, r in best if r), key=lambda one: one[0].loss, default=(None, list[Record]())
            )
            times = [ms for record in records for ms in targets.all_stored(record)]
            words = "no result yet"
            if cell is not None and times:
                share = len([ms for ms in times if ms <= limit_s * 1000]) / len(times)
                words = (
                    f"p50 {targets.in_ms(percentile(times, 50))}, {targets.per_cent(share)} of "
                    f"{len(times):,} bursts within {limit_s} s, at {100 * cell.loss:g} % loss"
                )
            out.append((preset, f"{presses} alarms", f"{floor_us / 1e6:.1f} s", words))
    return out


def chain_rows(finished: Finished, cells: Sequence[Cell]) -> Rows:
    """Return a row of relays: what repeats from end to end can give at a loss, beside what we had."""
    turns = len([turn for turn in TURNS_S if turn < WITHIN_S])
    out = []
    for block, scenario, hops in CHAINS:
        for cell in cells:
            if (cell.block, cell.preset, cell.baseline) != (block, PRESETS[0], OURS):
                continue
            through = (1 - cell.loss) ** hops
            values = [ms for record in finished(cell) for ms in targets.siren_from_finger(record)]
            share = len([ms for ms in values if ms <= WITHIN_S * 1000]) / len(values) if values else 0
            out.append(
                (
                    f"`{scenario}`, {hops} receptions in a row",
                    f"{100 * cell.loss:g} %",
                    targets.per_cent(through),
                    targets.per_cent(1 - (1 - through) ** turns),
                    f"{targets.per_cent(share)} of {len(values):,}" if values else "no result yet",
                )
            )
    return out


def spent_rows(finished: Finished, cells: Sequence[Cell]) -> Rows:
    """Return the seconds of air of a mean run by kind of frame, ours and the baseline's, and its results."""
    out = []
    for cell in cells:
        if (cell.block, cell.presses) not in SPENT or cell.loss != WORST_LOSS:
            continue
        records = finished(cell)
        if not records:
            continue
        spent = [
            sum(record["frames"].get(kind, (0, 0))[1] for record in records for kind in kinds)
            / len(records)
            / 1000
            for _, kinds in KINDS
        ]
        values = [ms for record in records for ms in targets.stored(record)]
        shares = [
            targets.per_cent(len([ms for ms in values if ms <= limit_s * 1000]) / len(values))
            for limit_s in (WITHIN_S, 30)
        ]
        out.append(
            (
                f"{cell.presses}, {cell.preset}, {cell.baseline}",
                *[f"{s:.1f} s" for s in spent],
                *shares,
                f"{len(values):,}",
            )
        )
    return out


def section(table: Table, finished: Finished, cells: Sequence[Cell]) -> str:
    """Return the bounds as a part of the page; `table` as page.table, `finished(cell)` gives its records."""
    return (
        "## What the air allows\n\nOne channel carries one frame at a time where all hear each other. "
        "No design sends the same alarms in less air than this; relays, receipts, status and collisions "
        "come on top, and a device may be on the air for 36 s an hour.\n\n"
        + table(
            (
                "preset",
                "alarm, one hop",
                f"{BURST} alarms, one hop",
                f"{EARTHQUAKE} alarms, one hop",
                f"receipt of {BURST} alarms",
                "alarms an hour by law",
            ),
            rows(),
        )
        + "\n\nBeside it what we had with the least loss, from the first press until the last is stored. "
        "Buttons know nothing of each other, so frames meet and are sent again; in `rw` seven gateways "
        "share the channel and not all hear all.\n\n"
        + table(
            ("preset", "burst", "each once and a receipt for ten, one hop", "all stored"),
            measured_rows(finished, cells),
        )
    )


def spent_section(table: Table, finished: Finished, cells: Sequence[Cell]) -> str:
    """Show where the air of a burst goes, and why stock may deliver more of a crowd in ten seconds."""
    return (
        "Where the air of a burst in `rt` goes, in seconds of a mean run of 270 s at 8 % loss. Stock "
        "nodes send no receipts, no siren reports and here no status, so that more of a full channel "
        "is left for alarms; what they tell a presser may be untrue. On MediumFast a frame takes 1.9 "
        "times as long: ours for ten presses then want more air at once than there is, and what does not "
        "fit comes later. No arithmetic makes that so for every design.\n\n"
        + table(
            (
                "presses, preset, nodes",
                *[name for name, _ in KINDS],
                f"stored in {WITHIN_S} s",
                "in 30 s",
                "presses",
            ),
            spent_rows(finished, cells),
        )
    )


def chain_section(table: Table, finished: Finished, cells: Sequence[Cell]) -> str:
    """Show what a row of relays can give."""
    turns = len([turn for turn in TURNS_S if turn < WITHIN_S])
    return (
        "In a row of relays where nobody hears further than the next, one sending comes through when all "
        f"its receptions do, and a button sends {turns} times within {WITHIN_S} s. Repeats from end to "
        "end give no more than this; only relays that repeat by themselves would, at the cost of air "
        "wherever there is more than one hop.\n\n"
        + table(
            (
                "place",
                "loss a reception",
                "one sending",
                f"any of {turns}",
                f"siren within {WITHIN_S} s, measured",
            ),
            chain_rows(finished, cells),
        )
    )
