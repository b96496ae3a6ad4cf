"""The tables, as migrations; a released migration is never edited, a new one is added."""

from collections.abc import Callable
from sqlite3 import Connection

Deed = Callable[[Connection], None]
migrations: list[Deed] = []  # in their order; how many of them a file has seen is its user_version


def migration(deed: Deed) -> Deed:
    """Add deed(connection) to the list, by the function's place in its file."""
    migrations.append(deed)
    return deed


# `_ms` columns are steady time (decisions); `_wall` columns are wall time (shown, may be unknown).
PEOPLE = """
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY, login TEXT NOT NULL UNIQUE, name TEXT NOT NULL, role TEXT NOT NULL,
    password TEXT NOT NULL, named_for_confidential INTEGER NOT NULL DEFAULT 0,
    zone INTEGER NOT NULL DEFAULT 0, house INTEGER NOT NULL DEFAULT 0, pin TEXT,
    active INTEGER NOT NULL DEFAULT 1, created_wall INTEGER NOT NULL);
CREATE TABLE sessions (
    token TEXT PRIMARY KEY, account INTEGER NOT NULL REFERENCES accounts (id),
    created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL);
CREATE TABLE invitations (
    token TEXT PRIMARY KEY, role TEXT NOT NULL, zone INTEGER NOT NULL, house INTEGER NOT NULL,
    made_by TEXT NOT NULL, expires_ms INTEGER NOT NULL, used_by INTEGER REFERENCES accounts (id));
CREATE TABLE houses (
    id INTEGER PRIMARY KEY, zone INTEGER NOT NULL, number INTEGER NOT NULL, place TEXT NOT NULL DEFAULT '',
    x REAL, y REAL, occupied INTEGER NOT NULL DEFAULT 1, empty_from_wall INTEGER, empty_to_wall INTEGER,
    key_holder TEXT NOT NULL DEFAULT '', UNIQUE (zone, number));
CREATE TABLE people (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, zone INTEGER NOT NULL DEFAULT 0,
    house INTEGER NOT NULL DEFAULT 0, head INTEGER NOT NULL DEFAULT 0,
    account INTEGER REFERENCES accounts (id),
    health_note TEXT NOT NULL DEFAULT '', consent_wall INTEGER, health_consent_wall INTEGER,
    withdrawn_wall INTEGER, erased_wall INTEGER, created_wall INTEGER NOT NULL);
CREATE INDEX people_house ON people (zone, house);
CREATE TABLE duties (
    person INTEGER NOT NULL REFERENCES people (id), duty TEXT NOT NULL, zone INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (duty, zone, person)) WITHOUT ROWID;
CREATE TABLE addresses (
    id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES people (id), channel TEXT NOT NULL,
    address TEXT NOT NULL, delay_s INTEGER NOT NULL DEFAULT 0, active INTEGER NOT NULL DEFAULT 1);
CREATE INDEX addresses_person ON addresses (person);
CREATE TABLE contacts (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, number TEXT NOT NULL, kinds TEXT NOT NULL DEFAULT '',
    zone INTEGER NOT NULL DEFAULT 0, verified_wall INTEGER, verified_by TEXT NOT NULL DEFAULT '');
"""

FIELD = """
CREATE TABLE gateways (
    label TEXT PRIMARY KEY, node INTEGER NOT NULL UNIQUE, zone INTEGER NOT NULL, token TEXT,
    boot_id TEXT, heard_ms INTEGER, heard_wall INTEGER);
CREATE TABLE devices (
    node INTEGER PRIMARY KEY, role TEXT NOT NULL, label TEXT NOT NULL, zone INTEGER NOT NULL,
    house INTEGER NOT NULL, place TEXT NOT NULL, hops INTEGER NOT NULL, revoked INTEGER NOT NULL DEFAULT 0,
    created_wall INTEGER NOT NULL, heard_ms INTEGER, heard_wall INTEGER, heard_by TEXT, battery_mv INTEGER,
    rssi INTEGER, snr_q INTEGER, lid INTEGER NOT NULL DEFAULT 0, low_battery INTEGER NOT NULL DEFAULT 0,
    siren_fault INTEGER NOT NULL DEFAULT 0, jammed INTEGER NOT NULL DEFAULT 0, mains INTEGER,
    senses INTEGER, days_left INTEGER, mains_wall INTEGER, siren_checked_wall INTEGER NOT NULL DEFAULT 0,
    muted_until_ms INTEGER, muted_reason TEXT, link TEXT NOT NULL DEFAULT '',
    tested_wall INTEGER);
CREATE UNIQUE INDEX devices_label ON devices (label) WHERE revoked = 0;
CREATE INDEX devices_zone ON devices (zone, role) WHERE revoked = 0;
CREATE TABLE hearings (
    device INTEGER NOT NULL, gateway TEXT NOT NULL, heard_wall INTEGER NOT NULL, rssi INTEGER, snr_q INTEGER,
    hops INTEGER, PRIMARY KEY (device, gateway)) WITHOUT ROWID;
CREATE TABLE statuses (
    device INTEGER NOT NULL, at_wall INTEGER NOT NULL, gateway TEXT NOT NULL, battery_mv INTEGER,
    rssi INTEGER, snr_q INTEGER, flags INTEGER NOT NULL, PRIMARY KEY (device, at_wall,
    gateway)) WITHOUT ROWID;
CREATE TABLE battery_days (
    device INTEGER NOT NULL, day INTEGER NOT NULL, low_mv INTEGER NOT NULL,
    PRIMARY KEY (device, day)) WITHOUT ROWID;
CREATE TABLE events (
    gateway TEXT NOT NULL, id TEXT NOT NULL, digest BLOB NOT NULL, type TEXT NOT NULL,
    received_ms INTEGER NOT NULL, PRIMARY KEY (gateway, id, digest)) WITHOUT ROWID;
CREATE INDEX events_received ON events (received_ms);
CREATE TABLE refusals (
    gateway TEXT NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL, changed_wall INTEGER NOT NULL,
    PRIMARY KEY (gateway, reason)) WITHOUT ROWID;
CREATE TABLE radios (
    gateway TEXT NOT NULL, name TEXT NOT NULL, up INTEGER NOT NULL, changed_wall INTEGER NOT NULL,
    PRIMARY KEY (gateway, name)) WITHOUT ROWID;
"""

INCIDENTS = """
CREATE TABLE incidents (
    id INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE, state TEXT NOT NULL, device INTEGER NOT NULL,
    first_counter INTEGER NOT NULL, last_counter INTEGER NOT NULL, gateway TEXT NOT NULL,
    zone INTEGER NOT NULL, house INTEGER NOT NULL, kind INTEGER NOT NULL, confidential INTEGER NOT NULL,
    drill INTEGER NOT NULL, cancelled INTEGER NOT NULL, late INTEGER NOT NULL, lid INTEGER NOT NULL,
    battery_mv INTEGER, presses INTEGER NOT NULL, muted INTEGER NOT NULL DEFAULT 0,
    place TEXT NOT NULL DEFAULT '',
    opened_ms INTEGER NOT NULL, opened_wall INTEGER NOT NULL,
    holder TEXT, holder_account INTEGER REFERENCES accounts (id),
    answered_ms INTEGER, answered_wall INTEGER, answered_by TEXT,
    closed_ms INTEGER, closed_wall INTEGER, closed_by TEXT, reason TEXT,
    alerts INTEGER NOT NULL DEFAULT 0, next_alert_ms INTEGER, help_ms INTEGER,
    flashed_ms INTEGER, merged_into INTEGER REFERENCES incidents (id), erased_wall INTEGER,
    UNIQUE (device, first_counter, confidential));
CREATE INDEX incidents_open ON incidents (opened_ms) WHERE closed_ms IS NULL;
CREATE INDEX incidents_opened ON incidents (opened_ms);
CREATE INDEX incidents_device ON incidents (device) WHERE closed_ms IS NULL;
CREATE INDEX incidents_closed ON incidents (closed_ms) WHERE closed_ms IS NOT NULL;
CREATE INDEX incidents_next_alert ON incidents (next_alert_ms) WHERE next_alert_ms IS NOT NULL;
CREATE INDEX incidents_kept ON incidents (confidential, kind, closed_wall) WHERE erased_wall IS NULL;
CREATE INDEX incidents_merged ON incidents (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX incidents_place ON incidents (zone, house);
CREATE INDEX incidents_counter ON incidents (first_counter & 65535) WHERE closed_ms IS NULL;
CREATE TABLE exclusions (
    id INTEGER PRIMARY KEY, account INTEGER NOT NULL REFERENCES accounts (id),
    zone INTEGER NOT NULL DEFAULT 0,
    house INTEGER NOT NULL DEFAULT 0, incident INTEGER REFERENCES incidents (id), made_by TEXT NOT NULL,
    made_wall INTEGER NOT NULL);
CREATE INDEX exclusions_account ON exclusions (account);
CREATE TABLE alarms (
    device INTEGER NOT NULL, counter INTEGER NOT NULL, digest TEXT NOT NULL DEFAULT '',
    incident INTEGER REFERENCES incidents (id), gateway TEXT NOT NULL, boot_id TEXT NOT NULL,
    at_ms INTEGER NOT NULL, kind INTEGER NOT NULL,
    cancel INTEGER NOT NULL, late INTEGER NOT NULL, attempt INTEGER, rssi INTEGER, snr_q INTEGER,
    hops INTEGER, received_ms INTEGER NOT NULL, stage_seen INTEGER NOT NULL DEFAULT 2,
    PRIMARY KEY (device, counter, digest)) WITHOUT ROWID;
CREATE INDEX alarms_incident ON alarms (incident);
CREATE TABLE siren_reports (
    id INTEGER PRIMARY KEY, post INTEGER NOT NULL, origin INTEGER NOT NULL, counter INTEGER NOT NULL,
    state INTEGER NOT NULL, source TEXT NOT NULL, gateway TEXT NOT NULL, boot_id TEXT NOT NULL,
    at_ms INTEGER NOT NULL, received_wall INTEGER NOT NULL);
CREATE INDEX siren_reports_alarm ON siren_reports (origin, counter, post);
CREATE TABLE soundings (
    incident INTEGER NOT NULL REFERENCES incidents (id), post INTEGER NOT NULL, due_ms INTEGER,
    state TEXT NOT NULL, changed_wall INTEGER NOT NULL, PRIMARY KEY (incident, post)) WITHOUT ROWID;
CREATE INDEX soundings_post ON soundings (post, incident);
CREATE INDEX soundings_due ON soundings (due_ms) WHERE due_ms IS NOT NULL;
CREATE TABLE timeline (
    id INTEGER PRIMARY KEY, incident INTEGER NOT NULL REFERENCES incidents (id), at_wall INTEGER NOT NULL,
    who TEXT NOT NULL, address TEXT NOT NULL, what TEXT NOT NULL, detail TEXT NOT NULL,
    salt BLOB, digest BLOB NOT NULL, hash BLOB NOT NULL);
CREATE INDEX timeline_incident ON timeline (incident);
CREATE TABLE audit (
    id INTEGER PRIMARY KEY, at_wall INTEGER NOT NULL, who TEXT NOT NULL, address TEXT NOT NULL,
    what TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL,
    salt BLOB, digest BLOB NOT NULL, hash BLOB NOT NULL);
CREATE INDEX audit_subject ON audit (subject);
"""

WORK = """
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL,
    incident INTEGER REFERENCES incidents (id), state TEXT NOT NULL, created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL, not_before_ms INTEGER NOT NULL DEFAULT 0,
    lease_ms INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0, result TEXT, done_ms INTEGER);
CREATE INDEX outbox_waiting ON outbox (channel, id) WHERE state = 'menunggu';
CREATE INDEX outbox_expiring ON outbox (expires_ms) WHERE state = 'menunggu';
CREATE INDEX outbox_done ON outbox (done_ms) WHERE done_ms IS NOT NULL;
CREATE INDEX outbox_incident ON outbox (incident) WHERE incident IS NOT NULL;
CREATE TABLE channels (
    name TEXT PRIMARY KEY, settings TEXT NOT NULL DEFAULT '{}', enabled INTEGER NOT NULL DEFAULT 0,
    tried_wall INTEGER, worked_wall INTEGER, failed_wall INTEGER, problem TEXT NOT NULL DEFAULT '',
    fails INTEGER NOT NULL DEFAULT 0);
CREATE TABLE policies (
    zone INTEGER NOT NULL, kind INTEGER NOT NULL, body TEXT NOT NULL, changed_wall INTEGER NOT NULL,
    changed_by TEXT NOT NULL, PRIMARY KEY (zone, kind)) WITHOUT ROWID;
CREATE TABLE warnings (
    id INTEGER PRIMARY KEY, what TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL,
    urgent INTEGER NOT NULL, owner TEXT NOT NULL, taken_by TEXT, taken_wall INTEGER,
    note TEXT NOT NULL DEFAULT '',
    opened_ms INTEGER NOT NULL, opened_wall INTEGER NOT NULL, next_ms INTEGER,
    told INTEGER NOT NULL DEFAULT 0,
    closed_ms INTEGER, closed_wall INTEGER);
CREATE UNIQUE INDEX warnings_open ON warnings (what, subject) WHERE closed_ms IS NULL;
CREATE INDEX warnings_closed ON warnings (closed_ms) WHERE closed_ms IS NOT NULL;
"""

# Nothing is deleted. A line's words may be taken out when their retention ends: digest and hash stay,
# so the chain still proves that no line was changed, added or lost.
APPEND_ONLY = """
CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}
WHEN NOT (NEW.id IS OLD.id AND NEW.at_wall IS OLD.at_wall AND NEW.digest IS OLD.digest
    AND NEW.hash IS OLD.hash
    AND OLD.salt IS NOT NULL AND NEW.salt IS NULL AND NEW.who = '' AND NEW.detail = '' AND NEW.address = '')
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;
CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;
"""


def _run(connection: Connection, script: str) -> None:
    """Split at ';' + newline: trigger bodies keep their inner semicolons on one line."""
    for part in script.split(";\n"):
        if part.strip():
            connection.execute(part.strip())


@migration
def m001_people(connection: Connection) -> None:
    _run(connection, PEOPLE)


@migration
def m002_field(connection: Connection) -> None:
    _run(connection, FIELD)


@migration
def m003_incidents(connection: Connection) -> None:
    _run(connection, INCIDENTS)
    for table in ("timeline", "audit"):
        _run(connection, APPEND_ONLY.format(table=table))


@migration
def m004_work(connection: Connection) -> None:
    _run(connection, WORK)
