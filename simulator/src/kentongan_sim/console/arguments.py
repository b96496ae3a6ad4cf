"""Words on the command line: readers of numbers, and programs as a person can type them."""

import argparse
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

Commands: TypeAlias = "argparse._SubParsersAction[Any]"  # of any parser's class
N = TypeVar("N", bound=float)


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
