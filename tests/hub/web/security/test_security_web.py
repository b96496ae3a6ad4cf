"""Attacks from the RT's Wi-Fi: forged and replayed calls, paths, bodies, log lines."""

import io
import json
import logging

import pytest
from kentongan_hub.api import gateways
from kentongan_hub.api import technicians as technician_api
from kentongan_hub.devices.provision import technicians
from kentongan_hub.record import audit
from kentongan_hub.web import web
from kits.hub.hub_kit import PASSWORD, Person

LINES = "palsu\n2026-01-01 INFO kentongan.hub: admin masuk\r\n\x1b[2J\u2028\u202e\x00\x85akhir"


def technician(site):
    with site.hub.store.write() as db:
        return {"Authorization": f"Bearer {technicians.new_token(db, site.hub.now(), 'uji')}"}


# forged and replayed calls of the API


@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/orders", "/api/v1/orders/done"])
def test_a_forged_token_gets_nothing_and_changes_nothing(site, path):
    real = site.token
    forged = (
        "",
        "Bearer",
        "Bearer ",
        f"Bearer {real}x",
        f"Bearer {real[:-1]}",
        f"Basic {real}",
        "Bearer ' OR 1=1 --",
    )
    for given in (*forged, f"Bearer {real.upper()}", f"Bearer {'A' * 9000}"):
        method = "GET" if path.endswith("orders") else "POST"
        answer = site.client.open(path, method=method, json={"events": []}, headers={"Authorization": given})
        assert answer.status_code == 401, given[:20]
        assert real not in answer.text
    assert site.rows("SELECT heard_ms FROM gateways")[0]["heard_ms"] is None


def test_a_gateways_token_opens_no_technicians_route_and_the_other_way_round(site):
    assert site.client.get("/api/v1/site", headers=site.headers).status_code == 401
    assert site.client.get("/api/v1/orders", headers=technician(site)).status_code == 401


def test_a_cookie_of_a_person_opens_no_api_and_a_token_no_page(site):
    admin = site.enter("admin")
    assert admin.client.post("/api/v1/events", json={"events": []}).status_code == 401
    assert admin.client.get("/api/v1/devices").status_code == 401
    assert site.app.test_client().get("/papan", headers=site.headers).status_code == 401


def test_a_token_that_was_replaced_is_worth_nothing(site):
    from kentongan_hub.devices import provision

    new = provision.gateway_token(site.data_dir)
    assert site.client.get("/api/v1/orders", headers=site.headers).status_code == 401
    assert site.client.get("/api/v1/orders", headers={"Authorization": f"Bearer {new}"}).status_code == 200


def test_a_replayed_report_counts_once_and_under_another_id_it_is_the_same_alarm(site):
    alarm = site.alarm()
    for _ in range(3):
        assert site.post_events(alarm)["accepted"] == [alarm["id"]]
    site.post_events({**alarm, "id": "gateway-1/999"})
    assert len(site.incidents()) == 1
    assert len(site.rows("SELECT * FROM alarms")) == 1
    assert site.incidents()[0]["presses"] == 1


def test_an_order_is_marked_by_its_own_gateway_only(site):
    from kentongan_hub.devices import provision

    site.post_events(site.alarm())
    person = site.enter("admin")
    person.post("/kejadian/kejadian-1/datang", page="/papan")
    ids = [order["id"] for order in site.orders()]
    provision.gateway_file(site.data_dir, "gateway-2", 6)
    other = {"Authorization": f"Bearer {provision.gateway_token(site.data_dir, 'gateway-2')}"}
    answer = site.client.post("/api/v1/orders/done", json={"ids": ids}, headers=other)
    assert ids and answer.json == {"done": []}
    assert site.client.get("/api/v1/orders", headers=other).json["orders"] == []


# sessions and forms


def test_a_session_chosen_before_the_log_in_or_after_a_log_out_is_nobody_s(site):
    for token in ("", "x", "a" * 5000, "' OR '1'='1"):
        person = Person(site.app)
        person.client.set_cookie(web.SESSION_COOKIE, token)
        assert person.get("/papan").status_code == 302
        assert person.post("/masuk", masuk="admin", sandi=PASSWORD).status_code == 303
        assert person.client.get_cookie(web.SESSION_COOKIE).value != token
    first, second = site.enter("admin"), site.enter("admin")
    values = [one.client.get_cookie(web.SESSION_COOKIE).value for one in (first, second)]
    assert values[0] != values[1] and min(map(len, values)) >= 32


# What the address itself allows, to whoever holds it, and no session: tests/hub/channels/test_answer_links.py
BY_LINK = {"/jawab/<token>"}


def test_every_deed_refuses_a_form_without_this_browsers_token_even_for_an_admin(site):
    """CSRF over every route that takes a form, out of url_map."""
    admin, tried = site.enter("admin"), 0
    for rule in site.app.url_map.iter_rules():
        if "POST" not in rule.methods or str(rule).startswith("/api/"):
            continue
        if str(rule) in BY_LINK:
            continue
        path = str(rule)
        for converter in ("<int:number>", "<int:zone>", "<int:node>"):
            path = path.replace(converter, "1")
        path = path.replace("<", "").replace(">", "")
        for data, origin in (
            ({}, "http://localhost"),
            ({"csrf": admin.token("/papan")}, "http://evil.example"),
        ):
            answer = admin.client.post(path, data=data, headers={"Origin": origin})
            assert answer.status_code == 403, (path, answer.status_code)
            tried += 1
    assert tried > 60


def test_nothing_is_changed_by_asking_for_it(site):
    """GET, HEAD and OPTIONS are safe: no row of the record comes of them, and a deed has no GET."""
    site.post_events(site.alarm())
    admin = site.enter("admin")
    before = site.rows("SELECT count(*) AS n FROM audit")
    rules = [rule for rule in site.app.url_map.iter_rules() if "<" not in str(rule)]
    shown = {str(rule) for rule in rules if "GET" in rule.methods}
    for path in {str(rule) for rule in rules}:
        for method in ("HEAD", "OPTIONS"):
            admin.client.open(path, method=method, buffered=False).close()
        if path not in shown:
            assert admin.get(path).status_code in (401, 404, 405), path
    assert site.rows("SELECT count(*) AS n FROM audit") == before


# paths


@pytest.mark.parametrize(
    "way", ["..", "%2e%2e", "..%2f", "%2e%2e%2f", "..%5c", "....//", "%252e%252e%252f", "%c0%ae%c0%ae/"]
)
def test_no_address_leads_out_of_its_folder(site, way):
    admin = site.enter("admin")
    for place in ("/static/", "/kejadian/", "/perangkat/", "/ekspor/", "/kanal/", "/simpanan/"):
        for secret in ("site.json", "hub.sqlite3", "etc/passwd"):
            answer = admin.get(f"{place}{way}/{way}/{secret}")
            assert answer.status_code in (308, 404, 405), (place, way, answer.status_code)
            assert b"site_key" not in answer.data and b"SQLite" not in answer.data


@pytest.mark.parametrize("number", ["0", "-1", str(1 << 63), "9" * 40, "1e3", "%00", "1/../1"])
def test_numbers_that_no_row_has_are_no_page(site, number):
    admin, tech = site.enter("admin"), technician(site)
    for path in (f"/warga/{number}", f"/kentongan/{number}/cetak", f"/api/v1/devices/{number}"):
        headers = tech if "/api/" in path else {}
        assert admin.client.get(path, headers=headers).status_code in (308, 404), path
    answer = site.client.post(f"/api/v1/devices/{number}/revoke", json={"why": "hilang"}, headers=tech)
    assert answer.status_code in (404, 405)


# bodies


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"1" * 5000,
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"events": 3}',
        b'{"events": [[[[[]]]]]}',
        b'{"a": ' * 2_000,
    ],
)
def test_a_malformed_body_is_refused_with_its_place(site, body):
    for path, headers in (
        ("/api/v1/events", site.headers),
        ("/api/v1/orders/done", site.headers),
        ("/api/v1/devices", technician(site)),
        ("/api/v1/login", {}),
    ):
        answer = site.client.post(path, data=body, headers=headers)
        assert answer.status_code in (200, 400, 413), (path, answer.status_code)
        if answer.status_code == 400:
            assert answer.json["error"] and answer.json["remedy"]
    assert site.post_events(site.alarm())["accepted"], "and the next alarm is taken"


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("/api/v1/events", gateways.BODY_LIMIT),
        ("/api/v1/devices", technician_api.BODY_LIMIT),
        ("/masuk", web.FORM_LIMIT),
        ("/lapor", web.FORM_LIMIT),
    ],
)
def test_an_oversize_body_is_refused_before_it_is_read(site, path, limit):
    headers = {"/api/v1/events": site.headers, "/api/v1/devices": technician(site)}.get(path, {})
    client = site.enter("admin").client if path == "/lapor" else site.client
    sent = io.BytesIO(b"a=" + b"x" * (limit + 10))
    headers = {**headers, "Origin": "http://localhost"}
    kind = "application/json" if "/api/" in path else "application/x-www-form-urlencoded"
    answer = client.post(path, data=sent, headers=headers, content_type=kind)
    assert answer.status_code in (403, 413), answer.status_code
    if "/api/" in path:
        assert answer.status_code == 413


def test_a_form_of_many_parts_is_refused(site):
    admin = site.enter("admin")
    data = {"csrf": admin.token("/papan"), **{f"a{i}": "x" for i in range(2_000)}}
    for kind in ("multipart/form-data", "application/x-www-form-urlencoded"):
        answer = admin.client.post(
            "/lapor", data=data, headers={"Origin": "http://localhost"}, content_type=kind
        )
        assert answer.status_code in (400, 403, 413), kind


def test_one_event_that_no_database_can_hold_keeps_no_alarm_away(site):
    """Half a surrogate pair, numbers beyond 64 bits: refused one by one, the alarm beside them is stored."""
    bad = [
        site.event("radio", name="\ud800", up=True),
        site.event("gateway_siren", origin=site.button, counter=9, state="\ud800", source="post"),
        site.event("gateway_siren", origin=site.button, counter=9, state="failed", source="\ud800"),
        site.event("stage_seen", device=1, counter=1 << 70, stage=2),
        {**site.event("radio", name="x", up=True), "id": "\udfff"},
        site.event("refusals", counters={"\ud800": 1}),
    ]
    body = json.dumps({"boot_id": "\ud800boot", "events": [*bad, site.alarm()]})
    answer = site.client.post("/api/v1/events", data=body, headers=site.headers)
    assert (
        answer.status_code == 200 and len(answer.json["accepted"]) == 1 and len(answer.json["rejected"]) == 6
    )
    assert len(site.incidents()) == 1


# the log and the record


def test_no_text_from_outside_forges_or_hides_a_line_of_the_log(site, caplog):
    caplog.set_level(logging.DEBUG)
    person = Person(site.app)
    person.post("/masuk", masuk=LINES, sandi="x")
    site.client.post("/api/v1/login", json={"login": LINES, "password": "x"})
    site.post_events(
        site.event("radio", name=LINES[:60], up=False),
        site.event("trouble", name=LINES[:60], active=True, detail=LINES),
        {**site.alarm(), "id": LINES[:90]},
        {"id": LINES[:90], "type": LINES},
    )
    site.client.post(
        "/api/v1/devices", json={"role": "tombol", "label": LINES, "zone": 5}, headers=technician(site)
    )
    site.client.post(f"/api/v1/devices/{site.button}/revoke", json={"why": LINES}, headers=technician(site))
    admin = site.enter("admin")
    site.post_events(site.alarm(counter=77, device=site.other))
    slug = site.incidents()[-1]["slug"]
    admin.post(f"/kejadian/{slug}/catatan", page="/papan", catatan=LINES)
    admin.post(f"/kejadian/{slug}/keliru", page="/papan", alasan_lain=LINES)
    for record in caplog.records:
        text = record.getMessage()
        assert text == audit.clean(text) or len(text) > audit.FIELD_LIMIT, repr(text)
        assert not set("\n\r\x1b\x00\x85\u2028\u202e") & set(text), repr(text)
    for table in ("audit", "timeline"):
        for row in site.rows(f"SELECT who, what, detail FROM {table}"):
            assert not set("\n\r\x1b\x00\u202e") & set("".join(map(str, row.values()))), row


def test_no_secret_is_in_a_log_line_or_an_error(site, caplog):
    caplog.set_level(logging.DEBUG)
    person = Person(site.app)
    person.post("/masuk", masuk="admin", sandi="rahasia sekali")
    site.client.post("/api/v1/login", json={"login": "admin", "password": "rahasia sekali"})
    site.enter("admin")
    site.client.get("/api/v1/orders", headers={"Authorization": "Bearer bukan-token"})
    told = "\n".join(record.getMessage() for record in caplog.records)
    for secret in ("rahasia sekali", PASSWORD, site.token, "bukan-token"):
        assert secret not in told
