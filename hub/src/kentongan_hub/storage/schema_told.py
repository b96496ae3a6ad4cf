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
