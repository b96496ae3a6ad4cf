"""A damaged database is set aside, and the alarm path goes on with a fresh one that knows the site.

What it has to know so that no gateway is refused, no device unknown and nobody uncalled is small: it is kept
beside the database, in a file of its own, and written anew whenever it changes. At the damage each table is
taken from the damaged file where SQLite finds that table whole, else from the kept file. Nothing is deleted:
the damaged file keeps its bytes under a name with the time, for `restore` has the rest.
"""

import contextlib
import json
import logging
import os
import re
import sqlite3
import time
from pathlib import Path
from typing import TypedDict

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import codes, site
from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import _
from kentongan_hub.base.said import HUB, Said, either
from kentongan_hub.base.speech import code_words
from kentongan_hub.base.tables import Row
from kentongan_hub.people import access
from kentongan_hub.record import audit, rows, timeline
from kentongan_hub.storage import kept, store
from kentongan_hub.storage.kept import OPEN, TABLES
from kentongan_hub.storage.store import Db, Store

log = logging.getLogger("kentongan.hub")
KEPT = "damaged"  # setting: what happened, until a person has seen to it
LEAP = 10  # incident numbers left out when the last one is not known for certain
FINDINGS = 20
# tables that say who may know, come in or change what; from the copy they are older than the damage
FACTS = ("accounts", "sessions", "invitations", "technicians", "people", "duties", "exclusions", "circles",
         "chime_consents", "access_changes", "access_requests")  # fmt: skip
# what a row says may be odd while the file is whole: nothing is set aside for it, `check` tells it
NO_DAMAGE = re.compile(r"\A(NULL|NUMERIC|TEXT|non-\w+) value in |CHECK constraint")
CHECK_S = 10  # a start waits no longer for the look through a big file


# SQLite's word of a damaged schema repeats that, and where it is no text Python fails on the word
DAMAGE = (sqlite3.DatabaseError, UnicodeDecodeError)


class Login(TypedDict):
    """Person who has seen to it: an account, or its login alone."""

    login: str


class Damage(TypedDict):
    """A database that was replaced; `known`: something of the site was left."""

    file: str  # set aside under this name, '' where there was none
    why: str | Said
    wall: int
    known: bool


def is_damage(error: Exception) -> bool:
    """Tell SQLite's word on a damaged file from its other errors."""
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    return isinstance(error, UnicodeDecodeError) or code in store.DAMAGED


def is_known(data_dir: Path) -> bool:
    """Recognize a site's directory: by its keys, or by its kept copy where those are lost."""
    return site.exists(data_dir) or (Path(data_dir) / kept.FILE).exists()


def wrong_with(data_dir: Path) -> Said | None:
    """Name the damage of this directory's database; None when there is none."""
    path, known = Path(data_dir) / store.FILE_NAME, is_known(data_dir)
    if not path.exists() or not path.stat().st_size:
        what = codes.DATABASE_EMPTY if path.exists() else codes.DATABASE_MISSING
        return Said(what) if known else None
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=store.BUSY_TIMEOUT_S)) as connection:
            names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if names and (version < 1 or "settings" not in names):
                return Said(codes.DATABASE_OF_ANOTHER)
            found = _look_through(connection)
            if found != "ok":
                return Said(codes.DATABASE_BROKEN, found=found[:80])
            if known and not connection.execute("SELECT 1 FROM settings WHERE key = 'name'").fetchone():
                return Said(codes.DATABASE_WITHOUT_SITE)
    except DAMAGE as error:
        if is_damage(error):
            return Said(codes.DATABASE_BROKEN, found=str(error))
        if "no such table" in str(error):
            return Said(codes.DATABASE_WITHOUT_SITE) if known else None
        raise
    return None


def _look_through(connection: sqlite3.Connection, table: str = "") -> str:
    """Check the file, or one table of it: 'ok', or the first damage that SQLite finds.

    integrity_check: quick_check of SQLite 3.40.1 (Debian 12) sees NULL in whole tables without a rowid.
    """
    ends_s = time.monotonic() + CHECK_S
    connection.set_progress_handler(lambda: time.monotonic() > ends_s, 100_000)
    try:
        rows = connection.execute(f"PRAGMA integrity_check({table or FINDINGS})").fetchall()
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_INTERRUPT:
            raise
        return "ok"  # not found in this time: `check` and the patrol look through it whole
    finally:
        connection.set_progress_handler(None, 0)
    found = [str(row[0]) for row in rows]
    return next((text for text in found if text != "ok" and not NO_DAMAGE.search(text)), "ok")


def open_store(data_dir: Path) -> Store:
    """Open the store of a hub that starts; a damaged one of a known site is replaced first.

    LocalError when there is a strange file and no site that it could belong to: nothing is touched then.
    """
    why = wrong_with(data_dir)
    if why and not is_known(data_dir):
        raise LocalError(_("%(data_dir)s: %(why)s; give another --data directory",
                           data_dir=Path(data_dir) / store.FILE_NAME, why=code_words.say(why)))  # fmt: skip
    if why:
        replace(data_dir, why)
    opened = store.Store(data_dir)
    opened.mend = lambda error: _mend(data_dir, error)
    return opened


def _mend(data_dir: Path, error: Exception) -> None:
    """Check the file that SQLite called damaged in the middle of the work, and replace it if it is."""
    why = wrong_with(data_dir)
    if why:
        log.error("database damaged: %s", error)
        replace(data_dir, why)


def replace(data_dir: Path, why: Said) -> None:
    """Set the file aside and fill a fresh one with what the alarm path has to know.

    Row by row: one that no table takes is left out and told, and stops nothing.
    """
    data_dir, wall_ms = Path(data_dir), int(time.time() * 1000)
    aside = _set_aside(data_dir, wall_ms)
    copy = kept.read(data_dir)
    found, ordered = _whole_tables(aside) if aside else ({}, 0)
    fresh = store.Store(data_dir)
    origin = {name: "berkas lama" if name in found else "salinan" for name in TABLES}
    told: Row = {"file": aside.name if aside else "", "why": str(why), "wall": wall_ms}
    told["known"] = bool(found or copy)
    left_out = copy.get("left_out", 0)
    with fresh.write() as db:
        db.connection.execute("PRAGMA defer_foreign_keys = ON")
        for name in TABLES:
            left_out += _insert(db, name, found.get(name, copy.get("tables", {}).get(name, [])))
        _orphans(db)
        if left_out:
            why = Said(codes.COPY_BROKEN_TOO, why=why)
            told["why"] = str(why)
        if "settings" not in found:
            for key in ("last_kejadian", "last_rahasia"):
                db.set_setting(key, db.number(key) + LEAP)
            db.set_setting("steady_ms", max(db.number("steady_ms"), copy.get("steady_ms", 0)))
        orders = max(copy.get("orders", 0), ordered) + kept.ORDER_LEAP
        db.run("DELETE FROM sqlite_sequence WHERE name = 'outbox'")
        db.run("INSERT INTO sqlite_sequence (name, seq) VALUES ('outbox', ?)", orders)
        if any(origin[name] == "salinan" for name in FACTS):
            _doubt(db, wall_ms)
        db.set_setting(KEPT, json.dumps(told))
        now = Now(db.number("steady_ms"), wall_ms)
        rows.mend(db, now)
        _tell(db, now, told, origin)
    log.error("database replaced: %s; the old file is %s", told["why"], told["file"] or "gone")


def _doubt(db: Db, wall_ms: int) -> None:
    """Treat facts as after a restore: no session of then holds a door open, and people look at them.

    Screens on a wall stay: they see nothing confidential, and nobody is there at night to pair them.
    """
    db.run("DELETE FROM sessions WHERE account NOT IN (SELECT id FROM accounts WHERE paired_by != '')")
    access.doubt(db, wall_ms)


def _set_aside(data_dir: Path, wall_ms: int) -> Path | None:
    """Move the damaged file, its journal with it, to a name with the time; None when there is none."""
    path = data_dir / store.FILE_NAME
    if not path.exists():
        return None
    stamp = time.strftime("%Y-%m-%dT%H.%M.%S", time.gmtime(wall_ms / 1000))
    names = (f"{store.FILE_NAME}.rusak-{stamp}{more}" for more in ("", *(f"-{n}" for n in range(2, 99))))
    aside = next(data_dir / name for name in names if not (data_dir / name).exists())
    journal = path.with_name(path.name + "-journal")
    if journal.exists():
        os.replace(journal, aside.with_name(aside.name + "-journal"))
    os.replace(path, aside)
    site._sync_directory(data_dir)
    return aside


def _whole_tables(path: Path) -> tuple[dict[str, list[Row]], int]:
    """Read the tables that SQLite finds whole in the damaged file: ({name: rows}, last order number)."""
    found: dict[str, list[Row]] = {}
    orders = 0
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.row_factory, connection.text_factory = sqlite3.Row, store.text
            for name, where in TABLES.items():
                with contextlib.suppress(*DAMAGE):
                    if _look_through(connection, name) == "ok":
                        rows = connection.execute(f"SELECT * FROM {name} WHERE {where}")
                        found[name] = [dict(row) for row in rows]
            with contextlib.suppress(*DAMAGE, TypeError):
                row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").fetchone()
                orders = kept.whole(row[0]) if row else 0
    except DAMAGE:
        return {}, 0
    known = any(row.get("key") == "name" for row in found.get("settings", ()))
    return (found, orders) if known else ({}, 0)  # a strange or an empty file teaches nothing


def _insert(db: Db, name: str, some: list[Row]) -> int:
    """Insert these rows; the number that the table did not take."""
    columns, left_out = {row["name"] for row in db.all(f"PRAGMA table_info({name})")}, 0
    for row in some:
        row = {key: value for key, value in row.items() if key in columns}
        marks = ", ".join("?" * len(row))
        try:
            db.run(f"INSERT OR REPLACE INTO {name} ({', '.join(row)}) VALUES ({marks})", *row.values())
        except (sqlite3.IntegrityError, sqlite3.OperationalError, sqlite3.InterfaceError):
            left_out += 1
    return left_out


def _orphans(db: Db) -> None:
    """Delete rows that point at missing ones: the rows of two moments may not fit."""
    db.run("UPDATE incidents SET merged_into = NULL WHERE merged_into NOT IN (SELECT id FROM incidents)")
    for _turn in range(len(TABLES)):
        found = {(row[0], row[3]) for row in db.connection.execute("PRAGMA foreign_key_check")}
        for table, number in found:
            key = next(one for one in db.all(f"PRAGMA foreign_key_list({table})") if one["id"] == number)
            theirs = f"SELECT {key['to'] or 'id'} FROM {key['table']}"
            db.run(f"DELETE FROM {table} WHERE {key['from']} NOT IN ({theirs})")
        if not found:
            return


def _tell(db: Db, now: Now, told: Row, origin: dict[str, str]) -> None:
    nothing = Said(codes.NONE)
    name = told["file"] or nothing
    old = sorted(table for table, where in origin.items() if where == "berkas lama")
    detail = Said(codes.FILE_SET_ASIDE, why=either(told["why"]), file=name, tables=", ".join(old) or nothing)
    audit.record(db, now.wall, HUB, codes.DATABASE_SET_ASIDE, Said(codes.THE_HUB), detail)
    for row in db.all(f"SELECT * FROM incidents WHERE {OPEN}"):
        before = Said(codes.HISTORY_IS_IN, name=name)
        timeline.tell(db, now, row, HUB, codes.DATABASE_DAMAGED, before)


def damage(db: Db) -> Damage | None:
    """Read the damage that nobody has seen to; None when there is none."""
    text = db.setting(KEPT)
    try:
        found = json.loads(text) if text else None
        if not found:
            return None
        why = either(found["why"])
        return {
            "file": found["file"],
            "why": why if isinstance(why, Said) else str(why),
            "wall": found["wall"],
            "known": found["known"],
        }
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):  # damaged, and no less a mark
        return {"file": "", "why": Said(codes.UNREADABLE), "wall": 0, "known": True}


def settle(db: Db, now: Now, by: Login, address: str = "") -> None:
    """Note that a person has seen to it: the fresh database is the hub's from now on."""
    was = damage(db)
    if was:
        db.set_setting(KEPT, "")
        audit.record(db, now.wall, by["login"], codes.DATABASE_KEPT, was["file"], address=address)
