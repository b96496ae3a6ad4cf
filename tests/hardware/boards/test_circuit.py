"""Rules of the netlists, each with a fault that it must catch. Needs no tool."""

import copy
import re

import pytest
from kentongan_hw import build, button_layout, siren_layout
from kentongan_hw.__main__ import CARRIERS
from kentongan_hw.checks import rules
from kentongan_hw.parts.circuit import catalogue

LAYOUTS = {"siren": siren_layout, "button": button_layout}


def without(circuit, *refs):
    for block in circuit.blocks:
        block.parts = [part for part in block.parts if part.ref not in refs]
    return circuit


@pytest.fixture(params=CARRIERS)
def node(request):
    return request.param


def test_everything_that_kicks_back_has_its_diode(node):
    circuit = build.circuit_of(node)
    assert list(rules.coils(circuit))
    assert not rules.flyback(circuit)


def test_every_gate_is_held_low(node):
    assert not rules.pull_downs(build.circuit_of(node))


def test_nothing_sits_on_strapping_usb_or_flash_pins(node):
    assert not rules.strapping(build.circuit_of(node), node)


def test_the_radio_boards_pins_carry_the_nets_of_the_source(node):
    assert not rules.pins_match(build.circuit_of(node), node)


def test_parts_stand_the_clamped_surge_and_their_power(node):
    assert not rules.ratings(build.circuit_of(node))


def loose_ends(circuit):
    """References used twice, and nets that end at one pin."""
    refs = [part.ref for part in circuit.parts()]
    return (
        {ref for ref in refs if refs.count(ref) > 1},
        {net for net, pins in circuit.nets().items() if len(pins) < 2},
    )


def test_references_are_used_once_and_no_net_ends_at_one_pin(node):
    assert loose_ends(build.circuit_of(node)) == (set(), set())


def test_tracks_and_parts_carry_their_current(node):
    circuit = build.circuit_of(node)
    assert circuit.loads and set(circuit.loads) <= set(circuit.nets())
    assert not rules.currents(LAYOUTS[node], circuit.loads)
    assert not rules.part_currents(circuit)


def test_every_test_point_is_named_beside_its_hole(node):
    assert unnamed(build.circuit_of(node), LAYOUTS[node].EDGES, LAYOUTS[node].LABELS) == []


def unnamed(circuit, edges, labels):
    """Test points without a word under their hole."""
    holes = {part.ref: edges[part.ref] for part in circuit.parts() if part.kind == "TITIK"}
    return [
        ref
        for ref, (x, y, _) in holes.items()
        if not any(abs(lx - x) < 0.1 and 0 < ly - y < 3 for _, lx, ly, _, _ in labels)
    ]


def test_every_kind_of_part_can_be_bought():
    assert not rules.complete()


# -- seeded faults ----------------------------------------------------------------------------------


def test_seeded_fault_a_reference_used_twice_and_a_net_without_a_second_pin_are_seen():
    circuit = build.circuit_of("siren")
    circuit.part("R40").ref = "R41"
    circuit.part("R6").nets["1"] = "HILANG"
    assert loose_ends(circuit) == ({"R41"}, {"HILANG", "SIRENE_GPIO"})


def test_seeded_fault_a_test_point_without_its_name_is_seen():
    labels = [row for row in siren_layout.LABELS if row[0] != "TAHAN"]
    assert unnamed(build.circuit_of("siren"), siren_layout.EDGES, labels) == ["TP8"]


@pytest.mark.parametrize(
    "name, diode, owner",
    [
        ("siren", "D8", "J3"),
        ("siren", "D13", "K1"),
        ("siren", "D17", "BZ1"),
        ("button", "D4", "BZ1"),
        ("button", "D5", "J6"),
    ],
)
def test_seeded_fault_a_missing_diode_is_seen(name, diode, owner):
    found = rules.flyback(without(build.circuit_of(name), diode))
    assert len(found) == 1 and found[0].startswith(owner)


def test_seeded_fault_a_diode_the_wrong_way_round_is_seen():
    circuit = build.circuit_of("siren")
    diode = circuit.part("D8")
    diode.nets = {"1": diode.nets["2"], "2": diode.nets["1"]}
    assert rules.flyback(circuit)


def test_seeded_fault_a_floating_gate_is_seen():
    found = rules.pull_downs(without(build.circuit_of("siren"), "R10", "R8"))
    assert any("Q2" in line for line in found)
    assert any("Q8" in line for line in rules.pull_downs(without(build.circuit_of("siren"), "R44")))


@pytest.mark.parametrize("ref, owner", [("R14", "Q3"), ("R15", "Q4")])
def test_seeded_fault_a_floating_gate_of_the_button_is_seen(ref, owner):
    assert any(owner in line for line in rules.pull_downs(without(build.circuit_of("button"), ref)))


def test_seeded_fault_a_net_on_a_strapping_pin_is_seen():
    circuit = build.circuit_of("siren")
    circuit.part("U2").nets[rules.pin_of(0)] = "TOMBOL_UJI"
    assert rules.strapping(circuit, "siren") == ["GPIO 0 carries TOMBOL_UJI"]


def test_seeded_fault_swapped_pins_are_seen():
    circuit = build.circuit_of("siren")
    nets = circuit.part("U2").nets
    a, b = rules.pin_of(4), rules.pin_of(5)
    nets[a], nets[b] = nets[b], nets[a]
    assert len(rules.pins_match(circuit, "siren")) == 2


def test_seeded_fault_a_weak_capacitor_on_the_12_v_line_is_seen():
    circuit = build.circuit_of("siren")
    circuit.part("C1").row = catalogue()["CE"]
    assert any(line.startswith("C1") for line in rules.ratings(circuit))


def test_seeded_fault_a_hot_resistor_is_seen():
    circuit = build.circuit_of("siren")
    circuit.part("R4").value = "470"
    assert any(line.startswith("R4") for line in rules.ratings(circuit))


def test_seeded_fault_a_thin_track_is_seen(monkeypatch):
    monkeypatch.setitem(siren_layout.RULES, "SHUNT", siren_layout.FIVE)
    assert rules.currents(siren_layout, build.circuit_of("siren").loads)
    assert rules.currents(button_layout, {"+5V": 3.0})


@pytest.mark.parametrize("name, ref, kind", [("siren", "D2", "D1"), ("button", "F3", "PTC_040")])
def test_seeded_fault_a_part_too_small_for_its_current_is_seen(name, ref, kind):
    circuit = build.circuit_of(name)
    circuit.part(ref).row = catalogue()[kind]
    assert any(line.startswith(ref) for line in rules.part_currents(circuit))


def test_seeded_fault_a_transistor_too_weak_for_the_adaptors_surge_is_seen():
    circuit = build.circuit_of("button")
    circuit.part("Q5").row = {**catalogue()["PMOS_SMALL"], "v_max": 8}
    assert any(line.startswith("Q5") for line in rules.ratings(circuit))


@pytest.mark.parametrize("key", rules.NEEDED)
def test_seeded_fault_a_part_that_cannot_be_bought_is_seen(key):
    rows = copy.deepcopy(catalogue())
    del rows["TVS18"][key]
    assert rules.complete(rows) == [f"TVS18: {key} is missing"]


def test_values_are_read_as_written():
    read = [rules.number(v) for v in ("4k7", "0R22 2W", "100n", "T3,15A", "15V", "1M", "22u 25V")]
    assert read == pytest.approx([4700, 0.22, 1e-7, 3.15, 15, 1e6, 22e-6])


def contradicting(rows):
    """(kind, example) whose example names a value of its own, which the parts of that kind need not have."""
    many = {"R", "R5W", "C", "CE", "CE_BIG", "CFILM"}
    return [(kind, rows[kind]["typical"]) for kind in many if re.search(r"\d ?[unp]F", rows[kind]["typical"])]


def test_an_example_names_no_value_of_its_own():
    assert contradicting(catalogue()) == []


def test_seeded_fault_an_example_of_100_nf_beside_a_value_of_1_uf_is_seen():
    rows = {**catalogue(), "C": {**catalogue()["C"], "typical": "100 nF 50 V"}}
    assert contradicting(rows) == [("C", "100 nF 50 V")]
