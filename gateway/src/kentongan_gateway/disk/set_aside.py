"""A database that is not as it was written: set aside whole, and read once more for what it still holds."""

import os
import secrets
import shutil
import sqlite3
import tempfile
import urllib.parse
from pathlib import Path

from kentongan_gateway.disk import wal

KEPT = 3  # set-aside files that are kept
PARTS = ("", "-wal", "-journal")  # what belongs to a database


def put(path) -> str:
    """Move the database at `path` aside, the oldest of such away for good; the new path, or OSError."""
    path = Path(path)
    away = path.with_name(f"{path.name}.corrupt-{secrets.token_hex(4)}")
    for suffix in PARTS:
        if os.path.exists(f"{path}{suffix}"):
            os.replace(f"{path}{suffix}", f"{away}{suffix}")
    old = sorted(path.parent.glob(f"{path.name}.corrupt-????????"), key=lambda p: p.stat().st_mtime)
    for each in old[:-KEPT]:
        for suffix in PARTS:
            each.with_name(each.name + suffix).unlink(missing_ok=True)
    return str(away)


def text(raw) -> str:
    """Of an altered text what can be read: one bad byte must not fail the whole query."""
    return raw.decode("utf-8", "replace")


def uri(path, options):
    return f"file:{urllib.parse.quote(path)}?{options}"


def opened(path):
    """A connection that reads a file set aside and changes nothing of it, with the WAL that belongs to it."""
    if not os.path.exists(path + "-wal"):
        old = sqlite3.connect(uri(path, "mode=ro&immutable=1"), uri=True)
        old.text_factory = text
        return old
    with tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as folder:
        copy = os.path.join(folder, "copy")
        for suffix in ("", "-wal"):
            shutil.copyfile(path + suffix, copy + suffix)
        if wal.damage(copy + "-wal"):
            wal.replay(copy)
        old = sqlite3.connect(copy)
        old.text_factory = text
        old.execute("PRAGMA locking_mode=EXCLUSIVE")
        old.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return old  # open files stay readable when their names are gone
