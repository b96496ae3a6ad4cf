"""Every form with whatever a hand, a browser or a stranger may put into it, of every role: never a 5xx.

The forms are the app's own POST routes and the fields those that its templates and pages name, so a new form
is tried from its first day. `make soak ONLY=forms` tries each some hundred times (KENTONGAN_FORM_CALLS);
KENTONGAN_FORM_SEED repeats a run, and a failure prints the form.
"""

import ast
import contextlib
import hashlib
import hmac
import io
import os
import random
import re
from pathlib import Path

import kentongan_hub
import pytest
from kentongan_hub.base import roles, states
from kentongan_hub.base.clock import local_date_time
from kentongan_hub.incidents.drills import drills
from kentongan_hub.people import accounts, contacts, invitations, screens
from kentongan_hub.people.watch import roster, stickers
from kentongan_hub.policies import policy
from kentongan_hub.web import web
from kentongan_wire.base.errors import LocalError
from kits.hub.hub_kit import PASSWORD, Site, make_site

SOAK = bool(os.environ.get("KENTONGAN_SOAK"))
CALLS = int(os.environ.get("KENTONGAN_FORM_CALLS", "400" if SOAK else "8"))
SEED = int(os.environ.get("KENTONGAN_FORM_SEED", "13"))
SOURCES = Path(kentongan_hub.__file__).parent
ODD = (
    *("", "²", "٣", "½", "\x00", "\ud7ff", "-1", "-0", "1e9", "0x1", "9" * 30, "9" * 5_000, " 1 ", "१"),
    *("9223372036854775807", "9223372036854775808", "255", "256", "65536", "x" * 500, "{}", "{x}", "%s", "'"),
    *("<script>", "=1+1", "\u202e", "🙏", "\n", "2026-02-30", "2026-12-26", "25.99", "10.00", "[::1", "NaN"),
)
PLAIN = (
    *("1", "2", "5", "7", "8", "tombol-07", "pos-1", "kejadian-1", "rahasia-1", "admin", "ketua_rt", "sms"),
    *("apprise", "bidan", "0812345678", "ya", PASSWORD, "WIB", "en", "jawa_umum", "tugas:ronda", "dekat:4"),
    *("hadir", "aman", "serah"),
)
NAMES = re.compile(
    r"""name="(\w+)"|(?:form|request\.form)(?:\.get|\.getlist)?[\[(]"(\w+)"|(?:whole|picked|_point)\(.*?"(\w+)"""
)
UPLOADED = (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"<svg/>", bytes(3_000))


def fields():
    texts = [
        path.read_text()
        for path in (*SOURCES.glob("web/templates/**/*.html"), *SOURCES.glob("web/pages/**/*.py"))
    ]
    found = {name for text in texts for names in NAMES.findall(text) for name in names if name}
    return sorted(found - {"csrf"})


def actions(module):
    """The words that an <action> of this module's routes may be: keys of its tables, and the states' own."""
    words = {value for value in vars(states).values() if isinstance(value, str)}
    for node in ast.walk(ast.parse(next(SOURCES.glob(f"web/pages/*/{module}.py")).read_text())):
        if isinstance(node, ast.Dict):
            words |= {key.value for key in node.keys if isinstance(key, ast.Constant)}
    return sorted(word for word in words if isinstance(word, str) and re.fullmatch("[a-z-]{3,15}", word))


# those of a policy's steps are numbered, and its pace stands in a table
STEP = ("kepada", "dekat", "orang", "telepon", "kata")
POLICY = [*policy.LIMITS, *(f"{name}-{step}" for name in STEP for step in (1, 2))]
FIELDS = sorted({*fields(), *POLICY})


class Fuzz:
    """One hub for all forms of all roles: each meets what those before it have left."""

    def __init__(self, data_dir):
        self.site = Site(data_dir, make_site(data_dir))
        self.draw = random.Random(SEED)
        self.site.post_events(self.site.alarm(counter=9))
        self.site.post_events(self.site.alarm(counter=3, device=self.site.other, silent=True, kind=8))
        self.answers, self.failed, self.tokens, self.stickers = {}, [], ["x"], ["x"]

    def prepare(self):
        """Make the objects of forms anew, as often as an earlier form has taken them away."""
        hub = self.site.hub
        now, by = hub.now(), {"id": 1, "login": "admin", "name": "Bu Admin", "role": "admin"}
        with hub.store.write() as db:
            number = db.insert("people", name="Siti", zone=5, house=7, created_wall=0)
            db.insert("addresses", person=number, channel="sms", address="+62811")
            contacts.seed(db)
            day = "-".join(reversed(local_date_time(now.wall + 3 * 86_400_000, "WIB")[:10].split("/")))
            with contextlib.suppress(LocalError):  # once there are as many as there may be
                self.tokens = ["x", invitations.make(db, now, by, "Budi", "petugas_ronda", 168)]
                drills.plan(db, now, by, day, "10.00", 20, 5)
                screens.add(db, now, by, f"Pos {number}")
            with contextlib.suppress(LocalError):
                roster.set_squad(db, now, by, None, 5, f"Regu {number}", [1])
                squad = db.value("SELECT max(id) FROM watch_squads")
                roster.add_shift(db, now, by, squad, day, "22.00", "04.00", 3)
            stickers.ready(db)
            self.stickers = [stickers.address(db, 5, house) for house in (7, 0)] + ["5-7-x", "x"]
            db.run("INSERT OR IGNORE INTO warnings (what, subject, detail, urgent, owner, opened_ms, "
                   "opened_wall) VALUES ('sirene diam', 'pos-1', '', 1, 'ronda', 0, 0)")  # fmt: skip
            db.run("UPDATE devices SET revoked = 0")

    def rules(self):
        rules = [r for r in self.site.app.url_map.iter_rules() if "POST" in r.methods]
        return sorted((r for r in rules if not r.rule.startswith("/api/")), key=lambda rule: rule.rule)

    def who(self, role):
        """(client, csrf token) of a fresh session: earlier forms may have ended any."""
        hub = self.site.hub
        with hub.store.write() as db:
            row = db.one("SELECT id FROM accounts WHERE login = ?", f"uji-{role}")
            number = row["id"] if row else accounts.add(db, 0, f"uji-{role}", role, role, PASSWORD)
            named = int(role not in roles.NEVER_NAMED)
            sql = "UPDATE accounts SET active = 1, role = ?, named_for_confidential = ? WHERE id = ?"
            db.run(sql, role, named, number)
            token = accounts.open_session(db, hub.now(), number)
        client = self.site.app.test_client()
        client.set_cookie(web.SESSION_COOKIE, token)
        return client, hmac.new(token.encode(), b"kentongan csrf", hashlib.sha256).hexdigest()

    def address(self, rule):
        module = self.site.app.view_functions[rule.endpoint].__module__.rpartition(".")[2]
        known = {"slug": ("kejadian-1", "kejadian-2", "rahasia-1", "x"), "action": actions(module),
                 "label": ("tombol-07", "pos-1", "tombol-08", "x"), "token": self.tokens,
                 "what": ("regu", "giliran", "x"), "house": self.stickers,
                 "name": ("sms", "apprise", "mqtt", "x")}  # fmt: skip

        def part(found):
            if found[1] == "int":
                return str(self.draw.choice((1, 1, 1, 2, 3, 4, 5, 0, 77, (1 << 63) - 1)))
            return self.draw.choice(known[found[2]])

        return re.sub(r"<(?:(\w+):)?(\w+)>", part, rule.rule)

    def send(self, rule, role, form):
        client, csrf = self.who(role)
        address = self.address(rule)
        body = {"csrf": csrf, **form}
        if rule.endpoint in web.UPLOADS:
            name = "foto" if "foto" in rule.rule else "gambar"
            body[name] = (io.BytesIO(self.draw.choice(UPLOADED)), "a.jpg")
        answer = client.post(address, data=body, headers={"Origin": "http://localhost"})
        self.answers.setdefault(rule.endpoint, set()).add(answer.status_code)
        if answer.status_code >= 500:
            self.failed.append((address, role, form, answer.status_code))
        answer.close()

    def mixed(self):
        """Some fields plain, some odd, some missing, some twice."""
        out = {}
        for name in self.draw.sample(FIELDS, self.draw.randint(1, len(FIELDS))):
            kinds = self.draw.choices((ODD, PLAIN, PLAIN), k=self.draw.choice((1, 1, 3)))
            values = [self.draw.choice(kind) for kind in kinds]
            out[name] = values[0] if len(values) == 1 else values
        return _short(out)


def _short(form):
    """Below the limit of a form, which is another answer than the one that is looked for here."""
    long = len(str(form)) > 20_000
    return {key: value for key, value in form.items() if not long or "9" * 5_000 not in value}


@pytest.fixture(scope="module")
def fuzz(tmp_path_factory):
    return Fuzz(tmp_path_factory.mktemp("forms") / "data")


def test_the_forms_and_their_fields_are_found(fuzz):
    assert len(fuzz.rules()) > 45 and {"rt", "rumah", "alasan", "sandi", "detik", "ulang"} <= set(FIELDS)
    assert {"tugas", "akun"} <= set(actions("register")) and "datang" in actions("incident")


def test_no_form_of_any_role_breaks_on_whatever_is_in_it(fuzz):
    for rule in fuzz.rules():
        fuzz.prepare()
        for odd in ODD if SOAK else fuzz.draw.sample(ODD, 6):
            fuzz.send(rule, "admin", dict.fromkeys(FIELDS[:80], odd) if len(odd) < 200 else {FIELDS[0]: odd})
        for _ in range(CALLS):
            fuzz.send(rule, "admin", fuzz.mixed())
        for role in roles.ROLES:
            for _ in range(max(1, CALLS // 8)):
                fuzz.send(rule, role, fuzz.mixed())
    assert fuzz.failed == []
    closed = {name for name, codes in fuzz.answers.items() if codes <= {401, 403, 404, 405}}
    assert len(closed) <= len(fuzz.answers) // 5, f"only closed doors were tried at {closed}"


def test_afterwards_every_page_opens_and_an_alarm_is_taken(fuzz):
    client, _ = fuzz.who("admin")
    for rule in fuzz.site.app.url_map.iter_rules():
        held = rule.endpoint in ("board.stream", "api.get_orders")
        if "GET" in rule.methods and not rule.arguments and not held:
            assert client.get(rule.rule).status_code < 500, rule.rule
    assert fuzz.site.post_events(fuzz.site.alarm(counter=900))["accepted"]
    fuzz.site.clock.advance(121_000)
    fuzz.site.hub.dispatch.step()
    assert fuzz.site.hub.dispatch.failed_parts == 0


KNOWN = (
    ("/u/x", {"sandi": "a", "sandi2": "b"}, 404),
    ("/kebijakan", {"jenis": "1", "rt": "0", "ulang": "abc"}, 400),
    ("/kebijakan", {"jenis": "1", "rt": "0", "ulang": "\x00"}, 400),
    ("/kebijakan", {"jenis": "1", "rt": "0", "detik": ["0", "120"], "sirene": ["tidak", "rt"],
                    "kepada-1": "warga", "dekat-2": "dekat:" + "9" * 5_000, "orang-2": "orang:x"}, 400),
    ("/warga/1/akun", {"akun": "77"}, 400),
)  # fmt: skip


@pytest.mark.parametrize(("path", "form", "code"), KNOWN)
def test_a_form_with_a_mistake_is_answered_in_words(site, path, form, code):
    admin = site.enter("admin")
    admin.post("/warga", page="/warga", nama="A", rt="5", rumah="7", setuju="1")
    answer = admin.post(path, page="/kontak", **form)
    assert answer.status_code == code and "Pusat data terganggu" not in answer.text
