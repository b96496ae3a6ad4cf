"""Posts that should sound: whoever does not report it within 15 s, or reports a failure, needs a person."""

from kentongan_wire import messages as m

from kentongan_hub import incidents, supervision

WAITED, SOUNDED, DRIVEN, SILENT, FAILED = "ditunggu", "berbunyi", "digerakkan", "diam", "gagal"
HEARD = {m.STATE_SOUNDING: SOUNDED, m.STATE_DRIVEN: DRIVEN, m.STATE_FAILED: FAILED}
QUIET_KINDS = (m.KIND_KEKERASAN, m.KIND_UJI)


POSTS = "SELECT node FROM devices WHERE zone = ? AND role = 'sirene' AND revoked = 0 AND pending = 0"


def expect(db, now, incident, zones):
    """The posts of these RTs are meant to sound for this incident from now on."""
    if incident["confidential"] or incident["drill"] or incident["kind"] in QUIET_KINDS:
        return
    for zone in zones:
        for post in db.all(POSTS, zone):
            db.run(
                "INSERT INTO soundings (incident, post, due_ms, state, changed_wall) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (incident, post) DO UPDATE SET due_ms = excluded.due_ms, "
                "state = excluded.state, changed_wall = excluded.changed_wall "
                "WHERE soundings.state IN (?, ?)",
                incident["id"],
                post["node"],
                now.ms + supervision.SIREN_LIMIT_MS,
                WAITED,
                now.wall,
                SILENT,
                FAILED,
            )


def reported(db, now, incident, post, state):
    """A post's word on this incident: it sounds, was driven without a sense of it, or failed."""
    word = HEARD.get(state)
    if word is None:
        return
    db.run(
        "INSERT INTO soundings (incident, post, due_ms, state, changed_wall) VALUES (?, ?, NULL, ?, ?) "
        "ON CONFLICT (incident, post) DO UPDATE SET due_ms = NULL, state = excluded.state, "
        "changed_wall = excluded.changed_wall",
        incident["id"],
        post,
        word,
        now.wall,
    )
    if word != FAILED:
        db.run(
            "UPDATE devices SET senses = ?, siren_checked_wall = ? WHERE node = ?",
            int(word == SOUNDED),
            now.wall,
            post,
        )


def run_due(db, now):
    """Posts whose time is over are silent: said on the incident, and a warning from the next look on."""
    late = db.all("SELECT * FROM soundings WHERE due_ms <= ? ORDER BY due_ms LIMIT 200", now.ms)
    for row in late:
        db.run(
            "UPDATE soundings SET due_ms = NULL, state = ?, changed_wall = ? WHERE incident = ? AND post = ?",
            SILENT,
            now.wall,
            row["incident"],
            row["post"],
        )
        incident = db.one("SELECT * FROM incidents WHERE id = ?", row["incident"])
        label = db.value("SELECT label FROM devices WHERE node = ?", row["post"])
        incidents.tell(db, now, incident, "pusat data", "sirene tidak melapor berbunyi", label or "")
    return len(late)


def silent(db):
    """[{"label", "state"}] of posts whose last sounding failed and that nobody has checked since."""
    return db.all(
        "SELECT d.label, s.state FROM devices d JOIN soundings s ON s.post = d.node AND s.incident = "
        "(SELECT max(incident) FROM soundings WHERE post = d.node) "
        "WHERE d.role = 'sirene' AND d.revoked = 0 AND s.state IN (?, ?) "
        "AND s.changed_wall > d.siren_checked_wall",
        SILENT,
        FAILED,
    )
