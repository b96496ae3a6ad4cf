"""Words on the command line: options that several commands have, and commands as a person can type them."""

import argparse
import shlex
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

Commands: TypeAlias = "argparse._SubParsersAction[Any]"  # of any parser's class
N = TypeVar("N", bound=float)
LOSS_MAX = 0.9


def typed(program: str) -> str:
    """Return the command that starts `program` of this installation: its name where the shell finds it, else
    the path from the working directory.
    """
    path = Path(sys.executable).parent / program
    found = shutil.which(program)
    if found and Path(found).resolve() == path.resolve():
        return program
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def number(kind: Callable[[str], N], low: float, high: float, remedy: str) -> Callable[[str], N]:
    """Make an argparse type that reads one number within low..high; its error ends with `remedy`."""

    def read(text: str) -> N:
        value: N | None
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not within {low}..{high}; {remedy}")
        return value

    return read


def spelled(*words: object, **options: object) -> str:
    """Write a command; an option that is None, False or an empty list is left out, True is a flag."""
    out = [str(word) for word in words]
    for name, value in options.items():
        if value is True:
            out.append(f"--{name}")
        elif value is not None and value is not False:
            for one in value if isinstance(value, list | tuple) else [value]:
                out += [f"--{name}", f"{one:g}" if isinstance(one, float) else str(one)]
    return shlex.join(out)


def add_seed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=number(int, 0, 2**63, "give a whole number"), default=1, metavar="N")


def add_engine(parser: argparse.ArgumentParser, engines: Iterable[str]) -> None:
    parser.add_argument("--engine", default="cpython", metavar="ENGINE", help=" or ".join(engines))


def add_loss(parser: argparse.ArgumentParser, default: float) -> None:
    read = number(float, 0, LOSS_MAX, "write 0.08 for 8 %")
    words = f"extra loss of frames: 0.08 is eight in a hundred (default {default:g})"
    parser.add_argument("--loss", type=read, default=default, metavar="P", help=words)


def add_jobs(parser: argparse.ArgumentParser, default: int) -> None:
    read = number(int, 1, 64, "give a whole number")
    words = f"processes; the result is the same for any number (default {default})"
    parser.add_argument("--jobs", type=read, default=default, metavar="N", help=words)
