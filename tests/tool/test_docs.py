"""The reference names every command and option of kentongan-tool, the README every module; what the install
day tells to type can be typed."""

import argparse
import re
import shlex
from pathlib import Path

import pytest
from kentongan_hub import cli as hub_cli
from kentongan_tool import cli

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "tool/README.md").read_text(encoding="utf-8")
REFERENCE = (ROOT / "docs/reference.md").read_text(encoding="utf-8")
DAY = (ROOT / "docs/technician.md").read_text(encoding="utf-8")
SECTION = re.search(r"^## kentongan-tool\n(.*?)^## ", REFERENCE, re.MULTILINE | re.DOTALL).group(1)


def commands():
    (choices,) = (a for a in cli.make_parser()._actions if isinstance(a, argparse._SubParsersAction))
    return choices.choices


def test_every_command_has_a_row_with_its_own_options():
    shared = {
        option
        for line in SECTION.split("option of several")[1].splitlines()
        for option in re.findall(r"^\| `(--[a-z-]+)`", line)
    }
    for name, command in commands().items():
        row = next(line for line in SECTION.splitlines() if line.startswith(f"| `{name}` |"))
        for option in command._option_string_actions:
            assert option in ("-h", "--help") or option in shared or f"`{option}`" in row, (name, option)


def test_every_module_is_in_the_readme():
    for path in (ROOT / "tool/src/kentongan_tool").glob("*.py"):
        assert path.name == "__init__.py" or f"`{path.name}`" in README, path.name


def typed(program):
    """List the commands of the install day, whole ones, in blocks and within a sentence."""
    blocks = re.findall(r"```sh\n(.*?)```", DAY, re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    spans = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", re.sub(r"```.*?```", "", DAY, flags=re.DOTALL))
    found = [one for one in [*lines, *spans] if one.startswith((f"{program} ", f".venv/bin/{program} "))]
    return [shlex.split(one)[1:] for one in found]


def complain(message):
    raise ValueError(message)


@pytest.mark.parametrize(
    ("program", "parser", "least"),
    [("kentongan-tool", cli.make_parser, 12), ("kentongan-hub", hub_cli._parser, 2)],
)
def test_every_command_of_the_install_day_can_be_typed_as_it_stands(program, parser, least, monkeypatch):
    commands_typed = [words for words in typed(program) if len(words) > 1]  # `flash` alone names the command
    assert len(commands_typed) >= least
    monkeypatch.setattr(argparse.ArgumentParser, "error", lambda self, message: complain(message))
    monkeypatch.setattr(cli.Parser, "error", lambda self, message: complain(message))
    for words in commands_typed:
        try:
            parser().parse_args(words)
        except ValueError as error:
            pytest.fail(f"{program} {' '.join(words)}: {error}")
