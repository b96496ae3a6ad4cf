"""Stage 2 receipts that a mains node keeps, to answer an alarm's repeats byte for byte (wire-format 3)."""

import struct

from kentongan_wire.base.shapes import TYPE_CHECKING
from kentongan_wire.message.replay import ReplyBudget

from kentongan_node.air.carried import place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kentongan_node.air.carried import Carried

# Receipts kept, of 100 bytes as a rule; the oldest of those with the least claim gives way.
FRAMES = 6
PAIR_BYTES = 8
# A purse that is no sender's (shares.py). Anybody can play again what asks for an answer: that has 3 s of the
# hour, an attempt that is new here 9 s of the same. Spent by recordings of houses that are unknown here, the
# new ones go by lot: a thief's whole hour does not fill 18 s so.
ANSWERS = 4
ANSWER_LOT_MS = 12  # of air for each draw: a receipt of one alarm 1 of 8, of fourteen 1 of 29


class AnswerCache:
    def __init__(self, carried: "Carried", pace: int) -> None:
        """`carried`: how far the senders have counted (carried.py); `pace`: phy.pace_percent."""
        self._carried = carried
        # (frame, packed pairs of origin and counter), the first gives way
        self._kept: list[tuple[bytes, bytes]] = []
        self.budget = ReplyBudget(pace=pace)

    def keep(self, frame: bytes, pairs: "Iterable[tuple[int, int]]") -> None:
        """Keep a frame as the answer to these (origin, counter) alarms, but to none that its sender passed.

        The answer to the last alarm carried of a sender gives way last: recorded receipts mostly do not.
        """
        at, packed = 0, b""
        for pair in pairs:
            beyond = pair[1] - self._carried.row(pair[0])[1]
            if beyond >= 0:
                packed += struct.pack("<II", *pair)
                at += not beyond and FRAMES
        if packed and frame not in [kept for kept, _ in self._kept]:
            if len(self._kept) == FRAMES:
                self._kept.pop(0)
            self._kept.insert(at, (frame, packed))

    def holds(self, origin: int, counter: int) -> bytes | None:
        """Return the newest kept frame for that alarm, or None."""
        wanted = struct.pack("<II", origin, counter)
        found = None
        for frame, pairs in self._kept:
            if place(pairs, wanted, PAIR_BYTES) is not None:
                found = frame
        return found

    def take(self, origin: int, counter: int, now_ms: int) -> bytes | None:
        """Return the frame to send now, or None: nothing is held, or it was answered often enough."""
        frame = self.holds(origin, counter)
        if frame is not None and self.budget.allow(origin, counter, now_ms):
            return frame
        return None
