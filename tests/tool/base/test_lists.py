"""A list comes as people save it: with every separator, mark and encoding of a spreadsheet, or as one."""

import datetime
import zipfile

import openpyxl
import pytest
from kentongan_tool.base import lists
from kentongan_tool.base.failures import ToolError
from kentongan_tool.commands.board_commands import CHOICES
from kentongan_tool.jobs import batch

HEAD = ("role", "label", "zone", "house", "place")
ROW = ("tombol", "tombol-01", "5", "1", "Gang Mawar é")
WANTED = {"role": "tombol", "label": "tombol-01", "zone": 5, "house": 1, "place": "Gang Mawar é"}


def text_with(delimiter, rows=(HEAD, ROW), end="\n"):
    return "".join(delimiter.join(row) + end for row in rows)


def read(path, data):
    path.write_bytes(data)
    return batch.read_rows(path, CHOICES)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_list_is_the_same_whatever_separates_and_encodes_it(tmp_path, delimiter, encoding):
    data = text_with(delimiter, end="\r\n").encode(encoding)
    assert read(tmp_path / "list.csv", data) == [WANTED]


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\n" + text_with(";"),
        text_with(",", (HEAD, ("",) * 5, ROW, ("",) * 5)),
        text_with(",", ((*HEAD, "", ""), (*ROW, "", ""))),
        "\n\n" + text_with(","),
        text_with(",", ((" Role", "LABEL ", "RT", "No Rumah", "Tempat"), ROW)),
        text_with(";", (HEAD, ("Tombol", "Tombol-01", "5,0", "1.0", " Gang Mawar é "))),
        text_with(",", (HEAD, tuple(f'"{cell}"' for cell in ROW))),
    ],
)
def test_what_is_only_a_habit_of_a_spreadsheet_is_understood(tmp_path, text):
    assert read(tmp_path / "list.csv", text.encode()) == [WANTED]


def sheet(path, *rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_a_spreadsheet_is_read_without_being_saved_as_text(tmp_path):
    path = sheet(
        tmp_path / "list.xlsx", HEAD, (None,), ("Tombol", "Tombol-01", 5, 1.0, "Gang Mawar é"), (None,)
    )
    assert batch.read_rows(path, CHOICES) == [WANTED]
    with pytest.raises(ToolError, match="list.xlsx:2: column zone: 'lima'"):
        batch.read_rows(sheet(path, HEAD, ("tombol", "tombol-01", "lima", 1, "x")), CHOICES)
    with pytest.raises(ToolError, match="list.xlsx:2: .*became a date"):
        batch.read_rows(sheet(path, HEAD, ("tombol", "x", 5, datetime.date(2026, 5, 1), "x")), CHOICES)


def test_what_is_no_list_is_said_with_what_to_save_instead(tmp_path):
    path = tmp_path / "list.xlsx"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("anything", "else")
    for data in (path.read_bytes(), b"PK\x03\x04rusak", b"\xd0\xcf\x11\xe0" + bytes(99), b"a\x81\0\0b"):
        with pytest.raises(ToolError, match="CSV UTF-8"):
            read(tmp_path / "list.csv", data)
    with pytest.raises(ToolError, match="mungkin .* label"):
        read(tmp_path / "list.csv", text_with(",", (("role", "lable", "zone"), ROW[:3])).encode())
    with pytest.raises(ToolError, match="column 'zone' stands twice"):
        read(tmp_path / "list.csv", text_with(",", (("role", "label", "zone", "RT"), ROW[:4])).encode())
    with pytest.raises(ToolError, match="list.csv:2: .*quotes"):
        read(tmp_path / "list.csv", b'role,label,zone\ntombol,"tombol-01,5\n')


def test_numbers_are_read_with_point_or_comma_and_nothing_else_is_one():
    assert [lists.whole(text) for text in ("5", "5.0", "5,00", "-3")] == [5, 5, 5, -3]
    assert [lists.decimal(text) for text in ("12,5", "12.5", "-1")] == [12.5, 12.5, -1.0]
    for text in ("", "5.5", "1.234,5", "nan", "inf", "1e3", "\u0665", "5 5"):
        with pytest.raises(ValueError):
            lists.whole(text)
    for text in ("", "1.234,5", "nan", "inf", "1e3", "\u0665"):
        with pytest.raises(ValueError):
            lists.decimal(text)
