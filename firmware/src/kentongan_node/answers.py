"""Stage 2 receipts that a mains node keeps, to answer an alarm's repeats byte for byte (wire-format 3)."""
from kentongan_wire.replay import ReplyBudget

FRAMES = 8        # receipts kept; the oldest gives way
PAIRS = 14        # entries of one receipt


class AnswerCache:
    def __init__(self):
        self._kept = []            # (frame, ((origin, counter), ..)), oldest first
        self._budget = ReplyBudget()

    def keep(self, frame, pairs):
        """Remember a whole frame that answers these (origin, counter) alarms."""
        for kept, _ in self._kept:
            if kept == frame:
                return
        if len(self._kept) == FRAMES:
            self._kept.pop(0)
        self._kept.append((frame, tuple(pairs[:PAIRS])))

    def holds(self, origin, counter):
        """The newest kept frame for that alarm, or None."""
        found = None
        for frame, pairs in self._kept:
            if (origin, counter) in pairs:
                found = frame
        return found

    def take(self, origin, counter, now_ms):
        """The frame to send now, or None: nothing is held, or it was answered often enough."""
        frame = self.holds(origin, counter)
        if frame is not None and self._budget.allow(origin, counter, now_ms):
            return frame
        return None
