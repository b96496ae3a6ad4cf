"""`kentongan-sim attack [NAME]`: walks under attack, many seeds, and what the checkers find."""

import json
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypedDict

from kentongan_wire.base.errors import LocalError

from kentongan_sim.attack import page
from kentongan_sim.attack.attacks import ATTACKS, HUB, attack
from kentongan_sim.attack.hub import HubSiege
from kentongan_sim.attack.page import COLUMNS
from kentongan_sim.attack.siege import Attack, Siege
from kentongan_sim.checkers import UNDER_ATTACK
from kentongan_sim.console.arguments import Commands, add_engine, add_jobs, add_loss, spelled
from kentongan_sim.physics.shapes import Ms, Violation
from kentongan_sim.world.history import History
from kentongan_sim.world.world import ENGINES

WITHIN_MS = 10_000
PAGE = "docs/reliability.md"
SEEDS_MAX = 100_000
SHOWN = 8
# Columns of what an attack itself found.
EXTRA = {
    **dict.fromkeys(("siren", "unpaged", "uncalled"), "muted"),
    **{"coming": "false_words", "again": "false_sirens"},
}


class Walk(TypedDict):
    """One walk of an attack."""

    seed: int
    problems: dict[str, list[str]]  # column of the table -> sentences
    allowed: int  # how much of what is allowed happened
    stored_ms: Ms | None  # from the last press
    pressed: bool
    thief_air_ms: Ms


Row = dict[str, Any]  # figures of one attack, JSON-ready


def walk(row: Attack, seed: int, engine: str = "cpython", loss: float = 0.0, thief: bool = True) -> Walk:
    """Walk once."""
    siege_class: type[HubSiege] | type[Siege] = HubSiege if row.scene == HUB else Siege
    siege = siege_class(row, seed, engine, loss, thief)
    history = siege.walk()
    found = {name: check(history) for name, check in UNDER_ATTACK.items()}
    found["other"] = list[Violation]()
    for what, text in siege.extra:
        found[EXTRA.get(what, "other")].append((what, text))
    problems = {
        name: [text for what, text in some if what not in row.allowed] for name, some in found.items()
    }
    known = sum(what in row.allowed for some in found.values() for what, _ in some)
    return {
        "seed": seed,
        "problems": problems,
        "allowed": known,
        "stored_ms": last_stored_ms(history, siege.victim),
        "pressed": any(alarm.label == siege.victim for alarm in history.alarms),
        "thief_air_ms": siege.thief.sent_ms,
    }


def last_stored_ms(history: History, victim: str) -> Ms | None:
    """Return the ms from the victim's last press to its storing; None when it never was."""
    mine = [alarm for alarm in history.alarms if alarm.label == victim]
    stored_us = history.stored_as_pressed_us(mine[-1]) if mine else None
    return None if stored_us is None else (stored_us - mine[-1].t_us) // 1000


def row_of(attack: Attack, walks: Sequence[Walk], command: Callable[[str, int], str]) -> Row:
    """Sum up the walks of one attack."""
    failures = [
        {
            "seed": one["seed"],
            "problems": {name: some for name, some in one["problems"].items() if some},
            "again": command(attack.name, one["seed"]),
        }
        for one in walks
        if any(one["problems"].values())
    ]
    times = sorted(one["stored_ms"] for one in walks if one["stored_ms"] is not None)
    out = {
        "attack": attack.name,
        "row": attack.row,
        "holder": attack.holder,
        "scene": attack.scene,
        "hub": attack.hub,
        "allowed": list(attack.allowed),
        "walks": len(walks),
    }
    out.update({name: sum(bool(one["problems"][name]) for one in walks) for name in COLUMNS})
    out["limited"] = sum(bool(one["allowed"]) for one in walks)
    out["pressed"] = sum(one["pressed"] for one in walks)
    out["stored_within_10_s"] = sum(ms <= WITHIN_MS for ms in times)
    out["stored_ms_p50"] = times[len(times) // 2] if times else None
    out["stored_ms_max"] = times[-1] if times else None
    out["thief_air_s"] = round(max((one["thief_air_ms"] for one in walks), default=0) / 1000, 1)
    out["failures"] = failures
    return out


def seeds(text: str) -> range:
    """Read "5" or "1-20"; LocalError for anything else."""
    first, _, last = text.partition("-")
    if not (first.isdecimal() and (not last or last.isdecimal())):
        raise LocalError(f"--seeds {text}: write one number, or the first and the last: 1-20")
    low, high = int(first), int(last or first)
    if not low <= high < low + SEEDS_MAX:
        raise LocalError(f"--seeds {text}: write the lower one first, at most {SEEDS_MAX} in all")
    return range(low, high + 1)


def add_parser(sub: Commands) -> None:
    parser = sub.add_parser("attack", help="thieves in the village: what they can do, and what holds")
    parser.add_argument("name", nargs="?", metavar="NAME", help="one attack of --list; default: all")
    parser.add_argument("--list", action="store_true", help="print the attacks and what their thieves hold")
    parser.add_argument("--seeds", default="1-3", metavar="A-B", help="a walk of each (default 1-3)")
    add_engine(parser, ENGINES)
    add_loss(parser, 0.08)
    parser.add_argument("--calm", action="store_true", help="the same walks without a thief, to compare")
    add_jobs(parser, 1)
    parser.add_argument("--page", metavar="FILE", help=f"write the table there ({PAGE})")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(go=go)


def go(args: Namespace) -> int:
    if args.list:
        for one in ATTACKS.values():
            print(f"{one.name:36}{one.holder:16}{one.scene:7}hub {one.hub:11}{one.about}")
        return 0
    chosen = [attack(args.name)] if args.name else list(ATTACKS.values())
    wanted, started = seeds(args.seeds), time.monotonic()

    def again(name: str, seed: int) -> str:
        command = "kentongan-sim", "attack", name
        return spelled(*command, seeds=seed, engine=args.engine, loss=args.loss, calm=args.calm)

    rows = []
    for one, walks in zip(chosen, walked(chosen, wanted, args), strict=True):
        rows.append(row_of(one, walks, again))
        if not args.json:
            print(line(rows[-1]), flush=True)
    result = {"attacks": len(rows), "walks": sum(row["walks"] for row in rows)}
    result.update({name: sum(row[name] for row in rows) for name in COLUMNS})
    result.update(
        engine=args.engine,
        loss=args.loss,
        calm=args.calm,
        wall_s=round(time.monotonic() - started, 1),
        rows=rows,
    )
    print(json.dumps(result) if args.json else sentence(result))
    if args.page:
        words = [".venv/bin/kentongan-sim", "attack", *([args.name] if args.name else [])]
        command = spelled(*words, seeds=args.seeds, loss=args.loss, calm=args.calm)
        page.write(Path(args.page), result, command)
    return report(rows)


def walked(chosen: Iterable[Attack], wanted: range, args: Namespace) -> Iterator[list[Walk]]:
    """Yield the walks of each attack in turn."""
    settings = (args.engine, args.loss, not args.calm)
    if args.jobs == 1:
        for one in chosen:
            yield [walk(one, seed, *settings) for seed in wanted]
        return
    with ProcessPoolExecutor(args.jobs, get_context("spawn")) as pool:
        asked = [pool.map(walk_by_name, [(one.name, seed, *settings) for seed in wanted]) for one in chosen]
        yield from map(list, asked)


def walk_by_name(about: tuple[Any, ...]) -> Walk:
    """Walk in another process."""
    name, *rest = about
    return walk(attack(name), *rest)


def report(rows: Sequence[Row]) -> int:
    """Print each failure with its seed and the command that does it again; returns the exit status."""
    failures = [(row["attack"], failure) for row in rows for failure in row["failures"]]
    for name, failure in failures[:SHOWN]:
        texts = [f"{column}: {text}" for column, some in failure["problems"].items() for text in some]
        print(
            f"{name}, seed {failure['seed']}: {'; '.join(texts[:3])}; run again: {failure['again']}",
            file=sys.stderr,
        )
    if len(failures) > SHOWN:
        print(f"and {len(failures) - SHOWN} more walks; --json has them all", file=sys.stderr)
    return 1 if failures else 0


def line(row: Row) -> str:
    found = ", ".join(f"{row[name]} {name}" for name in COLUMNS if row[name]) or "holds"
    return (
        f"{row['attack']:36}{row['walks']} walks, {found}; stored within 10 s: {row['stored_within_10_s']}, "
        f"the thief sent {row['thief_air_s']} s"
    )


def sentence(result: dict[str, Any]) -> str:
    found = ", ".join(f"{result[name]} {name.replace('_', ' ')}" for name in COLUMNS)
    return f"{result['attacks']} attacks, {result['walks']} walks: {found}; {result['wall_s']} s"
