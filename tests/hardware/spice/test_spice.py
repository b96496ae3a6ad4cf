"""The siren post's circuits in ngspice, at the corners of parts and supply; values are the circuit's own."""

import itertools
import math
import shutil

import pytest
from conftest import require
from kentongan_hw import build
from kentongan_hw.checks import spice
from kentongan_hw.checks.spice import run, value

APT = "run .ci/kicad"
C = build.circuit_of("siren")
CTR_MIN, CTR_MAX = 0.5, 6.0  # PC817 class without a rank
BATTERY_V = (10.5, 12.6, 14.6)  # empty, resting, charged hot


@pytest.fixture(autouse=True)
def ngspice():
    require(shutil.which("ngspice"), "ngspice", APT)


def driver(gpio, vin, diode=True, ctr=CTR_MIN, siren="RS sp sl 9\nLS sl sn 2m"):
    """The siren's output: GPIO source line, supply, flyback diode or not."""
    return f"""
V12 v12 0 {vin}
RF v12 sp 0.05
{gpio}
R6 gpio oa {value(C, "R6")}
{spice.opto("oa", "0", "oe", "v12", ctr)}
R8 oe 0 {value(C, "R8")}
R9 oe g {value(C, "R9")}
R10 g 0 {value(C, "R10")}
D7 0 g DZ12
M2 sn g sh 0 MPOW
R11 sh 0 {value(C, "R11")}
{"D8 sn sp DSCHP" if diode else "CSTRAY sn 0 100p"}
{siren}
"""


BEAT = "VG gpio 0 PULSE(0 3.3 1m 1u 1u 150m 400m)"


@pytest.mark.parametrize("vin", BATTERY_V)
def test_the_siren_is_switched_fully_at_every_battery_voltage(vin):
    got = run(
        "on",
        driver(BEAT, vin),
        "tran 20u 200m",
        {
            "vds": "avg par('v(sn)-v(sh)') from=50m to=140m",
            "gate": "avg v(g) from=50m to=140m",
            "shunt": "avg v(sh) from=50m to=140m",
        },
    )
    assert got["vds"] < 0.1
    assert got["gate"] > 8  # plain and logic-level MOSFETs are fully open
    assert got["shunt"] / value(C, "R11") > 0.95 * vin / (9 + 0.3)


def test_the_gate_voltage_stays_within_the_mosfets_limit_in_a_surge():
    assert run("gate", driver(BEAT, 25.2), "tran 20u 200m", {"g": "max v(g)"})["g"] < 16


def test_seeded_fault_without_the_zener_a_surge_is_above_the_gates_limit():
    text = driver(BEAT, 25.2).replace("D7 0 g DZ12\n", "")
    assert run("no d7", text, "tran 20u 200m", {"g": "max v(g)"})["g"] > 20


def test_seeded_fault_one_kilohm_instead_of_r8_leaves_the_mosfet_half_open():
    text = driver(BEAT, 9.0).replace(f"R8 oe 0 {value(C, 'R8')}", "R8 oe 0 1k")
    got = run("weak", text, "tran 20u 200m", {"vds": "avg par('v(sn)-v(sh)') from=50m to=140m"})
    assert got["vds"] > 0.15


@pytest.mark.parametrize("vin", BATTERY_V)
def test_the_diode_takes_the_sirens_kick(vin):
    got = run("kick", driver(BEAT, vin), "tran 1u 170m 145m", {"peak": "max v(sn)"})
    assert got["peak"] < vin + 1.5


def test_seeded_fault_without_the_diode_the_kick_is_far_above_the_mosfets_limit():
    got = run("no diode", driver(BEAT, 12.6, diode=False), "tran 1u 170m 145m", {"peak": "max v(sn)"})
    assert got["peak"] > 55


@pytest.mark.parametrize("vin", BATTERY_V)
def test_a_floating_pin_in_reset_leaves_the_gate_low(vin):
    leak = "RG gpio 0 100MEG\nIL 0 gpio 50n"  # ESP32-S3 input leakage, data sheet limit
    got = run("reset", driver(leak, vin, ctr=CTR_MAX), "tran 10u 20m", {"g": "max v(g)", "i": "max v(sh)"})
    assert got["g"] < 0.8  # below every threshold of the kinds in parts.toml
    assert got["i"] < 1e-3


def without_pull_downs(text):
    for ref in ("R8 oe", "R10 g"):
        line = next(row for row in text.splitlines() if row.startswith(ref))
        text = text.replace(line, line.rsplit(" ", 1)[0] + " 1e9")
    return text


def test_seeded_fault_without_pull_downs_the_gate_floats_up():
    text = without_pull_downs(driver("RG gpio 0 100MEG", 12.6))
    assert run("float", text, "tran 1m 2", {"g": "max v(g)"})["g"] > 1.0


def brown_out():
    supply = "V12 v12 0 PWL(0 14 10m 14 30m 4 60m 4 80m 14 100m 14)"
    return driver("RG gpio 0 100k", 12).replace("V12 v12 0 12", supply)


def test_a_brown_out_never_switches_the_siren_on():
    got = run("brown-out", brown_out(), "tran 20u 100m", {"g": "max v(g)", "i": "max v(sh)"})
    assert got["g"] < 0.5 and got["i"] < 1e-3


def test_seeded_fault_without_pull_downs_a_brown_out_lifts_the_gate():
    text = without_pull_downs(brown_out())
    assert run("brown-out", text, "tran 20u 100m", {"g": "max v(g)"})["g"] > 0.5


def test_a_low_battery_sags_but_the_output_still_opens():
    got = run("sag", driver(BEAT, 9.0), "tran 20u 200m", {"vds": "avg par('v(sn)-v(sh)') from=50m to=140m"})
    assert got["vds"] < 0.15


def cut_off(ctr):
    """The program holds its output on for good; the counter's last bit rises at 50 ms."""
    return (
        driver("VG gpio 0 3.3", 14.6, ctr=ctr)
        + f"""
VQ14 q14 0 PULSE(0 4.6 50m 1u 1u 1 2)
R12 q14 b {value(C, "R12")}
Q3 g b 0 QNPN
"""
    )


@pytest.mark.parametrize("ctr", [CTR_MIN, CTR_MAX])
def test_the_cut_off_closes_the_gate_against_a_stuck_output(ctr):
    got = run(
        "cut-off",
        cut_off(ctr),
        "tran 20u 120m",
        {
            "before": "avg v(sh) from=30m to=45m",
            "after": "max v(sh) from=60m to=120m",
            "oe": "min v(oe) from=60m",
        },
    )
    assert got["before"] > 0.2
    assert got["after"] < 1e-3
    assert got["oe"] > 2  # activity is still seen, so the counter is not reset


def test_seeded_fault_without_q3_a_stuck_output_sounds_on():
    text = cut_off(CTR_MIN).replace("Q3 g b 0 QNPN\n", "")
    assert run("no q3", text, "tran 20u 120m", {"after": "max v(sh) from=60m to=120m"})["after"] > 0.2


# -- maximum-on timer -------------------------------------------------------------------------------


def oscillator_period(rt, ct, threshold):
    """CD4060: R15, C4, R17 around two inverters that switch at threshold of the supply; the period."""
    text = f"""
VDD vdd 0 5
BINV n10 0 V = 5*(1-1/(1+exp(-200*(v(in)-5*{threshold}))))
BBUF n9 0 V = 5*(1/(1+exp(-200*(v(in)-5*{threshold}))))
RO10 n10 o10 200
RO9 n9 o9 200
R15 x o10 {rt}
C4 x o9 {ct} IC=0
R17 x in {value(C, "R17")}
CIN in 0 8p
DCL in vdd DSIG
DCG 0 in DSIG
"""
    return run(
        "oscillator",
        text,
        "tran 20u 200m 20m uic",
        {"t": "trig v(o9) val=2.5 rise=2 targ v(o9) val=2.5 rise=3"},
    )["t"]


COUNTS = 2**13  # Q14 of the CD4060 rises after so many periods
PERMITTED_S = (180.0, 260.0)  # never before the firmware's own 180 s; soon after


def test_the_siren_is_cut_between_180_and_260_s_in_every_corner():
    rt, ct = value(C, "R15"), value(C, "C4")
    for dr, dc, threshold in itertools.product((0.99, 1.01), (0.95, 1.05), (0.4, 0.5, 0.6)):
        seconds = COUNTS * oscillator_period(rt * dr, ct * dc, threshold)
        assert PERMITTED_S[0] < seconds < PERMITTED_S[1], (dr, dc, threshold, seconds)


def test_seeded_fault_a_wrong_timing_resistor_is_seen():
    assert COUNTS * oscillator_period(100e3, value(C, "C4") * 0.95, 0.5) < PERMITTED_S[0]


def quiet_s(r, c, threshold_v):
    """Seconds from the last stroke to the counter's reset: R14 lets C5 rise to the CLR threshold."""
    return r * c * math.log(5 / (5 - threshold_v))


def activity(r14):
    """One stroke of 150 ms, then quiet, at the counter's CLR pin."""
    return f"""
VDD vdd 0 5
VOE oe 0 PULSE(0 10 10m 1u 1u 150m 4)
R7 oe b {value(C, "R7")}
R13 b 0 {value(C, "R13")}
Q4 c b 0 QNPN
R16 hen c {value(C, "R16")}
C5 vdd hen {value(C, "C5") * 0.8} IC=0
R14 vdd hen {r14}
"""


PAUSE = "max v(hen) from=160m to=2.7"


def test_the_counter_runs_through_every_pause_of_a_pattern_and_resets_in_quiet():
    from kentongan_node.sounding import stretch
    from kentongan_wire.base import patterns

    got = run(
        "activity",
        activity(value(C, "R14") * 0.99),
        "tran 1m 4",
        {"low": "min v(hen) from=10m to=160m", "pause": PAUSE},
    )
    assert got["low"] < 0.5  # one stroke of 150 ms discharges C5
    assert got["pause"] < 1.5  # CLR is low up to 30 % of 5 V
    assert patterns.DRILL_PAUSE_MS == 2500  # the longest pause of any pattern
    longest = quiet_s(value(C, "R14") * 1.01, value(C, "C5") * 1.2, 3.5)
    assert quiet_s(value(C, "R14") * 0.99, value(C, "C5") * 0.8, 1.5) > 2.5
    assert longest < 16
    assert longest * 1e3 < stretch.REST_MS  # the program rests longer than any carrier's count needs
    assert PERMITTED_S[0] * 1e3 >= stretch.LIMIT_MS


def test_seeded_fault_a_tenth_of_r14_would_reset_the_counter_in_a_pause():
    assert run("fast", activity(value(C, "R14") / 10), "tran 1m 4", {"pause": PAUSE})["pause"] > 1.5


# -- sensing and watchdog ---------------------------------------------------------------------------


def divided(volts, du, dl):
    """Volts at the ADC with R30 and R31 off by the factors du and dl."""
    upper, lower = value(C, "R30") * du, value(C, "R31") * dl
    text = f"VB bat 0 {volts}\nR30 bat a {upper}\nR31 a 0 {lower}\nC12 a 0 100n\n"
    return run("divider", text, "tran 1m 0.5", {"a": "find v(a) at=0.49"})["a"]


def test_the_divider_stays_in_the_adcs_range_and_within_2_percent():
    for volts, du, dl in itertools.product((10.0, 12.6, 14.6, 15.5), (0.99, 1.01), (0.99, 1.01)):
        adc = divided(volts, du, dl)
        assert adc < 3.0  # ESP32-S3 at 11 dB: to about 3.1 V
        assert abs(adc * 5.7 / volts - 1) < 0.02
    assert divided(10.0, 1, 1) == pytest.approx(10 / 5.7, rel=1e-4)


def test_seeded_fault_resistors_of_5_percent_are_seen_in_the_divider():
    assert abs(divided(12.6, 1.05, 0.95) * 5.7 / 12.6 - 1) > 0.02


@pytest.mark.parametrize("offset", [-9e-3, 0, 9e-3])  # LM393 over temperature
@pytest.mark.parametrize("rail", [3.2, 3.4])
def test_the_current_threshold_lies_between_leakage_and_the_smallest_siren(offset, rail):
    assert 0.03 < threshold_a(rail, offset, value(C, "R20")) < 0.16  # A; a 2 W siren at 12 V draws 0.17 A


def threshold_a(rail, offset, lower):
    return (rail * lower / (value(C, "R19") + lower) + offset) / value(C, "R11")


def test_seeded_fault_a_threshold_above_the_smallest_siren_is_seen():
    assert threshold_a(3.3, 0, 2.2e3) > 0.16


def pump(source):
    return f"""
{source}
C9 d p {value(C, "C9")}
D11 0 p DSCHS
D12 p h DSCHS
C10 h 0 {value(C, "C10")}
R27 h 0 {value(C, "R27")}
"""


BEATS = "BD d 0 V = time < 2 ? 3.3*(sin(6.2832*50*time) > 0 ? 1 : 0) : {level}"


def test_seeded_fault_with_c9_shorted_a_stuck_pin_would_hold_the_relay():
    text = pump(BEATS.format(level=3.3)).replace(f"C9 d p {value(C, 'C9')}", "R9 d p 1")
    assert run("short", text, "tran 1m 7", {"gone": "find v(h) at=6.5"})["gone"] > 2.0


def test_the_heartbeat_holds_the_relay_and_its_end_lets_go():
    for level in (0, 3.3):  # stuck low, stuck high
        got = run(
            "beat",
            pump(BEATS.format(level=level)),
            "tran 1m 7",
            {"held": "min v(h) from=1 to=2", "gone": "find v(h) at=6.5"},
        )
        assert got["held"] > 2.0  # AO3400 class: fully open at 2.5 V, 30 mA need far less
        assert got["gone"] < 0.6  # below the lowest threshold
