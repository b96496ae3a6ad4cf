"""Every press, or a later one of its button, ends on disk; without a living gateway a siren sounds for it."""


def check(facts) -> list:
    return [f"{a.label} pressed at {a.t_us / 1e6:.3f} s was {missing(facts)}" for a in lost(facts)]


def lost(facts) -> list:
    """The presses that came to nothing although a radio path exists."""
    if facts.gateways_on:
        return [a for a in facts.alarms if not facts.on_disk(a) and a.label not in facts.unreachable]
    return [a for a in facts.alarms if a.sounded_us is None and a.key == "main"]


def missing(facts) -> str:
    return "never stored" if facts.gateways_on else "never stored (no gateway) and no siren sounded"
