"""Files of lists as people save them, and files that are none."""

import datetime
import io
import zipfile

import openpyxl
import pytest
from kentongan_hub.people.houses import list_file
from kentongan_wire.base.errors import LocalError

TEXT = "rumah;nama;setuju\n7;Siti Nurhaliza;ya\n8;Bu Ñuñung;tidak\n"


def cells(data):
    return [line.cells for line in list_file.read(data)]


def book(*rows, **more):
    made, out = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        made.active.append(row)
    for name in more.get("sheets", ()):
        made.create_sheet(name).append(["lain"])
    made.save(out)
    return out.getvalue()


@pytest.mark.parametrize("sign", [";", ",", "\t", "|"])
@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_every_usual_way_of_saving_a_list_is_read(sign, coding):
    found = cells(TEXT.replace(";", sign).encode(coding))
    assert found == [["rumah", "nama", "setuju"], ["7", "Siti Nurhaliza", "ya"], ["8", "Bu Ñuñung", "tidak"]]


def test_lines_keep_the_numbers_that_a_spreadsheet_shows():
    found = list_file.read(b"rumah,nama\r\n\r\n7,Siti\r\n,\r\n8,Budi\r\n")
    assert [line.number for line in found] == [1, 3, 5]
    assert [line.number for line in list_file.read(book(["rumah"], [None], [7]))] == [1, 3]


def test_the_spreadsheets_own_word_about_the_sign_between_is_taken():
    assert cells(b"sep=;\nrumah;nama\n7;a,b,c,d\n") == [["rumah", "nama"], ["7", "a,b,c,d"]]


def test_quotes_hold_signs_and_lines():
    assert cells(b'rumah,nama\n7,"Siti, istri ""Budi"""\n')[1] == ["7", 'Siti, istri "Budi"']


def test_a_sheet_gives_numbers_as_people_wrote_them_and_only_its_first_page():
    data = book(["rumah", "telepon", "setuju"], [7.0, 81234567890, True], sheets=["arsip"])
    assert cells(data) == [["rumah", "telepon", "setuju"], ["7", "81234567890", "ya"]]


def test_a_number_that_became_a_date_is_shown_as_the_sheet_shows_it():
    assert cells(book(["rumah"], [datetime.datetime(2026, 8, 7)]))[1] == ["07/08/2026"]


def bomb():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", bytes(60 << 20))
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "berkasnya kosong"),
        (b"\xef\xbb\xbf \r\n", "masih kosong"),
        (b"PK\x03\x04 nothing", "bukan berkas .xlsx yang utuh"),
        (bytes(range(256)) * 8, "hurufnya tidak terbaca"),
        (b'rumah,nama\n7,"Siti\n8,Budi\n', "tanda kutip tidak ditutup"),
        (b"x" * (list_file.BYTES_MAX + 1), "paling besar 400 KB"),
        (b"rumah\n" + b"7\n" * 501, "paling banyak 500 baris"),
    ],
    ids=range(7),
)
def test_what_is_no_list_is_refused_with_the_remedy(data, words):
    if "masih kosong" in words:
        assert list_file.read(data) == []
        return
    with pytest.raises(LocalError, match=words):
        list_file.read(data)


def test_a_workbook_that_unpacks_to_much_more_than_it_weighs_is_not_opened():
    assert len(bomb()) < list_file.BYTES_MAX
    with pytest.raises(LocalError, match="terlalu besar bila dibuka"):
        list_file.read(bomb())
