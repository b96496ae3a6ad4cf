"""The first answers: RECEIPTS of what is on disk. Nothing here runs before the commit is reported.

what comes again                                what pays the answer
an attempt of its button that was not heard     the button's share: its receipt was lost
the same bytes, the first SAME_MAX times        the sender's share: a post has no attempts, copies are slow
the same bytes more often, or of a former run   a purse for all of them (air.REPLAY): anybody may play them
An attempt is under the sender's own proof. A recording takes no turn and no purse from a true one.
"""

from collections.abc import Callable, Iterable, Sequence

from kentongan_wire.air.flood import CLASS_ALARM
from kentongan_wire.message import messages as m
from kentongan_wire.message.replay import ReplyBudget

from kentongan_gateway.core.answers.neighbours import Neighbours
from kentongan_gateway.core.base.air import AGAIN, ALARM, ANSWER, REPLAY
from kentongan_gateway.core.base.context import Context, mix
from kentongan_gateway.core.base.records import OVER_STOCK, Key, Record
from kentongan_gateway.core.base.shares import Who
from kentongan_gateway.core.base.units import Ms

ANSWER_MS = 30  # after the commit
SAID_MS = (
    600  # a frame for several that was handed to the radio so lately still waits there, or is on the air
)
REPORT_MS = 1_200  # of posts, which ask again after 3 s: what several tell goes in one frame
BATCH_MS = 500  # once two or more origins are active; with 300 ms a burst has 4 % more air
ENTRIES_MAX = 14  # in one RECEIPTS frame
FRAME_BYTES = 40  # of a payload with one entry
OTHER_ZONE_MIN_MS = 500  # a gateway of another zone lets that zone's own gateway answer first
OTHER_ZONE_SPREAD_MS = 500
WAITING_LIMIT = 256
SAME_MAX = 2  # answers to bytes that were heard before, at the sender's charge

Sounding = Callable[[Record], bool]  # whether a siren beats for it now, as far as is known


class Answers:
    """Schedules, batches, caches and repeats the answers to stored messages."""

    def __init__(
        self, context: Context, neighbours: Neighbours, on_answered: Callable[[Record], None]
    ) -> None:
        self._context = context
        self._neighbours = neighbours
        self._on_answered = on_answered  # called with each record when its first answer goes out
        self._waiting: dict[Key, tuple[Ms, Record, bool]] = {}  # when due, what, whether it yields
        self._said: tuple[bytes, Ms, Key | None] = b"", 0, None  # the last answer: payload, when, who asked
        self._budget = ReplyBudget(WAITING_LIMIT, context.pace)
        self._same_budget = ReplyBudget(WAITING_LIMIT, context.pace)

    def plan(self, record: Record) -> None:
        """Answer a committed record soon, together with whatever else is due then."""
        if record.key in self._waiting:
            return
        yields = self._neighbours.yields(record)
        if yields:
            if self._neighbours.waits(record):
                return  # a repeat of it brings us here again
            delay = OTHER_ZONE_MIN_MS + mix(self._context.rnd, record.counter) % OTHER_ZONE_SPREAD_MS
        else:
            delay = BATCH_MS if self._neighbours.crowd else ANSWER_MS
            delay = REPORT_MS if record.type == m.SIREN_REPORT else delay
            if delay != ANSWER_MS:
                delay = delay * self._context.pace // 100
        if len(self._waiting) >= WAITING_LIMIT:
            self._context.count("answer_dropped")
            return
        self._waiting[record.key] = self._context.now_ms + delay, record, yields

    def again(self, record: Record, attempt: int = 0) -> None:
        """Send the cached answer again, within its budget: the sender repeats itself, or somebody it."""
        new = attempt > record.attempt
        if new:
            record.attempt, record.same = attempt, 0
        if record.key in self._waiting or self._neighbours.waits(record) or self._just_said(record):
            return
        budget = self._budget if new else self._same_budget
        if not budget.allow(record.key, record.counter, self._context.now_ms):
            self._context.count("repeat_unanswered")
            return
        if not new:
            record.same += 1
        if record.cached is None or self._neighbours.yields(record):
            self.plan(record)
        else:
            self._resend(record)

    def _just_said(self, record: Record) -> bool:
        """Tell whether the frame that answers it has just gone because another one asked that it names."""
        payload, since_ms, asked = self._said
        if record.cached is None or record.cached[2] != payload or record.key == asked:
            return False
        return self._context.now_ms - since_ms < SAID_MS * self._context.pace // 100

    def _resend(self, record: Record) -> None:
        if record.cached is None or self._just_said(record):
            return
        packet_id, hop_limit, payload = record.cached
        farther = record.over_stock > hop_limit  # than the first copy said: what has seen this id drops it
        if farther or not self._context.config.same_id:
            packet_id = self._context.take()
        if farther:
            hop_limit = record.over_stock
            record.cached = packet_id, hop_limit, payload
        kind, of = self._charge(record)
        if kind == REPLAY and not self._context.has_air(REPLAY, len(payload)):
            return
        if self._context.send(packet_id, hop_limit, payload, CLASS_ALARM, ANSWER_MS, kind=kind, of=of):
            self._said = payload, self._context.now_ms, record.key
            self._context.note_about("receipt_2_again", record.src, record.counter)

    def _charge(self, record: Record) -> tuple[str, tuple[Who, ...]]:
        """(kind, for whose sake) of an answer to this record now."""
        kind = kind_of(record)
        return kind, () if kind == REPLAY else (self._context.whose(*record.about),)

    def overheard(self, entries: Iterable[m.Entry]) -> None:
        """Another gateway has answered these: ours, if it still waits and yields, is not needed."""
        for entry in entries:
            for key, (_, record, yields) in list(self._waiting.items()):
                if yields and (record.src, record.counter) == (entry.node, entry.counter):
                    del self._waiting[key]

    def tick(self, sounding_of: Sounding) -> None:
        now = self._context.now_ms
        if not any(due <= now for due, _, _ in self._waiting.values()):
            return
        ready = [r for due, r, yields in self._waiting.values() if due <= now or not yields]
        for record in ready:
            del self._waiting[record.key]
        again = [r for r in ready if r.cached]
        for record in again:
            self._resend(record)
        # whoever has used its share is left out, so that it takes no other's answer along
        first = [r for r in ready if not r.cached]
        for record in (r for r in first if kind_of(r) == REPLAY):
            if self._context.has_air(REPLAY, FRAME_BYTES):
                self._send([record], record.generation, sounding_of)
        first = [r for r in first if kind_of(r) != REPLAY]
        first = [r for r in first if self._context.has_air(kind_of(r), FRAME_BYTES, self._charge(r)[1])]
        for generation in sorted({r.generation for r in first}):
            left = [r for r in first if r.generation == generation]
            while left:
                # a button reads one entry of a frame, a post all
                one_each = {r.src: r for r in reversed(left)}
                batch = [r for r in left if r.type == m.SIREN_REPORT or one_each[r.src] is r][:ENTRIES_MAX]
                left = [r for r in left if r not in batch]
                self._send(batch, generation, sounding_of)

    def _send(self, records: Sequence[Record], generation: int, sounding_of: Sounding) -> None:
        context = self._context
        packet_id = context.take()
        entries = tuple(entry_for(context, record, record.stage, sounding_of(record)) for record in records)
        payload = context.frame(m.RECEIPTS, generation, packet_id, m.Receipts(entries))
        hop_limit = max(hop_limit_for(record) for record in records)
        kind = min(map(kind_of, records), key=KINDS.index)
        of = () if kind == REPLAY else tuple(context.whose(*record.about) for record in records)
        if not context.send(packet_id, hop_limit, payload, CLASS_ALARM, kind=kind, of=of):
            return  # whoever goes on is answered when there is air again
        for record in records:
            record.cached, record.answered = (packet_id, hop_limit, payload), packet_id
            for budget in (self._budget, self._same_budget):
                budget.allow(
                    record.key, record.counter, context.now_ms
                )  # relays' copies of it come right now
            context.note_about(
                "receipt_2" if record.stage == m.STAGE_STORED else f"receipt_{record.stage}",
                record.src,
                record.counter,
            )
            self._on_answered(record)

    def next_deadline(self) -> Ms | None:
        return min(due for due, _, _ in self._waiting.values()) if self._waiting else None


KINDS = ANSWER, ALARM, AGAIN, REPLAY  # of answers; one frame for several goes as the first of them


def kind_of(record: Record) -> str:
    """Return the kind of air that an answer takes: an alarm's first precedes all, a post asks again."""
    if record.same > SAME_MAX and (record.cached or record.known):
        return REPLAY
    if record.type == m.SIREN_REPORT:
        return AGAIN
    calls = record.is_alarm and record.body.kind != m.KIND_UJI
    return ANSWER if calls and record.cached is None else ALARM


def hop_limit_for(record: Record) -> int:
    """Stage 2 travels one hop and is answered from caches, unless stock repeaters carried the message."""
    if record.stage != m.STAGE_STORED or record.carried == OVER_STOCK:
        return record.hops
    return 0


def entry_for(context: Context, record: Record, stage: int, sounding: bool) -> m.Entry:
    """Our receipt entry under C(sender); zone and kind only where posts may sound on them."""
    named = stage == m.STAGE_STORED and record.names_zone
    return m.receipt_entry(
        context.config.node,
        record.src,
        record.counter,
        stage,
        sounding,
        record.body.zone if named else 0,
        record.body.kind if named else 0,
        context.key_c(record.src, record.role, record.generation),
    )
