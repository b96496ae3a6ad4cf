"""The virtual clock: whole microseconds and a heap of what is due; nothing here knows real time."""

import heapq
from collections.abc import Callable
from typing import Any

from kentongan_sim.physics.shapes import Us

Entry = list[Any]  # [t_us, count, function or None once void, args]: a heap compares the first two


class Clock:
    """Runs functions in order of their time; those of one instant in the order they were asked for."""

    def __init__(self) -> None:
        self.now_us = 0
        self._heap: list[Entry] = []
        self._count = 0

    def at(self, t_us: int, function: Callable[..., object], *args: object) -> Entry:
        """Have `function(*args)` run at `t_us` (now, if that is past); returns a handle for `cancel`."""
        self._count += 1
        entry = [t_us if t_us > self.now_us else self.now_us, self._count, function, args]
        heapq.heappush(self._heap, entry)
        return entry

    def timer(self, function: Callable[..., object]) -> "Timer":
        """Make a deadline of `function` that is set and set again."""
        return Timer(self, function)

    def cancel(self, entry: list) -> None:
        """Forget an entry of `at`; one that already ran is ignored."""
        entry[2] = None

    def next_us(self) -> Us | None:
        """Return the time of the next entry, or None."""
        heap = self._heap
        while heap and heap[0][2] is None:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def run_until(self, t_us: int, done: Callable[[], bool] | None = None) -> bool:
        """Run everything due up to and including `t_us`, and let the clock stand there.

        With `done`, which is asked after each: only until it holds; returns whether it does.
        """
        heap = self._heap
        pop = heapq.heappop
        while heap and heap[0][0] <= t_us:
            entry = pop(heap)
            function = entry[2]
            if function is not None:
                self.now_us = entry[0]
                entry[2] = None
                function(*entry[3])
                if done is not None and done():
                    return True
        self.now_us = max(self.now_us, t_us)
        return done is not None and done()


class Timer:
    """One deadline that moves often. Moved later, it stays where it is in the heap until that is due: most
    deadlines of a node are put off many times before one is reached.
    """

    __slots__ = ("_clock", "_function", "_due", "_entry")

    def __init__(self, clock: Clock, function: Callable[..., object]):
        self._clock = clock
        self._function = function
        self._due: tuple[Us, int] | None = None  # as an entry of the heap has them
        self._entry: Entry | None = None

    def set(self, t_us: int) -> None:
        """Have the function run at `t_us` and at no other time, in the order of this call."""
        clock, entry = self._clock, self._entry
        clock._count += 1
        if t_us < clock.now_us:
            t_us = clock.now_us
        self._due = t_us, clock._count
        if entry is None or t_us < entry[0]:
            if entry is not None:
                entry[2] = None
            self._push(self._due)

    def cancel(self) -> None:
        self._due = None

    def _push(self, due: tuple[Us, int]) -> None:
        self._entry = [*due, self._ring, ()]
        heapq.heappush(self._clock._heap, self._entry)

    def _ring(self) -> None:
        due, entry = self._due, self._entry
        self._entry = None
        if due is None or entry is None:
            return
        if due[1] != entry[1]:  # it was put off meanwhile
            self._push(due)
            return
        self._due = None
        self._function()
