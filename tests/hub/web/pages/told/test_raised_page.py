"""Bunyikan sirene: by PIN at the post, by account at the hub; a second look, and the same page stops it."""

import re

import pytest
from kentongan_hub.base import roles
from kentongan_hub.devices import provision
from kentongan_hub.people import accounts
from kentongan_wire.message import messages as m
from kits.hub.hub_kit import PIN, Person, pair, with_pin

FORM = {"jenis": str(m.KIND_KEBAKARAN), "rt": "5", "alasan": "Dilihat sendiri saat ronda"}


def send(person, **form):
    return person.post("/bunyikan", page="/bunyikan", **{**FORM, **form})


def test_the_first_press_asks_again_and_sounds_nothing(site):
    site.account("siti", "petugas_ronda")
    siti = site.enter("siti")
    answer = send(siti)
    assert answer.status_code == 200 and "Bunyikan sirene RT 05?" in answer.text
    assert "Dilihat sendiri saat ronda" in answer.text and site.incidents() == []
    answer = send(siti, yakin="1")
    assert answer.headers["Location"].endswith("/kejadian/kejadian-1")
    page = siti.get("/kejadian/kejadian-1").text
    assert "Disuarakan dari pusat data oleh Siti" in page and "bukan dari tombol" in page


def test_at_the_post_it_is_the_person_whose_pin_is_right(site):
    number, tablet = with_pin(site, "siti"), pair(site)
    assert "Bunyikan sirene" in tablet.get("/papan").text
    for pin, code in (("0000", 403), ("", 403)):
        answer = send(tablet, yakin="1", orang=str(number), pin=pin)
        assert answer.status_code == code and "PIN tidak cocok" in answer.text
        assert "Dilihat sendiri saat ronda" in answer.text, "what was chosen is not lost"
    assert site.incidents() == []
    answer = send(tablet, yakin="1", orang=str(number), pin=PIN)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/papan")
    assert "Disuarakan dari pos oleh Siti" in tablet.get("/papan").text
    (line,) = site.rows("SELECT who FROM audit WHERE what = 'raised'")
    assert line["who"] == "Siti", "a screen is nobody"


def test_a_person_whose_role_sounds_nothing_does_not_at_the_post_either(site):
    number, tablet = with_pin(site, "lurah", "kelurahan"), pair(site)
    with_pin(site, "siti")
    answer = send(tablet, yakin="1", orang=str(number), pin=PIN)
    assert answer.status_code == 400 and "Pilih nama Anda" in answer.text
    assert site.incidents() == []


@pytest.mark.parametrize("role", roles.ROLES)
def test_who_may_is_who_may_silence(site, role):
    site.account("orang", role)
    with site.hub.store.write() as db:
        number = db.value("SELECT id FROM accounts WHERE login = 'orang'")
        token = accounts.open_session(db, site.hub.now(), number)
    person = Person(site.app)
    person.client.set_cookie("kentongan_sesi", token)
    may = roles.allows(role, roles.SIREN)
    assert (person.get("/bunyikan").status_code == 200) == (may or role == "tamu_layar")
    send(person, yakin="1")
    assert bool(site.incidents()) == may


def test_the_same_page_stops_it_at_the_post_by_pin(site):
    site.was_there()
    number, tablet = with_pin(site, "siti"), pair(site)
    send(tablet, yakin="1", orang=str(number), pin=PIN)
    path = "/bunyikan/kejadian-1/diam"
    assert tablet.post(path, page="/bunyikan", orang=str(number), pin="0000").status_code == 403
    assert tablet.post(path, page="/bunyikan", orang=str(number), pin=PIN).status_code == 303
    assert site.rows("SELECT 1 FROM outbox WHERE type = 'siren' AND json_extract(body, '$.action') = 'stop'")
    assert "dari layar Pos ronda Mawar" in site.lines("timeline", "what = 'hushed'")[0]["detail"]


def test_a_buttons_alarm_is_not_silenced_on_this_page(site):
    number, tablet = with_pin(site, "siti"), pair(site)
    site.post_events(site.alarm())
    answer = tablet.post("/bunyikan/kejadian-1/diam", page="/bunyikan", orang=str(number), pin=PIN)
    assert answer.status_code == 404


def test_what_cannot_be_sounded_says_why_and_keeps_the_form(site):
    site.account("siti", "petugas_ronda")
    siti = site.enter("siti")
    answer = send(siti, alasan="", alasan_lain="")
    assert answer.status_code == 400 and "Alasan belum diisi" in answer.text
    assert re.search(r'value="2" required checked', answer.text)
    assert send(siti, rt="9").status_code == 400
    assert send(siti, jenis="8").status_code == 400
    assert send(siti, jenis="abc").status_code == 400


def test_the_second_look_names_every_other_rt_that_will_sound(site):
    provision.add_device(site.data_dir, "sirene", "pos-6", 6)
    provision.add_device(site.data_dir, "sirene", "pos-7", 7)
    site.account("siti", "petugas_ronda")
    siti = site.enter("siti")
    fire = send(siti).text
    assert "Menurut kebijakan jenis ini juga RT 06, RT 07." in fire
    assert "Menurut kebijakan" not in send(siti, jenis=str(m.KIND_MALING)).text, "of a theft its own alone"
    send(siti, yakin="1")
    ordered = site.rows("SELECT json_extract(body, '$.zone') AS zone FROM outbox WHERE type = 'siren'")
    assert sorted(one["zone"] for one in ordered) == [5, 6, 7]


def test_the_second_look_names_the_other_rts_that_its_policy_asks_later(site):
    """Thieves: their own RT at once, the others of the RW when nobody comes."""
    provision.add_device(site.data_dir, "sirene", "pos-6", 6)
    person = site.enter("admin")
    text = send(person, jenis=str(m.KIND_MALING)).text
    assert "Bila dalam 4 menit belum ada yang datang, menurut kebijakan jenis ini juga RT 06." in text
    text = send(person, jenis=str(m.KIND_KEBAKARAN)).text
    assert "Menurut kebijakan jenis ini juga RT 06." in text and "Bila dalam" not in text


def test_the_second_look_names_no_rt_where_no_other_has_a_siren(site):
    assert "kebijakan" not in send(site.enter("admin"), jenis=str(m.KIND_MALING)).text
