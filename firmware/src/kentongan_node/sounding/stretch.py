"""Continuous driving of the siren, and its rests. Pure.

The carrier counts from the first stroke and shuts its output after 180 to 260 s, whatever the program
wants; only 3 to 16 s of quiet begin that count anew, all over its parts' tolerances (hardware/README.md).
Alarms that overlap would run into it and fall silent without anybody knowing; so the program rests first,
for long enough, and goes on.
"""

from kentongan_wire.air.flood import REST_MS  # its longest reset, 16 s, and one more

LIMIT_MS = 180_000  # the shortest count of the carrier


class Stretch:
    def __init__(self) -> None:
        self._first_ms: int | None = None  # first stroke since the last rest
        self._quiet_ms: int | None = None  # when the output went off; None while it is driven

    def left_ms(self, now_ms: int) -> int:
        """Return how long the output may be driven from now on; 0: only after a rest."""
        if self._first_ms is None or self._quiet_ms is not None and now_ms - self._quiet_ms >= REST_MS:
            return LIMIT_MS
        return max(0, LIMIT_MS - (now_ms - self._first_ms))

    def driven(self, now_ms: int) -> None:
        """Count the output as driven from now on."""
        if self.left_ms(now_ms) == LIMIT_MS:
            self._first_ms = now_ms
        self._quiet_ms = None

    def quiet(self, now_ms: int) -> int:
        """Count the output as off from now on; returns when it has rested."""
        if self._quiet_ms is None:
            self._quiet_ms = now_ms
        return self._quiet_ms + REST_MS

    def age_s(self, now_ms: int) -> int:
        """Return the seconds since the first stroke of this stretch, for the file that a reset finds."""
        if self._first_ms is None or self.left_ms(now_ms) == LIMIT_MS:
            return 0
        return (now_ms - self._first_ms) // 1000

    def recall(self, age_ms: int, now_ms: int) -> None:
        """Take up a stretch of that age, which a reset interrupted: the carrier counts on."""
        self._first_ms, self._quiet_ms = now_ms - age_ms, None
