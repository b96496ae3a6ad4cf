"""Stages of many buttons at once: they share frames, and each is still told until it names its stage."""

from kentongan_gateway.core.answers.receipts import ENTRIES_MAX
from kentongan_gateway.core.base.actions import OrderDone
from kentongan_wire.message import messages as m
from kits.gateway.gateway_kit import BUTTON, BUTTON_2, Bench, alarm, button_status


def stage_frames(bench, start):
    """[(ms since start, [node, ..])] of the frames that carry a stage 3."""
    frames = [
        (at - start, [e.node for e in opened.body.entries if e.stage == 3])
        for at, _, opened in bench.sent(m.RECEIPTS)
    ]
    return [(at, nodes) for at, nodes in frames if nodes]


def test_buttons_told_within_a_second_share_a_frame_and_each_frame_has_a_number_of_its_own():
    bench = Bench()
    for src, counter in ((BUTTON, 100), (BUTTON_2, 50)):
        bench.hear(alarm(src=src, counter=counter), src=src)
    bench.run(2_000, hub_ok_every_ms=1_000)
    start = bench.now_ms
    bench.order(id=1, type="stage", device=BUTTON, counter=100, stage=3)
    bench.run(400)
    bench.order(id=2, type="stage", device=BUTTON_2, counter=50, stage=3)
    bench.run(70_000, hub_ok_every_ms=1_000)
    frames = stage_frames(bench, start)
    assert frames[:3] == [(0, [BUTTON]), (1_000, [BUTTON_2, BUTTON]), (2_400, [BUTTON_2])]
    told = [node for _, nodes in frames for node in nodes]
    assert told.count(BUTTON) == told.count(BUTTON_2) == 6
    assert min(b[0] - a[0] for a, b in zip(frames, frames[1:], strict=False)) >= 1_000
    numbers = [(send.packet_id, opened.counter) for _, send, opened in bench.sent(m.RECEIPTS)]
    assert len(set(numbers)) == len(numbers)


def test_who_has_named_its_stage_is_left_out_of_the_next_frame():
    bench = Bench()
    start = bench.now_ms
    for number, (src, counter) in enumerate(((BUTTON, 100), (BUTTON_2, 50))):
        bench.hear(alarm(src=src, counter=counter), src=src)
        bench.order(id=number + 1, type="stage", device=src, counter=counter, stage=3)
    bench.run(1_500)
    bench.hear(button_status(stage=3), src=BUTTON)
    bench.run(20_000, hub_ok_every_ms=1_000)
    assert {node for at, nodes in stage_frames(bench, start) for node in nodes if at > 1_500} == {BUTTON_2}
    assert bench.all(OrderDone) == [OrderDone(1, "ok")]


def test_a_whole_village_is_told_in_frames_of_at_most_14():
    bench = Bench()
    nodes = [0x2100 + n for n in range(30)]
    start = bench.now_ms
    for n, node in enumerate(nodes):
        bench.order(id=n + 1, type="stage", device=node, counter=5, stage=3)
    bench.run(120_000, hub_ok_every_ms=1_000)
    frames = stage_frames(bench, start)
    assert max(len(entries) for _, entries in frames) == ENTRIES_MAX
    told = [node for _, entries in frames for node in entries]
    assert {told.count(node) for node in nodes} == {6}
    assert len(frames) <= 25
    assert len([1 for done in bench.all(OrderDone) if done.result.startswith("failed")]) == 30


def test_two_alarms_of_one_button_never_share_a_frame_because_it_reads_one_entry_of_each():
    bench = Bench()
    bench.hear(alarm(src=BUTTON_2, counter=50), src=BUTTON_2)
    bench.hear(alarm())
    bench.hear(alarm(counter=101, under_c=True))
    bench.order(id=1, type="stage", device=BUTTON, counter=100, stage=3)
    bench.order(id=2, type="stage", device=BUTTON, counter=101, stage=3)
    bench.run(70_000, hub_ok_every_ms=1_000)
    frames = [[e.node for e in opened.body.entries] for _, _, opened in bench.sent(m.RECEIPTS)]
    assert all(len(set(nodes)) == len(nodes) for nodes in frames)
    told = [(e.counter, e.stage) for *_, e in bench.entries(BUTTON)]
    assert [told.count((counter, 3)) for counter in (100, 101)] == [6, 6]
    assert {(100, 2), (101, 2)} <= set(told)


def test_what_a_far_button_does_not_name_for_long_may_go_round_by_one_more_relay():
    """The shortest way may have a relay that holds its copy back because another one was heard."""
    bench = Bench()
    bench.hear(alarm(), hops=2, hop_start=3)
    bench.run(1_000, hub_ok_every_ms=500)
    bench.order(id=1, type="stage", device=BUTTON, counter=100, stage=3)
    bench.run(70_000, hub_ok_every_ms=1_000)
    assert [send.hop_limit for _, send, e in bench.entries(BUTTON) if e.stage == 3] == [2, 2, 2, 3, 3, 3]


def test_who_plays_the_alarm_as_if_it_came_directly_keeps_no_stage_from_a_far_button():
    """No key: the first copy's clear header decided how far everything went that the button was told."""
    bench = Bench()
    for hops in (0, 2):
        bench.hear(alarm(), hops=hops, hop_start=3)
    bench.order(id=1, type="stage", device=BUTTON, counter=100, stage=3)
    bench.run(70_000, hub_ok_every_ms=1_000)
    assert [send.hop_limit for _, send, e in bench.entries(BUTTON) if e.stage == 3] == [0, 0, 0, 2, 2, 2]


def test_who_plays_the_alarm_as_if_it_came_directly_keeps_no_answer_from_a_button_behind_stock_relays():
    """Stock repeaters answer from no cache: what the gateway says once more goes as far as the button is."""
    bench = Bench()
    for attempt, hops in ((0, 0), (0, 2), (1, 2), (2, 2)):
        bench.hear(alarm(attempt=attempt), hops=hops, hop_start=3, relay_node=0xEE)
        bench.run(2_500, hub_ok_every_ms=500)
    answers = [(send.packet_id, send.hop_limit) for _, send, e in bench.entries(BUTTON) if e.stage == 2]
    assert [hop_limit for _, hop_limit in answers] == [0, 2, 2, 2]
    assert len({packet_id for packet_id, _ in answers}) == 2, "relays drop an id that they have seen"


def test_in_a_crowd_only_the_last_word_goes_round_for_there_it_is_the_others_that_keep_the_answer_away():
    bench = Bench()
    calls = ((BUTTON, 100), (BUTTON, 101), (BUTTON_2, 50))
    for src, counter in calls:
        bench.hear(alarm(src=src, counter=counter, under_c=counter == 101), src=src, hops=2, hop_start=3)
    bench.run(1_000, hub_ok_every_ms=500)
    for n, (src, counter) in enumerate(calls):
        bench.order(id=n + 1, type="stage", device=src, counter=counter, stage=3)
    bench.run(70_000, hub_ok_every_ms=1_000)
    assert [send.hop_limit for _, send, e in bench.entries(BUTTON_2) if e.stage == 3] == [2, 2, 2, 2, 2, 3]
