"""How much of this relay's hour each tombol's alarms took, and what nobody proved to be took together."""
import struct

from kentongan_node.mix import pick

ENTRY = "<IHH"            # origin, span modulo 2^16, ms
ENTRY_BYTES = 8
LIMIT = 128               # a purse's frames of one span share an entry: an hour has 16 for each
PURSES = 16               # of so many numbers at either end none is a sender's: theirs give way last
WINDOW_SPANS = 15
SHARE_MS = 3_000          # of an hour, each tombol (wire-format 3)
SHARE_SLOW_MS = 6_000     # MediumFast and slower: frames are twice as long
SLOW_FROM_SF = 9
SPAN_MS = 240_000
COMMON = 0                # the one purse of whatever is not proved, or was carried before
# The first attempts of an alarm go beyond a purse, so that it takes more to starve a button whose generation
# this relay lacks, or one in whose name a thief of a relay spends.
FIRST_TIMES = 3


class Shares:
    def __init__(self, preset):
        self.share_ms = SHARE_MS if preset.sf < SLOW_FROM_SF else SHARE_SLOW_MS
        # Whole from the start: growing it would need room in one piece of a device's heap.
        self._ring = bytearray(LIMIT * ENTRY_BYTES)
        self._first = 0   # the oldest entry
        self._count = 0
        self.at_ms = {}   # kind: none goes beyond every purse before then

    def _entry(self, i):
        """(origin, span, ms) of the i-th oldest."""
        return struct.unpack_from(ENTRY, self._ring, (self._first + i) % LIMIT * ENTRY_BYTES)

    def _prune(self, now_ms):
        span = now_ms // SPAN_MS & 0xFFFF
        while self._count and (span - self._entry(0)[1]) & 0xFFFF > WINDOW_SPANS:
            self._first = (self._first + 1) % LIMIT
            self._count -= 1
        return span

    def used_ms(self, origin, now_ms):
        """Air that this node spent on that purse within the last hour."""
        self._prune(now_ms)
        total = 0
        for i in range(self._count):
            entry = self._entry(i)
            if entry[0] == origin:
                total += entry[2]
        return total

    def affords(self, origin, airtime_ms, now_ms, first=False):
        """first: one of the first attempts of an alarm."""
        limit_ms = self.share_ms * FIRST_TIMES if first else self.share_ms
        return self.used_ms(origin, now_ms) + airtime_ms <= limit_ms

    def allow(self, now_ms, rnd, kind, delay_ms):
        """Whether one more of this kind goes although no purse pays it: at moments that nobody can foresee.

        The next at most delay_ms later: a thief who has emptied the purse must come first each time.
        """
        if now_ms < self.at_ms.get(kind, 0):
            return False
        self.at_ms[kind] = now_ms + pick(rnd, 900, delay_ms)  # roles take the small numbers, slots the high
        return True

    def charge(self, origin, airtime_ms, now_ms):
        """Book a frame that was carried; when all entries are taken the oldest of a sender gives way.

        A drill of forty houses else made the purses that all share forget what they had paid.
        """
        span = self._prune(now_ms)
        for i in range(self._count - 1, -1, -1):
            known = self._entry(i)
            if known[1] != span:
                break
            if known[0] == origin and known[2] + airtime_ms <= 0xFFFF:
                self._put(i, origin, span, known[2] + airtime_ms)
                return
        if self._count == LIMIT:
            senders = [i for i in range(LIMIT) if PURSES < self._entry(i)[0] < 0xFFFFFFFF - PURSES]
            for i in range(senders[0] if senders else 0, 0, -1):
                self._put(i, *self._entry(i - 1))
            self._first = (self._first + 1) % LIMIT
            self._count -= 1
        self._put(self._count, origin, span, airtime_ms)
        self._count += 1

    def _put(self, i, origin, span, ms):
        struct.pack_into(ENTRY, self._ring, (self._first + i) % LIMIT * ENTRY_BYTES, origin, span, ms)
