"""Helpers of the hub's tests: a site in a directory, a gateway and people who talk to it, a real process."""

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

from kentongan_hub.app import create_app
from kentongan_hub.base.clock import FakeClock
from kentongan_hub.base.speech import code_words
from kentongan_hub.devices import provision
from kentongan_hub.people import access, accounts
from kits.patience import PATIENCE_S

PASSWORD = "sandi yang panjang"
PIN = "4827"


def make_site(data_dir):
    """A site on disk with one gateway, two buttons and a siren post; what a Site needs to know of it."""
    provision.create_site(
        data_dir, "RT 05 Sukamaju", "admin", PASSWORD, admin_name="Bu Admin", rt=5, rw=3,
        admin_home=access.OUTSIDE,
    )  # fmt: skip
    return {
        "button": provision.add_device(data_dir, "tombol", "tombol-07", 5, 7)["node"],
        "other": provision.add_device(data_dir, "tombol", "tombol-08", 5, 8)["node"],
        "post": provision.add_device(data_dir, "sirene", "pos-1", 5)["node"],
        "token": provision.gateway_token(data_dir),
    }


class Site:
    """A made site with its app, on a clock that only advance() moves."""

    def __init__(self, data_dir, made):
        self.data_dir = data_dir
        self.button, self.other, self.post = made["button"], made["other"], made["post"]
        self.token = made["token"]
        self.clock = FakeClock()
        self.app = create_app(data_dir, clock=self.clock, dispatch=False)
        self.hub = self.app.hub
        self.sent = 0
        self.client = self.app.test_client()

    def restart(self):
        """The same data under a new app, as after a restart."""
        self.app = create_app(self.data_dir, clock=self.clock, dispatch=False)
        self.hub = self.app.hub
        self.client = self.app.test_client()

    @property
    def headers(self):
        return {"Authorization": f"Bearer {self.token}"}

    def event(self, type_, **fields):
        self.sent += 1
        return {
            "id": f"gateway-1/{self.sent}",
            "type": type_,
            "at_ms": 1000 * self.sent,
            "boot_id": "boot-1",
            "wall": None,
            "age_ms": 0,
            **fields,
        }

    def alarm(self, counter=1234, kind=1, device=None, **fields):
        return self.event("alarm", device=device or self.button, counter=counter, kind=kind, zone=5, **fields)

    def was_there(self):
        """The gateway has spoken all the time until now, as it does every ten seconds."""
        with self.hub.store.write() as db:
            db.run("UPDATE gateways SET heard_ms = ?", self.clock.now_ms)

    def post_events(self, *events):
        answer = self.client.post(
            "/api/v1/events", json={"boot_id": "boot-1", "events": list(events)}, headers=self.headers
        )
        assert answer.status_code == 200, answer.text
        return answer.json

    def orders(self, after=0):
        return self.client.get(f"/api/v1/orders?after={after}&wait=0", headers=self.headers).json["orders"]

    def done(self, *ids, result="ok"):
        return self.client.post(
            "/api/v1/orders/done",
            headers=self.headers,
            json={"ids": list(ids), "results": {str(id_): result for id_ in ids}},
        ).json

    def rows(self, sql, *values):
        with self.hub.store.read() as db:
            return db.all(sql, *values)

    def lines(self, table="timeline", where="1", *values):
        """Rows of the timeline or the record as an Indonesian page shows them."""
        return [code_words.line(row) for row in self.rows(f"SELECT * FROM {table} WHERE {where}", *values)]

    def warnings(self, where="closed_ms IS NULL", *values):
        """Warnings as an Indonesian page shows them; `code`: what the database holds."""
        rows = self.rows(f"SELECT * FROM warnings WHERE {where}", *values)
        return [{**code_words.warning(row), "code": row["what"]} for row in rows]

    def incidents(self):
        return self.rows("SELECT * FROM incidents ORDER BY id")

    def account(self, login, role, named=False, house=None):
        """The new account's id; it lives outside the RT, or in this house of RT 5 (0: nobody knows where)."""
        home = access.OUTSIDE if house is None else (5, house, 0) if house else access.UNKNOWN
        with self.hub.store.write() as db:
            return accounts.add(db, 0, login, login.title(), role, PASSWORD, named, home)

    def enter(self, login, password=PASSWORD):
        """A browser that has logged in."""
        person = Person(self.app)
        answer = person.post("/masuk", masuk=login, sandi=password)
        assert answer.status_code == 303, answer.text
        return person


def open_files(name):
    """Count the files of this name that this process holds open, also those that are there no more."""
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the folder's own, which is closed by now
            found.append(os.readlink(entry))
    return sum(name in one for one in found)


class TwoClocks:
    """Steady time goes on as it must; the wall says what it likes. At a start the wall is all there is."""

    sure = False

    def __init__(self, site):
        self.now_ms, self.wrong_ms = site.clock.now_ms, 0

    def steady_ms(self):
        return self.now_ms

    def wall_ms(self):
        return self.now_ms + self.wrong_ms

    def mark(self):
        return ""

    def advance(self, ms):
        self.now_ms += ms


class Person:
    """A browser without a screen: keeps cookies, takes the form token from the page it is on."""

    def __init__(self, app):
        self.client = app.test_client()

    def get(self, path):
        return self.client.get(path, headers={"Accept": "text/html"})

    def token(self, page="/masuk"):
        found = re.search(r'name="csrf" value="(\w+)"', self.get(page).text)
        return found[1] if found else ""

    def post(self, path, page="/masuk", origin="http://localhost", **form):
        return self.client.post(path, data={"csrf": self.token(page), **form}, headers={"Origin": origin})


def pair(site, name="Pos ronda Mawar"):
    """A tablet that an administrator has paired."""
    tablet = Person(site.app)
    code = re.search(r'class="kode"[^>]*>(\d{3}) (\d{3})<', tablet.get("/layar").text)
    answer = site.enter("admin").post("/layar/pos", page="/layar/pos", kode=code[1] + code[2], nama=name)
    assert answer.status_code == 303, answer.text
    assert tablet.get("/layar").headers["Location"] == "/papan"
    return tablet


def with_pin(site, login, role="petugas_ronda", pin=PIN):
    """The number of a new account that may answer on such a tablet."""
    number = site.account(login, role)
    with site.hub.store.write() as db:
        db.run("UPDATE accounts SET pin = ? WHERE id = ?", accounts.hash_password(pin), number)
    return number


class HubProcess:
    """`kentongan-hub run` as a real process on a free port; kill() is kill -9."""

    def __init__(self, data_dir, port=0, *options, before=()):
        program = Path(sys.executable).parent / "kentongan-hub"
        self.process = subprocess.Popen(
            [*before, program, "run", "--data", data_dir, "--port", str(port), *options],
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.errors = []
        threading.Thread(target=self._collect, daemon=True).start()
        self.address = self._line(r"(http://[\d.:]+)/")
        self.setup_code = None

    def _collect(self):
        for line in self.process.stderr:
            self.errors.append(line)

    def _line(self, pattern):
        timer = threading.Timer(PATIENCE_S, self.process.kill)
        timer.start()
        line = self.process.stdout.readline()
        timer.cancel()
        found = re.search(pattern, line)
        assert found, (line, "".join(self.errors))
        return found[1]

    def read_setup_code(self):
        self.setup_code = self._line(r"code (\d+)")
        return self.setup_code

    def call(self, path, body=None, token="", timeout_s=PATIENCE_S):
        """The JSON answer of the API."""
        request = urllib.request.Request(
            self.address + path,
            json.dumps(body).encode() if body is not None else None,
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:
            return json.loads(answer.read())

    def kill(self):
        self.process.kill()
        self._end()

    def stop(self):
        self.process.terminate()
        self._end()

    def _end(self):
        self.process.wait(timeout=PATIENCE_S)
        self.process.stdout.close()
