"""A village with a real hub: real node cores, the real gateway core, the real hub store and API, one clock.

The hub has provisioned every device; events and orders pass through its API as JSON. Only threads, sockets
and the wait of a long poll are left out: the gateway asks for orders whenever the hub has news.
"""

import json
import random

from kentongan_gateway.core.base.directory import Directory
from kentongan_gateway.core.gateway_core import CoreConfig, GatewayCore
from kentongan_gateway.service import keyfile
from kentongan_hub.app import create_app
from kentongan_hub.base import site as site_file
from kentongan_hub.base.clock import FakeClock
from kentongan_hub.devices import provision
from kentongan_hub.devices.provision import numbers
from kentongan_hub.devices.trust import revocations
from kentongan_node.common import configure
from kentongan_sim.physics.air import Propagation
from kentongan_sim.scenarios.parts import Gateway, Place, Scenario
from kentongan_sim.world.gateways.model_hub import ModelHubHost
from kentongan_sim.world.world import World
from kentongan_wire.keyring import keys, site_keys
from kentongan_wire.message import messages as m

PASSWORD = "sandi yang panjang"
HUB_STARTED_MS = 1_790_000_000_000
SPOOL_US = 60_000_000  # statuses go to the hub together this often, to spare the test its disk
POLL_US = 25_000_000  # the long poll comes back at least this often
LOOKS = 3  # every so many of them it really looks, beside whenever the gateway tells something
HOUSES, POSTS = 3, 3
ZONE = 5


def spots(houses):
    """(label, role, house, x, y): everybody hears everybody, at 8 % loss and more."""
    return (
        *((f"tombol-{n:02d}", "tombol", n, 20 * n, 15) for n in range(1, houses + 1)),
        *((f"pos-{n}", "sirene", 0, 25 * n, 0) for n in range(1, POSTS + 1)),
        ("penerus-1", "penerus", 0, 40, 30),
        ("penerima-1", "penerima", 2, 30, 20),
    )


SPOTS = spots(HOUSES)


class TrustHouse(ModelHubHost):
    """The gateway of the village, at the real hub."""

    def __init__(self, village):
        self.village = village
        super().__init__(village.world, village.world.scene.gateways[0], 0)
        self.channel = village.key_file.channel
        self._told_us = 0
        self.told = []  # every event that the hub has taken

    def _make_core(self):
        self._polls = 0
        self._asked = None  # the first poll asks for everything
        self._rung = -1
        file, states = self.village.key_file, self.state
        directory = file.directory
        if states.get("directory"):
            directory = Directory.load(states["directory"])
        config = CoreConfig(file.node, self.label, file.zone, file.profile)
        return GatewayCore(config, file.keys, directory, dict(states))

    def _take(self):
        """Everything unsent in one request; statuses alone wait for company."""
        now_us = self.world.now_us
        rows = dict(self.spool.waiting)
        urgent = any(event["type"] != "status" for event in rows.values())
        if not rows or not self.hub_up or self._core is None:
            return
        if not urgent and now_us - self._told_us < SPOOL_US:
            return
        self._told_us = now_us
        batch = [{**event, "id": f"{self.label}/{row}", "age_ms": 0} for row, event in rows.items()]
        self.told += batch
        answer = self.village.call("POST", "/events", {"boot_id": "boot", "events": batch})
        assert answer["rejected"] == [], answer
        self.spool.mark_sent(list(rows))
        self.do("taken", list(rows), [row for row in rows if f"{self.label}/{row}" in answer["new"]])
        self._orders_in()

    def _poll(self):
        if self.hub_up:
            self.do("reply")
            self._take()
            self._polls += 1
            if self._asked is None or self._polls % LOOKS == 0:
                self._orders_in()
        self.later(POLL_US, self._poll)

    def _orders_in(self):
        """Return the orders that the long poll would bring now."""
        village = self.village
        village.hub_works()
        rung = village.hub.store.bell.count()
        while self._core is not None and self.hub_up and (rung != self._rung or self._asked is None):
            self._rung = rung
            asked = "after=0&fresh=1" if self._asked is None else f"after={self._asked}"
            orders = village.call("GET", f"/orders?{asked}&wait=0")["orders"]
            self._asked = max([self._asked or 0, *(order["id"] for order in orders)])
            self.do("orders", orders)
            village.hub_works()
            rung = village.hub.store.bell.count()

    def order_done(self, order_id, result):
        self.village.call("POST", "/orders/done", {"ids": [order_id], "results": {str(order_id): result}})
        self.village.order_results.append(result)


class Village:
    """One RT; `advance` lets time pass, `kill_hub` and `start_hub` end and begin the hub's process."""

    def __init__(self, data_dir, monkeypatch, seed, engine, loss=0.08, houses=HOUSES):
        self.data_dir, self.seed = data_dir, seed
        draws = random.Random(seed)  # node numbers follow from the seed, so that a run can be done again
        monkeypatch.setattr(numbers.secrets, "randbelow", draws.randrange)
        provision.create_site(data_dir, "RT 05", "admin", PASSWORD, rt=ZONE, rw=3)
        settings = {
            label: provision.add_device(data_dir, role, label, ZONE, house)
            for label, role, house, *_ in spots(houses)
        }
        settings["modem-1"] = provision.modem_file(data_dir)
        self.settings = settings
        self.nodes = {label: one["node"] for label, one in settings.items()}
        self.token = provision.gateway_token(data_dir)
        self.order_results, self.events = [], []
        self.app = None
        self.clock = FakeClock(HUB_STARTED_MS)
        self.start_hub()
        path = data_dir / "gateway-1.json"
        site_file.write_secret(path, json.dumps(provision.gateway_file(data_dir)))
        self.key_file = keyfile.load(path)
        places = [
            Place(label, role, self.nodes[label], ZONE, *spot, 0) for label, role, *spot in spots(houses)
        ]
        places.append(Place("modem-1", "modem", self.nodes["modem-1"], ZONE, 0, 30, -10, 0))
        gateway = Gateway("gateway-1", "modem-1", ZONE, 30, -10)
        scene = Scenario(
            "rt-trust",
            "one RT at a real hub",
            tuple(places),
            None,
            Propagation(32.5, 3.0, 4.0, 1.0, "rt-trust"),
            "ShortSlow",
            (gateway,),
        )
        self.world = World(
            scene, seed, engine, loss, gateway_hosts=False, settings=settings, keep_trace=False
        )
        self.house = TrustHouse(self)
        self.world.gateway_hosts[gateway.label] = self.house
        self.world.at(0, self.house.power, True)
        self.world.listen(lambda *event: self.events.append(event) if event[2] in WATCHED else None)

    # the hub

    def start_hub(self):
        self.app = create_app(self.data_dir, clock=self.clock, dispatch=False)
        self.hub = self.app.hub
        self.client = self.app.test_client()
        if hasattr(self, "house"):
            self.house.hub_up = True

    def kill_hub(self):
        """Nothing of the process is left but its files."""
        self.house.hub_up = False
        self.app = self.hub = self.client = None

    def hub_works(self):
        self.clock.now_ms = HUB_STARTED_MS + self.world.now_us // 1000
        self.hub.dispatch.step()

    def call(self, method, path, body=None):
        self.clock.now_ms = HUB_STARTED_MS + self.world.now_us // 1000
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = self.client.open("/api/v1" + path, method=method, json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json

    def rows(self, sql, *values):
        with self.hub.store.read() as db:
            return db.all(sql, *values)

    def revoke(self, label):
        self.hub_works()
        secret = site_file.load(self.data_dir)
        with self.hub.store.write() as db:
            revocations.revoke(db, self.hub.now(), secret, self.nodes[label], "dicuri", "uji")

    def revocation(self, label):
        with self.hub.store.read() as db:
            return revocations.status(db, site_file.load(self.data_dir), self.nodes[label])

    def phase(self):
        rows = self.rows("SELECT phase FROM rotations ORDER BY generation DESC LIMIT 1")
        return rows[0]["phase"] if rows else None

    # time and people

    def advance(self, seconds):
        self.world.run_until(self.world.now_us + int(seconds * 1e6))

    def until(self, condition, limit_s, step_s=30):
        """Let time pass until it holds; False when it never did."""
        end_us = self.world.now_us + int(limit_s * 1e6)
        while not condition():
            if self.world.now_us >= end_us:
                return False
            self.advance(step_s)
        return True

    def press(self, label, wait_s=30):
        """Press, and return {"sounded": posts, "stored": by the hub, "shown": states at the button}."""
        start, at_us = len(self.events), self.world.now_us
        known = self.rows("SELECT count(*) AS n FROM alarms WHERE device = ?", self.nodes[label])[0]["n"]
        self.world.press(label)
        self.advance(wait_s)
        seen = [event for event in self.events[start:] if event[0] >= at_us]
        now = self.rows("SELECT count(*) AS n FROM alarms WHERE device = ?", self.nodes[label])[0]["n"]
        return {
            "sounded": {who for _, who, what, _ in seen if what == "sound"},
            "stored": now > known,
            "shown": {detail["state"] for _, who, what, detail in seen if what == "show" and who == label},
        }

    def sounding_at(self, start):
        return {who for _, who, what, _ in self.events[start:] if what == "sound"}

    # an attacker who holds what a stolen device held

    def on_air(self, frame, to=None):
        """A frame from a strong transmitter beside everybody: posts, relays and the modem get it."""
        for label, host in self.world.nodes.items():
            if (to is None or label in to) and not label.startswith("tombol"):
                host.deliver("receive", frame, -60, 40)

    def forged_alarm(self, label, counter, generation=0):
        """An alarm of this button by whoever has an alarm root, as posts hold it: without the proof."""
        node = self.nodes[label]
        body = m.Alarm(0, counter & 0xFFFF, ZONE, m.KIND_MALING, 0, 150)
        key, carry = self._stolen(node, m.TOMBOL, generation)
        return self._sealed(m.ALARM, m.TOMBOL, generation, counter, node, body, key, carry, bytes(32))

    def forged_order(self, post, counter, generation=0):
        """An order of the gateway to a post, by whoever has the alarm root and the stolen post's own C."""
        gateway, stolen_c = self.key_file.node, bytes.fromhex(self.settings["pos-1"]["key_c"])
        target = m.order_target(gateway, counter, self.nodes[post], 0, 0, m.ACTION_START, 0, 60, stolen_c)
        body = m.SirenOrder(0, 0, m.ACTION_START, 0, 60, (target,))
        _, carry = self._stolen(gateway, m.GATEWAY, generation)
        return self._sealed(m.SIREN_ORDER, m.GATEWAY, generation, counter, gateway, body, stolen_c, carry)

    def forged_stage_1(self, origin, counter, generation=0):
        """ "A siren sounds" in the name of a post that is still in service."""
        sender = self.nodes["pos-2"]
        answered, _ = self._stolen(self.nodes[origin], m.TOMBOL, generation)
        entry = m.receipt_entry(sender, self.nodes[origin], counter, m.STAGE_SOUNDING, 1, 0, 0, answered)
        key, carry = self._stolen(sender, m.SIRENE, generation)
        body = m.Receipts((entry,))
        return self._sealed(m.RECEIPTS, m.SIRENE, generation, counter, sender, body, key, carry)

    def _stolen(self, node, role, generation):
        """(A, R) of any node, as an alarm root gives them."""
        root = site_keys.alarm_root(site_file.load(self.data_dir)["site_key"], generation)
        relay = keys.relay_root(root)
        return tuple(keys.node_key(one, node, role, generation) for one in (root, relay))

    def _sealed(self, kind, role, generation, counter, src, *rest):
        payload = m.encode(kind, role, generation, counter, src, *rest)
        return self.house.channel.seal(src, counter, 1, payload)

    def kept(self, label):
        """Return what CONFIG has left in a device's flash."""
        return configure.Kept(self.world.nodes[label].state.get(configure.NAME, b""))

    def close(self):
        self.world.close()


WATCHED = ("sound", "show", "tx")
