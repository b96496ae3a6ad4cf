"""A database that is damaged, empty or a strange one: set aside, told, and the alarm path goes on."""

import contextlib
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from kentongan_hub import cli
from kentongan_hub.people import access, accounts
from kentongan_hub.storage import kept, store
from kentongan_hub.upkeep import mending
from kentongan_wire.base.errors import LocalError
from kits.hub import hub_load
from kits.hub.hub_kit import PASSWORD, HubProcess, open_files


def torn(path):
    """Tear the file as a power cut does: its middle is nothing."""
    data = bytearray(path.read_bytes())
    data[len(data) // 4 : len(data) // 2] = bytes(len(data) // 2 - len(data) // 4)
    path.write_bytes(data)


def headless(path):
    data = bytearray(path.read_bytes())
    data[:4096] = b"\xff" * 4096
    path.write_bytes(data)


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])


def empty(path):
    path.write_bytes(b"")


def strange(path):
    path.unlink()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE states (id INTEGER)")
    other.commit()
    other.close()


def missing(path):
    path.unlink()


def spelt(path):
    """One byte of the schema, so that SQLite's own word of it is no text."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE outbox (", b"CREATE TABLE outbox \xf6"))


DAMAGES = (torn, headless, cut, empty, strange, missing, spelt)


def lived(site):
    """A site with people, an open and a closed incident, whose hub has run for a minute."""
    admin = site.enter("admin")
    admin.post("/warga", page="/warga", nama="Siti", rt="5", rumah="8", setuju="1", nomor="+6281211110001")
    admin.post("/warga/1/tugas", page="/warga/1", tugas=["ronda", "bidan"])
    site.post_events(site.alarm(counter=9), site.alarm(counter=3, device=site.other))
    admin.post("/kejadian/kejadian-2/selesai", page="/papan")
    site.hub.dispatch.step()
    return admin


def set_aside(site):
    found = site.data_dir.glob("hub.sqlite3.rusak-*")
    return [path for path in found if not path.name.endswith("-journal")]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_set_aside_and_alarms_go_on_being_taken(site, damage):
    lived(site)
    damage(site.data_dir / store.FILE_NAME)
    site.restart()
    assert site.post_events(site.alarm(counter=20, device=site.other))["accepted"], "no gateway is refused"
    assert len(set_aside(site)) == (damage is not missing)
    slugs = {row["slug"]: row["device"] for row in site.incidents()}
    assert slugs["kejadian-1"] == site.button, "what was open is open"
    assert len(slugs) == 2 and "kejadian-2" not in slugs, "and no number is given twice"
    site.clock.advance(120_000)
    site.hub.dispatch.step()
    assert [row["alerts"] for row in site.incidents() if row["slug"] == "kejadian-1"] == [1]
    assert site.rows("SELECT name FROM people WHERE name = 'Siti'") and site.rows("SELECT 1 FROM addresses")
    assert {row["duty"] for row in site.rows("SELECT duty FROM duties")} == {"ronda", "bidan"}
    assert site.rows("PRAGMA foreign_key_check") == []
    assert site.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]


@pytest.mark.parametrize("damage", [torn, headless, cut])
def test_nobody_who_was_reading_goes_on_with_a_file_that_was_set_aside(site, damage):
    lived(site)
    path, read = site.data_dir / store.FILE_NAME, site.hub.store.read
    with read(), read(), read():
        assert open_files(str(path)) >= 3
    with read():
        damage(path)
        with pytest.raises(sqlite3.DatabaseError), read() as other:
            other.all("SELECT * FROM timeline")
        assert len(set_aside(site)) == 1
    assert site.post_events(site.alarm(counter=77))["accepted"]
    assert [row["counter"] for row in site.rows("SELECT counter FROM alarms")][-1] == 77
    assert open_files(str(path) + ".rusak") == 0


@pytest.mark.parametrize("damage", DAMAGES)
def test_an_alarm_that_was_accepted_a_moment_before_the_damage_is_open_after_it(site, damage):
    lived(site)
    assert site.post_events(site.alarm(counter=21, device=site.other))["accepted"]
    damage(site.data_dir / store.FILE_NAME)
    site.restart()
    assert [row["state"] for row in site.incidents() if row["device"] == site.other] == ["baru"]
    site.clock.advance(120_000)
    site.hub.dispatch.step()
    called = [row["alerts"] for row in site.incidents() if row["device"] == site.other]
    assert called == [1], "and is called for"


@pytest.mark.parametrize("damage", [headless, empty, missing])
def test_facts_of_access_that_the_damage_undid_are_to_be_looked_at_and_hold_no_door_open(site, damage):
    admin = lived(site)
    site.account("bidan", "petugas_ronda", named=True)
    with site.hub.store.write() as db:
        screen = accounts.add(db, 0, "pos", "Pos", "tamu_layar", PASSWORD)
        db.run("UPDATE accounts SET paired_by = 'admin' WHERE id = ?", screen)
        db.insert("access_requests", what="diperiksa", subject="", body="{}", touched="[]", made_by=screen,
                  made_wall=0)  # fmt: skip
    pos = site.enter("pos")
    site.hub.dispatch.keep()
    with site.hub.store.write() as db:  # and a moment later, as two people did it
        db.run("UPDATE accounts SET named_for_confidential = 0 WHERE login = 'bidan'")
        db.run("DELETE FROM sessions WHERE account != ?", screen)
    damage(site.data_dir / store.FILE_NAME)
    site.restart()
    with site.hub.store.read() as db:
        assert db.setting(access.RESTORED)
    site.hub.dispatch.step()
    assert "akses perlu diperiksa" in {row["what"] for row in site.warnings("1")}
    for person, status in ((admin, 302), (pos, 200)):
        person.client.application = site.app
        assert person.get("/papan").status_code in (status, status + 1), "a session that was ended stays so"
    assert site.rows("SELECT count(*) AS n FROM technicians") == [{"n": 0}]
    assert site.rows("SELECT id FROM access_requests WHERE done_wall IS NULL") == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_it_is_red_on_every_screen_until_a_person_has_seen_to_it(site, damage):
    admin = lived(site)
    site.account("lurah", "kelurahan")
    lurah = site.enter("lurah")
    site.clock.advance(40_000)
    site.hub.dispatch.step()
    damage(site.data_dir / store.FILE_NAME)
    site.restart()
    site.hub.dispatch.step()
    health = site.client.get("/api/v1/health")
    assert (health.status_code, health.json["status"]) == (503, "damaged")
    seen = {admin: ("/papan", "/kejadian", "/perangkat", "/lainnya"), lurah: ("/papan", "/denah")}
    for person, pages in seen.items():
        person.client.application = site.app
        login = "admin" if person is admin else "lurah"
        assert person.post("/masuk", masuk=login, sandi=PASSWORD).status_code == 303
        for page in pages:
            assert "BASIS DATA RUSAK" in person.get(page).text, page
    page = admin.get("/simpanan").text
    assert "kentongan-hub restore --data" in page
    assert damage is missing or "hub.sqlite3.rusak-" in page
    assert {"basis data rusak"} <= {row["what"] for row in site.warnings("1")}
    assert admin.post("/simpanan/rusak", page="/simpanan").status_code == 303
    site.hub.dispatch.step()
    assert "BASIS DATA RUSAK" not in admin.get("/papan").text
    assert site.client.get("/api/v1/health").json["status"] == "ok"


def test_a_file_that_is_found_damaged_in_the_middle_of_the_work_is_replaced_for_the_next_who_asks(site):
    lived(site)
    headless(site.data_dir / store.FILE_NAME)
    batch = {"boot_id": "b", "events": [site.alarm(counter=30)]}
    first = site.client.post("/api/v1/events", json=batch, headers=site.headers)
    second = site.client.post("/api/v1/events", json=batch, headers=site.headers)
    assert first.status_code == 500 and second.json["accepted"], "not accepted, then sent again and stored"
    assert len(set_aside(site)) == 1


def test_a_whole_file_with_rows_in_every_kind_of_table_is_never_called_damaged(site):
    admin = site.enter("admin")
    admin.post("/warga", page="/warga", nama="Siti", rt="5", rumah="8", setuju="1", nomor="+6281211110001")
    admin.post("/warga/1/tugas", page="/warga/1", tugas=["ronda", "bidan"])
    hub_load.fill(site.hub.store, site.clock.now_ms, 20, 200, 400)
    site.restart()
    assert mending.wrong_with(site.data_dir) is None and not set_aside(site)


def test_damage_that_only_a_look_through_the_whole_file_finds_is_found(site):
    """Every page can be read; one says another label than the index of labels."""
    lived(site)
    path = site.data_dir / store.FILE_NAME
    with contextlib.closing(sqlite3.connect(path)) as other:
        (size,) = other.execute("PRAGMA page_size").fetchone()
        (page,) = other.execute("SELECT rootpage FROM sqlite_master WHERE name = 'devices'").fetchone()
    octets = bytearray(path.read_bytes())
    there = slice((page - 1) * size, page * size)
    octets[there] = octets[there].replace(b"tombol-07", b"tombol-77")
    path.write_bytes(octets)
    assert mending.wrong_with(site.data_dir).code == "database_broken"
    site.restart()
    assert set_aside(site) and site.post_events(site.alarm(counter=77))["accepted"]


@pytest.mark.parametrize("spoil", [
    lambda body: body.pop("steady_ms"), lambda body: body.update(steady_ms="1x", orders="x"),
    lambda body: body["tables"]["devices"][0].update(role="tombox"),
    lambda body: body["tables"]["devices"][0].update(label=None),
    lambda body: body["tables"]["devices"][0].update(zone=[1]),
    lambda body: body["tables"]["devices"][0].update(zone=1 << 70),
    lambda body: body["tables"].update(people=[{"id": "x"}, 5]),
    lambda body: body["tables"]["settings"].append({"key": "last_kejadian", "value": "1x"}),
])  # fmt: skip
@pytest.mark.parametrize("before", ["with the copy before", "without"])
def test_an_odd_value_in_the_copy_costs_at_most_its_row(site, spoil, before):
    lived(site)
    site.hub.dispatch.keep()
    path = site.data_dir / kept.FILE
    body = json.loads(path.read_text().partition("\n")[2])
    spoil(body)
    path.write_text("0\n" + json.dumps(body))
    if before == "without":
        (site.data_dir / kept.BEFORE).unlink(missing_ok=True)
    empty(site.data_dir / store.FILE_NAME)
    for _ in range(2):
        site.restart()
    assert site.post_events(site.alarm(counter=77))["accepted"]
    assert len(site.rows("SELECT 1 FROM devices")) >= 2 and site.rows("SELECT 1 FROM incidents")
    assert "salinannya juga rusak" in site.client.get("/masuk").text


def test_an_odd_value_in_a_row_is_no_damage_of_the_file(site):
    lived(site)
    with contextlib.closing(sqlite3.connect(site.data_dir / store.FILE_NAME)) as other:
        other.execute("PRAGMA writable_schema = ON")
        other.execute("UPDATE sqlite_master SET sql = replace(sql, 'place TEXT NOT NULL DEFAULT', "
                      "'place TEXT CHECK (place = 1) DEFAULT') WHERE name = 'houses'")  # fmt: skip
        other.commit()
    assert mending.wrong_with(site.data_dir) is None


def test_an_error_that_is_no_damage_sets_nothing_aside(site, monkeypatch):
    lived(site)
    error = sqlite3.DatabaseError("database disk image is malformed")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    with pytest.raises(sqlite3.DatabaseError), site.hub.store.read():
        raise error
    assert not set_aside(site)


def test_without_any_copy_the_hub_runs_and_says_so_and_is_never_ok(site):
    empty(site.data_dir / store.FILE_NAME)
    site.restart()
    assert site.client.get("/api/v1/health").json == {"status": "damaged", "site": True}
    assert "BASIS DATA RUSAK" in site.client.get("/masuk").text


def test_the_copy_is_secret_and_is_written_only_when_something_changed(site):
    lived(site).post("/kejadian/kejadian-1/selesai", page="/papan")
    site.clock.advance(40_000)
    site.hub.dispatch.step()
    path = site.data_dir / kept.FILE
    assert path.stat().st_mode & 0o077 == 0
    before = path.stat().st_mtime_ns
    for _ in range(3):
        site.clock.advance(40_000)
        site.hub.dispatch.step()
    assert path.stat().st_mtime_ns == before
    site.account("budi", "petugas_ronda")
    site.clock.advance(40_000)
    site.hub.dispatch.step()
    assert "budi" in {row["login"] for row in kept.read(site.data_dir)["tables"]["accounts"]}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 2}', '{"format": 1, "tables": {"people": [3]}}'])
def test_a_copy_that_is_damaged_itself_stops_nothing(site, text):
    lived(site)
    (site.data_dir / kept.FILE).write_text(text)
    empty(site.data_dir / store.FILE_NAME)
    site.restart()
    assert site.client.get("/api/v1/health").json["status"] == "damaged"


@pytest.mark.parametrize(("version", "table"), [(0, "states"), (0, "settings"), (7, "states"), (99, "a")])
def test_a_strange_file_where_no_site_is_is_not_touched(tmp_path, version, table):
    strange_file = tmp_path / store.FILE_NAME
    other = sqlite3.connect(strange_file)
    other.execute(f"CREATE TABLE {table} (id INTEGER)")
    other.execute(f"PRAGMA user_version = {version}")
    other.commit()
    other.close()
    before = strange_file.read_bytes()
    with pytest.raises(LocalError, match="milik program lain"):
        mending.open_store(tmp_path)
    assert strange_file.read_bytes() == before


@pytest.mark.parametrize("damage", DAMAGES)
def test_check_answers_in_words_and_changes_nothing(site, damage, capsys):
    lived(site)
    damage(site.data_dir / store.FILE_NAME)
    before = sorted(path.name for path in site.data_dir.iterdir())
    assert cli.main(["check", "--data", str(site.data_dir)]) == 1
    said = capsys.readouterr().out
    assert "DAMAGED" in said and "restore" in said
    assert sorted(path.name for path in site.data_dir.iterdir()) == before


@pytest.mark.parametrize("command", [
    ["provision", "--role", "tombol", "--label", "t-9", "--zone", "5", "--out", "/dev/null"],
    ["technician-token", "--name", "Pak Joko", "--out", "/dev/null"],
    ["recovery-link", "--login", "a", "--name", "b"],
])  # fmt: skip
def test_no_command_answers_damage_with_a_traceback(site, command):
    headless(site.data_dir / store.FILE_NAME)
    program = Path(sys.executable).parent / "kentongan-hub"
    given = [program, command[0], "--data", site.data_dir, *command[1:]]
    run = subprocess.run(given, capture_output=True, text=True)
    assert run.returncode == 2 and "Traceback" not in run.stderr and "kentongan-hub check" in run.stderr


@pytest.mark.parametrize(("code", "words"), [
    (sqlite3.SQLITE_FULL, "disk penuh"), (sqlite3.SQLITE_IOERR, "tidak menerima"),
])  # fmt: skip
def test_a_disk_that_takes_nothing_is_red_too_until_it_takes_something(site, code, words):
    error = sqlite3.OperationalError("no")
    error.sqlite_errorcode = code
    with pytest.raises(sqlite3.OperationalError), site.hub.store.write():
        raise error
    assert words in site.client.get("/masuk").text
    assert site.client.get("/api/v1/health").json["status"] == "disk"
    with site.hub.store.write() as db:
        db.set_setting("a", "b")
    assert site.client.get("/api/v1/health").json["status"] == "ok"


def test_the_real_hub_starts_on_a_torn_file_and_takes_an_alarm(site):
    lived(site)
    torn(site.data_dir / store.FILE_NAME)
    hub = HubProcess(site.data_dir)
    try:
        event = {**site.alarm(counter=99), "id": "gateway-1/900"}
        answer = hub.call("/api/v1/events", {"boot_id": "b", "events": [event]}, site.token)
        assert answer["accepted"] == ["gateway-1/900"]
    finally:
        hub.stop()
