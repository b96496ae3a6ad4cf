"""Sirene, the post: beats the kentongan's code for a valid alarm at once, with gateway and hub dead.

what comes in                                       what may follow
ALARM, tag under A holds                            sound, then the counters to flash, stage 1, a report
  silent, cancel, kind 15, kind 8, zone 0           under C: not read here; the gateway orders what follows
RECEIPTS of the gateway, stage 2 with zone          sound, for an alarm that was not heard here
RECEIPTS, a valid stage 1 for the same alarm        our own stage 1 is not sent
SIREN_REPORT of another post, in a crowd of alarms  our own report of that incident comes later
SIREN_ORDER to us: start, stop, quiet test          sound whatever came before, that incident stops, STATUS
SIREN_ORDER to us: rest, for what was recorded      that alarm's sounding ends; a later press sounds, as ever
an authentic ALARM that may not sound by itself     a report: the gateway, which knows better, orders it
SIREN_ORDER to us: drill begins, ends               first presses are drills for so long, none is; a report
key hush / test                                     the incident that is heard stops / test tones and kind 15
Which incident sounds how often is soundings.py's table. Several at once: the one begun last is heard.
"""

from kentongan_wire.air.flood import hops_taken
from kentongan_wire.base import patterns
from kentongan_wire.base.crypto import equal
from kentongan_wire.base.errors import RemoteError
from kentongan_wire.base.shapes import TYPE_CHECKING
from kentongan_wire.message import messages as m
from kentongan_wire.message.replay import Guard, ReplyBudget

from kentongan_node.sounding.output import Output
from kentongan_node.sounding.soundings import (
    ALARM,
    DRILL_MS,
    HUSH,
    LIVE,
    RECEIPT,
    RESTING,
    SOUND_MS,
    STOP,
    TIME_UP,
)

if TYPE_CHECKING:
    from kentongan_wire.air.packet import Packet
    from kentongan_wire.message.bodies import Entry, SirenOrder
    from kentongan_wire.message.messages import Envelope
    from kentongan_wire.message.verify import Message

    from kentongan_node.base.actions import Boot, Settings, State
    from kentongan_node.common.node import Heard
    from kentongan_node.sounding.soundings import Record


STAGE1_MIN_MS, STAGE1_SPAN_MS = 50, 450
EPISODE_MS = 5_000  # start value: closer alarms are one episode, only its first is answered at once
UNHEARD_ATTEMPT = 2  # a repeat from here on says that its presser has heard of no siren
STAGE1_TIMES = 2  # for one alarm: at once, and to such a repeat
STAGE1_GAP_MS = 2_000  # between two stage 1 frames of ours
LOST_MS = 600_000  # counters lost: no sound on an unknown counter for 10 min
UNKNOWN_LIMIT = 64  # buttons first heard in that time; beyond, none is trusted
TEST_GAP_MS = 10_000  # between two test tones
# How often an order is answered that comes again: a gateway says it five times, a quiet test once. Anyone can
# play a recorded one again, and fifteen posts answer.
ORDER_REPEATS, TEST_REPEATS = 5, 1
# Reports of alarms that do not sound: a replayer must not empty our air, nor a stolen post hide one.
REFUSED_TIMES, REFUSED_WINDOW_MS = 6, 3_600_000
REFUSED_MIN_MS, REFUSED_SPAN_MS = 50, 300
DRILLED_LIMIT = 128  # buttons that had their drill; beyond, an alarm is real


def new_post_state() -> "State":
    """State of a post fresh from provisioning: an empty counter table, not a lost one."""
    return {"guard": Guard().dump()}


class Sirene(Output):
    role = m.SIRENE
    types = (m.ALARM, m.RECEIPTS, m.SIREN_ORDER)

    def __init__(self, settings: "Settings", state: "State") -> None:
        super().__init__(settings, state)
        self._orders = ReplyBudget(pace=self.mesh.pace)
        self._receipt: tuple[Record, int, int] | None = (
            None  # the stage 1 that waits: its generation, hop_limit
        )
        self._queued: tuple[Record, int] | None = None  # the last one that went on to the mesh: its packet id
        self._stage1_ms: int | None = None  # when the last one was sent
        self._last_new_ms: int | None = None  # when the last new alarm was heard
        self._test_ms: int | None = None
        self._drill = (0, 0, 0)  # number, zone (0: all) and end in ms; not kept: in doubt it is in earnest
        self._drilled: list[int] = []
        self._lost_until_ms: int | None = None
        self._unknown: list[int] = []
        self._heard = b""  # digests of the last alarms: their late copies are known again
        self._refused_ms: list[int] = []
        if "guard" not in state:
            self.counters_lost = True

    # -- events -------------------------------------------------------------------------------------

    def on_start(self, boot: "Boot") -> None:
        super().on_start(boot)
        if self.counters_lost:
            self._lost_until_ms = self.now_ms + LOST_MS

    def on_key(self, key: str, down: bool) -> None:
        if key == "hush" and down:
            self._hush()
        elif key == "test" and down and self.soundings.current():
            self._hush()  # boards with one key: nobody tests while an alarm sounds
        elif key == "test" and down:
            self._test()
        elif key == "uji":
            self._test_alarm()
        else:
            super().on_key(key, down)

    def on_message(self, message: "Message", repeat: bool, heard: "Heard") -> bool | None:
        if message.type == m.ALARM:
            return self._alarm(message, repeat, heard)
        if message.type == m.RECEIPTS:
            self._receipts(message, repeat)
        elif message.type == m.SIREN_ORDER:
            self._order(message, repeat)
        return None

    def on_overheard(self, envelope: "Envelope", src: int) -> None:
        if envelope.type == m.SIREN_REPORT:
            self._hold_report(m.decode_body(envelope.type, envelope.role, envelope.body))
        elif envelope.type == m.RECEIPTS and envelope.role == m.SIRENE:
            self._stage1_heard(envelope, src)

    def on_config(self, changed: "Settings") -> None:
        if "counters" in changed:
            self.counters_lost = self.counters_stale = False
            self.guard.evicted = 0
            self._lost_until_ms = None
            self._unknown = []

    def on_timer(self, name: str) -> None:
        if name == "receipt":
            self._send_stage1()
        else:
            super().on_timer(name)

    # -- alarms -------------------------------------------------------------------------------------

    def check_counter(self, message: "Message") -> int:
        try:
            return super().check_counter(message)
        except RemoteError:
            if message.type == m.ALARM:
                self._refused(message)
            raise

    def _refused(self, message: "Message") -> None:
        """Tell the gateway of an authentic alarm that does not sound here by itself: it knows better."""
        body = message.body
        known = self.soundings.of_alarm(message)
        if (
            not self._in_table(body.zone, body.kind)
            or known is not None
            and (message.digest in self._heard or known.state == LIVE and known.source == m.SOURCE_ORDER)
        ):
            return  # a late copy of what was heard here, or the gateway has ordered it already
        self._refused_ms = [at_ms for at_ms in self._refused_ms if self.now_ms - at_ms < REFUSED_WINDOW_MS]
        if len(self._refused_ms) >= REFUSED_TIMES or self.reports.find(("refused", message.src)):
            self.count("refused_untold")
            return
        self._refused_ms.append(self.now_ms)
        report = m.SirenReport(message.src, message.counter, m.STATE_REFUSED, m.SOURCE_DIRECT)
        wait_ms = REFUSED_MIN_MS + self.draw(REFUSED_SPAN_MS)
        self.reports.add(m.SIREN_REPORT, report, self.now_ms + wait_ms, ("refused", message.src))

    def _alarm(self, message: "Message", repeat: bool, heard: "Heard") -> bool:
        """Take an alarm; False: it is none of ours, and moves no mark of those that sound here."""
        body = message.body
        if message.role != m.TOMBOL or not self._in_table(body.zone, body.kind):
            self.count("not_our_zone")
            return False
        if repeat:
            record = self.soundings.of_alarm(message)
            if record is not None and body.attempt >= UNHEARD_ATTEMPT:
                self._plan_stage1(record, message, heard[0])
            return True
        record = self._new_alarm(message)
        self._heard = self._heard[-124:] + message.digest  # of 32 alarms
        self.note("heard_by_post", message.counter, node=message.src)
        if record is not None and record.state == LIVE:
            self._note_on(record, "direct")
            record.stage1_left = STAGE1_TIMES
            if (
                self._last_new_ms is None
                or self.now_ms - self._last_new_ms >= EPISODE_MS * self.mesh.pace // 100
            ):
                self._plan_stage1(record, message, heard[0])
        self._last_new_ms = self.now_ms
        return True

    def _new_alarm(self, message: "Message") -> "Record | None":
        """Sound first: nothing is appended before the Sound."""
        body = message.body
        record = self.soundings.of_alarm(message) or self.soundings.of_counter(message.src, message.counter)
        if record is None:
            if not self._may_sound(message.src, message.generation, body.zone, body.kind):
                self._refused(message)
                return None
            record = self._add(message.src, message.counter, body.incident, body.kind, body.zone)
            record.drill = self._is_drill(message.src, body.zone)
        elif record.drill and not self._is_drill(message.src, body.zone):
            record.in_earnest()
        record.last = record.number = max(record.last, message.counter)
        record.kind = body.kind
        if record.event(ALARM, self.now_ms, DRILL_MS if record.drill else SOUND_MS) or record.state == LIVE:
            self._drive()
            self._report(record)
            self._keep()
        elif record.state == RESTING:
            self._refused(message)  # it sounded as often as it may without an order
        return record

    def _add(
        self, origin: int, counter: int, number: int, kind: int, zone: int, source: int = m.SOURCE_DIRECT
    ) -> "Record":
        record = self.soundings.add(origin, counter, number, kind, zone, self.now_ms)
        record.source = source
        return record

    def _may_sound(self, origin: int, generation: int, zone: int, kind: int) -> bool:
        """Tell whether a new incident that was heard, not ordered, sounds here; counts why not."""
        if not self._in_table(zone, kind):
            self.count("not_our_zone")
        elif self._untrusted(origin, generation):
            self.count("counters_lost")
        elif self.soundings.too_many(origin, self.now_ms):
            self.count("too_many")
        else:
            return True
        return False

    def _in_table(self, zone: int, kind: int) -> bool:
        return m.sounds_by_itself(kind, zone, self.settings["table"])

    def _untrusted(self, origin: int, generation: int) -> bool:
        """With the counters lost, whether this sender's counter is unknown, so that it may be a replay."""
        if self._lost_until_ms is None or self.now_ms >= self._lost_until_ms:
            return False
        if origin in self._unknown:
            return True
        if self.guard.last(origin, generation, m.ALARM) is not None and len(self._unknown) < UNKNOWN_LIMIT:
            return False
        if len(self._unknown) < UNKNOWN_LIMIT:
            self._unknown.append(origin)
        return True

    def _is_drill(self, origin: int, zone: int) -> bool:
        """Inside a drill window the first alarm of each button is a drill, the second is real."""
        if self.now_ms >= self._drill[2] or self._drill[1] not in (0, zone):
            return False
        if origin in self._drilled or len(self._drilled) >= DRILLED_LIMIT:
            return False
        self._drilled.append(origin)
        return True

    # -- stage 1 ------------------------------------------------------------------------------------

    def _plan_stage1(self, record: "Record", message: "Message", packet: "Packet") -> None:
        """Plan a stage 1 soon, unless another one waits or was just sent: the next repeat asks again."""
        just_sent = (
            self._stage1_ms is not None
            and self.now_ms - self._stage1_ms < STAGE1_GAP_MS * self.mesh.pace // 100
        )
        asked = record.state == LIVE and record.stage1_left and self.sounding
        if not asked or self._receipt is not None or just_sent:
            return
        self._receipt = (record, message.generation, hops_taken(packet))
        self.at("receipt", self.now_ms + STAGE1_MIN_MS + self.draw(STAGE1_SPAN_MS * self.mesh.pace // 100))

    def _send_stage1(self) -> None:
        """Only what is true: no "a siren sounds" while it rests, or with a sensor that says nothing."""
        if self._receipt is None:
            return
        record, generation, hop_limit = self._receipt
        self._receipt = None
        unheard = not self.sounding or self.settings["has_sense"] and not self._sensed
        if record.state != LIVE or unheard:
            self.count("stage1_untrue")
            return
        record.stage1_left -= 1
        self._stage1_ms = self.now_ms
        key = self.keys.a(record.origin, m.TOMBOL, generation)
        entry = m.receipt_entry(self.node, record.origin, record.last, m.STAGE_SOUNDING, 1, 0, 0, key)
        self._queued = (record, self.send(m.RECEIPTS, m.Receipts((entry,)), hop_limit=hop_limit))

    def _receipts(self, message: "Message", repeat: bool) -> None:
        for entry in message.body.entries:
            if entry.node == self.node:
                self._own_entry(message, entry)
            elif entry.stage == m.STAGE_STORED:
                self._overheard(entry.node, entry.counter)
                if not repeat and entry.zone:
                    self._sound_on_receipt(message, entry)

    def _stage1_heard(self, envelope: "Envelope", src: int) -> None:
        """Another post's receipts, of which we can judge the entries alone."""
        for entry in m.decode_body(envelope.type, envelope.role, envelope.body).entries:
            key = self.keys.a(entry.node, m.TOMBOL, envelope.generation)
            if key is not None and equal(m.entry_tag(src, entry, key), entry.tag4):
                self._overheard(entry.node, entry.counter)

    def _overheard(self, origin: int, counter: int) -> None:
        """Drop ours, wherever it waits: the presser has this from somebody else."""
        record = self.soundings.of_counter(origin, counter)
        if record is None or counter != record.last:
            return
        if self._receipt is not None and record is self._receipt[0]:
            self._receipt = None
            self.cancel("receipt")
        if self._queued is not None and record is self._queued[0]:
            self.mesh.drop(self.node, self._queued[1], "overheard")
            self._queued = None

    def _own_entry(self, message: "Message", entry: "Entry") -> None:
        """Stage 2 for a report of ours ends its repeats, when its tag holds under our C."""
        key = self.key_c(message.generation)
        if entry.stage != m.STAGE_STORED or key is None:
            return
        if not equal(m.entry_tag(message.src, entry, key), entry.tag4):
            self.count("tag")
            return
        if self.reports.stored(entry.counter) == "test":
            self.note("receipt_2", entry.counter)

    def _sound_on_receipt(self, message: "Message", entry: "Entry") -> None:
        """Sound for an alarm that the gateway has stored and we did not hear, or took for a drill."""
        record = self.soundings.of_counter(entry.node, entry.counter)
        if record is not None:
            if record.drill:
                record.in_earnest()
                self._begin_by_receipt(record)
            return
        for generation in self.keys.generations:
            if (self.guard.last(entry.node, generation, m.ALARM) or 0) >= entry.counter:
                return
        if not self._may_sound(entry.node, message.generation, entry.zone, entry.kind):
            return
        first = entry.counter & 0xFFFF
        record = self._add(entry.node, entry.counter, first, entry.kind, entry.zone, m.SOURCE_RECEIPT)
        self._begin_by_receipt(record)

    def _begin_by_receipt(self, record: "Record") -> None:
        if record.event(RECEIPT, self.now_ms):
            self._drive()
            self._known(record.origin, record.last)
            self._note_on(record, "receipt")
            self._report(record)
            self._keep()

    def _known(self, origin: int, counter: int) -> None:
        """It sounds already, on the gateway's word: its own frame, whenever it is played, is no new one."""
        for generation in self.keys.generations:
            self.guard.raise_to(origin, generation, 0, counter)

    # -- orders and keys ----------------------------------------------------------------------------

    def _order(self, message: "Message", repeat: bool) -> None:
        order = message.body
        most = TEST_REPEATS if order.action == m.ACTION_TEST else ORDER_REPEATS
        if repeat and not self._orders.allow(message.src, message.counter, self.now_ms, most):
            return
        if order.action == m.ACTION_TEST:
            self.quiet_test()
            return
        if order.action == m.ACTION_REST:
            self._rest_by_order(order, repeat)
            return
        if order.action >= m.ACTION_DRILL:
            self._window(message, repeat)
            return
        if order.action == m.ACTION_START and order.pattern in m.NEVER_SOUND:
            self.count("silent_order")
            return
        counter = order.counter if order.origin else message.counter
        records = self._ordered(order, counter, order.origin == message.src or order.seconds & m.STOP_ALONE)
        if not records:
            records = [
                self._add(
                    order.origin,
                    counter,
                    counter & 0xFFFF,
                    order.pattern,
                    self.settings["zone"],
                    m.SOURCE_ORDER,
                )
            ]
        for record in records:
            if not repeat and order.action == m.ACTION_START:
                self._start_by_order(record, order, counter)
            elif not repeat and record.event(STOP, self.now_ms):
                if order.seconds & m.STOP_TONE and record.times and self.soundings.current() is None:
                    self._tone(patterns.END, patterns.END_STEPS)
                self._drive()
                self._keep()
                self.note("siren_off", record.number, "order", node=record.origin)
            sounds = order.action == m.ACTION_START and record.state == LIVE
            self._report(record, None if sounds else m.STATE_STOPPED)

    def _rest_by_order(self, order: "SirenOrder", repeat: bool) -> None:
        """Somebody had played what he recorded: that ends, and nothing that was pressed since."""
        record = self.soundings.of_counter(order.origin, order.counter)
        if record is None:
            return
        if not repeat and record.number <= order.counter and record.event(TIME_UP, self.now_ms):
            self._drive()
            self._keep()
            self.note("siren_off", record.number, "order", node=record.origin)
        self._report(record, None if record.state == LIVE else m.STATE_STOPPED)

    def _window(self, message: "Message", repeat: bool) -> None:
        """Begin or end a drill; `counter` is its number. The state told is that of now, also to a repeat.

        With the counters lost none begins: the order may be a recorded one.
        """
        order = message.body
        if not repeat:
            if order.counter != self._drill[0]:
                self._drilled = []
            lost = self.counters_lost or self.counters_stale
            left_ms = order.seconds * 1000 if order.action == m.ACTION_DRILL and not lost else 0
            self._drill = (order.counter, order.pattern, self.now_ms + left_ms)
        state = m.STATE_DRILL if self.now_ms < self._drill[2] else m.STATE_NO_DRILL
        report = m.SirenReport(message.src, message.counter, state, m.SOURCE_ORDER)
        wait_ms = REFUSED_MIN_MS + self.draw(REFUSED_SPAN_MS)
        self.reports.add(m.SIREN_REPORT, report, self.now_ms + wait_ms, "drill")

    def _ordered(self, order: "SirenOrder", counter: int, raised: int) -> "list[Record]":
        """Return the incidents that an order names. Origin 0: the siren alone, started at the hub.

        raised: by a gateway for people, each an incident of its own: a stop ends the one that it names.
        """
        begun = [r for r in self.soundings.records if r.origin == order.origin and r.first <= counter]
        live = [r for r in begun if r.state == LIVE]
        named = [r for r in begun if counter <= r.last]
        if order.action == m.ACTION_START:
            return (named if order.origin else live)[-1:]
        if raised:
            return named
        return named or live  # a cancel has a counter that no post has read: it ends what was raised before

    def _start_by_order(self, record: "Record", order: "SirenOrder", counter: int) -> None:
        """Start by an order, whatever posts have said: a forger of their word could not forge this."""
        started = record.order(counter, self.now_ms, (order.seconds * 1000) or SOUND_MS)
        record.kind = order.pattern
        if started:
            record.source = m.SOURCE_ORDER
            if order.origin:
                self._known(order.origin, counter)
        self._drive()
        if started:
            self._note_on(record, "order")
            self._keep()

    def _hush(self) -> None:
        """Silence the incident that is heard, and no other: the silence key."""
        record = self.soundings.current()
        if record is None:
            if self._playing is not None:
                self._quiet()
            return
        record.event(HUSH, self.now_ms)
        self._drive()
        self._keep()
        self.note("siren_off", record.last, "hush", node=record.origin)
        self._report(record, m.STATE_SILENCED)

    def _test(self) -> None:
        """Test by key: two steady tones here, and an alarm of kind 15 that is stored and sounds nowhere."""
        lately = self._test_ms is not None and self.now_ms - self._test_ms < TEST_GAP_MS
        if self.soundings.current() or lately:
            return
        self._test_ms = self.now_ms
        self._tone(patterns.DRILL, patterns.DRILL_TONES)
        self._test_alarm()

    def _test_alarm(self) -> None:
        """Send an alarm of kind 15: stored by the gateway, and silent everywhere."""
        self.reports.send_due(self, self.settings["gateway_hops"])  # so that peek is ours
        body = m.Alarm(0, self.sequence.peek() & 0xFFFF, self.settings["zone"], m.KIND_UJI, 0, 0)
        self.reports.add(m.ALARM, body, self.now_ms, "test")
        self.reports.send_due(self, self.settings["gateway_hops"])
        self.note("test", self.reports.find("test").counter or 0)
