"""The real uplink client against a real TLS server: the pinned authority is trusted and nothing else."""

import http.server
import json
import ssl
import threading

import pytest
from kentongan_gateway.hub_client import uplink
from kentongan_gateway.hub_client.uplink import HubClient, HubError, trust
from kentongan_gateway.service import checks, settings
from kentongan_wire.base.errors import LocalError
from kits.gateway.gateway_process import Gateway
from kits.outside.tls_kit import DAY, NOW, Authority, QuietServer
from kits.outside.trickler import Trickler


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        return

    def do_GET(self):
        self.answer({"ok": True})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((self.headers["Authorization"], body))
        self.answer({"accepted": [event["id"] for event in body["events"]]})

    def answer(self, body):
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture(name="serve")
def _serve():
    servers = []

    def serve(pem):
        """(https address, [(token, body)]) of a server with this key and certificate."""
        server = QuietServer(("127.0.0.1", 0), Handler)
        server.seen = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"https://127.0.0.1:{server.server_address[1]}", server.seen

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def post(url, ca_file):
    client = HubClient(url, "ktg_uji", 10, ca_file)
    try:
        return client.call("POST", "/api/v1/events", {"events": [{"id": "g/1"}]})
    finally:
        client.close()


def test_the_hubs_own_authority_is_trusted_and_the_token_arrives(serve, tmp_path):
    authority = Authority()
    url, seen = serve(authority.server(tmp_path / "hub.pem"))
    assert post(url, authority.pem(tmp_path / "ca.pem")) == {"accepted": ["g/1"]}
    assert seen == [("Bearer ktg_uji", {"events": [{"id": "g/1"}]})]


def test_a_hub_of_another_authority_gets_neither_token_nor_alarm(serve, tmp_path):
    """Also one that calls itself the same: a name is no key."""
    url, seen = serve(Authority().server(tmp_path / "hub.pem"))
    with pytest.raises(HubError, match="CERTIFICATE_VERIFY_FAILED") as caught:
        post(url, Authority().pem(tmp_path / "ca.pem"))
    assert caught.value.status == 0 and not seen


def test_a_certificate_for_another_address_is_refused(serve, tmp_path):
    authority = Authority()
    url, seen = serve(authority.server(tmp_path / "hub.pem", host="10.9.9.9"))
    with pytest.raises(HubError, match="IP address mismatch"):
        post(url, authority.pem(tmp_path / "ca.pem"))
    assert not seen


@pytest.mark.parametrize(("begins", "ends"), [(-400, -30), (30, 400)])
def test_a_pi_without_a_clock_talks_to_its_hub_all_the_same(serve, tmp_path, begins, ends):
    """After a power cut the clock may be years off either way: dates prove nothing, the pinned key does."""
    authority = Authority()
    url, seen = serve(authority.server(tmp_path / "hub.pem", NOW + begins * DAY, NOW + ends * DAY))
    assert post(url, authority.pem(tmp_path / "ca.pem")) == {"accepted": ["g/1"]} and len(seen) == 1


@pytest.mark.parametrize(("ends", "good"), [(-3, False), (10, False), (300, True)])
def test_check_names_a_certificate_that_has_ended_or_soon_will(serve, tmp_path, ends, good):
    """It cuts no alarm off, so somebody has to be told to renew it."""
    authority = Authority()
    url, _ = serve(authority.server(tmp_path / "hub.pem", NOW - 400 * DAY, NOW + ends * DAY))
    gateway = Gateway(tmp_path, 1, 1)
    hub = f'url = "{url}"\nca_file = "{authority.pem(tmp_path / "ca.pem")}"'
    gateway.config.write_text(gateway.config.read_text().replace('url = "http://127.0.0.1:1"', hub))
    found = {result.id: result for result in checks.run(settings.load(gateway.config))}
    assert found["hub"].ok and found["hub_certificate"].ok is good
    assert good or "renew" in found["hub_certificate"].text


def test_dates_are_all_that_is_let_pass(tmp_path):
    context = trust(Authority().pem(tmp_path / "ca.pem"))
    assert context.verify_mode == ssl.CERT_REQUIRED and context.check_hostname
    assert len(context.get_ca_certs()) == 1, "nothing of the system's store"
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_a_plain_server_behind_an_https_address_is_an_error_and_not_a_fallback(tmp_path):
    server = QuietServer(("127.0.0.1", 0), Handler)
    server.seen = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.raises(HubError):
            post(f"https://127.0.0.1:{server.server_address[1]}", Authority().pem(tmp_path / "ca.pem"))
        assert not server.seen
    finally:
        server.shutdown()
        server.server_close()


def test_a_file_that_is_no_certificate_is_refused_with_the_remedy(tmp_path):
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(LocalError, match="copy the hub's own there"):
        HubClient("https://127.0.0.1:1", "t", 1, str(tmp_path / "ca.pem"))


@pytest.mark.parametrize("url", ["http://10.0.0.5:8080", "http://hub.local:8080", "http://0.0.0.0:8080"])
def test_plain_http_beyond_this_machine_is_refused_by_the_settings(tmp_path, url):
    gateway = Gateway(tmp_path, 1, 1)
    gateway.config.write_text(gateway.config.read_text().replace("http://127.0.0.1:1", url))
    with pytest.raises(LocalError, match="send the token in clear; give an https:// address"):
        settings.load(gateway.config)


def test_https_without_a_pinned_certificate_is_refused_by_the_settings(tmp_path):
    gateway = Gateway(tmp_path, 1, 1)
    gateway.config.write_text(gateway.config.read_text().replace("http://127.0.0.1:1", "https://10.0.0.5"))
    with pytest.raises(LocalError, match="ca_file"):
        settings.load(gateway.config)


def test_a_reply_over_tls_has_an_end_too(tmp_path, monkeypatch):
    monkeypatch.setattr(uplink, "GRACE_S", 0.3)
    authority = Authority()
    certificate = authority.pem(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server(tmp_path / "server.pem"))
    hub = Trickler("body", context=context)
    client = HubClient(f"https://127.0.0.1:{hub.port}", "t", 0.4, certificate)
    with pytest.raises(HubError, match="no reply: TimeoutError"):
        client.call("POST", "/api/v1/events", {"events": []})
    hub.close()
