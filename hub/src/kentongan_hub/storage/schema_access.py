"""The tables after schema_trust.py's: who hears of silent alarms at home, who opens a backup, the rest."""

from sqlite3 import Connection

from kentongan_hub.storage.schema import _run, migration
from kentongan_hub.storage.schema_trust import migrations

__all__ = ["migrations"]


@migration
def m018_steady_times(connection: Connection) -> None:
    """Count steady time for what decides a warning or a word, never between two readings of a wall."""
    drop, add = "ALTER TABLE {} DROP COLUMN {}_wall", "ALTER TABLE {} ADD COLUMN {}_ms INTEGER DEFAULT 0"
    for one in ("soundings changed", "devices siren_checked", "houses empty_from", "houses empty_to"):
        _run(connection, f"{drop};\n{add}".format(*one.split() * 2))
    for one in ("devices created", "devices test", "devices tested", "contacts verified", "troubles since"):
        connection.execute(add.format(*one.split()))


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


@migration
def m019_chime_consents(connection: Connection) -> None:
    _run(connection, CHIME_CONSENTS)


# salt, public: half of a key from the keeper's passphrase; it locks backups and opens none
KEEPERS = """
CREATE TABLE backup_keepers (
    account INTEGER PRIMARY KEY REFERENCES accounts (id), salt BLOB NOT NULL, public BLOB NOT NULL,
    made_wall INTEGER NOT NULL);
"""


@migration
def m020_backup_keepers(connection: Connection) -> None:
    _run(connection, KEEPERS)


# alarms.drill: what every gateway that told it called a drill; late, beside it, likewise
# early_answers: a chime's "saya datang" that came before the gateway that paged it said so
TOLD_TWICE = """
ALTER TABLE alarms ADD COLUMN drill INTEGER NOT NULL DEFAULT 0;
CREATE TABLE early_answers (
    chime INTEGER NOT NULL, origin INTEGER NOT NULL, counter INTEGER NOT NULL,
    PRIMARY KEY (origin, counter, chime)) WITHOUT ROWID;
"""


@migration
def m021_told_twice(connection: Connection) -> None:
    _run(connection, TOLD_TWICE)


# what waits, and a state that cannot be: each look through the rows (rows.py) asks for them
OUTBOX_OPEN = """
CREATE INDEX outbox_open ON outbox (id) WHERE state NOT IN ('terkirim', 'gagal', 'kedaluwarsa');
"""


@migration
def m022_outbox_open(connection: Connection) -> None:
    _run(connection, OUTBOX_OPEN)


# deaf: stretches in which no radio of a gateway heard anything; to_ms null: it lasts (deaf.py)
# devices.status_counter: of the newest STATUS, over whichever gateway it came
# devices.battery_unread: statuses in a row that did not know the battery
HEARD_OR_NOT = """
CREATE TABLE deaf (id INTEGER PRIMARY KEY, gateway TEXT NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER);
ALTER TABLE devices ADD COLUMN status_counter INTEGER;
ALTER TABLE devices ADD COLUMN battery_unread INTEGER NOT NULL DEFAULT 0;
"""


@migration
def m023_heard_or_not(connection: Connection) -> None:
    _run(connection, HEARD_OR_NOT)


@migration
def m024_worn_parts(connection: Connection) -> None:
    """Note whether a device reports a part that does not work and that no other word of it names."""
    _run(connection, "ALTER TABLE devices ADD COLUMN part_failing INTEGER NOT NULL DEFAULT 0")
