"""Sessions, and a login that floods."""

from kentongan_hub.people import accounts
from kits.hub.hub_kit import PASSWORD, Person


def test_login_gives_a_new_session_whatever_cookie_came_before(site):
    person = Person(site.app)
    person.client.set_cookie("kentongan_sesi", "chosen-by-someone")
    assert person.post("/masuk", masuk="admin", sandi=PASSWORD).status_code == 303
    cookie = person.client.get_cookie("kentongan_sesi")
    assert cookie.value != "chosen-by-someone"
    assert cookie.http_only and cookie.same_site == "Lax"
    assert cookie.value.encode() not in (site.data_dir / "hub.sqlite3").read_bytes()


def test_leaving_ends_the_session_on_the_server(site):
    person = site.enter("admin")
    token = person.client.get_cookie("kentongan_sesi").value
    person.post("/keluar", page="/papan")
    person.client.set_cookie("kentongan_sesi", token)
    assert person.get("/papan").status_code == 302


def test_an_account_switched_off_is_out_at_once(site):
    number = site.account("ronda", "petugas_ronda")
    person, admin = site.enter("ronda"), site.enter("admin")
    assert admin.post(f"/akun/{number}/matikan", page="/akun").status_code == 303
    assert person.get("/papan").status_code == 302
    assert person.post("/masuk", masuk="ronda", sandi=PASSWORD).status_code == 403


def test_five_wrong_passwords_wait_a_minute_and_alarms_do_not(site):
    person = Person(site.app)
    for _ in range(accounts.FAILS_LIMIT):
        assert person.post("/masuk", masuk="admin", sandi="salah").status_code == 403
    assert person.post("/masuk", masuk="admin", sandi=PASSWORD).status_code == 429
    assert site.post_events(site.alarm())["accepted"]
    assert site.orders() == []
    site.clock.advance(accounts.FAILS_WINDOW_MS)
    assert person.post("/masuk", masuk="admin", sandi=PASSWORD).status_code == 303
    assert len(site.rows("SELECT * FROM audit WHERE what = 'login_failed'")) == accounts.FAILS_LIMIT


def test_password_checks_in_a_flood_are_sent_away_instead_of_queued(site):
    for _ in range(accounts.SCRYPT_AT_ONCE):
        assert site.hub.passwords._slots.acquire(blocking=False)
    assert Person(site.app).post("/masuk", masuk="admin", sandi=PASSWORD).status_code == 429
    assert site.post_events(site.alarm())["accepted"]


def test_attempts_remember_a_bounded_number_of_addresses():
    attempts = accounts.Attempts()
    for number in range(accounts.ATTEMPT_KEYS_LIMIT + 50):
        attempts.failed(0, str(number))
    assert len(attempts._fails) == accounts.ATTEMPT_KEYS_LIMIT
