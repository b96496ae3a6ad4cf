"""The tables after schema.py's: trust over the air, access, codes, the plan, drills, circles, SMS."""

from sqlite3 import Connection

from kentongan_hub.storage.schema import _run, migration, migrations

__all__ = ["migrations"]

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
def m005_trust(connection: Connection) -> None:
    _run(connection, TRUST)


TROUBLES = """
CREATE TABLE troubles (
    gateway TEXT NOT NULL, name TEXT NOT NULL, detail TEXT NOT NULL, since_wall INTEGER NOT NULL,
    PRIMARY KEY (gateway, name)) WITHOUT ROWID;
"""


@migration
def m006_gateway_troubles(connection: Connection) -> None:
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
def m007_access(connection: Connection) -> None:
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
def m008_codes_and_services(connection: Connection) -> None:
    _run(connection, CODES)
    _run(connection, "ALTER TABLE contacts ADD COLUMN service TEXT NOT NULL DEFAULT ''")


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
def m009_plan_and_wear(connection: Connection) -> None:
    """Also whether a device says that a key is stuck, and that its flash takes no write."""
    _run(connection, PLAN)
    for column in ("key_stuck", "flash_failing"):
        connection.execute(f"ALTER TABLE devices ADD COLUMN {column} INTEGER NOT NULL DEFAULT 0")


@migration
def m010_gateway_clock(connection: Connection) -> None:
    """Keep a gateway's lead of wall clock over the hub's; null while it does not know its own."""
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
def m011_drills(connection: Connection) -> None:
    _run(connection, DRILLS)


@migration
def m012_quiet_tests(connection: Connection) -> None:
    """Keep the time of a post's last quiet test; answered when `tested_wall` is not before it."""
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
def m013_circles(connection: Connection) -> None:
    _run(connection, CIRCLES)


# chime: the penerima that a gateway called · origin, counter: button and first counter of the incident
PAGES = """
CREATE TABLE pages (
    chime INTEGER NOT NULL, origin INTEGER NOT NULL, counter INTEGER NOT NULL,
    gateway TEXT NOT NULL, at_wall INTEGER NOT NULL, PRIMARY KEY (origin, counter, chime)) WITHOUT ROWID;
"""


@migration
def m014_pages(connection: Connection) -> None:
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
def m015_sms(connection: Connection) -> None:
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
def m016_absences(connection: Connection) -> None:
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
def m017_drill_posts(connection: Connection) -> None:
    _run(connection, DRILL_POSTS)
