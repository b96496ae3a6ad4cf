"""Attendance at the watch, by person and by turn: who came, had leave, was replaced, and what nobody knows.

A turn in doubt (turns.py) counts for who came and against nobody.
"""

from typing import TypedDict

from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import Text, _
from kentongan_hub.people.watch import roster, turns
from kentongan_hub.people.watch.turns import Turn
from kentongan_hub.storage.store import Db

CAME, MISSED, LEAVE, REPLACED, UNKNOWN, HELPED, RUNS = (
    *("came", "missed", "leave", "replaced", "unknown", "helped", "runs"),
)
STATES: dict[str, Text] = {
    CAME: _("hadir"),
    MISSED: _("tidak hadir"),
    LEAVE: _("izin"),
    REPLACED: _("digantikan"),
    HELPED: _("ikut membantu"),
    UNKNOWN: _("tidak dihitung"),
    RUNS: _("sedang berjalan"),
}
TURNS_LIMIT = 2_000


class Line(TypedDict):
    """One person's part in one turn."""

    turn: Turn
    account: int
    person: str
    state: str
    way: str  # of the first sign
    came_wall: int | None
    well: int
    houses: int
    instead_of: str


class Person(TypedDict):
    account: int
    name: str
    squads: list[str]
    counts: dict[str, int]
    well: int
    houses: int


def lines(db: Db, begin_wall: int, end_wall: int) -> list[Line]:
    """List every person's part in the turns that began in this stretch, oldest first."""
    rows: list[Turn] = db.all(
        "SELECT t.*, q.name, q.zone FROM watch_turns t JOIN watch_shifts s ON s.id = t.shift "
        "JOIN watch_squads q ON q.id = s.squad WHERE t.begin_wall >= ? AND t.begin_wall < ? "
        "ORDER BY t.begin_wall, t.id LIMIT ?",
        *(begin_wall, end_wall, TURNS_LIMIT),
    )
    return [line for row in rows for line in _of_turn(db, row)]


def _of_turn(db: Db, row: Turn) -> list[Line]:
    some = turns.marks(db, row["id"])
    duties = {one["account"]: one for one in db.all("SELECT * FROM watch_duties WHERE turn = ?", row["id"])}
    out: list[Line] = []
    for account in {**duties, **{one["account"]: None for one in some}}:
        mine = [one for one in some if one["account"] == account]
        duty = duties.get(account)
        out.append(
            {
                "turn": row,
                "account": account,
                "person": roster.name_of(db, account),
                "state": _state(row, duty["state"] if duty else "", bool(mine)),
                "way": mine[0]["way"] if mine else "",
                "came_wall": mine[0]["at_wall"] if mine else None,
                "well": sum(one["what"] == turns.WELL for one in mine),
                "houses": len({(one["zone"], one["house"]) for one in mine if one["what"] == turns.HOUSE}),
                "instead_of": roster.name_of(db, duty["instead_of"]) if duty else "",
            }
        )
    return sorted(out, key=lambda line: (line["person"], line["account"]))


def _state(row: Turn, duty: str, came: bool) -> str:
    if came:
        return CAME if duty == roster.DUE else HELPED
    if duty in (roster.EXCUSED, roster.REPLACED):
        return LEAVE if duty == roster.EXCUSED else REPLACED
    if row["doubt"]:
        return UNKNOWN
    return RUNS if row["closed_ms"] is None else MISSED


def people(found: list[Line]) -> list[Person]:
    """Sum the lines up by person, by name."""
    out: dict[int, Person] = {}
    for line in found:
        empty: Person = {"account": line["account"], "name": line["person"], "squads": [], "counts": {},
                         "well": 0, "houses": 0}  # fmt: skip
        one = out.setdefault(line["account"], empty)
        one["counts"][line["state"]] = one["counts"].get(line["state"], 0) + 1
        one["well"] += line["well"]
        one["houses"] += line["houses"]
        squad = roster.label(line["turn"]["zone"], line["turn"]["name"])
        if squad not in one["squads"]:
            one["squads"].append(squad)
    return sorted(out.values(), key=lambda one: (one["name"], one["account"]))


class Unkept(TypedDict):
    """Turns of a stretch by what became of them."""

    held: int
    unmanned: int
    doubtful: int


def turns_of(db: Db, now: Now, found: list[Line], begin_wall: int, end_wall: int) -> Unkept:
    """Count the turns that are over: held by somebody, by nobody, and those in doubt."""
    came = {line["turn"]["id"] for line in found if line["came_wall"] is not None}
    rows: list[Turn] = db.all(
        "SELECT * FROM watch_turns WHERE begin_wall >= ? AND begin_wall < ? AND closed_ms IS NOT NULL",
        *(begin_wall, end_wall),
    )
    return {
        "held": sum(row["id"] in came for row in rows),
        "unmanned": sum(row["id"] not in came and not row["doubt"] for row in rows),
        "doubtful": sum(row["id"] not in came and bool(row["doubt"]) for row in rows),
    }
