"""Strokes on the main key become the kind of an alarm. Pure: edges and time in, a kind out.

In doubt the kind is 0, bahaya, which sounds as titir: a stroke that happened while the board was
still booting, a key that is held down, more strokes than the table knows.
"""

from kentongan_wire.base.shapes import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


QUIET_MS = 600  # a code is over this long after its last release (wire-format 4)
PROOF_MS = 30  # a wake press that ends sooner after the boot was released during the boot
HOLD_MS = 2_000  # start value: nobody strokes that slowly; somebody leans on the key
KIND_IN_DOUBT = 0

IDLE, WAKING, HELD, PAUSED, SPENT_HELD, SPENT = range(6)
WAKE, PRESS, RELEASE, PROOF, LONG, QUIET = range(6)

# (state, event): next state. What is missing changes nothing.
#   WAKING: the press that woke the board, not yet known to last until the boot's end.
#   SPENT: the kind was given out early; the code goes on until it is quiet, for nothing.
NEXT = {
    (IDLE, WAKE): WAKING,
    (IDLE, PRESS): HELD,
    (WAKING, PROOF): HELD,
    (WAKING, RELEASE): PAUSED,
    (HELD, RELEASE): PAUSED,
    (HELD, LONG): SPENT_HELD,
    (PAUSED, PRESS): HELD,
    (PAUSED, QUIET): IDLE,
    (SPENT_HELD, RELEASE): SPENT,
    (SPENT, PRESS): SPENT_HELD,
    (SPENT, QUIET): IDLE,
}
# state: (event that time alone brings, after this long in the state)
TIMED = {
    WAKING: (PROOF, PROOF_MS),
    HELD: (LONG, HOLD_MS),
    PAUSED: (QUIET, QUIET_MS),
    SPENT: (QUIET, QUIET_MS),
}


class Strokes:
    """kinds[n-1] is the kind of n strokes."""

    def __init__(self, kinds: "Iterable[int]") -> None:
        self._kinds = tuple(kinds)
        self._state = IDLE
        self._since_ms = 0
        self._count = 0
        self._doubt = False

    def wake(self, now_ms: int) -> None:
        """Begin with the main key down: the board has booted because of it."""
        self._event(WAKE, now_ms)

    def press(self, now_ms: int) -> int | None:
        """Return a kind when this stroke is one too many for any code, else None."""
        if not self._event(PRESS, now_ms) or self._state != HELD:
            return None
        if self._count < len(self._kinds):
            return None
        self._state = SPENT_HELD
        return KIND_IN_DOUBT

    def release(self, now_ms: int) -> None:
        was = self._state
        if self._event(RELEASE, now_ms):
            if was == WAKING:
                self._doubt = True
            elif was == HELD:
                self._count += 1

    def tick(self, now_ms: int) -> int | None:
        """Return the kind of a code that is ready now, else None."""
        deadline = self.deadline()
        while deadline is not None and now_ms >= deadline:
            event, was = TIMED[self._state][0], self._state
            self._event(event, deadline)
            if was == HELD:
                return KIND_IN_DOUBT
            if was == PAUSED:
                return self._finish()
            if was == SPENT:
                self._finish()
            deadline = self.deadline()
        return None

    def deadline(self) -> int | None:
        timed = TIMED.get(self._state)
        return None if timed is None else self._since_ms + timed[1]

    def idle(self) -> bool:
        return self._state == IDLE

    def _event(self, event: int, now_ms: int) -> bool:
        state = NEXT.get((self._state, event))
        if state is None:
            return False
        if event != PROOF:  # the proof does not shorten the hold
            self._since_ms = now_ms
        self._state = state
        return True

    def _finish(self) -> int:
        count, doubt = self._count, self._doubt
        self._count, self._doubt = 0, False
        if doubt or not 0 < count <= len(self._kinds):
            return KIND_IN_DOUBT
        return self._kinds[count - 1]
