"""A joined source made smaller means what it meant, line by line."""
import ast

import pytest
from kentongan_tool.shrink import needed, shorter

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
    return {value for node in ast.walk(ast.parse(text)) for value in
            (getattr(node, field, None) for field in ("id", "attr", "name", "arg")) if isinstance(value, str)}


def test_shorter_names_change_nothing_and_keep_every_line():
    short = shorter(TEXT, {"serve"})
    assert served(short) == served(TEXT) == (5, True, ([12, 14], 4, 1, [6, 7]), 1, 2)
    assert len(names(short)) < len(names(TEXT)) - 3
    plain = ast.unparse(ast.parse(TEXT)).splitlines()
    assert len(short.splitlines()) == len(plain)
    for node, other in zip(ast.walk(ast.parse(short)), ast.walk(ast.parse("\n".join(plain))), strict=True):
        assert type(node) is type(other) and getattr(node, "lineno", 0) == getattr(other, "lineno", 0)


def test_what_is_asked_for_from_outside_in_a_string_or_of_another_object_keeps_its_name():
    kept = names(shorter(TEXT, {"serve"}))
    assert {"serve", "_told", "_start_over", "OwnError"} <= kept
    assert not {"_own", "_more", "Base", "Heir"} & kept
    assert "Heir" in names(shorter(TEXT, {"serve", "Heir"}))


def test_methods_and_functions_that_nothing_names_are_left_out_and_what_only_they_used():
    body = ast.parse(TEXT.replace("return Other().all()", "return Heir()._more(1)")).body
    text = ast.unparse(ast.Module(needed(body, ["serve"]), []))
    assert "class Other" not in text and "def all" not in text and "def note" in text
    space = {}
    exec(text, space)
    assert space["serve"]() == 8


@pytest.mark.parametrize("name", ["hidden", "call"])
def test_a_name_that_a_function_binds_is_given_to_nothing(name):
    text = f"def work({name}): return part({name})\ndef part(x): return x + 1\nclass A:\n" \
           f"    def run(self): self.{name} = work(1); return self.{name}\ndef serve(): return A().run()\n"
    assert served(shorter(text, {"serve"})) == 2
