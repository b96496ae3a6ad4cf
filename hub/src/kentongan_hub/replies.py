"""What a called person writes back: DATANG answers the incident, TIDAK says that this person cannot."""

import re

from kentongan_hub import audit, circles, incidents, outbox

WORDS = re.compile(r"\b(datang|tidak|tdk|gak|ya)\b", re.I)
NUMBER = re.compile(r"\b(r?)(\d{1,9})\b", re.I)
LOOK_BACK_MS = 3_600_000


def take(db, now, channel, address, text):
    """True when the answer reached an incident. Only who was called may answer, and only what it got."""
    owners = db.all(
        "SELECT p.id, p.name, p.account FROM addresses a JOIN people p ON p.id = a.person "
        "WHERE a.channel = ? AND a.active = 1 AND replace(a.address, '+62', '0') = replace(?, '+62', '0') "
        "ORDER BY p.id",
        channel,
        address,
    )
    person = owners[0] if owners else None
    word, number = WORDS.search(text), NUMBER.search(text)
    if person is None or word is None:
        audit.record(db, now.wall, "pusat data", "jawaban tidak dikenal", channel)
        return False
    called = db.all(
        "SELECT DISTINCT i.id, i.slug, coalesce(i.merged_into, i.id) AS event FROM outbox o "
        "JOIN incidents i ON i.id = o.incident WHERE o.channel = ? "
        "AND o.type = ? AND o.created_ms > ? AND i.closed_ms IS NULL "
        "AND replace(json_extract(o.body, '$.to'), '+62', '0') = replace(?, '+62', '0')",
        channel,
        outbox.MESSAGE,
        now.ms - LOOK_BACK_MS,
        address,
    )
    if number:
        slug = f"{'rahasia' if number[1] else 'kejadian'}-{int(number[2])}"
        called = [row for row in called if row["slug"] == slug]
    # an alarm that was merged since it called is answered where it was merged into
    called = [db.one("SELECT * FROM incidents WHERE id = ?", one) for one in {row["event"] for row in called}]
    if len(called) != 1:  # better answered twice than wrongly marked as answered
        audit.record(db, now.wall, person["name"], "jawaban belum jelas", channel)
        return False
    person = _speaker(db, called[0], owners)
    if person is None:  # taken out since the call: this incident is none of theirs any more
        audit.record(db, now.wall, "pusat data", "jawaban tidak dikenal", channel)
        return False
    if word[1].lower() in ("datang", "ya"):
        incidents.come_from_device(db, now, called[0], person["name"])
    else:
        incidents.decline(db, now, called[0], {"name": person["name"]}, channel)
    return True


def _speaker(db, incident, owners):
    """Whose answer it is where people share a number: of who was called; never of one who may not know."""
    if incident["confidential"]:
        owners = [
            one for one in owners if one["account"] is None or circles.knows(db, one["account"], incident)
        ]
    sql = "SELECT DISTINCT json_extract(body, '$.name') AS name FROM outbox WHERE incident = ? AND type = ?"
    called = {row["name"] for row in db.all(sql, incident["id"], outbox.MESSAGE)}
    return next((one for one in owners if one["name"] in called), owners[0] if owners else None)
