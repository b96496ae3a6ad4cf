"""The tables after schema_told.py's: houses, and who practised there."""

from sqlite3 import Connection

from kentongan_hub.storage.schema import migration
from kentongan_hub.storage.schema_told import migrations

__all__ = ["migrations"]


@migration
def m031_drilled(connection: Connection) -> None:
    """Find the presses of drills without reading all alarms of a year."""
    connection.execute("CREATE INDEX alarms_drill ON alarms (incident) WHERE drill = 1")
