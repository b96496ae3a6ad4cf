"""Damage beside the rows (the schema, an index, a row's head) takes no alarm with it."""

import random
import sqlite3

import pytest
from kentongan_gateway.disk.database import Database
from kentongan_gateway.disk.spool import UNREAD_S, Spool

ALARMS = range(500, 506)
PAGE = 4096


def key(counter):
    return f"alarm/0000002a/3/{counter}/0a0b0c0d"


def spool_of(path, ended=True):
    """A spool of six alarms, of which the hub has had half; `ended`: its journal is in the file."""
    spool = Database(path, "gateway-1")
    ids = [spool.put({"type": "alarm", "key": key(c), "counter": c, "kind": 1}) for c in ALARMS]
    spool.mark_sent(ids[::2])
    if ended:
        spool.close()
    return spool


def told(path):
    """Counters of the alarms that a new run offers, once what cannot be read is told of its key."""
    now = [0.0]
    spool = Spool(path, "gateway-1", steady_s=lambda: now[0])
    spool.unsent()
    now[0] = UNREAD_S
    spool.offer_unread()
    return spool, [event["counter"] for _, event in spool.unsent()]


def altered(path, was, now):
    raw = path.read_bytes()
    assert was in raw and len(was) == len(now)
    path.write_bytes(raw.replace(was, now))


@pytest.mark.parametrize(
    "was, now",
    [
        (b"body TEXT NOT NULL", b"body TEXT NOT NUL\x0c"),
        (b"event_due ON", b"event_due\xf6ON"),
        (b"tablesqlite_seq", b"tableslite__seq"),
        (b"SQLite format", b"SQLite bormat"),
    ],
)
def test_a_damaged_first_page_costs_no_alarm(tmp_path, was, now):
    path = tmp_path / "s.sqlite3"
    spool_of(path)
    altered(path, was, now)
    spool, counters = told(path)
    assert spool.quarantined and spool.trouble is None
    assert set(ALARMS[1::2]) <= set(counters), "what it had for the hub is offered"


def test_nor_does_one_in_a_journal_that_a_kill_has_left(tmp_path):
    path = tmp_path / "s.sqlite3"
    spool = spool_of(path, ended=False)
    for suffix in ("", "-wal"):
        (tmp_path / f"copy{suffix}").write_bytes((tmp_path / f"s.sqlite3{suffix}").read_bytes())
    spool.close()
    altered(tmp_path / "copy-wal", b"body TEXT NOT NULL", b"body TEXT NOT NUL\x0c")
    spool, counters = told(tmp_path / "copy")
    assert set(ALARMS[1::2]) <= set(counters) and spool.quarantined


def test_an_index_that_says_a_row_is_delivered_is_found_at_the_start(tmp_path):
    """Nothing but the index says what is due: the row itself would wait for ever."""
    path = tmp_path / "s.sqlite3"
    spool_of(path)
    db = sqlite3.connect(path)
    (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name='event_due'").fetchone()
    db.close()
    raw = bytearray(path.read_bytes())
    entry = raw.index(bytes([5, 8, 8, 1, 1, 2, 2]), (page - 1) * PAGE)  # state 0, class 0, number 2
    raw[entry + 1] = 9
    path.write_bytes(raw)
    _, counters = told(path)
    assert set(ALARMS[1::2]) <= set(counters)


def test_a_row_that_is_gone_is_told_of_the_key_that_its_index_has(tmp_path):
    path = tmp_path / "s.sqlite3"
    spool_of(path)
    raw = path.read_bytes()
    at = raw.index(f"{key(501)}{{".encode())
    path.write_bytes(raw[: at - 6] + b"\xff" * 6 + raw[at:])
    _, counters = told(path)
    assert 501 in counters


def test_a_row_that_says_it_is_delivered_while_its_index_does_not_is_offered(tmp_path):
    path = tmp_path / "s.sqlite3"
    spool_of(path)
    raw = bytearray(path.read_bytes())
    at = raw.index(f"{key(501)}{{".encode())
    head = raw.rindex(bytes([8, 8]), at - 6, at)  # class 0, state 0
    raw[head + 1] = 9
    path.write_bytes(raw)
    _, counters = told(path)
    assert 501 in counters


@pytest.mark.parametrize("seed", range(40))
def test_one_bit_anywhere_loses_no_alarm(tmp_path, seed):
    path, rng = tmp_path / "s.sqlite3", random.Random(seed)
    spool_of(path)
    raw = bytearray(path.read_bytes())
    at = rng.choice([at for at, byte in enumerate(raw) if byte])
    raw[at] ^= 1 << rng.randrange(8)
    path.write_bytes(raw)
    _, counters = told(path)
    assert set(ALARMS[1::2]) <= set(counters), at


def test_an_index_damaged_while_it_runs_is_set_aside_when_a_delivery_meets_it(tmp_path):
    now = [0.0]
    spool = Spool(tmp_path / "s.sqlite3", "gateway-1", steady_s=lambda: now[0])
    ids = [spool.put({"type": "alarm", "key": key(c), "counter": c}) for c in ALARMS]
    db = spool._db

    class Malformed:
        def __getattr__(self, name):
            return getattr(db, name)

        def executemany(self, sql, rows):
            raise sqlite3.DatabaseError("database disk image is malformed")

    spool._connection = Malformed()
    now[0] = 5
    spool.mark_sent(ids[:1])
    assert spool.quarantined, "else no delivery would ever be noted again"
    assert {event["counter"] for _, event in spool.unsent()} == set(ALARMS)
    spool.settle()
    assert spool.trouble is None
