"""Is an authentic message new, a repeat, another one under the same counter, or held back by somebody?

an alarm's counter against its sender's last one   what follows
above                                              stored, receipted, called for
the same, the same content                         a repeat: answered
the same, other content                            another alarm: stored, called for, marked `altered`
below, passed within SLOW_MS                       a slow copy, or pressed before: as if above
below, and never stored                            held back by somebody: stored and shown as `late`
stored by a former run                             answered; called for only while young and under way
Everything here is proved under C of its sender: only who has a button's own keys moves its counter.
"""

from kentongan_wire.base.errors import RemoteError
from kentongan_wire.message import messages as m
from kentongan_wire.message.replay import REPEAT
from kentongan_wire.message.verify import Message

from kentongan_gateway.core.base.actions import Heard
from kentongan_gateway.core.base.bounded import owner, put
from kentongan_gateway.core.base.records import first_counter, key_of
from kentongan_gateway.core.base.units import Ms, Node
from kentongan_gateway.core.parts import Parts

SLOW_MS = 600_000  # a copy of what was stored this lately was carried slowly; an older one is played again
RESUME_MAX_MS = 180_000  # an alarm younger than this is still under way after a restart
PASSED_LIMIT = 1024  # steps of buttons' counters remembered; whoever makes most forgets its own first


class Intake:
    """One per core."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._context = parts, parts.context
        # (button, generation, its last counter until then) -> when it was passed
        self._passed: dict[tuple[Node, int, int], Ms] = {}

    def new(self, message: Message, heard: Heard) -> bool | None:
        """NEW: True, a repeat: False, dealt with here: None. RemoteError replay or altered: it is refused."""
        parts = self._parts
        try:
            if parts.guard.check(message) == REPEAT:
                return False
        except RemoteError as error:
            if error.reason == "altered" and message.type == m.ALARM:
                parts.alarms.on_alarm(message, heard, False)
                return None
            if error.reason != "replay" or not self._older(message, heard):
                raise
            return None
        parts.memory.note_sender(message)
        last = parts.guard.last(message.src, message.generation, message.type)
        if message.role == m.TOMBOL and last:
            step = message.src, message.generation, last
            put(self._passed, step, self._context.now_ms, PASSED_LIMIT, owner)
        parts.guard.accept(message)
        return True

    def _older(self, message: Message, heard: Heard) -> bool:
        """Take an authentic message below its sender's last counter; False: it is refused."""
        parts = self._parts
        if message.type == m.STATUS:
            parts.configs.on_old_status(message.src, message.role, message.generation)
        key = key_of(message)
        record = parts.records.get(key)
        if record is not None and (record.late or self._context.now_ms - record.first_ms <= SLOW_MS):
            parts.storing.repeated(record, heard, message.body)
            return True
        if message.type != m.ALARM or record is not None or parts.records.was_stored(key):
            return False
        first = first_counter(message.counter, message.body)
        over = self._context.quiet.stopped(message.src, first, message.counter)
        if self._passed_lately(message) and not over:
            parts.alarms.on_alarm(message, heard, False)
        else:
            parts.alarms.on_held_back(message, heard)
        return True

    def _passed_lately(self, message: Message) -> bool:
        """Tell whether its sender's last counter was still below this one a little while ago."""
        since = self._context.now_ms - SLOW_MS
        of = message.src, message.generation
        return any(
            at >= since and (src, generation) == of and last < message.counter
            for (src, generation, last), at in self._passed.items()
        )
