"""Under attack: no box says what was not earned by this press, and no penerima what nobody asked or answered.

`check(history)` gives (what, sentence) of each violation, what: the state that was shown without its reason.
"stored": on the gateway's disk under that very content; "coming": a person said so after the press;
"closed", "cancelled": the presser held the key, or a person closed it.
"""

from kentongan_sim.physics.shapes import Node, Us, Violation
from kentongan_sim.world.history import CANCEL_HOLD_MS, History

PAGE_US = 900_000_000  # a page is shown for ten minutes, and may come late
WORDS = ("sounding", "stored", "coming", "closed", "cancelled")
JUST_US = 15_000_000  # a siren that has just ended: its word was on the way


def check(history: History) -> list[Violation]:
    out = []
    for t_us, label, state in history.shows:
        why = {"tombol": _of_button, "penerima": _of_penerima}.get(history.role(label) or "", _nothing)(
            history, t_us, label, state
        )
        if why:
            out.append((state, f"{label} showed {state!r} at {t_us / 1e6:.1f} s: {why}"))
    return out


def _nothing(history: History, t_us: Us, label: str, state: str) -> None:
    return None


def _of_button(history: History, t_us: Us, label: str, state: str) -> str | None:
    """Say why this state was not earned; None if it was."""
    if state not in WORDS:
        return None
    mine = [alarm for alarm in history.alarms if alarm.label == label and alarm.t_us <= t_us]
    if not mine:
        return "nobody had pressed it"
    last = mine[-1]
    began_us = max((alarm.t_us for alarm in mine if not alarm.merged), default=last.t_us)
    if state == "sounding":
        return (
            None if any(s.t_us <= t_us <= s.end_us + JUST_US for s in history.soundings) else "nothing beat"
        )
    if state == "stored":
        stored_us = history.stored_as_pressed_us(last)
        return None if stored_us is not None and stored_us <= t_us else "no gateway had it as it was pressed"
    if state == "coming":
        return None if _answered(history, last.node, began_us, t_us) else "nobody had said so"
    held = [at for at, hold_ms in history.presses_of(label, "main") if hold_ms and hold_ms >= CANCEL_HOLD_MS]
    if any(began_us <= at <= t_us for at in held) or _answered(history, last.node, began_us, t_us):
        return None
    return "nobody had called it off"


def _answered(history: History, node: Node, from_us: Us, until_us: Us) -> bool:
    """Tell whether a person at the hub, or one at a penerima, had said "saya datang" in between."""
    if any(owner == node and from_us <= at <= until_us for at, owner, _ in history.answers):
        return True
    return any(key == "come" and from_us <= at <= until_us for at, _, key, _, _ in history.pressed)


def _of_penerima(history: History, t_us: Us, label: str, state: str) -> str | None:
    if state in ("page", "page_quiet"):
        asked = any(0 <= t_us - alarm.t_us <= PAGE_US for alarm in history.alarms if alarm.key != "test")
        return None if asked else "no button had called"
    if state in ("answering", "answered"):
        said = any(at <= t_us for at, _ in history.presses_of(label, "come"))
        return None if said else "its key was not pressed"
    return None
