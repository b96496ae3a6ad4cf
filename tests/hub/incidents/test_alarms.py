"""Events become incidents: each press once, joined by incident, in whatever order and number they arrive."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kentongan_hub.base import states
from kentongan_hub.incidents import actions, soundings
from kentongan_wire.message import messages as m


def test_an_alarm_opens_one_incident_with_place_and_time(site):
    answer = site.post_events(site.alarm(counter=1234, kind=1, battery=140, rssi=-90, snr_q=12, hops=1))
    assert answer == {"accepted": ["gateway-1/1"], "rejected": [], "new": ["gateway-1/1"]}
    (incident,) = site.incidents()
    assert (incident["slug"], incident["state"], incident["kind"]) == ("kejadian-1", "baru", 1)
    assert (incident["device"], incident["first_counter"], incident["zone"]) == (site.button, 1234, 5)
    (device,) = site.rows("SELECT * FROM devices WHERE node = ?", site.button)
    assert (device["battery_mv"], device["rssi"], device["heard_by"]) == (2800, -90, "gateway-1")


def test_the_same_event_again_changes_nothing(site):
    alarm = site.alarm()
    for _ in range(3):
        assert site.post_events(alarm)["accepted"] == [alarm["id"]]
    assert len(site.incidents()) == 1
    assert site.incidents()[0]["presses"] == 1


def test_the_same_press_under_another_event_id_is_the_same_press(site):
    site.post_events(site.alarm(counter=9), site.alarm(counter=9))
    assert site.incidents()[0]["presses"] == 1


def test_a_spool_that_started_over_with_old_ids_loses_no_alarm(site):
    first = site.alarm(counter=9)
    other = {**site.alarm(counter=77, device=site.other), "id": first["id"]}
    site.post_events(first)
    assert site.post_events(other)["accepted"] == [first["id"]]
    assert [i["device"] for i in site.incidents()] == [site.button, site.other]


def test_presses_of_one_incident_join_and_another_kind_changes_it(site):
    site.post_events(site.alarm(counter=70_000, incident=70_000 & 0xFFFF, kind=0))
    site.post_events(site.alarm(counter=70_003, incident=70_000 & 0xFFFF, kind=2))
    (incident,) = site.incidents()
    assert (incident["kind"], incident["presses"], incident["last_counter"]) == (2, 2, 70_003)


def test_the_same_sixteen_bits_65536_presses_later_are_another_incident(site):
    site.post_events(site.alarm(counter=5, incident=5), site.alarm(counter=65_541, incident=5))
    assert len(site.incidents()) == 2


def test_order_of_arrival_does_not_matter_for_joining(site):
    site.post_events(site.alarm(counter=12, incident=10), site.alarm(counter=10, incident=10, late=True))
    (incident,) = site.incidents()
    assert (incident["first_counter"], incident["last_counter"], incident["presses"]) == (10, 12, 2)


def test_a_cancel_asks_to_make_sure_and_answers_the_button(site):
    site.post_events(site.alarm(counter=10, incident=10), site.alarm(counter=11, incident=10, cancel=True))
    (incident,) = site.incidents()
    assert (incident["state"], incident["cancelled"]) == ("dibatalkan", 1)
    assert incident["next_alert_ms"] is not None, "it stays open until a named person closes it"
    (order,) = site.orders()
    assert (order["type"], order["counter"], order["stage"]) == ("stage", 11, m.STAGE_CANCELLED)


def test_a_cancel_for_an_unknown_incident_makes_one(site):
    site.post_events(site.alarm(counter=11, incident=10, cancel=True))
    assert site.incidents()[0]["state"] == "dibatalkan"


def test_a_press_after_closing_opens_it_again_but_a_late_one_does_not(site):
    person = site.enter("admin")
    site.post_events(site.alarm(counter=10, incident=10))
    person.post("/kejadian/kejadian-1/selesai", page="/papan")
    assert site.incidents()[0]["state"] == "selesai"
    site.post_events(site.alarm(counter=11, incident=10, late=True))
    assert site.incidents()[0]["state"] == "selesai"
    site.post_events(site.alarm(counter=12, incident=10))
    (incident,) = site.incidents()
    assert (incident["state"], incident["closed_ms"], incident["alerts"]) == ("baru", None, 0)
    assert "dibuka kembali" in site.enter("admin").get("/kejadian/kejadian-1").text


def test_a_press_from_before_the_cancel_does_not_undo_the_cancel(site):
    """Held back and told as late, or told by the other gateway, which the hub has not heard for a while."""
    for late, base in ((True, 10), (False, 100)):
        site.post_events(
            site.alarm(counter=base, incident=base),
            site.alarm(counter=base + 2, incident=base, cancel=True),
            site.alarm(counter=base + 1, incident=base, kind=2, late=late),
        )
        incident = site.incidents()[-1]
        assert (incident["state"], incident["cancelled"], incident["kind"]) == ("dibatalkan", 1, 1)


def test_a_press_from_before_the_closing_does_not_open_again_what_a_newer_press_had_opened(site):
    site.post_events(site.alarm(counter=12, incident=10))
    site.enter("admin").post("/kejadian/kejadian-1/selesai", page="/kejadian/kejadian-1")
    site.post_events(site.alarm(counter=10, incident=10))
    assert site.incidents()[0]["state"] == "selesai"


def test_a_press_after_saya_datang_is_answered_at_once(site):
    site.post_events(site.alarm(counter=10, incident=10))
    site.enter("admin").post("/kejadian/kejadian-1/datang", page="/papan")
    site.post_events(site.alarm(counter=11, incident=10))
    stages = [(order["counter"], order["stage"]) for order in site.orders() if order["type"] == "stage"]
    assert stages == [(10, m.STAGE_COMING), (11, m.STAGE_COMING)]


def test_a_drill_is_a_drill_until_the_second_press_that_is_none(site):
    site.post_events(site.alarm(counter=10, incident=10, drill=True))
    (incident,) = site.incidents()
    assert (incident["state"], incident["next_alert_ms"]) == ("latihan", None)
    assert "INI LATIHAN" in site.enter("admin").get("/papan").text
    site.post_events(site.alarm(counter=11, incident=10))
    (incident,) = site.incidents()
    assert (incident["state"], incident["drill"]) == ("baru", 0)
    assert incident["next_alert_ms"] is not None


def told_twice(site, first, second):
    """One press, told by two gateways of which each knows something else; what became of its incident."""
    same = {"counter": 10, "incident": 10, "kind": 1, "digest": "aa"}
    site.post_events(site.alarm(**same, **first))
    site.clock.advance(200)
    site.post_events(site.alarm(**same, **second))
    (incident,) = site.incidents()
    waiting = site.rows("SELECT post FROM soundings WHERE due_ms IS NOT NULL")
    due_in = incident["next_alert_ms"] and incident["next_alert_ms"] - site.clock.now_ms
    return incident["state"], incident["drill"], incident["late"], incident["presses"], due_in, len(waiting)


@pytest.mark.parametrize("fact", ["drill", "late"])
def test_what_one_gateway_calls_earnest_and_current_is_so_whoever_tells_it_first(site, fact):
    """A gateway that missed the press before takes this for the first of a drill, or for one held back."""
    assert told_twice(site, {fact: True}, {fact: False})[:4] == ("baru", 0, 0, 1)
    lines = [row["what"] for row in site.lines()]
    assert any("kata gateway lain" in line for line in lines), lines


@pytest.mark.parametrize("fact", ["drill", "late"])
def test_what_is_told_in_earnest_second_calls_like_a_first_press(site, fact):
    with site.hub.store.write() as db:
        for number in range(2):
            who = db.insert("people", name=f"Warga {number}", zone=5, house=30 + number, created_wall=0)
            db.insert("addresses", person=who, channel="sms", address=f"+6281200{number}")
            db.insert("duties", person=who, duty="ronda", zone=5)
    *_, due_in, waiting = told_twice(site, {fact: True}, {fact: False})
    assert 119_000 < due_in <= 120_000 and waiting == 1, "its post is expected to sound"
    assert site.rows("SELECT count(*) AS n FROM outbox WHERE channel = 'sms'") == [{"n": 2}]
    site.post_events(site.alarm(counter=10, incident=10, kind=1, digest="aa"))
    assert site.rows("SELECT count(*) AS n FROM outbox WHERE channel = 'sms'") == [{"n": 2}], "and once"


@pytest.mark.parametrize("fact", ["drill", "late"])
def test_what_was_told_in_earnest_stays_so_whatever_another_gateway_says_later(site, fact):
    assert told_twice(site, {fact: False}, {fact: True})[:4] == ("baru", 0, 0, 1)


def test_a_later_press_called_a_drill_by_the_gateway_that_missed_the_first_is_in_earnest(site):
    site.post_events(site.alarm(counter=10, incident=10, drill=True, digest="aa"))
    second = {"counter": 12, "incident": 10, "digest": "bb"}
    site.post_events(site.alarm(**second, drill=True), site.alarm(**second, drill=False))
    (incident,) = site.incidents()
    assert (incident["state"], incident["drill"], incident["presses"]) == ("baru", 0, 2)
    assert incident["next_alert_ms"] is not None


def test_a_press_in_earnest_told_second_opens_again_what_was_closed_as_a_drill(site):
    site.post_events(site.alarm(counter=10, incident=10, drill=True, digest="aa"))
    site.enter("admin").post("/kejadian/kejadian-1/selesai", page="/kejadian/kejadian-1")
    assert site.incidents()[0]["state"] == "selesai"
    site.post_events(site.alarm(counter=10, incident=10, drill=False, digest="aa"))
    assert (site.incidents()[0]["state"], site.incidents()[0]["closed_ms"]) == ("baru", None)


def test_a_press_that_a_person_has_judged_is_not_opened_again_because_it_was_not_late(site):
    site.post_events(site.alarm(counter=10, incident=10, late=True, digest="aa"))
    person = site.enter("admin")
    assert person.post("/kejadian/kejadian-1/keliru", page="/papan", alasan="salah").status_code == 303
    site.post_events(site.alarm(counter=10, incident=10, digest="aa"))
    assert site.incidents()[0]["state"] == "alarm_keliru"


def test_a_silent_press_is_no_drill_whoever_says_so(site):
    same = {"counter": 10, "incident": 10, "silent": True, "kind": m.KIND_KEKERASAN, "digest": "aa"}
    site.post_events(site.alarm(**same, drill=True), site.alarm(**same, drill=False))
    (incident,) = site.incidents()
    assert incident["slug"] == "rahasia-1"
    assert (incident["state"], incident["drill"], incident["presses"]) == ("baru", 0, 1)
    lines = site.rows("SELECT what FROM timeline WHERE what IN ('not_late', 'not_a_drill')")
    assert lines == []


UNREAD = {"counter": 10, "kind": 1, "silent": True, "digest": "0a0b0c0d", "unread": True}
WHOLE = {"counter": 10, "incident": 10, "kind": 1, "digest": "0a0b0c0d", "age_ms": 0}


def test_an_alarm_whose_text_is_lost_is_opened_for_the_agreed_alone_with_a_warning(site):
    assert site.post_events(site.alarm(**UNREAD))["rejected"] == []
    site.post_events(site.alarm(**UNREAD))
    (incident,) = site.incidents()
    assert incident["confidential"] and incident["presses"] == 1 and incident["next_alert_ms"] is not None
    assert site.rows("SELECT * FROM soundings") == []
    assert any("tanyakan siapa yang menekan" in row["detail"] for row in site.lines())


def test_what_was_in_it_comes_later_and_is_the_alarm_that_it_is(site):
    """Public, new for the gateway, awaited at the posts; and no press again of the confidential one."""
    site.post_events(site.alarm(**UNREAD))
    site.clock.advance(300_000)
    whole = site.alarm(**WHOLE)
    assert site.post_events(whole)["new"] == [whole["id"]]
    secret, public = site.incidents()
    assert secret["confidential"] and secret["presses"] == 1
    assert not public["confidential"] and public["state"] == "baru" and public["next_alert_ms"] is not None
    assert [row["incident"] for row in site.rows("SELECT * FROM soundings")] == [public["id"]]
    lines = site.lines("timeline", "incident = ?", public["id"])
    assert any("hanya nomornya" in row["detail"] for row in lines)
    report = {"device": site.post, "origin": site.button, "counter": 10, "state": m.STATE_SOUNDING}
    site.post_events(site.event("siren_report", **report))
    assert [row["state"] for row in site.rows("SELECT * FROM soundings")] == ["sounded"]


def test_a_lost_text_says_nothing_of_an_alarm_that_is_known(site):
    """Of a drill it makes no earnest, and nobody is called twice."""
    site.post_events(site.alarm(**{**WHOLE, "drill": True}))
    site.post_events(site.alarm(**UNREAD))
    (incident,) = site.incidents()
    assert (incident["state"], incident["presses"]) == ("latihan", 1)


def test_a_current_press_after_a_late_one_calls_at_once(site):
    with site.hub.store.write() as db:
        who = db.insert("people", name="Ronda", zone=5, house=30, created_wall=0)
        db.insert("addresses", person=who, channel="sms", address="+62812001")
        db.insert("duties", person=who, duty="ronda", zone=5)
    site.post_events(site.alarm(counter=10, incident=10, kind=1, late=True))
    assert site.rows("SELECT * FROM outbox WHERE channel = 'sms'") == []
    site.post_events(site.alarm(counter=11, incident=10, kind=1))
    assert len(site.rows("SELECT * FROM outbox WHERE channel = 'sms'")) == 1


def test_a_test_press_counts_as_tested_and_opens_nothing(site):
    site.post_events(site.alarm(counter=3, kind=m.KIND_UJI))
    assert site.incidents() == []
    assert site.rows("SELECT tested_wall FROM devices WHERE node = ?", site.button)[0]["tested_wall"]
    assert len(site.rows("SELECT * FROM alarms")) == 1


def test_an_alarm_of_a_device_that_nobody_registered_is_shown(site):
    site.post_events(site.alarm(device=0x1234ABCD))
    assert "1234abcd" in site.enter("admin").get("/papan").text


def test_what_was_measured_between_gateway_and_siren_is_an_upper_bound(site):
    site.post_events(site.alarm(counter=9, at_ms=5_000))
    site.post_events(
        site.event(
            "siren_report", device=site.post, origin=site.button, counter=9, state=1, source=1, at_ms=6_999
        )
    )
    page = site.enter("admin").get("/kejadian/kejadian-1").text
    assert "pos-1" in page and "di bawah 2 dtk sejak terdengar gerbang" in page


def test_two_clocks_are_never_compared(site):
    site.post_events(site.alarm(counter=9, at_ms=5_000))
    site.post_events(
        site.event(
            "siren_report",
            device=site.post,
            origin=site.button,
            counter=9,
            state=1,
            source=1,
            at_ms=6_000,
            boot_id="boot-2",
        )
    )
    page = site.enter("admin").get("/papan").text
    assert "berbunyi" in page and "dtk sejak terdengar" not in page


def test_a_siren_that_failed_or_only_was_driven_says_so(site):
    site.post_events(site.alarm(counter=9))
    report = {"device": site.post, "origin": site.button, "counter": 9, "source": 1}
    site.post_events(site.event("siren_report", state=m.STATE_FAILED, **report))
    assert "gagal berbunyi" in site.enter("admin").get("/papan").text
    site.post_events(site.event("siren_report", state=m.STATE_DRIVEN, **report))
    assert "tanpa pengindra" in site.enter("admin").get("/papan").text


def test_status_supervision_radio_and_refusals_reach_the_device_page(site):
    site.post_events(
        site.event(
            "status", device=site.button, role="tombol", body={"flags": 35, "battery": 180}, rssi=-99, snr_q=8
        ),
        site.event("status", device=site.post, role=2, body={"flags": 9, "battery_mv": 12_600}),
        site.event("radio", name="serial", up=False),
        site.event("refusals", counters={"replay": 4, "tag": 17}),
        site.event("supervision", device=site.other, state="terputus"),
        site.event("stage_seen", device=site.button, counter=3, stage=3),
        site.event("event", device=site.post, event=2, person=1),
        site.event("gateway_siren", origin=site.button, counter=9, state="sounding", source="receipt"),
    )
    page = site.enter("admin").get("/perangkat").text
    for text in (
        "baterai tinggal 37 % (3,60 V)",
        "tutup alat terbuka",
        "baterai lemah",
        "kontaknya rusak",
        "12,60 V",
        "sirene rusak",
        "radio serial: MATI",
        "pesan lama diputar ulang",
        "17",
        "sinyal cukup",
        "belum terdengar",
    ):
        assert text in page, text
    assert "RADIO MATI" in site.enter("admin").get("/papan").text


def test_an_old_status_delivered_late_does_not_make_a_device_look_alive(site):
    hour_ms = 3_600_000
    then = site.clock.wall_ms() - 30 * hour_ms
    from datetime import UTC, datetime

    wall = datetime.fromtimestamp(then / 1000, UTC).isoformat()
    told = {"body": {}, "wall": wall, "age_ms": 30 * hour_ms}
    site.post_events(site.event("status", device=site.button, role="tombol", **told))
    assert "terputus" in site.enter("admin").get("/perangkat").text


events_of_one_button = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.booleans(),
        st.booleans(),
        st.booleans(),
        st.sampled_from([0, 1, 2, 7, 8, 15, 99]),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events_of_one_button)
def test_any_story_is_accepted_and_replaying_it_changes_nothing(site, story):
    batch = [
        site.alarm(
            counter=counter + 20 * site.sent,
            incident=20 * site.sent & 0xFFFF,
            cancel=cancel,
            drill=drill,
            late=late,
            kind=kind,
            silent=silent,
        )
        for counter, cancel, drill, late, kind, silent in story
    ]
    assert len(site.post_events(*batch)["accepted"]) == len(batch)
    before = site.rows("SELECT * FROM incidents"), site.rows("SELECT * FROM timeline")
    site.post_events(*batch)
    assert (site.rows("SELECT * FROM incidents"), site.rows("SELECT * FROM timeline")) == before


@pytest.mark.parametrize("kind", [0, 1, 4, 6, 200])
def test_crimes_end_with_the_line_against_mob_justice(site, kind):
    site.post_events(site.alarm(kind=kind))
    assert (
        "Amankan, jangan main hakim sendiri, serahkan ke polisi 110."
        in site.enter("admin").get("/papan").text
    )


def test_refusals_since_the_last_report_add_up_and_a_repeated_report_does_not(site):
    first = site.event("refusals", counters={"tag": 2})
    site.post_events(first, site.event("refusals", counters={"tag": 3, "replay": 1}))
    site.post_events(first)
    rows = site.rows("SELECT reason, count FROM refusals ORDER BY reason")
    assert rows == [{"reason": "replay", "count": 1}, {"reason": "tag", "count": 5}]


def test_a_post_that_sounds_again_is_shown_sounding_again(site):
    site.post_events(site.alarm(counter=9, at_ms=1_000))
    report = {"device": site.post, "origin": site.button, "counter": 9, "source": 1}
    for state, at_ms in ((1, 2_500), (1, 3_000), (2, 180_000), (1, 240_000)):
        site.post_events(site.event("siren_report", state=state, at_ms=at_ms, **report))
    admin = site.enter("admin")
    page = admin.get("/kejadian/kejadian-1").text
    assert "<b>pos-1</b> berbunyi" in page and "di bawah 2 dtk" in page
    assert "Sirene <b>berbunyi</b>" in admin.get("/papan").text
    assert len(site.rows("SELECT * FROM timeline WHERE what LIKE 'siren%'")) == 3


def test_a_siren_whose_end_nobody_reported_is_not_shown_sounding_for_ever(site):
    report = {"device": site.post, "origin": site.button, "counter": 9, "source": 1, "state": 1}
    site.post_events(site.alarm(counter=9), site.event("siren_report", **report))
    admin = site.enter("admin")
    assert "Sirene <b>berbunyi</b>" in admin.get("/papan").text
    site.clock.advance(soundings.SOUNDING_MS + 1)
    site.hub.dispatch.step()
    assert "<b>pos-1</b> tidak melapor berhenti" in admin.get("/kejadian/kejadian-1").text
    assert "Sirene <b>tidak melapor berhenti</b>" in admin.get("/papan").text


def test_a_report_told_by_hand_speaks_of_no_siren(site):
    admin = site.enter("admin")
    admin.post("/lapor", page="/lapor", jenis="1", rt="5", rumah="12", isi="Anak belum pulang")
    assert "Rumah 12" in admin.get("/papan").text and "Sirene <b>" not in admin.get("/papan").text


def test_the_same_number_with_other_content_is_another_alarm_and_people_are_warned(site):
    """Identity is content: what came first must not stand for what comes later under its number."""
    site.post_events(site.alarm(counter=9, kind=m.KIND_UJI, digest="0a0b0c0d"))
    site.post_events(site.alarm(counter=9, kind=2, digest="11223344", altered=True))
    site.post_events(site.alarm(counter=9, kind=2, digest="11223344", altered=True))
    (incident,) = site.incidents()
    assert (incident["kind"], incident["presses"], incident["state"]) == (2, 1, "baru")
    assert "nomor ini sudah dipakai alarm lain" in site.enter("admin").get("/kejadian/kejadian-1").text


def test_other_content_of_a_closed_incident_opens_it_again_and_calls(site):
    site.post_events(site.alarm(counter=9, kind=1, digest="0a0b0c0d"))
    with site.hub.store.write() as db:
        incident = db.one("SELECT * FROM incidents")
        admin = db.one("SELECT * FROM accounts WHERE login = 'admin'")
        actions.act(db, site.hub.now(), incident, states.TUTUP, admin, "", "aman")
    site.post_events(site.alarm(counter=9, kind=2, digest="11223344", altered=True))
    (incident,) = site.incidents()
    assert (incident["kind"], incident["state"]) == (2, "baru") and incident["next_alert_ms"] is not None


def test_an_alarm_that_its_gateway_could_not_tell_from_a_recording_says_so(site):
    site.post_events(site.alarm(counter=9, doubted=True))
    assert "menunggu kepastian" in site.enter("admin").get("/kejadian/kejadian-1").text
