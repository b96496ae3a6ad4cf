"""Under attack: what a button raised ends on a gateway's disk as it was pressed.

`check(facts)` gives ("lost", sentence) of each press that never did; without a gateway nothing is asked.
"""


def check(facts) -> list:
    if not facts.gateways_on:
        return []
    return [
        ("lost", f"{a.label} pressed at {a.t_us / 1e6:.1f} s, never stored as it was pressed")
        for a in facts.alarms
        if a.key != "test" and a.label not in facts.unreachable and not kept(facts, a)
    ]


def kept(facts, alarm) -> bool:
    """Whether it, or a later press of the same button, is on disk under its own content."""
    later = [other for other in facts.alarms if other.label == alarm.label and other.t_us >= alarm.t_us]
    return any(facts.stored_as_pressed_us(other) is not None for other in later)
