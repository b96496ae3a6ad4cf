"""Results of the hub's orders: sent after the events, never in their way, until the hub has taken them."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

log = logging.getLogger("kentongan.uplink")

LIMIT = 1_000  # results waiting to be told
BATCH = 50  # told at once; one by one while the hub fails on them
TOLD_S = 60.0  # the hub has heard none for so long: people are told


class Waits(Protocol):
    """Waits between failures, which grow until reset."""

    def reset(self) -> None: ...
    def next_s(self) -> float: ...


class Client(Protocol):
    """A connection to the hub."""

    def call(self, method: str, path: str, body: object = None) -> dict[str, Any]: ...
    def close(self) -> None: ...


class Results:
    """Thread-safe. backoff: waits between failures of its own."""

    def __init__(self, backoff: Waits, steady_s: Callable[[], float] = time.monotonic):
        self._backoff, self._steady_s = backoff, steady_s
        self._waiting: dict[int, str] = {}  # order id -> result
        self._lock = threading.Lock()
        self._batch, self._next_s = BATCH, 0.0
        self._failed_s: float | None = None  # since when the hub hears none

    def add(self, order_id: int, result: str) -> None:
        with self._lock:
            if len(self._waiting) >= LIMIT:
                self._waiting.pop(next(iter(self._waiting)))
            self._waiting[order_id] = result

    def trouble(self) -> str | None:
        since_s = self._failed_s
        late = since_s is not None and self._steady_s() - since_s >= TOLD_S
        return "does not hear what became of its orders" if late else None

    def tell(self, client: Client) -> bool:
        """Tell some of them, if it is time; never raises. Whether there are more to tell now."""
        with self._lock:
            some = dict(list(self._waiting.items())[: self._batch])
        if not some or self._steady_s() < self._next_s:
            return False
        try:
            client.call(
                "POST",
                "/api/v1/orders/done",
                {"ids": list(some), "results": {str(i): result for i, result in some.items()}},
            )
        except Exception as error:
            self._later(some, error)
            return False
        self._backoff.reset()
        self._batch, self._failed_s = min(BATCH, self._batch * 2), None
        with self._lock:
            for order_id, result in some.items():
                if self._waiting.get(order_id) == result:
                    del self._waiting[order_id]
            return bool(self._waiting)

    def _later(self, some: dict[int, str], error: Exception) -> None:
        now_s = self._steady_s()
        if self._failed_s is None:
            log.warning("hub does not hear what became of its orders: %s", error)
            self._failed_s = now_s
        self._batch, self._next_s = 1, now_s + self._backoff.next_s()
        with self._lock:  # one that the hub fails on keeps no other back
            for order_id in some:
                if order_id in self._waiting:
                    self._waiting[order_id] = self._waiting.pop(order_id)
