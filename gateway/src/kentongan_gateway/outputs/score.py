"""Patterns over time, pure: what is on at which moment, and how a pattern sounds on a slow relay."""

from kentongan_gateway.core.base.actions import Steps


def coarser(steps: Steps, shortest_ms: int) -> Steps:
    """Return the same rhythm, stretched until no stroke and no gap is shorter than the relay can follow.

    steps: ((on_ms, off_ms), ...); gaps of 0 stay 0. A titir of 65 ms becomes one of shortest_ms, and stays
    the only pattern without a pause.
    """
    times = [ms for step in steps for ms in step if ms]
    if not times or min(times) >= shortest_ms:
        return tuple(steps)
    factor = shortest_ms / min(times)
    return tuple((round(on * factor), round(off * factor)) for on, off in steps)


class Score:
    """Steps repeated from 0 to total_ms; total_ms None: without an end."""

    def __init__(self, steps: Steps, total_ms: int | None = None):
        self._steps, self.total_ms = steps, total_ms
        self._round_ms = sum(on + off for on, off in steps)

    def at(self, ms: int) -> tuple[bool, int | None]:
        """(on, when it next changes or is to be looked at again; None: never more)."""
        if not self._round_ms or ms < 0 or (self.total_ms is not None and ms >= self.total_ms):
            return False, None
        begin = ms - ms % self._round_ms
        for on_ms, off_ms in self._steps:
            if ms < begin + on_ms:
                return True, self._by(begin + on_ms)
            begin += on_ms
            if ms < begin + off_ms:
                return False, self._by(begin + off_ms)
            begin += off_ms
        return False, self._by(begin)

    def _by(self, ms: int) -> int:
        return ms if self.total_ms is None else min(ms, self.total_ms)
