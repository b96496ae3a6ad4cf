"""The taste of this project, held by a test: layering, sizes, who may import what, and plain words."""

import ast
import functools
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import LONGEST

ROOT = Path(__file__).resolve().parents[2]
MODULE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
NAMES_MAX = 14  # a dozen, about, that a stranger reads to find theirs
NODE = ROOT / "firmware/src/kentongan_node"
WIRE = ROOT / "wire/src/kentongan_wire"
WIRE_IMPORTS = {
    "struct",
    "hashlib",
    "binascii",
    "collections",
    "cryptolib",
    "cryptography",
    "hmac",
    "kentongan_wire",
}
WIRE_HOST_ONLY = {"cli.py", "describe.py", "__main__.py"}  # the command line runs on a PC only
NODE_SHELL = {
    "runner.py",
    "hal.py",
    "radio.py",
    "launch.py",
    "beat.py",
    "timing.py",
    "usbline.py",
    "files.py",
}
IMPURE = {"time", "random", "os", "asyncio", "threading", "select", "socket", "machine", "subprocess"}


def tracked(*suffixes):
    """Every file git knows or would add, with one of the endings; generated and ignored ones are left out."""
    listing = ["git", "ls-files", "-co", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return [ROOT / n for n in names if n.endswith(suffixes) and (ROOT / n).is_file()]


def statements(body, at_run_time=False):
    """Yield every statement under a body; nothing in here asks for what stands inside one.

    With `at_run_time` without what stands under TYPE_CHECKING, which no interpreter runs.
    """
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        if at_run_time and isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        yield node
        for name in ("body", "orelse", "finalbody"):
            waiting += getattr(node, name, ())
        for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            waiting += part.body


def imports_of(path, tree=None):
    """The first words of the modules that a file imports when it runs, wherever in it."""
    tree = tree or ast.parse(path.read_text(encoding="utf-8"))
    for node in statements(tree.body, at_run_time=True):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0]


class Outline(NamedTuple):
    """Functions (name, first line, lines) and docstrings (line, text, whether a function's) of one file."""

    functions: list
    docstrings: list


@functools.cache
def outline(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = Outline([], [])
    for node in (tree, *statements(tree.body)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.functions.append((node.name, node.lineno, node.end_lineno - node.lineno + 1))
        documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if documented and (text := ast.get_docstring(node)):
            of_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            found.docstrings.append((node.body[0].lineno, text.splitlines()[0], of_function))
    return found


def test_seeded_fault_a_long_function_an_import_and_a_docstring_are_seen_wherever_they_stand(tmp_path):
    """In a branch, a handler, a case, a `with` and a class; what only a type checker runs is no import."""
    file = tmp_path / "seeded.py"
    places = ("if a:\n", "try:\n    pass\nexcept E:\n", "match a:\n  case 1:\n", "with a:\n", "class A:\n")
    for number, place in enumerate((*places, "for a in b:\n    pass\nelse:\n", "try:\n    pass\nfinally:\n")):
        inner = f"    import z{number}\n    def f(a):\n        'What is told.'\n" + "        a()\n" * 80
        file.write_text(place + inner, encoding="utf-8")
        outline.cache_clear()
        assert outline(file).functions[0][2] == 82 and outline(file).docstrings[0][1] == "What is told."
        assert list(imports_of(file)) == [f"z{number}"]
    file.write_text("if TYPE_CHECKING:\n    import y\nelse:\n    import x\n", encoding="utf-8")
    assert list(imports_of(file)) == []


def test_modules_stay_small():
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in tracked(".py")}
    assert sizes
    assert not {str(p.relative_to(ROOT)): n for p, n in sizes.items() if n > MODULE_LINES_MAX}


def test_functions_stay_small():
    long = {
        f"{path.relative_to(ROOT)}:{line} {name}": lines
        for path in tracked(".py")
        for name, line, lines in outline(path).functions
        if lines > FUNCTION_LINES_MAX
    }
    assert not long


def names_in_folders(files):
    """{folder: names of the modules in it, and of the folders in it that hold modules}."""
    names = {}
    for file in files:
        parts = file.relative_to(ROOT).parts
        for depth, name in enumerate(parts):
            if name not in ("__init__.py", "__main__.py"):
                names.setdefault("/".join(parts[:depth]), set()).add(name)
    return names


def test_no_folder_of_sources_or_tests_holds_more_names_than_a_stranger_reads():
    """Pages, pictures, templates and what is generated are not counted: nobody looks for code among them."""
    names = names_in_folders(tracked(".py"))
    assert {"hub/src/kentongan_hub", "tests", "tests/kits"} <= set(names)
    crowded = {folder: len(some) for folder, some in names.items() if len(some) > NAMES_MAX}
    assert not crowded


def assert_clean(tool, *args):
    command = [Path(sys.executable).parent / tool, *args]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_arrows_point_one_way():
    assert_clean("lint-imports")


def test_lint_is_clean():
    assert_clean("ruff", "check", ".")
    assert_clean("ruff", "format", "--check", ".")


TYPES = (
    "disallow_untyped_defs",
    "check_untyped_defs",
    "no_implicit_optional",
    "warn_unused_ignores",
    "warn_redundant_casts",
)


def test_types_hold_where_they_are_written():
    assert_clean("mypy")


def test_lint_holds_types_and_leaves_no_module_of_ours_out():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "\t@$(BIN)/mypy\n" in re.search(r"^lint:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE).group(1)
    mypy = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]
    assert all(mypy[name] for name in TYPES)
    packages = {path.parent.name for path in ROOT.glob("*/pyproject.toml")} - {"firmware"}
    assert set(mypy["files"]) == {f"{name}/src" for name in packages} | {"packaging"}
    assert not [one for one in mypy["overrides"] if set(one) - {"module", "ignore_missing_imports"}]


def test_no_import_points_upwards_and_none_is_excused():
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    assert lint["contracts"] and not [one["name"] for one in lint["contracts"] if one.get("ignore_imports")]
    assert not lint.get("exclude_type_checking_imports"), "an import for types alone counts as any other"


def test_wire_imports_nobody():
    for path in WIRE.rglob("*.py"):
        if path.name not in WIRE_HOST_ONLY:
            typing = {"typing"} if path.name == "shapes.py" else set()  # which has another way on a chip
            assert set(imports_of(path)) <= WIRE_IMPORTS | typing, path.name


def test_only_hal_imports_machine_and_only_radio_the_lora_driver():
    for path in NODE.rglob("*.py"):
        found = set(imports_of(path))
        assert "machine" not in found or path.name == "hal.py", path.name
        assert not {"lora", "esp32"} & found or path.name in {"radio.py", "hal.py"}, path.name


def test_only_the_runner_awaits():
    for path in NODE.rglob("*.py"):
        if path.name == "runner.py":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert not [n.lineno for n in ast.walk(tree) if isinstance(n, ast.Await)], path.name


PURE = sorted(
    [
        *(p for p in NODE.rglob("*.py") if p.name not in NODE_SHELL),
        *(ROOT / "gateway/src/kentongan_gateway/core").rglob("*.py"),
        *(
            ROOT / "hub/src/kentongan_hub" / n
            for n in ("incidents/alarms.py", "policies/escalation.py", "devices/supervision.py")
        ),
    ]
)


@pytest.mark.parametrize("path", PURE, ids=lambda p: f"{p.parent.name}.{p.stem}")
def test_decisions_read_no_clock_and_do_no_io(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not set(imports_of(path)) & IMPURE
    called = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    assert not called & {"open", "print", "input"}


def test_board_files_hold_only_numbers():
    boards = list((ROOT / "firmware/boards").glob("*.py"))
    assert boards
    for path in boards:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            assert docstring or isinstance(node, ast.Assign), f"{path.name}:{node.lineno}"
            assert not [n for n in ast.walk(node) if isinstance(n, ast.Call)], f"{path.name}:{node.lineno}"


def test_every_dependency_says_why():
    for path in [ROOT / "pyproject.toml", *ROOT.glob("*/pyproject.toml")]:
        block = False
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            block = (block or line.rstrip().endswith("= [")) and line.strip() != "]"
            ours = '"kentongan-' in line
            if block and re.match(r'\s+"[a-z]', line) and not ours and re.search(r"[<>=]=", line):
                assert "# " in line, f"{path.relative_to(ROOT)}:{number} says no why"


def test_nothing_is_left_open_in_the_text():
    open_words = ["TO" + "DO", "FIX" + "ME", "X" * 3, "NotImplemented" + "Error"]
    words = re.compile(r"\b(" + "|".join(open_words) + r")\b")
    for path in tracked(".py", ".md", ".js", ".css", ".html", ".toml"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            assert not words.search(line), f"{path.relative_to(ROOT)}:{number}"


CLAUSE = re.compile(
    r"(What|Who|Whom|Whose|Which|When|Where|Why|How|Whether|Whatever|Whoever|Everything that|Those)\b"
)


def test_a_docstring_begins_with_a_verb_or_a_noun_and_with_no_clause():
    """`What a gateway carries on` is no sentence: it has neither subject nor verb (CONTRIBUTING)."""
    read = {
        f"{path.relative_to(ROOT)}:{number}": line
        for path in tracked(".py")
        for number, line, _ in outline(path).docstrings
    }
    assert len(read) > 4000
    assert not {where: line for where, line in read.items() if CLAUSE.match(line)}


def test_a_functions_docstring_begins_with_no_article():
    """`The node came up` says what was before; `Begin: the node came up` says what the function does."""
    read = {
        f"{path.relative_to(ROOT)}:{number}": line
        for path in tracked(".py")
        if ROOT / "tests" not in path.parents
        for number, line, of_function in outline(path).docstrings
        if of_function
    }
    assert len(read) > 1500
    assert not {where: line for where, line in read.items() if re.match(r"(A|An|The)\b", line)}


PATIENT = {"wait", "join", "Timer", "settimeout"}  # their first number is a time
SHORT_ON_PURPOSE = {  # what is tested here is that it ends in time
    ("simulator/bench/test_bench.py", "run_cell"),
    ("simulator/demo/test_demo.py", "wait_for"),
    ("gateway/hub_client/test_uplink.py", "HubClient"),
    ("gateway/disk/test_spool.py", "connect"),
    ("hub/storage/test_store.py", "connect"),
    ("hub/storage/test_crash.py", "Timer"),
}
NO_TESTS = (  # some are a chip's
    *("soak/", "bench/bench_", "kits/board/"),
    *("bench/chip/emulator", "bench/chip/stand_in", "bench/chip/radio_line"),
)
REAL_TIME = {"threading", "subprocess", "asyncio", "socket", "queue", "urllib", "http"}


def number_of_seconds(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def impatient(path):
    """Every call of a test that waits for a number of seconds of its own, or sleeps for one."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    real = "kits.patience" in text or bool(set(imports_of(path, tree)) & REAL_TIME)
    nodes = list(ast.walk(tree))
    for call in (node for node in nodes if isinstance(node, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        short = [word.value for word in call.keywords if (word.arg or "").startswith("timeout")]
        if name in ("wait_for", "sleep") or real and name in PATIENT:
            short += call.args
        if any(map(number_of_seconds, short)):
            yield call.lineno, name
    for node in nodes:
        if isinstance(node, ast.Assign) and number_of_seconds(node.value):
            for target in node.targets:
                if re.search(r"(^|_)(WAIT|TIMEOUT|PATIENCE|LIMIT|LONG)_S$", getattr(target, "id", "")):
                    yield node.lineno, target.id


def test_tests_wait_with_the_shared_patience():
    """`tests/kits/patience.py` says for how long: a machine at many times its usual load fails no test."""
    found = {}
    for path in (ROOT / "tests").rglob("*.py"):
        where = path.relative_to(ROOT / "tests").as_posix()
        if not where.startswith(NO_TESTS):
            found |= {
                f"{where}:{line}": name
                for line, name in impatient(path)
                if (where, name) not in SHORT_ON_PURPOSE
            }
    assert not found


def test_the_files_that_begin_first_exist():
    assert not [name for name in LONGEST if not (ROOT / "tests" / name).exists()]
