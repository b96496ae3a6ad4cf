"""Numbers that people call: per area, with the day somebody last checked them, and in every advice."""

import pytest
from kentongan_hub.base import services, words
from kentongan_hub.people import contacts
from kentongan_wire.message import messages as m
from kits.hub.hub_kit import Person

DAY_MS = 86_400_000


def one(site, service):
    (row,) = site.rows("SELECT * FROM contacts WHERE service = ?", service)
    return row


def change(site, row, action, **form):
    values = {"nama": row["name"], "nomor": row["number"], "layanan": row["service"], "rt": str(row["zone"])}
    return site.enter("admin").post(f"/kontak/{row['id']}/{action}", page="/kontak", **{**values, **form})


def test_a_new_site_knows_the_numbers_of_the_state_and_says_that_nobody_checked_them(site):
    text = site.enter("admin").get("/kontak").text
    for number in ("110", "113", "119", "115", "123", "129"):
        assert f'href="tel:{number}"' in text
    assert one(site, "darurat")["number"] == "", "112 is answered in some districts only"
    assert "belum pernah dicek" in text and "belum diisi" in text


def test_the_advice_on_the_board_takes_its_numbers_from_the_contacts(site):
    site.post_events(site.alarm(kind=m.KIND_KEBAKARAN))
    admin = site.enter("admin")
    assert "Hubungi pemadam 113, matikan listrik (PLN 123)" in admin.get("/papan").text
    assert change(site, one(site, "pemadam"), "ubah", nomor="021 7654321").status_code == 303
    change(site, one(site, "darurat"), "ubah", nomor="112")
    assert "pemadam 021 7654321 atau nomor darurat 112" in admin.get("/papan").text
    change(site, one(site, "pemadam"), "hapus")
    assert "Hubungi nomor darurat 112" in admin.get("/papan").text


def test_a_number_of_the_rt_wins_over_one_for_all(site):
    with site.hub.store.write() as db:
        db.insert("contacts", name="Damkar Pos 5", number="022-111222", service="pemadam", zone=5)
    with site.hub.store.read() as db:
        assert contacts.numbers(db, 5)["pemadam"] == "022-111222"
        assert contacts.numbers(db, 6)["pemadam"] == "113"


def test_no_advice_holds_a_number_of_its_own_and_each_service_exists():
    lines = [words.CRIME_LINE, *words.ADVICE.values(), words.NARKOBA_LINE, words.CONFIDENTIAL_LINE]
    for line in lines:
        assert not any(sign.isdigit() for sign in line.replace("P3K", "")), line
        filled = services.fill(line, {})
        assert "{" not in filled, filled


def test_a_changed_number_has_to_be_checked_anew(site):
    row = one(site, "polisi")
    assert change(site, row, "dicek").status_code == 303
    assert "terakhir dicek" in site.enter("admin").get("/kontak").text
    assert one(site, "polisi")["verified_by"] == "Bu Admin"
    change(site, row, "ubah", nomor="022 123456")
    assert one(site, "polisi")["verified_wall"] is None
    (line,) = site.lines("audit", "what = 'contact_changed'")
    assert line["detail"] == "110 menjadi 022 123456"


def test_numbers_that_nobody_called_for_half_a_year_are_a_warning(site):
    site.hub.dispatch.step()
    assert site.rows("SELECT * FROM warnings WHERE what = 'contacts_old'") == []
    for row in site.rows("SELECT * FROM contacts WHERE number != ''"):
        change(site, row, "dicek")
    site.clock.advance(179 * DAY_MS)
    site.hub.dispatch.step()
    assert site.rows("SELECT * FROM warnings WHERE what = 'contacts_old'") == []
    site.clock.advance(2 * DAY_MS)
    site.hub.dispatch.step()
    (warning,) = site.warnings("what = 'contacts_old'")
    assert warning["owner"] == "ketua_rt" and "Polisi" in warning["detail"]
    for row in site.rows("SELECT * FROM contacts WHERE number != ''"):
        change(site, row, "dicek")
    site.hub.dispatch.step()
    assert site.rows("SELECT * FROM warnings WHERE what = 'contacts_old' AND closed_ms IS NULL") == []


@pytest.mark.parametrize(
    "wrong",
    [{"nomor": "1"}, {"nomor": "ring me"}, {"nomor": "110; DROP"}, {"nama": ""}, {"nama": "x" * 61},
     {"layanan": "tni"}, {"rt": "256"}, {"rt": "-1"}, {"rt": "lima"}],
)  # fmt: skip
def test_bad_input_changes_nothing_and_says_why(site, wrong):
    before = site.rows("SELECT * FROM contacts")
    answer = change(site, before[0], "ubah", **wrong)
    assert answer.status_code == 400 and 'role="alert"' in answer.text
    admin = site.enter("admin")
    form = {"nama": "Bidan", "nomor": "0812345", **wrong}
    assert admin.post("/kontak", page="/kontak", **form).status_code == 400
    assert site.rows("SELECT * FROM contacts") == before


def test_an_empty_contact_cannot_be_checked_and_a_gone_one_not_changed(site):
    assert change(site, one(site, "bpbd"), "dicek").status_code == 400
    assert change(site, {**one(site, "bpbd"), "id": 999}, "hapus").status_code == 400


def test_everybody_reads_the_numbers_and_a_wall_screen_too(site):
    for role in ("petugas_ronda", "kelurahan", "tamu_layar"):
        site.account(role, role)
        text = site.enter(role).get("/kontak").text
        assert "tel:110" in text and "Sudah dicek" not in text
    assert Person(site.app).get("/kontak").status_code == 302
