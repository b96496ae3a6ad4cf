"""The tables, as migrations; a released migration is never edited, a new one is added."""

migrations = []  # in their order; how many of them a file has seen is its user_version


def migration(deed):
    """deed(connection) goes into the list, by the function's place in this file."""
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


def _run(connection, script):
    """Split at ';' + newline: trigger bodies keep their inner semicolons on one line."""
    for part in script.split(";\n"):
        if part.strip():
            connection.execute(part.strip())


@migration
def m001_people(connection):
    _run(connection, PEOPLE)


@migration
def m002_field(connection):
    _run(connection, FIELD)


@migration
def m003_incidents(connection):
    _run(connection, INCIDENTS)
    for table in ("timeline", "audit"):
        _run(connection, APPEND_ONLY.format(table=table))


@migration
def m004_work(connection):
    _run(connection, WORK)


# settings: what was chosen for the device (table, profile, hop_limit) · config_*: what it should be set to,
# see trust/configs.py · reported_*: what its last STATUS said · *_wanted: how often a table or a drill was
# sent · revoked_upto: the newest key generation it may hold · erased: its keys were wiped
TRUST = """
ALTER TABLE devices ADD COLUMN pending INTEGER NOT NULL DEFAULT 0;
ALTER TABLE devices ADD COLUMN replaces INTEGER;
ALTER TABLE devices ADD COLUMN request TEXT;
ALTER TABLE devices ADD COLUMN registered_by TEXT NOT NULL DEFAULT '';
ALTER TABLE devices ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
ALTER TABLE devices ADD COLUMN base_generation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE devices ADD COLUMN config_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE devices ADD COLUMN config_body TEXT NOT NULL DEFAULT '';
ALTER TABLE devices ADD COLUMN config_wall INTEGER;
ALTER TABLE devices ADD COLUMN period_s INTEGER NOT NULL DEFAULT 140;
ALTER TABLE devices ADD COLUMN phase_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE devices ADD COLUMN stranded INTEGER NOT NULL DEFAULT 0;
ALTER TABLE devices ADD COLUMN table_wanted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE devices ADD COLUMN table_ms INTEGER;
ALTER TABLE devices ADD COLUMN drill_wanted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE devices ADD COLUMN reported_version INTEGER;
ALTER TABLE devices ADD COLUMN reported_generation INTEGER;
ALTER TABLE devices ADD COLUMN reported_wall INTEGER;
ALTER TABLE devices ADD COLUMN revoked_ms INTEGER;
ALTER TABLE devices ADD COLUMN revoked_wall INTEGER;
ALTER TABLE devices ADD COLUMN revoked_by TEXT;
ALTER TABLE devices ADD COLUMN revoked_why TEXT;
ALTER TABLE devices ADD COLUMN revoked_upto INTEGER NOT NULL DEFAULT -1;
ALTER TABLE devices ADD COLUMN erased INTEGER NOT NULL DEFAULT 0;
ALTER TABLE gateways ADD COLUMN own_counter INTEGER NOT NULL DEFAULT 0;
DROP INDEX devices_label;
CREATE UNIQUE INDEX devices_label ON devices (label) WHERE revoked = 0 AND pending = 0;
CREATE TABLE counters (
    device INTEGER NOT NULL, generation INTEGER NOT NULL, type INTEGER NOT NULL, counter INTEGER NOT NULL,
    PRIMARY KEY (device, generation, type)) WITHOUT ROWID;
CREATE TABLE rotations (
    generation INTEGER PRIMARY KEY, phase TEXT NOT NULL, why TEXT NOT NULL, started_ms INTEGER NOT NULL,
    started_wall INTEGER NOT NULL, phase_ms INTEGER NOT NULL, done_wall INTEGER);
CREATE TABLE revocations (
    device INTEGER NOT NULL, receiver INTEGER NOT NULL, version INTEGER NOT NULL, done_wall INTEGER,
    PRIMARY KEY (device, receiver)) WITHOUT ROWID;
CREATE INDEX revocations_open ON revocations (device) WHERE done_wall IS NULL;
CREATE TABLE technicians (
    token TEXT PRIMARY KEY, name TEXT NOT NULL, created_wall INTEGER NOT NULL, expires_ms INTEGER NOT NULL);
"""


@migration
def m005_trust(connection):
    _run(connection, TRUST)


TROUBLES = """
CREATE TABLE troubles (
    gateway TEXT NOT NULL, name TEXT NOT NULL, detail TEXT NOT NULL, since_wall INTEGER NOT NULL,
    PRIMARY KEY (gateway, name)) WITHOUT ROWID;
"""


@migration
def m006_gateway_troubles(connection):
    _run(connection, TROUBLES)


# invitations: account is set when it is a recovery link; ended_wall when somebody took it back
ACCESS = """
DROP TABLE invitations;
CREATE TABLE invitations (
    id INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE, name TEXT NOT NULL, role TEXT NOT NULL,
    account INTEGER REFERENCES accounts (id), made_by TEXT NOT NULL, made_wall INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL, expires_wall INTEGER NOT NULL, used_wall INTEGER,
    used_by INTEGER REFERENCES accounts (id), ended_wall INTEGER);
ALTER TABLE accounts ADD COLUMN paired_by TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN language TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN created_wall INTEGER;
ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN agent TEXT NOT NULL DEFAULT '';
"""


@migration
def m007_access(connection):
    _run(connection, ACCESS)


# what an RT beats: a profile, and codes of its own as they go on the air: [[kind, [strokes, ..]], ..]
# codes_order: the outbox row that told a gateway
CODES = """
CREATE TABLE codes (
    zone INTEGER PRIMARY KEY, profile TEXT NOT NULL, patterns TEXT NOT NULL, changed_by TEXT NOT NULL,
    changed_wall INTEGER NOT NULL);
ALTER TABLE gateways ADD COLUMN codes_order INTEGER;
"""


@migration
def m008_kentongan_codes(connection):
    _run(connection, CODES)


@migration
def m008_contacts(connection):
    _run(connection, "ALTER TABLE contacts ADD COLUMN service TEXT NOT NULL DEFAULT '';\n")


# places in floor_plan.py's units; pictures are JPEGs that pictures.py drew
PLAN = """
CREATE TABLE plans (
    zone INTEGER PRIMARY KEY, height INTEGER NOT NULL, lines TEXT NOT NULL, picture BLOB,
    changed_wall INTEGER NOT NULL, changed_by TEXT NOT NULL);
ALTER TABLE devices ADD COLUMN x REAL;
ALTER TABLE devices ADD COLUMN y REAL;
CREATE TABLE photos (
    id INTEGER PRIMARY KEY, incident INTEGER NOT NULL REFERENCES incidents (id), body BLOB NOT NULL,
    width INTEGER NOT NULL, height INTEGER NOT NULL, made_wall INTEGER NOT NULL, made_by TEXT NOT NULL);
CREATE INDEX photos_incident ON photos (incident);
"""


@migration
def m009_plan(connection):
    _run(connection, PLAN)


@migration
def m009_worn_keys(connection):
    _run(connection, "ALTER TABLE devices ADD COLUMN key_stuck INTEGER NOT NULL DEFAULT 0")


@migration
def m013_worn_flash(connection):
    """Whether a device says that its flash takes no write."""
    _run(connection, "ALTER TABLE devices ADD COLUMN flash_failing INTEGER NOT NULL DEFAULT 0")


@migration
def m010_gateway_clock(connection):
    """How far a gateway's wall clock is ahead of the hub's; null while it does not know its own."""
    _run(connection, "ALTER TABLE gateways ADD COLUMN clock_off_ms INTEGER;\n")


# ends_*: when the window closes, or was closed · closed_wall: its alarms have left the board
# told: messages of the announcement · month_day: of a monthly one, its day where the month has it
DRILLS = """
CREATE TABLE drills (
    id INTEGER PRIMARY KEY, zone INTEGER NOT NULL, planned_wall INTEGER NOT NULL, minutes INTEGER NOT NULL,
    what TEXT NOT NULL DEFAULT '', monthly INTEGER NOT NULL DEFAULT 0, month_day INTEGER,
    planned_by TEXT NOT NULL, told_wall INTEGER, told INTEGER NOT NULL DEFAULT 0,
    opened_ms INTEGER, opened_wall INTEGER, opened_by TEXT,
    ends_ms INTEGER, ends_wall INTEGER, closed_wall INTEGER,
    cancelled_wall INTEGER, cancelled_by TEXT, reason TEXT NOT NULL DEFAULT '',
    people INTEGER, note TEXT NOT NULL DEFAULT '');
CREATE INDEX drills_waiting ON drills (planned_wall) WHERE opened_ms IS NULL AND cancelled_wall IS NULL;
CREATE INDEX drills_monthly ON drills (planned_wall) WHERE monthly = 1;
CREATE INDEX drills_ends ON drills (ends_ms) WHERE ends_ms IS NOT NULL;
CREATE INDEX drills_run_out ON drills (ends_ms) WHERE closed_wall IS NULL;
CREATE INDEX incidents_drills ON incidents (opened_ms) WHERE drill = 1;
"""


@migration
def m011_drills(connection):
    _run(connection, DRILLS)


@migration
def m012_quiet_tests(connection):
    """When a post was last asked for a quiet test; answered when `tested_wall` is not before it."""
    _run(connection, "ALTER TABLE devices ADD COLUMN test_wall INTEGER;\n")


# circles: who may know of a confidential incident, drawn when it was opened (circles.py); ended_*: taken out
# access_changes: facts that decide who may know, before and after, with the accounts that changed them
# access_requests: such changes that wait for a second person; outside: lives in no house of this hub
# once_named: is or was agreed or a stand-in; stand_in: called while there are not enough agreed people
CIRCLES = """
CREATE TABLE circles (
    incident INTEGER NOT NULL REFERENCES incidents (id), account INTEGER NOT NULL REFERENCES accounts (id),
    ended_wall INTEGER, ended_by TEXT NOT NULL DEFAULT '', PRIMARY KEY (incident, account)) WITHOUT ROWID;
CREATE INDEX circles_account ON circles (account) WHERE ended_wall IS NULL;
CREATE TABLE access_changes (
    id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, at_wall INTEGER NOT NULL, made_by INTEGER, second INTEGER,
    account INTEGER, person INTEGER, fact TEXT NOT NULL, old TEXT NOT NULL, new TEXT NOT NULL);
CREATE INDEX access_changes_account ON access_changes (account, fact);
CREATE TABLE access_requests (
    id INTEGER PRIMARY KEY, what TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL, account INTEGER,
    touched TEXT NOT NULL, made_by INTEGER NOT NULL REFERENCES accounts (id), made_wall INTEGER NOT NULL,
    done_wall INTEGER, done_by INTEGER, result TEXT NOT NULL DEFAULT '');
ALTER TABLE accounts ADD COLUMN outside INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN once_named INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN stand_in INTEGER NOT NULL DEFAULT 0;
ALTER TABLE invitations ADD COLUMN zone INTEGER NOT NULL DEFAULT 0;
ALTER TABLE invitations ADD COLUMN house INTEGER NOT NULL DEFAULT 0;
ALTER TABLE invitations ADD COLUMN outside INTEGER NOT NULL DEFAULT 0;
ALTER TABLE invitations ADD COLUMN made_account INTEGER;
ALTER TABLE exclusions ADD COLUMN ended_wall INTEGER;
ALTER TABLE exclusions ADD COLUMN ended_by TEXT NOT NULL DEFAULT '';
ALTER TABLE addresses ADD COLUMN created_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE technicians ADD COLUMN account INTEGER;
"""


@migration
def m013_circles(connection):
    _run(connection, CIRCLES)


# chime: the penerima that a gateway called · origin, counter: button and first counter of the incident
PAGES = """
CREATE TABLE pages (
    chime INTEGER NOT NULL, origin INTEGER NOT NULL, counter INTEGER NOT NULL,
    gateway TEXT NOT NULL, at_wall INTEGER NOT NULL, PRIMARY KEY (origin, counter, chime)) WITHOUT ROWID;
"""


@migration
def m014_pages(connection):
    _run(connection, PAGES)


# digest: of a message that was taken from the card; seen_ms: when it last lay there
# sms_parts: words of people in the register, only until the rest has come
# inbox_*: how reading answers went, beside how sending went · inbox_room: '3/30' of the card
SMS = """
CREATE TABLE sms_taken (digest BLOB PRIMARY KEY, seen_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE sms_parts (
    sender TEXT NOT NULL, reference INTEGER NOT NULL, total INTEGER NOT NULL, number INTEGER NOT NULL,
    text TEXT NOT NULL, came_ms INTEGER NOT NULL,
    PRIMARY KEY (sender, reference, total, number)) WITHOUT ROWID;
CREATE TABLE sms_refusals (
    reason TEXT PRIMARY KEY, count INTEGER NOT NULL, changed_wall INTEGER NOT NULL) WITHOUT ROWID;
ALTER TABLE channels ADD COLUMN inbox_problem TEXT NOT NULL DEFAULT '';
ALTER TABLE channels ADD COLUMN inbox_fails INTEGER NOT NULL DEFAULT 0;
ALTER TABLE channels ADD COLUMN inbox_room TEXT NOT NULL DEFAULT '';
"""


@migration
def m015_sms(connection):
    _run(connection, SMS)


# absences: this hub was not there from from_ms to to_ms; sure: the machine measured it, see away.py
# photos.made_ms, statuses.received_ms: what ends by itself is counted in steady time, never by a wall clock
ABSENCES = """
CREATE TABLE absences (
    id INTEGER PRIMARY KEY, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, from_wall INTEGER,
    to_wall INTEGER NOT NULL, sure INTEGER NOT NULL);
ALTER TABLE photos ADD COLUMN made_ms INTEGER;
UPDATE photos SET made_ms = (SELECT coalesce(closed_ms, opened_ms) FROM incidents i WHERE i.id = incident);
CREATE INDEX photos_made ON photos (made_ms);
ALTER TABLE statuses ADD COLUMN received_ms INTEGER;
DROP INDEX incidents_kept;
CREATE INDEX incidents_kept ON incidents (confidential, kind, closed_ms) WHERE erased_wall IS NULL;
"""


@migration
def m016_absences(connection):
    _run(connection, ABSENCES)


# drill_posts: who was told of a drill, and said when that it knows of begin and end (a gateway's row: only
# that a restart has ended it)
# soundings.asked_ms: since when it is to sound by itself, null by order
# devices.siren_ms: its last word that it sounds in earnest
DRILL_POSTS = """
CREATE TABLE drill_posts (
    drill INTEGER NOT NULL REFERENCES drills (id), post INTEGER NOT NULL, gateway TEXT,
    begin_wall INTEGER, end_wall INTEGER, PRIMARY KEY (drill, post)) WITHOUT ROWID;
ALTER TABLE devices DROP COLUMN drill_wanted;
ALTER TABLE devices ADD COLUMN siren_ms INTEGER;
ALTER TABLE soundings ADD COLUMN asked_ms INTEGER;
"""


@migration
def m017_drill_posts(connection):
    _run(connection, DRILL_POSTS)
