"""The HTTP server: waitress, set for streams that last ten minutes and for screens that vanish."""

import socket

from waitress.server import create_server

from kentongan_hub import pictures

THREADS = 96  # 64 live boards and 8 long polls hold a thread each; the rest answer
# waitress keeps all that a response has sent until so much of it is together (16 MiB by default): a gigabyte
# in memory with fifty boards that live through a long alarm.
KEPT_BYTES = 256 << 10
GONE_MS = 60_000  # a screen that took nothing for so long is gone; its thread and its seat are free again
PROXY = {  # only with --behind-proxy are these headers believed, and only from this machine
    "trusted_proxy": "127.0.0.1",
    "trusted_proxy_count": 1,
    "trusted_proxy_headers": {"x-forwarded-proto", "x-forwarded-host", "x-forwarded-for"},
    "clear_untrusted_proxy_headers": True,
}


def server(app, host, port, behind_proxy=False):
    """A waitress server that is bound to host and port (0: any) and waits for run(); OSError if it can't."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE_MS)  # connections inherit it
    return create_server(
        app,
        sockets=[listener],
        threads=THREADS,
        channel_request_lookahead=1,
        ident=None,
        max_request_body_size=pictures.BYTES_MAX + (1 << 16),
        outbuf_high_watermark=KEPT_BYTES,
        **(PROXY if behind_proxy else {}),
    )
