"""Planned air: what each kind may take of the hour's 36 s, and when there will be enough again.

kind                                     may go out while
receipts, orders, ends of drills         the radio's own ledger allows it: up to the law
settings that shut a stolen number out   URGENT_AIR_S of their own remain; half or alarm hold up none
other settings                           SETTINGS_AIR_S and half of the hour remain, and no alarm is young
"""

from collections import deque

from kentongan_wire import phy

HOUR_MS = 3_600_000
HALF_S = phy.AIR_LIMIT_MS / 2_000  # beyond it a radio sends alarms, receipts, orders and pages only (mesh.py)
SETTINGS_AIR_S, URGENT_AIR_S = 8.0, 4.0
ROWS_LIMIT = 4_096  # frames of an hour; the law allows fewer


class Ledger:
    """Seconds that we sent in the last hour."""

    def __init__(self):
        self._rows = deque(maxlen=ROWS_LIMIT)  # (ms, seconds)

    def spend(self, seconds, now_ms):
        self._rows.append((now_ms, seconds))

    def ready_ms(self, seconds, limit_s, now_ms):
        """When so much may be sent without more than limit_s in an hour."""
        while self._rows and now_ms - self._rows[0][0] >= HOUR_MS:
            self._rows.popleft()
        over_s = sum(spent for _, spent in self._rows) + seconds - limit_s
        for at_ms, spent in self._rows:
            if over_s <= 0:
                break
            over_s -= spent
            now_ms = max(now_ms, at_ms + HOUR_MS)
        return now_ms


class AirBudget:
    """Seconds of air that may be used, filled up evenly over the hour."""

    def __init__(self, limit_s):
        self._limit_s = limit_s
        self._left_s, self._at_ms = limit_s, None

    def left_s(self, now_ms):
        if self._at_ms is not None:
            self._left_s = min(self._limit_s, self._left_s + (now_ms - self._at_ms) * self._limit_s / HOUR_MS)
        self._at_ms = now_ms
        return self._left_s

    def spend(self, seconds):
        self._left_s -= seconds

    def ready_ms(self, seconds, now_ms):
        """When so much will be there."""
        missing = min(seconds, self._limit_s) - self.left_s(now_ms)
        return now_ms if missing <= 0 else now_ms + int(missing * HOUR_MS / self._limit_s) + 1
