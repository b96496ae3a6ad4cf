"""Stage 2 receipts that a mains node keeps, to answer an alarm's repeats byte for byte (wire-format 3)."""
import struct

from kentongan_wire.replay import ReplyBudget

# Receipts kept, of 100 bytes as a rule; the oldest gives way.
FRAMES = 6
PAIRS = 14        # entries of one receipt
PAIR_BYTES = 8


class AnswerCache:
    def __init__(self):
        self._kept = []            # (frame, packed pairs of origin and counter), oldest first
        self._budget = ReplyBudget()

    def keep(self, frame, pairs):
        """Remember a whole frame that answers these (origin, counter) alarms."""
        for kept, _ in self._kept:
            if kept == frame:
                return
        if len(self._kept) == FRAMES:
            self._kept.pop(0)
        self._kept.append((frame, b"".join([struct.pack("<II", *pair) for pair in pairs[:PAIRS]])))

    def holds(self, origin, counter):
        """The newest kept frame for that alarm, or None."""
        wanted = struct.pack("<II", origin, counter)
        found = None
        for frame, pairs in self._kept:
            at = pairs.find(wanted)
            while at >= 0 and at % PAIR_BYTES:
                at = pairs.find(wanted, at + 1)
            if at >= 0:
                found = frame
        return found

    def times(self, origin, counter):
        """How often that alarm was answered, the running time included."""
        return self._budget.times(origin, counter)

    def take(self, origin, counter, now_ms):
        """The frame to send now, or None: nothing is held, or it was answered often enough."""
        frame = self.holds(origin, counter)
        if frame is not None and self._budget.allow(origin, counter, now_ms):
            return frame
        return None

    def unsaid(self, origin, counter):
        """What was taken had no air: it is no answer."""
        self._budget.unsaid(origin, counter)
