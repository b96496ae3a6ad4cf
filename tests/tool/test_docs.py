"""The reference names every command and option of kentongan-tool, the README every module."""
import argparse
import re
from pathlib import Path

from kentongan_tool import cli

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "tool/README.md").read_text(encoding="utf-8")
REFERENCE = (ROOT / "docs/reference.md").read_text(encoding="utf-8")
SECTION = re.search(r"^## kentongan-tool\n(.*?)^## ", REFERENCE, re.MULTILINE | re.DOTALL).group(1)


def commands():
    (choices,) = (a for a in cli.make_parser()._actions if isinstance(a, argparse._SubParsersAction))
    return choices.choices


def test_every_command_has_a_row_with_its_own_options():
    shared = {option for line in SECTION.split("option of several")[1].splitlines()
              for option in re.findall(r"^\| `(--[a-z-]+)`", line)}
    for name, command in commands().items():
        row = next(line for line in SECTION.splitlines() if line.startswith(f"| `{name}` |"))
        for option in command._option_string_actions:
            assert option in ("-h", "--help") or option in shared or f"`{option}`" in row, (name, option)


def test_every_module_is_in_the_readme():
    for path in (ROOT / "tool/src/kentongan_tool").glob("*.py"):
        assert path.name == "__init__.py" or f"`{path.name}`" in README, path.name
