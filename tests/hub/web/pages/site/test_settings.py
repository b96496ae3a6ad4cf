"""Pengaturan: a person's own secrets and sessions; an administrator's site."""

import pytest
from kits.hub.hub_kit import PASSWORD, Person

GOOD = {
    **{"nama": "RT 06 Melati", "rt": "6", "rw": "4", "zona": "WITA", "alamat": "https://hub.local"},
    **{"quiet_from": "21.30", "quiet_to": "04.45", "kontak": "90"},
}


def save(site, **change):
    return site.enter("admin").post("/pengaturan/situs", page="/pengaturan", **{**GOOD, **change})


def setting(site, key):
    with site.hub.store.read() as db:
        return db.setting(key)


def test_an_administrator_changes_the_site_and_it_is_on_the_record(site):
    assert save(site).status_code == 303
    assert setting(site, "name") == "RT 06 Melati" and setting(site, "quiet_from") == "21.30"
    text = site.enter("admin").get("/papan").text
    assert "RT 06 Melati" in text and "WITA" in text
    (line,) = site.rows("SELECT detail FROM audit WHERE what = 'settings_changed'")
    assert "rt=6" in line["detail"] and "time_zone=WITA" in line["detail"]


def test_the_address_of_the_hub_is_the_one_in_invitations(site):
    save(site)
    text = site.enter("admin").post("/undangan", page="/undangan", nama="Budi", peran="wakil", jam="1").text
    assert "https://hub.local/u/" in text


@pytest.mark.parametrize(
    "wrong",
    [{"nama": " "}, {"nama": "x" * 61}, {"rt": "0"}, {"rt": "256"}, {"rw": "tiga"}, {"zona": "UTC"},
     {"alamat": "hub.local"}, {"alamat": "javascript:alert(1)"}, {"alamat": "http://x/../y"},
     {"quiet_from": "24.00"}, {"quiet_to": "5"}, {"kontak": "1"}],
)  # fmt: skip
def test_a_wrong_value_is_named_and_nothing_is_saved(site, wrong):
    before = site.rows("SELECT * FROM settings ORDER BY key")
    answer = save(site, **wrong)
    assert answer.status_code == 400 and 'role="alert"' in answer.text
    assert site.rows("SELECT * FROM settings ORDER BY key") == before


def test_only_an_administrator_sees_what_belongs_to_the_site(site):
    site.account("ronda", "petugas_ronda")
    assert "Jam tenang" not in site.enter("ronda").get("/pengaturan").text
    assert "Jam tenang" in site.enter("admin").get("/pengaturan").text


def test_leaving_everywhere_ends_every_session_of_that_person_and_no_other(site):
    site.account("ronda", "petugas_ronda")
    phone, laptop, other = site.enter("ronda"), site.enter("ronda"), site.enter("admin")
    page = phone.get("/pengaturan").text
    assert page.count("Perangkat lain") == 1 and page.count("Perangkat ini") == 1
    answer = phone.post("/pengaturan/keluar", page="/pengaturan")
    assert answer.status_code == 303 and answer.headers["Location"] == "/masuk"
    assert phone.get("/papan").status_code == laptop.get("/papan").status_code == 302
    assert other.get("/papan").status_code == 200


def test_a_new_password_needs_the_old_one_and_puts_other_devices_out(site):
    site.account("ronda", "petugas_ronda")
    phone, laptop = site.enter("ronda"), site.enter("ronda")
    new = {"baru": "sandi ronda yang baru", "baru2": "sandi ronda yang baru"}
    for wrong in ({"sandi": "salah"}, {"sandi": PASSWORD, "baru": "pendek", "baru2": "pendek"},
                  {"sandi": PASSWORD, "baru2": "lain"}):  # fmt: skip
        answer = phone.post("/pengaturan/sandi", page="/pengaturan", **{**new, **wrong})
        assert answer.status_code == 400 and 'role="alert"' in answer.text
    assert laptop.get("/papan").status_code == 200
    assert phone.post("/pengaturan/sandi", page="/pengaturan", sandi=PASSWORD, **new).status_code == 200
    assert phone.get("/papan").status_code == 200 and laptop.get("/papan").status_code == 302
    assert Person(site.app).post("/masuk", masuk="ronda", sandi=PASSWORD).status_code == 403
    site.enter("ronda", new["baru"])


def test_a_pin_of_ones_own_needs_the_password_and_is_kept_as_a_hash(site):
    admin = site.enter("admin")
    form = {"pin": "4827", "pin2": "4827"}
    assert admin.post("/pengaturan/pin", page="/pengaturan", sandi="salah", **form).status_code == 400
    assert site.rows("SELECT pin FROM accounts")[0]["pin"] is None
    assert admin.post("/pengaturan/pin", page="/pengaturan", sandi=PASSWORD, **form).status_code == 200
    assert site.rows("SELECT pin FROM accounts")[0]["pin"].startswith("scrypt:")
    weak = {"pin": "1111", "pin2": "1111"}
    assert "angka sama" in admin.post("/pengaturan/pin", page="/pengaturan", sandi=PASSWORD, **weak).text


def test_guessing_the_own_password_on_a_phone_left_open_waits(site):
    admin = site.enter("admin")
    form = {"pin": "4827", "pin2": "4827"}
    for _ in range(5):
        admin.post("/pengaturan/pin", page="/pengaturan", sandi="salah", **form)
    answer = admin.post("/pengaturan/pin", page="/pengaturan", sandi=PASSWORD, **form)
    assert answer.status_code == 400 and "Tunggu satu menit" in answer.text
    site.enter("admin")  # the log-in itself is not blocked by it
