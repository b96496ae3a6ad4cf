"""HTTP connections whose every exchange has an end: so long in all, however slowly the other side trickles.

A socket's own timeout is for one read. A hub or proxy that sends a byte every few seconds would hold a reader
for ever, in the head of its reply as well as in its body. So would a resolver that does not answer, whose
waits have no limit of ours: names are looked up beside, and the wait for that has the same end.
"""

import http.client
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

Lookup = Callable[..., list[Any]]  # as socket.getaddrinfo
Answer = queue.SimpleQueue["list[Any] | Exception"]


class _Timed(socket.socket):
    """Before begin() a socket like any other; after it no read waits beyond the end."""

    ends_s: float | None = None
    step_s: float
    steady_s: Callable[[], float]

    def begin(self, step_s: float, whole_s: float, steady_s: Callable[[], float]) -> None:
        """Begin: step_s for one read or write, whole_s until the last byte of the reply."""
        self.step_s, self.steady_s = step_s, steady_s
        self.ends_s = steady_s() + whole_s
        self.settimeout(min(step_s, whole_s))

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        if self.ends_s is not None:
            left_s = self.ends_s - self.steady_s()
            if left_s <= 0:
                raise TimeoutError("the reply did not end in time")
            self.settimeout(min(self.step_s, left_s))
        return super().recv_into(*args, **kwargs)


class TimedSocket(_Timed):
    pass


class TimedTls(_Timed, ssl.SSLSocket):
    pass


class Names:
    """Looks names up in a thread of its own, one at a time, so that only the thread waits for a resolver."""

    def __init__(self, lookup: Lookup = socket.getaddrinfo):
        self._lookup = lookup
        self._asked: tuple[str, int] | None = None  # (host, port) under way,
        self._found: Answer = queue.SimpleQueue()  # and where its answer comes

    def find(self, host: str, port: int, timeout_s: float) -> list[Any]:
        """Return the results of getaddrinfo; OSError, TimeoutError. A late result is the next call's."""
        if self._asked != (host, port):
            self._asked, self._found = (host, port), queue.SimpleQueue()
            threading.Thread(
                target=self._look, args=(host, port, self._found), name="names", daemon=True
            ).start()
        try:
            found = self._found.get(timeout=timeout_s)
        except queue.Empty:
            raise TimeoutError("the look-up of the hub's name did not end in time") from None
        self._asked = None
        if isinstance(found, Exception):
            raise found
        return found

    def _look(self, host: str, port: int, answer: Answer) -> None:
        try:
            answer.put(self._lookup(host, port, 0, socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answer.put(error)


class Connection:
    """One connection to one host; `context` makes it TLS. Not thread-safe.

    `certificate` is the other side's, as a dict, once it has been asked over TLS.
    """

    def __init__(
        self,
        host: str,
        port: int | None,
        step_s: float,
        whole_s: float,
        context: ssl.SSLContext | None = None,
        steady_s: Callable[[], float] = time.monotonic,
        names: Names | None = None,
    ):
        self._step_s, self._whole_s, self._steady_s = step_s, whole_s, steady_s
        self._names = names or Names()
        self.certificate: dict[str, Any] | None = None
        self._secure = context is not None
        self._http: http.client.HTTPConnection
        if context is None:
            self._http = http.client.HTTPConnection(host, port, timeout=step_s)
        else:
            context.sslsocket_class = TimedTls
            self._http = http.client.HTTPSConnection(host, port, timeout=step_s, context=context)
        self._http._create_connection = self._opened  # type: ignore[attr-defined]  # a name that http.client keeps for its heirs

    def ask(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str], limit: int
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """(response, at most `limit` bytes of its body); OSError, HTTPException or ValueError."""
        self._ends_s = self._steady_s() + self._whole_s
        if self._http.sock is None:
            self._http.connect()
            tls: Any = self._http.sock  # a TimedTls, if it is secure
            self.certificate = tls.getpeercert() if self._secure else None
        timed: Any = self._http.sock  # which _opened has made
        timed.begin(self._step_s, self._left_s(), self._steady_s)
        self._http.request(method, path, body, headers)
        reply = self._http.getresponse()
        return reply, reply.read(limit)

    def _left_s(self) -> float:
        left_s = self._ends_s - self._steady_s()
        if left_s <= 0:
            raise TimeoutError("the connection did not come about in time")
        return left_s

    def _opened(self, address: tuple[str, int], timeout_s: float, source: object = None) -> TimedSocket:
        """socket.create_connection(), as a TimedSocket: look-up and all addresses have one end."""
        failed = OSError("the hub's name has no address")
        for family, kind, number, _, where in self._names.find(*address, self._left_s()):
            timed = TimedSocket(family, kind, number)
            try:
                timed.settimeout(min(timeout_s, self._left_s()))
                timed.connect(where)
            except OSError as error:
                timed.close()
                failed = error
            else:
                timed.settimeout(min(timeout_s, self._left_s()))
                return timed
        raise failed

    def close(self) -> None:
        self._http.close()
