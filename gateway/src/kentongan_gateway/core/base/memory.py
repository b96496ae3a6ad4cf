"""Is a counter new, or was it recorded long ago? What is known from before this start, and who vouches.

what is known of the sender                       an alarm of it that calls for help
its last counter (own disk, or the hub's copy)    acts at once when it is above that
nothing, of an RT that is ours or nobody's        acts at once: it was never heard before
nothing, of another gateway's RT                  is stored and receipted, and held for the hub's word
nothing, and the memory is lost                   is stored and receipted, and held until somebody vouches
Lost: no counters on disk, or damaged ones (a new card). The hub, which hears every gateway, has the first
word: that it knew this alarm long ago, or takes it for new, or orders something about it. Its copy of the
counters ends the doubt, and so do ten minutes, as at the posts. Where it does not take the alarm in time, a
gateway that has its memory acts; one that lost it asks posts: two of that RT that sound themselves vouch, or
the only one. A counter learned in doubt is not kept: another power cut does not make it true.

A post's word may be as old as the alarm. So posts are asked by a quiet test, whose counter their STATUS
names: nobody has recorded that (sequence.leap). A word behind such a STATUS is of now, and so is one shortly
before it when the siren sounds then. A single post may be stolen, and its word is its own.
"""

from collections.abc import Callable, Collection, Container

from kentongan_wire.base.errors import LocalError
from kentongan_wire.message import messages as m
from kentongan_wire.message.replay import Guard
from kentongan_wire.message.verify import Message

from kentongan_gateway.core.base.bounded import owner, put
from kentongan_gateway.core.base.context import Context
from kentongan_gateway.core.base.records import Key, Record
from kentongan_gateway.core.base.stored import Event
from kentongan_gateway.core.base.units import Ms, Node

GUARD_LIMIT = 4096  # senders whose counters are kept: a site's devices and generations
DOUBT_MS = 600_000
HELD_LIMIT = 128  # alarms that wait; of whose button most wait, the oldest is only stored and told
ASK_AT_MS = (0, 3_000, 8_000, 20_000, 60_000, 180_000)  # posts, while an alarm waits
WORDS_LIMIT = 128  # of posts that wait for their STATUS; who says most loses its own
POSTS_VOUCH = 2  # of the alarm's RT, where it has so many
NEAR = 16  # frames of a post before its STATUS, some minutes of reports

Row = tuple[Node, int, int, int]  # of a counter table: node, generation, type, counter


def new_state() -> dict[str, bytes]:
    """Return the state of a gateway that has nothing to remember yet, and knows so: nobody is in doubt."""
    return {"guard": bytes(Guard(GUARD_LIMIT).dump())}


def mark_type(message: Message | Record) -> int:
    """Return the type under which a Guard keeps this sender's counter."""
    return 0 if message.role == m.TOMBOL else message.type


class Held:
    def __init__(self, row_id: int, record: Record) -> None:
        self.row_id, self.record = row_id, record
        self.hub_silent = False  # it did not take this alarm in time
        self.posts: set[Node] = set()  # that sound for it now, by their own word


class Memory:
    """`on_vouched(Held)` is called once for each held alarm that may act after all.

    `ask(zones)` sends a quiet test to the posts of these zones.
    """

    def __init__(
        self,
        context: Context,
        guard: Guard,
        lost: bool,
        on_vouched: Callable[[Held], None],
        ask: Callable[[list[int]], None],
    ) -> None:
        self._context, self._guard, self._on_vouched, self._ask = context, guard, on_vouched, ask
        self.lost = lost
        self._until_ms: Ms | None = None
        # (node, generation) of which nothing was known when they were first heard
        self._unknown: set[tuple[Node, int]] = set()
        self._hub: dict[tuple[Node, int, int], int] = {}  # (node, generation, type) -> the hub's copy
        self._held: dict[Key, Held] = {}  # record key -> Held
        self._asked_ms: Ms = 0  # when posts were asked first, while an alarm waits
        self._asks = 0  # how often
        # (post, sender, counter of the alarm) -> counter of the post's message
        self._words: dict[tuple[Node, Node, int], int] = {}
        # post -> (counter of its latest STATUS that answers us, whether it sounds)
        self._present: dict[Node, tuple[int, bool]] = {}

    def begun(self) -> None:
        if self.lost:
            self._until_ms = self._context.now_ms + DOUBT_MS
            self._context.note("memory_lost", self._context.config.label)

    def note_sender(self, message: Message) -> None:
        """Note the sender of an authentic message, before the guard learns its counter."""
        if self._guard.last(message.src, message.generation, message.type) is None:
            self._unknown.add((message.src, message.generation))

    def recall(self, event: Event) -> None:
        """Know the sender of a stored alarm of a former run, at least so far."""
        if not event.get("doubted"):
            kind = 0 if event["role"] == m.TOMBOL else m.ALARM
            try:
                self._guard.raise_to(event["device"], event["generation"], kind, event["counter"])
            except LocalError as error:
                raise TypeError(str(error)) from error

    def doubts(self, record: Record, yields: bool) -> bool:
        """Tell whether it may be old, for all that is known here; yields: it is another gateway's alarm."""
        return (self.lost or yields) and (record.src, record.generation) in self._unknown

    def hub_has(self, message: Message | Record) -> bool:
        """Tell whether the hub knows this counter, or a later one, from before: it acts, we do not."""
        known = self._hub.get((message.src, message.generation, mark_type(message)), 0)
        return message.counter <= known

    def hold(self, row_id: int, record: Record) -> None:
        """Start nothing for this alarm yet."""
        if not self._held:
            self._asked_ms, self._asks = self._context.now_ms, 0
        if put(self._held, record.key, Held(row_id, record), HELD_LIMIT, owner):
            self._context.count("doubted_dropped")
        self._context.note_about("doubted", record.src, record.counter)
        for post in list(self._present):
            self._compare(post)

    def silent(self, record: Record) -> bool:
        """Tell whether nobody has vouched yet for an alarm that the hub has not taken, held or not."""
        doubted, held = record.doubted, self._held.get(record.key)
        if held:
            held.hub_silent = True
            self._witnessed(held)
        return doubted

    def on_hub_took(self, row_ids: Container[int], new: Container[int]) -> None:
        """Note that the hub has these alarms; new: those of which no gateway had told it minutes ago."""
        for held in [held for held in self._held.values() if held.row_id in row_ids]:
            held.hub_silent = False
            if held.row_id in new:
                self._release(held)
            else:
                self._drop(held)

    def word(self, post: Node, said: int, src: Node, counter: int) -> None:
        """Take a post's word, in its message `said`, that it sounds for this alarm."""
        if not self.lost:
            return
        put(self._words, (post, src, counter), said, WORDS_LIMIT, owner)
        self._compare(post)

    def present(self, post: Node, said: int, sounds: bool) -> None:
        """Its STATUS `said` answers a test of this run."""
        if self.lost:
            self._present[post] = said, sounds
            self._compare(post)

    def _compare(self, post: Node) -> None:
        answered, sounds = self._present.get(post, (None, False))
        if answered is None:
            return
        for (who, src, counter), said in list(self._words.items()):
            of_now = said > answered or (sounds and answered - said <= NEAR)
            if who == post and of_now:
                for held in self._waiting(src, counter):
                    held.posts.add(post)
                    self._witnessed(held)

    def _waiting(self, src: Node, counter: int) -> list[Held]:
        return [held for held in self._held.values() if held.record.about == (src, counter)]

    def _witnessed(self, held: Held) -> None:
        """Release an alarm, the hub silent, unless it rests on one post's word and our lost memory."""
        asked = {device.node for device in self._context.directory.posts(held.record.body.zone)}
        posts = held.posts & asked
        if held.hub_silent and (not self.lost or posts and len(posts) >= min(POSTS_VOUCH, len(asked))):
            self._release(held)

    def vouch(self, src: Node, counter: int) -> None:
        """Vouch for an alarm about which the hub orders something."""
        for held in self._waiting(src, counter):
            self._release(held)

    def hub_knows(self, rows: Collection[Row], whole: bool = True) -> None:
        """Take the hub's copy: [(node, generation, type, counter)]. Alarms not above it are the hub's affair.

        whole: of everybody, which ends the doubt; else these senders are not in doubt any more.
        """
        self._hub.update({(row[0], row[1], row[2]): row[3] for row in rows})
        while len(self._hub) > GUARD_LIMIT:
            self._hub.pop(next(iter(self._hub)))
        named = {(row[0], row[1]) for row in rows}
        self._unknown -= named
        for held in list(self._held.values()):
            if self.hub_has(held.record):
                self._drop(held)
            elif (held.record.src, held.record.generation) in named:
                self._release(held)
        if whole:
            self._over()

    def _drop(self, held: Held) -> None:
        """It stays in doubt: stored, receipted, and nothing else."""
        del self._held[held.record.key]
        self._context.note_about("hub_has_it", held.record.src, held.record.counter)

    def _over(self) -> None:
        if self.lost:
            self._context.note("memory_known", self._context.config.label)
        self.lost, self._until_ms = False, None
        self._unknown.clear()
        self._words.clear()
        self._present.clear()
        for held in list(self._held.values()):
            self._release(held)

    def _release(self, held: Held) -> None:
        del self._held[held.record.key]
        self._unknown.discard((held.record.src, held.record.generation))
        self._context.note_about("vouched", held.record.src, held.record.counter)
        self._on_vouched(held)

    def tick(self) -> None:
        if not self.lost:
            for held in list(self._held.values()):
                if self._context.now_ms - held.record.first_ms >= DOUBT_MS:
                    self._release(held)
            return
        ask_ms = self._ask_ms()
        if self._until_ms is not None and self._context.now_ms >= self._until_ms:
            self._over()
        elif ask_ms is not None and self._context.now_ms >= ask_ms:
            self._asks += 1
            self._ask(sorted({held.record.body.zone for held in self._held.values()}))

    def _ask_ms(self) -> Ms | None:
        """Return the time of the next question to posts, or None."""
        if not self._held or self._asks >= len(ASK_AT_MS):
            return None
        return self._asked_ms + ASK_AT_MS[self._asks]

    def next_deadline(self) -> Ms | None:
        if not self.lost:
            return min((held.record.first_ms + DOUBT_MS for held in self._held.values()), default=None)
        return min((ms for ms in (self._ask_ms(), self._until_ms) if ms is not None), default=None)
