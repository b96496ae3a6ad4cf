"""Contention for the channel: times to try it, and its load. Integers, milliseconds.

Slots as Meshtastic's ROUTER role draws them: 0..2*CW, CW from the signal-to-noise ratio at which the
frame was heard, so that the farthest hearer goes first.
"""

from kentongan_wire.phy import contention_window, slot_us

from kentongan_node.mix import pick

BUSY_BIN_MS = 5_000
BUSY_BINS = 12  # the last minute
JAM_SHARE_PERCENT = 50  # busy for over half of a minute is jamming (wire-format 3)
JAM_BUSY_MS = (JAM_SHARE_PERCENT + 1) * BUSY_BINS * BUSY_BIN_MS // 100  # so much is above in whole percent
JAM_REPORT_MS = 300_000  # the flag stays for two STATUS periods, so that one of them carries it


def backoff_ms(preset, snr_q, rnd, i):
    """Random whole slots for a frame heard at snr_q (quarter dB)."""
    slots = pick(rnd, i, 2 * contention_window(snr_q) + 1)
    return slots * slot_us(preset) // 1000


class BusyMeter:
    """Meter of the channel in the last minute: taken by frames, read or not, and by busy checks."""

    def __init__(self):
        self._bins = [0] * BUSY_BINS
        self._busy_ms = 0  # sum of the bins
        self._bin = None
        self._marked_ms = 0  # busy time is booked up to here; overlaps count once
        self._jammed_ms = None

    def _roll(self, now_ms):
        index = now_ms // BUSY_BIN_MS
        if self._bin is None:
            self._bin = index
        for _ in range(min(index - self._bin, BUSY_BINS)):
            self._bin += 1
            self._busy_ms -= self._bins[self._bin % BUSY_BINS]
            self._bins[self._bin % BUSY_BINS] = 0
        self._bin = max(self._bin, index)

    def mark(self, from_ms, to_ms, now_ms):
        """The channel was, or will be, busy between the two times."""
        if now_ms // BUSY_BIN_MS != self._bin:
            self._roll(now_ms)
        if from_ms < self._marked_ms:
            from_ms = self._marked_ms
        if to_ms > from_ms:
            self._bins[self._bin % BUSY_BINS] += to_ms - from_ms
            self._busy_ms += to_ms - from_ms
            self._marked_ms = to_ms
        if self._busy_ms >= JAM_BUSY_MS:
            self._jammed_ms = now_ms

    def share_percent(self, now_ms):
        """Busy share of the last minute, 0..100."""
        self._roll(now_ms)
        return min(100, self._busy_ms * 100 // (BUSY_BINS * BUSY_BIN_MS))

    def jammed(self, now_ms):
        """Tell whether a minute was busy for over a half of it, lately."""
        return self._jammed_ms is not None and now_ms - self._jammed_ms < JAM_REPORT_MS
