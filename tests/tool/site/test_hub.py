"""Unreachable hubs: the reason is told, its certificate, https where there is none, or no hub at all."""

import http.server
import ssl
import threading

import pytest
from kentongan_tool.base.failures import ToolError
from kentongan_tool.site import hub
from kentongan_tool.site.hub import Hub
from kits.outside.tls_kit import DAY, NOW, Authority, QuietServer

SITE = b'{"name": "RT 05"}'


class Answer(http.server.BaseHTTPRequestHandler):
    """Answers every call with the server's own status and words."""

    def do_GET(self):
        if self.server.status is None:
            return  # hangs up
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(self.server.words)

    def log_message(self, *_):
        pass


@pytest.fixture
def serve():
    servers = []

    def make(pem=None, status=200, words=SITE):
        server = QuietServer(("127.0.0.1", 0), Answer)
        server.status, server.words = status, words
        if pem:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pem)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"127.0.0.1:{server.server_address[1]}"

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


def told(url, ca_file=None):
    with pytest.raises(ToolError) as caught:
        Hub(url, "ktt_x", ca_file).site()
    return caught.value


def test_the_hubs_own_certificate_is_asked_for_by_its_option(serve, tmp_path):
    authority = Authority()
    address = serve(authority.server(tmp_path / "hub.pem"))
    assert Hub(f"https://{address}", "ktt_x", authority.pem(tmp_path / "ca.pem")).site()["name"] == "RT 05"
    for ca_file in (None, Authority().pem(tmp_path / "other.pem")):
        error = told(f"https://{address}", ca_file)
        assert error.name == "hub_certificate" and "--ca-file hub.pem" in error.lines()[1]


def test_a_certificate_that_has_ended_or_is_anothers_names_clock_and_address(serve, tmp_path):
    authority = Authority()
    ca_file = authority.pem(tmp_path / "ca.pem")
    old = serve(authority.server(tmp_path / "old.pem", ends=NOW - DAY / 2))
    other = serve(authority.server(tmp_path / "there.pem", host="192.0.2.7"))
    assert "expired" in told(f"https://{old}", ca_file).what
    error = told(f"https://{other}", ca_file)
    assert error.name == "hub_certificate" and "jam laptop" in error.lines()[1]


def test_http_for_https_and_https_for_http_are_said(serve, tmp_path):
    secret = serve(Authority().server(tmp_path / "hub.pem"))
    assert told(f"http://{secret}").name in ("hub_unreachable", "hub_address")
    assert told(f"https://{serve()}").name == "hub_address"
    words = b"Client sent an HTTP request to an HTTPS server.\n"  # a Caddy's
    error = told(f"http://{serve(status=400, words=words)}")
    assert error.name == "hub_address" and "https://" in error.lines()[1]


@pytest.mark.parametrize(
    ("status", "words", "name"),
    [
        (200, b"<html>router</html>", "hub_address"),
        (404, b"<html>router</html>", "hub_address"),
        (502, b"", "hub_unreachable"),  # the web server in front of a hub that does not run
        (None, b"", "hub_unreachable"),  # a hub that goes down
        (401, b'{"error": "unknown token"}', "hub_login"),
        (409, b'{"error": "label in use"}', "hub_refused"),
    ],
)
def test_a_stranger_a_hub_that_is_down_and_one_that_says_no_are_told_apart(serve, status, words, name):
    assert told(f"http://{serve(status=status, words=words)}").name == name


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
def test_a_token_that_windows_saved_is_read(tmp_path, mark):
    path = tmp_path / "token"
    path.touch(0o600)
    path.write_bytes(mark + b"ktt_x\r\n")
    assert hub.read_token(path) == "ktt_x"


def test_what_is_no_certificate_says_what_one_looks_like(tmp_path):
    (tmp_path / "hub.pem").write_text("<html>")
    with pytest.raises(ToolError) as caught:
        Hub("https://127.0.0.1", "ktt_x", tmp_path / "hub.pem")
    assert caught.value.name == "certificate" and "BEGIN CERTIFICATE" in caught.value.lines()[1]
    with pytest.raises(ToolError, match=r"none\.pem"):
        Hub("https://127.0.0.1", "ktt_x", tmp_path / "none.pem")
