"""Incidents that people stopped, called off or answered: kept over restarts, and never started again by us.

A stop is for the whole incident, whoever presses again; an answer is for the presses up to the answered one.
A siren silenced at its post is that post's alone: a person who holds one post stops no other.
An order of the hub still starts a siren: somebody, or a policy that knows more, asks for it.
"""

import struct

from kentongan_gateway.core.base.bounded import owner, put
from kentongan_gateway.core.base.context import Context
from kentongan_gateway.core.base.records import Record
from kentongan_gateway.core.base.units import Incident, Node

LIMIT = 256  # incidents; of whose button has most, the oldest gives way
LAYOUT = "<IIII"  # origin, first counter, counter of the press stopped (0: none), and answered (0: none)
POST_LAYOUT = "<III"  # origin, first counter, post


class Silenced:
    """By button and first counter of the incident. A damaged state costs what it knew and nothing else."""

    def __init__(self, context: Context, saved: bytes | None = None, posts: bytes | None = None) -> None:
        self._context = context
        self._posts: dict[tuple[Node, int, Node], None] = {}  # (origin, first counter, post): silenced there
        size = struct.calcsize(POST_LAYOUT)
        posts = posts or b""
        for at in range(0, len(posts) - size + 1, size):
            self._posts[struct.unpack_from(POST_LAYOUT, posts, at)] = None
        self._all: dict[Incident, tuple[int, int]] = {}  # (origin, first counter) -> (stopped, answered)
        size = struct.calcsize(LAYOUT)
        saved = saved or b""
        for at in range(0, len(saved) - size + 1, size):
            origin, first, stopped, answered = struct.unpack_from(LAYOUT, saved, at)
            self._all[origin, first] = stopped, answered

    def stop(self, origin: Node, first: int, counter: int) -> None:
        """Stop for a person who has silenced it or called it off; on disk before the next action."""
        self._keep(origin, first, counter, 0)

    def silence(self, post: Node, origin: Node, first: int) -> None:
        """Somebody has silenced this one post for the incident; on disk before the next action."""
        put(self._posts, (origin, first, post), None, LIMIT, owner)
        self._context.persist("hushed", b"".join(struct.pack(POST_LAYOUT, *about) for about in self._posts))

    def silenced(self, post: Node, record: Record) -> bool:
        """Tell whether this post is not ordered by ourselves for an alarm's record any more."""
        return (record.src, record.first_counter, post) in self._posts

    def answer(self, origin: Node, first: int, counter: int) -> None:
        """Note a named person who has this press in hand; on disk before the next action."""
        self._keep(origin, first, 0, counter)

    def _keep(self, origin: Node, first: int, stopped: int, answered: int) -> None:
        known = self._all.get((origin, first), (0, 0))
        now = max(stopped, known[0]), max(answered, known[1])
        put(self._all, (origin, first), now, LIMIT, owner)
        if now != known:
            rows = [struct.pack(LAYOUT, *about, *counters) for about, counters in self._all.items()]
            self._context.persist("quiet", b"".join(rows))

    def stopped(self, origin: Node, first: int, counter: int) -> bool:
        """Tell whether no siren, voice or page is started by ourselves for this press any more."""
        return bool(self._all.get((origin, first), (0, 0))[0]) or self.answered(origin, first, counter)

    def answered(self, origin: Node, first: int, counter: int) -> bool:
        return 0 < counter <= self._all.get((origin, first), (0, 0))[1]

    def holds(self, record: Record) -> bool:
        """stopped() of an alarm's record."""
        return self.stopped(record.src, record.first_counter, record.counter)
