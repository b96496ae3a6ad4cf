"""An order that somebody recorded makes a post beat once more: the hub knows better, and has it stopped."""

import json

import pytest
from kentongan_hub.devices import provision
from kentongan_hub.incidents import orders, soundings
from kentongan_wire.message import messages as m

MINUTE_MS = 60_000


def sounding(site, counter=1234, source=m.SOURCE_ORDER, state=m.STATE_SOUNDING):
    fields = {"origin": site.button, "counter": counter, "state": state, "source": source}
    return site.event("siren_report", device=site.post, **fields)


def rests(site):
    rows = site.rows("SELECT * FROM outbox WHERE type = 'siren' ORDER BY id")
    bodies = [json.loads(row["body"]) for row in rows]
    return [body for body in bodies if body["action"] == "rest"]


@pytest.fixture
def over(site):
    """An alarm of long ago, for which nobody orders sirens any more."""
    site.post_events(site.alarm(counter=1234, kind=1), sounding(site))
    site.enter("admin").post("/kejadian/kejadian-1/datang", page="/papan")
    site.clock.advance(soundings.OVER_MS + MINUTE_MS)
    return site


def test_a_post_that_beats_by_an_order_of_long_ago_is_stopped_and_no_other(over):
    over.post_events(sounding(over))
    (body,) = rests(over)
    assert body["targets"] == [over.post] and (body["origin"], body["counter"]) == (over.button, 1234)
    texts = [row["what"] for row in over.lines()]
    assert "perintah lama diputar ulang, sirene diminta diam" in texts


def test_a_second_post_that_was_played_it_is_stopped_too(over):
    other = provision.add_device(over.hub.data_dir, "sirene", "pos-2", 5)["node"]
    over.post_events(sounding(over), {**sounding(over), "device": other})
    assert [body["targets"] for body in rests(over)] == [[over.post], [other]]


def test_what_nobody_has_answered_goes_on_for_a_gateway_may_order_it_late_after_a_drill(site):
    site.post_events(site.alarm(counter=1234, kind=1), sounding(site))
    with site.hub.store.write() as db:
        db.run("UPDATE incidents SET next_alert_ms = NULL")
    site.clock.advance(soundings.OVER_MS + MINUTE_MS)
    site.post_events(sounding(site))
    assert not rests(site)


def test_whoever_asked_for_more_help_is_called_on_by_sirens_too(over):
    with over.hub.store.write() as db:
        db.run("UPDATE incidents SET help_ms = ?", over.clock.steady_ms())
    over.post_events(sounding(over))
    assert not rests(over)


@pytest.mark.parametrize("age_ms", [-1, 20 * MINUTE_MS])
def test_what_a_gateway_tells_late_is_no_recording(over, age_ms):
    """Its own link was cut: what was pressed meanwhile is still on its way behind this word."""
    over.post_events({**sounding(over), "age_ms": age_ms})
    assert not rests(over)


def test_a_post_that_says_so_for_hours_fills_no_timeline(over):
    for _ in range(3):
        over.post_events(sounding(over))
        over.clock.advance(soundings.AGAIN_MS + 1)
    texts = [row["what"] for row in over.lines()]
    assert texts.count("perintah lama diputar ulang, sirene diminta diam") == 1 and len(rests(over)) == 3


def test_its_many_reports_make_one_order_in_ten_seconds(over):
    for _ in range(5):
        over.post_events(sounding(over))
    assert len(rests(over)) == 1
    over.clock.advance(soundings.AGAIN_MS + 1)
    over.post_events(sounding(over))
    assert len(rests(over)) == 2


@pytest.mark.parametrize("source", [m.SOURCE_DIRECT, m.SOURCE_RECEIPT, m.SOURCE_POST])
def test_what_sounds_without_an_order_is_for_the_gateway_to_judge(over, source):
    over.post_events(sounding(over, source=source))
    assert not rests(over)


@pytest.mark.parametrize("state", [m.STATE_STOPPED, m.STATE_SILENCED, m.STATE_FAILED, m.STATE_REFUSED])
def test_a_post_that_does_not_sound_is_not_stopped(over, state):
    over.post_events(sounding(over, state=state))
    assert not rests(over)


def test_an_alarm_of_the_last_ten_minutes_goes_on(site):
    site.post_events(site.alarm(counter=1234, kind=1))
    site.clock.advance(soundings.OVER_MS - MINUTE_MS)
    site.post_events(sounding(site))
    assert not rests(site)


def test_a_further_press_for_the_same_incident_makes_it_young_again(over):
    over.post_events(over.alarm(counter=1235, incident=1234, kind=1), sounding(over))
    assert not rests(over)


def test_sirens_that_the_hub_itself_has_just_ordered_go_on(over):
    with over.hub.store.write() as db:
        incident = db.one("SELECT * FROM incidents")
        orders.siren(db, over.hub.now(), incident, "start", 60)
    over.clock.advance(MINUTE_MS)
    over.post_events(sounding(over))
    assert not rests(over)


def test_a_hub_that_was_away_until_now_judges_no_order(over):
    now_ms = over.clock.steady_ms()
    with over.hub.store.write() as db:
        db.insert("absences", from_ms=now_ms - 120_000, to_ms=now_ms - 1_000, to_wall=0, sure=1)
    over.post_events(sounding(over))
    assert not rests(over)
    over.clock.advance(soundings.OVER_MS)
    over.post_events(sounding(over))
    assert len(rests(over)) == 1
