"""The button's circuits in ngspice, at the corners of cell, parts and heat; values are the circuit's own."""

import itertools
import shutil

import pytest
from conftest import require
from kentongan_hw import build
from kentongan_hw.checks.spice import run, value
from kentongan_hw.parts import signals
from kentongan_hw.parts.circuit import catalogue
from kentongan_hw.power import figures

APT = "run .ci/kicad"
C = build.circuit_of("button")
LOGIC_LOW, LOGIC_HIGH = 0.25 * 3.3, 0.75 * 3.3  # ESP32-S3 inputs, data sheet
CLAMP_MA = 6.0  # into a pin's own diodes for a millisecond: our choice, no data sheet promises any
PTC_OHM = (0.10, 0.30)  # 1.0 A class: new and cold; one hour after it has tripped
SENDING_A = (figures.SX1262_TX.ma + figures.CPU.ma) / 1e3
FULL_A = SENDING_A + (figures.BUZZER.ma + figures.MOTOR.ma + figures.LAMP.ma) / 1e3
PROTECT_V, CHARGED_V = 2.5, 4.25  # of a protected lithium-ion cell: its protector opens, its charger stops
BROWN_OUT_V = 2.44  # the ESP32-S3's own detector


@pytest.fixture(autouse=True)
def ngspice():
    require(shutil.which("ngspice"), "ngspice", APT)


# -- 18650 ----------------------------------------------------------------------------------------


def cell(volts, load, ohm=0.15, ptc=PTC_OHM[1]):
    """J1 to J2: cell with its protector, F1, Q1; the Heltec's own 3.3 V regulator, 0.3 V lost at 0.3 A."""
    return f"""
VC c 0 {volts}
RC c sel_in {ohm}
RF1 sel_in sel {ptc}
MQ1 sel g1 out out MPSMALL
DQ1 sel out DRECT
R1 g1 0 {value(C, "R1")}
BREG r33 0 V = max(0, min(3.3, v(out) - 1.0*i(VREG)))
VREG r33 v33 0
BDRAW out 0 I = i(VREG)
{load}
"""


@pytest.mark.parametrize("ptc", PTC_OHM)
@pytest.mark.parametrize("volts", [3.7, 4.0, CHARGED_V])
def test_a_cell_carries_radio_buzzer_and_motor_at_once(volts, ptc):
    pulse = f"IL v33 0 PULSE(0 {FULL_A} 10m 10u 10u 100m 1)"
    got = run(
        "cell", cell(volts, pulse, ptc=ptc), "tran 50u 120m", {"low": "min v(v33)", "out": "min v(out)"}
    )
    assert got["low"] > 3.0  # what the ESP32-S3 and the SX1262 are specified for
    assert volts - got["out"] < 0.2


def test_an_empty_cell_still_sends_above_the_brown_out():
    pulse = f"IL v33 0 PULSE(0 {SENDING_A} 10m 10u 10u 100m 1)"
    got = run("empty", cell(3.0, pulse), "tran 50u 120m", {"low": "min v(v33)"})
    assert got["low"] > BROWN_OUT_V + 0.1


def test_seeded_fault_a_smaller_polyfuse_would_brown_out():
    """1.3 ohm, a 0.4 A one after a trip."""
    pulse = f"IL v33 0 PULSE(0 {FULL_A} 10m 10u 10u 100m 1)"
    assert (
        run("thin", cell(3.0, pulse, ptc=1.3), "tran 50u 120m", {"low": "min v(v33)"})["low"]
        < BROWN_OUT_V + 0.1
    )


@pytest.mark.parametrize("volts", [-CHARGED_V, -3.0])
def test_a_cell_the_wrong_way_round_reaches_nothing(volts):
    got = run(
        "reversed",
        cell(volts, "RL v33 0 1k\nRO out 0 100k"),
        "tran 1m 50m",
        {"low": "min v(out)", "i": "max par('abs(i(VC))')"},
    )
    assert got["low"] > -0.1
    assert got["i"] < 1e-3


def test_seeded_fault_without_q1_a_reversed_cell_gets_through():
    text = cell(-3.7, "RL v33 0 1k\nRO out 0 100k").replace("MQ1 sel g1 out out MPSMALL", "RQ1 sel out 1m")
    assert run("no q1", text, "tran 1m 50m", {"low": "min v(out)"})["low"] < -2


def test_the_charger_of_the_radio_board_reaches_the_cell_through_q1_and_f1():
    """USB plugged in: 0.5 A from J2 back to J1; F1 holds 1.0 A."""
    text = cell(3.6, "IC 0 out 0.5").replace(
        "BREG r33 0 V = max(0, min(3.3, v(out) - 1.0*i(VREG)))", "RREG r33 0 1"
    )
    got = run(
        "charge",
        text,
        "tran 1m 50m",
        {"i": "avg i(VC) from=30m", "d": "avg par('v(out)-v(sel_in)') from=30m"},
    )
    assert 0.45 < got["i"] < C.part("F1").row["i_max"]
    assert got["d"] < 0.25
    assert got["i"] > catalogue()["PTC_040"]["i_max"]  # seeded fault: the smaller polyfuse does not hold it


# -- 2xAA -----------------------------------------------------------------------------------------


def two_aa(volts, ohm, load, ptc=PTC_OHM[1], efficiency=0.85):
    """J3 to the 3V3 pin: cells, F2, Q2, and U1 as constant power that gives up below 1.8 V at its input."""
    return f"""
VC c 0 {volts}
RC c aa_in {ohm}
RF2 aa_in aa {ptc}
MQ2 aa g2 aap aap MPSMALL
DQ2 aa aap DRECT
R2 g2 0 {value(C, "R2")}
CIN aap 0 22u
BON on 0 V = 1/(1+exp(-60*(v(aap)-1.8)))
BREG r33 0 V = 3.3*v(on)
VREG r33 rr 0
RREG rr v33 0.05
C1 v33 0 {value(C, "C1")} IC=3.3
BIN aap 0 I = 3.3*v(on)*i(VREG)/({efficiency}*max(1.0, v(aap))) + 50u*v(on)
{load}
"""


SEND = f"IL v33 0 PULSE(0 {SENDING_A} 10m 50u 50u 170m 1)"
FULL = f"IL v33 0 PULSE(0 {FULL_A} 10m 50u 50u 170m 1)"


@pytest.mark.parametrize(
    "volts, ohm, load",
    [
        (3.6, 0.25, FULL),  # fresh lithium
        (3.0, 0.4, FULL),  # lithium in use, alkaline new
        (2.6, 0.6, SEND),  # alkaline half empty
        (2.4, 0.4, SEND),  # lithium nearly empty
    ],
)
def test_two_aa_carry_a_frame_over_their_life(volts, ohm, load):
    got = run(
        "aa",
        two_aa(volts, ohm, load),
        "tran 20u 190m uic",
        {"low": "min v(v33) from=5m", "in": "min v(aap) from=5m"},
    )
    assert got["low"] > 3.0 and got["in"] > 1.8


def test_fresh_lithium_cells_never_reach_the_3v3_pin_with_more_than_its_limit():
    got = run("fresh", two_aa(3.7, 0.2, "RL v33 0 100k"), "tran 20u 50m uic", {"high": "max v(v33)"})
    assert got["high"] < 3.6
    without = two_aa(3.7, 0.2, "RL v33 0 100k").replace("BREG r33 0 V = 3.3*v(on)", "BREG r33 0 V = v(aap)")
    assert run("jumpered", without, "tran 20u 50m uic", {"high": "find v(v33) at=49m"})["high"] > 3.6


def test_seeded_fault_worn_alkaline_cells_sag_and_the_rail_falls():
    """1.2 ohm a pair at 2.2 V: the converter's input falls below what it needs. Change such cells before."""
    got = run("worn", two_aa(2.2, 1.2, FULL), "tran 20u 190m uic", {"low": "min v(v33) from=5m"})
    assert got["low"] < BROWN_OUT_V


def test_two_aa_the_wrong_way_round_reach_nothing():
    text = two_aa(-3.0, 0.4, "RL v33 0 1k").replace("IC=3.3", "IC=0")
    got = run("reversed aa", text, "tran 20u 50m uic", {"low": "min v(aap)", "i": "max par('abs(i(VC))')"})
    assert got["low"] > -0.1 and got["i"] < 1e-3


def test_seeded_fault_without_q2_reversed_cells_get_through():
    text = two_aa(-3.0, 0.4, "RL v33 0 1k").replace("IC=3.3", "IC=0")
    text = text.replace("MQ2 aa g2 aap aap MPSMALL", "RQ2 aa aap 1m")
    assert run("no q2", text, "tran 20u 50m uic", {"low": "min v(aap)"})["low"] < -1


# -- battery's own measure ------------------------------------------------------------------------


def test_the_radio_boards_divider_reads_a_cell_over_its_range_within_2_percent():
    """390k/100k on the Heltec, 1 % each; the pins' file says x4.9."""
    ratio = signals.board_of("button")["battery"]["ratio_x10"] / 10
    for volts, du, dl in itertools.product((PROTECT_V, 3.7, CHARGED_V), (0.99, 1.01), (0.99, 1.01)):
        adc = divided(volts, du, dl)
        assert 0.45 < adc < 1.0  # within the ADC's linear part
        assert abs(adc * ratio / volts - 1) < 0.02


def divided(volts, du, dl):
    text = f"VB b 0 {volts}\nRU b a {390e3 * du}\nRL a 0 {100e3 * dl}\nCA a 0 100n\n"
    return run("divider", text, "tran 1m 0.2", {"a": "find v(a) at=0.19"})["a"]


def test_seeded_fault_resistors_of_5_percent_are_seen_in_the_cells_divider():
    assert abs(divided(3.7, 1.05, 0.95) * 4.9 / 3.7 - 1) > 0.02


# -- contacts -------------------------------------------------------------------------------------

# (pull-up, series, capacitor, net); J4's two have a TVS that leaks at most 1 uA at 15 V: 0.2 uA here, x8 hot.
CONTACTS = (
    ("R3", "R4", "C2", 1.8e-6),
    ("R5", "R6", "C3", 0.4e-6),
    ("R9", "R10", "C4", 0),
    ("R11", "R12", "C5", 0),
)
PIN_LEAK_A = 50e-9
OWN_PULL_OHM = (30e3, 60e3)  # of the chip, which the firmware switches on: 45k typical


def contact(refs, key, leak, drift=1.0):
    pull, series, cap = refs
    at = "k" if "_K" in "".join(C.part(pull).nets.values()) else "n"  # before or behind the series resistor
    return f"""
V33 v33 0 3.3
RP v33 {at} {value(C, pull) * drift}
CN n 0 {value(C, cap)}
RS n k {value(C, series)}
IL1 k 0 {leak}
IL2 n 0 {PIN_LEAK_A}
{key}
"""


@pytest.mark.parametrize("pull, series, cap, leak", CONTACTS)
def test_open_reads_high_and_closed_reads_low_in_every_corner(pull, series, cap, leak):
    for drift in (0.95, 1.05):
        opened = run(
            "open",
            contact((pull, series, cap), "RK k 0 1e9", leak, drift),
            "tran 1m 0.2",
            {"n": "find v(n) at=0.19"},
        )
        assert opened["n"] > LOGIC_HIGH
        for own in OWN_PULL_OHM:
            dirt = 200 if value(C, pull) < 10e3 else 500  # ohm of the contact and its cable: wetted or dry
            text = contact((pull, series, cap), f"RK k 0 {dirt}\nRI v33 n {own}", leak, drift)
            assert run("closed", text, "tran 1m 0.2", {"n": "find v(n) at=0.19"})["n"] < LOGIC_LOW


def test_seeded_fault_ten_kilohm_in_series_would_hide_a_press_from_a_pin_with_its_own_pull_up():
    text = contact(("R3", "R4", "C2"), f"RK k 0 500\nRI v33 n {OWN_PULL_OHM[0]}", 0)
    text = text.replace(f"RS n k {value(C, 'R4')}", "RS n k 10k")
    assert run("10k", text, "tran 1m 0.2", {"n": "find v(n) at=0.19"})["n"] > LOGIC_LOW


def test_seeded_fault_a_leaky_6v8_suppressor_would_press_the_button_by_itself():
    """P6KE6.8A may leak 1 mA at 5.8 V."""
    got = run(
        "leaky", contact(("R3", "R4", "C2"), "RK k 0 1e9", 1e-3), "tran 1m 0.2", {"n": "find v(n) at=0.19"}
    )
    assert got["n"] < LOGIC_HIGH


def test_a_press_is_seen_at_once_and_bounce_does_not_ring():
    bounce = "SK k 0 c 0 SW\n.model SW SW(VT=0.5 RON=0.2 ROFF=1G)\nVC c 0 PULSE(0 1 5m 1u 1u 400u 1m)"
    text = contact(("R3", "R4", "C2"), bounce, 0)
    got = run("bounce", text, "tran 5u 20m", SEEN)
    assert got["t"] < 6e-3  # within a millisecond of the first touch
    assert got["low"] > -0.1


SEEN = {"t": "when v(n)=0.825 fall=1", "low": "min v(n)"}


def test_seeded_fault_a_microfarad_at_the_contact_is_seen_as_late():
    text = contact(
        ("R3", "R4", "C2"),
        "SK k 0 c 0 SW\n.model SW SW(VT=0.5 RON=0.2 ROFF=1G)\nVC c 0 PULSE(0 1 5m 1u 1u 1 2)",
        0,
    ).replace(f"CN n 0 {value(C, 'C2')}", "CN n 0 1u")
    assert run("slow", text, "tran 5u 60m", SEEN)["t"] > 6e-3


def closed_a(pull_ohm):
    """Amperes through a closed NC contact, all day."""
    return 3.3 / (pull_ohm + value(C, "R6"))


def test_the_closed_nc_contact_costs_little():
    assert closed_a(value(C, "R5")) < 4e-6  # beside 15 uA of sleep


def test_seeded_fault_a_pull_up_of_100k_doubles_the_sleep_current():
    assert closed_a(100e3) > 15e-6


WETTING_A = 1e-3  # keeps a silver contact in a humid wall clean: our choice, no maker's figure was found


def wetted_a(ref, rail=3.0):
    """Amperes through a contact that closes, at the lowest rail."""
    part = C.part(ref)
    return rail / value(C, ref) if "_K" in "".join(part.nets.values()) else rail / (value(C, ref) + 4.7e3)


@pytest.mark.parametrize("ref", ["R3", "R9"])
def test_the_contacts_that_call_for_help_are_wetted(ref):
    assert wetted_a(ref) >= WETTING_A


def test_seeded_fault_100_kilohm_leaves_a_silver_contact_dry():
    assert WETTING_A > 3.0 / 100e3
    assert wetted_a("R5") < WETTING_A  # NC is dry by choice: open alone is a fault


SURGE = "VS s 0 EXP(0 500 1m 1u 1.05m 20u)\nRS1 s k 12"  # 500 V behind 12 ohm, as IEC 61000-4-5


def surge(series, clamp="DT 0 k DTVS18S"):
    return f"""
V33 v33 0 3.3
RP v33 k {value(C, "R3")}
CN n 0 {value(C, "C2")}
RS n k {series}
DH n v33 DSIG
DL 0 n DSIG
{clamp}
{SURGE}
"""


def test_a_surge_on_the_wall_buttons_cable_leaves_little_for_the_pin():
    got = run("surge", surge(value(C, "R4")), "tran 0.2u 1.4m", {"n": "max v(n)", "k": "max v(k)"})
    assert got["n"] < 3.3 + 1.0
    assert 1e3 * (got["k"] - got["n"]) / value(C, "R4") < CLAMP_MA


def test_seeded_fault_without_the_suppressor_the_pin_takes_it_all():
    got = run("bare", surge(value(C, "R4"), ""), "tran 0.2u 1.4m", {"n": "max v(n)", "k": "max v(k)"})
    assert 1e3 * (got["k"] - got["n"]) / value(C, "R4") > CLAMP_MA


def test_no_contact_hangs_on_a_pin_that_decides_how_the_chip_boots():
    strapping = signals.board_of("button")["chip"]["strapping"]
    assert not {s.gpio for s in signals.load("button")} & set(strapping)


# -- buzzer and motor -----------------------------------------------------------------------------


def coil(gpio, gate, ohm, henry, diode):
    return f"""
V33 v33 0 3.3
{gpio}
RG gpio 0 {value(C, gate)}
MQ n gpio 0 0 MSMALL
{"DF n v33 DSIG" if diode else "CS n 0 50p"}
LM v33 m {henry}
RM m n {ohm}
"""


DRIVE = "VG gpio 0 PULSE(0 3.0 1m 1u 1u 20m 1)"
SHORT = "VG gpio 0 PULSE(0 3.0 1m 1u 1u 1m 1)"  # thirty time constants of either coil
LOADS = (("R14", 3.3 / (figures.BUZZER.ma / 1e3), 5e-3), ("R15", 3.3 / (figures.MOTOR.ma / 1e3), 0.5e-3))


@pytest.mark.parametrize("gate, ohm, henry", LOADS)
def test_buzzer_and_motor_are_switched_fully_and_their_kick_is_caught(gate, ohm, henry):
    got = run(
        "drive",
        coil(DRIVE, gate, ohm, henry, True),
        "tran 1u 40m",
        {"on": "avg v(n) from=10m to=20m", "peak": "max v(n)"},
    )
    assert got["on"] < 0.05
    assert got["peak"] < 3.3 + 1.5  # the AO3400 class stands 30 V


@pytest.mark.parametrize("gate, ohm, henry", LOADS)
def test_seeded_fault_without_its_diode_the_kick_is_above_the_mosfets_limit(gate, ohm, henry):
    got = run("no diode", coil(SHORT, gate, ohm, henry, False), "tran 0.2u 3m", {"peak": "max v(n)"})
    assert got["peak"] > C.part("Q3").row["v_max"]


@pytest.mark.parametrize("gate, ohm, henry", LOADS)
def test_a_floating_pin_in_reset_leaves_buzzer_and_motor_off(gate, ohm, henry):
    leak = f"IL 0 gpio {PIN_LEAK_A}"
    got = run(
        "reset", coil(leak, gate, ohm, henry, True), "tran 10u 50m", {"g": "max v(gpio)", "on": "min v(n)"}
    )
    assert got["g"] < 0.3 and got["on"] > 3.2


def test_seeded_fault_without_the_pull_down_the_motor_runs_in_reset():
    text = coil(f"IL 0 gpio {PIN_LEAK_A}", "R15", 47, 0.5e-3, True)
    text = text.replace(f"RG gpio 0 {value(C, 'R15')}", "RG gpio 0 1e9")
    assert run("float", text, "tran 1m 2", {"on": "min v(n)"})["on"] < 2.0


# -- adaptor of the penerima ----------------------------------------------------------------------


def adaptor(source, load="RL v5 0 10", clamp=True):
    return f"""
{source}
RF3 in f {PTC_OHM[0]}
{"DD6 0 f DTVS6" if clamp else ""}
MQ5 f g5 v5 v5 MPSMALL
DQ5 f v5 DRECT
R18 g5 0 {value(C, "R18")}
C5V v5 0 10u
R7 v5 ada {value(C, "R7")}
R8 ada 0 {value(C, "R8")}
{load}
"""


def test_the_adaptor_feeds_the_5_v_pin_with_little_loss():
    got = run("5 v", adaptor("VA in 0 4.9", "IL v5 0 0.7"), "tran 1m 50m", {"v5": "avg v(v5) from=30m"})
    assert got["v5"] > 4.7  # 0.5 A of charging and a frame


def test_seeded_fault_a_diode_instead_of_q5_loses_too_much():
    text = adaptor("VA in 0 4.9", "IL v5 0 0.7").replace("MQ5 f g5 v5 v5 MPSMALL\n", "")
    assert run("diode", text, "tran 1m 50m", {"v5": "avg v(v5) from=30m"})["v5"] < 4.7


def test_a_reversed_adaptor_reaches_nothing_and_trips_its_fuse():
    got = run(
        "-5 v",
        adaptor("VA a 0 -5.2\nRA a in 0.2"),
        "tran 1m 50m",
        {"v5": "min v(v5)", "i": "max par('abs(i(VA))')"},
    )
    assert got["v5"] > -0.1
    assert got["i"] > 2 * C.part("F3").row["i_max"]


def test_seeded_fault_without_q5_a_reversed_adaptor_reaches_the_radio_board():
    text = adaptor("VA a 0 -5.2\nRA a in 0.2").replace("MQ5 f g5 v5 v5 MPSMALL", "RQ5 f v5 1m")
    assert run("no q5", text, "tran 1m 50m", {"v5": "min v(v5)"})["v5"] < -0.5


def test_the_adaptors_presence_is_read_within_the_pins_limits():
    for volts, upper, lower in itertools.product((4.6, 5.0, 5.25), (0.99, 1.01), (0.99, 1.01)):
        text = (
            adaptor(f"VA in 0 {volts}", "RL v5 0 100")
            .replace(f"R7 v5 ada {value(C, 'R7')}", f"R7 v5 ada {value(C, 'R7') * upper}")
            .replace(
                f"R8 ada 0 {value(C, 'R8')}",
                f"R8 ada 0 {value(C, 'R8') * lower}\nR5 v33 ada {value(C, 'R5')}\nV33 v33 0 3.3",
            )
        )
        got = run("ada", text, "tran 1m 50m", {"a": "find v(ada) at=49m"})
        assert LOGIC_HIGH < got["a"] < 3.3
    gone = adaptor("RA in 0 1k", "V33 v33 0 3.3\nR5 v33 ada 1meg")
    assert run("gone", gone, "tran 1m 50m", {"a": "find v(ada) at=49m"})["a"] < LOGIC_LOW


def test_seeded_fault_swapped_divider_resistors_are_seen():
    text = (
        adaptor("VA in 0 5.0")
        .replace(f"R7 v5 ada {value(C, 'R7')}", f"R7 v5 ada {value(C, 'R8')}")
        .replace(f"R8 ada 0 {value(C, 'R8')}", f"R8 ada 0 {value(C, 'R7')}")
    )
    assert run("swapped", text, "tran 1m 50m", {"a": "find v(ada) at=49m"})["a"] < LOGIC_HIGH
