"""Every failure says what to check, Indonesian first."""

import re
from pathlib import Path

import pytest
from kentongan_tool.base import failures
from kentongan_tool.base.failures import ToolError
from kentongan_tool.commands import arguments
from kits.tool.tool_kit import run_tool

SOURCES = Path(failures.__file__).parents[1]
README = Path(__file__).resolve().parents[3] / "tool/README.md"


def test_every_failure_that_is_raised_is_known():
    text = "".join(path.read_text() for path in SOURCES.rglob("*.py"))
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
        remedy = check.periksa.replace("`kentongan-tool ", "`.venv/bin/kentongan-tool ")
        assert f"| `{name}` | {check.judul} | {remedy} |" in text, name


@pytest.mark.parametrize(
    ("started_by", "on_path", "shown"),
    [
        (".venv/bin/kentongan-tool", "", ".venv/bin/kentongan-tool"),
        ("bin/kentongan-tool", "bin", "kentongan-tool"),
    ],
)
def test_a_remedy_names_the_tool_as_it_can_be_typed_here(
    tmp_path, monkeypatch, capsys, started_by, on_path, shown
):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/kentongan-tool").touch(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", on_path)
    monkeypatch.setattr("sys.argv", [started_by])
    arguments.report(ToolError("tools", "esptool"))
    arguments.say("Selesai; lalu `kentongan-tool provision`.")
    said = "".join(capsys.readouterr())
    assert f"`{shown} tools`" in said and f"`{shown} provision`" in said


def test_a_wrong_command_exits_2_and_says_how_to_go_on():
    for args in ([], ["sulap"], ["label", "--hub", "ftp://x", "--out", "x.pdf", "--token-file", "/none"]):
        done = run_tool(*args)
        assert done.returncode in (1, 2) and "GAGAL" in done.stderr and "Traceback" not in done.stderr
