"""Each answer of the ESP32 model has its place in the port's sources, in one table; none has no place."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent.parent
BOARD = ROOT / "tests/kits/board"
TEXT = (BOARD / "README.md").read_text()
TABLE = [line.strip("|").split("|") for line in TEXT.splitlines() if line.startswith("| ")]
ROWS = [[cell.strip() for cell in row] for row in TABLE if len(row) == 4 and row[0].strip() != "what"]
MODULES = sorted(path.stem for path in BOARD.glob("esp32_*.py"))
OURS = {
    "esp32_fake.CALM_MS",
    "esp32_fake.LIVELY_US",
    "esp32_fake.MODULES",
    "esp32_fake.NEVER_US",
    "esp32_fake.numbers",
    "esp32_fake.sleep_ms",
    "esp32_pins.HISTORY",
    "esp32_lines.KEPT_BYTES",
    "esp32_lines.as_bytes",
}  # of the model's own making


def defined(module):
    """Public names at the top of a module: classes, functions, constants."""
    names = set()
    for node in ast.parse((BOARD / f"{module}.py").read_text()).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                names.update(one.id for one in ast.walk(target) if isinstance(one, ast.Name))
    return {f"{module}.{name}" for name in names if not name.startswith("_")}


def methods(module):
    found = set()
    for node in ast.parse((BOARD / f"{module}.py").read_text()).body:
        if isinstance(node, ast.ClassDef):
            found |= {
                f"{module}.{node.name}.{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)
            }
    return found


HAS = set().union(*(defined(module) | methods(module) for module in MODULES))


@pytest.mark.parametrize("row", ROWS, ids=[row[0][:40] for row in ROWS])
def test_a_row_names_what_the_model_has_a_place_and_a_commit(row):
    what, names, place, commit = row
    named = re.findall(r"`([^`]+)`", names)
    assert named and what
    assert not [name for name in named if name not in HAS]
    assert re.search(r"\.(c|h|py|base)\b|boards/", place)
    assert re.fullmatch(r"[0-9a-f]{12}", commit)


def test_nothing_that_the_model_answers_has_no_row():
    named = set(re.findall(r"`((?:esp32_\w+)\.\w+)", TEXT))
    top = set().union(*(defined(module) for module in MODULES))
    imported = {
        "esp32_chip.EIO",
        "esp32_chip.ENOENT",
        "esp32_chip.ENOMEM",
        "esp32_chip.EEXIST",
        "esp32_chip.ENODEV",
        "esp32_chip.ENOSPC",
        "esp32_chip.EOPNOTSUPP",
        "esp32_chip.ETIMEDOUT",
    }
    assert len(ROWS) > 45
    assert not sorted(top - named - OURS - imported)


def test_what_no_fake_can_know_is_for_the_bench():
    bench = (ROOT / "docs/bench.md").read_text()
    assert "## What the board model cannot know" in bench
