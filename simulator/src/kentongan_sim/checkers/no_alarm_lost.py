"""Every press, or a later one of its button, ends on disk; without a living gateway a siren sounds for it."""

from kentongan_sim.world.history import Alarm, History


def check(history: History) -> list[str]:
    return [f"{a.label} pressed at {a.t_us / 1e6:.3f} s was {missing(history)}" for a in lost(history)]


def lost(history: History) -> list[Alarm]:
    """List the presses that came to nothing although a radio path exists."""
    if history.gateways_on:
        return [a for a in history.alarms if not history.on_disk(a) and a.label not in history.unreachable]
    return [a for a in history.alarms if a.sounded_us is None and a.key == "main"]


def missing(history: History) -> str:
    return "never stored" if history.gateways_on else "never stored (no gateway) and no siren sounded"
