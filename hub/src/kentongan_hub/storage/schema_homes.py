"""The tables after schema_told.py's: houses, and who practised there."""

from sqlite3 import Connection

from kentongan_hub.storage.schema import _run, migration
from kentongan_hub.storage.schema_told import migrations

__all__ = ["migrations"]


@migration
def m031_drilled(connection: Connection) -> None:
    """Find the presses of drills without reading all alarms of a year."""
    connection.execute("CREATE INDEX alarms_drill ON alarms (incident) WHERE drill = 1")


# empty_from_wall, empty_to_wall: the days as entered, to be shown; the ms beside them decide
# key_person: who holds its key and is called at an alarm of it · empty_checks: JSON, keys of what was done
# seen_wall, seen_by: when the ronda last looked at it while it stood empty
LEFT_EMPTY = """
ALTER TABLE houses ADD COLUMN empty_from_wall INTEGER;
ALTER TABLE houses ADD COLUMN empty_to_wall INTEGER;
ALTER TABLE houses ADD COLUMN key_person INTEGER REFERENCES people (id);
ALTER TABLE houses ADD COLUMN empty_checks TEXT NOT NULL DEFAULT '[]';
ALTER TABLE houses ADD COLUMN seen_wall INTEGER;
ALTER TABLE houses ADD COLUMN seen_by TEXT NOT NULL DEFAULT '';
"""


@migration
def m032_left_empty(connection: Connection) -> None:
    _run(connection, LEFT_EMPTY)
