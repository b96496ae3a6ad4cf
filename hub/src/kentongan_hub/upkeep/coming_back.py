"""The hub runs again: how long it was away, and what follows from that."""

from kentongan_hub.base import codes
from kentongan_hub.base.clock import Clock, Now
from kentongan_hub.base.said import HUB, Said
from kentongan_hub.incidents.drills import drills
from kentongan_hub.record import audit, failures, outbox, timeline
from kentongan_hub.record.away import MADE, NOTICED_MS, made_ms
from kentongan_hub.storage.store import Db

CATCH_UP_MS = 45_000  # gateways try again every 30 s at most, and tell then what they stored meanwhile


def save(db: Db, clock: Clock) -> None:
    """Save the steady time from which the next start goes on; every half minute."""
    db.set_setting("steady_ms", clock.steady_ms())
    db.set_setting("wall_last", clock.wall_ms())
    db.set_setting("clock_mark", clock.mark() if hasattr(clock, "mark") else "")
    if made_ms(db) is None and db.value("SELECT 1 FROM accounts LIMIT 1"):
        db.set_setting(MADE, clock.steady_ms())


def started(db: Db, clock: Clock) -> None:
    """Record the absence that ends with this start, with its consequences."""
    from_ms = db.number("steady_ms")
    if from_ms:
        now = Now(clock.steady_ms(), clock.wall_ms())
        came_back(db, now, from_ms, getattr(clock, "sure", False))
    else:  # what a command made before the first start had only a wall to go by
        db.run("UPDATE devices SET created_ms = min(created_ms, ?)", clock.steady_ms())
    save(db, clock)


def came_back(db: Db, now: Now, from_ms: int, sure: bool) -> None:
    """Record an absence since `from_ms`, steady. `sure`: the machine ran on and measured it."""
    gap_ms = now.ms - from_ms
    if gap_ms > 0 and not sure:  # a session's or link's days are those on which somebody could have used it
        for table in ("sessions", "technicians", "invitations"):
            db.run(f"UPDATE {table} SET expires_ms = expires_ms + ? WHERE expires_ms > ?", gap_ms, from_ms)
        # nor did a call that waited have its time: a clock that is years ahead let it expire untried
        calls = "type IN (?, ?, ?) AND state = ? AND expires_ms > ?"
        db.run(f"UPDATE outbox SET expires_ms = expires_ms + ? WHERE {calls}", gap_ms,
               outbox.MESSAGE, outbox.CORRECTION, outbox.NEWS, outbox.WAITING, from_ms)  # fmt: skip
    if gap_ms < NOTICED_MS:
        return
    from_wall = db.number("wall_last") or None
    db.insert("absences", from_ms=from_ms, to_ms=now.ms, from_wall=from_wall, to_wall=now.wall,
              sure=int(sure))  # fmt: skip
    if not sure:
        failures.contained(db, now, codes.DRILLS, drills.cut_off, db, now, from_ms)
    said = Said(codes.LASTED, gap_ms=gap_ms, sure=int(sure))
    audit.record(db, now.wall, HUB, codes.HUB_HAD_BEEN_AWAY, Said(codes.THE_HUB), said)
    # that a post sounded may wait at its gateway; a call for an alarm that nobody answered waits for nothing
    until_ms = now.ms + CATCH_UP_MS
    db.run("UPDATE soundings SET due_ms = ? WHERE due_ms < ?", until_ms, until_ms)
    _tell(db, now, said)


def _tell(db: Db, now: Now, said: Said) -> None:
    for row in db.all("SELECT * FROM incidents WHERE closed_ms IS NULL AND drill = 0 LIMIT 100"):
        timeline.tell(db, now, row, HUB, codes.HUB_WAS_AWAY, said)
