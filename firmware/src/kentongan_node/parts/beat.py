"""An output that beats a rhythm by hardware timer, which a busy loop neither stretches nor sticks."""

from time import ticks_add, ticks_diff, ticks_ms

from kentongan_wire.base.shapes import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from kentongan_node.base.actions import Steps

    class Out(Protocol):
        """An output of the chip."""

        def value(self, level: int) -> object: ...

    class Timer(Protocol):
        """A timer of the chip."""

        def init(self, *, mode: int, period: int, callback: Callable[[object], object]) -> object: ...


ONE_SHOT = 0  # machine.Timer.ONE_SHOT; machine itself is hal.py's
FAULTS = (OSError, ValueError, RuntimeError, MemoryError)


class Beat:
    """`pin`, and its `level` that switches the output on; `timer`, `limit`: machine.Timer objects. The second
    ends what the first began, should the first fail. Where there is no timer, or it takes no order, look()
    beats instead, as evenly as it is called.

    Timers are only ever set anew: after a deinit the chip takes another interrupt, and aborts where it has
    none left. The last edge of what was stopped comes, and does nothing."""

    def __init__(
        self, pin: "Out", timer: "Timer | None", limit: "Timer | None" = None, level: int = 1
    ) -> None:
        self.on = False
        self.playing = False
        self.pin = pin  # at rest
        self._timer = timer
        self._limit = limit
        self._level = level
        self._fault: Exception | None = None if timer is not None else OSError(19)
        self._steps: Steps = ()
        self._start = self._due = self._edge_ticks = ticks_ms()
        self._total_ms: int | None = None

    def play(self, steps: "Steps", total_ms: int | None) -> None:
        """Repeat the steps for total_ms (None: for good), from now on."""
        self.stop()
        self._steps, self._total_ms = steps, total_ms
        self._start = ticks_ms()
        self.playing = True
        if self._limit is not None and total_ms is not None:
            try:
                self._limit.init(mode=ONE_SHOT, period=max(1, total_ms), callback=self._over)
            except FAULTS:
                pass  # the beat ends itself
        self._edge(None)

    def stop(self) -> None:
        self.playing = False
        self._set(False)

    def since_ms(self) -> int:
        """Return how long it has been on, or off, by now."""
        return ticks_diff(ticks_ms(), self._edge_ticks)

    def look(self) -> None:
        """Make the edge that no timer makes; raises what the timer has raised."""
        fault = self._fault  # the edge forgets it where the timer takes orders again
        if fault is not None:
            if self.playing and ticks_diff(ticks_ms(), self._due) >= 0:
                self._edge(None)
            raise fault

    def _over(self, _: object) -> None:
        self.stop()

    def _set(self, on: bool) -> None:
        if on != self.on:
            self._edge_ticks = ticks_ms()
        self.on = on
        self.pin.value(self._level if on else 1 - self._level)

    def _edge(self, _: object) -> None:
        if not self.playing:
            return  # it was stopped, or its time ran out
        from kentongan_wire.base.patterns import (
            edge_at,  # tombol loads it with its first feedback, not at boot
        )

        at_ms = ticks_diff(ticks_ms(), self._start)
        on, next_ms = edge_at(self._steps, at_ms)
        if next_ms is None or self._total_ms is not None and at_ms >= self._total_ms:
            self.stop()
            return
        if self._total_ms is not None:
            next_ms = min(next_ms, self._total_ms)
        self._set(False)  # off until the end of this step is certain
        self._arm(max(1, next_ms - at_ms))
        self._set(on)

    def _arm(self, ms: int) -> None:
        self._due = ticks_add(ticks_ms(), ms)
        if self._timer is None:
            return
        try:
            self._timer.init(mode=ONE_SHOT, period=ms, callback=self._edge)
            self._fault = None
        except FAULTS as fault:
            self._fault = fault
