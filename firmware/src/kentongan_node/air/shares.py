"""Shares of this relay's hour: of each tombol's alarms, and of all unproved frames together."""

import struct

from kentongan_wire.base.shapes import TYPE_CHECKING

from kentongan_node.base.mix import pick

if TYPE_CHECKING:
    from kentongan_wire.air.phy import Preset

ENTRY = "<IHH"  # origin, span modulo 2^16, ms
ENTRY_BYTES = 8
LIMIT = 64  # of senders; one's frames of one span share an entry
PURSES = 8  # so many numbers at either end are no sender's: what these paid nobody pushes out
SPANS = 16  # of an hour
SPAN_BYTES = 2 * 2 * PURSES
SHARE_MS = 3_000  # of an hour, each tombol (wire-format 3)
SHARE_SLOW_MS = 6_000  # MediumFast and slower: frames are twice as long
SLOW_FROM_SF = 9
SPAN_MS = 240_000
COMMON = 0  # the one purse of whatever is not proved, or was carried before
# Purses that are no sender's, as those in answers.py and mesh.py: of alarms older than what their sender said
# since, which anybody may have recorded; of alarms of those who are not known here. A sender with a number
# within PURSES of the numbers' ends has none of its own.
OLD, NEWCOMERS = 5, 7
# The first attempts of an alarm go beyond a purse, so that it takes more to starve a button whose generation
# this relay lacks, or one in whose name a thief of a relay spends.
FIRST_TIMES = 3


class Shares:
    def __init__(self, preset: "Preset") -> None:
        self.share_ms = SHARE_MS if preset.sf < SLOW_FROM_SF else SHARE_SLOW_MS
        # Whole from the start: growing it would need room in one piece of a device's heap.
        self._ring = bytearray(LIMIT * ENTRY_BYTES)
        self._first = 0  # the oldest entry
        self._count = 0
        self._paid = bytearray(SPANS * SPAN_BYTES)  # ms, of each purse in each span
        self._sums = [0] * (2 * PURSES)  # of its spans, for each purse: asked for before every frame
        self._span = 0  # the last that began
        self.at_ms: dict[int, int] = {}  # kind: none goes beyond every purse before then

    def _entry(self, i: int) -> tuple[int, int, int]:
        """(origin, span, ms) of the i-th oldest."""
        return struct.unpack_from(ENTRY, self._ring, (self._first + i) % LIMIT * ENTRY_BYTES)

    def _prune(self, now_ms: int) -> int:
        span = now_ms // SPAN_MS
        if span == self._span:
            return span & 0xFFFF
        for begun in range(max(self._span, span - SPANS) + 1, span + 1):
            at = begun % SPANS * SPAN_BYTES
            for purse in range(2 * PURSES):
                self._sums[purse] -= struct.unpack_from("<H", self._paid, at + 2 * purse)[0]
            self._paid[at : at + SPAN_BYTES] = bytes(SPAN_BYTES)
        self._span = span
        while self._count and (span - self._entry(0)[1]) & 0xFFFF >= SPANS:
            self._first = (self._first + 1) % LIMIT
            self._count -= 1
        return span & 0xFFFF

    def used_ms(self, origin: int, now_ms: int) -> int:
        """Air that this node spent on that purse within the last hour."""
        self._prune(now_ms)
        total, at = 0, _place(origin)
        if at is not None:
            return self._sums[at // 2]
        for i in range(self._count):
            entry = self._entry(i)
            if entry[0] == origin:
                total += entry[2]
        return total

    def affords(self, origin: int, airtime_ms: int, now_ms: int, first: bool = False) -> bool:
        """first: one of the first attempts of an alarm."""
        limit_ms = self.share_ms * FIRST_TIMES if first else self.share_ms
        return self.used_ms(origin, now_ms) + airtime_ms <= limit_ms

    def allow(self, now_ms: int, rnd: int, kind: int, delay_ms: int) -> bool:
        """Tell whether one more of this kind goes although no purse pays it: at moments nobody can foresee.

        The next at most delay_ms later: a thief who has emptied the purse must come first each time.
        """
        if now_ms < self.at_ms.get(kind, 0):
            return False
        self.at_ms[kind] = now_ms + pick(rnd, 900, delay_ms)  # roles take the small numbers, slots the high
        return True

    def charge(self, origin: int, airtime_ms: int, now_ms: int) -> None:
        """Book a frame that was carried; when all entries are taken the oldest gives way.

        Not a purse's: a drill of forty houses made those that all share forget what they had paid, and they
        together left a sender no entry of the last minutes.
        """
        span = self._prune(now_ms)
        at = _place(origin)
        if at is not None:
            purse, at = at // 2, at + span % SPANS * SPAN_BYTES
            paid_ms = struct.unpack_from("<H", self._paid, at)[0]
            airtime_ms = min(airtime_ms, 0xFFFF - paid_ms)
            struct.pack_into("<H", self._paid, at, paid_ms + airtime_ms)
            self._sums[purse] += airtime_ms
            return
        for i in range(self._count - 1, -1, -1):
            known = self._entry(i)
            if known[1] != span:
                break
            if known[0] == origin and known[2] + airtime_ms <= 0xFFFF:
                self._put(i, origin, span, known[2] + airtime_ms)
                return
        if self._count == LIMIT:
            self._first = (self._first + 1) % LIMIT
            self._count -= 1
        self._put(self._count, origin, span, airtime_ms)
        self._count += 1

    def _put(self, i: int, origin: int, span: int, ms: int) -> None:
        struct.pack_into(ENTRY, self._ring, (self._first + i) % LIMIT * ENTRY_BYTES, origin, span, ms)


def _place(origin: int) -> int | None:
    """Return the place of this purse's sum in a span; None: it is a sender."""
    if origin >= PURSES:
        origin -= 0xFFFFFFFF + 1 - 2 * PURSES
    return 2 * origin if 0 <= origin < 2 * PURSES else None
