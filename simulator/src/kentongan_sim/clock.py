"""The virtual clock: whole microseconds and a heap of what is due; nothing here knows real time."""
import heapq


class Clock:
    """Runs functions in order of their time; those of one instant in the order they were asked for."""

    def __init__(self):
        self.now_us = 0
        self._heap = []
        self._count = 0

    def at(self, t_us: int, function, *args) -> list:
        """Have `function(*args)` run at `t_us` (now, if that is past); returns a handle for `cancel`."""
        self._count += 1
        entry = [max(t_us, self.now_us), self._count, function, args]
        heapq.heappush(self._heap, entry)
        return entry

    def cancel(self, entry: list):
        """Forget an entry of `at`; one that already ran is ignored."""
        entry[2] = None

    def next_us(self):
        """Time of the next entry, or None."""
        heap = self._heap
        while heap and heap[0][2] is None:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def run_until(self, t_us: int):
        """Run everything due up to and including `t_us`, and let the clock stand there."""
        heap = self._heap
        while heap and heap[0][0] <= t_us:
            entry = heapq.heappop(heap)
            if entry[2] is not None:
                self.now_us = entry[0]
                function, entry[2] = entry[2], None
                function(*entry[3])
        self.now_us = max(self.now_us, t_us)
