"""Damage to any row, column, setting or file beside it: an alarm is stored, open, called for and told.

Each column of each table is damaged in turn in a site that has lived, each in every way that a bad card can:
another type, nothing, torn JSON, bytes, an absurd number. `make soak ONLY=damage` tries all ways, alone and
in every row; the tests damage every third column in one of them.
"""

import contextlib
import json
import os
import shutil
import sqlite3
import tempfile
import zlib
from pathlib import Path

import pytest
from kentongan_hub.base import site
from kentongan_hub.policies import policy as p
from kentongan_hub.record import rows
from kentongan_hub.storage import kept, store
from kits.hub.hub_kit import Site

ALL = bool(os.environ.get("KENTONGAN_SOAK"))
TORN = '{"table": [[5, 6'
WAYS = {"word": "x", "nothing": None, "torn": TORN, "bytes": b"\xff\xfe", "huge": 1 << 62, "less": -(1 << 62)}
CALLED = ("Siti", "Budi", "Tono")
# nothing on the way of an alarm reads them; what shows them is looked at by its own tests
UNREAD = ("photos",)


def lived(site):
    """Rows in as many tables as a year brings; `site.witness`: the browser of an officer."""
    admin, hub = site.enter("admin"), site.hub
    site.account("ketua", "ketua_rt", named=True, house=21)
    site.account("wakil", "wakil", named=True, house=22)
    site.account("pos", "tamu_layar")
    with hub.store.write() as db:
        for number, name in enumerate(CALLED):
            person = db.insert("people", name=name, zone=5, house=8 + number, created_wall=0)
            db.insert("addresses", person=person, channel="sms", address=f"+628121111000{number}")
            db.insert("duties", person=person, duty="ronda", zone=5)
            db.insert("houses", zone=5, number=8 + number)
        db.insert("policies", zone=5, kind=2, body=json.dumps(p.default(2)), changed_wall=0, changed_by="")
        db.insert("codes", zone=5, profile="jawa_umum", patterns="[]", changed_by="", changed_wall=0)
        db.insert("plans", zone=5, height=100, lines="[]", changed_wall=0, changed_by="")
        db.insert("exclusions", account=2, zone=5, house=9, made_by="", made_wall=0)
        db.insert("absences", from_ms=1, to_ms=2, to_wall=2, sure=0)
        db.insert("technicians", token="t", name="Joko", created_wall=0, expires_ms=1)
        db.insert("drills", zone=5, planned_wall=site.clock.now_ms + 9_000_000, minutes=60, planned_by="a")
        db.insert("troubles", gateway="gateway-1", name="clock", detail="", since_wall=0)
        db.insert("radios", gateway="gateway-1", name="modem", up=1, changed_wall=0)
        db.insert("access_changes", at_ms=1, at_wall=1, made_by=1, account=2, fact="rumah", old="0/0",
                  new="5/21")  # fmt: skip
        db.insert("access_requests", what="rahasia", subject="ketua", body="{}", touched="[]", made_by=1,
                  made_wall=0)  # fmt: skip
        db.insert("invitations", token="u", name="Budi", role="wakil", made_by="a", made_wall=0,
                  expires_ms=1, expires_wall=1)  # fmt: skip
        db.insert("revocations", device=site.other, receiver=site.post, version=1)
        db.insert("rotations", generation=1, phase="selesai", why="", started_ms=0, started_wall=0,
                  phase_ms=0, done_wall=1)  # fmt: skip
        db.set_setting("retention", json.dumps({"rahasia": 90}))
    admin.post("/kanal/sms", page="/kanal", hidup="1", port="", baud="115200")
    beat = {"flags": 1, "battery_mv": 12_500}
    site.post_events(
        site.event("status", device=site.post, role=2, body=beat, counter=3, rssi=-80, generation=0),
        site.alarm(counter=5, device=site.other, kind=2), site.alarm(counter=9, device=site.other, kind=6),
        site.event("paged", device=site.post, origin=site.other, counter=5),
        site.event("refusals", counters={"replay": 3}),
    )  # fmt: skip
    for _ in range(3):
        site.clock.advance(40_000)
        site.hub.dispatch.step()
    site.witness = admin
    return site


@pytest.fixture(scope="module")
def alive(prototype):
    made_dir, made = prototype
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None  # thousands of commits wait for no disk
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        data_dir = Path(folder) / "data"
        shutil.copytree(made_dir, data_dir)
        found = lived(Site(data_dir, made))
        found.before = data_dir.with_name("before")
        shutil.copytree(data_dir, found.before)
        yield found


def restored(alive):
    """The site as it was, under the same program."""
    for name in os.listdir(alive.data_dir):
        (alive.data_dir / name).unlink()
    for name in os.listdir(alive.before):
        shutil.copy2(alive.before / name, alive.data_dir / name)
    alive.hub.dispatch._rows_ms = alive.hub.dispatch._watched_ms = alive.hub.dispatch._failed_ms = -(1 << 40)
    alive.hub.boards.__init__(alive.hub.store.bell)
    alive.client, alive.sent = alive.app.test_client(), alive.sent
    return alive


def columns():
    """[(table, column, (its type, whether it must have a value))] of every table, from a fresh database."""
    with tempfile.TemporaryDirectory() as folder, store.Store(folder).read() as db:
        names = [row["name"] for row in db.all(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        )]  # fmt: skip
        return [
            (name, row["name"], (row["type"], bool(row["notnull"] and not row["pk"])))
            for name in names if name not in UNREAD for row in db.all(f"PRAGMA table_info({name})")
        ]  # fmt: skip


COLUMNS = {(table, column): kind for table, column, kind in columns()}


def cases():
    for table, column in COLUMNS:
        ways = list(WAYS)
        chance = zlib.crc32(f"{table}.{column}".encode())
        if not ALL and (chance // len(ways)) % 3:
            continue
        if not ALL:
            ways = [ways[chance % len(ways)]]
        yield from ((table, column, way) for way in ways)


def damage(path, table, column, way, every=False):
    """Write the value, whatever the schema forbids, and tell whether it is there: a card asks nobody."""
    value = WAYS[way]
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        (schema,) = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        _schema(db, table, schema.replace("NOT NULL", ""))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        key = ", ".join(row[1] for row in db.execute(f"PRAGMA table_info({table})") if row[5])
        one = f"SELECT {key} FROM {table} WHERE {rows.WHERE.get(table, '1')} ORDER BY 1 LIMIT 1"
        where = "1" if every else f"({key}) = ({one})"
        sql = f"UPDATE OR IGNORE {table} SET {column} = ? WHERE {where}"
        try:
            changed = db.execute(sql, (value,)).rowcount
        except sqlite3.IntegrityError:  # a key of numbers holds nothing else
            changed = 0
        _schema(db, table, schema)
        for _, sql in triggers:
            db.execute(sql)
    return bool(changed)


def _schema(db, table, sql):
    db.execute("PRAGMA writable_schema = ON")
    db.execute("UPDATE sqlite_master SET sql = ? WHERE name = ? AND type = 'table'", (sql, table))
    db.execute("PRAGMA writable_schema = RESET")


def told(alive):
    return {(one["what"], one["subject"], one["detail"]) for one in alive.warnings("1")}


def looked_through(alive, every=False, spoilt="", counter=777):
    """List the faults after an alarm in the damaged site: [] when everything holds."""
    wrong = []
    batch = {"boot_id": "b", "events": [alive.alarm(counter=counter)]}
    for _ in range(2):  # as a gateway does, also when the first answer was lost
        answer = alive.client.post("/api/v1/events", json=batch, headers=alive.headers)
        if answer.status_code != 200 or answer.json["accepted"] != [batch["events"][0]["id"]]:
            wrong.append(f"not accepted: {answer.status_code} {answer.text[:80]}")
    for path in ("orders?after=0&wait=0&fresh=1", "orders?after=0&wait=0", "health"):
        answer = alive.client.get(f"/api/v1/{path}", headers=alive.headers)
        if answer.status_code not in (200, 503):
            wrong.append(f"{path}: {answer.status_code}")
    alive.hub.dispatch.step()
    alive.clock.advance(125_000)
    alive.hub.dispatch.step()
    orders = alive.client.get("/api/v1/orders?after=0&wait=0", headers=alive.headers).json["orders"]
    if not any(one["type"] == "siren" and one["counter"] == counter for one in orders):
        wrong.append(f"no order for the siren, only {[one['type'] for one in orders]}")
    page = alive.witness.get("/papan")
    if page.status_code not in (200, 302, 303):
        wrong.append(f"/papan {page.status_code}")
    stored = alive.rows("SELECT * FROM alarms WHERE device = ? AND counter = ?", alive.button, counter)
    sql = "SELECT * FROM incidents WHERE device = ? AND first_counter = ? AND closed_ms IS NULL"
    opened = alive.rows(sql, alive.button, counter)
    if len(stored) != 1 or len(opened) != 1:
        return [*wrong, f"stored {len(stored)} times, {len(opened)} incidents"]
    called = {json.loads(one["body"])["name"] for one in alive.rows(
        "SELECT body FROM outbox WHERE incident = ? AND type = 'call'", opened[0]["id"])}  # fmt: skip
    missing = set(CALLED) - called
    if len(missing) > (1 if spoilt in ("people", "addresses", "duties") else 0) and not every:
        wrong.append(f"not called: {missing}")
    return wrong


def test_without_any_damage_everything_holds_and_nothing_is_told(alive):
    assert looked_through(restored(alive)) == []
    assert not {what for what, _, _ in told(alive)} & {"nilai rusak diganti", "pusat data gagal"}


@pytest.mark.parametrize("table", sorted({table for table, _ in COLUMNS}))
def test_an_alarm_is_stored_called_for_and_answered_whatever_column_is_damaged(alive, table):
    wrong = []
    for _, column, way in (one for one in cases() if one[0] == table):
        for every in (False, True) if ALL else (False,):
            found = damaged_and_looked_through(alive, table, column, way, every)
            wrong += [f"{table}.{column} {way}{' in every row' if every else ''}: {one}" for one in found]
    assert not wrong, "\n".join(wrong)


def damaged_and_looked_through(alive, table, column, way, every):
    restored(alive)
    if not damage(alive.data_dir / store.FILE_NAME, table, column, way, every):
        return []
    found = looked_through(alive, every, table)
    watched = table not in rows.HISTORIES and may_not_be(table, column, way)
    if watched and not _is_told(alive) and _is_there(alive, table, column, way):
        found.append("nobody is told")
    return found


def may_not_be(table, column, way):
    """Tell whether the column cannot have this value: any word is a text, and no value may be none."""
    kind, must = COLUMNS[table, column]
    if way == "nothing":
        return must
    is_text = kind == "TEXT" and (table, column) not in (*rows.OBJECTS, *rows.LISTS, *rows.ONE_OF)
    return way == "bytes" and kind != "BLOB" or not is_text


def _is_there(alive, table, column, way):
    """Tell whether the damaged value is in the table still: what was written over is nobody's business."""
    return bool(alive.rows(f"SELECT 1 FROM {table} WHERE {column} IS ? LIMIT 1", WAYS[way]))


def _is_told(alive):
    alive.clock.advance(11_000)
    alive.hub.dispatch.step()
    whats = {what for what, _, _ in told(alive)}
    return whats & {"nilai rusak diganti", "pusat data gagal", "kebijakan rusak", "basis data rusak"}


def test_the_order_numbers_being_at_their_end_stops_no_order(alive):
    restored(alive)
    with alive.hub.store.write() as db:
        db.run("UPDATE sqlite_sequence SET seq = ? WHERE name = 'outbox'", (1 << 63) - 1)
    assert looked_through(alive) == []


SETTINGS = ("", "x", "9" * 30, "[]", "{", "[" * 100_000)


def test_whatever_setting_is_damaged(alive):
    restored(alive)
    wrong = []
    for number, key in enumerate(one["key"] for one in alive.rows("SELECT key FROM settings")):
        for value in SETTINGS if ALL else (SETTINGS[number % len(SETTINGS)],):
            restored(alive)
            with alive.hub.store.write() as db:
                db.run("UPDATE settings SET value = ? WHERE key = ?", value, key)
            wrong += [f"{key} = {value[:9]!r}: {one}" for one in looked_through(alive)]
    assert not wrong, "\n".join(wrong)


FILES = {
    "gone": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "torn": lambda path: path.write_bytes(path.read_bytes()[:60]),
    "bytes": lambda path: path.write_bytes(b"\xff\xfe\x00" * 40),
    "deep": lambda path: path.write_text("[" * 100_000),
    "list": lambda path: path.write_text("[]"),
    "number": lambda path: path.write_text("5"),
    "open to others": lambda path: path.chmod(0o644),
    "a directory": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("way", FILES)
@pytest.mark.parametrize("name", [site.FILE_NAME, kept.FILE])
def test_whatever_file_beside_the_database_is_damaged(site, prototype, name, way):
    lived(site)
    FILES[way](site.data_dir / name)
    for counter in (777, 999):  # while it runs, and at the next start
        assert looked_through(site, counter=counter) == []
        if name == "site.json":
            page = site.enter("admin").get("/papan").text
            assert "BERKAS KUNCI SITUS RUSAK" in page
            assert site.enter("admin").get("/kunci").status_code == 503
            assert "berkas kunci rusak" in {what for what, _, _ in told(site)}
        site.restart()
