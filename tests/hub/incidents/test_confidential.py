"""A silent alarm: only people named for it, on no board, list, log or siren; each view is logged."""

import json

import pytest
from kentongan_hub.base import roles
from kentongan_wire.message import messages as m

SECRETS = ("Rumah 7", "tombol-07", "Kekerasan", "#4321", "rahasia")
WHERE = (
    "/papan",
    "/papan/isi",
    "/kejadian",
    "/perangkat",
    "/latihan",
    "/akun",
    "/catatan",
    "/kejadian?cari=rahasia&jenis=rahasia",
    "/rekap",
    "/kejadian/rahasia-1",
    "/kejadian/kejadian-1",
    "/kejadian/1",
    "/kejadian/rahasia-2",
    "/kejadian/RAHASIA-1",
)


@pytest.fixture
def secret(site):
    """A silent alarm of house 7; the bidan was agreed before it came."""
    site.account("bidan", "petugas_ronda", named=True)
    site.post_events(site.alarm(counter=4321, kind=m.KIND_KEKERASAN, silent=True, battery=101, rssi=-77))
    return site


@pytest.mark.parametrize("role", roles.ROLES)
def test_no_role_alone_reaches_it_on_any_page(secret, role):
    secret.account("orang", role)
    person = secret.enter("orang")
    for path in WHERE:
        answer = person.get(path)
        text = answer.text
        if path in ("/perangkat", "/catatan"):
            text = text.replace("tombol-07", "").replace("Rumah 7", "")  # that the device exists is no secret
        if path == "/rekap":
            text = text.replace("Kejadian rahasia tidak pernah ada", "")  # what it says to everybody
        if "cari=" in path:
            text = text.replace('value="rahasia"', "")  # their own word
        if path == "/akun":
            text = text.replace("rahasia", "").replace("Kekerasan", "")  # the switch that names a person
        assert not [word for word in SECRETS if word in text], (role, path)
        if path.startswith("/kejadian/"):
            assert answer.status_code == 404, path
    for action in ("datang", "selesai", "keliru", "latihan", "diam"):
        status = person.post(f"/kejadian/rahasia-1/{action}", page="/papan", alasan="x").status_code
        assert status in (403, 404), (role, action)
    assert secret.incidents()[0]["state"] == "baru"


def test_what_does_not_exist_and_what_may_not_be_known_look_the_same(secret):
    person = secret.enter("admin")
    hidden, absent = person.get("/kejadian/rahasia-1"), person.get("/kejadian/rahasia-99")
    token = person.token("/papan")
    assert hidden.status_code == absent.status_code == 404
    assert hidden.text.replace(token, "") == absent.text.replace(token, "")


def test_a_named_person_sees_a_bare_card_opens_it_and_is_logged_each_time(secret):
    person = secret.enter("bidan")
    board = person.get("/papan").text
    assert "Rahasia 1" in board and "Rumah 7" not in board and "tombol-07" not in board
    for _ in range(2):
        page = person.get("/kejadian/rahasia-1")
        assert page.status_code == 200 and "Rumah 7" in page.text and "SAPA 129" in page.text
    views = secret.rows("SELECT * FROM audit WHERE what = 'confidential_seen'")
    assert [(row["who"], row["subject"]) for row in views] == [("bidan", "rahasia-1")] * 2


def test_a_named_person_answers_and_the_button_learns_it_without_a_siren(secret):
    person = secret.enter("bidan")
    assert person.post("/kejadian/rahasia-1/datang", page="/papan").status_code == 303
    assert person.post("/kejadian/rahasia-1/diam", page="/papan").status_code == 404
    assert person.post("/kejadian/rahasia-1/selesai", page="/papan").status_code == 303
    orders = [(order["type"], order.get("stage")) for order in secret.orders()]
    assert orders == [("page", None), ("stage", 3), ("stage", 4)]


def test_logs_and_the_record_name_it_rahasia_1_and_nothing_more(site, caplog):
    caplog.set_level("DEBUG")
    site.account("bidan", "ketua_rt", named=True)
    site.post_events(site.alarm(counter=4321, kind=m.KIND_KEKERASAN))
    person = site.enter("bidan")
    person.post("/kejadian/rahasia-1/keliru", page="/papan", alasan="alasan yang memuat nama orang")
    site.hub.dispatch.step()
    logged = caplog.text + json.dumps(
        site.rows("SELECT who, what, about, subject, said, detail FROM audit WHERE actor != 'provision'")
    )
    assert "rahasia-1" in logged
    for word in ("tombol-07 #", "4321", f"{site.button:08x}", "kekerasan", "nama orang"):
        assert word not in logged.lower(), word


def test_the_device_list_shows_no_trace_of_a_silent_press(secret):
    (device,) = secret.rows("SELECT * FROM devices WHERE node = ?", secret.button)
    assert (device["heard_ms"], device["battery_mv"], device["rssi"]) == (None, None, None)


def test_public_incidents_are_numbered_without_gaps(secret):
    secret.post_events(secret.alarm(counter=1, kind=2, device=secret.other))
    assert [i["slug"] for i in secret.incidents()] == ["rahasia-1", "kejadian-1"]


def test_the_public_board_does_not_even_change(site):
    site.post_events()
    person = site.enter("admin")
    before = person.get("/papan/isi").json["versi"]
    site.post_events(site.alarm(counter=4321, silent=True))
    site.clock.advance(120_000)
    site.post_events()  # the gateway is alive all the time
    site.hub.dispatch.step()
    assert person.get("/papan/isi").json["versi"] == before


def test_a_silent_and_a_loud_press_of_one_button_stay_two_incidents(site):
    site.post_events(site.alarm(counter=10, incident=10, kind=1))
    site.post_events(site.alarm(counter=11, incident=10, kind=1, silent=True))
    assert [(i["slug"], i["presses"]) for i in site.incidents()] == [("kejadian-1", 1), ("rahasia-1", 1)]


def test_a_person_in_conflict_with_a_house_is_taken_out_before_anything_happens_and_in_again(site):
    bidan = site.account("bidan", "petugas_ronda", named=True)
    admin = site.enter("admin")
    form = {"page": "/akun", "rt": "5", "rumah": "7"}
    assert admin.post(f"/akun/{bidan}/kecualikan", **{**form, "rumah": "x"}).status_code == 409
    assert admin.post(f"/akun/{bidan}/kecualikan", **form).status_code == 303
    site.post_events(site.alarm(counter=9, silent=True, kind=8))
    site.post_events(site.alarm(counter=50, silent=True, kind=8, device=site.other))
    board = site.enter("bidan").get("/papan").text
    assert "rahasia-1" not in board and "rahasia-2" in board
    assert "tidak tahu apa-apa dari Rumah 7" in admin.get("/akun").text
    assert admin.post("/akun/1/sertakan", page="/akun", nomor="1").status_code == 409, "of another account"
    assert admin.post(f"/akun/{bidan}/sertakan", page="/akun", nomor="1").status_code == 303
    assert "rahasia-1" not in site.enter("bidan").get("/papan").text, "an earlier one stays closed"
    site.post_events(site.alarm(counter=77, silent=True, kind=8))
    assert "rahasia-3" in site.enter("bidan").get("/papan").text
    whats = [row["what"] for row in site.rows("SELECT what FROM audit WHERE subject = 'bidan'")]
    assert whats[-2:] == ["house_excluded", "house_included"]


def test_who_was_taken_out_of_one_incident_is_taken_in_again_by_another(site):
    bidan = site.account("bidan", "petugas_ronda", named=True)
    site.account("dewi", "ketua_rt", named=True)
    site.post_events(site.alarm(counter=9, silent=True, kind=8))
    dewi = site.enter("dewi")
    page = "/kejadian/rahasia-1"
    assert dewi.post(f"{page}/kecualikan", page=page, orang=str(bidan)).status_code == 303
    assert site.enter("bidan").get(page).status_code == 404 and "Bidan dikecualikan" in dewi.get(page).text
    assert site.enter("bidan").post(f"{page}/kecualikan", page="/papan", sertakan="1").status_code == 404
    assert dewi.post(f"{page}/kecualikan", page=page, sertakan="7").status_code == 409
    assert dewi.post(f"{page}/kecualikan", page=page, sertakan="1").status_code == 303
    assert site.enter("bidan").get(page).status_code == 200
    assert "dikecualikan" not in site.enter("admin").get("/akun").text


def test_naming_a_person_is_on_the_record(site):
    number = site.account("bidan", "petugas_ronda")
    admin = site.enter("admin")
    admin.post(f"/akun/{number}/rahasia", page="/akun")
    assert "akun: rahasia" in admin.get("/catatan").text
    assert site.rows("SELECT named_for_confidential AS n FROM accounts WHERE id = ?", number) == [{"n": 1}]


def test_what_the_button_says_while_its_silent_alarm_is_open_leaves_no_trace_either(secret):
    secret.post_events(secret.event("status", device=secret.button, role="tombol", body={"flags": 12}))
    assert secret.rows("SELECT heard_ms FROM devices WHERE node = ?", secret.button) == [{"heard_ms": None}]
