# runs: cpython micropython
"""Answers of a relay from memory, and what recordings leave of them."""

from kentongan_wire.message import messages
from kits.node.meshkit import ask, mesh, send_all
from kits.node.nodekit import GATEWAY, frame, key_c, packet_of, receipt

TOMBOL = 0x53000007
HOUSES = tuple([0x53000100 + n for n in range(84)])


def receipts(houses, counter, packet_id):
    """A gateway's receipt for so many alarms."""
    entries = [
        messages.receipt_entry(GATEWAY, house, counter, 2, 0, 5, 0, key_c(house, messages.TOMBOL))
        for house in houses
    ]
    return frame(messages.RECEIPTS, messages.GATEWAY, GATEWAY, packet_id, messages.Receipts(tuple(entries)))


def keep(core, house, counter):
    core.answers.keep(receipt(house, counter, packet_id=900), [(house, counter)])


def answers(core, now_ms, button=TOMBOL):
    """Of eight repeats of a button's alarm, every 3 s, as many as are answered from memory."""
    ask(core, button, 10, now_ms, attempt=0)
    keep(core, button, 10)
    send_all(core, now_ms, now_ms + 2_900)
    found = 0
    for attempt in range(1, 9):
        ask(core, button, 10, now_ms + 3_000 * attempt, attempt)
        out = send_all(core, now_ms + 3_000 * attempt, now_ms + 3_000 * attempt + 2_900)
        found += len([one for _, one in out if packet_of(one).src == GATEWAY])
    return found


def recorded(core, hops, attempts):
    """Six receipts of fourteen alarms each, then those alarms, none heard here before; when it ends."""
    now_ms = 0
    for n in range(6):
        houses = HOUSES[n * 14 : (n + 1) * 14]
        core.answers.keep(receipts(houses, 50, 900 + n), [(house, 50) for house in houses])
    for attempt in attempts:
        for house in HOUSES:
            ask(core, house, 50, now_ms, attempt, hops)
            send_all(core, now_ms, now_ms + 390)
            now_ms += 400
    return now_ms


def test_recorded_receipts_and_what_they_answer_leave_a_new_alarm_its_answers():
    core = mesh()
    now_ms = recorded(core, 0, (0, 0))
    assert core.air_used_ms(now_ms) <= 3_000, "what was played again has 3 s of the hour"
    assert answers(core, now_ms) == 8


def test_recordings_of_houses_that_a_relay_does_not_know_leave_air_for_lots():
    core = mesh()
    now_ms = recorded(core, 3, (1, 2))
    assert 8_500 < core._others.used_ms(now_ms) <= 13_000
    found = 0
    for n in range(8):  # of eight buttons
        core.queue.entries[:] = []
        now_ms += 60_000
        found += answers(core, now_ms, TOMBOL + n)
    assert found >= 3


def test_what_asks_for_answers_thirty_times_has_3_s_of_the_hour():
    """Nobody's key is needed: a recorded frame of an answered alarm asks for its answer thirty times."""
    core, asked_ms = mesh(), 0
    for n in range(6):
        keep(core, HOUSES[n], 10)
    for n in range(6):
        for _ in range(30):
            asked_ms += 3_000
            ask(core, HOUSES[n], 10, asked_ms, hops=0)
            send_all(core, asked_ms, asked_ms + 2_900)
    assert 2_500 < core.air_used_ms(asked_ms) <= 3_000
    assert core.drops["alarm_share"] > 50
    asked_ms += 2 * 3_600_000
    ask(core, HOUSES[5], 10, asked_ms, hops=0)
    assert send_all(core, asked_ms, asked_ms + 2_900), "what had no air was no answer"


def test_a_receipt_for_several_that_waits_already_answers_all_of_them_at_once():
    core = mesh()
    several = receipts(HOUSES[:3], 10, 900)
    core.answers.keep(several, [(house, 10) for house in HOUSES[:3]])
    assert [ask(core, house, 10, 5_000, hops=0) for house in HOUSES[:3]] == [True, True, True]
    assert [one for _, one in send_all(core, 5_000, 7_000)] == [several]
    ask(core, HOUSES[1], 10, 9_000, hops=0)
    assert [one for _, one in send_all(core, 9_000, 11_000)] == [several], "who asks later has not heard it"


def test_recorded_receipts_push_out_no_answer_to_an_alarm_that_was_new_here():
    core = mesh()
    ask(core, TOMBOL, 10, 0, attempt=0)
    keep(core, TOMBOL, 10)
    for house in HOUSES[:20]:
        keep(core, house, 50)
    assert core.answers.holds(TOMBOL, 10)


def test_a_receipt_for_less_than_its_sender_has_counted_is_not_kept():
    core = mesh()
    ask(core, TOMBOL, 10, 0, attempt=0)
    keep(core, TOMBOL, 9)
    assert core.answers.holds(TOMBOL, 9) is None
    pairs = [(TOMBOL, 9), (HOUSES[0], 5)]
    core.answers.keep(receipts((TOMBOL, HOUSES[0]), 9, 901), pairs)
    assert core.answers.holds(HOUSES[0], 5) and core.answers.holds(TOMBOL, 9) is None
    core.answers.keep(receipt(TOMBOL, 10), [(TOMBOL, 10)])
    assert core.answers.holds(TOMBOL, 10)


def test_thirty_houses_that_press_within_two_minutes_are_all_answered():
    core, now_ms, answered = mesh(), 0, []
    waiting = []
    for house in HOUSES[:30]:
        ask(core, house, 50, now_ms, attempt=0)
        keep(core, house, 50)
        waiting.append((now_ms + 1_500, house, 1))
        now_ms += 4_000
        while waiting and waiting[0][0] < now_ms:
            at_ms, house, attempt = waiting.pop(0)
            ask(core, house, 50, at_ms, attempt)
            answered += [
                house for _, one in send_all(core, at_ms, at_ms + 1_200) if packet_of(one).src == GATEWAY
            ]
    assert len(set(answered)) == 30
