"""The docs mention every command, option, setting, message, reason and route; README's commands run."""

import contextlib
import io
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from kentongan_gateway.service.settings import FIELDS as GATEWAY_FIELDS
from kentongan_hub.app import create_app
from kentongan_sim.scenarios.catalogue import SCENARIOS
from kentongan_wire import __version__
from kentongan_wire.base import errors
from kentongan_wire.cli import main as wire_main
from kentongan_wire.message import messages
from kentongan_wire.settings import device_file

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")), *sorted(ROOT.glob("*/README.md"))]
TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
REFERENCE = (ROOT / "docs/reference.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent
COMMANDS = [
    ("kentongan-sim", "run"),
    ("kentongan-sim", "demo"),
    ("kentongan-sim", "bench"),
    ("kentongan-sim", "soak"),
    ("kentongan-sim", "attack"),
    ("kentongan-gateway",),
    ("kentongan-hub", "init"),
    ("kentongan-hub", "provision"),
    ("kentongan-hub", "gateway-file"),
    ("kentongan-hub", "run"),
    ("kentongan-hub", "check"),
    ("kentongan-hub", "backup"),
    ("kentongan-hub", "restore"),
    ("kentongan-hub", "technician-token"),
    ("kentongan-hub", "recovery-link"),
    ("kentongan-hub", "revoke"),
    ("kentongan-hub", "access"),
    ("python", "-m", "kentongan_wire", "decode"),
    ("python", "-m", "kentongan_wire", "encode"),
]


def help_of(command):
    """Return the text of `--help`, by the function that the installed command calls, without a process."""
    if command[0] == "python":
        main, rest = wire_main, command[3:]
    else:
        (entry,) = entry_points(group="console_scripts", name=command[0])
        main, rest = entry.load(), command[1:]
    out = io.StringIO()
    with pytest.raises(SystemExit) as end, contextlib.redirect_stdout(out):
        main([*rest, "--help"])
    assert end.value.code in (0, None)
    return out.getvalue()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_option_is_documented(command):
    options = set(re.findall(r"--[a-z][a-z-]+", help_of(command))) - {"--help"}
    assert options
    assert not {option for option in options if f"`{option}`" not in REFERENCE}


@pytest.mark.parametrize("command", ["kentongan-sim", "kentongan-gateway", "kentongan-hub", "kentongan-tool"])
def test_every_subcommand_is_documented(command):
    text = help_of([command])
    braces = re.search(r"\{([\w,-]+)\}", text)
    found = braces.group(1).split(",") if braces else re.findall(r"^    ([a-z-]+)  ", text, re.MULTILINE)
    section = REFERENCE[REFERENCE.index(f"## {command}") :]
    assert found
    assert not [name for name in found if f"`{name}`" not in section and f"{command} {name}" not in section]


def test_every_scenario_is_documented():
    model = (ROOT / "simulator/README.md").read_text(encoding="utf-8")
    assert not [name for name in SCENARIOS if f"`{name}`" not in REFERENCE or f"`{name}`" not in model]


def test_every_make_target_is_documented():
    targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE).group(1).split()
    assert not [target for target in targets if f"make {target}" not in REFERENCE]


def test_every_gateway_setting_is_documented():
    for section, fields in GATEWAY_FIELDS.items():
        assert f"`[{section}]`" in REFERENCE
        assert not [name for name in fields if f"`{name}`" not in REFERENCE]


def test_every_field_of_a_device_file_is_documented():
    wire = (ROOT / "wire/README.md").read_text(encoding="utf-8")
    assert not [name for name, *_ in device_file.FIELDS if f"\n| {name} |" not in wire]


def test_every_message_role_and_reason_is_documented():
    names = [*messages.TYPE_NAMES.values(), *messages.ROLE_NAMES.values(), *errors.REASONS]
    assert not [name for name in names if name not in TEXT]


def test_every_route_is_documented(tmp_path):
    rules = {str(rule) for rule in create_app(tmp_path, dispatch=False).url_map.iter_rules()}
    assert not {rule for rule in rules if f"`{rule}`" not in REFERENCE and f" {rule}`" not in REFERENCE}


def test_links_between_pages_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.relative_to(ROOT)}: {target}"


def test_the_villages_of_the_readme_run():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"`\.venv/bin/(kentongan-sim run [^`]*)`", text)
    assert lines
    for line in lines:
        command, *args = line.split()
        done = subprocess.run([BIN / command, *args], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_changelog_has_a_section_for_each_version_newest_first():
    headed = re.findall(r"^## (.*)$", CHANGELOG, re.MULTILINE)
    numbers = [name for name in headed if name != "Unreleased"]
    assert headed in (numbers, ["Unreleased", *numbers])
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", name) for name in numbers)
    order = [tuple(map(int, name.split("."))) for name in numbers]
    assert order == sorted(set(order), reverse=True)


def test_the_changelog_knows_the_version_of_the_packages():
    headed = re.findall(r"^## (.*)$", CHANGELOG, re.MULTILINE)
    numbers = [name for name in headed if name != "Unreleased"]
    assert numbers[0] == __version__


def test_the_changelog_is_short_lines_under_who_notices():
    groups = set(re.findall(r"^### (.*)$", CHANGELOG, re.MULTILINE))
    assert groups == {"Residents and posts", "Technicians", "Gateway and hub operators", "Developers"}
    lines = [line for line in CHANGELOG.splitlines() if line and not line.startswith("#")]
    entries = [line for line in lines[1:] if line.startswith("- ")]
    assert lines[1:] == entries  # one line of its own for each, below one sentence of introduction
    assert not [line for line in entries if len(line) > 200]
    assert len(entries) == len(set(entries))
