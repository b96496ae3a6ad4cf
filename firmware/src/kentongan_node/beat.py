"""An output that beats a rhythm by hardware timer, which a busy loop neither stretches nor sticks."""
import time

ONE_SHOT = 0  # machine.Timer.ONE_SHOT; machine itself is hal.py's


class Beat:
    """`pin`, and its `level` that switches the output on; `timer`, `limit`: machine.Timer objects. The second
    ends what the first began, should the first fail."""

    def __init__(self, pin, timer, limit=None, level=1):
        self.on = False
        self.playing = False
        self._pin = pin
        self._timer = timer
        self._limit = limit
        self._level = level
        self._steps = ()
        self._start = time.ticks_ms()
        self._total_ms = None
        self._edge_ticks = time.ticks_ms()
        self._set(False)

    def play(self, steps, total_ms):
        """Repeat the steps for total_ms (None: for good), from now on."""
        self.stop()
        self._steps, self._total_ms = steps, total_ms
        self._start = time.ticks_ms()
        self.playing = True
        if self._limit is not None and total_ms is not None:
            self._limit.init(mode=ONE_SHOT, period=max(1, total_ms), callback=self._over)
        self._edge(None)

    def stop(self):
        self.playing = False
        self._set(False)
        self._timer.deinit()
        if self._limit is not None:
            self._limit.deinit()

    def since_ms(self):
        """How long it has been on, or off, by now."""
        return time.ticks_diff(time.ticks_ms(), self._edge_ticks)

    def _over(self, _):
        self.stop()

    def _set(self, on):
        if on != self.on:
            self._edge_ticks = time.ticks_ms()
        self.on = on
        self._pin.value(self._level if on else 1 - self._level)

    def _edge(self, _):
        if not self.playing:
            return  # its time ran out between the timer and this call
        from kentongan_node.patterns import edge_at  # tombol loads it with its first feedback, not at boot
        at_ms = time.ticks_diff(time.ticks_ms(), self._start)
        on, next_ms = edge_at(self._steps, at_ms)
        if next_ms is None or self._total_ms is not None and at_ms >= self._total_ms:
            self.stop()
            return
        if self._total_ms is not None:
            next_ms = min(next_ms, self._total_ms)
        self._set(False)  # off until the end of this step is certain
        self._timer.init(mode=ONE_SHOT, period=max(1, next_ms - at_ms), callback=self._edge)
        self._set(on)
