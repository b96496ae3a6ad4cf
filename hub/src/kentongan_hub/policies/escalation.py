"""Next steps of an incident that nobody has answered: pure functions of row, policy and time."""

from typing import NamedTuple

from kentongan_hub.base.tables import Called, Policy
from kentongan_hub.policies import policy as p


class Step(NamedTuple):
    wait_ms: int  # until the step after this one
    siren: str  # "tidak" | "rt" | "rw"
    to: list[str]  # recipients
    words: str  # for people
    card: str  # of whom to telephone
    number: int  # of this call


SIREN_AGE_MS = 600_000  # an alarm told later than this sounded at its time: people look, no siren startles


def first_alert_ms(policy: Policy, now_ms: int, drill: int) -> int | None:
    """Return the first due time of an incident opened now, or None for a drill."""
    return None if drill else now_ms + policy["langkah"][1]["detik"] * 1000


def at_once(policy: Policy, incident: Called) -> Step:
    """Return the step of the press for a new incident (a row): recipients, and sirens beyond its own RT."""
    if incident["drill"] or incident["late"] or incident["cancelled"] or incident["muted"]:
        return Step(0, p.NO, [], "", "", 0)
    step = policy["langkah"][0]
    siren = p.NO if incident["confidential"] else step["sirene"]
    return Step(0, siren, step["kepada"], p.step_words(step), step["kartu"], 0)


def next_step(policy: Policy, incident: Called, now_ms: int) -> Step | None:
    """Return the step due now for an open incident (a row); None for a drill or when a person ended it."""
    if incident["drill"] or incident["closed_ms"] is not None or incident["merged_into"]:
        return None
    if incident["answered_ms"] is not None and incident["help_ms"] is None:
        return None
    steps, done = policy["langkah"], incident["alerts"]
    step = steps[min(done + 1, len(steps) - 1)]
    doubtful = incident["cancelled"] or incident["late"] or incident["muted"]
    fresh = now_ms - incident["opened_ms"] < SIREN_AGE_MS or incident["help_ms"] is not None
    sirens = done < policy["sirene_kali"] and fresh and not (doubtful or incident["confidential"])
    # a doubtful alarm is looked into by people; chimes do not wake a neighbour for it
    to = [one for one in step["kepada"] if not (doubtful and one == p.CHIMES)]
    siren = step["sirene"] if sirens else p.NO
    return Step(wait_ms(policy, done + 1), siren, to, p.step_words(step), step["kartu"], done + 1)


def left_open(incident: Called) -> bool:
    """Tell whether somebody answered and nobody has ended it: then people are asked, and no siren sounds."""
    ended = incident["closed_ms"] is not None or incident["merged_into"] or incident["drill"]
    return not ended and incident["answered_ms"] is not None and incident["help_ms"] is None


def wait_ms(policy: Policy, done: int) -> int:
    """Return the wait after step number `done`; slower after the agreed repeats, never at an end."""
    steps = policy["langkah"]
    if done + 1 < len(steps):
        return (steps[done + 1]["detik"] - steps[done]["detik"]) * 1000
    return (policy["ulang"] if done < policy["ulang_kali"] else policy["pelan"]) * 1000


def outlook(policy: Policy, incident: Called, count: int = 4) -> list[tuple[int, Step]]:
    """[(due_ms, Step)] of the next calls, as they will happen when nobody does anything."""
    out: list[tuple[int, Step]] = []
    row: Called = {**incident}
    due_ms = incident["next_alert_ms"]
    for _ in range(count):
        step = next_step(policy, row, due_ms) if due_ms is not None else None
        if due_ms is None or step is None:
            break
        out.append((due_ms, step))
        row["alerts"] += 1
        due_ms += step.wait_ms
    return out
