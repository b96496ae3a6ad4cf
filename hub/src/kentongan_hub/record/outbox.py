"""Work that a committed change has caused: claimed with a lease, sent, then marked.

A crash between sending and marking repeats the work; nothing is marked that was not sent. Rows for a
gateway are claimed by its long poll and marked by its `done`; rows for the boards by the dispatch thread.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kentongan_hub.base import sending
from kentongan_hub.base.clock import Now
from kentongan_hub.base.entries import turns
from kentongan_hub.base.tables import Claimed, OutboxRow
from kentongan_hub.record import away
from kentongan_hub.storage.store import Db

WAITING, DONE, FAILED, EXPIRED = sending.WAITING, sending.DONE, sending.FAILED, sending.EXPIRED
BOARD, MESSAGE, CORRECTION, NEWS = sending.BOARD, sending.MESSAGE, sending.CORRECTION, sending.NEWS
# a condition that SQLite knows as that of the indices
WAITS = f"state = '{WAITING}'"
LEASE_MS = 5_000  # a poll's answer that never arrived is repeated after this
LEASE_BELOW_MS = 60_000  # an order the gateway says it has, but has not reported done
LIMIT_ROWS = 5_000  # waiting rows per channel; beyond it the incident with the most of them loses one
BATCH = 50  # orders in one answer
CORRECTION_EXPIRES_MS = 86_400_000  # a correction may come late, as long as it comes
KEEP_MS = 30 * 86_400_000  # finished rows stay for a month


def gateway_channel(label: str) -> str:
    return f"gateway:{label}"


def add(
    db: Db,
    now_ms: int,
    channel: str,
    type_: str,
    body_json: str,
    expires_in_ms: int,
    incident: int | None = None,
    delay_ms: int = 0,
) -> int:
    """Add a row; its id. Runs inside the transaction of the change that causes it."""
    live = f"channel = ? AND {WAITS} AND expires_ms > ?"
    if db.value(f"SELECT count(*) FROM outbox WHERE {live}", channel, now_ms) >= LIMIT_ROWS:
        # a newer order says more than an older one; of calls the first one says all
        which = "max" if type_ == MESSAGE else "min"
        db.run(
            f"UPDATE outbox SET expires_ms = ?, result = '{sending.QUEUE_FULL}' WHERE id = "
            f"(SELECT {which}(id) FROM outbox WHERE {live} AND incident IS (SELECT incident FROM outbox "
            f"WHERE {live} GROUP BY incident ORDER BY count(*) DESC, incident LIMIT 1))",
            *(now_ms, channel, now_ms, channel, now_ms),
        )
    return db.insert(
        "outbox",
        channel=channel,
        type=type_,
        body=body_json,
        incident=incident,
        state=WAITING,
        created_ms=now_ms,
        expires_ms=now_ms + delay_ms + expires_in_ms,
        not_before_ms=now_ms + delay_ms if delay_ms else 0,
    )


def order(
    db: Db,
    now_ms: int,
    gateways: Iterable[str],
    type_: str,
    body: Mapping[str, Any],
    expires_in_ms: int,
    incident: int | None = None,
) -> None:
    """Add one order to each of the gateways."""
    for label in gateways:
        add(db, now_ms, gateway_channel(label), type_, json.dumps(body), expires_in_ms, incident)


def drop_delayed(db: Db, now_ms: int, incidents: Sequence[int]) -> int:
    """Drop messages to people whose turn has not come yet: somebody is on the way, they may sleep."""
    marks = ", ".join("?" * len(incidents))
    return db.run(
        f"UPDATE outbox SET state = ?, result = '{sending.ANSWERED}', done_ms = ? WHERE {WAITS} "
        f"AND type = ? AND not_before_ms > ? AND incident IN ({marks})",
        EXPIRED,
        now_ms,
        MESSAGE,
        now_ms,
        *incidents,
    )


def take_back(db: Db, now_ms: int, incidents: Sequence[int], text: str) -> int:
    """Drop what waits of these incidents, send `text` to who got a message; how many got one."""
    marks = ", ".join("?" * len(incidents))
    where = f"type = ? AND incident IN ({marks})"
    db.run(
        f"UPDATE outbox SET state = ?, result = '{sending.TAKEN_BACK}', done_ms = ? "
        f"WHERE {WAITS} AND {where}",
        EXPIRED,
        now_ms,
        MESSAGE,
        *incidents,
    )
    # what is not known to have failed may have arrived
    sent = db.all(
        "SELECT channel, json_field(body, 'to') AS address, json_field(body, 'name') AS name, "
        f"min(incident) AS incident FROM outbox WHERE (state = ? OR attempts > 0) AND {where} "
        "GROUP BY channel, address",
        DONE,
        MESSAGE,
        *incidents,
    )
    for row in sent:
        body = json.dumps({"to": row["address"], "name": row["name"], "text": text}, ensure_ascii=False)
        add(db, now_ms, row["channel"], CORRECTION, body, CORRECTION_EXPIRES_MS, row["incident"])
    return len(sent)


def expire(db: Db, now_ms: int) -> int:
    return db.run(
        f"UPDATE outbox SET state = ?, done_ms = ? WHERE {WAITS} AND expires_ms <= ?", EXPIRED, now_ms, now_ms
    )


def due(db: Db, now_ms: int, channel: str, after: int = 0, limit: int = BATCH) -> list[int]:
    """List the ids that a claim would get now; cheap, for the wait loop."""
    rows = db.all(
        f"SELECT id FROM outbox WHERE channel = ? AND {WAITS} AND expires_ms > ? "
        "AND not_before_ms <= ? AND lease_ms + (CASE WHEN id > ? OR lease_ms = 0 THEN 0 ELSE ? END) <= ? "
        "ORDER BY id LIMIT ?",
        channel,
        now_ms,
        now_ms,
        after,
        LEASE_BELOW_MS - LEASE_MS,
        now_ms,
        limit,
    )
    return [row["id"] for row in rows]


def claim(db: Db, now_ms: int, channel: str, after: int = 0, limit: int = BATCH) -> list[OutboxRow]:
    """Lease the due rows to the caller; only rows this very call has won are returned."""
    won: list[OutboxRow] = []
    for id_ in due(db, now_ms, channel, after, limit):
        changed = db.run(
            "UPDATE outbox SET lease_ms = ?, attempts = attempts + 1 WHERE id = ? AND state = ?",
            now_ms + LEASE_MS,
            id_,
            WAITING,
        )
        if changed:
            row = db.one("SELECT * FROM outbox WHERE id = ?", id_, of=OutboxRow)
            won.extend([row] if row else [])
    return won


def claim_one(db: Db, now_ms: int, channel: str, lease_ms: int) -> Claimed | None:
    """Lease the due row whose turn it is; None when there is none; see turns.py."""
    id_ = turns.next_id(db, now_ms, channel)
    if id_ is None:
        return None
    row = db.one("SELECT * FROM outbox WHERE id = ?", id_, of=OutboxRow)
    if row is None:
        return None
    attempts = row["attempts"] + 1
    db.run(
        "UPDATE outbox SET lease_ms = ?, attempts = ?, result = NULL WHERE id = ?",
        now_ms + lease_ms,
        attempts,
        row["id"],
    )
    return {**row, "attempts": attempts, "repeat": attempts > 1 and row["result"] is None}


def retry(db: Db, now_ms: int, id_: int, wait_ms: int, reason: str) -> int:
    """Put back what is known not to be sent: again after a while, until it expires."""
    return db.run(
        f"UPDATE outbox SET lease_ms = 0, not_before_ms = ?, result = ? WHERE id = ? AND {WAITS}",
        now_ms + wait_ms,
        reason[:200],
        id_,
    )


def mark(db: Db, now_ms: int, channel: str, id_: int, result: str = "ok") -> bool:
    """Finish a row; True when this call did. A second report changes nothing."""
    state = DONE if result == "ok" else FAILED
    return bool(
        db.run(
            "UPDATE outbox SET state = ?, result = ?, done_ms = ? WHERE id = ? AND channel = ? AND state = ?",
            state,
            result[:200],
            now_ms,
            id_,
            channel,
            WAITING,
        )
    )


def trim(db: Db, now: Now) -> int:
    return db.run(
        "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE done_ms < ? LIMIT 1000)",
        away.cutoff(db, now.ms, KEEP_MS),
    )
