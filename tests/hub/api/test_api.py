"""The gateway's API refuses clearly: what, which field, what to do; a bad event stops no good one."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kentongan_hub.api import events, gateways
from kentongan_hub.base import site as site_secrets
from kentongan_hub.devices.trust import revocations, rotation
from kentongan_hub.incidents import alarms
from kentongan_hub.record import rows


def post(site, body, **headers):
    return site.client.post("/api/v1/events", data=body, headers={**site.headers, **headers})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"\xff", "body"),
        (b"[]", "body"),
        (b"[" * 5000, "body"),
        (b"{}", "events"),
        (b'{"events": 3}', "events"),
        (b'{"events": [' + b",".join([b"{}"] * 201) + b"]}", "events"),
    ],
)
def test_a_body_that_is_none_is_refused_with_its_field_and_remedy(site, body, field):
    answer = post(site, body)
    assert answer.status_code == 400
    assert answer.json["field"] == field and answer.json["remedy"] and answer.json["error"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"id": None}, "id:"),
        ({"id": "x" * 101}, "id:"),
        ({"type": "alarmm"}, "type:"),
        ({"type": []}, "type:"),
        ({"device": None}, "device: missing"),
        ({"device": -1}, "device:"),
        ({"device": 1 << 32}, "device:"),
        ({"device": True}, "device:"),
        ({"counter": "9"}, "counter:"),
        ({"kind": 256}, "kind:"),
        ({"kind": None}, "kind: missing"),
        ({"silent": 1}, "silent:"),
        ({"at_ms": -5}, "at_ms:"),
        ({"wall": 5}, "wall:"),
        ({"rssi": 900}, "rssi:"),
        ({"label": "x" * 201}, "label:"),
        ({"label": "\ud800"}, "label:"),
        ({"id": "\ud800"}, "id:"),
    ],
)
def test_a_bad_event_names_its_field_and_lets_the_good_one_through(site, change, says):
    good, bad = site.alarm(counter=1), {**site.alarm(counter=2), **change}
    answer = site.post_events(good, bad)
    assert answer["accepted"] == [good["id"]]
    assert says in answer["rejected"][0]["reason"] and answer["rejected"][0]["reason"].startswith(
        "events[1]."
    )
    assert "kiriman gerbang tidak terbaca" in site.enter("admin").get("/perangkat").text


def test_unknown_fields_of_a_newer_gateway_are_let_pass(site):
    assert site.post_events({**site.alarm(), "moon": "full"})["rejected"] == []


def test_every_event_type_of_the_contract_has_a_handler():
    assert set(events.FIELDS) == set(alarms.HANDLERS)


@pytest.mark.parametrize("type_", sorted(events.FIELDS))
def test_every_event_type_with_nothing_but_its_required_fields_is_taken(site, type_):
    required = {
        name: {"counters": {}, "text": "terputus"}.get(rule[0], 1)
        for name, rule in events.FIELDS[type_].items()
        if rule[3] is events.REQUIRED
    }
    new = ["g/1"] if type_ == "alarm" else []
    answer = site.post_events({"id": "g/1", "type": type_, **required})
    assert answer == {"accepted": ["g/1"], "rejected": [], "new": new}


def test_a_request_that_is_too_large_is_refused(site):
    answer = post(site, b"x" * (gateways.BODY_LIMIT + 1))
    assert answer.status_code == 413 and answer.json["remedy"]


def test_an_event_on_which_the_hub_itself_fails_is_left_with_the_gateway(site, monkeypatch):
    def broken(*_args):
        raise RuntimeError("a bug")

    monkeypatch.setitem(alarms.HANDLERS, "radio", broken)
    radio, alarm = site.event("radio", name="x", up=True), site.alarm()
    assert site.post_events(radio, alarm) == {"accepted": [alarm["id"]], "rejected": [], "new": [alarm["id"]]}
    monkeypatch.undo()
    assert site.post_events(radio)["accepted"] == [radio["id"]]
    assert len(site.rows("SELECT * FROM radios")) == 1


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer x", "Basic abc", "Bearer é", "bearer  "])
@pytest.mark.parametrize(
    ("method", "path"),
    [("post", "/api/v1/events"), ("get", "/api/v1/orders"), ("post", "/api/v1/orders/done")],
)
def test_without_a_gateways_token_nothing_is_told_or_taken(site, method, path, header):
    headers = {} if header is None else {"Authorization": header}
    answer = getattr(site.client, method)(path, headers=headers)
    assert answer.status_code == 401 and answer.json["remedy"]
    assert str(site.data_dir) not in answer.text and "/bin/" not in answer.text, "nor where this hub lies"


def test_a_new_token_ends_the_old_one_and_only_a_hash_is_kept(site):
    from kentongan_hub.devices import provision

    new = provision.gateway_token(site.data_dir)
    assert site.client.get("/api/v1/orders", headers=site.headers).status_code == 401
    assert new.encode() not in (site.data_dir / "hub.sqlite3").read_bytes()


@pytest.mark.parametrize("query", ["after=-1", "after=x", "wait=x", "wait=-1", "after=" + "9" * 30])
def test_an_odd_query_is_refused(site, query):
    assert site.client.get(f"/api/v1/orders?{query}", headers=site.headers).status_code == 400


@pytest.mark.parametrize(
    "body", [{}, {"ids": "x"}, {"ids": ["1"]}, {"ids": [1] * 501}, {"ids": [], "results": []}]
)
def test_an_odd_done_report_is_refused(site, body):
    assert site.client.post("/api/v1/orders/done", json=body, headers=site.headers).status_code == 400


def test_health_needs_no_token_and_tells_nothing(site):
    assert site.client.get("/api/v1/health").json == {"status": "ok", "site": True}


def test_a_line_break_in_what_came_from_outside_forges_no_log_line(site, caplog):
    caplog.set_level("INFO")
    site.post_events({**site.alarm(), "type": "x\n2026 INFO audit: forged\x1b[2K"})
    assert "forged" in caplog.text
    assert not [line for line in caplog.text.splitlines() if line.startswith("2026 INFO")]
    assert "\x1b" not in caplog.text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(
    sorted({name for fields in events.FIELDS.values() for name in fields} | set(events.COMMON))
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(events.FIELDS)), st.dictionaries(names, json_values, max_size=8))
def test_any_json_is_checked_or_refused(type_, fields):
    try:
        out = events.check({"id": "g/1", "type": type_, **fields})
    except events.BadEvent as refusal:
        assert ":" in str(refusal)
    else:
        assert set(out) == {"id", "type", *events.COMMON, *events.FIELDS[type_]}


def test_a_strangers_token_has_the_hub_look_through_the_gateways_and_nothing_else(site, monkeypatch):
    """Forty tables for each of his requests would be a load of his choosing."""
    looked, odd = [], rows._odd
    monkeypatch.setattr(rows, "_odd", lambda db, table: looked.append(table.name) or odd(db, table))
    answer = site.client.get("/api/v1/orders?after=0&wait=0", headers={"Authorization": "Bearer ktg_asing"})
    assert answer.status_code == 401 and looked == ["gateways"]


@pytest.mark.parametrize("away", ["the gateway", "the hub, whose clock was ahead"])
@pytest.mark.parametrize("back_by", ["events", "orders"])
def test_a_gateway_that_missed_orders_which_have_expired_gets_everything_again(site, away, back_by):
    """It runs on and asks for nothing anew: a number that was revoked would be taken there for ever."""
    site.orders()
    with site.hub.store.write() as db:
        secret = site_secrets.load(site.data_dir)
        revocations.revoke(db, site.hub.now(), secret, site.other, "dicuri", "admin")
        rotation.want(db, site.hub.now(), secret, "coba", "admin")
    site.hub.dispatch.step()
    site.clock.advance(8 * 86_400_000)
    if away != "the gateway":
        site.restart()
    site.hub.dispatch.step()
    if back_by == "events":
        site.post_events()
    orders = site.orders() + site.orders()
    (directory,) = (order for order in orders if order["type"] == "directory")
    assert site.other in directory["revoked"]
    assert {"keys", "config", "counters"} <= {order["type"] for order in orders}


def test_one_that_was_away_for_an_hour_gets_what_waits_and_no_more(site):
    site.orders()
    site.clock.advance(3_600_000)
    assert site.orders() == []
