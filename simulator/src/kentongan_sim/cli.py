"""`kentongan-sim`: run a scenario and print its figures, or show the village (demo)."""

import argparse
import json
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from typing import Any, Never

from kentongan_wire.air import phy
from kentongan_wire.base.errors import LocalError

from kentongan_sim.checkers.summary import sentence, summarise
from kentongan_sim.console.arguments import Commands, add_engine, add_loss, add_seed, number, spelled, typed
from kentongan_sim.engines.micropython import EngineError
from kentongan_sim.physics.air import AirFault
from kentongan_sim.scenarios.catalogue import SCENARIOS, scenario
from kentongan_sim.scenarios.parts import Scenario
from kentongan_sim.world.node_host import NodeFault
from kentongan_sim.world.presses import WARM_UP_S, plan_presses
from kentongan_sim.world.world import ENGINES, World

AFTER_S = 120  # the run goes on so long after the last press
PRESSES_MAX, WITHIN_MAX_S, DURATION_MAX_S = 1_000, 3_600, 86_400
RETRY_MAX_S = 3_600
EXIT_BROKEN, EXIT_USAGE = 1, 2
FAULTS = (AirFault, EngineError, NodeFault)  # what no board can do, named by the simulator


class Parser(argparse.ArgumentParser):
    """Exits at an error with one line that names the remedy."""

    def error(self, message: str) -> Never:
        self.exit(EXIT_USAGE, f"{self.prog}: {message}\n")


def add_run(sub: Commands) -> None:
    run = sub.add_parser("run", help="run a scenario in virtual time and print its figures")
    whole, seconds = "give a whole number", "give seconds"
    run.add_argument("scenario", metavar="SCENARIO", help=", ".join(sorted(SCENARIOS)))
    add_engine(run, ENGINES)
    add_seed(run)
    run.add_argument("--presses", type=number(int, 0, PRESSES_MAX, whole), default=1, metavar="K")
    run.add_argument(
        "--within",
        type=number(float, 0, WITHIN_MAX_S, seconds),
        default=3.0,
        metavar="S",
        help="spread the presses over so many seconds (default 3)",
    )
    add_loss(run, 0.0)
    run.add_argument(
        "--preset", default=None, metavar="NAME", help="another modem preset than the scenario's"
    )
    run.add_argument(
        "--dead",
        action="append",
        default=[],
        metavar="NODE",
        help="a device, a gateway or hub that is dead from the start; may be repeated",
    )
    run.add_argument("--baseline", metavar="NAME", help="stock: unmodified Meshtastic nodes in place of ours")
    run.add_argument(
        "--retry",
        type=number(float, 0, RETRY_MAX_S, seconds),
        metavar="SECONDS",
        help="with --baseline: plain packets, four a press at this interval; 0: one a press",
    )
    run.add_argument(
        "--duration",
        type=number(float, 1, DURATION_MAX_S, seconds),
        default=None,
        metavar="S",
        help="virtual seconds in all",
    )
    run.add_argument("--json", action="store_true", help="print one JSON object")
    run.add_argument("--plot", metavar="FILE", help="write the air diagram as SVG")
    run.add_argument("--trace", metavar="FILE", help="write every event, one a line")
    run.set_defaults(go=go_run)


def go_run(args: Namespace) -> int:
    try:
        figures = run(args)
    except (LocalError, OSError):
        raise
    except FAULTS as fault:
        print(f"kentongan-sim: {fault}; {again(args)}", file=sys.stderr)
        return EXIT_BROKEN
    except Exception:  # a core that raises is a bug in the core: its traceback follows
        print(f"kentongan-sim: a device's code failed; {again(args)}", file=sys.stderr)
        raise
    print(json.dumps(figures) if args.json else in_words(figures))
    broken = [name for name, problems in figures["checkers"].items() if problems]
    if broken:
        print(f"broken: {', '.join(broken)}; {again(args)}", file=sys.stderr)
        return EXIT_BROKEN
    return 0


def run(args: Namespace) -> dict[str, Any]:
    """Run the scenario, write the files that were asked for, and return the figures."""
    started = time.monotonic()
    scene = scenario(args.scenario)
    if args.preset:
        scene = scene._replace(preset=phy.preset(args.preset).name)
    with make_world(args, scene) as world:
        plan_presses(world, args.presses, args.within)
        duration_s = args.duration or WARM_UP_S + (args.within if args.presses > 1 else 0) + AFTER_S
        try:
            world.run_until(int(duration_s * 1e6))
        except LocalError as error:  # of a core, not of the command line
            raise RuntimeError(str(error)) from error
        figures = summarise(world, time.monotonic() - started)
        if args.baseline:
            from kentongan_sim.stock.baseline import baseline_figures

            figures.update(baseline_figures(world))
        if args.trace:
            world.trace.write(args.trace)
        if args.plot:
            from kentongan_sim.checkers.plot import write_plot

            write_plot(world, args.plot)
    return figures


def in_words(figures: dict[str, Any]) -> str:
    if "baseline" not in figures:
        return sentence(figures)
    from kentongan_sim.stock.baseline import baseline_sentence

    return f"{sentence(figures)}\n{baseline_sentence(figures)}"


def make_world(args: Namespace, scene: Scenario) -> World:
    """Make the village of our devices, or of the baseline's."""
    if not args.baseline:
        if args.retry is not None:
            raise LocalError("--retry is how a stock button sends; add --baseline stock")
        return World(scene, args.seed, args.engine, args.loss, args.dead)
    if args.baseline != "stock":
        raise LocalError(f"there is no baseline {args.baseline!r}; the one there is: stock")
    if args.engine != ENGINES[0]:
        raise LocalError(f"--engine {args.engine}: stock nodes run no code of ours; leave --engine out")
    from kentongan_sim.stock.baseline import stock_world  # Meshtastic's protobufs take long to load

    return stock_world(scene, args.seed, args.loss, args.dead, retry_s=args.retry)


def again(args: Namespace) -> str:
    """Write the seed and the command that does the same once more."""
    names = ("engine", "seed", "presses", "within", "loss", "preset", "baseline", "retry", "dead", "duration")
    options = {name: getattr(args, name) for name in names}
    return f"seed {args.seed}; run again: {spelled(typed('kentongan-sim'), 'run', args.scenario, **options)}"


def main(argv: Sequence[str] | None = None) -> int:
    parser = Parser(prog="kentongan-sim", description="The village on this machine.")
    sub = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    add_run(sub)
    from kentongan_sim.demo import run as demo_run

    demo_run.add_parser(sub)
    from kentongan_sim.bench import run as bench

    bench.add_parser(sub)
    from kentongan_sim.soak import run as soak

    soak.add_parser(sub)
    from kentongan_sim.attack import run as attack

    attack.add_parser(sub)
    from kentongan_sim.attack import drill_end

    drill_end.add_parser(sub)
    args = parser.parse_args(argv)
    try:
        return args.go(args) or 0
    except LocalError as error:
        print(f"kentongan-sim: {error}", file=sys.stderr)
        return EXIT_USAGE
    except BrokenPipeError:
        return EXIT_USAGE  # whoever read our output left
    except OSError as error:
        where = f"{error.filename}: {error.strerror}; choose a file that can be written"
        print(f"kentongan-sim: {where if error.filename else error}", file=sys.stderr)
        return EXIT_USAGE


if __name__ == "__main__":
    sys.exit(main())
