"""A list of houses and people, looked at row by row before anything of it is stored, and stored once.

The rules of the register hold (residents.py): nobody is stored whose row does not say that they agreed, and a
health note needs a consent of its own. What is there already is left as it is: the same list twice adds
nothing twice, and a list changes nobody.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import codes
from kentongan_hub.base.clock import Now
from kentongan_hub.base.entries import numerals
from kentongan_hub.base.language import Text, _
from kentongan_hub.base.said import Said
from kentongan_hub.people import residents
from kentongan_hub.people.access import By
from kentongan_hub.people.houses.list_file import Line
from kentongan_hub.record import audit
from kentongan_hub.storage.store import Db

T = TypeVar("T")
SMS = "sms"
RT, HOUSE, PLACE, NAME, AGREED = "rt", "rumah", "patokan", "nama", "setuju"
HEAD, PHONE, HEALTH, HEALTH_AGREED = "kepala", "telepon", "kesehatan", "setuju kesehatan"
COLUMNS = (RT, HOUSE, PLACE, NAME, HEAD, PHONE, AGREED, HEALTH, HEALTH_AGREED)
WORDS = {  # as people head their columns, in small letters and without signs
    HOUSE: ("no", "no rumah", "nomor", "nomor rumah", "nomer rumah", "house"),
    PLACE: ("gang", "blok", "letak", "alamat", "alamat rumah", "place"),
    NAME: ("nama lengkap", "nama warga", "nama kepala keluarga", "name"),
    HEAD: ("kk", "kepala keluarga", "head"),
    PHONE: (
        "hp",
        "no hp",
        "nomor hp",
        "no telepon",
        "nomor telepon",
        "no telp",
        "telp",
        "wa",
        "no wa",
        "phone",
    ),
    AGREED: ("persetujuan", "setuju data", "consent"),
    HEALTH: ("catatan kesehatan", "health"),
    HEALTH_AGREED: ("persetujuan kesehatan", "setuju catatan kesehatan", "health consent"),
}
KNOWN = {word: column for column, some in WORDS.items() for word in some} | {name: name for name in COLUMNS}
YES, NO = (
    ("ya", "y", "yes", "1", "x", "v", "✓", "✔", "setuju", "true"),
    ("", "tidak", "t", "no", "n", "0", "-", "false"),
)
_RT = re.compile(r"(?:rt)?[\s.]*0*(\d{1,3})(?:\s*/\s*(?:rw)?[\s.]*\d+)?", re.IGNORECASE)
_HOUSE = re.compile(r"(?:rumah|no|nomor)?[\s.]*0*(\d{1,5})", re.IGNORECASE)
NEW, THERE, WRONG = "baru", "sudah", "salah"


class Row(NamedTuple):
    """A row of the list as it will be stored, or with the reasons why not."""

    number: int
    state: str
    cells: Mapping[str, str]  # as they were written, for the page
    problems: Sequence[Text] = ()
    note: Text | str = ""
    zone: int = 0
    house: int = 0
    name: str = ""


def table(lines: Sequence[Line]) -> tuple[list[tuple[int, dict[str, str]]], list[str]]:
    """Give ([(number of the line, {column: cell})], headings that are not read)."""
    if not lines:
        raise LocalError(_("daftar: masih kosong"))
    heads = [KNOWN.get(_plain(cell), "") for cell in lines[0].cells]
    for needed in (HOUSE,):
        if needed not in heads:
            raise LocalError(
                _("daftar: baris %(number)s harus menyebut kolomnya, paling sedikit %(needed)s; "
                  "kolom: %(columns)s", number=lines[0].number, needed=needed, columns=", ".join(COLUMNS))
            )  # fmt: skip
    twice = [name for name in heads if name and heads.count(name) > 1]
    if twice:
        raise LocalError(_("daftar: kolom %(name)s ada dua; hapus satu", name=twice[0]))
    unread = [
        cell.strip() for cell, head in zip(lines[0].cells, heads, strict=True) if not head and cell.strip()
    ]
    out = []
    for line in lines[1:]:
        cells = {
            head: audit.clean(cell).strip() for head, cell in zip(heads, line.cells, strict=False) if head
        }
        if any(cells.values()):
            out.append((line.number, cells))
    if not out:
        raise LocalError(_("daftar: di bawah nama kolom tidak ada baris"))
    return out, unread


def _plain(head: str) -> str:
    return re.sub(r"[\W_]+", " ", head.strip().lower()).strip()


def look(db: Db, rows: Iterable[tuple[int, Mapping[str, str]]]) -> list[Row]:
    """Say of each row whether it is new, there already, or wrong and why. Stores nothing."""
    own = db.number("rt", 1)
    houses = {(one["zone"], one["number"]) for one in db.all("SELECT zone, number FROM houses")}
    people = {
        (one["zone"], one["house"], one["name"].casefold())
        for one in db.all("SELECT zone, house, name FROM people WHERE erased_wall IS NULL AND house > 0")
    }
    first: dict[tuple[int, int, str], int] = {}
    out = []
    for number, cells in rows:
        row = _row(db, own, number, cells)
        key = row.zone, row.house, " ".join(row.name.split()).casefold()
        there = key in people if row.name else key[:2] in houses
        if row.state == NEW and key in first:
            row = row._replace(state=THERE, note=_("sama dengan baris %(number)s", number=first[key]))
        elif row.state == NEW and there:
            row = row._replace(state=THERE, note=_("sudah terdaftar, tidak diubah"))
        if row.state != WRONG:
            first.setdefault(key, number)
        out.append(row)
    return out


def _row(db: Db, own: int, number: int, cells: Mapping[str, str]) -> Row:
    problems: list[Text] = []

    def tried(deed: Callable[[], T], otherwise: T) -> T:
        try:
            return deed()
        except LocalError as error:
            said = error.args[0] if error.args else ""
            problems.append(said if isinstance(said, Text) else Text(str(error)))
            return otherwise

    zone = tried(lambda: _zone(cells.get(RT, ""), own), 0)
    house = tried(lambda: _house(cells.get(HOUSE, "")), 0)
    tried(lambda: residents.check_place(cells.get(PLACE, "")), "")
    name = " ".join(cells.get(NAME, "").split())
    if name:
        agreed = tried(lambda: _yes(AGREED, cells.get(AGREED, "")), True)
        allowed = tried(lambda: _yes(HEALTH_AGREED, cells.get(HEALTH_AGREED, "")), True)
        tried(lambda: _yes(HEAD, cells.get(HEAD, "")), False)
        tried(lambda: residents.check_consent(agreed), None)
        tried(lambda: residents.check_health(cells.get(HEALTH, ""), allowed), "")
        tried(lambda: residents.check_name(name), "")
        if cells.get(PHONE):
            tried(lambda: residents.check_address(db, SMS, _phone(cells[PHONE]), 0), "")
    elif any(cells.get(column) for column in (HEAD, PHONE, HEALTH)):
        problems.append(_("nama: masih kosong; isi, atau kosongkan juga kolom lain tentang orangnya"))
    state = WRONG if problems else NEW
    return Row(number, state, cells, problems, "", zone, house, name)


def _zone(text: str, own: int) -> int:
    if not text:
        return own
    found = _RT.fullmatch(text)
    zone = numerals.whole(found[1], 1, 255) if found else None
    if zone is None:
        raise LocalError(_("RT %(value)s: tulis angka 1 sampai 255, atau kosongkan", value=repr(text[:20])))
    return zone


def _house(text: str) -> int:
    found = _HOUSE.fullmatch(text)
    number = numerals.whole(found[1], 1, residents.HOUSE_MAX) if found else None
    if number is None:
        raise LocalError(_("rumah %(value)s: tulis angka saja, seperti 7; huruf dan blok di kolom patokan",
                           value=repr(text[:20])))  # fmt: skip
    return number


def _yes(column: str, text: str) -> bool:
    word = text.casefold()
    if word not in YES and word not in NO:
        raise LocalError(_("%(column)s %(value)s: tulis ya atau tidak", column=column, value=repr(text[:20])))
    return word in YES


def _phone(text: str) -> str:
    """Give back the 0 that a spreadsheet takes from a number."""
    return f"0{text}" if re.fullmatch(r"8\d{7,}", text) else text


def store(db: Db, now: Now, by: By, rows: Iterable[Row], at: str = "") -> tuple[int, int]:
    """Store the rows that are new; (people, houses). Call look() in the same transaction before."""
    people, before = 0, db.value("SELECT count(*) FROM houses")
    for row in rows:
        if row.state != NEW:
            continue
        if not db.value("SELECT 1 FROM houses WHERE zone = ? AND number = ?", row.zone, row.house):
            residents.add_house(db, now, by, row.zone, row.house, row.cells.get(PLACE, ""), at)
        if row.name:
            people += 1
            _person(db, now, by, row, at)
    houses = db.value("SELECT count(*) FROM houses") - before
    if people or houses:
        said = Said(codes.PEOPLE_AND_HOUSES, people=people, houses=houses)
        audit.record(db, now.wall, by["login"], codes.LIST_TAKEN_IN, "", said, at)
    return people, houses


def _person(db: Db, now: Now, by: By, row: Row, at: str) -> None:
    cells = row.cells
    person = residents.add_person(
        db, now, by, row.name, row.zone, row.house,
        consent=_yes(AGREED, cells.get(AGREED, "")),
        health=cells.get(HEALTH, ""),
        health_consent=_yes(HEALTH_AGREED, cells.get(HEALTH_AGREED, "")),
        head=_yes(HEAD, cells.get(HEAD, "")),
        at=at,
    )  # fmt: skip
    if cells.get(PHONE):
        residents.add_address(db, now, by, person, SMS, _phone(cells[PHONE]), 0, at)


def withdrawn(db: Db) -> int:
    """Count those who took their consent back: an old list may still name them."""
    return db.value("SELECT count(*) FROM people WHERE withdrawn_wall IS NOT NULL") or 0
