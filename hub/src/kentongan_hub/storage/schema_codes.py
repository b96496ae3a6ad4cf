"""The tables after schema_access.py's: codes in place of the sentences that older programs kept."""

from sqlite3 import Connection

from kentongan_hub.storage import old_warnings, old_words
from kentongan_hub.storage.schema import _run, migration
from kentongan_hub.storage.schema_access import migrations

__all__ = ["migrations"]

# actor: who it was, when that is no person · said: a sentence of ours beside what people typed (said.py)
# about: the same of a subject · was: what an older row was hashed with, see chain.py
CODED = """
DROP TRIGGER {table}_no_update;
DROP TRIGGER {table}_no_delete;
ALTER TABLE {table} ADD COLUMN actor TEXT NOT NULL DEFAULT '';
ALTER TABLE {table} ADD COLUMN said TEXT NOT NULL DEFAULT '';
ALTER TABLE {table} ADD COLUMN was TEXT NOT NULL DEFAULT '';
"""
# null: the hub did it, and code_words says so
CLOSED_BY_ITSELF = """
UPDATE incidents SET closed_by = NULL WHERE closed_by = 'pusat data';
UPDATE incidents SET reason = NULL WHERE (drill = 1 AND reason = 'latihan selesai')
    OR (erased_wall IS NOT NULL AND reason = '(masa simpan habis)');
UPDATE access_requests SET result = CASE result WHEN 'dibenarkan' THEN 'second_agreed'
    WHEN 'ditolak' THEN 'second_refused' WHEN 'data dari salinan' THEN 'from_copy' ELSE result END;
"""
APPEND_ONLY = """
CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}
WHEN NOT (NEW.id IS OLD.id AND NEW.at_wall IS OLD.at_wall AND NEW.digest IS OLD.digest
    AND NEW.hash IS OLD.hash
    AND OLD.salt IS NOT NULL AND NEW.salt IS NULL AND {emptied})
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;
CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;
"""
EMPTIED = {
    "timeline": ("actor", "who", "address", "said", "detail", "was"),
    "audit": ("actor", "who", "address", "about", "said", "detail", "was"),
}


@migration
def m025_codes_on_record(connection: Connection) -> None:
    """No row is hashed anew: what it was hashed with stays beside its codes."""
    _run(connection, CLOSED_BY_ITSELF)
    for table in ("timeline", "audit"):
        _run(connection, CODED.format(table=table))
        if table == "audit":
            connection.execute("ALTER TABLE audit ADD COLUMN about TEXT NOT NULL DEFAULT ''")
        _carry(connection, table)
        emptied = " AND ".join(f"NEW.{name} = ''" for name in EMPTIED[table])
        _run(connection, APPEND_ONLY.format(table=table, emptied=emptied))


# states, channel and types as base/sending.py has them: old and new in turn
SENT = {
    ("outbox", "state"): "menunggu waiting terkirim sent gagal failed kedaluwarsa expired",
    ("outbox", "channel"): "papan board",
    ("outbox", "type"): "pesan call koreksi correction kabar news uji test baru new kedip flash",
    ("channels", "name"): "papan board",
    ("circles", "ended_by"): "dikecualikan excluded",
    ("soundings", "state"): "ditunggu awaited berbunyi sounded digerakkan driven diam silent gagal failed "
                            "bersama beside",
}  # fmt: skip
ENDED = {
    "sudah dijawab": "answered", "ditarik kembali": "taken_back", "dikecualikan": "excluded",
    "cadangan dipulihkan": "backup_restored", "rusak": "damaged", "queue full": "queue_full",
}  # fmt: skip
INDICES = """
DROP INDEX outbox_waiting;
DROP INDEX outbox_expiring;
DROP INDEX outbox_open;
CREATE INDEX outbox_waiting ON outbox (channel, id) WHERE state = 'waiting';
CREATE INDEX outbox_expiring ON outbox (expires_ms) WHERE state = 'waiting';
CREATE INDEX outbox_open ON outbox (id) WHERE state NOT IN ('sent', 'failed', 'expired');
"""


@migration
def m026_codes_of_sending(connection: Connection) -> None:
    for (table, column), pairs in SENT.items():
        words = pairs.split()
        for old, new in zip(words[::2], words[1::2], strict=True):
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (new, old))
    for old, new in ENDED.items():
        connection.execute("UPDATE outbox SET result = ? WHERE result = ?", (new, old))
    connection.execute("UPDATE circles SET ended_by = 'facts_changed' WHERE ended_by = 'fakta berubah'")
    _run(connection, INDICES)


@migration
def m027_codes_of_warnings(connection: Connection) -> None:
    """said: particulars of ours, see said.py; detail: those that people typed, or an older program wrote."""
    connection.execute("ALTER TABLE warnings ADD COLUMN said TEXT NOT NULL DEFAULT ''")
    for values in connection.execute("SELECT id, what, subject, detail FROM warnings").fetchall():
        row = dict(zip(("id", "what", "subject", "detail"), values, strict=True))
        if all(isinstance(row[name], str) for name in ("what", "subject", "detail")):
            now = old_warnings.carried(row)
            connection.execute("UPDATE warnings SET what = ?, subject = ?, detail = ? WHERE id = ?",
                               (now["what"], now["subject"], now["detail"], row["id"]))  # fmt: skip


def _carry(connection: Connection, table: str) -> None:
    names = ("id", "who", "what", "detail", "salt")
    rows = connection.execute(f"SELECT {', '.join(names)} FROM {table}").fetchall()
    for values in rows:
        row = dict(zip(names, values, strict=True))
        if not all(isinstance(row[name], str) for name in ("who", "what", "detail")):
            continue  # a damaged row stays as it is, for the patrol to find
        now = old_words.carried(table, row)
        # whose words were taken out has nothing left to prove
        now["was"] = old_words.kept(row) if row["salt"] is not None else ""
        sets = ", ".join(f"{name} = ?" for name in now)
        connection.execute(f"UPDATE {table} SET {sets} WHERE id = ?", (*now.values(), row["id"]))
