"""Under attack: nothing beats or is ordered to beat but what a button raised a little while ago.

`check(history)` gives (what, sentence) of each violation, what: post (a post on its own), brief (a post that
was stopped within 15 s), own (the gateway's siren), order (the gateway's word on the air), chime (a
penerima's).
"""

from kentongan_wire.base import patterns
from kentongan_wire.base.codes import ACTION_START

from kentongan_sim.physics.shapes import Violation
from kentongan_sim.world.history import Alarm, History, Sounding, kinds_of

# A button repeats at last after ten minutes and 75 s of jitter: a beat that begins later is a new word.
FRESH_US = 690_000_000
BRIEF_US = 15_000_000  # gateway or hub hear its report and order it to stop
CHIME_US = 900_000_000  # a penerima is paged again and again, and keeps a page for ten minutes
PROFILE = {"profile": "jawa_umum", "patterns": ()}


def check(history: History) -> list[Violation]:
    return [*_beats(history), *_orders(history)]


def _beats(history: History) -> list[Violation]:
    out = []
    for s in history.soundings:
        what = {"sirene": "post", "gateway": "own", "penerima": "chime"}.get(history.role(s.label) or "")
        if what and not any(_raised(history, alarm, s, what) for alarm in history.alarms):
            stopped = s.end_us < history.end_us and s.end_us - s.t_us <= BRIEF_US
            what = "brief" if what == "post" and stopped else what
            text = f"{s.label} beat {s.pattern} at {s.t_us / 1e6:.1f} s, which no button had raised"
            out.append((what, text))
    return out


def _raised(history: History, alarm: Alarm, sounding: Sounding, what: str) -> bool:
    since_us = sounding.t_us - alarm.t_us
    if alarm.key == "test" or since_us < 0:
        return False
    if what == "chime":
        return since_us <= CHIME_US
    heard = [history.heard_us(sounding.label, alarm.node, counter) for counter in alarm.counters]
    return (
        alarm.key == "main"
        and since_us <= FRESH_US
        and sounding.pattern in names_of(alarm)
        and any(at_us is not None and at_us <= sounding.t_us for at_us in heard)
    )


def names_of(alarm: Alarm) -> set[str]:
    """Return the patterns that its alarm may be beaten by."""
    return {patterns.of(PROFILE, kind)[0] for kind in kinds_of(alarm.strokes)}


def _orders(history: History) -> list[Violation]:
    raised = {
        (alarm.node, counter): alarm.t_us
        for alarm in history.alarms
        if alarm.key == "main"
        for counter in alarm.counters
    }
    modems, out = set(history.modems.values()), []
    for t_us, label, detail in history.frames.values():
        ours = label in modems and detail["type"] == "SIREN_ORDER" and detail.get("action") == ACTION_START
        if not ours or detail.get("src") != history.positions[label]["node"]:
            continue
        about = detail["about"][0], detail["about"][1]
        if about[0] in history.raised:
            continue
        since_us = t_us - raised.get(about, t_us + 1)
        if not 0 <= since_us <= FRESH_US:
            out.append(
                (
                    "order",
                    f"{label} ordered sirens for {about[0]:08x} #{about[1]} at {t_us / 1e6:.1f} s, "
                    "which no button had raised",
                )
            )
    return out
