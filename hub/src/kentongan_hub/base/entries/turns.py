"""Turns of messages where one goes at a time: calls before corrections before news, and fairly.

A button that raises many incidents gets no more turns than another: whoever had the fewest lately is next,
of one button's messages what was never tried before what failed, and of its incidents that which had the
fewest. So the first call of each button goes before any second one. Nothing closed holds anybody up: a closed
incident counts as one turn, and for an incident of which no call was tried each earlier one of its button
counts as one. A button's silent alarms have turns of their own, and of equals a silent alarm goes first: only
its few agreed people hear of it.

All that people wrote down has the turns of one button, what they told in confidence those of another; of
equals a button goes first: whoever wrote can telephone too. Among what was told loudly whoever wrote has
turns as a button has: one account with ever new reports keeps nobody's second call back. Who told in
confidence is nowhere, so those are in turn by incident (reports.py bounds them). A test message waits for
everything.
"""

from collections import Counter
from collections.abc import Callable

from kentongan_hub.base import codes, sending
from kentongan_hub.base.tables import Database, Row

Turns = tuple[Counter[int], Counter[tuple], Counter[tuple]]

LATELY_MS = 1_800_000  # as long as a call waits
WRITER = (  # of a loud report its timeline names who wrote it
    "CASE WHEN i.device = 0 AND NOT i.confidential THEN (SELECT t.who FROM timeline t "
    f"WHERE t.incident = i.id AND t.what = '{codes.REPORTED}' ORDER BY t.id LIMIT 1) END AS writer"
)
LAST = {sending.CORRECTION: 1, sending.NEWS: 2, sending.TEST: 3}  # types that wait for all calls


def next_id(db: Database, now_ms: int, channel: str) -> int | None:
    """Choose the row of `outbox` that is next on this channel: its id, or None."""
    rows = db.all(
        "SELECT o.id, o.type, o.incident, o.attempts, i.device, i.confidential, "
        f"{WRITER} FROM outbox o "
        f"LEFT JOIN incidents i ON i.id = o.incident WHERE o.channel = ? AND o.state = '{sending.WAITING}' "
        "AND o.expires_ms > ? AND o.not_before_ms <= ? AND o.lease_ms <= ?",
        channel,
        now_ms,
        now_ms,
        now_ms,
    )
    if len(rows) < 2:
        return rows[0]["id"] if rows else None
    had, had_by, raised = _turns(db, now_ms, channel)

    def place(row: Row) -> tuple:
        mine, tried = had[row["incident"]], row["attempts"] > 0
        written = not row["device"]  # orders.BY_HAND
        return _last(row), turns(row, _origin), written, tried, not row["confidential"], mine, row["id"]

    def turns(row: Row, of: Callable[[Row], tuple]) -> int:
        return (had_by if had[row["incident"]] else raised)[of(row)]

    # of what was written each kind sends the one whose writer is next, and that one competes with the buttons
    heads: dict[tuple, list[Row]] = {}
    rest = [row for row in rows if row["device"] != 0]
    for row in rows:
        if row["device"] == 0:
            heads.setdefault((_last(row), row["confidential"]), []).append(row)
    rest += [min(group, key=lambda row: (turns(row, _writer), place(row))) for group in heads.values()]
    return min(rest, key=place)["id"]


def _last(row: Row) -> int:
    return LAST.get(row["type"], 0)


def _origin(row: Row) -> tuple:
    """Give the button and whether it was silent; device 0 is everybody who writes a report."""
    return row["device"], row["confidential"]


def _writer(row: Row) -> tuple:
    return *_origin(row), row["writer"]


def _turns(db: Database, now_ms: int, channel: str) -> Turns:
    """Count ({incident: calls tried lately}, {origin or writer: its turns}, {same: incidents tried})."""
    rows = db.all(
        "SELECT i.id AS incident, i.device, i.confidential, i.closed_ms, count(*) AS n, "
        f"{WRITER} FROM outbox o "
        f"JOIN incidents i ON i.id = o.incident WHERE o.channel = ? AND o.type = '{sending.MESSAGE}' AND "
        f"((o.done_ms > ? AND o.state IN ('{sending.DONE}', '{sending.FAILED}')) "
        f"OR (o.state = '{sending.WAITING}' AND o.attempts > 0)) "
        "GROUP BY i.id",
        channel,
        now_ms - LATELY_MS,
    )
    had: Counter[int] = Counter()
    had_by: Counter[tuple] = Counter()
    raised: Counter[tuple] = Counter()
    for row in rows:
        had[row["incident"]] += row["n"]
        for key in (_origin(row), _writer(row)):
            had_by[key] += row["n"] if row["closed_ms"] is None else 1
            raised[key] += 1
    return had, had_by, raised
