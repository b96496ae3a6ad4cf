"""Answers "saya datang" at a chime: of whom a gateway paged about that incident, and who may know of it."""

import pytest
from kentongan_hub.devices import provision
from kentongan_hub.people import circles, ringing
from kentongan_wire.message import messages as m

COUNTER = 70_009
NOT_ASKED = "SELECT count FROM refusals WHERE reason = 'answer_not_asked'"


@pytest.fixture(name="chime")
def chime_fixture(site):
    return provision.add_device(site.data_dir, "penerima", "penerima-1", 5, 12)["node"]


def pressed(site, counter=COUNTER, **fields):
    site.post_events(site.alarm(counter=counter, incident=counter & 0xFFFF, **fields))


def paged(site, chime, origin=None, counter=COUNTER):
    site.post_events(site.event("paged", device=chime, origin=origin or site.button, counter=counter))


def coming(site, device, origin=None, counter=COUNTER):
    """A device says "saya datang" about that incident."""
    about = {"device": device, "origin": origin or site.button, "counter": counter}
    site.post_events(site.event("event", event=m.EVENT_COMING, **about))


def unanswered(site, index=0):
    """Nothing of that incident was answered, and nobody was told so; it says why on its timeline."""
    incident = site.incidents()[index]
    orders = [order for order in site.orders() if order["type"] == "stage"]
    return incident["state"] == "baru" and incident["answered_by"] is None and orders == []


def named_at(site, house, chime, login="ibu_kader"):
    """An agreed person who lives in that house and has confirmed the chime there."""
    site.account(login, "wakil", named=True, house=house)
    with site.hub.store.write() as db:
        ringing.confirm(db, site.hub.now(), db.one("SELECT * FROM accounts WHERE login = ?", login), chime)


def test_saya_datang_on_a_chime_answers_the_incident_it_was_paged_for(site, chime):
    pressed(site)
    paged(site, chime)
    coming(site, chime)
    (incident,) = site.incidents()
    assert (incident["state"], incident["answered_by"]) == ("menuju_lokasi", "penerima-1")
    assert incident["next_alert_ms"] == site.clock.now_ms + 3_600_000, "then somebody asks whether it is over"
    assert [order["stage"] for order in site.orders() if order["type"] == "stage"] == [m.STAGE_COMING]
    assert site.rows(NOT_ASKED) == []


def test_an_answer_told_before_the_gateway_that_paged_has_spoken_counts_once_it_has(site, chime):
    """Another gateway heard the chime, and its line is faster."""
    pressed(site)
    coming(site, chime)
    assert unanswered(site) and site.rows(NOT_ASKED) == [{"count": 1}]
    paged(site, chime)
    (incident,) = site.incidents()
    assert (incident["state"], incident["answered_by"]) == ("menuju_lokasi", "penerima-1")
    assert site.rows("SELECT * FROM early_answers") == []


def test_an_answer_in_advance_of_no_incident_or_of_a_closed_one_is_kept_for_nothing(site, chime):
    coming(site, chime)
    pressed(site)
    paged(site, chime)
    assert unanswered(site)
    other = provision.add_device(site.data_dir, "penerima", "penerima-2", 5, 13)["node"]
    coming(site, other)
    site.enter("admin").post("/kejadian/kejadian-1/selesai", page="/kejadian/kejadian-1")
    paged(site, other)
    assert site.incidents()[0]["answered_by"] is None


def test_no_button_and_no_post_answers_whatever_it_was_paged(site):
    """A stolen button answered every alarm of the village, a stolen post in its own name."""
    pressed(site)
    for device in (site.other, site.button, site.post, 0x7777):
        paged(site, device)
        coming(site, device)
    assert unanswered(site)
    assert site.rows(NOT_ASKED) == [{"count": 4}]
    page = site.enter("admin").get("/kejadian/kejadian-1").text
    assert page.count("tidak dihitung: alat ini bukan penerima") == 4


def test_a_chime_that_was_not_paged_for_this_incident_does_not_answer_it(site, chime):
    pressed(site)
    pressed(site, counter=5, device=site.other)
    paged(site, chime, site.other, 5)
    coming(site, chime)
    assert unanswered(site)
    coming(site, chime, site.other, 5)
    assert site.incidents()[1]["answered_by"] == "penerima-1"


def test_two_buttons_that_count_alike_are_told_apart(site, chime):
    pressed(site, counter=5)
    pressed(site, counter=5 + (1 << 16), device=site.other)
    paged(site, chime, site.other, 5 + (1 << 16))
    coming(site, chime, site.button, 5 + (1 << 16))
    coming(site, chime, site.other, 5)
    assert [i["state"] for i in site.incidents()] == ["baru", "baru"]
    coming(site, chime, site.other, 5 + (1 << 16))
    assert [i["state"] for i in site.incidents()] == ["baru", "menuju_lokasi"]


def test_the_pressers_own_chime_and_another_rts_do_not_answer(site, chime):
    own = provision.add_device(site.data_dir, "penerima", "penerima-2", 5, 7)["node"]
    other = provision.add_device(site.data_dir, "penerima", "penerima-3", 6, 3)["node"]
    pressed(site)
    for device in (own, other):
        paged(site, device)
        coming(site, device)
    assert unanswered(site)


def test_a_chime_of_another_rt_answers_where_the_rt_has_none(site):
    other = provision.add_device(site.data_dir, "penerima", "penerima-3", 6, 3)["node"]
    pressed(site)
    paged(site, other)
    coming(site, other)
    assert site.incidents()[0]["answered_by"] == "penerima-3"


def test_a_revoked_chime_does_not_answer(site, chime):
    pressed(site)
    paged(site, chime)
    with site.hub.store.write() as db:
        db.run("UPDATE devices SET revoked = 1 WHERE node = ?", chime)
    coming(site, chime)
    assert unanswered(site)


def test_a_confidential_incident_is_answered_only_where_an_agreed_person_lives(site, chime):
    pressed(site, kind=m.KIND_KEKERASAN, silent=True)
    paged(site, chime)
    coming(site, chime)
    assert unanswered(site), "nobody in house 12 was agreed on"
    site.clock.advance(1_000)
    named_at(site, 12, chime)
    coming(site, chime)
    assert unanswered(site), "who is agreed on now is so from the next alarm on"
    pressed(site, counter=80_000, kind=m.KIND_KEKERASAN, silent=True)
    paged(site, chime, counter=80_000)
    coming(site, chime, counter=80_000)
    assert site.incidents()[1]["answered_by"] == "penerima-1"


def test_an_agreed_person_who_was_excluded_does_not_answer_from_home(site, chime):
    named_at(site, 12, chime)
    pressed(site, kind=m.KIND_KEKERASAN, silent=True)
    paged(site, chime)
    with site.hub.store.write() as db:
        account = db.value("SELECT id FROM accounts WHERE login = 'ibu_kader'")
        circles.end(db, site.hub.now(), account, site.incidents()[0]["id"], "Bu Admin")
    coming(site, chime)
    assert unanswered(site)


def test_an_answer_to_what_is_closed_or_never_was_only_counts(site, chime):
    coming(site, chime, counter=9)
    assert site.incidents() == [] and site.rows(NOT_ASKED) == [{"count": 1}]


def test_an_answer_to_an_incident_that_was_joined_to_another_answers_the_whole(site, chime):
    pressed(site)
    pressed(site, counter=5, device=site.other)
    paged(site, chime, site.other, 5)
    with site.hub.store.write() as db:
        db.run("UPDATE incidents SET merged_into = 1 WHERE id = 2")
    coming(site, chime, site.other, 5)
    assert site.incidents()[0]["answered_by"] == "penerima-1"
    told = {(order["device"], order["stage"]) for order in site.orders() if order["type"] == "stage"}
    assert told == {(site.button, m.STAGE_COMING), (site.other, m.STAGE_COMING)}
