"""docs/promises.md: every promise has its row, and each row names pages, commands and tests that exist."""

import argparse
import ast
import re
from pathlib import Path

import pytest
from kentongan_hub.app import create_app
from kentongan_tool import cli

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/promises.md"
ROWS = (
    *("S0-1", "S0-2", "S0-3, S1-4", "S0-4", "S0-5", "S0-6", "S0-7", "S0-8, S1-6", "S0-9", "S0-10, S0-11"),
    *("S1-1", "S1-2", "S1-3, S4-1, S4-5", "S1-5, S2-9", "S1-7", "S1-8", "S1-9", "S1-10", "S1-11, S3-6"),
    *("S2-1", "S2-2, S2-5", "S2-3", "S2-4", "S2-8, S4-4", "S2-10", "S2-11", "S3-1, S3-7", "S3-2", "S3-3"),
    *("S3-5", "S3-8, S3-9", "S4-2, S4-3", "S4-6", "S4-7, S4-8", "S4-9"),
)
NOT_YET = "belum: "


def table(text):
    """{row: [what a person uses, test, what is missing]}."""
    lines = [line.strip().strip("|").split("|") for line in text.splitlines() if line.startswith("| S")]
    return {cells[0].strip(): [cell.strip() for cell in cells[1:]] for cells in lines}


def problems(text, routes, commands):
    """List in words all that is wrong with the page."""
    found = table(text)
    out = [f"{row}: no entry" for row in ROWS if row not in found]
    out += [f"{row}: no such promise" for row in found if row not in ROWS]
    for row, cells in found.items():
        if len(cells) != 3:
            out.append(f"{row}: three cells after its id")
            continue
        use, test, missing = cells
        if missing and not (missing.startswith(NOT_YET) and len(missing) > len(NOT_YET)):
            out.append(f"{row}: say what is missing after 'belum: '")
        if not missing and "-" in (use, test):
            out.append(f"{row}: kept, and nothing to use or no test")
        out += [f"{row}: no page {path}" for path in re.findall(r"`(/[^`]*)`", use) if path not in routes]
        out += [
            f"{row}: no command {one}"
            for one in re.findall(r"`(?:\.venv/bin/)?kentongan-tool ([\w-]+)", use)
            if one not in commands
        ]
        out += [f"{row}: no test {one}" for one in re.findall(r"`([^`]*)`", test) if not exists(one)]
        if test != "-" and not re.fullmatch(r"`tests/[\w/]+\.py::test_\w+`", test):
            out.append(f"{row}: the test as `tests/part/test_x.py::test_name`")
    return out


def exists(test):
    place, _colons, name = test.partition("::")
    if not (ROOT / place).is_file():
        return False
    tree = ast.parse((ROOT / place).read_text(encoding="utf-8"))
    return any(isinstance(node, ast.FunctionDef) and node.name == name for node in tree.body)


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """Every route of the hub, and every command of the technician's tool."""
    app = create_app(tmp_path_factory.mktemp("hub"), dispatch=False)
    parser = cli.make_parser()
    (sub,) = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    return {str(rule) for rule in app.url_map.iter_rules()}, set(sub.choices)


def test_every_promise_has_its_row_and_what_it_names_exists(known):
    assert problems(PAGE.read_text(encoding="utf-8"), *known) == []


POST = "`/keadaan`, also on the post's paired screen; `/perangkat`, `/peringatan`"
SPOILT = {
    "S0-1: no entry": ("| S0-1 |", "| (S0-1) |"),
    "S9-9: no such promise": ("| S0-1 |", "| S9-9 |"),
    "S0-1: no page /tidak-ada": ("`/keadaan`", "`/tidak-ada`"),
    "S0-3, S1-4: no command tidak": ("kentongan-tool label", "kentongan-tool tidak"),
    "S0-2: no test tests/x.py::test_no": ("`tests/firmware/", "`tests/x.py::test_no` `tests/firmware/"),
    "S0-1: kept, and nothing to use or no test": (f"| {POST} |", "| - |"),
    "S1-1: say what is missing after 'belum: '": ("belum: hub to hub", "hub to hub"),
}


@pytest.mark.parametrize("problem", SPOILT)
def test_a_spoilt_page_is_noticed(known, problem):
    text = PAGE.read_text(encoding="utf-8")
    before, after = SPOILT[problem]
    assert before in text
    assert problem in problems(text.replace(before, after, 1), *known)
