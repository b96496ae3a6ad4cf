"""Answers of called people, as people write them; only who was called, and only for that."""

import json

import pytest
from kentongan_hub.base import clock
from kentongan_hub.incidents.calling import replies
from kentongan_hub.record import outbox

SITI, BUDI = "+6281211110001", "+6281222220002"


def register(site, name, address, house=8, **fields):
    with site.hub.store.write() as db:
        number = db.insert("people", name=name, zone=5, house=house, created_wall=0, **fields)
        db.insert("addresses", person=number, channel="sms", address=address)
        return number


def called(site, incident, *addresses, attempts=1, name="Siti"):
    """A call for this incident that has gone out to these addresses."""
    with site.hub.store.write() as db:
        for address in addresses:
            body = json.dumps({"to": address, "name": name, "text": "KEBAKARAN"})
            row = outbox.add(db, site.clock.now_ms, "sms", outbox.MESSAGE, body, 1_800_000, incident)
            db.run("UPDATE outbox SET attempts = ? WHERE id = ?", attempts, row)


def write_back(site, text, address=SITI):
    with site.hub.store.write() as db:
        return replies.take(db, clock.Now(site.clock.now_ms, site.clock.now_ms), "sms", address, text)


def answers(site):
    return {one["slug"]: one["answered_by"] for one in site.incidents()}


@pytest.fixture
def two(site):
    """Two open incidents, kejadian-1 and kejadian-2; Siti was called for both."""
    register(site, "Siti", SITI)
    register(site, "Budi", BUDI, house=10)
    site.post_events(site.alarm(counter=9, kind=7), site.alarm(counter=90, kind=2))
    called(site, 1, SITI)
    called(site, 2, SITI)
    return site


@pytest.mark.parametrize(
    ("text", "comes", "slugs"),
    [
        ("DATANG 12", True, {"kejadian-12"}),
        ("datang12", True, {"kejadian-12"}),
        ("Datang R3 pak", True, {"rahasia-3"}),
        ("datang rahasia-3", True, {"rahasia-3"}),
        ("kejadian-12 saya datang", True, {"kejadian-12"}),
        ("ＤＡＴＡＮＧ １２", True, {"kejadian-12"}),
        ("datang ١٢", True, {"kejadian-12"}),
        ("DATANG 12 🙏🏽", True, {"kejadian-12"}),
        ("🏃DATANG🙏", True, set()),
        ("OK", True, set()),
        ("ok pak, datang", True, set()),
        ("siap meluncur", True, set()),
        ("ya", True, set()),
        ("Assalamualaikum\nDATANG 12\nsebentar lagi", True, {"kejadian-12"}),
        ("datang 5 menit lagi", True, set()),
        ("datang 12, 5 menit lagi", True, {"kejadian-12"}),
        ("otw jam 9", True, set()),
        ("saya datang pukul 21.30 ke rumah 7 RT 05", True, set()),
        ("datang, hubungi 081211110001", True, set()),
        ("TIDAK 12", False, {"kejadian-12"}),
        ("ok tapi tidak bisa datang", False, set()),
        ("ya gak bisa", False, set()),
        ("belum bisa datang", None, set()),
        ("jangan datang", None, set()),
        ("siapa yang datang?", None, set()),
        ("sudah ada yg datang pak?", None, set()),
        ("dtg 12", True, {"kejadian-12"}),
        ("saya yang datang 12", True, {"kejadian-12"}),
        ("12", None, {"kejadian-12"}),
        ("🙏", None, set()),
        ("terima kasih", None, set()),
        ("kedatangan tamu", None, set()),
        ("okupansi", None, set()),
        ("", None, set()),
    ],
)
def test_an_answer_is_understood_as_people_write_it(text, comes, slugs):
    assert replies.meaning(text) == (comes, slugs)


@pytest.mark.parametrize(
    ("text", "coming"),
    [
        ("datang", set()),
        ("OK", set()),
        ("DATANG 2", {"kejadian-2"}),
        ("datang 2, 5 menit lagi", {"kejadian-2"}),
        ("datang r1", set()),
        ("datang 12", set()),
        ("datang 1 2", set()),
        ("terima kasih", set()),
        ("tidak 1", set()),
    ],
)
def test_an_answer_that_could_mean_two_answers_neither(two, text, coming):
    write_back(two, text)
    assert {slug for slug, by in answers(two).items() if by} == coming


def test_with_exactly_one_open_call_no_number_is_needed(two):
    called(two, 2, BUDI, name="Budi")
    assert write_back(two, "OK", BUDI)
    assert answers(two) == {"kejadian-1": None, "kejadian-2": "Budi"}


@pytest.mark.parametrize("became", ["closed", "an hour old"])
def test_words_without_a_number_never_answer_for_another_call_that_may_be_meant(site, became):
    """Typed on the first call, or typed long ago and delivered late: the open call is not what was meant."""
    register(site, "Siti", SITI)
    site.post_events(site.alarm(counter=9, kind=7))
    called(site, 1, SITI)
    if became == "closed":
        site.enter("admin").post("/kejadian/kejadian-1/keliru", page="/papan", alasan="salah tekan")
        site.clock.advance(1_800_000)
    else:
        site.clock.advance(3_700_000)
    site.post_events(site.alarm(counter=90, kind=2, device=site.other))
    called(site, 2, SITI)
    assert not write_back(site, "datang")
    assert set(answers(site).values()) == {None}
    assert write_back(site, "DATANG 2") and answers(site)["kejadian-2"] == "Siti"
    assert not write_back(site, "DATANG 1"), "closed, or called for long ago"
    assert answers(site)["kejadian-1"] is None


def test_a_call_of_another_day_is_not_meant_any_more(site):
    register(site, "Siti", SITI)
    site.post_events(site.alarm(counter=9, kind=7))
    called(site, 1, SITI)
    site.enter("admin").post("/kejadian/kejadian-1/selesai", page="/papan")
    site.clock.advance(replies.MEANT_MS)
    site.post_events(site.alarm(counter=90, kind=2, device=site.other))
    called(site, 2, SITI)
    assert write_back(site, "OK") and answers(site)["kejadian-2"] == "Siti"


def test_who_is_not_understood_is_asked_for_the_number_once_an_hour(two):
    asked = "SELECT body FROM outbox WHERE type = 'news'"
    for text in ("datang", "OK", "otw", "terima kasih"):
        assert not write_back(two, text)
    (row,) = two.rows(asked)
    body = json.loads(row["body"])
    assert (body["to"], body["text"]) == (SITI, "Kentongan: yang mana? Balas: DATANG 1 atau DATANG 2")
    two.clock.advance(1_800_000)
    called(two, 2, SITI)
    write_back(two, "datang")
    assert len(two.rows(asked)) == 1
    called(two, 2, BUDI)
    write_back(two, "DATANG 1", BUDI)
    write_back(two, "datang", "+6281299990009")
    assert len(two.rows(asked)) == 1, "who was not called for it, and a stranger, are written nothing"


def test_who_was_not_called_for_it_never_answers(two):
    assert not write_back(two, "DATANG 1", BUDI), "registered, but not called"
    called(two, 2, BUDI)
    assert not write_back(two, "DATANG 1", BUDI), "called for another"
    assert not write_back(two, "DATANG 1", "+6281299990009"), "not registered"
    assert set(answers(two).values()) == {None}


def test_a_call_that_was_never_sent_is_no_call(two):
    called(two, 2, BUDI, attempts=0)
    assert not write_back(two, "DATANG 2", BUDI)
    with two.hub.store.write() as db:
        db.run("UPDATE outbox SET attempts = 1")
    assert write_back(two, "DATANG 2", BUDI)


def test_an_address_that_is_no_longer_used_answers_nothing(two):
    with two.hub.store.write() as db:
        db.run("UPDATE addresses SET active = 0")
    assert not write_back(two, "DATANG 1")


def test_a_confidential_incident_is_answered_by_who_may_still_know_of_it(site):
    siti = register(site, "Siti", SITI, house=8)
    site.post_events(site.alarm(counter=9, silent=True, kind=8))
    called(site, 1, SITI)
    with site.hub.store.write() as db:
        db.run("UPDATE people SET house = 7 WHERE id = ?", siti)  # the house that it came from
    assert not write_back(site, "DATANG R1"), "she has moved into that house since"
    assert not write_back(site, "datang 1"), "and its number is no public one"
    with site.hub.store.write() as db:
        db.run("UPDATE people SET house = 8 WHERE id = ?", siti)
    assert not write_back(site, "datang 1")
    assert write_back(site, "DATANG R1")
    assert site.incidents()[0]["answered_by"] == "Siti"


def test_a_phone_that_two_people_share_answers_in_the_name_that_was_called(site):
    register(site, "Siti", SITI)
    register(site, "Anto", SITI)
    site.post_events(site.alarm(counter=9, kind=7))
    called(site, 1, SITI, name="Anto")
    write_back(site, "OK")
    assert answers(site) == {"kejadian-1": "Anto"}


def test_an_answer_to_an_alarm_that_was_merged_since_counts_for_the_event(site):
    register(site, "Siti", SITI)
    site.post_events(site.alarm(counter=9, kind=7), site.alarm(counter=90, kind=7))
    called(site, 1, SITI)
    called(site, 2, SITI)
    admin = site.enter("admin")
    admin.post("/kejadian/kejadian-2/gabung", page="/papan", dengan="kejadian-1")
    write_back(site, "DATANG 2")
    assert [one["answered_by"] for one in site.incidents()] == ["Siti", "Siti"]


COMMANDS = ("SELESAI 1", "TUTUP 1", "BATAL 1", "KELIRU 1", "DIAM 1", "BISUKAN tombol-07", "SIRENE 1",
            "URUS 1", "SANDI baru", "ATUR 1", "LATIHAN 1", "DATANG 1; SELESAI 1", "CABUT 07")  # fmt: skip


EVERYBODY = (SITI, BUDI, "+6281299990009", "112")


@pytest.mark.parametrize("text", COMMANDS)
def test_no_sms_does_more_than_answer(two, text):
    """Neither of whoever was called nor of a stranger: no siren, no end, and nobody is written to."""
    last = two.rows("SELECT max(id) AS id FROM outbox")[0]["id"]
    for address in EVERYBODY:
        write_back(two, text, address)
    assert {one["state"] for one in two.incidents()} <= {"baru", "menuju_lokasi"}
    assert [one["closed_ms"] for one in two.incidents()] == [None, None]
    sent = two.rows("SELECT type, body FROM outbox WHERE id > ?", last)
    assert {(one["type"], json.loads(one["body"]).get("stage")) for one in sent} <= {("stage", 3)}
    assert bool(sent) == text.startswith("DATANG")


@pytest.mark.parametrize("text", COMMANDS)
def test_no_sms_mutes_sets_or_takes_anything(two, text):
    kept = ("settings", "policies", "devices", "warnings", "accounts", "people", "addresses")
    with two.hub.store.write() as db:
        db.run("INSERT INTO warnings (what, subject, detail, urgent, owner, opened_ms, opened_wall) "
               "VALUES ('sirene diam', 'pos-1', '', 1, 'ronda', 0, 0)")  # fmt: skip
    before = {name: two.rows(f"SELECT * FROM {name}") for name in kept}
    for address in EVERYBODY:
        write_back(two, text, address)
    assert before["warnings"] and {name: two.rows(f"SELECT * FROM {name}") for name in kept} == before
