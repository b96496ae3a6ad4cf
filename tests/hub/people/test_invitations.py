"""People join by a QR code: once, for one role, until it ends; a lost password comes back the same way."""

import re

import pytest
from kentongan_hub import cli
from kentongan_hub.people import invitations, pins
from kentongan_wire.base.errors import LocalError
from kits.hub.hub_kit import PASSWORD, Person

NEW = {"nama": "Budi Santoso", "masuk": "budi", "sandi": "sandi budi panjang", "pin": "4827"}
NEW |= {"sandi2": NEW["sandi"], "pin2": NEW["pin"]}


def invite(person, **form):
    """The path of a new invitation, from the page that shows its code once."""
    answer = person.post(
        "/undangan", page="/undangan", **{"nama": "Budi", "peran": "petugas_ronda", "jam": "24", **form}
    )
    assert answer.status_code == 200, answer.text
    return re.search(r"http://localhost(/u/[\w-]+)", answer.text)[1]


def test_who_scans_the_code_gets_an_account_with_a_password_and_a_pin_of_their_own(site):
    path = invite(site.enter("admin"))
    budi = Person(site.app)
    assert "Wakil" not in budi.get(path).text and "Petugas ronda" in budi.get(path).text
    answer = budi.post(path, page=path, **NEW)
    assert answer.status_code == 303 and answer.headers["Location"] == "/papan"
    assert "Budi Santoso" in budi.get("/papan").text
    (row,) = site.rows("SELECT * FROM accounts WHERE login = 'budi'")
    assert row["role"] == "petugas_ronda" and not row["named_for_confidential"]
    assert row["pin"].startswith("scrypt:") and "4827" not in row["pin"]
    site.enter("budi", NEW["sandi"])
    assert [line["what"] for line in site.rows("SELECT what FROM audit WHERE what LIKE 'invit%'")] == [
        "invited",
        "invitation_used",
    ]


def test_an_invitation_works_once_and_looking_at_it_uses_nothing_up(site):
    path = invite(site.enter("admin"))
    for _ in range(3):
        assert Person(site.app).get(path).status_code == 200
    assert Person(site.app).post(path, page=path, **NEW).status_code == 303
    second = Person(site.app)
    assert second.get(path).status_code == 404
    assert second.post(path, **{**NEW, "masuk": "lain"}).status_code == 404
    assert len(site.rows("SELECT * FROM accounts")) == 2


def test_the_secret_is_on_one_page_and_in_no_file(site):
    admin = site.enter("admin")
    secret = invite(admin).removeprefix("/u/")
    assert secret not in admin.get("/undangan").text
    assert secret.encode() not in (site.data_dir / "hub.sqlite3").read_bytes()


def test_an_invitation_ends_by_its_time_or_by_a_person(site):
    admin = site.enter("admin")
    late, ended = invite(admin, jam="1"), invite(admin)
    number = site.rows("SELECT max(id) AS id FROM invitations")[0]["id"]
    assert admin.post(f"/undangan/{number}/batal", page="/undangan").status_code == 303
    assert Person(site.app).get(ended).status_code == 404
    assert Person(site.app).get(late).status_code == 200
    site.clock.advance(3_600_000)
    assert Person(site.app).get(late).status_code == 404
    assert "dibatalkan" in admin.get("/undangan").text and "lewat waktu" in admin.get("/undangan").text


@pytest.mark.parametrize(
    ("by", "role", "status"),
    [
        ("ketua_rt", "wakil", 200),
        ("ketua_rt", "admin", 400),
        ("ketua_rt", "ketua_rt", 400),
        ("wakil", "petugas_ronda", 200),
        ("wakil", "wakil", 400),
        ("admin", "ketua_rw", 200),
        ("admin", "tamu_layar", 400),
        ("petugas_ronda", "petugas_ronda", 403),
    ],
)
def test_nobody_gives_a_role_that_is_not_theirs_to_give(site, by, role, status):
    site.account("orang", by)
    form_page = "/papan" if status == 403 else "/undangan"
    answer = site.enter("orang").post("/undangan", page=form_page, nama="Budi", peran=role, jam="1")
    assert answer.status_code == status
    assert len(site.rows("SELECT * FROM invitations")) == (status == 200)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"sandi2": "lain sama sekali"}, "sandi tidak sama"),
        ({"sandi": "pendek", "sandi2": "pendek"}, "10"),
        ({"pin2": "4828"}, "PIN tidak sama"),
        ({"pin": "1234", "pin2": "1234"}, "berurutan"),
        ({"pin": "7777", "pin2": "7777"}, "angka sama"),
        ({"pin": "12", "pin2": "12"}, "4 sampai 8"),
        ({"masuk": "admin"}, "sudah dipakai"),
        ({"masuk": "Pak Budi"}, "huruf kecil"),
        ({"nama": "x" * 61}, "paling panjang"),
    ],
)
def test_what_is_wrong_is_said_and_the_invitation_stays_open(site, change, says):
    path = invite(site.enter("admin"))
    answer = Person(site.app).post(path, page=path, **{**NEW, **change})
    assert answer.status_code == 400 and says in answer.text
    assert NEW["sandi"] not in answer.text and NEW["pin"] + '"' not in answer.text
    assert len(site.rows("SELECT * FROM accounts")) == 1
    assert Person(site.app).post(path, page=path, **NEW).status_code == 303


def test_waiting_invitations_of_one_account_are_bounded_and_keep_nobody_elses_out(site, monkeypatch):
    """One deputy who filled the list kept the ketua RT from inviting, and everybody from a new password."""
    site.account("wakil", "wakil", house=21), site.account("lupa", "petugas_ronda", house=22)
    monkeypatch.setattr(invitations, "OWN_LIMIT", 2)
    admin = site.enter("admin")
    invite(admin), invite(admin)
    answer = admin.post("/undangan", page="/undangan", nama="Ani", peran="wakil", jam="1")
    assert answer.status_code == 400 and "batalkan" in answer.text
    assert invite(site.enter("wakil"), peran="petugas_ronda")
    with site.hub.store.write() as db:
        account = db.one("SELECT * FROM accounts WHERE login = 'lupa'")
        assert invitations.recover(db, site.hub.now(), "admin", account)


def test_a_session_of_somebody_else_on_that_phone_ends(site):
    path = invite(site.enter("admin"))
    phone = site.enter("admin")
    before = phone.client.get_cookie("kentongan_sesi").value
    assert phone.post(path, page=path, **NEW).status_code == 303
    after = phone.client.get_cookie("kentongan_sesi").value
    phone.client.set_cookie("kentongan_sesi", before)
    assert after != before and phone.get("/papan").status_code == 302


def test_a_forgotten_password_gets_a_new_one_that_no_admin_knows(site):
    number = site.account("ani", "wakil")
    ani, admin = site.enter("ani"), site.enter("admin")
    answer = admin.post(f"/undangan/akun/{number}", page="/akun")
    path = re.search(r"http://localhost(/u/[\w-]+)", answer.text)[1]
    form = {"sandi": "sandi ani yang baru", "sandi2": "sandi ani yang baru"}
    assert Person(site.app).post(path, page=path, **form).status_code == 303
    assert ani.get("/papan").status_code == 302, "an old session is still open"
    assert Person(site.app).post("/masuk", masuk="ani", sandi=PASSWORD).status_code == 403
    site.enter("ani", "sandi ani yang baru")


def test_a_technician_at_the_machine_makes_a_link_for_an_account(site, capsys):
    site.account("ani", "wakil")
    command = ["recovery-link", "--data", str(site.data_dir), "--name", "Joko"]
    assert cli.main([*command, "--login", "ani", "--address", "https://hub.local/"]) == 0
    first = re.search(r"https://hub\.local(/u/[\w-]+)", capsys.readouterr().out)[1]
    assert cli.main([*command, "--login", "ani"]) == 0
    path = re.search(r":8080(/u/[\w-]+)", capsys.readouterr().out)[1]
    site.clock.now_ms = max(site.clock.now_ms, 1)  # the hub's own clock decides when it ends
    assert Person(site.app).get(first).status_code == 404, "the older link is still open"
    assert Person(site.app).get(path).status_code == 200
    (line,) = site.lines("audit", "what LIKE 'recovery%' ORDER BY id DESC LIMIT 1")
    assert line["who"] == "teknisi Joko" and line["subject"] == "ani"
    assert cli.main([*command, "--login", "tidak-ada"]) == 2
    assert "no such account; there are admin, ani" in capsys.readouterr().err


def test_no_link_leads_into_an_account_that_was_switched_off(site):
    number = site.account("ani", "wakil")
    admin = site.enter("admin")
    answer = admin.post(f"/undangan/akun/{number}", page="/akun")
    path = re.search(r"http://localhost(/u/[\w-]+)", answer.text)[1]
    admin.post(f"/akun/{number}/matikan", page="/akun")
    assert Person(site.app).get(path).status_code == 404
    assert admin.post(f"/undangan/akun/{number}", page="/akun").status_code == 409


@pytest.mark.parametrize("name", ["Bu Admin", "bu  admin.", "BÚ ADMIN", "Pusat Data", "tombol-07", "Pergi"])
def test_nobody_takes_a_name_under_which_somebody_else_acts(site, name):
    """The timeline says who comes by name; also of one who was switched off."""
    gone = site.account("pergi", "wakil")
    admin = site.enter("admin")
    admin.post(f"/akun/{gone}/matikan", page="/akun")
    path = invite(admin)
    form = {"nama": name, "masuk": "budi", "sandi": PASSWORD, "sandi2": PASSWORD}
    answer = Person(site.app).post(path, page=path, **form)
    assert answer.status_code == 400 and "sudah dipakai" in answer.text
    assert site.rows("SELECT * FROM accounts WHERE login = 'budi'") == []
    new = {**form, "nama": "Budi Santoso"}
    assert Person(site.app).post(path, page=path, **new).status_code == 303, "the link is not used up"


def test_an_invitation_of_who_was_switched_off_since_opens_nothing(site):
    number = site.account("budi", "ketua_rt")
    text = (
        site.enter("budi")
        .post("/undangan", page="/undangan", nama="Palsu", peran="wakil", jam="24", luar="1")
        .text
    )
    path = re.search(r"http://localhost(/u/[\w-]+)", text)[1]
    assert Person(site.app).get(path).status_code == 200
    site.enter("admin").post(f"/akun/{number}/matikan", page="/akun")
    form = {"nama": "Palsu", "masuk": "palsu", "sandi": PASSWORD, "sandi2": PASSWORD}
    assert Person(site.app).post(path, page=path, **form).status_code == 404
    assert site.rows("SELECT * FROM accounts WHERE login = 'palsu'") == []


def test_the_code_on_the_page_is_read_as_the_address(site, require):
    import io
    import shutil
    import subprocess

    import zxingcpp
    from PIL import Image

    require(shutil.which("rsvg-convert"), "rsvg-convert", "apt install librsvg2-bin")
    admin = site.enter("admin")
    text = admin.post("/undangan", page="/undangan", nama="Budi", peran="wakil", jam="1").text
    svg = re.search(r"<svg[^>]*class=\"qr\".*?</svg>", text, re.S)[0]
    png = subprocess.run(["rsvg-convert", "-w", "400"], input=svg.encode(), capture_output=True, check=True)
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(png.stdout)))
    assert f">{found.text}<" in text and "/u/" in found.text


def test_pins_that_everybody_guesses_are_refused():
    for pin in ("0000", "1234", "9876", "abcd", "١٢٣٤", "123", "123456789"):
        with pytest.raises(LocalError):
            pins.check_new(pin)
    for pin in ("4827", "1122", "20051998"):
        pins.check_new(pin)
