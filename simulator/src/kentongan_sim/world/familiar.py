"""Senders that a village's relays know from the start, as in one that has stood for long."""

import struct
from collections.abc import Iterable

from kentongan_node.air.carried import FILE, KNOWN, KNOWN_MAX, SENDER, SENDER_BYTES, Carried

from kentongan_sim.physics.shapes import State
from kentongan_sim.scenarios.parts import Place


def familiar(place: Place, places: Iterable[Place]) -> State:
    """Make the state of a relay that has heard only these places' buttons, those of its own zone first."""
    if place.role == "tombol":
        return {}
    buttons = sorted((one.zone != place.zone, one.node) for one in places if one.role == "tombol")
    carried = Carried()
    for n, (_, node) in enumerate(buttons[:KNOWN_MAX]):
        struct.pack_into(SENDER, carried._senders, n * SENDER_BYTES, node, 0, 0, KNOWN)
    return {FILE: carried.image()}
