"""Stored, then answered: how alarms, siren reports and people's events come to the disk, and what follows."""

from typing import TYPE_CHECKING

from kentongan_wire.message import messages as m

from kentongan_gateway.core.answers.stages import Target
from kentongan_gateway.core.base import events, flush
from kentongan_gateway.core.base.actions import Heard
from kentongan_gateway.core.base.records import Record
from kentongan_gateway.core.parts import Parts

if TYPE_CHECKING:
    from kentongan_wire.message.bodies import Body

STORE_AGAIN_MS = 1_000  # a repeat asks for its commit again when the last one never came


class Storing:
    """One per core."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._context = parts, parts.context

    def store(self, record: Record, heard: Heard) -> None:
        """Ask for its commit: nobody is told anything before."""
        if record.asked_ms is None:
            record.first_ms = self._context.now_ms
        record.asked_ms = self._context.now_ms
        self._parts.records.add(record)
        event = events.event_of(record, heard, self._context.directory)
        self._context.store(
            event,
            lambda row_id: self._on_committed(row_id, record),
            lambda row_id: self._on_commit_failed(row_id, record),
        )

    def repeated(self, record: Record, heard: Heard, body: "Body") -> None:
        """Answer a repeat, or put it on disk once more."""
        record.came_again(heard, self._context.carrier(heard))
        if record.stored:
            self._parts.answers.again(record, getattr(body, "attempt", 0))
            if record.is_alarm and not record.alarmed:  # of a former run, young, and its button goes on
                self._parts.alarms.begin(record.row_id, record)
        elif record.asked_ms is None or self._context.now_ms - record.asked_ms >= STORE_AGAIN_MS:
            self.store(record, heard)

    def _on_committed(self, row_id: int, record: Record) -> None:
        if record.stored:
            return
        parts = self._parts
        record.stored = True
        self._context.note_about("stored", record.src, record.counter)
        parts.flush.within(flush.ALARM_MS)
        if record.is_alarm:
            parts.flush.alarm_stored(record)
            if not record.alarmed:
                parts.alarms.begin(row_id, record)
        elif record.type == m.EVENT:
            parts.reports.on_event_stored(record)
        parts.answers.plan(record)

    def _on_commit_failed(self, row_id: int, record: Record) -> None:
        if record.is_alarm and not record.alarmed:
            self._context.note_about("not_stored", record.src, record.counter)
            self._parts.alarms.begin(row_id, record)

    def on_answered(self, record: Record) -> None:
        """Go on when its first answer goes out."""
        parts = self._parts
        if record.is_alarm and not record.known and not record.doubted:
            parts.watch.stood_in(record)
        if record.stage > m.STAGE_STORED:
            sounds = parts.sounds(record)
            parts.stages.start(Target.of(record), record.stage, sounds, already_sent=True)
