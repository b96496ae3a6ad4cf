"""One run of one cell and what is kept of it: one line of JSON, or why there is none."""

import signal
import time
import traceback
from collections.abc import Iterable
from types import FrameType
from typing import Never

from kentongan_sim.bench.grid import OURS, RETRY_S, Cell, Record
from kentongan_sim.checkers import check_all
from kentongan_sim.checkers.air_within_law import worst_hours
from kentongan_sim.checkers.summary import press_rows, refusals, unreachable
from kentongan_sim.console.arguments import spelled
from kentongan_sim.physics.shapes import Event, Ms
from kentongan_sim.scenarios.catalogue import scenario
from kentongan_sim.world.history import History
from kentongan_sim.world.presses import plan_presses
from kentongan_sim.world.world import World

RUN_TIMEOUT_S = 600  # of the wall clock; the slowest run of the grid takes a tenth of it on an idle core
SENTENCES_KEPT = 3  # of each broken checker


class TooLong(BaseException):
    """Not an Exception: nothing in the code under test may swallow it."""


def run_cell(cell: Cell, seed: int, timeout_s: float = RUN_TIMEOUT_S) -> Record:
    """Return the record of one run, JSON-ready; `error` tells why it has no figures. Main thread only."""

    def over(signum: int, frame: FrameType | None) -> Never:
        raise TooLong

    before = signal.signal(signal.SIGALRM, over)
    # Again and again: Python drops an exception that happens to be raised while it collects garbage.
    # A second apart, so that none comes while the one before it is dealt with.
    signal.setitimer(signal.ITIMER_REAL, timeout_s, 1)
    started = time.monotonic()
    try:
        record = measure(cell, seed)
    except TooLong:
        record = {"error": f"no result within {timeout_s:g} s"}
    except Exception:
        record = {"error": traceback.format_exc().strip()[-1500:]}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return {"seed": seed, **record, "wall_s": round(time.monotonic() - started, 3)}


def measure(cell: Cell, seed: int) -> Record:
    """Run the cell once. `presses` as summary.press_rows; `air_ms` {role: [most of one device, mean]};
    `frames` {type: [how many, ms of air]}.
    """
    with make_world(cell, seed) as world:
        plan_presses(world, cell.presses, cell.within_s)
        world.run_until(int(cell.duration_s * 1e6))
        history = History.of(world, unreachable(world))
        frames: dict[str, tuple[int, Ms]] = {}  # type -> (how many, ms of air)
        for _, _, detail in history.frames.values():
            count, air_ms = frames.get(detail["type"], (0, 0))
            frames[detail["type"]] = (count + 1, air_ms + detail["airtime_us"] // 1000)
        broken = {checker: problems for checker, problems in check_all(history).items() if problems}
        return {
            "presses": press_rows(world, history),
            "air_ms": air_by_role(history),
            "frames": dict(sorted(frames.items())),
            "broken": {
                checker: [len(problems), *problems[:SENTENCES_KEPT]] for checker, problems in broken.items()
            },
            "refusals": refusals(world),
            "acked_not_stored": acked_not_stored(world, cell),
            "replayed": replayed(world.trace.events, history),
            "jam_reported": any(
                what == "store" and "jamming" in detail for _, _, what, detail in world.trace.events
            ),
            "sha": world.trace.sha256()[:16],
        }


def make_world(cell: Cell, seed: int) -> World:
    """Make the village of the cell, of our devices or of the baseline's."""
    scene = scenario(cell.scenario)._replace(preset=cell.preset)
    if cell.baseline == OURS:
        return World(scene, seed, "cpython", cell.loss, cell.dead)
    from kentongan_sim.stock.baseline import ALARM_BYTES, stock_world
    from kentongan_sim.stock.calibration import PACKET_BYTES  # Meshtastic's protobufs take long to load

    retry_s = RETRY_S[cell.baseline]
    alarm_bytes = ALARM_BYTES if retry_s is None else PACKET_BYTES
    return stock_world(scene, seed, cell.loss, cell.dead, retry_s=retry_s, alarm_bytes=alarm_bytes)


def acked_not_stored(world: World, cell: Cell) -> int:
    """Count pressers of the baseline whose radio said "acknowledged" although no gateway has it."""
    if cell.baseline == OURS:
        return 0
    from kentongan_sim.stock.baseline import baseline_figures

    return int(baseline_figures(world)["acked_not_stored"])


def replayed(events: Iterable[Event], history: History) -> int:
    """Count what happened twice for one press: stored again, or sounded again by the same siren
    after its end. In a village where somebody replays, that is a replay accepted.
    """
    stores = [
        (label, detail["device"], detail["counter"])
        for _, label, what, detail in events
        if what == "store" and detail["type"] == "alarm"
    ]
    sirens = [sounding.label for sounding in history.soundings]
    pressed = max(1, len({(alarm.node, alarm.counter) for alarm in history.alarms}))
    again = sum(max(0, sirens.count(label) - pressed) for label in set(sirens))
    return again + len(stores) - len(set(stores))


def air_by_role(history: History) -> dict[str | None, list[Ms]]:
    """Return {role: [most, mean]} in ms of air within any rolling hour, of that role's devices that sent."""
    by_role: dict[str | None, list[Ms]] = {}
    for label, used_us in worst_hours(history).items():
        by_role.setdefault(history.role(label), []).append(used_us // 1000)
    return {role: [max(used), sum(used) // len(used)] for role, used in sorted(by_role.items())}


def again(cell: Cell, seed: int) -> str:
    """Write the command that runs this once more and shows it, typed where this project is."""
    ours = cell.baseline == OURS
    return spelled(
        *(".venv/bin/kentongan-sim", "run", cell.scenario),
        **{"seed": seed, "presses": cell.presses, "within": cell.within_s, "loss": cell.loss},
        **{"preset": cell.preset, "duration": cell.duration_s, "dead": cell.dead},
        **{"baseline": None if ours else "stock", "retry": None if ours else RETRY_S[cell.baseline]},
    )
