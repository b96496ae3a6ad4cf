"""Coverage: every household counts, also one that nobody has registered, and what it lacks is named."""

import csv
import io

import pytest
from kentongan_hub.people.houses import coverage
from kentongan_wire.message import messages as m

DAY_MS = 86_400_000


@pytest.fixture
def admin(site):
    return site.enter("admin")


def add(admin, **form):
    answer = admin.post(
        "/warga", page="/warga", **{"nama": "Siti", "rt": "5", "rumah": "7", "setuju": "1", **form}
    )
    assert answer.status_code == 303, answer.text


def houses(site):
    with site.hub.store.read() as db:
        return coverage.houses(db, site.hub.now())


def total(site):
    return coverage.total(houses(site))


def test_a_house_that_only_its_button_knows_counts(site, admin):
    assert total(site)["families"] == 2 and total(site)["counts"]["terdaftar"] == 0
    add(admin)
    assert total(site)["counts"] == {"terdaftar": 1, "bertombol": 2, "diuji": 0, "dilatih": 0}
    page = admin.get("/cakupan").text
    assert "1 dari 2" in page and "belum ada orang terdaftar" in page
    assert "1 dari 2 keluarga terdaftar" in admin.get("/warga").text


def test_a_house_without_a_button_counts_and_lacks_one(site, admin):
    add(admin, rumah="31")
    (lonely,) = [one for one in houses(site) if one["number"] == 31]
    assert coverage.lacks(lonely) == ["bertombol", "diuji", "dilatih"]
    assert total(site)["families"] == 3


def test_two_family_heads_in_one_house_are_two_households(site, admin):
    add(admin, kepala="1")
    add(admin, nama="Budi", kepala="1")
    add(admin, nama="Ani")
    assert total(site)["families"] == 3 and total(site)["counts"]["terdaftar"] == 2
    assert ", 2 KK" in admin.get("/cakupan").text


def test_a_house_where_nobody_lives_is_in_no_sum_and_is_said(site, admin):
    add(admin)
    admin.post("/warga/rumah/keluar", page="/warga", rt="5", rumah="7", alasan="Rumah dijual")
    assert [one["number"] for one in houses(site)] == [8]
    assert "1 rumah tanpa penghuni tidak dihitung" in admin.get("/cakupan").text


def test_a_button_that_is_revoked_covers_nobody(site, admin):
    add(admin)
    admin.post("/perangkat/tombol-07/cabut", page="/perangkat/tombol-07", alasan="hilang")
    (house,) = [one for one in houses(site) if one["number"] == 7]
    assert "bertombol" not in house["has"]


def test_a_test_counts_for_thirty_days_and_a_drill_for_a_year(site, admin):
    site.post_events(site.alarm(kind=m.KIND_UJI), site.alarm(counter=1300, drill=True))
    assert total(site)["counts"] == {"terdaftar": 0, "bertombol": 2, "diuji": 1, "dilatih": 1}
    site.clock.advance(31 * DAY_MS)
    assert total(site)["counts"]["diuji"] == 0 and total(site)["counts"]["dilatih"] == 1
    site.clock.advance(335 * DAY_MS)
    assert total(site)["counts"]["dilatih"] == 0


def test_a_house_that_presses_twice_in_a_drill_took_part(site, admin):
    """A frightened child presses twice; the second press is taken as real and called for, as it must be."""
    answer = admin.post("/latihan", page="/latihan", menit="20", rt="5")
    assert answer.status_code == 303, answer.text
    site.post_events(site.alarm(counter=1300, drill=True))
    site.clock.advance(20_000)
    site.post_events(site.alarm(counter=1301, incident=1300))
    (incident,) = site.incidents()
    assert incident["drill"] == 0, "the second press is real"
    assert total(site)["counts"]["dilatih"] == 1
    site.clock.advance(20 * 60_000)
    text = admin.get("/latihan/1").text
    assert "1 dari 2 tombol ikut" in text
    assert "Rumah 8" in text.split("Belum ikut")[1] and "Rumah 7" not in text.split("Belum ikut")[1]


def test_what_is_listed_can_be_narrowed_and_each_house_says_what_it_lacks(site, admin):
    add(admin, rumah="7")
    add(admin, rumah="9", rt="6", nama="Budi")
    page = admin.get("/cakupan?rt=6&kurang=bertombol").text
    assert "Rumah 9" in page and "Rumah 8" not in page and "Budi" in page
    assert "Tidak ada: semua rumah yang dicari lengkap." in admin.get("/cakupan?rt=5&kurang=bertombol").text
    assert admin.get("/cakupan?rt=satu&kurang=x&halaman=-1").status_code == 200


def test_the_export_holds_every_house_and_no_name(site, admin):
    add(admin, nama="Siti Aminah")
    rows = list(csv.reader(io.StringIO(admin.get("/ekspor/cakupan.csv").text.lstrip("\ufeff"))))
    assert rows[0][:4] == ["RT", "rumah", "patokan", "keluarga"]
    assert [row[:2] for row in rows[1:]] == [["5", "7"], ["5", "8"]]
    assert rows[2][4:6] == ["tidak", "ya"] and "belum ada orang terdaftar" in rows[2][-1]
    assert "Siti" not in str(rows)
    assert admin.get("/ekspor/cakupan.xlsx").data[:2] == b"PK"
    assert site.lines("audit", "what = 'exported'")[0]["subject"] == "cakupan.csv"


def test_the_rw_sees_houses_without_names(site, admin):
    add(admin, rumah="31", nama="Siti Aminah")
    site.account("rw", "ketua_rw")
    page = site.enter("rw").get("/cakupan").text
    assert "Rumah 31" in page and "Siti" not in page
    assert "Siti Aminah" in admin.get("/cakupan").text


def test_an_empty_site_says_what_to_do(site, admin):
    with site.hub.store.write() as db:
        db.run("UPDATE devices SET revoked = 1")
    assert "Belum ada rumah" in admin.get("/cakupan").text
