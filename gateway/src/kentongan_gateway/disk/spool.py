"""The spool: the disk's Database, and what is to be done while the disk fails.

A disk that is full, read-only or gone costs receipts, never alarms: events that it did not take are held in
memory and offered to the hub, whose commit counts as well as ours. Rows whose delivery the disk could not
note are not offered again.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from kentongan_gateway.core.base.stored import Event, Resumed, Stored
from kentongan_gateway.disk.database import REFUSED, SENT, Database
from kentongan_gateway.disk.memory import Held
from kentongan_gateway.disk.stored_row import CLASS_STATE, CLASSES, Counts, SpoolError

__all__ = ["CLASSES", "REFUSED", "SENT", "Spool", "SpoolError"]

Quantiles = dict[str, float]  # "p50", "p99", "max" in ms

LATENCIES_KEPT = 512
MARKS_LIMIT = 5_000  # deliveries that the disk could not note
MARKS_TOGETHER = 200  # so many are noted at once while alarms come in,
BUSY_S = 0.5  # that is, one did so lately
QUIET_S = 3  # nothing was stored for so long
UNREAD_S = 10  # a button that goes on repeats sooner, in its first minute, what the disk has altered
PROBE_S = 55  # a disk asked for nothing for so long is tried: a dead one is known in a minute


class Spool(Database):
    """`trouble` says why the disk takes nothing, or None; it opens even so, and settle() tries again."""

    def __init__(
        self, path: str | Path, *args: Any, steady_s: Callable[[], float] = time.monotonic, **kwargs: Any
    ):
        self.held = Held()
        self.trouble: str | None = None
        self._steady_s, self._put_s = steady_s, steady_s()
        self._opened_s = self._put_s
        self._marks: dict[str, int] = {}  # id -> state, not yet on disk
        self._latencies: deque[float] = deque(maxlen=LATENCIES_KEPT)
        super().__init__(path, *args, **kwargs)

    def _open(self) -> None:
        try:
            super()._open()
            self.trouble = None
        except SpoolError as error:
            self._epoch, self._rows, self._sent, self._last = "closed", 0, 0, 0
            self.trouble = str(error)

    def put_all(self, events: Sequence[Event]) -> list:
        """As Database.put_all; what was held in memory under the same keys is on disk then."""
        begin = time.perf_counter()
        self._put_s = self._steady_s()
        try:
            if self._marks and self._rows + len(events) > self._rows_max:
                self._write_marks()  # what is delivered gives way first
            ids = super().put_all(events)
        except SpoolError as error:
            self.trouble = str(error)
            raise
        self._latencies.append((time.perf_counter() - begin) * 1000)
        self.trouble = None
        with self._lock:
            for event in events:
                self.held.remove_key(event.get("key"))
        return ids

    def hold(self, event: Event) -> str | None:
        """Keep in memory what the disk did not take; its id, or None where there is no room for it."""
        with self._lock:
            return self.held.add(self._label, CLASSES.get(event["type"], CLASS_STATE), event)

    def settle(self) -> list[tuple[str, str]]:
        """In a quiet moment: try the disk again, and put there what waited for it: [(held id, id)]."""
        quiet_s = self._steady_s() - self._put_s
        idle = quiet_s >= PROBE_S
        if self.trouble is None and not self._marks and not idle:
            self._tidy_when(quiet_s >= QUIET_S)
            return []
        with self._lock:
            if self._connection is None:
                self._open()
            waiting = self.held.offers()
        settled = []
        try:
            for event_id, event in waiting:
                settled.append((event_id, self.put(event)))
                with self._lock:
                    self.held.remove(event_id)
            self._write_marks()
            if not waiting and (idle or self.trouble is not None):
                self._put_s = self._steady_s()
                self.probe()
                self.trouble = None
        except SpoolError as error:
            self.trouble = str(error)
        return settled

    def _tidy_when(self, quiet: bool) -> None:
        try:
            if quiet:
                self.tidy()
        except SpoolError as error:
            self.trouble = str(error)

    def offer_unread(self) -> bool:
        """As Database.offer_unread, once a button had its time to bring them whole."""
        if not self.unreadable or self._steady_s() - self._opened_s < UNREAD_S:
            return False
        try:
            return super().offer_unread()
        except SpoolError as error:
            self.trouble = str(error)
            return False

    def unsent(self, limit: int = 50) -> list[Stored]:
        """List the events that the hub has not taken: first those in memory only, then by class and age."""
        with self._lock:
            held = self.held.offers()[:limit]
        try:
            rows = super().unsent(limit + len(self._marks))
        except SpoolError as error:
            self.trouble = str(error)
            if not held:
                raise
            rows = []
        with self._lock:
            return (held + [row for row in rows if row[0] not in self._marks])[:limit]

    def alarms(self, limit: int) -> list[Resumed]:
        """As Database.alarms, with the deliveries that are not noted on disk yet."""
        return [
            (event_id, event, taken or self._marks.get(event_id) == SENT)
            for event_id, event, taken in super().alarms(limit)
        ]

    def mark_sent(self, ids: Iterable[str], state: int = SENT) -> None:
        """Mark events that the hub has committed, whether our disk can note it or not."""
        with self._lock:
            for event_id in ids:
                self.held.remove(event_id)
            rows = [event_id for event_id in ids if self._seq(event_id) is not None]
            self._marks.update(dict.fromkeys(rows, state))
            while len(self._marks) > MARKS_LIMIT:
                self._marks.pop(next(iter(self._marks)))
        if self._steady_s() - self._put_s < BUSY_S and len(self._marks) < MARKS_TOGETHER:
            return  # alarms come in: the disk is theirs; what is forgotten is offered once more
        try:
            self._write_marks()
        except SpoolError as error:
            self.trouble = str(error)

    def _write_marks(self) -> None:
        with self._lock:
            marks = dict(self._marks)
        for state in (SENT, REFUSED):
            ids = [event_id for event_id, its in marks.items() if its == state]
            if ids:
                super().mark_sent(ids, state)
        with self._lock:
            for event_id in marks:
                self._marks.pop(event_id, None)

    def is_sent(self, event_id: str) -> bool:
        return self._marks.get(event_id) == SENT or super().is_sent(event_id)

    def close(self) -> None:
        try:
            self._write_marks()
        except SpoolError as error:
            self.trouble = str(error)
        super().close()

    def counts(self) -> Counts:
        try:
            counts = super().counts()
        except SpoolError:
            counts = Counts(rows=self._rows, unsent=0, evicted={})
        held = len(self.held)
        return {**counts, "held": held, "unsent": max(0, counts["unsent"] - len(self._marks)) + held}

    def latency_ms(self) -> Quantiles:
        """quantiles() of the last commits."""
        return quantiles(self._latencies.copy())


def quantiles(taken_ms: Iterable[float]) -> Quantiles:
    """{"p50", "p99", "max"} of these ms; empty for none."""
    ranked = sorted(taken_ms)
    if not ranked:
        return {}
    p99 = ranked[min(len(ranked) - 1, len(ranked) * 99 // 100)]
    return {
        name: round(ms, 2)
        for name, ms in (("p50", ranked[len(ranked) // 2]), ("p99", p99), ("max", ranked[-1]))
    }
