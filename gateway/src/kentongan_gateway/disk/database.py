"""The spool's disk: what is promised to the hub, committed before anything is acknowledged.

SQLite at synchronous=FULL in WAL mode: one sync a commit instead of three. WAL's corruption bug before 3.51.3
needs two connections; here one connection has the file for itself, behind one lock. No sector that holds what
was promised is written again (psow=0). A corrupt file is set aside whole and a fresh one takes over: the next
alarm matters more.
"""

import contextlib
import logging
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from kentongan_gateway.core.base.stored import Event, Resumed, Stored
from kentongan_gateway.disk import set_aside, wal
from kentongan_gateway.disk.stored_row import (
    CLASS_ALARM,
    CLASS_NAMES,
    CLASS_REPORT,
    CLASS_STATUS,
    TEXT,
    Counts,
    Row,
    SpoolError,
    alarm_of,
    event_of,
    row_of,
)

log = logging.getLogger("kentongan.gateway")

SCHEMA_VERSION = 2
ROWS_MAX = 50_000  # 30 days at 1,000 events a day, and room
SENT_KEPT = 2_000  # delivered rows kept to recognise what is stored twice
EVICT_BATCH = 200
SEQ_MAX = 1 << 53  # a row number beyond this was altered: rows would soon find no number
WAL_PAGES = 1_000  # of 4 KB; more are copied into the file in the middle of a commit
TIDY_COMMITS = 50  # so many are copied in a quiet moment

# REFUSED: the hub said it never takes it; offered again after a restart. UNREADABLE: the disk altered it.
UNSENT, SENT, REFUSED, UNREADABLE = 0, 1, 2, 3

SCHEMA = """
CREATE TABLE event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT UNIQUE,
    class INTEGER NOT NULL,
    state INTEGER NOT NULL DEFAULT 0,
    body TEXT NOT NULL,
    crc INTEGER NOT NULL
);
CREATE INDEX event_due ON event (state, class, seq);
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
# what SQLite says of a file that is not as it was written
CORRUPT = (
    "malformed",
    "not a database",
    "integrity_check",
    "corrupt",
    "no such",
    "has no column",
    "unsupported",
    "already exists",
)
INSERT = "INSERT INTO event (key, class, body, crc) VALUES (?,?,?,?) ON CONFLICT (key) DO NOTHING"


class Database:
    """put() returns after the commit. Thread-safe; every method is one transaction."""

    def __init__(self, path: str | Path, label: str = "gateway", rows_max: int = ROWS_MAX):
        self._path = str(path)
        self._label = label
        self._rows_max = rows_max
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._why = "not open"
        self._commits = 0  # since the WAL was last copied into the file
        self.quarantined: list[str] = []  # files set aside since the start
        self.salvaged = 0  # events taken over from them
        self._odd: dict[str, bool] = {}  # id of an event that the disk has altered -> whether the hub had it
        self._epoch, self._last = "closed", 0  # an id's first part; the highest row ever given
        self.weighty = False  # whether more than statuses were stored since mark()
        self._open()

    def _need_db(self) -> sqlite3.Connection:
        if self._connection is None:
            raise SpoolError(f"spool {self._path}: {self._why}")
        return self._connection

    _db = property(_need_db)

    # opening

    def _open(self) -> None:
        try:
            try:
                self._connect()
            except Exception as error:
                if not self._is_damaged(error):
                    raise
                self._begin_anew()
        except Exception as error:
            self._drop_connection()
            self._why = str(error)
            raise SpoolError(f"spool {self._path}: {error}") from error

    def _is_damaged(self, error: Exception) -> bool:
        """Tell whether the file is at fault, and not the disk or the rights to it: another file would do."""
        if "readonly" in str(error):  # SQLite says so too of a version number that it does not know
            return os.access(self._path, os.W_OK) and os.access(os.path.dirname(self._path) or ".", os.W_OK)
        plain = isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)
        return plain or _is_corrupt(error)

    def _begin_anew(self) -> None:
        """Set the corrupt file aside, and take over what of it the hub has not had and can still be read."""
        self._set_aside()
        self._connect()
        if self.quarantined:
            self._salvage(self.quarantined[-1])

    def _salvage(self, path: str) -> None:
        rows = set_aside.rows(path, SCHEMA, SENT, ROWS_MAX)
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(INSERT, rows)
        self._db.execute("COMMIT")
        self.salvaged += len(rows)
        self._recount()

    def _connect(self) -> None:
        why = wal.damage(self._path + "-wal")
        if why:
            raise sqlite3.DatabaseError(f"corrupt journal: {why}")
        self._connection = sqlite3.connect(
            set_aside.uri(self._path, "psow=0"),
            isolation_level=None,
            check_same_thread=False,
            timeout=5,
            uri=True,
        )
        self._db.text_factory = set_aside.text
        self._db.execute("PRAGMA locking_mode=EXCLUSIVE")  # no other process, no shared memory
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute(f"PRAGMA wal_autocheckpoint={WAL_PAGES}")
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if self._db.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":  # of the indexes as well
            raise sqlite3.DatabaseError("integrity_check failed")
        if version == 0:
            self._db.executescript(f"BEGIN;{SCHEMA}PRAGMA user_version={SCHEMA_VERSION};COMMIT;")
        elif version != SCHEMA_VERSION:  # of another program, or the card has altered it
            raise sqlite3.DatabaseError(f"corrupt: schema {version}, this program knows {SCHEMA_VERSION}")
        self._mend_rows()
        row = self._db.execute("SELECT value FROM meta WHERE name='epoch'").fetchone()
        self._epoch = row[0] if row else secrets.token_hex(4)
        if not row:
            self._db.execute("INSERT INTO meta VALUES ('epoch', ?)", (self._epoch,))
        self._recount()

    def _mend_rows(self) -> None:
        """Mend odd rows: those without a proper state or class are offered first; numbers continue above."""
        for column, begin, good in (
            ("state", UNSENT, (UNSENT, SENT, UNREADABLE)),
            ("class", CLASS_ALARM, range(len(CLASS_NAMES))),
        ):
            odd = f"{column} IS NULL OR {column} NOT IN ({','.join('?' * len(good))})"
            self._db.execute(f"UPDATE event SET {column}=? WHERE {odd}", (begin, *good))
        top = self._db.execute("SELECT max(seq) FROM event").fetchone()[0] or 0
        row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name='event'").fetchone()
        self._last = row[0] if row else 0
        if type(self._last) is not int or not top <= self._last < SEQ_MAX:
            self._last = top
            self._db.execute("UPDATE sqlite_sequence SET seq=? WHERE name='event'", (top,))

    def _recount(self) -> None:
        self._rows = self._db.execute("SELECT count(*) FROM event").fetchone()[0]
        self._sent = self._db.execute("SELECT count(*) FROM event WHERE state=?", (SENT,)).fetchone()[0]

    def _drop_connection(self) -> None:
        db, self._connection = self._connection, None
        if db is not None:
            with contextlib.suppress(sqlite3.Error):
                db.close()

    def _set_aside(self) -> None:
        self._drop_connection()
        if self._path != ":memory:":
            self.quarantined.append(set_aside.put(self._path))

    # use

    def put(self, event: Event) -> str:
        """Commit an event; its id, or the one that its `key` already has. SpoolError: it is not on disk."""
        return self.put_all([event])[0]

    def put_all(self, events: Sequence[Event]) -> list:
        """Commit these events in one transaction: ids as put gives them. SpoolError: none is on disk."""
        rows = [row_of(event) for event in events]
        with self._lock:
            self._need_db()
            try:
                return self._put(rows)
            except Exception as error:  # whatever it is, nothing is on disk
                self._make_way(error)
            self._need_db()
            try:
                return self._put(rows)
            except Exception as error:
                self._rollback()
                raise SpoolError(f"spool {self._path}: {error}") from error

    def _make_way(self, error: Exception) -> None:
        """Make way for one retry: set a corrupt file aside, drop the least important rows of a full disk."""
        self._rollback()
        try:
            if _is_corrupt(error):
                self._begin_anew()
            elif "full" in str(error):
                self._tidy()  # then the room that the WAL has is free
                self._db.execute("BEGIN IMMEDIATE")
                self._evict(EVICT_BATCH, CLASS_REPORT)
                self._db.execute("COMMIT")
                self._recount()
        except Exception as other:
            log.error("spool %s: %s", self._path, other)
            self._rollback()

    def _put(self, rows: list[Row]) -> list:
        self._db.execute("BEGIN IMMEDIATE")
        excess, gone = self._rows + len(rows) - self._rows_max, (0, 0)
        if excess > 0:
            gone = self._evict(max(excess, min(EVICT_BATCH, self._rows_max // 10 + 1)))
        seqs: list[int] = []
        new = 0
        for row in rows:
            done = self._db.execute(INSERT, row)
            if done.rowcount:
                seqs.append(done.lastrowid or 0)
                new += 1
            else:
                seqs.append(self._known(row))
        self._db.execute("COMMIT")
        self._commits += 1
        self._last = max([self._last, *seqs])
        self.weighty = self.weighty or any(row[1] != CLASS_STATUS for row in rows)
        self._rows += new - gone[0]
        self._sent -= gone[1]
        return [self._id(seq) for seq in seqs]

    def _known(self, row: Row) -> int:
        """Return the number of the row that has this key; of a new one where the disk has altered that.

        An answer of the hub to what was there before is none to what is there now.
        """
        query = f"SELECT seq, state, {TEXT} FROM event WHERE key=?"
        seq, state, *text = self._db.execute(query, row[:1]).fetchone()
        was = event_of(*text)
        if was and "unread" not in was and state not in (REFUSED, UNREADABLE):
            return seq
        self._db.execute("DELETE FROM event WHERE seq=?", (seq,))
        self._sent -= state == SENT
        return self._db.execute(INSERT, row).lastrowid or 0

    def tidy(self) -> None:
        """Copy what the WAL has gathered into the file, so that no commit has to: for a quiet moment."""
        with self._lock:
            if self._connection is not None and self._commits >= TIDY_COMMITS:
                try:
                    self._tidy()
                except sqlite3.Error as error:
                    raise SpoolError(f"spool {self._path}: {error}") from error

    def _tidy(self) -> None:
        self._db.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
        self._commits = 0

    def _evict(self, wanted: int, best_class: int = CLASS_ALARM) -> tuple[int, int]:
        """Delete the least worthy rows, delivered ones first, alarms last: (rows, delivered rows).

        Undelivered rows of classes before best_class are spared.
        """
        picked = self._db.execute(
            "SELECT seq, class, state FROM event WHERE state=? OR class>=? "
            "ORDER BY state=? DESC, class DESC, seq LIMIT ?",
            (SENT, best_class, SENT, wanted),
        ).fetchall()
        self._db.executemany("DELETE FROM event WHERE seq=?", [(seq,) for seq, _, _ in picked])
        for _, klass, state in picked:
            if state != SENT:
                self._db.execute(
                    "INSERT INTO meta VALUES (?, '1') ON CONFLICT (name) DO UPDATE SET value=value+1",
                    (f"evicted_{CLASS_NAMES[klass]}",),
                )
        return len(picked), sum(state == SENT for _, _, state in picked)

    # what is known elsewhere of how much was committed

    def mark(self) -> bytes:
        """Return the mark that missing() is given at the next start: how far this spool has come."""
        self.weighty = False
        return f"{self._epoch} {self._last}".encode()

    def missing(self, mark: bytes | None) -> int:
        """Count the committed rows, delivered or not, that the disk lost since this mark(); 0: none known.

        After a loss ids begin anew: the hub may have had those that would be given a second time.
        """
        epoch, _, last = (mark or b"").decode("ascii", "replace").partition(" ")
        with self._lock:
            if self._connection is None or not last.isdecimal() or len(last) > len(str(SEQ_MAX)):
                return 0
            if epoch != self._epoch:  # all of it is gone, unless it was set aside here, which is told
                return 0 if self.quarantined else int(last)
            lost = int(last) - self._last
            if lost <= 0:
                return 0
            try:
                epoch = secrets.token_hex(4)
                self._db.execute("UPDATE meta SET value=? WHERE name='epoch'", (epoch,))
                self._epoch = epoch
            except sqlite3.Error as error:
                self._rollback()
                raise SpoolError(f"spool {self._path}: {error}") from error
        return lost

    def probe(self) -> None:
        """Try one commit that changes nothing for anybody; SpoolError when the disk does not take it."""
        with self._lock:
            try:
                self._db.execute(
                    "INSERT INTO meta VALUES ('probes', '1') ON CONFLICT (name) DO UPDATE SET value=value+1"
                )
            except sqlite3.Error as error:
                self._rollback()
                raise SpoolError(f"spool {self._path}: {error}") from error

    def unsent(self, limit: int = 50) -> list[Stored]:
        """[(id, event)] that the hub has not taken: alarms first, then the oldest."""
        with self._lock:
            self._need_db()
            try:
                return self._unsent(limit)
            except Exception as error:
                self._make_way(error)
            self._need_db()
            try:
                return self._unsent(limit)
            except Exception as error:
                raise SpoolError(f"spool {self._path}: {error}") from error

    def _unsent(self, limit: int) -> list[Stored]:
        """Put by and count a row that the disk has altered: it must not stop those behind it."""
        query = f"SELECT seq, {TEXT} FROM event WHERE state=? ORDER BY class, seq LIMIT ?"
        out, bad = [], []
        for seq, *text in self._db.execute(query, (UNSENT, limit)).fetchall():
            event = event_of(*text)
            if event is None:
                bad.append((UNREADABLE, seq))
            else:
                out.append((self._id(seq), event))
        if bad:
            self._db.executemany("UPDATE event SET state=? WHERE seq=?", bad)
            for _, seq in bad:
                self.odd(self._id(seq), False)
        return out if out or not bad else self._unsent(limit)

    def offer_unread(self) -> bool:
        """Alarms that were put by are told all the same, of their keys alone; whether there were any."""
        query = f"SELECT key, seq, {TEXT} FROM event WHERE state IN (?, ?) AND class=?"
        with self._lock:
            try:
                rows = self._db.execute(query, (UNREADABLE, REFUSED, CLASS_ALARM)).fetchall()
                known = [
                    (UNSENT, *row_of(alarm)[2:], seq)
                    for key, seq, *text in rows
                    if (alarm := alarm_of(key)) and not event_of(*text)
                ]
                self._db.executemany("UPDATE event SET state=?, body=?, crc=? WHERE seq=?", known)
            except sqlite3.Error as error:
                raise SpoolError(f"spool {self._path}: {error}") from error
        return bool(known)

    def alarms(self, limit: int) -> list[Resumed]:
        """[(id, event, whether the hub has it)] of the latest alarms here, the oldest first."""
        query = f"SELECT seq, {TEXT}, state, key FROM event WHERE class=? ORDER BY seq DESC LIMIT ?"
        with self._lock:
            try:
                rows = self._db.execute(query, (CLASS_ALARM, limit)).fetchall()
            except sqlite3.Error as error:
                raise SpoolError(f"spool {self._path}: {error}") from error
        known = []
        for seq, body, crc, state, key in reversed(rows):
            event, taken = event_of(body, crc), state == SENT
            if event is None:
                self.odd(self._id(seq), taken)
                event = None if taken else alarm_of(key)
            if event is not None:
                known.append((self._id(seq), event, taken))
        return known

    def odd(self, event_id: str, taken: bool) -> None:
        """Say of a stored event that makes no sense that the disk has altered it. For people."""
        self._odd[event_id] = taken

    @property
    def unreadable(self) -> int:
        """Count the altered events that the hub has not had."""
        return list(self._odd.values()).count(False)

    @property
    def altered(self) -> int:
        """And how many that it had."""
        return list(self._odd.values()).count(True)

    def mark_sent(self, ids: Iterable[str], state: int = SENT) -> None:
        """Mark events that the hub has committed. Unknown ids are none of ours and change nothing."""
        seqs = [(state, seq) for seq in map(self._seq, ids) if seq is not None]
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                before = self._db.total_changes
                self._db.executemany("UPDATE event SET state=? WHERE seq=? AND state=0", seqs)
                if state == SENT:
                    self._sent += self._db.total_changes - before
                gone = self._drop_delivered()
                self._db.execute("COMMIT")
                self._commits += 1
                self._rows -= gone
                self._sent -= gone
            except sqlite3.Error as error:
                self._make_way(error)  # in a spool begun anew these have other ids, and are offered again
                raise SpoolError(f"spool {self._path}: {error}") from error

    def _drop_delivered(self) -> int:
        excess = self._sent - SENT_KEPT
        if excess <= 0:
            return 0
        return self._db.execute(
            "DELETE FROM event WHERE seq IN (SELECT seq FROM event WHERE state=? ORDER BY seq LIMIT ?)",
            (SENT, excess),
        ).rowcount

    def is_sent(self, event_id: str) -> bool:
        seq = self._seq(event_id)
        with self._lock:
            try:
                row = self._db.execute("SELECT state FROM event WHERE seq=?", (seq,)).fetchone()
            except sqlite3.Error as error:
                raise SpoolError(f"spool {self._path}: {error}") from error
        return bool(row and row[0] == SENT)

    def counts(self) -> Counts:
        """{"rows", "unsent", "evicted": {class: n}} for people and metrics."""
        with self._lock:
            try:
                evicted = dict(
                    self._db.execute("SELECT name, value FROM meta WHERE name LIKE 'evicted_%'").fetchall()
                )
                unsent = self._db.execute("SELECT count(*) FROM event WHERE state=?", (UNSENT,)).fetchone()[0]
            except sqlite3.Error as error:
                raise SpoolError(f"spool {self._path}: {error}") from error
        return {
            "rows": self._rows,
            "unsent": unsent,
            "evicted": {name[len("evicted_") :]: int(n) for name, n in evicted.items() if str(n).isdecimal()},
        }

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._db.close()

    def _rollback(self) -> None:
        try:
            if self._connection is not None and self._db.in_transaction:
                self._db.execute("ROLLBACK")
        except sqlite3.Error:
            return

    def _id(self, seq: int) -> str:
        return f"{self._label}/{self._epoch}-{seq}"

    def _seq(self, event_id: str) -> int | None:
        head, _, seq = event_id.rpartition("-")
        if head != f"{self._label}/{self._epoch}" or not seq.isdigit():
            return None
        return int(seq)


def _is_corrupt(error: Exception) -> bool:
    # what SQLite says of a damaged schema repeats it, and is no text then
    return isinstance(error, UnicodeDecodeError) or any(word in str(error) for word in CORRUPT)
