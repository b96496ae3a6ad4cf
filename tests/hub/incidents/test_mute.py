"""Two in the morning: a stuck button is muted, a stolen one revoked, the night handed over, with a reason."""

import pytest
from kentongan_hub.incidents import mute as muting
from kits.hub.hub_kit import PASSWORD


@pytest.fixture
def admin(site):
    return site.enter("admin")


def mute(admin, label="tombol-07", **form):
    form = {"jam": "4", "alasan": "Tombol macet", **form}
    return admin.post(f"/perangkat/{label}/bisukan", page="/perangkat", **form)


def test_a_muted_button_is_stored_and_shown_and_calls_nobody_at_once(site, admin):
    site.post_events(site.alarm(counter=9, kind=7))
    assert mute(admin).status_code == 303
    stop = [order for order in site.orders() if order["type"] == "siren"]
    assert [(order["action"], order["origin"]) for order in stop] == [("stop", site.button)]
    site.post_events(site.alarm(counter=50, kind=7))
    assert len(site.incidents()) == 2 and site.incidents()[1]["muted"] == 1
    assert site.orders() == [] and site.rows("SELECT * FROM soundings WHERE incident = 2") == []
    site.clock.advance(120_000)
    site.hub.dispatch.step()
    assert not [o for o in site.orders() if o["type"] in ("siren", "page")]
    assert site.incidents()[1]["alerts"] == 1, "people still look into it"
    assert "Tombol ini dibisukan" in admin.get("/papan").text


def test_a_mute_ends_by_itself_or_by_hand_and_is_not_forgotten(site, admin):
    mute(admin)
    site.clock.advance(10_000)
    site.hub.dispatch.step()
    assert "tombol dibisukan" in admin.get("/peringatan").text
    admin.post("/perangkat/tombol-07/hidupkan", page="/perangkat")
    site.post_events(site.alarm(counter=9))
    assert site.incidents()[0]["muted"] == 0
    mute(admin)
    site.clock.advance(4 * 3_600_000)
    site.post_events(site.alarm(counter=50))
    assert site.incidents()[1]["muted"] == 0


def test_a_silent_alarm_of_a_muted_button_is_never_muted(site, admin):
    mute(admin)
    site.post_events(site.alarm(counter=9, silent=True, kind=8))
    assert site.incidents()[0]["muted"] == 0
    assert [order["type"] for order in site.orders()] == ["page"]


@pytest.mark.parametrize(
    ("label", "form", "words"),
    [
        ("tombol-07", {"alasan": " "}, "Alasan belum diisi"),
        ("tombol-07", {"jam": "999"}, "Lama: pilih 1, 4, 8, 24"),
        ("pos-1", {}, "Hanya tombol"),
    ],
)
def test_a_mute_needs_a_reason_an_end_and_a_button(site, admin, label, form, words):
    answer = mute(admin, label, **form)
    assert answer.status_code == 400 and words in answer.text
    assert site.rows("SELECT * FROM devices WHERE muted_until_ms IS NOT NULL") == []


def test_four_incidents_in_half_an_hour_are_named_as_a_stuck_button(site, admin):
    for number in range(4):
        site.post_events(site.alarm(counter=10 + 20 * number))
    site.clock.advance(10_000)
    site.hub.dispatch.step()
    assert "tombol-07: tombol macet" in admin.get("/peringatan").text
    mute(admin)
    site.clock.advance(10_000)
    site.hub.dispatch.step()
    assert "tombol macet" not in admin.get("/peringatan").text.split("Sudah pulih")[0]


def test_a_stolen_button_is_revoked_in_two_taps_and_its_gateway_is_told(site, admin):
    site.post_events()
    assert "Cabut tombol-07" in admin.get("/perangkat/tombol-07").text
    assert admin.post("/perangkat/tombol-07/cabut", page="/perangkat", alasan="dicuri").status_code == 303
    assert site.rows("SELECT revoked, revoked_why FROM devices WHERE label = 'tombol-07'") == [
        {"revoked": 1, "revoked_why": "dicuri"}
    ]
    orders = [order for order in site.orders() if order["type"] == "directory"]
    assert orders and site.button not in [one["node"] for one in orders[-1]["devices"]]
    assert admin.get("/perangkat/tombol-07").status_code == 404


def test_nobody_revokes_the_button_of_the_own_house_on_the_page_or_by_the_tool(site, admin):
    """Else the one whom a silent alarm is about takes its button out of service; others may, in two taps."""
    site.account("suami", "ketua_rt", house=7)
    own = site.enter("suami").post("/perangkat/tombol-07/cabut", page="/perangkat", alasan="dicuri")
    assert own.status_code == 400 and "Ini menyangkut rumah Anda sendiri" in own.text
    site.account("suami2", "admin", house=7)
    token = site.client.post("/api/v1/login", json={"login": "suami2", "password": PASSWORD}).json["token"]
    path, headers = f"/api/v1/devices/{site.button}/revoke", {"Authorization": f"Bearer {token}"}
    assert site.client.post(path, json={"why": "dicuri"}, headers=headers).status_code == 400
    assert site.rows("SELECT label FROM devices WHERE revoked = 1") == []
    assert mute(site.enter("suami")).status_code == 400, "nor is it muted: the watch has others"
    path = f"/api/v1/devices/{site.other}/revoke"
    assert site.client.post(path, json={"why": "dicuri"}, headers=headers).status_code == 200
    assert admin.post("/perangkat/tombol-07/cabut", page="/perangkat", alasan="dicuri").status_code == 303


def test_the_watch_revokes_nothing(site):
    site.account("ronda", "petugas_ronda")
    ronda = site.enter("ronda")
    assert ronda.post("/perangkat/tombol-07/cabut", page="/perangkat", alasan="x").status_code == 403
    assert mute(ronda).status_code == 303


def test_the_night_is_handed_over_with_what_is_held(site, admin):
    budi = site.account("budi", "petugas_ronda")
    site.post_events(site.alarm(counter=9), site.alarm(counter=60, silent=True, device=site.other))
    admin.post("/kejadian/kejadian-1/terima", page="/papan")
    with site.hub.store.write() as db:
        db.run("UPDATE incidents SET holder = 'Bu Admin', holder_account = 1 WHERE confidential = 1")
    assert admin.post("/serah-terima", page="/serah-terima", orang=str(budi)).status_code == 400, "no reason"
    why = {"alasan": "Pulang", "pesan": "kunci pos di laci"}
    assert admin.post("/serah-terima", page="/serah-terima", orang=str(budi), **why).status_code == 303
    (line,) = site.rows("SELECT detail FROM audit WHERE what = 'shift_handed_over'")
    assert line["detail"] == "Pulang: kunci pos di laci"
    assert [i["holder"] for i in site.incidents()] == ["Budi", "Bu Admin"], "what Budi may not know stays"
    assert "Operator: Budi" in admin.get("/papan").text
    assert admin.post("/serah-terima", page="/serah-terima", orang="99", **why).status_code == 404


def test_a_device_page_shows_the_trend_and_every_gateway_that_hears_it(site, admin):
    for day in range(9):
        body = {"flags": 0, "battery": 200 - day}
        site.post_events(
            site.event("status", device=site.button, role="tombol", body=body, rssi=-80, snr_q=20)
        )
        site.clock.advance(86_400_000)
    page = admin.get("/perangkat/tombol-07").text
    assert "<polyline" in page and "9 hari terakhir" in page and "gateway-1" in page
    assert admin.get("/perangkat/tidak-ada").status_code == 404


def test_hours_of_a_mute_end_by_themselves():
    assert max(muting.HOURS) <= 24
