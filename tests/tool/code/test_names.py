"""A joined source made smaller means what it meant, line by line."""

import ast

import pytest
from kentongan_tool.code.names import BUILT_IN, shorter

TEXT = """
import time
LIMITS = [3, 4]
seen = 0

def widest(limits):
    return max(limits)

def note():
    global seen
    seen += 1
    return time and seen

class Base:
    size = widest(LIMITS)

    def __init__(self, start=LIMITS[0]):
        self._start = start
        self._told = []
        self.open = note()

    def _more(self, n):
        return self._start + n

    def all(self):
        return [self._more(n) for n in LIMITS], self.size, self.open, getattr(self, '_told')

class Heir(Base):
    _start_over = True

    def _more(self, n):
        self._told.append(super()._more(n))
        return 2 * super()._more(n)

class Other:
    def __init__(self):
        self._own = 5
        self.heir = Heir()

    def all(self):
        return self._own, self.heir._start_over, self.heir.all(), widest([1]), note()

class OwnError(Exception):
    pass

def serve():
    return Other().all()
"""


def served(text):
    space = {}
    exec(text, space)
    return space["serve"]()


def names(text):
    return {
        value
        for node in ast.walk(ast.parse(text))
        for value in (getattr(node, field, None) for field in ("id", "attr", "name", "arg"))
        if isinstance(value, str)
    }


def test_shorter_names_change_nothing_and_keep_every_line():
    short = shorter(TEXT, {"serve"})
    assert served(short) == served(TEXT) == (5, True, ([12, 14], 4, 1, [6, 7]), 1, 2)
    assert len(names(short) - {*BUILT_IN, "_0"}) < len(names(TEXT) - set(BUILT_IN)) - 8
    plain = ast.unparse(ast.parse(TEXT)).splitlines()
    assert len(short.splitlines()) == len(plain)
    for node, other in zip(ast.walk(ast.parse(short)), ast.walk(ast.parse("\n".join(plain))), strict=True):
        assert type(node) is type(other) and getattr(node, "lineno", 0) == getattr(other, "lineno", 0)


def test_what_is_asked_for_from_outside_in_a_string_or_of_another_object_keeps_its_name():
    kept = names(shorter(TEXT, {"serve"}))
    assert {"serve", "_told", "_start_over", "OwnError"} <= kept
    assert not {"_own", "_more", "Base", "Heir"} & kept
    assert "Heir" in names(shorter(TEXT, {"serve", "Heir"}))


@pytest.mark.parametrize("name", ["hidden", "call"])
def test_a_name_that_a_function_binds_is_given_to_nothing(name):
    text = (
        f"def work({name}): return part({name})\ndef part(x): return x + 1\nclass A:\n"
        f"    def run(self): self.{name} = work(1); return self.{name}\ndef serve(): return A().run()\n"
    )
    assert served(shorter(text, {"serve"})) == 2


SCOPES = """
data, n, give = [5], 3, 9

def every(data, times=n):
    return [n * 2 for n in data], [data for data in [times]], sum(n for _ in data), times

def inner(value):
    def deeper(data=data, *more, give=1):
        return data, value, more, give
    try:
        return deeper, (lambda n, value=value: n + value), {n: give for n in "a"}
    except ValueError as fault:
        raise KeyError(fault)

def serve():
    first, second, third = inner(2)
    return every([1, 2]), first(), first(1, 3, give=4), second(5), third, [data for data in data]
"""


def test_what_functions_bind_may_hide_a_name_of_the_module_in_one_scope_and_mean_it_in_the_next():
    short = shorter(SCOPES, {"serve"})
    assert served(short) == served(SCOPES)
    assert not {"times", "deeper", "value_", "fault", "second"} & names(short) and "give" in names(short)


def test_an_argument_that_somebody_gives_by_name_keeps_it():
    text = "def work(plain, level=0): return plain + level\ndef serve(): return work(1, level=2)\n"
    assert served(shorter(text, {"serve"})) == 3 and "level" in names(shorter(text, {"serve"}))
    assert "plain" not in names(shorter(text, {"serve"}))
    assert "plain" in names(shorter(text, {"serve", "plain"}))


def test_what_an_object_alone_asks_for_takes_a_name_that_others_have():
    text = (
        "class A:\n    def __init__(self): self.only_mine = 3\n"
        "    def seen(self): return self.only_mine\n"
        "def serve():\n    return A().seen()\n"
    )
    short = shorter(text, {"serve"})
    assert served(short) == 3 and "only_mine" not in names(short) and "seen" in names(short)
