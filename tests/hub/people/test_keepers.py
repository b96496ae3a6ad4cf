"""Keepers open a backup: agreed people who are no admins; never the admin who made it alone."""

import pytest
from kentongan_hub.base import site
from kentongan_hub.cli import main
from kentongan_hub.people import keepers
from kentongan_hub.storage.store import Store
from kentongan_hub.upkeep import backup, mending
from kentongan_wire.base.errors import LocalError
from kits.hub.access_kit import settle
from kits.hub.hub_kit import PASSWORD

PHRASE, OTHERS = "gerobak soto di pojok", "payung biru di teras"
ADMINS = "kata sandi admin sendiri"


@pytest.fixture
def village(site):
    return settle(site)


def keep(village, login="penolong", phrase=PHRASE, again=None, password=PASSWORD):
    form = {"sandi": password, "cadangan": phrase, "cadangan2": phrase if again is None else again}
    return village.enter(login).post("/pengaturan/cadangan", page="/pengaturan", **form)


def download(village, tmp_path, name="unduhan", **form):
    """Download as an admin's browser does, with whatever it puts into the form."""
    answer = village.enter("admin").post("/simpanan/cadangan", page="/simpanan", ke="", **form)
    assert answer.status_code == 200, answer.text
    path = tmp_path / name
    path.write_bytes(answer.data)
    answer.close()
    return path


def opens(path, phrase, folder):
    try:
        backup.restore(path, phrase, folder)
    except LocalError:
        return False
    return True


def test_an_admin_who_downloads_a_backup_cannot_read_it(village, tmp_path):
    """He put a passphrase of his own into the form, and read every confidential incident at home."""
    assert keep(village).status_code == 200
    path = download(village, tmp_path, sandi=ADMINS, sandi2=ADMINS)
    assert not opens(path, ADMINS, tmp_path / "admin") and not opens(path, "", tmp_path / "kosong")
    assert opens(path, PHRASE, tmp_path / "baru")


def test_a_stick_is_locked_for_the_keepers_too_and_the_page_asks_no_passphrase(
    village, tmp_path, monkeypatch
):
    keep(village)
    monkeypatch.setattr(backup, "targets", lambda: [str(tmp_path)])
    admin = village.enter("admin")
    page = admin.get("/simpanan").text
    assert 'name="sandi"' not in page and "Penolong" in page
    form = {"ke": str(tmp_path), "sandi": ADMINS, "sandi2": ADMINS}
    assert "Cabut USB" in admin.post("/simpanan/cadangan", page="/simpanan", **form).text
    (path,) = tmp_path.glob("*.cadangan")
    assert not opens(path, ADMINS, tmp_path / "admin") and opens(path, PHRASE, tmp_path / "baru")
    (row,) = village.lines("audit", "what = 'backup_made'")
    assert row["detail"].endswith("terkunci untuk penjaga")


def test_a_restore_on_a_new_machine_by_one_keeper_has_it_all(village, tmp_path):
    village.account("kader", "wakil", named=True, house=20)
    keep(village)
    keep(village, "kader", OTHERS)
    path = download(village, tmp_path)
    for number, phrase in enumerate((PHRASE, OTHERS)):
        folder = tmp_path / f"baru-{number}"
        backup.restore(path, phrase, folder)
        assert site.load(folder) == site.load(village.data_dir)
        with Store(folder).read() as db:
            assert len(keepers.locks(db)) == 2, "and its own backups are locked for them again"


def test_the_unattended_command_needs_no_secret_on_disk_and_says_when_nobody_keeps_one(
    village, tmp_path, capsys
):
    command = ["backup", "--data", str(village.data_dir), "--out", str(tmp_path / "c")]
    assert main(command) == 2
    assert "nobody keeps the passphrase" in capsys.readouterr().err
    keep(village)
    assert main(command) == 0
    assert opens(tmp_path / "c", PHRASE, tmp_path / "baru")
    (tmp_path / "sandi").write_text(OTHERS)
    assert main([*command[:-1], str(tmp_path / "d"), "--passphrase-file", str(tmp_path / "sandi")]) == 0
    assert opens(tmp_path / "d", OTHERS, tmp_path / "lain"), "who holds the machine has its keys anyway"


@pytest.mark.parametrize("login", ["wakil", "bu_dewi", "admin"])
def test_who_is_not_agreed_keeps_nothing(village, login):
    assert keep(village, login).status_code == 400
    assert 'id="cadangan"' not in village.enter(login).get("/pengaturan").text


def test_an_admin_who_is_agreed_keeps_nothing_either(village):
    village.account("admin2", "admin", named=True, house=30)
    assert keep(village, "admin2").status_code == 400
    with village.hub.store.write() as db:
        db.run("UPDATE accounts SET named_for_confidential = 1 WHERE login = 'admin'")
    assert keep(village, "admin").status_code == 400


@pytest.mark.parametrize("change", [
    "named_for_confidential = 0", "active = 0", "role = 'admin'", "house = 0, outside = 0",
])  # fmt: skip
def test_who_may_keep_it_no_more_opens_no_later_backup(village, tmp_path, change):
    village.account("kader", "wakil", named=True, house=20)
    keep(village)
    keep(village, "kader", OTHERS)
    with village.hub.store.write() as db:
        db.run(f"UPDATE accounts SET {change} WHERE login = 'penolong'")
    path = download(village, tmp_path)
    assert not opens(path, PHRASE, tmp_path / "lama") and opens(path, OTHERS, tmp_path / "baru")


def test_a_new_passphrase_takes_the_place_of_the_old_one_for_later_backups(village, tmp_path):
    keep(village)
    old = download(village, tmp_path, "lama")
    keep(village, phrase=OTHERS)
    new = download(village, tmp_path, "baru")
    assert opens(old, PHRASE, tmp_path / "a") and not opens(old, OTHERS, tmp_path / "b")
    assert opens(new, OTHERS, tmp_path / "c") and not opens(new, PHRASE, tmp_path / "d")


def test_it_takes_the_own_password_and_a_passphrase_of_twelve_letters_twice(village):
    assert keep(village, password="salah sekali").status_code == 400
    assert keep(village, phrase="pendek").status_code == 400
    assert keep(village, again=OTHERS).status_code == 400
    assert village.rows("SELECT * FROM backup_keepers") == []
    assert keep(village).status_code == 200
    (row,) = village.rows("SELECT who FROM audit WHERE what = 'backup_passphrase_set'")
    assert row["who"] == "penolong"


def test_the_hub_holds_nothing_that_opens_a_backup(village):
    keep(village)
    (row,) = village.rows("SELECT * FROM backup_keepers")
    assert keepers.opened([row["salt"] + row["public"] + bytes(48)], PHRASE) is None
    assert PHRASE.encode() not in (village.data_dir / "hub.sqlite3").read_bytes()


def test_without_a_keeper_the_page_says_who_can_read_a_backup_and_so_does_the_record(site, tmp_path):
    page = site.enter("admin").get("/simpanan").text
    assert "Belum ada penjaga cadangan" in page and 'name="sandi"' in page
    path = download(site, tmp_path, sandi=ADMINS, sandi2=ADMINS)
    assert opens(path, ADMINS, tmp_path / "baru")
    (row,) = site.lines("audit", "what = 'backup_made'")
    assert row["detail"].endswith("dengan kata sandi pembuatnya")


def test_keepers_outlive_a_damaged_database(village, tmp_path):
    keep(village)
    village.hub.dispatch.keep()
    mending.replace(village.data_dir, "uji")
    village.restart()
    with village.hub.store.read() as db:
        assert len(keepers.locks(db)) == 1
