"""Under attack: what a button raised ends on a gateway's disk as it was pressed.

`check(history)` gives ("lost", sentence) of each press that never did; without a gateway nothing is asked.
"""

from kentongan_sim.physics.shapes import Violation
from kentongan_sim.world.history import Alarm, History


def check(history: History) -> list[Violation]:
    if not history.gateways_on:
        return []
    return [
        ("lost", f"{a.label} pressed at {a.t_us / 1e6:.1f} s, never stored as it was pressed")
        for a in history.alarms
        if a.key != "test" and a.label not in history.unreachable and not kept(history, a)
    ]


def kept(history: History, alarm: Alarm) -> bool:
    """Tell whether it, or a later press of the same button, is on disk under its own content."""
    later = [other for other in history.alarms if other.label == alarm.label and other.t_us >= alarm.t_us]
    return any(history.stored_as_pressed_us(other) is not None for other in later)
