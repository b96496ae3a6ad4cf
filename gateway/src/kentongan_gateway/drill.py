"""The drill window: inside it the first public alarm of each button is a drill, a second one is real."""

MINUTES_MAX = 60


class DrillWindow:
    """Counted down on our own clock; a restart ends it, so that in doubt an alarm is real."""

    def __init__(self):
        self._until_ms = None
        self._zone = 0
        self._drilled = set()

    def open(self, minutes, zone, now_ms):
        """Open for 1-60 minutes in one zone (0: the whole site); 0 minutes close it."""
        self._until_ms = now_ms + min(minutes, MINUTES_MAX) * 60_000
        self._zone = zone
        self._drilled = set()

    def left_s(self, zone, now_ms) -> int:
        """Seconds for which the window is still open in this zone; 0 when it is not."""
        if self._until_ms is None or self._zone not in (0, zone):
            return 0
        return max(0, self._until_ms - now_ms) // 1000

    def takes(self, src, zone, now_ms) -> bool:
        """Whether this public alarm is a drill; it uses up the button's one drill."""
        if self._until_ms is None or now_ms >= self._until_ms or self._zone not in (0, zone):
            return False
        if src in self._drilled:
            return False
        self._drilled.add(src)
        return True
