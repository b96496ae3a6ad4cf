"""The figures of one run, for people and for machines."""

from collections.abc import Iterable
from typing import Any

from kentongan_sim.checkers import check_all
from kentongan_sim.checkers.air_within_law import HOUR_US, worst_hours
from kentongan_sim.checkers.no_alarm_lost import lost
from kentongan_sim.checkers.no_false_siren import false_sirens
from kentongan_sim.physics.routes import hops_to
from kentongan_sim.physics.shapes import Counters, Ms, Us
from kentongan_sim.world.history import Alarm, History
from kentongan_sim.world.world import World

Percentiles = dict[str, Ms | None]  # p50, p95, p99 and max


def percentiles(values_ms: Iterable[Ms]) -> Percentiles:
    """Return p50, p95, p99 and max by nearest rank, in whole milliseconds; None without values."""
    ordered = sorted(values_ms)
    if not ordered:
        return {"p50": None, "p95": None, "p99": None, "max": None}
    ranks = {f"p{share}": -(-len(ordered) * share // 100) - 1 for share in (50, 95, 99)}
    return {**{name: ordered[rank] for name, rank in ranks.items()}, "max": ordered[-1]}


def unreachable(world: World) -> set[str]:
    """Return the labels without a radio path to any gateway that was not dead from the start."""
    return set(world.nodes) - set(hops_to(world, modems_alive(world)))


def modems_alive(world: World) -> list[str]:
    """List the modems of the gateways that are not dead from the start."""
    return [
        gateway.modem
        for gateway in world.scene.gateways
        if gateway.label not in world.dead and gateway.modem not in world.dead
    ]


def posts_alive(world: World) -> list[str]:
    return [
        label
        for label, host in world.nodes.items()
        if host.place.role == "sirene" and label not in world.dead
    ]


def floors_ms(world: World, history: History, sirens: Iterable[str]) -> list[Ms | None]:
    """Return for each alarm the air time alone of its way to the nearest siren in ms; None without a way."""
    hops = hops_to(world, sirens)
    airtimes = {
        (d["src"], d["counter"]): d["airtime_us"]
        for _, _, d in history.frames.values()
        if d["type"] == "ALARM"
    }
    return [
        hops[a.label] * airtimes[a.node, a.counter] // 1000
        if a.label in hops and a.counter is not None and (a.node, a.counter) in airtimes
        else None
        for a in history.alarms
    ]


def floor_ms(world: World, history: History) -> int:
    """Return the air time alone of the median alarm's way to the nearest post, in ms; 0 without an alarm."""
    floors = sorted(ms for ms in floors_ms(world, history, posts_alive(world)) if ms is not None)
    return floors[len(floors) // 2] if floors else 0


def press_rows(world: World, history: History) -> list[dict[str, Any]]:
    """Make one row a press: label, at_ms since the world began, then ms from the finger, None for never:
    boot_ms until the code ran (0 if it did already), siren_ms, stored_ms, answer_ms. floor_ms is the air time
    of its hops to the nearest siren, gateways' included, None without a radio path; merged as in Alarm.
    """
    sirens = posts_alive(world) + modems_alive(world)
    reach, floors = hops_to(world, sirens), floors_ms(world, history, sirens)
    rows = []
    for alarm, floor in zip(history.alarms, floors, strict=True):

        def after(t_us: Us | None, since_us: Us = alarm.t_us) -> Ms | None:
            return None if t_us is None else (t_us - since_us) // 1000

        rows.append(
            {
                "label": alarm.label,
                "at_ms": alarm.t_us // 1000,
                "merged": alarm.merged,
                "boot_ms": after(history.ready_us(alarm.label, alarm.t_us)),
                "siren_ms": after(alarm.sounded_us),
                "stored_ms": after(alarm.stored_us),
                "answer_ms": first_answer_ms(history, alarm),
                "floor_ms": floor,
                "path": alarm.label in reach,
                "gateway": alarm.label not in history.unreachable,
            }
        )
    return rows


def summarise(world: World, wall_s: float) -> dict[str, Any]:
    """Gather every figure of the run, JSON-ready; `checkers` holds the sentences of each violation."""
    history = History.of(world, unreachable(world))
    air_us = worst_hours(history)
    worst_label = max(sorted(air_us), key=lambda label: air_us[label], default="")
    own = [alarm for alarm in history.alarms if not alarm.merged]
    after = {
        name: [(at - a.t_us) // 1000 for a in own if (at := getattr(a, name)) is not None]
        for name in ("sounded_us", "stored_us")
    }
    shown = [first_answer_ms(history, alarm) for alarm in own if alarm.key == "main"]
    return {
        "scenario": world.scene.name,
        "seed": world.seed,
        "engine": world.engine.name,
        "loss": world.air.loss,
        "dead": sorted(world.dead),
        "preset": world.scene.preset,
        "trace_sha256": world.trace.sha256(),
        "pressed": len(history.alarms),
        "stored": len([a for a in history.alarms if a.stored_us is not None]),
        "sounded": len([a for a in history.alarms if a.sounded_us is not None]),
        "press_to_siren_ms": percentiles(after["sounded_us"]),
        "press_to_stored_ms": percentiles(after["stored_us"]),
        "press_to_answer_ms": percentiles([ms for ms in shown if ms is not None]),
        "floor_ms": floor_ms(world, history),
        "worst_air_s_per_hour": round(max(air_us.values(), default=0) / 1e6, 3),
        "worst_air_device": worst_label,
        "frames": len(history.frames),
        "lost": len(lost(history)),
        "false_sirens": len(false_sirens(history)),
        "unreachable": sorted(history.unreachable),
        "refusals": refusals(world),
        "checkers": check_all(history),
        "virtual_s": round(world.now_us / 1e6, 3),
        "wall_s": round(wall_s, 3),
    }


def first_answer_ms(history: History, alarm: Alarm) -> Ms | None:
    """Return the ms after which the presser first saw that the alarm was stored, or None."""
    times = [
        t_us
        for t_us, label, state in history.shows
        if label == alarm.label and t_us >= alarm.t_us and state in ("stored", "coming")
    ]
    return (min(times) - alarm.t_us) // 1000 if times else None


def refusals(world: World) -> Counters:
    """Sum refusals and drops by reason, over all devices that run."""
    total: Counters = {}
    for counters in world.counters().values():
        for reason, count in counters.items():
            total[reason] = total.get(reason, 0) + count
    return dict(sorted(total.items()))


def sentence(figures: dict[str, Any]) -> str:
    """Write the same for a person to read."""
    f = figures
    siren, stored, answer = f["press_to_siren_ms"], f["press_to_stored_ms"], f["press_to_answer_ms"]
    hours = f["virtual_s"] * 1e6 / HOUR_US
    lines = [
        f"{f['scenario']}, seed {f['seed']}, {f['engine']}, {f['preset']}, {100 * f['loss']:g} % extra loss"
        + (f", dead: {', '.join(f['dead'])}" if f["dead"] else ""),
        f"  pressed {f['pressed']}, stored {f['stored']}, sounded {f['sounded']}, lost {f['lost']}, "
        f"false sirens {f['false_sirens']}",
        f"  press -> siren   {times(siren)}   (air time of the hops alone: {f['floor_ms']} ms)",
        f"  press -> stored  {times(stored)}",
        f"  press -> shown   {times(answer)}",
        f"  air {f['worst_air_s_per_hour']} s at most ({f['worst_air_device']}), 36 s an hour allowed; "
        f"{f['frames']} frames",
        f"  {f['virtual_s']:.0f} s of the village ({hours:.2f} h) in {f['wall_s']} s",
        f"  trace {f['trace_sha256']}",
    ]
    for name, problems in f["checkers"].items():
        lines.append(f"  {name}: " + ("holds" if not problems else f"BROKEN {len(problems)} times"))
        lines += [f"    - {problem}" for problem in problems[:10]]
    return "\n".join(lines)


def times(figures: Percentiles) -> str:
    if figures["p50"] is None:
        return "never"
    return f"p50 {figures['p50']} ms, p95 {figures['p95']}, p99 {figures['p99']}, max {figures['max']}"
