"""The tables, as migrations; a released migration is never edited, a new one is added."""

from sqlite_utils import Migrations

migrations = Migrations("kentongan_hub")

# `_ms` columns are steady time (decisions); `_wall` columns are wall time (shown, may be unknown).
FIRST = """
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY, login TEXT NOT NULL UNIQUE, name TEXT NOT NULL, role TEXT NOT NULL,
    password TEXT NOT NULL, named_for_confidential INTEGER NOT NULL DEFAULT 0,
    active INTEGER NOT NULL DEFAULT 1, created_wall INTEGER NOT NULL);
CREATE TABLE sessions (
    token TEXT PRIMARY KEY, account INTEGER NOT NULL REFERENCES accounts (id),
    created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL);
CREATE TABLE gateways (
    label TEXT PRIMARY KEY, node INTEGER NOT NULL UNIQUE, zone INTEGER NOT NULL, token TEXT,
    boot_id TEXT, heard_ms INTEGER, heard_wall INTEGER);
CREATE TABLE devices (
    node INTEGER PRIMARY KEY, role TEXT NOT NULL, label TEXT NOT NULL, zone INTEGER NOT NULL,
    house INTEGER NOT NULL, place TEXT NOT NULL, hops INTEGER NOT NULL, revoked INTEGER NOT NULL DEFAULT 0,
    created_wall INTEGER NOT NULL, heard_ms INTEGER, heard_wall INTEGER, heard_by TEXT, battery_mv INTEGER,
    rssi INTEGER, snr_q INTEGER, lid INTEGER NOT NULL DEFAULT 0, low_battery INTEGER NOT NULL DEFAULT 0,
    siren_fault INTEGER NOT NULL DEFAULT 0, link TEXT NOT NULL DEFAULT '', tested_wall INTEGER);
CREATE UNIQUE INDEX devices_label ON devices (label) WHERE revoked = 0;
CREATE TABLE events (
    gateway TEXT NOT NULL, id TEXT NOT NULL, digest BLOB NOT NULL, type TEXT NOT NULL,
    received_ms INTEGER NOT NULL, PRIMARY KEY (gateway, id, digest)) WITHOUT ROWID;
CREATE INDEX events_received ON events (received_ms);
CREATE TABLE incidents (
    id INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE, state TEXT NOT NULL, device INTEGER NOT NULL,
    first_counter INTEGER NOT NULL, last_counter INTEGER NOT NULL, gateway TEXT NOT NULL,
    zone INTEGER NOT NULL, kind INTEGER NOT NULL, confidential INTEGER NOT NULL, drill INTEGER NOT NULL,
    cancelled INTEGER NOT NULL,
    late INTEGER NOT NULL, lid INTEGER NOT NULL, battery_mv INTEGER, presses INTEGER NOT NULL,
    opened_ms INTEGER NOT NULL, opened_wall INTEGER NOT NULL, answered_ms INTEGER, answered_wall INTEGER,
    answered_by TEXT, closed_ms INTEGER, closed_wall INTEGER, closed_by TEXT, reason TEXT,
    alerts INTEGER NOT NULL DEFAULT 0, next_alert_ms INTEGER, flashed_ms INTEGER,
    UNIQUE (device, first_counter, confidential));
CREATE INDEX incidents_open ON incidents (opened_ms) WHERE closed_ms IS NULL;
CREATE INDEX incidents_closed ON incidents (closed_ms) WHERE closed_ms IS NOT NULL;
CREATE INDEX incidents_next_alert ON incidents (next_alert_ms) WHERE next_alert_ms IS NOT NULL;
CREATE TABLE alarms (
    device INTEGER NOT NULL, counter INTEGER NOT NULL, incident INTEGER REFERENCES incidents (id),
    gateway TEXT NOT NULL, boot_id TEXT NOT NULL, at_ms INTEGER NOT NULL, kind INTEGER NOT NULL,
    cancel INTEGER NOT NULL, late INTEGER NOT NULL, attempt INTEGER, rssi INTEGER, snr_q INTEGER,
    hops INTEGER, received_ms INTEGER NOT NULL, stage_seen INTEGER NOT NULL DEFAULT 2,
    PRIMARY KEY (device, counter)) WITHOUT ROWID;
CREATE TABLE siren_reports (
    id INTEGER PRIMARY KEY, post INTEGER NOT NULL, origin INTEGER NOT NULL, counter INTEGER NOT NULL,
    state INTEGER NOT NULL, source TEXT NOT NULL, gateway TEXT NOT NULL, boot_id TEXT NOT NULL,
    at_ms INTEGER NOT NULL, received_wall INTEGER NOT NULL);
CREATE INDEX siren_reports_alarm ON siren_reports (origin, counter, post);
CREATE TABLE timeline (
    id INTEGER PRIMARY KEY, incident INTEGER NOT NULL REFERENCES incidents (id), at_wall INTEGER NOT NULL,
    who TEXT NOT NULL, what TEXT NOT NULL, detail TEXT NOT NULL);
CREATE INDEX timeline_incident ON timeline (incident);
CREATE TABLE audit (
    id INTEGER PRIMARY KEY, at_wall INTEGER NOT NULL, who TEXT NOT NULL, address TEXT NOT NULL,
    what TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL);
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL,
    incident INTEGER REFERENCES incidents (id), state TEXT NOT NULL, created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL, lease_ms INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
    result TEXT, done_ms INTEGER);
CREATE INDEX outbox_waiting ON outbox (channel, id) WHERE state = 'menunggu';
CREATE TABLE refusals (
    gateway TEXT NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL, changed_wall INTEGER NOT NULL,
    PRIMARY KEY (gateway, reason)) WITHOUT ROWID;
CREATE TABLE radios (
    gateway TEXT NOT NULL, name TEXT NOT NULL, up INTEGER NOT NULL, changed_wall INTEGER NOT NULL,
    PRIMARY KEY (gateway, name)) WITHOUT ROWID;
"""

APPEND_ONLY = """
CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;
CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;
"""


def _statements(script):
    """Split at ';' + newline: trigger bodies keep their inner semicolons on one line."""
    return [part.strip() for part in script.split(";\n") if part.strip()]


@migrations()
def m001_tables(db):
    for statement in _statements(FIRST):
        db.execute(statement)
    for table in ("timeline", "audit"):
        for statement in _statements(APPEND_ONLY.format(table=table)):
            db.execute(statement)


@migrations()
def m002_jamming(db):
    db.execute("ALTER TABLE devices ADD COLUMN jammed INTEGER NOT NULL DEFAULT 0")
