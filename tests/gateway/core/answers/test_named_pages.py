"""A page order that names its penerima: the circle of one incident, whatever the directory says by now."""

import pytest
from kentongan_gateway.core.base.actions import Note, OrderDone, Send, Siren
from kentongan_gateway.core.gateway_core import CoreConfig
from kentongan_wire.air.packet import BROADCAST
from kentongan_wire.message import messages as m
from kentongan_wire.message import verify
from kits.gateway.gateway_kit import BUTTON, DEVICES, GATEWAY_2, RECEIVER, SITE, Bench, alarm, coming


def page_order(bench, *named):
    bench.order(id=1, type="page", device=BUTTON, counter=100, targets=list(named))


@pytest.mark.parametrize("change", [{"conflicts": [BUTTON]}, {"silent": False}])
def test_a_penerima_that_the_hub_names_is_paged_whatever_the_directory_says_by_now(change):
    """The circle of this incident was settled when it came; the directory is about later ones."""
    devices = [{**d, **change} if d["node"] == RECEIVER else d for d in DEVICES]
    bench = Bench(devices=devices)
    bench.hear(alarm(under_c=True))
    bench.core.on_hub_reply("events", bench.now_ms)
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
    bench.core.on_hub_reply("events", bench.now_ms)
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
    bench.core.on_hub_reply("events", bench.now_ms)
    page_order(bench, RECEIVER)
    bench.run(3_000)
    again = Bench(state=bench.state, spool=bench.spool, age_ms=6_000, devices=devices)
    assert [page.body.target for *_, page in again.sent(m.PAGE)] == [RECEIVER]
    again.hear(coming(), src=RECEIVER)
    told = [entry for _, _, entry in again.entries(BUTTON) if entry.stage == m.STAGE_COMING]
    assert told, "by the list of its order, not by what the directory says by now"


WHOLE = {"type": "page", "device": BUTTON, "counter": 140, "first": 100, "kind": 2, "zone": 5, "silent": 0}


def pages_of(bench, node):
    opened = [verify.open_message(send.payload, node, BROADCAST, SITE) for send in bench.all(Send)]
    return [message.body for message in opened if message.type == m.PAGE]


@pytest.mark.parametrize("kind", [0, 2])
def test_a_gateway_that_never_heard_the_alarm_calls_by_what_the_order_says(kind):
    """The hub sends orders that wait for a dead gateway to another one, which used to fail them."""
    bench = Bench(config=CoreConfig(GATEWAY_2, "gateway-2", 6))
    bench.order(id=1, **{**WHOLE, "kind": kind})
    assert [done.result for done in bench.all(OrderDone)] == ["ok"]
    page = pages_of(bench, GATEWAY_2)[0]
    about = page.target, page.origin, page.counter, page.kind, page.zone, page.flags
    assert about == (RECEIVER, BUTTON, 100, kind, 5, 0)


def test_an_answer_to_such_a_page_counts_and_ends_it():
    bench = Bench()
    bench.order(id=1, **WHOLE)
    bench.hear(coming(), src=RECEIVER)
    bench.run(60_000, hub_ok_every_ms=1_000)
    assert len(bench.sent(m.PAGE)) == 1
    told = [(entry.counter, entry.stage) for *_, entry in bench.entries(BUTTON)]
    assert told[:1] == [(140, m.STAGE_COMING)]


@pytest.mark.parametrize("age_ms", [60_000, 200_000, -1])
def test_a_gateway_that_has_started_anew_calls_for_an_alarm_however_old(age_ms):
    former = Bench()
    former.hear(alarm(kind=2))
    former.run(1_000, hub_ok_every_ms=500)
    bench = Bench(state=former.state, spool=former.spool, age_ms=age_ms)
    bench.order(id=1, **{**WHOLE, "counter": 100})
    assert [done.result for done in bench.all(OrderDone)] == ["ok"] and bench.sent(m.PAGE)
    assert not bench.all(Siren) and len(bench.spool.alarms(10)) == 1, "nothing else is begun for it"


def test_a_silent_alarm_that_is_not_remembered_is_paged_as_silent_and_named_in_no_log():
    bench = Bench()
    bench.order(id=1, **{**WHOLE, "silent": 1, "kind": m.KIND_KEKERASAN}, targets=[RECEIVER])
    assert bench.sent(m.PAGE)[0][2].body.flags == m.FLAG_SILENT
    assert not [note for note in bench.all(Note) if note.step == "paged" and "tombol" in note.device]


def test_an_order_that_says_too_little_of_an_alarm_that_is_not_remembered_fails():
    bench = Bench()
    bench.order(id=1, type="page", device=BUTTON, counter=140)
    assert [done.result for done in bench.all(OrderDone)] == ["failed: this alarm is not remembered here"]


def test_a_stage_for_a_second_press_that_is_not_remembered_ends_what_is_paged_of_its_incident():
    bench = Bench()
    bench.order(id=1, **WHOLE)
    bench.order(id=2, type="stage", device=BUTTON, counter=140, first=100, stage=3)
    assert bench.core.parts.context.quiet.answered(BUTTON, 100, 140)
    bench.run(60_000, hub_ok_every_ms=1_000)
    assert len(bench.sent(m.PAGE)) == 1
