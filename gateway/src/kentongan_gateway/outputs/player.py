"""Beats a pattern on a relay, from one thread; everything is decided in step(now_ms), which tests call.

Every way out leaves the relay off. A board that fails is opened again for ever and switched off first;
while idle it is switched off again every half minute, so that a board that went away is missed in time.
"""

import logging
import threading
import time
from collections.abc import Callable

from kentongan_gateway.core.base.actions import Steps
from kentongan_gateway.outputs.score import Score, coarser
from kentongan_gateway.outputs.siren_driver import Sense, SirenDriver, Switch

log = logging.getLogger("kentongan.output")

IDLE_MS = 30_000  # an idle relay is told to be off this often
RETRY_MS = 2_000  # a failed board is opened again this often
SENSE_AFTER_MS = 4_000  # the output must have been sensed on by then, or the siren does not sound
STUCK_MS = 2_000  # sensed on for so long after it was switched off: stuck
SENSE_EVERY_MS = 200
HOLD_MAX_MS = 20_000  # a voice that never ends holds the siren back no longer
HELD_UP_MS = 20_000  # a call of a board's library that takes longer is told to people


def now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class Player(SirenDriver):
    """relay: open(), set(on), sense() -> bool or None, close(); whatever they raise, the board has failed.

    sense: an input of its own with the same open(), sense() and close(), where the output is wired to one.
    One that cannot be read is told, and the output is beaten all the same.
    """

    def __init__(self, relay: Switch, shortest_ms: int, sense: Sense | None = None, name: str = "output"):
        self._relay, self._shortest_ms = relay, shortest_ms
        self._line = sense  # an input of its own, or None
        self.on_trouble: Callable[[str | None], object] = lambda text: None
        self._troubles: dict[str, str | None] = {"board": None, "sense": None, "line": None}
        self._wake = threading.Condition()
        self._closing = False
        self._score: tuple[Score, int] | None = None  # (Score, start_ms)
        self._held_until_ms = 0
        self._open = self._line_open = False
        self._retry_ms = self._line_retry_ms = 0
        self._busy_ms: int | None = None  # since when the thread does what is due
        self._level: bool | None = None  # what the relay was last told; None: unknown
        self._told_ms = self._changed_ms = self._sensed_ms = -IDLE_MS
        self._sounded = True  # sensed on since this sounding began
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._started = False

    # what others call, from any thread

    def play(self, pattern: str, steps: Steps, total_ms: int | None) -> None:
        """Begin now, in place of whatever sounds; None as total_ms: until something else is asked."""
        with self._wake:
            self._score = Score(coarser(steps, self._shortest_ms), total_ms), now_ms()
            self._sounded = False
            self._begin()

    def prolong(self, ms: int) -> None:
        """Prolong the playing score by so much from now, in step; nothing is begun anew."""
        with self._wake:
            if self._score is not None:
                self._score[0].total_ms = now_ms() - self._score[1] + ms
                self._begin()

    def off(self) -> None:
        with self._wake:
            self._score = None
            self._begin()

    def hold(self, on: bool) -> None:
        with self._wake:
            self._held_until_ms = now_ms() + HOLD_MAX_MS if on else 0
            self._begin()

    def trouble(self) -> str | None:
        """Say what is wrong now, or None; a thread that ended or does not come back cannot say so itself."""
        busy_ms = self._busy_ms
        if not self.healthy():
            return "its thread has ended"
        if busy_ms is not None and now_ms() - busy_ms >= HELD_UP_MS:
            return f"the board has not come back for {(now_ms() - busy_ms) // 1000} s"
        return next(filter(None, self._troubles.values()), None)

    def healthy(self) -> bool:
        return not self._started or self._closing or self._thread.is_alive()

    def close(self) -> None:
        """Off, and the board released; waits a moment for a board that does not answer."""
        with self._wake:
            self._score, self._closing = None, True
            self._wake.notify()
        if self._started:
            self._thread.join(5)

    def _begin(self) -> None:
        if not self._started:
            self._started = True
            self._thread.start()
        self._wake.notify()

    # the thread

    def _run(self) -> None:
        while True:
            with self._wake:
                closing = self._closing
            wait_ms = max(0, self.step(now_ms()) - now_ms())
            if closing:
                self._release()
                return
            with self._wake:
                if self._closing or self._changed():
                    continue
                self._wake.wait(wait_ms / 1000)

    def _changed(self) -> bool:
        """Tell whether somebody asked for something since the last step()."""
        return self._open and self._wanted(now_ms())[0] != self._level

    def _wanted(self, now: int) -> tuple[bool, int]:
        """(level, when to look again) by what was asked last."""
        if self._score is None or now < self._held_until_ms:
            return False, max(now + 1, min(self._held_until_ms or now + IDLE_MS, now + IDLE_MS))
        score, start = self._score
        level, until = score.at(now - start)
        if until is None:
            return False, now + IDLE_MS
        return level, start + until

    def step(self, now: int) -> int:
        """Do what is due now; when to be called again. Never raises, whatever the board's library does."""
        self._busy_ms = now
        try:
            return self._step(now)
        except (Exception, SystemExit) as error:
            self._failed(f"{type(error).__name__}: {error}", now)
            return self._retry_ms
        finally:
            self._busy_ms = None

    def _step(self, now: int) -> int:
        with self._wake:
            level, look_ms = self._wanted(now)
        if not self._open:
            if now < self._retry_ms:
                return self._retry_ms
            self._relay.open()
            self._open, self._level = True, None
            self._tell("board", None)
        self._check_sense(now)  # before the change: of a stroke its end tells, not its begin
        if level != self._level or (not level and now - self._told_ms >= IDLE_MS):
            self._set(level, now)
        settling = now - self._changed_ms < STUCK_MS + SENSE_EVERY_MS
        return min(look_ms, now + (SENSE_EVERY_MS if self._score or settling else IDLE_MS))

    def _set(self, level: bool, now: int) -> None:
        self._relay.set(level)
        if self._level is not level:
            self._changed_ms = now
        self._level, self._told_ms = level, now

    def _failed(self, text: str | None, now: int) -> None:
        self._release()
        self._open, self._level, self._retry_ms = False, None, now + RETRY_MS
        self._tell("board", text)

    def _release(self) -> None:
        self._line_open = False
        for part in filter(None, (self._relay, self._line)):
            try:
                part.close()
            except (Exception, SystemExit) as error:
                log.debug("close: %s", error)

    def _sensed(self, now: int) -> bool | None:
        """Tell whether the output has power, or None where nothing can say so."""
        if self._line is None:
            return self._relay.sense()
        if not self._line_open and now < self._line_retry_ms:
            return None
        try:
            if not self._line_open:
                self._line.open()
                self._line_open = True
            on = self._line.sense()
        except (Exception, SystemExit) as error:
            self._line_open, self._line_retry_ms = False, now + RETRY_MS
            self._tell("line", f"its sense line cannot be read: {type(error).__name__}: {error}")
            return None
        self._tell("line", None)
        return on

    def _check_sense(self, now: int) -> None:
        """Is what was switched really so? Only where something senses it."""
        # Every stroke until one was sensed: in step with a fast beat, a slower look meets its gaps alone.
        unheard = self._level and self._score and not self._sounded
        if self._level is None or (not unheard and now - self._sensed_ms < SENSE_EVERY_MS):
            return
        on = self._sensed(now)
        if on is None:
            return
        self._sensed_ms, since_ms = now, now - self._changed_ms
        if on and self._level:
            self._sounded = True
            self._tell("sense", None)
        elif on and since_ms >= STUCK_MS:
            self._tell("sense", "the siren was switched off and has power")
        elif self._score and not self._sounded and now - self._watched_ms() >= SENSE_AFTER_MS:
            self._tell("sense", "the siren was switched on and has no power")
        elif not on and not self._level and since_ms >= STUCK_MS and self._sounded:
            self._tell("sense", None)

    def _watched_ms(self) -> int:
        """Since when the sounding could have been sensed."""
        began_ms = self._score[1] if self._score else 0
        return max(began_ms, self._line_retry_ms)

    def _tell(self, what: str, text: str | None) -> None:
        before = next(filter(None, self._troubles.values()), None)
        self._troubles[what] = text
        after = next(filter(None, self._troubles.values()), None)
        if after != before:
            self.on_trouble(after)  # and trouble() says it to whoever asks
