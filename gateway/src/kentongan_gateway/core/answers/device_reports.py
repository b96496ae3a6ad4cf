"""What devices tell of themselves: reports of posts, people's events, statuses, receipts that others gave.

What ends, weakens or starts something here names its object whole and is under C of who says it:
    SIREN_REPORT sounding, driven   ends what is to start that post; vouches for its alarm (memory.py)
    SIREN_REPORT silenced           ends the starting of that one post for that incident
    SIREN_REPORT sounding for what was over ten minutes ago: that post is ordered to stop, unless it may do so
                                    by an order of now
    SIREN_REPORT stopped            ends what is to stop that post
    SIREN_REPORT refused            starts that one post
    SIREN_REPORT by receipt, for what no gateway has stored: that receipt was forged (forgeries.py)
    SIREN_REPORT drill, no drill    ends our telling that one post of it, where it answers an order of ours
    EVENT "saya datang"             ends one page and gives stage 3, from whom we paged about that incident
    ALARM with cancel               ends what that button raised, here and at its posts
    STATUS of a tombol              ends our repeats of the stage that it names, for that alarm
    RECEIPTS of a gateway           where its entries hold under C of their addressee: ours is not needed
    RECEIPTS of a post, stage 1     as sounding
Of a gateway's RECEIPTS only the entries count: the whole is under A, and so every post can make it.
"""

from kentongan_wire import messages as m
from kentongan_wire.errors import RemoteError

from kentongan_gateway.core.answers.intake import SLOW_MS
from kentongan_gateway.core.answers.neighbours import ALIVE_MS
from kentongan_gateway.core.base import events
from kentongan_gateway.core.sirens.sounding import SOUNDING


class DeviceReports:
    """One per core; the core stores and receipts."""

    def __init__(self, core):
        self._core, self._context = core, core._context

    def echo(self, heard):
        """A frame of ours that somebody carries on, or one made in our name."""
        self._context.count("echo")
        try:
            message = self._core.open(heard)
        except RemoteError:
            return  # noise: whoever may make it sounds nothing with it
        if self._core._neighbours.forged(message) or self._rewrapped(message):
            self._context.forgeries.heard()

    def _rewrapped(self, message) -> bool:
        """Whether a frame in our name is none of ours, though its entries may be: recorded ones, put into it.

        No frame of ours is ahead of our counter, and we answer an alarm by one frame, again and again.
        """
        core, sequence = self._core, self._context.sequence
        if message.type != m.RECEIPTS or message.role != m.GATEWAY:
            return False
        if message.counter > sequence.last and not (sequence.lost or core._memory.lost):
            return True
        return any(0 < core._records.answered(entry.node, entry.counter) < message.counter
                   for entry in core._neighbours.true(message) if entry.stage == m.STAGE_STORED)

    def siren_report(self, message):
        """A report that is heard for the first time; it is stored in any case."""
        core, post, body = self._core, message.src, message.body
        alarm = core._records.find(body.origin, body.counter)
        if body.state > m.STATE_REFUSED:
            if body.origin == self._context.config.node:
                core._drills.reported(post, body.counter, body.state)
            return
        if body.state == m.STATE_REFUSED:
            core._watch.refused(post, body.origin, body.counter, alarm)
            return
        first = alarm.first_counter if alarm else body.counter
        if body.state == m.STATE_SILENCED:
            self._silenced(post, body.origin, alarm)
        core._watch.heard(post, body.origin, first, body.counter, body.state)
        core._orders.reported(post, body.origin, body.counter, body.state, body.source)
        if body.state in SOUNDING and body.source == m.SOURCE_RECEIPT and self._nobody_stored(alarm, body):
            self._context.forgeries.heard()
        if body.state in SOUNDING:
            core._memory.word(post, message.counter, body.origin, body.counter)
            if self._is_over(alarm, body) and not self._may_be_ordered(post, body):
                core._refusals.refused("replay")
                core._watch.replayed(post, body.origin, body.counter)

    def _nobody_stored(self, alarm, body) -> bool:
        """Whether it beats an alarm on a receipt that nobody can have given; in doubt, somebody has."""
        core = self._core
        if alarm is not None or core._memory.lost or not core._neighbours.alone:
            return False
        return not core._records.knows(body.origin, body.counter)

    def _is_over(self, alarm, body) -> bool:
        """Whether we have known for long that this alarm was stored; in the first minutes nobody can say."""
        core, since_ms = self._core, self._context.now_ms - SLOW_MS
        if core.begun_ms > since_ms:
            return False
        return alarm.first_ms < since_ms if alarm else core._records.knows(body.origin, body.counter)

    def _may_be_ordered(self, post, body) -> bool:
        """Whether it sounds by an order of now. The hub knows of all gateways' orders (its soundings.py)."""
        if body.source != m.SOURCE_ORDER:
            return False
        core = self._core
        return not core._neighbours.alone or core._orders.started(post, body.origin, body.counter, SLOW_MS)

    def long_over(self, order) -> bool:
        """Whether an order is about an alarm that is over: a recording, whatever else we have forgotten."""
        alarm = self._core._records.find(order.origin, order.counter)
        if alarm is None:
            return self._core._records.knows(order.origin, order.counter)  # by a former run, or long ago
        return self._context.now_ms - alarm.first_ms > SLOW_MS

    def _of_now(self, message) -> bool:
        """Whether it answers what we have heard ourselves lately: a true entry may be years old."""
        since_ms = self._context.now_ms - ALIVE_MS
        return any(record and record.first_ms >= since_ms and not record.late
                   for record in (self._core._records.find(entry.node, entry.counter)
                                  for entry in self._core._neighbours.true(message)))

    def _silenced(self, post, origin, alarm):
        """Somebody at that post wants its siren silent: that one, for an alarm that it may sound for."""
        if not origin:  # a siren that the hub started for no alarm
            self._core._orders.silenced(post, 0, 0)
            return
        if alarm is None or not alarm.stored or not self._core._watch.asked(post, alarm):
            self._core._refusals.refused("silence_not_asked")
            return
        self._context.quiet.silence(post, alarm.src, alarm.first_counter)
        self._core._orders.silenced(post, alarm.src, alarm.first_counter)

    def answered(self, record):
        """The people of a penerima say that they come: the presser is told, when we had asked them."""
        core, body = self._core, record.body
        if body.event != m.EVENT_COMING:
            return
        alarm = core._pages.answered(record.src, body.origin, body.counter)
        if alarm is None:
            if not core._pages.was_asked(record.src, body.origin, body.counter):
                core._refusals.refused("answer_not_asked")
            return
        self._context.note_about("answered", alarm.src, alarm.counter)
        self._context.quiet.answer(alarm.src, alarm.first_counter, alarm.counter)
        core._stages.start(core.target_of(alarm), m.STAGE_COMING, core._sounds(alarm))

    def cancelled(self, record):
        """A button calls its alarm off; the hub shows it all the same."""
        core = self._core
        first = record.first_counter
        if first == record.counter:
            self._context.count("cancel_of_nothing")  # no button calls off what it never raised
            return
        core._own.stop("cancelled", "button", record.src, first)
        self._context.quiet.stop(record.src, first, record.counter)
        core._pages.called_off(record.src, first)
        core._announcements.ended(record.src, first)
        sounding = set(core._watch.posts_sounding(record))
        posts = self._context.directory.posts(record.body.zone)  # no post can read a cancel
        sounding -= {device.node for device in posts}
        posts += [device for device in map(self._context.directory.get, sorted(sounding)) if device]
        if posts and record.body.kind not in m.NEVER_SOUND:
            core._orders.send(m.ACTION_STOP, record.src, record.counter, record.body.kind, 1, posts)

    def status(self, message, heard):
        """A status that is heard for the first time."""
        core, context, body = self._core, self._context, message.body
        context.store(events.status_event(message, heard, context.directory))
        core._configs.reported(message.src, message.role, body.config_version, message.generation)
        if message.role != m.TOMBOL:
            if message.role == m.SIRENE and body.last_control in core._orders.tests:
                core._memory.present(message.src, message.counter, bool(body.flags & m.STATUS_SOUNDING))
            if context.sequence.reported(body.last_control):
                context.note("counters_recovered", context.config.label, context.sequence.last)
            return
        stage = events.highest_stage(body)
        seen = core._stages.seen(message.src, body.counter, stage) if stage >= m.STAGE_COMING else None
        if seen:
            counter, stage = seen
            context.store(
                {
                    "type": "stage_seen",
                    "device": message.src,
                    "label": context.directory.label(message.src),
                    "counter": counter,
                    "stage": stage,
                }
            )
            context.note_about("stage_seen", message.src, counter, str(stage))

    def receipts(self, message, repeat):
        """Receipts of another gateway, or a post's stage 1.

        A gateway's counter may have been used up by whoever holds a post's keys. Its entries
        are true even so; they only do not show that it is there now.
        """
        core = self._core
        if message.role == m.GATEWAY:
            fresh = not repeat and not core._memory.lost
            core._answers.overheard(core._neighbours.receipts(message, fresh and self._of_now(message)))
        if message.role == m.GATEWAY or repeat:
            return
        label = self._context.directory.label(message.src)
        for entry in message.body.entries:
            alarm = core._records.find(entry.node, entry.counter)
            first = alarm.first_counter if alarm else entry.counter
            core._watch.heard(message.src, entry.node, first, entry.counter, m.STATE_SOUNDING)
            core._memory.word(message.src, message.counter, entry.node, entry.counter)
            self._context.note_about("receipt_1", entry.node, entry.counter, label)
