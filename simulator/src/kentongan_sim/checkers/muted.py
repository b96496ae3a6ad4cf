"""Under attack: what is on disk is heard in the street, and what was earned is shown.

`check(facts)` gives (what, sentence) of each violation, what: siren (none beat within 10 s of a public
alarm's storing), stage (a stage that was earned and not shown within 60 s).
"""

from kentongan_sim.facts import SIREN_ROLES

SIREN_US = 10_000_000
STAGE_US = 60_000_000
AT_LEAST = {
    "stored": ("stored", "coming", "closed", "cancelled"),
    "coming": ("coming", "closed", "cancelled"),
}


def check(facts) -> list:
    out = []
    for alarm in facts.alarms:
        if alarm.key != "main" or alarm.merged:
            continue
        stored_us = facts.stored_as_pressed_us(alarm)
        if stored_us is None:
            continue
        if stored_us + SIREN_US <= facts.end_us and not heard(facts, alarm, stored_us + SIREN_US):
            out.append(
                (
                    "siren",
                    f"no siren for {alarm.label}, pressed at {alarm.t_us / 1e6:.1f} s and stored "
                    f"at {stored_us / 1e6:.1f} s, within 10 s",
                )
            )
        out += [
            (
                "stage",
                f"{alarm.label} pressed at {alarm.t_us / 1e6:.1f} s: {word!r}, earned at "
                f"{earned_us / 1e6:.1f} s, was not shown within 60 s",
            )
            for word, earned_us in _earned(facts, alarm, stored_us)
            if not shown(facts, alarm, word, earned_us)
        ]
    return out


def heard(facts, alarm, until_us) -> bool:
    """Whether a siren of the street beat between press and then."""
    return any(
        facts.role(s.label) in SIREN_ROLES and s.t_us <= until_us and s.end_us >= alarm.t_us
        for s in facts.soundings
    )


def _earned(facts, alarm, stored_us) -> list:
    said = [at for at, node, counter in facts.answers if node == alarm.node and counter in alarm.counters]
    stages = [("stored", stored_us), *[("coming", at) for at in said[:1]]]
    newer = [other.t_us for other in facts.alarms if other.label == alarm.label and other.t_us > alarm.t_us]
    until_us = min([facts.end_us, *newer])
    return [(word, at) for word, at in stages if at + STAGE_US <= until_us]


def shown(facts, alarm, word, earned_us) -> bool:
    """Whether the box said so in time, or said it already when the same incident's next press came."""
    mine = [(t_us, state) for t_us, label, state in facts.shows
            if label == alarm.label and t_us <= earned_us + STAGE_US]
    return any(state in AT_LEAST[word] for t_us, state in mine if t_us >= alarm.t_us) or (
        bool(mine) and mine[-1][1] in AT_LEAST[word])
