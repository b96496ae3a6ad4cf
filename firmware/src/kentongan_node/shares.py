"""How much of this relay's hour each tombol's alarms took: a stolen button must not burn all of it."""
import struct

ENTRY = "<IHH"            # origin, minute modulo 2^16, ms
ENTRY_BYTES = 8
LIMIT = 400               # frames: 36 s of air are at most 400 alarm frames on ShortSlow
WINDOW_MINUTES = 60
SHARE_MS = 3_000          # of an hour, each tombol (wire-format 3)
SHARE_SLOW_MS = 6_000     # MediumFast and slower: frames are twice as long
SLOW_FROM_SF = 9
MINUTE_MS = 60_000


class Shares:
    def __init__(self, preset):
        self.share_ms = SHARE_MS if preset.sf < SLOW_FROM_SF else SHARE_SLOW_MS
        # Whole from the start, like flood.Seen: growing it would need room in one piece of a device's heap.
        self._ring = bytearray(LIMIT * ENTRY_BYTES)
        self._first = 0   # the oldest entry
        self._count = 0

    def _entry(self, i):
        """(origin, minute, ms) of the i-th oldest."""
        return struct.unpack_from(ENTRY, self._ring, (self._first + i) % LIMIT * ENTRY_BYTES)

    def _prune(self, now_ms):
        minute = now_ms // MINUTE_MS & 0xFFFF
        while self._count and (minute - self._entry(0)[1]) & 0xFFFF > WINDOW_MINUTES:
            self._first = (self._first + 1) % LIMIT
            self._count -= 1
        return minute

    def used_ms(self, origin, now_ms):
        """Air that this node spent on that tombol's alarms within the last hour."""
        self._prune(now_ms)
        total = 0
        for i in range(self._count):
            entry = self._entry(i)
            if entry[0] == origin:
                total += entry[2]
        return total

    def affords(self, origin, airtime_ms, now_ms):
        return self.used_ms(origin, now_ms) + airtime_ms <= self.share_ms

    def charge(self, origin, airtime_ms, now_ms):
        """Book a relayed alarm frame; the oldest gives way."""
        minute = self._prune(now_ms)
        if self._count == LIMIT:
            self._first = (self._first + 1) % LIMIT
            self._count -= 1
        at = (self._first + self._count) % LIMIT * ENTRY_BYTES
        struct.pack_into(ENTRY, self._ring, at, origin, minute, airtime_ms)
        self._count += 1
