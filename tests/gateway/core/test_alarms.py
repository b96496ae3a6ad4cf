"""An alarm is stored, then acknowledged, and nothing else is: sentences about GatewayCore."""

import pytest
from kentongan_gateway.core.base.actions import DropCopy, Heard, Note, Persist, RelayCopy, Send, Store
from kentongan_gateway.core.gateway_core import CoreConfig, Directory
from kentongan_wire.air.packet import BROADCAST
from kentongan_wire.message import messages as m
from kits.gateway.gateway_kit import (
    BUTTON,
    BUTTON_2,
    DEVICES,
    GATEWAY,
    GATEWAY_2,
    POST,
    REPEATER,
    SITE,
    Bench,
    alarm,
    button_status,
    message,
    node_status,
    report,
)


def test_an_alarm_is_stored_and_then_receipted_after_30_ms():
    bench = Bench()
    bench.hear(alarm())
    stored_at = bench.now_ms
    assert [e["type"] for e in bench.events] == ["alarm"]
    assert not bench.sent()
    bench.run(1_000)
    ((at, send, entry),) = bench.entries()
    assert at == stored_at + 30
    assert (entry.node, entry.counter, entry.stage, entry.zone, entry.kind) == (BUTTON, 100, 2, 5, 1)
    assert send.hop_limit == 0


def test_without_a_commit_there_is_never_a_receipt():
    bench = Bench()
    bench.disk_ok = False
    for attempt in range(20):
        bench.hear(alarm(attempt=attempt))
        bench.run(2_000)
    assert not bench.entries()
    assert len(bench.all(Store)) >= 20, "every repeat asks for the commit again"
    bench.disk_ok = True
    bench.hear(alarm(attempt=20))
    bench.run(100)
    assert len(bench.entries()) == 1


def test_the_event_says_all_that_the_hub_needs():
    bench = Bench()
    bench.hear(alarm(kind=2, flags=m.FLAG_LID, attempt=3), hops=1, hop_start=3, relay_node=REPEATER & 0xFF)
    event = bench.events[0]
    expected = {
        "type": "alarm",
        "device": BUTTON,
        "label": "tombol-07",
        "counter": 100,
        "incident": 100,
        "zone": 5,
        "kind": 2,
        "silent": False,
        "cancel": False,
        "lid": True,
        "drill": False,
        "late": False,
        "attempt": 3,
        "battery": 150,
        "rssi": -90,
        "snr_q": 12,
        "hops": 1,
        "at_ms": bench.now_ms,
    }
    assert {k: event[k] for k in expected} == expected


def test_a_repeat_is_answered_byte_for_byte_at_most_every_2_s_and_30_times():
    bench = Bench()
    for attempt in range(100):
        bench.hear(alarm(attempt=attempt))
        bench.run(500)
    answers = [send for _, send, _ in bench.entries()]
    assert len({(s.packet_id, s.payload) for s in answers}) == 1
    assert 20 <= len(answers) <= 30
    bench.run(60_000)
    for attempt in range(100, 200):
        bench.hear(alarm(attempt=attempt))
        bench.run(2_100)
    assert len(bench.entries()) == 30, "thirty answers in all"
    assert len(bench.of_type("alarm")) == 1


def test_a_stock_radio_gets_a_new_id_for_every_repeat():
    bench = Bench(config=CoreConfig(GATEWAY, "gateway-1", 5, same_id=False))
    bench.hear(alarm())
    bench.run(3_000)
    bench.hear(alarm(attempt=1))
    bench.run(100)
    first, second = [send for _, send, _ in bench.entries()]
    assert first.packet_id != second.packet_id and first.payload == second.payload


def test_two_active_origins_share_one_frame_after_500_ms():
    bench = Bench()
    bench.hear(alarm())
    bench.run(200)
    bench.hear(alarm(src=BUTTON_2, counter=50), src=BUTTON_2)
    bench.hear(alarm(src=BUTTON, counter=101, incident=100))
    bench.run(1_000)
    frames = [opened.body.entries for _, _, opened in bench.sent(m.RECEIPTS)]
    assert [[(e.node, e.counter) for e in entries] for entries in frames] == [
        [(BUTTON, 100)],
        [(BUTTON_2, 50), (BUTTON, 101)],
    ]


def test_where_frames_take_longer_the_shared_frame_is_waited_for_longer():
    """An alarm that comes 700 ms later still finds a place in it on MediumFast, and none on ShortSlow."""
    for preset, shared in (("ShortSlow", 1), ("MediumFast", 2)):
        bench = Bench(config=CoreConfig(GATEWAY, "gateway-1", 5, preset=preset))
        bench.hear(alarm(src=BUTTON_2, counter=50), src=BUTTON_2)
        bench.run(100)
        bench.hear(alarm())
        bench.run(700)
        bench.hear(alarm(src=BUTTON_2, counter=51, incident=50), src=BUTTON_2)
        bench.run(3_000)
        frames = [opened.body.entries for _, _, opened in bench.sent(m.RECEIPTS)]
        assert max(map(len, frames)) == shared, preset


def test_forty_alarms_at_once_go_out_in_frames_of_at_most_14():
    bench = Bench()
    for i in range(40):
        bench.hear(alarm(src=0x6000 + i, counter=10), src=0x6000 + i)
    bench.run(1_000)
    sizes = [len(opened.body.entries) for _, _, opened in bench.sent(m.RECEIPTS)]
    assert sum(sizes) == 40 and max(sizes) <= 14


@pytest.mark.parametrize(("relay", "hop_limit"), [(REPEATER & 0xFF, 0), (0x77, 2), (0, 2)])
def test_a_receipt_follows_the_hops_only_where_stock_repeaters_carried_the_alarm(relay, hop_limit):
    bench = Bench()
    bench.hear(alarm(), hops=2, hop_start=3, relay_node=relay)
    bench.run(100)
    assert bench.entries()[0][1].hop_limit == hop_limit


@pytest.mark.parametrize(
    "payload",
    [
        alarm(kind=m.KIND_UJI),
        alarm(kind=m.KIND_KEKERASAN),
        alarm(flags=m.FLAG_SILENT),
        alarm(under_c=True),
        alarm(zone=0),
    ],
)
def test_zone_and_kind_are_named_only_for_what_may_sound(payload):
    bench = Bench()
    bench.hear(payload)
    bench.run(100)
    entry = bench.entries()[0][2]
    assert (entry.stage, entry.zone, entry.kind) == (2, 0, 0)


def test_an_alarm_older_than_the_last_counter_is_stored_as_late_and_sounds_nowhere():
    bench = Bench()
    bench.hear(button_status(counter=200))
    bench.hear(alarm(counter=150))
    bench.run(60_000)
    event = bench.of_type("alarm")[0]
    assert event["late"] and event["counter"] == 150
    entry = bench.entries()[0][2]
    assert (entry.stage, entry.zone, entry.kind) == (2, 0, 0)
    assert not bench.sent(m.SIREN_ORDER) and not bench.sent(m.PAGE)


def test_a_slow_copy_of_what_was_stored_lately_is_a_repeat_and_an_old_one_is_refused():
    """A relay may bring an alarm after the sender's next message: nobody attacks, it is answered."""
    bench = Bench()
    bench.hear(alarm(counter=100, kind=m.KIND_UJI))
    bench.hear(button_status(counter=101))
    bench.run(5_000)
    answers = len(bench.entries())
    bench.hear(alarm(counter=100, kind=m.KIND_UJI, attempt=4), hops=1)
    bench.run(5_000)
    assert len(bench.of_type("alarm")) == 1 and len(bench.entries()) == answers + 1
    assert "replay" not in bench.core.counters and not bench.of_type("refusals")
    bench.run(600_000)
    bench.hear(alarm(counter=100, kind=m.KIND_UJI, attempt=5))
    assert bench.core.counters["replay"] == 1 and len(bench.of_type("alarm")) == 1


def test_a_stored_alarm_is_still_refused_after_a_restart():
    bench = Bench()
    bench.hear(alarm(counter=100))
    bench.hear(alarm(counter=101))
    bench.run(500)
    again = Bench(state=bench.state)
    again.hear(alarm(counter=100))
    assert again.core.counters["replay"] == 1 and not again.events


def test_after_a_restart_a_repeat_is_found_in_the_spool_and_answered_without_naming_a_zone():
    bench = Bench()
    bench.hear(alarm())
    bench.run(500)
    rows = bench.spool.counts()["rows"]
    again = Bench(state=bench.state, spool=bench.spool)
    again.hear(alarm(attempt=1))
    again.run(100)
    assert bench.spool.counts()["rows"] == rows + 1  # what each start says, and no second alarm
    assert [(e.stage, e.zone) for _, _, e in again.entries()] == [(2, 0)]


def test_an_outgoing_packet_id_is_never_used_twice_over_restarts():
    state, used = {}, []
    for start in range(5):
        bench = Bench(state=state)
        state = bench.state
        for i in range(30):
            bench.hear(alarm(counter=1_000 * (start + 1) + i))
            bench.run(400)
        used += [send.packet_id for send in bench.all(Send)]
    assert len(used) == len(set(used)) and used == sorted(used)


def test_the_reserve_is_persisted_before_the_first_use():
    bench = Bench()
    bench.hear(alarm())
    bench.run(100)
    kinds = [(type(a).__name__, getattr(a, "name", "")) for _, a in bench.done]
    assert kinds.index(("Persist", "seq")) < kinds.index(("Send", ""))


def test_lost_counters_go_on_above_what_the_hub_and_the_devices_remember():
    bench = Bench(gateway_counter=5_000)
    bench.hear(alarm())
    bench.run(100)
    assert bench.all(Send)[0].packet_id == 5_000 + 2**16
    bench.hear(node_status(last_control=900_000), src=POST)
    bench.hear(alarm(counter=101))
    bench.run(100)
    assert bench.all(Send)[-1].packet_id == 900_000 + 2**16


def test_the_hubs_copy_of_our_counter_is_kept_with_the_directory():
    directory = Directory.from_dict({"devices": DEVICES, "gateway_counter": 5_000})
    assert Directory.load(directory.dump()).gateway_counter == 5_000


def test_lost_counters_are_still_looked_for_after_another_restart():
    bench = Bench()
    bench.hear(alarm())
    bench.run(100)
    again = Bench(state=bench.state)
    again.hear(node_status(last_control=900_000), src=POST)
    again.hear(alarm(counter=101))
    again.run(100)
    assert again.all(Send)[-1].packet_id == 900_000 + 2**16


def test_kept_counters_do_not_follow_what_a_device_claims():
    again = Bench(state={"seq": (64).to_bytes(4, "little")})
    again.hear(node_status(last_control=0xE0000000), src=POST)
    again.hear(alarm(counter=101))
    again.run(100)
    assert again.all(Send)[0].packet_id < 2**17


def test_a_confidential_alarm_has_a_number_and_no_name_in_every_line():
    bench = Bench()
    bench.hear(alarm(under_c=True))
    bench.run(20_000)
    bench.hear(alarm(src=BUTTON_2, counter=9, kind=m.KIND_KEKERASAN), src=BUTTON_2)
    bench.run(20_000)
    names = {note.device for note in bench.all(Note)}
    assert {"rahasia-1", "rahasia-2"} <= names
    assert not {"tombol-07", "tombol-08"} & names


def test_a_public_alarm_is_named_by_its_one_identity():
    bench = Bench()
    bench.hear(alarm())
    bench.run(100)
    steps = [(n.step, n.device, n.counter) for n in bench.all(Note)]
    assert steps[:3] == [(s, "tombol-07", 100) for s in ("heard_by_gateway", "stored", "receipt_2")]


def test_siren_reports_and_peoples_events_are_stored_and_receipted_under_their_own_key():
    bench = Bench()
    bench.hear(report(), src=POST)
    bench.run(1_300)
    assert bench.of_type("siren_report")[0]["origin"] == BUTTON
    assert [(e.node, e.counter, e.stage) for _, _, e in bench.entries(POST)] == [(POST, 310, 2)]
    body = m.Event(m.EVENT_RONDA, 3, 0, 0)
    bench.hear(message(m.EVENT, POST, 311, body), src=POST)
    bench.run(400)
    assert bench.of_type("event")[0]["person"] == 3
    assert [e.counter for _, _, e in bench.entries(POST)] == [310, 311]


def test_what_a_post_reports_of_several_alarms_is_receipted_in_one_frame():
    bench = Bench()
    for counter, of in ((310, 100), (311, 101), (312, 102)):
        body = m.SirenReport(BUTTON, of, m.STATE_DRIVEN, m.SOURCE_DIRECT)
        bench.hear(message(m.SIREN_REPORT, POST, counter, body), src=POST)
    bench.run(1_300)
    frames = [opened.body.entries for _, _, opened in bench.sent(m.RECEIPTS)]
    assert [[entry.counter for entry in entries] for entries in frames] == [[310, 311, 312]]


def test_a_status_is_stored_and_never_receipted():
    bench = Bench()
    bench.hear(button_status())
    bench.run(1_000)
    assert bench.of_type("status")[0]["body"]["temperature"] == 27
    assert not bench.entries()


def test_forged_foreign_and_revoked_frames_are_counted_and_reported_once_a_minute():
    bench = Bench(revoked=[BUTTON_2])
    forged = alarm()[: -m.END_BYTES] + bytes(m.END_BYTES)
    for _ in range(5):
        bench.hear(forged)
        bench.run(1_000)
    bench.hear(alarm(src=BUTTON_2), src=BUTTON_2)
    bench.hear(b"\xff" * 40)
    bench.run(10_000)
    assert bench.core.counters["tag"] == 5 and bench.core.counters["revoked"] == 1
    assert [e["counters"] for e in bench.of_type("refusals")] == [{"tag": 2}]
    bench.run(60_000)
    assert [e["counters"] for e in bench.of_type("refusals")][1] == {"revoked": 1, "tag": 3, "version": 1}
    assert not bench.of_type("alarm") and not bench.sent()


def test_our_own_frames_heard_back_are_no_news():
    bench = Bench()
    bench.hear(alarm())
    bench.run(100)
    send = bench.all(Send)[0]
    bench.hear(send.payload, src=GATEWAY)
    assert bench.core.counters["echo"] == 1 and not bench.of_type("refusals")


GATEWAY_OF_6 = {"node": GATEWAY_2, "role": "gateway", "label": "gateway-2", "zone": 6, "house": 0, "hops": 1}
OTHER = [*DEVICES, GATEWAY_OF_6]


def test_a_gateway_of_another_zone_lets_the_zones_own_gateway_answer_first():
    bench = Bench(devices=OTHER)
    start = bench.now_ms
    bench.hear(alarm(zone=6))
    bench.run(2_000)
    assert 500 <= bench.entries()[0][0] - start <= 1_000


def test_an_overheard_receipt_of_another_gateway_is_enough():
    bench = Bench(devices=OTHER)
    bench.hear(alarm(zone=6))
    entry = m.receipt_entry(GATEWAY_2, BUTTON, 100, 2, 0, 6, 1, SITE.c(BUTTON, m.TOMBOL, 0))
    bench.run(100)
    bench.hear(message(m.RECEIPTS, GATEWAY_2, 40, m.Receipts((entry,))), src=GATEWAY_2)
    bench.run(3_000)
    assert not bench.entries()
    assert len(bench.of_type("alarm")) == 1


def test_receipts_of_others_are_carried_on_once_and_alarms_never():
    bench = Bench(devices=OTHER)
    entry = m.receipt_entry(GATEWAY_2, BUTTON, 99, 3, 0, 0, 0, SITE.c(BUTTON, m.TOMBOL, 0))
    payload = message(m.RECEIPTS, GATEWAY_2, 41, m.Receipts((entry,)))
    for hops in (0, 1):
        bench.hear(payload, src=GATEWAY_2, hops=hops, hop_start=3, packet_id=41)
    bench.hear(alarm(), hop_start=3)
    bench.hear(button_status(BUTTON_2), src=BUTTON_2, hop_start=3)
    assert len(bench.all(RelayCopy)) == 1
    assert bench.all(DropCopy) == [DropCopy(GATEWAY_2, 41)]


def receipts_of_gateway_2(counter, of=99):
    entry = m.receipt_entry(GATEWAY_2, BUTTON, of, 3, 0, 0, 0, SITE.c(BUTTON, m.TOMBOL, 0))
    return message(m.RECEIPTS, GATEWAY_2, counter, m.Receipts((entry,)))


def test_a_copy_with_no_hops_left_that_anybody_can_play_stops_no_copy_of_ours():
    bench = Bench(devices=OTHER)
    for hops in (0, 3, 2):
        bench.hear(receipts_of_gateway_2(41), src=GATEWAY_2, hops=hops, hop_start=3, packet_id=41)
    assert len(bench.all(RelayCopy)) == 1 and not bench.all(DropCopy)
    bench.hear(receipts_of_gateway_2(41), src=GATEWAY_2, hops=1, hop_start=3, packet_id=41)
    assert bench.all(DropCopy) == [DropCopy(GATEWAY_2, 41)], "another relay has carried it on as far"


@pytest.mark.parametrize("wait_ms", [0, 60_000])
def test_a_copy_with_few_hops_left_that_is_played_ahead_ends_no_frames_way(wait_ms):
    """No key: the true copy, which had two hops more to go, was taken for one that was carried."""
    bench = Bench(devices=OTHER)
    payload = receipts_of_gateway_2(41)
    for hops in (2, 0, 0):
        bench.hear(payload, src=GATEWAY_2, hops=hops, hop_start=3, packet_id=41)
        bench.run(wait_ms, 1_000)
    assert [copy.heard.hop_limit for copy in bench.all(RelayCopy)] == [1, 3]
    assert bench.all(DropCopy) == ([] if wait_ms else [DropCopy(GATEWAY_2, 41)]), "the true one in its place"


def test_who_plays_a_copy_as_if_another_relay_had_carried_it_stops_none_that_goes_farther():
    bench = Bench(devices=OTHER)
    payload = receipts_of_gateway_2(41)
    for hops in (1, 2, 0):
        bench.hear(payload, src=GATEWAY_2, hops=hops, hop_start=3, packet_id=41)
    assert [copy.heard.hop_limit for copy in bench.all(RelayCopy)] == [2, 3]


def test_a_frame_that_a_stolen_post_makes_under_a_gateways_next_number_stops_nothing_of_that_gateway():
    """RECEIPTS are under A, and no tag covers a packet id."""
    for forged_first in (True, False):
        bench = Bench(devices=OTHER)
        frames = [receipts_of_gateway_2(7, of=1), receipts_of_gateway_2(41)]
        for payload in frames if forged_first else reversed(frames):
            bench.hear(payload, src=GATEWAY_2, hop_start=3, packet_id=41)
        assert [copy.heard.payload for copy in bench.all(RelayCopy)][forged_first] == frames[1]
        assert not bench.all(DropCopy)


def test_counters_go_to_disk_after_the_commit_once_for_a_burst():
    bench = Bench()
    for i in range(20):
        bench.hear(alarm(counter=100 + i))
    bench.run(1_000)
    kinds = [(type(a).__name__, getattr(a, "name", "")) for _, a in bench.done]
    assert kinds.index(("Store", "")) < kinds.index(("Persist", "guard"))
    assert [a.name for a in bench.all(Persist)].count("guard") == 1


def test_one_confidential_incident_has_one_number_over_presses_and_restarts():
    bench = Bench()
    bench.hear(alarm(under_c=True, counter=100))
    bench.hear(alarm(under_c=True, counter=101, incident=100))
    again = Bench(state=bench.state)
    again.order(id=1, type="stage", device=BUTTON, counter=101, stage=3)
    names = {n.device for n in bench.all(Note) + again.all(Note)}
    assert names == {"rahasia-1"}


def test_a_copied_frame_under_packet_id_0_is_not_carried_on():
    """The tag covers no packet id: whoever has the channel key can wrap a good payload again."""
    bench = Bench()
    entry = m.receipt_entry(GATEWAY_2, BUTTON, 99, 3, 0, 0, 0, SITE.c(BUTTON, m.TOMBOL, 0))
    payload = message(m.RECEIPTS, GATEWAY_2, 41, m.Receipts((entry,)))
    heard = Heard(GATEWAY_2, BROADCAST, 0, 2, 3, 9, payload, -90, 12, "uji")
    bench.do(bench.core.on_frame(heard, bench.now_ms, 1))
    assert bench.all(RelayCopy) == []
