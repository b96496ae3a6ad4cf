"""Whose message goes next where one goes at a time: calls before corrections before news, and fairly.

A button that raises many incidents gets no more turns than another: whoever had the fewest lately is next,
of one button's messages what was never tried before what failed, and of its incidents that which had the
fewest. So the first call of each button goes before any second one. Of equals a silent alarm goes first: only
its few agreed people hear of it.
"""

from collections import Counter

LATELY_MS = 1_800_000  # as long as a call waits
LAST = {"koreksi": 1, "kabar": 2}  # types that wait for all calls


def next_id(db, now_ms, channel):
    """Id of the row of `outbox` that is due next on this channel, or None."""
    rows = db.all(
        "SELECT o.id, o.type, o.incident, o.attempts, i.device, i.confidential FROM outbox o "
        "LEFT JOIN incidents i ON i.id = o.incident WHERE o.channel = ? AND o.state = 'menunggu' "
        "AND o.expires_ms > ? AND o.not_before_ms <= ? AND o.lease_ms <= ?",
        channel,
        now_ms,
        now_ms,
        now_ms,
    )
    if len(rows) < 2:
        return rows[0]["id"] if rows else None
    had, had_by = _turns(db, now_ms, channel)

    def place(row):
        rank = LAST.get(row["type"], 0)
        turns = had_by[_origin(row)], row["attempts"] > 0, not row["confidential"], had[row["incident"]]
        return rank, *turns, row["id"]

    return min(rows, key=place)["id"]


def _origin(row):
    """The button; each report that a person wrote down (device 0) is one of its own."""
    return row["device"] or ("laporan", row["incident"])


def _turns(db, now_ms, channel):
    """({incident: calls tried lately}, {origin: the same})."""
    rows = db.all(
        "SELECT o.incident, i.device, count(*) AS n FROM (SELECT incident FROM outbox WHERE done_ms > ? "
        "AND channel = ? AND state IN ('terkirim', 'gagal') UNION ALL SELECT incident FROM outbox "
        "WHERE channel = ? AND state = 'menunggu' AND attempts > 0) o "
        "JOIN incidents i ON i.id = o.incident GROUP BY o.incident",
        now_ms - LATELY_MS,
        channel,
        channel,
    )
    had, had_by = Counter(), Counter()
    for row in rows:
        had[row["incident"]] += row["n"]
        had_by[_origin(row)] += row["n"]
    return had, had_by
