"""Drills: planned, announced, opened in one RT or all, ended, and what came of them in figures."""

import csv
import io
import json

import pytest
from kentongan_hub.base import clock
from kentongan_hub.devices import provision
from kentongan_hub.incidents.drills import drills
from kentongan_hub.people import residents
from kentongan_wire.base.errors import LocalError
from kentongan_wire.message import messages as m

BY = {"login": "admin", "name": "Bu Admin"}
DAY_MS, HOUR_MS = 86_400_000, 3_600_000


@pytest.fixture
def street(site):
    """The site with somebody of house 7 who has a number."""
    with site.hub.store.write() as db:
        person = residents.add_person(db, site.hub.now(), BY, "Siti", 5, 7, True)
        residents.add_address(db, site.hub.now(), BY, person, "sms", "081234567890")
    return site


def day(site, days):
    """That many days from now, as a form gives it."""
    with site.hub.store.read() as db:
        return drills.local_parts(site.clock.now_ms + days * DAY_MS, db.setting("time_zone", "WIB"))


def plan(site, person, days=5, time="10.00", **form):
    form = {"tanggal": day(site, days).strftime("%Y-%m-%d"), "jam": time, "menit": "20", "rt": "5", **form}
    return person.post("/latihan/rencana", page="/latihan", **form)


def do(person, number, action, **form):
    return person.post(f"/latihan/{number}/{action}", page="/latihan", **form)


def sms(site):
    rows = site.rows("SELECT body FROM outbox WHERE channel = 'sms' ORDER BY id")
    return [json.loads(row["body"])["text"] for row in rows]


def drill_orders(site, gateway="gateway-1"):
    sql = "SELECT body FROM outbox WHERE type = 'drill' AND channel = ? ORDER BY id"
    return [json.loads(row["body"]) for row in site.rows(sql, f"gateway:{gateway}")]


def rows(site):
    return site.rows("SELECT * FROM drills ORDER BY id")


def test_a_planned_drill_is_announced_a_day_ahead_and_begun_by_a_person(street):
    person = street.enter("admin")
    assert plan(street, person, apa="Kebakaran di dapur").status_code == 303
    street.hub.dispatch.step()
    assert sms(street) == [], "five days are too early"
    assert "Diumumkan sendiri sehari sebelumnya" in person.get("/latihan").text
    assert "latihan RT 05 diumumkan" in person.get("/antrean").text, "and the queue shows that it will be"
    street.clock.advance(4 * DAY_MS)
    for _ in range(3):
        street.hub.dispatch.step()
    (text,) = sms(street)
    assert text.startswith("Kentongan: INI LATIHAN, ") and " 10.00 WIB, 20 menit, RT 05." in text
    assert "Kebakaran di dapur." in text and "kedua dianggap sungguhan" in text
    assert "Sampai dimulai, tiap alarm sungguhan" in person.get("/papan").text, "the post's screen says it"
    assert drill_orders(street) == [], "no machine begins a drill"
    assert do(person, 1, "mulai").status_code == 303
    assert drill_orders(street) == [{"minutes": 20, "zone": 5, "number": 1, "posts": [street.post]}]
    assert "INI LATIHAN</strong> RT 05:" in person.get("/papan").text


def test_a_drill_in_one_rt_is_one_for_every_gateway_and_for_no_other_rt(site):
    provision.gateway_file(site.data_dir, "gateway-2", 6)
    provision.gateway_token(site.data_dir, "gateway-2")
    far = provision.add_device(site.data_dir, "sirene", "pos-6", 6)["node"]
    person = site.enter("admin")
    person.post("/latihan", page="/latihan", menit="10", rt="5")
    order = {"minutes": 10, "zone": 5, "number": 1}
    assert drill_orders(site) == [{**order, "posts": [site.post]}]
    assert drill_orders(site, "gateway-2") == [{**order, "posts": []}], "it tells nobody, and knows itself"
    assert person.post("/latihan", page="/latihan", menit="10", rt="0").status_code == 400, "one at a time"
    do(person, 1, "akhiri")
    person.post("/latihan", page="/latihan", menit="10", rt="0")
    assert drill_orders(site, "gateway-2")[1:] == [
        {"minutes": 0, "zone": 5, "number": 1, "posts": []},
        {"minutes": 10, "zone": 0, "number": 2, "posts": [far]},
    ]


def test_who_does_not_know_of_the_window_yet_is_named(site):
    person = site.enter("admin")
    person.post("/latihan", page="/latihan", menit="20")
    text = person.get("/latihan").text
    assert "gateway-1: belum tahu" in text and "pos-1: belum tahu" in text and "alarm sungguhan." in text
    site.hub.dispatch.step()
    for order in site.orders():
        site.done(order["id"])
    site.post_events(site.event("drill_known", device=site.post, number=1, open=True))
    text = person.get("/latihan").text
    assert "gateway-1: sudah tahu" in text and "pos-1: sudah tahu" in text


def test_a_drill_ends_by_itself_and_by_a_person(site):
    person = site.enter("admin")
    person.post("/latihan", page="/latihan", menit="10")
    site.clock.advance(10 * 60_000)
    assert "INI LATIHAN" not in person.get("/papan").text
    assert do(person, 1, "akhiri").status_code == 400, "it is over"
    person.post("/latihan", page="/latihan", menit="60")
    site.clock.advance(60_000)
    assert do(person, 2, "akhiri").status_code == 303
    assert "INI LATIHAN" not in person.get("/papan").text


def test_the_result_says_who_pressed_which_post_sounded_and_how_fast_somebody_answered(site):
    person = site.enter("admin")
    person.post("/latihan", page="/latihan", menit="20")
    heard = site.alarm(counter=9, drill=True)
    report = {"device": site.post, "origin": site.button, "counter": 9, "source": 1}
    sounded = site.event("siren_report", state=m.STATE_SOUNDING, **report)
    sounded["at_ms"] = heard["at_ms"] + 3_500
    site.post_events(heard, sounded)
    site.clock.advance(42_000)
    person.post("/kejadian/kejadian-1/datang", page="/papan")
    text = person.get("/latihan/1").text
    assert "1 dari 2 tombol ikut" in text and "pos-1: berbunyi 1 dari 1 kali" in text
    assert "di bawah 4 dtk (tengah)" in text and "42 dtk (tengah), 42 dtk (paling lama)" in text
    assert "Bu Admin" in text and "Rumah 8" in text.split("Belum ikut")[1]
    site.clock.advance(HOUR_MS)
    assert do(person, 1, "hasil", hadir="31", catatan="Rumah 8 sedang pergi").status_code == 303
    shown = " ".join(person.get("/latihan").text.split())
    assert "1 dari 2 tombol" in shown and "dijawab 42 dtk" in shown and "31 orang hadir" in shown
    table = list(csv.reader(io.StringIO(person.get("/ekspor/latihan.csv").text.lstrip("\ufeff"))))
    assert table[1][5:13] == ["1", "2", "1", "1", "4", "42", "0", "31"]
    assert person.get("/ekspor/latihan.xlsx").status_code == 200
    assert "1 ikut latihan dalam setahun" in person.get("/warga").text


def test_the_alarms_of_a_drill_leave_the_board_with_it_and_a_real_one_stays(site):
    person = site.enter("admin")
    person.post("/latihan", page="/latihan", menit="10")
    site.post_events(site.alarm(counter=9, drill=True), site.alarm(counter=50, device=site.other, drill=True))
    site.post_events(site.alarm(counter=51, incident=50, device=site.other))
    site.clock.advance(10 * 60_000)
    site.hub.dispatch.step()
    assert [one["closed_by"] for one in site.incidents()] == [None, None], "a press may be told a minute late"
    site.clock.advance(60_000)
    site.hub.dispatch.step()
    drill, real = site.incidents()
    assert (drill["state"], drill["closed_by"]) == ("selesai", None), "by nobody"
    assert real["closed_ms"] is None and real["state"] == "baru"
    orders = [(o["type"], o.get("stage")) for o in site.orders() if o["type"] in ("stage", "siren")]
    assert ("stage", 4) in orders and not [one for one in orders if one[0] == "siren" and "stop" in one]
    assert "2 dari 2 tombol ikut" in person.get("/latihan/1").text, "a second press is real, and took part"
    person.post("/latihan", page="/latihan", menit="10")
    site.post_events(site.alarm(counter=90, drill=True))
    do(person, 2, "akhiri")
    assert site.incidents()[-1]["closed_by"] == "Bu Admin"


def test_a_post_that_stayed_silent_in_a_drill_is_named(site):
    person = site.enter("admin")
    person.post("/latihan", page="/latihan", menit="20")
    site.post_events(site.alarm(counter=9, drill=True))
    text = person.get("/latihan/1").text
    assert "pos-1: tidak melapor berbunyi" in text and "belum ada yang menjawab" in text


def test_a_second_press_is_listed_as_in_earnest_and_a_silent_alarm_nowhere(site):
    person = site.enter("admin")
    person.post("/latihan", page="/latihan", menit="20")
    site.post_events(site.alarm(counter=9, drill=True), site.alarm(counter=10, incident=9))
    site.post_events(site.alarm(counter=50, silent=True, kind=8, device=site.other))
    text = person.get("/latihan/1").text
    assert "kejadian-1" in text.split("Alarm sungguhan selama latihan")[1]
    assert "rahasia" not in text and "Rumah 8" in text.split("Belum ikut")[1]


def test_a_cancelled_drill_is_called_off_for_whoever_was_told(street):
    person = street.enter("admin")
    plan(street, person)
    assert do(person, 1, "umumkan").status_code == 303
    assert do(person, 1, "batal").status_code == 400, "not without a reason"
    assert do(person, 1, "batal", alasan="Hujan lebat").status_code == 303
    assert "dibatalkan" in sms(street)[1] and len(sms(street)) == 2
    assert do(person, 1, "mulai").status_code == 400
    street.clock.advance(6 * DAY_MS)
    street.hub.dispatch.step()
    assert len(sms(street)) == 2


def test_a_drill_that_nobody_begins_is_a_warning_of_the_ketua_rt(site):
    person = site.enter("admin")
    plan(site, person, days=2)
    site.clock.advance(3 * DAY_MS)
    site.hub.dispatch.step()
    (warning,) = site.rows("SELECT * FROM warnings WHERE what = 'drill_missed' AND closed_ms IS NULL")
    assert warning["owner"] == "ketua_rt" and "Terlewat" in person.get("/latihan").text
    do(person, 1, "batal", alasan="Ketua sakit")
    site.hub.dispatch.step()
    assert not site.rows("SELECT 1 FROM warnings WHERE what = 'drill_missed' AND closed_ms IS NULL")


def test_a_monthly_drill_comes_again_on_its_day_also_when_it_was_missed(site):
    person = site.enter("admin")
    at = day(site, 1)
    plan(site, person, days=1, bulanan="1")
    for _ in range(3):
        site.clock.advance(31 * DAY_MS)
        site.hub.dispatch.step()
    with site.hub.store.read() as db:
        zone = db.setting("time_zone", "WIB")
    coming = [drills.local_parts(row["planned_wall"], zone) for row in rows(site)]
    assert len(coming) == 4 and [one.day for one in coming] == [min(at.day, 28)] * 4
    assert {(one.hour, one.minute) for one in coming} == {(10, 0)}
    assert [row["monthly"] for row in rows(site)] == [0, 0, 0, 1]
    do(site.enter("admin"), 4, "batal", alasan="Tidak lagi", seterusnya="1")  # the session ended long ago
    site.clock.advance(70 * DAY_MS)
    site.hub.dispatch.step()
    assert len(rows(site)) == 4


@pytest.mark.parametrize("ahead_days", [3, 40, 55, 61, 75, 400])
def test_a_clock_that_is_ahead_for_a_while_skips_no_month(site, ahead_days):
    with site.hub.store.write() as db:
        zone, at = db.setting("time_zone", "WIB"), drills.wall_of("2026-12-26", "10.00", "WIB")
        drills.plan(db, clock.Now(0, at - DAY_MS), BY, "2026-12-26", "10:00", 20, 5, monthly=True)
        for _ in range(5):
            drills.run_due(db, clock.Now(0, at - DAY_MS + ahead_days * DAY_MS))
        for days in range(0, 70, 5):  # it is right again
            drills.run_due(db, clock.Now(0, at + days * DAY_MS))
        found = [drills.local_parts(row["planned_wall"], zone) for row in db.all("SELECT * FROM drills")]
        monthly = db.all("SELECT id FROM drills WHERE monthly = 1")
    assert [(one.month, one.day) for one in found][:3] == [(12, 26), (1, 26), (2, 26)]
    assert [row["id"] for row in monthly] == [len(found)], "and it goes on from the last"


def test_a_monthly_drill_of_the_31st_falls_on_the_last_day_of_a_short_month(site):
    with site.hub.store.write() as db:
        zone = db.setting("time_zone", "WIB")
        at = drills.wall_of("2027-01-31", "10.00", zone)
        drills.plan(db, clock.Now(0, at - DAY_MS), BY, "2027-01-31", "10:00", 20, 5, monthly=True)
        drills.run_due(db, clock.Now(0, at + 2 * HOUR_MS))
        drills.run_due(db, clock.Now(0, at + 29 * DAY_MS))
        found = [drills.local_parts(row["planned_wall"], zone) for row in db.all("SELECT * FROM drills")]
    assert [(one.month, one.day) for one in found] == [(1, 31), (2, 28), (3, 31)]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"tanggal": "26/12/2026"}, "waktu: pilih tanggal"),
        ({"jam": "25.00"}, "waktu: pilih tanggal"),
        ({"tanggal": "2020-01-01"}, "pilih waktu yang akan datang"),
        ({"tanggal": "2999-01-01"}, "paling jauh setahun"),
        ({"jam": "23.30"}, "tidak dalam jam tenang"),
        ({"menit": "61"}, "Pilih lama latihan"),
        ({"menit": "0"}, "Pilih lama latihan"),
        ({"rt": "256"}, "RT: tulis angka"),
        ({"rt": "x"}, "RT: tulis angka"),
        ({"apa": "x" * 81}, "paling panjang 80"),
    ],
)
def test_a_bad_plan_is_refused_with_its_place_and_changes_nothing(site, form, words):
    answer = plan(site, site.enter("admin"), **form)
    assert answer.status_code == 400 and words in answer.text and rows(site) == []


def test_nobody_is_startled_out_of_sleep_by_a_drill(site):
    site.clock.advance(2 * HOUR_MS)  # 23.13 WIB
    person = site.enter("admin")
    answer = person.post("/latihan", page="/latihan", menit="20")
    assert answer.status_code == 400 and "jam tenang" in answer.text and drill_orders(site) == []


def test_the_watch_sees_drills_and_begins_none(site):
    site.account("budi", "petugas_ronda")
    admin, budi = site.enter("admin"), site.enter("budi")
    plan(site, admin)
    text = budi.get("/latihan").text
    assert "RT 05, 20 menit" in text and "/mulai" not in text
    form = {"csrf": budi.token("/papan")}
    answer = budi.client.post("/latihan/1/mulai", data=form, headers={"Origin": "http://localhost"})
    assert answer.status_code == 403 and drill_orders(site) == []


def test_the_next_monthly_test_is_the_26th_that_can_still_be_announced():
    year = {"2026-11-30": "2026-12-26", "2026-12-24": "2026-12-26", "2026-12-26": "2027-01-26"}
    for now, then in year.items():
        assert drills.next_monthly(drills.wall_of(now, "12.00", "WIB"), "WIB") == (then, "10.00")


def test_one_persons_plans_do_not_shut_the_door_for_anothers(site):
    with site.hub.store.write() as db:
        now, at = site.hub.now(), ("2026-12-26", "10:00", 20, 5)
        for _ in range(drills.OWN_LIMIT):
            drills.plan(db, now, {"login": "budi", "name": "Pak Budi"}, *at)
        with pytest.raises(LocalError, match="Batalkan beberapa dulu"):
            drills.plan(db, now, {"login": "budi", "name": "Pak Budi"}, *at)
        drills.plan(db, now, BY, *at)
    assert len(rows(site)) == drills.OWN_LIMIT + 1
