"""The post's shared screen: paired by its code, sees the board only, and answers for named people by PIN."""

import re

import pytest
from kentongan_hub.devices import provision
from kentongan_hub.people import accounts, pins, screens
from kits.hub.hub_kit import PASSWORD, PIN, Person, pair, with_pin


def answer(tablet, number, pin, slug="kejadian-1"):
    path = f"/kejadian/{slug}/pin"
    return tablet.post(path, page=path, orang=str(number), pin=pin)


def timeline(site):
    rows = site.lines("timeline", "1 ORDER BY id")
    return [(one["who"], one["what"], one["detail"]) for one in rows]


def test_a_tablet_shows_its_code_until_a_person_confirms_it_and_then_the_board(site):
    tablet = Person(site.app)
    first = tablet.get("/layar").text
    assert tablet.get("/layar").text == first, "the code must not change while somebody types it"
    assert tablet.get("/papan").status_code == 302
    other = Person(site.app).get("/layar").text
    assert re.findall(r"\d{3} \d{3}", other) != re.findall(r"\d{3} \d{3}", first)
    screen = pair(site)
    assert "Pos ronda Mawar" in screen.get("/papan").text and "Keluar" not in screen.get("/papan").text
    assert tablet.get("/layar").status_code == 200, "only the tablet with the code is paired"
    (line,) = site.rows("SELECT who FROM audit WHERE what = 'screen_paired'")
    assert line["who"] == "admin"


def test_who_pairs_a_screen_on_which_nobody_could_answer_is_told_before_an_alarm(site):
    admin = site.enter("admin")
    assert "Belum ada orang dengan PIN" in admin.get("/layar/pos").text
    with_pin(site, "budi")
    assert "Belum ada orang dengan PIN" not in admin.get("/layar/pos").text


@pytest.mark.parametrize("code", ["", "000000", "12345", "abcdef", "१२३४५६"])
def test_a_wrong_code_pairs_nothing(site, code):
    Person(site.app).get("/layar")
    answer = site.enter("admin").post("/layar/pos", page="/layar/pos", kode=code, nama="Pos")
    assert answer.status_code == 400 and "Kode itu tidak ada" in answer.text
    assert site.rows("SELECT * FROM accounts WHERE role = 'tamu_layar'") == []


def test_a_code_ends_after_ten_minutes_and_is_used_once(site):
    tablet, admin = Person(site.app), site.enter("admin")
    code = "".join(re.search(r">(\d{3}) (\d{3})<", tablet.get("/layar").text).groups())
    site.clock.advance(screens.WAIT_MS)
    assert admin.post("/layar/pos", page="/layar/pos", kode=code, nama="Pos").status_code == 400
    code = "".join(re.search(r">(\d{3}) (\d{3})<", tablet.get("/layar").text).groups())
    assert admin.post("/layar/pos", page="/layar/pos", kode=code, nama="Pos").status_code == 303
    assert admin.post("/layar/pos", page="/layar/pos", kode=code, nama="Pos 2").status_code == 400


def test_strangers_cannot_fill_the_list_of_waiting_tablets():
    pairings = screens.Pairings()
    mine, _ = pairings.show(0, "", "10.0.0.2", "tablet")
    for number in range(500):
        pairings.show(0, "", "10.0.0.66", f"stranger {number}")
    assert len(pairings.waiting(0)) == 1 + screens.PER_ADDRESS_LIMIT
    assert pairings.show(0, mine, "10.0.0.2", "tablet")[0] == mine
    for number in range(100):
        pairings.show(0, "", f"10.0.1.{number}", "")
    assert len(pairings.waiting(0)) == screens.WAITING_LIMIT


def test_a_revoked_screen_is_out_at_once_and_a_password_opens_none(site):
    tablet = pair(site)
    (row,) = site.rows("SELECT * FROM accounts WHERE role = 'tamu_layar'")
    assert Person(site.app).post("/masuk", masuk=row["login"], sandi="!").status_code == 403
    admin = site.enter("admin")
    assert admin.post(f"/layar/pos/{row['id']}/cabut", page="/layar/pos").status_code == 303
    assert tablet.get("/papan").status_code == 302
    assert admin.post("/layar/pos/1/cabut", page="/layar/pos").status_code == 404, "a person is no screen"
    assert pair(site).get("/papan").status_code == 200, "paired anew under the same name"


def test_a_person_answers_on_the_screen_with_name_and_pin(site):
    number = with_pin(site, "budi")
    site.post_events(site.alarm())
    tablet = pair(site)
    assert "/kejadian/kejadian-1/pin" in tablet.get("/papan").text
    board = answer(tablet, number, PIN).headers["Location"]
    assert board.startswith("/papan?") and "tercatat datang ke Rumah 7" in tablet.get(board).text
    assert "tercatat datang" not in tablet.get("/papan").text
    assert timeline(site)[-1] == ("Budi", "saya datang", "dari layar Pos ronda Mawar")
    assert site.incidents()[0]["state"] == "menuju_lokasi" and site.incidents()[0]["answered_by"] == "Budi"
    assert any(order["type"] == "stage" and order["stage"] == 3 for order in site.orders())


def test_only_people_with_a_pin_who_may_come_are_on_the_list(site):
    with_pin(site, "budi")
    with_pin(site, "lurah", "kelurahan")
    site.account("tanpa", "petugas_ronda")
    off = with_pin(site, "mati")
    site.enter("admin").post(f"/akun/{off}/matikan", page="/akun")
    site.post_events(site.alarm())
    tablet = pair(site)
    names = re.findall(r'name="orang"[^>]*>(\w+)<', tablet.get("/kejadian/kejadian-1/pin").text)
    assert names == ["Budi"]
    assert answer(tablet, off, PIN).status_code == 400
    assert answer(tablet, 1, PIN).status_code == 400
    assert site.incidents()[0]["state"] == "baru"


def test_a_screen_may_do_nothing_else_and_knows_of_nothing_confidential(site):
    number = with_pin(site, "budi")
    site.post_events(site.alarm(), site.alarm(counter=9, kind=8, device=site.other, silent=True))
    tablet = pair(site)
    assert tablet.post("/kejadian/kejadian-1/datang", page="/kejadian/kejadian-1/pin").status_code == 403
    (secret,) = [row["slug"] for row in site.incidents() if row["confidential"]]
    assert tablet.get(f"/kejadian/{secret}/pin").status_code == 404
    form = {"orang": str(number), "pin": PIN}
    assert tablet.post(f"/kejadian/{secret}/pin", page="/kejadian/kejadian-1/pin", **form).status_code == 404
    assert secret not in tablet.get("/papan").text


def test_wrong_pins_wait_longer_and_longer_for_that_person_on_that_screen(site):
    number, other = with_pin(site, "budi"), with_pin(site, "ani", pin="7261")
    site.post_events(site.alarm())
    tablet = pair(site)
    for _ in range(pins.FREE_TRIES):
        assert answer(tablet, number, "0007").status_code == 403
    blocked = answer(tablet, number, PIN)
    assert blocked.status_code == 429 and "Tunggu 1 menit" in blocked.text
    site.clock.advance(pins.WAIT_MS)
    assert answer(tablet, number, "0007").status_code == 403
    assert "Tunggu 2 menit" in answer(tablet, number, PIN).text
    assert answer(tablet, other, "7261").status_code == 303, "another person is not made to wait"
    assert len(site.rows("SELECT * FROM audit WHERE what = 'pin_wrong'")) == pins.FREE_TRIES + 1


def test_wrong_pins_never_stop_sirens_calls_the_chime_or_a_persons_own_phone(site):
    number = with_pin(site, "budi")
    site.post_events(site.alarm())
    tablet = pair(site)
    for _ in range(pins.SCREEN_FREE_TRIES + 1):
        answer(tablet, number, "0007")
    assert answer(tablet, number, PIN).status_code == 429
    before = site.incidents()[0]["next_alert_ms"]
    assert before is not None, "the calling must go on"
    assert site.post_events(site.alarm(counter=1300, kind=2, device=site.other))["accepted"]
    phone = site.enter("budi")
    assert phone.post("/kejadian/kejadian-1/datang", page="/papan").status_code == 303
    assert site.incidents()[0]["answered_by"] == "Budi"
    chime = provision.add_device(site.data_dir, "penerima", "penerima-1", 5, 12)["node"]
    about = {"device": chime, "origin": site.other, "counter": 1300}
    assert site.post_events(site.event("paged", **about), site.event("event", event=4, **about))["accepted"]
    assert site.incidents()[1]["answered_by"] == "penerima-1"


def test_waits_are_bounded_forgotten_after_a_day_and_ended_by_the_right_pin():
    waits = pins.Waits()
    for number in range(pins.KEYS_LIMIT + 50):
        waits.failed(0, 1, number)
    assert len(waits._fails) <= pins.KEYS_LIMIT
    waits = pins.Waits()
    for _ in range(60):
        waits.failed(0, 1, 5)
    assert waits.left_ms(0, 1, 5) == pins.WAIT_MAX_MS
    assert waits.left_ms(0, 1, 6) == pins.SCREEN_WAIT_MAX_MS
    assert waits.left_ms(0, 2, 5) == 0, "another screen"
    assert waits.left_ms(pins.FORGET_MS + 1, 1, 5) == 0
    waits.worked(1, 5)
    assert waits.left_ms(0, 1, 5) == waits.left_ms(0, 1, 6) == 0


def test_a_flood_of_logins_takes_no_turn_from_a_pin(site):
    number = with_pin(site, "budi")
    site.post_events(site.alarm())
    tablet = pair(site)
    for _ in range(accounts.SCRYPT_AT_ONCE):
        assert site.hub.passwords._slots.acquire(blocking=False)
    assert Person(site.app).post("/masuk", masuk="admin", sandi=PASSWORD).status_code == 429
    assert answer(tablet, number, PIN).status_code == 303


def test_a_screen_stays_paired_for_a_year(site):
    tablet = pair(site)
    site.clock.advance(365 * 86_400_000)
    assert tablet.get("/papan").status_code == 200
