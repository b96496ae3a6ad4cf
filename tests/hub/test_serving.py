"""The hub's HTTP server forgets what it has sent, and lets go of screens that vanished."""

import http.client
import socket
import threading
import tracemalloc

import pytest
from kentongan_hub import serving
from patience import PATIENCE_S

CHUNK = bytes(64 << 10)


class Served:
    """A server of an app that streams chunks; `closed` when its response has ended."""

    def __init__(self, chunks):
        self.chunks, self.closed = chunks, threading.Event()
        self.server = serving.server(self.app, "127.0.0.1", 0)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()

    def app(self, environ, start_response):
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        return self.stream()

    def stream(self):
        try:
            for _ in range(self.chunks):
                yield CHUNK
        finally:
            self.closed.set()

    def ask(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.effective_port, timeout=PATIENCE_S)
        connection.request("GET", "/")
        return connection.getresponse()

    def close(self):
        self.server.close()


@pytest.fixture
def serve():
    made = []

    def start(chunks):
        made.append(Served(chunks))
        return made[-1]

    yield start
    for one in made:
        one.close()


def test_a_long_stream_is_not_kept_in_memory(serve):
    served = serve(chunks=400)
    tracemalloc.start()
    try:
        answer = served.ask()
        total = 0
        while part := answer.read(len(CHUNK)):
            total += len(part)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total == 400 * len(CHUNK)
    assert peak < 4 << 20, f"{peak >> 20} MiB for a stream of {total >> 20} MiB"


def test_a_screen_that_takes_nothing_any_more_gives_its_place_back(serve, monkeypatch):
    monkeypatch.setattr(serving, "GONE_MS", 500)
    served = serve(chunks=100_000)
    client = socket.create_connection(("127.0.0.1", served.server.effective_port))
    client.sendall(b"GET / HTTP/1.1\r\nHost: pos\r\n\r\n")
    assert served.closed.wait(PATIENCE_S), "the response of a reader that stopped reading never ended"
    client.close()
