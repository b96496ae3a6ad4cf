"""Speed of the simulator: an hour of the city on one core, the cost of a node-hour against the size."""

import time

from kentongan_sim.bench.grid import Figures
from kentongan_sim.checkers import check_all
from kentongan_sim.checkers.summary import unreachable
from kentongan_sim.scenarios.catalogue import SCENARIOS, scenario
from kentongan_sim.scenarios.parts import Scenario
from kentongan_sim.world.history import History
from kentongan_sim.world.presses import WARM_UP_S, plan_presses
from kentongan_sim.world.world import World

CITY = "city1000"
LIMIT_S = 60
SIZES = (3, 6, 12, 25)  # RT of the city: about 130 to 1,100 nodes
PRESSES, HOUR_S = 100, 3_600
QUICK_S = 240  # after the warm-up, for each size in the quick grid; the hour is reckoned from it
END_S = 60  # without presses
SEED = 1


def part_of(scene: Scenario, zones: int) -> Scenario:
    """Return the first RT of a scenario, with their gateways."""
    return scene._replace(
        places=tuple(p for p in scene.places if p.zone <= zones),
        gateways=tuple(g for g in scene.gateways if g.zone <= zones),
    )


def one(scene: Scenario, virtual_s: int, presses: int) -> Figures:
    """Seconds of processor time for building a village, its warm-up in which all devices start within 20 s,
    the virtual time after it, and the checkers.
    """
    started = time.process_time()
    with World(scene, SEED) as world:
        plan_presses(world, presses, virtual_s - END_S)
        built = time.process_time()
        world.run_until(WARM_UP_S * 1_000_000)
        warm = time.process_time()
        world.run_until((WARM_UP_S + virtual_s) * 1_000_000)
        ran = time.process_time()
        check_all(History.of(world, unreachable(world)))
        return {
            "nodes": len(world.nodes),
            "virtual_s": virtual_s,
            "presses": presses,
            "events": len(world.trace.events),
            "build_s": round(built - started, 2),
            "start_s": round(warm - built, 2),
            "run_s": round(ran - warm, 2),
            "check_s": round(time.process_time() - ran, 2),
        }


def measure(quick: bool) -> list[Figures]:
    """Measure each size, the last one being the whole city; [] where there is none to measure."""
    if CITY not in SCENARIOS:
        return []
    scene = scenario(CITY)
    virtual_s = QUICK_S if quick else HOUR_S
    per_zone = PRESSES * virtual_s / (SIZES[-1] * HOUR_S)
    return [one(part_of(scene, zones), virtual_s, max(1, round(per_zone * zones))) for zones in SIZES]


def hour_s(figures: Figures) -> float:
    """Processor seconds of one hour of this village, the start included, reckoned from what was run."""
    later_s = (figures["run_s"] + figures["check_s"]) * (HOUR_S - WARM_UP_S) / figures["virtual_s"]
    return figures["build_s"] + figures["start_s"] + later_s


def us_per_node_second(figures: Figures) -> float:
    """Processor time for one node and one virtual second after the warm-up, in us."""
    return figures["run_s"] * 1e6 / (figures["nodes"] * figures["virtual_s"])


def node_hours_per_s(figures: Figures) -> float:
    return figures["nodes"] * figures["virtual_s"] / 3600 / max(figures["run_s"], 0.01)
