"""Retention periods by kind. At its end the words go; the row and its place in the chain stay.

Its days are those that have surely passed (away.py): a wrong clock may keep words longer, never shorter.
"""

import json
from collections.abc import Mapping

from kentongan_wire.base.errors import LocalError
from kentongan_wire.message import messages as m

from kentongan_hub.base import codes, words
from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import _
from kentongan_hub.base.said import HUB
from kentongan_hub.base.tables import Account, Incident
from kentongan_hub.incidents import photos
from kentongan_hub.incidents.told import announcements, rollcall
from kentongan_hub.people import access
from kentongan_hub.people.watch import turns
from kentongan_hub.record import audit, away, chain, timeline
from kentongan_hub.storage.store import Db, parsed

DAY_MS = 86_400_000
CONFIDENTIAL = "rahasia"
DEFAULT_DAYS = {CONFIDENTIAL: 90, str(m.KIND_MEDIS): 365}  # domain.md 7: violence 90 days
OTHER_DAYS = 730
LIMITS = (30, 3_650)
KINDS_END = 256
BATCH = 20  # incidents in one round


# of posts, which name who pressed and when; presses that never came are among a public incident's numbers
_REPORTS = (
    "SELECT r.id FROM siren_reports r JOIN incidents i ON i.device = r.origin WHERE i.id = ? "
    "AND (r.counter IN (SELECT counter FROM alarms WHERE incident = i.id) OR i.confidential = 0 "
    "AND r.counter BETWEEN i.first_counter AND i.last_counter)"
)


def days(db: Db) -> dict[str, int]:
    """Read the retention periods by kind: {"rahasia" or a kind's number as text: days}."""
    chosen = parsed(db.setting("retention"))
    told = [kind for kind in words.KINDS if kind != m.KIND_UJI and kind not in words.CONFIDENTIAL_KINDS]
    keys = [CONFIDENTIAL, *map(str, told)]
    return {key: chosen.get(key, DEFAULT_DAYS.get(key, OTHER_DAYS)) for key in keys}


def save(db: Db, now: Now, by: Account, wanted: Mapping[str, int], address: str = "") -> None:
    """Keep the days per kind; LocalError names what is out of range."""
    known = days(db)
    for key, value in wanted.items():
        if key not in known or type(value) is not int or not LIMITS[0] <= value <= LIMITS[1]:
            raise LocalError(_("masa simpan: tulis %(value)s sampai %(value2)s hari",
                               value=LIMITS[0], value2=LIMITS[1]))  # fmt: skip
    db.set_setting("retention", json.dumps({**known, **wanted}))
    audit.record(db, now.wall, by["login"], codes.RETENTION_CHANGED, "", json.dumps(wanted), address)


def due(db: Db, now: Now) -> list[Incident]:
    """List closed incidents whose retention has ended, at most a batch."""
    out, kept_days, gone = [], days(db), away.of(db)
    for kind in range(KINDS_END):  # a kind that this program does not know is kept like plain danger
        kept_days.setdefault(str(kind), kept_days[str(m.KIND_BAHAYA)])
    for key, kept in kept_days.items():
        where = "confidential = 1" if key == CONFIDENTIAL else "confidential = 0 AND kind = ?"
        values = [] if key == CONFIDENTIAL else [int(key)]
        out.extend(
            db.all(
                f"SELECT id, slug, device, first_counter, confidential, raised_by FROM incidents "
                f"WHERE closed_ms < ? AND erased_wall IS NULL AND {where} ORDER BY closed_ms LIMIT ?",
                gone.cutoff(now.ms, kept * DAY_MS),
                *values,
                BATCH,
            )
        )
    return out[:BATCH]


def run(db: Db, now: Now) -> int:
    """Take the words out of what is due; the number of incidents."""
    photos.expire(db, now)
    access.trim(db, now)
    announcements.expire(db, now)
    rollcall.expire(db, now)
    turns.expire(db, now)
    rows = due(db, now)
    for row in rows:
        for line in db.all("SELECT id FROM timeline WHERE incident = ?", row["id"]):
            chain.erase(db, "timeline", line["id"])
        if not row["confidential"]:  # of a confidential one the record has no words, and who saw it stays
            for line in db.all("SELECT id FROM audit WHERE subject = ?", timeline.identity(db, row)):
                chain.erase(db, "audit", line["id"])
        db.run(f"DELETE FROM siren_reports WHERE id IN ({_REPORTS})", row["id"])
        db.run("DELETE FROM alarms WHERE incident = ?", row["id"])
        about = "SELECT device, first_counter FROM incidents WHERE id = ?"
        db.run(f"DELETE FROM pages WHERE (origin, counter) IN ({about})", row["id"])
        db.run("DELETE FROM outbox WHERE incident = ?", row["id"])
        db.run("DELETE FROM photos WHERE incident = ?", row["id"])
        db.run("DELETE FROM soundings WHERE incident = ?", row["id"])
        db.run(
            "UPDATE incidents SET device = -id, house = 0, place = '', reason = NULL, holder = NULL, "
            "holder_account = NULL, answered_by = NULL, closed_by = '', battery_mv = NULL, erased_wall = ?, "
            "raised_by = CASE raised_by WHEN '' THEN '' ELSE '-' END, raised_at = '' "
            "WHERE id = ?",
            now.wall,
            row["id"],
        )
        audit.record(db, now.wall, HUB, codes.RETENTION_ENDED, row["slug"])
    return len(rows)
