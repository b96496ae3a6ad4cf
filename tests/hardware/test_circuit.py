"""Rules of the netlists, each with a fault that it must catch. Needs no tool."""
import copy

import pytest
from kentongan_hw import build, rules, siren_layout
from kentongan_hw.__main__ import DRAWN
from kentongan_hw.circuit import catalogue

SIREN_LOADS = {"PSU": 3.0, "AKI": 3.0, "VRAW": 3.0, "SIRENE_P": 3.0, "SIRENE_N": 3.0, "SHUNT": 3.0,
               "ISI1": 1.0, "ISI2": 1.0, "V12": 0.4, "+5V": 1.0}


def without(circuit, *refs):
    for block in circuit.blocks:
        block.parts = [part for part in block.parts if part.ref not in refs]
    return circuit


@pytest.fixture(params=DRAWN)
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


def test_references_are_used_once(node):
    refs = [part.ref for part in build.circuit_of(node).parts()]
    assert len(refs) == len(set(refs))


def test_no_net_ends_at_one_pin(node):
    assert not {net: pins for net, pins in build.circuit_of(node).nets().items() if len(pins) < 2}


def test_the_sirens_tracks_carry_its_current():
    assert not rules.currents(siren_layout, SIREN_LOADS)


def test_every_kind_of_part_can_be_bought():
    assert not rules.complete()


def test_the_parts_list_names_every_part(node):
    circuit = build.circuit_of(node)
    listed = {ref for line in build.bom(circuit).splitlines()[1:] for ref in line.replace(",", " ").split()}
    assert {part.ref for part in circuit.parts()} <= listed


# -- seeded faults ----------------------------------------------------------------------------------


@pytest.mark.parametrize("diode, owner", [("D8", "J3"), ("D13", "K1"), ("D17", "BZ1")])
def test_seeded_fault_a_missing_diode_is_seen(diode, owner):
    found = rules.flyback(without(build.circuit_of("siren"), diode))
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
    assert rules.currents(siren_layout, SIREN_LOADS)


@pytest.mark.parametrize("key", rules.NEEDED)
def test_seeded_fault_a_part_that_cannot_be_bought_is_seen(key):
    rows = copy.deepcopy(catalogue())
    del rows["TVS18"][key]
    assert rules.complete(rows) == [f"TVS18: {key} is missing"]


def test_values_are_read_as_written():
    read = [rules.number(v) for v in ("4k7", "0R22 2W", "100n", "T3,15A", "15V", "1M", "22u 25V")]
    assert read == pytest.approx([4700, 0.22, 1e-7, 3.15, 15, 1e6, 22e-6])
