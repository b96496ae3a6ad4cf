"""The store: durable, one writer at a time, all or nothing, and migrated once."""

import contextlib
import os
import sqlite3
import stat
import threading

import pytest
from kentongan_hub.storage.schema_codes import migrations
from kentongan_hub.storage.store import IDLE_LIMIT, Bell, Store
from kits.hub.hub_kit import open_files
from kits.patience import PATIENCE_S


def test_a_commit_is_on_disk_and_the_wal_bug_cannot_happen(tmp_path):
    store = Store(tmp_path)
    with store.read() as db:
        assert db.value("PRAGMA journal_mode") == "truncate"
        assert db.value("PRAGMA synchronous") == 2
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_opening_again_migrates_nothing_and_keeps_all(tmp_path):
    with Store(tmp_path).write() as db:
        db.set_setting("name", "RT 05")
        tables = db.all("SELECT sql FROM sqlite_master")
    with Store(tmp_path).read() as db:
        assert db.setting("name") == "RT 05"
        assert db.value("PRAGMA user_version") == len(migrations)
        assert db.all("SELECT sql FROM sqlite_master") == tables


def test_a_file_of_an_older_program_gets_what_is_new_and_keeps_all(tmp_path, monkeypatch):
    now = Store(tmp_path / "now")
    with now.read() as db:
        tables = db.all("SELECT sql FROM sqlite_master")
    monkeypatch.setattr("kentongan_hub.storage.store.migrations", migrations[:-3])
    with Store(tmp_path / "old").write() as db:
        db.set_setting("name", "RT 05")
        assert db.all("SELECT sql FROM sqlite_master") != tables
    monkeypatch.undo()
    with Store(tmp_path / "old").read() as db:
        assert db.setting("name") == "RT 05" and db.all("SELECT sql FROM sqlite_master") == tables


def test_each_migration_bears_the_number_of_its_place():
    """Two had been m008, two m009, and an m013 stood before m010."""
    assert [deed.__name__[:5] for deed in migrations] == [f"m{n:03d}_" for n in range(1, len(migrations) + 1)]


def test_a_change_of_the_tables_that_fails_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    def fails(connection):
        connection.execute("CREATE TABLE half (done)")
        raise sqlite3.OperationalError("database or disk is full")

    with Store(tmp_path).read() as db:
        tables = db.all("SELECT sql FROM sqlite_master")
    monkeypatch.setattr("kentongan_hub.storage.store.migrations", [*migrations, fails])
    with pytest.raises(sqlite3.OperationalError, match="full"):
        Store(tmp_path)
    monkeypatch.undo()
    with Store(tmp_path).read() as db:
        assert db.all("SELECT sql FROM sqlite_master") == tables
        assert db.value("PRAGMA user_version") == len(migrations)


def test_a_failed_write_leaves_nothing_and_rings_nobody(tmp_path):
    store = Store(tmp_path)
    with pytest.raises(ZeroDivisionError), store.write() as db:
        db.set_setting("half", "done")
        raise ZeroDivisionError
    with store.read() as db:
        assert db.setting("half") == ""
    assert store.bell.count() == 0


def test_a_write_that_changes_nothing_wakes_nobody(tmp_path):
    store = Store(tmp_path)
    with store.write() as db:
        db.run("UPDATE gateways SET heard_ms = 1 WHERE label = 'none'")
    assert store.bell.count() == 0
    with store.write() as db:
        db.set_setting("one", "row")
    assert store.bell.count() == 1


def test_writers_of_one_and_of_many_processes_lose_no_update(tmp_path):
    stores = [Store(tmp_path) for _ in range(4)]  # a Store each, as separate processes have

    def add(store):
        for _ in range(25):
            with store.write() as db:
                db.set_setting("sum", int(db.setting("sum", 0)) + 1)

    threads = [threading.Thread(target=add, args=(store,)) for store in stores for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with stores[0].read() as db:
        assert db.setting("sum") == "200"


def test_a_reader_sees_one_moment(tmp_path):
    store = Store(tmp_path)
    with store.read() as db:
        assert db.value("SELECT count(*) FROM settings") == 0
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other = sqlite3.connect(store.path, timeout=0.05, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            other.execute("INSERT INTO settings VALUES ('a', 'b')")
            other.execute("COMMIT")
        other.close()
        assert db.value("SELECT count(*) FROM settings") == 0


def test_a_ring_between_look_and_wait_is_not_missed():
    bell = Bell()
    seen = bell.count()
    bell.ring()
    assert bell.wait_beyond(seen, 60) == 1
    assert bell.wait_beyond(1, 0) == 1


def test_the_connection_of_one_serves_the_next(tmp_path):
    store = Store(tmp_path)
    with store.write() as db:
        first = db.connection
        db.set_setting("name", "RT 05")
    with store.read() as db:
        assert db.connection is first and db.setting("name") == "RT 05"
        with store.read() as inner:
            assert inner.connection is not first


def test_a_connection_on_which_something_failed_serves_nobody_again(tmp_path):
    store = Store(tmp_path)
    for enter in (store.read, store.write):
        with pytest.raises(ZeroDivisionError), enter() as db:
            failed = db.connection
            raise ZeroDivisionError
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            failed.execute("SELECT 1")
        with store.read() as db:
            assert db.connection is not failed


def test_a_file_that_was_set_aside_is_neither_read_written_nor_held(tmp_path):
    store, other = Store(tmp_path / "a"), Store(tmp_path / "b")
    for one, name in ((store, "old"), (other, "new")):
        with one.write() as db:
            db.set_setting("name", name)
    with contextlib.ExitStack() as readers:
        for _ in range(3):
            readers.enter_context(store.read())
    assert open_files(str(store.path)) == 3
    aside = tmp_path / "rusak.sqlite3"
    with store.read() as db:
        os.replace(store.path, aside)
        os.replace(other.path, store.path)
        assert db.setting("name") == "old", "who was reading goes on"
    with store.write() as db:
        assert db.setting("name") == "new"
        db.set_setting("name", "newer")
    assert open_files(aside.name) == 0
    with contextlib.closing(sqlite3.connect(aside)) as left:
        assert left.execute("SELECT value FROM settings WHERE key = 'name'").fetchone() == ("old",)


def test_a_file_that_is_gone_is_not_read_on_from_memory(tmp_path):
    store = Store(tmp_path)
    with store.write() as db:
        db.set_setting("name", "RT 05")
    store.path.unlink()
    with pytest.raises(sqlite3.OperationalError, match="no such table"), store.read() as db:
        db.setting("name")


def test_damage_shows_to_a_kept_connection_too(tmp_path):
    store = Store(tmp_path)
    with store.write() as db:
        for number in range(500):
            db.set_setting(f"key-{number}", "x" * 100)
    with store.read() as db:
        assert db.value("SELECT count(*) FROM settings WHERE value LIKE 'x%'") == 500
        size = db.value("PRAGMA page_size")
        page = db.value("SELECT rootpage FROM sqlite_master WHERE name = 'settings'")
    with store.path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    with pytest.raises(sqlite3.DatabaseError, match="malformed"), store.read() as db:
        db.value("SELECT count(*) FROM settings WHERE value LIKE 'x%'")


def test_a_crowd_of_readers_leaves_few_files_open(tmp_path):
    store = Store(tmp_path)
    together = threading.Barrier(24)

    def look(name):
        with store.read() as db:
            together.wait(PATIENCE_S)
            seen.append(db.value("SELECT ?", name))

    seen = []
    threads = [threading.Thread(target=look, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == list(range(24))
    assert open_files(str(store.path)) <= IDLE_LIMIT


def test_many_threads_that_share_few_connections_lose_nothing(tmp_path):
    store = Store(tmp_path)

    def work(name):
        for number in range(1, 21):
            with store.write() as db:
                db.set_setting(name, number)
            with store.read() as db:
                seen.append(db.number(name) == number)

    seen = []
    threads = [threading.Thread(target=work, args=(f"thread-{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [True] * 160
