"""Helpers of test files that run under CPython and MicroPython; MicroPython subset."""

import json
import sys

MICROPYTHON = sys.implementation.name == "micropython"


def raises(exception, function, *args):
    """Call and return the exception of that type; fail when none is raised."""
    try:
        function(*args)
    except exception as error:
        return error
    raise AssertionError("{} was not raised".format(exception.__name__))


def root_path():
    """The repository's root, without a trailing slash."""
    here = __file__.replace("\\", "/")
    return here[: here.rfind("/")] + "/../.."


def load_json(path):
    """A JSON file of the repository, by its path from the root."""
    with open(root_path() + "/" + path) as file:
        return json.load(file)


def random_bytes(seed):
    """An endless generator of u8, the same on both interpreters for the same seed (xorshift32)."""
    state = (seed * 2654435761 + 1) & 0xFFFFFFFF or 1
    while True:
        state ^= (state << 13) & 0xFFFFFFFF
        state ^= state >> 17
        state ^= (state << 5) & 0xFFFFFFFF
        yield (state >> 8) & 0xFF
