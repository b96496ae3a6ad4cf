"""Incidents, devices, drills, coverage, the ronda as CSV or XLSX. No export holds confidential incidents."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from kentongan_hub.base import words
from kentongan_hub.base.clock import Now, local_date_time
from kentongan_hub.base.speech import code_words
from kentongan_hub.base.tables import Incident
from kentongan_hub.incidents.drills import drills
from kentongan_hub.people.houses import coverage
from kentongan_hub.people.watch import attendance, turns
from kentongan_hub.storage.store import Store
from kentongan_hub.web import drill_results, view

Cells = Sequence[object]  # one row of a table, its cells as they are shown
PAGE = 2_000  # rows read at once
CSV, XLSX = "csv", "xlsx"
XLSX_ROWS = 1_048_575  # of a sheet, without its head


# a sign that begins a formula, in any width, where a cell begins: also behind what another locale takes for
# the end of a cell (";" in an Indonesian spreadsheet, a tab, a new line), quotes and spaces between or not
_FORMULA = re.compile(r"(\A|[;,|\t\r\n])(?=[\s\"'\u00a0]*[=+\-@\uff1d\uff0b\uff0d\uff20])")


def safe(value: object) -> str:
    """Write a value so that a spreadsheet shows and never runs it, however it splits cells."""
    text = "" if value is None else str(value)
    safe_text = _FORMULA.sub(r"\1'", text)
    return "'" + safe_text if text[:1] in ("\t", "\r") else safe_text


INCIDENTS = (
    *("nomor", "jenis", "keadaan", "RT", "rumah", "dibuka", "dijawab", "oleh", "detik sampai dijawab"),
    *("ditutup", "oleh", "alasan", "latihan", "disuarakan oleh"),
)
DEVICES = (
    *("label", "peran", "RT", "rumah", "tempat", "keadaan", "terakhir terdengar"),
    *("baterai V", "hari lagi", "diuji"),
)


def incidents(store: Store, now: Now) -> Iterator[Cells]:
    """Give head and rows, oldest first; one read per page, so that no alarm waits for an export."""
    yield INCIDENTS
    last, full = 0, True
    while full:
        with store.read() as db:
            zone = db.setting("time_zone", "WIB")
            rows: list[Incident] = db.all(
                "SELECT * FROM incidents WHERE id > ? AND confidential = 0 ORDER BY id LIMIT ?", last, PAGE
            )
        full = len(rows) == PAGE
        for row in rows:
            last = row["id"]
            yield _incident(row, zone)


def _incident(row: Incident, zone: str) -> Cells:
    answered = row["answered_ms"] and (row["answered_ms"] - row["opened_ms"]) // 1000
    return (
        *(row["slug"], words.kind(row["kind"]), words.STATES[row["state"]], row["zone"], row["house"]),
        *(local_date_time(row["opened_wall"], zone), local_date_time(row["answered_wall"], zone)),
        *(row["answered_by"], answered, local_date_time(row["closed_wall"], zone), code_words.closed_by(row)),
        *(code_words.reason(row), "ya" if row["drill"] else "", row["raised_by"]),
    )


def devices(store: Store, now: Now) -> Iterator[Cells]:
    yield DEVICES
    with store.read() as db:
        rows = view.devices(db, now, view.device_order(db, now))
    for one in rows:
        yield (
            *(one["label"], one["role_word"], one["zone"], one["house"], one["place"], one["state"]),
            *(one["heard"], one["volts"], one["days_left"], one["tested"]),
        )


DRILLS = (
    *("nomor", "RT", "dibuka", "sampai", "yang dilatih", "tombol ikut", "dari", "pos berbunyi", "dari"),
    *("detik sampai bunyi", "detik sampai dijawab", "tidak dijawab", "hadir", "catatan"),
)


def held_drills(store: Store, now: Now) -> Iterator[Cells]:
    """Give drills that were held, oldest first; seconds are medians."""
    yield DRILLS
    with store.read() as db:
        zone = db.setting("time_zone", "WIB")
        numbers = [row["id"] for row in db.all("SELECT id FROM drills WHERE ends_ms IS NOT NULL ORDER BY id")]
    for number in numbers:  # a read of its own for each: no alarm waits for an export
        with store.read() as db:
            row = drills.find(db, number)
            found = drill_results.of(db, now, row)
        posts = found["posts"]
        yield (
            *(number, drills.area(row["zone"]), local_date_time(row["opened_wall"], zone)),
            *(local_date_time(row["ends_wall"], zone), row["what"], found["took_part"], found["buttons"]),
            *(sum(one["sounded"] > 0 for one in posts), len(posts)),
            *((found["siren_s"] or ("",))[0], (found["answer_s"] or ("",))[0], found["unanswered"]),
            *(row["people"], row["note"]),
        )


HOUSES = ("RT", "rumah", "patokan", "keluarga", *coverage.LACKS, "yang kurang")


def covered(store: Store, now: Now) -> Iterator[Cells]:
    """Give every house where people live, by RT and number, without a name."""
    yield HOUSES
    with store.read() as db:
        found = coverage.houses(db, now)
    for one in found:
        yield (
            *(one["zone"], one["number"], one["place"], one["families"]),
            *("ya" if name in one["has"] else "tidak" for name in coverage.LACKS),
            ", ".join(coverage.LACKS[name] for name in coverage.lacks(one)),
        )


WATCH = (
    *("RT", "regu", "mulai", "sampai", "nama", "keadaan", "datang", "cara", "kabar aman", "rumah dilewati"),
    *("menggantikan", "tidak dihitung karena"),
)


def watched(store: Store, now: Now) -> Iterator[Cells]:
    """Give every person's part in every turn of the ronda that is kept, oldest first."""
    yield WATCH
    with store.read() as db:
        zone, found = db.setting("time_zone", "WIB"), attendance.lines(db, 0, now.wall + 1)
    for one in found:
        turn = one["turn"]
        yield (
            *(turn["zone"], turn["name"], local_date_time(turn["begin_wall"], zone)),
            *(local_date_time(turn["end_wall"], zone), one["person"], attendance.STATES[one["state"]]),
            *(local_date_time(one["came_wall"], zone), turns.WAYS.get(one["way"], ""), one["well"]),
            *(one["houses"], one["instead_of"], turns.DOUBTS.get(turn["doubt"], "")),
        )


def as_csv(rows: Iterable[Cells]) -> Iterator[str]:
    """Give pieces of UTF-8 text with a byte order mark, which spreadsheets ask for."""
    out = io.StringIO("\ufeff")
    out.seek(0, io.SEEK_END)
    writer = csv.writer(out)
    for number, row in enumerate(rows, 1):
        writer.writerow([safe(value) for value in row])
        if number % 500 == 0:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()


def as_xlsx(rows: Iterable[Cells], path: Path) -> None:
    """Write the workbook to `path`, row by row: memory does not grow with it."""
    import xlsxwriter

    book = xlsxwriter.Workbook(
        path, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet("kentongan")
    bold = book.add_format({"bold": True})
    for number, row in enumerate(rows):
        if number > XLSX_ROWS:
            break
        for column, value in enumerate(row):
            if isinstance(value, int):
                sheet.write_number(number, column, value)
            else:
                sheet.write_string(number, column, safe(value), bold if number == 0 else None)
    book.close()
