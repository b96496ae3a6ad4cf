"""Every command that a page prints can be typed as it stands, in the folder where `make` was typed.

`kentongan-hub` and `kentongan-gateway` may go by their names: the guide links them at the post.
"""

import argparse
import ast
import re
import shlex
import subprocess
import sys
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from kentongan_sim.console.arguments import typed

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
GUIDE = ROOT / "docs/technician.md"
PACKAGED = ROOT / "docs/pasang.md"  # there every program is in /usr/bin
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted(ROOT.glob("*/README.md")),
    *sorted((ROOT / "hardware/rakit").glob("*.md")),
]
LINKED = ("kentongan-hub", "kentongan-gateway")  # on the machine at the post, by the guide
PROGRAMS = r"kentongan-(?:sim|tool|hub|gateway)|python3?|micropython|uv|pytest|ruff"
START = re.compile(rf"(?:sudo |time |[A-Z_]+=\S+ )*(?P<path>[\w./-]*/)?(?P<program>make|{PROGRAMS})(?: |$)")
FENCE = re.compile(r"^ *```(?:sh)?\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
PLACEHOLDERS = {"SCENARIO": "rt", "CAMPAIGN": "gateway", "HEX": "00", "P": "0", "PERINTAH": "flash"}


def commands_of(text):
    """(command, whole) of a page: `whole` in a block of its own; else it is named within a sentence."""
    for block in FENCE.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            if START.match(line.strip()):
                yield re.split(r"\s#\s| < ", line.strip())[0].strip(), True
    for span in re.findall(r"(?<!`)`([^`\n]+)`(?!`)", FENCE.sub("", text)):
        if START.match(span):
            yield span, False


FOUND = [
    pytest.param(command, whole, page, id=f"{page.relative_to(ROOT)}: {command[:60]}")
    for page in PAGES
    for command, whole in dict.fromkeys(commands_of(page.read_text(encoding="utf-8")))
]


class Misread(Exception):
    """Error of a command that argparse did not take."""


class Taken(Exception):
    """argparse took all of it."""


def parse(main, words, monkeypatch):
    """Have the command's own parser read the words, and do nothing with them."""
    whole = argparse.ArgumentParser.parse_args

    def parse_args(self, args=None, namespace=None):
        whole(self, args, namespace)
        raise Taken

    def error(self, message):
        raise Misread(message)

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_args)
    for parser in (argparse.ArgumentParser, *argparse.ArgumentParser.__subclasses__()):
        monkeypatch.setattr(parser, "error", error)
    with pytest.raises((Taken, SystemExit)) as end:
        main(words)
    assert end.type is Taken or end.value.code in (0, None)  # --help


def filled_in(words):
    """Words with what a reader fills in: optional parts, choices and capitals become plain values."""
    for word in words:
        word = word.strip("[]")
        number = "1" if re.fullmatch("[A-Z]", word) else word.split("|")[0]
        yield PLACEHOLDERS.get(word, number)


def goals():
    return set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize(("command", "whole", "page"), FOUND)
def test_a_printed_command_can_be_typed(command, whole, page, monkeypatch):
    start = START.match(command)
    program, path = start["program"], start["path"]
    words = list(filled_in(shlex.split(command[start.end() :])))
    if program == "make":
        assert {word for word in words if "=" not in word} <= goals()
        return
    if not words and not path:
        return  # the program's name in a sentence
    if not words and path in ("/usr/lib/", "/var/lib/"):
        return  # a folder
    if page == PACKAGED and not path:
        assert program != "kentongan-sim"
    elif program in LINKED and not path:
        assert not whole or page == GUIDE, "in a block it stands for itself: .venv/bin/"
    else:
        assert path in (".venv/bin/", "/opt/kentongan/.venv/bin/"), "the shell does not find it"
    assert (BIN / program).exists()
    if program.startswith("kentongan-"):
        (entry,) = entry_points(group="console_scripts", name=program)
        try:
            parse(entry.load(), words, monkeypatch)
        except Misread as error:
            assert not whole and "required" in str(error), error  # a sentence may name a part of a command
    elif words[:1] == ["-m"] and words[1].startswith("kentongan_"):
        import_module(words[1])


def test_enough_commands_are_found():
    programs = [START.match(one.values[0])["program"] for one in FOUND]
    for name in ("make", "kentongan-sim", "kentongan-tool", "kentongan-hub"):
        assert programs.count(name) >= 8, name


def test_the_guide_links_what_goes_by_its_name_on_the_machine_at_the_post():
    link = re.search(r"`sudo ln -sf ([^`]+) /usr/local/bin/`", GUIDE.read_text(encoding="utf-8"))[1]
    assert link.split() == [f"/opt/kentongan/.venv/bin/{name}" for name in LINKED]


def test_the_readme_names_what_debian_lacks():
    assert "apt-get install git make python3 python3-venv" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_a_program_is_named_as_the_shell_finds_it_from_here(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.chdir(ROOT)
    here = typed("kentongan-tool")
    assert subprocess.run([here, "--help"], cwd=ROOT, capture_output=True).returncode == 0
    monkeypatch.chdir(tmp_path)
    assert typed("kentongan-tool") == str(BIN / "kentongan-tool")
    monkeypatch.setenv("PATH", str(BIN))
    assert typed("kentongan-tool") == "kentongan-tool"


# --- what pages, messages and remedies print while the programs run ---

SOURCES = [
    path
    for part in ("hub", "gateway", "tool")
    for path in sorted((ROOT / part / "src").rglob("*"))
    if path.suffix in (".py", ".html")
]
SAID = re.compile(
    r"(?<![\w/.-])kentongan-(?:hub|gateway|tool) [a-z][a-z-]*(?: --[a-z-]+(?: [A-Z][A-Z-]*|"
    r" [\w./{}-]+)?)*"
)


def shown(expression):
    """Return the stand-in of a template's expression: the text that it begins with, its values as X."""
    text = re.match(r"\s*(?:_\()?'([^']*)'", expression[1])
    return re.sub(r"%\(\w+\)s", "X", text[1]) if text else "X"


def strings(path):
    """Every text of a source that a program may print: a template's words, a module's strings."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        yield re.sub(r"{{(.*?)}}", shown, text)
        return
    if "kentongan-" not in text:
        return  # no text of it names a command, and parsing is what takes time
    tree = ast.parse(text)
    whole = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    parts = {id(part) for node in whole for part in node.values}
    for node in whole:
        yield "".join(part.value if isinstance(part, ast.Constant) else "1" for part in node.values)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield node.value


def said_of(path):
    """(command, marked): `marked` as one, between signs; else its beginning within a sentence."""
    for text in strings(path):
        for found in SAID.finditer(text):
            signs = {"`": "`", ">": "<"}
            end = signs.get(text[found.start() - 1]) if found.start() else None
            yield (text[found.start() :].partition(end)[0], True) if end else (found[0], False)


SAYS = [
    pytest.param(said, marked, path, id=f"{path.relative_to(ROOT)}: {said[:60]}")
    for path in SOURCES
    for said, marked in dict.fromkeys(said_of(path))
]


@pytest.mark.parametrize(("said", "marked", "path"), SAYS)
def test_a_command_that_a_program_prints_is_one_of_its_own(said, marked, path, monkeypatch):
    program, *words = filled_in(shlex.split(said))
    (entry,) = entry_points(group="console_scripts", name=program)
    try:
        parse(entry.load(), words, monkeypatch)
    except Misread as error:
        words_of_a_sentence = not marked and "invalid choice" in str(error)
        # it may leave out what the reader or the hub's own path adds, never name what is not there
        assert "required" in str(error) or words_of_a_sentence, error


def test_enough_commands_are_read_from_templates_and_messages():
    assert len(SAYS) >= 20
    assert {path.suffix for _, _, path in (one.values for one in SAYS)} == {".py", ".html"}
