"""A role's modules joined into one file mean what they mean apart, or the place of the trouble is named."""

import ast
import subprocess
from types import SimpleNamespace

import pytest
from conftest import MICROPYTHON, ROOT, require
from kentongan_tool.base.failures import ToolError
from kentongan_tool.board.bundle import ROLES, join
from kentongan_tool.code.joined import Joined
from kentongan_tool.code.names import shorter
from kits.node import street
from kits.patience import PATIENCE_S
from kits.tool.tool_kit import need_tools

SOURCES = {
    "kentongan_node": ROOT / "firmware/src/kentongan_node",
    "kentongan_wire": ROOT / "wire/src/kentongan_wire",
}


def joined(folder, root, **modules):
    """The one text of a root and modules of kentongan_node, given as text."""
    (folder / "kentongan_node").mkdir()
    for name, text in modules.items():
        (folder / "kentongan_node" / f"{name}.py").write_text(text)
    (folder / "root.py").write_text(root)
    return Joined(folder / "root.py", {"kentongan_node": folder / "kentongan_node"}).source()


def run(text):
    """The names that the text leaves."""
    space = {}
    exec(text, space)
    return space


def test_names_that_two_modules_have_or_a_function_hides_stay_apart(tmp_path):
    space = run(
        joined(
            tmp_path,
            "from kentongan_node import a, b\ndef both(): return a.work(2), b.work(2), a.total([1, 2])\n",
            a="from kentongan_node import b\ndata = [5]\ndef work(n): return n + b.data\n"
            "def total(data): return sum(data) + b.data\n",
            b="data = int('7')\ndef work(data): return data * 2\ndef sum(x): return 0\n",
        )
    )
    assert space["both"]() == (9, 4, 10)


def test_lambdas_defaults_comprehensions_globals_and_classes_keep_their_meaning(tmp_path):
    space = run(
        joined(
            tmp_path,
            "from kentongan_node.a import Box, count, pick\n"
            "def all(): return Box().show(), count(), pick(3)\n",
            a="from kentongan_node import b as other\nLIMIT = 3\nBIG = LIMIT << 2 | 1\ntimes = 0\n"
            "class Box(other.Base):\n    LIMIT = 9\n    top = BIG\n    def show(self, more=LIMIT):\n"
            "        from kentongan_node.b import word\n"
            "        return [n * more for n in range(LIMIT)], self.LIMIT, self.top, word, self.base()\n"
            "def count():\n    global times\n    times += 1\n    return times\n"
            "pick = lambda LIMIT: LIMIT + other.more(BIG)\n",
            b="word = 'satu'\ndef more(n): return n + 100\nclass Base:\n    def base(self): return more(1)\n",
        )
    )
    assert space["all"]() == (([0, 9, 18], 9, 13, "satu", 101), 1, 116)


def test_types_cost_a_board_nothing(tmp_path):
    plain = (
        "def work(n, *more): return n, more\nclass Base:\n    size = 2\n    def all(self): return self.size\n"
    )
    typed = (
        "from kentongan_node.shapes import TYPE_CHECKING\nif TYPE_CHECKING:\n"
        '    from typing import Any\ndef work(n: "Any", *more: int) -> "Any": return n, more\n'
        "class Base:\n    size: int = 2\n    name: str\n    def all(self) -> int: return self.size\n"
    )
    root = "from kentongan_node.a import Base, work\ndef go(): return work(1, 2), Base().all()\n"
    texts = []
    for name, text in (("plain", plain), ("typed", typed)):
        (tmp_path / name).mkdir()
        texts.append(joined(tmp_path / name, root, a=text, shapes="TYPE_CHECKING = False\n"))
    assert texts[0] == texts[1]


def test_a_typed_tuple_is_a_plain_one_on_a_board(tmp_path):
    (tmp_path / "kentongan_wire").mkdir()
    (tmp_path / "kentongan_wire/a.py").write_text(
        "from kentongan_wire.base.shapes import NamedTuple\n"
        "Drop = NamedTuple('Drop', (('src', int), ('targets', 'tuple[int, ...]')))\n"
    )
    (tmp_path / "root.py").write_text(
        "from kentongan_wire.a import Drop\ndef go(): return Drop(1, (2,)).targets\n"
    )
    text = Joined(tmp_path / "root.py", {"kentongan_wire": tmp_path / "kentongan_wire"}).source()
    assert "namedtuple('Drop', ('src', 'targets'))" in text and "NamedTuple" not in text
    assert run(text)["go"]() == (2,)


def test_numbers_and_short_texts_are_written_where_they_are_used_and_what_nothing_uses_is_left_out(tmp_path):
    text = joined(
        tmp_path,
        "from kentongan_node.a import used\ndef go(): return used()\n",
        a="A, B = 4, 5\nUNUSED = [1]\nTEXT = 'pos'\nLONG = 'lebih dari sepuluh'\n"
        "def used(): return A * B, TEXT, LONG\n"
        "def unused(): return A\n",
    )
    assert run(text)["go"]() == (20, "pos", "lebih dari sepuluh")
    assert "TEXT" not in text and "LONG" in text
    assert "UNUSED" not in text and "unused" not in text


@pytest.mark.parametrize(
    ("root", "module", "said"),
    [
        (
            "from kentongan_node import a\ndef go(): return a\n",
            "",
            "root.py:2: kentongan_node.a used as a value",
        ),
        ("from kentongan_node import a\ndef go(): return a.gone\n", "x = 1\n", "root.py:2: .* has no"),
        ("from kentongan_node.a import gone\n", "x = 1\n", "root.py:1: kentongan_node.a has no gone"),
        ("import kentongan_node.a\n", "x = 1\n", "root.py:1: write `from package import module`"),
        ("from kentongan_node import none\n", "x = 1\n", "root.py:1"),
        ("def go(:\n", "x = 1\n", "root.py"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_its_place(tmp_path, root, module, said):
    with pytest.raises(ToolError, match=said):
        joined(tmp_path, root, a=module)


@pytest.mark.parametrize("role", ROLES)
def test_a_roles_one_file_has_what_the_driver_calls_of_an_antenna_switch(role):
    text = Joined(ROOT / "firmware/roles" / role / "role.py", SOURCES).source()
    found = [
        node
        for node in ast.parse(shorter(text, set())).body
        if "'tx'" in ast.dump(node) and isinstance(node, ast.ClassDef)
    ]
    levels = []
    space = run(ast.unparse(found[0]))
    switch = space[found[0].name](SimpleNamespace(value=levels.append))  # its pin: high while it receives
    switch.rx(), switch.tx(True), switch.rx(), switch.idle()
    assert levels == [1, 0, 1, 0]


TELL = "def told(now, action): print(now, type(action).__name__, tuple(action))\ndef after(): pass\n"
APART = """
from kentongan_node import roles
from kentongan_node.shell import settings
from kentongan_node.base.actions import Boot
core = roles.core_class(ROLE)(settings.load(text), read_state())
"""
AS_ONE = street.AS_ONE + "role.let_go()\n"


@pytest.mark.parametrize("role", ROLES)
def test_on_a_busy_street_the_one_file_does_just_what_the_modules_do(role, tmp_path):
    require(MICROPYTHON.exists(), "MicroPython for this machine", "there is a wheel for x86_64 Linux only")
    need_tools(require, "mpy-cross")
    join(ROOT / "firmware/roles" / role / "role.py", SOURCES, tmp_path / "role.mpy")
    (tmp_path / "role.py").unlink()
    street.write(role, tmp_path)
    told = []
    paths = [":".join(str(folder.parent) for folder in SOURCES.values()), "."]
    for begin, path in zip((APART, AS_ONE), paths, strict=True):
        (tmp_path / "app.py").write_text(street.CORE + begin + TELL + street.REPLAY)
        command = [MICROPYTHON, "-X", "heapsize=8M", "app.py"]
        environment = {"MICROPYPATH": f"{path}:.frozen"}
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, timeout=PATIENCE_S, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr
        told.append(done.stdout)
    assert told[0] == told[1] and told[0].count("\n") > 200
