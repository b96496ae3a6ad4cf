"""A damaged database is set aside, and the alarm path goes on with a fresh one that knows the site.

What it has to know so that no gateway is refused, no device unknown and nobody uncalled is small: it is kept
beside the database, in a file of its own, and written anew whenever it changes. At the damage each table is
taken from the damaged file where SQLite finds that table whole, else from the kept file. Nothing is deleted:
the damaged file keeps its bytes under a name with the time, for `restore` has the rest.
"""

import base64
import contextlib
import hashlib
import json
import logging
import os
import re
import sqlite3
import time
from pathlib import Path

from kentongan_wire.errors import LocalError

from kentongan_hub import audit, incidents, site, store
from kentongan_hub.clock import Now

log = logging.getLogger("kentongan.hub")
KEPT_FILE = "hub-inti.json"  # 0600, as secret as the database
KEPT = "damaged"  # setting: what happened, until a person has seen to it
FORMAT = 1
REFRESH_MS = 600_000  # what changes all the time (counters, when heard) is at most so old in the kept file
LEAP = 10  # incident numbers left out when the last one is not known for certain
ORDER_LEAP = 1_000  # order ids, the same
OPEN = "closed_ms IS NULL"
TABLES = {  # in the order of their references; the condition says which rows the alarm path needs
    "settings": "key NOT LIKE 'patrol_%' AND key != 'damaged'",
    "accounts": "1", "sessions": "1", "invitations": "1", "houses": "1", "people": "1", "duties": "1",
    "addresses": "1", "contacts": "1", "gateways": "1", "devices": "1", "counters": "1", "rotations": "1",
    "revocations": "1", "technicians": "1", "codes": "1", "plans": "1", "policies": "1", "channels": "1",
    "troubles": "1", "radios": "1", "drills": "1", "absences": "1", "incidents": OPEN,
    "exclusions": f"incident IS NULL OR incident IN (SELECT id FROM incidents WHERE {OPEN})",
    "alarms": f"incident IN (SELECT id FROM incidents WHERE {OPEN})",
    "circles": f"incident IN (SELECT id FROM incidents WHERE {OPEN})",
    "pages": f"(origin, counter) IN (SELECT device, first_counter FROM incidents WHERE {OPEN})",
    "access_changes": "1", "access_requests": "1", "chime_consents": "1", "backup_keepers": "1",
    "sms_taken": "1",
}  # fmt: skip
# no reason to write the file anew
RESTLESS = ("steady_ms", "wall_last", "clock_mark", "wall_ms", "wall_back_ms", "statuses_trimmed",
            "failure_what", "failure_ms")  # fmt: skip
RESTLESS_COLUMNS = (
    *("heard_ms", "heard_wall", "heard_by", "battery_mv", "rssi", "snr_q", "boot_id", "clock_off_ms"),
    *("tried_wall", "worked_wall", "own_counter", "picture"),
)
FINDINGS = 20
# what a row says may be odd while the file is whole: nothing is set aside for it, `check` tells it
NO_DAMAGE = re.compile(r"\A(NULL|NUMERIC|TEXT|non-\w+) value in |CHECK constraint")
CHECK_S = 10  # a start waits no longer for the look through a big file


def is_damage(error):
    """Whether SQLite says that the file itself is not what it should be."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in store.DAMAGED


def wrong_with(data_dir):
    """What is wrong with the database of this directory, in words; '' when nothing is."""
    path, known = Path(data_dir) / store.FILE_NAME, site.exists(data_dir)
    if not path.exists() or not path.stat().st_size:
        return ("berkasnya kosong" if path.exists() else "berkasnya tidak ada") if known else ""
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=store.BUSY_TIMEOUT_S)) as connection:
            names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
            if names and "_sqlite_migrations" not in names:
                return "berkas itu milik program lain"
            found = _look_through(connection)
            if found != "ok":
                return f"isinya rusak ({found[:80]})"
            if known and not connection.execute("SELECT 1 FROM settings WHERE key = 'name'").fetchone():
                return "tidak ada situs di dalamnya"
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            return f"isinya rusak ({error})"
        if "no such table" in str(error):
            return "tidak ada situs di dalamnya" if known else ""
        raise
    return ""


def _look_through(connection, table=""):
    """'ok', or the first thing that SQLite finds broken in the file, or in one table of it.

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


def open_store(data_dir):
    """The store of a hub that starts; a damaged one of a known site is replaced first.

    LocalError when there is a strange file and no site that it could belong to: nothing is touched then.
    """
    why = wrong_with(data_dir)
    if why and not site.exists(data_dir):
        raise LocalError(f"{Path(data_dir) / store.FILE_NAME}: {why}; give another --data directory")
    if why:
        replace(data_dir, why)
    opened = store.Store(data_dir)
    opened.mend = lambda error: _mend(data_dir, error)
    return opened


def _mend(data_dir, error):
    """SQLite called the file damaged in the middle of the work: looked at, and replaced if it is so."""
    why = wrong_with(data_dir)
    if why:
        log.error("database damaged: %s", error)
        replace(data_dir, why)


def replace(data_dir, why):
    """Set the file aside and fill a fresh one with what the alarm path has to know."""
    data_dir, wall_ms = Path(data_dir), int(time.time() * 1000)
    aside = _set_aside(data_dir, wall_ms)
    kept = _kept(data_dir)
    found = _whole_tables(aside) if aside else {}
    fresh = store.Store(data_dir)
    origin = {name: "berkas lama" if name in found else "salinan" for name in TABLES}
    told = {"file": aside.name if aside else "", "why": why, "wall": wall_ms, "known": bool(found or kept)}
    with fresh.write() as db:
        db.connection.execute("PRAGMA defer_foreign_keys = ON")
        for name in TABLES:
            _insert(db, name, found.get(name, kept.get("tables", {}).get(name, [])))
        if "settings" not in found:
            for key in ("last_kejadian", "last_rahasia"):
                db.set_setting(key, int(db.setting(key, 0)) + LEAP)
            if kept:
                db.set_setting("steady_ms", max(int(db.setting("steady_ms", 0)), kept["steady_ms"]))
        _orphans(db)
        orders = max(kept.get("orders", 0), found.get("orders", 0)) + ORDER_LEAP
        db.run("DELETE FROM sqlite_sequence WHERE name = 'outbox'")
        db.run("INSERT INTO sqlite_sequence (name, seq) VALUES ('outbox', ?)", orders)
        db.set_setting(KEPT, json.dumps(told))
        _tell(db, Now(int(db.setting("steady_ms", 0)), wall_ms), told, origin)
    log.error("database replaced: %s; the old file is %s", why, told["file"] or "gone")


def _set_aside(data_dir, wall_ms):
    """The damaged file under a name with the time, its journal with it; None when there is none."""
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


def _whole_tables(path):
    """{table: rows} of the tables that SQLite finds whole in the damaged file, and `orders`."""
    found = {}
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.row_factory = sqlite3.Row
            for name, where in TABLES.items():
                with contextlib.suppress(sqlite3.DatabaseError):
                    if _look_through(connection, name) == "ok":
                        rows = connection.execute(f"SELECT * FROM {name} WHERE {where}")
                        found[name] = [dict(row) for row in rows]
            with contextlib.suppress(sqlite3.DatabaseError, TypeError):
                row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").fetchone()
                found["orders"] = row[0] if row else 0
    except sqlite3.DatabaseError:
        return {}
    known = any(row.get("key") == "name" for row in found.get("settings", ()))
    return found if known else {}  # a strange or an empty file teaches nothing


def _kept(data_dir):
    try:
        kept = json.loads((data_dir / KEPT_FILE).read_text(encoding="utf-8"))
        tables = {name: [_from_json(row) for row in rows] for name, rows in kept["tables"].items()}
        return {**kept, "tables": tables} if kept["format"] == FORMAT else {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _insert(db, name, rows):
    columns = {row["name"] for row in db.all(f"PRAGMA table_info({name})")}
    for row in rows:
        row = {key: value for key, value in row.items() if key in columns}
        marks = ", ".join("?" * len(row))
        db.run(f"INSERT OR REPLACE INTO {name} ({', '.join(row)}) VALUES ({marks})", *row.values())


def _orphans(db):
    """Rows that point at what was not kept: the rows of two moments may not fit."""
    db.run("UPDATE incidents SET merged_into = NULL WHERE merged_into NOT IN (SELECT id FROM incidents)")
    for _ in range(len(TABLES)):
        rows = db.connection.execute("PRAGMA foreign_key_check").fetchall()
        for row in rows:
            if row[1] is not None:
                db.run(f"DELETE FROM {row[0]} WHERE rowid = ?", row[1])
        if not rows:
            return


def _tell(db, now, told, origin):
    name = told["file"] or "tidak ada"
    old = sorted(table for table, where in origin.items() if where == "berkas lama")
    detail = f"{told['why']}; berkas lama: {name}; masih terbaca: {', '.join(old) or 'tidak ada'}"
    audit.record(db, now.wall, "pusat data", "basis data rusak disisihkan", "pusat data", detail)
    for row in db.all(f"SELECT * FROM incidents WHERE {OPEN}"):
        incidents.tell(db, now, row, "pusat data", "basis data rusak", f"riwayat sebelumnya ada di {name}")


def damage(db):
    """{"file", "why", "wall", "known"} while nobody has seen to it; else None."""
    text = db.setting(KEPT)
    return json.loads(text) if text else None


def settle(db, now, by, address=""):
    """A person has seen to it: the fresh database is the hub's from now on."""
    was = damage(db)
    if was:
        db.set_setting(KEPT, "")
        audit.record(db, now.wall, by["login"], "basis data baru dipakai terus", was["file"], address=address)


class Keeper:
    """Writes the kept file when what it holds has changed."""

    def __init__(self, data_dir):
        self._data_dir, self._digest, self._written_ms = Path(data_dir), "", None

    def keep(self, db, now_ms):
        """True when it was written; OSError when the disk takes nothing."""
        tables = {name: db.all(f"SELECT * FROM {name} WHERE {where}") for name, where in TABLES.items()}
        digest = hashlib.sha256(json.dumps(_calm(tables), default=str).encode()).hexdigest()
        old = self._written_ms is None or now_ms - self._written_ms >= REFRESH_MS
        if digest == self._digest and not old:
            return False
        body = {
            "format": FORMAT,
            "steady_ms": now_ms,
            "orders": db.value("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'") or 0,
            "tables": {name: [_to_json(row) for row in rows] for name, rows in tables.items()},
        }
        part = self._data_dir / (KEPT_FILE + ".belum")
        site.write_secret(part, json.dumps(body, ensure_ascii=False))
        os.replace(part, self._data_dir / KEPT_FILE)
        site._sync_directory(self._data_dir)
        self._digest, self._written_ms = digest, now_ms
        return True


def _calm(tables):
    out = {}
    for name, rows in tables.items():
        if name != "counters":
            out[name] = [
                {key: value for key, value in row.items() if key not in RESTLESS_COLUMNS}
                for row in rows
                if row.get("key") not in RESTLESS
            ]
    return out


def _to_json(row):
    """Bytes as {"b64": text}; a plan's picture is left out: it is large, and can be put there again."""
    return {
        key: {"b64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
        for key, value in row.items()
        if key != "picture"
    }


def _from_json(row):
    return {
        key: base64.b64decode(value["b64"]) if isinstance(value, dict) else value
        for key, value in row.items()
    }
