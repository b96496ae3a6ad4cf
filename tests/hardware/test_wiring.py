"""Wiring diagrams: pins from the one source, nothing unconnected, every part with what to buy."""

import os
import re
import shutil
import subprocess
from html import unescape

import pytest
from kentongan_hw import ROOT, put
from kentongan_hw.drawing import wiring
from kentongan_hw.parts import pins
from kits.patience import PATIENCE_S

CAD = ROOT / "build/cad/bin/python"


@pytest.mark.parametrize("name", wiring.SHEETS)
def test_the_pins_are_those_of_the_source(name):
    text = wiring.render(name)
    board = pins.load(wiring.BOARD)
    placed = wiring.PLACE.findall(wiring.source(name).split("metadata", 1)[1])
    assert placed and "@" not in text
    for role, slot in placed:
        assert f"GPIO{board[role][slot]}" in text


@pytest.mark.parametrize(
    "line, complaint",
    [
        ('  X: {type: "LED", pinlabels: ["GPIO47"]}\n', "not a number"),
        ('  X: {type: "LED", pinlabels: ["@penerus.siren@"]}\n', "no such slot"),
        ('  X: {type: "LED", pinlabels: ["@nobody.lamp@"]}\n', "no such slot"),
    ],
)
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
    return {
        name: sorted(set(range(1, n + 1)) - reached[name])
        for name, n in counts.items()
        if set(range(1, n + 1)) - reached[name]
    }


@pytest.mark.parametrize(
    "name, spare",
    [
        ("penerus", {}),
        ("penerus-adaptor", {}),
        ("penerima", {}),
        ("gateway", {"Pi": [10]}),
        ("tombol", {}),
        ("sirene", {"Papan": [15]}),
    ],
)
def test_every_pin_of_every_part_is_wired(name, spare):
    assert unwired(wiring.render(name)) == spare


def test_seeded_fault_a_forgotten_wire_is_found():
    text = wiring.render("penerus").replace("  - [Arester: [2], K10: [1], Antena: [1]]\n", "")
    assert unwired(text) == {"Arester": [2], "Antena": [1]}


def idle(yaml, listed):
    """Wires of cables that the committed list does not lead from a pin to a pin: {cable: how many}."""
    counts = {
        name: len(colors.split(","))
        for name, colors in re.findall(r"^  (K\d+): \{.*colors: \[(.*?)\]", yaml, re.MULTILINE)
    }
    rows = re.findall(r"^\| (K\d+) \| [\w-]+ \| \w+ \S[^|]* \| \w+ \S[^|]* \|$", listed, re.MULTILINE)
    return {name: count - rows.count(name) for name, count in counts.items() if count != rows.count(name)}


@pytest.mark.parametrize("name", wiring.SHEETS)
def test_every_wire_of_every_cable_is_listed_from_pin_to_pin(name):
    text = wiring.output(name, "md").read_text(encoding="utf-8")
    assert "## Sambungan" in text and idle(wiring.source(name), text) == {}


def test_seeded_fault_a_wire_that_leads_nowhere_is_seen():
    text = wiring.output("penerus", "md").read_text(encoding="utf-8")
    more = wiring.source("penerus").replace("colors: [YE, BK]}", "colors: [YE, BK, RD]}")
    assert idle(more, text) == {"K5": 1}


def sensed(text, volts):
    """Volts at the pin that reads panel or adapter, from the sheet's own divider."""
    upper, lower = map(float, re.search(r'type: "Pembagi (\d+)k/(\d+)k"', text).groups())
    return volts * lower / (upper + lower)


LOGIC_HIGH, LIMIT = 0.75 * 3.3, 3.3  # ESP32-S3 inputs, data sheet


@pytest.mark.parametrize("name, lowest, highest", [("penerus", 5.7, 7.3), ("penerus-adaptor", 4.75, 5.25)])
def test_the_penerus_reads_its_supply_within_the_pins_limits(name, lowest, highest):
    """A 6 V panel while its charger holds it, and in the open; a USB adapter's limits."""
    text = wiring.source(name)
    assert sensed(text, lowest * 0.99) > LOGIC_HIGH
    assert sensed(text, highest * 1.01) < LIMIT + 0.05


def test_seeded_fault_equal_resistors_would_read_no_adapter():
    text = wiring.source("penerus-adaptor").replace("Pembagi 47k/68k", "Pembagi 100k/100k")
    assert sensed(text, 4.75) < LOGIC_HIGH


@pytest.mark.parametrize("name", wiring.SHEETS)
def test_the_parts_list_has_every_part_with_what_to_buy_and_says_who_built_it(name):
    text = wiring.output(name, "md").read_text(encoding="utf-8")
    assert "nobody yet" in text
    rows = [line.split("|") for line in text.split("## ")[0].splitlines() if re.match(r"\| \d", line)]
    rows = [row for row in rows if not re.match(r" K\d", row[5])]  # cables have their kind in the name
    parts = re.findall(r"^  (\w+): \{type.*?pn:", wiring.render(name), re.MULTILINE)
    assert {part for row in rows for part in row[5].strip().split(", ")} == set(parts)
    assert all(row[6].strip() for row in rows)


@pytest.mark.parametrize("name", wiring.SHEETS)
def test_a_diagram_says_what_it_is_which_revision_and_who_built_it(name):
    text = unescape(wiring.output(name, "svg").read_text(encoding="utf-8"))
    assert f"Gambar kabel {name}. {wiring.built(name)}" in text and "RD merah" in text


def test_the_committed_lists_and_diagrams_are_those_of_the_source(require):
    require(CAD.exists(), "WireViz", "run: make cad")
    require(shutil.which("dot"), "graphviz", "apt-get install graphviz")
    before = {
        path: path.read_text(encoding="utf-8")
        for path in (wiring.output(name, ending) for name in wiring.SHEETS for ending in ("md", "svg"))
    }
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "hardware")}
    subprocess.run(
        [CAD, "-m", "kentongan_hw.drawing.wiring"], cwd=ROOT, env=environment, check=True, timeout=PATIENCE_S
    )
    after = {path: path.read_text(encoding="utf-8") for path in before}
    for path, text in before.items():
        put(path, text)
    # Where graphviz puts a line depends on its version; what stands in the diagram does not.
    assert {path: words(text) for path, text in before.items()} == {p: words(t) for p, t in after.items()}


def words(text):
    return sorted(re.findall(r">([^<>]+)</text>", text)) or text


def test_seeded_fault_a_diagram_with_another_pin_or_cable_is_seen():
    text = wiring.output("penerus", "svg").read_text(encoding="utf-8")
    assert words(text) != words(text.replace("GPIO47", "GPIO48"))
    assert words(text) != words(text.replace("0,5 mm", "0,25 mm"))
