"""A hub, or a proxy before it, that answers without an end: the reply is given up and people are told."""

import json
import socket
import threading
import time

import pytest
from kentongan_gateway.hub_client import uplink
from kentongan_gateway.hub_client.deadline import Connection, Names
from kentongan_gateway.hub_client.uplink import HubClient, HubError
from kentongan_gateway.service import daemon as daemons
from kits.gateway.gateway_kit import BUTTON, alarm
from kits.gateway.gateway_process import Air, Gateway, wait_for
from kits.outside.trickler import HEADS, Trickler


@pytest.mark.parametrize("kind", sorted(HEADS))
def test_a_reply_has_an_end_however_slowly_it_trickles(kind, monkeypatch):
    monkeypatch.setattr(uplink, "GRACE_S", 0.3)
    hub = Trickler(kind)
    client = HubClient(f"http://127.0.0.1:{hub.port}", "t", 0.4)
    begun = time.monotonic()
    with pytest.raises(HubError, match="no reply: TimeoutError"):
        client.call("POST", "/api/v1/events", {"events": []})
    assert time.monotonic() - begun < 20, "it would have been read for ever"
    hub.close()


def test_a_resolver_that_hangs_holds_the_uplink_no_longer_than_the_end_and_leaves_one_thread(monkeypatch):
    monkeypatch.setattr(uplink, "GRACE_S", 0.1)
    hub, goes_on, asked = Trickler("body", only_first=True), threading.Event(), []
    hub.posts = 1

    def lookup(host, port, *rest):
        asked.append(host)
        goes_on.wait()
        return socket.getaddrinfo("127.0.0.1", port, *rest)

    client = HubClient(f"http://hub.rt05.example:{hub.port}", "t", 0.2, names=Names(lookup))
    begun = time.monotonic()
    for _ in range(3):
        with pytest.raises(HubError, match="no reply: TimeoutError the look-up"):
            client.call("POST", "/api/v1/events", {"events": []})
    assert time.monotonic() - begun < 20, "it would have been waited for without an end"
    assert asked == ["hub.rt05.example"], "one look-up at a time, however often it is tried again"
    goes_on.set()
    client = HubClient(f"http://hub.rt05.example:{hub.port}", "t", 5, names=client._names)
    assert client.call("POST", "/api/v1/events", {"events": []})["rejected"] == []
    client.close()
    hub.close()


def test_a_name_without_an_address_is_no_reply_like_any_other():
    def lookup(*_):
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    for answer, words in ((lookup, "no such name"), (lambda *_: [], "no address")):
        with pytest.raises(HubError, match=words):
            HubClient("http://hub.rt05.example:1", "t", 1, names=Names(answer)).call("GET", "/")


def test_the_end_counts_from_each_request_anew():
    """A line that is kept open for hours does not run out of time."""
    hub, now = Trickler("body", only_first=True), [0.0]
    hub.posts = 1
    line = Connection("127.0.0.1", hub.port, 5, 10, steady_s=lambda: now[0])
    for _ in range(3):
        reply, raw = line.ask("POST", "/api/v1/events", b'{"events":[]}', {}, 1_000)
        assert reply.status == 200 and json.loads(raw)["rejected"] == []
        now[0] += 9
    line.close()
    hub.close()


def test_a_hub_that_gives_orders_and_takes_nothing_is_named_and_the_reverse():
    one = daemons.Daemon.__new__(daemons.Daemon)
    one._taken_at = one._replied_at = 1_000.0
    assert one._hub_trouble(1_060.0) is None
    one._replied_at = 1_080.0
    assert one._hub_trouble(1_061.0) == "takes nothing"
    one._taken_at, one._replied_at = 1_080.0, 1_000.0
    assert one._hub_trouble(1_061.0) == "gives no orders"
    one._taken_at = 1_000.0
    assert one._hub_trouble(1_061.0) == "takes nothing and gives no orders"


def test_a_first_reply_without_an_end_costs_seconds_and_no_alarm(tmp_path):
    """The real process: its own siren sounds after 5 s, and the hub has the alarm at the next try."""
    hub, air = Trickler("body", 0.5, only_first=True), Air()
    gateway = Gateway(tmp_path, hub.port, air.port)
    gateway.start()
    try:
        wait_for(air.connected, "the gateway opening its radio")
        wait_for(lambda: hub.posts, "the first batch, of which the reply never ends")
        air.hear(alarm(counter=500), BUTTON)
        wait_for(gateway.siren_lines, "the gateway's own siren")
        wait_for(lambda: [e for e in hub.events if e["type"] == "alarm"], "the alarm at the hub")
        assert gateway.stop() == 0
    finally:
        gateway.process.kill()
        air.close()
        hub.close()
