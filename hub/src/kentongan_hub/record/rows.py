"""Values that a column cannot have: found, put right row by row, and told to people.

A card alters single bytes, and SQLite then calls the file whole: a text stands where a number should, JSON is
torn, a number is absurd. Any reader of such a row fails, and would fail for ever. So the rows are looked
through at every start, every ten minutes, and at once when anything has failed; a value that cannot be is
replaced by the one of the kept file (kept.py), else by what does the least harm. Histories are left alone:
no alarm waits for them, and the record proves itself (chain.py).
"""

import json
import logging
import sqlite3
from collections.abc import Sequence

from kentongan_hub.base import clock, codes, roles, states, words
from kentongan_hub.base.clock import Now
from kentongan_hub.base.entries import numerals
from kentongan_hub.base.said import HUB
from kentongan_hub.base.tables import Cell, Row, Value
from kentongan_hub.record import audit, outbox
from kentongan_hub.storage import kept
from kentongan_hub.storage.store import NUMBER_MAX, Db, parsed

log = logging.getLogger("kentongan.hub")
FOUND = "odd_values"  # setting: [[steady ms, what, columns], ..] of the last ones
FOUND_LIMIT = 20
SHOWN_MS = 86_400_000  # as a warning; the record keeps it
TOKEN_DIGITS = 64  # of a gateway's token only the hash is kept
LONG = 1 << 48  # beyond the year 9999 in milliseconds
WHOLE, U32 = 1 << 53, 0xFFFF_FFFF
# rows of the past, or too many to look through: on no alarm's way
HISTORIES = ("audit", "timeline", "events", "statuses", "siren_reports", "battery_days", "hearings", "photos",
             "sms_parts", "sms_refusals", "access_changes", "watch_marks", "watch_turns",
             "watch_duties")  # fmt: skip
# what has an index of its own: an alarm does not wait for the history. A text stands behind all numbers
OPEN = ("{0} IN (SELECT {0} FROM {1} WHERE closed_ms IS NULL UNION ALL "
        f"SELECT {{0}} FROM {{1}} WHERE closed_ms > {LONG})")  # fmt: skip
WHERE = {
    "outbox": f"state NOT IN ('{outbox.DONE}', '{outbox.FAILED}', '{outbox.EXPIRED}')",
    "incidents": OPEN.format("id", "incidents"),
    "alarms": f"incident IN (SELECT id FROM incidents WHERE closed_ms IS NULL) OR incident > {LONG}",
    "warnings": OPEN.format("rowid", "warnings"),
}
HIGHEST = {
    **dict.fromkeys(("zone", "rssi", "snr_q", "hops", "rt", "rw"), 255),
    **dict.fromkeys(("house", "kind"), 0xFFFF),
    **dict.fromkeys(("node", "device", "post", "chime", "origin", "receiver", "counter", "first_counter",
                     "last_counter"), U32),
    "delay_s": 900, "minutes": 1_440, "period_s": 86_400, "battery_mv": 100_000, "alerts": 1 << 20,
}  # fmt: skip
OBJECTS = (("devices", "settings"), ("channels", "settings"), ("access_requests", "body"))
LISTS = (("codes", "patterns"), ("plans", "lines"), ("access_requests", "touched"))
ONE_OF = {
    ("devices", "role"): tuple(words.DEVICE_ROLES),
    ("accounts", "role"): roles.ROLES,
    ("incidents", "state"): states.STATES,
    ("outbox", "state"): (outbox.WAITING,),
    ("invitations", "role"): roles.ROLES,
}
# least harm, where neither null nor zero is that
INSTEAD: dict[tuple[str, str], Value] = {
    ("devices", "role"): "tombol", ("accounts", "role"): "kelurahan", ("invitations", "role"): "kelurahan",
    ("incidents", "state"): states.BARU, ("accounts", "active"): 0, ("outbox", "state"): outbox.FAILED,
    ("plans", "height"): 100, ("channels", "enabled"): 0, ("addresses", "active"): 1,
}  # fmt: skip
NAMED = {"devices": "label", "gateways": "label", "channels": "name", "people": "id", "addresses": "id",
         "houses": "number", "contacts": "name", "drills": "id", "policies": "kind"}  # fmt: skip
# settings that code reads as more than a text
NUMBERS = ("rt", "rw", "steady_ms", "wall_last", "wall_ms", "wall_back_ms", "failure_ms", "last_kejadian",
           "last_rahasia", "contacts_days", "backup_ms", "backup_wall", "made_ms", "operator_wall",
           "statuses_trimmed", "statuses_from_ms", "counters_night_ms", "warnings_told_ms",
           "warnings_ended_ms")  # fmt: skip
JSONS: dict[str, type[dict] | type[list]] = {
    "patrol_": dict,
    "settings_wait ": dict,
    "plan_undo_": list,
    "retention": dict,
    FOUND: list,
}


def mend(db: Db, now: Now) -> int:
    """Mend odd values in the caller's transaction and count them; looks only once in each."""
    if db.looked:
        return 0
    db.looked, count = True, 0
    copy: kept.Kept | None = None
    for table in _tables(db):
        for row, columns in _odd(db, table):
            copy = kept.read(db.data_dir) if copy is None else copy
            try:
                with db.part():
                    _put_right(db, now, table, row, columns, copy.get("tables", {}).get(table.name, ()))
                count += len(columns)
            except Exception:
                log.exception("a damaged row of %s could not be put right", table.name)
    return count + _sequence(db, now)


def is_odd(db: Db, only: str | None = None) -> bool:
    """Tell whether any checked value cannot be, or any of the table `only`; reads only."""
    if only is not None:
        return any(_odd(db, table) for table in _tables(db) if table.name == only)
    return any(_odd(db, table) for table in _tables(db)) or _last_order(db) is not None


def recent(db: Db, now: Now) -> list[tuple[str, str]]:
    """[(what, columns)] of the values that were replaced within the last day."""
    found = parsed(db.setting(FOUND), list)
    return [(what, columns) for at_ms, what, columns in found if now.ms - at_ms < SHOWN_MS]


Where = tuple[str, list]  # condition of SQL, its values


class Table:
    made: "dict[str, Table]" = {}  # name -> Table; every database of this program has the same columns

    """What a column of this table may hold, from its declaration; SQL conditions of what it may not."""

    def __init__(self, db: Db, name: str):
        self.name = name
        info = db.all(f"PRAGMA table_info({name})")
        self.key = [row["name"] for row in info if row["pk"]]
        self.default = {row["name"]: _default(row) for row in info}
        self.odd = {row["name"]: _condition(name, row) for row in info}


Odd = tuple[Row, list[str]]  # a row, its columns that cannot be


def _tables(db: Db) -> list[Table]:
    found = db.all("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%sqlite\\_%' "
                   "ESCAPE '\\'")  # fmt: skip
    names = [row["name"] for row in found if row["name"] not in HISTORIES]
    return [Table.made.get(name) or Table.made.setdefault(name, Table(db, name)) for name in names]


def _default(info: Row) -> Value:
    """Return the least harmful value by rule: the declared default, nothing where that may be, else zero."""
    if info["dflt_value"] is not None:
        return info["dflt_value"].strip("'") if info["type"] == "TEXT" else int(info["dflt_value"])
    if not info["notnull"] and not info["pk"]:
        return None
    empty: dict[str, Value] = {"TEXT": "", "BLOB": b""}
    return empty.get(info["type"], 0)


def _condition(table: str, info: Row) -> str:
    name, kind = info["name"], info["type"]
    null = "0" if not info["notnull"] and not info["pk"] else "1"
    if (table, name) == ("gateways", "token"):
        null = "heard_ms IS NOT NULL"  # it had one
    if (table, name) in OBJECTS or (table, name) in LISTS or (table, name) == ("outbox", "body"):
        wanted = "array" if (table, name) in LISTS else "object"
        wrong = (f"CASE WHEN typeof({name}) != 'text' THEN 1 WHEN NOT json_valid({name}) THEN 1 "
                 f"ELSE json_type({name}) != '{wanted}' END")  # fmt: skip
    elif (table, name) in ONE_OF:
        wrong = f"{name} NOT IN ({', '.join(repr(one) for one in ONE_OF[table, name])})"
    elif kind == "INTEGER":
        high = HIGHEST.get(name) or (LONG if name.endswith(("_ms", "_wall")) else WHOLE)
        wrong = f"(typeof({name}) != 'integer' OR {name} NOT BETWEEN -{high} AND {high})"
    elif kind == "REAL":
        wrong = f"(typeof({name}) NOT IN ('integer', 'real') OR {name} NOT BETWEEN -1e9 AND 1e9)"
    elif (table, name) == ("gateways", "token"):
        wrong = f"(typeof({name}) != 'text' OR length({name}) != {TOKEN_DIGITS})"
    else:
        wrong = f"typeof({name}) != '{kind.lower()}'"
    return f"CASE WHEN {name} IS NULL THEN {null} ELSE {wrong} END"


def _odd(db: Db, table: Table) -> list[Odd]:
    """[(row, [columns])] with a value that cannot be."""
    if table.name == "settings":
        rows = db.all("SELECT * FROM settings")
        return [(row, bad) for row in rows if (bad := _odd_setting(row["key"], row["value"]))]
    marks = ", ".join(f"{wrong} AS odd_{name}" for name, wrong in table.odd.items())
    any_of = " OR ".join(f"odd_{name}" for name in table.odd)
    where = WHERE.get(table.name, "1")
    sql = f"SELECT * FROM (SELECT *, {marks} FROM {table.name} WHERE {where}) WHERE {any_of} LIMIT 200"
    return [
        ({name: row[name] for name in table.odd}, [name for name in table.odd if row[f"odd_{name}"]])
        for row in db.all(sql)
    ]


def _odd_setting(key: Cell, value: Cell) -> list[str]:
    """Return the columns of this setting that cannot be."""
    if not isinstance(key, str):
        return ["key"]
    good = isinstance(value, str)
    if good and key in NUMBERS:
        good = not value or numerals.whole(value, 0, NUMBER_MAX) is not None
    elif good and key == "time_zone":
        good = value in clock.ZONES
    elif good and key in ("quiet_from", "quiet_to"):
        hours, _, minutes = value.partition(".")
        good = numerals.whole(hours, 0, 23) is not None and numerals.whole(minutes, 0, 59) is not None
    elif good and value:
        kind = next((kind for start, kind in JSONS.items() if key.startswith(start)), None)
        good = kind is None or bool(parsed(value, kind)) or value in ("{}", "[]")
    return [] if good else ["value"]


def _put_right(db: Db, now: Now, table: Table, row: Row, columns: list[str], copies: Sequence[Row]) -> None:
    """Out of the kept file where that has the row, else what does the least harm; else the row goes."""
    where, key = _where(table, row)
    nameless = bool(set(columns) & set(table.key))
    if nameless:
        known = {tuple(one.values()) for one in db.all(f"SELECT {', '.join(table.key)} FROM {table.name}")}
        missing = [one for one in copies if tuple(one.get(name) for name in table.key) not in known]
        copy = missing[0] if len(missing) == 1 else None
    else:
        copy = next((one for one in copies if [one.get(name) for name in table.key] == key), None)
    from_copy = {name: copy[name] for name in columns if copy and name in copy}
    if table.name == "settings" and "value" not in from_copy:
        db.run(f"DELETE FROM settings WHERE {where}", *key)  # code has a default for each
    elif (nameless and not copy and table.name != "gateways") or not _replaced(
        db, table, row, columns, from_copy, (where, key)
    ):
        db.run(f"DELETE FROM {table.name} WHERE {where}", *key)
    _tell(db, now, table, row, columns)


def _replaced(db: Db, table: Table, row: Row, columns: list[str], from_copy: Row, where: Where) -> bool:
    """Tell whether the row has values now that its table takes."""
    instead = {name: _instead(db, table, row, name) for name in columns}
    sets = ", ".join(f"{name} = ?" for name in columns)
    for values in ({**instead, **from_copy}, instead):
        try:
            sql = f"UPDATE {table.name} SET {sets} WHERE {where[0]}"
            db.run(sql, *(values[name] for name in columns), *where[1])
        except (sqlite3.IntegrityError, sqlite3.InterfaceError, OverflowError):
            continue
        if values == instead or not any(again == {**row, **values} for again, _ in _odd(db, table)):
            return True
        row = {**row, **values}
        where = _where(table, row)
    return False


def _where(table: Table, row: Row) -> Where:
    """(condition, values) that mean this row."""
    return " AND ".join(f"{name} IS ?" for name in table.key), [row[name] for name in table.key]


def _instead(db: Db, table: Table, row: Row, name: str) -> Value:
    if (table.name, name) == ("incidents", "confidential"):
        return int(str(row["slug"]).startswith("rahasia"))
    if (table.name, name) == ("incidents", "slug"):
        return f"{'rahasia' if row['confidential'] == 1 else 'kejadian'}-{row['id']}"
    if (table.name, name) == ("devices", "settings"):
        return json.dumps(_last_sent(row["config_body"]))
    if (table.name, name) == ("gateways", "label"):
        return f"gateway-{row['node']}"
    if (table.name, name) in (("devices", "label"), ("accounts", "login"), ("accounts", "name")):
        return f"rusak-{row.get('node') or row.get('id')}"
    if (table.name, name) in OBJECTS or (table.name, name) == ("outbox", "body"):
        return "{}"
    if (table.name, name) in LISTS:
        return "[]"
    if (table.name, name) == ("incidents", "opened_ms"):
        return db.number("steady_ms")
    return INSTEAD.get((table.name, name), table.default[name])


def _last_sent(text: Cell) -> Row:
    """Return the settings chosen for a device, by the last ones that it was sent."""
    sent = parsed(text).get("settings")
    sent = sent if isinstance(sent, dict) else {}
    return {name: sent[name] for name in ("table", "profile", "hop_limit") if name in sent}


def _last_order(db: Db) -> int | None:
    """Return the highest number of an order, when SQLite counts on from an impossible one; else None."""
    row = db.one("SELECT * FROM sqlite_sequence WHERE name = 'outbox'")
    highest = db.value("SELECT max(id) FROM outbox WHERE id < ?", LONG) or 0
    right = row is None or (type(row["seq"]) is int and highest <= row["seq"] < LONG)
    return None if right else highest


def _sequence(db: Db, now: Now) -> int:
    """Order numbers: beyond every one that was given, and far from the end of all numbers."""
    highest = _last_order(db)
    if highest is None:
        return 0
    db.run("DELETE FROM sqlite_sequence WHERE name = 'outbox'")
    db.run("INSERT INTO sqlite_sequence (name, seq) VALUES ('outbox', ?)", highest + kept.ORDER_LEAP)
    _note(db, now, "outbox", ["nomor perintah"])
    return 1


def _tell(db: Db, now: Now, table: Table, row: Row, columns: list[str]) -> None:
    """Name the mended row where that reveals nothing confidential; never a value."""
    name = row.get(NAMED.get(table.name, ""))
    if table.name == "outbox" and {"body", "channel", "type"} & set(columns):  # nobody knows what it was
        db.run("UPDATE outbox SET state = ?, result = 'damaged', done_ms = ? WHERE id IS ? AND state = ?",
               outbox.FAILED, now.ms, row["id"], outbox.WAITING)  # fmt: skip
    known = type(name) is int or isinstance(name, str)
    _note(db, now, f"{table.name} {audit.clean(name)[:40]}" if known else table.name, columns)


def _note(db: Db, now: Now, what: str, columns: list[str]) -> None:
    log.error("damaged values of %s replaced: %s", what, ", ".join(columns))
    found = [one for one in parsed(db.setting(FOUND), list) if len(one) == 3 and one[1] != what]
    db.set_setting(FOUND, json.dumps([*found[1 - FOUND_LIMIT :], [now.ms, what, ", ".join(columns[:5])]]))
    audit.record(db, now.wall, HUB, codes.VALUES_REPLACED, what, ", ".join(columns))
