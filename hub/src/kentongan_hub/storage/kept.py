"""Copy of what must survive a damaged database: a file beside it with all that the alarm path has to know.

It is read as something that may be damaged itself: by its check sum, else the copy before it, else row by
row, and whatever cannot be a row is left out and counted.
"""

import base64
import binascii
import hashlib
import json
import os
from pathlib import Path
from typing import Any, TypedDict

from kentongan_hub.base import site
from kentongan_hub.base.tables import Row, Value
from kentongan_hub.storage.store import Db

FILE, BEFORE = "hub-inti.json", "hub-inti.json.lama"  # 0600, as secret as the database; and the one before
FORMAT = 1
ORDER_LEAP = 1_000  # order ids left out when the last one is not known for certain
REFRESH_MS = 600_000  # what changes all the time (counters, when heard) is at most so old in the kept file
OPEN = "closed_ms IS NULL"
TABLES = {  # in the order of their references; the condition says which rows the alarm path needs
    "settings": "key NOT LIKE 'patrol_%' AND key NOT LIKE 'plan_undo_%' AND key != 'damaged'",
    "accounts": "1", "sessions": "1", "invitations": "1", "houses": "1", "people": "1", "duties": "1",
    "addresses": "1", "contacts": "1", "gateways": "1", "devices": "1", "counters": "1", "rotations": "1",
    "revocations": "1", "technicians": "1", "codes": "1", "plans": "1", "policies": "1", "channels": "1",
    "troubles": "1", "radios": "1", "deaf": "1", "drills": "1", "absences": "1", "incidents": OPEN,
    "exclusions": f"incident IS NULL OR incident IN (SELECT id FROM incidents WHERE {OPEN})",
    "alarms": f"incident IN (SELECT id FROM incidents WHERE {OPEN})",
    "circles": f"incident IN (SELECT id FROM incidents WHERE {OPEN})",
    "pages": f"(origin, counter) IN (SELECT device, first_counter FROM incidents WHERE {OPEN})",
    "early_answers": f"(origin, counter) IN (SELECT device, first_counter FROM incidents WHERE {OPEN})",
    "access_changes": "1", "access_requests": "1", "chime_consents": "1", "backup_keepers": "1",
    "sms_taken": "1", "announcements": "ended_wall IS NULL", "rollcalls": "ended_wall IS NULL",
    "rollcall_marks": "rollcall IN (SELECT id FROM rollcalls WHERE ended_wall IS NULL)",
}  # fmt: skip
# no reason to write the file anew
RESTLESS = ("steady_ms", "wall_last", "clock_mark", "wall_ms", "wall_back_ms", "statuses_trimmed",
            "failure_ms", "failures", "failures_late")  # fmt: skip
RESTLESS_COLUMNS = (
    *("heard_ms", "heard_wall", "heard_by", "battery_mv", "rssi", "snr_q", "boot_id", "clock_off_ms"),
    *("tried_wall", "worked_wall", "own_counter", "picture", "status_counter"),
)
WHOLE_MAX = (1 << 63) - 1  # SQLite's largest number


Tables = dict[str, list[Row]]


class Kept(TypedDict, total=False):
    """A kept file as it was read; empty when nothing of it can be."""

    steady_ms: int
    orders: int  # the highest number of an order
    tables: Tables
    left_out: int  # rows that could not be read


class Keeper:
    """Writes the kept file when what it holds has changed."""

    def __init__(self, data_dir: str | Path):
        self._data_dir, self._digest = Path(data_dir), ""
        self._written_ms: int | None = None

    def keep(self, db: Db, now_ms: int) -> bool:
        """Write the file if what it holds has changed; True when it did. OSError when the disk takes none."""
        tables: Tables = {
            name: db.all(f"SELECT * FROM {name} WHERE {where}") for name, where in TABLES.items()
        }
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
        text = json.dumps(body, ensure_ascii=False)
        part, path = self._data_dir / (FILE + ".belum"), self._data_dir / FILE
        site.write_secret(part, f"{_sum(text)}\n{text}")
        if path.exists():
            os.replace(path, self._data_dir / BEFORE)
        os.replace(part, path)
        site._sync_directory(self._data_dir)
        self._digest, self._written_ms = digest, now_ms
        return True


def read(data_dir: str | Path) -> Kept:
    """Read the kept file, else the copy before it; {} when nothing can be read.

    Whole numbers and rows only, whatever the file holds; the copy before where this one was altered.
    """
    texts = [_text(Path(data_dir) / name) for name in (FILE, BEFORE)]
    whole = [text for text, is_whole in texts if is_whole]
    kept = map(_parsed, whole or [text for text, _ in texts])
    found = next(filter(None, kept), Kept())
    if found and not texts[0][1] and not found["left_out"]:
        found["left_out"] = 1  # an older copy than it should be, or one that nobody vouches for
    return found


def _text(path: Path) -> tuple[str, bool]:
    """Read the JSON text of a kept file, and whether its check sum fits."""
    try:
        first, _, rest = path.read_text(encoding="utf-8", errors="replace").partition("\n")
    except OSError:
        return "", False
    return rest, first == _sum(rest)


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _parsed(text: str) -> Kept:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return Kept()
    if not isinstance(body, dict) or body.get("format") != FORMAT or not isinstance(body.get("tables"), dict):
        return Kept()
    tables, left_out = {}, 0
    for name in TABLES:
        rows = body["tables"].get(name)
        rows = rows if isinstance(rows, list) else []
        tables[name] = [row for row in map(_from_json, rows) if row]
        left_out += len(rows) - len(tables[name])
    steady_ms, orders = whole(body.get("steady_ms")), whole(body.get("orders"))
    return {"steady_ms": steady_ms, "orders": orders, "tables": tables, "left_out": left_out}


def whole(value: object) -> int:
    """Take a number that this hub can have counted to; 0 for anything else."""
    return value if type(value) is int and 0 <= value < 1 << 48 else 0


def _calm(tables: Tables) -> Tables:
    out = {}
    for name, rows in tables.items():
        if name != "counters":
            out[name] = [
                {key: value for key, value in row.items() if key not in RESTLESS_COLUMNS}
                for row in rows
                if row.get("key") not in RESTLESS
            ]
    return out


def _to_json(row: Row) -> Row:
    """Spell bytes as {"b64": text}; a plan's picture is left out: it is large, and can be put there again."""
    return {
        key: {"b64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
        for key, value in row.items()
        if key != "picture"
    }


def _from_json(row: Any) -> Row | None:
    """Read a row of JSON; None when no table can hold it."""
    try:
        return {key: _value(value) for key, value in row.items()}
    except (AttributeError, KeyError, TypeError, ValueError, binascii.Error):
        return None


def _value(value: Any) -> Value:
    if isinstance(value, dict):
        return base64.b64decode(value["b64"])
    if isinstance(value, str):
        value.encode()  # half of a surrogate pair is no text
    elif isinstance(value, list | bool) or (isinstance(value, int) and abs(value) > WHOLE_MAX):
        raise ValueError(value)
    return value
