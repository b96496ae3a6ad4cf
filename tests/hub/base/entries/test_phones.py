"""Phone numbers at the door: every usual way to write one leads to one form, what is refused says why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kentongan_hub.base.entries import phones
from kentongan_wire.base.errors import LocalError

SITI = "+6281211110001"


@pytest.mark.parametrize(
    "typed",
    [
        *("0812-1111-0001", "0812 1111 0001", "(0812) 1111.0001", "+62 812 1111 0001", "6281211110001"),
        *("81211110001", "+62081211110001", "62081211110001", "+62 (0) 812 1111 0001", "006281211110001"),
        *("٠٨١٢١١١١٠٠٠١", "０８１２１１１１０００１", "۰۸۱۲۱۱۱۱۰۰۰۱"),
        "\u202a+62 812\u20111111\u20110001\u202c",
    ],
)
def test_every_way_to_write_a_number_is_the_same_number(typed):
    assert phones.normal(typed) == SITI


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "tulis seperti 0812"),
        ("satu dua", "tulis seperti 0812"),
        ("0812x11110001", "tulis seperti 0812"),
        ("0812-1111-0001 ext 5", "tulis seperti 0812"),
        ("+62+81211110001", "tulis seperti 0812"),
        ("0812/11110001;0813", "tulis seperti 0812"),
        ("112", "terlalu pendek untuk SMS"),
        ("021 7654321", "bukan nomor ponsel"),
        ("0800 1234567", "bukan nomor ponsel"),
        ("0812 111", "kurang angka"),
        ("0896123456789012", "kelebihan angka"),
        ("+999 123456789", "kode negara tidak ada"),
        ("+44 7917 2674100", "tidak ada nomor luar negeri seperti itu"),
    ],
)
def test_what_is_refused_says_why_in_indonesian(typed, why):
    with pytest.raises(LocalError, match="^nomor: ") as refused:
        phones.normal(typed)
    assert why in str(refused.value)


def test_numbers_from_abroad_are_taken_with_their_country():
    assert phones.normal("+60 12-345 6789") == "+60123456789"
    assert phones.normal("0060 12 345 6789") == "+60123456789"


def test_names_and_short_numbers_that_networks_send_from_answer_nothing():
    assert [phones.sender(one) for one in ("TELKOMSEL", "4444", "", "12220")] == [None] * 4
    assert phones.sender("081211110001") == phones.sender(SITI) == SITI


@given(st.text(max_size=60))
def test_any_text_is_a_number_or_refused_with_words(text):
    for door in (phones.normal, phones.callable_number):
        try:
            number = door(text)
        except LocalError:
            continue
        assert number.isascii() and any(sign.isdigit() for sign in number)
        if door is phones.normal:
            assert phones.normal(number) == number


def test_the_forms_keep_one_form_of_a_number_and_nothing_of_a_refused_one(site):
    admin = site.enter("admin")
    form = {"nama": "Siti", "rt": "5", "rumah": "8", "setuju": "1"}
    bad = admin.post("/warga", page="/warga", **form, nomor="021 7654321")
    assert bad.status_code == 400 and "bukan nomor ponsel" in bad.text
    assert site.rows("SELECT * FROM people") == [], "half a person"
    assert admin.post("/warga", page="/warga", **form, nomor="62 812-1111-0001").status_code == 303
    assert site.rows("SELECT address FROM addresses") == [{"address": SITI}]
    bad = admin.post("/warga/1/alamat", page="/warga/1", kanal="sms", alamat="0812 111")
    assert bad.status_code == 400 and "kurang angka" in bad.text
    wide = admin.post("/warga/1/alamat", page="/warga/1", kanal="sms", alamat="８１２２２２２０００２")
    assert wide.status_code == 303
    assert [row["address"] for row in site.rows("SELECT address FROM addresses")] == [SITI, "+6281222220002"]


def test_the_number_of_a_test_message_is_read_like_any_other(site):
    admin = site.enter("admin")
    bad = admin.post("/kanal/sms/uji", page="/kanal", alamat="112")
    assert bad.status_code == 400 and "terlalu pendek untuk SMS" in bad.text
    assert site.rows("SELECT * FROM outbox") == []
    assert admin.post("/kanal/sms/uji", page="/kanal", alamat="812 1111 0001").status_code == 303
    assert SITI in site.rows("SELECT body FROM outbox")[0]["body"]


@pytest.mark.parametrize(
    ("typed", "kept"), [("１１０", "110"), ("021-765 4321", "021-765 4321"), ("1500 123", "1500 123")]
)
def test_numbers_that_people_call_stay_as_they_are_read_aloud(typed, kept):
    assert phones.callable_number(typed) == kept


@pytest.mark.parametrize("typed", ["seratus", "1", "123456789012345678", "+999 123456"])
def test_numbers_that_no_phone_can_call_are_refused(typed):
    with pytest.raises(LocalError, match="^nomor: "):
        phones.callable_number(typed)
