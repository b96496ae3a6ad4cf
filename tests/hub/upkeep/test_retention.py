"""Retention periods: at their end the words go and the chain holds; exports carry nothing confidential."""

import csv
import io
import re
import zipfile

import pytest
from kentongan_hub.base import clock
from kentongan_hub.record import chain
from kentongan_hub.upkeep import retention
from kentongan_hub.web import export

DAY_MS = 86_400_000


@pytest.fixture
def closed(site):
    """A silent and a public incident, both closed by a named person with a reason."""
    site.account("bidan", "ketua_rt", named=True)
    site.post_events(site.alarm(counter=9, silent=True, kind=8), site.alarm(counter=50, device=site.other))
    bidan = site.enter("bidan")
    bidan.post("/kejadian/rahasia-1/selesai", page="/papan", alasan="Dijemput bu bidan")
    bidan.post("/kejadian/kejadian-1/keliru", page="/papan", alasan="Anak bermain")
    return site, bidan


def run(site, days):
    site.clock.advance(days * DAY_MS)
    with site.hub.store.write() as db:
        return retention.run(db, clock.Now(site.clock.now_ms, site.clock.now_ms))


def test_after_90_days_nothing_of_a_silent_incident_is_left_but_its_number(closed):
    site, _ = closed
    assert run(site, 89) == 0
    assert run(site, 2) == 1
    secret, public = site.incidents()
    assert (secret["device"], secret["house"], secret["closed_by"]) == (-secret["id"], 0, "")
    assert public["reason"] == "Anak bermain" and public["erased_wall"] is None
    raw = (site.data_dir / "hub.sqlite3").read_bytes()
    with site.hub.store.write() as db:
        for table in chain.WORDS:
            assert chain.verify(db, table)[1] is None
        db.connection.execute("COMMIT")
        db.connection.execute("VACUUM")
        db.connection.execute("BEGIN")
    assert b"Dijemput bu bidan" not in (site.data_dir / "hub.sqlite3").read_bytes() and raw
    assert site.rows("SELECT * FROM alarms WHERE incident = ?", secret["id"]) == []


def test_after_its_time_the_record_has_no_note_and_no_name_of_a_public_incident_either(site):
    admin = site.enter("admin")
    site.post_events(site.alarm(counter=9))
    admin.post("/kejadian/kejadian-1/catatan", page="/papan", catatan="Bu Siti sesak napas")
    admin.post("/kejadian/kejadian-1/selesai", page="/papan", alasan="dibawa Pak Joko")
    site.clock.advance(731 * 86_400_000)
    site.hub.dispatch.step()
    for table in ("audit", "timeline"):
        told = str(site.rows(f"SELECT * FROM {table}"))
        assert "sesak napas" not in told and "Pak Joko" not in told, table
        with site.hub.store.read() as db:
            assert chain.verify(db, table)[1] is None


def test_nor_do_the_posts_reports_tell_for_ever_who_pressed_and_when(site):
    admin = site.enter("admin")

    def report(counter):
        fields = {"origin": site.button, "counter": counter, "state": 1, "source": 1, "device": site.post}
        site.post_events(site.event("siren_report", **fields))

    report(8)  # of a press that reached no gateway
    site.post_events(site.alarm(counter=9, incident=7))
    report(9)
    admin.post("/kejadian/kejadian-1/selesai", page="/papan", alasan="dibawa Pak Joko")
    site.post_events(site.alarm(counter=12, incident=12))
    report(12)
    site.clock.advance(731 * 86_400_000)
    site.hub.dispatch.step()
    assert [row["counter"] for row in site.rows("SELECT counter FROM siren_reports")] == [12], "still open"


def test_a_kind_that_nobody_knows_has_an_end_too(site):
    site.post_events(site.alarm(counter=9, kind=77))
    site.enter("admin").post("/kejadian/kejadian-1/selesai", page="/papan")
    site.clock.advance(731 * 86_400_000)
    site.hub.dispatch.step()
    assert site.incidents()[0]["erased_wall"] is not None


def test_an_open_incident_is_never_erased(site):
    site.post_events(site.alarm(counter=9))
    assert run(site, 4_000) == 0


def test_days_are_changed_on_the_page_within_limits(site):
    admin = site.enter("admin")
    assert admin.post("/simpanan/masa", page="/simpanan", rahasia="29").status_code == 400
    assert admin.post("/simpanan/masa", page="/simpanan", hantu="90").status_code == 400
    assert admin.post("/simpanan/masa", page="/simpanan", rahasia="30").status_code == 303
    with site.hub.store.read() as db:
        assert retention.days(db)["rahasia"] == 30 and retention.days(db)["1"] == retention.OTHER_DAYS


def test_an_export_has_every_public_incident_and_no_other_even_for_a_named_person(closed):
    site, bidan = closed
    answer = bidan.get("/ekspor/kejadian.csv")
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert [row[0] for row in rows[1:]] == ["kejadian-1"] and rows[1][11] == "Anak bermain"
    sheet = bidan.get("/ekspor/kejadian.xlsx")
    texts = zipfile.ZipFile(io.BytesIO(sheet.data)).read("xl/worksheets/sheet1.xml").decode()
    assert "kejadian-1" in texts and "rahasia" not in texts and "rahasia" not in answer.text
    assert bidan.get("/ekspor/perangkat.csv").status_code == 200
    assert bidan.get("/ekspor/akun.csv").status_code == bidan.get("/ekspor/kejadian.exe").status_code == 404
    assert site.rows("SELECT count(*) AS n FROM audit WHERE what = 'exported'") == [{"n": 3}]
    for one in (answer, sheet):
        one.close()


@pytest.mark.parametrize("value", ["=HYPERLINK(1)", "+1", "-1", "@x", "\tx"])
def test_a_cell_that_a_spreadsheet_would_run_is_text(value):
    assert export.safe(value) == "'" + value
    assert export.safe("Anak bermain") == "Anak bermain" and export.safe(None) == ""


@pytest.mark.parametrize("value", [
    "x;=1+cmd|'/C calc'!A0", 'x;"=1+1', "x; =1+1", "a\n=1+1", "a\r\n+1", "a\t@x", " =1+1", "\u00a0=1+1",
    "\uff1d1+1", "x,=1", 'x";=1', ";;=1", "'=1",
])  # fmt: skip
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_is_a_formula_whatever_a_spreadsheet_takes_for_its_end(value, separator):
    text = "".join(export.as_csv([["kejadian-1", value, value], [value, "", "x"]]))
    for row in csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=separator):
        for cell in row:
            assert not re.match(r"[\s\"\u00a0]*[=+\-@\uff1d]", cell), (separator, row)
    for piece in re.split(r"[;,\t\r\n]", text):  # and one that knows no quotes at all
        assert not re.match(r"[\s\"\u00a0]*[=+\-@\uff1d]", piece), piece


def test_what_is_no_formula_is_exported_as_it_is():
    for text in ("pos-1", "RT 05/RW 03", "21/11/2026 22.30 WIB", "anak bermain; sudah aman", "1-2"):
        assert export.safe(text) == text


def test_many_pages_of_an_export_lose_and_double_nothing(site, monkeypatch):
    monkeypatch.setattr(export, "PAGE", 3)
    for number in range(7):
        site.post_events(site.alarm(counter=10 + 20 * number))
    rows = list(export.incidents(site.hub.store, None))
    assert [row[0] for row in rows[1:]] == [f"kejadian-{number}" for number in range(1, 8)]
