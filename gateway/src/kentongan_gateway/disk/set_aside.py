"""A database that is not as it was written: set aside whole, and read once more for what it still holds."""

import os
import secrets
import shutil
import sqlite3
import struct
import tempfile
import urllib.parse
from pathlib import Path

from kentongan_gateway.disk import wal
from kentongan_gateway.disk.stored_row import CLASS_ALARM, TEXT, Row, alarm_of, event_of, row_of

KEPT = 3  # set-aside files that are kept
PARTS = ("", "-wal", "-journal")  # what belongs to a database


def put(path: str) -> str:
    """Move the database at `path` aside, the oldest of such away for good; the new path, or OSError."""
    here = Path(path)
    away = here.with_name(f"{here.name}.corrupt-{secrets.token_hex(4)}")
    for suffix in PARTS:
        if os.path.exists(f"{path}{suffix}"):
            os.replace(f"{path}{suffix}", f"{away}{suffix}")
    old = sorted(here.parent.glob(f"{here.name}.corrupt-????????"), key=lambda p: p.stat().st_mtime)
    for each in old[:-KEPT]:
        for suffix in PARTS:
            each.with_name(each.name + suffix).unlink(missing_ok=True)
    return str(away)


def text(raw: bytes) -> str:
    """Return the readable part of an altered text: one bad byte must not fail the whole query."""
    return raw.decode("utf-8", "replace")


def uri(path: str, options: str) -> str:
    return f"file:{urllib.parse.quote(path)}?{options}"


def rows(path: str, schema: str, delivered: int, most: int) -> list[Row]:
    """[(key, class, body, crc)] of what was not `delivered` and can still be read, the latest `most` of them.

    Where the first page is damaged, which says what tables there are, the one that `schema` makes is read by.
    """
    for head in (None, first_page(schema)):
        try:
            found = _rows(opened(path, head), delivered, most)
        except Exception:  # noqa: S112 - it is damaged: whatever is raised says no more than that
            continue
        if found:
            return found
    return []


def _rows(old: sqlite3.Connection, delivered: int, most: int) -> list[Row]:
    out: list[Row] = []
    last = old.execute("SELECT max(seq) FROM event").fetchone()[0] or 0
    keys = _keys(old, delivered)
    for seq in range(max(1, last - most), last + 1):
        try:
            row = old.execute(f"SELECT {TEXT}, key, state FROM event WHERE seq=?", (seq,)).fetchone()
        except sqlite3.Error:
            row = None
        body, crc, key, state = row or (None, 0, keys.get(seq), None)
        if state == delivered and seq not in keys:
            continue
        event = event_of(body, crc)
        if event:
            out.append(row_of(event))
            continue
        named = next((one for one in (key, keys.get(seq)) if alarm_of(one)), None)
        if named:
            out.append((named, CLASS_ALARM, "", 0))  # of its key alone it is told later
    old.close()
    return out


def _keys(old: sqlite3.Connection, delivered: int) -> dict[int, str]:
    """{number: key} of undelivered rows as the indexes have them: a row may be gone, or its state altered."""
    try:
        left = old.execute("SELECT seq FROM event INDEXED BY event_due WHERE state<>?", (delivered,))
        due = {seq for (seq,) in left}
        found = old.execute("SELECT seq, key FROM event INDEXED BY sqlite_autoindex_event_1 WHERE key > ''")
        return {seq: key for seq, key in found if seq in due}
    except sqlite3.Error:
        return {}


def first_page(schema: str) -> bytes:
    """Make the first page of a database of this schema: in each such one tables begin at the same pages."""
    made = sqlite3.connect(":memory:")
    made.executescript(schema)
    page = made.serialize()[: wal.PAGE_DEFAULT]
    made.close()
    return page


def _put_head(path: str, head: bytes) -> None:
    with open(path, "r+b") as file:
        pages = os.path.getsize(path) // len(head)
        file.write(head[:28] + struct.pack(">3I", pages, 0, 0) + head[40:])  # no free pages: none is written


def opened(path: str, head: bytes | None = None) -> sqlite3.Connection:
    """Open a file set aside, with the WAL that belongs to it, for reading only: nothing of it is changed.

    `head`: its first page as it should be, where its own is damaged.
    """
    journal = os.path.exists(path + "-wal")
    if not journal and not head:
        old = sqlite3.connect(uri(path, "mode=ro&immutable=1"), uri=True)
        old.text_factory = text
        return old
    with tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as folder:
        copy = os.path.join(folder, "copy")
        for suffix in ("", "-wal") if journal else ("",):
            shutil.copyfile(path + suffix, copy + suffix)
        if journal and (head or wal.damage(copy + "-wal")):
            wal.replay(copy)
        if head:
            _put_head(copy, head)
        old = sqlite3.connect(copy)
        old.text_factory = text
        old.execute("PRAGMA locking_mode=EXCLUSIVE")
        old.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return old  # open files stay readable when their names are gone
