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
        self._ring = bytearray()  # one entry a frame, the oldest first

    def _prune(self, now_ms):
        minute = now_ms // MINUTE_MS & 0xFFFF
        while self._ring:
            age = (minute - struct.unpack("<H", self._ring[4:6])[0]) & 0xFFFF
            if age <= WINDOW_MINUTES and len(self._ring) <= LIMIT * ENTRY_BYTES:
                return minute
            self._ring = self._ring[ENTRY_BYTES:]
        return minute

    def used_ms(self, origin, now_ms):
        """Air that this node spent on that tombol's alarms within the last hour."""
        self._prune(now_ms)
        key = struct.pack("<I", origin)
        total = 0
        for at in range(0, len(self._ring), ENTRY_BYTES):
            if self._ring[at : at + 4] == key:
                total += struct.unpack("<H", self._ring[at + 6 : at + 8])[0]
        return total

    def affords(self, origin, airtime_ms, now_ms):
        return self.used_ms(origin, now_ms) + airtime_ms <= self.share_ms

    def charge(self, origin, airtime_ms, now_ms):
        """Book a relayed alarm frame."""
        minute = self._prune(now_ms)
        self._ring.extend(struct.pack(ENTRY, origin, minute, airtime_ms))
        self._prune(now_ms)
