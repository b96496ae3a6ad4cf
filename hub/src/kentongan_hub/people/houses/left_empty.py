"""Rumah kosong (mudik): a house that stands empty from one day to another, and who holds its key.

The days are entered by the wall's calendar and kept in steady time, counted from the moment of entry: a wall
clock that jumps later moves neither begin nor end. The page shows the hub's own date beside the form, for a
clock that is wrong at that moment is wrong for both. After an outage without a clock the end comes late by
the time that the hub was off, never early: a house is rather called empty for a day too long.

Who is away is for those who come to an alarm, and for nobody else: never on a public wall, nor by voice.
"""

import json
from typing import TypedDict

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import codes
from kentongan_hub.base.clock import Now, local_parts, wall_of
from kentongan_hub.base.language import Text, _
from kentongan_hub.base.said import Said
from kentongan_hub.base.tables import Concerns, Person
from kentongan_hub.people import access, residents
from kentongan_hub.people.access import By
from kentongan_hub.record import audit
from kentongan_hub.storage.store import Db, parsed

DAY_MS = 86_400_000
DAYS_MAX = 60
AHEAD_DAYS = 180  # a stay that begins later is a slip of the pen
LISTED_MS = 7 * DAY_MS  # that begins within so long stands on the ronda's list
CHECKS: dict[str, Text] = {
    "gas": _("kompor dan gas dimatikan"),
    "listrik": _("alat listrik dicabut"),
    "keran": _("keran ditutup"),
    "jendela": _("jendela dan pintu dikunci"),
    "lampu": _("lampu depan menyala sendiri"),
    "kunci": _("kunci dititipkan"),
    "nomor": _("nomor yang bisa dihubungi ditinggalkan"),
}


class Stay(TypedDict):
    """A house that is away, or will be; `checked`: of CHECKS; `seen_by`: who of the ronda looked last."""

    zone: int
    number: int
    place: str
    empty_from_ms: int
    empty_to_ms: int
    empty_from_wall: int | None
    empty_to_wall: int | None
    key_holder: str
    key_person: int | None
    empty_checks: str
    seen_wall: int | None
    seen_by: str


def plan(
    db: Db,
    now: Now,
    by: By,
    zone: int,
    number: int,
    begin: str,
    end: str,
    key_person: int = 0,
    checks: tuple[str, ...] = (),
    at: str = "",
) -> None:
    """Let the house be empty from the beginning of day `begin` to the end of day `end`, '2026-12-20'.

    Nobody says it of the own house: who is called would not go in.
    """
    access.may(db, by, touched={(zone, number)})
    clock_zone = db.setting("time_zone", "WIB")
    begin_wall, end_wall = wall_of(begin, "00.00", clock_zone), wall_of(end, "00.00", clock_zone)
    if begin_wall is None or end_wall is None:
        raise LocalError(_("tanggal: tulis hari berangkat dan hari pulang"))
    end_wall += DAY_MS
    today = wall_of(local_parts(now.wall, clock_zone).strftime("%Y-%m-%d"), "00.00", clock_zone) or 0
    if begin_wall < today or begin_wall > today + AHEAD_DAYS * DAY_MS:
        raise LocalError(_("hari berangkat: dari hari ini sampai %(days)s hari lagi", days=AHEAD_DAYS))
    if not 0 < end_wall - begin_wall <= DAYS_MAX * DAY_MS:
        raise LocalError(_("hari pulang: sesudah hari berangkat, paling lama %(most)s hari", most=DAYS_MAX))
    if set(checks) - set(CHECKS):
        raise LocalError(_("Muat ulang halaman."))
    holder = _holder(db, key_person, zone, number) if key_person else None
    changed = db.run(
        "UPDATE houses SET empty_from_ms = ?, empty_to_ms = ?, empty_from_wall = ?, empty_to_wall = ?, "
        "key_holder = '', key_person = ?, empty_checks = ?, seen_wall = NULL, seen_by = '' "
        "WHERE zone = ? AND number = ? AND occupied = 1",
        *(max(now.ms, now.ms + begin_wall - now.wall), now.ms + end_wall - now.wall, begin_wall, end_wall),
        *(holder and holder["id"], json.dumps(sorted(checks)), zone, number),
    )
    if not changed:
        raise LocalError(_("rumah %(number)s di RT %(zone)s: tidak terdaftar, atau tidak berpenghuni",
                           number=number, zone=f"{zone:02d}"))  # fmt: skip
    what = Said(codes.DAYS, days=(end_wall - begin_wall) // DAY_MS)
    audit.record(db, now.wall, by["login"], codes.HOUSE_EMPTY, residents.house_at(zone, number), what, at)


def _holder(db: Db, person: int, zone: int, number: int) -> Person:
    row = db.one("SELECT * FROM people WHERE id = ? AND erased_wall IS NULL", person, of=Person)
    if row is None:
        raise LocalError(_("pemegang kunci: pilih orang dari daftar"))
    if (row["zone"], row["house"]) == (zone, number):
        raise LocalError(_("pemegang kunci: pilih orang dari rumah lain, yang tidak ikut pergi"))
    return row


def end(db: Db, now: Now, by: By, zone: int, number: int, at: str = "") -> None:
    """Take it back: they are at home, or stay."""
    if not db.run(
        "UPDATE houses SET empty_from_ms = NULL, empty_to_ms = NULL, key_holder = '', key_person = NULL, "
        "empty_checks = '[]' WHERE zone = ? AND number = ? AND empty_to_ms > ?",
        *(zone, number, now.ms),
    ):
        raise LocalError(_("Rumah itu tidak tercatat kosong. Muat ulang halaman."))
    said = Said(codes.ENDED)
    audit.record(db, now.wall, by["login"], codes.HOUSE_EMPTY, residents.house_at(zone, number), said, at)


def look_at(db: Db, now: Now, by: By, zone: int, number: int, at: str = "") -> None:
    """Note that the ronda has looked at the house."""
    if not db.run(
        "UPDATE houses SET seen_wall = ?, seen_by = ? WHERE zone = ? AND number = ? AND empty_to_ms > ?",
        *(now.wall, by["name"], zone, number, now.ms),
    ):
        raise LocalError(_("Rumah itu tidak tercatat kosong. Muat ulang halaman."))
    audit.record(db, now.wall, by["login"], codes.HOUSE_LOOKED_AT, residents.house_at(zone, number), "", at)


def listed(db: Db, now: Now) -> list[Stay]:
    """List the houses that are empty now or within a week, the first to begin first."""
    return db.all(
        "SELECT * FROM houses WHERE occupied = 1 AND empty_to_ms > ? AND empty_from_ms < ? "
        "ORDER BY empty_from_ms, zone, number LIMIT 500",
        *(now.ms, now.ms + LISTED_MS),
    )


def later(db: Db, now: Now) -> list[Stay]:
    """List those that begin after listed()."""
    return db.all(
        "SELECT * FROM houses WHERE occupied = 1 AND empty_from_ms >= ? ORDER BY empty_from_ms LIMIT 500",
        now.ms + LISTED_MS,
    )


def unchecked(stay: Stay) -> list[Text]:
    """List what nobody has ticked of the list of what to do before leaving."""
    done = parsed(stay["empty_checks"], list)
    return [text for key, text in CHECKS.items() if key not in done]


def holder_name(db: Db, stay: Stay) -> str:
    name = db.value("SELECT name FROM people WHERE id = ? AND erased_wall IS NULL", stay["key_person"])
    return name or stay["key_holder"]


def _away(db: Db, at_ms: int, zone: int, number: int) -> Stay | None:
    row = db.one("SELECT * FROM houses WHERE zone = ? AND number = ?", zone, number, of=Stay)
    if not number or row is None or row["empty_to_ms"] is None:
        return None
    return row if row["empty_from_ms"] <= at_ms < row["empty_to_ms"] else None


def is_away(db: Db, now: Now, zone: int, number: int) -> bool:
    """Tell whether this house stands empty now."""
    return _away(db, now.ms, zone, number) is not None


def key_person(db: Db, incident: Concerns) -> int | None:
    """Give who holds the key of an incident's house and is called for it; never of a silent one."""
    if incident["confidential"]:
        return None
    stay = _away(db, incident["opened_ms"], incident["zone"], incident["house"])
    return stay["key_person"] if stay else None


def note(db: Db, at_ms: int, zone: int, number: int) -> str:
    """Say 'RUMAH KOSONG, jangan masuk sendirian. Kunci: Budi.' to who comes, while it is; else ''."""
    stay = _away(db, at_ms, zone, number)
    lived = db.value("SELECT occupied FROM houses WHERE zone = ? AND number = ?", zone, number)
    if stay is None and (not number or lived is None or lived):
        return ""
    holder = holder_name(db, stay) if stay else ""
    if holder:
        return _("RUMAH KOSONG, jangan masuk sendirian. Kunci: %(key_holder)s.", key_holder=holder)
    return _("RUMAH KOSONG, jangan masuk sendirian.")
