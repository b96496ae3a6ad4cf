"""The tables after schema_homes.py's: the night watch, its rosters and what it did."""

from sqlite3 import Connection

from kentongan_hub.storage.schema import _run, migration
from kentongan_hub.storage.schema_homes import migrations

__all__ = ["migrations"]

# watch_shifts: from first_day on, every so many days, from minute `begin` of the site's day, so many minutes
# watch_changes: of one person's turn; 'izin', or 'ganti' by stand_in, who has agreed where agreed_wall is
# set; pair: the row that is exchanged for this one
# watch_turns: turns that this hub has seen begin; doubt: why nobody is blamed for one, see turns.py
# watch_duties: who was meant to come, as it was when the turn began; instead_of: whose turn it was
# watch_marks: turn NULL: outside any turn; house 0: the post itself; way: how it came to be known
WATCH = """
CREATE TABLE watch_squads (
    id INTEGER PRIMARY KEY, zone INTEGER NOT NULL, name TEXT NOT NULL, ended_wall INTEGER);
CREATE TABLE watch_members (
    squad INTEGER NOT NULL REFERENCES watch_squads (id), account INTEGER NOT NULL REFERENCES accounts (id),
    PRIMARY KEY (squad, account)) WITHOUT ROWID;
CREATE TABLE watch_shifts (
    id INTEGER PRIMARY KEY, squad INTEGER NOT NULL REFERENCES watch_squads (id), first_day TEXT NOT NULL,
    every INTEGER NOT NULL, begin INTEGER NOT NULL, lasts INTEGER NOT NULL, ended_wall INTEGER);
CREATE TABLE watch_changes (
    id INTEGER PRIMARY KEY, shift INTEGER NOT NULL REFERENCES watch_shifts (id), day TEXT NOT NULL,
    account INTEGER NOT NULL REFERENCES accounts (id), what TEXT NOT NULL,
    stand_in INTEGER REFERENCES accounts (id), reason TEXT NOT NULL DEFAULT '', pair INTEGER,
    asked_wall INTEGER NOT NULL, asked_ms INTEGER NOT NULL, agreed_wall INTEGER, ended_wall INTEGER);
CREATE INDEX watch_changes_turn ON watch_changes (shift, day) WHERE ended_wall IS NULL;
CREATE TABLE watch_turns (
    id INTEGER PRIMARY KEY, shift INTEGER NOT NULL REFERENCES watch_shifts (id), day TEXT NOT NULL,
    begin_wall INTEGER NOT NULL, end_wall INTEGER NOT NULL, begun_ms INTEGER NOT NULL, closed_ms INTEGER,
    doubt TEXT NOT NULL DEFAULT '', UNIQUE (shift, day));
CREATE INDEX watch_turns_begin ON watch_turns (begin_wall);
CREATE TABLE watch_duties (
    turn INTEGER NOT NULL REFERENCES watch_turns (id), account INTEGER NOT NULL REFERENCES accounts (id),
    state TEXT NOT NULL, instead_of INTEGER REFERENCES accounts (id),
    PRIMARY KEY (turn, account)) WITHOUT ROWID;
CREATE TABLE watch_marks (
    id INTEGER PRIMARY KEY, turn INTEGER REFERENCES watch_turns (id),
    account INTEGER NOT NULL REFERENCES accounts (id), what TEXT NOT NULL, zone INTEGER NOT NULL,
    house INTEGER NOT NULL, at_ms INTEGER NOT NULL, at_wall INTEGER NOT NULL, way TEXT NOT NULL,
    screen TEXT NOT NULL DEFAULT '', note TEXT NOT NULL DEFAULT '');
CREATE INDEX watch_marks_turn ON watch_marks (turn, at_ms);
CREATE INDEX watch_marks_at ON watch_marks (at_ms);
"""


@migration
def m033_watch(connection: Connection) -> None:
    _run(connection, WATCH)
