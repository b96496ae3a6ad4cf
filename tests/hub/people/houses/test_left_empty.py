"""Rumah kosong: set beforehand, ending by itself, read by who comes and by nobody who walks past."""

import json
from datetime import timedelta

import pytest
from kentongan_hub.base.clock import local_parts
from kits.hub.hub_kit import pair

DAY_MS = 86_400_000


@pytest.fixture
def admin(site):
    made = site.enter("admin")
    for name, house, number in (("Siti", "7", ""), ("Budi", "8", "08123456789"), ("Ani", "9", "08127777777")):
        form = {"nama": name, "rt": "5", "rumah": house, "setuju": "1", "nomor": number}
        assert made.post("/warga", page="/warga", **form).status_code == 303
    return made


def day(site, ahead):
    return f"{local_parts(site.clock.wall_ms(), 'WIB') + timedelta(days=ahead):%Y-%m-%d}"


def leave(site, person, begin=0, end=2, **form):
    days = {"dari": day(site, begin), "sampai": day(site, end)}
    body = {"rt": "5", "rumah": "7", "kunci": "2", **days, **form}
    return person.post("/rumah-kosong", page="/rumah-kosong", **body)


def calls(site):
    rows = site.rows("SELECT body FROM outbox WHERE type = 'call' ORDER BY id")
    return {one["name"]: one["text"] for one in (json.loads(row["body"]) for row in rows)}


def test_a_stay_that_is_set_beforehand_begins_and_ends_by_itself(site, admin):
    assert leave(site, admin, 3, 5).status_code == 303
    assert "kosong sekarang" not in admin.get("/rumah-kosong").text
    site.post_events(site.alarm(counter=9))
    site.clock.advance(3 * DAY_MS)
    assert "kosong sekarang" in admin.get("/rumah-kosong").text
    site.post_events(site.alarm(counter=50))
    site.clock.advance(3 * DAY_MS)
    site.post_events(site.alarm(counter=90))
    said = ["RUMAH KOSONG" in admin.get(f"/kejadian/kejadian-{number}").text for number in (1, 2, 3)]
    assert said == [False, True, False]
    assert "Tidak ada rumah kosong" in admin.get("/rumah-kosong").text


def test_who_holds_the_key_is_called_at_an_alarm_of_that_house(site, admin):
    leave(site, admin)
    site.post_events(site.alarm(counter=9))
    assert "RUMAH KOSONG, jangan masuk sendirian. Kunci: Budi." in calls(site)["Budi"]


def test_the_key_holder_is_called_who_lives_far_away_and_has_no_duty(site, admin):
    form = {"nama": "Pak Jauh", "rt": "6", "rumah": "40", "setuju": "1", "nomor": "08129999999"}
    admin.post("/warga", page="/warga", **form)
    site.post_events(site.alarm(counter=5))
    assert "Pak Jauh" not in calls(site)
    leave(site, admin, kunci="4")
    site.post_events(site.alarm(counter=9))
    assert "Kunci: Pak Jauh." in calls(site)["Pak Jauh"]
    site.clock.advance(120_000)
    site.hub.dispatch.step()
    again = site.rows("SELECT body FROM outbox WHERE type = 'call' AND body LIKE '%Pak Jauh%'")
    assert len(again) >= 2, "and again while nobody answers"


def test_a_neighbour_without_a_duty_is_not_told_that_the_house_is_empty(site, admin):
    admin.post("/warga/3/tugas", page="/warga/3", tugas="ronda")
    leave(site, admin, kunci="")
    site.post_events(site.alarm(counter=9, kind=2))
    told = calls(site)
    assert "RUMAH KOSONG" in told["Ani"] and "RUMAH KOSONG" not in told["Budi"]


def test_the_post_s_wall_and_voice_do_not_say_who_is_away(site, admin):
    tablet = pair(site)
    site.account("lurah", "kelurahan")
    site.account("ronda", "petugas_ronda")
    leave(site, admin)
    site.post_events(site.alarm(counter=9))
    lurah, ronda = site.enter("lurah"), site.enter("ronda")
    for person in (tablet, lurah):
        for path in ("/papan", "/papan/isi", "/kejadian", "/kejadian/kejadian-1", "/denah"):
            assert "KOSONG" not in person.get(path).text and "Kunci:" not in person.get(path).text, path
        assert person.get("/rumah-kosong").status_code == 403
    for path in ("/papan", "/kejadian/kejadian-1"):
        assert "RUMAH KOSONG, jangan masuk sendirian. Kunci: Budi." in ronda.get(path).text
    said = site.rows("SELECT body FROM outbox WHERE channel NOT IN ('sms', 'apprise', 'telegram')")
    assert "KOSONG" not in str(said)


def test_a_silent_alarm_of_an_empty_house_calls_no_key_holder(site, admin):
    leave(site, admin)
    site.post_events(site.alarm(counter=9, silent=True, kind=8))
    assert "Budi" not in calls(site)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"dari": "", "sampai": ""}, "tulis hari berangkat"),
        ({"dari": "2026-02-31"}, "tulis hari berangkat"),
        ({"dari": "2001-01-01"}, "dari hari ini"),
        ({"begin": 200, "end": 201}, "dari hari ini sampai 180 hari lagi"),
        ({"end": -1}, "hari pulang: sesudah"),
        ({"end": 60}, "paling lama 60 hari"),
        ({"kunci": "1"}, "orang dari rumah lain"),
        ({"kunci": "77"}, "pilih orang dari daftar"),
        ({"rumah": "99"}, "tidak terdaftar"),
        ({"sudah": "lain"}, "Muat ulang"),
    ],
    ids=range(10),
)
def test_what_cannot_be_is_refused_with_the_remedy(site, admin, form, words):
    answer = leave(site, admin, **form)
    assert answer.status_code == 400 and words in answer.text
    assert "Tidak ada rumah kosong" in admin.get("/rumah-kosong").text


def test_the_ronda_sees_what_to_look_at_and_says_that_it_looked(site, admin):
    leave(site, admin, sudah=["gas", "kunci"])
    site.account("ronda", "petugas_ronda")
    ronda = site.enter("ronda")
    text = ronda.get("/rumah-kosong").text
    assert "Rumah 7" in text and "Kunci: Budi" in text and "belum dilihat ronda" in text
    assert "alat listrik dicabut" in text and "kompor dan gas" not in text
    assert ronda.post("/rumah-kosong/dilihat", page="/rumah-kosong", rt="5", rumah="7").status_code == 303
    assert "oleh Ronda" in ronda.get("/rumah-kosong").text
    assert site.lines("audit", "what = 'house_looked_at'")[0]["subject"] == "RT 05 rumah 7"
    answer = ronda.post("/rumah-kosong/dilihat", page="/rumah-kosong", rt="5", rumah="9")
    assert answer.status_code == 400


def test_who_came_home_is_taken_off(site, admin):
    leave(site, admin)
    assert admin.post("/rumah-kosong/akhiri", page="/rumah-kosong", rt="5", rumah="7").status_code == 303
    site.post_events(site.alarm(counter=9))
    assert "RUMAH KOSONG" not in admin.get("/kejadian/kejadian-1").text
    assert admin.post("/rumah-kosong/akhiri", page="/rumah-kosong", rt="5", rumah="7").status_code == 400


def test_a_key_holder_without_a_number_is_said_to_be_one(site, admin):
    leave(site, admin, rumah="8", kunci="1")
    assert "tanpa nomor, tidak bisa dipanggil" in admin.get("/rumah-kosong").text


def test_a_stay_that_an_older_program_set_still_names_its_key_holder(site, admin):
    now = site.hub.now()
    with site.hub.store.write() as db:
        db.run(
            "UPDATE houses SET empty_from_ms = ?, empty_to_ms = ?, key_holder = 'Pak RT' WHERE number = 7",
            *(now.ms, now.ms + DAY_MS),
        )
    site.post_events(site.alarm(counter=9))
    assert "Kunci: Pak RT." in admin.get("/kejadian/kejadian-1").text
    assert "Pak RT" in admin.get("/rumah-kosong").text


def test_a_spoilt_row_of_a_house_keeps_nobody_from_being_called(site, admin):
    with site.hub.store.write() as db:
        db.run("UPDATE houses SET empty_from_ms = 'x', empty_to_ms = 'y' WHERE number = 7")
    site.post_events(site.alarm(counter=9))
    assert "Budi" in calls(site)
