"""The hub's SQLite file: one road to read, one to write.

Journal mode TRUNCATE with synchronous FULL: a commit is on disk when it returns, and the WAL-reset bug
of SQLite before 3.51.3 (Debian 12 ships 3.40.1) cannot happen. Every read-modify-write is BEGIN IMMEDIATE.
"""

import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, overload

from kentongan_hub.base.entries import numerals
from kentongan_hub.base.language import _
from kentongan_hub.base.tables import Cell, Row, Value
from kentongan_hub.storage.schema_watch import migrations

if TYPE_CHECKING:
    from kentongan_hub.base.tables import R

File = tuple[int, int]  # device and inode

FILE_NAME = "hub.sqlite3"
NUMBER_MAX = 10**15 - 1  # in a setting: more than any counter or clock comes to
BUSY_TIMEOUT_S = 15  # a commit is milliseconds; longer waits mean a stuck disk and must surface
IDLE_LIMIT = 4  # connections that wait for the next one who asks; the answers of a moment seldom need more
STATEMENTS = 512  # that a connection keeps compiled; one alarm and what is kept of it take 150


DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
FAILURES = {  # of a disk that takes no write: told on every page until it takes one again
    sqlite3.SQLITE_FULL: _("disk penuh"),
    sqlite3.SQLITE_IOERR: _("disk tidak menerima tulisan"),
    sqlite3.SQLITE_READONLY: _("disk hanya bisa dibaca"),
    sqlite3.SQLITE_CANTOPEN: _("berkas tidak bisa dibuka"),
}


def is_of_disk(error: BaseException) -> bool:
    """Tell an error of the file or the disk under it from one of what somebody asked of it."""
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    return code in DAMAGED or code in FAILURES


def text(octets: bytes) -> str:
    """Decode a text of the database: an altered byte spoils a letter of it, and no row."""
    return octets.decode(errors="replace")


@overload
def parsed(value: Cell) -> dict[str, Any]: ...
@overload
def parsed(value: Cell, kind: type[list]) -> list[Any]: ...
@overload
def parsed(value: Cell, kind: type[dict] | type[list]) -> dict[str, Any] | list[Any]: ...
def parsed(value: Cell, kind: type[dict] | type[list] = dict) -> dict[str, Any] | list[Any]:
    """Read a column of JSON; an empty `kind` where it is damaged or of another."""
    try:
        found = json.loads(value)
    except (ValueError, TypeError, RecursionError):
        return kind()
    return found if isinstance(found, kind) else kind()


def _json_field(value: Value, name: str) -> str | int | float:
    """Read a text or number of a JSON object for SQL; '' where it is damaged, which ends no statement."""
    found = parsed(value).get(name, "")
    return found if isinstance(found, str | int | float) else ""


class Bell:
    """Wakes everyone who waits for news; a counter, so that no ring between look and wait is missed."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._rings = 0
        self.closed = False  # the process is ending: long polls and streams end with it

    def close(self) -> None:
        self.closed = True
        self.ring()

    def count(self) -> int:
        with self._condition:
            return self._rings

    def ring(self) -> None:
        with self._condition:
            self._rings += 1
            self._condition.notify_all()

    def wait_beyond(self, seen: int, timeout_s: float) -> int:
        """Give the ring count, at once when it is beyond `seen`, else after a ring or the time-out."""
        with self._condition:
            self._condition.wait_for(lambda: self._rings > seen, timeout_s)
            return self._rings


class Db:
    """One open connection with the verbs that the hub uses; rows are dicts by column (base/tables.py)."""

    looked = False  # rows.mend has looked through it in this transaction

    def __init__(self, connection: sqlite3.Connection, data_dir: Path):
        self.connection, self.data_dir = connection, data_dir

    def all(self, sql: str, *values: Value) -> "list[R]":
        """Give every row, as the type that the caller declares; a Row where it declares none."""
        rows = [dict(row) for row in self.connection.execute(sql, values)]
        return cast("list[R]", rows)

    @overload
    def one(self, sql: str, *values: Value) -> Any: ...  # a row or None, of the type that the caller declares
    @overload
    def one(self, sql: str, *values: Value, of: "type[R]") -> "R | None": ...
    def one(self, sql: str, *values: Value, of: "type[R] | None" = None) -> "R | Row | None":
        """Give the first row, as a Row or the type `of` it; None when there is none."""
        row = self.connection.execute(sql, values).fetchone()
        return cast("R", dict(row)) if row else None

    def value(self, sql: str, *values: Value) -> Cell:
        """Give the first column of the first row; None when there is none."""
        row = self.connection.execute(sql, values).fetchone()
        return row[0] if row else None

    def run(self, sql: str, *values: Value) -> int:
        """Run a statement; the number of rows that it changed."""
        return self.connection.execute(sql, values).rowcount

    def insert(self, table: str, **row: Value) -> int:
        """Insert a row; its id."""
        names = ", ".join(row)
        marks = ", ".join("?" * len(row))
        sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # names come from code, never from outside
        return cast(int, self.connection.execute(sql, tuple(row.values())).lastrowid)

    @contextmanager
    def part(self) -> Iterator[None]:
        """Open a savepoint: this part of the transaction is undone by itself when it raises."""
        self.connection.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK TO part")
                self.connection.execute("RELEASE part")
            raise
        self.connection.execute("RELEASE part")

    def setting(self, key: str, default: str = "") -> str:
        """Read a setting; `default` where there is none."""
        value = self.value("SELECT value FROM settings WHERE key = ?", key)
        return default if value is None else value

    def number(self, key: str, default: int = 0) -> int:
        """Read a setting that is a whole number; `default` where there is none, or one that was damaged."""
        number = numerals.whole(str(self.setting(key)), -NUMBER_MAX, NUMBER_MAX)
        return default if number is None else number

    def set_setting(self, key: str, value: object) -> None:
        """Keep a setting, as text."""
        self.run(
            "INSERT INTO settings (key, value) VALUES (?, ?) "
            "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            key,
            str(value),
        )


class Store:
    """Opens the data directory's database, migrated; `bell` rings after every commit."""

    def __init__(self, data_dir: str | Path):
        self.path = Path(data_dir) / FILE_NAME
        Path(data_dir).mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        self.bell = Bell()
        self._idle: list[
            tuple[sqlite3.Connection, File | None]
        ] = []  # (connection, the file that it opened), the last one used at the end
        self._writer = threading.RLock()  # a writer that finds damage mends it under its own lock
        self.mend: Callable[[Exception], None] | None = (
            None  # called with the error when SQLite finds damage; the hub's own process sets it
        )
        self.failing: str = ""  # why the last write failed, in words, until one succeeds
        self._migrate()

    def _migrate(self) -> None:
        """Run the migrations that the file has not seen: all of them, or none."""
        with self._open() as db:
            if db.value("PRAGMA user_version") >= len(migrations):
                return
        with self.write(ring=False) as db:
            for deed in migrations[db.value("PRAGMA user_version") :]:
                deed(db.connection)
            db.run(f"PRAGMA user_version = {len(migrations)}")

    @contextmanager
    def _open(self) -> Iterator[Db]:
        """Give a connection, kept for the next one unless something failed on it.

        A new one reads the whole schema and compiles every statement. A kept one keeps no page of the file,
        so that damage shows as to a new one.
        """
        connection, file = self._idle_one() or self._connect()
        try:
            yield Db(connection, self.path.parent)
            connection.execute("PRAGMA shrink_memory")
        except BaseException:
            connection.close()
            raise
        if file == self._file() and len(self._idle) < IDLE_LIMIT:
            self._idle.append((connection, file))
        else:
            connection.close()

    def _connect(self) -> tuple[sqlite3.Connection, File | None]:
        """Open a new connection, with the file that it opened."""
        file = self._file()  # before it is opened: one that takes its place meanwhile is no match
        connection = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None,
                                     check_same_thread=False, cached_statements=STATEMENTS)  # fmt: skip
        try:
            connection.row_factory, connection.text_factory = sqlite3.Row, text
            connection.create_function("json_field", 2, _json_field, deterministic=True)
            connection.execute("PRAGMA journal_mode = TRUNCATE")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
        except BaseException:
            connection.close()
            raise
        return connection, file

    def _idle_one(self) -> tuple[sqlite3.Connection, File | None] | None:
        """Take an idle connection to the file that is there now, with that file; None when there is none."""
        file = self._file()
        while True:
            try:
                connection, opened = self._idle.pop()
            except IndexError:
                return None
            if opened == file:
                return connection, file
            connection.close()

    def _file(self) -> File | None:
        """Identify the file that stands at the path now: one that took its place is another one."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    @contextmanager
    def read(self) -> Iterator[Db]:
        """Open a read transaction: one consistent view for the whole block."""
        with self._watched(), self._open() as db:
            db.connection.execute("BEGIN")
            yield db
            db.connection.execute("COMMIT")

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Note what the disk says on the way: a damaged file is mended for the next one who asks."""
        try:
            yield
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
            self.failing = FAILURES.get(code, self.failing)
            # what it says of a damaged schema is no text, maybe
            if (code in DAMAGED or isinstance(error, UnicodeDecodeError)) and self.mend:
                with self._writer:
                    self.mend(error)
            raise

    @contextmanager
    def write(self, ring: bool = True) -> Iterator[Db]:
        """Open a write transaction: all or nothing, on disk when the block ends.

        Threads of this process queue here, not in SQLite. A waiter for news is woken when a row has
        changed: dispatch would never rest otherwise.
        """
        with self._writer, self._watched(), self._open() as db:
            db.connection.execute("BEGIN IMMEDIATE")
            before = db.connection.total_changes
            try:
                yield db
                db.connection.execute("COMMIT")
            except BaseException:
                if db.connection.in_transaction:
                    db.connection.execute("ROLLBACK")
                raise
            changed = db.connection.total_changes > before
            self.failing = ""
        if ring and changed:
            self.bell.ring()
