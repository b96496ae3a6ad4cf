"""Alarms that only a stolen post can have made: told to people for a day, and then posts' words weigh less.

Every post can tag an alarm under A, none can prove it under C. One whose tag holds and whose proof does not
(unproved), or that is under A and may not sound (weak_key), was made by somebody who holds a post's keys.
"""

import struct

LAST_MS = 86_400_000  # a forgery is minded for so long after the last one
KEEP_MS = 3_600_000  # what is left of it goes to disk this often: a restart begins no new day
REASONS = ("unproved", "weak_key")
NAME = "forged"
TEXT = "sirene mungkin berbunyi atas alarm yang tidak terbukti; periksa apakah pos dicuri"


class Forgeries:
    def __init__(self, desk, troubles, saved=None):
        self._desk, self._troubles = desk, troubles
        self._left_ms = min(LAST_MS, struct.unpack("<I", saved)[0]) if len(saved or b"") == 4 else 0
        self._until_ms = None
        self._kept_ms = 0  # when it was last written

    @property
    def lately(self) -> bool:
        """Whether one was heard within a day: what posts say ends no order of ours."""
        return self._until_ms is not None

    def begun(self):
        if self._left_ms:
            self._begin(self._left_ms)

    def heard(self):
        """One more; told once, however many there are."""
        known = self._until_ms
        self._begin(LAST_MS)
        if known is None or self._desk.now_ms - self._kept_ms >= KEEP_MS:
            self._keep()

    def _begin(self, left_ms):
        self._until_ms = self._desk.now_ms + left_ms
        self._kept_ms = self._kept_ms or self._desk.now_ms
        self._troubles.set(NAME, TEXT)

    def _keep(self):
        self._kept_ms = self._desk.now_ms
        left_ms = max(0, (self._until_ms or 0) - self._desk.now_ms)
        self._desk.persist("forged", struct.pack("<I", left_ms))

    def tick(self):
        if self._until_ms is None:
            return
        if self._desk.now_ms >= self._until_ms:
            self._until_ms = None
            self._troubles.set(NAME, None)
            self._keep()
        elif self._desk.now_ms - self._kept_ms >= KEEP_MS:
            self._keep()

    def next_deadline(self):
        return None if self._until_ms is None else min(self._until_ms, self._kept_ms + KEEP_MS)
