"""A run that opens files one by one runs, tells and fails just as one that opens them all."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from kits.patience import PATIENCE_S

TESTS = Path(__file__).resolve().parents[1]
SHARED = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
# Plug-ins that take long to import, and that none of this is about.
WITHOUT = [
    part
    for name in ("cacheprovider", "anyio", "schemathesis", "hypothesispytest")
    for part in ("-p", f"no:{name}")
]

CONFTEST = """
from pathlib import Path

import pytest
from kits.file_by_file import install as pytest_configure


@pytest.fixture(scope="session")
def told():
    with Path("told").open("a") as file:
        yield lambda word: print(word, file=file, flush=True)
"""
FIXTURE = """
import pytest

@pytest.fixture(scope="module", autouse=True)
def whole(told):
    told("{0} begins")
    yield
    told("{0} ends")
"""
FILES = {
    "a/test_one.py": FIXTURE.format("one")
    + "def test_first(told): told('one first')\ndef test_second(): assert 1 + 1 == 3\n",
    "a/test_two.py": FIXTURE.format("two")
    + "@pytest.mark.parametrize('n', (1, 2))\ndef test_each(n, told): told(f'two {n}')\n",
    "b/test_three.py": "import pytest\ndef test_left_out(): pytest.skip('for a reason')\n",
    "b/test_four.py": "def test_last(): pass\n",
}


@pytest.fixture
def suite(tmp_path):
    for name, text in {"conftest.py": CONFTEST, "pytest.ini": "[pytest]\n", **FILES}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")

    def run(*arguments):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "--import-mode=importlib", *WITHOUT, *arguments],
            cwd=tmp_path,
            env={**environment, "PYTHONPATH": str(TESTS)},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        counts = re.findall(r"(\d+) ([a-z]+)", done.stdout.splitlines()[-1])
        done.counts = {word: int(number) for number, word in counts}
        return done

    run.folder = tmp_path
    return run


def test_every_test_is_run_and_reported_by_its_own_name(suite):
    done = suite(*SHARED, "-rA")
    assert done.returncode == 1
    told = set(
        re.findall(r"^(PASSED|FAILED|SKIPPED) (?:\[1\] )?([\w/.]+(?:::[\w\[\]]+)?)", done.stdout, re.M)
    )
    assert told == {
        ("PASSED", "a/test_one.py::test_first"),
        ("FAILED", "a/test_one.py::test_second"),
        ("PASSED", "a/test_two.py::test_each[1]"),
        ("PASSED", "a/test_two.py::test_each[2]"),
        ("SKIPPED", "b/test_three.py"),
        ("PASSED", "b/test_four.py::test_last"),
    }, done.stdout
    assert "assert (1 + 1) == 3" in done.stdout
    assert not re.search(r"\[1\d[1-9]%\]", done.stdout), "more than everything"


def test_what_belongs_to_a_file_ends_with_it(suite):
    suite("-n", "1", *SHARED[2:])
    assert (suite.folder / "told").read_text().split("\n")[:-1] == [
        "one begins", "one first", "one ends", "two begins", "two 1", "two 2", "two ends",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ("import what_there_is_not\n", "def test_(:\n", "def test_x(nothing_such): pass\n", "")
)
def test_a_file_that_cannot_be_opened_or_holds_no_test_fails_the_run_and_stops_no_other(suite, text):
    (suite.folder / "a/test_one.py").write_text(text, encoding="utf-8")
    done = suite(*SHARED)
    assert done.returncode == 1 and "a/test_one.py" in done.stdout
    assert done.counts["passed"] == 3 and done.counts["skipped"] == 1, done.stdout


def test_a_worker_that_dies_fails_the_run_and_the_files_behind_it_are_run(suite):
    (suite.folder / "a/test_one.py").write_text("import os\ndef test_ends(): os._exit(3)\n", encoding="utf-8")
    done = suite(*SHARED)
    assert done.returncode == 1 and "crashed while running 'a/test_one.py" in done.stdout
    assert done.counts["passed"] == 3 and done.counts["skipped"] == 1, done.stdout


@pytest.mark.parametrize(
    ("picked", "passed"),
    ((["-k", "first or last"], 2), (["a/test_two.py::test_each[2]"], 1), (["-x", "a/test_two.py"], 2)),
)
def test_a_run_that_picks_tests_runs_those(suite, picked, passed):
    done = suite(*SHARED, *picked)
    assert (done.returncode, done.counts.get("passed")) == (0, passed), done.stdout


def test_other_files_are_not_opened_by_who_does_not_run_them(suite):
    for name in FILES:
        path = suite.folder / name
        path.write_text(f"open('opened', 'a').write({name!r} + '\\n')\n" + path.read_text(), encoding="utf-8")
    suite(*SHARED)
    assert sorted((suite.folder / "opened").read_text().split()) == sorted(FILES)
