"""Every decision of the gateway, pure: what was heard, committed, ordered, in; actions out, in order.

Never sleeps, opens, prints, reads a clock or draws a random number. An alarm is stored first and receipted
only in `stored`, which the daemon calls after the commit and not otherwise.
"""

from kentongan_wire import messages as m
from kentongan_wire.errors import LocalError, RemoteError
from kentongan_wire.replay import Guard
from kentongan_wire.verify import open_message

from kentongan_gateway.core.answers.announce import Announcements
from kentongan_gateway.core.answers.chime_pages import ChimePages
from kentongan_gateway.core.answers.confidential_names import ConfidentialNames
from kentongan_gateway.core.answers.device_reports import DeviceReports
from kentongan_gateway.core.answers.intake import RESUME_MAX_MS, SLOW_MS, Intake, key_of
from kentongan_gateway.core.answers.neighbours import Neighbours
from kentongan_gateway.core.answers.receipts import Answers
from kentongan_gateway.core.answers.relays import Relays
from kentongan_gateway.core.answers.stages import Stages, Target
from kentongan_gateway.core.base import events, troubles
from kentongan_gateway.core.base.context import Context, CoreConfig, mix
from kentongan_gateway.core.base.faults import Faults
from kentongan_gateway.core.base.memory import GUARD_LIMIT, Memory
from kentongan_gateway.core.base.records import Record, Records
from kentongan_gateway.core.base.sequence import Sequence
from kentongan_gateway.core.devices import forgeries
from kentongan_gateway.core.devices.configs import Configs
from kentongan_gateway.core.devices.directory import Directory
from kentongan_gateway.core.devices.keyring import KeyRing
from kentongan_gateway.core.devices.radiowatch import RadioWatch
from kentongan_gateway.core.devices.refusals import Refusals
from kentongan_gateway.core.devices.supervise import Supervision
from kentongan_gateway.core.devices.waiting import Waiting
from kentongan_gateway.core.hub.hub_orders import HubOrders
from kentongan_gateway.core.hub.hubwatch import HubWatch
from kentongan_gateway.core.sirens.drill import Drills, DrillWindow
from kentongan_gateway.core.sirens.silenced import Silenced
from kentongan_gateway.core.sirens.siren_orders import SECONDS_MAX, SirenOrders
from kentongan_gateway.core.sirens.sounding import OwnSiren, Watch

FLUSH_STATUS_MS = 60_000  # counters of statuses go to disk this late
FLUSH_ALARM_MS = 400  # those of alarms, reports and events: once for a burst
STORE_AGAIN_MS = 1_000  # a repeat asks for its commit again when the last one never came

OTHERS_ONLY = (m.SIREN_ORDER, m.PAGE, m.CONFIG)  # of another gateway: carried on, never obeyed

__all__ = ["SLOW_MS", "CoreConfig", "Directory", "GatewayCore"]


class GatewayCore:
    """One per gateway. `state`: {name: bytes} as Persist wrote it (seq guard stored secrets quiet ...)."""

    def __init__(self, config, keys, directory, state):
        sequence = Sequence(state.get("seq"), directory.gateway_counter)
        self._context = Context(config, keys, directory, sequence, ConfidentialNames(state.get("secrets")))
        self._context.quiet = self._quiet = Silenced(self._context, state.get("quiet"), state.get("hushed"))
        self.counters = self._context.counters
        self._keyring = self._make_keyring(keys, state.get("keys"))
        self._context.keys = self._keyring.ring
        self._guard = Guard(GUARD_LIMIT)
        self._flush_due_ms = None
        self._stored_changed = False
        self._memory = Memory(self._context, self._guard, not self._load(state.get("guard")), self._vouched,
                              self._ask_posts)
        self._records = Records(state.get("stored"))
        window = DrillWindow()
        self._intake = Intake(self, self._guard, self._memory, self._records, window)
        self._orders = SirenOrders(self._context, self._order_done)
        self._neighbours = Neighbours(self._context)
        self._watch = Watch(self._context, self._orders, self._neighbours)
        self._drills = Drills(self._context, window, self._watch.in_earnest, state.get("drill"))
        self._own = OwnSiren(self._context, state.get("codes"))
        self._hub = HubWatch(self._context, self._act_for_hub)
        self._troubles = troubles.Troubles(self._context)
        self._pages = ChimePages(self._context, self._troubles, self._order_done, state.get("pages"))
        self._configs = Configs(self._context, self._guard, state.get("configs"))
        self._stages = Stages(self._context, self._order_done)
        self._answers = Answers(self._context, self._neighbours, self._answered)
        self._refusals = Refusals(self._context)
        self._relays = Relays(self._context, self._neighbours)
        self._supervision = Supervision(self._context, self._orders)
        self._context.waiting = Waiting(self._context, self._troubles, state.get("air"))
        self._context.forgeries = forgeries.Forgeries(self._context, self._troubles, state.get("forged"))
        self._faults = Faults(self._context, self._refusals, self._troubles)
        self.refuse, self.fault = self._refusals.refused, self._faults.met
        self._radios = RadioWatch(self._context, self._troubles, self._supervision.prove,
                                  self._supervision.deaf)
        self._announcements = Announcements(self._context)
        self._commands = HubOrders(self)
        self._told = DeviceReports(self)
        self._begun = self._leapt = False
        self.begun_ms = 0
        self._parts = (
            self._watch, self._orders, self._drills, self._own, self._hub, self._pages, self._configs,
            self._stages, self._refusals, self._supervision, self._troubles, self._radios,
            self._announcements, self._memory, self._context.forgeries, self._context.waiting,
        )
        self._deadlines = [(part, part.next_deadline) for part in (self._answers, *self._parts)]

    def _make_keyring(self, keys, saved):
        try:
            return KeyRing(keys, saved)
        except LocalError:
            self._context.count("keys_lost")
            return KeyRing(keys)

    def _load(self, saved) -> bool:
        """Whether the counters of a former run are there, whole."""
        if not saved:
            return False
        try:
            self._guard.load(saved)
        except RemoteError:
            self._context.count("guard_lost")
            return False
        return True

    # what the daemon calls: each returns the actions, in order

    def heard(self, heard, now_ms, rnd):
        """One payload off a radio. Anything malformed, forged or old is counted, never raised."""
        self._begin(now_ms, rnd)
        self._faults.contain("frame", self._judge, heard)
        return self._end()

    def heard_too(self, name, now_ms):
        """A radio has brought what another had brought before: it hears, and that is all."""
        self._begin(now_ms, 0)
        self._radios.heard(name)
        return self._end()

    def stored(self, row_id, now_ms, rnd):
        """The Store of this row is on disk."""
        self._begin(now_ms, rnd)
        self._faults.contain("stored", self._context.committed, row_id)
        return self._end()

    def not_stored(self, row_id, now_ms, rnd):
        """The disk did not take this row: no receipt, but sirens and pages do not wait for a disk."""
        self._begin(now_ms, rnd)
        self._faults.contain("not stored", self._context.failed, row_id)
        return self._end()

    def order(self, order, now_ms, rnd):
        """One order of the hub, as its JSON object; answered by OrderDone once its outcome is known."""
        self._begin(now_ms, rnd)
        self._commands.take(order)
        return self._end()

    def hub_ok(self, what, now_ms, new=()):
        """A good reply of the hub; `what` are the row ids that it took, or a word when it took none.

        new: of these the alarms that it takes for new (memory.py).
        """
        self._begin(now_ms, 0)
        self._hub.good_reply(now_ms)
        if not isinstance(what, str):
            self._hub.accepted(what)
            self._pages.taken(what)
            self._memory.hub_took(what, new)
        return self._end()

    def already_taken(self, row_ids):
        """The hub has had these rows from before: nothing is waited for. No actions, no sign of life."""
        self._hub.accepted(row_ids)

    def radio_state(self, name, up, now_ms):
        """A radio has come up or gone: the hub is told."""
        self._begin(now_ms, 0)
        self._radios.state(name, bool(up))
        return self._end()

    def radio_air(self, used_ms, now_ms):
        """What a radio says that it sent in the last hour, former runs of ours included. No actions."""
        self._context.air.radio_used(used_ms / 1000, now_ms)

    def trouble(self, name, text, now_ms):
        """Something at this gateway does not work, or does again (text None): the hub is told."""
        self._begin(now_ms, 0)
        self._troubles.set(name, text)
        if name == "siren":
            self._own.broken(bool(text))
        return self._end()

    def refused(self, reason, n, now_ms):
        """So many of what came over another way than the air were refused for this: counted and told."""
        self._begin(now_ms, 0)
        self.refuse(reason, n)
        return self._end()

    def troubles(self):
        """{name: text} of what is wrong now."""
        return self._troubles.active()

    def hush(self, now_ms, rnd):
        """Somebody pressed the silence button at the post."""
        self._begin(now_ms, rnd)
        self._own.stop("silenced", "post")
        self._announcements.ended()
        return self._end()

    def resume(self, event, age_ms, now_ms, rnd, taken=False):
        """An alarm that a former run stored: (row_id, actions). Call it for all that the disk has, in order.

        age_ms: since it was stored, -1 where no clock can tell. taken: the hub has it, and acts for it.
        """
        self._begin(now_ms, rnd)
        record = events.record_of(event)
        if event.get("silent"):
            self._keep_secret(record)
        record.row_id = row_id = self._context.new_row()
        record.first, record.first_ms = False, now_ms - max(0, age_ms)
        self._records.remember_stored(record.key)
        self._memory.recall(event)
        if self._context.keys.c(record.src, record.role, record.generation) is None:
            return row_id, self._end()  # its key generation is gone: nothing can be said to it
        self._pages.resume(record)
        if 0 <= age_ms <= RESUME_MAX_MS and record.calls:
            self._records.add(record)
            if not taken:
                self._hub.stored(row_id, record)
            if record.doubted:
                record.alarmed = True
                if self._memory.lost or not taken:  # else the hub has given its word on it
                    self._memory.hold(row_id, record)
        return row_id, self._end()

    def forget(self, event):
        """An alarm that a former run stored and of which the disk has nothing but its key. No actions."""
        self._records.forget_stored(events.key_of(event))

    def tick(self, now_ms, rnd):
        """At or after next_deadline()."""
        self._begin(now_ms, rnd)
        self._faults.contain("answers", self._answers.tick, self._sounds)
        for part in self._parts:
            self._faults.tick(part)
        if self._flush_due_ms is not None and now_ms >= self._flush_due_ms:
            self._flush()
        return self._end()

    def close(self, now_ms):
        """Before a planned end: what is kept late goes to disk now."""
        self._begin(now_ms, 0)
        self._flush()
        self._context.waiting.close()
        return self._end()

    def next_deadline(self):
        """When tick() wants to be called next, or None. 0 before the first call of all."""
        if not self._begun:
            return 0
        first = self._flush_due_ms
        for part, deadline in self._deadlines:
            due = deadline()
            if due is not None and (first is None or due < first):
                first = self._faults.not_before(part, due)
        return first

    # inside

    def _begin(self, now_ms, rnd):
        self._context.out, self._context.now_ms, self._context.rnd = [], now_ms, rnd
        if not self._begun:
            self._begun, self.begun_ms = True, now_ms
            self._context.waiting.begun()
            self._hub.begun()
            self._supervision.follow()
            self._memory.begun()
            self._troubles.begin()
            self._radios.begin()
            self._context.forgeries.begun()
            self._drills.begun()
            self._troubles.revoked()
            for name in (name for name in troubles.LOST if name + "_lost" in self.counters):
                self._troubles.lost(name)

    def _end(self):
        return self._context.out

    def _flush(self):
        """Counters go to disk after the commit, in bursts: the spool's keys cover a crash in between."""
        self._flush_due_ms = None
        if not self._memory.lost:  # what is learned in doubt makes nothing certain
            self._context.persist("guard", bytes(self._guard.dump()))
        if self._stored_changed:
            self._stored_changed = False
            self._context.persist("stored", self._records.dump())

    def _flush_in(self, delay_ms):
        due_ms = self._context.now_ms + delay_ms
        if self._flush_due_ms is None or due_ms < self._flush_due_ms:
            self._flush_due_ms = due_ms

    def _keep_secret(self, record):
        if self._context.names.keep_secret(*record.about, record.first_counter):
            self._context.persist("secrets", self._context.names.dump())

    def _sounds(self, record) -> bool:
        if not record.is_alarm:
            return False
        own = self._own.alarm and (self._own.alarm[0], self._own.alarm[2])
        return self._watch.sounds(record) or own == (record.src, record.first_counter)

    def _judge(self, heard):
        try:
            self._heard(heard)
        except RemoteError as error:
            if error.reason in forgeries.REASONS:
                self._context.forgeries.heard(heard.src)
            raise

    def _heard(self, heard):
        self._radios.heard(heard.radio)
        if heard.src == self._context.config.node:
            self._told.echo(heard)
            return
        message = self.open(heard)
        if self._neighbours.forged(message):
            self._context.forgeries.heard()
        if message.type in OTHERS_ONLY:
            self._relays.consider(heard, message)
            if message.type == m.SIREN_ORDER and not self._told.long_over(message.body):
                self._watch.ordered(message)
            return
        unproved = m.posts_judge(message.type, message.role)  # any post can make it, for any number
        if unproved and self._context.directory.get(message.src) is None:
            self._context.count("unknown_gateway")  # invented numbers push no counter out of its place
            return
        new = self._intake.new(message, heard)
        if new is None:
            return
        self._relays.consider(heard, message, new)
        if new:
            if not unproved:
                self._supervision.heard(message.src)
                self._drills.heard(message.src)
                self._radios.missed(heard.radio)
            self._flush_in(FLUSH_STATUS_MS)
        handler = self._HANDLERS.get(message.type)
        if handler:
            handler(self, message, heard, not new)

    def open(self, heard):
        """The verified message of a frame, or RemoteError."""
        return open_message(
            heard.payload, heard.src, heard.to, self._context.keys, self._context.directory.revoked
        )

    def _alarm(self, message, heard, repeat):
        self._intake.alarm(message, heard, repeat)

    def make_way(self, message):
        """Somebody calls for help: settings, tests and single answers wait a little."""
        self._neighbours.alarm(message.src)
        self._supervision.alarm()
        if message.body.kind != m.KIND_UJI:
            self._configs.alarm()

    def store_alarm(self, record, heard):
        """An alarm that was not stored before, with what intake knows of it."""
        if record.silent:
            self._keep_secret(record)
        detail = "" if record.silent else f"{heard.radio} rssi {heard.rssi} hop {record.hops}"
        self._context.note_about("heard_by_gateway", record.src, record.counter, detail)
        self._store(record, heard)

    def _report(self, message, heard, repeat):
        """SIREN_REPORT or EVENT: stored, then receipted like an alarm."""
        record = self._records.get(key_of(message))
        if message.type == m.SIREN_REPORT and not repeat:
            self._told.siren_report(message)
        if record is not None:
            self.repeated(record, heard, message.body)
        else:
            self._store(Record(message, heard, self._intake.carried(heard)), heard)

    def repeated(self, record, heard, body):
        """It comes again: answered, or put on disk once more."""
        record.came_again(heard, self._intake.carried(heard))
        if record.stored:
            self._answers.again(record, getattr(body, "attempt", 0))
            if record.is_alarm and not record.alarmed:
                self._alarmed(record.row_id, record)  # of a former run, young, and its button goes on
        elif self._context.now_ms - record.asked_ms >= STORE_AGAIN_MS:
            self._store(record, heard)

    def _store(self, record, heard):
        record.asked_ms = self._context.now_ms
        if record.first_ms is None:
            record.first_ms = self._context.now_ms
        self._records.add(record)
        event = events.event_of(record, heard, self._context.directory)
        self._context.store(event, lambda row_id: self._committed(row_id, record),
                         lambda row_id: self._uncommitted(row_id, record))

    def _uncommitted(self, row_id, record):
        if record.is_alarm and not record.alarmed:
            self._context.note_about("not_stored", record.src, record.counter)
            self._alarmed(row_id, record)

    def _alarmed(self, row_id, record):
        """What an alarm sets going, once, whether the disk has it or not."""
        record.alarmed = True
        if record.cancel:
            self._watch.stored(record)
            self._told.cancelled(record)
        if not record.calls or record.known:
            return
        if record.row_id is None:
            self._hub.stored(row_id, record)
        if record.doubted:
            self._memory.hold(row_id, record)
        else:
            self._call(record)

    def _call(self, record):
        self._watch.stored(record)
        self._drills.alarm(record)
        if not self._quiet.holds(record):
            self._announcements.stored(record)

    def _vouched(self, held):
        """Somebody has said that this alarm is of today."""
        held.record.doubted = False
        self._call(held.record)
        if held.hub_silent:
            self._act_for_hub(held.row_id, held.record)

    def _committed(self, row_id, record):
        if record.stored:
            return
        record.stored = True
        context = self._context
        context.note_about("stored", record.src, record.counter)
        self._flush_in(FLUSH_ALARM_MS)
        if record.is_alarm:
            self._records.remember_stored(record.key)
            self._stored_changed = True
            if not record.alarmed:
                self._alarmed(row_id, record)
        elif record.type == m.EVENT:
            self._told.answered(record)
        self._answers.plan(record)

    def _answered(self, record):
        if record.is_alarm and not record.known and not record.doubted:
            self._watch.stood_in(record)
        if record.stage > m.STAGE_STORED:
            self._stages.start(self.target_of(record), record.stage, self._sounds(record), already_sent=True)

    def target_of(self, record) -> Target:
        """Whom a stage about this alarm goes to, and how far."""
        first = record.first_counter if record.is_alarm else record.counter
        about = record.src, record.role, record.generation, record.counter
        return Target(*about, record.hops, first, record)

    def _status(self, message, heard, repeat):
        if not repeat:
            self._told.status(message, heard)

    def _receipts(self, message, heard, repeat):
        self._told.receipts(message, repeat)

    _HANDLERS = {
        m.ALARM: _alarm,
        m.STATUS: _status,
        m.SIREN_REPORT: _report,
        m.EVENT: _report,
        m.RECEIPTS: _receipts,
    }

    def _act_for_hub(self, row_id, record):
        """The hub has not taken this alarm in time: our own siren, and pages from what we know."""
        if self._memory.silent(record):
            return
        self._context.note_about("hub_silent", record.src, record.counter)
        if record.sounding:
            own, body = self._own, record.body
            about = record.src, record.counter, record.first_counter
            own.sound(*about, body.kind, record.drill, SECONDS_MAX, "hub_silent")
        if not record.drill and not self._quiet.answered(record.src, record.first_counter, record.counter):
            self._pages.plan(record, row_id)

    def _ask_posts(self, zones):
        if not self._leapt:
            self._leapt = True
            self._context.sequence.leap(mix(self._context.rnd, len(zones)))
            self._orders.tests.clear()
        posts = {device.node: device for zone in zones for device in self._context.directory.posts(zone)}
        self._orders.send(m.ACTION_TEST, 0, 0, 0, 0, posts.values(), sends=1, urgent=True)

    def _order_done(self, order_id, result):
        self._commands.done(order_id, result)
