"""`kentongan-sim soak`: the campaigns in turn; exit 1 when one finds something."""

import pickle
import sys
from argparse import Namespace
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Generic, NamedTuple, Protocol, Self, TypeVar

from kentongan_wire.base.errors import LocalError

from kentongan_sim.console import marked
from kentongan_sim.console.arguments import Commands, add_jobs, add_seed, number, spelled
from kentongan_sim.console.progress import during


class Campaign(NamedTuple):
    about: str
    go: Callable[[Namespace], list[str]]  # gives problems


class Found(Protocol):
    """The result of a part, or of all of them."""

    problems: list[str]
    wall_s: float

    def add(self, other: Self) -> None: ...


R = TypeVar("R", bound=Found)
Made = TypeVar("Made", bound=Found, covariant=True)
Shown = TypeVar("Shown", bound=Found, contravariant=True)


class Parts(Protocol[Made]):
    """The module of a campaign that runs in parts."""

    @property
    def FAULT_S(self) -> float: ...

    @property
    def Result(self) -> Callable[[], Made]: ...

    @property
    def parts(self) -> Callable[[int], int]: ...

    @property
    def part(self) -> Callable[[int, int, int], Made]: ...


class Page(Protocol[Shown]):
    """The module that writes its table."""

    @property
    def MARK(self) -> str: ...

    @property
    def table(self) -> Callable[[Shown], str]: ...

    @property
    def verdict(self) -> Callable[[Shown], str]: ...


WHOLE, QUICK = 2_000, 72
FIELD, FIELD_QUICK = 555, 8
CODE = "kentongan_sim", "kentongan_gateway", "kentongan_hub", "kentongan_node", "kentongan_wire"
SAID_S = 30  # a campaign says how long it has gone on
MARK_FILE = "docs/reliability.md"


def gateway(args: Namespace) -> list[str]:
    from kentongan_sim.soak import gateway as campaign
    from kentongan_sim.soak import page

    return in_parts(args, "gateway", campaign, page, args.faults or (QUICK if args.quick else WHOLE))


def field(args: Namespace) -> list[str]:
    from kentongan_sim.soak.field import campaign, page

    return in_parts(args, "field", campaign, page, args.faults or (FIELD_QUICK if args.quick else FIELD))


def in_parts(args: Namespace, name: str, campaign: Parts[R], page: Page[R], count: int) -> list[str]:
    """Run a campaign of `count` faults in parts, each kept when it is done; return its problems."""
    from kentongan_sim.soak import disk

    if disk.shared_sqlite() is None:
        print(f"{name}: Python's SQLite is built in here: no write is torn, power is cut between writes only")
    kept, parts = Kept[R](Path(args.keep), name, args.seed, count), campaign.parts(count)
    left = [number for number in range(parts) if kept.load(number) is None]
    if len(left) < parts:
        print(f"{name}: goes on where it stopped, {len(left)} of {parts} parts are left")
    jobs = max(1, min(args.jobs, len(left)))
    minutes = count / parts * len(left) * campaign.FAULT_S / jobs / 60
    what = (
        f"{name}: {count} faults in {parts} parts, {len(left)} to run, {jobs} at a time, about "
        f"{minutes:.0f} min on idle cores"
    )
    with during(what, every_s=SAID_S), ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        results = pool.map(campaign.part, [args.seed] * len(left), left, [count] * len(left))
        for number, one in zip(left, results, strict=True):
            kept.save(number, one)
            print(f"{name}: part {number + 1} of {parts} is done", file=sys.stderr, flush=True)
    result = campaign.Result()
    for number in range(parts):
        found = kept.load(number)
        assert found is not None  # it was kept above
        result.add(found)
    print(page.table(result))
    print(f"{name}: {page.verdict(result)} {result.wall_s:.0f} s")
    if args.page:
        words = ".venv/bin/kentongan-sim", "soak", name
        command = spelled(*words, faults=count, seed=args.seed, jobs=args.jobs)
        marked.write(Path(args.page), page.MARK, page.verdict(result), page.table(result), command)
    return result.problems


def folder_of(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent


class Kept(Generic[R]):
    """Results of a campaign's parts on disk, under a digest of the code: a campaign that is ended goes on."""

    def __init__(self, folder: Path, name: str, seed: int, count: int) -> None:
        digest = sha256()
        for package in CODE:
            for path in sorted(folder_of(package).rglob("*.py")):
                digest.update(path.read_bytes())
        self._folder = folder / f"{name}-{digest.hexdigest()[:12]}-{seed}-{count}"

    def load(self, town: int) -> R | None:
        """Return the Result of this part, or None when it has not been run by this code."""
        try:
            return pickle.loads((self._folder / f"{town}.pickle").read_bytes())
        except (OSError, EOFError, pickle.UnpicklingError):
            return None

    def save(self, town: int, result: R) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / f"{town}.pickle").write_bytes(pickle.dumps(result))


def stock(args: Namespace) -> list[str]:
    from kentongan_sim.soak import stock as campaign

    packets, unplugs = (500, 5) if args.quick else (10_000, 50)
    about = "a minute or two" if args.quick else "5 minutes"
    with during(f"stock: {packets:,} packets and {unplugs} unplugs, about {about}", every_s=SAID_S):
        return campaign.run(packets, unplugs, print)


# a campaign is a line here: what it does to which parts
CAMPAIGNS = {
    "gateway": Campaign("faults on the walk of an alarm through gateway, modem and hub", gateway),
    "field": Campaign("faults of the field beside an alarm, over devices, gateway and hub", field),
    "stock": Campaign("the unmodified meshtastic library against a served radio that is unplugged", stock),
}


def add_parser(sub: Commands) -> None:
    soak = sub.add_parser("soak", help="fault campaigns against the real parts")
    soak.add_argument("campaign", nargs="?", metavar="CAMPAIGN", help=f"{', '.join(CAMPAIGNS)}; default: all")
    soak.add_argument("--quick", action="store_true", help="a short version, a minute or two")
    soak.add_argument(
        "--faults",
        type=number(int, 1, 1_000_000, "give a whole number"),
        default=0,
        metavar="N",
        help=f"of gateway (default {WHOLE}) or field (default {FIELD})",
    )
    add_seed(soak)
    add_jobs(soak, 2)
    soak.add_argument(
        "--keep",
        default="build/soak",
        metavar="DIR",
        help="where finished parts are kept, to go on after an end (default build/soak)",
    )
    soak.add_argument("--page", metavar="FILE", help=f"write gateway's or field's table there ({MARK_FILE})")
    soak.set_defaults(go=go)


def go(args: Namespace) -> int:
    if args.campaign and args.campaign not in CAMPAIGNS:
        raise LocalError(f"there is no campaign {args.campaign!r}; there are {', '.join(CAMPAIGNS)}")
    problems: list[str] = []
    for name, campaign in CAMPAIGNS.items():
        if args.campaign in (None, name):
            found = campaign.go(args)
            print(f"{name}: {'holds' if not found else f'{len(found)} problems'}")
            problems += found
    for problem in problems[:50]:
        print(problem, file=sys.stderr)
    return 1 if problems else 0
