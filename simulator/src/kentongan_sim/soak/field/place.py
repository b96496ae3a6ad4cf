"""An RT whose devices, gateway and hub all run their real cores, and a person who reads what it shows.

Devices are box.py's, the gateway is gate.py's, the hub is the real application on its real database with a
modem (phone.py). The person logs in, reads pages, answers; time is virtual.
"""

import random
import re
import socket
import sqlite3
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypedDict

from kentongan_hub.app import HubFlask
from kentongan_hub.base.clock import Clock
from kentongan_hub.base.speech import code_words
from kentongan_hub.base.tables import Value
from kentongan_hub.devices import provision
from kentongan_hub.people import access, accounts
from kentongan_hub.record import away, failures, rows
from kentongan_hub.storage.store import Db
from kentongan_hub.upkeep import mending
from waitress.server import TcpWSGIServer
from werkzeug.test import TestResponse

from kentongan_sim.physics.shapes import Detail, Ms, Us
from kentongan_sim.soak.campaign_gateway import FaultyLink
from kentongan_sim.soak.disk import Disk
from kentongan_sim.soak.field.box import Box
from kentongan_sim.soak.field.gate import Gate, beaten_by
from kentongan_sim.soak.field.phone import Phone, plugged_in
from kentongan_sim.soak.site import ZONE, Ground
from kentongan_sim.world.gateways.gateway_host import EPOCH_S
from kentongan_sim.world.gateways.real_hub import RealHub

PASSWORD = "sandi yang panjang"
BUTTONS = 8
UP_MS = 3_600_000  # the hub's machine has run for so long when all begins
LABEL = "gateway-1"
POSTS = ("pos-1", "pos-2")
AGREED = (("bidan", 9), ("kader", 12))
WARNED = ("Siti", "+6281211110001"), ("Budi", "+6281222220002")


class Damaged(TypedDict):
    """A row before rows.py damaged it."""

    at: int
    was: Value


class Memo(TypedDict, total=False):
    """Memory of a fault until its end."""

    pressed: Box
    begun: Ms
    phase: str
    box: Box  # that has the fault
    sent: int  # messages of the modem
    socket: socket.socket  # of the broker
    refused: bool
    answers: list[tuple[str, int, str]]  # path, code, text
    server: TcpWSGIServer
    thread: threading.Thread
    held: list[socket.socket]
    row: Damaged
    order: int
    altered: int


class Machine(Clock):
    """The hub's clocks over virtual time: `place` says how long the machine runs and what its wall says."""

    def __init__(self, place: "Place", floor_ms: int = 0, mark: str = "") -> None:
        self._place = place
        super().__init__(floor_ms, mark)

    def uptime_ms(self) -> int:
        return self._place.now_ms - self._place.hub_boot_ms

    def boot_id(self) -> str:
        return f"boot-{self._place.hub_boots}"

    def wall_ms(self) -> int:
        return EPOCH_S * 1000 + self._place.now_ms + self._place.wall_wrong_ms


class Hub(RealHub):
    """Its machine's clock may be wrong, and its disk may fail."""

    def __init__(self, place: "Place") -> None:
        self._place = place
        super().__init__(place.world, place.data, beside=place.answer_all)

    def make_clock(self) -> Machine:
        with mending.open_store(self.data).read() as db:
            return Machine(self._place, int(db.setting("steady_ms", "0")), db.setting("clock_mark"))

    def work(self) -> None:
        try:
            super().work()
        except sqlite3.Error as error:
            self._place.said("hub", f"round: {error}")  # as its thread: it goes on with the next one


class Way(FaultyLink):
    """Link on which the hub's replies are altered (`alter(path, reply)`) or come by another line (`over`)."""

    alter: Callable[[str, Any], Any] | None = None
    over: Callable[..., Any] | None = None

    def call(self, method: str, path: str, body: object = None) -> Any:
        call = self.over if self.over and self.hub.up else super().call
        answer = call(method, path, body)
        return self.alter(path, answer) if self.alter else answer


class Place(Ground[Gate, Way]):
    """See the module. `warnings()` are those open now, as (what, subject) on an Indonesian page."""

    gateway_class, link_class, host_class = Gate, Way, Box
    hub: Hub

    def __init__(self, directory: str | Path, seed: int, disk: Disk | None, stack: ExitStack) -> None:
        super().__init__(directory, seed, disk)
        self.deaths: list[str] = []  # what ended that no fault has killed
        self.hub_boots, self.hub_boot_ms, self.wall_wrong_ms = 1, -UP_MS, 0
        self.phone = Phone(self.rng)
        stack.enter_context(plugged_in(self.phone))
        stack.enter_context(beaten_by(lambda: self.now_ms))
        self.sounds: list[tuple[Ms, str]] = []  # when, who
        self.memo: Memo = {}
        self._make_site()
        self.build([LABEL])
        self.boxes = {
            label: box
            for label, box in self.world.nodes.items()
            if isinstance(box, Box) and box.place.role != "modem"
        }
        self.hub = Hub(self)
        self._browser = self.app.test_client()
        self.open_gateways(self.hub)
        self.house = self.houses[LABEL]
        self._make_people()

    def _make_site(self) -> None:
        provision.create_site(
            self.data,
            "RT 05",
            "admin",
            PASSWORD,
            admin_name="Bu Admin",
            rt=ZONE,
            rw=3,
            admin_home=access.OUTSIDE,
        )
        for number in range(1, BUTTONS + 1):
            self.add("tombol", f"tombol-{number:02}", house=number, one_press=True)
        for label in POSTS:
            self.add("sirene", label, has_sense=True)
        self.add("penerus", "penerus-1")

    def _make_people(self) -> None:
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
    def _reachable(db: Db, name: str, house: int, number: str, **more: int) -> int:
        person = db.insert("people", name=name, zone=ZONE, house=house, created_wall=0, **more)
        db.insert("addresses", person=person, channel="sms", address=number)
        return person

    @property
    def app(self) -> HubFlask:
        return self.hub.app

    def died(self, what: str) -> None:
        if what not in self.deaths:  # what is started anew and anew is told once
            self.deaths.append(what)

    # the hub

    def start_hub(self) -> None:
        self.hub.start()
        self._browser = self.app.test_client()

    def hub_power_cut(self) -> None:
        """Start the hub's machine anew, so many ms of uptime later than it ends now."""
        self.hub.stop()
        self.hub_boots += 1

    def hub_power_back(self) -> None:
        self.hub_boot_ms = self.now_ms - 30_000  # a Pi's own start
        self.start_hub()

    def absences(self) -> int:
        with self.app.hub.store.read() as db:
            return len(away.of(db).rows)

    def rows(self, sql: str, *values: Any) -> list[Any]:
        return self.hub.rows(sql, *values)

    # the person

    def page(self, path: str) -> str:
        """Return a page's text for the administrator, who logs in where the hub asks; '' while it is down."""
        if not self.hub.up:
            return ""
        answer = self._browser.get(path, headers={"Accept": "text/html"})
        if answer.status_code in (302, 303):
            self._log_in()
            answer = self._browser.get(path, headers={"Accept": "text/html"})
        return answer.text

    def _log_in(self) -> None:
        found = re.search(r'name="csrf" value="(\w+)"', self._browser.get("/masuk").text)
        form = {"csrf": found[1] if found else "", "masuk": "admin", "sandi": PASSWORD}
        self._browser.post("/masuk", data=form, headers={"Origin": "http://localhost"})

    def form(self, path: str, page: str, **fields: str) -> TestResponse:
        """Return the answer to a form that stands on `page`."""
        found = re.search(r'name="csrf" value="(\w+)"', self.page(page))
        form = {"csrf": found[1] if found else "", **fields}
        return self._browser.post(path, data=form, headers={"Origin": "http://localhost"})

    def shows(self, path: str, words: str) -> bool:
        """Tell whether that page says it now."""
        return words in self.page(path)

    def warnings(self) -> set[tuple[str, str]]:
        rows = map(code_words.warning, self.rows("SELECT * FROM warnings WHERE closed_ms IS NULL"))
        return {(str(row["what"]), str(row["subject"])) for row in rows}

    def seen_in_world(self, t_us: Us, label: str, what: str, detail: Detail) -> None:
        if what == "sound":
            self.sounded(label)

    def sounded(self, label: str) -> None:
        self.sounds.append((self.now_ms, label))

    # between two faults

    def set_right(self, rng: random.Random) -> None:
        """Put in order whatever the fault left, as somebody who was told would do it."""
        self.wall_wrong_ms = 0
        with self.app.hub.store.write() as db:
            mending.settle(db, self.app.hub.now(), {"login": "admin"})
            db.run("UPDATE soundings SET changed_ms = 0")
            db.run("UPDATE gateways SET clock_off_ms = 0")
        self.form("/kanal/sms", "/kanal", hidup="1", port="/dev/modem")

    def forget(self) -> None:
        """Forget the words that stay for a while after their cause is over."""
        with self.app.hub.store.write() as db:
            db.run("DELETE FROM absences")
            db.run("DELETE FROM troubles")
            db.run("DELETE FROM refusals")
            for key in ("wall_ms", "wall_back_ms", failures.NOTED, rows.FOUND):
                db.run("DELETE FROM settings WHERE key = ?", key)
            db.run("UPDATE warnings SET closed_ms = 1 WHERE closed_ms IS NULL")
        for name in ("restart", "clock", "disk_state", "disk_spool", "disk_lost"):
            self.house.do("trouble", name, None)
        self.app.hub.dispatch.watch_soon()

    def close(self) -> None:
        self.hub.stop()
        self.house.switch_off()
        self.world.close()
