"""The table of the attacks, for docs/reliability.md."""

from pathlib import Path
from typing import Any

from kentongan_sim.console import marked

COLUMNS = ("lost", "false_sirens", "false_words", "muted", "other")
MARK = "<!-- attack campaign -->"
HEAD = (
    "| attack | row | the thief holds | place, hub | walks | lost | false sirens | false words | muted | "
    "known limit | stored within 10 s | slowest, s |"
)


def table(result: dict[str, Any]) -> str:
    """Write a line for each attack; "known limit": in how many walks this thief achieved what he may."""
    lines = [HEAD, "|---" * HEAD.count(" |") + "|"]
    for row in result["rows"]:
        limit = f"{row['limited']}: {', '.join(row['allowed'])}" if row["allowed"] else "-"
        slowest = "-" if row["stored_ms_max"] is None else f"{row['stored_ms_max'] / 1000:.1f}"
        within = f"{row['stored_within_10_s']} of {row['pressed']}"
        place = f"{row['scene']}, {row['hub']}"
        found = [row["lost"], row["false_sirens"], row["false_words"], row["muted"] + row["other"]]
        cells = [row["attack"], row["row"] or "-", row["holder"], place, row["walks"], *found]
        cells += [limit, within, slowest]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def write(path: Path, result: dict[str, Any], command: str) -> None:
    """Put the sum and the table between the two marks of the page."""
    found = ", ".join(f"{result[name]} {name.replace('_', ' ')}" for name in COLUMNS)
    told = f"{result['attacks']} attacks, {result['walks']:,} attacked walks: {found}."
    marked.write(path, MARK, told, table(result), command)
