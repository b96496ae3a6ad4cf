"""Sessions last while they are used, and a login leads to where one was."""

import pytest
from kentongan_hub.people import accounts
from kits.hub.hub_kit import PASSWORD, Person


def test_a_session_ends_after_a_fortnight_without_use(site):
    person = site.enter("admin")
    site.clock.advance(accounts.SESSION_MS)
    assert person.get("/papan").status_code == 302


def test_a_session_that_is_used_lasts_and_its_cookie_with_it(site):
    person = site.enter("admin")
    for _ in range(5):
        site.clock.advance(accounts.SESSION_MS - 60_000)
        answer = person.get("/papan")
        assert answer.status_code == 200
        assert f"Max-Age={accounts.SESSION_MS // 1000}" in answer.headers["Set-Cookie"]
    assert "Set-Cookie" not in person.get("/papan").headers, "once a day, not at each page"


def test_after_the_login_one_is_where_one_was(site):
    site.post_events(site.alarm())
    person = Person(site.app)
    asked = person.get("/kejadian/kejadian-1")
    assert asked.headers["Location"] == "/masuk?ke=/kejadian/kejadian-1"
    form = {"masuk": "admin", "sandi": PASSWORD}
    answer = person.post("/masuk", ke="/kejadian/kejadian-1", **form)
    assert answer.headers["Location"] == "/kejadian/kejadian-1"


@pytest.mark.parametrize("where", ["//evil.example", "https://evil.example/papan", "/keluar", "/tidak-ada",
                                   "\\\\x", "/papan/../..//x", "papan", "/static/hub.js",
                                   "/api/v1/orders"])  # fmt: skip
def test_a_login_leads_to_pages_of_ours_only(site, where):
    answer = Person(site.app).post("/masuk", ke=where, masuk="admin", sandi=PASSWORD)
    assert answer.headers["Location"] == "/papan"


def test_a_form_of_an_ended_session_says_so_and_leads_back(site):
    site.post_events(site.alarm())
    person = site.enter("admin")
    token = person.token("/kejadian/kejadian-1")
    site.clock.advance(accounts.SESSION_MS)
    answer = person.client.post("/kejadian/kejadian-1/catatan", data={"csrf": token, "catatan": "aman"},
                                headers={"Origin": "http://localhost", "Accept": "text/html",
                                         "Referer": "http://localhost/kejadian/kejadian-1"})  # fmt: skip
    assert answer.status_code == 401 and "masih ada bila Anda kembali" in answer.text
    assert 'href="/masuk?ke=/kejadian/kejadian-1"' in answer.text
