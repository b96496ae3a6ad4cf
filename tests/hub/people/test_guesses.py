"""Passwords that are guessed: waits that grow per login, and an officer whose own phone waits for nobody."""

import re

from kentongan_hub.people import accounts
from kits.hub.hub_kit import PASSWORD, Person


def guess(site, login, password="salah sama sekali", client=None, address="10.0.0.9"):
    person = client or Person(site.app).client
    found = re.search(r'name="csrf" value="(\w+)"', person.get("/masuk").text)
    form = {"csrf": found[1], "masuk": login, "sandi": password}
    head = {"Origin": "http://localhost"}
    return person.post("/masuk", data=form, headers=head, environ_base={"REMOTE_ADDR": address})


def test_a_login_that_is_guessed_from_many_addresses_waits_longer_and_longer(site):
    codes = [guess(site, "admin", address=f"10.0.1.{number}").status_code for number in range(20)]
    assert codes[: accounts.GUESSES_FREE] == [403] * accounts.GUESSES_FREE
    assert set(codes[accounts.GUESSES_FREE :]) == {429}
    told = guess(site, "admin", PASSWORD, address="10.0.2.1")
    assert told.status_code == 429 and "Tunggu 15 detik" in told.text, "the right one says nothing either"
    waits = []
    for number in range(8):
        site.clock.advance(site.hub.guesses.left_ms(site.clock.now_ms, "admin"))
        assert guess(site, "admin", address=f"10.0.3.{number}").status_code == 403
        waits.append(site.hub.guesses.left_ms(site.clock.now_ms, "admin") // 1000)
    assert waits == [30, 60, 120, 240, 300, 300, 300, 300], "and never for a night"
    assert guess(site, "tidak-ada", address="10.0.4.1").status_code == 403, "nobody else waits for it"


def test_an_officer_gets_in_at_night_on_the_phone_that_was_in_before_whoever_guesses(site):
    phone = site.enter("admin").client
    phone.delete_cookie("kentongan_sesi")
    for number in range(40):
        guess(site, "admin", address=f"10.0.1.{number}")
        guess(site, "admin", address="10.0.0.9")  # also from the same address as the officer's
    assert guess(site, "admin", PASSWORD, Person(site.app).client).status_code == 429
    assert guess(site, "admin", PASSWORD, phone).status_code == 303


def test_a_known_phone_that_guesses_waits_too_and_is_a_stranger_after_a_new_password(site):
    phone = site.enter("admin").client
    codes = [guess(site, "admin", client=phone).status_code for _ in range(7)]
    assert codes == [403] * accounts.FAILS_LIMIT + [429] * 2
    site.account("budi", "petugas_ronda")
    assert guess(site, "budi", PASSWORD, phone).status_code == 303, "its cookie opens nothing of another's"
    with site.hub.store.write() as db:
        new = accounts.hash_password("lain sekali x")
        db.run("UPDATE accounts SET password = ? WHERE login = 'budi'", new)
        account = db.one("SELECT * FROM accounts WHERE login = 'budi'")
    assert phone.get_cookie("kentongan_kenal").value != accounts.known_device(account)


def test_the_tools_log_in_waits_for_a_guessed_name_as_well(site):
    def login(password, address):
        return site.client.post("/api/v1/login", json={"login": "admin", "password": password},
                                environ_base={"REMOTE_ADDR": address}).status_code  # fmt: skip

    assert [login("salah sekali x", f"127.0.0.{n}") for n in range(1, 13)] == [403] * 10 + [429] * 2
    site.clock.advance(accounts.GUESS_WAIT_MAX_MS)
    assert login(PASSWORD, "127.0.0.1") == 200


def test_a_name_that_nobody_has_is_compared_once_like_any_other_and_never_let_in(monkeypatch):
    compared = []
    monkeypatch.setattr(accounts, "check_password_hash", lambda stored, _: compared.append(stored) or True)
    passwords = accounts.Passwords()
    assert passwords.check(None, "x") is False and passwords.check({"password": "its own"}, "x") is True
    nobodys, own = compared
    assert nobodys.startswith(accounts.HASH_METHOD + "$") and own == "its own"
