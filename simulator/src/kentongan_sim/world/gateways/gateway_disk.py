"""The disk of a gateway in the world: the real spool, which is given what was committed when somebody reads.

The virtual time of a commit passes in the gateway all the same; what is gathered here has been committed.
A city stores a dozen events a second, and hardly any is ever read again.
"""

from collections.abc import Callable, Iterable

from kentongan_gateway.core.base.stored import Event as StoredEvent
from kentongan_gateway.core.base.stored import Resumed, Stored
from kentongan_gateway.disk.spool import Spool

TOGETHER = 100  # events written at once


class States(dict[str, bytes]):
    """As disk.state.StateDir, in memory."""

    damaged, trouble = (), None

    def put(self, name: str, data: bytes) -> None:
        self[name] = bytes(data)

    put_late = put


class Disk:
    """As Spool; ids are numbers until something is read. `on_stored(event)` hears of each.

    `waiting`: what the hub has not taken of what this disk was given, or gave back at a start.
    """

    quarantined, unreadable, altered, trouble, weighty = (), 0, 0, None, False

    def __init__(self, label: str, on_stored: Callable[[StoredEvent], object] = lambda event: None):
        self._spool = Spool(":memory:", label)
        self._on_stored = on_stored
        self._new: dict[int, StoredEvent] = {}  # number -> event that is not written yet
        self._ids: dict[int, str] = {}  # number -> the spool's id, where the hub has not taken it
        self._sent: list[int | str] = []  # what the hub has taken since the last write
        self._count = 0
        self.waiting: dict[int | str, StoredEvent] = {}

    def put(self, event: StoredEvent) -> int:
        """Commit an event, which is not to be changed any more."""
        self._count += 1
        self._new[self._count] = self.waiting[self._count] = event
        if len(self._new) >= TOGETHER:
            self._write()
        self._on_stored(event)
        return self._count

    def put_all(self, events: Iterable[StoredEvent]) -> list[int]:
        return [self.put(event) for event in events]

    def mark_sent(self, ids: Iterable[int | str]) -> None:
        self._sent.extend(ids)
        for event_id in ids:
            self.waiting.pop(event_id, None)

    def is_sent(self, event_id: int | str) -> bool:
        return False  # asked of what has just been put

    def missing(self, mark: bytes) -> int:
        return 0  # this disk forgets nothing

    def mark(self) -> bytes:
        return b""

    def unsent(self) -> list[Stored]:
        self._write()
        return self._spool.unsent()

    def alarms(self, limit: int) -> list[Resumed]:
        """For a gateway that starts: it knows of nothing else that waits."""
        self._write()
        rows = self._spool.alarms(limit)
        self.waiting = {event_id: event for event_id, event, taken in rows if not taken}
        return rows

    def _write(self) -> None:
        self._ids.update(zip(self._new, self._spool.put_all(list(self._new.values())), strict=True))
        self._new.clear()
        self._spool.mark_sent([self._id_of(event_id) for event_id in self._sent])
        self._sent.clear()

    def _id_of(self, event_id: int | str) -> str:
        return event_id if isinstance(event_id, str) else self._ids.pop(event_id, str(event_id))

    def close(self) -> None:
        self._spool.close()
