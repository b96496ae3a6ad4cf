"""Houses and people: with consent, without numbers that do not belong; moving, empty houses, withdrawal."""

from datetime import timedelta

import pytest
from kentongan_hub.base.clock import local_parts


@pytest.fixture
def admin(site):
    return site.enter("admin")


def add(admin, **form):
    return admin.post(
        "/warga", page="/warga", **{"nama": "Siti", "rt": "5", "rumah": "7", "setuju": "1", **form}
    )


def leave(site, person, house, days=3, **form):
    """Say that a house stands empty from today on."""
    today = local_parts(site.clock.wall_ms(), "WIB")
    day = {"dari": f"{today:%Y-%m-%d}", "sampai": f"{today + timedelta(days=days - 1):%Y-%m-%d}"}
    return person.post("/rumah-kosong", page="/rumah-kosong", rt="5", rumah=house, **{**day, **form})


def test_a_person_is_added_with_house_and_number_and_then_called(site, admin):
    assert add(admin, nomor="0812-3456-789", kepala="1").status_code == 303
    admin.post("/warga/1/tugas", page="/warga/1", tugas=["ketua_rt", "lurah"])
    assert site.rows("SELECT duty, zone FROM duties ORDER BY duty") == [
        {"duty": "ketua_rt", "zone": 5},
        {"duty": "lurah", "zone": 0},
    ]
    site.post_events(site.alarm(counter=9, device=site.other))
    site.clock.advance(120_000)
    site.hub.dispatch.step()
    assert site.rows("SELECT body FROM outbox WHERE channel = 'sms'")
    assert "Siti" in admin.get("/warga").text and "1 dari 2 keluarga terdaftar" in admin.get("/warga").text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"setuju": ""}, "harus setuju"),
        ({"nama": " "}, "nama: masih kosong"),
        ({"nama": "3273011203900001"}, "jangan menyimpan NIK"),
        ({"kesehatan": "asma"}, "perlu persetujuan tersendiri"),
        ({"rumah": "x"}, "Rumah: tulis angka"),
        ({"rt": "0"}, "RT: tulis angka 1 sampai 255"),
        ({"nomor": "bukan"}, "nomor: tulis seperti"),
    ],
)
def test_what_may_not_be_stored_is_refused_and_nothing_stays(site, admin, form, words):
    answer = add(admin, **form)
    assert answer.status_code == 400 and words in answer.text
    assert site.rows("SELECT * FROM people") == site.rows("SELECT * FROM houses") == []


@pytest.mark.parametrize(
    ("action", "form", "words"),
    [
        ("alamat", {"kanal": "sms", "alamat": "satu dua"}, "nomor: tulis seperti"),
        ("alamat", {"kanal": "faks", "alamat": "1"}, "pilih sms, apprise"),
        ("alamat", {"kanal": "apprise", "alamat": "siti"}, "tulis seperti ntfy"),
        ("alamat", {"kanal": "sms", "alamat": "0812345678", "tunda": "901"}, "0 sampai 900"),
        ("tugas", {"tugas": "raja"}, "pilih ronda"),
    ],
)
def test_bad_addresses_and_duties_are_refused_with_the_remedy(admin, action, form, words):
    add(admin)
    answer = admin.post(f"/warga/1/{action}", page="/warga/1", **form)
    assert answer.status_code == 400 and words in answer.text


def test_consent_withdrawn_takes_everything_out_at_once_and_leaves_the_record(site, admin):
    add(admin, nomor="08123456789", kesehatan="asma", setuju_kesehatan="1")
    admin.post("/warga/1/tugas", page="/warga/1", tugas="ronda")
    assert admin.post("/warga/1/tarik", page="/warga/1").status_code == 303
    (row,) = site.rows("SELECT * FROM people")
    assert (row["name"], row["health_note"], row["house"]) == ("(persetujuan ditarik)", "", 0)
    assert site.rows("SELECT * FROM addresses") == site.rows("SELECT * FROM duties") == []
    assert admin.get("/warga/1").status_code == 404
    (line,) = site.lines("audit", "what = 'consent_withdrawn'")
    assert line["subject"] == "warga 1"


def test_consent_withdrawn_leaves_no_number_and_no_name_in_the_queue_nor_at_a_house(site, admin):
    add(admin, nomor="08123456789")
    add(admin, nama="Budi", rumah="8", nomor="08129999999")
    leave(site, admin, "8", kunci="1")
    site.post_events(site.alarm(counter=9, kind=2))
    before = [row["body"] for row in site.rows("SELECT body FROM outbox WHERE type = 'call'")]
    assert len(before) == 2
    assert admin.post("/warga/1/tarik", page="/warga/1").status_code == 303
    (left,) = [row["body"] for row in site.rows("SELECT body FROM outbox WHERE type = 'call'")]
    assert "+628129999999" in left and "+628123456789" not in left
    assert site.rows("SELECT key_person FROM houses WHERE number = 8") == [{"key_person": None}]
    assert "Siti" not in admin.get("/rumah-kosong").text


def test_a_number_that_two_people_share_is_called_for_the_one_who_stays(site, admin):
    add(admin, nomor="08123456789")
    add(admin, nama="Budi", nomor="08123456789")
    site.post_events(site.alarm(counter=9, kind=2))
    admin.post("/warga/1/tarik", page="/warga/1")
    assert len(site.rows("SELECT 1 FROM outbox WHERE type = 'call'")) == 1


def test_a_household_moves_out_and_is_called_no_more_and_another_moves_in(site, admin):
    add(admin, nomor="08123456789")
    move = {"page": "/warga", "rt": "5", "rumah": "7"}
    assert admin.post("/warga/rumah/keluar", **move).status_code == 400
    assert admin.post("/warga/rumah/keluar", alasan="Pindah kota", **move).status_code == 303
    assert admin.post("/warga/rumah/keluar", alasan="Lagi", **move).status_code == 400
    assert '<option value="Penghuni baru">' in admin.get("/warga").text, "two taps: reason and button"
    assert site.rows("SELECT active FROM addresses") == [{"active": 0}]
    site.post_events(site.alarm(counter=9))
    assert "RUMAH KOSONG, jangan masuk sendirian" in admin.get("/papan").text
    assert admin.post("/warga/rumah/masuk", alasan="Keluarga baru", **move).status_code == 303
    assert "RUMAH KOSONG" not in admin.get("/papan").text


def test_nobody_calls_the_own_house_empty_or_moves_its_people_out(site, admin):
    """'RUMAH KOSONG, jangan masuk sendirian' would keep helpers from a house where somebody pressed."""
    add(admin, nomor="0812-3456-789")
    site.account("suami", "ketua_rt", house=7)
    suami = site.enter("suami")
    answer = leave(site, suami, "7")
    assert answer.status_code == 400 and "rumah Anda sendiri" in answer.text
    out = {"rt": "5", "rumah": "7", "alasan": "Pindah rumah"}
    answer = suami.post("/warga/rumah/keluar", page="/warga", **out)
    assert answer.status_code == 400 and "rumah Anda sendiri" in answer.text
    assert site.rows("SELECT occupied, empty_to_ms FROM houses") == [{"occupied": 1, "empty_to_ms": 0}]
    assert leave(site, admin, "7").status_code == 303, "others do"
    back = suami.post("/rumah-kosong/akhiri", page="/rumah-kosong", rt="5", rumah="7")
    assert back.status_code == 303
    assert admin.post("/warga/rumah/keluar", page="/warga", **out).status_code == 303


def test_a_linked_account_never_sees_a_silent_alarm_of_its_own_house(site, admin):
    number = site.account("siti", "petugas_ronda", named=True)
    site.account("pak_rt", "ketua_rt")
    add(admin)
    site.post_events(site.alarm(counter=9, silent=True, kind=8))
    siti = site.enter("siti")
    assert siti.get("/kejadian/rahasia-1").status_code == 200
    admin.post("/warga/1/akun", page="/warga/1", akun=str(number))
    assert siti.get("/kejadian/rahasia-1").status_code == 200, "an agreed person: it waits for a second one"
    site.enter("pak_rt").post("/akses/menunggu/1/benarkan", page="/akses")
    assert siti.get("/kejadian/rahasia-1").status_code == 404
    assert "rahasia" not in siti.get("/papan/isi").json["html"].lower()


def test_the_sheet_of_consent_says_what_is_kept_and_goes_with_the_person(site):
    admin = site.enter("admin")
    form = {"nama": "Siti <Aminah>", "rt": "5", "rumah": "7", "nomor": "081234567890", "setuju": "1"}
    admin.post("/warga", page="/warga", **form)
    text = admin.get("/warga/1/persetujuan").text
    assert "Siti &lt;Aminah&gt;" in text and "Rumah 7" in text and "+6281234567890" in text
    assert "NIK" in text and "Tanda tangan" in text
    admin.post("/warga/1/tarik", page="/warga/1")
    assert admin.get("/warga/1/persetujuan").status_code == 404
    site.account("ronda", "petugas_ronda")
    assert site.enter("ronda").get("/warga/1/persetujuan").status_code == 403
