"""Append-only tables whose rows prove each other: every row's hash covers the row and the hash before it.

The words of a row are hashed with a salt of the row's own. When their retention ends, words and salt are
taken out; digest and hash stay, so the chain still proves that no row was changed, added or lost, and the
digest alone tells nothing of the words.

Rows of programs that kept sentences where codes stand now were not hashed anew: a chain that its keeper can
write anew proves nothing. They hold beside the codes what they were written with (`was`). That is what their
digest covers, and the codes have to be what follows from it (old_words.py).
"""

import hashlib
import json
import secrets
from typing import TypedDict

from kentongan_hub.base.tables import Row, Value
from kentongan_hub.storage import old_words
from kentongan_hub.storage.store import Db

WORDS = {
    "audit": ("at_wall", "actor", "who", "address", "what", "about", "subject", "said", "detail"),
    "timeline": ("incident", "at_wall", "actor", "who", "address", "what", "said", "detail"),
}
ERASED = ("actor", "who", "address", "about", "said", "detail", "was")  # of the words; `what` stays
START = bytes(32)  # the hash before the first row
SALT_BYTES = 16
PATROL_ROWS = 2_000  # a few hundredths of a second


Mark = list  # [row number, its hash in hexadecimal]


class Kept(TypedDict, total=False):
    """The state of a table's patrol, in a setting."""

    at: Mark | None  # the last row looked at
    end: Mark | None  # the last row of the round before
    broken: int  # the first row found broken


def append(db: Db, table: str, **row: Value) -> int:
    """Append a row to its table's chain; its id."""
    last = db.one(f"SELECT id, hash FROM {table} ORDER BY id DESC LIMIT 1") or {"id": 0, "hash": START}
    number, salt = last["id"] + 1, secrets.token_bytes(SALT_BYTES)
    digest = _digest(salt, [row[name] for name in WORDS[table]])
    # on an altered row the chain goes on, broken: the patrol says so, and the line is there
    before = last["hash"] if isinstance(last["hash"], bytes) else START
    return db.insert(table, id=number, **row, salt=salt, digest=digest, hash=_link(before, number, digest))


def erase(db: Db, table: str, row_id: int) -> int:
    """Take the words of one row out; the row and its place in the chain stay."""
    emptied = ", ".join(f"{name} = ''" for name in ERASED if name in WORDS[table] or name == "was")
    return db.run(f"UPDATE {table} SET {emptied}, salt = NULL WHERE id = ? AND salt IS NOT NULL", row_id)


def verify(db: Db, table: str, after: int = 0, limit: int = -1) -> tuple[int, int | None]:
    """Check rows; (rows checked, first broken id or None). `after`: trusted, start behind it."""
    before = db.one(f"SELECT id, hash FROM {table} WHERE id = ?", after) or {"id": 0, "hash": START}
    expected, previous, checked = before["id"] + 1, before["hash"], 0
    sql = f"SELECT * FROM {table} WHERE id > ? ORDER BY id LIMIT ?"
    for row in db.connection.execute(sql, (before["id"], limit)):
        row = dict(row)
        if row["id"] != expected or not _fits(table, row, previous):
            return checked, min(row["id"], expected)
        expected, previous, checked = expected + 1, row["hash"], checked + 1
    return checked, None


def _fits(table: str, row: Row, previous: bytes) -> bool:
    try:
        return _is_whole(table, row) and row["hash"] == _link(previous, row["id"], row["digest"])
    except (TypeError, ValueError, OverflowError):  # of another type than it was written
        return False


def _is_whole(table: str, row: Row) -> bool:
    if row["salt"] is None:
        return True
    if not row["was"]:
        return row["digest"] == _digest(row["salt"], [row[name] for name in WORDS[table]])
    was = {**row, **old_words.read(row["was"])}
    hashed = [was[name] for name in old_words.HASHED[table]]
    follows = all(row[name] == value for name, value in old_words.carried(table, was).items())
    return follows and row["digest"] == _digest(row["salt"], hashed)


def patrol(db: Db, table: str) -> Kept:
    """Check the next rows, round and round: what to keep in the setting `patrol_<table>`, read only.

    Kept are two rows found whole, with their hashes: the last one looked at and the end of the last round;
    rows that were cut off or written anew with fitting hashes show by them. And the first row that was not.
    """
    kept = _kept(db, table)
    if kept.get("broken"):
        return kept
    marks = [mark for mark in (kept.get("at"), kept.get("end")) if mark]
    gone = [number for number, seen in marks if _mark(db, table, number) != [number, seen]]
    at = kept.get("at")
    after = at[0] if at else 0
    checked, wrong = (0, gone[0]) if gone else verify(db, table, after, PATROL_ROWS)
    if wrong is not None:
        return {**kept, "broken": wrong}
    last = _mark(db, table, after + checked)
    return {"at": last, "end": kept.get("end")} if checked == PATROL_ROWS else {"at": None, "end": last}


def _mark(db: Db, table: str, number: int) -> Mark | None:
    row = db.one(f"SELECT hash FROM {table} WHERE id = ?", number)
    return [number, _hex(row["hash"])] if row else None


def broken(db: Db) -> list[tuple[str, int]]:
    """List (table, row) of chains that the patrol found broken."""
    kept = {table: _kept(db, table) for table in WORDS}
    return [(table, one["broken"]) for table, one in kept.items() if one.get("broken")]


def _kept(db: Db, table: str) -> Kept:
    """Read the patrol's state; one that was damaged itself begins anew."""
    try:
        kept = json.loads(db.setting(f"patrol_{table}") or "{}")
        for mark in (kept.get("at"), kept.get("end")):
            if mark:
                int(mark[0]), str(mark[1])
        return kept
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
        return Kept()


def _hex(octets: object) -> str:
    return octets.hex() if isinstance(octets, bytes) else "rusak"


def head(db: Db, table: str) -> str:
    """Give the head of a chain to write down: the last row's number, 16 hex digits of its hash."""
    row = db.one(f"SELECT id, hash FROM {table} ORDER BY id DESC LIMIT 1")
    return f"{row['id']}-{_hex(row['hash'])[:16]}" if row else "0"


def _digest(salt: bytes, values: list) -> bytes:
    words = json.dumps(values, ensure_ascii=False)
    return hashlib.sha256(salt + words.encode()).digest()


def _link(previous: bytes, number: int, digest: bytes) -> bytes:
    return hashlib.sha256(previous + number.to_bytes(8, "big") + digest).digest()
