"""First run: /mulai makes the site once, for whoever reads the console, and shows the token once."""

import pytest
from kentongan_hub import cli
from kentongan_hub.app import create_app
from kentongan_hub.base.clock import FakeClock
from kits.hub.hub_kit import PASSWORD, Person

FORM = {
    "nama": "RT 05 Sukamaju",
    "rt": "5",
    "rw": "3",
    "zona": "WITA",
    "orang": "Siti",
    "masuk": "siti",
    "sandi": PASSWORD,
    "sandi2": PASSWORD,
}


@pytest.fixture
def app(tmp_path):
    return create_app(tmp_path / "data", clock=FakeClock(), dispatch=False)


def test_everything_leads_to_the_set_up_until_there_is_a_site(app):
    person = Person(app)
    assert person.get("/").headers["Location"] == "/mulai"
    assert person.get("/masuk").headers["Location"] == "/mulai"
    assert app.test_client().get("/api/v1/health").json["site"] is False


def test_the_code_from_the_console_makes_the_site_and_the_page_is_gone(app):
    person = Person(app)
    done = person.post("/mulai", page="/mulai", kode=app.hub.setup_code, **FORM)
    assert done.status_code == 200 and "Hanya tampil sekali" in done.text
    assert "sepakati paling sedikit dua orang" in done.text, "what makes silent alarms of use comes first"
    assert "ktg_" in done.text and done.headers["Cache-Control"] == "no-store"
    assert person.get("/mulai").status_code == 404
    assert person.post("/mulai", kode=app.hub.setup_code, **FORM).status_code == 404
    assert person.post("/masuk", masuk="siti", sandi=PASSWORD).status_code == 303
    assert "WITA" in person.get("/papan").text


def test_a_stranger_without_the_code_gets_five_guesses_a_minute_and_no_site(app):
    person = Person(app)
    for _ in range(5):
        assert person.post("/mulai", page="/mulai", kode="00000000", **FORM).status_code == 403
    assert person.post("/mulai", page="/mulai", kode=app.hub.setup_code, **FORM).status_code == 429
    assert not app.hub.has_site()
    app.hub.clock.advance(60_000)
    assert person.post("/mulai", page="/mulai", kode=app.hub.setup_code, **FORM).status_code == 200


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"sandi2": "lain"}, "tidak sama"),
        ({"sandi": "pendek", "sandi2": "pendek"}, "10"),
        ({"rt": "lima"}, "angka"),
        ({"nama": " "}, "nama tempat"),
        ({"rt": "0"}, "tulis angka 1 sampai 255"),
        ({"masuk": "Bu RT"}, "nama masuk"),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_of_the_form_is_kept(app, change, says):
    answer = Person(app).post("/mulai", page="/mulai", kode=app.hub.setup_code, **{**FORM, **change})
    assert answer.status_code == 400 and says in answer.text
    assert 'value="Siti"' in answer.text and PASSWORD not in answer.text
    assert not app.hub.has_site()


def test_init_says_that_two_agreed_people_come_first(tmp_path, capsys):
    (tmp_path / "pw").write_text("kata sandi panjang\n")
    words = ["--data", str(tmp_path / "data"), "--site", "RT 05", "--admin", "admin",
             "--password-file", str(tmp_path / "pw")]  # fmt: skip
    assert cli.main(["init", *words]) in (None, 0)
    assert "agree at least two people of different houses" in capsys.readouterr().out
