"""The tables after schema.py's: who hears of silent alarms at home, who can open a backup, and the rest."""

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


# alarms.drill: what every gateway that told it called a drill; late, beside it, likewise
# early_answers: a chime's "saya datang" that came before the gateway that paged it said so
TOLD_TWICE = """
ALTER TABLE alarms ADD COLUMN drill INTEGER NOT NULL DEFAULT 0;
CREATE TABLE early_answers (
    chime INTEGER NOT NULL, origin INTEGER NOT NULL, counter INTEGER NOT NULL,
    PRIMARY KEY (origin, counter, chime)) WITHOUT ROWID;
"""


@migrations()
def m021_told_twice(db):
    _run(db, TOLD_TWICE)


# what waits, and a state that cannot be: each look through the rows (rows.py) asks for them
OUTBOX_OPEN = """
CREATE INDEX outbox_open ON outbox (id) WHERE state NOT IN ('terkirim', 'gagal', 'kedaluwarsa');
"""


@migrations()
def m022_outbox_open(db):
    _run(db, OUTBOX_OPEN)


# deaf: stretches in which no radio of a gateway heard anything; to_ms null: it lasts (deaf.py)
# devices.status_counter: of the newest STATUS, over whichever gateway it came
# devices.battery_unread: statuses in a row that did not know the battery
HEARD_OR_NOT = """
CREATE TABLE deaf (id INTEGER PRIMARY KEY, gateway TEXT NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER);
ALTER TABLE devices ADD COLUMN status_counter INTEGER;
ALTER TABLE devices ADD COLUMN battery_unread INTEGER NOT NULL DEFAULT 0;
"""


@migrations()
def m023_heard_or_not(db):
    _run(db, HEARD_OR_NOT)


@migrations()
def m024_worn_parts(db):
    """Whether a device says that a part of it does not work that no other word of it names."""
    _run(db, "ALTER TABLE devices ADD COLUMN part_failing INTEGER NOT NULL DEFAULT 0")
