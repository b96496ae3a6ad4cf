"""Rules for a netlist beyond ERC: each takes a Circuit and returns its violations, as sentences."""

import re

from kentongan_hw.kicad.ownlib import pin_of
from kentongan_hw.parts import signals
from kentongan_hw.parts.circuit import SIGNAL, catalogue

PULL_MAX_OHM = 1e6
COPPER_RISE_K = 10  # temperature rise allowed for tracks
NEEDED = ("symbol", "footprint", "what", "typical", "alternates", "price_idr", "height")
_UNITS = {"k": 1e3, "M": 1e6, "R": 1.0, "u": 1e-6, "n": 1e-9, "p": 1e-12}


def number(text):
    """Ohms, farads, volts or amperes of a value as written on the drawing: 4k7, 0R22, 100n, T3,15A, 15V."""
    word = text.split()[0].replace(",", ".").lstrip("T")
    match = re.fullmatch(r"(\d+\.?\d*)([kMRunp]?)(\d*)[AV]?", word)
    if match is None:
        raise ValueError(f"{text}: not a value")
    whole, unit, rest = match.groups()
    return float(f"{whole}.{rest}" if rest else whole) * _UNITS.get(unit, 1.0)


def coils(circuit):
    """(ref, net fed, net switched) of everything that kicks back when it is switched off."""
    for part in circuit.parts():
        if part.kind == "RELAY":
            yield part.ref, part.nets["5"], part.nets["2"]
        if part.kind == "BUZZER" or part.value in ("SIRENE", "GETAR"):
            yield part.ref, part.nets["1"], part.nets["2"]


def flyback(circuit):
    kinds = ("D1", "D3A", "DFAST3A", "DSCH")
    diodes = {(p.nets["1"], p.nets["2"]) for p in circuit.parts() if p.kind in kinds}
    return [
        f"{ref}: no diode from {low} to {high}"
        for ref, high, low in coils(circuit)
        if (high, low) not in diodes
    ]


def pull_downs(circuit):
    """Every gate that the radio board or a slow node drives is held low by a resistor."""
    held = set()
    for part in circuit.parts():
        if part.kind == "R" and "GND" in part.nets.values() and number(part.value) <= PULL_MAX_OHM:
            held |= {net for net in part.nets.values() if net != "GND"}
    ties = [set(p.nets.values()) for p in circuit.parts() if p.kind == "R" and number(p.value) <= 47e3]
    found = []
    for part in circuit.parts():
        if part.kind in ("NMOS", "NMOS_SMALL"):
            gate = part.nets["1"]
            near = {gate}.union(*(tie for tie in ties if gate in tie and "GND" not in tie))
            if not near & held and not near & {"TUTUP_L"}:  # the lid's gate is to rise when its loop opens
                found.append(f"{part.ref}: gate net {gate} has no resistor to GND")
    return found


def strapping(circuit, node):
    """Nothing but power on the pins that decide how the chip boots, on USB and flash pins."""
    chip = signals.board_of(node)["chip"]
    radio = next(p for p in circuit.parts() if p.kind == "HELTEC")
    found = []
    for gpio in [*chip["strapping"], *chip["usb_or_flash"]]:
        try:
            net = radio.nets[pin_of(gpio)]
        except ValueError:
            continue  # not brought out
        if net is not None:
            found.append(f"GPIO {gpio} carries {net}")
    return found


def pins_match(circuit, node):
    """List the pins of the radio board whose nets are not those of signals.toml."""
    radio = next(p for p in circuit.parts() if p.kind == "HELTEC")
    return [
        f"{s.slot}: GPIO {s.gpio} carries {radio.nets[pin_of(s.gpio)]}, not {s.net}"
        for s in signals.load(node)
        if radio.nets[pin_of(s.gpio)] != s.net
    ]


def ratings(circuit):
    """Parts stand the worst voltage of their nets; resistors across a supply stand their steady power."""
    found = []
    for part in circuit.parts():
        nets = {net: circuit.volts[net] for net in part.nets.values() if net in circuit.volts}
        limit = part.row.get("v_max")
        if nets and limit is not None and limit < max(nets.values()):
            found.append(
                f"{part.ref} ({part.kind}): {limit} V on {' '.join(sorted(nets))}, "
                f"needs {max(nets.values())} V"
            )
        if part.kind == "R" and set(part.nets.values()) <= {*circuit.volts, "GND"}:
            power = circuit.steady_v**2 / number(part.value)
            if power > part.row["p_max"]:
                found.append(f"{part.ref}: {power:.2f} W in {part.row['p_max']} W")
    return found


def part_currents(circuit):
    """Parts carry the current of their nets: of two nets that have one, the lesser passes through it."""
    found = []
    for part in circuit.parts():
        amps = min((circuit.loads[net] for net in part.nets.values() if net in circuit.loads), default=0)
        limit = part.row.get("i_max")
        if limit is not None and limit < amps:
            found.append(f"{part.ref} ({part.kind}): {limit} A, needs {amps} A")
    return found


def track_width_mm(amperes):
    """Outer copper of 35 um, COPPER_RISE_K warmer: IPC-2221, I = 0.048 dT^0.44 A^0.725 (A in square mils)."""
    area_mil2 = (amperes / (0.048 * COPPER_RISE_K**0.44)) ** (1 / 0.725)
    return area_mil2 / 1.378 * 0.0254


def currents(layout, loads):
    """Tracks of the layout are wide enough. `loads`: {net: A}."""
    width = {net: layout.RULES.get(net, SIGNAL).width for net in loads}
    return [
        f"{net}: {width[net]} mm for {amps} A, needs {track_width_mm(amps):.2f} mm"
        for net, amps in loads.items()
        if width[net] < track_width_mm(amps)
    ]


def complete(rows=None):
    """Every kind of part says what to buy, what else fits, and for how much."""
    rows = catalogue() if rows is None else rows
    found = [f"{kind}: {key} is missing" for kind, row in rows.items() for key in NEEDED if not row.get(key)]
    return found + [
        f"{kind}: price range"
        for kind, row in rows.items()
        if "price_idr" in row and not 0 < row["price_idr"][0] <= row["price_idr"][1]
    ]
