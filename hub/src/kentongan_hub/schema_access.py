"""The tables after schema.py's: who hears of silent alarms at home, and who can open a backup."""

from kentongan_hub.schema import _run, migrations

__all__ = ["migrations"]

# chime_consents: an agreed person found this very chime at home, under this label; only that one rings there
# for silent alarms. ended_wall: taken back
# incidents.facts_ms: up to when changes of who may know count for it, see pressed.py; null: opened_ms
CHIME_CONSENTS = """
CREATE TABLE chime_consents (
    id INTEGER PRIMARY KEY, chime INTEGER NOT NULL, account INTEGER NOT NULL REFERENCES accounts (id),
    zone INTEGER NOT NULL, house INTEGER NOT NULL, label TEXT NOT NULL, at_ms INTEGER NOT NULL,
    at_wall INTEGER NOT NULL, ended_wall INTEGER);
CREATE UNIQUE INDEX chime_consents_held ON chime_consents (chime, account) WHERE ended_wall IS NULL;
ALTER TABLE incidents ADD COLUMN facts_ms INTEGER;
"""


@migrations()
def m019_chime_consents(db):
    _run(db, CHIME_CONSENTS)


# salt, public: half of a key from the keeper's passphrase; it locks backups and opens none
KEEPERS = """
CREATE TABLE backup_keepers (
    account INTEGER PRIMARY KEY REFERENCES accounts (id), salt BLOB NOT NULL, public BLOB NOT NULL,
    made_wall INTEGER NOT NULL);
"""


@migrations()
def m020_backup_keepers(db):
    _run(db, KEEPERS)
