"""Forgeries that only a thief can have made: people are told, and posts' words weigh less for a day."""

import struct

import pytest
from kentongan_gateway.core.base.actions import Siren
from kentongan_gateway.core.devices.forgeries import LAST_MS, NAME
from kentongan_wire.message import messages as m
from kentongan_wire.message.messages import encode
from kits.gateway.gateway_kit import (
    BUTTON,
    BUTTON_2,
    DEVICES,
    GATEWAY,
    GATEWAY_2,
    POST,
    POST_2,
    RECEIVER,
    SITE,
    Bench,
    alarm,
    forged,
    message,
    report,
    starts,
)

TWO_POSTS = [{**d, "zone": 5} if d["node"] == POST_2 else d for d in DEVICES]


def silent_under_a(counter=100):
    """Make a frame that no button sends: an alarm that may not sound, under the key that every post has."""
    body = m.Alarm(0, counter & 0xFFFF, 5, m.KIND_UJI, 0, 150)
    of = BUTTON, m.TOMBOL, 0
    return encode(m.ALARM, m.TOMBOL, 0, counter, BUTTON, body, SITE.a(*of), SITE.r(*of), SITE.c(*of))


def receipt(sender, counter=900, of=0x10064, node=BUTTON, key=bytes(32), stage=m.STAGE_STORED):
    """RECEIPTS that any post can make: the outer tag is under A, no post can judge the entry."""
    about = sender, m.GATEWAY, 0
    named = (5, 1) if stage == m.STAGE_STORED else (0, 0)
    entry = m.receipt_entry(sender, node, of, stage, 0, *named, key)
    return encode(
        m.RECEIPTS, m.GATEWAY, 0, counter, sender, m.Receipts((entry,)), SITE.a(*about), SITE.r(*about)
    )


def beats_on_a_receipt(of=0x10064, src=POST, counter=310):
    return message(
        m.SIREN_REPORT, src, counter, m.SirenReport(BUTTON, of, m.STATE_SOUNDING, m.SOURCE_RECEIPT)
    )


def told(bench):
    return [(e["active"], e["detail"]) for e in bench.of_type("trouble") if e["name"] == NAME]


@pytest.mark.parametrize(("payload", "reason"), [(forged(), "unproved"), (silent_under_a(), "weak_key")])
def test_a_forged_alarm_is_refused_and_people_are_told_once_for_a_day(payload, reason):
    bench = Bench()
    for _ in range(50):
        bench.hear(payload)
        bench.run(1_000, hub_ok_every_ms=1_000)
    assert bench.core.counters[reason] == 50
    assert not bench.of_type("alarm") and not bench.sent() and not bench.all(Siren)
    ((active, text),) = told(bench)
    assert active and text.endswith("periksa apakah pos dicuri, atau tombol-07")
    bench.run(LAST_MS - 10_000, hub_ok_every_ms=60_000)
    assert len(told(bench)) == 1
    bench.run(20_000, hub_ok_every_ms=60_000)
    assert [active for active, _ in told(bench)] == [True, False]


def test_a_forged_alarm_moves_no_counter_and_the_real_press_under_it_is_called_for():
    bench = Bench()
    for counter in (100, 4_000_000_000):
        bench.hear(forged(counter=counter))
    bench.hear(alarm(kind=2))
    bench.run(7_000)
    (event,) = bench.of_type("alarm")
    assert (event["counter"], event["late"], event["altered"]) == (100, False, False)
    assert starts(bench) and bench.all(Siren) and bench.entries(BUTTON)


def test_while_forgeries_are_minded_the_word_of_one_post_replaces_the_order_to_no_other():
    bench = Bench(devices=TWO_POSTS)
    bench.hear(forged(src=BUTTON_2), src=BUTTON_2)
    bench.hear(alarm(kind=2))
    bench.hear(report(src=POST_2), src=POST_2)  # the thief's
    bench.run(20_000, hub_ok_every_ms=1_000)
    assert [posts for _, _, posts in starts(bench)] == [[POST]] * 5


def test_while_forgeries_are_minded_a_word_of_one_post_before_the_alarm_replaces_no_order():
    """He says that it sounds as soon as he has heard the button, and is stored first."""
    bench = Bench(devices=TWO_POSTS)
    bench.hear(forged(src=BUTTON_2), src=BUTTON_2)
    bench.hear(report(src=POST_2), src=POST_2)
    bench.hear(alarm(kind=2))
    bench.run(20_000, hub_ok_every_ms=1_000)
    assert [posts for _, _, posts in starts(bench)] == [[POST]] * 5


def test_while_forgeries_are_minded_an_order_under_way_ends_for_each_post_by_its_own_report():
    bench = Bench(devices=TWO_POSTS)
    bench.hear(alarm(kind=2))
    bench.run(2_500, hub_ok_every_ms=1_000)
    bench.hear(forged(src=BUTTON_2), src=BUTTON_2)
    bench.hear(report(src=POST_2), src=POST_2)
    bench.run(6_000, hub_ok_every_ms=1_000)
    assert len(starts(bench)) == 3
    bench.hear(report(), src=POST)
    bench.run(20_000, hub_ok_every_ms=1_000)
    assert len(starts(bench)) == 3


def test_without_forgeries_one_post_that_reports_is_enough():
    bench = Bench(devices=TWO_POSTS)
    bench.hear(alarm(kind=2))
    bench.hear(report(src=POST_2), src=POST_2)
    bench.run(20_000, hub_ok_every_ms=1_000)
    assert not starts(bench)


def test_a_restart_forgets_no_forgery_and_begins_no_new_day():
    bench = Bench()
    bench.hear(forged())
    bench.run(LAST_MS // 2, hub_ok_every_ms=60_000)
    again = Bench(state=bench.state)
    assert again.core.troubles().get(NAME)
    again.hear(alarm(kind=2))
    again.hear(report(), src=POST)
    again.run(LAST_MS // 2 + 3_600_000, hub_ok_every_ms=60_000)
    assert NAME not in again.core.troubles()
    assert NAME not in Bench(state=again.state).core.troubles()


INVENTED = 0x7777
BOTH_GATEWAYS = [
    *TWO_POSTS,
    {"node": GATEWAY_2, "role": "gateway", "label": "gateway-2", "zone": 6, "house": 0},
]


@pytest.mark.parametrize("sender", [GATEWAY, GATEWAY_2, INVENTED])
@pytest.mark.parametrize("node", [BUTTON, 0x9999], ids=["a button", "an unknown number"])
def test_a_receipt_that_no_gateway_can_have_made_is_told_whoever_it_names(sender, node):
    """In our own number it was taken for an echo, in an invented one for a stranger's, else for noise."""
    bench = Bench(devices=BOTH_GATEWAYS)
    bench.hear(receipt(sender, node=node), src=sender)
    bench.run(1_000, hub_ok_every_ms=500)
    ((active, text),) = told(bench)
    assert active and text.endswith("periksa apakah pos dicuri"), "no tombol can make it"


@pytest.mark.parametrize("stage", [m.STAGE_STORED, m.STAGE_COMING, m.STAGE_CANCELLED])
@pytest.mark.parametrize("sender", [GATEWAY, GATEWAY_2, INVENTED])
def test_true_receipts_are_no_forgery_whoever_carries_them_back_to_us(sender, stage):
    bench = Bench(devices=BOTH_GATEWAYS)
    for node, role in ((BUTTON, m.TOMBOL), (POST, m.SIRENE), (RECEIVER, m.PENERIMA), (0x9999, m.TOMBOL)):
        of_ours = bench.core.parts.context.sequence.last if sender == GATEWAY else 900
        frame = receipt(sender, of_ours, node=node, key=SITE.c(node, role, 0), stage=stage)
        bench.hear(frame, src=sender)
    assert not bench.core.parts.context.forgeries.lately


@pytest.mark.parametrize("again", ["of this run", "of a former run"])
def test_an_old_entry_of_ours_in_a_new_frame_is_told_for_only_a_stolen_post_makes_it(again):
    """Posts sound on it; each of them would be ordered to stop, and nobody would have been told why."""
    bench = Bench()
    bench.hear(alarm(kind=2))
    bench.run(3_600_000, hub_ok_every_ms=1_000)
    if again == "of a former run":
        settled = struct.pack("<I", bench.core.parts.context.sequence.last)  # its counters were never lost
        bench = Bench(state={**bench.state, "seq": settled})
    assert not bench.core.parts.context.forgeries.lately
    rewrapped = receipt(
        GATEWAY, bench.core.parts.context.sequence.last + 1, of=100, key=SITE.c(BUTTON, m.TOMBOL, 0)
    )
    bench.hear(rewrapped, src=GATEWAY)
    assert [active for active, _ in told(bench)] == [True]


def test_it_is_told_under_a_number_that_we_used_for_something_else_as_well():
    bench = Bench()
    bench.hear(alarm(kind=2))
    bench.run(20_000, hub_ok_every_ms=500)
    last = bench.core.parts.context.sequence.last
    assert last > bench.core.parts.records.answered(BUTTON, 100) > 0
    bench.hear(receipt(GATEWAY, last, of=100, key=SITE.c(BUTTON, m.TOMBOL, 0)), src=GATEWAY)
    assert [active for active, _ in told(bench)] == [True]


def test_our_own_frames_and_noise_in_our_number_are_an_echo_and_nothing_else():
    bench = Bench()
    bench.hear(alarm(kind=2))
    bench.run(10_000)
    for _, send, _ in bench.sent():
        bench.hear(send.payload, src=GATEWAY, packet_id=send.packet_id)
    bench.hear(b"\x18" * 40, src=GATEWAY)
    assert bench.core.counters["echo"] == len(bench.sent()) + 1 > 3
    assert not bench.core.parts.context.forgeries.lately


def test_a_post_that_beats_on_a_receipt_that_nobody_gave_tells_of_a_forgery():
    """The thief may be in reach of a post and of no gateway: then its own report is the trace."""
    bench = Bench()
    bench.hear(beats_on_a_receipt(), src=POST)
    assert [active for active, _ in told(bench)] == [True]


@pytest.mark.parametrize("given", ["stored", "stored by a former run", "another gateway", "a new card"])
def test_a_post_that_beats_on_a_receipt_that_somebody_gave_or_may_have_given_does_not(given):
    bench = Bench(
        devices=BOTH_GATEWAYS if given == "another gateway" else TWO_POSTS,
        state={} if given == "a new card" else None,
    )
    if given.startswith("stored"):
        bench.hear(alarm())
        bench.run(2_000, hub_ok_every_ms=500)
    if given.endswith("run"):
        bench = Bench(state=bench.state)
    bench.hear(beats_on_a_receipt(of=100), src=POST)
    assert not bench.core.parts.context.forgeries.lately


@pytest.mark.parametrize("way", ["receipt", "report"])
def test_after_a_forged_receipt_the_next_press_is_ordered_in_spite_of_a_post_that_says_it_sounds(way):
    """The forged one made the posts deaf to that press, and the thief says that his own beats it."""
    bench = Bench(devices=TWO_POSTS)
    if way == "report":
        bench.hear(beats_on_a_receipt(), src=POST)
    else:
        bench.hear(receipt(GATEWAY), src=GATEWAY)
    bench.run(100, hub_ok_every_ms=50)
    bench.hear(alarm(counter=100))
    bench.hear(report(POST_2, alarm_counter=100), src=POST_2)  # the thief's
    bench.run(20_000, hub_ok_every_ms=1_000)
    assert [posts for _, _, posts in starts(bench)] == [[POST]] * 5


def test_a_word_about_a_counter_65536_presses_away_is_about_no_press_of_today():
    """An incident is named by 16 bits: who said it sounds for that one held the order back for this."""
    bench = Bench(devices=TWO_POSTS)
    bench.hear(report(POST_2, alarm_counter=0x10064), src=POST_2)
    bench.hear(alarm(counter=0x64))
    bench.hear(report(POST_2, counter=311, alarm_counter=0x10064), src=POST_2)
    bench.run(5_000, hub_ok_every_ms=1_000)
    assert sorted(starts(bench)[0][2]) == [POST, POST_2]


def test_one_button_in_whose_name_alone_was_forged_is_named_until_another_is():
    """A stolen tombol can spoil its own proofs: that is no reason to call a post stolen."""
    bench = Bench()
    for src in (BUTTON_2, BUTTON_2, BUTTON, BUTTON_2):
        bench.hear(forged(src=src), src=src)
        bench.run(1_000, hub_ok_every_ms=500)
    assert [(active, "tombol-08" in text) for active, text in told(bench)] == [
        (True, True),
        (False, False),
        (True, False),
    ]
