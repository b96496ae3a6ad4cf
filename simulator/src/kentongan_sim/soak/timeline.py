"""Virtual time: what is to happen, in order."""
import heapq
import itertools


class Timeline:
    def __init__(self):
        self.now_ms = 0
        self._heap, self._order = [], itertools.count()

    def after(self, delay_ms, function, *args):
        heapq.heappush(self._heap, (self.now_ms + max(0, int(delay_ms)), next(self._order), function, args))

    def every(self, period_ms, function):
        def again():
            function()
            self.after(period_ms, again)

        self.after(period_ms, again)

    def run(self, ms, until=lambda: False):
        """Let ms pass, or less when `until()` holds; whether it does."""
        end = self.now_ms + ms
        while self._heap and self._heap[0][0] <= end:
            self.now_ms, _, function, args = heapq.heappop(self._heap)
            function(*args)
            if until():
                return True
        self.now_ms = end
        return until()
