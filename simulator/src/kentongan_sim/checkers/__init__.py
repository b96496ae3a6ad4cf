"""Checkers: each `check(facts)` gives the sentences that a run must answer for; none means that it holds."""
from kentongan_sim.checkers import (
    ack_means_stored,
    air_within_law,
    jamming_is_reported,
    no_accepted_replay,
    no_alarm_lost,
    no_false_siren,
    presser_knows_truth,
)

ALL = {
    "no_alarm_lost": no_alarm_lost.check,
    "no_false_siren": no_false_siren.check,
    "ack_means_stored": ack_means_stored.check,
    "air_within_law": air_within_law.check,
    "presser_knows_truth": presser_knows_truth.check,
    "no_accepted_replay": no_accepted_replay.check,
    "jamming_is_reported": jamming_is_reported.check,
}


def check_all(facts) -> dict:
    """{checker: [sentence of each violation]}, every checker named."""
    return {name: check(facts) for name, check in ALL.items()}


