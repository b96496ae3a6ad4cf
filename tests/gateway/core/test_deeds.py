"""Deeds of the gateway about an alarm: orders, stages, pages, its own siren, supervision."""

import pytest
from kentongan_gateway.core.base.actions import OrderDone, Siren, SirenOff
from kentongan_gateway.core.gateway_core import CoreConfig, Directory
from kentongan_wire.air.packet import BROADCAST
from kentongan_wire.keyring import site_keys
from kentongan_wire.keyring.keys import PostKeys
from kentongan_wire.message import messages as m
from kentongan_wire.message.verify import open_message, own_order
from kits.gateway.gateway_kit import (
    BUTTON,
    BUTTON_2,
    DEVICES,
    GATEWAY,
    POST,
    POST_2,
    RECEIVER,
    REPEATER,
    ROOTS,
    SITE,
    Bench,
    alarm,
    button_status,
    coming,
    node_status,
    report,
    stage_1,
)

POST_KEYS = {0: (ROOTS[0][0], site_keys.node_key(ROOTS[1][0], POST, m.SIRENE, 0))}


def relative(bench, sent, start):
    return [at - start for at, *_ in sent]


# No siren heard: order one


def test_without_a_stage_1_within_2_s_the_posts_of_the_zone_are_ordered_every_3_s_at_most_5_times():
    bench = Bench()
    start = bench.now_ms
    bench.hear(alarm(kind=2))
    bench.run(60_000, hub_ok_every_ms=1_000)
    orders = bench.sent(m.SIREN_ORDER)
    assert relative(bench, orders, start) == [2_000, 5_000, 8_000, 11_000, 14_000]
    body = orders[0][2].body
    assert (body.origin, body.counter, body.action, body.pattern, body.seconds) == (BUTTON, 100, 1, 2, 180)
    assert [target for target, _ in body.targets] == [POST]
    payload = orders[0][1].payload
    assert own_order(payload, GATEWAY, POST, PostKeys(POST, POST_KEYS, 0)).counter == orders[0][2].counter
    assert len({send.packet_id for _, send, _ in orders}) == 5
    assert len({send.payload for _, send, _ in orders}) == 1


@pytest.mark.parametrize("proof", [stage_1(), report(), report(state=m.STATE_DRIVEN)])
def test_any_siren_that_is_heard_of_is_enough(proof):
    bench = Bench()
    bench.hear(alarm())
    bench.run(1_500)
    bench.hear(proof, src=POST)
    bench.run(60_000, hub_ok_every_ms=1_000)
    assert not bench.sent(m.SIREN_ORDER)


def test_a_post_that_reports_failure_does_not_count():
    bench = Bench()
    bench.hear(alarm())
    bench.hear(report(state=m.STATE_FAILED), src=POST)
    bench.run(3_000)
    assert bench.sent(m.SIREN_ORDER)


def test_the_row_of_orders_ends_with_the_first_report():
    bench = Bench()
    bench.hear(alarm())
    bench.run(6_000, hub_ok_every_ms=1_000)
    bench.hear(report(), src=POST)
    bench.run(60_000, hub_ok_every_ms=1_000)
    assert len(bench.sent(m.SIREN_ORDER)) == 2


def test_a_second_press_of_a_sounding_incident_orders_nothing():
    bench = Bench()
    bench.hear(alarm())
    bench.hear(report(), src=POST)
    bench.run(5_000, hub_ok_every_ms=1_000)
    bench.hear(alarm(counter=101, incident=100))
    bench.run(10_000, hub_ok_every_ms=1_000)
    assert not bench.sent(m.SIREN_ORDER)


@pytest.mark.parametrize(
    "payload",
    [
        alarm(under_c=True),
        alarm(flags=m.FLAG_SILENT),
        alarm(kind=m.KIND_UJI),
        alarm(kind=m.KIND_KEKERASAN),
        alarm(zone=0),
        alarm(flags=m.FLAG_CANCEL),
    ],
)
def test_what_must_not_sound_is_never_ordered_nor_sounded_here(payload):
    bench = Bench()
    bench.hear(payload)
    bench.run(120_000)
    assert not bench.sent(m.SIREN_ORDER) or bench.sent(m.SIREN_ORDER)[0][2].body.action == m.ACTION_TEST
    assert not bench.all(Siren)


def test_a_post_that_once_sounded_is_no_proof_four_minutes_later():
    bench = Bench()
    bench.hear(alarm())
    bench.hear(report(), src=POST)
    bench.run(240_000, hub_ok_every_ms=1_000)
    before = len(bench.sent(m.SIREN_ORDER))
    bench.hear(alarm(counter=101, incident=100))
    bench.run(2_100, hub_ok_every_ms=1_000)
    orders = bench.sent(m.SIREN_ORDER)[before:]
    assert [opened.body.action for _, _, opened in orders] == [m.ACTION_START]


# Hub silent


def test_the_hub_silent_for_5_s_sounds_our_own_siren_and_pages():
    bench = Bench()
    start = bench.now_ms
    bench.hear(alarm(kind=1))
    bench.hear(report(), src=POST)
    bench.run(400_000)
    (siren,) = bench.all(Siren)
    assert bench.times(Siren) == [start + 5_000]
    assert (siren.pattern, siren.total_ms) == ("maling", 180_000)
    assert bench.times(SirenOff) == [start + 185_000]
    pages = bench.sent(m.PAGE)
    assert relative(bench, pages, start + 5_000) == [0, 2_000, 5_000, 15_000, 30_000, 60_000]
    body = pages[0][2].body
    assert (body.target, body.kind, body.house, body.zone, body.flags) == (RECEIVER, 1, 7, 5, 0)
    assert len({send.packet_id for _, send, _ in pages}) == 6 and len({p.counter for _, _, p in pages}) == 1
    assert [e["state"] for e in bench.of_type("gateway_siren")] == ["sounding", "ended"]


def test_a_hub_that_takes_the_alarm_in_time_is_trusted():
    bench = Bench()
    bench.hear(alarm())
    bench.run(60_000, hub_ok_every_ms=4_000)
    assert not bench.all(Siren) and not bench.sent(m.PAGE)


def test_a_hub_that_answers_polls_but_takes_no_alarm_is_silent_too():
    bench = Bench()
    start = bench.now_ms
    bench.hear(alarm())
    for _ in range(10):
        bench.run(1_000)
        bench.core.on_hub_reply("poll", bench.now_ms)
    assert bench.times(Siren) == [start + 5_000]


def test_a_hub_unheard_for_40_s_is_not_waited_for():
    bench = Bench()
    bench.run(40_001)
    start = bench.now_ms
    bench.hear(alarm())
    bench.run(100)
    assert bench.times(Siren) == [start]


def test_a_silent_alarm_pages_discreetly_and_sounds_nothing():
    bench = Bench()
    bench.hear(alarm(under_c=True, kind=m.KIND_KEKERASAN))
    bench.run(120_000)
    assert not bench.all(Siren)
    pages = bench.sent(m.PAGE)
    assert len(pages) == 6 and pages[0][2].body.flags == m.FLAG_SILENT


@pytest.mark.parametrize("change", [{"house": 7}, {"conflicts": [BUTTON]}, {"silent": False}])
def test_nobody_in_the_pressers_house_or_in_conflict_is_paged_about_a_silent_alarm(change):
    devices = [{**d, **change} if d["node"] == RECEIVER else d for d in DEVICES]
    bench = Bench(devices=devices)
    bench.hear(alarm(under_c=True))
    bench.run(120_000)
    assert not bench.sent(m.PAGE)


def test_an_answered_page_ends_and_the_presser_is_told_without_any_hub():
    bench = Bench()
    bench.hear(alarm(), hops=1, hop_start=3, relay_node=REPEATER & 0xFF)
    bench.run(8_000)
    sent = len(bench.sent(m.PAGE))
    bench.hear(coming(), src=RECEIVER)
    bench.run(60_000)
    assert len(bench.sent(m.PAGE)) == sent
    told = [(send, entry) for _, send, entry in bench.entries(BUTTON) if entry.stage == m.STAGE_COMING]
    assert told and told[0][1].counter == 100 and told[0][0].hop_limit == 1


def test_our_own_siren_sounds_an_incident_at_most_three_times_and_three_incidents_of_a_button():
    bench = Bench()
    for i in range(6):
        bench.hear(alarm(counter=100 + i, incident=100))
        bench.run(60_000)
    assert len(bench.all(Siren)) == 3
    for i in range(6):
        bench.hear(alarm(counter=200 + i))
        bench.run(60_000)
    assert len({e["counter"] for e in bench.of_type("gateway_siren")} - {100, 101, 102}) == 2


def test_the_silence_key_holds_for_the_incident_and_not_for_the_next():
    bench = Bench()
    bench.hear(alarm())
    bench.run(6_000)
    bench.do(bench.core.on_silence_key(bench.now_ms, 1))
    assert len(bench.all(SirenOff)) == 1
    bench.hear(alarm(counter=101, incident=100))
    bench.run(6_000)
    assert len(bench.all(Siren)) == 1
    bench.hear(alarm(src=BUTTON_2, counter=8), src=BUTTON_2)
    bench.run(6_000)
    assert len(bench.all(Siren)) == 2


def test_an_alarm_of_a_former_run_still_gets_its_siren():
    bench = Bench()
    bench.hear(alarm())
    for age_ms, soundings in ((20_000, 1), (200_000, 0), (-1, 0)):
        again = Bench(state=dict(bench.state), spool=bench.spool, age_ms=age_ms)
        again.run(6_000)
        assert len(again.all(Siren)) == soundings


# Stages


def test_a_stage_is_repeated_with_new_ids_until_the_button_names_it():
    bench = Bench()
    bench.hear(alarm(), hops=2, hop_start=3, relay_node=REPEATER & 0xFF)
    bench.run(1_000, hub_ok_every_ms=100)
    start = bench.now_ms
    bench.order(id=4, type="stage", device=BUTTON, counter=100, stage=3, expires_in_s=60)
    bench.run(6_000, hub_ok_every_ms=1_000)
    stages = [(at - start, send) for at, send, entry in bench.entries(BUTTON) if entry.stage == 3]
    assert [at for at, _ in stages] == [0, 2_000, 5_000]
    assert len({s.packet_id for _, s in stages}) == 3 and {s.hop_limit for _, s in stages} == {2}
    assert not bench.all(OrderDone)
    bench.hear(button_status(stage=3))
    bench.run(100_000, hub_ok_every_ms=1_000)
    assert bench.all(OrderDone) == [OrderDone(4, "ok")]
    (seen,) = bench.of_type("stage_seen")
    assert (seen["device"], seen["counter"], seen["stage"]) == (BUTTON, 100, 3)
    assert len([1 for *_, entry in bench.entries(BUTTON) if entry.stage == 3]) == 3


def test_a_stage_nobody_names_ends_after_a_minute_and_is_reported_as_failed():
    bench = Bench()
    bench.hear(alarm())
    start = bench.now_ms
    bench.order(id=4, type="stage", device=BUTTON, counter=100, stage=4)
    bench.run(200_000, hub_ok_every_ms=1_000)
    stages = [at - start for at, _, entry in bench.entries(BUTTON) if entry.stage == 4]
    assert stages == [0, 2_000, 5_000, 15_000, 30_000, 60_000]
    assert bench.all(OrderDone)[0].result.startswith("failed")


def test_stages_only_go_up():
    bench = Bench()
    bench.hear(alarm())
    bench.order(id=1, type="stage", device=BUTTON, counter=100, stage=4)
    bench.order(id=2, type="stage", device=BUTTON, counter=100, stage=3)
    bench.run(1_000)
    assert {entry.stage for *_, entry in bench.entries(BUTTON)} == {2, 4}


def test_a_cancel_is_answered_by_stage_5_until_the_button_names_it_and_stops_what_sounds():
    bench = Bench()
    bench.hear(alarm())
    bench.hear(report(), src=POST)
    bench.run(6_000)
    assert bench.all(Siren)
    start = bench.now_ms
    bench.hear(alarm(counter=105, incident=100, flags=m.FLAG_CANCEL))
    bench.run(4_000)
    assert bench.of_type("alarm")[1]["cancel"]
    assert bench.all(SirenOff)
    stages = [(at - start, entry.stage, entry.counter) for at, _, entry in bench.entries(BUTTON)][1:]
    assert stages == [(30, 5, 105), (2_030, 5, 105)]
    stop = bench.sent(m.SIREN_ORDER)[-1][2].body
    assert stop.action == m.ACTION_STOP and [t for t, _ in stop.targets] == [POST]
    bench.hear(button_status(stage=5, of=105))
    bench.run(100_000)
    assert len([1 for *_, entry in bench.entries(BUTTON) if entry.stage == 5]) == 2


# Orders of the hub


def test_the_hub_starts_and_stops_the_sirens_of_a_zone():
    bench = Bench()
    bench.hear(alarm())
    bench.hear(report(), src=POST)
    bench.order(id=1, type="siren", action="start", origin=BUTTON, counter=100, targets="zone", zone=5,
                kind=1, seconds=60)  # fmt: skip
    assert bench.all(Siren)[0].total_ms == 60_000
    bench.run(4_000, hub_ok_every_ms=1_000)
    bench.order(id=2, type="siren", action="stop", origin=BUTTON, counter=100, targets="zone", zone=5)
    actions = [opened.body.action for _, _, opened in bench.sent(m.SIREN_ORDER)]
    assert actions == [1, 1, 2] and bench.all(SirenOff)
    bench.hear(report(counter=311, state=m.STATE_STOPPED), src=POST)
    bench.run(30_000, hub_ok_every_ms=1_000)
    assert len(bench.sent(m.SIREN_ORDER)) == 3
    assert [done.result for done in bench.all(OrderDone)] == ["ok", "ok"]


def test_an_order_is_taken_once():
    bench = Bench()
    bench.hear(alarm())
    for _ in range(3):
        bench.order(id=1, type="siren", action="start", origin=BUTTON, counter=100, targets=[POST], kind=1)
    assert len(bench.sent(m.SIREN_ORDER)) == 1


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"id": "x"},
        {"id": 1},
        {"id": 1, "type": "explode"},
        {"id": 1, "type": "stage"},
        {"id": 1, "type": "stage", "device": BUTTON, "counter": 100, "stage": 2},
        {"id": 1, "type": "stage", "device": BUTTON, "counter": 100, "stage": 3, "expires_in_s": 0},
        {"id": 1, "type": "siren", "action": "start", "kind": 8, "targets": "zone", "origin": BUTTON},
        {
            "id": 1,
            "type": "siren",
            "action": "start",
            "kind": 1,
            "targets": {},
            "origin": BUTTON,
            "counter": 100,
        },
        {"id": 1, "type": "siren", "action": "start", "targets": [77], "origin": BUTTON, "counter": 100},
        {"id": 1, "type": "drill", "minutes": 61},
        {"id": 1, "type": "drill", "minutes": True},
        {"id": 1, "type": "directory", "devices": 5},
        {"id": 1, "type": "directory", "devices": [{}]},
        {"id": 1, "type": "page", "device": BUTTON, "counter": 5},
    ],
)
def test_a_bad_order_is_answered_with_its_reason_and_does_nothing(order):
    bench = Bench()
    bench.do(bench.core.on_order(order, bench.now_ms, 1))
    assert not bench.sent() and not bench.all(Siren)
    if type(order.get("id")) is int:
        (done,) = bench.all(OrderDone)
        assert done.order_id == 1 and done.result.startswith("failed: ")


@pytest.mark.parametrize("junk", [None, 5, [], "x", {"id": True, "type": "stage"}])
def test_what_is_no_order_at_all_is_counted(junk):
    bench = Bench()
    bench.do(bench.core.on_order(junk, bench.now_ms, 1))
    assert bench.core.counters["order_malformed"] == 1


def test_a_silent_alarm_is_not_sounded_even_by_order():
    bench = Bench()
    bench.hear(alarm(under_c=True, kind=1))
    bench.order(id=1, type="siren", action="start", origin=BUTTON, counter=100, targets="zone", kind=1)
    assert not bench.all(Siren) and not bench.sent(m.SIREN_ORDER)


def test_an_older_directory_of_a_restored_hub_revokes_nobody_less_and_the_hub_is_told():
    bench = Bench()
    others = [device for device in DEVICES if device["node"] != BUTTON]
    bench.order(id=1, type="directory", devices=others, revoked=[BUTTON])
    assert not bench.core.troubles()
    bench.order(id=2, type="directory", devices=DEVICES, revoked=[])
    for at in (bench, Bench(state=bench.state, **Directory.load(bench.state["directory"]).raw)):
        at.hear(alarm())
        at.run(3_000)
        assert at.core.counters["revoked"] == 1 and not at.of_type("alarm") and not at.sent(m.SIREN_ORDER)
        assert "tombol-07" in at.core.troubles()["revoked"]
    bench.order(id=3, type="directory", devices=others, revoked=[BUTTON])
    assert "revoked" not in bench.core.troubles()


def test_a_new_directory_is_kept_and_obeyed():
    bench = Bench()
    bench.order(id=1, type="directory", devices=DEVICES, revoked=[BUTTON])
    bench.hear(alarm())
    assert bench.core.counters["revoked"] == 1 and "directory" in bench.state


# Supervision


def test_a_silent_post_is_asked_three_times_then_late_then_lost():
    bench = Bench()
    start = bench.now_ms
    bench.run(400_000, hub_ok_every_ms=1_000)
    asked = [(at - start, opened.body) for at, _, opened in bench.sent(m.SIREN_ORDER)]
    assert [at for at, _ in asked] == [160_000, 190_000, 220_000]
    assert {body.action for _, body in asked} == {m.ACTION_TEST}
    assert sorted(t for t, _ in asked[0][1].targets) == [POST, POST_2, RECEIVER, REPEATER]
    states = [(e["at_ms"] - start, e["state"]) for e in bench.of_type("supervision") if e["device"] == POST]
    assert states == [(280_000, "terlambat"), (300_000, "terputus")]


def test_any_fresh_frame_counts_and_brings_a_device_back():
    bench = Bench()
    for i in range(5):
        bench.run(140_000, hub_ok_every_ms=1_000)
        bench.hear(node_status(counter=300 + i), src=POST)
    assert not [e for e in bench.of_type("supervision") if e["device"] == POST]
    bench.run(310_000, hub_ok_every_ms=1_000)
    bench.hear(node_status(counter=400), src=POST)
    states = [e["state"] for e in bench.of_type("supervision") if e["device"] == POST]
    assert states == ["terlambat", "terputus", "terhubung"]


def test_a_gateway_that_was_held_up_itself_calls_nobody_silent_for_it():
    bench = Bench()
    bench.run(100_000, hub_ok_every_ms=1_000)
    bench.now_ms += 600_000  # a machine that slept: nothing was heard and nothing was looked at
    bench.do(bench.core.tick(bench.now_ms, 99))
    start = bench.now_ms
    bench.run(249_000, hub_ok_every_ms=1_000)
    assert not bench.of_type("supervision")
    bench.run(60_000, hub_ok_every_ms=1_000)
    states = [(e["at_ms"] - start, e["state"]) for e in bench.of_type("supervision") if e["device"] == POST]
    assert [state for _, state in states] == ["terlambat", "terputus"] and states[0][0] >= 279_000


def test_a_replayed_status_keeps_nobody_alive():
    bench = Bench()
    for _ in range(10):
        bench.hear(node_status(counter=300), src=POST)
        bench.run(40_000, hub_ok_every_ms=1_000)
    assert [e["state"] for e in bench.of_type("supervision") if e["device"] == POST]


def test_buttons_are_not_asked():
    bench = Bench(devices=[d for d in DEVICES if d["role"] == "tombol"])
    bench.run(400_000, hub_ok_every_ms=1_000)
    assert not bench.sent() and not bench.of_type("supervision")


def test_the_next_time_to_look_after_devices_is_known_after_whatever_happened():
    bench = Bench()
    supervision = bench.core.parts.supervision
    events = [
        lambda: bench.hear(node_status(counter=300 + bench.now_ms % 7_919), src=POST),
        lambda: bench.hear(alarm(counter=500 + bench.now_ms % 7_919)),
        lambda: bench.run(70_000, hub_ok_every_ms=1_000),
        lambda: bench.run(170_000, hub_ok_every_ms=1_000),
    ]
    seen = set()
    for i in (0, 2, 1, 3, 0, 3, 2, 2, 1, 0, 2, 3, 3, 0):
        events[i]()
        due_ms = supervision.next_deadline()
        assert due_ms == supervision._first_due_ms()
        seen.add(due_ms)
    assert len(seen) > 5


def test_a_radio_that_goes_is_told():
    bench = Bench()
    bench.do(bench.core.on_radio_state("modem", False, bench.now_ms))
    assert bench.of_type("radio")[0]["up"] is False


def test_no_own_siren_where_none_is_fitted():
    bench = Bench(config=CoreConfig(GATEWAY, "gateway-1", 5, own_siren=False))
    bench.hear(alarm())
    bench.run(10_000)
    assert not bench.all(Siren) and bench.sent(m.PAGE)


def test_every_frame_we_send_is_one_that_a_receiver_accepts():
    bench = Bench()
    bench.hear(alarm())
    bench.run(10_000)
    bench.order(id=2, type="stage", device=BUTTON, counter=100, stage=3)
    bench.run(400_000)
    assert {opened.type for _, _, opened in bench.sent()} == {m.RECEIPTS, m.SIREN_ORDER, m.PAGE}
    for _, send, _ in bench.sent():
        assert open_message(send.payload, GATEWAY, BROADCAST, SITE).role == m.GATEWAY
