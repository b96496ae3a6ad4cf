"""Whose doing the hour's air is: no stolen device spends it for everybody, and a press is always answered."""
import pytest
from gateway_kit import BUTTON, BUTTON_2, DEVICES, POST, RECEIVER, Bench, alarm, coming, report, starts
from kentongan_gateway import air, shares, waiting
from kentongan_gateway.shares import Shares
from kentongan_wire import messages as m

HOUR_MS = air.MINUTES * air.MINUTE_MS
FLOODS = {
    "penerima": (RECEIVER, lambda n: coming(RECEIVER, 1_000 + n, BUTTON, 7)),
    "uji": (BUTTON_2, lambda n: alarm(BUTTON_2, 1_000 + n, kind=m.KIND_UJI)),
    "sirene": (POST, lambda n: report(POST, 1_000 + n, 0x9000 + n, 5)),
    "tombol": (BUTTON_2, lambda n: alarm(BUTTON_2, 1_000 + 40 * n, kind=2)),
}


def thieves(count):
    return [{"node": 0x2200 + n, "role": "tombol", "label": f"tombol-{100 + n}", "zone": 5, "house": 100 + n,
             "hops": 1} for n in range(count)]


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
    assert bench.core._desk.air.used_s(bench.now_ms) <= shares.FREE_S + 2 * shares.RESERVE_S
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
    assert bench.core._desk.air.used_s(bench.now_ms) <= air.LIMITS_S[air.ALARM]
    begin = bench.now_ms
    bench.hear(alarm())
    bench.run(10_000)
    assert bench.entries(BUTTON)[0][0] - begin < 1_000
    assert starts(bench) and bench.sent(m.PAGE)


def test_a_house_whose_share_is_spent_still_has_its_first_words_out_of_the_reserve():
    bench = Bench()
    bench.core._desk.air.spend(20.0, bench.now_ms)
    bench.core._desk.shares.spend(BUTTON, shares.SHARE_S, bench.now_ms)
    bench.hear(alarm())
    bench.run(4_000, hub_ok_every_ms=1_000)
    assert bench.entries(BUTTON) and starts(bench)
    answers = len(bench.entries(BUTTON))
    bench.hear(alarm(attempt=1))
    bench.run(1_000, hub_ok_every_ms=500)
    assert len(bench.entries(BUTTON)) == answers, "what is said again waits"


def test_who_shares_a_frame_with_a_device_that_has_no_share_left_is_answered_all_the_same():
    bench = Bench()
    bench.core._desk.air.spend(20.0, bench.now_ms)
    bench.core._desk.shares.spend(RECEIVER, shares.SHARE_S, bench.now_ms)
    bench.hear(alarm(BUTTON_2, 7), src=BUTTON_2)
    bench.hear(coming(), src=RECEIVER)
    bench.hear(alarm())
    bench.run(1_000, hub_ok_every_ms=500)
    assert bench.entries(BUTTON) and bench.entries(BUTTON_2) and not bench.entries(RECEIVER)


def test_somebody_coming_is_said_once_out_of_the_reserve_whatever_was_used():
    bench = Bench()
    bench.hear(alarm())
    bench.run(1_000, hub_ok_every_ms=500)
    bench.core._desk.air.spend(24.0, bench.now_ms)
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
