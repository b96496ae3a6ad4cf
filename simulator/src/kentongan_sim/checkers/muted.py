"""Under attack: what is on disk is heard in the street, and what was earned is said on the air and shown.

`check(history)` gives (what, sentence) of each violation, what: siren (none beat within 10 s of a public
alarm's storing), unsaid (no gateway sent its presser a receipt within 10 s of it, though honest presses had
left air for one), stage (a stage that was earned and not shown within 60 s).
"""

from kentongan_wire.message import messages as m

from kentongan_sim.physics.shapes import About, Detail, Us, Violation
from kentongan_sim.world.actors import STRANGERS
from kentongan_sim.world.history import SIREN_ROLES, Alarm, History, alarms_in

SIREN_US = 10_000_000
UNSAID_US = 10_000_000  # it answers 30 ms after the commit, then asks for the channel, and others wait too
STAGE_US = 60_000_000
HOUR_US = 3_600_000_000
HONEST_US = 25_000_000  # beyond so much air of presses in an hour a gateway may keep the rest for others
AT_LEAST = {
    "stored": ("stored", "coming", "closed", "cancelled"),
    "coming": ("coming", "closed", "cancelled"),
}


def check(history: History) -> list[Violation]:
    out = []
    for alarm in history.alarms:
        if alarm.key == "test" or alarm.merged:
            continue
        stored_us = history.stored_as_pressed_us(alarm)
        if stored_us is None:
            continue
        if unsaid(history, alarm, stored_us):
            out.append(
                (
                    "unsaid",
                    f"{alarm.label} pressed at {alarm.t_us / 1e6:.1f} s, stored at {stored_us / 1e6:.1f} s: "
                    "no gateway sent it a receipt within 10 s",
                )
            )
        if alarm.key != "main":
            continue
        if stored_us + SIREN_US <= history.end_us and not heard(history, alarm, stored_us + SIREN_US):
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
            for word, earned_us in _earned(history, alarm, stored_us)
            if not shown(history, alarm, word, earned_us)
        ]
    return out


def heard(history: History, alarm: Alarm, until_us: Us) -> bool:
    """Tell whether a siren of the street beat between press and then."""
    return any(
        history.role(s.label) in SIREN_ROLES and s.t_us <= until_us and s.end_us >= alarm.t_us
        for s in history.soundings
    )


def unsaid(history: History, alarm: Alarm, stored_us: Us) -> bool:
    """Tell whether no gateway spoke to this presser, though one that has it had power and air for it."""
    until_us = stored_us + UNSAID_US
    about = {(alarm.node, counter) for counter in alarm.counters}
    if until_us > history.end_us or any(
        stored_us <= t_us <= until_us and _answers(detail) & about for t_us, _, detail in _own_words(history)
    ):
        return False
    return any(
        history.steady(label, stored_us, until_us) and not _spent(history, modem, stored_us)
        for label, modem in history.modems.items()
        if label in history.storers(about)
    )


def _own_words(history: History) -> list[tuple[Us, str, Detail]]:
    """List (t_us, modem, detail) of the frames that gateways sent in their own names."""
    modems = {modem: history.positions[modem]["node"] for modem in history.modems.values()}
    return [one for one in history.frames.values() if modems.get(one[1], -1) == one[2].get("src")]


def _answers(detail: Detail) -> set[About]:
    """Return the alarms to whose presser a frame says that they are stored, or more."""
    said = detail.get("answers", ()) if detail["type"] == "RECEIPTS" else ()
    return {(node, counter) for node, counter, stage in said if stage & 0x7F >= m.STAGE_STORED}


def _spent(history: History, modem: str, t_us: Us) -> bool:
    """Tell whether the hour's air went for presses; where nobody attacks, for whatever it went."""
    calm = not any(history.role(label) in STRANGERS for _, label, _ in history.frames.values())
    pressed = {(alarm.node, counter) for alarm in history.alarms for counter in alarm.counters}
    hour = [
        (detail["airtime_us"], detail)
        for at_us, label, detail in history.frames.values()
        if label == modem and 0 <= t_us - at_us <= HOUR_US
    ]
    spent_us = sum(air_us for air_us, detail in hour if calm or pressed.intersection(alarms_in(detail)))
    return spent_us >= HONEST_US


def _earned(history: History, alarm: Alarm, stored_us: Us) -> list[tuple[str, Us]]:
    said = [at for at, node, counter in history.answers if node == alarm.node and counter in alarm.counters]
    stages = [("stored", stored_us), *[("coming", at) for at in said[:1]]]
    newer = [other.t_us for other in history.alarms if other.label == alarm.label and other.t_us > alarm.t_us]
    until_us = min([history.end_us, *newer])
    return [(word, at) for word, at in stages if at + STAGE_US <= until_us]


def shown(history: History, alarm: Alarm, word: str, earned_us: Us) -> bool:
    """Tell whether the box said so in time, or said it already when the same incident's next press came."""
    mine = [
        (t_us, state)
        for t_us, label, state in history.shows
        if label == alarm.label and t_us <= earned_us + STAGE_US
    ]
    return any(state in AT_LEAST[word] for t_us, state in mine if t_us >= alarm.t_us) or (
        bool(mine) and mine[-1][1] in AT_LEAST[word]
    )
