"""Absences of this hub: its own absence is nobody's silence, and a guessed one erases nothing.

Two laws. A watcher that was away has seen nothing: devices, gateways and posts get their time again before
they are called silent, and people are told how long nobody watched. And a retention's days are days of which
it is certain that they have passed: the hub ran, or the machine under it did; what a wall clock claims about
the time between two starts moves no end of anything that cannot be brought back.
"""

from collections.abc import Iterable

from kentongan_hub.base import words
from kentongan_hub.base.tables import Absence
from kentongan_hub.storage.store import Db

NOTICED_MS = 60_000  # shorter ones are a restart: nobody's time has passed by it
SHOWN_MS = 30 * 60_000  # on the board
TOLD_MS = 12 * 3_600_000  # as a warning: whoever gets up in the morning sees it too
LISTED = 10  # on the page of warnings
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
ACROSS = ("tombol",)  # their periods are longer than an outage: only time that was listened to counts


class Shown(Absence):
    """An absence for a page, with how long it lasted in words."""

    words: str


class Absences:
    """Absences in which nobody listened, the latest first: rows with from_ms, to_ms and sure. Pure.

    `now_ms` matters only for what may last: this hub itself is back whenever it asks.
    """

    def __init__(self, rows: Iterable[Absence] = (), now_ms: int | None = None):
        self.rows: list[Absence] = list(rows)
        self.now_ms = now_ms

    @property
    def back_ms(self) -> int:
        """Give the moment it came back the last time; 0 when it never was away."""
        return self.rows[0]["to_ms"] if self.rows else 0

    @property
    def lasts(self) -> bool:
        """Tell if nobody listens at this moment."""
        return self.back_ms == self.now_ms

    def silence(self, role: str, heard_ms: int, now_ms: int, lost_ms: int) -> tuple[int, int]:
        """Measure (how long it is silent, how long it was before nobody listened), heard last at `heard_ms`.

        A device not missed before has its time again afterwards; however often, `lost_ms` more in all.
        """
        listened_ms = self.listened_ms(heard_ms, now_ms)
        if role in ACROSS:
            return listened_ms, 0
        since_ms, before_ms = heard_ms, 0
        for row in reversed(self.rows):
            if row["to_ms"] > since_ms:
                before_ms = max(before_ms, row["from_ms"] - since_ms)
                since_ms = row["to_ms"]
        return max(now_ms - since_ms, listened_ms - lost_ms), before_ms

    def _away_ms(self, since_ms: int, guessed: bool = False) -> int:
        """Measure how long it was away since then; `guessed`: only what nobody knows the length of."""
        away_ms = 0
        for row in self.rows:
            if row["to_ms"] <= since_ms:
                break
            if not (guessed and row["sure"]):
                away_ms += row["to_ms"] - max(row["from_ms"], since_ms)
        return away_ms

    def listened_ms(self, since_ms: int, now_ms: int) -> int:
        """Measure how long this hub has listened since then."""
        return now_ms - since_ms - self._away_ms(since_ms)

    def passed_ms(self, since_ms: int, now_ms: int) -> int:
        """Measure the time that has surely passed since then: absences of unknown length do not count."""
        return now_ms - since_ms - self._away_ms(since_ms, guessed=True)

    def awaited(self, role: str, heard_ms: int) -> bool:
        """Tell if nobody listens, or nothing has been heard of this one since somebody does again."""
        return bool(self.rows) and heard_ms < self.back_ms and (self.lasts or role not in ACROSS)

    def cutoff(self, now_ms: int, span_ms: int) -> int:
        """Find the latest moment that is surely `span_ms` ago: absences of unknown length do not count."""
        at_ms = now_ms
        for row in self.rows:
            if row["sure"] or row["to_ms"] > at_ms:
                continue
            if at_ms - row["to_ms"] >= span_ms:
                break
            span_ms -= at_ms - row["to_ms"]
            at_ms = row["from_ms"]
        return at_ms - span_ms


def of(db: Db) -> Absences:
    return Absences(db.all("SELECT from_ms, to_ms, sure FROM absences ORDER BY id DESC"))


def cutoff(db: Db, now_ms: int, span_ms: int) -> int:
    """Compute Absences.cutoff() of this hub."""
    return of(db).cutoff(now_ms, span_ms)


MADE = "made_ms"  # setting: since when this hub serves a site


def made_ms(db: Db) -> int | None:
    """Read since when this hub serves a site, in steady time; None before its first minute."""
    return db.number(MADE) or None


def latest(db: Db, now_ms: int, within_ms: int) -> Shown | None:
    """Find the absence that ended less than `within_ms` ago, with its `words`; or None."""
    row = db.one("SELECT * FROM absences ORDER BY id DESC LIMIT 1", of=Absence)
    if row is None or now_ms - row["to_ms"] >= within_ms:
        return None
    return {**row, "words": words.lasted(row["to_ms"] - row["from_ms"], row["sure"])}


def listed(db: Db) -> list[Shown]:
    """List the latest absences for the page of warnings."""
    rows: list[Absence] = db.all("SELECT * FROM absences ORDER BY id DESC LIMIT ?", LISTED)
    return [{**row, "words": words.lasted(row["to_ms"] - row["from_ms"], row["sure"])} for row in rows]
