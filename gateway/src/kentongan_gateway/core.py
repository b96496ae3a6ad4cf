"""Every decision of the gateway, pure: what was heard, committed, ordered, in; actions out, in order.

Never sleeps, opens, prints, reads a clock or draws a random number. An alarm is stored first and receipted
only in `stored`, which the daemon calls after the commit and not otherwise.
"""

from kentongan_wire import messages as m
from kentongan_wire.errors import LocalError, RemoteError
from kentongan_wire.replay import REPEAT, Guard
from kentongan_wire.verify import open_message

from kentongan_gateway import events
from kentongan_gateway.announce import Announcements
from kentongan_gateway.commands import Commands
from kentongan_gateway.configs import Configs
from kentongan_gateway.desk import CoreConfig, Desk
from kentongan_gateway.directory import Directory
from kentongan_gateway.drill import DrillWindow
from kentongan_gateway.faults import Faults
from kentongan_gateway.hubwatch import HubWatch
from kentongan_gateway.keyring import KeyRing
from kentongan_gateway.names import SecretNames
from kentongan_gateway.neighbours import Neighbours
from kentongan_gateway.orders import SECONDS_MAX, Orders
from kentongan_gateway.pages import Pages
from kentongan_gateway.quiet import Quiet
from kentongan_gateway.radiowatch import RadioWatch
from kentongan_gateway.receipts import Answers
from kentongan_gateway.records import DIRECT, OVER_OURS, OVER_STOCK, Record, Records
from kentongan_gateway.refusals import Refusals
from kentongan_gateway.relays import Relays
from kentongan_gateway.sequence import Sequence
from kentongan_gateway.sirens import OwnSiren, Watch
from kentongan_gateway.stages import Stages, Target
from kentongan_gateway.supervise import Supervision
from kentongan_gateway.troubles import Troubles

GUARD_LIMIT = 4096  # senders whose counters are kept: a site's devices and generations
FLUSH_STATUS_MS = 60_000  # counters of statuses go to disk this late
FLUSH_ALARM_MS = 400  # those of alarms, reports and events: once for a burst
STORE_AGAIN_MS = 1_000  # a repeat asks for its commit again when the last one never came
SLOW_MS = 600_000  # a copy of what was stored this lately was carried slowly; an older one is played again
RESUME_MAX_MS = 180_000  # an unsent alarm younger than this still gets its siren after a restart

OTHERS_ONLY = (m.SIREN_ORDER, m.PAGE, m.CONFIG)  # of another gateway: carried on, never obeyed

__all__ = ["CoreConfig", "Directory", "GatewayCore"]


class GatewayCore:
    """One per gateway. `state`: {name: bytes} as Persist wrote it (seq guard stored secrets quiet ...)."""

    def __init__(self, config, keys, directory, state):
        sequence = Sequence(state.get("seq"), directory.gateway_counter)
        self._desk = Desk(config, keys, directory, sequence, SecretNames(state.get("secrets")))
        self._desk.quiet = self._quiet = Quiet(self._desk, state.get("quiet"))
        self.counters = self._desk.counters
        self._keyring = self._make_keyring(keys, state.get("keys"))
        self._desk.keys = self._keyring.ring
        self._guard = Guard(GUARD_LIMIT)
        self._flush_due_ms = None
        self._stored_changed = False
        if state.get("guard"):
            try:
                self._guard.load(state["guard"])
            except RemoteError:
                self._desk.count("guard_lost")
        self._records = Records(state.get("stored"))
        self._drill = DrillWindow()
        self._orders = Orders(self._desk)
        self._neighbours = Neighbours(self._desk)
        self._watch = Watch(self._desk, self._orders, self._neighbours)
        self._own = OwnSiren(self._desk, state.get("codes"))
        self._hub = HubWatch(self._desk, self._act_for_hub)
        self._pages = Pages(self._desk)
        self._configs = Configs(self._desk, self._guard, self._drill, state.get("configs"))
        self._stages = Stages(self._desk, self._order_done)
        self._answers = Answers(self._desk, self._neighbours, self._answered)
        self._refusals = Refusals(self._desk)
        self._relays = Relays(self._desk)
        self._supervision = Supervision(self._desk, self._orders)
        self._troubles = Troubles(self._desk)
        self._faults = Faults(self._desk, self._refusals, self._troubles)
        self.refuse, self.fault = self._refusals.refused, self._faults.met
        self._radios = RadioWatch(self._desk, self._troubles, self._supervision.prove)
        self._announcements = Announcements(self._desk)
        self._commands = Commands(self)
        self._begun = False
        self._parts = (
            self._watch,
            self._orders,
            self._own,
            self._hub,
            self._pages,
            self._configs,
            self._stages,
            self._refusals,
            self._supervision,
            self._troubles,
            self._radios,
            self._announcements,
        )
        self._deadlines = [(part, part.next_deadline) for part in (self._answers, *self._parts)]

    def _make_keyring(self, keys, saved):
        try:
            return KeyRing(keys, saved)
        except LocalError:
            self._desk.count("keys_lost")
            return KeyRing(keys)

    # what the daemon calls: each returns the actions, in order

    def heard(self, heard, now_ms, rnd):
        """One payload off a radio. Anything malformed, forged or old is counted, never raised."""
        self._begin(now_ms, rnd)
        self._faults.contain("frame", self._heard, heard)
        return self._end()

    def heard_too(self, name, now_ms):
        """A radio has brought what another had brought before: it hears, and that is all."""
        self._begin(now_ms, 0)
        self._radios.heard(name)
        return self._end()

    def stored(self, row_id, now_ms, rnd):
        """The Store of this row is on disk."""
        self._begin(now_ms, rnd)
        self._faults.contain("stored", self._desk.committed, row_id)
        return self._end()

    def not_stored(self, row_id, now_ms, rnd):
        """The disk did not take this row: no receipt, but sirens and pages do not wait for a disk."""
        self._begin(now_ms, rnd)
        self._faults.contain("not stored", self._desk.failed, row_id)
        return self._end()

    def order(self, order, now_ms, rnd):
        """One order of the hub, as its JSON object; answered by OrderDone once its outcome is known."""
        self._begin(now_ms, rnd)
        self._commands.take(order)
        return self._end()

    def hub_ok(self, what, now_ms):
        """A good reply of the hub; `what` are the row ids that it took, or a word when it took none."""
        self._begin(now_ms, 0)
        self._hub.good_reply(now_ms)
        if not isinstance(what, str):
            self._hub.accepted(what)
            self._pages.taken(what)
        return self._end()

    def already_taken(self, row_ids):
        """The hub has had these rows from before: nothing is waited for. No actions, no sign of life."""
        self._hub.accepted(row_ids)

    def radio_state(self, name, up, now_ms):
        """A radio has come up or gone: the hub is told."""
        self._begin(now_ms, 0)
        self._radios.state(name, bool(up))
        return self._end()

    def trouble(self, name, text, now_ms):
        """Something at this gateway does not work, or does again (text None): the hub is told."""
        self._begin(now_ms, 0)
        self._troubles.set(name, text)
        if name == "siren" and text:
            self._own.failed()
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

    def resume(self, event, age_ms, now_ms, rnd):
        """An alarm that a former run stored and the hub has not taken: (row_id, actions)."""
        self._begin(now_ms, rnd)
        record = events.record_of(event)
        if event.get("silent"):
            self._keep_secret(record)
        row_id = self._desk.new_row()
        record.stored = True
        record.first_ms = now_ms
        if self._desk.keys.c(record.src, record.role, record.generation) is None:
            return row_id, self._end()  # its key generation is gone: nothing can be said to it
        if 0 <= age_ms <= RESUME_MAX_MS and not record.late and (record.sounding or record.silent):
            self._records.add(record)
            self._hub.stored(row_id, record)
        return row_id, self._end()

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
        self._desk.out, self._desk.now_ms, self._desk.rnd = [], now_ms, rnd
        if not self._begun:
            self._begun = True
            self._hub.begun()
            self._supervision.follow()
            self._troubles.begin()
            self._radios.begin()

    def _end(self):
        return self._desk.out

    def _flush(self):
        """Counters go to disk after the commit, in bursts: the spool's keys cover a crash in between."""
        self._flush_due_ms = None
        self._desk.persist("guard", bytes(self._guard.dump()))
        if self._stored_changed:
            self._stored_changed = False
            self._desk.persist("stored", self._records.dump())

    def _flush_in(self, delay_ms):
        due_ms = self._desk.now_ms + delay_ms
        if self._flush_due_ms is None or due_ms < self._flush_due_ms:
            self._flush_due_ms = due_ms

    def _keep_secret(self, record):
        if self._desk.names.keep_secret(record.src, record.counter, record.body.incident):
            self._desk.persist("secrets", self._desk.names.dump())

    def _sounds(self, record) -> bool:
        if not record.is_alarm:
            return False
        own = self._own.alarm
        return self._watch.sounds(record) or bool(
            own and (own[0], own[2]) == (record.src, record.body.incident)
        )

    def _heard(self, heard):
        self._radios.heard(heard.radio)
        if heard.src == self._desk.config.node:
            self._desk.count("echo")
            return
        message = open_message(
            heard.payload, heard.src, heard.to, self._desk.keys, self._desk.directory.revoked
        )
        self._relays.consider(heard, message.type)
        if message.type in OTHERS_ONLY:
            if message.type == m.SIREN_ORDER:
                self._watch.ordered(message)
            return
        try:
            repeat = self._guard.check(message) == REPEAT
        except RemoteError as error:
            if error.reason != "replay" or not self._older(message, heard):
                raise
            return
        if not repeat:
            self._guard.accept(message)
            self._supervision.heard(message.src)
            self._radios.missed(heard.radio)
            self._flush_in(FLUSH_STATUS_MS)
        handler = self._HANDLERS.get(message.type)
        if handler:
            handler(self, message, heard, repeat)

    def _carried(self, heard):
        if heard.hop_limit >= heard.hop_start:
            return DIRECT
        return OVER_OURS if heard.relay_node in self._desk.directory.relay_bytes() else OVER_STOCK

    def _older(self, message, heard) -> bool:
        """An authentic message below its sender's last counter; False: it is refused.

        An alarm that was never stored is stored and shown; a copy of what was stored lately is a repeat.
        """
        if message.type == m.STATUS:
            self._configs.refused(message.src, message.role, message.generation)
        key = (message.src, message.generation, message.counter)
        record = self._records.get(key)
        if record is not None and (record.late or self._desk.now_ms - record.first_ms <= SLOW_MS):
            self._repeat(record, heard)
            return True
        if message.type != m.ALARM or record is not None or self._records.was_stored(key):
            return False
        self._new_alarm(Record(message, heard, self._carried(heard), late=True), heard)
        return True

    def _alarm(self, message, heard, repeat):
        self._neighbours.alarm(message.src)
        self._supervision.alarm()
        if message.body.kind != m.KIND_UJI:
            self._configs.alarm()
        record = self._records.get((message.src, message.generation, message.counter))
        if record is not None:
            self._repeat(record, heard)
            return
        body = message.body
        public = not message.silent and not body.flags & m.FLAG_CANCEL and body.kind != m.KIND_UJI
        drill = public and self._drill.takes(message.src, body.zone, self._desk.now_ms)
        record = Record(message, heard, self._carried(heard), drill=drill)
        record.first = not repeat
        self._new_alarm(record, heard)

    def _new_alarm(self, record, heard):
        if record.silent:
            self._keep_secret(record)
        detail = "" if record.silent else f"{heard.radio} rssi {heard.rssi} hop {record.hops}"
        self._desk.note_about("heard_by_gateway", record.src, record.counter, detail)
        self._store(record, heard)

    def _report(self, message, heard, repeat):
        """SIREN_REPORT or EVENT: stored, then receipted like an alarm."""
        record = self._records.get((message.src, message.generation, message.counter))
        if message.type == m.SIREN_REPORT and not repeat:
            body = message.body
            alarm = self._records.find(body.origin, body.counter)
            incident = alarm.body.incident if alarm else body.counter & 0xFFFF
            self._watch.heard(message.src, body.origin, incident, body.counter, body.state)
            self._orders.reported(message.src, body.origin, body.counter, body.state)
            if body.state == m.STATE_SILENCED:
                self._quiet.stop(body.origin, incident, body.counter)
        if record is not None:
            self._repeat(record, heard)
        else:
            self._store(Record(message, heard, self._carried(heard)), heard)

    def _repeat(self, record, heard):
        if record.stored:
            self._answers.again(record)
        elif self._desk.now_ms - record.asked_ms >= STORE_AGAIN_MS:
            self._store(record, heard)

    def _store(self, record, heard):
        record.asked_ms = self._desk.now_ms
        if record.first_ms is None:
            record.first_ms = self._desk.now_ms
        self._records.add(record)
        event = events.event_of(record, heard, self._desk.directory)
        self._desk.store(event, lambda row_id: self._committed(row_id, record),
                         lambda row_id: self._uncommitted(row_id, record))

    def _uncommitted(self, row_id, record):
        if record.is_alarm and not record.alarmed:
            self._desk.note_about("not_stored", record.src, record.counter)
            self._alarmed(row_id, record)

    def _alarmed(self, row_id, record):
        """What an alarm sets going, once, whether the disk has it or not."""
        record.alarmed = True
        self._watch.stored(record)
        if not self._quiet.holds(record):
            self._announcements.stored(record)
        if record.cancel:
            self._cancelled(record)
        elif record.sounding or (record.silent and not record.late):
            self._hub.stored(row_id, record)

    def _committed(self, row_id, record):
        if record.stored:
            return
        record.stored = True
        desk = self._desk
        desk.note_about("stored", record.src, record.counter)
        self._flush_in(FLUSH_ALARM_MS)
        if record.is_alarm:
            self._records.remember_stored(record.key)
            self._stored_changed = True
            if not record.alarmed:
                self._alarmed(row_id, record)
        elif record.type == m.EVENT:
            self._person_answered(record)
        self._answers.plan(record)

    def _cancelled(self, record):
        incident = record.body.incident
        self._own.stop("cancelled", "button", record.src, incident)
        self._quiet.stop(record.src, incident, record.counter)
        self._pages.called_off(record.src, incident)
        self._announcements.ended(record.src, incident)
        posts = [self._desk.directory.get(p) for p in self._watch.posts_sounding(record.src, incident)]
        posts = [device for device in posts if device]
        if posts:
            self._orders.send(m.ACTION_STOP, record.src, record.counter, record.body.kind, 0, posts)

    def _person_answered(self, record):
        """A penerima's own people answer a page that we sent for a silent hub: tell the presser."""
        for alarm in self._pages.answered(record.src, record.body.value):
            self._desk.note_about("answered", alarm.src, alarm.counter)
            if record.body.event == m.EVENT_COMING:
                self._quiet.answer(alarm.src, alarm.body.incident, alarm.counter)
                self._stages.start(self.target_of(alarm), m.STAGE_COMING, self._sounds(alarm))

    def _answered(self, record):
        if record.is_alarm:
            self._watch.stood_in(record)
        if record.stage > m.STAGE_STORED:
            self._stages.start(self.target_of(record), record.stage, self._sounds(record), already_sent=True)

    def target_of(self, record) -> Target:
        """Whom a stage about this alarm goes to, and how far."""
        incident = record.body.incident if record.is_alarm else record.counter & 0xFFFF
        return Target(record.src, record.role, record.generation, record.counter, record.hops, incident)

    def _status(self, message, heard, repeat):
        if repeat:
            return
        self._desk.store(events.status_event(message, heard, self._desk.directory))
        body = message.body
        self._configs.reported(message.src, message.role, body.config_version, message.generation)
        if message.role != m.TOMBOL:
            if self._desk.sequence.reported(body.last_control):
                self._desk.note("counters_recovered", self._desk.config.label, self._desk.sequence.last)
            return
        stage = events.highest_stage(body)
        if stage < m.STAGE_COMING:
            return
        seen = self._stages.seen(message.src, stage)
        if seen:
            counter, stage = seen
            self._desk.store(
                {
                    "type": "stage_seen",
                    "device": message.src,
                    "label": self._desk.directory.label(message.src),
                    "counter": counter,
                    "stage": stage,
                }
            )
            self._desk.note_about("stage_seen", message.src, counter, str(stage))

    def _receipts(self, message, heard, repeat):
        if repeat:
            return
        if message.role == m.GATEWAY:
            self._answers.overheard(self._neighbours.receipts(message))
            return
        for entry in message.body.entries:
            alarm = self._records.find(entry.node, entry.counter)
            incident = alarm.body.incident if alarm else entry.counter & 0xFFFF
            self._watch.heard(message.src, entry.node, incident, entry.counter, m.STATE_SOUNDING)
            self._desk.note_about(
                "receipt_1", entry.node, entry.counter, self._desk.directory.label(message.src)
            )

    _HANDLERS = {
        m.ALARM: _alarm,
        m.STATUS: _status,
        m.SIREN_REPORT: _report,
        m.EVENT: _report,
        m.RECEIPTS: _receipts,
    }

    def _act_for_hub(self, row_id, record):
        """The hub has not taken this alarm in time: our own siren, and pages from what we know."""
        self._desk.note_about("hub_silent", record.src, record.counter)
        if record.sounding:
            own, body = self._own, record.body
            about = record.src, record.counter, body.incident
            own.sound(*about, body.kind, record.drill, SECONDS_MAX, "hub_silent")
        if not record.drill and not self._quiet.answered(record.src, record.body.incident, record.counter):
            self._pages.plan(record, row_id)

    def _order_done(self, order_id, result):
        self._commands.done(order_id, result)
