"""The disk of a gateway in the world: the real spool, which is given what was committed when somebody reads.

The virtual time of a commit passes in the gateway all the same; what is gathered here has been committed.
A city stores a dozen events a second, and hardly any is ever read again.
"""
from kentongan_gateway.disk.spool import Spool

TOGETHER = 100  # events written at once


class Disk:
    """`put`, `mark_sent`, `alarms` and `unsent` as of Spool; ids are numbers until something is read."""

    def __init__(self, label: str):
        self._spool = Spool(":memory:", label)
        self._new = {}   # number -> event that is not written yet
        self._ids = {}   # number -> the spool's id, where the hub has not taken it
        self._sent = []  # what the hub has taken since the last write
        self._count = 0

    def put(self, event: dict) -> int:
        """Commit an event, which is not to be changed any more."""
        self._count += 1
        self._new[self._count] = event
        if len(self._new) >= TOGETHER:
            self._write()
        return self._count

    def mark_sent(self, ids):
        self._sent.extend(ids)

    def unsent(self) -> list:
        self._write()
        return self._spool.unsent()

    def alarms(self, limit: int) -> list:
        self._write()
        return self._spool.alarms(limit)

    def _write(self):
        self._ids.update(zip(self._new, self._spool.put_all(list(self._new.values())), strict=True))
        self._new.clear()
        self._spool.mark_sent([self._ids.pop(event_id, event_id) for event_id in self._sent])
        self._sent.clear()

    def close(self):
        self._spool.close()
