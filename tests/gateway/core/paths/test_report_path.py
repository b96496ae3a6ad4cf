"""Reports of devices about themselves: each ends only what it names, and only from who may say so."""

import pytest
from kentongan_gateway.core.base.actions import OrderDone, Send, Siren, Store
from kentongan_gateway.core.gateway_core import CoreConfig
from kentongan_gateway.core.paths.intake import SLOW_MS
from kentongan_wire.message import messages as m
from kits.gateway.gateway_kit import (
    BUTTON,
    DEVICES,
    GATEWAY,
    GATEWAY_2,
    POST,
    POST_2,
    RECEIVER,
    SITE,
    Bench,
    alarm,
    button_status,
    coming,
    message,
    node_status,
    report,
    starts,
)

POST_3 = 0x3001 + 2
TWO_GATEWAYS = [
    *DEVICES,
    {"node": GATEWAY_2, "role": "gateway", "label": "gateway-2", "zone": 6, "house": 0, "hops": 1},
]
TWO_POSTS = [{**d, "zone": 5} if d["node"] == POST_2 else d for d in DEVICES]


def own_siren_and_orders(bench):
    return len(bench.all(Siren)), len(starts(bench))


def coming_stages(bench):
    return [e for _, _, e in bench.entries(BUTTON) if e.stage == m.STAGE_COMING]


def refusals(bench):
    bench.run(70_000)
    return {reason for e in bench.of_type("refusals") for reason in e["counters"]}


# Silence


def test_silence_told_in_advance_quiets_no_other_post_and_not_our_own_siren():
    """A stolen post with its own keys says so before the press; it can only keep itself quiet."""
    control, bench = Bench(devices=TWO_POSTS), Bench(devices=TWO_POSTS)
    bench.hear(report(src=POST_2, counter=5_000, alarm_counter=101, state=m.STATE_SILENCED), src=POST_2)
    for each in (control, bench):
        each.run(1_000)
        each.hear(alarm(counter=101, kind=2))
        each.run(20_000)
    assert own_siren_and_orders(bench) == own_siren_and_orders(control) == (1, 5)
    assert {tuple(posts) for _, _, posts in starts(bench)} == {(POST,)}
    assert {tuple(posts) for _, _, posts in starts(control)} == {(POST, POST_2)}
    assert "silence_not_asked" in refusals(bench)


def test_a_silenced_post_is_not_ordered_again_over_a_restart_and_the_others_are():
    bench = Bench(devices=TWO_POSTS)
    bench.hear(alarm(kind=2))
    bench.hear(report(), src=POST)
    bench.run(1_000)
    bench.hear(report(counter=311, state=m.STATE_SILENCED), src=POST)
    bench.run(1_000)
    again = Bench(state=bench.state, spool=bench.spool, devices=TWO_POSTS)
    again.hear(alarm(counter=101, incident=100, kind=2))  # its presser presses again
    again.run(20_000)
    assert {tuple(posts) for _, _, posts in starts(again)} == {(POST_2,)} and again.all(Siren)


def test_an_order_under_way_goes_on_for_the_posts_that_nobody_silenced():
    bench = Bench(devices=TWO_POSTS)
    bench.hear(alarm(kind=2))
    bench.run(2_500, hub_ok_every_ms=1_000)
    assert starts(bench)[-1][2] == [POST, POST_2]
    bench.hear(report(state=m.STATE_SILENCED), src=POST)
    bench.run(30_000, hub_ok_every_ms=1_000)
    assert {tuple(posts) for _, _, posts in starts(bench)[1:]} == {(POST_2,)} and len(starts(bench)) == 5


def test_another_incident_of_the_button_orders_the_silenced_post_as_ever():
    bench = Bench()
    bench.hear(alarm())
    bench.hear(report(), src=POST)
    bench.hear(report(counter=311, state=m.STATE_SILENCED), src=POST)
    bench.hear(alarm(counter=120))
    bench.run(3_000, hub_ok_every_ms=1_000)
    assert [(counter, posts) for _, counter, posts in starts(bench)] == [(120, [POST])]


def test_silence_from_a_post_that_was_not_to_sound_changes_nothing():
    bench = Bench()
    bench.hear(alarm())
    bench.hear(report(src=POST_2, state=m.STATE_SILENCED), src=POST_2)
    bench.run(3_000)
    assert starts(bench)[0][2] == [POST] and "hushed" not in bench.state
    assert "silence_not_asked" in refusals(bench)


# Sounding


def rests(bench):
    return [
        (order.body.counter, tuple(post for post, _ in order.body.targets))
        for _, _, order in bench.sent(m.SIREN_ORDER)
        if order.body.action == m.ACTION_REST
    ]


@pytest.mark.parametrize("source", [m.SOURCE_DIRECT, m.SOURCE_RECEIPT])
def test_a_post_that_sounds_by_itself_for_what_was_over_long_ago_is_stopped(source):
    """It did not hear the alarm then; somebody plays it, or its receipt, to it now."""
    bench = Bench(devices=TWO_POSTS)
    bench.hear(alarm(kind=2))
    bench.hear(report(), src=POST)
    bench.run(SLOW_MS + 1_000, hub_ok_every_ms=1_000)
    body = m.SirenReport(BUTTON, 100, m.STATE_SOUNDING, source)
    bench.hear(message(m.SIREN_REPORT, POST_2, 310, body), src=POST_2)
    bench.run(20_000, hub_ok_every_ms=1_000)
    assert rests(bench) == [(100, (POST_2,))] * 5 and not starts(bench)
    bench.hear(report(src=POST_2, counter=311, state=m.STATE_STOPPED), src=POST_2)
    assert "replay" in refusals(bench)


@pytest.mark.parametrize(
    ("wait_ms", "counter", "source"),
    [
        (SLOW_MS - 60_000, 100, m.SOURCE_DIRECT),
        (SLOW_MS + 1_000, 101, m.SOURCE_DIRECT),
        (SLOW_MS + 1_000, 100, m.SOURCE_ORDER),
    ],
)
def test_a_post_that_sounds_for_a_young_or_unknown_alarm_or_by_order_is_not_stopped(wait_ms, counter, source):
    """By order: of another gateway, perhaps, of which this one did not hear."""
    bench = Bench(devices=TWO_GATEWAYS)
    bench.hear(alarm(kind=2))
    bench.hear(report(), src=POST)
    bench.run(wait_ms, hub_ok_every_ms=1_000)
    body = m.SirenReport(BUTTON, counter, m.STATE_SOUNDING, source)
    bench.hear(message(m.SIREN_REPORT, POST, 330, body), src=POST)
    bench.run(5_000, hub_ok_every_ms=1_000)
    assert not rests(bench)


TO_ONE_POST = {"id": 7, "type": "siren", "origin": BUTTON, "counter": 100, "targets": [POST_2], "kind": 2}


@pytest.mark.parametrize("ordered", [False, True])
def test_the_only_gateway_knows_whether_a_post_sounds_by_an_order_of_now_or_a_recorded_one(ordered):
    bench = Bench(devices=TWO_POSTS)
    bench.hear(alarm(kind=2))
    bench.hear(report(), src=POST)
    bench.run(SLOW_MS + 1_000, hub_ok_every_ms=1_000)
    if ordered:
        bench.order(action="start", seconds=60, **TO_ONE_POST)
    body = m.SirenReport(BUTTON, 100, m.STATE_SOUNDING, m.SOURCE_ORDER)
    bench.hear(message(m.SIREN_REPORT, POST_2, 310, body), src=POST_2)
    bench.run(5_000, hub_ok_every_ms=1_000)
    assert set(rests(bench)) == (set() if ordered else {(100, (POST_2,))})


def test_a_hub_that_has_one_siren_rest_silences_no_incident():
    bench = Bench(devices=TWO_POSTS)
    bench.hear(alarm(kind=2))
    bench.hear(report(), src=POST)
    bench.run(SLOW_MS + 1_000, hub_ok_every_ms=1_000)
    bench.order(action="rest", seconds=0, **TO_ONE_POST)
    assert set(rests(bench)) == {(100, (POST_2,))}
    bench.run(300_000, hub_ok_every_ms=1_000)
    bench.hear(alarm(counter=101, incident=100, kind=2))  # its presser presses again
    bench.run(5_000, hub_ok_every_ms=1_000)
    assert [posts for _, counter, posts in starts(bench) if counter == 101]


def test_a_hub_that_has_one_siren_rest_takes_back_what_still_starts_that_one_alone():
    bench = Bench(devices=TWO_POSTS)
    bench.hear(alarm(kind=2))
    bench.run(SLOW_MS + 1_000, hub_ok_every_ms=1_000)
    bench.order(action="start", seconds=60, **{**TO_ONE_POST, "targets": [POST, POST_2]})
    bench.run(2_500, hub_ok_every_ms=1_000)
    assert starts(bench)[-1][2] == [POST, POST_2]
    bench.order(action="rest", seconds=0, **{**TO_ONE_POST, "id": 8})
    before = len(starts(bench))
    bench.run(20_000, hub_ok_every_ms=1_000)
    assert {tuple(posts) for _, _, posts in starts(bench)[before:]} == {(POST,)}


def test_a_hub_that_has_forgotten_when_an_alarm_came_has_no_young_one_rest():
    """Its database was damaged, and what it ordered went with it."""
    bench = Bench(devices=TWO_POSTS)
    bench.hear(alarm(kind=2))
    bench.run(3_000, hub_ok_every_ms=1_000)
    bench.order(action="rest", seconds=0, **TO_ONE_POST)
    (done,) = bench.all(OrderDone)
    assert not rests(bench) and done.result.startswith("failed")


@pytest.mark.parametrize("by_hub", [False, True])
def test_nothing_rests_of_an_incident_that_was_pressed_again(by_hub):
    """A recording played just before the press would have the siren rest that the press needs."""
    bench = Bench(devices=TWO_POSTS)
    bench.hear(alarm(kind=2))
    bench.hear(report(), src=POST)
    bench.run(SLOW_MS + 1_000, hub_ok_every_ms=1_000)
    bench.hear(alarm(counter=101, incident=100, kind=2))
    bench.run(100, hub_ok_every_ms=100)
    if by_hub:
        bench.order(action="rest", seconds=0, **TO_ONE_POST)
    else:
        bench.hear(report(src=POST_2), src=POST_2)
    bench.run(5_000, hub_ok_every_ms=1_000)
    assert not rests(bench)


def test_the_next_press_is_ordered_where_a_recording_has_just_sounded():
    bench = Bench()
    bench.hear(alarm(kind=2))
    bench.hear(report(), src=POST)
    bench.run(SLOW_MS + 1_000, hub_ok_every_ms=1_000)
    bench.hear(report(counter=311), src=POST)
    assert rests(bench)
    bench.hear(alarm(counter=101, incident=100, kind=2))
    bench.run(5_000, hub_ok_every_ms=1_000)
    assert (POST,) in {tuple(posts) for _, counter, posts in starts(bench) if counter == 101}


LIES = {"sounding": (SLOW_MS + 1_000, m.STATE_SOUNDING), "refused": (20_000, m.STATE_REFUSED)}


@pytest.mark.parametrize("lie", LIES)
def test_a_posts_lies_cost_the_button_that_they_name_no_air(lie):
    """Each has it ordered five times; the house whose alarm it names is called for as ever."""
    after_ms, state = LIES[lie]
    bench = Bench(devices=TWO_POSTS)
    bench.hear(alarm(kind=2))
    bench.hear(report(), src=POST)
    bench.run(after_ms, hub_ok_every_ms=1_000)
    shares = bench.core.parts.context.shares
    before_s = shares.used_s(BUTTON, bench.now_ms)
    for n in range(8):
        bench.hear(report(src=POST_2, counter=5_000 + n, state=state), src=POST_2)
        bench.run(16_000, hub_ok_every_ms=1_000)
    assert shares.used_s(POST_2, bench.now_ms) > 2 and shares.used_s(BUTTON, bench.now_ms) == before_s


def test_in_the_first_minutes_of_a_run_nobody_is_stopped_for_what_a_former_run_stored():
    bench = Bench()
    bench.hear(alarm(kind=2))
    again = Bench(state=bench.state, spool=bench.spool, age_ms=-1)
    again.hear(report(), src=POST)
    again.run(5_000, hub_ok_every_ms=1_000)
    assert not rests(again)


# Stages


@pytest.mark.parametrize(("of", "stage"), [(101, 3), (99, 3), (100, 4), (100, 5), (100 + 65_536, 3)])
def test_a_status_ends_the_repeats_of_no_other_alarm_and_no_other_stage(of, stage):
    bench = Bench()
    bench.hear(alarm())
    bench.run(1_000, hub_ok_every_ms=500)
    bench.order(id=1, type="stage", device=BUTTON, counter=100, stage=3)
    bench.hear(button_status(stage=stage, of=of))
    bench.run(70_000, hub_ok_every_ms=1_000)
    assert len(coming_stages(bench)) == 6 and not bench.of_type("stage_seen")


def test_a_status_before_we_have_said_anything_ends_nothing_of_what_we_say_later():
    bench = Bench()
    bench.hear(alarm())
    bench.run(1_000, hub_ok_every_ms=500)
    bench.hear(button_status(stage=3))
    bench.order(id=1, type="stage", device=BUTTON, counter=100, stage=3)
    bench.run(70_000, hub_ok_every_ms=1_000)
    assert len(coming_stages(bench)) == 6


# Answers


@pytest.fixture(name="paged")
def _paged():
    bench = Bench()
    bench.hear(alarm())
    bench.run(8_000)
    assert bench.sent(m.PAGE)
    return bench


def test_before_the_first_page_the_hub_is_told_whom_it_asks(paged):
    (event,) = paged.of_type("paged")
    assert (event["device"], event["origin"], event["counter"], event["label"]) == (
        RECEIVER,
        BUTTON,
        100,
        "penerima-1",
    )
    told = [i for i, (_, a) in enumerate(paged.done) if isinstance(a, Store) and a.event["type"] == "paged"]
    page = paged.sent(m.PAGE)[0][1]
    sent = [i for i, (_, a) in enumerate(paged.done) if isinstance(a, Send) and a == page]
    assert told[0] < sent[0]


def test_the_paged_event_names_the_first_counter_of_the_incident_whole():
    bench = Bench()
    bench.hear(alarm(counter=70_000))
    bench.hear(alarm(counter=70_005, incident=70_000 & 0xFFFF))
    bench.run(8_000)
    (event,) = bench.of_type("paged")
    assert event["counter"] == 70_000 == bench.sent(m.PAGE)[0][2].body.counter


@pytest.mark.parametrize("hub", [True, False])
def test_who_was_paged_about_this_incident_answers_it(hub):
    bench = Bench()
    bench.hear(alarm())
    if hub:
        bench.order(id=1, type="page", device=BUTTON, counter=100)
    bench.run(8_000, hub_ok_every_ms=1_000 if hub else None)
    bench.hear(coming(), src=RECEIVER)
    bench.run(3_000, hub_ok_every_ms=1_000)
    assert coming_stages(bench) and "answer_not_asked" not in refusals(bench)


WRONG = {
    "another incident": {"first": 101},
    "the same 16 bits": {"first": 100 + 65_536},
    "another button": {"origin": 0x2008},
}


@pytest.mark.parametrize("what", WRONG)
def test_an_answer_to_what_nobody_asked_is_stored_and_tells_the_presser_nothing(paged, what):
    paged.hear(coming(**WRONG[what]), src=RECEIVER)
    paged.run(3_000)
    assert len(paged.of_type("event")) == 1 and not coming_stages(paged)
    assert "answer_not_asked" in refusals(paged)


@pytest.mark.parametrize("hub", [True, False])
def test_a_penerima_that_nobody_paged_answers_nothing_with_the_hub_alive_and_dead(hub):
    bench = Bench(paging={"5": {"0": None}})
    bench.hear(alarm())
    bench.run(8_000, hub_ok_every_ms=1_000 if hub else None)
    bench.hear(coming(), src=RECEIVER)
    bench.run(3_000, hub_ok_every_ms=1_000 if hub else None)
    assert bench.of_type("event") and not coming_stages(bench) and "answer_not_asked" in refusals(bench)


@pytest.mark.parametrize("change", [{"house": 7}, {"conflicts": [BUTTON]}])
def test_who_may_not_be_asked_any_more_answers_no_more(paged, change):
    devices = [{**d, **change} if d["node"] == RECEIVER else d for d in DEVICES]
    paged.order(id=1, type="directory", devices=devices, revoked=[])
    paged.hear(coming(), src=RECEIVER)
    paged.run(3_000)
    assert paged.of_type("event") and not coming_stages(paged)


def test_an_answer_to_a_closed_incident_tells_the_presser_nothing_new(paged):
    paged.order(id=1, type="stage", device=BUTTON, counter=100, stage=4)
    paged.hear(coming(), src=RECEIVER)
    paged.run(3_000)
    assert not coming_stages(paged) and "answer_not_asked" not in refusals(paged), "it had been asked"


# Refused


def test_a_post_that_took_a_press_for_a_replay_is_ordered_to_sound_it_and_no_other_is():
    bench = Bench(devices=TWO_POSTS)
    bench.hear(alarm(kind=2))
    bench.hear(report(), src=POST)  # one sounds: nobody needs to be ordered
    bench.hear(report(src=POST_2, state=m.STATE_REFUSED), src=POST_2)
    bench.run(1_000, hub_ok_every_ms=1_000)
    assert [(counter, posts) for _, counter, posts in starts(bench)] == [(100, [POST_2])]
    bench.hear(report(src=POST_2, counter=311), src=POST_2)
    bench.run(30_000, hub_ok_every_ms=1_000)
    assert len(starts(bench)) == 1


def test_the_refusal_may_come_before_the_alarm():
    bench = Bench(devices=TWO_POSTS)
    bench.hear(report(src=POST_2, state=m.STATE_REFUSED), src=POST_2)
    bench.run(1_000, hub_ok_every_ms=1_000)
    assert not starts(bench)
    bench.hear(alarm(kind=2))
    bench.hear(report(), src=POST)
    bench.run(1_000, hub_ok_every_ms=1_000)
    assert [posts for _, _, posts in starts(bench)] == [[POST_2]]


def late(bench):
    bench.hear(button_status(counter=200))
    bench.hear(alarm(kind=2))


def old(bench):
    bench.hear(alarm(kind=2))
    bench.hear(report(), src=POST)
    bench.run(190_000, hub_ok_every_ms=1_000)


def answered(bench):
    bench.hear(alarm(kind=2))
    bench.order(id=1, type="stage", device=BUTTON, counter=100, stage=3)


def silent(bench):
    bench.hear(alarm(kind=2, under_c=True))


@pytest.mark.parametrize("why", [late, old, answered, silent])
def test_a_post_that_refused_what_is_not_to_sound_is_right(why):
    bench = Bench(devices=TWO_POSTS)
    why(bench)
    bench.hear(report(src=POST_2, counter=400, state=m.STATE_REFUSED), src=POST_2)
    bench.run(20_000, hub_ok_every_ms=1_000)
    assert not starts(bench)


# Under A


def stage_1_of_a_thief(counter):
    """Make a stolen post's frame in another's name: under A, which it holds of everybody."""
    entry = m.receipt_entry(POST, BUTTON, 100, m.STAGE_SOUNDING, 1, 0, 0, SITE.a(BUTTON, m.TOMBOL, 0))
    of = POST, m.SIRENE, 0
    return m.encode(m.RECEIPTS, m.SIRENE, 0, counter, POST, m.Receipts((entry,)), SITE.a(*of), SITE.r(*of))


def test_a_stage_1_that_a_stolen_post_makes_for_another_ends_no_order_and_is_not_our_word():
    bench = Bench()
    bench.hear(alarm(kind=2))
    for n in range(4):
        bench.hear(stage_1_of_a_thief(320 + n), src=POST)
        bench.run(1_000)
    assert len(starts(bench)) == 1 and bench.core.counters["tag"] == 4
    assert {entry.sounding for _, _, entry in bench.entries(BUTTON)} == {0}


def test_receipts_under_a_keep_no_dead_post_alive_and_make_no_radio_deaf():
    """A gateway's are under A: any stolen post can make them, and name in them whom it likes."""
    devices = [
        *DEVICES,
        {"node": GATEWAY_2, "role": "gateway", "label": "gateway-2", "zone": 6, "house": 0, "hops": 1},
    ]
    bench = Bench(devices=devices, config=CoreConfig(GATEWAY, "gateway-1", 5, radios=("uji", "uji-2")))
    for name in ("uji", "uji-2"):
        bench.do(bench.core.on_radio_state(name, True, bench.now_ms))
    entry = m.Entry(BUTTON, 100, 2, 0, 0, 0, bytes(4))
    for n in range(20):
        bench.hear(message(m.RECEIPTS, GATEWAY_2, 40 + n, m.Receipts((entry,))), src=GATEWAY_2)
        bench.hear(stage_1_of_a_thief(320 + n), src=POST)
        bench.run(16_000, hub_ok_every_ms=1_000)
    assert [e["state"] for e in bench.of_type("supervision") if e["device"] == POST] == [
        "terlambat",
        "terputus",
    ]
    assert bench.core.parts.radios._radios["uji-2"].missed == 0


def test_receipts_of_invented_gateways_push_no_counter_out_of_its_place():
    """A recorded status would keep a dead post alive."""
    bench = Bench()
    bench.hear(node_status(), src=POST)
    rows = len(bench.core.parts.guard.rows())
    receipts = m.Receipts((m.Entry(BUTTON, 100, 2, 0, 0, 0, bytes(4)),))
    for node in range(0x10_0000, 0x10_0000 + 300):
        of = node, m.GATEWAY, 0
        bench.hear(m.encode(m.RECEIPTS, m.GATEWAY, 0, 7, node, receipts, SITE.a(*of), SITE.r(*of)), src=node)
    assert len(bench.core.parts.guard.rows()) == rows and bench.core.counters["unknown_gateway"] == 300
