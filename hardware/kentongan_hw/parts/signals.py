"""A node's signals: slots of its role joined with nets and labels, for nets, wiring labels and tables."""

import tomllib
from collections import namedtuple

from kentongan_hw import HARDWARE
from kentongan_hw.parts import pins

Signal = namedtuple("Signal", "slot gpio net direction label english")
DIRECTIONS = ("in", "out", "analog")


def load(node):
    """[Signal] of hardware/<node>/signals.toml, in its order.

    Raises PinError when a slot of the role has no signal here, or a signal no slot.
    """
    path = HARDWARE / node / "signals.toml"
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    board = pins.load(data["board"])
    slots = pins.gpios(board[data["role"]])
    named = {slot: row for slot, row in data.items() if isinstance(row, dict)}
    if set(named) != set(slots):
        odd = sorted(set(named) ^ set(slots))
        place = f"{node}/signals.toml and pins/{data['board']}.toml [{data['role']}]"
        raise pins.PinError(f"{place} differ in {odd}")
    for slot, row in named.items():
        if row["direction"] not in DIRECTIONS:
            raise pins.PinError(f"{node}/signals.toml [{slot}]: direction is one of {', '.join(DIRECTIONS)}")
    return [Signal(slot, slots[slot], **row) for slot, row in named.items()]


def board_of(node):
    """Return the parsed pins file of the board that the node's carrier takes."""
    data = tomllib.loads((HARDWARE / node / "signals.toml").read_text(encoding="utf-8"))
    return pins.load(data["board"])


def table(node):
    """Return the pin table of a node as Markdown."""
    rows = ["| GPIO | net | arah | untuk apa | what |", "|---|---|---|---|---|"]
    arrow = {"in": "masuk", "out": "keluar", "analog": "ADC"}
    rows += [
        f"| {s.gpio} | {s.net} | {arrow[s.direction]} | {s.label} | {s.english} |"
        for s in sorted(load(node), key=lambda s: s.gpio)
    ]
    return "\n".join(rows)


def write_table(node):
    """Puts the table between the marks in hardware/<node>/README.md; True when that changed the page."""
    path = HARDWARE / node / "README.md"
    text = path.read_text(encoding="utf-8")
    head, _, rest = text.partition("<!-- pins -->\n")
    _, _, tail = rest.partition("<!-- /pins -->")
    new = f"{head}<!-- pins -->\n{table(node)}\n<!-- /pins -->{tail}"
    if new != text:
        path.write_text(new, encoding="utf-8")
    return new != text
