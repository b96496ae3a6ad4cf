"""An alarm's path: stored, then sirens, the post's voice and, while the hub is silent, our own deeds.

A cancel takes the same path: it is stored and answered, and ends what its button raised.
"""

from kentongan_wire.message import messages as m
from kentongan_wire.message.verify import Message

from kentongan_gateway.core.answers.receipts import SAME_MAX
from kentongan_gateway.core.base.actions import Heard
from kentongan_gateway.core.base.memory import Held
from kentongan_gateway.core.base.records import Record, key_of
from kentongan_gateway.core.parts import Parts
from kentongan_gateway.core.paths.intake import RESUME_MAX_MS, SLOW_MS
from kentongan_gateway.core.sirens.siren_orders import SECONDS_MAX, Command


class AlarmPath:
    """One per core."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._context = parts, parts.context

    def on_alarm(self, message: Message, heard: Heard, repeat: bool) -> None:
        """Handle an alarm that is not below its sender's last counter."""
        records, now_ms = self._parts.records, self._context.now_ms
        record = records.get(key_of(message))
        if record is None and records.was_stored(key_of(message)):
            record = self._of_former_run(message, heard)
        if record is None or now_ms - record.first_ms <= RESUME_MAX_MS:
            self._make_way(message)  # for somebody who calls, not for whoever plays an old one again
        if record is not None:
            self._parts.storing.repeated(record, heard, message.body)
            return
        memory, neighbours, body = self._parts.memory, self._parts.neighbours, message.body
        public = not message.silent and not body.flags & m.FLAG_CANCEL and body.kind != m.KIND_UJI
        drill = public and self._parts.drills.window.takes(message.src, body.zone, now_ms)
        record = Record.of(message, heard, self._context.carrier(heard), drill=drill)
        record.first = not repeat
        record.known = repeat and memory.hub_has(message)
        record.doubted = record.calls and memory.doubts(record, neighbours.yields(record))
        self._store(record, heard)

    def on_held_back(self, message: Message, heard: Heard) -> None:
        """Show as late, and nothing else, an alarm below its sender's last counter that was never stored."""
        self._store(Record.of(message, heard, self._context.carrier(heard), late=True), heard)

    def _of_former_run(self, message: Message, heard: Heard) -> Record:
        """It is on our disk already: that may be said to whoever repeats it, and nothing is begun for it."""
        record = Record.of(message, heard, self._context.carrier(heard))
        record.stored = record.alarmed = record.known = True
        record.first, record.first_ms = False, self._context.now_ms - SLOW_MS
        record.same = SAME_MAX  # an attempt that a former run may have answered
        if record.silent:
            self._context.keep_secret(record)
        self._parts.records.add(record)
        return record

    def _make_way(self, message: Message) -> None:
        """Somebody calls for help: settings, tests and single answers wait a little."""
        self._parts.neighbours.note_alarm(message.src)
        self._parts.supervision.hold_tests()
        if message.body.kind != m.KIND_UJI:
            self._parts.configs.hold()

    def _store(self, record: Record, heard: Heard) -> None:
        context = self._context
        record.altered = self._parts.records.has_other(record.key)
        if record.altered:
            context.count("altered_alarm")
        if record.silent:
            context.keep_secret(record)
        detail = "" if record.silent else f"{heard.radio} rssi {heard.rssi} hop {record.hops}"
        context.note_about("heard_by_gateway", record.src, record.counter, detail)
        self._parts.storing.store(record, heard)

    def begin(self, row_id: int, record: Record) -> None:
        """Begin everything that an alarm sets going, once, whether the disk has it or not."""
        record.alarmed = True
        if record.cancel:
            self._parts.watch.on_alarm(record)
            self._end_cancelled(record)
        if not record.calls or record.known:
            return
        if not record.row_id:
            self._parts.hub.expect_taking(row_id, record)
        if record.doubted:
            self._parts.memory.hold(row_id, record)
        else:
            self._call(record)

    def _call(self, record: Record) -> None:
        self._parts.watch.on_alarm(record)
        self._parts.drills.on_alarm(record)
        if not self._context.quiet.holds(record):
            self._parts.announcements.announce(record)

    def _end_cancelled(self, record: Record) -> None:
        """End what a button calls off; the hub shows it all the same."""
        parts, context = self._parts, self._context
        first = record.first_counter
        if first == record.counter:
            context.count("cancel_of_nothing")  # no button calls off what it never raised
            return
        parts.own.stop("cancelled", "button", record.src, first)
        context.quiet.stop(record.src, first, record.counter)
        parts.pages.called_off(record.src, first)
        parts.announcements.ended(record.src, first)
        sounding = set(parts.watch.posts_sounding(record))
        posts = context.directory.posts(record.body.zone)  # no post can read a cancel
        sounding -= {device.node for device in posts}
        posts += [device for device in map(context.directory.get, sorted(sounding)) if device]
        if posts and record.body.kind not in m.NEVER_SOUND:
            parts.orders.send(Command(m.ACTION_STOP, *record.about, record.body.kind, m.STOP_TONE), posts)

    def on_vouched(self, held: Held) -> None:
        """Somebody has said that this alarm is of today."""
        held.record.doubted = False
        self._call(held.record)
        if held.hub_silent:
            self.on_hub_silent(held.row_id, held.record)

    def on_hub_silent(self, row_id: int, record: Record) -> None:
        """Act for an alarm that the hub has not taken in time: our own siren, and pages from what we know."""
        if self._parts.memory.silent(record):
            return
        self._context.note_about("hub_silent", record.src, record.counter)
        if record.sounding:
            about = record.src, record.counter, record.first_counter
            self._parts.own.sound(*about, record.body.kind, record.drill, SECONDS_MAX, "hub_silent")
        if record.drill or self._context.quiet.answered(record.src, record.first_counter, record.counter):
            return
        self._parts.pages.plan(record, row_id)
