"""Answers to what comes again: a button's attempts at its charge, what anybody may play out of a purse."""

import pytest
from kentongan_gateway.core.answers.receipts import SAME_MAX
from kentongan_gateway.core.base import air
from kentongan_wire.message import messages as m
from kits.gateway.gateway_kit import (
    BUTTON,
    BUTTON_2,
    DEVICES,
    POST,
    ROLES,
    Bench,
    alarm,
    button_status,
    report,
    starts,
)

HOUSES = [0x2300 + n for n in range(14)]
SITE = [
    *DEVICES,
    *(
        {"node": node, "role": "tombol", "label": f"tombol-{200 + n}", "zone": 5, "house": 100 + n, "hops": 1}
        for n, node in enumerate(HOUSES)
    ),
]
ROLES.update(dict.fromkeys(HOUSES, m.TOMBOL))


def fire(bench):
    """Several houses press."""
    for node in HOUSES:
        bench.hear(alarm(node, 1_000, kind=2), src=node)
        bench.run(2_000, hub_ok_every_ms=1_000)


def play(bench, frames, times=30):
    """A thief who recorded them sends them again, unchanged."""
    for _ in range(times):
        for src, frame in frames:
            bench.hear(frame, src=src)
            bench.run(160, hub_ok_every_ms=1_000)


def answers_to(bench, frames):
    """Count the answers that it costs; those for 2 s of air are the purse."""
    before = len(bench.sent(m.RECEIPTS))
    play(bench, frames)
    return len(bench.sent(m.RECEIPTS)) - before


def purse(bench):
    return int(air.REPLAY_S / bench.core.parts.context.air_s(36)) + 2


RECORDED = [(node, alarm(node, 1_000, kind=2)) for node in HOUSES]


@pytest.mark.parametrize("hours", [0, 4])
def test_no_recording_of_answered_alarms_empties_the_hour(hours):
    """30 answers each, charged to the recorded houses: the next press had no stage 3 and half its chimes."""
    bench = Bench(devices=SITE)
    fire(bench)
    bench.run(hours * 3_600_000, hub_ok_every_ms=60_000)
    assert 1 <= answers_to(bench, RECORDED) <= SAME_MAX * len(HOUSES) + purse(bench)
    assert answers_to(bench, RECORDED) <= 2, "and once only"


def test_buttons_of_one_receipt_that_ask_at_about_the_same_time_are_answered_by_one_frame():
    bench = Bench(devices=SITE)
    for node in HOUSES[:4]:
        bench.hear(alarm(node, 1_000), src=node)
    bench.run(5_000)
    before = len(bench.sent(m.RECEIPTS))
    together = bench.entries(HOUSES[3])[0][1]
    assert {entry.node for _, sent, entry in bench.entries() if sent == together} >= set(HOUSES[1:4])
    for node in HOUSES[1:4]:
        bench.hear(alarm(node, 1_000, attempt=1), src=node)
        bench.run(100)
    assert len(bench.sent(m.RECEIPTS)) == before + 1
    bench.run(5_000)
    bench.hear(alarm(HOUSES[2], 1_000, attempt=2), src=HOUSES[2])
    bench.run(1_000)
    assert len(bench.sent(m.RECEIPTS)) == before + 2, "who asks later has not heard it"


def test_recordings_of_a_former_run_are_all_paid_out_of_the_purse():
    old = Bench(devices=SITE)
    fire(old)
    bench = Bench(devices=SITE, state=old.state, spool=old.spool, age_ms=-1)
    assert 1 <= answers_to(bench, RECORDED) <= purse(bench)


def test_recorded_reports_of_posts_are_answered_a_few_times_and_then_out_of_the_purse():
    posts = [0x3200 + n for n in range(10)]
    ROLES.update(dict.fromkeys(posts, m.SIRENE))
    bench = Bench(
        devices=[
            *DEVICES,
            *(
                {"node": node, "role": "sirene", "label": f"sirene-{node}", "zone": 5, "house": 0, "hops": 1}
                for node in posts
            ),
        ]
    )
    frames = [(node, report(node)) for node in posts]
    play(bench, frames, 1)
    bench.run(5_000, hub_ok_every_ms=1_000)
    assert answers_to(bench, frames) <= SAME_MAX * len(posts) + purse(bench)


def test_each_new_attempt_of_a_button_is_answered_while_its_old_ones_are_played():
    """The answers to what is played took the turn of the true one: one in two seconds, 30 in all."""
    bench = Bench(devices=SITE)
    bench.hear(alarm())
    bench.run(2_100, hub_ok_every_ms=500)
    for attempt in range(1, 13):
        bench.hear(alarm(attempt=attempt - 1))
        bench.run(100)
        before = len(bench.entries(BUTTON))
        bench.hear(alarm(attempt=attempt))
        bench.run(100)
        assert len(bench.entries(BUTTON)) > before, attempt
        bench.run(2_500, hub_ok_every_ms=500)


def test_the_same_frame_is_answered_again_for_a_post_that_did_not_hear_its_answer():
    bench = Bench()
    for _ in range(1 + SAME_MAX):
        bench.hear(report(), src=POST)
        bench.run(4_000, hub_ok_every_ms=1_000)
    assert len(bench.entries(POST)) == 1 + SAME_MAX


def test_a_press_of_whoever_was_recorded_is_answered_ordered_and_told_as_ever():
    bench = Bench(devices=SITE)
    fire(bench)
    play(bench, RECORDED)
    for src in (BUTTON_2, HOUSES[0]):
        for attempt in range(6):
            bench.hear(alarm(src, 5_000, kind=2, attempt=attempt), src=src)
            bench.run(4_000, hub_ok_every_ms=1_000)
        bench.order(id=src, type="stage", device=src, counter=5_000, stage=3)
        bench.run(70_000, hub_ok_every_ms=1_000)
        said = [entry.stage for *_, entry in bench.entries(src) if entry.counter == 5_000]
        assert said.count(2) >= 6 and said.count(3) == 6
        bench.hear(button_status(src, 5_001, 3, of=5_000), src=src)
    assert 5_000 in [counter for _, counter, _ in starts(bench)]
