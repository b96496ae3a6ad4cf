"""No page, no alarm and no round of the worker reads a big table from end to end."""

import re

import pytest
from kentongan_hub.app import create_app
from kentongan_hub.base.clock import FakeClock
from kentongan_hub.storage.store import Store
from kits.hub import hub_load

BIG = (
    "incidents",
    "alarms",
    "statuses",
    "timeline",
    "audit",
    "outbox",
    "siren_reports",
    "events",
    "battery_days",
)
NOW_MS = 1_790_000_000_000
INCIDENTS = 400
# the newest lines of a chain: read from its end, as many as are shown
FROM_THE_END = re.compile(r"FROM (audit|timeline) .*ORDER BY id DESC LIMIT", re.S)
# a partial index holds only what is open or waits, however long the history grows
SMALL = ("incidents_open", "incidents_counter", "incidents_next_alert", "incidents_device", "outbox_waiting",
         "outbox_open")  # fmt: skip


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    data = tmp_path_factory.mktemp("besar")
    hub_load.make(data)
    hub_load.fill(Store(data), NOW_MS, 600, INCIDENTS, 6_000)
    with Store(data).write() as db:
        db.run("UPDATE accounts SET named_for_confidential = 1, outside = 1")
        db.run("UPDATE incidents SET next_alert_ms = ? WHERE closed_ms IS NULL", NOW_MS)
    return data


@pytest.fixture
def traced(loaded, monkeypatch):
    """(app, statements): every statement that the hub runs from here on."""
    statements, open_ = set(), Store._open

    def traced_open(self):
        manager = open_(self)

        class Traced:
            def __enter__(self):
                db = manager.__enter__()
                db.connection.set_trace_callback(statements.add)
                return db

            def __exit__(self, *error):
                return manager.__exit__(*error)

        return Traced()

    app = create_app(loaded, clock=FakeClock(NOW_MS + 1), dispatch=False)
    monkeypatch.setattr(Store, "_open", traced_open)
    return app, statements


def scans(app, statements):
    """[(table, statement)] of every plan that walks a big table."""
    found = []
    with app.hub.store.read() as db:
        for sql in list(statements):
            if not sql.upper().startswith(("SELECT", "UPDATE", "DELETE", "INSERT", "WITH")):
                continue
            for row in db.connection.execute("EXPLAIN QUERY PLAN " + sql).fetchall():
                walked = re.match(r"SCAN (\w+)", row["detail"])
                alias = walked and re.search(rf"(?:FROM|JOIN) (\w+) (?:AS )?{walked[1]}\b", sql)
                table = (alias[1] if alias else walked[1]) if walked else ""
                if table in BIG and not row["detail"].endswith(SMALL) and not FROM_THE_END.search(sql):
                    found.append((table, row["detail"], sql))
    return found


def enter(app):
    client = app.test_client()
    token = re.search(r'name="csrf" value="(\w+)"', client.get("/masuk").text)[1]
    form = {"csrf": token, "masuk": "admin", "sandi": hub_load.PASSWORD}
    client.post("/masuk", data=form, headers={"Origin": "http://localhost"})
    return client


@pytest.mark.parametrize("path", hub_load.PAGES)
def test_no_page_walks_a_big_table(traced, path):
    app, statements = traced
    client = enter(app)
    statements.clear()
    path = path.format(last=f"kejadian-{INCIDENTS - 1}", middle=f"kejadian-{INCIDENTS // 2 + 1}")
    assert client.get(path).status_code == 200
    assert statements and scans(app, statements) == []


def test_no_alarm_status_or_order_walks_a_big_table(traced, loaded):
    from kentongan_hub.devices import provision

    app, statements = traced
    headers = {"Authorization": f"Bearer {provision.gateway_token(loaded)}"}
    client = app.test_client()
    statements.clear()
    events = [
        {"id": "g/1", "type": "alarm", "device": 1001, "counter": 900_000, "kind": 2, "zone": 1, "rssi": -80},
        {
            "id": "g/2",
            "type": "alarm",
            "device": 1001,
            "counter": 900_001,
            "incident": 900_000 & 0xFFFF,
            "kind": 2,
        },
        {"id": "g/3", "type": "status", "device": 1002, "body": {"flags": 0, "battery": 180}, "rssi": -80},
        {"id": "g/4", "type": "siren_report", "device": 1000, "origin": 1001, "counter": 900_000, "state": 1},
        {"id": "g/5", "type": "paged", "device": 1000, "origin": 1001, "counter": 900_000},
        {"id": "g/6", "type": "event", "device": 1000, "event": 4, "origin": 1001, "counter": 900_000},
    ]
    answer = client.post("/api/v1/events", json={"events": events}, headers=headers)
    assert len(answer.json["accepted"]) == len(events)
    client.get("/api/v1/orders?after=0&wait=0", headers=headers)
    assert scans(app, statements) == []


def test_no_round_of_the_worker_walks_a_big_table(traced):
    app, statements = traced
    app.hub.dispatch.step()
    assert statements and scans(app, statements) == []
