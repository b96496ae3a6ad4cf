"""One bad row, event or part of the program keeps no other alarm from being called for; a person is told."""

import json
import logging

import pytest
from kentongan_hub.devices.trust import counters, intake, periodic
from kentongan_hub.incidents import alarms, orders
from kentongan_hub.incidents.calling import recipients, steps
from kentongan_hub.policies import policy as p
from kentongan_hub.policies import policy_store
from kentongan_hub.record import failures, outbox
from kentongan_hub.upkeep import warnings as warnings_list
from kentongan_wire.message import messages as m


def step(site, ms=0):
    site.clock.advance(ms)
    site.hub.dispatch.step()


def warnings(site):
    return {row["what"]: row for row in site.warnings()}


def lines(site, slug):
    return [
        (row["what"], row["detail"])
        for row in site.lines("timeline", "incident = (SELECT id FROM incidents WHERE slug = ?)", slug)
    ]


@pytest.mark.parametrize("body", ["", "{", "[]", "{}", '{"langkah": 3}', '{"langkah": [{"detik": 0}]}'])
def test_a_damaged_policy_is_passed_over_and_a_person_is_told(site, body):
    with site.hub.store.write() as db:
        db.insert("policies", zone=5, kind=1, body=body, changed_wall=0, changed_by="")
    assert site.post_events(site.alarm(counter=9))["accepted"]
    step(site, 120_000)
    assert site.incidents()[0]["alerts"] == 1
    assert warnings(site)["kebijakan rusak"]["subject"].endswith("RT 05")
    admin = site.enter("admin")
    assert admin.get("/kebijakan?jenis=1&rt=5").status_code == 200
    with site.hub.store.write() as db:
        policy_store.save(db, site.hub.now(), {"login": "admin", "name": "Bu Admin"}, 5, 1, p.default(1))
    step(site, 10_000)
    assert "kebijakan rusak" not in warnings(site)


def test_an_incident_that_cannot_be_handled_keeps_no_other_from_being_called_for(site, monkeypatch, caplog):
    site.post_events(site.alarm(counter=9), site.alarm(counter=3, device=site.other))
    bad = site.incidents()[0]["id"]
    real = steps._step

    def sometimes(db, now, incident):
        if incident["id"] == bad:
            raise ValueError("a row that nobody foresaw")
        return real(db, now, incident)

    monkeypatch.setattr(steps, "_step", sometimes)
    with caplog.at_level(logging.ERROR):
        step(site, 120_000)
    first, second = site.incidents()
    assert (first["alerts"], second["alerts"]) == (0, 1)
    assert first["next_alert_ms"] == site.clock.steady_ms() + steps.RETRY_MS, "tried again, not forgotten"
    assert "a row that nobody foresaw" in caplog.text
    assert "langkah berikut, tombol-07 #9" in warnings(site)["pusat data gagal"]["detail"]
    monkeypatch.undo()
    step(site, steps.RETRY_MS)
    assert site.incidents()[0]["alerts"] == 1
    step(site, failures.SHOWN_MS)
    assert "pusat data gagal" not in warnings(site)


def test_sirens_still_start_when_people_cannot_be_called_and_the_timeline_says_so(site, monkeypatch):
    def fails(*_):
        raise KeyError("address")

    site.post_events(site.alarm(counter=9))
    monkeypatch.setattr(recipients, "reach", fails)
    step(site, 120_000)
    assert [order["type"] for order in site.orders()] == ["siren"]
    assert ("gagal", "memanggil; hubungi dengan cara lain") in lines(site, "kejadian-1")
    assert site.incidents()[0]["alerts"] == 1


def test_people_are_called_when_the_siren_order_fails(site, monkeypatch):
    real = orders.siren

    def fails(db, now, incident, action, *rest):
        real(db, now, incident, action, *rest)
        raise KeyError("zone")

    site.post_events(site.alarm(counter=9))
    monkeypatch.setattr(orders, "siren", fails)
    step(site, 120_000)
    assert [order["type"] for order in site.orders()] == ["page"], "half an order is no order"
    assert ("gagal", "sirene; hubungi dengan cara lain") in lines(site, "kejadian-1")


def test_an_alarm_is_stored_and_shown_although_its_first_calls_fail(site, monkeypatch):
    def fails(*_):
        raise KeyError("address")

    monkeypatch.setattr(recipients, "reach", fails)
    assert site.post_events(site.alarm(counter=9))["accepted"] == ["gateway-1/1"]
    assert site.incidents()[0]["next_alert_ms"] is not None
    assert ("gagal", "memanggil; hubungi dengan cara lain") in lines(site, "kejadian-1")


@pytest.mark.parametrize("part", ["reach", "addresses", "page", "later step"])
def test_what_fails_of_a_confidential_incident_is_told_on_its_own_timeline_only(site, monkeypatch, part):
    site.account("bidan", "petugas_ronda", named=True)
    where, name = {"reach": (recipients, "reach"), "addresses": (recipients, "_people"),
                   "page": (orders, "page"), "later step": (steps, "_step")}[part]  # fmt: skip
    real = getattr(where, name)

    def fails(*args):
        if any(isinstance(one, dict) and one["confidential"] for one in args):
            raise KeyError("address")
        return real(*args)

    monkeypatch.setattr(where, name, fails)
    site.post_events(site.alarm(counter=9, kind=6, silent=True))
    for _ in range(10):
        step(site, 60_000)
        site.post_events()
    assert "pusat data gagal" not in warnings(site)
    told = [one for one in lines(site, "rahasia-1") if one[0] in ("gagal", "tidak terpanggil")]
    assert told
    assert part != "later step" or len(told) == 1, "once, and not at every try"


def test_a_silent_alarm_whose_circle_cannot_be_drawn_is_a_warning_without_its_name(site, monkeypatch):
    def fails(*_):
        raise KeyError("circle")

    monkeypatch.setattr(alarms.pressed, "draw", fails)
    site.post_events(site.alarm(counter=9, kind=6, silent=True))
    step(site, 10_000)
    detail = warnings(site)["pusat data gagal"]["detail"]
    assert "menentukan siapa yang boleh tahu" in detail and "rahasia" not in detail and "tombol" not in detail


def test_an_event_that_the_hub_fails_on_is_kept_by_the_gateway_and_shown_to_a_person(site, monkeypatch):
    def fails(*_):
        raise KeyError("body")

    monkeypatch.setitem(alarms.HANDLERS, "status", fails)
    answer = site.post_events(site.event("status", device=site.post, role=2, body={}), site.alarm(counter=9))
    assert answer == {"accepted": ["gateway-1/2"], "rejected": [], "new": ["gateway-1/2"]}
    step(site, 10_000)
    assert "menyimpan laporan gateway-1" in warnings(site)["pusat data gagal"]["detail"]


def test_a_failing_part_of_the_round_keeps_no_other_from_its_turn(site, monkeypatch, caplog):
    def fails(*_):
        raise OSError("disk")

    site.post_events(site.alarm(counter=9))
    monkeypatch.setattr(steps, "run_due", fails)
    with caplog.at_level(logging.ERROR):
        step(site, 120_000)
    assert site.incidents()[0]["alerts"] == 0
    assert [one.message for one in caplog.records] == ["dispatch: calling failed, trying again"]
    assert "pusat data gagal" in warnings(site), "the parts after it had their turn"
    monkeypatch.undo()
    step(site)
    assert site.incidents()[0]["alerts"] == 1


def order(site, body):
    with site.hub.store.write() as db:
        channel = outbox.gateway_channel("gateway-1")
        return outbox.add(db, site.clock.now_ms, channel, "stage", body, 600_000)


@pytest.mark.parametrize("body", ['{"x":', "[]", "null", "[" * 100_000])
def test_a_gateway_gets_its_good_orders_beside_one_that_nobody_can_read(site, body):
    bad, good = order(site, body), order(site, '{"device": 1, "counter": 2, "stage": 3}')
    assert [one["id"] for one in site.orders()] == [good]
    (row,) = site.rows("SELECT * FROM outbox WHERE id = ?", bad)
    assert (row["state"], row["result"]) == ("failed", "damaged")
    step(site, 10_000)
    assert "perintah stage untuk gateway-1 rusak" in warnings(site)["pusat data gagal"]["detail"]


def test_a_gateway_that_starts_gets_what_waits_although_its_settings_cannot_be_made(site, monkeypatch):
    def fails(*_):
        raise ValueError("settings")

    good = order(site, '{"device": 1, "counter": 2, "stage": 3}')
    monkeypatch.setattr(periodic, "sync", fails)
    answer = site.client.get("/api/v1/orders?after=0&wait=0&fresh=1", headers=site.headers)
    assert [one["id"] for one in answer.json["orders"]] == [good]
    step(site, 10_000)
    assert "pengaturan untuk gerbang" in warnings(site)["pusat data gagal"]["detail"]


def test_one_result_that_cannot_be_noted_keeps_no_other_from_being(site, monkeypatch):
    ids = [order(site, '{"device": 1, "counter": 2, "stage": 3}') for _ in range(3)]
    real = outbox.mark

    def sometimes(db, now_ms, channel, id_, result="ok"):
        if id_ == ids[0]:
            raise ValueError("a row that nobody foresaw")
        return real(db, now_ms, channel, id_, result)

    monkeypatch.setattr(outbox, "mark", sometimes)
    assert site.done(*ids)["done"] == ids[1:]


def test_a_last_number_that_went_back_names_no_incident_like_another(site):
    for counter in (9, 12):
        site.post_events(site.alarm(counter=counter))
    for value in ("0", "1", "x", "", "1x"):
        with site.hub.store.write() as db:
            db.set_setting("last_kejadian", value)
        assert site.post_events(site.alarm(counter=500 + len(site.incidents())))["accepted"]
    slugs = [one["slug"] for one in site.incidents()]
    assert len(slugs) == len(set(slugs)) == 7


def test_who_can_be_called_is_called_although_one_person_cannot_be(site, monkeypatch):
    with site.hub.store.write() as db:
        for number, name in enumerate(("Siti", "Budi", "Tono")):
            person = db.insert("people", name=name, zone=5, house=9 + number, created_wall=0)
            db.insert("addresses", person=person, channel="sms", address=f"+628121111000{number}")
            db.insert("duties", person=person, duty="ronda")
    real = recipients._addresses

    def sometimes(db, incident, person):
        if person["name"] == "Siti":
            raise ValueError("a row that nobody foresaw")
        return real(db, incident, person)

    monkeypatch.setattr(recipients, "_addresses", sometimes)
    site.post_events(site.alarm(counter=9))
    called = site.rows("SELECT body FROM outbox WHERE type = 'call'")
    assert sorted(json.loads(one["body"])["name"] for one in called) == ["Budi", "Tono"]
    assert ("tidak terpanggil", "1 orang; hubungi dengan cara lain") in lines(site, "kejadian-1")


FAILS_LATELY = "menyimpan laporan gateway-1"
ABOUT = {
    "alarm": {},
    "event": {"event": m.EVENT_COMING},
    "paged": {},
    "stage_seen": {"stage": 3},
    "siren_report": {"state": m.STATE_SOUNDING},
    "gateway_siren": {"state": "sounding"},
}


def told_about(site, type_, counter=9):
    """Send a gateway's events about this press of tombol-07: by the button itself, or by a post or chime."""
    if type_ == "alarm":
        return site.alarm(counter=counter, kind=8, silent=True)
    names = {"device": site.button} if type_ == "stage_seen" else {"origin": site.button, "device": site.post}
    if type_ == "gateway_siren":
        del names["device"]
    return site.event(type_, counter=counter, **names, **ABOUT[type_])


def broken(*_):
    raise KeyError("a row that nobody foresaw")


def unstored(site):
    step(site, 10_000)
    return FAILS_LATELY in warnings(site).get("pusat data gagal", {"detail": ""})["detail"]


@pytest.mark.parametrize("known", [True, False], ids=["stored", "not stored"])
@pytest.mark.parametrize("type_", ABOUT)
def test_what_a_gateway_tells_of_a_silent_press_and_fails_leaves_no_public_trace(
    site, monkeypatch, type_, known
):
    if known:
        site.post_events(site.alarm(counter=9, kind=8, silent=True))
    monkeypatch.setitem(alarms.HANDLERS, type_, broken)
    event = told_about(site, type_, 9 if type_ != "alarm" or not known else 10)
    assert site.post_events(event)["accepted"] == []
    assert not unstored(site)
    for _ in range(failures.LASTS_MS // 60_000):
        site.clock.advance(60_000)
        site.post_events(event)
    assert unstored(site), "who mends it hears of what lasts, and of no press"
    monkeypatch.undo()
    assert site.post_events(event)["accepted"] == [event["id"]]


def test_what_lasts_is_told_by_a_hub_that_starts_again_every_few_minutes_too(site, monkeypatch):
    monkeypatch.setitem(alarms.HANDLERS, "alarm", broken)
    event = told_about(site, "alarm")
    for _ in range(4):
        site.post_events(event)
        assert not unstored(site)
        site.clock.advance(180_000)
        site.restart()
    site.post_events(event)
    assert unstored(site)
    monkeypatch.undo()
    site.post_events(event)
    with site.hub.store.read() as db:
        assert db.setting(failures.LATE) == "{}", "what is stored at last is forgotten"


@pytest.mark.parametrize("again", [False, True], ids=["running", "started again"])
def test_a_part_that_fails_of_a_taken_event_about_a_press_nobody_knows_is_told_later(
    site, monkeypatch, again
):
    """No circle can be told, and nobody repeats what was taken."""
    monkeypatch.setattr(intake, "heard", broken)
    event = told_about(site, "paged")
    assert site.post_events(event)["accepted"] == [event["id"]]
    step(site, 10_000)
    assert "pusat data gagal" not in warnings(site), "it may be about a silent press of this minute"
    if again:
        site.restart()
    step(site, failures.LASTS_MS)
    assert "nomor terakhir" in warnings(site)["pusat data gagal"]["detail"]
    step(site, failures.SHOWN_MS)
    assert "pusat data gagal" not in warnings(site)


@pytest.mark.parametrize("type_", [one for one in ABOUT if one != "alarm"])
def test_what_a_gateway_tells_of_a_loud_press_and_fails_is_a_warning_at_once(site, monkeypatch, type_):
    site.post_events(site.alarm(counter=9))
    monkeypatch.setitem(alarms.HANDLERS, type_, broken)
    site.post_events(told_about(site, type_))
    assert unstored(site)


@pytest.mark.parametrize("where", [(counters, "is_new"), (intake, "heard"), (alarms, "_incident")],
                         ids=["is it new", "last number", "the incident"])  # fmt: skip
def test_a_silent_press_that_is_stored_badly_leaves_no_public_trace(site, monkeypatch, where):
    monkeypatch.setattr(*where, broken)
    site.post_events(told_about(site, "alarm"))
    assert "pusat data gagal" not in warnings(site)
    step(site, 10_000)
    assert "pusat data gagal" not in warnings(site)


def test_what_fails_of_a_silent_presss_order_when_it_is_reported_leaves_no_public_trace(site, monkeypatch):
    site.post_events(site.alarm(counter=9, kind=8, silent=True))
    (order_,) = [one for one in site.orders() if one["type"] == "page"]
    monkeypatch.setattr(outbox, "mark", broken)
    assert site.done(order_["id"])["done"] == []
    monkeypatch.undo()
    step(site, 10_000)
    assert "pusat data gagal" not in warnings(site)


def failed_text(site):
    step(site, 10_000)
    return warnings(site).get("pusat data gagal", {"detail": ""})["detail"]


def test_however_many_more_events_fail_the_oldest_get_to_their_ten_minutes(site, monkeypatch):
    """The newest pushed the oldest out, and none was told."""
    monkeypatch.setattr(failures, "KEPT_MAX", 3)
    monkeypatch.setitem(alarms.HANDLERS, "paged", broken)
    for minute in range(failures.LASTS_MS // 60_000):
        assert not unstored(site), minute
        site.post_events(*(told_about(site, "paged", 20 * minute + n) for n in range(4)))
        site.clock.advance(50_000)
    with site.hub.store.read() as db:
        assert len(json.loads(db.setting(failures.LATE))) == 3
    assert unstored(site)
    assert "3 kali atau lebih" in failed_text(site)


def test_one_gateways_failing_events_keep_no_other_gateways_from_being_told(site, monkeypatch):
    monkeypatch.setattr(failures, "KEPT_MAX", 2)
    with site.hub.store.write() as db, failures.about(True):
        for n in range(5):
            failures.note(db, site.hub.now(), "menyimpan laporan gateway-1", key=f"gateway-1 {n}")
        failures.note(db, site.hub.now(), "menyimpan laporan gateway-2", key="gateway-2 1")
    step(site, failures.LASTS_MS)
    assert "gateway-1" in failed_text(site) and "gateway-2" in failed_text(site)


@pytest.mark.parametrize("type_", [one for one in ABOUT if one != "alarm"])
def test_what_failed_of_a_press_nobody_knows_and_is_stored_within_ten_minutes_is_never_told(
    site, monkeypatch, type_
):
    event = told_about(site, type_)
    with monkeypatch.context() as patch:
        patch.setitem(alarms.HANDLERS, type_, broken)
        assert site.post_events(event)["accepted"] == []
    site.clock.advance(60_000)
    assert site.post_events(event)["accepted"] == [event["id"]]
    for _ in range(40):
        step(site, 60_000)
        assert "pusat data gagal" not in warnings(site)


def test_one_failure_that_stands_hides_no_other(site, monkeypatch):
    """Loud ones hid each other and what is told late, and of the late ones the first hid the rest."""
    with site.hub.store.write() as db, failures.about(failures.UNKNOWN):
        failures.note(db, site.hub.now(), "bagian satu")
        failures.note(db, site.hub.now(), "bagian dua")
    for _ in range(failures.LASTS_MS // 60_000 + 1):
        with site.hub.store.write() as db:
            failures.note(db, site.hub.now(), "memanggil")
            failures.note(db, site.hub.now(), "sirene")
        step(site, 60_000)
    detail = failed_text(site)
    for what in ("memanggil", "sirene", "bagian satu", "bagian dua"):
        assert what in detail, what


def test_who_took_the_warning_is_told_of_another_failure_and_not_of_the_same_again(site):
    def fail(what):
        with site.hub.store.write() as db:
            failures.note(db, site.hub.now(), what)
        step(site, 10_000)
        return warnings(site)["pusat data gagal"]

    number = fail("memanggil")["id"]
    with site.hub.store.write() as db:
        warnings_list.take(db, site.hub.now(), number, {"name": "Sari"})
    assert fail("memanggil")["taken_by"] == "Sari"
    told = fail("memanggil")["told"]
    row = fail("sirene")
    step(site, 10_000)
    row = warnings(site)["pusat data gagal"]
    assert "memanggil; sirene" in row["detail"] and row["taken_by"] is None and row["told"] == told + 1
    site.clock.advance(failures.SHOWN_MS - 20_000)
    row = fail("sirene")
    assert "memanggil" not in row["detail"], "what is over is named no more"


def test_of_many_failures_some_are_named_and_the_rest_is_counted(site):
    with site.hub.store.write() as db:
        for n in range(2 * failures.KEPT_MAX):
            failures.note(db, site.hub.now(), f"bagian nomor {n}")
    detail = failed_text(site)
    assert "bagian nomor 0; bagian nomor 1" in detail
    assert f"dan {failures.KEPT_MAX + 1 - failures.NAMED_MAX} lagi" in detail
