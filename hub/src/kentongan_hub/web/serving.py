"""The HTTP server: waitress, set for streams that last ten minutes, for screens that vanish, and for silence.

Whoever connects and says nothing holds a place and nothing else. A request that does not come to its end in
time is ended, and when all places are taken the one whose last whole request is longest ago gives way: so a
gateway's new line, which asks at once, gets in whatever a stranger holds open, has asked once or trickles.
"""

import socket
import time
from collections.abc import Callable
from typing import Any
from wsgiref.types import WSGIApplication

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher
from waitress.utilities import BadRequest, Error, RequestEntityTooLarge, ServerNotImplemented

from kentongan_hub.web import pictures

THREADS = 96  # 64 live boards and 8 long polls hold a thread each; the rest answer
# waitress keeps all that a response has sent until so much of it is together (16 MiB by default): a gigabyte
# in memory with fifty boards that live through a long alarm.
KEPT_BYTES = 256 << 10
GONE_MS = 60_000  # a screen that took nothing for so long is gone; its thread and its seat are free again
BACKLOG = 1_024  # connections that knock at the same moment
CONNECTIONS = 400  # with SQLite's and the logs' files below the 1,024 that a process may have open
HEAD_S = 10  # from the first byte of a request to the end of its head; from connecting to the first byte
BODY_S = 30  # and to the end of its body, of a form or of a gateway's events
UPLOAD_S = 600  # of a photo over a weak Wi-Fi
IDLE_S = 120  # of a connection between two requests
LOOK_S = 1  # how often connections are looked through
BODY_BYTES = 1 << 20  # of a request that carries no file; the pages and the API allow less and say so
UPLOAD_PATHS = ("/foto", "/gambar")  # the two forms with a file, see web.UPLOADS
UPLOADS_AT_ONCE = 6  # 120 MB on the disk; a flood of files closes the door for files only
KEPT_BODY_BYTES = 64 << 10  # of one request in memory, the rest of it on the disk
UPLOAD_BYTES = pictures.BYTES_MAX + (1 << 16)
DROPPED_BYTES = 100 << 20  # so much of a too large file is listened to, so that the browser hears the answer
Answer = tuple[str, list[tuple[str, str]], bytes]  # status, headers, body
PROXY = {  # only with --behind-proxy are these headers believed, and only from this machine
    "trusted_proxy": "127.0.0.1",
    "trusted_proxy_count": 1,
    "trusted_proxy_headers": {"x-forwarded-proto", "x-forwarded-host", "x-forwarded-for"},
    "clear_untrusted_proxy_headers": True,
}
TOO_LARGE = """<!doctype html><html lang="id"><meta charset="utf-8"><title>Kiriman terlalu besar</title>
<h1>Kiriman terlalu besar</h1><p>Berkas paling besar {limit} MB. Kecilkan dulu, atau potret lagi dengan
ukuran lebih kecil, lalu kembali dan kirim lagi. Tidak ada yang berubah.</p>
<p lang="en">The file is larger than {limit} MB: make it smaller and send it again. Nothing was changed.</p>
"""
TOO_MANY = """<!doctype html><html lang="id"><meta charset="utf-8"><title>Sedang penuh</title>
<h1>Sedang penuh</h1><p>Terlalu banyak berkas dikirim bersamaan. Tunggu sebentar, lalu kirim lagi.</p>
<p lang="en">Too many files are being sent at once. Wait a moment, then send it again.</p>
"""


class TooLarge(RequestEntityTooLarge):
    """A body too large, told in the words of the pages: it comes before any page can say it."""

    def to_response(self, ident: str | None = None) -> Answer:
        return _said(self, TOO_LARGE.format(limit=pictures.BYTES_MAX >> 20))


class TooMany(Error):
    """More files at once than the machine has room for."""

    code, reason = 503, "Service Unavailable"

    def to_response(self, ident: str | None = None) -> Answer:
        return _said(self, TOO_MANY)


def _said(error: Error, page: str) -> Answer:
    headers = [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store")]
    return f"{error.code} {error.reason}", headers, page.encode()


class Request(HTTPRequestParser):
    """One request as it comes in, with the moment of its first byte."""

    error: Error | None  # that its reading has ended with

    uploads: Callable[[], int] = staticmethod(
        lambda: 0
    )  # files that are coming in now; the server puts its own count here

    def __init__(self, adj: Adjustments) -> None:
        super().__init__(adj)
        self.began_s = time.monotonic()
        self._left: int | None = None  # bytes still to come of a body that is listened to and not kept

    def received(self, data: bytes) -> int:
        if self._left is not None:
            return self._drop(data)
        knew_it = self.headers_finished
        taken = super().received(data)
        if self.headers_finished and not isinstance(self.error, BadRequest | ServerNotImplemented):
            self._bound(knew_it)
        elif isinstance(self.error, RequestEntityTooLarge):
            self.error = TooLarge("")
        if isinstance(self.error, TooLarge | TooMany) and self.content_length <= DROPPED_BYTES:
            self._left, self.expect_continue = max(0, self.content_length - self.body_bytes_received), False
            self.completed = self._left == 0
            taken += self._drop(data[taken:])
        return taken

    def _bound(self, knew_it: bool) -> None:
        """Refuse what is more than this request may carry; of files also what is too many at once."""
        size = max(self.content_length, self.body_bytes_received)
        if size > (UPLOAD_BYTES if self.is_upload() else BODY_BYTES):
            self.error, self.completed = TooLarge(""), True
        elif not knew_it and self.is_large() and self.uploads() >= UPLOADS_AT_ONCE:
            self.error, self.completed = TooMany(""), True

    def _drop(self, data: bytes) -> int:
        """Read on without keeping it: a browser hears an answer only once it was listened to."""
        left = self._left or 0
        taken = min(len(data), left)
        self._left = left - taken
        self.completed = self._left == 0
        return taken

    def is_upload(self) -> bool:
        path = getattr(self, "path", "")
        return getattr(self, "command", "") == "POST" and path.endswith(UPLOAD_PATHS)

    def is_large(self) -> bool:
        """Recognize a body that takes room on the disk beyond that of a form."""
        return self._left is None and max(self.content_length, self.body_bytes_received) > BODY_BYTES

    def late(self, now_s: float) -> bool:
        """Recognize a request that should have ended by now."""
        if not self.headers_finished:
            return now_s - self.began_s > HEAD_S
        return now_s - self.began_s > (UPLOAD_S if self.is_upload() else BODY_S)


class Connection(HTTPChannel):
    """One connection of anybody."""

    def __init__(self, *args: Any, **more: Any) -> None:
        self.whole_s, self.asked = time.monotonic(), False  # its last whole request; until then its opening
        self._latest: Request | None = None
        super().__init__(*args, **more)

    def parser_class(self, adj: Adjustments) -> Request:
        """Make the parser of a new request, for which waitress asks here."""
        made = Request(adj)
        made.uploads = self.server.uploads
        self._latest = made
        return made

    def received(self, data: bytes) -> bool:
        got = super().received(data)
        # asked of the request itself: its answer may be given, and it out of `requests`, by now
        if self._latest is not None and self._latest.completed and not self._latest.empty:
            self.whole_s, self.asked = time.monotonic(), True
        return got

    @property
    def spare(self) -> bool:
        """Recognize a connection that the server owes nothing now."""
        return not (self.requests or self.total_outbufs_len or self.will_close)

    def late(self, now_s: float) -> bool:
        if not self.spare:
            return False
        if self.request is not None:
            return self.request.late(now_s)
        return not self.asked and now_s - self.whole_s > HEAD_S


class Server(TcpWSGIServer):
    """waitress's server with deadlines, and with room for newcomers."""

    channel_class = Connection
    pushed_out = 0  # connections that gave way

    def uploads(self) -> int:
        """Count the files that are coming in."""
        coming = (one.request for one in list(self.active_channels.values()))
        return sum(one is not None and one.is_large() for one in coming)

    def maintenance(self, now: int) -> None:
        super().maintenance(now)
        now_s = time.monotonic()
        for one in list(self.active_channels.values()):
            if one.late(now_s):
                one.will_close = True

    def readable(self) -> bool:
        self._make_room()
        return super().readable()

    def _make_room(self) -> None:
        """Let those go at the limit who can best be spared, so that accepting never stops."""
        # marked here, closed in their own turn: a number that is free at once would be taken for the old one
        staying = [one for one in list(self.active_channels.values()) if not one.will_close]
        over = len(staying) + 1 - CONNECTIONS
        if over > 0:
            spare = [one for one in staying if one.spare]
            # those who never asked go while they hold more than half, so that they move no line in use; else
            # those who asked, so that a newcomer is never the one that goes
            silent_go = sum(not one.asked for one in spare) > CONNECTIONS // 2
            leaving = sorted(spare, key=lambda one: (one.asked == silent_go, one.whole_s))[:over]
            for one in leaving:
                one.will_close = True
            self.pushed_out += len(leaving)


def server(app: WSGIApplication, host: str, port: int, behind_proxy: bool = False) -> Server:
    """Make a waitress server, bound to host and port (0: any), that waits for run(); OSError if it can't."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE_MS)  # connections inherit it
    adjustments = Adjustments(
        sockets=[listener],
        threads=THREADS,
        channel_request_lookahead=1,
        ident=None,
        backlog=BACKLOG,
        connection_limit=CONNECTIONS * 2,  # its own way, to accept nobody any more: never reached
        channel_timeout=IDLE_S,
        cleanup_interval=LOOK_S,
        asyncore_use_poll=True,  # select() knows no file above 1,024
        inbuf_overflow=KEPT_BODY_BYTES,
        max_request_body_size=UPLOAD_BYTES,
        outbuf_high_watermark=KEPT_BYTES,
        **(PROXY if behind_proxy else {}),
    )
    dispatcher = ThreadedTaskDispatcher()
    dispatcher.set_thread_count(THREADS)
    return Server(
        app, _sock=listener, dispatcher=dispatcher, adj=adjustments, bind_socket=False,
        sockinfo=(listener.family, listener.type, listener.proto, listener.getsockname()),
    )  # fmt: skip
