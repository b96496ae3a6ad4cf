"""The circle of a confidential press that arrives late: by the facts of the press, not of its arrival.

A gateway keeps what it heard while the hub or the way to it is dead. A change meanwhile must neither let
anybody in nor, where only the household changed it, lock a helper out. So what was changed since the press is
undone for a moment, in the transaction: once all of it, once what people of the presser's house changed. A
member by both is in the circle. Somebody taken out by others since stays out, as of any open incident.
"""

from collections.abc import Callable

from kentongan_hub.base.clock import Now
from kentongan_hub.base.tables import Incident
from kentongan_hub.incidents.tables import Change
from kentongan_hub.people import access, circles
from kentongan_hub.storage.store import Db

UNSURE_MS = 86_400_000  # how old a press may be of which no clock knows how old it is


def facts_ms(db: Db, now: Now, age_ms: int) -> int:
    """Give the moment up to which changes count for a press that is `age_ms` old (-1: nobody can tell).

    Where this hub only guesses how long it was off, the press may be older by so much.
    """
    at_ms = now.ms - (UNSURE_MS if age_ms < 0 else age_ms)
    guessed_ms = db.value(
        "SELECT coalesce(sum(to_ms - from_ms), 0) FROM absences WHERE sure = 0 AND to_ms > ?", at_ms
    )
    return at_ms - guessed_ms if at_ms < now.ms else at_ms


def is_unsure(incident: Incident, told_ms: int) -> bool:
    """Recognize a press whose age no clock knew when it was told."""
    return circles.facts_ms(incident) <= told_ms - UNSURE_MS and incident["opened_ms"] == told_ms


def draw(db: Db, incident: Incident) -> None:
    """Do as circles.draw, by the facts of incident["facts_ms"]; who left it before stays out of it."""
    changes: list[Change] = db.all(
        "SELECT * FROM access_changes WHERE at_ms > ? ORDER BY id DESC", circles.facts_ms(incident)
    )
    if not incident["confidential"] or not changes:
        circles.draw(db, incident)
        return
    theirs = _of_the_household(db, changes, incident)
    then, without_theirs = (set(_eligible_before(db, incident, some)) for some in (changes, theirs))
    for account in sorted(then & without_theirs):
        circles.let_in(db, incident, account)


def _of_the_household(db: Db, changes: list[Change], incident: Incident) -> list[Change]:
    """Pick changes made by the presser's house alone, to accounts that nobody else changed since."""
    theirs: list[Change] = []
    settled: set[int | None] = set()
    for one in changes:
        makers = [one["made_by"]] + ([] if one["second"] is None else [one["second"]])
        if not all(circles.interested(db, maker, incident) for maker in makers):
            settled.add(one["account"])
        elif one["account"] not in settled:
            theirs.append(one)
    return theirs


class _Undone(Exception):
    """Ends the look at how it was: what was changed for it is rolled back."""


def _eligible_before(db: Db, incident: Incident, changes: list[Change]) -> list[int]:
    """List accounts eligible before these changes, given newest first: ids."""
    found: list[int] = []
    try:
        with db.part():
            for one in changes:
                _UNDO.get(one["fact"], _nothing)(db, one)
            found = circles.eligible(db, incident)
            raise _Undone
    except _Undone:
        return found


def _nothing(db: Db, change: Change) -> None:
    """Undo a change that decides nobody's sight of a press."""


def _home(db: Db, change: Change) -> None:
    home = access.place_of(change["old"])
    db.run("UPDATE accounts SET zone = ?, house = ?, outside = ? WHERE id = ?", *home, change["account"])


def _mark(column: str) -> Callable[[Db, Change], None]:
    def undo(db: Db, change: Change) -> None:
        value = int(change["old"] == "ya")
        db.run(f"UPDATE accounts SET {column} = ? WHERE id = ?", value, change["account"])

    return undo


def _was_on(db: Db, change: Change) -> None:
    marks = [int(word in change["old"].split()) for word in (access.AGREED, access.STAND_IN)]
    db.run(
        "UPDATE accounts SET active = 1, named_for_confidential = ?, stand_in = ? WHERE id = ?",
        *marks,
        change["account"],
    )


def _was_not(db: Db, change: Change) -> None:
    db.run("UPDATE accounts SET active = 0 WHERE id = ?", change["account"])


def _was_let_in(db: Db, change: Change) -> None:
    zone, house, _ = access.place_of(change["new"])
    db.run(
        "UPDATE exclusions SET ended_wall = 0 WHERE id = (SELECT max(id) FROM exclusions WHERE account = ? "
        "AND zone = ? AND house = ? AND incident IS NULL AND ended_wall IS NULL)",
        *(change["account"], zone, house),
    )


def _was_barred(db: Db, change: Change) -> None:
    """Exclude again from that house, or from that of the register."""
    zone, house, _ = access.place_of(change["old"])
    if change["account"] is not None:
        db.insert("exclusions", account=change["account"], zone=zone, house=house, made_by="", made_wall=0)


def _link(db: Db, change: Change) -> None:
    db.run(
        "UPDATE people SET account = (SELECT id FROM accounts WHERE login = ?) WHERE id = ?",
        change["old"],
        change["person"],
    )


_UNDO = {
    "rumah": _home,
    "akun baru": _was_not,
    "rahasia": _mark("named_for_confidential"),
    "bukan-rahasia": _mark("named_for_confidential"),
    "pengganti": _mark("stand_in"),
    "bukan-pengganti": _mark("stand_in"),
    "matikan": _was_on,
    "hidupkan": _was_not,
    "kecualikan": _was_let_in,
    "sertakan": _was_barred,
    "akun": _link,
    "tarik": _was_barred,
    "keluar": _was_barred,
}
