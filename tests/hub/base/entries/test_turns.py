"""Turns of SMS: no button's incidents keep the first call of another waiting, and none ends unsaid."""

import json

import pytest
from kentongan_hub.base.entries import turns
from kentongan_hub.channels import base
from kentongan_hub.record import outbox

WAIT_MS = 1_800_000


def queue(site, incident, count, type_=outbox.MESSAGE, channel="sms"):
    with site.hub.store.write() as db:
        for number in range(count):
            body = json.dumps({"to": f"+62{number}", "name": f"W{number}", "text": "x"})
            outbox.add(db, site.clock.now_ms, channel, type_, body, WAIT_MS, incident)


def send(site):
    """Send the next message as a worker does; return its incident."""
    with site.hub.store.write() as db:
        row = outbox.claim_one(db, site.clock.now_ms, "sms", 90_000)
        outbox.mark(db, site.clock.now_ms, "sms", row["id"])
    return row["incident"]


@pytest.fixture
def flooded(site):
    """Twenty incidents of one stolen button with forty calls each, then one of its neighbour; its number."""
    for number in range(20):
        site.post_events(site.alarm(counter=1000 + 50 * number, kind=2, device=site.other))
        queue(site, number + 1, 40)
    site.post_events(site.alarm(counter=9, kind=2))
    queue(site, 21, 40)
    return 21


def test_the_first_call_of_another_button_is_not_behind_those_of_one_with_many_incidents(site, flooded):
    first = [send(site) for _ in range(4)]
    assert flooded in first[:2]
    assert first.count(flooded) == 2, "button by button"


def test_each_incident_of_a_button_has_its_first_call_before_any_second_one(site, flooded):
    sent = [send(site) for _ in range(40)]
    of_the_many = [one for one in sent if one != flooded]
    assert sorted(of_the_many) == list(range(1, 21))


def test_a_silent_alarm_is_called_first_among_equals(site):
    site.post_events(site.alarm(counter=9, kind=2, device=site.other))
    site.post_events(site.alarm(counter=90, kind=8, silent=True))
    queue(site, 1, 2), queue(site, 2, 2)
    assert [send(site) for _ in range(4)] == [2, 1, 2, 1]


def raise_and_send(site, counter, device=None):
    """A loud alarm whose forty calls are all sent; its number."""
    site.post_events(site.alarm(counter=counter, kind=2, **({"device": device} if device else {})))
    (newest,) = site.rows("SELECT max(id) AS id FROM incidents")
    queue(site, newest["id"], 40)
    assert {send(site) for _ in range(40)} == {newest["id"]}
    return newest["id"]


def others_with_many_calls(site, count=3):
    for number in range(count):
        site.post_events(site.alarm(counter=1000 + 50 * number, kind=2, device=site.other))
        (newest,) = site.rows("SELECT max(id) AS id FROM incidents")
        queue(site, newest["id"], 40)


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "open"])
def test_what_a_button_raised_before_holds_its_silent_alarm_up_behind_nobody(site, closed):
    mistaken = raise_and_send(site, 9)
    queue(site, mistaken, 40, outbox.CORRECTION)
    assert {send(site) for _ in range(40)} == {mistaken}
    if closed:
        with site.hub.store.write() as db:
            db.run("UPDATE incidents SET closed_ms = ? WHERE id = ?", site.clock.now_ms, mistaken)
    site.clock.advance(1_200_000)
    others_with_many_calls(site)
    site.post_events(site.alarm(counter=90, kind=8, silent=True))
    queue(site, mistaken + 4, 3)
    assert [send(site) for _ in range(6)].count(mistaken + 4) == 3


def test_of_a_new_incident_the_first_call_waits_one_turn_for_each_that_its_button_raised_before(site):
    first = raise_and_send(site, 9)
    others_with_many_calls(site)
    site.post_events(site.alarm(counter=900, kind=2))
    queue(site, first + 4, 3)
    assert first + 4 in [send(site) for _ in range(3)]


def test_a_button_that_raises_and_cancels_goes_before_nobody_who_called_less(site):
    """Its closed incidents count a turn each, or each new one would be its first again."""
    site.post_events(site.alarm(counter=9, kind=2, device=site.other))
    queue(site, 1, 40)
    sent = []
    for number in range(8):
        site.post_events(site.alarm(counter=1000 + 50 * number, kind=2))
        queue(site, number + 2, 1)
        sent += [send(site), send(site)]
        with site.hub.store.write() as db:
            db.run("UPDATE incidents SET closed_ms = ? WHERE id = ?", site.clock.now_ms, number + 2)
    assert sent.count(1) == 8


def test_calls_go_before_corrections_and_those_before_news(site):
    site.post_events(site.alarm(counter=9, kind=2))
    queue(site, 1, 1, outbox.NEWS), queue(site, 1, 1, outbox.CORRECTION), queue(site, 1, 1)
    with site.hub.store.write() as db:
        types = []
        for _ in range(3):
            row = outbox.claim_one(db, site.clock.now_ms, "sms", 90_000)
            types.append(row["type"])
            outbox.mark(db, site.clock.now_ms, "sms", row["id"])
        assert turns.next_id(db, site.clock.now_ms, "sms") is None
    assert types == [outbox.MESSAGE, outbox.CORRECTION, outbox.NEWS]


def written(site, count, calls=3, kind=8):
    """Reports that people wrote, each with calls that wait; their numbers."""
    numbers = []
    for number in range(count):
        first = 10_000 * kind + 50 * number
        site.post_events(site.alarm(counter=first, kind=kind, silent=kind == 8, device=site.other))
        (newest,) = site.rows("SELECT max(id) AS id FROM incidents")
        with site.hub.store.write() as db:
            db.run("UPDATE incidents SET device = 0 WHERE id = ?", newest["id"])
        queue(site, newest["id"], calls)
        numbers.append(newest["id"])
    return numbers


def test_two_reports_that_people_wrote_have_turns_in_turn(site):
    first, second = written(site, 2, kind=2)
    assert [send(site) for _ in range(6)] == [first, second] * 3


@pytest.mark.parametrize("kind", [8, 2], ids=["in-confidence", "loud"])
@pytest.mark.parametrize("sent", [0, 5])
def test_however_many_reports_wait_each_call_of_a_button_waits_for_one_at_most(site, kind, sent):
    """Sixty in confidence put the first call of a silent alarm at place 61."""
    written(site, 20, kind=kind)
    for _ in range(sent):
        send(site)
    site.post_events(site.alarm(counter=90, kind=8, silent=True))
    (newest,) = site.rows("SELECT max(id) AS id FROM incidents")
    queue(site, newest["id"], 3)
    places = [place for place, one in enumerate([send(site) for _ in range(8)]) if one == newest["id"]]
    assert places[0] == 0, "of equals a button goes first"
    assert len(places) == 3 and places[-1] <= 4


def test_what_people_told_in_confidence_does_not_wait_behind_what_they_told_loudly(site):
    written(site, 20, kind=2)
    (one,) = written(site, 1, kind=8)
    assert one in [send(site) for _ in range(2)]


def report(site, browser, text, calls=3):
    """A loud report of this person, its calls waiting; its number."""
    answer = browser.post("/lapor", page="/lapor", jenis="2", rt="5", rumah="31", patokan="", isi=text)
    assert answer.status_code == 303
    (newest,) = site.rows("SELECT max(id) AS id FROM incidents")
    queue(site, newest["id"], calls)
    return newest["id"]


def test_ever_new_reports_of_one_account_hold_no_later_call_of_anothers_back(site):
    """Each was called once, so none counted as waiting, and each new one went before any second call."""
    site.account("satu", "petugas_ronda"), site.account("dua", "petugas_ronda")
    many, one = site.enter("satu"), site.enter("dua")
    true = report(site, one, "sungguh")
    places = []
    for turn in range(1, 13):
        report(site, many, f"lagi {turn}")
        places += [turn] if send(site) == true else []
        site.clock.advance(6_000)
    assert len(places) == 3 and places[0] == 1 and places[-1] <= 6, places


def test_five_neighbours_who_each_write_once_are_all_called_before_any_second_time(site):
    names = [f"warga{number}" for number in range(5)]
    for name in names:
        site.account(name, "petugas_ronda")
    written_ = [report(site, site.enter(name), "api di gang 3") for name in names]
    assert [send(site) for _ in range(15)] == written_ * 3


def test_reports_of_many_accounts_keep_a_buttons_calls_back_no_more_than_those_of_one(site):
    for name in ("satu", "dua", "tiga"):
        site.account(name, "petugas_ronda")
        for number in range(3):
            report(site, site.enter(name), f"lagi {number}")
    site.post_events(site.alarm(counter=90, kind=2))
    (newest,) = site.rows("SELECT max(id) AS id FROM incidents")
    queue(site, newest["id"], 3)
    places = [place for place, one in enumerate([send(site) for _ in range(8)]) if one == newest["id"]]
    assert len(places) == 3 and places[0] == 0 and places[-1] <= 4, places


def test_a_test_message_waits_for_every_call(site):
    """An officer who may test a channel would send one after another before them."""
    queue(site, None, 20, base.TEST)
    site.post_events(site.alarm(counter=90, kind=8, silent=True))
    queue(site, 1, 3), queue(site, 1, 1, outbox.NEWS)
    assert [send(site) for _ in range(4)] == [1, 1, 1, 1]


def test_a_call_that_was_never_tried_is_said_on_the_timeline_and_as_a_warning(site):
    with site.hub.store.write() as db:
        db.run("INSERT INTO channels (name, enabled) VALUES ('sms', 1)")
    site.post_events(site.alarm(counter=9, kind=2))
    queue(site, 1, 3)
    send(site)
    site.clock.advance(WAIT_MS)
    site.hub.dispatch._round()
    (line,) = site.lines("timeline", "what = 'never_tried'")
    assert line["detail"] == "SMS: 2 panggilan"
    site.clock.advance(10_000)
    site.hub.dispatch._round()
    assert "2 panggilan tidak sempat dikirim" in str(site.warnings("1"))


def test_a_silent_alarms_call_that_was_never_tried_is_told_to_its_circle_and_to_nobody_else(site):
    bidan = site.account("bidan", "petugas_ronda", named=True)
    with site.hub.store.write() as db:
        db.run("INSERT INTO channels (name, enabled) VALUES ('sms', 1)")
        person = db.insert("people", name="Bidan", zone=5, house=99, account=bidan, created_wall=0)
        db.insert("addresses", person=person, channel="sms", address="+62812000001")
    site.post_events(site.alarm(counter=90, kind=8, silent=True))
    before = warned(site)
    for _ in range(8):
        site.clock.advance(WAIT_MS // 7)
        site.post_events()
        site.hub.dispatch._round()
    assert site.rows("SELECT 1 FROM timeline WHERE what = 'never_tried'")
    assert warned(site) == before
    (news,) = site.rows("SELECT DISTINCT json_field(body, 'to') AS whom FROM outbox WHERE type = 'news' "
                        "AND body LIKE '%tidak sempat dikirim%'")  # fmt: skip
    assert news["whom"] == "+62812000001"
    assert not site.rows("SELECT 1 FROM audit WHERE actor = 'hub' AND what = 'warning_opened' "
                         "AND detail LIKE '%panggilan%'")  # fmt: skip


def warned(site):
    site.clock.advance(10_000)
    site.hub.dispatch._round()
    return {row["what"] for row in site.warnings()}


def test_a_full_queue_takes_from_the_incident_with_the_most_and_says_so(site, monkeypatch):
    monkeypatch.setattr(outbox, "LIMIT_ROWS", 6)
    site.post_events(site.alarm(counter=9, kind=2), site.alarm(counter=90, kind=2, device=site.other))
    queue(site, 1, 1)
    queue(site, 2, 8)
    left = "SELECT incident, count(*) AS n FROM outbox WHERE channel = 'sms' AND result IS NULL GROUP BY 1"
    assert {row["incident"]: row["n"] for row in site.rows(left)} == {1: 1, 2: 5}
    site.hub.dispatch._round()
    (line,) = site.rows("SELECT incident FROM timeline WHERE what = 'never_tried'")
    assert line["incident"] == 2
