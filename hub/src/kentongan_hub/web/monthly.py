"""A month by the record, for a sheet of paper: alarms by kind, how fast posts and people were, drills.

Confidential incidents are counted nowhere in it, as in no export: a number alone would tell of them.
"""

from statistics import median
from typing import NamedTuple

from kentongan_hub.base import states, words
from kentongan_hub.base.clock import Now, local_date_time, local_parts, wall_of
from kentongan_hub.base.entries import numerals
from kentongan_hub.base.tables import Incident
from kentongan_hub.incidents.alarms import SOUNDING
from kentongan_hub.incidents.drills import drills
from kentongan_hub.incidents.tables import Drill
from kentongan_hub.storage.store import Db
from kentongan_hub.web import drill_results
from kentongan_hub.web.view import Shown

YEARS = 2000, 9998
ROWS_LIMIT = 5_000  # alarms of a month; SQLite takes six times as many values


class Month(NamedTuple):
    year: int
    number: int

    @property
    def address(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    @property
    def shown(self) -> str:
        return f"{self.number:02d}/{self.year}"

    def other(self, step: int) -> "Month":
        """Give the month that many later."""
        year, number = divmod(self.year * 12 + self.number - 1 + step, 12)
        return Month(year, number + 1)

    def begin(self, zone: str) -> int:
        """Give the wall time of its first moment in that zone."""
        return wall_of(f"{self.address}-01", "00.00", zone) or 0


def read(text: str, now: Now, zone: str) -> Month:
    """Read '2026-11'; this month where nothing of ours can have sent it."""
    year, _dash, number = text.partition("-")
    found = numerals.whole(year, *YEARS), numerals.whole(number, 1, 12)
    if found[0] is None or found[1] is None:
        here = local_parts(now.wall, zone)
        return Month(here.year, here.month)
    return Month(found[0], found[1])


def of(db: Db, now: Now, month: Month, zone: str) -> Shown:
    """Sum a month up: {"kinds": a line each, "all", "drills", "practice": alarms that were drills, ...}."""
    begin, end = month.begin(zone), month.other(1).begin(zone)
    rows: list[Incident] = db.all(
        "SELECT * FROM incidents WHERE confidential = 0 AND opened_wall >= ? AND opened_wall < ? "
        "ORDER BY id LIMIT ?",
        *(begin, end, ROWS_LIMIT),
    )
    earnest = [row for row in rows if not row["drill"]]
    siren_s = _siren_s(db, earnest)
    by_kind: dict[int, list[Incident]] = {}
    for row in earnest:
        by_kind.setdefault(row["kind"], []).append(row)
    lines = [_line(some, siren_s) | {"title": words.kind(kind)} for kind, some in sorted(by_kind.items())]
    held: list[Drill] = db.all(
        "SELECT * FROM drills WHERE opened_wall >= ? AND opened_wall < ? ORDER BY opened_wall", begin, end
    )
    return {
        "kinds": lines,
        "all": _line(earnest, siren_s),
        "practice": len(rows) - len(earnest),
        "drills": [_drill(db, row, zone) for row in held],
        "full": len(rows) == ROWS_LIMIT,
        "runs": begin <= now.wall < end,
    }


def _line(rows: list[Incident], siren_s: dict[int, int]) -> Shown:
    """Sum alarms up. One that was told late says nothing of how fast anybody was."""
    quick = [row for row in rows if not row["late"]]
    answers = [
        (row["answered_ms"] - row["opened_ms"]) // 1000 for row in quick if row["answered_ms"] is not None
    ]
    sounded = [siren_s[row["id"]] for row in quick if row["id"] in siren_s]
    return {
        "count": len(rows),
        "mistaken": sum(row["state"] == states.KELIRU for row in rows),
        "unanswered": sum(row["answered_ms"] is None and not row["merged_into"] for row in rows),
        "late": len(rows) - len(quick),
        "siren": _middle(sounded),
        "answer": _middle(answers),
    }


def _middle(seconds: list[int]) -> Shown | None:
    """Give the median, the longest and of how many; None of nothing."""
    if not seconds:
        return None
    middle, longest = int(median(seconds)), max(seconds)
    return {"middle": words.span(middle), "longest": words.span(longest), "of": len(seconds)}


def _siren_s(db: Db, rows: list[Incident]) -> dict[int, int]:
    """Give {incident: seconds, at most, from when a gateway heard the press until it heard of a siren}."""
    marks = ", ".join("?" * len(rows)) or "NULL"
    found = db.all(
        "SELECT a.incident, min((r.at_ms - a.at_ms) / 1000 + 1) AS seconds FROM alarms a "
        "JOIN siren_reports r ON r.origin = a.device AND r.counter = a.counter AND r.gateway = a.gateway "
        "AND r.boot_id = a.boot_id AND r.at_ms >= a.at_ms "
        f"WHERE a.incident IN ({marks}) AND r.state IN ({', '.join(map(str, SOUNDING))}) GROUP BY a.incident",
        *[row["id"] for row in rows],
    )
    return {row["incident"]: row["seconds"] for row in found}


def _drill(db: Db, row: Drill, zone: str) -> Shown:
    found = drill_results.summary(db, row)
    return {
        "id": row["id"],
        "when": local_date_time(row["opened_wall"], zone),
        "area": drills.area(row["zone"]),
        "what": row["what"],
        "people": row["people"],
        "took_part": found["took_part"],
        "buttons": found["buttons"],
        "sounded": sum(bool(post["sounded"]) for post in found["posts"]),
        "posts": len(found["posts"]),
        "answer": found["answer_s"] and words.span(found["answer_s"][0]),
    }
