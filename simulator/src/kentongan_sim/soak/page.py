"""The table of a campaign, as text for a terminal and for docs/reliability.md."""

from kentongan_sim.soak.faults import FAULTS
from kentongan_sim.soak.gateway import STEPS, Result

MARK = "<!-- gateway campaign -->"


def table(result: Result) -> str:
    """Faults by kind and by the step of the walk at which they began, and where a person saw them."""
    lines = [
        "| fault | in all | " + " | ".join(STEPS) + " | shown on the board | in the log |",
        "|---|" + "---|" * (len(STEPS) + 3),
    ]
    for fault in FAULTS:
        total = result.faults[fault.name]
        if not total:
            continue
        steps = " | ".join(str(result.steps[fault.name, step]) for step in STEPS)
        board, log = result.shown[fault.name, "board"], result.shown[fault.name, "log"]
        seen = f"{board} | {log}" if fault.shown is not None else "no fault yet | -"
        lines.append(f"| {fault.name} | {total} | {steps} | {seen} |")
    return "\n".join(lines)


def verdict(result: Result) -> str:
    kinds = {
        name: sum(p.startswith(name) for p in result.problems)
        for name in ("lost", "duplicate", "false siren", "not shown")
    }
    deaths = ", ".join(f"{count} {step}" for step, count in sorted(result.deaths.items()))
    return (
        f"{sum(result.faults.values()):,} faults on the walks of {result.pressed:,} alarms: "
        f"{kinds['lost']} lost or never receipted, {kinds['duplicate']} counted twice at the hub, "
        f"{kinds['false siren']} false sirens, {kinds['not shown']} faults that nobody was shown; "
        f"{result.torn} files torn by power cuts. Where the process died: {deaths}."
    )
