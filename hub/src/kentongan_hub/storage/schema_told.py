"""The tables after schema_codes.py's: what people tell at the post and the hub."""

from sqlite3 import Connection

from kentongan_hub.storage.schema import _run, migration
from kentongan_hub.storage.schema_codes import migrations

__all__ = ["migrations"]

# raised_by, raised_at: who had the siren sounded, and on which post's screen; '' of a button's alarm
RAISED = """
ALTER TABLE incidents ADD COLUMN raised_by TEXT NOT NULL DEFAULT '';
ALTER TABLE incidents ADD COLUMN raised_at TEXT NOT NULL DEFAULT '';
ALTER TABLE incidents ADD COLUMN raised_account INTEGER REFERENCES accounts (id);
CREATE INDEX incidents_raised ON incidents (raised_account, opened_ms) WHERE raised_account IS NOT NULL;
"""


@migration
def m028_raised(connection: Connection) -> None:
    _run(connection, RAISED)


# zone 0: every RT · screen: on which post's screen, '' on a page of the hub · said_ms: when it was last said
ANNOUNCED = """
CREATE TABLE announcements (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, zone INTEGER NOT NULL, text TEXT NOT NULL,
    spoken INTEGER NOT NULL, account INTEGER REFERENCES accounts (id), made_by TEXT NOT NULL,
    screen TEXT NOT NULL, made_ms INTEGER NOT NULL, made_wall INTEGER NOT NULL,
    ends_ms INTEGER NOT NULL, ends_wall INTEGER NOT NULL, said_ms INTEGER,
    ended_wall INTEGER, ended_by TEXT NOT NULL DEFAULT '');
CREATE INDEX announcements_open ON announcements (ends_ms) WHERE ended_wall IS NULL;
"""


@migration
def m029_announcements(connection: Connection) -> None:
    _run(connection, ANNOUNCED)


# a house without a mark has not been heard of
ROLLCALLS = """
CREATE TABLE rollcalls (
    id INTEGER PRIMARY KEY, zone INTEGER NOT NULL, reason TEXT NOT NULL,
    incident INTEGER REFERENCES incidents (id), begun_by TEXT NOT NULL, screen TEXT NOT NULL,
    begun_ms INTEGER NOT NULL, begun_wall INTEGER NOT NULL,
    ended_wall INTEGER, ended_by TEXT NOT NULL DEFAULT '');
CREATE INDEX rollcalls_open ON rollcalls (id) WHERE ended_wall IS NULL;
CREATE TABLE rollcall_marks (
    rollcall INTEGER NOT NULL REFERENCES rollcalls (id), zone INTEGER NOT NULL, house INTEGER NOT NULL,
    state TEXT NOT NULL, marked_by TEXT NOT NULL, marked_wall INTEGER NOT NULL,
    PRIMARY KEY (rollcall, zone, house)) WITHOUT ROWID;
"""


@migration
def m030_rollcalls(connection: Connection) -> None:
    _run(connection, ROLLCALLS)
