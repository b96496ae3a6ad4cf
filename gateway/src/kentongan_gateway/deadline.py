"""HTTP connections whose every exchange has an end: so long in all, however slowly the other side trickles.

A socket's own timeout is for one read. A hub or proxy that sends a byte every few seconds would hold a reader
for ever, in the head of its reply as well as in its body.
"""
import http.client
import socket
import ssl
import time


class _Timed:
    """Before begin() a socket like any other; after it no read waits beyond the end."""

    ends_s = None

    def begin(self, step_s, whole_s, steady_s):
        """From now on: step_s for one read or write, whole_s until the last byte of the reply."""
        self.step_s, self.steady_s = step_s, steady_s
        self.ends_s = steady_s() + whole_s
        self.settimeout(min(step_s, whole_s))

    def recv_into(self, *args, **kwargs):
        if self.ends_s is not None:
            left_s = self.ends_s - self.steady_s()
            if left_s <= 0:
                raise TimeoutError("the reply did not end in time")
            self.settimeout(min(self.step_s, left_s))
        return super().recv_into(*args, **kwargs)


class TimedSocket(_Timed, socket.socket):
    pass


class TimedTls(_Timed, ssl.SSLSocket):
    pass


def _opened(address, timeout_s, source=None):
    """socket.create_connection(), as a TimedSocket."""
    plain = socket.create_connection(address, timeout_s, source)
    timed = TimedSocket(plain.family, plain.type, plain.proto, fileno=plain.detach())
    timed.settimeout(timeout_s)
    return timed


class Connection:
    """One connection to one host; `context` makes it TLS. Not thread-safe.

    `certificate` is the other side's, as a dict, once it has been asked over TLS.
    """

    def __init__(self, host, port, step_s, whole_s, context=None, steady_s=time.monotonic):
        self._step_s, self._whole_s, self._steady_s = step_s, whole_s, steady_s
        self.certificate, self._secure = None, context is not None
        if context is None:
            self._http = http.client.HTTPConnection(host, port, timeout=step_s)
        else:
            context.sslsocket_class = TimedTls
            self._http = http.client.HTTPSConnection(host, port, timeout=step_s, context=context)
        self._http._create_connection = _opened  # a name that http.client keeps for its heirs

    def ask(self, method, path, body, headers, limit):
        """(response, at most `limit` bytes of its body); OSError, HTTPException or ValueError."""
        if self._http.sock is None:
            self._http.connect()
            self.certificate = self._http.sock.getpeercert() if self._secure else None
        self._http.sock.begin(self._step_s, self._whole_s, self._steady_s)
        self._http.request(method, path, body, headers)
        reply = self._http.getresponse()
        return reply, reply.read(limit)

    def close(self):
        self._http.close()
