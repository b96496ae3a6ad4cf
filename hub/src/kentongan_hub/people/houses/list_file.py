"""Files of lists as people save them: .csv with any of the usual signs between, or the first sheet of .xlsx.

Nothing is stored here. A file from outside is bounded before it is opened: a workbook is a zip, which may
hold a thousand times what it weighs.
"""

import csv
import datetime
import io
import zipfile
from typing import NamedTuple

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base.language import _

BYTES_MAX = 400 << 10  # a list of some hundred rows weighs tens of kB; no large upload, see web/serving.py
UNPACKED_MAX = 20 << 20
ROWS_MAX = 500  # an RT has 120 households at most; more: one list for each RT
COLUMNS_MAX = 40
CELL_MAX = 300  # characters
DELIMITERS = ";,\t|"
TOO_LARGE = _("daftar: paling besar %(size)s KB; hapus lembar dan gambar yang tidak perlu",
              size=BYTES_MAX >> 10)  # fmt: skip
SAVE_AS = _("simpan lagi sebagai .xlsx atau CSV UTF-8")


class Line(NamedTuple):
    """A line of the file, by the number that a spreadsheet shows beside it."""

    number: int
    cells: list[str]


def read(data: bytes) -> list[Line]:
    """Read the lines that hold something; LocalError says what is wrong with the file and what to do."""
    if not data.strip(b"\0 \r\n\t"):
        raise LocalError(_("daftar: berkasnya kosong; pilih berkas .xlsx atau .csv"))
    if len(data) > BYTES_MAX:
        raise LocalError(TOO_LARGE)
    lines = _sheet(data) if data[:2] == b"PK" else _text(_decoded(data))
    lines = [Line(line.number, _trimmed(line.cells)) for line in lines]
    lines = [line for line in lines if line.cells]
    if len(lines) > ROWS_MAX + 1:
        raise LocalError(
            _("daftar: paling banyak %(most)s baris; bagi menjadi beberapa daftar", most=ROWS_MAX)
        )
    return lines


def _trimmed(cells: list[str]) -> list[str]:
    """Leave out the empty cells at the end, which a sheet has as many of as its widest row."""
    while cells and not cells[-1].strip():
        cells = cells[:-1]
    return cells


def _decoded(data: bytes) -> str:
    """Take a mark at its word, else UTF-8, else what an older Windows writes."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        tries = ["utf-16"]
    elif b"\0" in data[:4]:
        tries = ["utf-16-be" if data[:1] == b"\0" else "utf-16-le"]
    else:
        tries = ["utf-8-sig", "cp1252"]
    for encoding in tries:
        try:
            text = data.decode(encoding)
        except UnicodeError:
            continue
        if "\0" not in text:
            return text
    raise LocalError(_("daftar: hurufnya tidak terbaca; %(remedy)s", remedy=SAVE_AS))


def _text(text: str) -> list[Line]:
    lines = text.splitlines()
    first = next((line for line in lines if line.strip()), "").strip()
    told = first[4:5] if first[:4].lower() == "sep=" else ""  # a spreadsheet's own word about the file
    delimiter = told or max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    out: list[Line] = []
    try:
        for cells in reader:
            if told and cells and delimiter.join(cells).strip()[:4].lower() == "sep=":
                continue
            if len(out) > 2 * ROWS_MAX:
                break
            out.append(Line(reader.line_num, [cell[:CELL_MAX] for cell in cells[:COLUMNS_MAX]]))
    except csv.Error:
        raise LocalError(_("daftar: baris %(number)s: tanda kutip tidak ditutup; hapus tandanya",
                           number=reader.line_num))  # fmt: skip
    return out


def _sheet(data: bytes) -> list[Line]:
    import openpyxl

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(one.file_size for one in packed.infolist()) > UNPACKED_MAX:
                raise LocalError(_("daftar: terlalu besar bila dibuka; %(remedy)s", remedy=SAVE_AS))
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        rows = book.worksheets[0].iter_rows(max_row=2 * ROWS_MAX, max_col=COLUMNS_MAX, values_only=True)
        return [Line(number, [_shown(value) for value in row]) for number, row in enumerate(rows, 1)]
    except LocalError:
        raise
    except Exception:  # whatever is broken in it: zip, XML, parts that are missing
        raise LocalError(_("daftar: bukan berkas .xlsx yang utuh; %(remedy)s", remedy=SAVE_AS))


def _shown(value: object) -> str:
    if isinstance(value, datetime.date):  # a spreadsheet made it of '7-8': the row says so
        return value.strftime("%d/%m/%Y")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bool):
        return "ya" if value else "tidak"
    return "" if value is None else str(value)[:CELL_MAX]
