"""Unanswered alarms come back every 120 s, over restarts, until a named person answers; and they end."""

import json

from kentongan_hub.policies import escalation, policy
from kentongan_wire.message import messages as m


def step(site):
    return site.hub.dispatch.step()


def siren_starts(site):
    return site.rows("SELECT * FROM outbox WHERE type = 'siren' AND body LIKE '%\"start\"%'")


def test_nothing_happens_before_120_s_and_then_posts_and_boards_are_called(site):
    site.post_events(site.alarm(counter=9))
    site.clock.advance(119_999)
    step(site)
    assert siren_starts(site) == []
    site.clock.advance(1)
    step(site)
    order, page = site.orders()
    assert (page["type"], page["device"], page["counter"]) == ("page", site.button, 9)
    assert {
        k: order[k] for k in ("type", "action", "origin", "counter", "targets", "kind", "zone", "seconds")
    } == {
        "type": "siren",
        "action": "start",
        "origin": site.button,
        "counter": 9,
        "targets": "zone",
        "kind": 1,
        "zone": 5,
        "seconds": 60,
    }
    assert order["expires_in_s"] <= 60
    assert "peringatan ulang ke-1" in site.enter("admin").get("/papan").text


def test_chimes_are_called_at_once_where_neighbours_or_agreed_people_come_first(site):
    site.post_events(site.alarm(counter=9, kind=m.KIND_MEDIS))
    site.post_events(site.alarm(counter=12, kind=m.KIND_KEKERASAN, silent=True))
    pages = [(order["type"], order["counter"]) for order in site.orders()]
    assert pages == [("page", 9), ("page", 12)]
    site.post_events(site.alarm(counter=9, kind=m.KIND_MEDIS), site.alarm(counter=15, kind=m.KIND_KEBAKARAN))
    site.post_events(site.alarm(counter=18, kind=m.KIND_MEDIS, drill=True))
    site.post_events(site.alarm(counter=21, kind=m.KIND_MEDIS, late=True))
    assert len(site.rows("SELECT * FROM outbox WHERE type = 'page'")) == 2


def test_a_restart_neither_skips_nor_doubles_a_step(site):
    site.post_events(site.alarm(counter=9))
    site.clock.advance(120_000)
    step(site)
    site.restart()
    step(site)
    assert site.incidents()[0]["alerts"] == 1
    site.clock.advance(600_000)  # the hub was away
    site.restart()
    step(site)
    assert site.incidents()[0]["alerts"] == 2, "what was missed is one step, not five"


def test_an_answer_ends_it(site):
    site.post_events(site.alarm(counter=9))
    site.enter("admin").post("/kejadian/kejadian-1/datang", page="/papan")
    site.clock.advance(3_599_000)
    step(site)
    assert site.incidents()[0]["alerts"] == 0
    assert not site.rows("SELECT 1 FROM timeline WHERE what IN ('called_again', 'followed_up')")


def questions(site):
    rows = site.rows("SELECT body FROM outbox WHERE type = 'news' AND incident IS NOT NULL")
    return [json.loads(row["body"]) for row in rows]


def asked(site):
    return len(site.rows("SELECT 1 FROM timeline WHERE what = 'followed_up'"))


def test_an_answered_incident_without_an_end_is_asked_after_until_somebody_ends_it(site):
    with site.hub.store.write() as db:
        for name, account, duty in (("Siti", 1, None), ("Ketua", None, "ketua_rt"), ("Budi", None, "ronda")):
            person = db.insert("people", name=name, zone=5, house=1, created_wall=0, account=account)
            db.insert("addresses", person=person, channel="sms", address=f"+62{person}")
            if duty:
                db.insert("duties", person=person, duty=duty, zone=5)
    site.post_events(site.alarm(counter=9))
    admin = site.enter("admin")
    admin.post("/kejadian/kejadian-1/datang", page="/papan")
    assert "ditanyakan apakah sudah selesai" in admin.get("/antrean").text
    for count in (1, 2, 3):
        site.clock.advance(3_600_000)
        step(site)
        assert asked(site) == count
    news = questions(site)
    assert {one["name"] for one in news} == {"Siti", "Ketua"} and "Sudah selesai?" in news[0]["text"]
    assert siren_starts(site) == [] and site.incidents()[0]["alerts"] == 0
    site.clock.advance(3_000_000)
    admin.post("/kejadian/kejadian-1/catatan", page="/kejadian/kejadian-1", catatan="menunggu polisi")
    site.clock.advance(3_000_000)
    step(site)
    assert asked(site) == 3, "who writes that it goes on is not asked yet"
    admin.post("/kejadian/kejadian-1/selesai", page="/papan")
    site.clock.advance(86_400_000)
    step(site)
    assert asked(site) == 3


def test_the_question_after_a_confidential_incident_goes_to_its_agreed_people_and_names_nothing(site):
    with site.hub.store.write() as db:
        for name, duty in (("Bidan", None), ("Ketua", "ketua_rt")):
            person = db.insert("people", name=name, zone=5, house=1, created_wall=0)
            db.insert("addresses", person=person, channel="sms", address=f"+62{person}")
            if duty:
                db.insert("duties", person=person, duty=duty, zone=5)
    number = site.account("bidan", "wakil", named=True)
    with site.hub.store.write() as db:
        db.run("UPDATE people SET account = ? WHERE name = 'Bidan'", number)
    site.post_events(site.alarm(counter=9, kind=8, silent=True))
    site.enter("bidan").post("/kejadian/rahasia-1/datang", page="/papan")
    site.clock.advance(3_600_000)
    step(site)
    news = questions(site)
    assert [one["name"] for one in news] == ["Bidan"] and "rahasia-1" in news[0]["text"]
    assert "Rumah" not in news[0]["text"] and "Kekerasan" not in news[0]["text"]


def test_a_drill_is_not_asked_after(site):
    site.post_events(site.alarm(counter=9, drill=True))
    site.enter("admin").post("/kejadian/kejadian-1/datang", page="/papan")
    site.clock.advance(86_400_000)
    step(site)
    assert asked(site) == 0


def test_the_calling_slows_down_but_ends_only_by_a_named_person(site):
    site.post_events(site.alarm(counter=9))
    for _ in range(60):
        site.clock.advance(120_000)
        step(site)
    (incident,) = site.incidents()
    assert len(siren_starts(site)) == 2, "a post sounds at most three times; once it did by itself"
    assert 30 < incident["alerts"] < 40, "at the agreed pace for an hour, then each 15 minutes"
    assert incident["closed_ms"] is None and incident["next_alert_ms"] > site.clock.now_ms
    site.clock.advance(24 * 3_600_000)
    step(site)
    assert site.incidents()[0]["alerts"] == incident["alerts"] + 1
    site.enter("admin").post("/kejadian/kejadian-1/datang", page="/papan")
    assert site.incidents()[0]["next_alert_ms"] == site.clock.now_ms + 3_600_000, "is it over, then?"


def test_cancelled_late_and_confidential_alarms_call_people_but_no_siren(site):
    site.post_events(site.alarm(counter=9, incident=9), site.alarm(counter=10, incident=9, cancel=True))
    site.post_events(site.alarm(counter=50, device=site.other, late=True))
    site.post_events(site.alarm(counter=70, silent=True, kind=8))
    site.clock.advance(120_000)
    step(site)
    assert [i["alerts"] for i in site.incidents()] == [1, 1, 1]
    assert siren_starts(site) == []


def test_a_late_alarm_pressed_again_in_time_is_escalated_like_any_other(site):
    site.post_events(site.alarm(counter=10, incident=10, late=True), site.alarm(counter=12, incident=10))
    assert site.incidents()[0]["late"] == 0
    site.clock.advance(120_000)
    site.hub.dispatch.step()
    assert {"siren", "page"} <= {order["type"] for order in site.orders()}


def test_an_alarm_of_hours_ago_that_a_returning_hub_catches_up_calls_people_and_no_siren(site):
    site.post_events(site.alarm(counter=9, age_ms=3 * 3_600_000))
    site.clock.advance(120_000)
    step(site)
    assert [order["type"] for order in site.orders()] == ["page"]
    assert site.incidents()[0]["alerts"] == 1


def test_an_alarm_that_waited_minutes_for_the_hub_still_sounds_when_nobody_answers(site):
    site.post_events(site.alarm(counter=9, age_ms=300_000))
    site.clock.advance(120_000)
    step(site)
    assert [order["type"] for order in site.orders()] == ["siren", "page"]


def test_a_drill_is_never_repeated(site):
    site.post_events(site.alarm(counter=9, drill=True))
    site.clock.advance(3_600_000)
    step(site)
    assert site.incidents()[0]["alerts"] == 0


ROW = {
    **dict.fromkeys(("alerts", "drill", "confidential", "cancelled", "late", "muted", "opened_ms"), 0),
    **dict.fromkeys(("answered_ms", "closed_ms", "merged_into", "help_ms"), None),
}


def test_steps_name_whom_to_call_next_and_the_last_one_repeats():
    fire = policy.default(m.KIND_KEBAKARAN)
    called = [escalation.next_step(fire, {**ROW, "alerts": n}, 1_000).words for n in range(4)]
    assert called[0] == "penerima di rumah, Linmas, ketua RT, ketua RW"
    assert called[1] == called[2] == called[3] == "lurah; {pemadam+darurat}, {pln}, {ambulans}"
    assert policy.default(99) == policy.default(m.KIND_MALING), "an unknown kind is called like a theft"


def test_the_outlook_is_what_then_happens():
    crime = policy.default(m.KIND_MALING)
    row = {**ROW, "next_alert_ms": 120_000}
    assert [(due, s.siren) for due, s in escalation.outlook(crime, row)] == [
        (120_000, "rt"),
        (240_000, "rw"),
        (360_000, "tidak"),
        (480_000, "tidak"),
    ]
    assert escalation.outlook(crime, {**row, "answered_ms": 5}) == []


def test_the_dispatch_thread_survives_a_failing_round(site, monkeypatch):
    rounds = []

    def broken():
        rounds.append(1)
        if len(rounds) == 1:
            raise OSError("disk full")

    monkeypatch.setattr(site.hub.dispatch, "_round", broken)
    monkeypatch.setattr("kentongan_hub.upkeep.dispatch.PERIOD_S", 0.01)
    site.hub.dispatch.start()
    for _ in range(200):
        if len(rounds) > 1:
            break
        site.hub.store.bell.ring()
        site.hub.store.bell.wait_beyond(site.hub.store.bell.count(), 0.02)
    site.hub.dispatch.stop()
    assert len(rounds) > 1 and site.hub.dispatch.failed_parts == 1


def test_steady_time_never_goes_back_over_a_restart_with_a_lost_clock(site):
    from kentongan_hub.base.clock import Clock

    future_ms = 4_000_000_000_000  # what an earlier process had reached; this machine's clock is behind it
    site.clock.now_ms = future_ms
    step(site)
    with site.hub.store.read() as db:
        floor = int(db.setting("steady_ms"))
    assert floor == future_ms
    assert Clock(floor).steady_ms() >= future_ms
