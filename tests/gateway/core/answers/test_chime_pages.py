"""Paging without the hub: by its kept policy, per kind and RT; confidential ones only to agreed houses."""

import json

import pytest
from kentongan_gateway.core.base.directory import Directory
from kentongan_wire.base.errors import LocalError
from kentongan_wire.message import messages as m
from kits.gateway.gateway_kit import BUTTON, BUTTON_2, DEVICES, RECEIVER, Bench, alarm, coming

POLICY = {"5": {"0": 120, "1": 120, "2": 0, "7": 0, "8": 0, "4": None}, "6": {"1": 30}}


def paged_after(bench, begin):
    return [at - begin for at, _, _ in bench.sent(m.PAGE)][:1]


@pytest.mark.parametrize(
    ("kind", "after_ms"), [(2, 5_000), (7, 5_000), (1, 120_000), (4, None), (6, 120_000)]
)
def test_each_kind_is_paged_when_its_policy_says_so(kind, after_ms):
    """A kind that the policy does not name is called like danger; null is never called."""
    bench = Bench(paging=POLICY)
    begin = bench.now_ms
    bench.hear(alarm(kind=kind))
    bench.run(600_000)
    assert paged_after(bench, begin) == ([] if after_ms is None else [after_ms])
    assert ("no_page" in bench.notes()) is (after_ms is None)


def test_each_rt_has_its_own_policy_and_none_is_paged_at_once():
    for zone, after_ms in ((6, 30_000), (7, 5_000)):
        bench = Bench(paging=POLICY)
        begin = bench.now_ms
        bench.hear(alarm(zone=zone))
        bench.run(200_000)
        assert paged_after(bench, begin) == [after_ms]


def test_whatever_key_was_held_silently_is_called_like_violence():
    bench = Bench(paging=POLICY)
    begin = bench.now_ms
    bench.hear(alarm(kind=1, under_c=True))
    bench.run(60_000)
    assert paged_after(bench, begin) == [5_000]
    assert bench.sent(m.PAGE)[0][2].body.flags == m.FLAG_SILENT


def test_a_hub_that_comes_back_pages_by_itself():
    bench = Bench(paging=POLICY)
    bench.hear(alarm(kind=1))
    bench.run(20_000)
    bench.hub_takes_all()
    bench.run(300_000)
    assert not bench.sent(m.PAGE)


def test_nobody_is_paged_about_what_was_called_off_or_answered_meanwhile():
    for call_off in (
        lambda b: b.hear(alarm(counter=101, incident=100, flags=m.FLAG_CANCEL)),
        lambda b: b.order(id=1, type="stage", device=BUTTON, counter=100, stage=3),
    ):
        bench = Bench(paging=POLICY)
        bench.hear(alarm(kind=1))
        bench.run(20_000)
        call_off(bench)
        bench.run(300_000)
        assert not bench.sent(m.PAGE)


def test_a_confidential_alarm_goes_to_agreed_houses_of_the_site_where_the_rt_has_none():
    other = {"node": 0x4002, "role": "penerima", "label": "penerima-2", "zone": 6, "house": 3, "hops": 1}
    devices = [{**d, "silent": False} if d["node"] == RECEIVER else d for d in DEVICES] + [other]
    bench = Bench(devices=devices, paging=POLICY)
    bench.hear(alarm(under_c=True))
    bench.hear(alarm(counter=110, kind=2))
    bench.run(60_000)
    silent = {p.body.target for _, _, p in bench.sent(m.PAGE) if p.body.flags}
    public = {p.body.target for _, _, p in bench.sent(m.PAGE) if not p.body.flags}
    assert silent == {0x4002} and public == {RECEIVER}


def test_the_policy_is_kept_over_a_restart():
    bench = Bench()
    bench.order(id=1, type="directory", devices=DEVICES, revoked=[], paging=POLICY)
    kept = Directory.load(bench.state["directory"])
    assert kept.page_after_s(5, 1) == 120 and kept.page_after_s(5, 4) is None and kept.page_after_s(9, 1) == 0


@pytest.mark.parametrize(
    "paging",
    [
        [],
        {"5": 7},
        {"x": {"1": 3}},
        {"5": {"1": -1}},
        {"5": {"1": "0"}},
        {"5": {"1": 10**6}},
        {"5": {"1": True}},
    ],
)
def test_a_policy_that_is_none_is_refused_with_the_remedy_and_changes_nothing(paging):
    with pytest.raises(LocalError, match="send the directory again"):
        Directory.from_dict({"devices": [], "paging": paging or "x"})
    bench = Bench(paging=POLICY)
    bench.order(id=1, type="directory", devices=DEVICES, paging=paging or "x")
    assert "directory" not in bench.state and bench.core.parts.context.directory.page_after_s(5, 1) == 120
    json.dumps(bench.core.parts.context.directory.raw)


def paging_for(ms):
    bench = Bench(paging=POLICY)
    bench.hear(alarm(kind=2))
    bench.run(ms)
    return bench


def restarted(bench, after_ms, **how):
    """The next run, so long after the alarm was stored."""
    return Bench(state=bench.state, spool=bench.spool, age_ms=after_ms, paging=POLICY, **how)


def test_a_page_under_way_goes_on_after_a_restart_and_its_answer_still_counts():
    bench = paging_for(8_000)
    assert len(bench.sent(m.PAGE)) == 2
    again = restarted(bench, 12_000)
    assert [page.body.target for *_, page in again.sent(m.PAGE)] == [RECEIVER], "one at once"
    again.run(40_000)
    assert len(again.sent(m.PAGE)) == 3, "then as planned: 15 and 30 s after the first of all"
    assert again.of_type("paged") == [] and json.loads(again.state["pages"]), "nobody is asked a second time"
    again.hear(coming(), src=RECEIVER)
    again.run(5_000)
    assert "answer_not_asked" not in again.core.counters
    assert [entry.stage for *_, entry in again.entries(BUTTON)][-1] == m.STAGE_COMING
    assert json.loads(again.state["pages"]) == []
    third = restarted(again, 80_000)
    third.run(100_000)
    assert third.sent(m.PAGE) == []


def test_a_page_whose_ten_minutes_are_over_or_that_was_answered_is_not_begun_again():
    late = restarted(paging_for(8_000), 700_000)
    late.run(60_000)
    assert late.sent(m.PAGE) == []
    bench = paging_for(8_000)
    bench.order(id=1, type="stage", device=BUTTON, counter=100, stage=3)
    again = restarted(bench, 12_000)
    again.run(60_000)
    assert again.sent(m.PAGE) == []


def test_a_page_goes_only_to_who_may_still_be_asked_after_the_restart():
    gone = [device for device in DEVICES if device["node"] != RECEIVER]
    again = restarted(paging_for(8_000), 12_000, devices=gone)
    again.run(60_000)
    assert again.sent(m.PAGE) == []


def test_the_hub_that_orders_the_same_page_after_the_restart_pages_nobody_twice():
    again = restarted(paging_for(8_000), 12_000)
    again.order(id=9, type="page", device=BUTTON, counter=100, targets=[RECEIVER])
    again.run(1_000)
    assert len(again.sent(m.PAGE)) == 1


@pytest.mark.parametrize("damaged", [b"x", b"{}", b"[7]", b"[[1,2,3]]", b'[["a",1,0,2,"zz",0]]', b"null"])
def test_kept_pages_that_are_damaged_cost_only_themselves(damaged):
    bench = paging_for(8_000)
    bench.state["pages"] = damaged
    again = restarted(bench, 12_000)
    again.hear(alarm(counter=140, kind=2))
    again.run(6_000)
    assert again.sent(m.PAGE)


def test_the_buttons_come_in_turn_so_that_no_number_of_alarms_stands_before_anothers():
    chimes = [
        {
            "node": 0x4100 + n,
            "role": "penerima",
            "label": f"penerima-{n}",
            "zone": 5,
            "house": 50 + n,
            "hops": 1,
        }
        for n in range(12)
    ]
    bench = Bench(devices=[*DEVICES, *chimes])
    for n in range(12):
        bench.hear(alarm(BUTTON_2, 1_000 + 40 * n, kind=2), src=BUTTON_2)
        bench.order(id=n + 1, type="page", device=BUTTON_2, counter=1_000 + 40 * n)
    bench.hear(alarm())
    bench.order(id=90, type="page", device=BUTTON, counter=100)
    bench.run(5_000, hub_ok_every_ms=1_000)
    mine = {page.body.target for *_, page in bench.sent(m.PAGE) if page.body.origin == BUTTON}
    assert len(mine) == 13, "every second page is of this alarm"
