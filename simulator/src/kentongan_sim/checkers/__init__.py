"""Checkers: each `check(history)` gives the sentences that a run must answer for; none means that it holds.

Those of UNDER_ATTACK give (what, sentence): an attack may name a `what` that its thief can do after all.
"""

from kentongan_sim.checkers import (
    ack_means_stored,
    air_within_law,
    false_siren,
    false_word,
    jamming_is_reported,
    lost,
    muted,
    no_accepted_replay,
    no_alarm_lost,
    no_false_siren,
    presser_knows_truth,
)
from kentongan_sim.world.history import History

ALL = {
    "no_alarm_lost": no_alarm_lost.check,
    "no_false_siren": no_false_siren.check,
    "ack_means_stored": ack_means_stored.check,
    "air_within_law": air_within_law.check,
    "presser_knows_truth": presser_knows_truth.check,
    "no_accepted_replay": no_accepted_replay.check,
    "jamming_is_reported": jamming_is_reported.check,
}
UNDER_ATTACK = {
    "lost": lost.check,
    "false_sirens": false_siren.check,
    "false_words": false_word.check,
    "muted": muted.check,
}


def check_all(history: History) -> dict[str, list[str]]:
    """{checker: [sentence of each violation]}, every checker named."""
    return {name: check(history) for name, check in ALL.items()}
