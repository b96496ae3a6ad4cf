"""An RT whose devices, gateway and hub all run their real cores, and a person who reads what it shows.

Devices are box.py's, the gateway is house.py's, the hub is the real application on its real database with a
modem (phone.py). The person logs in, reads pages, answers; time is virtual.
"""
import json
import os
import random
import re
import sqlite3
from pathlib import Path

from kentongan_gateway.hub_client.uplink import HubError
from kentongan_gateway.service import keyfile
from kentongan_hub.app import create_app
from kentongan_hub.base.clock import Clock
from kentongan_hub.devices import provision
from kentongan_hub.people import access, accounts
from kentongan_hub.record import away, failures, rows
from kentongan_hub.upkeep import mending
from kentongan_wire.packet import Channel

from kentongan_sim.soak.campaign_gateway import EPOCH_S
from kentongan_sim.soak.field.box import Box
from kentongan_sim.soak.field.gate import Gate, beaten_by
from kentongan_sim.soak.field.phone import Phone, plugged_in
from kentongan_sim.soak.radio import Air, Board
from kentongan_sim.soak.site import ANSWER_MS, ZONE, Link, Site
from kentongan_sim.soak.timeline import Timeline

PASSWORD = "sandi yang panjang"
ROUND_MS = 3_000     # the hub's dispatch works this often
BUTTONS = 8
UP_MS = 3_600_000    # the hub's machine has run for so long when all begins
LABEL = "gateway-1"
POSTS = ("pos-1", "pos-2")
AGREED = (("bidan", 9), ("kader", 12))
WARNED = ("Siti", "+6281211110001"), ("Budi", "+6281222220002")
READ = ("/peringatan", "/perangkat", "/kanal", "/papan")


class Machine(Clock):
    """The hub's clocks over virtual time: `place` says how long the machine runs and what its wall says."""

    def __init__(self, place, floor_ms=0, mark=""):
        self._place = place
        super().__init__(floor_ms, mark)

    def uptime_ms(self):
        return self._place.timeline.now_ms - self._place.hub_boot_ms

    def boot_id(self):
        return f"boot-{self._place.hub_boots}"

    def wall_ms(self):
        return EPOCH_S * 1000 + self._place.timeline.now_ms + self._place.wall_wrong_ms


class Way(Link):
    """As Link; the hub may be down, and what it says may be altered on the way (`alter(path, reply)`)."""

    def __init__(self, town, token):
        super().__init__(town, token)
        self.alter, self.over, self.token = None, None, token  # over: another line than the usual one

    def call(self, method, path, body=None):
        if not self._town.hub_up:
            raise HubError(0, "ConnectionRefusedError")
        call = self.over or super().call
        answer = call(method, path, body)
        return self.alter(path, answer) if self.alter else answer


class Place(Site):
    """See the module. `warnings()` are those open now, as (what, subject)."""

    def __init__(self, directory, seed, disk, stack):
        self.rng = random.Random(seed)
        self.timeline, self.disk = Timeline(), disk
        self.air = Air(self.timeline)
        self.folder = Path(directory)
        self.data = self.folder / "hub"
        self.data.mkdir(parents=True)
        self.deaths = []  # what ended that no fault has killed
        self.hub_boots, self.hub_boot_ms, self.wall_wrong_ms, self.hub_up = 1, -UP_MS, 0, False
        self.phone = Phone(self.rng)
        stack.enter_context(plugged_in(self.phone))
        stack.enter_context(beaten_by(lambda: self.timeline.now_ms))
        self.links, self.log, self.sounds, self.memo, self.closed_ms = {}, [], [], {}, {}
        self._make_site()
        provision.gateway_file(self.data, LABEL, ZONE)
        self.start_hub()
        self._build(self.data, LABEL, self.folder / LABEL)
        self._make_people()
        self.round_ms = ROUND_MS
        self.timeline.after(ROUND_MS, self._round)

    def _make_site(self):
        provision.create_site(self.data, "RT 05", "admin", PASSWORD, admin_name="Bu Admin", rt=ZONE, rw=3,
                              admin_home=access.OUTSIDE)
        files = {}
        for number in range(1, BUTTONS + 1):
            label = f"tombol-{number:02}"
            files[label] = provision.add_device(self.data, "tombol", label, ZONE, number, one_press=True)
        for label in POSTS:
            files[label] = provision.add_device(self.data, "sirene", label, ZONE, has_sense=True)
        files["penerus-1"] = provision.add_device(self.data, "penerus", "penerus-1", ZONE)
        self.channel = Channel(files["pos-1"]["channel_name"], bytes.fromhex(files["pos-1"]["channel_key"]))
        self.boxes = {}
        for label, file in files.items():
            seed = self.rng.getrandbits(32)
            self.boxes[label] = Box(self.timeline, self.air, label, file, seed, self._sounded)

    def _build(self, data, label, folder):
        folder.mkdir()
        path = folder / "keys.json"
        path.write_text(json.dumps(provision.gateway_file(data, label, ZONE)))
        os.chmod(path, 0o600)
        self.links[label] = Way(self, provision.gateway_token(data, label))
        board = Board(self.timeline, self.air, provision.modem_file(data, label), self.rng)
        self.house = Gate(self, label, keyfile.load(path), folder / "state", board, self.disk)
        self.house.board = board

    def _make_people(self):
        with self.app.hub.store.write() as db:
            for name, number in WARNED:  # first: rows.py damages the first of them
                person = self._reachable(db, name, 10, number)
                db.insert("duties", person=person, duty="ronda")
            for login, house in AGREED:
                home = (ZONE, house, 0)
                account = accounts.add(db, 0, login, login, "petugas_ronda", PASSWORD, True, home)
                self._reachable(db, login, house, f"+62812333300{house:02}", account=account)
        self.form("/kanal/sms", "/kanal", hidup="1", port="/dev/modem")

    @staticmethod
    def _reachable(db, name, house, number, **more):
        person = db.insert("people", name=name, zone=ZONE, house=house, created_wall=0, **more)
        db.insert("addresses", person=person, channel="sms", address=number)
        return person

    def died(self, what):
        if what not in self.deaths:  # what is started anew and anew is told once
            self.deaths.append(what)

    def power_on(self):
        self.house.start()
        for box in self.boxes.values():
            self.timeline.after(self.rng.randrange(20_000), box.power_on)

    # the hub

    def start_hub(self):
        """The hub's process begins, as `kentongan-hub run` begins it."""
        with mending.open_store(self.data).read() as db:
            clock = Machine(self, int(db.setting("steady_ms", 0)), db.setting("clock_mark"))
        self.app = create_app(self.data, clock=clock, dispatch=False)
        self.client = self.app.test_client()
        self._browser = self.app.test_client()
        self.hub_up = True

    def stop_hub(self):
        """It is gone without a word."""
        self.hub_up = False
        for worker in self.app.hub.dispatch.workers:
            worker.close()

    def hub_power_cut(self):
        """The hub's machine starts anew, so many ms of uptime later than it ends now."""
        self.stop_hub()
        self.hub_boots += 1

    def hub_power_back(self):
        self.hub_boot_ms = self.timeline.now_ms - 30_000  # a Pi's own start
        self.start_hub()

    def _round(self):
        self.timeline.after(self.round_ms, self._round)
        if not self.hub_up:
            return
        try:
            self.app.hub.dispatch.step()
            self._answer_all()
        except sqlite3.Error as error:
            self.said("hub", f"round: {error}")  # as its thread: it goes on with the next one

    def _answer_all(self):
        before = self.app.hub.now().ms - ANSWER_MS
        for row in self.rows("SELECT * FROM incidents WHERE state = 'baru' AND opened_ms <= ?", before):
            self.act(row, "datang")

    def _now(self):
        return self.app.hub.now()

    def absences(self):
        with self.app.hub.store.read() as db:
            return len(away.of(db).rows)

    def rows(self, sql, *values):
        with self.app.hub.store.read() as db:
            return db.all(sql, *values)

    # the person

    def page(self, path):
        """The text of a page for the administrator, who logs in where the hub asks; '' while it is down."""
        if not self.hub_up:
            return ""
        answer = self._browser.get(path, headers={"Accept": "text/html"})
        if answer.status_code in (302, 303):
            self._log_in()
            answer = self._browser.get(path, headers={"Accept": "text/html"})
        return answer.text

    def _log_in(self):
        found = re.search(r'name="csrf" value="(\w+)"', self._browser.get("/masuk").text)
        form = {"csrf": found[1] if found else "", "masuk": "admin", "sandi": PASSWORD}
        self._browser.post("/masuk", data=form, headers={"Origin": "http://localhost"})

    def form(self, path, page, **fields):
        """The answer to a form that stands on `page`."""
        found = re.search(r'name="csrf" value="(\w+)"', self.page(page))
        form = {"csrf": found[1] if found else "", **fields}
        return self._browser.post(path, data=form, headers={"Origin": "http://localhost"})

    def shows(self, path, words):
        """Whether that page says it now."""
        return words in self.page(path)

    def warnings(self):
        return {(row["what"], row["subject"]) for row in
                self.rows("SELECT what, subject FROM warnings WHERE closed_ms IS NULL")}

    def _sounded(self, box, pattern):
        self.sounds.append((self.timeline.now_ms, box.label, pattern))

    def siren_played(self, label, origin, counter, pattern):
        self.sounds.append((self.timeline.now_ms, label, pattern))

    def receipted(self, press, stage):
        return

    # between two faults

    def set_right(self, rng):
        """Whatever the fault left is in order again, as somebody who was told would put it."""
        self.wall_wrong_ms = 0
        with self.app.hub.store.write() as db:
            mending.settle(db, self._now(), {"login": "admin"})
            db.run("UPDATE soundings SET changed_ms = 0")
            db.run("UPDATE gateways SET clock_off_ms = 0")
        self.form("/kanal/sms", "/kanal", hidup="1", port="/dev/modem")

    def forget(self):
        """The words that stay for a while after their cause is over are over as well."""
        with self.app.hub.store.write() as db:
            db.run("DELETE FROM absences")
            db.run("DELETE FROM troubles")
            db.run("DELETE FROM refusals")
            for key in ("wall_ms", "wall_back_ms", failures.NOTED, rows.FOUND):
                db.run("DELETE FROM settings WHERE key = ?", key)
            db.run("UPDATE warnings SET closed_ms = 1 WHERE closed_ms IS NULL")
        for name in ("restart", "clock", "disk_state", "disk_spool", "disk_lost"):
            self.house._do("trouble", name, None)
        self.app.hub.dispatch.watch_soon()

    def close(self):
        self.stop_hub()
        self.house.switch_off()
