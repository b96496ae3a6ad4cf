"""No replayed frame has an effect: nothing is stored twice, and no siren begins on what strangers sent.

A siren begins soon after its device heard a word about the alarm from a device of the village, which sends
nothing that is old: the button repeats for ten minutes, relays and gateways answer at once. A post or gateway
that has just booted goes on with a sounding that its power cut interrupted.
"""

from kentongan_sim.world.actors import STRANGERS
from kentongan_sim.world.history import SIREN_ROLES, History, Sounding

FRESH_US = 30_000_000  # the gateway's own siren: 5 s after storing, and the hub has up to 25 s to be missed
BOOT_US = 10_000_000  # a device that came up goes on within this
RESUME_US = 300_000_000  # and only with what is younger than this


def check(history: History) -> list[str]:
    return [*stored_twice(history), *begun_by_strangers(history)]


def stored_twice(history: History) -> list[str]:
    return [
        f"{label} stored alarm #{counter} of {node:08x} {times} times"
        for (label, node, counter), times in sorted(history.store_counts.items())
        if times > 1
    ]


def begun_by_strangers(history: History) -> list[str]:
    return [
        f"{s.label} sounded {s.pattern} at {s.t_us / 1e6:.3f} s on the word of a stranger alone"
        for s in history.soundings
        if history.role(s.label) in SIREN_ROLES and by_strangers(history, s)
    ]


def by_strangers(history: History, sounding: Sounding) -> bool:
    """Tell whether the siren had lately heard strangers speak of alarms, and nobody of the village."""
    radio = history.modems.get(sounding.label, sounding.label)
    booted_us = history.booted_us(sounding.label, sounding.t_us)
    window_us = FRESH_US if booted_us is None or sounding.t_us - booted_us > BOOT_US else RESUME_US
    lately = {
        history.role(sender) in STRANGERS
        for t_us, sender in history.words_heard.get(radio, ())
        if sounding.t_us - window_us <= t_us <= sounding.t_us
    }
    return lately == {True}
