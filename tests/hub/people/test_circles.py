"""Circles of confidential incidents: drawn when they come, only shrinking, never empty from day one."""

import json
import re

import pytest
from kentongan_hub.base import words
from kentongan_hub.base.clock import Now
from kentongan_hub.base.speech import code_words
from kentongan_hub.devices import provision
from kentongan_hub.incidents import confidential
from kentongan_hub.incidents.told import reports
from kentongan_hub.people import access, circles
from kentongan_hub.upkeep import retention
from kentongan_wire.base.errors import LocalError
from kentongan_wire.message import messages as m
from kits.hub.access_kit import SLUG, fact, knows, person, settle, silent
from kits.hub.hub_kit import PASSWORD, Person


@pytest.fixture
def village(site):
    return settle(site)


def test_incidents_with_other_circles_are_not_merged(village):
    """The circle of one would read the house of the other on its page."""
    silent(village), silent(village, 60, village.other)
    penolong = village.enter("penolong")
    answer = penolong.post("/kejadian/rahasia-1/gabung", page=SLUG, dengan="rahasia-2")
    assert answer.status_code in (403, 409)
    dewi = village.account("dewi2", "ketua_rt", named=True, house=14)
    assert dewi
    silent(village, 70), silent(village, 80, village.other)
    answer = village.enter("dewi2").post("/kejadian/rahasia-3/gabung", page="/papan", dengan="rahasia-4")
    assert answer.status_code == 409 and "orang yang boleh tahu keduanya sama" in answer.text
    assert village.enter("pelaku").get("/kejadian/rahasia-4").text.count("rahasia-3") == 0


def test_an_erased_incident_stays_closed_to_its_household(village):
    """Its house is gone from the row; the circle is not."""
    silent(village)
    village.enter("penolong").post(f"{SLUG}/tiba", page="/papan")
    with village.hub.store.write() as db:
        db.run("UPDATE incidents SET closed_ms = 1, closed_wall = 1, state = 'selesai'")
        assert retention.run(db, Now(village.clock.now_ms, 400 * 86_400_000)) == 1
    assert not knows(village, "pelaku") and "rahasia-1" not in village.enter("pelaku").get("/kejadian").text


def test_an_exclusion_by_another_house_holds_for_an_open_incident_at_once(village):
    village.account("admin2", "admin", house=13)
    silent(village), silent(village, 50, village.other)
    form = {"page": "/akun", "rt": "5", "rumah": "7"}
    village.enter("admin2").post(f"/akun/{village.numbers['penolong']}/kecualikan", **form)
    assert not knows(village, "penolong") and knows(village, "penolong", 2)


def test_a_deputy_made_up_after_the_alarm_is_no_second_house(village):
    """The household invites somebody who confirms what it asks; for incidents of before that is nobody."""
    silent(village)
    village.clock.advance(1_000)
    pelaku = village.enter("pelaku")
    form = {"nama": "Palsu", "peran": "wakil", "jam": "24", "rt": "5", "rumah": "33"}
    answer = pelaku.post("/undangan", page="/undangan", **form)
    path = re.search(r"http://localhost(/u/[\w-]+)", answer.text)[1]
    new = {"nama": "Palsu", "masuk": "palsu", "sandi": PASSWORD, "sandi2": PASSWORD}
    palsu = Person(village.app)
    assert palsu.post(path, page=path, **new).status_code == 303
    (row,) = village.rows("SELECT * FROM access_changes WHERE fact = 'akun baru'")
    assert (row["made_by"], row["new"]) == (village.numbers["pelaku"], "5/33")
    move = f"/akses/{village.numbers['penolong']}/rumah"
    assert pelaku.post(move, page="/akses", rt="5", rumah="8").status_code == 303
    assert palsu.post("/akses/menunggu/1/benarkan", page="/akses").status_code == 303
    village.account("suami", "admin", house=7)
    village.enter("suami").post(f"/akun/{village.numbers['penolong']}/bukan-rahasia", page="/akun")
    assert palsu.post("/akses/menunggu/2/benarkan", page="/akses").status_code == 303
    assert knows(village, "penolong"), "the incident of before keeps its helper"
    assert fact(village, "penolong", "named_for_confidential") == 0


def test_who_was_taken_out_gets_no_message_that_waits_and_his_answer_counts_no_more(village):
    from kentongan_hub.incidents.calling import replies

    helper = person(village, "Penolong", 9, "penolong")
    with village.hub.store.write() as db:
        db.insert("addresses", person=helper, channel="sms", address="08123456789", delay_s=60)
    silent(village)
    with village.hub.store.write() as db:
        now = Now(village.clock.now_ms, 0)
        incident = db.one("SELECT * FROM incidents")
        dewi = db.one("SELECT * FROM accounts WHERE login = 'bu_dewi'")
        db.run("UPDATE outbox SET attempts = 1 WHERE channel = 'sms'")  # it went out, and is sent once more
        confidential.exclude(db, now, dewi, village.numbers["penolong"], incident=incident)
        assert db.all("SELECT state FROM outbox WHERE channel = 'sms'") == [{"state": "expired"}]
        assert not replies.take(db, now, "sms", "08123456789", "DATANG R1")
    assert village.incidents()[0]["answered_ms"] is None


def test_an_answer_counts_for_who_was_called_where_two_people_share_a_number(village):
    from kentongan_hub.incidents.calling import replies

    person(village, "Orang lain", 30)
    helper = person(village, "Penolong", 9, "penolong")
    with village.hub.store.write() as db:
        for one in (1, helper):
            db.insert("addresses", person=one, channel="sms", address="08123456789")
    silent(village)
    with village.hub.store.write() as db:
        db.run("UPDATE outbox SET attempts = 1 WHERE channel = 'sms'")  # the call went out
        assert replies.take(db, Now(village.clock.now_ms, 0), "sms", "08123456789", "DATANG R1")
    assert village.incidents()[0]["answered_by"] == "Penolong"


def test_whoever_is_named_later_learns_nothing_of_an_earlier_incident(site):
    number = site.account("bidan", "petugas_ronda")
    silent(site)
    assert site.enter("admin").post(f"/akun/{number}/rahasia", page="/akun").status_code == 303
    assert fact(site, "bidan", "named_for_confidential") == 1, "no other officer yet: set-up is no dead end"
    assert not knows(site, "bidan")
    silent(site, 30)
    assert knows(site, "bidan", 2)


def test_who_lived_there_when_it_pressed_locks_nobody_out_later_either(village):
    silent(village)
    with village.hub.store.write() as db:  # the record says that the officer has moved away since
        now = Now(village.clock.now_ms + 1, 0)
        access.note(db, now, [None], "rumah", "5/7", "5/20", account=village.numbers["pelaku"])
        db.run("UPDATE accounts SET house = 20 WHERE login = 'pelaku'")
        rows = {one["login"]: one for one in db.all("SELECT * FROM accounts")}
        number = village.numbers["penolong"]
        confidential.exclude(db, now, rows["pelaku"], number, zone=5, house=7)
    assert knows(village, "penolong")
    village.clock.advance(2)
    silent(village, 40)
    assert not knows(village, "penolong", 2), "it holds from then on"


# a silent alarm reaches somebody from the first day


def test_the_board_says_at_once_that_nobody_is_agreed_and_names_nobody(site):
    board = site.enter("admin").get("/papan").text
    assert "ALARM DIAM TANPA PENERIMA" in board
    site.account("bidan", "petugas_ronda", named=True, house=9)
    site.account("suami", "petugas_ronda", named=True, house=9)
    board = site.enter("admin").get("/papan").text
    assert "ALARM DIAM TANPA PENERIMA" in board, "two of one house: its own alarm reaches nobody"
    assert "Bidan" not in board and "Suami" not in board
    site.account("kader", "petugas_ronda", named=True, house=10)
    assert "ALARM DIAM TANPA PENERIMA" not in site.enter("admin").get("/papan").text


def test_warnings_have_an_owner_until_two_are_agreed_and_every_house_is_known(site):
    site.account("entah", "wakil", house=0)
    site.hub.dispatch.step()
    found = {row["what"]: row for row in site.warnings()}
    assert found["alarm diam tanpa penerima"]["urgent"] == 1
    assert "Entah" in found["rumah akun belum dicatat"]["detail"]
    assert {found[what]["owner"] for what in ("alarm diam tanpa penerima", "rumah akun belum dicatat")} == {
        "ketua_rt"
    }
    site.account("bidan", "petugas_ronda", named=True, house=9)
    site.account("kader", "petugas_ronda", named=True, house=10)
    site.enter("admin").post("/akses/2/rumah", page="/akses", luar="1")
    site.clock.advance(20_000)
    site.hub.dispatch.step()
    what = ("silent_alarms_unheard", "homes_unknown")
    assert site.rows("SELECT * FROM warnings WHERE closed_ms IS NULL AND what IN (?, ?)", *what) == []


def test_until_then_the_chosen_stand_in_is_called_and_may_look_but_never_of_the_own_house(site):
    number = site.account("bu_rw", "ketua_rw", house=8)
    stand_in = person(site, "Bu RW", 8, "bu_rw")
    with site.hub.store.write() as db:
        db.insert("addresses", person=stand_in, channel="sms", address="08123456789")
    assert site.enter("admin").post(f"/akun/{number}/pengganti", page="/akun").status_code == 303
    silent(site)
    silent(site, 20, site.other)
    assert knows(site, "bu_rw") and not knows(site, "bu_rw", 2)
    (row,) = site.rows("SELECT body FROM outbox WHERE channel = 'sms'")
    assert "rahasia-1" in json.loads(row["body"])["text"] and "Rumah" not in row["body"]
    site.account("bidan", "petugas_ronda", named=True, house=9)
    site.account("kader", "petugas_ronda", named=True, house=10)
    silent(site, 30)
    assert not knows(site, "bu_rw", 3) and knows(site, "bidan", 3) and knows(site, "bu_rw")


def test_the_first_administrator_may_be_the_stand_in_when_the_site_is_made(tmp_path):
    with pytest.raises(LocalError, match="nomor rumah"):
        provision.create_site(tmp_path / "a", "RT 05", "admin", PASSWORD, stand_in=True)
    made = {"admin_home": (5, 3, 0), "stand_in": True, "rt": 5}
    provision.create_site(tmp_path / "b", "RT 05", "admin", PASSWORD, **made)
    from kentongan_hub.storage.store import Store

    with Store(tmp_path / "b").read() as db:
        imagined = {"id": 0, "device": 0, "zone": 5, "kind": m.KIND_KEKERASAN}
        assert circles.eligible(db, {**imagined, "house": 7}) == [1]
        assert circles.eligible(db, {**imagined, "house": 3}) == []
        (line,) = db.all("SELECT * FROM audit WHERE what = 'account_made'")
    assert code_words.detail(line) == "rumah: RT 05 rumah 3, pengganti"


def test_a_social_conflict_hides_its_reporter_and_goes_to_the_ketua_rw_and_bhabinkamtibmas_only(village):
    rw = village.account("pak_rw", "ketua_rw", house=15)
    village.account("palsu", "ketua_rw", house=30)
    in_office = person(village, "Pak RW", 15, "pak_rw")
    bhabin = person(village, "Pak Bhabin", 0)
    with village.hub.store.write() as db:
        db.insert("duties", person=bhabin, duty="bhabin", zone=0)
        db.insert("duties", person=in_office, duty="ketua_rw", zone=0)
        db.insert("addresses", person=bhabin, channel="sms", address="08123456789")
        with pytest.raises(LocalError, match="rahasia hanya kepada tugas:ketua_rw, tugas:bhabin"):
            from kentongan_hub.policies import policy

            body = json.loads(json.dumps(policy.default(words.KONFLIK)))
            body["langkah"][0]["kepada"] = ["disepakati"]
            policy.check(words.KONFLIK, body)
    assert rw and reports.is_confidential(words.KONFLIK)
    form = {"jenis": str(words.KONFLIK), "rt": "5", "isi": "dua kampung saling lempar"}
    assert village.enter("wakil").post("/lapor", page="/lapor", **form).status_code == 200
    others = ("penolong", "pelaku", "wakil", "admin", "palsu")
    assert knows(village, "pak_rw") and not any(knows(village, login) for login in others)
    (row,) = village.rows("SELECT body FROM outbox WHERE channel = 'sms'")
    assert json.loads(row["body"])["name"] == "Pak Bhabin"
    told = json.dumps(village.rows("SELECT who, address, detail FROM timeline"))
    assert "Wakil" not in told and "127.0.0.1" not in told
    assert "jangan mengumpulkan orang" in village.enter("pak_rw").get(SLUG).text
    page = f"/warga/{in_office}"
    village.enter("wakil").post(f"{page}/tugas", page=page)
    assert knows(village, "pak_rw"), "an office is taken away by two"
    village.enter("bu_dewi").post("/akses/menunggu/1/benarkan", page="/akses")
    assert not knows(village, "pak_rw")


def test_a_social_conflict_that_nobody_would_hear_of_is_refused_with_whom_to_telephone(village):
    form = {"jenis": str(words.KONFLIK), "rt": "5", "isi": "dua kampung saling lempar"}
    answer = village.enter("wakil").post("/lapor", page="/lapor", **form)
    assert answer.status_code == 400 and "Telepon polsek" in answer.text
    assert village.incidents() == [] and village.rows("SELECT * FROM circles") == []
