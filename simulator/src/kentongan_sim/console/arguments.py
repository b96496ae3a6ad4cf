"""Words on the command line: readers of numbers, and programs as a person can type them."""

import argparse
import shutil
import sys
from pathlib import Path


def typed(program):
    """How `program` of this installation is started from where the reader stands: by its name where the shell
    finds it, else by the path from here.
    """
    path = Path(sys.executable).parent / program
    found = shutil.which(program)
    if found and Path(found).resolve() == path.resolve():
        return program
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def number(kind, low, high, remedy):
    """A reader of one number in a range, for argparse."""

    def read(text):
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not within {low}..{high}; {remedy}")
        return value

    return read
