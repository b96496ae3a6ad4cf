"""Coverage: every household of each RT, and what it lacks of being protected.

Each house that somebody lives in counts, whether the register knows it or its button alone: a household
that is in no list is the one that nobody asks about. A house with several family heads is that many
households (KK); one without any registered head is one.
"""

from collections.abc import Iterable, Mapping
from typing import TypedDict

from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import Text, _
from kentongan_hub.base.tables import Row
from kentongan_hub.storage.store import Db

TESTED_MS = 30 * 86_400_000
DRILLED_MS = 365 * 86_400_000  # a year back: by the calendar every house would be red from January on
REGISTERED, BUTTON, TESTED, DRILLED = "terdaftar", "bertombol", "diuji", "dilatih"
LACKS: dict[str, Text] = {
    REGISTERED: _("belum ada orang terdaftar"),
    BUTTON: _("belum ada tombol"),
    TESTED: _("tombol tidak diuji dalam 30 hari"),
    DRILLED: _("tidak ikut latihan dalam setahun"),
}


class House(TypedDict):
    """A house where people live; `has`: those of LACKS that it does not lack."""

    zone: int
    number: int
    place: str
    families: int
    has: frozenset[str]


class Area(TypedDict):
    """Households of an RT, 0: of all, and how many of them have each."""

    zone: int
    families: int
    counts: dict[str, int]


def houses(db: Db, now: Now) -> list[House]:
    """List every house where people live, by RT and number."""
    found: dict[tuple[int, int], Row] = {}
    for row in db.all("SELECT zone, number, place, occupied FROM houses"):
        found[row["zone"], row["number"]] = row
    lived = db.all(
        "SELECT zone, house, sum(head) AS heads FROM people WHERE house > 0 AND erased_wall IS NULL "
        "GROUP BY zone, house"
    )
    buttons = db.all(
        "SELECT zone, house, max(place) AS place, max(coalesce(tested_ms, 0)) AS tested_ms FROM devices "
        "WHERE role = 'tombol' AND revoked = 0 AND pending = 0 AND house > 0 GROUP BY zone, house"
    )
    heads = {(row["zone"], row["house"]): row["heads"] for row in lived}
    tested = {(row["zone"], row["house"]): row["tested_ms"] for row in buttons}
    for row in (*lived, *buttons):
        known = {"place": row.get("place", ""), "occupied": 1}
        found.setdefault((row["zone"], row["house"]), known)
    practised = drilled(db, now.ms - DRILLED_MS)
    out: list[House] = []
    for (zone, number), row in sorted(found.items()):
        if not row["occupied"]:
            continue
        at = zone, number
        ways = {
            REGISTERED: at in heads,
            BUTTON: at in tested,
            TESTED: tested.get(at, 0) > now.ms - TESTED_MS,
            DRILLED: at in practised,
        }
        has = frozenset(name for name, done in ways.items() if done)
        families = max(1, heads.get(at, 0))
        out.append({"zone": zone, "number": number, "place": row["place"], "families": families, "has": has})
    return out


def drilled(db: Db, since_ms: int) -> set[tuple[int, int]]:
    """Give the (RT, house) of each that pressed in a drill since then, also where a second press was real."""
    rows = db.all(
        "SELECT zone, house FROM incidents INDEXED BY incidents_drills WHERE drill = 1 AND confidential = 0 "
        "AND opened_ms > ? AND house > 0 UNION SELECT i.zone, i.house FROM alarms a "
        "JOIN incidents i ON i.id = a.incident WHERE a.drill = 1 AND i.confidential = 0 "
        "AND i.opened_ms > ? AND i.house > 0",
        *(since_ms, since_ms),
    )
    return {(row["zone"], row["house"]) for row in rows}


def lacks(house: House) -> list[str]:
    return [name for name in LACKS if name not in house["has"]]


def uninhabited(db: Db) -> int:
    """Count the houses of the register where nobody lives; they are in no sum."""
    return db.value("SELECT count(*) FROM houses WHERE occupied = 0") or 0


def areas(found: Iterable[House]) -> list[Area]:
    """Sum up by RT, and all of them last where there are several."""
    out: dict[int, Area] = {}
    for house in found:
        for zone in (house["zone"], 0):
            area = out.setdefault(zone, {"zone": zone, "families": 0, "counts": dict.fromkeys(LACKS, 0)})
            area["families"] += house["families"]
            for name in house["has"]:
                area["counts"][name] += house["families"]
    several = len(out) > 2
    return [out[zone] for zone in sorted(out, key=lambda zone: zone or 256) if zone or several]


def total(found: Iterable[House]) -> Area:
    """Sum up all RTs."""
    empty: Area = {"zone": 0, "families": 0, "counts": dict.fromkeys(LACKS, 0)}
    every = areas(found)
    return every[-1] if every else empty


def names(db: Db, found: Iterable[House]) -> Mapping[tuple[int, int], str]:
    """Give {(RT, house): the name by which people know it}, for who may read the register."""
    wanted = {(house["zone"], house["number"]) for house in found}
    rows = db.all(
        "SELECT zone, house, name FROM people WHERE house > 0 AND erased_wall IS NULL ORDER BY head, id DESC"
    )
    return {(row["zone"], row["house"]): row["name"] for row in rows if (row["zone"], row["house"]) in wanted}
