"""Tables as people save them: CSV with `,` `;` or tabs, in any of Excel's encodings, or an .xlsx.

Habits of spreadsheets are understood: marks at a file's start, blank rows and columns, capitals
and Indonesian words in the heading, 5.0 and 5,0 for 5. What could mean two things is an error with file and
line.
"""

import csv
import datetime
import io
import math
import re
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from kentongan_wire.settings.device_file import nearest

from kentongan_tool.base.failures import ToolError

Row = tuple[int, dict[str, str]]  # line, {column: text}

FILE_MAX = 5 << 20
UNPACKED_MAX = 50 << 20  # of an .xlsx, which is a packed file
ROWS_MAX, COLUMNS_MAX = 5_000, 60
DELIMITERS = ",;\t"
PACKED, OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
SAVE_AS = "simpan sebagai CSV UTF-8 atau .xlsx (save it as CSV UTF-8 or .xlsx)"
WHOLE = re.compile(r"(-?\d{1,9})(?:[.,]0{1,6})?")
DECIMAL = re.compile(r"-?\d{1,9}(?:[.,]\d{1,9})?")
WORDS = {  # of a heading, in Indonesian
    "peran": "role",
    "jenis": "role",
    "alat": "label",
    "nama": "label",
    "rt": "zone",
    "rumah": "house",
    "no_rumah": "house",
    "nomor_rumah": "house",
    "lompatan": "hops",
    "hop": "hops",
    "tekan": "press",
    "tempat": "place",
    "x": "x_m",
    "y": "y_m",
    "apa": "what",
}


def read(path: Path, known: Collection[str], needed: Collection[str]) -> list[Row]:
    """Return the rows of a table that hold anything; ToolError names file, line and remedy."""
    stripped = ((line, [cell.strip() for cell in cells]) for line, cells in _cells(Path(path)))
    rows = [(line, cells) for line, cells in stripped if any(cells)]
    if not rows:
        raise _wrong(path, f"no column {next(iter(needed))!r}; kolom (columns): {', '.join(known)}")
    names = _heading(path, rows[0], known, needed)
    return [(line, _row(path, line, names, cells)) for line, cells in rows[1:]]


def whole(text: str) -> int:
    """5, 5.0 or 5,0; ValueError otherwise."""
    found = WHOLE.fullmatch(text.strip()) if text.isascii() else None
    if not found:
        raise ValueError(text)
    return int(found.group(1))


def decimal(text: str) -> float:
    """12.5 or 12,5; ValueError otherwise, also for what is no number of this world."""
    if not text.isascii() or not DECIMAL.fullmatch(text.strip()):
        raise ValueError(text)
    value = float(text.strip().replace(",", "."))
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _wrong(path: Path, what: str, line: int | None = None) -> ToolError:
    return ToolError("list", f"{path}{f':{line}' if line else ''}: {what}")


def _cells(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of whatever kind of file it is."""
    try:
        if path.stat().st_size > FILE_MAX:
            raise _wrong(path, f"lebih dari {FILE_MAX >> 20} MB: bukan daftar (too large for a list)")
        data = path.read_bytes()
    except OSError as error:
        raise ToolError("file", f"{path}: {error.strerror}")
    if data.startswith(OLD_EXCEL):
        raise _wrong(path, f"Excel lama atau bersandi (old Excel, or behind a password): {SAVE_AS}")
    return _sheet(path, data) if data.startswith(PACKED) else _lines(path, _text(path, data))


def _text(path: Path, data: bytes) -> str:
    """Unicode by its mark or its looks, then the table of Western Windows."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        tries = ["utf-16"]
    elif b"\0" in data[:100]:
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
    raise _wrong(path, f"hurufnya tidak terbaca (no text that can be read): {SAVE_AS}")


def _lines(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    lines = text.splitlines()
    first = next((line for line in lines if line.strip()), "")
    told = re.fullmatch(r"sep=(.)", first.strip(), re.IGNORECASE)  # Excel's own word on its first line
    delimiter = told.group(1) if told else max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if told and cells and "".join(cells).strip().lower().startswith("sep="):
                continue
            yield reader.line_num, cells
    except csv.Error as error:
        raise _wrong(path, f"{error}: tanda kutip di baris ini (the quotes on this line)", reader.line_num)


def _sheet(path: Path, data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Return the first sheet of an .xlsx."""
    import openpyxl

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(one.file_size for one in packed.infolist()) > UNPACKED_MAX:
                raise _wrong(path, "terlalu besar untuk sebuah daftar (too large for a list)")
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        rows = [
            (line, [(cell.value, cell.data_type) for cell in row])
            for line, row in enumerate(book.worksheets[0].iter_rows(max_row=ROWS_MAX, max_col=COLUMNS_MAX), 1)
        ]
    except ToolError:
        raise
    except Exception as error:  # whatever is broken in it: zip, XML, parts that are missing
        raise _wrong(path, f"bukan .xlsx yang utuh (no sound .xlsx): {type(error).__name__}; {SAVE_AS}")
    for line, cells in rows:
        yield line, [_shown(path, line, value, kind) for value, kind in cells]


def _shown(path: Path, line: int, value: object, kind: str) -> str:
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        raise _wrong(
            path, f"{value}: jadi tanggal; jadikan kolomnya Teks (became a date: format as text)", line
        )
    if kind == "e":
        raise _wrong(path, f"{value}: rumus yang gagal (a formula that failed)", line)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _plain(name: str, known: Collection[str]) -> str:
    """Return a heading's word as ours."""
    word = re.sub(r"[\s_-]+", "_", name.strip().lower())
    return word if word in known else WORDS.get(word, word)


def _heading(
    path: Path, row: tuple[int, list[str]], known: Collection[str], needed: Collection[str]
) -> list[str]:
    line, cells = row
    names = [_plain(cell, known) for cell in cells]
    while names and not names[-1]:
        names.pop()
    shown = ", ".join(known)
    for name, cell in zip(names, cells, strict=False):
        if name not in known:
            meant = nearest(name, tuple(known))
            raise _wrong(
                path,
                f"unknown column {cell!r}; mungkin (did you mean) {meant}? kolom (columns): {shown}",
                line,
            )
    for name in needed:
        if name not in names:
            raise _wrong(path, f"no column {name!r}; kolom (columns): {shown}", line)
    if twice := [name for name in names if names.count(name) > 1]:
        raise _wrong(path, f"column {twice[0]!r} stands twice", line)
    return names


def _row(path: Path, line: int, names: list[str], cells: list[str]) -> dict[str, str]:
    rest = cells[len(names) :]
    if len(cells) < len(names) or any(rest):
        raise _wrong(
            path, f"as many values as columns, please: {len(cells)} di sini (here), {len(names)} kolom", line
        )
    return dict(zip(names, cells, strict=False))


def twice(rows: Iterable[tuple[int, Mapping[str, object]]], name: str) -> int | None:
    """Return the line on which a value stands for the second time."""
    seen = set()
    for line, row in rows:
        if row[name] in seen:
            return line
        seen.add(row[name])
    return None
