"""Every failure says what to check, Indonesian first."""
import re
from pathlib import Path

import pytest
from kentongan_tool import failures
from kentongan_tool.failures import ToolError
from tool_kit import run_tool

SOURCES = Path(failures.__file__).parent
README = Path(__file__).resolve().parents[2] / "tool/README.md"


def test_every_failure_that_is_raised_is_known():
    text = "".join(path.read_text() for path in SOURCES.glob("*.py"))
    named = set(re.findall(r'ToolError\(\s*"([a-z_]+)"', text))
    assert named <= set(failures.CHECKS)


@pytest.mark.parametrize("name", failures.CHECKS)
def test_a_failure_is_told_in_both_languages_with_a_remedy(name):
    first, second, third = ToolError(name, "/dev/ttyUSB0").lines()
    assert first.startswith("GAGAL") and "/dev/ttyUSB0" in first
    assert "Periksa:" in second and "Check:" in third


def test_the_readme_lists_every_failure_with_its_remedy():
    text = README.read_text(encoding="utf-8")
    for name, check in failures.CHECKS.items():
        assert f"| `{name}` | {check.judul} | {check.periksa} |" in text, name


def test_a_wrong_command_exits_2_and_says_how_to_go_on():
    for args in ([], ["sulap"], ["label", "--hub", "ftp://x", "--out", "x.pdf", "--token-file", "/none"]):
        done = run_tool(*args)
        assert done.returncode in (1, 2) and "GAGAL" in done.stderr and "Traceback" not in done.stderr
