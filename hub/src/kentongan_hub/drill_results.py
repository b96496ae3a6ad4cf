"""What came of a drill: who pressed, which posts sounded and how fast, who answered and how fast."""

from statistics import median

from kentongan_hub import drills, view
from kentongan_hub.alarms import SOUNDING


def summary(db, drill):
    """{"took_part", "buttons", "posts", "answer_s", ...} of a drill that has begun, in few queries."""
    rows = drills.alarms(db, drill)
    pressed = {row["device"] for row in rows}
    buttons = _devices(db, drill, "tombol")
    answers = [(row["answered_ms"] - row["opened_ms"]) // 1000 for row in rows if row["answered_ms"]]
    return {
        "buttons": len(buttons),
        "took_part": sum(one["node"] in pressed for one in buttons),
        "missing": [one for one in buttons if one["node"] not in pressed],
        "posts": [_post(db, one, rows) for one in _devices(db, drill, "sirene")],
        "answer_s": _spread(answers),
        "unanswered": len(rows) - len(answers),
    }


def of(db, drill):
    """The summary, and for each press who came and how fast a post had reported sounding."""
    pressed = [_press(db, row) for row in drills.alarms(db, drill)]
    return {
        **summary(db, drill),
        "pressed": pressed,
        "siren_s": _spread([one["siren_s"] for one in pressed if one["siren_s"] is not None]),
        "comers": list(dict.fromkeys(name for one in pressed for name in one["comers"])),
        "in_earnest": _in_earnest(db, drill),
    }


def _in_earnest(db, drill):
    """Alarms of these minutes that were none: people may have to explain a second press."""
    return db.all(
        "SELECT slug, house FROM incidents INDEXED BY incidents_opened WHERE drill = 0 AND confidential = 0 "
        "AND opened_ms >= ? AND opened_ms < ? AND (? = 0 OR zone = ?) ORDER BY opened_ms LIMIT 50",
        *drills.window(drill),
    )


def _devices(db, drill, role):
    """Those in service when it ended, in the drill's RT."""
    return db.all(
        "SELECT node, label, zone, house, place, senses FROM devices WHERE role = ? AND pending = 0 "
        "AND revoked = 0 AND created_wall < ? AND (? = 0 OR zone = ?) ORDER BY zone, house, label",
        role,
        drill["ends_wall"],
        drill["zone"],
        drill["zone"],
    )


def _press(db, row):
    zone = db.setting("time_zone", "WIB")
    shown = view.card(db, row, zone)
    answer_s = row["answered_ms"] and (row["answered_ms"] - row["opened_ms"]) // 1000
    keys = ("slug", "title", "house", "label", "time", "sirens", "comers")
    return {**{key: shown[key] for key in keys}, "answer_s": answer_s, "siren_s": _first_s(shown["sirens"])}


def _first_s(posts):
    """Seconds after which the first post had reported sounding, an upper bound; None when none did."""
    return min((one["below_s"] for one in posts if one["below_s"] is not None), default=None)


def _post(db, post, rows):
    """How many of the drill's alarms this post sounded for, by its own word."""
    marks = ", ".join("?" * len(rows)) or "NULL"
    heard = db.all(
        "SELECT DISTINCT a.incident, r.state FROM alarms a JOIN siren_reports r ON r.origin = a.device "
        f"AND r.counter = a.counter AND r.post = ? WHERE a.incident IN ({marks})",
        post["node"],
        *[row["id"] for row in rows],
    )
    sounded = {one["incident"] for one in heard if one["state"] in SOUNDING}
    failed = {one["incident"] for one in heard} - sounded
    return {**post, "sounded": len(sounded), "failed": len(failed), "of": len(rows)}


def _spread(seconds):
    """(median, longest) or None."""
    return (int(median(seconds)), max(seconds)) if seconds else None
