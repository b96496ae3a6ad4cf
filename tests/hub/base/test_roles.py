"""Each role's account, in an enemy's hand, tries every form of the app: what it cannot make untrue.

Columns of docs/threats.toml. A walk sends every POST route with plain values, twice, so that the second round
meets what the first has made; what a role may do by its permissions it may do, in its own name.
"""

import hashlib
import hmac
import re
import shutil

import pytest
from kentongan_hub.base import roles
from kentongan_hub.incidents.told import raised
from kentongan_hub.people import accounts
from kentongan_hub.web import web
from kentongan_hub.web.pages.incidents import incident as incident_page
from kentongan_wire.message import messages as m
from kits.hub import role_table
from kits.hub.hub_kit import Site

LOGIN, NAME = "maling_akun", "Maling_Akun"
ENDING = {"entry.leave", "settings.leave_everywhere", "settings.set_password", "entry.enter"}
WORDS = {  # what stands for <action> and <what> of a route
    "incident.act": tuple(incident_page.ACTIONS),
    "people.change": ("matikan", "hidupkan", "rahasia", "pengganti"),
    "register.change": ("alamat", "tugas", "akun", "kosong"), "drill.change": ("mulai", "batal", "selesai"),
    "register.house": ("keluar",), "contacts.change": ("dicek",), "warnings.act": ("urus", "selesai"),
    "access.second": ("benarkan", "tolak"), "invite.end": ("batal",), "register.consent": ("tarik",),
}  # fmt: skip
SAMPLES = {"slug": "kejadian-1", "number": "1", "label": "tombol-07", "zone": "5", "name": "sms",
           "table": "kejadian", "form": "csv", "filename": "hub.css"}  # fmt: skip
FORM = {
    "rt": "5", "rumah": "7", "alasan": "iseng", "jam": "24", "jenis": "2", "isi": "x", "patokan": "x",
    "nama": "Nama Baru", "masuk": "baru", "sandi": "sandi yang cukup",
    "peran": "petugas_ronda", "kanal": "sms",
    "alamat": "081234567890", "nomor": "081234567891", "layanan": "polsek", "menit": "20", "apa": "x",
    "orang": "1", "dengan": "kejadian-2", "catatan": "x", "pesan": "x", "setuju": "1", "tugas": "ronda",
    "yakin": "1", "profil": "bali", "hidup": "0", "zona": "WIT", "kode": "000000", "pin": "0000",
    "detik": ["0", "120"],
    "sirene": ["rw", "rw"], "kepada": ["warga", "warga"], "kartu": ["", ""], "bulanan": "1", "ke": "/papan",
}  # fmt: skip


class Walk:
    """A site on which one role's account sends forms."""

    def __init__(self, site, role):
        self.site, self.role = site, role
        self.number = site.account(LOGIN, role)
        self.answers = []

    def may(self, permission):
        return role_table.may(self.role, permission)

    def _enter(self):
        """A fresh session."""
        hub = self.site.hub
        with hub.store.write() as db:
            db.run("UPDATE accounts SET active = 1 WHERE id = ?", self.number)
            token = accounts.open_session(db, hub.now(), self.number)
        client = self.site.app.test_client()
        client.set_cookie(web.SESSION_COOKIE, token)
        return client, hmac.new(token.encode(), b"kentongan csrf", hashlib.sha256).hexdigest()

    def _paths(self, slug, without):
        for rule in sorted(self.site.app.url_map.iter_rules(), key=str):
            left_out = rule.endpoint in ENDING or rule.endpoint in without
            if "POST" not in rule.methods or left_out or str(rule).startswith("/api/"):
                continue
            for word in WORDS.get(rule.endpoint, ("x",)):
                values = {**SAMPLES, "slug": slug, "action": word, "what": word}
                yield re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values.get(found[1], word), str(rule))  # noqa: B023

    def send_everything(self, *slugs, label="tombol-07", without=()):
        for _ in range(2):
            for slug in slugs or ("kejadian-1",):
                client, csrf = self._enter()
                for path in self._paths(slug, without):
                    address = path.replace("tombol-07", label)
                    for _ in range(2):
                        form = {"csrf": csrf, **FORM}
                        answer = client.post(address, data=form, headers={"Origin": "http://localhost"})
                        answer.close()
                        if answer.status_code != 401:
                            break
                        client, csrf = self._enter()  # an earlier form has ended the session
                    self.answers.append((address, answer.status_code))
                self.site.clock.advance(60_000)
        done = {code for _, code in self.answers}
        assert done <= {200, 201, 302, 303, 400, 401, 403, 404, 405, 409, 413, 429}, self.answers
        return self

    def let_time_pass(self, minutes=10):
        """Let what the forms began go its way: steps of policies sound and call, no form does."""
        for _ in range(minutes):
            self.site.clock.advance(60_000)
            self.site.hub.dispatch.step()

    def orders(self, type_):
        columns = "json_extract(body, '$.stage') AS stage, json_extract(body, '$.action') AS action"
        return self.site.rows(f"SELECT {columns} FROM outbox WHERE type = ?", type_)

    def lines(self, what):
        """Rows of the record about this, and who did it."""
        return self.site.rows("SELECT who FROM audit WHERE what = ?", what)


@pytest.fixture
def walk(site, role):
    return Walk(site, role)


class Walked(Walk):
    """A walk that is over: the tests that share it only look at what came of it."""

    TABLES = ("settings", "policies", "codes", "channels", "contacts", "people", "accounts")

    def __init__(self, site, role, alarms):
        super().__init__(site, role)
        if alarms:
            site.post_events(site.alarm(), site.alarm(counter=3, device=site.other))
        self.before = self.state()
        self.send_everything()
        self.after = self.state()

    def state(self):
        """Rows that a person sets, without what each may change of the own account."""
        by_person = ("name", "time_zone", "address", "stand_in", "retention", "rt", "rw")
        out = {name: self.site.rows(f"SELECT * FROM {name}") for name in self.TABLES}
        out["settings"] = [row for row in out["settings"] if row["key"] in by_person]
        out["accounts"] = [{**row, "pin": None} for row in out["accounts"]]
        return out


@pytest.fixture(scope="module")
def walks(prototype, tmp_path_factory):
    """Make the walk of a role once: without alarms, or with two."""
    made_dir, made = prototype
    kept = {}

    def walked(role, alarms):
        if (role, alarms) not in kept:
            data = tmp_path_factory.mktemp("walk") / "data"
            shutil.copytree(made_dir, data)
            kept[role, alarms] = Walked(Site(data, made), role, alarms)
        return kept[role, alarms]

    return walked


@pytest.fixture
def at_rest(walks, role):
    return walks(role, False)


@pytest.fixture
def in_alarm(walks, role):
    return walks(role, True)


each_role = pytest.mark.parametrize("role", roles.ROLES)


def test_roles_may_what_stands_in_the_table_and_nothing_else():
    assert {role: sorted(some) for role, some in roles.PERMISSIONS.items()} == {
        role: sorted(some.split()) for role, some in role_table.MAY.items()
    }
    assert {role: " ".join(some) for role, some in roles.INVITES.items()} == role_table.INVITES
    assert sorted(roles.ROLES) == sorted(role_table.MAY) and roles.NEVER_NAMED == ("tamu_layar",)


@each_role
def test_without_an_alarm_a_siren_starts_only_on_purpose_by_a_role_that_may_and_on_the_record(walk):
    walk.send_everything("kejadian-1", "rahasia-1", without=("raised.send",))
    walk.let_time_pass()
    starts = [one for one in walk.orders("siren") if one["action"] == "start"]
    assert starts == [], "a report that somebody wrote down calls people and sounds nothing"
    walk.send_everything("kejadian-1")
    starts = [one for one in walk.orders("siren") if one["action"] == "start"]
    assert bool(starts) == walk.may(roles.SIREN)
    lines = walk.lines("raised")
    assert {one["who"] for one in lines} == ({NAME} if starts else set())
    assert len(lines) <= raised.PERSON_MAX
    assert walk.may(roles.DRILL) or walk.orders("drill") == []


@each_role
def test_no_account_says_that_an_alarm_was_received(in_alarm):
    stages = {one["stage"] for one in in_alarm.orders("stage")}
    assert stages <= {m.STAGE_COMING, m.STAGE_CLOSED}, "stored is the gateway's own word"


@each_role
def test_no_account_says_in_anothers_name_that_somebody_comes(in_alarm):
    came = in_alarm.site.rows("SELECT who FROM timeline WHERE what IN ('coming', 'arrived')")
    assert {one["who"] for one in came} <= {NAME}
    by = {one["answered_by"] for one in in_alarm.site.incidents()}
    assert by <= {None, NAME}
    if not in_alarm.may(roles.COME):
        assert by == {None} and m.STAGE_COMING not in {one["stage"] for one in in_alarm.orders("stage")}


@each_role
def test_whatever_an_account_did_the_next_press_is_kept_and_shown(walk):
    site = walk.site
    walk.send_everything(without=("device.unmute",))  # whoever mutes does not end it himself
    site.post_events(site.alarm(counter=90, device=site.other, kind=2))
    assert site.rows("SELECT counter FROM alarms WHERE device = ?", site.other) == [{"counter": 90}]
    (incident,) = [one for one in site.incidents() if one["device"] == site.other]
    assert incident["state"] == "baru" and incident["muted"] == 0
    assert f"/kejadian/{incident['slug']}" in site.enter("admin").get("/papan").text
    assert site.rows("SELECT 1 AS n FROM devices WHERE revoked = 1 AND node = ?", site.other) == []


@each_role
def test_a_button_goes_silent_only_by_a_role_that_may_and_on_the_record(at_rest):
    site, walk = at_rest.site, at_rest
    muted, revoked = walk.lines("button_muted"), walk.lines("device_revoked_on_page")
    assert {one["who"] for one in muted + revoked} <= {LOGIN}
    assert bool(muted) == walk.may(roles.MUTE) and bool(revoked) == walk.may(roles.REVOKE)
    (button,) = site.rows("SELECT * FROM devices WHERE node = ?", site.button)
    assert bool(button["revoked"]) == bool(revoked)
    assert muted or button["muted_until_ms"] is None


@each_role
def test_no_account_mutes_a_silent_alarm(walk):
    """But by revoking its button, which only who may revoke does: that is undone here."""
    site = walk.site
    walk.send_everything(label="tombol-08")
    with site.hub.store.write() as db:
        db.run("UPDATE devices SET revoked = 0, revoked_ms = NULL WHERE node = ?", site.other)
    client, csrf = walk._enter()
    client.post("/perangkat/tombol-08/bisukan", data={"csrf": csrf, **FORM},
                headers={"Origin": "http://localhost"}).close()  # fmt: skip
    (until,) = site.rows("SELECT muted_until_ms AS ms FROM devices WHERE node = ?", site.other)
    assert bool(until["ms"] and until["ms"] > site.clock.now_ms) == walk.may(roles.MUTE), "this very button"
    site.post_events(site.alarm(counter=9, silent=True, kind=m.KIND_KEKERASAN, device=site.other))
    (incident,) = [one for one in site.incidents() if one["confidential"]]
    assert (incident["muted"], incident["state"]) == (0, "baru")
    assert [one for one in site.orders() if one["type"] == "page" and one["device"] == site.other]


@each_role
def test_settings_change_only_by_a_role_that_may_and_on_the_record(at_rest):
    site, walk = at_rest.site, at_rest
    tables = {
        "settings": roles.SYSTEM, "policies": roles.POLICY, "codes": roles.POLICY, "channels": roles.SYSTEM,
        "contacts": roles.POLICY, "people": roles.REGISTER, "accounts": roles.ACCOUNTS,
    }  # fmt: skip
    assert tuple(tables) == walk.TABLES
    before, after = walk.before, walk.after
    for table, permission in tables.items():
        if not walk.may(permission) and not (table == "accounts" and walk.may(roles.INVITE)):
            assert after[table] == before[table], table
    if after != before:
        assert LOGIN in {one["who"] for one in site.rows("SELECT who FROM audit")}


@each_role
def test_no_account_makes_a_dead_device_look_alive(walk):
    site = walk.site
    status = {"device": site.post, "role": "sirene", "body": {"flags": 1}}
    site.post_events(site.event("status", **status, rssi=-80, snr_q=2))
    heard = site.rows("SELECT node, heard_ms FROM devices ORDER BY node")
    site.clock.advance(86_400_000)
    site.was_there()
    site.hub.dispatch.step()
    open_ = site.rows("SELECT what, subject FROM warnings WHERE closed_ms IS NULL AND subject = 'pos-1'")
    assert open_, "the post is missed"
    walk.send_everything(label="tombol-08")
    site.clock.advance(10_000)
    site.hub.dispatch.step()
    assert site.rows("SELECT node, heard_ms FROM devices ORDER BY node") == heard
    still = site.rows("SELECT what, subject FROM warnings WHERE closed_ms IS NULL")
    assert [one for one in open_ if one not in still] == []
