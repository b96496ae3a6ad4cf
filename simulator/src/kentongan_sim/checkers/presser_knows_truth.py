"""A button never shows more than is true, and never leaves its presser without an answer.

"a siren sounds" only while one does, "stored" only when a gateway has it on disk, "somebody is coming" only
when a person said so; at the end each open alarm shows one of these, or "nobody hears", or still "sending".
Silent alarms show nothing at all.
"""

from kentongan_sim.physics.shapes import Us
from kentongan_sim.world.history import History

SETTLED_US = 60_000_000  # a press this old must have its answer, or "nobody hears"
ANSWERS = ("sounding", "stored", "coming", "closed", "cancelled", "nobody")
SILENT_ALLOWED = ("off",)


def check(history: History) -> list[str]:
    out = []
    for t_us, label, state in history.shows:
        if history.role(label) == "tombol":
            problem = lie(history, t_us, label, state)
            if problem:
                out.append(f"{label} showed {state!r} at {t_us / 1e6:.3f} s, but {problem}")
    for label in sorted({alarm.label for alarm in history.alarms}):
        out += silence(history, label)
    return out


def lie(history: History, t_us: Us, label: str, state: str) -> str | None:
    """Say why the shown state is untrue; None if it is true."""
    node = history.positions[label]["node"]
    mine = [alarm for alarm in history.alarms if alarm.label == label and alarm.t_us <= t_us]
    if mine and all(alarm.key == "silent" for alarm in mine) and state not in SILENT_ALLOWED:
        return "its alarm is a silent one"
    if state == "sounding" and not history.sounding_at(t_us):
        return "no siren sounded"
    if state == "stored" and not any(
        owner == node and at <= t_us for (owner, _), at in history.stored.items()
    ):
        return "no gateway had stored it"
    if state == "coming" and not any(owner == node and at <= t_us for at, owner, _ in history.answers):
        return "nobody had answered"
    return None


def silence(history: History, label: str) -> list[str]:
    """List the presses of this button after which nothing was ever shown."""
    out = []
    for alarm in history.alarms:
        if alarm.label != label or alarm.key != "main" or alarm.t_us + SETTLED_US > history.end_us:
            continue
        before = [state for t_us, who, state in history.shows if who == label and t_us < alarm.t_us]
        after = [state for t_us, who, state in history.shows if who == label and t_us >= alarm.t_us]
        if not any(state in ANSWERS for state in before[-1:] + after):
            out.append(f"{label} pressed at {alarm.t_us / 1e6:.3f} s and was shown no answer")
    return out
