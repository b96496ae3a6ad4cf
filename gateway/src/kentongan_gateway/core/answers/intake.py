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

from kentongan_wire import messages as m
from kentongan_wire.errors import RemoteError
from kentongan_wire.replay import REPEAT

from kentongan_gateway.core.answers.receipts import SAME_MAX
from kentongan_gateway.core.base.bounded import owner, put
from kentongan_gateway.core.base.records import DIRECT, OVER_OURS, OVER_STOCK, Record, first_counter

SLOW_MS = 600_000  # a copy of what was stored this lately was carried slowly; an older one is played again
RESUME_MAX_MS = 180_000  # an alarm younger than this is still under way after a restart
PASSED_LIMIT = 1024  # steps of buttons' counters remembered; whoever makes most forgets its own first


def key_of(message):
    """The name of a message here: its sender, generation, counter and content."""
    return message.src, message.generation, message.counter, message.digest


class Intake:
    """One per core, which stores and receipts; `drill`: its DrillWindow."""

    def __init__(self, core, guard, memory, records, drill):
        self._core, self._context = core, core._context
        self._guard, self._memory, self._records, self._drill = guard, memory, records, drill
        self._passed = {}  # (button, generation, its last counter until then) -> when it was passed

    def new(self, message, heard):
        """NEW: True, a repeat: False, dealt with here: None. RemoteError replay or altered: it is refused."""
        try:
            if self._guard.check(message) == REPEAT:
                return False
        except RemoteError as error:
            if error.reason == "altered" and message.type == m.ALARM:
                self.alarm(message, heard, False)
                return None
            if error.reason != "replay" or not self._older(message, heard):
                raise
            return None
        self._memory.heard(message)
        last = self._guard.last(message.src, message.generation, message.type)
        if message.role == m.TOMBOL and last:
            put(
                self._passed,
                (message.src, message.generation, last),
                self._context.now_ms,
                PASSED_LIMIT,
                owner,
            )
        self._guard.accept(message)
        return True

    def carried(self, heard):
        """By whom a frame came to us."""
        if heard.hop_limit >= heard.hop_start:
            return DIRECT
        return OVER_OURS if heard.relay_node in self._context.directory.relay_bytes() else OVER_STOCK

    def alarm(self, message, heard, repeat):
        """An alarm that is not below its sender's last counter."""
        record = self._records.get(key_of(message))
        if record is None and self._records.was_stored(key_of(message)):
            record = self._of_former_run(message, heard)
        if record is None or self._context.now_ms - record.first_ms <= RESUME_MAX_MS:
            self._core.make_way(message)  # for somebody who calls, not for whoever plays an old one again
        if record is not None:
            self._core.repeated(record, heard, message.body)
            return
        body = message.body
        public = not message.silent and not body.flags & m.FLAG_CANCEL and body.kind != m.KIND_UJI
        drill = public and self._drill.takes(message.src, body.zone, self._context.now_ms)
        record = Record(message, heard, self.carried(heard), drill=drill)
        record.first = not repeat
        record.known = repeat and self._memory.hub_has(message)
        record.doubted = record.calls and self._memory.doubts(record, self._core._neighbours.yields(record))
        self._new_alarm(record, heard)

    def _older(self, message, heard) -> bool:
        """An authentic message below its sender's last counter; False: it is refused."""
        if message.type == m.STATUS:
            self._core._configs.refused(message.src, message.role, message.generation)
        key = key_of(message)
        record = self._records.get(key)
        if record is not None and (record.late or self._context.now_ms - record.first_ms <= SLOW_MS):
            self._core.repeated(record, heard, message.body)
            return True
        if message.type != m.ALARM or record is not None or self._records.was_stored(key):
            return False
        first = first_counter(message.counter, message.body)
        over = self._context.quiet.stopped(message.src, first, message.counter)
        if self._passed_lately(message) and not over:
            self.alarm(message, heard, False)
        else:
            self._new_alarm(Record(message, heard, self.carried(heard), late=True), heard)
        return True

    def _passed_lately(self, message) -> bool:
        """Whether its sender's last counter was still below this one a little while ago."""
        since = self._context.now_ms - SLOW_MS
        of = message.src, message.generation
        return any(at >= since and (src, generation) == of and last < message.counter
                   for (src, generation, last), at in self._passed.items())

    def _of_former_run(self, message, heard):
        """It is on our disk already: that may be said to whoever repeats it, and nothing is begun for it."""
        record = Record(message, heard, self.carried(heard))
        record.stored = record.alarmed = record.known = True
        record.first, record.first_ms = False, self._context.now_ms - SLOW_MS
        record.same = SAME_MAX  # an attempt that a former run may have answered
        if record.silent:
            self._core._keep_secret(record)
        self._records.add(record)
        return record

    def _new_alarm(self, record, heard):
        record.altered = self._records.has_other(record.key)
        if record.altered:
            self._context.count("altered_alarm")
        self._core.store_alarm(record, heard)
