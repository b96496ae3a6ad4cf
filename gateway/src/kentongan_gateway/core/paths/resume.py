"""Alarms that a former run stored: remembered, and gone on with while they are young."""

from kentongan_gateway.core.base import events
from kentongan_gateway.core.base.stored import Event
from kentongan_gateway.core.base.units import Ms
from kentongan_gateway.core.parts import Parts
from kentongan_gateway.core.paths.intake import RESUME_MAX_MS


class Resume:
    """One per core."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._context = parts, parts.context

    def on_stored_before(self, event: Event, age_ms: Ms, taken: bool) -> int:
        """Return the row id that the core knows it by from now on."""
        parts, context = self._parts, self._context
        record = events.record_of(event)
        if record.silent:
            context.keep_secret(record)
        record.row_id = row_id = context.new_row()
        record.first, record.first_ms = False, context.now_ms - max(0, age_ms)
        parts.records.remember_stored(record.key)
        parts.memory.recall(event)
        if context.keys.c(record.src, record.role, record.generation) is None:
            return row_id  # its key generation is gone: nothing can be said to it
        parts.pages.resume(record)
        if 0 <= age_ms <= RESUME_MAX_MS and record.calls:
            parts.records.add(record)
            if not taken:
                parts.hub.expect_taking(row_id, record)
            if record.doubted:
                record.alarmed = True
                if parts.memory.lost or not taken:  # else the hub has given its word on it
                    parts.memory.hold(row_id, record)
        return row_id

    def forget(self, event: Event) -> None:
        """Forget an alarm of which the disk has nothing but its key."""
        self._parts.records.forget_stored(events.key_of(event))
