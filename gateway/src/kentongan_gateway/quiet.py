"""What a person has stopped, called off or answered, kept over restarts: none of it is started again by us.

A stop is for the whole incident, whoever presses again; an answer is for the presses up to the answered one.
A siren silenced at its post is that post's alone: who holds one post stops no other.
An order of the hub still starts a siren: somebody, or a policy that knows more, asks for it.
"""

import struct

from kentongan_gateway.room import owner, put

LIMIT = 256       # incidents; of whose button has most, the oldest gives way
LAYOUT = "<IHII"  # origin, incident, counter of the press that was stopped (0: none), and answered (0: none)
POST_LAYOUT = "<IHII"  # origin, incident, counter of the press, post
SPAN = 1 << 14    # an incident is named by 16 bits of a counter: farther away it is another one


class Quiet:
    """By button and incident. A damaged state costs what it knew and nothing else."""

    def __init__(self, desk, saved=None, posts=None):
        self._desk = desk
        self._posts = {}  # (origin, incident, post) -> counter of the press that was silenced there
        size = struct.calcsize(POST_LAYOUT)
        for at in range(0, len(posts or b"") - size + 1, size):
            origin, incident, counter, post = struct.unpack_from(POST_LAYOUT, posts, at)
            self._posts[origin, incident, post] = counter
        self._all = {}  # (origin, incident) -> (stopped, answered)
        size = struct.calcsize(LAYOUT)
        for at in range(0, len(saved or b"") - size + 1, size):
            origin, incident, stopped, answered = struct.unpack_from(LAYOUT, saved, at)
            self._all[origin, incident] = stopped, answered

    def stop(self, origin, incident, counter):
        """A person has silenced it or called it off; on disk before the next action."""
        self._keep(origin, incident, counter, 0)

    def silence(self, post, origin, incident, counter):
        """Somebody has silenced this one post for the incident; on disk before the next action."""
        put(self._posts, (origin, incident, post), counter, LIMIT, owner)
        rows = [struct.pack(POST_LAYOUT, origin, incident, counter, post)
                for (origin, incident, post), counter in self._posts.items()]
        self._desk.persist("hushed", b"".join(rows))

    def silenced(self, post, record) -> bool:
        """Whether this post is not ordered by ourselves for an alarm's record any more."""
        known = self._posts.get((record.src, record.body.incident, post))
        return known is not None and abs(record.counter - known) < SPAN

    def answer(self, origin, incident, counter):
        """A named person has this press in hand; on disk before the next action."""
        self._keep(origin, incident, 0, counter)

    def _keep(self, origin, incident, stopped, answered):
        known = self._all.get((origin, incident), (0, 0))
        now = max(stopped, known[0]), max(answered, known[1])
        put(self._all, (origin, incident), now, LIMIT, owner)
        if now != known:
            rows = [struct.pack(LAYOUT, *about, *counters) for about, counters in self._all.items()]
            self._desk.persist("quiet", b"".join(rows))

    def stopped(self, origin, incident, counter) -> bool:
        """Whether no siren, voice or page is started by ourselves for this press any more."""
        known = self._all.get((origin, incident), (0, 0))
        return bool(known[0]) and abs(counter - known[0]) < SPAN or self.answered(origin, incident, counter)

    def answered(self, origin, incident, counter) -> bool:
        answered = self._all.get((origin, incident), (0, 0))[1]
        return bool(answered) and 0 <= answered - counter < SPAN

    def holds(self, record) -> bool:
        """stopped() of an alarm's record."""
        return self.stopped(record.src, record.body.incident, record.counter)
