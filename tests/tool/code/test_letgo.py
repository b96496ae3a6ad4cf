"""After a start the names go of what only the start calls, and of nothing else."""

import ast

import pytest
from kentongan_tool.code.joined import Joined

LAUNCH = """
LIMITS = (1, 2)

def prepare(kind):
    return kind(check(LIMITS), handed)

def check(limits):
    return sorted(limits, key=lambda n: later(n))

def later(n):
    return -n

def handed(n):
    return n + kept_up(n)

def kept_up(n):
    return 1

def let_go():
    pass

def serve(kind):
    core = prepare(kind)
    let_go()
    return core.work(), core.tell("named"), [make().read() for _ in range(2)]

class Part:
    def __init__(self, n):
        self.n = n

    def read(self):
        return self.n

    def once(self):
        return self.n + 1

def make():
    return Part(5)
"""
CORE = """
from kentongan_node.shell.launch import Part

class Base:
    def __init__(self, limits):
        self._limits = limits
        self.part = Part(3)
        self._begin()

    def _begin(self):
        self.begun = self.part.once()

    def named(self):
        return "named"

    def work(self):
        return self._limits, self.begun

class Core(Base):
    def __init__(self, limits, call):
        super().__init__(limits)
        self.call = call

    def work(self):
        return super().work(), self.call(1)

    def tell(self, name):
        return getattr(self, name)()
"""
ROOT = """
from kentongan_node.shell import launch
from kentongan_node.core import Core
def serve(): return launch.serve(Core)
"""


@pytest.fixture(name="given_back")
def given_back_fixture(tmp_path):
    """(text, names that go)"""
    (tmp_path / "kentongan_node/shell").mkdir(parents=True)
    (tmp_path / "kentongan_node/shell/launch.py").write_text(LAUNCH)
    (tmp_path / "kentongan_node/core.py").write_text(CORE)
    (tmp_path / "root.py").write_text(ROOT)
    text = Joined(tmp_path / "root.py", {"kentongan_node": tmp_path / "kentongan_node"}).source()
    body = [node for node in ast.parse(text).body if getattr(node, "name", "") == "let_go"][0].body
    return text, {ast.unparse(one) for one in body[1].targets}


def test_what_only_a_start_calls_goes(given_back):
    _, names = given_back
    assert {
        "prepare",
        "check",
        "LIMITS",
        "let_go",
        "Core",
        "Core.__init__",
        "Base.__init__",
        "Base._begin",
        "Part.once",
    } <= names


def test_what_may_be_called_later_stays_handed_on_inside_a_lambda_named_in_a_string_or_made_anew(given_back):
    _, names = given_back
    assert (
        not {
            "later",
            "kept_up",
            "make",
            "Part",
            "Part.__init__",
            "Part.read",
            "Base.named",
            "Base.work",
            "Core.tell",
            "serve",
        }
        & names
    )


def test_it_runs_without_them(given_back):
    space = {}
    exec(given_back[0], space)
    assert space["serve"]() == ((([2, 1], 4), 2), "named", [5, 5])
    assert "prepare" not in space and not hasattr(space["Part"], "once")
