"""Parts that are bought, and their fit: sizes with a source, screws, ways in for cables, seats."""

import copy
import re
import tomllib

import pytest
from kentongan_hw.drawing import wiring
from kentongan_hw.enclosure import envelope, leads, parameters
from kentongan_hw.parts import bought
from kentongan_wire.base import patterns


@pytest.fixture(params=parameters.NODES)
def node(request):
    return request.param


def test_every_bought_part_says_its_source_its_date_and_whether_it_was_read():
    assert bought.undescribed() == []
    seen = [row["seen"].split()[0].rstrip(";,") for row in bought.table().values()]
    assert set(seen) <= {"read", "memory"}


def test_seeded_fault_a_size_without_a_source_is_seen():
    rows = copy.deepcopy(bought.table())
    del rows["tombol-22"]["source"], rows["gland-m16"]["date"]
    assert bought.undescribed(rows) == ["tombol-22: source is missing", "gland-m16: date is missing"]


def test_every_screw_is_as_long_as_its_hole_and_cuts_a_thread(node):
    box = parameters.load(node)
    screw = bought.part(box.board.screw)
    assert bought.screw_fault(screw, box.board.thickness, box.board.standoff - bought.FLOOR_MM) == ""


@pytest.mark.parametrize(
    "change, said",
    [({"length": 8.0}, "bottoms"), ({"length": 4.0}, "2.4 mm deep"), ({"pilot": 3.0}, "cuts no thread")],
)
def test_seeded_fault_a_screw_too_long_too_short_or_without_thread_is_seen(change, said):
    screw = {**bought.part("sekrup-m3x6"), **change}
    assert said in bought.screw_fault(screw, 1.6, 5.2)


def test_every_cable_has_a_hole_every_hole_a_cable_or_part_and_every_switch_a_seat(node):
    assert leads.faults(parameters.load(node)) == []


def spoilt(node, old, new):
    """The box with one thing of its file changed."""
    text = parameters.path(node).read_text(encoding="utf-8")
    assert old in text
    return parameters.parse(node, tomllib.loads(text.replace(old, new, 1)))


@pytest.mark.parametrize(
    "node, old, new, said",
    [
        ("siren", 'leads = ["sirene.K8"]', "leads = []", "gland pemantau (PG7): no cable and no part"),
        ("siren", 'leads = ["sirene.K8"]', "leads = []", "sirene.K8: leaves the box without a hole"),
        ("siren", 'leads = ["sirene.Lampu"]', "leads = []", "lampu: no cable and no part"),
        ("siren", 'leads = ["sirene.Tutup"]', 'leads = ["sirene.K3"]', "sirene.Tutup: its part has no seat"),
        ("siren", '"sirene.K14"', '"sirene.K15"', "no sheet of this box has sirene.K15"),
        (
            "siren",
            'leads = ["sirene.K2"]',
            'leads = ["sirene.K4"]',
            "named by gland sirene (M20) and gland aki",
        ),
        ("siren", '"gland-m20"', '"gland-m16"', "sirene.K4 is 8.6 mm thick, gland M16 seals 4.0 to 8.0"),
        ("gateway", 'leads = ["gateway.K11"]', "leads = []", "gateway.K11: leaves the box without a hole"),
    ],
)
def test_seeded_fault_a_missing_gland_a_bare_hole_and_a_switch_without_a_seat_are_seen(node, old, new, said):
    assert any(said in fault for fault in leads.faults(spoilt(node, old, new)))


def test_seeded_fault_six_square_millimetres_in_a_terminal_of_the_board_are_seen():
    text = wiring.source("sirene").replace(
        'K7: {type: "Kabel serabut", gauge: 1.5 mm2', 'K7: {type: "Kabel", gauge: 6 mm2'
    )
    (said,) = leads.faults(parameters.load("siren"), {"sirene": text})
    assert said.startswith("sirene.K7: 6 mm2 does not go into terminal sekrup") and said.endswith("takes 1.5")


def test_a_cable_bends_behind_its_gland_at_four_diameters_of_its_cores():
    hole = next(one for one in parameters.load("siren").holes if "gland sirene" in one.what)
    assert leads.bend(hole) == leads.Bend(12.0, 6.0)


def test_everything_stands_in_its_box_with_nuts_and_cables_at_their_bend(node):
    assert envelope.faults(parameters.load(node)) == []


@pytest.mark.parametrize(
    "node, old, new, said",
    [
        ("button", "at = [0, 34.5]", "at = [0, 14]", "meets tombol besar"),
        ("button", "inner = [94, 172, 58]", "inner = [94, 172, 48]", "tombol besar leaves the box"),
        ("button", "at = [-26, 24]", "at = [-26, 18]", "meets kabel di gland kabel tombol"),
        ("siren", "at = [0, 4]", "at = [0, -10]", "meets gland sirene"),
        ("gateway", "at = [-76, 20]", "at = [-80, 20]", "meets gland catu 5 V"),
    ],
)
def test_seeded_fault_a_button_above_the_board_a_shallow_box_and_a_cable_without_room_are_seen(
    node, old, new, said
):
    assert any(said in fault for fault in envelope.faults(spoilt(node, old, new)))


def test_a_class_or_cable_that_nobody_described_is_refused_by_name():
    with pytest.raises(ValueError, match=r"gland-m99: no such class in hardware/bought.toml"):
        bought.part("gland-m99")
    with pytest.raises(ValueError, match=r"3 x 9: no such cable"):
        bought.outer_mm(3, "9")
    with pytest.raises(ValueError, match=r"sirene.K99: no wiring sheet"):
        leads.known("sirene.K99")
    with pytest.raises(wiring.WiringError, match=r"repeater/wiring.yml: gland-m99"):
        wiring.render("penerus", wiring.source("penerus") + "# \n  x: @beli.gland-m99@\n")


FULL_ALARM_MS = 180_000  # the longest that anything sounds without a rest
ALARMS = 500  # full ones, in the ten years of a post


def alarms_of_a_life(operations):
    """Full alarms of the fastest pattern after which a switch has used up its operations."""
    return operations / (FULL_ALARM_MS / (patterns.TITIR_ON_MS + patterns.TITIR_OFF_MS))


def test_what_switches_the_gateways_siren_outlives_its_alarms():
    assert alarms_of_a_life(bought.part("saklar-mosfet")["operations"]) > ALARMS


def test_seeded_fault_a_mechanical_relay_is_worn_out_by_titir():
    """Songle SRD class: 100,000 operations under load."""
    assert alarms_of_a_life(100_000) < ALARMS


def test_the_gateways_switch_is_fed_and_its_wiring_names_no_terminal_that_hangs_open():
    text = wiring.source("gateway")
    pins = re.search(r"Saklar: .*?pinlabels: \[(.*?)\]", text)[1].split(",")
    wired = {int(n) for found in re.findall(r"Saklar: \[([\d, ]+)\]", text) for n in found.split(",")}
    assert wired == set(range(1, len(pins) + 1))


def test_a_siren_sounds_within_every_stroke_and_within_what_the_carrier_gives():
    siren = bought.part("sirene-12v")
    assert siren["start_ms"] <= min(patterns.TITIR_ON_MS, patterns.STROKE_MS) - 10
    assert siren["amperes"] <= 2.0 and siren["least_amperes"] > 0.16  # F3, D8; the current threshold


def test_seeded_fault_a_motor_siren_is_silent_in_the_fastest_pattern():
    assert patterns.TITIR_ON_MS - 10 < 1_000  # a motor needs a second or two to be heard
