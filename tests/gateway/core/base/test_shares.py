"""Shares of the hour's air: no stolen device spends it for everybody, and a press is always answered."""

import pytest
from kentongan_gateway.core.base import air, shares
from kentongan_gateway.core.base.actions import OrderDone
from kentongan_gateway.core.base.shares import Shares
from kentongan_gateway.core.devices import waiting
from kentongan_wire.message import messages as m
from kits.gateway.gateway_kit import (
    BUTTON,
    BUTTON_2,
    DEVICES,
    POST,
    RECEIVER,
    Bench,
    alarm,
    coming,
    report,
    starts,
)

HOUR_MS = air.MINUTES * air.MINUTE_MS
FLOODS = {
    "penerima": (RECEIVER, lambda n: coming(RECEIVER, 1_000 + n, BUTTON, 7)),
    "uji": (BUTTON_2, lambda n: alarm(BUTTON_2, 1_000 + n, kind=m.KIND_UJI)),
    "sirene": (POST, lambda n: report(POST, 1_000 + n, 0x9000 + n, 5)),
    "tombol": (BUTTON_2, lambda n: alarm(BUTTON_2, 1_000 + 40 * n, kind=2)),
}


def thieves(count):
    return [
        {
            "node": 0x2200 + n,
            "role": "tombol",
            "label": f"tombol-{100 + n}",
            "zone": 5,
            "house": 100 + n,
            "hops": 1,
        }
        for n in range(count)
    ]


def flood(bench, src, frame, times=340, gap_ms=500):
    for n in range(times):
        bench.hear(frame(n), src=src)
        bench.run(gap_ms, hub_ok_every_ms=gap_ms)


def test_a_share_is_what_was_caused_in_the_last_hour():
    mine = Shares()
    mine.spend(1, 5.0, 0)
    mine.spend(1, 2.5, 1_800_000)
    assert mine.used_s(1, 1_800_000) == 7.5 and mine.most(1_800_000) == (1, 7.5)
    assert mine.used_s(1, HOUR_MS) == 2.5 and mine.used_s(2, 0) == 0
    assert mine.allow(1, 1.0, 3.0, 1_800_000), "while the hour is young nobody is held to a share"
    assert not mine.allow(1, 1.0, 20.0, 1_800_000) and mine.allow(2, 1.0, 20.0, 1_800_000)


def test_shares_keep_no_more_devices_than_a_site_can_have(monkeypatch):
    monkeypatch.setattr(shares, "LIMIT", 10)
    mine = Shares()
    for who in range(50):
        mine.spend(who, 0.1, 0)
    assert len(mine._rows) == 10 and mine.used_s(49, 0)


@pytest.mark.parametrize("what", FLOODS)
def test_one_stolen_device_spends_no_more_than_a_third_of_the_hour(what):
    """Each of these took all 29 s, and the next press had no answer and no order."""
    bench = Bench()
    flood(bench, *FLOODS[what])
    assert bench.core.parts.context.air.used_s(bench.now_ms) <= 9.0 + 2.5 + 0.8 + 1.0
    before = len(bench.entries(BUTTON))
    for attempt in range(6):
        bench.hear(alarm(counter=100, attempt=attempt, kind=1))
        bench.run(4_000, hub_ok_every_ms=1_000)
    assert len(bench.entries(BUTTON)) - before >= 5, "answered, and every repeat too"
    assert [counter for _, counter, _ in starts(bench)].count(100) == 5


@pytest.mark.parametrize("what", FLOODS)
def test_people_are_told_that_the_hour_runs_low_and_which_device_took_it(what):
    bench = Bench()
    flood(bench, *FLOODS[what])
    told = bench.core.troubles()["air_low"]
    assert told.startswith(waiting.LOW) and ("tombol" not in told), "a silent press takes air, too"
    assert ("penerima-1" in told) == (what == "penerima") and ("sirene-1" in told) == (what == "sirene")
    assert len([e for e in bench.of_type("trouble") if e["name"] == "air_low"]) == 1
    bench.run(HOUR_MS, hub_ok_every_ms=60_000)
    assert "air_low" not in bench.core.troubles()


def test_four_stolen_buttons_leave_a_press_its_first_answer_order_and_pages():
    bench = Bench(devices=[*DEVICES, *thieves(4)])
    for n in range(100):
        for one in thieves(4):
            bench.hear(alarm(one["node"], 1_000 + n, kind=m.KIND_UJI), src=one["node"])
            bench.run(600, hub_ok_every_ms=600)
    assert bench.core.parts.context.air.used_s(bench.now_ms) <= air.LIMITS_S[air.ALARM]
    begin = bench.now_ms
    bench.hear(alarm())
    bench.run(10_000)
    assert bench.entries(BUTTON)[0][0] - begin < 1_000
    assert starts(bench) and bench.sent(m.PAGE)


def test_a_house_whose_share_is_spent_still_has_its_first_words_out_of_the_reserve():
    bench = Bench()
    bench.core.parts.context.air.spend(20.0, bench.now_ms)
    bench.core.parts.context.shares.spend(BUTTON, shares.SHARE_S, bench.now_ms)
    bench.core.parts.context.shares.spend((BUTTON, shares.EXTRA, air.ALARM), 0.8, bench.now_ms)
    bench.hear(alarm())
    bench.run(4_000, hub_ok_every_ms=1_000)
    assert bench.entries(BUTTON) and starts(bench)
    answers = len(bench.entries(BUTTON))
    bench.hear(alarm(attempt=1))
    bench.run(1_000, hub_ok_every_ms=500)
    assert len(bench.entries(BUTTON)) == answers, "what is said again waits"


def test_who_shares_a_frame_with_a_device_that_has_no_share_left_is_answered_all_the_same():
    bench = Bench()
    bench.core.parts.context.air.spend(20.0, bench.now_ms)
    bench.core.parts.context.shares.spend(RECEIVER, shares.SHARE_S, bench.now_ms)
    bench.core.parts.context.shares.spend((RECEIVER, shares.EXTRA, air.ALARM), 0.8, bench.now_ms)
    bench.hear(alarm(BUTTON_2, 7), src=BUTTON_2)
    bench.hear(coming(), src=RECEIVER)
    bench.hear(alarm())
    bench.run(1_000, hub_ok_every_ms=500)
    assert bench.entries(BUTTON) and bench.entries(BUTTON_2) and not bench.entries(RECEIVER)


def test_somebody_coming_is_said_once_out_of_the_reserve_whatever_was_used():
    bench = Bench()
    bench.hear(alarm())
    bench.run(1_000, hub_ok_every_ms=500)
    bench.core.parts.context.air.spend(24.0, bench.now_ms)
    bench.order(id=1, type="stage", device=BUTTON, counter=100, stage=3)
    bench.run(1_000, hub_ok_every_ms=500)
    assert [entry.stage for *_, entry in bench.entries(BUTTON)][-1] == m.STAGE_COMING


def test_crowds_of_true_presses_are_answered_as_ever():
    bench = Bench(devices=[*DEVICES, *thieves(30)])
    for one in thieves(30):
        bench.hear(alarm(one["node"], 100), src=one["node"])
        bench.run(300, hub_ok_every_ms=300)
    bench.run(5_000, hub_ok_every_ms=1_000)
    answered = {entry.node for *_, entry in bench.entries()}
    assert answered == {one["node"] for one in thieves(30)}
    assert "air_low" not in bench.core.troubles()


def chimes(count):
    return [
        {
            "node": 0x4002 + n,
            "role": "penerima",
            "label": f"penerima-{n + 2}",
            "zone": 5,
            "house": 20 + n,
            "hops": 1,
        }
        for n in range(count)
    ]


def paged(bench, counter):
    """The penerima of each page about this alarm that went on the air."""
    return [page.body.target for *_, page in bench.sent(m.PAGE) if page.body.counter == counter]


def results(bench, number):
    return [done.result for done in bench.all(OrderDone) if done.order_id == number]


@pytest.mark.parametrize("silently", [False, True], ids=["loud", "silent"])
@pytest.mark.parametrize(("count", "presses"), [(24, 1), (12, 2)])
def test_a_house_that_pressed_before_has_every_chime_called_the_next_time(count, presses, silently):
    """8 of 24 were, once each, because its first alarm had spent its share, with 22 s of the hour left."""
    bench = Bench(devices=[*DEVICES, *chimes(count)])
    for n in range(presses):
        bench.hear(alarm(counter=100 + 10 * n, kind=2))
        bench.order(id=1 + n, type="page", device=BUTTON, counter=100 + 10 * n)
        bench.run(600_000, hub_ok_every_ms=1_000)
    bench.hear(alarm(counter=5_000, kind=2, under_c=silently))
    bench.order(id=50, type="page", device=BUTTON, counter=5_000, targets=[d["node"] for d in chimes(count)])
    bench.run(60_000, hub_ok_every_ms=1_000)
    assert len(set(paged(bench, 5_000))) == count and results(bench, 50) == ["ok"]
    bench.order(id=51, type="stage", device=BUTTON, counter=5_000, stage=3)
    bench.run(80_000, hub_ok_every_ms=1_000)
    told = [entry for *_, entry in bench.entries(BUTTON) if (entry.counter, entry.stage) == (5_000, 3)]
    assert len(told) >= (6 if silently else 3), "that somebody comes goes before pages said again"


def test_nobody_in_a_house_spends_what_its_silent_key_has():
    bench = Bench(devices=[*DEVICES, *chimes(12)])
    flood(bench, BUTTON, lambda n: alarm(counter=1_000 + 40 * n, kind=2))
    bench.hear(alarm(counter=50_000, under_c=True))
    bench.order(id=50, type="page", device=BUTTON, counter=50_000, targets=[d["node"] for d in chimes(12)])
    bench.run(60_000, hub_ok_every_ms=1_000)
    pages = paged(bench, 50_000)
    assert len(set(pages)) == 12 and len(pages) > 16, "and again"


def test_a_stolen_button_with_both_its_keys_takes_little_more_than_half_of_the_hour():
    bench = Bench()
    flood(bench, BUTTON_2, lambda n: alarm(BUTTON_2, 1_000 + 40 * n, kind=2))
    flood(bench, BUTTON_2, lambda n: alarm(BUTTON_2, 30_000 + 40 * n, under_c=True))
    assert bench.core.parts.context.air.used_s(bench.now_ms) <= 20.0
    bench.hear(alarm(counter=100, kind=1))
    bench.run(10_000, hub_ok_every_ms=1_000)
    assert bench.entries(BUTTON) and 100 in [counter for _, counter, _ in starts(bench)]


def out_of_air(bench):
    bench.core.parts.context.air.spend(36.0, bench.now_ms)


def test_the_hub_hears_that_no_chime_could_be_called_for_want_of_air():
    """It heard "ok" before the first frame went, and six turns without air counted as six calls."""
    bench = Bench(devices=[*DEVICES, *chimes(3)])
    bench.hear(alarm())
    out_of_air(bench)
    bench.order(id=1, type="page", device=BUTTON, counter=100)
    bench.run(300_000, hub_ok_every_ms=1_000)
    assert results(bench, 1) == []
    bench.run(400_000, hub_ok_every_ms=1_000)
    assert not bench.sent(m.PAGE) and results(bench, 1) == ["failed: no air to call 4 penerima"]


@pytest.mark.parametrize(
    ("order", "kind", "result"),
    [
        (
            {
                "type": "siren",
                "action": "start",
                "origin": BUTTON,
                "kind": 1,
                "counter": 100,
                "targets": [POST],
                "seconds": 60,
            },
            m.SIREN_ORDER,
            "failed: no air to order the posts",
        ),
        (
            {"type": "stage", "device": BUTTON, "counter": 100, "stage": 3},
            m.RECEIPTS,
            "failed: there was no air to tell the button",
        ),
    ],
)
def test_the_hub_hears_of_every_order_that_never_was_on_the_air(order, kind, result):
    bench = Bench()
    out_of_air(bench)
    bench.order(id=1, **order)
    bench.run(700_000, hub_ok_every_ms=1_000)
    assert not bench.sent(kind) and results(bench, 1) == [result]


def test_an_order_that_had_no_air_goes_when_there_is_some():
    bench = Bench(devices=[*DEVICES, *chimes(3)])
    bench.hear(alarm())
    bench.run(1_000, hub_ok_every_ms=500)
    out_of_air(bench)
    bench.order(id=1, type="page", device=BUTTON, counter=100)
    bench.order(
        id=2, type="siren", action="start", origin=BUTTON, kind=1, counter=100, targets=[POST], seconds=60
    )
    bench.run(60_000, hub_ok_every_ms=1_000)
    assert not paged(bench, 100) and not results(bench, 1) and not results(bench, 2)
    bench.core.parts.context.air._rows.clear()
    bench.run(60_000, hub_ok_every_ms=1_000)
    assert len(set(paged(bench, 100))) == 4 and 100 in [counter for _, counter, _ in starts(bench)]
    assert results(bench, 1) == results(bench, 2) == ["ok"]


def fire(houses, chimes_n):
    """A bench after so many houses pressed, one a minute, with stage 3 for each from the hub; their numbers.

    The worst: no post reports that it sounds, no chime answers.
    """
    tombol = next(d for d in DEVICES if d["role"] == "tombol")
    there = [d for d in DEVICES if d["role"] != "penerima"] + chimes(chimes_n)
    nodes = [0x6000 + n for n in range(houses)]
    there += [
        {**tombol, "node": node, "label": f"tombol-{100 + n}", "house": 50 + n}
        for n, node in enumerate(nodes)
    ]
    bench = Bench(devices=there)
    for n, node in enumerate(nodes):
        bench.hear(alarm(node, 100, kind=2), src=node)
        bench.run(3_000, hub_ok_every_ms=1_000)
        bench.order(id=10 + 2 * n, type="page", device=node, counter=100, expires_in_s=600)
        bench.run(27_000, hub_ok_every_ms=1_000)
        bench.order(id=11 + 2 * n, type="stage", device=node, counter=100, stage=3, expires_in_s=600)
        bench.run(30_000, hub_ok_every_ms=1_000)
    return bench, nodes


@pytest.mark.parametrize(("chimes_n", "told"), [(24, 10), (6, 14), (0, 26)])
def test_in_a_fire_that_thirty_houses_call_each_is_answered(chimes_n, told):
    """From the 11th on none was: the chimes' calls of the first ten had taken all of the hour."""
    bench, nodes = fire(30, chimes_n)
    stages = {node: {entry.stage & 127 for *_, entry in bench.entries(node)} for node in nodes}
    assert all(2 in stages[node] for node in nodes)
    assert sum(3 in stages[node] for node in nodes) >= told
    ordered = {order.body.origin for *_, order in bench.sent(m.SIREN_ORDER)}
    assert len(ordered & set(nodes)) >= told
    assert bench.core.parts.context.air.used_s(bench.now_ms) < 29.1


def test_a_chime_that_rang_for_another_house_rings_for_a_silent_alarm_all_the_same():
    bench = Bench(devices=[*DEVICES, *chimes(24)])
    bench.hear(alarm(counter=100, kind=2))
    bench.order(id=1, type="page", device=BUTTON, counter=100)
    bench.run(90_000, hub_ok_every_ms=1_000)
    assert bench.core.parts.context.air.used_s(bench.now_ms) > 8.5, "beyond what everybody may use"
    bench.hear(alarm(counter=5_000, kind=2, under_c=True))
    bench.order(id=2, type="page", device=BUTTON, counter=5_000, targets=[d["node"] for d in chimes(3)])
    bench.run(5_000, hub_ok_every_ms=1_000)
    assert len(set(paged(bench, 5_000))) == 3
