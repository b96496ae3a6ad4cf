"""Reports: what posts tell of their sirens and people of themselves. Stored and answered like an alarm.

What ends, weakens or starts something here names its object whole and is under C of who says it:
    SIREN_REPORT sounding, driven   ends what is to start that post; vouches for its alarm (memory.py)
    SIREN_REPORT silenced           ends the starting of that one post for that incident
    SIREN_REPORT sounding for what was over ten minutes ago: that post's siren is to rest, unless it may sound
                                    by an order of now, or its button has called since
    SIREN_REPORT stopped            ends what is to stop that post
    SIREN_REPORT refused            starts that one post
    SIREN_REPORT by receipt, for what no gateway has stored: that receipt was forged (forgeries.py)
    SIREN_REPORT drill, no drill    ends our telling that one post of it, where it answers an order of ours
    EVENT "saya datang"             ends one page and gives stage 3, from whom we paged about that incident
"""

from kentongan_wire.message import messages as m
from kentongan_wire.message.verify import Message

from kentongan_gateway.core.answers.stages import Target
from kentongan_gateway.core.base.actions import Heard
from kentongan_gateway.core.base.records import Record, key_of
from kentongan_gateway.core.base.units import Node
from kentongan_gateway.core.parts import Parts
from kentongan_gateway.core.paths.intake import SLOW_MS
from kentongan_gateway.core.sirens.sounding import SOUNDING


class ReportPath:
    """One per core."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._context = parts, parts.context

    def on_report(self, message: Message, heard: Heard, repeat: bool) -> None:
        """Store a SIREN_REPORT or an EVENT, then receipt it."""
        record = self._parts.records.get(key_of(message))
        if message.type == m.SIREN_REPORT and not repeat:
            self._siren(message)
        if record is not None:
            self._parts.storing.repeated(record, heard, message.body)
        else:
            self._parts.storing.store(Record.of(message, heard, self._context.carrier(heard)), heard)

    def _siren(self, message: Message) -> None:
        """Act on a report that is heard for the first time; it is stored in any case."""
        parts, post, body = self._parts, message.src, message.body
        alarm = parts.records.find(body.origin, body.counter)
        if body.state > m.STATE_REFUSED:
            if body.origin == self._context.config.node:
                parts.drills.on_drill_report(post, body.counter, body.state)
            return
        if body.state == m.STATE_REFUSED:
            parts.watch.on_post_refused(post, body.origin, body.counter, alarm)
            return
        first = alarm.first_counter if alarm else body.counter
        if body.state == m.STATE_SILENCED:
            self._silenced(post, body, alarm)
        parts.watch.on_siren_state(post, body.origin, first, body.counter, body.state)
        parts.orders.on_report(post, body.origin, body.counter, body.state, body.source)
        if body.state in SOUNDING and body.source == m.SOURCE_RECEIPT and self._nobody_stored(alarm, body):
            self._context.forgeries.on_forgery()
        if body.state in SOUNDING:
            parts.memory.word(post, message.counter, body.origin, body.counter)
            if self._is_over(alarm, body) and not self._may_be_ordered(post, body):
                parts.refusals.on_refusal("replay")
                self.end_recorded(post, body.origin, first, body.counter)

    def end_recorded(self, post: Node, origin: Node, first: int, counter: int) -> bool:
        """End what a post sounds for an alarm of long ago, unless its button has called since; True if so."""
        device, since_ms = self._context.directory.get(post), self._context.now_ms - SLOW_MS
        if device is None or self._parts.records.pressed_since((origin, first), counter, since_ms):
            return False
        self._parts.watch.replayed(device, origin, first, counter)
        return True

    def _nobody_stored(self, alarm: Record | None, body: m.SirenReport) -> bool:
        """Tell whether it beats an alarm on a receipt that nobody can have given; in doubt, somebody has."""
        parts = self._parts
        if alarm is not None or parts.memory.lost or not parts.neighbours.alone:
            return False
        return not parts.records.knows(body.origin, body.counter)

    def _is_over(self, alarm: Record | None, body: m.SirenReport) -> bool:
        """Tell whether we have known for long that this alarm was stored; at first nobody can say."""
        since_ms = self._context.now_ms - SLOW_MS
        if self._context.begun_ms > since_ms:
            return False
        return alarm.first_ms < since_ms if alarm else self._parts.records.knows(body.origin, body.counter)

    def _may_be_ordered(self, post: Node, body: m.SirenReport) -> bool:
        """Tell whether it sounds by an order of now. The hub knows of all gateways' orders (soundings.py)."""
        if body.source != m.SOURCE_ORDER:
            return False
        parts = self._parts
        return not parts.neighbours.alone or parts.orders.started(post, body.origin, body.counter, SLOW_MS)

    def _silenced(self, post: Node, body: m.SirenReport, alarm: Record | None) -> None:
        """Silence that one post for an alarm that it may sound for, as somebody there wants."""
        parts = self._parts
        if alarm is None and parts.orders.started(post, body.origin, body.counter, SLOW_MS):
            # by order for what no button told: a person at the hub, or an alarm that we have forgotten
            parts.orders.silenced(post, body.origin, body.counter)
            return
        if not body.origin:  # a siren that the hub started for no alarm
            parts.orders.silenced(post, 0, 0)
            return
        if alarm is None or not alarm.stored or not parts.watch.asked(post, alarm):
            parts.refusals.on_refusal("silence_not_asked")
            return
        self._context.quiet.silence(post, alarm.src, alarm.first_counter)
        parts.orders.silenced(post, alarm.src, alarm.first_counter)

    def on_event_stored(self, record: Record) -> None:
        """Tell the presser that the people of a penerima come, if we had asked them."""
        parts, body = self._parts, record.body
        if body.event != m.EVENT_COMING:
            return
        alarm = parts.pages.answered(record.src, body.origin, body.counter)
        if alarm is None:
            if not parts.pages.was_asked(record.src, body.origin, body.counter):
                parts.refusals.on_refusal("answer_not_asked")
            return
        self._context.note_about("answered", alarm.src, alarm.counter)
        self._context.quiet.answer(alarm.src, alarm.first_counter, alarm.counter)
        parts.stages.start(Target.of(alarm), m.STAGE_COMING, parts.sounds(alarm))
