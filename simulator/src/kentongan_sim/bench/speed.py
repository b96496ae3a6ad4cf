"""How fast the simulator is: an hour of the city on one core, the cost of a node-hour against the size."""
import time

from kentongan_sim.checkers import check_all
from kentongan_sim.cli import plan_presses
from kentongan_sim.facts import Facts
from kentongan_sim.scenarios import SCENARIOS, scenario
from kentongan_sim.summary import unreachable
from kentongan_sim.world import World

CITY = "city1000"
LIMIT_S = 60
SIZES = (3, 6, 12, 25)  # RT of the city: about 130 to 1,100 nodes
PRESSES, HOUR_S = 100, 3_600
QUICK_S = 300  # of virtual time for each size in the quick grid; the hour is reckoned from it
REST_S = 300  # of the time without presses: warm-up and end
SEED = 1


def part_of(scene, zones: int):
    """The first RT of a scenario, with their gateways."""
    return scene._replace(places=tuple(p for p in scene.places if p.zone <= zones),
                          gateways=tuple(g for g in scene.gateways if g.zone <= zones))


def one(scene, virtual_s: int, presses: int) -> dict:
    """Seconds of processor time for building, running and checking that much of a village."""
    started = time.process_time()
    with World(scene, SEED) as world:
        plan_presses(world, presses, max(60, virtual_s - REST_S))
        built = time.process_time()
        world.run_until(virtual_s * 1_000_000)
        ran = time.process_time()
        check_all(Facts.of(world, unreachable(world)))
        return {"nodes": len(world.nodes), "virtual_s": virtual_s, "presses": presses,
                "events": len(world.trace.events), "build_s": round(built - started, 2),
                "run_s": round(ran - built, 2), "check_s": round(time.process_time() - ran, 2)}


def measure(quick: bool) -> list:
    """The figures of each size, the last one being the whole city; [] where there is none to measure."""
    if CITY not in SCENARIOS:
        return []
    scene = scenario(CITY)
    virtual_s = QUICK_S if quick else HOUR_S
    return [one(part_of(scene, zones), virtual_s, PRESSES * zones * virtual_s // (SIZES[-1] * HOUR_S))
            for zones in SIZES]


def hour_s(figures) -> float:
    """Processor seconds of one hour of this village; reckoned from what was run when that was shorter."""
    return figures["build_s"] + (figures["run_s"] + figures["check_s"]) * HOUR_S / figures["virtual_s"]


def us_per_node_second(figures) -> float:
    """Processor time of the run for one node and one virtual second, in us."""
    return figures["run_s"] * 1e6 / (figures["nodes"] * figures["virtual_s"])


def node_hours_per_s(figures) -> float:
    return figures["nodes"] * figures["virtual_s"] / 3600 / max(figures["run_s"], 0.01)
