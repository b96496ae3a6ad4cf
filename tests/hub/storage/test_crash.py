"""kill -9 of the real hub while alarms arrive: what was accepted is there, each incident once."""

import threading
import urllib.error

from kentongan_hub.devices import provision
from kentongan_hub.storage.store import Store
from kits.hub.hub_kit import PASSWORD, HubProcess

ALARMS = 60
KILLS_AFTER = (3, 20, 41)  # accepted alarms; three lives end in the middle


def event(button, counter):
    return {
        "id": f"gateway-1/{counter}",
        "type": "alarm",
        "device": button,
        "counter": counter,
        "kind": 2,
        "zone": 5,
        "at_ms": counter,
        "boot_id": "b1",
    }


def send_until_killed(hub, token, button, queue, kill_after):
    """Deliver like a spool: the oldest unsent, again and again; the hub dies on the way."""
    accepted = 0
    while queue:
        batch = queue[:4]
        if accepted >= kill_after:
            threading.Timer(0.004, hub.process.kill).start()  # somewhere inside the next requests
        try:
            answer = hub.call(
                "/api/v1/events", {"boot_id": "b1", "events": [event(button, c) for c in batch]}, token
            )
        except (urllib.error.URLError, ConnectionError, OSError):
            return
        for id_ in answer["accepted"]:
            queue.remove(int(id_.split("/")[1]))
            accepted += 1


def test_alarms_survive_three_kills_each_incident_once(tmp_path):
    data = tmp_path / "data"
    provision.create_site(data, "RT 05", "admin", PASSWORD)
    button = provision.add_device(data, "tombol", "tombol-07", 1, 7)["node"]
    token = provision.gateway_token(data)
    queue = list(range(1, ALARMS + 1))
    for kill_after in (*KILLS_AFTER, ALARMS + 1):
        hub = HubProcess(data)
        try:
            send_until_killed(hub, token, button, queue, kill_after)
        finally:
            hub.kill()
    assert queue == []
    with Store(data).read() as db:
        assert db.value("PRAGMA integrity_check") == "ok"
        assert [
            row["first_counter"] for row in db.all("SELECT * FROM incidents ORDER BY first_counter")
        ] == list(range(1, ALARMS + 1))
        assert db.value("SELECT count(*) FROM alarms") == ALARMS
        pages = db.value("SELECT count(*) FROM timeline WHERE what = 'pressed'")
        assert pages == ALARMS


def test_an_order_given_before_a_kill_is_given_again_after_it(tmp_path):
    data = tmp_path / "data"
    provision.create_site(data, "RT 05", "admin", PASSWORD)
    button = provision.add_device(data, "tombol", "tombol-07", 1, 7)["node"]
    token = provision.gateway_token(data)
    hub = HubProcess(data)
    hub.call("/api/v1/events", {"boot_id": "b1", "events": [{**event(button, 5), "cancel": True}]}, token)
    (order,) = hub.call("/api/v1/orders?after=0&wait=0", token=token)["orders"]
    hub.kill()  # the gateway died too and remembers nothing
    hub = HubProcess(data)
    try:
        (again,) = hub.call("/api/v1/orders?after=0&wait=10", token=token)["orders"]
        assert (again["id"], again["stage"]) == (order["id"], 5)
        assert hub.call("/api/v1/orders/done", {"ids": [order["id"]], "results": {}}, token) == {
            "done": [order["id"]]
        }
        assert hub.call("/api/v1/orders?after=0&wait=0", token=token) == {"orders": []}
    finally:
        hub.stop()
    assert hub.process.returncode == 0
