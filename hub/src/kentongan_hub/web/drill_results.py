"""The results of a drill: presses, posts that sounded and their times, answers and theirs."""

from statistics import median

from kentongan_hub.base.clock import Now
from kentongan_hub.base.tables import Incident, Row
from kentongan_hub.incidents.alarms import SOUNDING
from kentongan_hub.incidents.drills import drills
from kentongan_hub.incidents.tables import Drill
from kentongan_hub.storage.store import Db
from kentongan_hub.web import view
from kentongan_hub.web.view import Shown


def summary(db: Db, drill: Drill) -> Shown:
    """Sum up a drill that has begun, in few queries: {"took_part", "buttons", "posts", "answer_s", ...}."""
    rows = drills.alarms(db, drill)
    buttons, took_part = _counts(db, drill, drills.pressed(db, drill))
    answers = [(row["answered_ms"] - row["opened_ms"]) // 1000 for row in rows if row["answered_ms"]]
    return {
        "buttons": buttons,
        "took_part": took_part,
        "posts": _posts(db, drill, rows),
        "answer_s": _spread(answers),
        "unanswered": len(rows) - len(answers),
    }


def of(db: Db, now: Now, drill: Drill) -> Shown:
    """Give the summary, and for each press its comers and the time until a post reported sounding."""
    rows = drills.alarms(db, drill)
    pressed, devices = [_press(db, now, row) for row in rows], drills.pressed(db, drill)
    return {
        **summary(db, drill),
        "pressed": pressed,
        "missing": [one for one in _devices(db, drill, "tombol") if one["node"] not in devices],
        "siren_s": _spread([one["siren_s"] for one in pressed if one["siren_s"] is not None]),
        "comers": list(dict.fromkeys(name for one in pressed for name in one["comers"])),
        "in_earnest": _in_earnest(db, drill),
    }


def _in_earnest(db: Db, drill: Drill) -> list[Row]:
    """List real alarms of these minutes: people may have to explain a second press."""
    return db.all(
        "SELECT slug, house FROM incidents INDEXED BY incidents_opened WHERE drill = 0 AND confidential = 0 "
        "AND opened_ms >= ? AND opened_ms < ? AND (? = 0 OR zone = ?) ORDER BY opened_ms LIMIT 50",
        *drills.window(drill),
    )


# those in service when it ended, in the drill's RT
_SERVED = "role = ? AND pending = 0 AND revoked = 0 AND created_ms < ? AND (? = 0 OR zone = ?)"


def _devices(db: Db, drill: Drill, role: str) -> list[Row]:
    return db.all(
        f"SELECT node, label, zone, house, place, senses FROM devices WHERE {_SERVED} "
        "ORDER BY zone, house, label",
        *(role, drill["ends_ms"], drill["zone"], drill["zone"]),
    )


def _counts(db: Db, drill: Drill, pressed: set[int]) -> tuple[int, int]:
    """Count (buttons, those of them that pressed)."""
    marks = ", ".join("?" * len(pressed)) or "NULL"
    row: dict[str, int] | None = db.one(
        f"SELECT count(*) AS n, coalesce(sum(node IN ({marks})), 0) AS pressed FROM devices WHERE {_SERVED}",
        *pressed,
        *("tombol", drill["ends_ms"], drill["zone"], drill["zone"]),
    )
    return (row["n"], row["pressed"]) if row else (0, 0)


def _press(db: Db, now: Now, row: Incident) -> Shown:
    zone = db.setting("time_zone", "WIB")
    shown = view.card(db, now, row, zone)
    answer_s = row["answered_ms"] and (row["answered_ms"] - row["opened_ms"]) // 1000
    keys = ("slug", "title", "house", "label", "time", "sirens", "comers")
    return {**{key: shown[key] for key in keys}, "answer_s": answer_s, "siren_s": _first_s(shown["sirens"])}


def _first_s(posts: list[Shown]) -> int | None:
    """Give seconds until the first post had reported sounding, an upper bound; None when none did."""
    return min((one["below_s"] for one in posts if one["below_s"] is not None), default=None)


def _posts(db: Db, drill: Drill, rows: list[Incident]) -> list[Shown]:
    """List the posts, each with the number of alarms it sounded for and failed at, by its own word."""
    marks = ", ".join("?" * len(rows)) or "NULL"
    heard = db.all(
        "SELECT DISTINCT r.post, a.incident, r.state FROM alarms a JOIN siren_reports r "
        f"ON r.origin = a.device AND r.counter = a.counter WHERE a.incident IN ({marks})",
        *[row["id"] for row in rows],
    )
    told: dict[int, set[int]] = {}
    sounded: dict[int, set[int]] = {}
    for one in heard:
        told.setdefault(one["post"], set()).add(one["incident"])
        if one["state"] in SOUNDING:
            sounded.setdefault(one["post"], set()).add(one["incident"])
    out = []
    for post in _devices(db, drill, "sirene"):
        good = sounded.get(post["node"], set())
        failed = told.get(post["node"], set()) - good
        out.append({**post, "sounded": len(good), "failed": len(failed), "of": len(rows)})
    return out


def _spread(seconds: list[int]) -> tuple[int, int] | None:
    """Give (median, longest) or None."""
    return (int(median(seconds)), max(seconds)) if seconds else None
