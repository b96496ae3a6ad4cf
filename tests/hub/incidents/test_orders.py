"""Orders reach the gateway once each: claimed with a lease, sent, marked; repeated when one was lost."""

import json
import threading
import time

from kentongan_hub.api import gateways
from kentongan_hub.devices import provision
from kentongan_hub.incidents import orders
from kentongan_hub.record import outbox
from kentongan_hub.upkeep.dispatch import Dispatch
from kentongan_wire.message import messages as m
from kits.patience import PATIENCE_S


def answered(site):
    site.post_events(site.alarm(counter=9))
    site.enter("admin").post("/kejadian/kejadian-1/datang", page="/papan")


def test_saya_datang_is_stage_3_for_the_presser(site):
    answered(site)
    (order,) = site.orders()
    assert order == {
        "id": order["id"],
        "type": "stage",
        "device": site.button,
        "counter": 9,
        "first": 9,
        "stage": m.STAGE_COMING,
        "expires_in_s": 1800,
    }


def test_an_order_that_waits_for_a_silent_gateway_keeps_nobody_awake(site):
    answered(site)
    site.clock.advance(orders.QUIET_MS + 1)
    assert site.rows("SELECT 1 FROM outbox WHERE state = 'waiting' AND channel = 'gateway:gateway-1'")
    dispatch = Dispatch(site.hub.store, site.clock)
    for _ in range(3):  # whatever is due now is done once
        dispatch.step()
    rings = site.hub.store.bell.count()
    for _ in range(5):
        dispatch.step()
    assert site.hub.store.bell.count() == rings


def test_a_second_tap_orders_nothing_more(site):
    answered(site)
    site.enter("admin").post("/kejadian/kejadian-1/datang", page="/papan")
    assert len(site.rows("SELECT * FROM outbox WHERE type = 'stage'")) == 1


def test_selesai_is_stage_4_and_silence(site):
    answered(site)
    site.enter("admin").post("/kejadian/kejadian-1/selesai", page="/papan")
    assert [(o["type"], o.get("stage"), o.get("action")) for o in site.orders()] == [
        ("stage", 3, None),
        ("stage", 4, None),
        ("siren", None, "stop"),
    ]


def test_matikan_bunyi_stops_the_posts_and_keeps_the_incident(site):
    site.post_events(site.alarm(counter=9))
    site.enter("admin").post("/kejadian/kejadian-1/diam", page="/papan")
    (order,) = site.orders()
    assert (order["type"], order["action"], order["origin"], order["counter"]) == (
        "siren",
        "stop",
        site.button,
        9,
    )
    assert site.incidents()[0]["state"] == "baru"


def test_chimes_are_called_although_the_order_lost_its_incident_except_for_a_confidential_one(site):
    with site.hub.store.write() as db:
        channel = outbox.gateway_channel("gateway-1")
        for silent in (1, 0):
            body = json.dumps({"device": site.button, "counter": 9, "silent": silent})
            outbox.add(db, site.clock.now_ms, channel, "page", body, 600_000)
    assert [(one["type"], one["silent"]) for one in site.orders()] == [("page", 0)]


def test_a_drill_window_is_ordered_with_its_minutes(site):
    person = site.enter("admin")
    assert person.post("/latihan", page="/latihan", menit="20").status_code == 303
    (order,) = site.orders()
    assert (order["type"], order["minutes"], order["zone"]) == ("drill", 20, 5)
    assert "INI LATIHAN" in person.get("/papan").text
    assert person.post("/latihan", page="/latihan", menit="61").status_code == 400


def test_an_order_under_way_is_not_given_twice_and_comes_again_when_the_answer_was_lost(site):
    answered(site)
    (order,) = site.orders()
    assert site.orders() == []
    site.clock.advance(outbox.LEASE_MS)
    assert [o["id"] for o in site.orders()] == [order["id"]]


def test_an_order_that_the_gateway_has_but_never_reported_comes_again_after_a_minute(site):
    answered(site)
    (order,) = site.orders()
    site.clock.advance(outbox.LEASE_BELOW_MS - 1)
    assert site.orders(after=order["id"]) == []
    site.clock.advance(1)
    assert [o["id"] for o in site.orders(after=order["id"])] == [order["id"]]


def test_done_is_kept_once_with_its_result(site):
    answered(site)
    (order,) = site.orders()
    assert site.done(order["id"], result="failed: radio down") == {"done": [order["id"]]}
    assert site.done(order["id"]) == {"done": []}
    row = site.rows("SELECT * FROM outbox WHERE id = ?", order["id"])[0]
    assert (row["state"], row["result"]) == (outbox.FAILED, "failed: radio down")
    site.clock.advance(3_600_000)
    assert site.orders() == []


def test_an_order_expires(site):
    answered(site)
    site.clock.advance(1_800_000)
    assert site.orders() == []
    site.hub.dispatch.step()
    assert site.rows("SELECT state FROM outbox WHERE type = 'stage'") == [{"state": outbox.EXPIRED}]


def test_a_gateway_marks_and_sees_only_its_own_orders(site):
    answered(site)
    provision.gateway_file(site.data_dir, "gateway-2", 6)
    mine, site.token = site.token, provision.gateway_token(site.data_dir, "gateway-2")
    assert site.orders() == []
    site.done(1), site.done(2)
    site.token = mine
    assert len(site.orders()) == 1


def test_only_one_of_many_claims_wins_a_row(site):
    answered(site)
    won, start = [], threading.Barrier(8)

    def claim():
        start.wait()
        with site.hub.store.write() as db:
            won.extend(outbox.claim(db, site.clock.now_ms, "gateway:gateway-1"))

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def test_a_full_channel_drops_its_oldest_and_says_so(site, monkeypatch):
    monkeypatch.setattr(outbox, "LIMIT_ROWS", 3)
    with site.hub.store.write() as db:
        for _ in range(5):
            outbox.add(db, site.clock.now_ms, "gateway:gateway-1", "drill", "{}", 60_000)
    assert len(site.orders()) == 3
    assert [r["result"] for r in site.rows("SELECT * FROM outbox ORDER BY id")] == ["queue_full"] * 2 + [
        None
    ] * 3


def test_finished_rows_leave_after_a_month(site):
    answered(site)
    site.done(site.orders()[0]["id"])
    site.clock.advance(outbox.KEEP_MS + 1)
    site.hub.dispatch.step()
    assert site.rows("SELECT * FROM outbox WHERE type = 'stage'") == []


def test_a_waiting_poll_is_answered_the_moment_somebody_comes(site):
    site.clock.now_ms = int(time.time() * 1000)
    site.post_events(site.alarm(counter=9))
    person, got = site.enter("admin"), {}

    def poll():
        client = site.app.test_client()
        got["orders"] = client.get("/api/v1/orders?after=0&wait=20", headers=site.headers).json["orders"]

    thread = threading.Thread(target=poll)
    thread.start()
    person.post("/kejadian/kejadian-1/datang", page="/papan")
    thread.join(PATIENCE_S)
    assert [order["stage"] for order in got["orders"]] == [3]


def test_long_polls_have_a_limit_and_the_next_one_is_told_when_to_come_back(site):
    for _ in range(gateways.POLLS_AT_ONCE):
        assert gateways._polls.acquire(blocking=False)
    try:
        answer = site.client.get("/api/v1/orders?after=0&wait=0", headers=site.headers)
    finally:
        for _ in range(gateways.POLLS_AT_ONCE):
            gateways._polls.release()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert site.orders() == []


def test_silence_reaches_every_rt_whose_sirens_were_ordered_and_no_other(site):
    for zone in (6, 7):
        provision.add_device(site.data_dir, "sirene", f"pos-{zone}", zone)
    site.post_events(site.alarm(counter=9, kind=m.KIND_KEBAKARAN))  # every RT is asked to help
    site.post_events(site.alarm(counter=3, device=site.other, kind=m.KIND_MALING))
    admin = site.enter("admin")
    for slug in ("kejadian-1", "kejadian-2"):
        admin.post(f"/kejadian/{slug}/diam", page="/papan")
    stopped = [(one["counter"], one["zone"]) for one in site.orders() if one.get("action") == "stop"]
    assert stopped == [(9, 5), (9, 6), (9, 7), (3, 5)]


def test_silence_reaches_a_post_of_another_rt_that_beats_it_unasked(site):
    provision.add_device(site.data_dir, "sirene", "pos-6", 6, table=[[5, 0xFFFF], [6, 0xFFFF]])
    provision.add_device(site.data_dir, "sirene", "pos-7", 7)
    site.post_events(site.alarm(counter=9, kind=m.KIND_MALING))
    site.enter("admin").post("/kejadian/kejadian-1/diam", page="/papan")
    stopped = [(one["counter"], one["zone"]) for one in site.orders() if one.get("action") == "stop"]
    assert stopped == [(9, 5), (9, 6)]


def test_three_taps_on_silence_order_once_and_again_after_what_a_gateway_repeats(site):
    site.post_events(site.alarm(kind=m.KIND_KEBAKARAN))
    admin = site.enter("admin")

    def stops():
        return [one for one in site.orders() if one["type"] == "siren" and one["action"] == "stop"]

    for _ in range(3):
        admin.post("/kejadian/kejadian-1/diam", page="/papan")
    assert len(stops()) == 1
    site.clock.advance(orders.STOP_AGAIN_MS)
    admin.post("/kejadian/kejadian-1/diam", page="/papan")
    assert len(stops()) == 2


def test_a_tap_after_a_silence_that_no_air_was_left_for_orders_it_again(site):
    site.post_events(site.alarm())
    admin = site.enter("admin")
    admin.post("/kejadian/kejadian-1/diam", page="/papan")
    with site.hub.store.write() as db:
        db.run("UPDATE outbox SET state = ? WHERE type = 'siren'", outbox.FAILED)
    admin.post("/kejadian/kejadian-1/diam", page="/papan")
    assert len(site.rows("SELECT 1 FROM outbox WHERE type = 'siren' AND body LIKE '%stop%'")) == 2


def test_a_cancel_silences_the_other_rts_that_beat_it_and_its_own_gateway_does_the_rest(site):
    for zone in (6, 7):
        provision.add_device(site.data_dir, "sirene", f"pos-{zone}", zone)
    site.post_events(site.alarm(counter=9, kind=m.KIND_KEBAKARAN, incident=9))
    site.post_events(site.alarm(counter=10, kind=m.KIND_KEBAKARAN, cancel=True, incident=9))
    stopped = [(one["counter"], one["zone"]) for one in site.orders() if one.get("action") == "stop"]
    assert stopped == [(10, 6), (10, 7)]


def test_a_cancel_of_what_sounds_in_its_own_rt_alone_takes_no_air_elsewhere(site):
    provision.add_device(site.data_dir, "sirene", "pos-6", 6)
    site.post_events(site.alarm(counter=9, kind=m.KIND_MALING, incident=9))
    site.post_events(site.alarm(counter=10, kind=m.KIND_MALING, cancel=True, incident=9))
    assert [one for one in site.orders() if one.get("action") == "stop"] == []


def test_a_cancel_that_is_told_after_a_later_press_calls_nothing_off(site):
    provision.add_device(site.data_dir, "sirene", "pos-6", 6)
    site.post_events(site.alarm(counter=9, kind=m.KIND_KEBAKARAN, incident=9))
    site.post_events(site.alarm(counter=11, kind=m.KIND_KEBAKARAN, incident=9))
    site.post_events(site.alarm(counter=10, kind=m.KIND_KEBAKARAN, cancel=True, incident=9))
    (incident,) = site.incidents()
    assert (incident["state"], incident["cancelled"]) == ("baru", 0)
    assert [one for one in site.orders() if one.get("action") == "stop"] == []
    assert site.lines("timeline", "what = 'cancelled'"), "that it was called off in between stands there"
