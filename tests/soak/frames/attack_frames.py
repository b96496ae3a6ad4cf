"""Odd frames through every core, under both interpreters, in parts that are kept.

usage: python tests/soak/frames/attack_frames.py [ROLE ...] [--frames N] [--part N] [--seed N] [--jobs N]
           [--keep DIR] [--page FILE]

ROLE: tombol, sirene, penerus, penerima, modem, gateway, hub; all unless said. Each gets N frames in parts
of --part frames and one seed each. CPython makes the frames, drives and judges the core (frame_judges.py,
attack_gateway.py, attack_hub.py) and writes down every call; MicroPython puts the same calls through the
device's core and has to answer the same, byte for byte (frame_replay.py). Gateway and hub are CPython
programs: there is no other interpreter for them. In every fifth part all frames are well tagged, under
whose keys ever: no word can be false there, and the core has to live. A part that is done is kept as long
as no code changes. Exit 1 when a core raised, never came to rest, grew, said or sounded what it may not,
did not do what was true, did not count what it refused, or answered otherwise under MicroPython; what is
printed then says how to run that part again.
"""

import argparse
import json
import logging
import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests")]
from soak.frames import attack_gateway, frame_judges  # noqa: E402
from soak.frames.frame_replay import GROWTH_OBJECTS, used  # noqa: E402
from soak.frames.frame_rigs import CHECK_EVERY  # noqa: E402

DEVICES = tuple(frame_judges.RIGS)
ROLES = (*DEVICES, "gateway", "hub")
FRAMES, PART = 1_000_000, 50_000
INSIDE_EVERY = 5  # of so many parts one has every frame well tagged
WARM = 5  # after this part of the frames every table is full
HEAP = "heapsize=1M"  # MicroPython's objects are twice as large here as on a board
# The gateway's tables are larger than what a fifth of a part fills; the hub's are in its database.
GROWTH = {"gateway": 20_000, "hub": 20_000}
MICROPYTHON = Path(sys.executable).parent / "micropython"
PATH = [ROOT / "wire/src", ROOT / "firmware/src", ROOT / "tests"]
CODE = (
    "wire/src",
    "firmware/src",
    "gateway/src",
    "hub/src",
    "tests/soak",
    "simulator/src/kentongan_sim/attack",
)
MARK = "<!-- frames campaign -->"


def rig_of(role, seed, write):
    inside = seed % INSIDE_EVERY == 0
    if role == "hub":
        from soak.frames import attack_hub  # a web server's packages: a second that others need not wait for

        return attack_hub.Board(seed)
    if role == "gateway":
        return attack_gateway.House(seed, inside)
    return frame_judges.RIGS[role](role, seed, write, inside)


def on_cpython(role, frames, seed, write):
    """Return the counts of this part; a core's fault is raised with the number of its frame."""
    began_s, warm = time.process_time(), None
    rig = rig_of(role, seed, write)
    number = 0
    try:
        for number in range(frames):
            rig.step(number)
            warms = number == frames // WARM
            if warms:
                warm = used()
            if role in DEVICES and (number % CHECK_EVERY == 0 or warms or number == frames - 1):
                rig.check(warms)
    except Exception as error:
        frame = rig.frame if isinstance(rig.frame, bytes) else repr(rig.frame).encode()
        raise RuntimeError(f"frame {number}, {frame.hex()}: {type(error).__name__}: {error}") from error
    grown, limit = used() - warm, GROWTH.get(role, GROWTH_OBJECTS)
    if grown > limit:
        raise RuntimeError(f"holds {grown} more objects at the end than after a fifth, {limit} may be")
    return {**rig.told(), "grown": grown, "cpu_s": time.process_time() - began_s}


def on_micropython(path, micropath=PATH):
    """The same part through the same core there; RuntimeError with what it said."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "MICROPYPATH": ":".join([*map(str, micropath), ".frozen"])}
    done = subprocess.run(
        [MICROPYTHON, "-X", HEAP, "tests/soak/frames/frame_replay.py", path],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"MicroPython: {(done.stdout + done.stderr).strip()[-1_500:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {**json.loads(done.stdout), "cpu_s": cpu_s}


def part(role, frames, seed, micropython=True):
    """One part of the campaign under each interpreter that its core has; its result, or "failed" in it."""
    result = {"role": role, "frames": frames, "seed": seed}
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "calls"
            with path.open("wb") as file:
                result["cpython"] = on_cpython(role, frames, seed, file.write)
            if role in DEVICES and micropython:
                result["micropython"] = on_micropython(path)
    except Exception as error:
        result["failed"] = str(error)
    return result


class Kept:
    """Parts that are done, on disk, under a digest of the code."""

    def __init__(self, folder):
        digest = sha256()
        paths = [path for name in CODE for path in sorted((ROOT / name).rglob("*.py"))]
        for path in [*paths, *sorted((ROOT / "tests/kits").rglob("*kit.py"))]:
            digest.update(path.read_bytes())
        self._folder = Path(folder) / f"frames-{digest.hexdigest()[:12]}"

    def _path(self, role, frames, seed):
        return self._folder / f"{role}-{frames}-{seed}.json"

    def load(self, *about):
        try:
            return json.loads(self._path(*about).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def save(self, result):
        self._folder.mkdir(parents=True, exist_ok=True)
        about = result["role"], result["frames"], result["seed"]
        self._path(*about).write_text(json.dumps(result), encoding="utf-8")


def table(results):
    """A line a core: frames under each interpreter, what was true in between, what thieves are granted."""
    lines = [
        "| core | CPython | MicroPython | power cuts, restarts | true words between, all kept | "
        "known limits | CPU seconds |",
        "|---|---|---|---|---|---|---|",
    ]
    for role in ROLES:
        mine = [one for one in results if one["role"] == role]
        if not mine:
            continue
        first = [one["cpython"] for one in mine]
        limits = {}
        for one in first:
            for name, count in one["limits"].items():
                limits[name] = limits.get(name, 0) + count
        cpu = [sum(one[name]["cpu_s"] for one in mine if name in one) for name in ("cpython", "micropython")]
        other = sum(one["frames"] for one in mine if "micropython" in one)
        cells = [
            role,
            f"{sum(one['frames'] for one in mine):,}",
            f"{other:,}" if role in DEVICES else "is a CPython program",
            sum(one["boots"] - 1 - one.get("slept", 0) for one in first),
            f"{sum(one['proved'] for one in first):,}",
            "; ".join(f"{count:,} {name}" for name, count in sorted(limits.items())) or "-",
            f"{cpu[0]:.0f}" + (f" and {cpu[1]:.0f}" if other else ""),
        ]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def write_page(path, text, command):
    before, _, rest = path.read_text(encoding="utf-8").partition(MARK)
    _, _, after = rest.partition(MARK)
    path.write_text(f"{before}{MARK}\n{text}\n\n`{command}`\n{MARK}{after}", encoding="utf-8")


def wanted(roles, frames, size, seed):
    """(role, frames, seed) of every part; the parts of the cores in turn, so that all have some early."""
    sizes = [min(size, frames - at) for at in range(0, frames, size)]
    return [(role, n, seed + i) for i, n in enumerate(sizes) for role in roles]


def again(role, frames, seed):
    """The command that runs one part again."""
    words = f"{role} --frames {frames} --part {frames} --seed {seed}"
    return f".venv/bin/python tests/soak/frames/attack_frames.py {words}"


def quiet():
    """The hub logs every event that it refuses, which here is every other."""
    logging.disable(logging.CRITICAL)


def run(args):
    if not MICROPYTHON.exists() and set(args.roles or DEVICES) & set(DEVICES):
        sys.exit("MicroPython is not on this machine, and half of the campaign is its: use x86-64 Linux")
    kept, tasks = Kept(args.keep), wanted(args.roles or ROLES, args.frames, args.part, args.seed)
    results = {task: kept.load(*task) for task in tasks}
    left = [task for task in tasks if results[task] is None]
    if len(left) < len(tasks):
        print(f"goes on where it stopped, {len(left)} of {len(tasks)} parts are left", file=sys.stderr)
    failed = []
    with ProcessPoolExecutor(
        args.jobs, get_context("spawn"), initializer=quiet, max_tasks_per_child=1
    ) as pool:
        waiting = [pool.submit(part, *task) for task in left]
        for done, future in enumerate(as_completed(waiting), 1):
            result = future.result()
            role, frames, seed = about = result["role"], result["frames"], result["seed"]
            if "failed" in result:
                failed.append(result)
                print(f"FAILED {role}, seed {seed}: {result['failed']}\nagain: {again(*about)}", flush=True)
                continue
            kept.save(result)
            results[about] = result
            print(f"{done} of {len(left)}: {role}, seed {seed}", file=sys.stderr, flush=True)
    text = table([one for one in results.values() if one])
    print(text)
    if args.page and not failed:
        words = f"--frames {args.frames} --part {args.part} --seed {args.seed}"
        write_page(Path(args.page), text, f".venv/bin/python tests/soak/frames/attack_frames.py {words}")
    return not failed


def main():
    parser = argparse.ArgumentParser(description="odd frames through every core")
    parser.add_argument("roles", nargs="*", choices=[[], *ROLES], metavar="ROLE")
    parser.add_argument("--frames", type=int, default=FRAMES, help="through each core")
    parser.add_argument("--part", type=int, default=PART, help="frames that one seed makes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", default="build/soak")
    parser.add_argument("--page", help="put the table between the marks of this file")
    sys.exit(0 if run(parser.parse_args()) else 1)


if __name__ == "__main__":
    main()
