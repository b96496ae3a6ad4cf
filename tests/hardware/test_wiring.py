"""Wiring diagrams: pins from the one source, nothing unconnected, every part with what to buy."""
import os
import re
import shutil
import subprocess

import pytest
from kentongan_hw import ROOT, pins, wiring

CAD = ROOT / "build/cad/bin/python"


@pytest.mark.parametrize("name", wiring.SHEETS)
def test_the_pins_are_those_of_the_source(name):
    text = wiring.render(name)
    board = pins.load(wiring.BOARD)
    placed = wiring.PLACE.findall(wiring.source(name).split("metadata", 1)[1])
    assert placed and "@" not in text
    for role, slot in placed:
        assert f"GPIO{board[role][slot]}" in text


@pytest.mark.parametrize("line, complaint", [
    ('  X: {type: "LED", pinlabels: ["GPIO47"]}\n', "not a number"),
    ('  X: {type: "LED", pinlabels: ["@penerus.siren@"]}\n', "no such slot"),
    ('  X: {type: "LED", pinlabels: ["@nobody.lamp@"]}\n', "no such slot"),
])
def test_seeded_fault_a_pin_of_another_source_is_refused_with_the_file(line, complaint):
    with pytest.raises(wiring.WiringError, match="repeater/wiring.yml") as refused:
        wiring.render("penerus", wiring.source("penerus").replace("connectors:\n", "connectors:\n" + line))
    assert complaint in str(refused.value)


def unwired(text):
    """{part: pins that no connection reaches} of a sheet's YAML."""
    yaml = text.split("connections:")
    parts = re.findall(r"^  (\w+): \{type.*?pinlabels: \[(.*?)\]", yaml[0], re.MULTILINE)
    counts = {name: len(re.findall(r'"[^"]*"', labels)) for name, labels in parts}
    reached = {name: set() for name in counts}
    for name, numbers in re.findall(r"(\w+): \[([\d, ]+)\]", yaml[1]):
        if name in reached:
            reached[name] |= {int(n) for n in numbers.split(",")}
    return {name: sorted(set(range(1, n + 1)) - reached[name]) for name, n in counts.items()
            if set(range(1, n + 1)) - reached[name]}


@pytest.mark.parametrize("name, spare", [("penerus", {}), ("penerima", {}), ("gateway", {"Pi": [10]}),
                                         ("tombol", {}), ("sirene", {"Papan": [15]})])
def test_every_pin_of_every_part_is_wired(name, spare):
    assert unwired(wiring.render(name)) == spare


def test_seeded_fault_a_forgotten_wire_is_found():
    text = wiring.render("penerus").replace("  - [Heltec: [6], K8: [1], Antena: [1]]\n", "")
    assert unwired(text) == {"Heltec": [6], "Antena": [1]}


@pytest.mark.parametrize("name", wiring.SHEETS)
def test_the_parts_list_has_every_part_with_what_to_buy_and_says_who_built_it(name):
    text = wiring.output(name, "md").read_text(encoding="utf-8")
    assert "nobody yet" in text
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| ") and "Connector" in line]
    parts = re.findall(r"^  (\w+): \{type.*?pn:", wiring.render(name), re.MULTILINE)
    assert {part for row in rows for part in row[5].strip().split(", ")} == set(parts)
    assert all(row[6].strip() for row in rows)


def test_the_committed_lists_and_diagrams_are_those_of_the_source(require):
    require(CAD.exists(), "WireViz", "run: make cad")
    require(shutil.which("dot"), "graphviz", "apt-get install graphviz")
    before = {path: path.read_text(encoding="utf-8")
              for path in (wiring.output(name, ending) for name in wiring.SHEETS for ending in ("md", "svg"))}
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "hardware")}
    subprocess.run([CAD, "-m", "kentongan_hw.wiring"], cwd=ROOT, env=environment, check=True, timeout=120)
    after = {path: path.read_text(encoding="utf-8") for path in before}
    for path, text in before.items():
        path.write_text(text, encoding="utf-8")
    # Where graphviz puts a line depends on its version; what stands in the diagram does not.
    assert {path: words(text) for path, text in before.items()} == {p: words(t) for p, t in after.items()}


def words(text):
    return sorted(re.findall(r">([^<>]+)</text>", text)) or text


def test_seeded_fault_a_diagram_with_another_pin_or_cable_is_seen():
    text = wiring.output("penerus", "svg").read_text(encoding="utf-8")
    assert words(text) != words(text.replace("GPIO47", "GPIO48"))
    assert words(text) != words(text.replace("0.5 mm", "0.25 mm"))
