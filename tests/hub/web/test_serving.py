"""The hub's HTTP server forgets what it has sent, and lets go of screens that vanished."""

import contextlib
import http.client
import json
import socket
import threading
import tracemalloc

import pytest
from kentongan_hub.web import serving, web
from kits.hub.hub_kit import HubProcess, make_site
from kits.patience import PATIENCE_S

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
        """Nothing of it is left: 96 threads of each test slowed down all that came behind it."""
        self.server.close()
        for one in list(self.server.active_channels.values()):
            one.will_close = True
        self.server.task_dispatcher.shutdown()
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive() and not self.server.task_dispatcher.threads


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


class Site(Served):
    """A server of an app that answers at once."""

    def app(self, environ, start_response):
        body = environ["wsgi.input"].read()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"%d" % len(body)]

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.server.effective_port), timeout=PATIENCE_S)

    def post(self, path, size, connection=None):
        """(status, text) of a body of so many bytes, sent as a browser does: all of it, then listening."""
        connection = connection or http.client.HTTPConnection(
            "127.0.0.1", self.server.effective_port, timeout=PATIENCE_S
        )
        connection.request("POST", path, bytes(size), {"Content-Type": "application/octet-stream"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


@pytest.fixture
def served():
    made = Site(0)
    yield made
    made.close()


@pytest.mark.parametrize("size", [serving.UPLOAD_BYTES + 1, 40 << 20])
def test_a_file_that_is_too_large_is_answered_in_words_and_never_by_a_cut_line(served, size):
    status, text = served.post("/kejadian/kejadian-1/foto", size)
    assert status == 413 and "Berkas paling besar 20 MB" in text


def test_a_file_of_20_mb_comes_through_and_a_form_of_that_size_does_not(served):
    assert served.post("/kejadian/kejadian-1/foto", 20 << 20) == (200, str(20 << 20))
    assert served.post("/masuk", 2 << 20)[0] == 413
    assert served.post("/api/v1/events", 500 << 10) == (200, str(500 << 10))


def test_a_flood_of_files_closes_the_door_for_files_only(served, monkeypatch):
    monkeypatch.setattr(serving, "UPLOADS_AT_ONCE", 2)
    held = [served.connect() for _ in range(2)]
    for one in held:
        head = b"POST /denah/gambar HTTP/1.1\r\nHost: pos\r\nContent-Length: 9000000\r\n\r\n"
        one.sendall(head + bytes(9_000))
    for _ in range(200):
        status, text = served.post("/kejadian/kejadian-1/foto", 2 << 20)
        if status == 503:
            break
    assert status == 503 and "Terlalu banyak berkas" in text
    assert served.post("/api/v1/events", 1_000)[0] == 200
    for one in held:
        one.close()


HALF_A_FORM = b"POST /masuk HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\na"
OPENINGS = (b"", b"GET / HTTP/1.1\r\nHo", HALF_A_FORM)


@pytest.mark.parametrize("first", OPENINGS)
def test_whoever_does_not_say_the_rest_is_let_go(served, monkeypatch, first):
    monkeypatch.setattr(serving, "HEAD_S", 0.5)
    monkeypatch.setattr(serving, "BODY_S", 0.5)
    with served.connect() as silent:
        silent.sendall(first)
        assert silent.recv(1) == b""


def test_at_the_limit_the_silent_give_way_and_those_who_ask_do_not(served, monkeypatch):
    monkeypatch.setattr(serving, "CONNECTIONS", 20)
    line = http.client.HTTPConnection("127.0.0.1", served.server.effective_port, timeout=PATIENCE_S)
    assert served.post("/api/v1/events", 10, line) == (200, "10")
    strangers = [served.connect() for _ in range(120)]
    assert served.post("/api/v1/events", 11, line) == (200, "11"), "the line that was open"
    assert served.post("/api/v1/events", 12) == (200, "12"), "and a new one"
    assert served.server.pushed_out >= 90
    for one in strangers:
        one.close()


def test_when_every_place_is_taken_who_said_nothing_gives_way_to_who_asks(monkeypatch):
    monkeypatch.setattr(serving, "CONNECTIONS", 10)
    for name in ("HEAD_S", "IDLE_S"):  # nobody leaves because of the time
        monkeypatch.setattr(serving, name, 10 * PATIENCE_S)
    served, strangers = Served(1), []
    try:
        for _ in range(30):
            strangers.append(socket.create_connection(("127.0.0.1", served.server.effective_port)))
        assert served.ask().read() == CHUNK
        assert served.server.pushed_out > 0
    finally:
        served.close()
        for one in strangers:
            one.close()


@pytest.mark.parametrize("more", [b"", b"G", b"\r\n"], ids=["stays", "trickles", "empty lines"])
def test_who_asked_once_and_stays_or_trickles_gives_way_to_a_newcomer(served, monkeypatch, more):
    monkeypatch.setattr(serving, "CONNECTIONS", 20)
    monkeypatch.setattr(serving, "IDLE_S", 10 * PATIENCE_S)
    strangers = []
    try:
        for _ in range(40):
            strangers.append(http.client.HTTPConnection("127.0.0.1", served.server.effective_port))
            assert served.post("/masuk", 5, strangers[-1]) == (200, "5")
            strangers[-1].sock.sendall(more)
        for number in range(30):
            for one in strangers[-19:]:
                with contextlib.suppress(OSError):
                    one.sock.sendall(more)
            assert served.post("/api/v1/events", number) == (200, str(number))
    finally:
        for one in strangers:
            one.close()


def test_three_hundred_silent_and_slow_connections_close_the_hub_for_nobody(tmp_path):
    """The real process: alarms of a line that was open, of new lines, and the board's page, meanwhile."""
    made = make_site(tmp_path / "data")
    hub = HubProcess(tmp_path / "data")
    where = hub.address.removeprefix("http://").split(":")

    def alarm(number):
        event = {"id": f"gateway-1/{number}", "type": "alarm", "device": made["button"], "counter": number,
                 "kind": 1, "zone": 5}  # fmt: skip
        return {"boot_id": "b", "events": [event]}

    strangers, line = [], http.client.HTTPConnection(*where, timeout=PATIENCE_S)
    try:
        for number in range(1, 301):
            strangers.append(socket.create_connection(where, timeout=PATIENCE_S))
            strangers[-1].sendall(OPENINGS[number % 3])
            for one in strangers[::7]:
                with contextlib.suppress(OSError):
                    one.sendall(b"a")  # a byte now and then, as whoever wants to stay does
            if number % 50 == 0:
                body = json.dumps(alarm(number))
                line.request("POST", "/api/v1/events", body, {"Authorization": f"Bearer {made['token']}"})
                assert json.loads(line.getresponse().read())["accepted"] == [f"gateway-1/{number}"]
                again = hub.call("/api/v1/events", alarm(number + 1_000), made["token"])
                assert again["accepted"] == [f"gateway-1/{number + 1_000}"]
        assert hub.call("/api/v1/health")["status"] == "ok"
    finally:
        for one in strangers:
            one.close()
        hub.stop()


def test_every_form_with_a_file_is_known_to_the_server(site):
    rules = [rule for rule in site.app.url_map.iter_rules() if rule.endpoint in web.UPLOADS]
    assert len(rules) == len(web.UPLOADS)
    assert all(rule.rule.endswith(serving.UPLOAD_PATHS) for rule in rules)
