"""The figures that depend on this machine: heap and time per frame on MicroPython, speed of the simulator."""

import gc
import json
from collections.abc import Sequence
from typing import Any

from kentongan_sim.bench import devices, speed
from kentongan_sim.bench.grid import Figures, Rows
from kentongan_sim.bench.page import table
from kentongan_sim.bench.store import Store
from kentongan_sim.bench.targets import PASS, SHORT
from kentongan_sim.console.progress import during


def figures(store: Store, quick: bool) -> dict[str, Any]:
    """Kept with the results of this code, those of whole hours first, else measured now, on one core."""
    files = [store.folder / f"machine-{which}.json" for which in ("full", "quick")[: 1 + quick]]
    for file in files:
        try:
            return json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
    gc.freeze()  # the campaign's results in this process are not for the city's collector to look through
    with during("measuring heap per role, time per frame and the simulator's speed"):
        found = {"devices": devices.measure(), "speed": speed.measure(quick)}
    store.folder.mkdir(parents=True, exist_ok=True)
    files[-1].write_text(json.dumps(found), encoding="utf-8")
    return found


def extra(found: dict) -> dict[str, Any]:
    """Return the page's additions for them: rows of the summary, and whole sections."""
    return {
        "summary": summary(found["speed"]),
        "sections": [device_section(found["devices"]), speed_section(found["speed"])],
    }


def summary(sizes: Sequence[Figures]) -> Rows:
    """(what, target, measured, bound, verdict) of the two targets of speed."""
    hour = f"`city1000`, one hour with {speed.PRESSES} alarms, ≤ {speed.LIMIT_S} s on one core"
    growth = "cost of a node-hour grows at most linearly from 100 to 1,000 nodes"
    if not sizes:
        return [
            ("simulator speed", text, "scenario city1000 is not built yet", "-", "-")
            for text in (hour, growth)
        ]
    city = sizes[-1]
    took_s = speed.hour_s(city)
    how = "" if city["virtual_s"] == speed.HOUR_S else f", reckoned from {city['virtual_s']} s of it"
    larger = city["nodes"] / sizes[0]["nodes"]
    times = speed.us_per_node_second(city) / max(speed.us_per_node_second(sizes[0]), 0.01)
    return [
        (
            "simulator speed",
            hour,
            f"{took_s:.0f} s of processor time{how}",
            "-",
            shown(took_s <= speed.LIMIT_S),
        ),
        (
            "simulator speed",
            growth,
            f"{times:.1f} times as much at {city['nodes']:,} nodes as at {sizes[0]['nodes']}, "
            f"with {larger:.1f} times as many",
            "-",
            shown(times <= larger),
        ),
    ]


def shown(good: bool) -> str:
    return PASS if good else f"**{SHORT}**"


def device_section(found: dict[str, dict[str, Any]]) -> str:
    title = "## The device code on MicroPython\n\n"
    if not found:
        return title + "Not measured: MicroPython has no wheel for this machine."
    return (
        title + "What reached one device of each role in a burst of ten presses in `rt` (5 % loss) is "
        "played again in real MicroPython, from `.mpy`. Heap in KB as on a 32-bit chip, where a word "
        "is half as long as here, code included; times are this machine's, not an ESP32's, and are there "
        "to be compared with each other and with the next version.\n\n"
        + table(
            (
                "role",
                "heap after boot",
                "most, garbage collected",
                "heap there is",
                "frames received",
                "mean a frame, ms",
                "worst, ms",
            ),
            devices.rows(found),
        )
    )


def speed_section(sizes: Sequence[Figures]) -> str:
    title = "## Speed of the simulator\n\n"
    if not sizes:
        return title + "Not measured: scenario city1000 is not built yet."
    rows = [
        (
            f"{f['nodes']:,}",
            f"{f['virtual_s']:,} s",
            f["presses"],
            f"{f['events']:,}",
            f"{f['build_s']:.1f} s",
            f"{f['start_s']:.1f} s",
            f"{f['run_s']:.1f} s",
            f"{f['check_s']:.1f} s",
            f"{speed.node_hours_per_s(f):.1f}",
            f"{speed.us_per_node_second(f):.0f} us",
        )
        for f in sizes
    ]
    return (
        title + "Parts of `city1000`, on one core, in processor time; the virtual time comes after the "
        "start, 150 s in which all devices are switched on and report.\n\n"
        + table(
            (
                "nodes",
                "virtual time",
                "presses",
                "events",
                "build",
                "start",
                "run",
                "check",
                "node-hours a second",
                "a node-second",
            ),
            rows,
        )
    )
