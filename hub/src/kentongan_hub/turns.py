"""Whose message goes next where one goes at a time: calls before corrections before news, and fairly.

A button that raises many incidents gets no more turns than another: whoever had the fewest lately is next,
of one button's messages what was never tried before what failed, and of its incidents that which had the
fewest. So the first call of each button goes before any second one. What is over holds nobody up: a closed
incident counts as one turn, and for an incident of which no call was tried each earlier one of its button
counts as one. A button's silent alarms have turns of their own, and of equals a silent alarm goes first: only
its few agreed people hear of it.

All that people wrote down has the turns of one button, what they told in confidence those of another; of
equals a button goes first: whoever wrote can telephone too. A test message waits for everything.
"""

from collections import Counter

LATELY_MS = 1_800_000  # as long as a call waits
LAST = {"koreksi": 1, "kabar": 2, "uji": 3}  # types that wait for all calls


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
    had, had_by, raised = _turns(db, now_ms, channel)

    def place(row):
        mine, origin = had[row["incident"]], _origin(row)
        turns = had_by[origin] if mine else raised[origin]
        tried = row["attempts"] > 0
        written = not row["device"]  # orders.BY_HAND
        return LAST.get(row["type"], 0), turns, written, tried, not row["confidential"], mine, row["id"]

    return min(rows, key=place)["id"]


def _origin(row):
    """The button and whether silently; device 0 is everybody who writes a report."""
    return row["device"], row["confidential"]


def _turns(db, now_ms, channel):
    """({incident: calls tried lately}, {origin: its turns}, {origin: incidents that calls were tried of})."""
    rows = db.all(
        "SELECT i.id AS incident, i.device, i.confidential, i.closed_ms, count(*) AS n FROM outbox o "
        "JOIN incidents i ON i.id = o.incident WHERE o.channel = ? AND o.type = 'pesan' AND "
        "((o.done_ms > ? AND o.state IN ('terkirim', 'gagal')) OR (o.state = 'menunggu' AND o.attempts > 0)) "
        "GROUP BY i.id",
        channel,
        now_ms - LATELY_MS,
    )
    had, had_by, raised = Counter(), Counter(), Counter()
    for row in rows:
        had[row["incident"]] += row["n"]
        had_by[_origin(row)] += row["n"] if row["closed_ms"] is None else 1
        raised[_origin(row)] += 1
    return had, had_by, raised
