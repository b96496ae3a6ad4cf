"""Actions on an incident: taking, coming, calling for help, handing over, joining, correcting."""

import json

import pytest
from kentongan_hub.people import residents
from kentongan_hub.policies import policy
from kentongan_hub.record import outbox
from kentongan_wire.message import messages as m


@pytest.fixture
def two(site):
    """Two alarms of one fire, and the admin's browser."""
    site.post_events(site.alarm(counter=9, kind=2), site.alarm(counter=20, kind=2, device=site.other))
    return site, site.enter("admin")


def do(person, slug, action, **form):
    return person.post(f"/kejadian/{slug}/{action}", page="/papan", **form)


def stages(site):
    return [(o["device"], o["counter"], o["stage"]) for o in site.orders() if o["type"] == "stage"]


def told(site, slug="kejadian-1"):
    return site.lines("timeline", "incident = (SELECT id FROM incidents WHERE slug = ?) ORDER BY id", slug)


def test_taking_it_waits_and_when_nobody_is_on_the_way_the_calling_goes_on(site):
    site.post_events(site.alarm(counter=9))
    do(site.enter("admin"), "kejadian-1", "terima")
    (incident,) = site.incidents()
    assert (incident["state"], incident["holder"], incident["answered_ms"]) == ("diterima", "Bu Admin", None)
    assert stages(site) == [], "the presser is told 'somebody is coming' only when somebody is"
    site.clock.advance(policy.default(1)["tindak"] * 1_000 - 1)
    site.hub.dispatch.step()
    assert site.incidents()[0]["alerts"] == 0
    site.clock.advance(1)
    site.hub.dispatch.step()
    assert site.incidents()[0]["alerts"] == 1


def test_on_the_way_at_the_place_and_done(site):
    site.post_events(site.alarm(counter=9))
    person = site.enter("admin")
    for action, state in (("datang", "menuju_lokasi"), ("tiba", "ditangani"), ("selesai", "selesai")):
        assert do(person, "kejadian-1", action).status_code == 303
        assert site.incidents()[0]["state"] == state
    assert [stage for *_, stage in stages(site)] == [m.STAGE_COMING, m.STAGE_CLOSED]


def test_who_is_at_the_place_first_is_also_the_answer(site):
    site.post_events(site.alarm(counter=9))
    do(site.enter("admin"), "kejadian-1", "tiba")
    assert site.incidents()[0]["answered_by"] == "Bu Admin"
    assert stages(site) == [(site.button, 9, m.STAGE_COMING)]


def test_more_help_calls_again_at_once_and_until_another_person_comes(site):
    site.post_events(site.alarm(counter=9))
    site.account("budi", "petugas_ronda")
    first, second = site.enter("admin"), site.enter("budi")
    do(first, "kejadian-1", "tiba")
    do(first, "kejadian-1", "bantuan")
    site.hub.dispatch.step()
    assert site.incidents()[0]["alerts"] == 1
    assert "BUTUH BANTUAN LAGI" in second.get("/papan").text
    do(second, "kejadian-1", "datang")
    site.clock.advance(3_600_000)
    site.hub.dispatch.step()
    (incident,) = site.incidents()
    assert (incident["alerts"], incident["help_ms"], incident["answered_by"]) == (1, None, "Bu Admin")


def test_a_false_alarm_is_corrected_for_all_who_were_told(site):
    site.post_events(site.alarm(counter=9))
    with site.hub.store.write() as db:
        for number, state in ((1, outbox.DONE), (1, outbox.DONE), (2, outbox.WAITING)):
            row = outbox.add(
                db, 0, "sms", outbox.MESSAGE, f'{{"to": "{number}"}}', 1 << 50, site.incidents()[0]["id"]
            )
            db.run("UPDATE outbox SET state = ? WHERE id = ?", state, row)
    do(site.enter("admin"), "kejadian-1", "keliru", alasan="Anak bermain")
    rows = site.rows("SELECT type, body, state FROM outbox WHERE channel = 'sms' ORDER BY id")
    assert [(r["type"], r["state"]) for r in rows] == [
        ("call", "sent"),
        ("call", "sent"),
        ("call", "expired"),
        ("correction", "waiting"),
    ]
    correction = json.loads(rows[3]["body"])
    assert correction["to"] == "1", "each person once; who was not called yet is not called"
    assert correction["text"] == "KOREKSI: alarm maling di Rumah 7, RT 05/RW 03 keliru. Keadaan aman."
    assert any(line["what"].startswith("koreksi") for line in told(site))


def test_opened_again_by_a_person_with_a_reason(site):
    site.post_events(site.alarm(counter=9))
    person = site.enter("admin")
    do(person, "kejadian-1", "keliru", alasan="Anak bermain")
    assert do(person, "kejadian-1", "buka").status_code == 409
    assert do(person, "kejadian-1", "buka", alasan="Ternyata ada asap").status_code == 303
    (incident,) = site.incidents()
    assert (incident["state"], incident["closed_ms"], incident["holder"]) == ("diterima", None, "Bu Admin")
    assert incident["next_alert_ms"] is not None


def neighbour(site, number="081234567890"):
    """Somebody of house 8 with a number."""
    with site.hub.store.write() as db:
        by = {"login": "admin", "name": "Bu Admin"}
        person = residents.add_person(db, site.hub.now(), by, "Sari", 5, 8, True)
        residents.add_address(db, site.hub.now(), by, person, "sms", number)


def sms(site):
    rows = site.rows("SELECT type, body, state FROM outbox WHERE channel = 'sms' ORDER BY id")
    return [(row["type"], row["state"], json.loads(row["body"])["text"]) for row in rows]


def test_a_drill_that_turns_out_real_sounds_and_calls_everybody_at_once(site):
    neighbour(site)
    site.post_events(site.alarm(counter=9, drill=True))
    assert sms(site) == [], "a drill calls nobody"
    do(site.enter("admin"), "kejadian-1", "sungguhan", alasan="Maling sungguhan")
    (incident,) = site.incidents()
    assert (incident["state"], incident["drill"]) == ("baru", 0) and incident["next_alert_ms"]
    ((_, _, text),) = sms(site)
    assert text.startswith("MALING di Rumah 7"), "who lives near is called now, not two minutes later"
    sirens = [one for one in site.orders() if one["type"] == "siren"]
    assert [(one["action"], one["counter"]) for one in sirens] == [("start", 9)]


@pytest.mark.parametrize("before", ["drill", "cancel", "closed"])
def test_a_press_in_earnest_after_a_drill_a_cancel_or_an_end_calls_like_a_first_press(site, before):
    neighbour(site)
    site.post_events(site.alarm(counter=9, drill=before == "drill"))
    if before == "cancel":
        site.post_events(site.alarm(counter=10, incident=9, cancel=True))
    if before == "closed":
        do(site.enter("admin"), "kejadian-1", "selesai")
    told_before, posts = len(sms(site)), "SELECT * FROM soundings"
    site.clock.advance(300_000)
    site.post_events(site.alarm(counter=11, incident=9))
    assert [text[:18] for _, _, text in sms(site)[told_before:]] == ["MALING di Rumah 7,"]
    assert len(site.rows(posts)) == 1, "its post is expected to sound"


def test_what_is_marked_as_a_drill_is_said_to_all_who_were_called_and_its_sirens_stop(site):
    neighbour(site)
    site.post_events(site.alarm(counter=9), site.alarm(counter=50, device=site.other))
    with site.hub.store.write() as db:
        db.run("UPDATE outbox SET state = 'sent' WHERE channel = 'sms'")
    person = site.enter("admin")
    do(person, "kejadian-2", "gabung", dengan="kejadian-1")
    do(person, "kejadian-1", "latihan", alasan="Latihan RT")
    assert [(row["state"], row["drill"]) for row in site.incidents()] == [("latihan", 1)] * 2
    kind, state, text = sms(site)[-1]
    assert (kind, state) == ("correction", "waiting") and text.startswith("INI LATIHAN. Panggilan maling di")
    assert [one["action"] for one in site.orders() if one["type"] == "siren"] == ["stop", "stop"]


def test_a_confidential_incident_never_becomes_a_drill(site):
    site.account("dewi", "ketua_rt", named=True)
    site.post_events(site.alarm(counter=9, silent=True, kind=8))
    answer = do(site.enter("dewi"), "rahasia-1", "latihan", alasan="Latihan")
    assert answer.status_code == 409 and site.incidents()[0]["drill"] == 0


def test_the_timeline_says_who_what_when_and_from_where(site):
    site.post_events(site.alarm(counter=9))
    do(site.enter("admin"), "kejadian-1", "catatan", catatan="Api di dapur\nsudah padam")
    line = told(site)[-1]
    assert (line["who"], line["what"], line["detail"], line["address"]) == (
        "Bu Admin",
        "catatan",
        "Api di dapur sudah padam",
        "127.0.0.1",
    )
    assert do(site.enter("admin"), "kejadian-1", "catatan", catatan="  ").status_code == 409


def test_notes_are_taken_after_the_closing_too(site):
    site.post_events(site.alarm(counter=9))
    person = site.enter("admin")
    do(person, "kejadian-1", "selesai")
    assert do(person, "kejadian-1", "catatan", catatan="Diperiksa pagi hari").status_code == 303


def test_hand_over_to_a_person_who_may_come_and_to_nobody_else(site):
    budi, layar = site.account("budi", "petugas_ronda"), site.account("layar", "tamu_layar")
    site.post_events(site.alarm(counter=9))
    person = site.enter("admin")
    assert do(person, "kejadian-1", "serah", orang=str(layar)).status_code == 404
    assert do(person, "kejadian-1", "serah", orang="x").status_code == 404
    assert do(person, "kejadian-1", "serah", orang=str(budi), alasan="Saya pulang").status_code == 303
    assert site.incidents()[0]["holder"] == "Budi"
    assert told(site)[-1]["detail"] == "kepada Budi: Saya pulang"


def test_two_alarms_of_one_fire_are_merged_answered_and_closed_as_one(two):
    site, person = two
    assert do(person, "kejadian-2", "gabung", dengan="kejadian-1").status_code == 303
    board = person.get("/papan").text
    assert "Satu kejadian dengan" in board and 'id="kejadian-2"' not in board
    do(person, "kejadian-1", "datang")
    assert stages(site) == [(site.button, 9, m.STAGE_COMING), (site.other, 20, m.STAGE_COMING)]
    do(person, "kejadian-1", "selesai")
    orders = site.orders()
    assert [o["origin"] for o in orders if o["type"] == "siren"] == [site.button, site.other]
    assert [i["state"] for i in site.incidents()] == ["selesai", "selesai"]


def test_merging_into_an_answered_event_tells_the_presser_at_once(two):
    site, person = two
    do(person, "kejadian-1", "datang")
    do(person, "kejadian-2", "gabung", dengan="kejadian-1")
    assert (site.other, 20, m.STAGE_COMING) in stages(site)
    site.clock.advance(3_600_000)
    site.hub.dispatch.step()
    assert [i["alerts"] for i in site.incidents()] == [0, 0]


def test_merging_into_what_somebody_else_answered_says_nothing_in_that_persons_name(two):
    """The other alarm's answerer may not know of this one: calling goes on until somebody says for both."""
    site, person = two
    do(person, "kejadian-1", "datang")
    site.account("ronda", "petugas_ronda")
    ronda = site.enter("ronda")
    assert do(ronda, "kejadian-2", "gabung", dengan="kejadian-1").status_code == 303
    assert stages(site) == [(site.button, 9, m.STAGE_COMING)]
    assert [i["answered_by"] for i in site.incidents()] == ["Bu Admin", None]
    assert told(site)[-1]["detail"] == "Bu Admin: datang juga untuk kejadian-2?"
    site.clock.advance(120_000)
    site.hub.dispatch.step()
    assert site.incidents()[0]["alerts"] == 1, "people are called as for the one that joined"
    do(person, "kejadian-1", "datang")
    assert stages(site)[-2:] == [(site.button, 9, m.STAGE_COMING), (site.other, 20, m.STAGE_COMING)]
    assert [i["answered_by"] for i in site.incidents()] == ["Bu Admin", "Bu Admin"]
    site.clock.advance(600_000)
    site.hub.dispatch.step()
    assert site.incidents()[0]["alerts"] == 1


def test_an_event_shows_who_comes_to_any_of_its_alarms(two):
    site, person = two
    site.account("budi", "petugas_ronda")
    do(site.enter("budi"), "kejadian-2", "datang")
    do(person, "kejadian-2", "gabung", dengan="kejadian-1")
    card = person.get("/papan").text
    assert "<span><b>Budi</b></span>" in card
    assert "<dt>Datang</dt><dd><b>Budi</b>" in person.get("/kejadian/kejadian-1").text
    assert site.incidents()[0]["next_alert_ms"], "the calling for the other one goes on"


def test_merged_into_an_answered_event_wakes_nobody_who_was_to_be_called_later(two):
    site, person = two
    with site.hub.store.write() as db:
        now = site.hub.now().ms
        outbox.add(db, now, "sms", outbox.MESSAGE, '{"to": "1"}', 60_000, site.incidents()[1]["id"], 60_000)
    do(person, "kejadian-1", "datang")
    do(person, "kejadian-2", "gabung", dengan="kejadian-1")
    assert site.rows("SELECT state FROM outbox WHERE channel = 'sms'") == [{"state": outbox.EXPIRED}]


def test_a_merged_alarm_is_answered_where_it_was_merged_into(two):
    site, person = two
    do(person, "kejadian-2", "gabung", dengan="kejadian-1")
    answer = do(person, "kejadian-2", "datang")
    assert answer.status_code == 409 and "digabung ke kejadian-1" in answer.text


def test_a_split_alarm_is_open_and_calls_again_even_when_the_other_is_closed(two):
    site, person = two
    do(person, "kejadian-2", "gabung", dengan="kejadian-1")
    do(person, "kejadian-1", "selesai")
    do(person, "kejadian-2", "pisah")
    first, second = site.incidents()
    assert (first["state"], second["state"], second["closed_ms"]) == ("selesai", "baru", None)
    site.clock.advance(120_000)
    site.hub.dispatch.step()
    assert [i["alerts"] for i in site.incidents()] == [0, 1]


def test_a_press_of_a_merged_button_after_the_closing_stands_by_itself(two):
    site, person = two
    do(person, "kejadian-2", "gabung", dengan="kejadian-1")
    do(person, "kejadian-1", "selesai")
    site.post_events(site.alarm(counter=21, incident=20, kind=2, device=site.other))
    first, second = site.incidents()
    assert (first["state"], second["state"], second["merged_into"]) == ("selesai", "baru", None)


def test_a_press_of_a_merged_button_while_somebody_is_on_the_way_is_answered(two):
    site, person = two
    do(person, "kejadian-2", "gabung", dengan="kejadian-1")
    do(person, "kejadian-1", "datang")
    site.post_events(site.alarm(counter=21, incident=20, kind=2, device=site.other))
    assert (site.other, 21, m.STAGE_COMING) in stages(site)
    assert site.incidents()[1]["merged_into"]


def test_a_chain_of_merges_ends_in_one_event(two):
    site, person = two
    site.post_events(site.alarm(counter=500, kind=2))
    do(person, "kejadian-2", "gabung", dengan="kejadian-1")
    do(person, "kejadian-1", "gabung", dengan="kejadian-3")
    ids = {i["slug"]: i["id"] for i in site.incidents()}
    assert [i["merged_into"] for i in site.incidents()] == [ids["kejadian-3"], ids["kejadian-3"], None]
    do(person, "kejadian-3", "gabung", dengan="kejadian-2")
    assert site.incidents()[2]["merged_into"] is None, "a circle is refused"


def test_what_cannot_be_joined_is_refused_with_a_sentence(two):
    site, person = two
    site.post_events(site.alarm(counter=900, drill=True), site.alarm(counter=950, silent=True))
    for other in ("kejadian-3", "kejadian-2"):
        answer = do(person, "kejadian-2", "gabung", dengan=other)
        assert answer.status_code == 409 and "bisa digabung" in answer.text or "sudah satu" in answer.text
    assert do(person, "kejadian-2", "gabung", dengan="rahasia-1").status_code == 404
    assert do(person, "kejadian-2", "pisah").status_code == 409


def test_the_timeline_says_once_that_the_pressers_button_shows_somebody_is_coming(site):
    site.post_events(site.alarm(counter=9))
    site.enter("admin").post("/kejadian/kejadian-1/datang", page="/papan")
    for stage in (2, 3, 3, 4):
        site.post_events(site.event("stage_seen", device=site.button, counter=9, stage=stage))
    page = site.enter("admin").get("/kejadian/kejadian-1").text
    assert page.count("menunjukkan &#34;ada yang datang&#34;") == 1 and "<b>tombol-07</b> menunjukkan" in page


def test_of_a_silent_alarm_it_says_so_without_naming_the_presser(site):
    site.account("bidan", "ketua_rt", named=True)
    site.post_events(site.alarm(counter=9, silent=True, kind=8))
    site.post_events(site.event("stage_seen", device=site.button, counter=9, stage=3))
    page = site.enter("bidan").get("/kejadian/rahasia-1").text
    assert "<b>pelapor (dirahasiakan)</b> menunjukkan" in page and "<b>tombol-07" not in page
    assert site.rows("SELECT 1 FROM audit WHERE what = 'shows_coming' AND who = 'tombol-07'") == []


def test_a_stage_of_an_unknown_press_or_of_an_uji_is_told_nowhere(site):
    site.post_events(site.alarm(counter=9, kind=15))
    for counter in (9, 10):
        site.post_events(site.event("stage_seen", device=site.button, counter=counter, stage=3))
    assert site.rows("SELECT 1 FROM timeline") == []
