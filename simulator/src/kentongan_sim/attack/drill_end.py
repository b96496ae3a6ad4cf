"""`kentongan-sim drill`: a drill is ended while its presses fill the air, and somebody presses in earnest.

Asked of each run: LIMIT_S after the end, does any post beat that press as a drill? And, LIMIT_S after the
press, does every post beat it as real? A post that has not heard it by then beats nothing for it: the air's
loss, not the drill's; --without counts these with no drill at all. The press comes within PRESS_S of the end,
from a house that was in the drill or from another one.
"""

import json
import multiprocessing
from argparse import Namespace
from collections.abc import Iterable
from typing import Any, TypedDict

from kentongan_sim.attack.run import seeds
from kentongan_sim.console.arguments import Commands, add_engine, add_jobs, add_loss, spelled, typed
from kentongan_sim.physics.chance import between, draw_u32
from kentongan_sim.physics.shapes import Detail, Us
from kentongan_sim.scenarios.catalogue import SCENARIOS, scenario
from kentongan_sim.world.world import ENGINES, World

BEGIN_US, FIRST_US, DRILLED_US, END_US = 25_000_000, 28_000_000, 33_000_000, 40_000_000
LIMIT_S, PRESS_S = 5, 2
MINUTES, NUMBER = 20, 1
PRESSES = 5  # houses that press for the drill, in the last seconds of it
DRILL = "latihan_"  # what a drill's pattern is called
SHOWN = 8


class Walk(TypedDict):
    """One run of the end of a drill."""

    seed: int
    pressed: str
    as_drill: list[str]  # posts that beat the press as a drill
    late: list[str]  # posts that do not beat it as real in time
    drilled: list[str]  # posts that beat a drill before


def walk(scene_name: str, seed: int, loss: float = 0.08, engine: str = "cpython", drill: bool = True) -> Walk:
    """Run it once."""
    scene = scenario(scene_name)
    with World(scene, seed, engine, loss, keep_trace=False) as world:
        playing, drilled = dict[str, str](), set[str]()  # post -> the pattern it beats, or "" for silence
        heard = set[tuple[str, str]]()  # (post, node) of presses after the end
        world.listen(lambda t_us, label, what, detail: _follow(playing, drilled, label, what, detail))
        world.listen(lambda t_us, label, what, detail: _hear(heard, t_us, label, what, detail))
        posts = [label for label, host in world.nodes.items() if host.place.role == "sirene"]
        buttons = sorted(
            [label for label, host in world.nodes.items() if host.place.role == "tombol"],
            key=lambda label: (draw_u32(seed, "house", label), label),
        )
        for gateway_host in world.gateway_hosts.values():
            for at_us, minutes in ((BEGIN_US, MINUTES), (END_US, 0)) if drill else ():
                order = {"id": at_us, "type": "drill", "minutes": minutes, "zone": 0, "number": NUMBER}
                world.at(at_us, gateway_host.order, order)
        earnest = buttons[draw_u32(seed, "earnest") % (PRESSES + 1)]
        for k in range(PRESSES):
            first = buttons[k] == earnest  # within seconds a button takes two presses for one
            after_us = 0 if first else between(DRILLED_US - FIRST_US, END_US - FIRST_US, seed, "drill", k)
            world.press(buttons[k], FIRST_US + after_us)
        press_us = END_US + between(0, PRESS_S * 1_000_000, seed, "press")
        world.press(earnest, press_us)
        world.run_until(END_US + LIMIT_S * 1_000_000)
        node = f"{world.nodes[earnest].place.node:08x}"
        as_drill = [post for post in posts if (post, node) in heard and playing[post].startswith(DRILL)]
        world.run_until(press_us + LIMIT_S * 1_000_000)
        late = [post for post in posts if not _is_real(playing.get(post, ""))]
        return {
            "seed": seed,
            "pressed": earnest,
            "as_drill": as_drill,
            "late": late,
            "drilled": sorted(drilled.intersection(posts)),
        }


def _follow(playing: dict[str, str], drilled: set[str], label: str, what: str, detail: Detail) -> None:
    if what == "sound":
        playing[label] = detail["pattern"]
        if playing[label].startswith(DRILL):
            drilled.add(label)
    elif what in ("quiet", "off"):
        playing[label] = ""


def _hear(heard: set[tuple[str, str]], t_us: Us, label: str, what: str, detail: Detail) -> None:
    if what == "note" and detail["step"] == "heard_by_post" and t_us > END_US:
        heard.add((label, str(detail["device"])))


def _is_real(pattern: str) -> bool:
    return bool(pattern) and not pattern.startswith(DRILL)


def _walk(args: tuple[str, int, float, str, bool]) -> Walk:
    return walk(*args)


def figures(
    scene_name: str,
    wanted: Iterable[int],
    loss: float = 0.08,
    engine: str = "cpython",
    drill: bool = True,
    jobs: int = 1,
) -> dict[str, Any]:
    """Walk each seed: {"runs", "real", "in_time", "as_drill": [Walk], "late": [Walk], "drilled"}."""
    work = [(scene_name, seed, loss, engine, drill) for seed in wanted]
    if jobs == 1:
        walks = [walk(*one) for one in work]
    else:
        with multiprocessing.get_context("spawn").Pool(jobs) as pool:
            walks = pool.map(_walk, work, chunksize=4)
    as_drill = [one for one in walks if one["as_drill"]]
    late = [one for one in walks if one["late"]]
    runs, drilled = len(walks), sum(bool(one["drilled"]) for one in walks)
    return {
        "scenario": scene_name,
        "loss": loss,
        "runs": runs,
        "drilled": drilled,
        "real": runs - len(as_drill),
        "in_time": runs - len(late),
        "as_drill": as_drill,
        "late": late,
    }


def add_parser(sub: Commands) -> None:
    parser = sub.add_parser("drill", help="the end of a drill, and a press in earnest right after it")
    names = ", ".join(sorted(SCENARIOS))
    parser.add_argument("scenario", nargs="?", default="rt", metavar="SCENARIO", help=names)
    parser.add_argument("--seeds", default="1-20", metavar="A-B", help="a run of each (default 1-20)")
    add_engine(parser, ENGINES)
    add_loss(parser, 0.08)
    parser.add_argument("--without", action="store_true", help="the same presses without a drill, to compare")
    add_jobs(parser, 1)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(go=go)


def go(args: Namespace) -> int:
    out = figures(args.scenario, seeds(args.seeds), args.loss, args.engine, not args.without, args.jobs)
    if args.json:
        print(json.dumps(out))
    else:
        real, in_time = (out[what] / out["runs"] for what in ("real", "in_time"))
        print(
            f"{out['runs']} runs, {args.loss:.0%} loss: in {real:.2%} no post beat a press in earnest as a "
            f"drill {LIMIT_S} s after the end, in {in_time:.2%} all beat it as real {LIMIT_S} s after it"
        )
    for one in (out["as_drill"] + out["late"])[:SHOWN] if not args.json else ():
        command = typed("kentongan-sim"), "drill", args.scenario
        again = spelled(*command, seeds=one["seed"], loss=args.loss)
        print(f"  {', '.join(one['as_drill'] or one['late'])}: {again}")
    return int(bool(out["as_drill"]))
