"""The record proves itself: a changed or lost line is found, and an erased one still holds its place."""

import sqlite3

import pytest
from kentongan_hub.record import audit, chain
from kentongan_hub.storage.store import Store


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path)
    with store.write() as db:
        for number in range(5):
            audit.record(db, 1000 + number, "siti", "masuk", f"baris {number}", "rincian", "192.168.1.7")
    return store


def tamper(store, sql):
    """Tamper as somebody with the file and no scruples does: the triggers go first."""
    with store.write() as db:
        for trigger in db.all("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            db.run(f"DROP TRIGGER {trigger['name']}")
        db.run(sql)


def verified(store, after=0):
    with store.read() as db:
        return chain.verify(db, "audit", after)


def test_an_untouched_record_is_whole_from_its_start_and_from_any_row(store):
    assert verified(store) == (5, None)
    assert verified(store, after=3) == (2, None)


@pytest.mark.parametrize(
    ("sql", "broken"),
    [
        ("UPDATE audit SET who = 'budi' WHERE id = 3", 3),
        ("UPDATE audit SET at_wall = 1 WHERE id = 1", 1),
        ("UPDATE audit SET hash = randomblob(32) WHERE id = 5", 5),
        ("DELETE FROM audit WHERE id = 2", 2),
        ("UPDATE audit SET id = 9 WHERE id = 5", 5),
        ("UPDATE audit SET digest = (SELECT digest FROM audit WHERE id = 4), salt = NULL WHERE id = 2", 2),
    ],
)
def test_what_somebody_changed_in_the_file_is_named_by_its_row(store, sql, broken):
    tamper(store, sql)
    assert verified(store)[1] == broken


def test_rows_cut_off_at_the_end_show_in_the_head_that_was_written_down(store):
    with store.read() as db:
        written_down = chain.head(db, "audit")
    tamper(store, "DELETE FROM audit WHERE id = 5")
    with store.read() as db:
        assert chain.head(db, "audit") != written_down


def test_erased_words_are_gone_and_the_chain_holds(store):
    with store.write() as db:
        assert chain.erase(db, "audit", 3) == 1
        assert chain.erase(db, "audit", 3) == 0
        row = db.one("SELECT * FROM audit WHERE id = 3")
    assert (row["who"], row["detail"], row["address"], row["salt"]) == ("", "", "", None)
    assert b"baris 3" in store.path.read_bytes() and verified(store) == (5, None)


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM audit WHERE id = 1",
        "UPDATE audit SET who = 'x' WHERE id = 1",
        "UPDATE audit SET who = '', detail = '', address = '' WHERE id = 1",
        "UPDATE audit SET salt = NULL WHERE id = 1",
        "UPDATE audit SET who = '', detail = '', address = '', salt = NULL, at_wall = 0 WHERE id = 1",
        "UPDATE audit SET who = 'x', detail = '', address = '', salt = NULL WHERE id = 1",
    ],
)
def test_the_database_itself_refuses_any_other_change(store, sql):
    with pytest.raises(sqlite3.IntegrityError, match="append-only"), store.write() as db:
        db.run(sql)
    assert verified(store) == (5, None)


def test_an_erased_row_cannot_be_given_new_words(store):
    with store.write() as db:
        chain.erase(db, "audit", 2)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"), store.write() as db:
        db.run("UPDATE audit SET who = 'x', salt = x'00' WHERE id = 2")


def test_the_page_says_that_the_chain_is_whole_and_names_the_row_when_it_is_not(site):
    admin = site.enter("admin")
    assert "Rantai utuh" in admin.get("/catatan").text
    tamper(site.hub.store, "UPDATE audit SET what = 'tidak ada' WHERE id = 2")
    assert "putus di baris 2" in admin.get("/catatan").text


def changed(site):
    """Return the warnings about the record after the hub has looked through it for a day."""
    for _ in range(12):
        site.clock.advance(600_000)
        site.hub.dispatch.step()
    return [row["subject"] for row in site.warnings("what = 'record_altered'")]


@pytest.mark.parametrize("row", [2, 9])
def test_the_hub_looks_through_the_record_by_itself_and_warns_of_the_row(site, monkeypatch, row):
    monkeypatch.setattr(chain, "PATROL_ROWS", 60)
    site.post_events(*(site.alarm(counter=number * 100) for number in range(1, 10)))
    assert changed(site) == []
    tamper(site.hub.store, f"UPDATE audit SET what = 'tidak ada' WHERE id = {row}")
    assert changed(site) == [f"audit baris {row}"]
    assert "catatan diubah" in site.enter("admin").get("/peringatan").text


def test_a_record_that_was_cut_off_at_its_end_is_noticed_by_the_hub_too(site):
    site.post_events(*(site.alarm(counter=number * 100) for number in range(1, 10)))
    assert changed(site) == []
    tamper(site.hub.store, "DELETE FROM audit WHERE id > 5")
    assert len(changed(site)) == 1


def test_the_command_reads_the_whole_record_and_names_the_broken_row(site, capsys):
    from kentongan_hub.cli import main

    assert main(["check", "--data", str(site.data_dir)]) == 0
    assert "audit: " in capsys.readouterr().out
    tamper(site.hub.store, "UPDATE audit SET what = 'tidak ada' WHERE id = 2")
    assert main(["check", "--data", str(site.data_dir)]) == 1
    assert "broken row 2" in capsys.readouterr().out
