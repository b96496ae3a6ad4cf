"""A village for browser tests: people of every role, devices, what the gateway tells, and who walks."""

import pytest
from kentongan_hub.base import states
from kentongan_hub.base.clock import Clock, Now
from kentongan_hub.devices import provision
from kentongan_hub.incidents import actions
from kentongan_hub.people import access, accounts, residents
from kentongan_hub.storage.store import Store
from kentongan_hub.web import web
from kits.browser.browser_kit import ALL_SIZES, DESKTOP
from kits.hub.hub_kit import PASSWORD, HubProcess, make_site

PEOPLE = (  # login, name, role, named for confidential incidents, PIN for the post's screen
    ("ronda", "Budi Santoso", "petugas_ronda", False, "4827"),
    ("ketua", "Siti Aminah", "ketua_rt", False, "7261"),
    ("rw", "Pak Joko", "ketua_rw", False, None),
    ("bidan", "Bidan Rina", "wakil", True, None),
    ("kader", "Bu Kader", "petugas_ronda", True, None),
    ("lurah", "Bu Lurah", "kelurahan", False, None),
)
PINS = {name: pin for _, name, _, _, pin in PEOPLE if pin}


class Village:
    """A real hub process over a site that was made on disk."""

    def __init__(self, data):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(accounts, "HASH_METHOD", "scrypt:1024:8:1")  # cheaper to check than in earnest
            self._make(data)
        self.told, self.pressed = 0, 100
        self.start()

    def _make(self, data):
        self.data, self.made = data, make_site(data)
        provision.add_device(data, "penerima", "chime-1", 5, 9)
        for house in (12, 21):
            self.made[house] = provision.add_device(data, "tombol", f"tombol-{house}", 5, house)["node"]
        with Store(data).write() as db:
            for login, name, role, named, pin in PEOPLE:
                number = accounts.add(db, 0, login, name, role, PASSWORD, named, access.OUTSIDE)
                if pin:
                    db.run("UPDATE accounts SET pin = ? WHERE id = ?", accounts.hash_password(pin), number)
            now = Now(Clock().steady_ms(), Clock().wall_ms())
            by = db.one("SELECT * FROM accounts WHERE login = 'admin'")
            for house, name, duty in ((7, "Warga Tujuh", "ronda"), (8, "Warga Delapan", "ketua_rt")):
                person = residents.add_person(db, now, by, name, 5, house, True, head=True)
                db.insert("duties", person=person, duty=duty, zone=5)

    def start(self, port=0):
        self.process = HubProcess(self.data, port)

    @property
    def address(self):
        return self.process.address

    @property
    def tablet_address(self):
        """The same hub by another name: chromium keeps its cookies apart, as a tablet's and a phone's."""
        return self.address.replace("127.0.0.1", "localhost")

    def send(self, type_, **fields):
        """Send an event of the gateway."""
        self.told += 1
        event = {"id": f"gateway-1/{self.told}", "type": type_, "at_ms": 1, "boot_id": "b", **fields}
        answer = self.process.call("/api/v1/events", {"boot_id": "b", "events": [event]}, self.made["token"])
        assert answer["accepted"] == [event["id"]], answer

    def alarm(self, **fields):
        self.pressed += 1
        self.send("alarm", **{"device": self.made["button"], "counter": self.pressed, "kind": 1, "zone": 5,
                              "hops": 1, **fields})  # fmt: skip

    def close_all(self, told=True):
        """Somebody ends all that is open, elsewhere; told: also what was told at the post."""
        with Store(self.data).write() as db:
            now = Now(Clock().steady_ms(), Clock().wall_ms())
            by = db.one("SELECT * FROM accounts WHERE login = 'ketua'")
            for row in db.all("SELECT * FROM incidents WHERE closed_ms IS NULL AND (? OR device != 0)", told):
                actions.act(db, now, row, states.TUTUP, by)
        self.send("radio", name="serial", up=True)  # the hub looks again

    def session(self, login):
        """Open a session as the form of /masuk does, and return its token."""
        with Store(self.data).write() as db:
            now = Now(Clock().steady_ms(), Clock().wall_ms())
            return accounts.open_session(db, now, db.value("SELECT id FROM accounts WHERE login = ?", login))

    def store(self):
        return Store(self.data)

    def value(self, sql, *values):
        with Store(self.data).read() as db:
            return db.value(sql, *values)

    def newest(self):
        return self.value("SELECT slug FROM incidents ORDER BY id DESC LIMIT 1")


class Night:
    """A person who walks through the pages of the village's hub."""

    def __init__(self, village, browser):
        self.village, self.browser, self.driver = village, browser, browser.driver

    def enter(self, login):
        """Be this person in a browser that knows nobody else; the form is walked where a test is of it."""
        self.browser.resize(DESKTOP)
        token = self.village.session(login)
        here = {"urls": [self.village.address]}
        for old in self.driver.execute_cdp_cmd("Network.getCookies", here)["cookies"]:
            self.driver.execute_cdp_cmd(
                "Network.deleteCookies", {"name": old["name"], "domain": old["domain"]}
            )
        cookie = {"name": web.SESSION_COOKIE, "value": token, "url": self.village.address,
                  "httpOnly": True, "sameSite": "Lax"}  # fmt: skip
        self.driver.execute_cdp_cmd("Network.setCookie", cookie)
        self.driver.get(self.village.address + "/papan")
        self.browser.wait(lambda: self.driver.find_elements("id", "papan"), f"no board for {login}")

    def forget(self):
        """Another browser: who was logged in here is not any more."""
        self.driver.get(self.village.address + "/masuk")
        self.driver.delete_all_cookies()

    def go(self, path, text):
        self.driver.get(self.village.address + path)
        self.browser.wait_text(text)

    def shot(self, name):
        self.browser.every_size(f"peran-{name}", ALL_SIZES)

    def text(self):
        return self.browser.text()

    def all(self, css):
        return self.driver.find_elements("css selector", css)

    def refused(self, path):
        """This person is told that the page is not theirs."""
        self.driver.get(self.village.address + path)
        assert "Tidak diizinkan" in self.text(), path
        self.browser.complaints()  # the refusal is in the console, too
