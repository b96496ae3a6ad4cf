"""The post's 24 hours, for the board: who has it now, who is there, and who comes next."""

from typing import TypedDict

from kentongan_hub.base.clock import Now, local_date_time, local_time
from kentongan_hub.people.watch import roster, turns
from kentongan_hub.storage.store import Db

AHEAD_MS = 7 * 86_400_000


class Running(TypedDict):
    squad: str
    until: str
    there: list[str]
    silent_since: str  # '' while the hourly word has come


class Next(TypedDict):
    squad: str
    when: str


class Post(TypedDict):
    kept: bool  # there is a roster at all
    now: list[Running]
    next: Next | None


def post(db: Db, now: Now) -> Post:
    """Tell who keeps the post by what they said, not by what the roster hopes."""
    zone = db.setting("time_zone", "WIB")
    if not db.value("SELECT 1 FROM watch_shifts WHERE ended_wall IS NULL LIMIT 1"):
        return {"kept": False, "now": [], "next": None}
    ahead = [one for one in roster.turns(db, now.wall, now.wall + AHEAD_MS) if one.begin_wall > now.wall]
    first = ahead[0] if ahead else None
    return {
        "kept": True,
        "now": [_now(db, now, row, zone) for row in turns.running(db)],
        "next": {
            "squad": roster.label(first.zone, first.name),
            "when": local_date_time(first.begin_wall, zone),
        }
        if first
        else None,
    }


def _now(db: Db, now: Now, row: turns.Turn, zone: str) -> Running:
    some = turns.marks(db, row["id"])
    silent = bool(some) and some[-1]["what"] != turns.HANDED and now.ms - some[-1]["at_ms"] >= turns.WELL_MS
    return {
        "squad": roster.label(row["zone"], row["name"]),
        "until": local_time(row["end_wall"], zone),
        "there": turns.there(some),
        "silent_since": local_time(some[-1]["at_wall"], zone) if silent else "",
    }
