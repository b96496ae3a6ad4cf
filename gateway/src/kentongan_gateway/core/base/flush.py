"""Counters go to disk after the commit, in bursts: the spool's keys cover a crash in between."""

from kentongan_wire.message.replay import Guard

from kentongan_gateway.core.base.context import Context
from kentongan_gateway.core.base.memory import Memory
from kentongan_gateway.core.base.records import Record, Records
from kentongan_gateway.core.base.units import Ms

STATUS_MS = 60_000  # counters of statuses go to disk this late
ALARM_MS = 400  # those of alarms, reports and events: once for a burst


class Flush:
    """One per core: the last counters heard, and which alarms were stored."""

    def __init__(self, context: Context, guard: Guard, memory: Memory, records: Records) -> None:
        self._context, self._guard, self._memory, self._records = context, guard, memory, records
        self._due_ms: Ms | None = None
        self._stored_changed = False

    def within(self, delay_ms: Ms) -> None:
        due_ms = self._context.now_ms + delay_ms
        if self._due_ms is None or due_ms < self._due_ms:
            self._due_ms = due_ms

    def alarm_stored(self, record: Record) -> None:
        self._records.remember_stored(record.key)
        self._stored_changed = True

    def now(self) -> None:
        self._due_ms = None
        if not self._memory.lost:  # what is learned in doubt makes nothing certain
            self._context.persist("guard", bytes(self._guard.dump()))
        if self._stored_changed:
            self._stored_changed = False
            self._context.persist("stored", self._records.dump())

    def tick(self) -> None:
        if self._due_ms is not None and self._context.now_ms >= self._due_ms:
            self.now()

    def next_deadline(self) -> Ms | None:
        return self._due_ms
