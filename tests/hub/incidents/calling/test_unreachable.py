"""A silent alarm from every side: each role, each route, feeds, searches, exports, errors, channels."""

import itertools
import re

import pytest
from kentongan_hub.base import clock, roles, words
from kentongan_hub.channels import mqtt_sensors
from kentongan_hub.incidents import confidential
from kentongan_hub.incidents.drills import drills
from kentongan_hub.record import chain
from kentongan_wire.message import messages as m

COUNTER = 43_210_987  # in no other number of the site
PLACE, TEXT, REASON = "Gang Rahasia Sekali", "kalimat yang tidak boleh bocor", "alasan yang tidak boleh bocor"
FILL = {
    "slug": ("rahasia-1", "RAHASIA-1", "rahasia-2", "1", "kejadian-2"),
    "label": ("tombol-07",),
    "number": ("1", "2"),
    "action": ("datang", "urus", "alamat", "keluar"),
    "name": ("sms", "board"),
    "table": ("kejadian", "perangkat", "latihan"),
    "form": ("csv", "xlsx"),
    "filename": ("hub.css",),
}
SECRETS = (str(COUNTER), "rahasia-1", "rahasia-2", "Rahasia 1", PLACE, TEXT, REASON, "bidan saja yang tahu")


@pytest.fixture
def secret(site):
    """A silent alarm of house 7 and a report, one public alarm; only the bidan may know."""
    site.account("bidan", "petugas_ronda", named=True)
    with site.hub.store.write() as db:
        drills.start(db, site.hub.now(), {"login": "admin", "name": "Bu Admin"}, 60, 5)
    site.post_events(site.alarm(counter=COUNTER, kind=m.KIND_KEKERASAN, silent=True, battery=101, rssi=-77))
    site.post_events(site.alarm(counter=50, device=site.other))
    bidan = site.enter("bidan")
    form = {"jenis": str(words.PELECEHAN), "rt": "5", "rumah": "7", "patokan": PLACE, "isi": TEXT}
    bidan.post("/lapor", page="/lapor", **form)
    bidan.post("/kejadian/rahasia-1/terima", page="/papan")
    bidan.post("/kejadian/rahasia-1/catatan", page="/papan", catatan=REASON)
    bidan.post("/kejadian/rahasia-2/catatan", page="/papan", catatan="bidan saja yang tahu")
    site.clock.advance(120_000)
    site.hub.dispatch.step()
    return site


def addresses(app):
    """Every address of the app, with whatever a guesser would put into it."""
    for rule in app.url_map.iter_rules():
        names = sorted(rule.arguments)
        for values in itertools.product(*(FILL.get(name, ("1",)) for name in names)):
            address = str(rule)
            for name, value in zip(names, values, strict=True):
                address = re.sub(rf"<(?:\w+:)?{name}>", value, address)
            yield rule, address


def look(person, address):
    answer = person.client.get(address, headers={"Accept": "text/html"})
    if answer.mimetype == "text/event-stream":  # the feed: its first board
        stream = iter(answer.response)
        text = next(stream) + next(stream)
        answer.close()
        return text if isinstance(text, str) else text.decode()
    text = answer.get_data()
    answer.close()
    return str(dict(answer.headers)) + text.decode("utf-8", "replace")


def visitors(site):
    """(name, login, household) of everybody who must learn nothing."""
    for role in roles.ROLES:
        site.account(f"orang-{role.replace('_', '-')}", role)
        yield f"orang-{role.replace('_', '-')}"
    kin = site.account("kerabat", "ketua_rt", named=True)
    rival = site.account("seteru", "admin", named=True)
    with site.hub.store.write() as db:
        db.run("UPDATE accounts SET zone = 5, house = 7 WHERE id = ?", kin)
        now, admin = (clock.Now(site.clock.now_ms, 0), db.one("SELECT * FROM accounts WHERE login = 'admin'"))
        confidential.exclude(db, now, admin, rival, zone=5, house=7)
    yield from ("kerabat", "seteru", "admin")


def test_no_address_of_the_app_tells_anybody_else_anything(secret):
    for login in visitors(secret):
        person = secret.enter(login)
        for rule, address in addresses(secret.app):
            if "GET" not in rule.methods or rule.endpoint in ("api.get_orders", "entry.setup"):
                continue
            text = look(person, address).replace(address, "").replace(address.rsplit("/", 1)[-1], "")
            found = [word for word in SECRETS if word in text]
            assert not found, (login, address, found)


def test_no_form_of_the_app_changes_or_tells_anything(secret):
    before = secret.rows("SELECT * FROM incidents WHERE confidential = 1")
    lines = secret.rows("SELECT count(*) AS n FROM timeline WHERE incident IN (1, 3)")
    form = {"orang": "1", "dengan": "rahasia-1", "alasan": "x", "catatan": "x", "sebelum": "rahasia-1"}
    for login in visitors(secret):
        person = secret.enter(login)
        token = person.token("/papan")
        for rule, address in addresses(secret.app):
            if "POST" not in rule.methods or "rahasia" not in address.lower():
                continue
            answer = person.client.post(
                address, data={"csrf": token, **form}, headers={"Origin": "http://localhost"}
            )
            assert answer.status_code in (403, 404), (login, address)
            assert not [word for word in SECRETS if word in answer.text.replace(address, "")], (
                login,
                address,
            )
        answer = person.post("/kejadian/kejadian-1/gabung", page="/papan", dengan="rahasia-1")
        assert answer.status_code in (403, 404)
    assert secret.rows("SELECT * FROM incidents WHERE confidential = 1") == before
    assert secret.rows("SELECT count(*) AS n FROM timeline WHERE incident IN (1, 3)") == lines


def test_what_is_hidden_and_what_never_was_answer_alike(secret):
    for login in visitors(secret):
        person = secret.enter(login)
        token = person.token("/papan")
        for address in ("/kejadian/rahasia-{}", "/kejadian?sebelum=rahasia-{}"):
            hidden, absent = person.get(address.format(1)), person.get(address.format(77))
            assert hidden.status_code == absent.status_code
            assert hidden.text.replace(token, "") == absent.text.replace(token, ""), (login, address)


def test_the_one_who_may_know_sees_both(secret):
    bidan = secret.enter("bidan")
    assert "Rahasia 1" in bidan.get("/papan").text and REASON in bidan.get("/kejadian/rahasia-1").text
    page = bidan.get("/kejadian/rahasia-2").text
    assert TEXT in page and PLACE in page and "Pelecehan" in page


def test_who_excludes_themself_is_out_at_once(secret):
    bidan = secret.enter("bidan")
    number = secret.rows("SELECT id FROM accounts WHERE login = 'bidan'")[0]["id"]
    answer = bidan.post("/kejadian/rahasia-1/kecualikan", page="/papan", orang=str(number))
    assert answer.headers["Location"] == "/papan"
    assert bidan.get("/kejadian/rahasia-1").status_code == 404
    assert bidan.get("/kejadian/rahasia-2").status_code == 200


def test_the_list_pages_by_what_one_may_see_and_row_numbers_show_nowhere(secret):
    from kentongan_hub.web import view

    for number in range(view.LIST_LIMIT):
        secret.post_events(
            secret.alarm(counter=100 + 20 * number, device=secret.other, silent=number % 3 == 0)
        )
    page = secret.enter("admin").get("/kejadian").text
    more = re.search(r"sebelum=([\w-]+)", page)
    assert more is None or more[1].startswith("kejadian-")


def test_the_reporter_of_a_confidential_report_is_nowhere_in_the_database(secret):
    reporter = secret.account("pelapor-asli", "petugas_ronda")
    person = secret.enter("pelapor-asli")
    before = secret.rows("SELECT max(id) AS n FROM audit")[0]["n"]
    answer = person.post(
        "/lapor", page="/lapor", jenis=str(words.NARKOBA), rt="5", isi="sering ada tamu malam"
    )
    assert answer.status_code == 200 and "Nama Anda tidak disimpan" in answer.text
    fresh = secret.rows("SELECT actor, who, address, subject FROM audit WHERE id > ?", before)
    assert {row["actor"] for row in fresh} - {"hub"} == {"concealed"}
    assert {row["who"] for row in fresh} == {""}
    assert {row["address"] for row in fresh} == {""}
    row = secret.incidents()[-1]
    assert (row["slug"], row["confidential"], row["holder"], row["answered_by"]) == (
        "rahasia-3",
        1,
        None,
        None,
    )
    assert reporter and person.get("/kejadian/rahasia-3").status_code == 404, (
        "not even its reporter may read it"
    )


@pytest.mark.parametrize(
    ("form", "words_"),
    [
        ({"jenis": "15"}, "tidak ada di daftar"),
        ({"jenis": "x"}, "tidak ada di daftar"),
        ({"rt": "0"}, "RT: tulis angka"),
        ({"rumah": "x"}, "Rumah: tulis angka 1 sampai"),
        ({"isi": " "}, "Tulis satu kalimat"),
        ({"isi": "x" * 281}, "Terlalu panjang"),
    ],
)
def test_a_bad_report_is_refused_with_the_remedy_and_opens_nothing(site, form, words_):
    good = {"jenis": "110", "rt": "5", "isi": "mobil asing"}
    answer = site.enter("admin").post("/lapor", page="/lapor", **{**good, **form})
    assert answer.status_code == 400 and words_ in answer.text
    assert site.incidents() == []


def test_a_public_report_is_called_without_a_siren(site):
    person = site.enter("admin")
    answer = person.post(
        "/lapor", page="/lapor", jenis="110", rt="5", patokan="Gang Mawar", isi="mobil asing"
    )
    assert answer.headers["Location"] == "/kejadian/kejadian-1"
    page = person.get("/kejadian/kejadian-1").text
    assert "Orang mencurigakan" in page and "Gang Mawar" in page and "mobil asing" in page
    site.clock.advance(300_000)
    site.hub.dispatch.step()
    assert site.incidents()[0]["alerts"] == 1 and site.orders() == []
    assert person.post("/kejadian/kejadian-1/selesai", page="/papan").status_code == 303


def test_mqtt_logs_and_the_record_carry_nothing(secret, caplog):
    caplog.set_level("DEBUG")
    with secret.hub.store.read() as db:
        told = str(mqtt_sensors.snapshot(db, clock.Now(secret.clock.now_ms, 0), "rt"))
        columns = "who, address, what, about, subject, said, detail"
        record = str(db.all(f"SELECT {columns} FROM audit WHERE actor != 'provision'"))
        assert chain.verify(db, "audit")[1] is None
    for word in (str(COUNTER), PLACE, TEXT, REASON, "bidan saja"):
        assert word not in told + record + caplog.text
    assert "rahasia" not in told


def test_every_view_is_on_the_record(secret):
    bidan = secret.enter("bidan")
    sql = "SELECT count(*) AS n FROM audit WHERE what = 'confidential_seen' AND who = 'bidan'"
    before = secret.rows(sql)[0]["n"]
    for slug in ("rahasia-1", "rahasia-2", "rahasia-1"):
        bidan.get(f"/kejadian/{slug}")
    bidan.get("/kejadian/kejadian-1")
    assert secret.rows(sql)[0]["n"] == before + 3
