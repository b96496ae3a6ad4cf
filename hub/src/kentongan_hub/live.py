"""The board's live stream: one thread per stream, so their number is limited and each one ends by itself."""

import json
import threading
import time

STREAMS_AT_ONCE = 40  # of waitress's 64 threads; the rest stay for the API and for pages
HEARTBEAT_S = 5.0  # a screen without news for three of these says TERPUTUS
GAP_S = 0.2                 # news closer together than this share one look, so that a burst costs little
STREAM_S = 600  # then the browser opens a new one: sessions end, roles change
CACHE_S = 1.0  # a rendered board is shared this long even without news (other processes write too)
CACHE_LIMIT = 32  # kinds of viewers


class Boards:
    """Rendered boards, shared by all viewers who may see the same."""

    def __init__(self, bell):
        self._bell = bell
        self._lock = threading.Lock()
        self._cache = {}  # viewer class -> (rings, made at, value)
        self.slots = threading.BoundedSemaphore(STREAMS_AT_ONCE)

    def get(self, viewer, make):
        """make() or what it gave less than CACHE_S ago with no commit since."""
        rings, now_s = self._bell.count(), time.monotonic()
        with self._lock:
            held = self._cache.get(viewer)
            if held and held[0] == rings and now_s - held[1] < CACHE_S:
                return held[2]
            value = make()
            if len(self._cache) >= CACHE_LIMIT:
                self._cache.clear()
            self._cache[viewer] = (rings, now_s, value)
            return value

    def stream(self, look):
        """Server-sent events: 'isi' with the board when it changed, else 'hidup'.

        The caller holds one of `slots` and gives it back when the response closes. look() gives
        {"versi", "html", ...}, or None when the viewer may no longer look.
        """
        ends_s, version, rings = time.monotonic() + STREAM_S, None, -1
        yield "retry: 2000\n\n"
        while time.monotonic() < ends_s and not self._bell.closed:
            looked_s, rings = time.monotonic(), self._bell.count()
            board = look()
            if board is None:
                yield "event: keluar\ndata: {}\n\n"
                return
            if board["versi"] != version:
                version = board["versi"]
                yield f"event: isi\ndata: {json.dumps(board)}\n\n"
            else:
                yield f"event: hidup\ndata: {json.dumps({'jam': board['jam']})}\n\n"
            self._bell.wait_beyond(rings, HEARTBEAT_S)
            time.sleep(max(0.0, min(GAP_S, looked_s + GAP_S - time.monotonic())))
