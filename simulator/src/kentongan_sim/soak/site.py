"""An RT for the campaign: the real hub in process, buttons, two gateways, and a person at the board.

Time is virtual. What is promised is written down here as it happens and held against the hub's tables later.
"""
import json
import os
import random
import sqlite3
from collections import namedtuple
from pathlib import Path

from kentongan_gateway.hub_client.uplink import HubError
from kentongan_gateway.service import keyfile
from kentongan_hub.app import create_app
from kentongan_hub.base.clock import FakeClock
from kentongan_hub.devices import provision
from kentongan_hub.incidents import actions
from kentongan_wire import messages as m
from kentongan_wire.errors import LocalError, RemoteError
from kentongan_wire.packet import Channel, parse_packet
from kentongan_wire.verify import own_entry

from kentongan_sim.soak.campaign_gateway import CampaignGateway
from kentongan_sim.soak.radio import Air, Board
from kentongan_sim.soak.timeline import Timeline

REPEAT_MS = (0, 2_000, 4_000, 6_000, 9_000, 12_000, 16_000, 20_000, 25_000, 30_000, 36_000, 42_000, 48_000,
             54_000, 60_000, 90_000, 120_000, 150_000, 180_000)
ANSWER_MS = 8_000        # the person at the board says "saya datang" so long after the alarm is there
ROUND_MS = 8_000         # the hub's dispatch works this often
ZONE = 5
BUTTONS = 12

Press = namedtuple("Press", ("node", "counter", "kind", "silent"))


class Button:
    """Repeats an alarm until its receipt; then names higher stages in its status, as a tombol does."""

    def __init__(self, town, file):
        self._town, self.node = town, file["node"]
        self._a, self._c, self._r = (_raw(file[name]) for name in ("key_a", "key_c", "key_r"))
        self._generation = file["generation"]
        self._sequence, self._press, self._sent, self.stage = 100, None, 0, 0
        town.air.join(self)

    def press(self, kind, silent=False):
        self._sequence += 1
        self._press = press = Press(self.node, self._sequence, kind, silent)
        self._sent, self.stage = 0, 0
        for at in REPEAT_MS:
            self._town.timeline.after(at, self._repeat, press)
        return press

    def _repeat(self, press):
        if press is not self._press or self.stage >= m.STAGE_STORED:
            return
        flags = m.FLAG_SILENT if press.silent else 0
        body = m.Alarm(self._sent, press.counter & 0xFFFF, ZONE, press.kind, flags, 150)
        key = self._a if m.is_loud(ZONE, press.kind, flags) else self._c
        self._send(m.encode(m.ALARM, m.TOMBOL, self._generation, press.counter, self.node, body, key, self._r,
                            self._c))
        self._sent += 1

    def _send(self, payload):
        self._sequence += 1  # a packet id of its own for every frame
        self._town.air.send(self._town.channel.seal(self.node, self._sequence, 1, payload), self)

    def receive(self, frame):
        if self._press is None:
            return
        try:
            packet = parse_packet(frame)
            payload = self._town.channel.open(packet).payload
            _, entry = own_entry(payload, packet.src, self.node, self._a, self._c)
        except RemoteError:
            return
        if entry is None or entry.counter != self._press.counter or entry.stage <= self.stage:
            return
        self.stage = entry.stage
        self._town.receipted(self._press, entry.stage)
        if entry.stage >= m.STAGE_COMING:
            self._sequence += 1
            flags = entry.stage << m.TOMBOL_STATUS_STAGE_SHIFT
            status = m.ButtonStatus(flags, 150, 27, -80, 1, 0, 1, entry.counter)
            self._send(m.encode(m.STATUS, m.TOMBOL, self._generation, self._sequence, self.node, status,
                                self._c, self._r))


class Link:
    """One gateway's way to the hub: the real API, and what a network does to it."""

    def __init__(self, town, token):
        self._town, self._headers = town, {"Authorization": f"Bearer {token}"}
        self.fault, self.delay_ms = None, 0

    def call(self, method, path, body=None):
        fault = self.fault
        if fault == "refused":
            raise HubError(0, "ConnectionRefusedError")
        if fault == "500":
            raise HubError(500, "internal error")
        path = path.replace("wait=25", "wait=0")  # a long poll would hold virtual time
        reply = self._town.client.open(path, method=method, json=body, headers=self._headers)
        if fault == "reply lost":
            raise HubError(0, "TimeoutError timed out")  # the hub has committed, the gateway does not know
        if fault == "garbage":
            raise HubError(200, "the reply is no JSON")
        if fault == "odd":
            return {"accepted": ["gateway-9/x-1", 7, None], "orders": [{"id": "x"}]}
        if reply.status_code != 200:
            raise HubError(reply.status_code, reply.text[:80])
        return reply.json

    def close(self):
        return


class Site:
    """`devices` [(role, label, zone, house)] beside the buttons; `people`: is somebody at the board."""

    def __init__(self, directory, seed, disk, gateways=2, devices=(), people=True):
        self.rng = random.Random(seed)
        self.timeline, self.disk = Timeline(), disk
        self.air = Air(self.timeline)
        directory = Path(directory)
        data = directory / "hub"
        data.mkdir(parents=True)
        provision.create_site(data, "RT 05", "admin", "sandi yang panjang", admin_name="Bu Admin", rt=ZONE,
                              rw=3)
        files = [provision.add_device(data, "tombol", f"tombol-{n:02}", ZONE, n + 1) for n in range(BUTTONS)]
        self.files = {file["label"]: file for file in files}
        for role, label, zone, house in devices:
            self.files[label] = provision.add_device(data, role, label, zone, house)
        self._people = people
        labels = [f"gateway-{n + 1}" for n in range(gateways)]
        for label in labels:
            provision.gateway_file(data, label, ZONE)
        self._clock = FakeClock()
        self._hub_start_ms = self._clock.now_ms
        self.app = create_app(data, clock=self._clock, dispatch=False)
        self.client = self.app.test_client()
        self._reader = sqlite3.connect(f"file:{self.app.hub.store.path}?mode=ro", uri=True)
        self._reader.row_factory = sqlite3.Row
        self.links, self.houses = {}, {}
        for label in labels:
            self._build(data, label, directory / label)
        self.channel = Channel(files[0]["channel_name"], bytes.fromhex(files[0]["channel_key"]))
        self.buttons = [Button(self, file) for file in files]
        self.presses, self.receipts, self.plays, self.log = {}, {}, [], []
        self.closed_ms = {}
        self.seen = set()  # what the board has shown: (gateway, name of a trouble or radio and since when)
        self.timeline.every(ROUND_MS, self._round)

    def _build(self, data, label, folder):
        folder.mkdir()
        path = folder / "keys.json"
        path.write_text(json.dumps(provision.gateway_file(data, label, ZONE)))
        os.chmod(path, 0o600)
        self.links[label] = Link(self, provision.gateway_token(data, label))
        board = Board(self.timeline, self.air, provision.modem_file(data, label), self.rng)
        self.houses[label] = CampaignGateway(
            self, label, keyfile.load(path), folder / "state", board, self.disk
        )
        self.houses[label].board = board

    # what happens

    def link(self, house):
        return self.links[house.label]

    def press(self, kind, silent=False):
        button = self.rng.choice([b for b in self.buttons if b.node not in self._busy()])
        press = button.press(kind, silent)
        self.presses[press.node, press.counter] = press
        return press

    def _busy(self):
        last = list(self.presses)[-(BUTTONS // 2):]
        return {node for node, _ in last}

    def receipted(self, press, stage):
        if stage >= m.STAGE_STORED:
            self.receipts.setdefault((press.node, press.counter), self.timeline.now_ms)

    def siren_played(self, label, origin, counter, pattern):
        self.plays.append((self.timeline.now_ms, label, origin, counter, pattern))

    def said(self, label, text):
        self.log.append((self.timeline.now_ms, label, text))

    # the hub and the person at its board

    def _now(self):
        self._clock.now_ms = self._hub_start_ms + self.timeline.now_ms
        return self.app.hub.now()

    def _round(self):
        now = self._now()
        self.app.hub.dispatch.step()
        self.look_at_board()
        if not self._people:
            return
        rows = self.rows("SELECT * FROM incidents WHERE state = 'baru' AND opened_ms <= ?",
                         now.ms - ANSWER_MS)
        for row in rows:
            self.act(row, "datang")

    def look_at_board(self):
        """What people see of gateways there; a radio's every change counts."""
        for row in self.rows("SELECT gateway, name, since_wall FROM troubles"):
            self.seen.add((row["gateway"], f"{row['name']} {row['since_wall']}"))
        for row in self.rows("SELECT gateway, name, changed_wall FROM radios"):
            self.seen.add((row["gateway"], f"radio {row['name']} {row['changed_wall']}"))

    def act(self, incident, action):
        with self.app.hub.store.write() as db:
            account = db.one("SELECT * FROM accounts ORDER BY id LIMIT 1")
            try:
                actions.act(db, self._now(), incident, action, account)
            except LocalError:
                return

    def close_all(self):
        for row in self.rows("SELECT * FROM incidents WHERE state NOT IN ('selesai', 'alarm_keliru')"):
            self.act(row, "selesai")
            self.closed_ms[row["device"]] = self.timeline.now_ms

    def rows(self, sql, *values):
        """What the hub's database says, over a connection of our own: this is asked for all the time."""
        return [dict(row) for row in self._reader.execute(sql, values)]

    def close(self):
        self._reader.close()

    def at_hub(self, press):
        return self.rows("SELECT * FROM alarms WHERE device = ? AND counter = ?", press.node, press.counter)


def _raw(key):
    """A key of a device file, as text or as bytes."""
    return key if isinstance(key, bytes) else bytes.fromhex(key)
