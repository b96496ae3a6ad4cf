"""Runs ngspice in batch mode and reads its measurements; values come from the circuit itself."""

import re
import subprocess

from kentongan_hw.checks.rules import number

# Behaviour of the kinds of part, not of one maker's: limits of the data sheets where they matter.
MODELS = """
.model DSIG D(IS=4n N=1.9 RS=0.6 BV=75 CJO=4p TT=6n)
.model DRECT D(IS=5n N=1.8 RS=0.03 BV=400 CJO=50p TT=2u)
.model DSCHP D(IS=50u N=1.2 RS=0.03 BV=60 CJO=300p TT=5n)
.model DSCHS D(IS=200n N=1.1 RS=2 BV=30 CJO=10p TT=3n)
.model DTVS18 D(IS=1n N=1.2 RS=0.10 BV=18 IBV=1m CJO=2n)
.model DZ15 D(IS=1n N=1.5 RS=5 BV=15 IBV=5m)
.model DZ12 D(IS=1n N=1.5 RS=5 BV=12 IBV=5m)
.model DLED D(IS=1e-18 N=1.35 RS=2)
.model QNPN NPN(IS=1e-14 BF=200 VAF=80 CJE=10p CJC=4p)
.model MPOW NMOS(LEVEL=1 VTO=1.8 KP=20 RD=0.012 RS=0.006 CGSO=1.5n CGDO=0.5n)
.model MPCH PMOS(LEVEL=1 VTO=-3.2 KP=12 RD=0.01 RS=0.008 CGSO=3n CGDO=1n)
.model DTVS18S D(IS=1n N=1.2 RS=0.30 BV=18 IBV=1m CJO=1n)
.model DTVS6 D(IS=1n N=1.2 RS=0.05 BV=6.8 IBV=10m CJO=4n)
.model MPSMALL PMOS(LEVEL=1 VTO=-1.3 KP=9 RD=0.01 RS=0.01 CGSO=0.5n CGDO=0.1n)
.model MSMALL NMOS(LEVEL=1 VTO=1.1 KP=6 RD=0.02 RS=0.02 CGSO=0.5n CGDO=0.1n)
"""


class SpiceError(RuntimeError):
    """ngspice failed, or a measurement has no value; the text is its output."""


def value(circuit, ref):
    return number(circuit.part(ref).value)


def run(title, netlist, analysis, measures):
    """{name: float} of measures {name: "max v(x) from=.."}; SpiceError when one has no value."""
    kind = analysis.split()[0]
    lines = [
        title,
        MODELS,
        netlist,
        f".{analysis}",
        *(f".meas {kind} {name} {what}" for name, what in measures.items()),
        ".end",
        "",
    ]
    done = subprocess.run(
        ["ngspice", "-b", "/dev/stdin"], input="\n".join(lines), capture_output=True, text=True, timeout=120
    )
    text = done.stdout + done.stderr
    result = {}
    for name in measures:
        match = re.search(rf"^{name.lower()}\s*=\s*([-+0-9.eE]+)", text, re.MULTILINE)
        if match is None:
            raise SpiceError(f"{title}: no value for {name}\n{text}")
        result[name] = float(match.group(1))
    return result


def opto(anode, cathode, emitter, collector, ctr):
    """Return an optocoupler: LED, current mirrored with the transfer ratio, saturating; dark leakage."""
    return f"""
DOPT {anode} opt_m DLED
VOPT opt_m {cathode} 0
BOPT {collector} {emitter} I = max(0, {ctr}*i(VOPT))*tanh(max(0, v({collector},{emitter}))/0.2) + 100n
"""
