"""KiCad's checks of the carriers; the committed files are what the source makes."""

import re
import shutil

import pytest
from conftest import require
from kentongan_hw import HARDWARE, build
from kentongan_hw.__main__ import CARRIERS
from kentongan_hw.boards import fabrication
from kentongan_hw.drawing import schematic
from kentongan_hw.kicad.sexpr import find, first, parse

REMEDY = "run: make hardware-files"
VERSION = re.compile(r"\(generator_version [^)]*\)")


def version_of(text):
    return VERSION.search(text).group(0)


@pytest.fixture(params=CARRIERS)
def node(request):
    return request.param


def committed(node, ending):
    return HARDWARE / node / "files" / f"{node}{ending}"


def sources_of(folder, node):
    return {ending: (folder / f"{node}{ending}").read_text(encoding="utf-8") for ending in build.SOURCES}


def test_committed_files_are_what_the_source_makes(built, node):
    new, old = sources_of(built(node), node), sources_of(HARDWARE / node / "files", node)
    same_kicad(new[".kicad_pcb"], old[".kicad_pcb"])
    assert fabrication.differing(new, old) == [], REMEDY


def test_seeded_fault_a_value_changed_in_the_source_makes_the_committed_drawing_stale(kicad, node):
    circuit = build.circuit_of(node)
    old = {".kicad_sch": committed(node, ".kicad_sch").read_text(encoding="utf-8")}
    assert fabrication.differing({".kicad_sch": schematic.draw(circuit)}, old) == []
    circuit.part("R1").value = "3k3"
    assert fabrication.differing({".kicad_sch": schematic.draw(circuit)}, old) == [".kicad_sch"]


def test_seeded_fault_a_board_edited_by_hand_is_seen(built, node):
    new = sources_of(built(node), node)
    edited = {**new, ".kicad_pcb": new[".kicad_pcb"].replace("(width 1)", "(width 0.4)", 1)}
    assert fabrication.differing(new, edited) == [".kicad_pcb"]


def same_kicad(new, old):
    """Another KiCad writes another file: nothing to compare on a person's machine, a failure in CI."""
    theirs = f"the KiCad that wrote the committed board, {version_of(old)}"
    require(
        version_of(new) == version_of(old),
        theirs,
        f"{REMEDY}, which writes the boards again with {version_of(new)}, and commit them",
    )


def test_seeded_fault_another_kicad_is_skipped_at_home_and_fails_in_ci(monkeypatch):
    old, new = ('(generator_version "9.0")', '(generator_version "9.1")')
    monkeypatch.delenv("KENTONGAN_REQUIRE_ALL", raising=False)
    with pytest.raises(pytest.skip.Exception, match="make hardware-files"):
        same_kicad(new, old)
    monkeypatch.setenv("KENTONGAN_REQUIRE_ALL", "1")
    with pytest.raises(pytest.fail.Exception, match=r"9\.0.*make hardware-files.*9\.1"):
        same_kicad(new, old)
    same_kicad(old, old)


def test_erc_drc_and_parity_find_nothing_at_any_severity(built, node):
    assert build.violations(built(node), node) == []


def test_the_drawing_connects_what_the_circuit_says(built, node):
    assert connected(built(node), node) == said(build.circuit_of(node))


def said(circuit):
    return {frozenset(pins) for pins in circuit.nets().values()}


def connected(folder, node):
    """The nets of KiCad's netlist as sets of (ref, pin)."""
    tree = parse((folder / f"{node}.net").read_text(encoding="utf-8"))
    drawn = {
        frozenset((first(n, "ref")[1], first(n, "pin")[1]) for n in find(net, "node"))
        for net in find(first(tree, "nets"), "net")
    }
    return {pins for pins in drawn if len(pins) > 1}


def test_seeded_fault_a_pin_that_the_drawing_leaves_out_is_seen(built):
    circuit = build.circuit_of("siren")
    circuit.part("R40").nets["2"] = "HILANG"
    assert connected(built("siren"), "siren") != said(circuit)


def wrong_pads(circuit):
    """References whose footprint has other pads than their symbol has pins."""
    from kentongan_hw.kicad import symbols

    found = []
    for part in circuit.parts():
        library, name = part.footprint.split(":")
        folder = HARDWARE / "lib" if library == "kentongan" else build.FOOTPRINTS
        with open(f"{folder}/{library}.pretty/{name}.kicad_mod", encoding="utf-8") as file:
            pads = {pad[1] for pad in find(parse(file.read()), "pad")} - {""}
        if pads != {pin.number for pin in symbols.pins(part.symbol)}:
            found.append(part.ref)
    return found


def test_footprints_have_the_pads_of_their_symbols(kicad, node):
    assert wrong_pads(build.circuit_of(node)) == []


def test_seeded_fault_a_footprint_of_another_part_is_seen(kicad, node):
    circuit = build.circuit_of(node)
    diode = circuit.part("D4")
    diode.footprint = circuit.part("U2").footprint
    assert wrong_pads(circuit) == ["D4"]


# -- seeded faults ----------------------------------------------------------------------------------


@pytest.fixture
def spoiled(built, tmp_path):
    """spoiled(ending, old, new): a copy of the siren's folder with one replacement; its violations."""

    def spoil(ending, old, new):
        folder = tmp_path / "siren"
        shutil.copytree(built("siren"), folder)
        path = folder / f"siren{ending}"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return {row[2] for row in build.violations(folder, "siren")}

    return spoil


def test_seeded_fault_a_renamed_net_is_seen_by_erc(spoiled):
    assert spoiled(".kicad_sch", '(global_label "ARUS_SIRENE"', '(global_label "ARUS_SIREN"')


def test_seeded_fault_another_value_on_the_board_is_seen_by_parity(spoiled):
    assert spoiled(".kicad_pcb", '(property "Value" "IRF4905"', '(property "Value" "IRF9540"')


def test_seeded_fault_a_cut_track_is_seen_by_drc(built, spoiled):
    text = (built("siren") / "siren.kicad_pcb").read_text(encoding="utf-8")
    track = re.search(r"\t\(segment\n(?:\t\t.*\n)*?\t\t\(net \d+\)\n(?:\t\t.*\n)*?\t\)\n", text).group(0)
    assert spoiled(".kicad_pcb", track, "") & {"unconnected_items", "track_dangling"}
