"""Contention for the channel: times to try it, and its load. Integers, milliseconds.

Slots as Meshtastic's ROUTER role draws them: 0..2*CW, CW from the signal-to-noise ratio at which the
frame was heard, so that the farthest hearer goes first.
"""

from kentongan_wire.air.phy import contention_window, slot_us
from kentongan_wire.base.shapes import TYPE_CHECKING

from kentongan_node.base.mix import pick

if TYPE_CHECKING:
    from kentongan_wire.air.phy import Preset

BUSY_BIN_MS = 5_000
BUSY_BINS = 12  # the last minute
JAM_SHARE_PERCENT = 50  # busy for over half of a minute is jamming (wire-format 3)
JAM_BUSY_MS = (JAM_SHARE_PERCENT + 1) * BUSY_BINS * BUSY_BIN_MS // 100  # so much is above in whole percent
JAM_REPORT_MS = 300_000  # the flag stays for two STATUS periods, so that one of them carries it


def backoff_ms(preset: "Preset", snr_q: int, rnd: int, i: int) -> int:
    """Random whole slots for a frame heard at snr_q (quarter dB)."""
    slots = pick(rnd, i, 2 * contention_window(snr_q) + 1)
    return slots * slot_us(preset) // 1000


class BusyMeter:
    """Meter of the channel in the last minute: taken by frames, read or not, and by busy checks."""

    def __init__(self) -> None:
        self._bins = [0] * BUSY_BINS
        self._busy_ms = 0  # sum of the bins
        self._bin: int | None = None
        self._marked_ms = 0  # busy time is booked up to here; overlaps count once
        self._jammed_ms: int | None = None

    def _roll(self, now_ms: int) -> int:
        """Return the bin of now."""
        index = now_ms // BUSY_BIN_MS
        at = index if self._bin is None else self._bin
        for _ in range(min(index - at, BUSY_BINS)):
            at += 1
            self._busy_ms -= self._bins[at % BUSY_BINS]
            self._bins[at % BUSY_BINS] = 0
        self._bin = at = max(at, index)
        return at

    def mark(self, from_ms: int, to_ms: int, now_ms: int) -> None:
        """Note that the channel was, or will be, busy between the two times."""
        at = self._bin
        if at is None or now_ms // BUSY_BIN_MS != at:
            at = self._roll(now_ms)
        if from_ms < self._marked_ms:
            from_ms = self._marked_ms
        if to_ms > from_ms:
            self._bins[at % BUSY_BINS] += to_ms - from_ms
            self._busy_ms += to_ms - from_ms
            self._marked_ms = to_ms
        if self._busy_ms >= JAM_BUSY_MS:
            self._jammed_ms = now_ms

    def share_percent(self, now_ms: int) -> int:
        """Busy share of the last minute, 0..100."""
        self._roll(now_ms)
        return min(100, self._busy_ms * 100 // (BUSY_BINS * BUSY_BIN_MS))

    def jammed(self, now_ms: int) -> bool:
        """Tell whether a minute was busy for over a half of it, lately."""
        return self._jammed_ms is not None and now_ms - self._jammed_ms < JAM_REPORT_MS
