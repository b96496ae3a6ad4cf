"""Meaning of each pin by its maker: symbol, footprint, drawing and words on the board, each with a swap."""

import copy
import tomllib

import pytest
from kentongan_hw import HARDWARE, build, button_layout, siren_layout
from kentongan_hw.__main__ import CARRIERS
from kentongan_hw.kicad import symbols
from kentongan_hw.kicad.sexpr import find, first, parse
from kentongan_hw.parts import meanings
from kentongan_hw.parts.circuit import Part, catalogue

LAYOUTS = {"siren": siren_layout, "button": button_layout}
KINDS = sorted(set(meanings.table()) - {"terminals", "between", "words"})
DRAWN = ("polyline",)


@pytest.fixture(params=CARRIERS)
def node(request):
    return request.param


def drawing_of(kind):
    """The lines that KiCad's symbol of a kind consists of."""
    parts = find(symbols.symbol(catalogue()[kind]["symbol"]), "symbol")
    return [line for part in parts for name in DRAWN for line in find(part, name)]


def footprint_of(kind):
    library, name = catalogue()[kind]["footprint"].split(":")
    folder = HARDWARE / "lib" if library == "kentongan" else build.FOOTPRINTS
    with open(f"{folder}/{library}.pretty/{name}.kicad_mod", encoding="utf-8") as file:
        return parse(file.read())


def pins_of(kind):
    return symbols.pins(catalogue()[kind]["symbol"])


def turned_over(kind):
    """The table's row with two functions exchanged: what a drawing from below does to it."""
    pins = meanings.row(kind)["pins"]
    a, b = list(pins)[-2:]
    if kind in ("RELAY",):
        a, b = "3", "4"
    return {**pins, a: pins[b], b: pins[a]}, (a, b)


def test_every_kind_with_unlike_pins_is_explained_with_source_and_page():
    assert meanings.unexplained(catalogue()) == []


def test_seeded_fault_a_kind_that_nobody_explained_is_seen():
    assert "RELAIS: source is missing" in meanings.unexplained([*catalogue(), "RELAIS"])[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_symbol_says_and_shows_what_the_data_sheet_means(kicad, kind):
    assert meanings.symbol_faults(kind, pins_of(kind), drawing_of(kind)) == []


BLIND = (
    "KEY",
    "LM393",
    "BUCKBOOST",
    "HELTEC",
    "JUMPER3",
)  # pins of one name, or our own drawing: see the pads


@pytest.mark.parametrize("kind", sorted(set(KINDS) - set(BLIND)))
def test_seeded_fault_two_pins_of_a_symbol_swapped_are_seen(kicad, kind):
    _, (a, b) = turned_over(kind)
    other = {a: b, b: a}
    pins = [pin._replace(number=other.get(pin.number, pin.number)) for pin in pins_of(kind)]
    assert meanings.symbol_faults(kind, pins, drawing_of(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_the_pads_lie_where_the_data_sheet_has_the_pins_seen_from_above(kicad, kind):
    assert meanings.footprint_faults(kind, footprint_of(kind)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_seeded_fault_a_footprint_drawn_from_below_or_with_two_pads_swapped_is_seen(kicad, kind):
    tree = copy.deepcopy(footprint_of(kind))
    for pad in find(tree, "pad"):
        first(pad, "at")[1] = str(-float(first(pad, "at")[1]))
    below = meanings.footprint_faults(kind, tree)
    tree = copy.deepcopy(footprint_of(kind))
    a, b = list(meanings.row(kind)["at"])[-2:]
    for pad in find(tree, "pad"):
        pad[1] = {a: b, b: a}.get(pad[1], pad[1])
    assert meanings.footprint_faults(kind, tree)
    assert below or len({x for x, _ in meanings.row(kind)["at"].values()}) == 1, "one column has no mirror"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "front" in meanings.row(kind)])
def test_seeded_fault_a_row_of_pins_counted_from_the_back_is_seen(kicad, kind):
    tree = copy.deepcopy(footprint_of(kind))
    for name in ("fp_line", "fp_rect", "fp_arc"):
        for shape in find(tree, name):
            for key in ("start", "mid", "end"):
                if first(shape, key):
                    first(shape, key)[2] = str(-float(first(shape, key)[2]))
    assert any("front faces" in said for said in meanings.footprint_faults(kind, tree))


def netlist(built, node):
    return parse((built(node) / f"{node}.net").read_text(encoding="utf-8"))


def test_every_function_in_kicads_netlist_carries_a_net_that_it_may(built, node):
    circuit = build.circuit_of(node)
    assert meanings.net_faults(circuit, meanings.carried(netlist(built, node), circuit)) == []


def test_seeded_fault_a_relay_drawn_with_its_contacts_exchanged_is_seen_in_kicads_netlist(built):
    """As rev A had it, and every check of nets by name was content."""
    circuit, tree = build.circuit_of("siren"), netlist(built, "siren")
    for net in find(first(tree, "nets"), "net"):
        for pin in find(net, "node"):
            if first(pin, "ref")[1] == "K1":
                first(pin, "pin")[1] = {"3": "4", "4": "3"}.get(first(pin, "pin")[1], first(pin, "pin")[1])
    assert len(meanings.net_faults(circuit, meanings.carried(tree, circuit))) == 2


def swaps():
    """One part of each kind, with two of its pins whose nets differ."""
    seen = {}
    for node in CARRIERS:
        for part in build.circuit_of(node).parts():
            names = meanings.table()["terminals"][node].get(part.ref)
            if meanings.row(part.kind) or names:
                pins = [n for n in part.nets if part.nets[n] and (names or checked(part, n))]
                pairs = [(a, b) for a in pins for b in pins if a < b and part.nets[a] != part.nets[b]]
                if pairs:
                    seen.setdefault(part.kind, (node, part.ref, *pairs[-1]))
    return sorted(seen.values())


def checked(part, number):
    meant = meanings.row(part.kind)
    return meant["pins"].get(number) in meant["nets"]


@pytest.mark.parametrize("node, ref, a, b", swaps())
def test_seeded_fault_two_wires_of_a_part_swapped_in_the_drawing_are_seen(node, ref, a, b):
    circuit = build.circuit_of(node)
    nets = {(part.ref, n): net for part in circuit.parts() for n, net in part.nets.items() if net}
    assert meanings.net_faults(circuit, nets) == []
    nets[ref, a], nets[ref, b] = nets[ref, b], nets[ref, a]
    assert any(said.startswith(f"{ref}:") for said in meanings.net_faults(circuit, nets))


def test_the_relays_contacts_at_j4_are_those_of_the_part_at_rest():
    """C and NC are joined while the post is dead: what wiring.yml and the guide promise."""
    circuit = build.circuit_of("siren")
    relay, pins = circuit.part("K1").nets, meanings.row("RELAY")["pins"]
    place = dict(
        zip(meanings.table()["terminals"]["siren"]["J4"], circuit.part("J4").nets.values(), strict=True)
    )
    assert {pins[number]: net for number, net in relay.items() if net in place.values()} == {
        "COM": place["C"],
        "NO": place["NO"],
        "NC": place["NC"],
    }


def test_seeded_fault_a_function_that_a_part_has_not_is_refused():
    with pytest.raises(
        ValueError, match="RELAY: no pin is called NF; .*meanings.toml has COM, COIL_B, NO, NC"
    ):
        Part("K9", "RELAY", "x", {"NF": "A"}, (0, 0))


def board(node):
    return (HARDWARE / node / "files" / f"{node}.kicad_pcb").read_text(encoding="utf-8")


def places(node):
    return meanings.board_pads(board(node), meanings.table()["terminals"][node])


def test_every_place_of_a_terminal_has_a_name_and_its_word_beside_it(node):
    circuit = build.circuit_of(node)
    assert meanings.unnamed(circuit) == []
    assert meanings.word_faults(circuit, LAYOUTS[node].LABELS, places(node)) == []


def test_seeded_fault_a_word_beside_the_wrong_place_and_a_terminal_without_names_are_seen():
    circuit = build.circuit_of("siren")
    other = {"NO": "NC", "NC": "NO"}
    labels = [(other.get(words, words), *rest) for words, *rest in siren_layout.LABELS]
    said = meanings.word_faults(circuit, labels, places("siren"))
    assert len(said) == 2 and all(one.startswith("J4") for one in said)
    circuit.part("J5").ref = "J9"
    assert meanings.unnamed(circuit) == ["J9"]


def test_the_words_on_the_board_file_are_those_of_the_layout(node):
    text = board(node)
    assert [words for words, *_ in LAYOUTS[node].LABELS if f'(gr_text "{words}"' not in text] == []


def test_the_table_names_no_part_that_no_carrier_has():
    data = tomllib.loads((HARDWARE / "meanings.toml").read_text(encoding="utf-8"))
    kinds = {part.kind for node in CARRIERS for part in build.circuit_of(node).parts()}
    assert set(data) - {"terminals", "between", "words"} <= kinds
    for node in CARRIERS:
        assert set(data["terminals"][node]) <= {part.ref for part in build.circuit_of(node).parts()}
