"""The whole hub in one locked file: a rehearsed restore, a wrong passphrase, a damaged or shortened file."""

import stat

import pytest
from kentongan_hub.base import site
from kentongan_hub.cli import main
from kentongan_hub.people import keepers
from kentongan_hub.record import outbox
from kentongan_hub.storage.store import Store
from kentongan_hub.upkeep import backup
from kentongan_wire.base.errors import LocalError
from kits.hub.hub_kit import PASSWORD, Site

PHRASE = "gerobak soto di pojok"


@pytest.fixture
def made(site, tmp_path):
    """A hub with an open alarm, and its backup."""
    site.post_events(site.alarm(counter=9, kind=2))
    site.enter("admin").post("/kejadian/kejadian-1/datang", page="/papan")
    path = tmp_path / "usb.cadangan"
    backup.make(site.data_dir, PHRASE, path)
    return site, path


def test_a_restore_rehearsed_the_new_machine_has_it_all_and_sends_nothing_of_then(made, tmp_path):
    old, path = made
    backup.restore(path, PHRASE, tmp_path / "baru")
    assert site.load(tmp_path / "baru") == site.load(old.data_dir), "the keys: no button has to be made again"
    new = Site(
        tmp_path / "baru", {"button": old.button, "other": old.other, "post": old.post, "token": old.token}
    )
    assert [i["state"] for i in new.incidents()] == ["menuju_lokasi"]
    assert new.orders() == [], "what waited then is not done now"
    assert {r["state"] for r in new.rows("SELECT state FROM outbox WHERE channel != 'board'")} <= {
        outbox.EXPIRED
    }
    assert "Kebakaran" in new.enter("admin", PASSWORD).get("/papan").text
    new.post_events(new.alarm(counter=20, device=new.other))
    assert len(new.incidents()) == 2, "gateways and buttons go on with it"
    assert main(["check", "--data", str(tmp_path / "baru")]) == 0


def test_the_file_is_locked_private_and_tells_nothing(made):
    old, path = made
    data = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for secret in (b"SQLite format", b"admin", b"RT 05", site.load(old.data_dir)["site_key"].hex().encode()):
        assert secret not in data


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d[:-1],
        lambda d: d[: len(d) // 2],
        lambda d: d[:60] + bytes([d[60] ^ 1]) + d[61:],
        lambda d: d[:29] + b"\0" + d[30:],
        lambda d: d[:29] + b"\xff" + d[30:],
        lambda d: d[:100] + bytes([d[100] ^ 1]) + d[101:],
        lambda d: d[:200] + bytes([d[200] ^ 1]) + d[201:],
        lambda d: b"x" + d,
        lambda d: d + b"x",
        lambda d: d[:21],
        lambda d: b"",
    ],
)
def test_a_spoilt_file_is_refused_and_leaves_nothing(made, tmp_path, spoil):
    _, path = made
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(LocalError):
        backup.restore(path, PHRASE, tmp_path / "baru")
    assert list((tmp_path / "baru").iterdir()) == []


def test_a_file_that_is_spoilt_at_its_end_leaves_nothing_of_its_beginning(made, tmp_path, monkeypatch):
    """Its first pieces were unpacked by then."""
    old, _ = made
    monkeypatch.setattr(backup, "CHUNK", 4_096)
    path = tmp_path / "kecil.cadangan"
    backup.make(old.data_dir, PHRASE, path)
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(LocalError, match="rusak atau terpotong"):
        backup.restore(path, PHRASE, tmp_path / "baru")
    assert list((tmp_path / "baru").iterdir()) == []


def test_chunks_cannot_be_dropped_swapped_or_ended_early(made, tmp_path, monkeypatch):
    old, _ = made
    monkeypatch.setattr(backup, "CHUNK", 4_096)
    path = tmp_path / "kecil.cadangan"
    backup.make(old.data_dir, PHRASE, path)
    data, size = path.read_bytes(), 4_096 + backup.TAG
    head = len(backup.MAGIC) + backup.PREFIX + 1 + keepers.SLOT
    one, two = data[head : head + size], data[head + size : head + 2 * size]
    rest = data[head + 2 * size :]
    for spoilt in (one + rest, two + one + rest, one + two, one + one + two + rest):
        path.write_bytes(data[:head] + spoilt)
        with pytest.raises(LocalError, match="rusak atau terpotong"):
            backup.restore(path, PHRASE, tmp_path / "baru")
    path.write_bytes(data)
    backup.restore(path, PHRASE, tmp_path / "baru")


def test_a_wrong_passphrase_a_short_one_a_taken_folder_and_a_taken_name_are_refused(made, tmp_path):
    old, path = made
    with pytest.raises(LocalError, match="kata sandi salah"):
        backup.restore(path, PHRASE + "x", tmp_path / "baru")
    with pytest.raises(LocalError, match="sudah ada pusat data"):
        backup.restore(path, PHRASE, old.data_dir)
    with pytest.raises(LocalError, match="12 sampai 200"):
        backup.make(old.data_dir, "pendek", tmp_path / "lain")
    with pytest.raises(LocalError, match="pilih nama lain"):
        backup.make(old.data_dir, PHRASE, path)


def test_a_backup_whose_record_was_changed_is_refused(made, tmp_path):
    old, _ = made
    with old.hub.store.write() as db:
        db.run("DROP TRIGGER audit_no_update")
        db.run("UPDATE audit SET who = 'x' WHERE id = 2")
    backup.make(old.data_dir, PHRASE, tmp_path / "dua")
    with pytest.raises(LocalError, match="rantai audit di cadangan putus di baris 2"):
        backup.restore(tmp_path / "dua", PHRASE, tmp_path / "baru")


def test_the_commands_make_and_restore(made, tmp_path, capsys):
    old, _ = made
    (tmp_path / "sandi").write_text(PHRASE + "\n")
    phrase = ["--passphrase-file", str(tmp_path / "sandi")]
    assert main(["backup", "--data", str(old.data_dir), "--out", str(tmp_path / "c"), *phrase]) == 0
    assert main(["restore", "--data", str(tmp_path / "baru"), "--from", str(tmp_path / "c"), *phrase]) == 0
    assert main(["restore", "--data", str(tmp_path / "baru"), "--from", str(tmp_path / "c"), *phrase]) == 2
    assert "sudah ada pusat data" in capsys.readouterr().err
    with Store(old.data_dir).read() as db:
        assert int(db.setting("backup_wall")) > 0


def test_the_page_writes_to_a_stick_or_gives_a_download_and_ends_the_warning(site, tmp_path, monkeypatch):
    admin = site.enter("admin")
    usb = tmp_path / "usb"
    usb.mkdir()
    monkeypatch.setattr(backup, "targets", lambda: [str(usb)])
    form = {"page": "/simpanan", "sandi": PHRASE, "sandi2": PHRASE}
    assert admin.post("/simpanan/cadangan", **{**form, "sandi2": "lain"}, ke=str(usb)).status_code == 400
    assert admin.post("/simpanan/cadangan", **form, ke="/etc").status_code == 400
    answer = admin.post("/simpanan/cadangan", **form, ke=str(usb))
    assert answer.status_code == 200 and "Cabut USB" in answer.text
    (written,) = usb.iterdir()
    backup.restore(written, PHRASE, tmp_path / "baru")
    download = admin.post("/simpanan/cadangan", **form, ke="")
    assert download.data.startswith(backup.MAGIC) and "attachment" in download.headers["Content-Disposition"]
    download.close()
    assert not [p for p in site.data_dir.iterdir() if p.name.startswith("tmp")], "no copy stays behind"
    assert (
        int(site.rows("SELECT value FROM settings WHERE key = 'backup_wall'")[0]["value"])
        == site.clock.now_ms
    )
