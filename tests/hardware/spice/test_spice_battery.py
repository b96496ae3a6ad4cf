"""The siren post's supply in ngspice: power path, charger, cut-off, load test, surge and earth."""

import itertools
import re
import shutil

import pytest
from conftest import require
from kentongan_hw import build
from kentongan_hw.checks.spice import run, value
from kentongan_hw.drawing import wiring

APT = "run .ci/kicad"
C = build.circuit_of("siren")
BUCK_MAX_V = 28.0  # the weakest alternate's input


@pytest.fixture(autouse=True)
def ngspice():
    require(shutil.which("ngspice"), "ngspice", APT)


def battery_switch(vref=2.495, iref="2u"):
    """Q9 and U8, which closes it: TL431 as an amplifier that holds its cathode above 2 V (SLVS543)."""
    return f"""
M9 q ag bat bat MPCH
D9B q bat DRECT
D18 ag bat DZ15
R47 ag k {value(C, "R47")}
R46 bat k {value(C, "R46")}
R48 bat ref {value(C, "R48")}
R50 q ref {value(C, "R50")}
R49 ref 0 {value(C, "R49")}
C16 ref 0 {value(C, "C16")}
IREF ref 0 {iref}
CQ q 0 1u
.options method=gear
CK k 0 10n
BU8 k 0 I = min(0.1, max(0, 0.5*(v(ref)-{vref})))*tanh(max(0, v(k)-1.9)/0.3)
"""


def supply(adaptor, battery, load="IL vraw 0 0.06"):
    """Adaptor and battery sources to VRAW: power path, charger, protection."""
    return f"""
{adaptor}
RW1 pin psu 0.05
D1 0 psu DTVS18
R4 psu 0 {value(C, "R4")}
D2 psu vraw DRECT
RF5 psu i1 0.15
R1 i1 i2 {value(C, "R1")}
D3 i2 bat DSCHP
{battery}
RW2 bin bat 0.05
D4 0 bat DTVS18
{battery_switch()}
M1 q gp vraw vraw MPCH
DBODY q vraw DRECT
D5 gp vraw DZ15
R2 gp 0 {value(C, "R2")}
R3 psu gp {value(C, "R3")}
C1 vraw 0 {value(C, "C1")} IC=0
{load}
"""


FULL, EMPTY = "VB bin 0 13.0", "VB bin 0 10.8"
ADAPTOR, NONE = "VA pin 0 13.8", "RA pin 0 100k"


def test_the_adaptor_feeds_and_charges_and_the_battery_path_is_closed():
    got = run(
        "mains",
        supply(ADAPTOR, EMPTY),
        "tran 1m 1",
        {
            "vraw": "avg v(vraw) from=0.8 to=1",
            "gate": "avg par('v(vraw)-v(gp)') from=0.8 to=1",
            "charge": "avg par('v(i1)-v(i2)') from=0.8 to=1",
        },
    )
    assert got["vraw"] > 12.6
    assert got["gate"] < 2.0  # below the P-MOSFET's threshold
    amps = got["charge"] / value(C, "R1")
    assert 0.5 < amps < 1.0  # C/14 to C/7 of 7 Ah; the polyfuse holds 1 A


def test_seeded_fault_without_r3_the_battery_path_stays_open_to_the_adaptor():
    text = supply(ADAPTOR, EMPTY).replace(f"R3 psu gp {value(C, 'R3')}\n", "")
    got = run("no r3", text, "tran 1m 1", {"gate": "avg par('v(vraw)-v(gp)') from=0.8 to=1"})
    assert got["gate"] > 2.0


def floats(adaptor):
    """Volts where a battery that takes 3 mA for itself settles, from 12.6 V on."""
    text = supply(adaptor, "CB bin 0 0.1 IC=12.6", "IL vraw 0 0.06\nRB bat 0 5k")
    return run("float", text, "tran 10m 20 uic", {"bat": "avg v(bat) from=18 to=20"})["bat"]


def test_a_full_battery_floats_near_13_6_v():
    """Behind a supply of 13.8 V as it is sold: class Pulsar PSB-12V3A, 13.8 V, 3 A, read 2026-11-30."""
    assert 13.4 < floats(ADAPTOR) < 13.8


def test_seeded_fault_an_adaptor_of_15_v_would_cook_the_battery_and_a_silicon_diode_would_starve_it():
    assert floats("VA pin 0 15.0") > 13.9
    text = supply(ADAPTOR, "CB bin 0 0.1 IC=12.6", "IL vraw 0 0.06\nRB bat 0 5k")
    text = text.replace("D3 i2 bat DSCHP", "D3 i2 bat DRECT")
    assert run("silicon", text, "tran 10m 20 uic", {"bat": "avg v(bat) from=18 to=20"})["bat"] < 13.45


# -- battery: cut-off and load test -----------------------------------------------------------------

CORNERS = [(2.436, "0u"), (2.495, "2u"), (2.554, "4u")]  # 2.470 to 2.520 V, 34 mV over temperature


def discharged(vref, iref):
    """The battery falls from 13 to 8 V in 5 s under 0.2 A and rises again; where it is cut and joined."""
    text = f"""
VB bin 0 PWL(0 0 0.1 13 0.5 13 5.5 8 6 8 11 13 12 13)
RW2 bin bat 0.05
{battery_switch(vref, iref)}
RL q 0 60
"""
    found = {"cut": "find v(bat) when v(q)=4 fall=1", "join": "find v(bat) when v(q)=4 rise=last"}
    return run("cut-off", text, "tran 2m 12 uic", found)


@pytest.mark.parametrize("vref, iref", CORNERS)
def test_an_empty_battery_is_cut_off_before_it_is_ruined_and_joined_only_when_it_is_charged(vref, iref):
    got = discharged(vref, iref)
    assert 10.0 < got["cut"] < 11.1  # 1.75 V a cell is 10.5 V; 1.67 V is ruin
    assert got["join"] > got["cut"] + 1.2  # an empty battery rises by less than this when its load goes
    assert got["join"] < 12.8  # a full one that was just connected starts the post without mains


def test_seeded_fault_without_r50_the_cut_off_chatters():
    text = battery_switch().replace(f"R50 q ref {value(C, 'R50')}\n", "")
    text = f"VB bin 0 PWL(0 0 0.1 13 0.5 13 5.5 8 6 8 11 13 12 13)\nRW2 bin bat 0.05\n{text}\nRL q 0 60\n"
    found = {"cut": "find v(bat) when v(q)=4 fall=1", "join": "find v(bat) when v(q)=4 rise=last"}
    got = run("no r50", text, "tran 2m 12 uic", found)
    assert got["join"] - got["cut"] < 0.6


LOW_MV = 11_800  # below it the hub says that a post's battery is low


def loaded(battery, load=True):
    """Volts at the divider after a second of the load test, the adaptor at work."""
    test = f"R53 bat rb {value(C, 'R53')}\nM10 rb tg 0 0 MSMALL\nVT tg 0 PULSE(0 3 0.5 1u 1u 5 9)"
    text = supply(ADAPTOR, battery, "IL vraw 0 0.06" + ("\n" + test if load else ""))
    return run("load", text, "tran 2m 1.6", {"bat": "find v(bat) at=1.5"})["bat"]


def battery_of(ohm):
    return f"VB bi 0 12.9\nRI bi bin {ohm}"


def test_a_battery_that_is_gone_reads_low_under_the_load_and_a_good_one_does_not():
    from kentongan_hub.devices import supervision

    assert supervision.POST_BATTERY_LOW_MV == LOW_MV
    assert loaded("RB bin 0 1e6") * 1e3 < LOW_MV - 1_000
    assert loaded(battery_of(4)) * 1e3 < LOW_MV  # too worn for a siren of 2 A
    assert loaded(battery_of(0.3)) * 1e3 > LOW_MV + 300  # aged, still good


def test_seeded_fault_without_the_load_a_battery_that_is_gone_reads_full():
    assert loaded("RB bin 0 1e6", load=False) > 13


def test_the_load_ends_by_itself_though_the_program_holds_its_pin():
    """R53 is of 5 W: 16 W for some seconds, 100 J, never for good."""
    for scale, threshold in itertools.product((0.8, 1.2), (0.65, 1.45)):  # C17; AO3400A's gate
        farad, ohm = value(C, "C17") * scale, value(C, "R52")
        text = f"VP p 0 PULSE(0 3.3 10m 1u 1u 90 99)\nC17 p g {farad}\nR52 g 0 {ohm}"
        off = run("pulse", text, "tran 10m 20", {"t": f"when v(g)={threshold} fall=1"})["t"]
        assert 1.5 < off < 7  # a second to read in; the resistor's class stands it


def test_seeded_fault_with_c17_shorted_the_load_stays():
    text = f"VP p 0 PULSE(0 3.3 10m 1u 1u 90 99)\nRC p g 1\nR52 g 0 {value(C, 'R52')}"
    assert run("stuck", text, "tran 10m 20", {"g": "min v(g) from=1"})["g"] > 1.45


SOUNDING = "RL vraw 0 7\nCI i2 0 10n"  # 1.5 A from an empty battery, 1.8 A from a full one
FALLEN = "VB bin 0 PWL(0 13 0.3 13 0.6 10.8)"  # it was full when the post started


@pytest.mark.parametrize("battery, drop", [(FULL, 0.2), (FALLEN, 0.25)])
def test_without_mains_the_battery_feeds_the_siren_with_little_loss(battery, drop):
    got = run(
        "battery",
        supply(NONE, battery, SOUNDING),
        "tran 1m 1 uic",
        {"d": "avg par('v(bat)-v(vraw)') from=0.8 to=1", "psu": "avg v(psu) from=0.8 to=1"},
    )
    assert got["d"] < drop
    assert got["psu"] < 1.0  # the mains input reads absent


def test_seeded_fault_without_q1_the_body_diode_wastes_the_battery():
    text = supply(NONE, FALLEN, SOUNDING).replace("M1 q gp vraw vraw MPCH\n", "")
    assert run("no q1", text, "tran 1m 1 uic", {"d": "avg par('v(bat)-v(vraw)') from=0.8 to=1"})["d"] > 0.25


FAILING = "BA pin 0 V = time < 0.5 ? 13.8 : 13.8*exp(-(time-0.5)/5m)"


def lowest(text):
    return run("change", text, "tran 50u 0.7", {"low": "min v(vraw) from=0.3"})["low"]


def test_the_change_to_battery_does_not_reset_the_radio_board():
    assert lowest(supply(FAILING, FULL, "IL vraw 0 1.5")) > 9  # the 5 V module needs 6.5 V


def test_seeded_fault_with_f2_blown_the_radio_board_would_reset():
    assert lowest(supply(FAILING, "RB bin 0 1k", "RL vraw 0 9")) < 6.5


@pytest.mark.parametrize("adaptor", [NONE, ADAPTOR])
def test_a_reversed_battery_harms_nothing_and_blows_its_fuse(adaptor):
    got = run(
        "reversed",
        supply(adaptor, "VB bin 0 -12.6", "RL vraw 0 220"),
        "tran 1m 0.2",
        {"low": "min v(vraw)", "fuse": "min par('v(bin)-v(bat)')", "bat": "min v(bat)"},
    )
    assert got["low"] > -1.0
    assert -got["fuse"] / 0.05 > 5 * value(C, "F2")  # five times its rating: gone in a moment


def test_seeded_fault_without_d4_the_fuse_of_a_reversed_battery_would_hold():
    text = supply(NONE, "VB bin 0 -12.6").replace("D4 0 bat DTVS18\n", "")
    got = run("no d4", text, "tran 1m 0.2", {"fuse": "min par('v(bin)-v(bat)')"})
    assert -got["fuse"] / 0.05 < value(C, "F2")


SURGE = "VS s 0 EXP(13.8 500 1m 1u 1.05m 20u)\nRS s pin 12"  # 500 V behind 12 ohm, as IEC 61000-4-5


def test_a_surge_on_the_adaptors_line_is_clamped_below_every_rating():
    got = run("surge", supply(SURGE, FULL), "tran 0.2u 1.4m", {"vraw": "max v(vraw)", "psu": "max v(psu)"})
    assert got["vraw"] < BUCK_MAX_V
    assert got["psu"] < 35


def test_seeded_fault_without_the_tvs_the_surge_goes_through():
    text = supply(SURGE, "RB bin 0 10k").replace("D1 0 psu DTVS18\n", "").replace("D4 0 bat DTVS18\n", "")
    text = text.replace(f"C1 vraw 0 {value(C, 'C1')} IC=0", "C1 vraw 0 100n IC=0")
    assert run("no tvs", text, "tran 0.2u 1.4m", {"psu": "max v(psu)"})["psu"] > 60


# -- earth: what of a surge passes the radio board ---------------------------------------------------

METRE = 1e-6  # H of a metre of wire
ON_BOARD_M = 0.15  # from J7 past the terminals to the radio board's ground


def lengths(text):
    """Metres of the board's earth K7, the pigtail K9 and the arrester's earth K11 in the wiring sheet."""
    return [float(re.search(rf"  {name}: .*?length: ([\d.]+)", text)[1]) for name in ("K7", "K9", "K11")]


def through_the_radio_board(text, where, earthed=True):
    """Share of a surge of 8/20 us into `where` that goes along the pigtail: arrester or board."""
    board, pigtail, arrester = lengths(text)
    netlist = f"""
IS 0 {where} EXP(0 1000 0 8u 20u 20u)
LP arrester ma {pigtail * METRE}
RP ma mb 0.05
LB mb board {ON_BOARD_M * METRE}
{f"LE board ea {board * METRE}" if earthed else "RX board 0 1e6"}
{"RE ea bolt 0.002" if earthed else ""}
LA arrester aa {arrester * METRE}
RA aa bolt 0.002
LG bolt ga 2u
RG ga 0 10
RL board 0 1e6
"""
    measured = {"hot": "max par('abs(v(ma)-v(mb))')"}
    return run("earth", netlist, "tran 0.1u 60u", measured)["hot"] / 0.05 / PEAK_A


PEAK_A = 916  # of the pulse above, which EXP does not let rise to its 1000


def test_most_of_a_surge_goes_round_the_radio_board_whether_it_comes_by_antenna_or_by_a_supply():
    sheet = wiring.source("sirene")
    assert through_the_radio_board(sheet, "arrester") < 0.2
    assert through_the_radio_board(sheet, "board") < 0.2


def test_seeded_fault_a_board_without_its_own_earth_sends_every_surge_of_a_supply_through_the_radio_board():
    """Revision A: GD1 between ground and earth, shorted by the antenna's braid."""
    assert through_the_radio_board(wiring.source("sirene"), "board", earthed=False) > 0.9


def test_seeded_fault_a_long_wire_from_the_arrester_is_seen():
    long = wiring.source("sirene").replace("6 mm2, length: 0.15", "6 mm2, length: 2.5")
    assert through_the_radio_board(long, "arrester") > 0.5
