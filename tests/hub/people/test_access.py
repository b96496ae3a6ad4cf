"""Rights to know of a silent alarm: others change them, on the record, never for an earlier one."""

import json
import re
from pathlib import Path

import pytest
from kentongan_hub import cli
from kentongan_hub.base.clock import Now
from kentongan_hub.people import access
from kentongan_hub.upkeep import backup
from kits.hub.access_kit import SLUG, fact, knows, person, settle, silent, waiting
from kits.hub.hub_kit import PASSWORD, Person


@pytest.fixture
def village(site):
    return settle(site)


def test_the_head_of_an_rt_who_lives_there_cannot_move_himself_to_look(village):
    neighbour = person(village, "Tetangga", 9)
    silent(village)
    pelaku = village.enter("pelaku")
    assert pelaku.get(SLUG).status_code == 404
    own = {"page": f"/warga/{neighbour}", "akun": str(village.numbers["pelaku"])}
    answer = pelaku.post(f"/warga/{neighbour}/akun", **own)
    assert answer.status_code == 400 and "tentang Anda sendiri" in answer.text
    answer = pelaku.post(f"/akses/{village.numbers['pelaku']}/rumah", page="/akses", rt="5", rumah="9")
    assert answer.status_code == 409 and "tentang Anda sendiri" in answer.text
    assert pelaku.get(SLUG).status_code == 404 and fact(village, "pelaku", "house") == 7


def test_a_true_move_opens_no_earlier_incident_and_only_later_ones(village):
    silent(village)
    wakil, dewi = village.enter("wakil"), village.enter("bu_dewi")
    move = f"/akses/{village.numbers['pelaku']}/rumah"
    assert wakil.post(move, page="/akses", rt="5", rumah="20").status_code == 303
    assert fact(village, "pelaku", "house") == 7, "an agreed person: it waits for a second one"
    assert dewi.post("/akses/menunggu/1/benarkan", page="/akses").status_code == 303
    assert fact(village, "pelaku", "house") == 20
    assert village.enter("pelaku").get(SLUG).status_code == 404
    silent(village, 30)
    assert village.enter("pelaku").get("/kejadian/rahasia-2").status_code == 200
    (line,) = village.lines("audit", "what = 'home_changed'")
    assert line["detail"] == "RT 05 rumah 7 menjadi RT 05 rumah 20" and line["subject"] == "pelaku"
    (row,) = village.rows("SELECT * FROM access_changes WHERE fact = 'rumah'")
    assert (row["old"], row["new"], row["second"]) == ("5/7", "5/20", village.numbers["bu_dewi"])


def test_the_household_cannot_lock_a_helper_out(village):
    """Linking the helper to its own house, excluding, un-agreeing, switching off: none works by its word."""
    mine, helper = person(village, "Orang serumah", 7), village.numbers["penolong"]
    village.account("suami", "admin", house=7)
    silent(village)
    pelaku, suami = village.enter("pelaku"), village.enter("suami")
    penolong = village.enter("penolong")
    answer = pelaku.post(f"/warga/{mine}/akun", page=f"/warga/{mine}", akun=str(helper))
    assert answer.status_code == 400 and "rumah Anda sendiri" in answer.text
    answer = pelaku.post(f"/akses/{helper}/rumah", page="/akses", rt="5", rumah="7")
    assert answer.status_code == 409 and "rumah Anda sendiri" in answer.text
    answer = suami.post(f"/akun/{helper}/kecualikan", page="/akun", rt="5", rumah="7")
    assert answer.status_code == 409 and "rumah Anda sendiri" in answer.text
    for action in ("bukan-rahasia", "matikan"):
        assert suami.post(f"/akun/{helper}/{action}", page="/akun").status_code == 303
        assert penolong.get(SLUG).status_code == 200, action
    answer = suami.post(f"/akun/{helper}/hidupkan", page="/akun")
    assert answer.status_code == 409 and "Akun itu hidup" in answer.text
    answer = suami.post(f"/undangan/akun/{helper}", page="/akun")
    assert answer.status_code == 409 and "di mesin pusat data" in answer.text
    assert waiting(village) == ["bukan-rahasia", "matikan"]
    for number in (1, 2):  # nor does somebody of the same house count as the second person
        assert pelaku.post(f"/akses/menunggu/{number}/benarkan", page="/akses").status_code == 409
        assert suami.post(f"/akses/menunggu/{number}/benarkan", page="/akses").status_code == 409
    for number in (1, 2):  # who takes a request back and asks again logs nobody out either
        assert suami.post(f"/akses/menunggu/{number}/tolak", page="/akses").status_code == 303
    assert penolong.get(SLUG).status_code == 200 and fact(village, "penolong", "active") == 1
    village.clock.advance(1_000)
    new_since_the_press(village, "sekutu", 30)  # may exclude him for later, and from this incident not
    sekutu = village.enter("sekutu")
    assert sekutu.post(f"/akun/{helper}/kecualikan", page="/akun", rt="5", rumah="7").status_code == 303
    assert village.enter("penolong").get(SLUG).status_code == 200


def test_the_pages_on_stolen_things_say_when_the_sessions_of_a_lost_phone_end(village):
    """Of an agreed person not before a second officer confirms; they said that all sessions end."""
    phone, admin = village.enter("penolong"), village.enter("admin")
    village.account("suami", "admin", house=7)
    plain = village.enter("wakil")
    for login in ("penolong", "wakil"):
        village.enter("suami").post(f"/akun/{village.numbers[login]}/matikan", page="/akun")
    assert phone.get("/papan").status_code == 200 and plain.get("/papan").status_code != 200
    assert admin.post("/akses/menunggu/1/benarkan", page="/akses").status_code == 303
    assert phone.get("/papan").status_code != 200
    docs = Path(__file__).resolve().parents[3] / "docs"
    for name in ("safety.md", "keamanan.md"):
        (row,) = [
            line
            for line in (docs / name).read_text().splitlines()
            if line.startswith("|") and "*Keluar di mana-mana*" in line
        ]
        assert "*Benarkan*" in row and "access --data DIR --login" in row


def new_since_the_press(village, login, house):
    """An admin of another house, made by one who lives where it was pressed."""
    made = village.account(login, "admin", house=house)
    with village.hub.store.write() as db:
        access.note(
            db,
            Now(village.clock.now_ms, 0),
            [village.numbers["pelaku"]],
            "akun baru",
            "",
            f"5/{house}",
            account=made,
        )
    return made


def test_what_waits_is_judged_by_where_people_live_when_it_is_confirmed(village):
    """A person who moved into the presser's house since is of it, wherever he lived when it was asked."""
    kakak, penolong = village.account("kakak", "petugas_ronda", house=9), village.numbers["penolong"]
    village.account("suami", "ketua_rt", house=7)
    admin, dewi, wakil = village.enter("admin"), village.enter("bu_dewi"), village.enter("wakil")
    suami = village.enter("suami")
    assert admin.post(f"/akun/{kakak}/rahasia", page="/akun").status_code == 303
    assert dewi.post(f"/akses/{kakak}/rumah", page="/akses", rt="5", rumah="7").status_code == 303
    answer = suami.post("/akses/menunggu/1/benarkan", page="/akses")
    assert answer.status_code == 409 and "Orang kedua" in answer.text
    assert fact(village, "kakak", "named_for_confidential") == 0
    assert wakil.post(f"/akses/{penolong}/rumah", page="/akses", rt="5", rumah="20").status_code == 303
    assert dewi.post(f"/akses/{penolong}/rumah", page="/akses", rt="5", rumah="7").status_code == 303
    assert wakil.post("/akses/menunggu/3/benarkan", page="/akses").status_code == 303
    assert suami.post("/akses/menunggu/2/benarkan", page="/akses").status_code == 409, "out of house 7"
    assert fact(village, "penolong", "house") == 7
    silent(village)
    assert not knows(village, "penolong")
    assert wakil.post("/akses/menunggu/1/benarkan", page="/akses").status_code == 303, "others still may"


def test_what_waits_is_not_confirmed_once_who_asked_is_no_officer_or_lives_there(village):
    kakak = village.account("kakak", "petugas_ronda", house=9)
    asker = village.account("adm2", "admin", house=30)
    dewi, admin = village.enter("bu_dewi"), village.enter("admin")
    village.enter("adm2").post(f"/akun/{kakak}/rahasia", page="/akun")
    with village.hub.store.write() as db:
        db.run("UPDATE accounts SET house = 9 WHERE id = ?", asker)
    answer = dewi.post("/akses/menunggu/1/benarkan", page="/akses")
    assert answer.status_code == 409 and "rumah Anda sendiri" in answer.text
    with village.hub.store.write() as db:
        db.run("UPDATE accounts SET house = 30 WHERE id = ?", asker)
    assert admin.post(f"/akun/{asker}/matikan", page="/akun").status_code == 303
    answer = dewi.post("/akses/menunggu/1/benarkan", page="/akses")
    assert answer.status_code == 409 and "bukan petugas lagi" in answer.text
    assert fact(village, "kakak", "named_for_confidential") == 0
    assert dewi.post("/akses/menunggu/1/tolak", page="/akses").status_code == 303
    assert admin.post(f"/akun/{kakak}/rahasia", page="/akun").status_code == 303, "asked anew"
    assert dewi.post("/akses/menunggu/2/benarkan", page="/akses").status_code == 303
    assert fact(village, "kakak", "named_for_confidential") == 1


@pytest.mark.parametrize("askers", [1, 3])
def test_officers_who_ask_and_ask_shut_the_door_for_nobody_else(village, askers):
    """Three of them filled a list that all shared."""
    for number in range(askers):
        login = f"tanya{number}"
        asker = village.account(login, "admin", house=40 + number)
        with village.hub.store.write() as db:
            for n in range(access.OWN_REQUESTS_LIMIT):
                db.insert("access_requests", what="x", subject="", body=f'{{"n": {n}, "by": {number}}}',
                          touched="[]", made_by=asker, made_wall=0)  # fmt: skip
    kakak = village.account("kakak", "petugas_ronda", house=9)
    village.account("admin2", "admin", house=13)
    answer = village.enter("tanya0").post(f"/akun/{kakak}/rahasia", page="/akun")
    assert answer.status_code in (400, 409) and "perubahan Anda yang menunggu" in answer.text
    assert village.enter("admin2").post(f"/akun/{kakak}/rahasia", page="/akun").status_code == 303
    assert len(waiting(village)) == askers * access.OWN_REQUESTS_LIMIT + 1


def test_a_link_into_an_account_ends_when_the_account_is_agreed(village):
    kakak = village.account("kakak", "petugas_ronda", house=9)
    admin, dewi = village.enter("admin"), village.enter("bu_dewi")
    answer = admin.post(f"/undangan/akun/{kakak}", page="/akun")
    path = re.search(r"http://localhost(/u/[\w-]+)", answer.text)[1]
    admin.post(f"/akun/{kakak}/rahasia", page="/akun")
    assert Person(village.app).get(path).status_code == 200
    assert dewi.post("/akses/menunggu/1/benarkan", page="/akses").status_code == 303
    new = {"sandi": "sandi lain yang panjang", "sandi2": "sandi lain yang panjang"}
    assert Person(village.app).post(path, page=path, **new).status_code == 404
    assert village.enter("kakak").get("/papan").status_code == 200, "the password is what it was"


def test_two_other_houses_do_take_an_agreed_person_out_at_once(village):
    silent(village)
    village.account("admin2", "admin", house=13)
    village.enter("admin2").post(f"/akun/{village.numbers['penolong']}/bukan-rahasia", page="/akun")
    assert knows(village, "penolong")
    assert village.enter("wakil").post("/akses/menunggu/1/benarkan", page="/akses").status_code == 303
    assert not knows(village, "penolong") and fact(village, "penolong", "named_for_confidential") == 0
    lines = [row["what"] for row in village.rows("SELECT what FROM audit WHERE subject = 'penolong'")]
    assert lines == ["second_waited", "second_agreed", "not_named"]


def test_an_administrator_names_neither_himself_nor_his_household_nor_whom_no_house_is_known_of(village):
    admin2 = village.account("admin2", "admin", house=13)
    wife = village.account("istri", "petugas_ronda", house=13)
    nobody = village.account("entah", "petugas_ronda", house=0)
    silent(village)
    person_ = village.enter("admin2")
    refused = ((admin2, "tentang Anda sendiri"), (wife, "rumah Anda sendiri"), (nobody, "Catat dulu"))
    for number, says in refused:
        answer = person_.post(f"/akun/{number}/rahasia", page="/akun")
        assert answer.status_code == 409 and says in answer.text, says
    named = "SELECT id FROM accounts WHERE named_for_confidential = 1 AND id IN (?, ?, ?)"
    assert village.rows(named, admin2, wife, nobody) == []
    form = {"nama": "Palsu", "masuk": "palsu", "sandi": PASSWORD, "peran": "admin", "luar": "1"}
    answer = person_.post("/akun", page="/akun", rahasia="1", **form)
    assert answer.headers["Location"] == "/akses"
    assert fact(village, "palsu", "named_for_confidential") == 0
    assert waiting(village) == ["rahasia"], "a made-up account waits for somebody who knows the person"


def test_the_only_officer_is_told_who_can_help_and_the_console_is_a_second_person(site, capsys):
    site.account("bidan", "petugas_ronda", named=True)
    admin = site.enter("admin")
    answer = admin.post(f"/akun/{2}/bukan-rahasia", page="/akun")
    assert answer.status_code == 409 and "Undang satu di halaman Undangan" in answer.text
    assert "kentongan-hub access" in answer.text
    who = ["--data", str(site.data_dir), "--login", "bidan", "--name", "Eko"]
    assert cli.main(["access", *who, "--zone", "5", "--house", "9"]) == 0
    assert (fact(site, "bidan", "house"), fact(site, "bidan", "outside")) == (9, 0)
    assert cli.main(["access", *who, "--not-agreed"]) == 0
    assert fact(site, "bidan", "named_for_confidential") == 0
    assert cli.main(["access", *who, "--off"]) == 0 and fact(site, "bidan", "active") == 0
    assert cli.main(["access", "--data", str(site.data_dir), "--login", "x", "--name", "Eko", "--off"]) == 2
    assert "there are admin, bidan" in capsys.readouterr().err
    lines = site.lines("audit", "subject = 'bidan'")
    assert {row["who"] for row in lines} == {"teknisi Eko"} and len(lines) == 3


def test_an_officer_whose_house_nobody_knows_changes_nothing_once_somebody_elses_is_known(village):
    village.account("baru", "admin", house=0)
    answer = village.enter("baru").post(
        f"/akun/{village.numbers['penolong']}/kecualikan", page="/akun", rt="5", rumah="8"
    )
    assert answer.status_code == 409 and "Rumah Anda belum dicatat" in answer.text
    assert village.rows("SELECT * FROM exclusions") == []


def test_an_exclusion_is_lifted_by_others_only_and_its_row_stays_with_its_times(village):
    village.account("admin2", "admin", house=13)
    number, admin2 = village.numbers["penolong"], village.enter("admin2")
    assert admin2.post(f"/akun/{number}/kecualikan", page="/akun", rt="5", rumah="7").status_code == 303
    village.account("suami", "admin", house=7)
    answer = village.enter("suami").post(f"/akun/{number}/sertakan", page="/akun", nomor="1")
    assert answer.status_code == 409 and "rumah Anda sendiri" in answer.text
    assert admin2.post(f"/akun/{number}/sertakan", page="/akun", nomor="1").status_code == 303
    (row,) = village.rows("SELECT * FROM exclusions")
    assert row["made_by"] == row["ended_by"] == "Admin2" and row["ended_wall"] is not None
    facts = [row["fact"] for row in village.rows("SELECT fact FROM access_changes ORDER BY id")]
    assert facts == ["kecualikan", "sertakan"]


def test_a_number_put_beside_an_agreed_person_waits_and_never_hears_of_an_earlier_alarm(village):
    helper = person(village, "Penolong", 9, "penolong")
    silent(village)
    pelaku = village.enter("pelaku")
    form = {"page": f"/warga/{helper}", "kanal": "sms"}
    assert pelaku.post(f"/warga/{helper}/alamat", alamat="satu", **form).status_code == 400
    assert pelaku.post(f"/warga/{helper}/alamat", alamat="08123456789", **form).status_code == 303
    assert village.rows("SELECT * FROM addresses") == [] and waiting(village) == ["alamat"]
    village.clock.advance(1)
    assert village.enter("wakil").post("/akses/menunggu/1/benarkan", page="/akses").status_code == 303
    assert len(village.rows("SELECT * FROM addresses")) == 1
    assert village.rows("SELECT body FROM access_requests") == [{"body": "{}"}], "no number is kept there"
    village.clock.advance(120_000)
    village.hub.dispatch.step()
    assert village.rows("SELECT * FROM outbox WHERE channel = 'sms'") == []
    silent(village, 50)
    (row,) = village.rows("SELECT body FROM outbox WHERE channel = 'sms'")
    assert "rahasia-2" in json.loads(row["body"])["text"]


def test_an_agreed_persons_number_duty_consent_and_house_are_taken_away_by_two(village):
    helper = person(village, "Penolong", 9, "penolong")
    with village.hub.store.write() as db:
        db.insert("addresses", person=helper, channel="sms", address="08123456789")
        db.insert("duties", person=helper, duty="ppa", zone=0)
    pelaku, page = village.enter("pelaku"), f"/warga/{helper}"
    forms = {"hapus-alamat": {"nomor": "1"}, "tugas": {}, "tarik": {}, "akun": {"akun": "0"}}
    for action, form in forms.items():
        assert pelaku.post(f"{page}/{action}", page=page, **form).headers["Location"] == "/akses", action
    move = {"rt": "5", "rumah": "9", "alasan": "Pindah rumah"}
    village.enter("wakil").post("/warga/rumah/daftar", page="/warga", rt="5", rumah="9")
    assert pelaku.post("/warga/rumah/keluar", page="/warga", **move).headers["Location"] == "/akses"
    assert waiting(village) == ["hapus-alamat", "tugas", "tarik", "akun", "keluar"]
    assert len(village.rows("SELECT 1 FROM addresses WHERE active = 1")) == 1
    assert len(village.rows("SELECT 1 FROM duties")) == 1
    assert village.rows("SELECT account FROM people")[0]["account"] == village.numbers["penolong"]
    assert village.enter("wakil").post("/akses/menunggu/1/tolak", page="/akses").status_code == 303
    assert waiting(village) == ["tugas", "tarik", "akun", "keluar"]


def test_the_duty_of_an_office_that_is_called_for_silent_alarms_needs_two_people(village):
    friend = person(village, "Teman", 30)
    answer = village.enter("pelaku").post(f"/warga/{friend}/tugas", page=f"/warga/{friend}", tugas=["ppa"])
    assert answer.headers["Location"] == "/akses" and village.rows("SELECT * FROM duties") == []
    answer = village.enter("wakil").post("/akses/menunggu/1/benarkan", page="/akses")
    assert answer.status_code == 303 and len(village.rows("SELECT * FROM duties")) == 1


def test_an_invitation_carries_the_house_that_the_inviter_knows(village):
    import re

    wakil = village.enter("wakil")
    form = {"nama": "Budi", "peran": "petugas_ronda", "jam": "24"}
    answer = wakil.post("/undangan", page="/undangan", rt="5", rumah="x", **form)
    assert answer.status_code == 400 and "Rumahnya: tulis angka" in answer.text
    answer = wakil.post("/undangan", page="/undangan", rt="5", rumah="21", **form)
    path = re.search(r"http://localhost(/u/[\w-]+)", answer.text)[1]
    new = {"nama": "Budi", "masuk": "budi", "sandi": PASSWORD, "sandi2": PASSWORD, "rumah": "99", "luar": "1"}
    assert Person(village.app).post(path, page=path, **new).status_code == 303
    assert (fact(village, "budi", "house"), fact(village, "budi", "outside")) == (21, 0)
    (line,) = village.lines("audit", "what = 'invited'")
    assert line["detail"].endswith("rumah: RT 05 rumah 21")


def test_a_button_that_moves_opens_no_earlier_incident_and_its_owner_moves_none(village):
    silent(village)
    with village.hub.store.write() as db:
        db.run("UPDATE devices SET house = 9 WHERE node = ?", village.button)
    assert not knows(village, "pelaku") and knows(village, "penolong")
    village.account("suami", "admin", house=7)
    with village.hub.store.write() as db:
        db.run("UPDATE devices SET house = 7 WHERE node = ?", village.button)
    client = village.app.test_client()
    token = client.post("/api/v1/login", json={"login": "suami", "password": PASSWORD}).json["token"]
    headers = {"Authorization": f"Bearer {token}"}
    asked = {"house": 30}
    answer = client.post(f"/api/v1/devices/{village.button}/replace", json=asked, headers=headers)
    assert answer.status_code == 400 and "your own house" in answer.text
    token = client.post("/api/v1/login", json={"login": "admin", "password": PASSWORD}).json["token"]
    headers = {"Authorization": f"Bearer {token}"}
    answer = client.post(f"/api/v1/devices/{village.button}/replace", json=asked, headers=headers)
    assert answer.status_code == 201
    (line,) = village.lines("audit", "what = 'device_moved'")
    assert line["detail"] == "RT 05 rumah 7 menjadi RT 05 rumah 30" and line["subject"] == "tombol-07"
    assert village.rows("SELECT old, new FROM access_changes") == [{"old": "5/7", "new": "5/30"}]


def test_a_restored_backup_asks_people_to_look_at_who_may_know(village, tmp_path):
    village.hub.data_dir = village.data_dir
    backup.make(village.data_dir, "frasa sandi yang panjang", tmp_path / "a.cadangan")
    backup.restore(tmp_path / "a.cadangan", "frasa sandi yang panjang", tmp_path / "baru")
    from kits.hub.hub_kit import Site

    other = Site(tmp_path / "baru", {"button": 1, "other": 2, "post": 3, "token": village.token})
    assert other.rows("SELECT * FROM technicians") == []
    other.clock.advance(20_000)
    other.hub.dispatch.step()
    what = "access_to_check"
    open_ = "SELECT urgent FROM warnings WHERE what = ? AND closed_ms IS NULL"
    assert other.rows(open_, what) == [{"urgent": 1}]
    wakil = other.enter("wakil")
    assert "Data akses dari salinan" in wakil.get("/akses").text
    assert wakil.post("/akses/diperiksa", page="/akses").status_code == 303
    assert other.enter("bu_dewi").post("/akses/menunggu/1/benarkan", page="/akses").status_code == 303
    other.clock.advance(20_000)
    other.hub.dispatch.step()
    assert other.rows(open_, what) == []
    assert "Data akses dari salinan" not in wakil.get("/akses").text


def test_what_was_asked_before_a_backup_came_back_is_said_by_nobody_of_its_facts(village, tmp_path):
    """An officer's word of a year ago was one of the two; then one person alone called the old facts well."""
    village.hub.data_dir = village.data_dir
    wakil = village.enter("wakil")
    assert wakil.post("/akses/diperiksa", page="/akses").status_code == 409, "nothing is to be looked at"
    with village.hub.store.write() as db:  # of an earlier restore
        made_by = db.value("SELECT id FROM accounts WHERE login = 'wakil'")
        for what in ("diperiksa", "rahasia"):
            db.insert("access_requests", what=what, subject="", body='{"account": 1}', touched="[]",
                      made_by=made_by, made_wall=0)  # fmt: skip
    backup.make(village.data_dir, "frasa sandi yang panjang", tmp_path / "a.cadangan")
    backup.restore(tmp_path / "a.cadangan", "frasa sandi yang panjang", tmp_path / "baru")
    from kits.hub.hub_kit import Site

    other = Site(tmp_path / "baru", {"button": 1, "other": 2, "post": 3, "token": village.token})
    for number in (1, 2):
        answer = other.enter("bu_dewi").post(f"/akses/menunggu/{number}/benarkan", page="/akses")
        assert answer.status_code == 409
    assert is_doubted(other) and waiting(other) == []
    assert other.rows("SELECT DISTINCT body FROM access_requests") == [{"body": "{}"}]


def restored(site):
    with site.hub.store.write() as db:
        db.set_setting(access.RESTORED, 1)


def is_doubted(site):
    with site.hub.store.read() as db:
        return bool(db.setting(access.RESTORED))


@pytest.mark.parametrize("role", ["agreed", "stand-in", "office", "same house", "moved back"])
def test_nobody_says_alone_that_all_is_well_with_old_facts(village, role):
    """A deputy who was un-agreed after the backup is agreed again by it; one who moved lives elsewhere again,
    and nothing of today says so."""
    number = village.account("bidan", "wakil", house=9 if role == "same house" else 21)
    marks = {"agreed": "named_for_confidential = 1", "stand-in": "stand_in = 1"}.get(role, "active = 1")
    with village.hub.store.write() as db:
        db.run(f"UPDATE accounts SET {marks} WHERE id = ?", number)
        if role == "office":
            one = db.insert("people", name="Bidan", zone=5, house=21, account=number, created_wall=0)
            db.insert("duties", person=one, duty="ppa")
    restored(village)
    bidan = village.enter("bidan")
    assert bidan.post("/akses/diperiksa", page="/akses").status_code == 303
    assert is_doubted(village) and waiting(village) == ["diperiksa"]
    assert bidan.post("/akses/menunggu/1/benarkan", page="/akses").status_code == 409, "by himself"
    assert is_doubted(village)
    assert "diperiksa" in village.enter("wakil").get("/akses").text
    assert village.enter("wakil").post("/akses/menunggu/1/benarkan", page="/akses").status_code == 303
    assert not is_doubted(village)
    assert village.rows("SELECT who FROM audit WHERE what = 'access_checked'") == [{"who": "bidan"}]


def test_where_only_who_gains_is_an_officer_the_technician_says_that_all_is_well(site, capsys):
    site.account("bidan", "wakil", named=True, house=9)
    with site.hub.store.write() as db:
        db.run("UPDATE accounts SET active = 0 WHERE login = 'admin'")
    restored(site)
    answer = site.enter("bidan").post("/akses/diperiksa", page="/akses")
    assert answer.status_code == 409 and "kentongan-hub access" in answer.text and is_doubted(site)
    command = ["access", "--data", str(site.data_dir), "--name", "Sari", "--checked"]
    assert cli.main(command) == 0 and not is_doubted(site)
    assert [one["who"] for one in site.lines("audit", "what = 'access_checked'")] == ["teknisi Sari"]
    assert cli.main([*command, "--login", "bidan"]) != 0
    assert cli.main([*command[:-1], "--not-agreed"]) != 0
    assert "--login" in capsys.readouterr().err


def test_the_page_shows_houses_what_waits_and_what_changed_to_who_keeps_the_register(village):
    village.account("entah", "petugas_ronda", house=0)
    move = f"/akses/{village.numbers['penolong']}/rumah"
    village.enter("wakil").post(move, page="/akses", rt="5", rumah="40")
    page = village.enter("bu_dewi").get("/akses").text
    assert "RT 05 rumah 7" in page and "belum dicatat" in page and "diminta Wakil" in page
    village.enter("bu_dewi").post("/akses/menunggu/1/benarkan", page="/akses")
    page = village.enter("bu_dewi").get("/akses").text
    assert "<code>5/9</code>" in page and "<code>5/40</code>" in page and "oleh Wakil dan Bu_Dewi" in page
    assert village.enter("penolong").get("/akses").status_code == 403
