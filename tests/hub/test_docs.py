"""The README names every command, option, route, event and order, and every module."""

import argparse
from pathlib import Path

from kentongan_hub import cli
from kentongan_hub.api import events

HUB = Path(__file__).resolve().parents[2] / "hub"
TEXT = (HUB / "README.md").read_text(encoding="utf-8")


def test_every_route_is_in_the_readme(site):
    missing = [str(rule) for rule in site.app.url_map.iter_rules() if f"{rule}".split("?")[0] not in TEXT]
    assert missing == ["/static/<path:filename>"]


def test_every_command_and_option_is_in_the_readme():
    (commands,) = (a for a in cli._parser()._actions if isinstance(a, argparse._SubParsersAction))
    for name, command in commands.choices.items():
        row = next(line for line in TEXT.splitlines() if line.startswith(f"| `{name}` |"))
        for option in command._option_string_actions:
            assert option in ("-h", "--help") or option in row, (name, option)


def test_every_event_and_its_fields_are_in_the_readme():
    for name, fields in events.FIELDS.items():
        row = next(line for line in TEXT.splitlines() if line.startswith(f"| `{name}` |"))
        for field in set(fields) - {"label", "stored_wall"}:  # carried along, never used
            assert field in row, (name, field)


def test_every_module_is_in_the_readme():
    source = HUB / "src/kentongan_hub"
    modules = [path.relative_to(source) for path in source.rglob("[!_]*.py")]
    modules = [path for path in modules if not {"pages", "channels", "provision", "trust"} & set(path.parts)]
    assert modules
    plain = ("app.py", "audit.py", "cli.py", "clock.py", "words.py")
    assert not [
        p
        for p in modules
        if p.name not in plain and f"`{p.as_posix()}`" not in TEXT and f"`{p.stem}`" not in TEXT
    ]


def test_what_the_hub_promises_is_said_in_both_languages():
    docs = HUB.parent / "docs"
    english = (docs / "safety.md").read_text(encoding="utf-8")
    indonesian = (docs / "keamanan.md").read_text(encoding="utf-8")
    assert english.count("\n## ") == indonesian.count("\n## ")
    operate = (docs / "operate.md").read_text(encoding="utf-8")
    first, second = operate.split("\n---\n")
    assert first.count("\n## ") == second.count("\n## ") and first.count("\n| ") == second.count("\n| ")
    assert "## Setiap hari" in first and "## Every day" in second
