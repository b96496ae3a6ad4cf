"""May a frame of another node be carried on: only what is proved and of now, out of a purse of its own.

type                whose C proves it        of now
RECEIPTS, a post's  the post's               its counter is new (intake.py)
RECEIPTS            an entry's addressee's   every post can make the frame, and no counter of it says anything
SIREN_ORDER         the sender's             its counter is no more than WINDOW below the last one of those
PAGE, CONFIG        the target's             the same, for that sender and target
Its prover is charged: SHARE_S of the purse (air.COPY). A content goes TIMES at most, for no tag covers
a packet id and whoever has the channel key can send one again under another.
"""

from kentongan_wire.message import messages as m
from kentongan_wire.message.verify import Message

from kentongan_gateway.core.answers.neighbours import Neighbours
from kentongan_gateway.core.base.air import COPY
from kentongan_gateway.core.base.bounded import owner, put
from kentongan_gateway.core.base.context import Context
from kentongan_gateway.core.base.units import Node

TIMES = 6  # as often as a gateway says one thing
WINDOW = 64  # counters below the last one that still count as of now
SHARE_S = 2.0  # of the purse and the hour, for each device that proves
CONTENTS_LIMIT = 512
LAST_LIMIT = 1_024


class Copies:
    def __init__(self, context: Context, neighbours: Neighbours) -> None:
        self._context, self._neighbours = context, neighbours
        # (who proved it, content) -> how often it was carried
        self._times: dict[tuple[Node, bytes], int] = {}
        # (who proved it, sender, type) -> the highest counter so far
        self._last: dict[tuple[Node, Node, int], int] = {}

    def prover(self, message: Message, new: bool) -> Node | None:
        """Return the node that proves this frame is current, or None. new: the intake's word on a post's."""
        if message.type == m.RECEIPTS and message.role == m.GATEWAY:
            return next((entry.node for entry in self._neighbours.true(message)), None)
        if message.type == m.RECEIPTS:
            return message.src if new or (message.src, message.digest) in self._times else None
        who = message.src if message.type == m.SIREN_ORDER else message.body.target
        about = who, message.src, message.type
        last = self._last.get(about, 0)
        if message.counter + WINDOW <= last:
            return None
        put(self._last, about, max(last, message.counter), LAST_LIMIT, owner)
        return who

    def note_copy(self, message: Message, new: bool) -> Node | None:
        """Judge it, however far it still goes; the prover, or None. A first copy with no hops left, which
        anybody can play, makes no later one old."""
        who = self.prover(message, new)
        if who is not None and (who, message.digest) not in self._times:
            put(self._times, (who, message.digest), 0, CONTENTS_LIMIT, owner)
        return who

    def allow(self, who: Node | None, message: Message, payload_bytes: int) -> bool:
        """Tell whether it may go once more; that is charged even if another's copy makes it needless."""
        context = self._context
        if who is None or self._times.get((who, message.digest), 0) >= TIMES:
            context.count("copy_not_new")
            return False
        content, purse, seconds = (who, message.digest), (who, COPY), context.air_s(payload_bytes)
        if context.shares.used_s(purse, context.now_ms) + seconds > SHARE_S:
            context.count("copy_share")
            return False
        if not context.has_air(COPY, payload_bytes):
            return False
        self._times[content] = self._times.get(content, 0) + 1
        context.shares.spend(purse, seconds, context.now_ms)
        context.spend_air(COPY, payload_bytes)
        return True
