"""What expires in the outbox: a call that nobody ever tried to send is said, never dropped in silence."""

from kentongan_hub import failures, incidents, outbox, paging

NEVER_TRIED = "o.state = 'menunggu' AND o.expires_ms <= ? AND o.type = ? AND o.attempts = 0"


def expire(db, now):
    """End what is past its time; the number of rows. Calls of an incident that is open are told there."""
    rows = db.all(
        "SELECT o.incident, o.channel, count(*) AS n FROM outbox o JOIN incidents i ON i.id = o.incident "
        f"WHERE {NEVER_TRIED} AND i.closed_ms IS NULL GROUP BY o.incident, o.channel",
        now.ms,
        outbox.MESSAGE,
    )
    labels = {one.name: one.label for one in paging.CHANNELS}
    on = {row["name"] for row in db.all("SELECT name FROM channels WHERE enabled = 1")}
    for row in rows:
        incident = db.one("SELECT * FROM incidents WHERE id = ?", row["incident"])
        what = f"{labels.get(row['channel'], row['channel'])}: {row['n']} panggilan"
        incidents.tell(db, now, incident, "pusat data", "tidak sempat dikirim", what)
    late = sum(row["n"] for row in rows if row["channel"] in on)
    if late:
        failures.note(db, now, f"{late} panggilan tidak sempat dikirim")
    return outbox.expire(db, now.ms)
