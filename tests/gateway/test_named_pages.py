"""A page order that names its penerima: the circle of one incident, whatever the directory says by now."""
import pytest
from gateway_kit import BUTTON, DEVICES, RECEIVER, Bench, alarm, coming
from kentongan_gateway.actions import OrderDone
from kentongan_wire import messages as m


def page_order(bench, *named):
    bench.order(id=1, type="page", device=BUTTON, counter=100, targets=list(named))


@pytest.mark.parametrize("change", [{"conflicts": [BUTTON]}, {"silent": False}])
def test_a_penerima_that_the_hub_names_is_paged_whatever_the_directory_says_by_now(change):
    """Who is in the circle of this incident was settled when it came; the directory is about later ones."""
    devices = [{**d, **change} if d["node"] == RECEIVER else d for d in DEVICES]
    bench = Bench(devices=devices)
    bench.hear(alarm(under_c=True))
    bench.core.hub_ok("events", bench.now_ms)
    page_order(bench, RECEIVER)
    assert bench.sent(m.PAGE)
    bench.hear(coming(), src=RECEIVER)
    told = [entry for _, _, entry in bench.entries(BUTTON) if entry.stage == m.STAGE_COMING]
    assert told, "and its answer counts here as well"


def test_who_is_agreed_later_takes_no_page_of_the_hub_from_those_it_names():
    """A penerima of the alarm's own RT that is silent by now hid the one of another RT that was named."""
    far = {"node": 0x7007, "role": "penerima", "label": "penerima-7", "zone": 6, "house": 3, "hops": 1}
    bench = Bench(devices=[*DEVICES, far])
    bench.hear(alarm(under_c=True))
    bench.core.hub_ok("events", bench.now_ms)
    page_order(bench, far["node"])
    assert {opened.body.target for _, _, opened in bench.sent(m.PAGE)} == {far["node"]}


def test_the_pressers_own_penerima_is_not_paged_even_where_the_hub_names_it():
    devices = [{**d, "house": 7} if d["node"] == RECEIVER else d for d in DEVICES]
    bench = Bench(devices=devices)
    bench.hear(alarm(under_c=True))
    page_order(bench, RECEIVER)
    bench.run(4_000, hub_ok_every_ms=1_000)
    assert not bench.sent(m.PAGE)


def test_an_order_that_names_nobody_pages_nobody():
    bench = Bench()
    bench.hear(alarm(under_c=True))
    page_order(bench)
    bench.run(4_000, hub_ok_every_ms=1_000)
    assert not bench.sent(m.PAGE) and [done.result for done in bench.all(OrderDone)] == ["ok"]


def test_who_is_agreed_after_a_silent_alarm_is_not_paged_for_it_by_a_gateway_alone():
    """Its policy pages two minutes after the press; the list of that moment counts."""
    later = [{**d, "silent": False} if d["node"] == RECEIVER else d for d in DEVICES]
    bench = Bench(devices=later)
    paging = {"5": {str(m.KIND_KEKERASAN): 120}}
    bench.order(id=1, type="directory", devices=later, revoked=[], paging=paging)
    bench.hear(alarm(under_c=True, kind=m.KIND_KEKERASAN))
    bench.run(60_000)
    bench.order(id=2, type="directory", devices=DEVICES, revoked=[], paging=paging)
    bench.run(120_000)
    assert not bench.sent(m.PAGE)


def test_whom_the_hub_named_stays_paged_over_a_restart_and_the_answer_counts():
    devices = [{**d, "silent": False} if d["node"] == RECEIVER else d for d in DEVICES]
    bench = Bench(devices=devices)
    bench.hear(alarm(under_c=True))
    bench.core.hub_ok("events", bench.now_ms)
    page_order(bench, RECEIVER)
    bench.run(3_000)
    again = Bench(state=bench.state, spool=bench.spool, age_ms=6_000, devices=devices)
    assert [page.body.target for *_, page in again.sent(m.PAGE)] == [RECEIVER]
    again.hear(coming(), src=RECEIVER)
    told = [entry for _, _, entry in again.entries(BUTTON) if entry.stage == m.STAGE_COMING]
    assert told, "by the list of its order, not by what the directory says by now"
