"""Reports that people write: one account fills no queue with them, and a real one is always taken."""

from kentongan_hub.incidents.told import reports
from kentongan_hub.record import outbox
from kentongan_wire.message import messages as m

TEN_MIN_MS = 600_000


def settle(site):
    """Somebody who writes; of the duty `ronda` somebody who is called by SMS."""
    site.account("ronda", "petugas_ronda")
    site.account("bidan", "wakil", named=True)
    with site.hub.store.write() as db:
        db.run("INSERT INTO channels (name, enabled) VALUES ('sms', 1)")
        person = db.insert("people", name="Siti", zone=5, house=30, created_wall=0)
        db.insert("addresses", person=person, channel="sms", address="+628121110001")
        db.insert("duties", person=person, duty="ronda")
    return site.enter("ronda")


def write(browser, kind=m.KIND_MALING, text="orang masuk rumah"):
    return browser.post("/lapor", page="/lapor", jenis=str(kind), rt="5", rumah="31", isi=text)


def test_a_sixth_report_that_would_wait_is_refused_with_whom_to_telephone(site):
    ronda = settle(site)
    assert [write(ronda).status_code for _ in range(5)] == [303] * 5
    assert site.rows("SELECT 1 FROM outbox WHERE type = 'call'"), "somebody is called"
    answer = write(ronda)
    assert answer.status_code == 400 and "Telepon dulu: 112" in answer.text
    assert "orang masuk rumah" in answer.text, "what was written is not lost"
    assert len(site.incidents()) == 5
    assert write(site.enter("bidan")).status_code == 303, "another account is not kept from it"


def test_a_report_that_is_called_for_or_over_makes_room(site):
    ronda = settle(site)
    for _ in range(5):
        write(ronda)
    with site.hub.store.write() as db:
        row = outbox.claim_one(db, site.clock.now_ms, "sms", 90_000)
        outbox.mark(db, site.clock.now_ms, "sms", row["id"])
    assert write(ronda).status_code == 303
    assert write(ronda).status_code == 400
    ronda.post("/kejadian/kejadian-5/selesai", page="/papan")
    assert write(ronda).status_code == 303


def test_reports_in_confidence_count_for_ten_minutes_and_tell_nothing_by_it(site):
    ronda = settle(site)
    assert [write(ronda, m.KIND_KEKERASAN).status_code for _ in range(5)] == [200] * 5
    with site.hub.store.write() as db:
        db.run("UPDATE incidents SET closed_ms = ?", site.clock.now_ms)
        db.run("UPDATE outbox SET state = 'sent'")
    assert write(ronda, m.KIND_KEKERASAN).status_code == 400
    site.clock.advance(TEN_MIN_MS)
    assert write(ronda, m.KIND_KEKERASAN).status_code == 200


def test_who_reported_in_confidence_is_on_no_disk(site):
    ronda = settle(site)
    (last,) = site.rows("SELECT max(id) AS id FROM audit")
    write(ronda, m.KIND_KEKERASAN)
    (row,) = site.rows("SELECT id FROM accounts WHERE login = 'ronda'")
    assert site.hub.reports._wrote == {row["id"]: [(site.clock.now_ms, "")]}, "and not which, in memory"
    said = site.rows("SELECT * FROM audit WHERE id > ?", last["id"]) + site.rows("SELECT * FROM timeline")
    assert said and "ronda" not in str(said).lower()
    site.restart()
    assert site.hub.reports._wrote == {}


def test_who_was_refused_may_write_again_after_ten_minutes(site):
    ronda = settle(site)
    for _ in range(6):
        write(ronda)
    site.clock.advance(TEN_MIN_MS)
    assert write(ronda).status_code == 303 and reports.WAITING_MS == TEN_MIN_MS


def test_what_was_told_and_where_stands_on_board_and_page(site):
    ronda = settle(site)
    with site.hub.store.write() as db:
        db.insert("houses", zone=5, number=31, place="Gang Mawar, rumah biru")
    write(ronda, text="Anak kecil baju merah belum pulang")
    for path in ("/papan", "/kejadian/kejadian-1"):
        page = ronda.get(path).text
        assert "Anak kecil baju merah belum pulang" in page, path
        assert "Rumah 31" in page and "Gang Mawar, rumah biru · RT 05/RW 03" in page, path


def test_a_report_without_house_still_names_its_rt(site):
    ronda = settle(site)
    ronda.post("/lapor", page="/lapor", jenis="1", rt="5", isi="asap di kebun", patokan="dekat mushola")
    assert "dekat mushola · RT 05/RW 03" in ronda.get("/papan").text


def test_a_confidential_report_says_its_sentence_to_its_circle_alone(site):
    write(settle(site), m.KIND_KEKERASAN, "teriakan di rumah itu")
    assert "teriakan di rumah itu" not in site.enter("ronda").get("/papan").text
    assert "teriakan di rumah itu" not in site.enter("bidan").get("/papan").text


def test_the_kind_is_asked_for_and_the_rts_of_the_site_are_a_choice(site):
    ronda = settle(site)
    page = ronda.get("/lapor").text
    assert '<select name="jenis" required><option value="">' in page
    assert '<select name="rt" required><option value="5">RT 05</option></select>' in page, "there is only one"
    with site.hub.store.write() as db:
        db.insert("houses", zone=6, number=1)
    page = ronda.get("/lapor").text
    assert '<option value="">pilih RT</option>' in page and '<option value="6">RT 06</option>' in page
    answer = ronda.post("/lapor", page="/lapor", jenis="", rt="5", isi="asap")
    assert answer.status_code == 400 and "Pilih jenis kejadian" in answer.text
    answer = ronda.post("/lapor", page="/lapor", jenis="1", rt="99", isi="asap")
    assert answer.status_code == 400 and "RT 99 tidak ada di sini" in answer.text
    assert site.incidents() == []
