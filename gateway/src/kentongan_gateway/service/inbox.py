"""Inbox of the loop, with a limit: frames, which come again by themselves, leave room for all else."""

import queue
import threading
import time
from collections.abc import Callable
from typing import Any

LIMIT = 1_000
FRAMES_LIMIT = 900  # the rest is for orders, replies, radios, the silence key
TOLD_S = 600.0  # people are told for so long after the last that found no room
FRAME = "heard"
FULL = "inbox_full"  # the reason by which it is counted


class Inbox(queue.Queue[tuple[str, tuple[Any, ...]]]):
    """Of (kind, args); filled by any thread, read by the loop alone."""

    def __init__(self, steady_s: Callable[[], float] = time.monotonic):
        super().__init__(LIMIT)
        self.refused = 0  # since the start
        self._told = 0  # how many of them people were told of
        self._last_s: float | None = None  # when the last one was
        self._steady_s, self._counting = steady_s, threading.Lock()

    def offer(self, kind: str, *args: Any) -> bool:
        """Add it; False: no room, and it is counted; an order is asked for again, a frame is repeated."""
        try:
            if kind == FRAME and self.qsize() >= FRAMES_LIMIT:
                raise queue.Full
            self.put_nowait((kind, args))
        except queue.Full:
            with self._counting:
                self.refused += 1
                self._last_s = self._steady_s()
            return False
        return True

    def news(self) -> int:
        """Count the refused entries since the last call."""
        with self._counting:
            fresh, self._told = self.refused - self._told, self.refused
        return fresh

    def trouble(self) -> str | None:
        """Say what is wrong, or None once all has found room for a while."""
        if self._last_s is None or self._steady_s() - self._last_s >= TOLD_S:
            return None
        return f"{self.refused} messages since the start found no room and come again"
