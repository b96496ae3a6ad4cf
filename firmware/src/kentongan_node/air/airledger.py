"""The law's 1 %: how much air this node used in the last hour, in 61 one-minute bins.

61 bins, because the running minute is not whole: any 60 minutes lie inside them. They are persisted at each
full second of air, with one second more than was spent, which covers what is spent until the next time. After
a reset they go on as if no time had passed: the hour of before ends minute by minute, never too soon.
"""

import struct

from kentongan_wire.air.phy import AIR_BINS, AIR_LIMIT_MS
from kentongan_wire.base.shapes import TYPE_CHECKING

from kentongan_node.base.actions import Persist

if TYPE_CHECKING:
    from kentongan_wire.base.shapes import Bytes

    from kentongan_node.base.actions import Action

NAME = "air"
BIN_MS = 60_000
ROW_BYTES = 4 + 2 * AIR_BINS  # length of a sleep, 0 of a node that was up; ms of minutes, oldest first
FORGET_MS = AIR_BINS * BIN_MS  # after a sleep this long nothing of before is in the hour
# A torn file says nothing: half the hour is taken as spent, so that alarms still go and the rest waits.
AFTER_LOSS_MS = AIR_LIMIT_MS // 2


class AirLedger:
    def __init__(self, state: "Bytes | None" = None) -> None:
        """`state`: what Persist("air", ..) wrote last, or None."""
        # As in the file, the running minute last: a list would need 0.5 KB of a device's heap in one piece.
        self._bins = bytearray(ROW_BYTES)
        self._minute: int | None = None
        self._total_ms = 0
        if state is not None:
            self._bins = bytearray(state)
        if len(self._bins) != ROW_BYTES or self._count() > AIR_LIMIT_MS + 1_000:
            self._bins = bytearray(ROW_BYTES)
            self.add(AFTER_LOSS_MS)
        self._slept_ms = struct.unpack_from("<I", self._bins)[0]
        # Spent and not in the file; a button's first frame of a wake waits for no flash.
        self._open = 0 if self._slept_ms else 1_000
        self._total_ms = self._count()

    def _count(self) -> int:
        total = 0
        for at in range(4, len(self._bins), 2):  # a tuple of all would need half a KB of the heap
            total += self._bins[at] | self._bins[at + 1] << 8
        return total

    def _roll(self, now_ms: int) -> None:
        minute = now_ms // BIN_MS
        if self._minute is None:
            self._minute = minute
        if minute > self._minute:
            size = 2 * min(minute - self._minute, AIR_BINS)
            self._bins[4:] = self._bins[4 + size :] + bytes(size)
            self._minute, self._total_ms = minute, self._count()

    def used_ms(self, now_ms: int) -> int:
        """Air of the last hour, the running minute included."""
        self._roll(now_ms)
        return self._total_ms

    def left_ms(self, now_ms: int) -> int:
        return max(0, AIR_LIMIT_MS - self.used_ms(now_ms))

    def spend(self, airtime_ms: int, now_ms: int, actions: "list[Action]") -> None:
        """Book a transmission; appends a Persist at each full second."""
        self._roll(now_ms)
        self.add(airtime_ms)
        self._open += airtime_ms
        if self._open >= 1_000:
            self._keep(0, actions)

    def park(self, sleep_ms: int | None, now_ms: int, actions: "list[Action]") -> None:
        """Persist the exact total and the length of the coming deep sleep (None: until a key)."""
        self._roll(now_ms)
        self._keep(max(1, min(sleep_ms or 0, 0xFFFFFFFF)), actions)

    def add(self, ms: int) -> None:
        """To the running minute, as used_ms last found it."""
        total = min((self._bins[-2] | self._bins[-1] << 8) + ms, 0xFFFF)
        self._bins[-2], self._bins[-1] = total & 0xFF, total >> 8
        self._total_ms += ms

    def _keep(self, sleep_ms: int, actions: "list[Action]") -> None:
        cover = 0 if sleep_ms else 1_000  # what is spent until the next time
        self.add(cover)
        struct.pack_into("<I", self._bins, 0, sleep_ms)
        actions.append(Persist(NAME, bytes(self._bins)))
        self._open = 0
        self.add(-cover)

    def woke_by_timer(self) -> None:
        """Note that the parked sleep ran to its end: longer than the hour, nothing counts any more."""
        if self._slept_ms >= FORGET_MS and self._minute is None:
            self._bins[:] = bytes(ROW_BYTES)
            self._total_ms = 0
