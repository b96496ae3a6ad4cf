"""The spool and the state files: on disk when they say so, bounded, never in the next alarm's way."""

import os
import sqlite3
import subprocess
import sys
import threading

import pytest
from kentongan_gateway.disk.spool import REFUSED, Spool, SpoolError
from kentongan_gateway.disk.state import StateDir
from kits.gateway.gateway_process import wait_for
from kits.patience import PATIENCE_S


def event(counter, kind="alarm"):
    return {"type": kind, "key": f"{kind}/1/0/{counter}", "counter": counter}


@pytest.fixture(name="path")
def _path(tmp_path):
    return tmp_path / "spool.sqlite3"


def test_what_was_put_is_there_after_a_reopening(path):
    spool = Spool(path)
    event_id = spool.put(event(1))
    spool.close()
    assert Spool(path).unsent() == [(event_id, event(1))]


def test_it_writes_with_full_sync_and_has_the_file_for_itself(path):
    """WAL before SQLite 3.51.3 may corrupt a file when one connection writes and another checkpoints."""
    spool = Spool(path)
    spool.put(event(1))
    assert spool._db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert spool._db.execute("PRAGMA synchronous").fetchone()[0] == 2
    with pytest.raises(sqlite3.OperationalError, match="locked"), sqlite3.connect(path, timeout=0) as other:
        other.execute("SELECT count(*) FROM event")
    assert not list(path.parent.glob("*-shm"))


def test_what_came_in_together_is_one_transaction_and_keeps_each_its_id(path):
    spool = Spool(path)
    first = spool.put(event(2))
    ids = spool.put_all([event(1), event(2), event(1), event(3)])
    assert ids[1] == first and ids[0] == ids[2] and len(set(ids)) == 3
    with pytest.raises(SpoolError):
        spool.put_all([event(4), {"type": "alarm", "key": "big", "padding": "x" * 20_000}])
    assert {e["counter"] for _, e in spool.unsent()} == {1, 2, 3} and spool.counts()["rows"] == 3


def test_nothing_at_all_is_stored_without_a_word():
    assert Spool(":memory:").put_all([]) == []


def test_a_quiet_moment_moves_the_journal_into_the_file(path):
    now = [0.0]
    spool = Spool(path, steady_s=lambda: now[0])
    for i in range(80):
        spool.put(event(i))
    before = os.path.getsize(path)
    spool.settle()
    assert os.path.getsize(path) == before, "not while alarms come in"
    now[0] += 5
    spool.settle()
    assert os.path.getsize(path) > before and spool.trouble is None


def test_what_only_the_journal_has_is_taken_over_from_a_corrupt_file(path):
    spool = Spool(path)
    spool.put(event(1))
    raw, wal = path.read_bytes(), path.with_name(path.name + "-wal").read_bytes()
    spool.close()
    path.write_bytes(b"\xff" * max(4096, len(raw)))
    path.with_name(path.name + "-wal").write_bytes(wal)
    fresh = Spool(path)
    assert [e["counter"] for _, e in fresh.unsent()] == [1]


def test_the_same_key_is_stored_once_and_keeps_its_id(path):
    spool = Spool(path)
    first = spool.put(event(1))
    assert spool.put({**event(1), "attempt": 3}) == first
    spool.mark_sent([first])
    assert spool.put(event(1)) == first and spool.is_sent(first) and not spool.unsent()


def test_events_without_a_key_are_all_kept():
    spool = Spool(":memory:")
    for _ in range(3):
        spool.put({"type": "radio", "up": True})
    assert len(spool.unsent()) == 3


def test_alarms_go_up_first_then_the_oldest():
    spool = Spool(":memory:")
    for i, kind in enumerate(("status", "radio", "alarm", "status", "event", "alarm")):
        spool.put(event(i, kind))
    assert [e["counter"] for _, e in spool.unsent()] == [2, 5, 4, 1, 0, 3]


def test_when_full_statuses_go_before_alarms_and_are_counted():
    spool = Spool(":memory:", rows_max=100)
    for i in range(90):
        spool.put(event(i, "status"))
    for i in range(95):
        spool.put(event(1_000 + i))
    counts = spool.counts()
    assert counts["rows"] <= 100
    assert sum(e["type"] == "alarm" for _, e in spool.unsent(1_000)) == 95
    assert counts["evicted"].keys() == {"status"}
    assert counts["evicted"]["status"] + counts["rows"] == 185


def test_delivered_rows_go_before_undelivered_ones():
    spool = Spool(":memory:", rows_max=50)
    sent = [spool.put(event(i)) for i in range(30)]
    spool.mark_sent(sent)
    for i in range(40):
        spool.put(event(100 + i, "status"))
    assert sum(e["type"] == "status" for _, e in spool.unsent(1_000)) == 40 and not spool.counts()["evicted"]


def test_alarms_give_way_only_to_alarms():
    spool = Spool(":memory:", rows_max=20)
    for i in range(50):
        spool.put(event(i))
    assert spool.counts()["evicted"].keys() == {"alarm"}
    assert 49 in [e["counter"] for _, e in spool.unsent(100)]


def test_refused_rows_are_offered_again_after_a_restart(path):
    spool = Spool(path)
    event_id = spool.put(event(1))
    spool.mark_sent([event_id], REFUSED)
    assert not spool.unsent()
    spool.close()
    assert Spool(path).unsent() == [(event_id, event(1))]


def test_ids_of_another_spool_change_nothing(path):
    spool = Spool(path)
    spool.put(event(1))
    spool.mark_sent(["gateway/00000000-1", "gateway-9/x-1", "x", "", "gateway/--"])
    assert len(spool.unsent()) == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: b"\xff" * len(raw),
        lambda raw: raw[:50],
        lambda raw: raw[:4096] + b"\x55" * (len(raw) - 4096),
        lambda raw: b"not a database at all" * 300,
    ],
)
def test_a_corrupt_file_is_set_aside_whole_and_a_fresh_one_takes_over(path, damage):
    spool = Spool(path)
    old_id = spool.put(event(1))
    spool.close()
    broken = damage(path.read_bytes())
    path.write_bytes(broken)
    fresh = Spool(path)
    new_id = fresh.put(event(2))
    assert new_id != old_id, "an id is never given twice, not even by another spool"
    (aside,) = fresh.quarantined
    with open(aside, "rb") as file:
        assert file.read() == broken


def test_corruption_while_running_is_survived(path):
    spool = Spool(path)
    for i in range(200):
        spool.put(event(i))
    size = os.path.getsize(path)
    with open(path, "r+b") as file:
        file.seek(100)
        file.write(b"\xa5" * (size - 100))
    spool._db.execute("PRAGMA cache_size=0")
    spool.put(event(1_000))
    assert 1_000 in [e["counter"] for _, e in spool.unsent(1_000)]


def test_at_most_three_corrupt_files_are_kept(path):
    for _ in range(6):
        path.write_bytes(b"junk" * 2_000)
        Spool(path).close()
    assert len(list(path.parent.glob("*.corrupt-????????"))) == 3


def test_a_spool_of_another_program_is_set_aside_and_what_is_understood_of_it_is_taken_over(path):
    """Or the card has altered that number: the next alarm waits for nobody to install anything."""
    spool = Spool(path)
    spool.put(event(1))
    spool._db.execute("PRAGMA user_version=9")
    spool.close()
    fresh = Spool(path)
    fresh.put(event(2))
    assert [e["counter"] for _, e in fresh.unsent()] == [1, 2] and len(fresh.quarantined) == 1


def test_a_full_disk_is_an_error_and_no_acknowledgement(path):
    spool = Spool(path)
    spool.put(event(1))
    pages = spool._db.execute("PRAGMA page_count").fetchone()[0]
    spool._db.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(SpoolError):
        for i in range(2, 2_000):
            spool.put({**event(i), "padding": "x" * 500})
    spool._db.execute("PRAGMA max_page_count=100000")
    assert spool.put(event(5_000))


def test_a_full_disk_makes_room_by_what_matters_least(path):
    spool = Spool(path)
    for i in range(300):
        spool.put({**event(i, "status"), "padding": "x" * 300})
    pages = spool._db.execute("PRAGMA page_count").fetchone()[0]
    spool._db.execute(f"PRAGMA max_page_count={pages}")
    for i in range(100):
        spool.put({**event(i), "padding": "x" * 300})
    assert sum(e["type"] == "alarm" for _, e in spool.unsent(1_000)) == 100


def test_a_power_cut_between_two_puts_keeps_the_first(tmp_path, path):
    script = (
        "import os, sys\nfrom kentongan_gateway.disk.spool import Spool\nspool = Spool(sys.argv[1])\n"
        "for i in range(10**6):\n    spool.put({'type': 'alarm', 'key': str(i), 'counter': i})\n"
        "    os.write(1, b'%d\\n' % i)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE)
    said = [int(process.stdout.readline()) for _ in range(50)]
    process.kill()
    said += [int(line) for line in process.stdout.read().split()[:-1]]
    process.wait()
    process.stdout.close()
    kept = {e["counter"] for _, e in Spool(path).unsent(10**6)}
    assert set(said) <= kept


# State files


def test_a_state_survives_and_a_torn_one_is_set_aside(tmp_path):
    StateDir(tmp_path).put("seq", b"\x01\x02")
    assert StateDir(tmp_path).get("seq") == b"\x01\x02"
    file = tmp_path / "seq.state"
    for cut in range(len(file.read_bytes())):
        StateDir(tmp_path).put("seq", b"\x01\x02")
        file.write_bytes(file.read_bytes()[:cut])
        states = StateDir(tmp_path)
        assert states.get("seq") is None and states.damaged == ["seq"]
    assert (tmp_path / "seq.damaged").exists()


def test_a_torn_write_beside_leaves_the_old_state(tmp_path):
    states = StateDir(tmp_path)
    states.put("guard", b"old")
    (tmp_path / "guard.new").write_bytes(b"half")
    assert StateDir(tmp_path).all() == {"guard": b"old"}


def test_a_late_state_holds_up_nobody_and_the_latest_is_on_disk_after_close(tmp_path, monkeypatch):
    """A disk that others keep busy took 0.8 s for one of these, and twenty alarms waited behind it."""
    states, slow, written = StateDir(tmp_path), threading.Event(), []
    put = states._put

    def slow_put(name, data):
        slow.wait(PATIENCE_S)
        written.append(data)
        put(name, data)

    monkeypatch.setattr(states, "_put", slow_put)
    states.begin_late()
    for n in range(50):
        states.put_late("guard", bytes([n]))
    assert states.get("guard") is None, "nothing waited for the disk"
    slow.set()
    states.close()
    assert StateDir(tmp_path).get("guard") == bytes([49]) and len(written) <= 3


def test_a_late_state_that_the_disk_refuses_is_a_trouble_and_the_thread_lives(tmp_path):
    states = StateDir(tmp_path)
    states.begin_late()
    states._path = tmp_path / "gone"
    states.put_late("guard", b"1")
    wait_for(lambda: states.trouble, "the trouble")
    states._path = tmp_path
    states.put_late("guard", b"2")
    wait_for(lambda: states.trouble is None, "its end")
    assert states.healthy()
    states.close()
    assert states.get("guard") == b"2"


def test_state_names_stay_inside_their_directory(tmp_path):
    with pytest.raises(ValueError):
        StateDir(tmp_path).put("../x", b"")
