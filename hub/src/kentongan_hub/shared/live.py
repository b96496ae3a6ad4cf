"""The board's live stream: one thread per stream, so their number is limited and each one ends by itself."""

import json
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from typing import Any, NamedTuple

from kentongan_hub.storage.store import Bell

STREAMS_AT_ONCE = 64  # of waitress's 96 threads; the rest stay for the API and for pages
STREAMS_PER_SESSION = 3  # tabs of one browser; more of them poll
STREAMS_PER_ACCOUNT = 16  # no single person, and no stolen password, holds every place
HEARTBEAT_S = 5.0  # a screen without news for three of these says TERPUTUS
STREAM_S = 600  # then the browser opens a new one: sessions end, roles change
CACHE_S = 1.0  # a rendered board is shared this long even without news (other processes write too)
CACHE_LIMIT = 32  # kinds of viewers
# News closer together than the pace share one look. It grows with what a look costs: on a Pi and on the RT's
# Wi-Fi, fifty screens with sixty cards each would otherwise leave neither core nor air for the alarms.
PACE_S = 0.2
PACE_MAX_S = 2.0
BYTES_PER_S = 100_000  # to one screen
STREAM_COST_S = 0.008  # one look of one stream takes 2 ms of a core; a quarter of a core is theirs
MAKING_TIMES = 5  # and a fifth of one is for rendering


class Shown(NamedTuple):
    """A rendered board; `text`: the same as JSON."""

    board: dict[str, Any]
    text: str
    rings: int
    made_s: float
    pace_s: float


Look = tuple[Shown, str, int]  # what is shown, its text for one viewer, the hub's clock in steady ms


class Seats:
    """Places for streams: so many in all, so many of one session and of one account."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: list[tuple[str, int]] = []  # (session, account) of every stream that runs

    def take(self, session: str, account: int) -> bool:
        with self._lock:
            of_session = sum(one[0] == session for one in self._taken)
            of_account = sum(one[1] == account for one in self._taken)
            if (
                len(self._taken) >= STREAMS_AT_ONCE
                or of_session >= STREAMS_PER_SESSION
                or of_account >= STREAMS_PER_ACCOUNT
            ):
                return False
            self._taken.append((session, account))
            return True

    def count(self) -> int:
        with self._lock:
            return len(self._taken)

    def leave(self, session: str, account: int) -> None:
        with self._lock:
            self._taken.remove((session, account))


class Boards:
    """Rendered boards, shared by all viewers who may see the same."""

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self._lock = threading.Lock()
        self._cache: dict[Hashable, Shown] = {}  # viewer class -> Shown
        self.seats = Seats()

    def get(self, viewer: Hashable, make: Callable[[], dict[str, Any]], fresh: bool = True) -> Shown:
        """Give make()'s board, or the one of less than CACHE_S ago with no commit since.

        With fresh=False a board that is not older than its pace will do although there was a commit.
        """
        rings, now_s = self._bell.count(), time.monotonic()
        with self._lock:
            held = self._cache.get(viewer)
            if held and now_s - held.made_s < CACHE_S and held.rings == rings:
                return held
            if held and not fresh and time.monotonic() - held.made_s < held.pace_s:
                return held
            rings, began_s = self._bell.count(), time.monotonic()
            board = make()
            text = json.dumps(board)
            made_s = time.monotonic()
            pace_s = max(
                PACE_S,
                len(text) / BYTES_PER_S,
                self.seats.count() * STREAM_COST_S,
                (made_s - began_s) * MAKING_TIMES,
            )
            if len(self._cache) >= CACHE_LIMIT:
                self._cache.clear()
            self._cache[viewer] = shown = Shown(board, text, rings, made_s, min(pace_s, PACE_MAX_S))
            return shown

    def stream(self, look: Callable[[], Look | None]) -> Iterator[str]:
        """Give server-sent events: 'isi' with the board when it changed, else 'hidup'.

        The caller holds one of `seats` and gives it back when the response closes. look() gives (Shown, its
        text for this viewer, the hub's clock), or None when the viewer may no longer look.
        """
        ends_s, version = time.monotonic() + STREAM_S, None
        yield "retry: 2000\n\n"
        while time.monotonic() < ends_s and not self._bell.closed:
            looked = look()
            if looked is None:
                yield "event: keluar\ndata: {}\n\n"
                return
            shown, text, clock_ms = looked
            if shown.board["versi"] != version:
                version = shown.board["versi"]
                yield f'event: isi\ndata: {{"jam": {clock_ms}, {text[1:]}\n\n'
            else:
                yield f'event: hidup\ndata: {{"jam": {clock_ms}}}\n\n'
            time.sleep(max(0.0, min(shown.pace_s, shown.made_s + shown.pace_s - time.monotonic())))
            self._bell.wait_beyond(shown.rings, HEARTBEAT_S)
