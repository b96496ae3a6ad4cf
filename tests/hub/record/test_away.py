"""A hub that was away has seen nothing; a wrong clock erases nothing; people are told of both."""

import io

import pytest
from kentongan_hub.base import clock
from kentongan_hub.base.clock import Clock
from kentongan_hub.devices import provision
from kentongan_hub.devices import supervision as s
from kentongan_hub.people import invitations
from kentongan_hub.record import away, outbox
from kentongan_hub.upkeep import coming_back
from kentongan_wire.message import messages as m
from kits.hub.hub_kit import HubProcess
from PIL import Image

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000


def step(site, ms=0):
    site.clock.advance(ms)
    site.hub.dispatch.step()


def days(site, count):
    """The hub runs for so many days. A round a week will do: nothing is kept for less than a month."""
    for passed in range(0, count, 7):
        step(site, min(7, count - passed) * DAY_MS)


def off(site, ms, guessed_ms=None):
    """The hub is off; at its start steady time has moved by what the wall made it believe."""
    site.hub.dispatch._saved_ms = 0
    step(site, 30_000)
    site.clock.advance(ms if guessed_ms is None else guessed_ms)
    site.restart()


def photo(site, admin, slug="kejadian-1"):
    out = io.BytesIO()
    Image.new("RGB", (320, 240), (200, 60, 20)).save(out, "JPEG")
    form = {"csrf": admin.token(f"/kejadian/{slug}"), "foto": (io.BytesIO(out.getvalue()), "a.jpg")}
    answer = admin.client.post(f"/kejadian/{slug}/foto", data=form, headers={"Origin": "http://localhost"})
    assert answer.status_code == 303, answer.text


def closed_incident(site):
    site.post_events(site.alarm(counter=9))
    admin = site.enter("admin")
    photo(site, admin)
    admin.post("/kejadian/kejadian-1/selesai", page="/papan", alasan="Pintu belakang rusak")
    return admin


@pytest.mark.parametrize("behind_days", [100, 3 * 365])
def test_what_was_stored_while_the_clock_was_behind_is_there_after_it_was_set(clocks, behind_days):
    clocks.clock.wrong_ms = -behind_days * DAY_MS
    closed_incident(clocks)
    clocks.clock.wrong_ms = 0
    for _ in range(3):
        step(clocks, 11 * MINUTE_MS)
    assert clocks.rows("SELECT count(*) AS n FROM photos") == [{"n": 1}]
    (incident,) = clocks.incidents()
    assert incident["reason"] == "Pintu belakang rusak" and incident["erased_wall"] is None


def test_eleven_years_ahead_erase_nothing_and_the_time_that_passed_still_does(clocks):
    closed_incident(clocks)
    clocks.clock.wrong_ms = 11 * 365 * DAY_MS
    for _ in range(20):
        step(clocks, 11 * MINUTE_MS)
    clocks.clock.wrong_ms = 0
    assert clocks.incidents()[0]["erased_wall"] is None
    assert clocks.rows("SELECT count(*) AS n FROM photos") == [{"n": 1}]
    days(clocks, 91)
    assert clocks.rows("SELECT count(*) AS n FROM photos") == [{"n": 0}], "90 days that did pass"
    days(clocks, 640)
    assert clocks.incidents()[0]["erased_wall"] is not None, "730 days that did pass"


def test_a_clock_that_is_ahead_when_an_incident_is_closed_keeps_its_words_no_longer(clocks):
    clocks.clock.wrong_ms = 11 * 365 * DAY_MS
    closed_incident(clocks)
    clocks.clock.wrong_ms = 0
    days(clocks, 732)
    assert clocks.incidents()[0]["erased_wall"] is not None


def test_a_start_that_guesses_years_erases_nothing_of_what_ends_by_itself(site):
    closed_incident(site)
    site.post_events(site.event("status", device=site.post, role=2, body={"flags": m.STATUS_MAINS}))
    tables = ("photos", "alarms", "events", "outbox", "statuses")
    before = {name: site.rows(f"SELECT count(*) AS n FROM {name}")[0]["n"] for name in tables}
    assert min(before.values()) > 0
    off(site, 11 * 365 * DAY_MS)
    for _ in range(3):
        step(site, 11 * MINUTE_MS)
    after = {name: site.rows(f"SELECT count(*) AS n FROM {name}")[0]["n"] for name in tables}
    assert all(after[name] >= before[name] for name in tables), (before, after)
    assert site.incidents()[0]["erased_wall"] is None


def test_sessions_the_posts_tablet_and_technicians_outlive_a_start_ahead_and_the_return(site):
    from kentongan_hub.devices.provision import technicians
    from kentongan_hub.people import screens

    admin = site.enter("admin")
    with site.hub.store.write() as db:
        token = technicians.new_token(db, site.hub.now(), "Pak Teknisi")
    tablet = site.app.test_client()
    code = tablet.get("/layar").text.split('class="kode')[1].split(">")[1].split("<")[0].replace(" ", "")
    assert admin.post("/layar/pos", page="/layar/pos", nama="Pos Mawar", kode=code).status_code in (200, 303)
    assert tablet.get("/layar").status_code == 303
    cookies = [admin.client, tablet]
    off(site, 11 * 365 * DAY_MS)
    for client in cookies:
        client.application = site.app
        assert client.get("/papan").status_code == 200
    with site.hub.store.read() as db:
        assert technicians.of_token(db, site.hub.now(), token)["name"] == "Pak Teknisi"
    step(site, screens.SESSION_MS - DAY_MS)
    assert tablet.get("/papan").status_code == 200 and admin.client.get("/papan").status_code in (302, 401)
    step(site, screens.SESSION_MS + DAY_MS)
    assert tablet.get("/papan").status_code in (302, 401), "its days are counted all the same"


def test_a_wall_that_went_back_is_a_warning_until_it_proved_right(clocks):
    def wrong():
        return clocks.rows("SELECT 1 FROM warnings WHERE what = 'clock_unsure' AND closed_ms IS NULL")

    clocks.clock.wrong_ms = 400 * DAY_MS
    step(clocks, MINUTE_MS)
    clocks.clock.wrong_ms = 0
    step(clocks, MINUTE_MS)
    assert wrong()
    for _ in range(25):
        step(clocks, HOUR_MS)
    assert not wrong(), "not for the 400 days that it is behind its own mistake"


# --- a watcher that was away ---


def heard(site):
    flags = {"flags": m.STATUS_MAINS}
    site.post_events(
        site.event("status", device=site.post, role=2, body=flags),
        site.event("status", device=site.button, role=1, body={"flags": 0, "battery": 195}),
    )
    step(site, 10_000)


def open_now(site):
    return {w["what"] for w in site.warnings()}


SILENCE = {"gerbang terputus", "sirene terputus", "terputus", "terlambat"}


def test_after_its_own_outage_nobody_is_called_silent_before_their_time(site):
    heard(site)
    off(site, 13 * HOUR_MS)
    step(site, 10_000)
    assert not SILENCE & open_now(site)
    step(site, 140_000)
    assert not SILENCE & open_now(site), "a post reports every 140 s"
    step(site, 200_000)
    assert SILENCE & open_now(site) == {"gerbang terputus"}, "behind a gateway that is away nobody is known"
    for _ in range(18):
        site.post_events()
        step(site, 20_000)
    assert SILENCE & open_now(site) == {"sirene terputus"}, "and whoever is silent then is silent"


def test_until_they_are_heard_again_they_are_waited_for_and_nothing_is_green(site):
    heard(site)
    off(site, 13 * HOUR_MS)
    board = site.enter("admin").get("/papan").text
    assert "GERBANG TERPUTUS" not in board and "Gerbang terhubung" not in board
    assert "Gerbang ditunggu kabarnya: gateway-1" in board and "Sirene pos: 0 dari 1" in board
    heard(site)
    board = site.enter("admin").get("/papan").text
    assert "Gerbang terhubung" in board and "Sirene pos: 1 dari 1" in board


def test_the_hub_says_that_it_was_away_on_board_page_timeline_and_to_a_technician(site):
    with site.hub.store.write() as db:
        person = db.insert("people", name="Teknisi", created_wall=0)
        db.insert("duties", person=person, duty="teknisi", zone=0)
        db.insert("addresses", person=person, channel="sms", address="+62811")
    site.post_events(site.alarm(counter=9))
    off(site, 13 * HOUR_MS)
    step(site, 10_000)
    admin = site.enter("admin")
    assert "PUSAT DATA PERNAH MATI</strong> kira-kira 13 jam 0 menit" in admin.get("/papan").text
    assert "tidak berjalan kira-kira 13 jam 0 menit" in admin.get("/peringatan").text
    assert "tidak berjalan: kira-kira 13 jam" in admin.get("/kejadian/kejadian-1").text
    assert "pusat data pernah mati" in open_now(site)
    (told,) = site.rows("SELECT body FROM outbox WHERE type = 'news' AND body LIKE '%pernah mati%'")
    assert "13 jam" in told["body"]
    step(site, away.SHOWN_MS)
    assert "PUSAT DATA PERNAH MATI" not in admin.get("/papan").text
    step(site, away.TOLD_MS)
    assert "pusat data pernah mati" not in open_now(site)


def test_a_restart_of_seconds_is_no_absence(site):
    heard(site)
    off(site, 20_000)
    assert site.rows("SELECT * FROM absences") == []
    assert "PERNAH MATI" not in site.enter("admin").get("/papan").text


def test_an_alarm_that_nobody_answered_meanwhile_calls_on_at_once_by_one_step(site):
    site.post_events(site.alarm(counter=9))
    off(site, 2 * HOUR_MS)
    step(site)
    assert site.incidents()[0]["alerts"] == 1, "it is late already"
    step(site, 1_000)
    assert site.incidents()[0]["alerts"] == 1


def test_a_call_that_waited_has_its_time_again_after_a_start_ahead_and_an_order_has_not(site):
    """Thirty days went by on the clock: the calls of a moment ago expired, and nobody had tried them."""
    with site.hub.store.write() as db:
        now_ms = site.hub.now().ms
        for kind in (outbox.MESSAGE, outbox.CORRECTION, outbox.NEWS):
            outbox.add(db, now_ms, "sms", kind, "{}", 30 * MINUTE_MS)
        outbox.add(db, now_ms, outbox.gateway_channel("gateway-1"), "siren", "{}", 30 * MINUTE_MS)
    off(site, 30 * DAY_MS)
    step(site, 1_000)
    states = {row["type"]: row["state"] for row in site.rows("SELECT type, state FROM outbox")}
    assert states.pop("siren") == outbox.EXPIRED
    assert {states[kind] for kind in (outbox.MESSAGE, outbox.CORRECTION, outbox.NEWS)} == {outbox.WAITING}
    step(site, 31 * MINUTE_MS)
    step(site)
    assert site.rows("SELECT state FROM outbox WHERE type = ?", outbox.MESSAGE)[0]["state"] == outbox.EXPIRED


def test_a_link_to_an_account_outlives_a_start_ahead_and_its_hours_still_pass(site):
    site.enter("admin")
    with site.hub.store.write() as db:
        account = db.one("SELECT * FROM accounts ORDER BY id LIMIT 1")
        token = invitations.recover(db, site.hub.now(), "admin", account)

    def is_open():
        with site.hub.store.read() as db:
            return invitations.find(db, site.hub.now().ms, token) is not None

    off(site, 11 * 365 * DAY_MS)
    step(site, 1_000)
    assert is_open()
    step(site, 8 * DAY_MS)
    assert not is_open()


def test_a_post_whose_report_waits_at_its_gateway_is_not_called_silent(site):
    site.post_events(site.alarm(counter=9))
    off(site, 2 * HOUR_MS)
    step(site, 10_000)
    report = {"device": site.post, "origin": site.button, "counter": 9, "source": 1}
    site.post_events(site.event("siren_report", state=m.STATE_SOUNDING, **report))
    step(site, coming_back.CATCH_UP_MS)
    assert "sirene diam" not in open_now(site)


def test_orders_stay_with_their_gateway_while_it_has_its_time_to_come_back(site):
    with site.hub.store.write() as db:
        provision.add_gateway(db, "gateway-2", 6)
        db.run("UPDATE gateways SET token = 'x' WHERE label = 'gateway-2'")
    site.post_events(site.alarm(counter=9))
    off(site, 2 * HOUR_MS)
    with site.hub.store.write() as db:  # the other one is back first
        db.run("UPDATE gateways SET heard_ms = ? WHERE label = 'gateway-2'", site.clock.now_ms)
    admin = site.enter("admin")
    admin.post("/kejadian/kejadian-1/datang", page="/papan")
    step(site, 10_000)
    assert site.rows("SELECT channel FROM outbox WHERE type = 'stage'") == [{"channel": "gateway:gateway-1"}]


def test_a_thread_that_was_held_up_for_minutes_has_watched_nobody(site):
    heard(site)
    site.hub.dispatch._notice_a_gap()
    site.clock.advance(10 * MINUTE_MS)
    site.hub.dispatch._notice_a_gap()
    assert site.rows("SELECT sure FROM absences") == [{"sure": 1}]
    step(site)
    assert not SILENCE & open_now(site)


def test_a_hub_that_is_switched_off_every_night_still_finds_a_button_that_died(site):
    heard(site)
    for _ in range(4):  # 8 hours on, 16 off
        for _ in range(8):
            step(site, HOUR_MS)
            site.was_there()
        off(site, 16 * HOUR_MS)
    step(site, 10_000)
    assert "terputus" in open_now(site)
    assert s.link("tombol", 0, 8 * HOUR_MS, gone=away.Absences()) == s.TERHUBUNG


# --- the machine's clock ---


def test_on_the_same_boot_the_machine_itself_knows_how_long_it_was(monkeypatch):
    first = Clock(1_000_000, "")
    mark = first.mark()
    monkeypatch.setattr(clock, "uptime_ms", lambda real=clock.uptime_ms: real() + 5 * HOUR_MS)
    monkeypatch.setattr(Clock, "wall_ms", lambda self: 99 * 365 * DAY_MS)  # whatever the wall says
    second = Clock(1_000_000, mark)
    assert second.sure and abs(second.steady_ms() - 1_000_000 - 5 * HOUR_MS) < 5_000


@pytest.mark.parametrize(("wall_ms", "least", "most"), [
    (0, away.NOTICED_MS, 2 * MINUTE_MS),
    (11 * 365 * DAY_MS, clock.GUESS_MAX_MS, clock.GUESS_MAX_MS + 1_000),
])  # fmt: skip
def test_on_another_boot_no_wall_moves_steady_time_back_or_by_years(monkeypatch, wall_ms, least, most):
    floor = 1_000_000
    monkeypatch.setattr(clock, "uptime_ms", lambda: 20_000)
    monkeypatch.setattr(Clock, "wall_ms", lambda self: floor + wall_ms if wall_ms else 0)
    after = Clock(floor, "another-boot 777")
    assert not after.sure and least <= after.steady_ms() - floor <= most


def test_a_command_beside_the_hub_uses_the_hubs_time_and_not_the_wall(site, monkeypatch):
    from kentongan_hub import cli

    with site.hub.store.write() as db:
        coming_back.save(db, Clock(5 * 365 * DAY_MS, ""))
        monkeypatch.setattr(Clock, "wall_ms", lambda self: 0)
        assert cli._now(db).ms >= 5 * 365 * DAY_MS


def test_a_real_hub_notes_its_absence_and_goes_on(tmp_path):
    data = tmp_path / "data"
    provision.create_site(data, "RT 05", "admin", "sandi yang panjang")
    hub = HubProcess(data)
    hub.kill()
    from kentongan_hub.storage.store import Store

    with Store(data).write() as db:
        boot, up_ms = db.setting("clock_mark").split(" ")
        db.set_setting("clock_mark", f"{boot} {max(0, int(up_ms) - 2 * MINUTE_MS)}")
    hub = HubProcess(data)
    try:
        assert hub.call("/api/v1/health")["status"] == "ok"
        with Store(data).read() as db:
            (row,) = away.listed(db)
            assert row["sure"] and row["words"] == "2 menit", row
    finally:
        hub.stop()
