"""A gateway that is away, or whose radio is dead or deaf, has seen nothing: one warning, none for devices."""

import pytest
from kentongan_hub.devices import deaf, provision
from kentongan_hub.devices import supervision as s
from kentongan_hub.record import away
from kentongan_wire.message import messages as m

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
SILENCE = {"sirene terputus", "terputus", "terlambat"}


@pytest.fixture(name="site")
def _site(site):
    """With a second mains device, the button heard, and a gateway whose radio works."""
    site.relay = provision.add_device(site.data_dir, "penerus", "penerus-1", 5)["node"]
    site.post_events(site.event("radio", name="modem", up=True))
    heard(site)
    return site


def heard(site, *nodes, gateway="gateway-1"):
    for node in nodes or (site.post, site.relay, site.button):
        body = {"flags": 0, "battery": 195} if node == site.button else {"flags": m.STATUS_MAINS}
        site.post_events(site.event("status", device=node, body=body, rssi=-90, snr_q=10))
        if gateway != "gateway-1":
            with site.hub.store.write() as db:
                db.run("UPDATE devices SET heard_by = ? WHERE node = ?", gateway, node)
                db.run("UPDATE hearings SET gateway = ? WHERE device = ?", gateway, node)


def run(site, ms):
    """The gateway is there all the time: its uplink works."""
    step_ms = HOUR_MS if ms > HOUR_MS else 20_000
    site.post_events()
    for _ in range(ms // step_ms):
        site.clock.advance(step_ms)
        site.was_there()
        site.post_events()
        site.hub.dispatch.step()


def open_now(site):
    return {row["what"]: row for row in site.warnings()}


def radio(site, up):
    site.post_events(site.event("radio", name="modem", up=up))


def deafness(site, active):
    site.post_events(site.event("trouble", name="radio_deaf modem", active=active, detail="hears nothing"))


WAYS = [
    (lambda site: radio(site, False), lambda site: radio(site, True), "radio mati"),
    (lambda site: deafness(site, True), lambda site: deafness(site, False), "gerbang bermasalah"),
]


@pytest.mark.parametrize(("begins", "ends", "what"), WAYS, ids=["radio down", "radio deaf"])
def test_the_radio_is_the_warning_and_the_devices_are_waited_for_and_get_their_time_again(
    site, begins, ends, what
):
    run(site, MINUTE_MS)
    begins(site)
    run(site, 20 * MINUTE_MS)
    assert not SILENCE & set(open_now(site))
    row = open_now(site)[what]
    assert row["owner"] == "teknisi" and row["urgent"], "one, and it is somebody's"
    page = site.enter("admin").get("/perangkat").text
    assert page.count('class="lencana">ditunggu') >= 2 and 'class="lencana">terputus' not in page
    assert "Sirene pos: 0 dari 1" in site.enter("admin").get("/papan").text, "nor is anything green"
    ends(site)
    run(site, 4 * MINUTE_MS)
    assert not SILENCE & set(open_now(site)) and what not in open_now(site)
    heard(site, site.relay)
    run(site, 2 * MINUTE_MS)
    assert "sirene terputus" in open_now(site), "who is silent then is silent"
    assert "terputus" not in open_now(site)


def test_of_a_single_post_behind_a_deaf_radio_both_are_told_for_either_may_be_dead(site):
    with site.hub.store.write() as db:
        db.run("UPDATE devices SET revoked = 1 WHERE node = ?", site.relay)
    deafness(site, True)
    run(site, 6 * MINUTE_MS)
    assert {"gerbang bermasalah", "sirene terputus"} <= set(open_now(site))


def test_a_device_that_another_gateway_hears_is_watched_by_that_one(site):
    with site.hub.store.write() as db:
        provision.add_gateway(db, "gateway-2", 6)
    heard(site, site.relay, gateway="gateway-2")
    radio(site, False)
    run(site, 6 * MINUTE_MS)
    found = site.warnings("closed_ms IS NULL AND subject = 'penerus-1'")
    assert [row["what"] for row in found] == ["terputus"]
    assert "sirene terputus" not in open_now(site)


def test_of_a_buttons_26_hours_only_those_count_in_which_it_could_be_heard(site):
    radio(site, False)
    run(site, 25 * HOUR_MS)
    radio(site, True)
    run(site, 12 * HOUR_MS)
    assert "terputus" not in {
        row["what"]
        for row in site.rows("SELECT what FROM warnings WHERE closed_ms IS NULL AND subject = 'tombol-07'")
    }


def test_a_radio_that_comes_and_goes_gives_a_dead_post_no_second_life(site):
    for _ in range(10):
        radio(site, False)
        site.clock.advance(10_000)
        radio(site, True)
        run(site, 40_000)
        heard(site, site.relay)
    assert "sirene terputus" in open_now(site)


def test_a_gateway_that_starts_anew_is_deaf_no_more_until_it_says_so_again(site):
    deafness(site, True)
    site.post_events(site.event("trouble", name="*", active=False, detail=""))
    (row,) = site.rows("SELECT * FROM deaf")
    assert row["to_ms"] is not None


def test_stretches_are_joined_with_the_hubs_own_absences_and_never_counted_twice():
    rows = [{"from_ms": 700_000, "to_ms": 900_000, "sure": 0}]
    hub = away.Absences(rows)
    both = deaf.Unwatched(hub, {"g": [(500_000, 800_000)], "h": [(0, 600_000)]}, {1: {"g"}, 2: {"g", "h"}})
    ranges = [(r["from_ms"], r["to_ms"]) for r in both.of({"node": 1, "heard_by": "g"}).rows]
    assert ranges == [(500_000, 900_000)]
    ranges = [(r["from_ms"], r["to_ms"]) for r in both.of({"node": 2, "heard_by": "g"}).rows]
    assert ranges == [(700_000, 900_000), (500_000, 600_000)], "with two gateways: while both were deaf"
    ranges = [(r["from_ms"], r["to_ms"]) for r in both.of({"node": 3, "heard_by": None}).rows]
    assert ranges == [(700_000, 900_000), (500_000, 600_000)], "nobody has heard it yet: while all were deaf"
    assert s.link("sirene", 400_000, 950_000, gone=both.of({"node": 1, "heard_by": "g"})) == s.DITUNGGU


# --- a gateway that is away itself ---


def second_gateway(site):
    with site.hub.store.write() as db:
        provision.add_gateway(db, "gateway-2", 6)
    return provision.gateway_token(site.data_dir, "gateway-2")


def speak(site, token):
    site.client.post("/api/v1/events", json={"boot_id": "b", "events": []},
                     headers={"Authorization": f"Bearer {token}"})  # fmt: skip


def silence_of_all(site, ms):
    while ms > 0:
        site.clock.advance(min(ms, 2 * MINUTE_MS))
        site.hub.dispatch.step()
        ms -= 2 * MINUTE_MS


def test_behind_a_gateway_that_is_away_nothing_is_known_and_it_alone_is_blamed(site):
    run(site, MINUTE_MS)
    silence_of_all(site, 20 * MINUTE_MS)
    found = open_now(site)
    assert not SILENCE & set(found)
    row = found["gerbang terputus"]
    assert row["owner"] == "ketua_rt" and row["urgent"]
    assert row["detail"].startswith("3 alat di baliknya tidak diketahui keadaannya")
    admin = site.enter("admin")
    page = admin.get("/perangkat").text
    assert page.count("keadaannya tidak diketahui sejak") == 3 and page.count("di balik gateway-1") == 3
    assert 'class="lencana">terputus' in page, "the gateway"
    assert page.count('class="lencana">ditunggu') == 3, "the button too: it is not green"
    assert "di balik gateway-1" in admin.get("/perangkat/pos-1").text
    board = admin.get("/papan").text
    assert "GERBANG TERPUTUS" in board and "3 alat di balik gateway-1: keadaannya tidak diketahui" in board
    assert "Sirene pos: 0 dari 1" in board


def test_when_the_gateway_is_back_its_devices_have_their_time_and_who_is_silent_then_is_silent(site):
    silence_of_all(site, 20 * MINUTE_MS)
    run(site, 4 * MINUTE_MS)
    assert not (SILENCE | {"gerbang terputus"}) & set(open_now(site))
    heard(site, site.relay)
    run(site, 2 * MINUTE_MS)
    assert "sirene terputus" in open_now(site) and "terputus" not in open_now(site)


def test_what_was_lost_or_late_before_the_gateway_went_stays_so_until_it_is_heard(site):
    run(site, 4 * MINUTE_MS + 50_000)
    heard(site, site.relay)
    assert open_now(site)["terlambat"]["subject"] == "pos-1"
    silence_of_all(site, 10 * MINUTE_MS)
    assert open_now(site)["terlambat"]["subject"] == "pos-1"
    run(site, 4 * MINUTE_MS)
    assert open_now(site)["terlambat"]["subject"] == "pos-1" and "sirene terputus" not in open_now(site)
    run(site, 2 * MINUTE_MS)
    opened = open_now(site)["sirene terputus"]["id"]
    silence_of_all(site, 10 * MINUTE_MS)
    site.post_events()
    silence_of_all(site, 20_000)
    assert open_now(site)["sirene terputus"]["id"] == opened, "one warning all the time"


def test_a_device_that_a_second_gateway_hears_too_is_unknown_only_while_both_are_away(site):
    token = second_gateway(site)
    speak(site, token)
    with site.hub.store.write() as db:
        db.run("INSERT INTO hearings (device, gateway, heard_wall, rssi, snr_q, hops) "
               "SELECT device, 'gateway-2', heard_wall, rssi, snr_q, hops FROM hearings WHERE device = ?",
               site.post)  # fmt: skip
    for _ in range(20):
        site.clock.advance(20_000)
        speak(site, token)
        site.hub.dispatch.step()
    assert open_now(site)["sirene terputus"]["subject"] == "pos-1", "gateway-2 would have heard it"
    assert "terputus" not in open_now(site) and "gerbang terputus" in open_now(site)
    heard(site)
    silence_of_all(site, 20 * MINUTE_MS)
    assert "sirene terputus" not in open_now(site)
    assert "di balik gateway-1, gateway-2" in site.enter("admin").get("/perangkat/pos-1").text


def test_a_gateway_that_comes_and_goes_gives_a_dead_post_no_second_life(site):
    for _ in range(9):
        silence_of_all(site, 100_000)
        run(site, MINUTE_MS + 20_000)
        heard(site, site.relay)
    assert "sirene terputus" in open_now(site)


def test_a_device_that_nobody_has_heard_yet_is_not_called_unheard_while_all_gateways_are_away(site):
    provision.add_device(site.data_dir, "tombol", "tombol-09", 5, 9)
    silence_of_all(site, 60_000)
    site.clock.advance(30 * HOUR_MS)
    site.hub.dispatch.step()
    assert "belum terdengar" not in open_now(site)
    run(site, 25 * HOUR_MS)
    assert "belum terdengar" in open_now(site)
