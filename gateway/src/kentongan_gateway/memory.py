"""Is a counter new, or was it recorded long ago? What is known from before this start, and who vouches.

what is known of the sender                     an alarm of it that calls for help
its last counter (own disk, or the hub's copy)  acts at once when it is above that
nothing, and this gateway has its memory        acts at once: it was never heard before
nothing, and the memory is lost                 is stored and receipted, and held until somebody vouches
Lost: no counters on disk, or damaged ones (a new card). A post that itself sounds vouches for its alarm, so
does an order of the hub about it; the hub's copy of the counters ends the doubt, and so do ten minutes, as at
the posts. What was learned in doubt is not kept as a counter: another power cut does not make it true.

A post's word may be as old as the alarm. So posts are asked by a quiet test, whose counter their STATUS
names: nobody has recorded that (sequence.leap). A word behind such a STATUS is of now, and so is one shortly
before it when the siren sounds then.
"""

from kentongan_wire import messages as m
from kentongan_wire.errors import LocalError
from kentongan_wire.replay import Guard

from kentongan_gateway.room import owner, put

GUARD_LIMIT = 4096  # senders whose counters are kept: a site's devices and generations
DOUBT_MS = 600_000
HELD_LIMIT = 128  # alarms that wait; of whose button most wait, the oldest is only stored and told
ASK_AT_MS = (0, 3_000, 8_000, 20_000, 60_000, 180_000)  # posts, while an alarm waits
WORDS_LIMIT = 128  # of posts that wait for their STATUS
NEAR = 16  # frames of a post before its STATUS, some minutes of reports


def new_state():
    """The state of a gateway that has nothing to remember yet, and knows that: no doubt about anybody."""
    return {"guard": bytes(Guard(GUARD_LIMIT).dump())}


def mark_type(message) -> int:
    """The type under which a Guard keeps this sender's counter."""
    return 0 if message.role == m.TOMBOL else message.type


class Held:
    def __init__(self, row_id, record):
        self.row_id, self.record = row_id, record
        self.hub_silent = False  # it did not take this alarm in time


class Memory:
    """`on_vouched(Held)` is called once for each held alarm that may act after all.

    `ask(zones)` sends a quiet test to the posts of these zones.
    """

    def __init__(self, desk, guard, lost, on_vouched, ask):
        self._desk, self._guard, self._on_vouched, self._ask = desk, guard, on_vouched, ask
        self.lost = lost
        self._until_ms = None
        self._unknown = set()  # (node, generation) first heard while the memory is lost
        self._hub = {}  # (node, generation, type) -> the hub's copy
        self._held = {}  # record key -> Held
        self._asked_ms, self._asks = None, 0  # when posts were asked first, and how often
        self._words = {}  # (post, sender, counter of the alarm) -> counter of the post's message
        self._present = {}  # post -> (counter of its latest STATUS that answers us, whether it sounds)

    def begun(self):
        if self.lost:
            self._until_ms = self._desk.now_ms + DOUBT_MS

    def heard(self, message):
        """An authentic message, before the guard learns its counter."""
        if self.lost and self._guard.last(message.src, message.generation, message.type) is None:
            self._unknown.add((message.src, message.generation))

    def recall(self, event):
        """A stored alarm of a former run: its sender is known at least so far."""
        if not event.get("doubted"):
            kind = 0 if event["role"] == m.TOMBOL else m.ALARM
            try:
                self._guard.raise_to(event["device"], event["generation"], kind, event["counter"])
            except LocalError as error:
                raise TypeError(str(error)) from error

    def doubts(self, message) -> bool:
        return self.lost and (message.src, message.generation) in self._unknown

    def hub_has(self, message) -> bool:
        """Whether the hub knows this counter, or a later one, from before: it acts, we do not."""
        known = self._hub.get((message.src, message.generation, mark_type(message)), 0)
        return message.counter <= known

    def hold(self, row_id, record):
        """Start nothing for this alarm yet."""
        if not self._held:
            self._asked_ms, self._asks = self._desk.now_ms, 0
        if put(self._held, record.key, Held(row_id, record), HELD_LIMIT, owner):
            self._desk.count("doubted_dropped")
        self._desk.note_about("doubted", record.src, record.counter)
        for post in list(self._present):
            self._compare(post)

    def silent(self, record) -> bool:
        """The hub has not taken this alarm: True when it is held, and acts once somebody vouches."""
        held = self._held.get(record.key)
        if held:
            held.hub_silent = True
        return held is not None

    def word(self, post, said, src, counter):
        """A post says in its message `said` that it sounds for this alarm."""
        if not self.lost:
            return
        if len(self._words) >= WORDS_LIMIT:
            self._words.pop(next(iter(self._words)))
        self._words[post, src, counter] = said
        self._compare(post)

    def present(self, post, said, sounds):
        """Its STATUS `said` answers a test of this run."""
        if self.lost:
            self._present[post] = said, sounds
            self._compare(post)

    def _compare(self, post):
        answered, sounds = self._present.get(post, (None, False))
        if answered is None:
            return
        for (who, src, counter), said in list(self._words.items()):
            of_now = said > answered or (sounds and answered - said <= NEAR)
            if who == post and of_now and self.vouch(src, counter):
                del self._words[who, src, counter]

    def vouch(self, src, counter) -> bool:
        """The hub orders something about it, or a post sounds for it now: whether it waited for that."""
        waiting = [held for held in self._held.values()
                   if held.record.src == src and held.record.counter == counter]
        for held in waiting:
            self._release(held)
        return bool(waiting)

    def hub_knows(self, rows):
        """The hub's copy: [(node, generation, type, counter)]. What is not above it is the hub's affair."""
        self._hub.update({tuple(row[:3]): row[3] for row in rows})
        while len(self._hub) > GUARD_LIMIT:
            self._hub.pop(next(iter(self._hub)))
        for key, held in list(self._held.items()):
            if self.hub_has(held.record):
                del self._held[key]
                self._desk.note_about("hub_has_it", held.record.src, held.record.counter)
        self._over()

    def _over(self):
        self.lost, self._until_ms = False, None
        self._unknown.clear()
        self._words.clear()
        self._present.clear()
        for held in list(self._held.values()):
            self._release(held)

    def _release(self, held):
        del self._held[held.record.key]
        self._desk.note_about("vouched", held.record.src, held.record.counter)
        self._on_vouched(held)

    def tick(self):
        if self._until_ms is None:
            return
        if self._desk.now_ms >= self._until_ms:
            self._over()
        elif self._ask_ms() is not None and self._desk.now_ms >= self._ask_ms():
            self._asks += 1
            self._ask(sorted({held.record.body.zone for held in self._held.values()}))

    def _ask_ms(self):
        """When posts are asked next, or None."""
        if not self._held or self._asks >= len(ASK_AT_MS):
            return None
        return self._asked_ms + ASK_AT_MS[self._asks]

    def next_deadline(self):
        ask_ms = self._ask_ms() if self.lost else None
        return self._until_ms if ask_ms is None else min(ask_ms, self._until_ms)
