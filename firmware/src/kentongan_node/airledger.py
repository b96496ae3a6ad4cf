"""The law's 1 %: how much air this node used in the last hour, in 61 one-minute bins.

61 bins, because the running minute is not whole: any 60 minutes lie inside them. The total is persisted
whenever it passes a full second, and counts as just spent after a reset.
"""
import struct

from kentongan_wire.phy import AIR_BINS, AIR_LIMIT_MS

from kentongan_node.actions import Persist

NAME = "air"
BIN_MS = 60_000
FORGET_MS = AIR_BINS * BIN_MS  # after a sleep this long nothing of before is in the hour
# A torn file says nothing: half the hour is taken as spent, so that alarms still go and the rest waits.
AFTER_LOSS_MS = AIR_LIMIT_MS // 2


class AirLedger:
    def __init__(self, state=None):
        """`state`: what Persist("air", ..) wrote last, or None."""
        self._bins = [0] * AIR_BINS
        self._minute = None
        self._slept_ms = 0
        self._loaded_ms = 0
        if state is not None:
            if len(state) == 8:
                self._loaded_ms, self._slept_ms = struct.unpack("<II", state)
            else:
                self._loaded_ms = AFTER_LOSS_MS
        self._kept_s = self._loaded_ms // 1000

    def _roll(self, now_ms):
        minute = now_ms // BIN_MS
        if minute == self._minute:
            return
        if self._minute is None:
            self._minute = minute
            self._bins[minute % AIR_BINS] = min(self._loaded_ms, AIR_LIMIT_MS)
        for _ in range(min(minute - self._minute, AIR_BINS)):
            self._minute += 1
            self._bins[self._minute % AIR_BINS] = 0
        self._minute = max(self._minute, minute)

    def used_ms(self, now_ms):
        """Air of the last hour, the running minute included."""
        self._roll(now_ms)
        return sum(self._bins)

    def left_ms(self, now_ms):
        return max(0, AIR_LIMIT_MS - self.used_ms(now_ms))

    def spend(self, airtime_ms, now_ms, actions):
        """Book a transmission; appends a Persist at each full second."""
        self._roll(now_ms)
        self._bins[self._minute % AIR_BINS] += airtime_ms
        self.keep(now_ms, actions)

    def keep(self, now_ms, actions):
        """Persist when the total is in another second than the file says."""
        used_ms = self.used_ms(now_ms)
        if used_ms // 1000 != self._kept_s:
            self._kept_s = used_ms // 1000
            actions.append(Persist(NAME, struct.pack("<II", used_ms, 0)))

    def park(self, sleep_ms, now_ms, actions):
        """Before deep sleep: persist the exact total and the length of the sleep (None: until a key)."""
        used_ms = self.used_ms(now_ms)
        actions.append(Persist(NAME, struct.pack("<II", used_ms, min(sleep_ms or 0, 0xFFFFFFFF))))
        self._kept_s = used_ms // 1000

    def woke_by_timer(self):
        """The parked sleep ran to its end: when it was longer than the hour, nothing counts any more."""
        if self._slept_ms >= FORGET_MS and self._minute is None:
            self._loaded_ms = 0
