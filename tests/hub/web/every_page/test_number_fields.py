"""Every number that people type is refused in one way: the field as the page names it, and its limits."""

import re
from pathlib import Path

import kentongan_hub
import pytest
from kentongan_hub.base.entries import numerals

HUB = Path(kentongan_hub.__file__).parent
ODD = "x", "", "-1", "1.5", "1e3", "0x1", "٣", "9" * 30, "1" + "0" * 400
OPEN_TOO = tuple(text for text in ODD if text)  # of a field that may be left open

ZONE, HOUSE = "RT: tulis angka 1 sampai 255", "Rumah: tulis angka 1 sampai 65535"
PERSON = {"nama": "Siti", "rt": "5", "rumah": "7", "setuju": "1"}
SITE = {
    "nama": "RT 05",
    "rt": "5",
    "rw": "3",
    "zona": "WIB",
    "kontak": "90",
    "quiet_from": "22.00",
    "quiet_to": "05.00",
}
REPORT = {"jenis": "1", "rt": "5", "rumah": "7", "isi": "Ada asap."}
LANE = {"rt": "5", "x1": "1", "y1": "2", "x2": "3", "y2": "4"}
INVITED = {"nama": "Ani", "peran": "petugas", "jam": "24", "rt": "5", "rumah": "9"}

FIELDS = [
    ("/warga", PERSON, "rt", ODD, ZONE),
    ("/warga", PERSON, "rumah", OPEN_TOO, HOUSE),
    ("/warga/rumah/daftar", {"rt": "5", "rumah": "7"}, "rumah", ODD, HOUSE),
    ("/rumah-kosong", {"rt": "5", "rumah": "7", "dari": "2026-12-20"}, "rumah", ODD, HOUSE),
    ("/pengaturan/situs", SITE, "rt", (*ODD, "0", "256"), ZONE),
    ("/pengaturan/situs", SITE, "rw", (*ODD, "0", "256"), "RW: tulis angka 1 sampai 255"),
    ("/pengaturan/situs", SITE, "kontak", ODD, "Kontak dicek tiap: tulis angka"),
    ("/lapor", REPORT, "rt", ODD, ZONE),
    ("/lapor", REPORT, "rumah", (*OPEN_TOO, "65536"), HOUSE),
    ("/latihan", {"menit": "20", "rt": "5"}, "rt", ODD, "RT: tulis angka 0 sampai 255"),
    (
        "/denah/taruh",
        {"rt": "5", "apa": "rumah-7", "x": "1", "y": "2"},
        "x",
        (*ODD, "1001"),
        "Dari kiri: tulis angka 0 sampai 1000",
    ),
    ("/denah/gang", LANE, "y2", ODD, "Akhir, dari atas: tulis angka 0 sampai"),
    ("/undangan", INVITED, "rumah", OPEN_TOO, "Rumahnya: tulis angka 1 sampai 65535"),
    (
        "/kontak",
        {"nama": "Polsek", "nomor": "110", "layanan": "polsek", "rt": "5"},
        "rt",
        OPEN_TOO,
        "RT: tulis angka 0 sampai 255",
    ),
    ("/simpanan/masa", {"1": "400"}, "1", ODD, "tulis angka"),
]


@pytest.fixture
def admin(site):
    return site.enter("admin")


@pytest.mark.parametrize(
    ("path", "form", "field", "odd", "says"),
    FIELDS,
    ids=[f"{path} {field}" for path, _, field, _, _ in FIELDS],
)
def test_a_number_that_is_none_is_refused_by_its_name_and_limits(admin, path, form, field, odd, says):
    for text in odd:
        answer = admin.post(path, **{**form, field: text})
        assert answer.status_code == 400 and says in answer.text, (text, answer.status_code)


def test_a_policy_of_no_rt_shows_what_is_wrong(admin):
    says_of = {"rt": "RT: tulis angka 0 sampai 255", "rumah": "Rumah yang menekan: tulis angka 1"}
    for field, says in says_of.items():
        assert says in admin.get(f"/kebijakan?{field}=x").text


def test_numbers_are_read_in_one_place():
    """27 readers of a number had 27 limits and fallbacks."""
    found = [
        path.relative_to(HUB).as_posix()
        for path in HUB.rglob("*.py")
        if re.search(r"\.isdecimal\(|\.isdigit\(|\.isnumeric\(", path.read_text(encoding="utf-8"))
    ]
    # a telephone number counts nothing
    assert sorted(found) == ["base/entries/numerals.py", "base/entries/phones.py"]


@pytest.mark.parametrize(
    ("text", "low", "high", "number"),
    [
        ("7", 0, 9, 7),
        (" 007 ", 0, 9, 7),
        ("-3", -5, 9, -3),
        ("-3", 0, 9, None),
        ("--3", -9, 9, None),
        ("10", 0, 9, None),
        ("٣", 0, 9, None),
        ("²", 0, 9, None),
        ("", 0, 9, None),
        ("1_0", 0, 99, None),
        (str(numerals.ROW_MAX), 0, numerals.ROW_MAX, numerals.ROW_MAX),
        ("1" * 5_000, 0, numerals.ROW_MAX, None),
    ],
)
def test_a_whole_number_is_plain_digits_within_its_limits(text, low, high, number):
    assert numerals.whole(text, low, high) == number
