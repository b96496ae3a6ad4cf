"""The campaign's table, as text for a terminal and for docs/reliability.md."""

from kentongan_sim.soak.field.campaign import PHASES, Result
from kentongan_sim.soak.field.faults import FAULTS

MARK = "<!-- field campaign -->"
KINDS = ("lost", "duplicate", "not called", "silent", "false siren", "not told", "told before", "false word")


def table(result: Result) -> str:
    head = " | ".join(f"press {phase}" for phase in PHASES)
    lines = [
        f"| part | fault | injected | {head} | lost | silent | told | seen as | within s |",
        "|---|---|---|" + "---|" * (len(PHASES) + 5),
    ]
    for fault in FAULTS:
        total = result.faults[fault.name]
        if total:
            phases = " | ".join(str(result.phases[fault.name, phase]) for phase in PHASES)
            missed = {
                kind: sum(
                    f"{fault.part}: {fault.name})" in one for one in result.problems if one.startswith(kind)
                )
                for kind in ("lost", "silent")
            }
            told = result.told[fault.name] if fault.told else "-"
            within = f"{result.slowest_s.get(fault.name, 0):.0f}" if fault.told else "-"
            lines.append(
                f"| {fault.part} | {fault.name} | {total} | {phases} | {missed['lost']} | "
                f"{missed['silent']} | {told} | {fault.where} | {within} |"
            )
    return "\n".join(lines)


def verdict(result: Result) -> str:
    found = {kind: sum(one.startswith(kind + ":") for one in result.problems) for kind in KINDS}
    return (
        f"{sum(result.faults.values()):,} faults beside {result.pressed:,} alarms: {found['lost']} lost, "
        f"{found['silent']} silent, {found['not told'] + found['told before']} told to nobody, "
        f"{found['false siren']} false sirens, {found['false word']} false words, {found['duplicate']} "
        f"counted twice, {found['not called']} called for by nobody."
    )
