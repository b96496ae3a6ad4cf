"""People whom a policy's words mean tonight: nobody whose account was switched off is called or answers."""

import json

import pytest
from kentongan_hub.base import clock
from kentongan_hub.incidents.calling import recipients, replies
from kentongan_hub.record import outbox
from kits.hub.access_kit import person

BUDI = "+6281222220002"
WORDS = ("warga", "tugas:ronda", "dekat:2", "orang:1")


@pytest.fixture
def ronda(site):
    """Budi of house 8 is on patrol, has a phone, and the account `ronda`."""
    site.ronda = site.account("ronda", "petugas_ronda")
    number = person(site, "Budi", 8, "ronda")
    with site.hub.store.write() as db:
        db.insert("houses", zone=5, number=8)
        db.insert("addresses", person=number, channel="sms", address=BUDI)
        db.insert("duties", person=number, duty="ronda", zone=5)
    return site


def called(site, word):
    now = clock.Now(site.clock.now_ms, site.clock.now_ms)
    with site.hub.store.read() as db:
        incident = {**recipients.everyone(5), "house": 7}
        return [one["name"] for one in recipients.resolve(db, now, incident, [word])]


def off(site):
    assert site.enter("admin").post(f"/akun/{site.ronda}/matikan", page="/akun").status_code == 303


def message(site, type_=outbox.MESSAGE, attempts=0):
    with site.hub.store.write() as db:
        body = json.dumps({"to": BUDI, "name": "Budi", "text": "KEBAKARAN"})
        number = outbox.add(db, site.clock.now_ms, "sms", type_, body, 1_800_000, 1)
        db.run("UPDATE outbox SET attempts = ? WHERE id = ?", attempts, number)
    return number


def state(site, number):
    return site.rows("SELECT state FROM outbox WHERE id = ?", number)[0]["state"]


@pytest.mark.parametrize("word", WORDS)
def test_whoever_has_an_account_that_was_switched_off_is_not_called(ronda, word):
    assert called(ronda, word) == ["Budi"]
    off(ronda)
    assert called(ronda, word) == []


@pytest.mark.parametrize("word", WORDS)
def test_without_an_account_the_same_person_is_called_as_any_resident(ronda, word):
    off(ronda)
    ronda.enter("admin").post("/warga/1/akun", page="/warga/1", akun="0")
    assert called(ronda, word) == ["Budi"]


def test_an_answer_of_one_who_was_called_and_then_switched_off_is_none(ronda):
    ronda.post_events(ronda.alarm(counter=9, kind=7))
    message(ronda, attempts=1)
    off(ronda)
    with ronda.hub.store.write() as db:
        now = clock.Now(ronda.clock.now_ms, ronda.clock.now_ms)
        assert not replies.take(db, now, "sms", BUDI, "DATANG")
    assert ronda.incidents()[0]["answered_by"] is None


def test_what_waits_for_one_who_is_switched_off_is_not_sent_but_a_correction_is(ronda):
    ronda.post_events(ronda.alarm(counter=9, kind=7))
    call, news, correction = (message(ronda, one) for one in ("call", "news", "correction"))
    off(ronda)
    assert [state(ronda, one) for one in (call, news, correction)] == ["expired", "expired", "waiting"]


def test_a_call_that_waits_for_a_shared_phone_goes_to_the_other(ronda):
    ronda.post_events(ronda.alarm(counter=9, kind=7))
    siti = person(ronda, "Siti", 8)
    with ronda.hub.store.write() as db:
        db.insert("addresses", person=siti, channel="sms", address=BUDI)
    call = message(ronda)
    off(ronda)
    assert state(ronda, call) == "waiting"


def test_what_waits_for_a_number_that_was_taken_off_or_moved_out_is_not_sent(ronda):
    ronda.post_events(ronda.alarm(counter=9, kind=7))
    call, admin = message(ronda), ronda.enter("admin")
    with ronda.hub.store.write() as db:
        db.insert("addresses", person=1, channel="sms", address="+6281222220003")
    admin.post("/warga/1/hapus-alamat", page="/warga/1", nomor="2")
    assert state(ronda, call) == "waiting", "it goes to the other number"
    admin.post("/warga/rumah/keluar", page="/warga", rt="5", rumah="8", alasan="Pindah rumah")
    assert state(ronda, call) == "expired"


def test_the_register_says_that_this_person_is_not_called(ronda):
    admin = ronda.enter("admin")
    assert "dimatikan" not in admin.get("/warga/1").text
    off(ronda)
    assert "tidak dipanggil" in admin.get("/warga/1").text
