"""Feed of the village page: a stream of small events, and the present state for newcomers."""

import queue
import threading
from collections import deque
from typing import Any

from kentongan_sim.physics.shapes import Ms

LOG_LINES = 80  # event lines that a new page gets
BEHIND_MAX = 1_000  # events that a slow page may be behind before it is cut off
STREAMS_MAX = 12  # pages at once; each holds a server thread


Message = dict[str, Any]  # one event of the page, JSON-ready; "t" says which
Page = queue.Queue[Message | None]  # None ends it


class Feed:
    """Takes events from one thread and hands them to any number of pages."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pages: list[Page] = []
        self._states: dict[str, str] = {}  # label -> state of its lamp
        self._sounds: dict[str, tuple[Ms, Message]] = {}  # label -> (started_ms, event)
        self._parts: dict[str, bool] = {}  # name -> is on
        self._log: deque[Message] = deque(maxlen=LOG_LINES)

    def add(self, event: Message, now_ms: Ms = 0) -> None:
        """Remember what a new page must know of this event, and send it to the pages."""
        with self._lock:
            self._remember(event, now_ms)
            for page in list(self._pages):
                try:
                    page.put_nowait(event)
                except queue.Full:
                    self._pages.remove(page)
                    _cut_off(page)

    def _remember(self, event: Message, now_ms: Ms) -> None:
        kind = event["t"]
        if kind == "show":
            self._states[event["at"]] = event["state"]
        elif kind == "sound":
            self._sounds[event["at"]] = (now_ms, event)
        elif kind == "quiet":
            self._sounds.pop(event["at"], None)
        elif kind == "part":
            self._parts[event["name"]] = event["up"]
            if not event["up"]:
                self._sounds.pop(event["name"], None)
                self._states.pop(event["name"], None)
        elif kind == "log":
            self._log.append(event)

    def snapshot(self, now_ms: Ms) -> Message:
        """Make the first event of a page: everything as it is now."""
        with self._lock:
            return self._snapshot(now_ms)

    def _snapshot(self, now_ms: Ms) -> Message:
        sounds = {
            label: {**event, "elapsed_ms": now_ms - started_ms}
            for label, (started_ms, event) in self._sounds.items()
            if now_ms - started_ms < event["total_ms"]
        }
        return {
            "t": "snapshot",
            "states": dict(self._states),
            "sounds": sounds,
            "parts": dict(self._parts),
            "log": list(self._log),
        }

    def subscribe(self, now_ms: Ms) -> Page | None:
        """Open a queue of events that starts with the snapshot; None when there are too many pages."""
        with self._lock:
            if len(self._pages) >= STREAMS_MAX:
                return None
            page: Page = queue.Queue(BEHIND_MAX)
            page.put_nowait(self._snapshot(now_ms))
            self._pages.append(page)
            return page

    def unsubscribe(self, page: Page) -> None:
        with self._lock:
            if page in self._pages:
                self._pages.remove(page)

    def close(self) -> None:
        """End every page's stream."""
        with self._lock:
            for page in self._pages:
                _cut_off(page)
            self._pages.clear()


def _cut_off(page: Page) -> None:
    """Let the page's thread end: None is the last thing it reads, whatever had to go for it."""
    while True:
        try:
            page.put_nowait(None)
            return
        except queue.Full:
            try:
                page.get_nowait()
            except queue.Empty:
                continue
