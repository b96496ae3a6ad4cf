"""A list of houses and people: looked at row by row, stored once, and never without consent."""

import html
import io
import json
import re

import openpyxl
import pytest

HEAD = "rt;rumah;patokan;nama;kepala;telepon;setuju;kesehatan;setuju kesehatan"
GOOD = f"""{HEAD}
5;7;Gang Mawar;Siti Aminah;ya;0812-3456-789;ya;;
;8;;Budi;;;ya;asma;ya
05;31;;;;;;;
"""


@pytest.fixture
def admin(site):
    return site.enter("admin")


def send(admin, data, name="warga.csv"):
    data = data.encode() if isinstance(data, str) else data
    form = {"csrf": admin.token("/warga/daftar"), "daftar": (io.BytesIO(data), name)}
    return admin.client.post("/warga/daftar/lihat", data=form, headers={"Origin": "http://localhost"})


def carried(answer):
    return html.unescape(re.search(r'name="baris" value="([^"]*)"', answer.text)[1])


def confirm(admin, answer):
    return admin.post("/warga/daftar/simpan", page="/warga/daftar", baris=carried(answer))


def stored(site):
    people = site.rows("SELECT name, zone, house, head, health_note FROM people ORDER BY id")
    return [tuple(one.values()) for one in people]


def test_a_list_is_shown_first_and_stored_when_it_is_confirmed(site, admin):
    shown = send(admin, GOOD)
    assert "3 baris baru" in shown.text and "0 baris bermasalah" in shown.text
    assert site.rows("SELECT * FROM people") == site.rows("SELECT * FROM houses") == []
    answer = confirm(admin, shown)
    assert answer.status_code == 200 and "2 orang dan 3 rumah didaftarkan." in answer.text
    assert stored(site) == [("Siti Aminah", 5, 7, 1, ""), ("Budi", 5, 8, 0, "asma")]
    assert site.rows("SELECT number, place FROM houses ORDER BY number") == [
        {"number": 7, "place": "Gang Mawar"}, {"number": 8, "place": ""}, {"number": 31, "place": ""}
    ]  # fmt: skip
    assert site.rows("SELECT address FROM addresses") == [{"address": "+628123456789"}]
    (line,) = site.lines("audit", "what = 'list_taken_in'")
    assert line["detail"] == "2 orang, 3 rumah" and line["who"] == "admin"


def test_the_same_list_twice_adds_nothing_twice(site, admin):
    confirm(admin, send(admin, GOOD))
    again = send(admin, GOOD)
    assert "0 baris baru" in again.text and "3 baris sudah ada" in again.text
    assert "Tidak ada baris baru." in again.text
    assert len(stored(site)) == 2 and len(site.rows("SELECT 1 FROM houses")) == 3


def test_a_form_that_is_sent_twice_adds_nothing_twice(site, admin):
    shown = send(admin, GOOD)
    confirm(admin, shown)
    assert "0 orang dan 0 rumah didaftarkan. 3 baris dilewati" in confirm(admin, shown).text
    assert len(stored(site)) == 2


def test_who_stands_twice_in_one_list_is_stored_once(site, admin):
    text = f"{HEAD}\n5;7;;Siti;;;ya;;\n5;7;;siti ;;;ya;;\n"
    shown = send(admin, text)
    assert "sama dengan baris 2" in shown.text
    confirm(admin, shown)
    assert len(stored(site)) == 1


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("5;7;;Siti;;;tidak;;", "persetujuan: orang ini harus setuju"),
        ("5;7;;Siti;;;;;", "persetujuan: orang ini harus setuju"),
        ("5;7;;Siti;;;mungkin;;", "setuju &#39;mungkin&#39;: tulis ya atau tidak"),
        ("5;7;;Siti;;;ya;asma;", "catatan kesehatan: perlu persetujuan tersendiri"),
        ("5;7;;Siti;;satu dua;ya;;", "nomor: tulis seperti"),
        ("5;7A;;Siti;;;ya;;", "rumah &#39;7A&#39;: tulis angka saja"),
        ("5;;;Siti;;;ya;;", "tulis angka saja"),
        ("300;7;;Siti;;;ya;;", "RT &#39;300&#39;: tulis angka 1 sampai 255"),
        ("5;7;;3273011203900001;;;ya;;", "jangan menyimpan NIK"),
        ("5;7;;;;08123456789;;;", "nama: masih kosong"),
        (f"5;7;;{'S' * 61};;;ya;;", "nama: paling panjang 60 huruf"),
    ],
    ids=range(11),
)
def test_a_row_with_a_problem_names_its_line_and_the_remedy_and_the_others_can_be_stored(
    site, admin, row, words
):
    shown = send(admin, f"{HEAD}\n{row}\n5;9;;Ani;;;ya;;\n")
    assert "1 baris bermasalah" in shown.text and "baris 2" in shown.text
    assert words in shown.text, shown.text
    confirm(admin, shown)
    assert [one[0] for one in stored(site)] == ["Ani"]


def test_a_form_that_somebody_made_by_hand_stores_nobody_without_consent(site, admin):
    rows = [[2, {"rumah": "7", "nama": "Siti", "setuju": "tidak"}],
            [3, {"rumah": "8", "nama": "Budi", "setuju": "ya", "kesehatan": "asma"}]]  # fmt: skip
    for odd in (json.dumps(rows), "", "[", "[1]", "[[1, 2]]", '{"a": 1}', "[[]]"):
        answer = admin.post("/warga/daftar/simpan", page="/warga/daftar", baris=odd)
        assert answer.status_code in (200, 400)
    assert stored(site) == []


def test_columns_of_numbers_that_do_not_belong_here_are_not_read(site, admin):
    shown = send(admin, "No Rumah,Nama Lengkap,NIK,Agama,Persetujuan\n7,Siti,3273011203900001,x,ya\n")
    assert "Kolom yang tidak dibaca: NIK, Agama." in shown.text and "3273011203900001" not in shown.text
    confirm(admin, shown)
    assert stored(site) == [("Siti", 5, 7, 0, "")]
    assert b"3273011203900001" not in (site.data_dir / "hub.sqlite3").read_bytes()


def test_a_workbook_is_taken_as_it_is_and_a_number_gets_its_nought_back(site, admin):
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in (["Rumah", "Nama", "No HP", "Setuju"], [7, "Siti", 8123456789, "Ya"]):
        book.active.append(row)
    book.save(out)
    confirm(admin, send(admin, out.getvalue(), "warga.xlsx"))
    assert site.rows("SELECT address FROM addresses") == [{"address": "+628123456789"}]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("", "berkasnya kosong"),
        ("7;Siti;ya\n", "baris 1 harus menyebut kolomnya"),
        ("rumah;nama\n", "tidak ada baris"),
        ("rumah;no rumah\n7;7\n", "kolom rumah ada dua"),
    ],
    ids=range(4),
)
def test_a_list_without_its_head_is_refused_with_the_remedy(site, admin, data, words):
    answer = send(admin, data)
    assert answer.status_code == 400 and words in answer.text


def test_an_old_list_after_a_withdrawal_is_said_to_be_old(site, admin):
    confirm(admin, send(admin, GOOD))
    admin.post("/warga/1/tarik", page="/warga/1")
    shown = send(admin, GOOD)
    assert "1 orang pernah menarik persetujuannya" in shown.text


def test_what_is_typed_is_shown_as_text_and_never_as_a_page(admin):
    shown = send(admin, f"{HEAD}\n5;7;;<b>Siti</b>;;;ya;;\n").text
    assert "<b>Siti" not in shown and "&lt;b&gt;Siti" in shown


def test_only_who_keeps_the_register_takes_lists_in(site):
    site.account("ronda", "petugas_ronda")
    ronda = site.enter("ronda")
    assert ronda.get("/warga/daftar").status_code == 403 and send(ronda, GOOD).status_code == 403


@pytest.mark.parametrize("size", [60_000, 80_000])
def test_a_list_that_is_too_large_says_so(admin, size):
    answer = send(admin, "rumah;nama\n" + "7;Siti\n" * size)
    assert answer.status_code in (400, 413) and "paling besar 400 KB" in answer.text
