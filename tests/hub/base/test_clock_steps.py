"""Whichever way the wall clock is stepped, what the hub says of posts, devices and people stays true."""

from datetime import UTC, datetime, timedelta

import pytest
from kentongan_hub.base.clock import local_parts
from kentongan_hub.devices import last_heard, troubles
from kentongan_hub.devices import supervision as s
from kentongan_hub.incidents.drills import drills
from kentongan_hub.people import contacts, residents
from kentongan_hub.people.houses import coverage, left_empty
from kentongan_hub.record import away
from kentongan_hub.web import drill_results
from kentongan_wire.message import messages as m

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
BY = {"id": None, "login": "admin", "name": "Bu Admin"}
STEPS_MS = (-400 * DAY_MS, -HOUR_MS, HOUR_MS, 400 * DAY_MS)
stepped = pytest.mark.parametrize("step_ms", STEPS_MS)


def step(site, ms=0):
    site.clock.advance(ms)
    site.hub.dispatch.step()
    return {row["what"] for row in site.warnings()}


def report(site, counter, state=m.STATE_SOUNDING):
    fields = {"device": site.post, "origin": site.button, "counter": counter, "source": 1}
    site.post_events(site.event("siren_report", state=state, **fields))


def status(site, node, age_ms=0, off_ms=0, **body):
    """A STATUS that the gateway heard `age_ms` ago, by its own clock that is `off_ms` ahead of the truth."""
    told = datetime.fromtimestamp((site.clock.now_ms - age_ms + off_ms) / 1000, UTC).isoformat()
    fields = {"device": node, "role": 2 if node == site.post else 1, "body": {"flags": 0, **body}}
    site.post_events(site.event("status", **fields) | {"wall": told, "age_ms": age_ms})


@stepped
def test_a_siren_that_falls_silent_is_said_also_when_the_clock_was_stepped_since_it_sounded(clocks, step_ms):
    clocks.post_events(clocks.alarm(counter=9))
    report(clocks, 9)
    assert "sirene diam" not in step(clocks, 20_000)
    clocks.clock.wrong_ms = step_ms
    clocks.post_events(clocks.alarm(counter=5, device=clocks.other))
    assert "sirene diam" in step(clocks, 200_000)


@stepped
@pytest.mark.parametrize("how", ["sounds", "checked"])
def test_a_silent_siren_that_was_seen_to_is_over_also_when_the_clock_was_stepped(clocks, step_ms, how):
    clocks.post_events(clocks.alarm(counter=9))
    assert "sirene diam" in step(clocks, 20_000)
    clocks.clock.wrong_ms = step_ms
    step(clocks, 10_000)
    if how == "sounds":
        report(clocks, 9)
    else:
        (row,) = clocks.rows("SELECT id FROM warnings WHERE what = 'siren_silent'")
        clocks.enter("admin").post("/peringatan/diperiksa", page="/peringatan", nomor=row["id"])
    assert "sirene diam" not in step(clocks, 10_000)


def test_an_alarm_of_which_nobody_knows_when_it_was_pressed_calls_people_and_no_siren_silent(site):
    site.post_events(site.alarm(counter=9, age_ms=-1))
    assert site.incidents()[0]["next_alert_ms"] is not None
    assert "sirene diam" not in step(site, 20_000)


@stepped
def test_a_device_that_was_never_heard_is_said_after_a_day_of_listening(clocks, step_ms):
    assert "belum terdengar" not in step(clocks, 23 * HOUR_MS)
    clocks.clock.wrong_ms = step_ms
    assert "belum terdengar" not in step(clocks, MINUTE_MS)
    assert "belum terdengar" in step(clocks, 2 * HOUR_MS)


def test_a_hub_that_was_off_for_a_week_has_listened_to_no_new_device(site):
    step(site, HOUR_MS)
    site.clock.advance(7 * DAY_MS)
    site.restart()
    assert "belum terdengar" not in step(site, HOUR_MS)
    assert "belum terdengar" in step(site, DAY_MS)


@stepped
def test_a_backup_is_old_after_the_days_that_passed(clocks, step_ms):
    with clocks.hub.store.write() as db:
        db.set_setting("backup_ms", clocks.clock.steady_ms())
        db.set_setting("backup_wall", clocks.clock.wall_ms())
    assert "cadangan lama" not in step(clocks, 7 * DAY_MS)
    clocks.clock.wrong_ms = step_ms
    assert "cadangan lama" not in step(clocks, MINUTE_MS)
    assert "cadangan lama" in step(clocks, DAY_MS + HOUR_MS)
    (row,) = clocks.warnings("what = 'backup_old'")
    assert row["detail"].startswith("8 hari")


def test_a_start_that_guesses_a_month_makes_no_backup_and_no_number_old(site):
    step(site, MINUTE_MS)
    with site.hub.store.write() as db:
        db.set_setting("contacts_days", 30)
        for row in db.all("SELECT id FROM contacts WHERE number != ''"):
            contacts.verified(db, site.hub.now(), BY, row["id"])
    step(site, 6 * DAY_MS)
    site.clock.advance(29 * DAY_MS)
    site.restart()
    assert not {"cadangan lama", "kontak lama"} & step(site, HOUR_MS)
    assert "cadangan lama" in step(site, 3 * DAY_MS)


@stepped
def test_a_number_is_to_be_called_again_after_the_days_that_passed(clocks, step_ms):
    step(clocks, MINUTE_MS)
    with clocks.hub.store.write() as db:
        for row in db.all("SELECT id FROM contacts WHERE number != ''"):
            contacts.verified(db, clocks.hub.now(), BY, row["id"])
    step(clocks, 179 * DAY_MS)
    clocks.clock.wrong_ms = step_ms
    assert "kontak lama" not in step(clocks, MINUTE_MS)
    assert clocks.enter("admin").get("/kontak").text.count("cek lagi") == 0
    assert "kontak lama" in step(clocks, 2 * DAY_MS)


@stepped
def test_what_the_hub_itself_failed_at_is_said_for_half_an_hour(clocks, step_ms):
    from kentongan_hub.record import failures

    with clocks.hub.store.write() as db:
        failures.note(db, clocks.hub.now(), "memanggil")
    clocks.clock.wrong_ms = step_ms
    assert "pusat data gagal" in step(clocks, 29 * MINUTE_MS)
    assert "pusat data gagal" not in step(clocks, 2 * MINUTE_MS)


@stepped
def test_the_answer_to_a_quiet_test_is_taken_and_an_older_status_is_none(clocks, step_ms):
    person = clocks.enter("admin")
    status(clocks, clocks.post)
    person.post("/perangkat/pos-1/uji", page="/perangkat")
    clocks.clock.wrong_ms = step_ms
    clocks.clock.advance(4_000)
    status(clocks, clocks.post, age_ms=10_000)
    assert "belum dijawab: muat ulang" in person.get("/perangkat").text, "heard before the order"
    status(clocks, clocks.post)
    assert "belum dijawab: muat ulang" not in person.get("/perangkat").text


@stepped
def test_a_button_counts_as_tested_for_thirty_days(clocks, step_ms):
    def tested():
        with clocks.hub.store.read() as db:
            return coverage.total(coverage.houses(db, clocks.hub.now()))["counts"]["diuji"]

    clocks.post_events(clocks.alarm(kind=m.KIND_UJI))
    clocks.clock.wrong_ms = step_ms
    clocks.clock.advance(29 * DAY_MS)
    assert tested() == 1
    clocks.clock.advance(2 * DAY_MS)
    assert tested() == 0


@stepped
def test_a_house_that_is_left_empty_is_called_empty_for_its_days(clocks, step_ms):
    with clocks.hub.store.write() as db:
        residents.add_house(db, clocks.hub.now(), BY, 5, 7, "")
        today = local_parts(clocks.hub.now().wall, "WIB")
        days = [f"{today + timedelta(days=number):%Y-%m-%d}" for number in (0, 2)]
        left_empty.plan(db, clocks.hub.now(), BY, 5, 7, *days)
    clocks.clock.wrong_ms = step_ms
    clocks.clock.advance(2 * DAY_MS)
    clocks.post_events(clocks.alarm(counter=9))
    assert "RUMAH KOSONG" in clocks.enter("admin").get("/kejadian/kejadian-1").text
    clocks.clock.advance(2 * DAY_MS)
    clocks.post_events(clocks.alarm(counter=50))
    assert "RUMAH KOSONG" not in clocks.enter("admin").get("/kejadian/kejadian-2").text


@pytest.mark.parametrize("off_ms", [-20 * DAY_MS, -HOUR_MS, HOUR_MS])
@pytest.mark.parametrize("whose", ["gateway", "hub"])
def test_a_device_that_was_heard_now_was_heard_now_whatever_two_clocks_say(clocks, whose, off_ms):
    if whose == "hub":
        clocks.clock.wrong_ms = off_ms
    status(clocks, clocks.post, off_ms=off_ms if whose == "gateway" else 0)
    assert not {"sirene terputus", "terlambat"} & step(clocks, 20_000)
    (row,) = clocks.rows("SELECT heard_ms FROM devices WHERE node = ?", clocks.post)
    assert row["heard_ms"] == clocks.clock.steady_ms() - 20_000


@stepped
def test_the_days_of_a_falling_battery_are_days_that_passed(clocks, step_ms):
    for day in range(10):
        if day == 5:
            clocks.clock.wrong_ms = step_ms
        status(clocks, clocks.button, battery=200 - day)
        clocks.clock.advance(DAY_MS)
    assert clocks.rows("SELECT days_left FROM devices WHERE node = ?", clocks.button) == [{"days_left": 27}]


@stepped
def test_a_drills_result_counts_the_buttons_that_were_in_service(clocks, step_ms):
    clocks.clock.wrong_ms = step_ms
    with clocks.hub.store.write() as db:
        for key in ("quiet_from", "quiet_to"):
            db.set_setting(key, "00.00")
        number = drills.start(db, clocks.hub.now(), BY, 20, 5)
        assert drill_results.summary(db, drills.find(db, number))["buttons"] == 2


@stepped
def test_who_was_told_of_a_drill_is_told_that_it_is_cancelled(clocks, step_ms):
    with clocks.hub.store.write() as db:
        person = residents.add_person(db, clocks.hub.now(), BY, "Siti", 5, 7, True)
        residents.add_address(db, clocks.hub.now(), BY, person, "sms", "081234567890")
        day = drills.local_parts(clocks.clock.now_ms + 5 * DAY_MS, "WIB").strftime("%Y-%m-%d")
        number = drills.plan(db, clocks.hub.now(), BY, day, "10.00", 20, 5)
        drills.announce(db, clocks.hub.now(), BY, number)
        clocks.clock.wrong_ms = step_ms
        drills.cancel(db, clocks.hub.now(), BY, number, "hujan")
    (told,) = clocks.rows("SELECT body FROM outbox WHERE body LIKE '%dibatalkan%'")
    assert "Alarm tetap sungguhan" in told["body"]


def test_of_too_many_troubles_the_oldest_leaves_also_when_the_gateways_clock_went_back(clocks):
    with clocks.hub.store.write() as db:
        for number in range(troubles.LIMIT + 1):
            told = datetime.fromtimestamp((clocks.clock.now_ms - number * HOUR_MS) / 1000, UTC).isoformat()
            event = {"name": f"radio_deaf {number}", "active": True, "detail": "", "wall": told, "age_ms": 0}
            troubles.take(db, clocks.hub.now(), "gateway-1", event)
            clocks.clock.advance(1_000)
        names = {row["name"] for row in troubles.lasting(db)}
    assert "radio_deaf 0" not in names and f"radio_deaf {troubles.LIMIT}" in names


def test_absences_of_unknown_length_have_not_surely_passed_and_none_was_listened_to():
    gone = away.Absences([
        {"from_ms": 700, "to_ms": 900, "sure": 1},
        {"from_ms": 300, "to_ms": 600, "sure": 0},
        {"from_ms": 0, "to_ms": 50, "sure": 0},
    ])  # fmt: skip
    assert (gone.passed_ms(100, 1_000), gone.listened_ms(100, 1_000)) == (600, 400)
    assert (gone.passed_ms(400, 1_000), gone.listened_ms(400, 1_000)) == (400, 200)
    assert gone.passed_ms(950, 1_000) == gone.listened_ms(950, 1_000) == 50


def test_what_a_command_made_before_the_first_start_is_not_younger_than_that_start(site):
    rows = site.rows("SELECT created_ms FROM devices")
    assert rows and all(row["created_ms"] <= site.clock.now_ms for row in rows)


def test_an_event_of_unknown_age_is_dated_by_its_wall_and_never_in_the_future():
    from kentongan_hub.base.clock import Now

    event = {"wall": "2026-11-21T10:00:00+00:00", "age_ms": -1}
    then_ms = int(datetime(2026, 11, 21, 10, tzinfo=UTC).timestamp() * 1000)
    assert last_heard.happened_ms(Now(5 * HOUR_MS, then_ms + HOUR_MS), event) == 4 * HOUR_MS
    assert last_heard.happened_ms(Now(5 * HOUR_MS, then_ms - HOUR_MS), event) == 5 * HOUR_MS
    assert last_heard.happened_ms(Now(5 * HOUR_MS, 0), {**event, "age_ms": 7}) == 5 * HOUR_MS - 7


def test_no_limit_of_the_supervision_is_compared_with_a_wall():
    import inspect

    assert "wall" not in inspect.getsource(s)
