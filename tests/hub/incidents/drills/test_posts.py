"""Posts and drills: shown post by post, and an end that one does not know is a person's task."""

import json

from kentongan_hub.devices import provision

SECOND_MS, MINUTE_MS = 1_000, 60_000


def begin(site, person, minutes=20, zone=5):
    assert person.post("/latihan", page="/latihan", menit=str(minutes), rt=str(zone)).status_code == 303


def end(site, person, number=1):
    assert person.post(f"/latihan/{number}/akhiri", page="/latihan").status_code == 303


def knows(site, is_open, post=None, number=1):
    event = site.event("drill_known", device=post or site.post, number=number, open=is_open)
    site.post_events(event)


def orders_to(site, gateway):
    sql = "SELECT body FROM outbox WHERE type = 'drill' AND channel = ? ORDER BY id"
    return [json.loads(row["body"]) for row in site.rows(sql, f"gateway:{gateway}")]


def warned(site):
    """Posts of which the warning is open, after another look of the watch."""
    site.hub.dispatch.watch_soon()
    site.hub.dispatch.step()
    sql = "SELECT * FROM warnings WHERE what = 'drill_not_ended' AND closed_ms IS NULL"
    return [(row["subject"], row["urgent"], row["owner"]) for row in site.rows(sql)]


def test_the_page_says_of_each_post_whether_it_knows_of_the_begin_and_of_the_end(site):
    person = site.enter("admin")
    begin(site, person)
    assert "pos-1: belum tahu" in person.get("/latihan").text
    knows(site, True)
    assert "pos-1: sudah tahu" in person.get("/latihan").text
    end(site, person)
    text = person.get("/latihan").text
    assert "sudah diakhiri" in text and "pos-1: belum tahu" in text
    assert "masih bisa membunyikan alarm sungguhan sebagai latihan" in text
    knows(site, False)
    text = person.get("/latihan").text
    assert "pos-1: sudah tahu" in text
    site.clock.advance(20 * MINUTE_MS)
    assert "sudah diakhiri" not in person.get("/latihan").text, "by now every window has run out"


def test_an_end_that_a_post_does_not_know_after_half_a_minute_is_an_urgent_warning_until_it_does(site):
    person = site.enter("admin")
    begin(site, person)
    knows(site, True)
    site.clock.advance(MINUTE_MS)
    end(site, person)
    site.clock.advance(29 * SECOND_MS)
    assert warned(site) == []
    site.clock.advance(2 * SECOND_MS)
    assert warned(site) == [("pos-1", 1, "ronda")]
    assert "latihan belum berakhir" in person.get("/peringatan").text
    knows(site, False)
    assert warned(site) == []


def test_a_drill_that_ran_out_by_itself_is_known_by_whoever_knew_of_it(site):
    person = site.enter("admin")
    begin(site, person, 10)
    knows(site, True)
    site.clock.advance(11 * MINUTE_MS)
    assert warned(site) == []
    begin(site, person, 10)
    end(site, person, 2)
    site.clock.advance(10 * MINUTE_MS)
    assert warned(site) == []


def test_an_answer_to_another_drill_says_nothing_of_this_one(site):
    person = site.enter("admin")
    begin(site, person)
    end(site, person)
    begin(site, person)
    knows(site, True, number=1)
    knows(site, True, number=77)
    assert "pos-1: belum tahu" in person.get("/latihan").text
    knows(site, True, number=2)
    assert "pos-1: sudah tahu" in person.get("/latihan").text


def test_a_gateway_that_started_anew_holds_the_drill_no_more_and_is_named(site):
    person = site.enter("admin")
    begin(site, person)
    site.hub.dispatch.step()
    for order in site.orders():
        site.done(order["id"])
    knows(site, True)
    assert "gateway-1: sudah tahu" in person.get("/latihan").text
    (gateway,) = site.rows("SELECT node FROM gateways WHERE label = 'gateway-1'")
    knows(site, False, gateway["node"])
    knows(site, False)
    text = person.get("/latihan").text
    assert "gateway-1: belum tahu" in text and "pos-1: belum tahu" in text


def test_the_end_is_told_by_another_gateway_when_the_posts_own_has_gone_quiet(site):
    provision.gateway_file(site.data_dir, "gateway-2", 6)
    provision.gateway_token(site.data_dir, "gateway-2")
    person = site.enter("admin")
    with site.hub.store.write() as db:
        db.run("UPDATE gateways SET heard_ms = ?", site.hub.now().ms)
    begin(site, person)
    assert orders_to(site, "gateway-1")[0]["posts"] == [site.post]
    site.clock.advance(MINUTE_MS)
    end(site, person)
    assert orders_to(site, "gateway-1")[1]["posts"] == [site.post], "while nobody works it is its own's"
    with site.hub.store.write() as db:
        db.run("UPDATE gateways SET heard_ms = ? WHERE label = 'gateway-2'", site.hub.now().ms)
    site.hub.dispatch.step()
    site.hub.dispatch.step()
    assert [o["posts"] for o in orders_to(site, "gateway-2")] == [[], [], [site.post]]
    assert orders_to(site, "gateway-2")[-1]["minutes"] == 0


def test_an_odd_word_about_a_drill_is_refused_and_one_of_no_drill_is_nothing(site):
    answer = site.post_events(site.event("drill_known", device=site.post, open=True))
    assert "number: missing" in json.dumps(answer)
    knows(site, False, number=99)
    assert site.rows("SELECT * FROM drill_posts") == []


def start_ahead(site, days=30):
    """The hub was off for a moment, and its clock is ahead when it is back."""
    site.hub.dispatch._saved_ms = 0
    site.hub.dispatch.step()
    site.clock.advance(days * 24 * 60 * MINUTE_MS)
    site.restart()
    site.hub.dispatch.step()


def test_a_drill_that_ran_out_by_a_guess_at_a_start_is_ended_at_the_posts_too(site):
    """They go on for an hour: an alarm in earnest would be beaten as a drill, and no page says so."""
    person = site.enter("admin")
    begin(site, person, 60)
    knows(site, True)
    site.done(*[order["id"] for order in site.orders()])
    start_ahead(site)
    (order,) = [order for order in site.orders() if order["type"] == "drill"]
    assert order["minutes"] == 0 and order["posts"] == [site.post] and order["number"] == 1
    site.clock.advance(31 * SECOND_MS)
    assert warned(site) == [("pos-1", 1, "ronda")], "until it says that it knows"
    knows(site, False)
    assert warned(site) == []


def test_nor_does_a_guess_end_the_wait_for_a_post_that_has_not_said_it_knows_of_the_end(site):
    person = site.enter("admin")
    begin(site, person, 60)
    knows(site, True)
    end(site, person)
    start_ahead(site)
    assert [order["minutes"] for order in site.orders() if order["type"] == "drill"] == [0]
    assert warned(site) == [("pos-1", 1, "ronda")]
    for _ in range(7):
        site.clock.advance(10 * MINUTE_MS)
        site.was_there()
        site.hub.dispatch.step()
    assert warned(site) == [], "by now every window has run out for sure"


def test_a_drill_that_runs_on_by_any_guess_goes_on_and_one_long_over_is_left_alone(site):
    person = site.enter("admin")
    begin(site, person, 10)
    site.clock.advance(11 * MINUTE_MS)
    site.hub.dispatch.step()
    begin(site, person, 60)
    before = len(orders_to(site, "gateway-1"))
    site.hub.dispatch._saved_ms = 0
    site.hub.dispatch.step()
    site.clock.advance(2 * MINUTE_MS)
    site.restart()
    assert len(orders_to(site, "gateway-1")) == before
    assert "sudah diakhiri" not in site.enter("admin").get("/latihan").text
