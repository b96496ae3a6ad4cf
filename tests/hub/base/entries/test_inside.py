"""Addresses inside: private numbers, the machine's own global ones, and the networks at its interfaces."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from kentongan_hub.base.entries import inside
from kentongan_hub.channels.base import Failure
from kentongan_hub.channels.internet import Internet
from kentongan_hub.people import residents
from kentongan_wire.base.errors import LocalError

# a home: the provider's address on the machine itself (8.8.4.4), a LAN with a global IPv6 prefix, a point to
# point line, a VPN that takes the whole world in two halves, and the way out by a router
FIB = """\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
        /1 link UNICAST
     |-- 128.0.0.0
        /1 link UNICAST
     |-- 8.8.4.0
        /30 link UNICAST
     |-- 9.9.9.0
        /24 universe UNICAST
Local:
  +-- 8.8.4.0/30 2 0 2
     |-- 8.8.4.2
        /32 host LOCAL
     |-- 11.22.33.44
        /32 host LOCAL
     |-- 8.8.4.3
        /32 link BROADCAST
"""
LAN, OWN, NONE = "24046800000100000000000000000000", "24046800000100000000000000000009", "0" * 32
ROUTER = "fe80".ljust(32, "0")


def route(net, bits, router=NONE, flags="00000001"):
    return f"{net} {bits} {NONE} 00 {router} 00000100 00000001 00000000 {flags}     eth0\n"


ROUTES = "".join((
    route(LAN, "40"),
    route(OWN, "80", flags="80200001"),
    route(NONE, "00", ROUTER, "00000003"),
    route("20010500".ljust(32, "0"), "20", ROUTER, "00000003"),
    route("20000000".ljust(32, "0"), "03"),  # the world through a tunnel
))  # fmt: skip
INTERFACES = "26001f00000000000000000000000005 02 40 00 80     eth1\n"  # its route is the network manager's


@pytest.fixture(name="home")
def _home(tmp_path, monkeypatch):
    for name, text in (("fib_trie", FIB), ("ipv6_route", ROUTES), ("if_inet6", INTERFACES)):
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(inside, "TABLES", tmp_path)


@pytest.mark.parametrize(("address", "inner"), [
    ("8.8.8.8", False), ("2001:4860:4860::8888", False), ("10.0.0.1", True), ("172.16.9.9", True),
    ("192.168.1.1", True), ("169.254.169.254", True), ("100.64.0.1", True), ("0.0.0.0", True),
    ("224.0.0.251", True), ("::", True), ("fe80::1%eth0", True), ("fd00::1", True), ("::ffff:10.0.0.1", True),
    ("64:ff9b::7f00:1", True), ("64:ff9b::808:808", False), ("64:ff9b:1::808:808", True),
    ("2002:7f00:1::", True), ("nama", True),
])  # fmt: skip
def test_what_is_inside_is_told_by_the_address_that_is_really_meant(address, inner):
    assert inside.is_inside(address) is inner


AT_HOME = [
    ("11.22.33.44", True), ("8.8.4.2", True), ("8.8.4.1", True), ("8.8.4.3", True), ("8.8.4.4", False),
    ("9.9.9.9", False), ("130.0.0.1", False), ("2404:6800:1::9", True), ("2404:6800:1::77", True),
    ("2404:6800:1:0:a::1", True), ("2404:6800:1:1::1", False), ("2001:500::1", False),
    ("2600:1f00::99", True), ("2600:1f01::99", False), ("2620::1", False), ("::ffff:11.22.33.44", True),
    ("64:ff9b::b16:212c", True), ("2002:b16:212c::1", True),
]  # fmt: skip


@pytest.mark.parametrize(("address", "inner"), AT_HOME)
def test_a_global_address_of_this_machine_or_of_its_lan_is_inside_and_what_a_router_leads_to_is_not(
    home, address, inner
):
    written = f"json://[{address}]:9/" if ":" in address else f"json://{address}:9/"
    assert inside.refuses(written) is inner
    with inside.guarded() as guard:
        if inner:
            with pytest.raises(PermissionError):
                guard.check((address, 9))
        else:
            guard.check((address, 9))
    assert guard.refused is inner
    assert not inside.refuses(written, allowed=address), "an administrator's word counts here too"


def test_the_tables_are_read_once_for_a_sending(home, monkeypatch):
    read = []
    real = inside._lines
    monkeypatch.setattr(inside, "_lines", lambda name: read.append(name) or real(name))
    with inside.guarded() as guard:
        for _ in range(3):
            guard.check(("1.1.1.1", 9))
    assert sorted(read) == ["fib_trie", "if_inet6", "ipv6_route"]


def test_a_machine_without_these_tables_goes_by_the_numbers_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(inside, "TABLES", tmp_path / "none")
    assert (
        inside.at_hand() == [] and inside.refuses("json://10.0.0.1") and not inside.refuses("json://8.8.4.2")
    )


def test_this_machines_own_tables_are_understood():
    found = {str(net) for net in inside.at_hand()}
    assert {"127.0.0.0/8", "127.0.0.1/32"} <= found


@pytest.fixture(name="made")
def _made(monkeypatch):
    """Connections that were really made, none of them to the outside."""
    seen = []

    def watch(guard, line):
        seen.append(line)
        if len(seen) > 1:
            raise OSError("a test goes nowhere")

    monkeypatch.setattr(inside.Guard, "watch", watch)
    return seen


def sends_to(address, allowed=""):
    one = Internet(None, None)
    one.settings = {"lokal": allowed}
    one.send({"to": address, "text": "x"})


def test_a_name_that_leads_to_the_machines_own_global_address_is_refused(home, made, monkeypatch):
    real = socket.getaddrinfo
    made.append("none may come")

    def resolve(host, *rest, **more):
        return real("11.22.33.44" if host == "rumah.contoh.id" else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(Failure, match="di dalam mesin atau jaringan ini"):
        sends_to("json://rumah.contoh.id:9/")
    assert len(made) == 1


class Door(BaseHTTPRequestHandler):
    def do_POST(self):
        self.send_response(307)
        self.send_header("Location", "http://11.22.33.44:9/")
        self.end_headers()

    def log_message(self, *args):
        pass


def test_a_redirect_to_the_machines_own_global_address_is_not_followed(home, made):
    with HTTPServer(("127.0.0.1", 0), Door) as door:
        threading.Thread(target=door.serve_forever, daemon=True).start()
        with pytest.raises(Failure, match="di dalam mesin atau jaringan ini"):
            sends_to(f"json://127.0.0.1:{door.server_port}/", "127.0.0.1")
        door.shutdown()
    assert len(made) == 1, "the door itself"


def test_the_form_refuses_the_lans_own_global_addresses_too(home, site):
    with site.hub.store.read() as db, pytest.raises(LocalError, match="di dalam mesin"):
        residents.check_address(db, "apprise", "json://[2404:6800:1::77]/", 0)
