"""The store: durable, one writer at a time, all or nothing, and migrated once."""

import sqlite3
import stat
import threading

import pytest
from kentongan_hub.store import Bell, Store


def test_a_commit_is_on_disk_and_the_wal_bug_cannot_happen(tmp_path):
    store = Store(tmp_path)
    with store.read() as db:
        assert db.value("PRAGMA journal_mode") == "truncate"
        assert db.value("PRAGMA synchronous") == 2
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_opening_again_migrates_nothing_and_keeps_all(tmp_path):
    with Store(tmp_path).write() as db:
        db.set_setting("name", "RT 05")
        applied = db.value("SELECT count(*) FROM _sqlite_migrations")
    with Store(tmp_path).read() as db:
        assert db.setting("name") == "RT 05"
        assert db.value("SELECT count(*) FROM _sqlite_migrations") == applied > 0


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
