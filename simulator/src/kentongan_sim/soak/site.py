"""An RT for the campaigns: a world of real nodes and gateways, the real hub, a person at its board.

Promises are written down here as they happen and held against the hub's tables later.
"""

import json
import os
import random
import sqlite3
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from kentongan_gateway.service import keyfile
from kentongan_hub.base.tables import Account, Incident
from kentongan_hub.devices import provision
from kentongan_hub.incidents import actions
from kentongan_hub.incidents.tables import Alarm
from kentongan_wire.base.errors import LocalError
from kentongan_wire.message import messages as m

from kentongan_sim.physics.air import URBAN
from kentongan_sim.physics.shapes import Detail, Ms, Settings, Us
from kentongan_sim.scenarios.parts import Gateway, Place, Scenario
from kentongan_sim.soak.campaign_gateway import CampaignGateway, FaultyLink
from kentongan_sim.soak.disk import Disk
from kentongan_sim.world.gateways.real_hub import RealHub
from kentongan_sim.world.node_host import NodeHost
from kentongan_sim.world.world import World

ANSWER_MS = 8_000  # the person at the board says "saya datang" so long after the alarm is there
ROUND_US = 8_000_000  # the hub's dispatch works this often
FRAMES_KEPT = 200  # transmissions whose receptions may still come
ZONE = 5
NEAR_DB = 100  # everybody hears everybody well
KINDS = (m.KIND_BAHAYA, m.KIND_MALING, m.KIND_KEBAKARAN, m.KIND_MEDIS)  # of the buttons in turn
BUTTONS = tuple((f"tombol-{n:02}", n + 1, KINDS[n % len(KINDS)]) for n in range(12))


class Press:
    """One press and what became of it: a button may go on under a new counter."""

    def __init__(self, label: str, node: int, key: str, at_ms: Ms) -> None:
        self.label, self.node, self.key, self.at_ms = label, node, key, at_ms
        self.counters: list[int] = []
        self.stage = 0
        self.told_nobody = False  # of a test, which its box then gives up

    @property
    def promised(self) -> bool:
        return self.stage >= m.STAGE_STORED


G = TypeVar("G", bound=CampaignGateway)
L = TypeVar("L", bound=FaultyLink)


class Ground(Generic[G, L]):
    """A site provisioned as a technician does it, its devices in a world, its gateways at the real hub.

    `gateway_class`, `link_class`, `host_class`: of what stands here, with the faults that it may have.
    """

    gateway_class: type[G]
    link_class: type[L]
    zones: Mapping[str, int] = {}  # gateway -> its RT, where that is another
    host_class: type[NodeHost] = NodeHost
    hub: RealHub
    world: World

    def __init__(self, directory: str | Path, seed: int, disk: Disk | None) -> None:
        self.rng, self.disk, self.folder = random.Random(seed), disk, Path(directory)
        self.data = self.folder / "hub"
        self.data.mkdir(parents=True)
        self.links: dict[str, L] = {}
        self.houses: dict[str, G] = {}
        self.log: list[tuple[Ms, str, str]] = []  # when, which gateway, what it said
        self.files: dict[str, Settings] = {}
        self.closed_ms: dict[int, Ms] = {}  # button -> when the person closed an incident of it

    def add(self, role: str, label: str, zone: int = ZONE, house: int = 0, **settings: Any) -> None:
        self.files[label] = provision.add_device(self.data, role, label, zone, house, **settings)

    def build(self, gateways: Iterable[str], keep_trace: bool | None = None) -> None:
        """Build the world of what was added, and its gateways, which are off."""
        scene_gateways = []
        for label in gateways:
            modem = label.replace("gateway", "modem")
            zone = self.zones.get(label, ZONE)
            provision.gateway_file(self.data, label, zone)
            self.files[modem] = provision.modem_file(self.data, label)
            scene_gateways.append(Gateway(label, modem, zone, 0, 0))
        places = [
            Place(label, file["role"], file["node"], file["zone"], file["house"], 0, 0, 0)
            for label, file in self.files.items()
        ]
        near = {(one, other): NEAR_DB for one in self.files for other in self.files}
        scene = Scenario(
            "soak",
            "everybody hears everybody",
            tuple(places),
            near,
            URBAN,
            next(iter(self.files.values()))["preset"],
            tuple(scene_gateways),
        )
        self.world = World(
            scene,
            self.rng.getrandbits(32),
            gateway_hosts=False,
            settings=self.files,
            keep_trace=keep_trace,
            host_class=self.host_class,
        )
        self.world.listen(self.seen_in_world)

    def open_gateways(self, hub: RealHub) -> None:
        for gateway in self.world.scene.gateways:
            label, folder = gateway.label, self.folder / gateway.label
            folder.mkdir()
            path = folder / "keys.json"
            file = provision.gateway_file(self.data, label, self.zones.get(label, ZONE))
            path.write_text(json.dumps(file))
            os.chmod(path, 0o600)
            self.links[label] = self.link_class(hub, provision.gateway_token(self.data, label))
            house = self.houses[label] = self.gateway_class(self, gateway, keyfile.load(path))
            self.world.gateway_hosts[label] = house  # type: ignore[assignment]  # no model: none is asked here

    # time

    @property
    def now_ms(self) -> Ms:
        return self.world.now_us // 1000

    def after(self, delay_ms: float, function: Callable[..., object], *args: object) -> None:
        self.world.at(self.world.now_us + max(0, int(delay_ms * 1000)), function, *args)

    def run(self, ms: float, until: Callable[[], bool] | None = None) -> bool:
        """Let ms pass, or less when `until()` holds; whether it does."""
        return self.world.run_until(self.world.now_us + int(ms * 1000), until)

    @abstractmethod
    def rows(self, sql: str, *values: Any) -> list[Any]:
        """Ask the hub's database; each as the type that the caller declares."""

    @abstractmethod
    def seen_in_world(self, t_us: Us, label: str, what: str, detail: Detail) -> None:
        """Take an event of the world."""

    # what happens

    def said(self, label: str, text: str) -> None:
        self.log.append((self.now_ms, label, text))

    def act(self, incident: Incident, action: str) -> None:
        with self.hub.app.hub.store.write() as db:
            account: Account = db.one("SELECT * FROM accounts ORDER BY id LIMIT 1")
            try:
                actions.act(db, self.hub.app.hub.now(), incident, action, account)
            except LocalError:
                return

    def answer_all(self) -> None:
        """Say "saya datang" by the person at the board."""
        before = self.hub.app.hub.now().ms - ANSWER_MS
        for row in self.rows("SELECT * FROM incidents WHERE state = 'baru' AND opened_ms <= ?", before):
            self.act(row, "datang")

    def close_all(self) -> None:
        for row in self.rows("SELECT * FROM incidents WHERE state NOT IN ('selesai', 'alarm_keliru')"):
            self.act(row, "selesai")
            self.closed_ms[row["device"]] = self.now_ms


class Site(Ground[CampaignGateway, FaultyLink]):
    """`devices` [(role, label, zone, house)] beside the buttons; `people`: is somebody at the board."""

    gateway_class, link_class = CampaignGateway, FaultyLink

    def __init__(
        self,
        directory: str | Path,
        seed: int,
        disk: Disk | None,
        gateways: int = 2,
        devices: Iterable[tuple[str, str, int, int]] = (),
        people: bool = True,
        keep_trace: bool | None = None,
        zones: Mapping[str, int] = {},
    ) -> None:
        super().__init__(directory, seed, disk)
        self._people, self.zones = people, zones
        provision.create_site(
            self.data, "RT 05", "admin", "sandi yang panjang", admin_name="Bu Admin", rt=ZONE, rw=3
        )
        for label, house, kind in BUTTONS:
            self.add("tombol", label, house=house, one_press=True, strokes=[kind])
        for role, label, zone, house in devices:
            self.add(role, label, zone, house)
        self.presses: list[Press] = []
        self.plays: list[tuple[Ms, int, int, str]] = []  # when, button, counter, pattern
        self._answers: dict[int, Sequence[Sequence[int]]] = {}  # frame on the air -> what it answers
        # what the board has shown: (gateway, name of a trouble or radio and since when)
        self.seen: set[tuple[str, str]] = set()
        self.build([f"gateway-{n + 1}" for n in range(gateways)], keep_trace)
        self.hub = RealHub(self.world, self.data, ROUND_US, self._round)
        self._reader = sqlite3.connect(f"file:{self.hub.app.hub.store.path}?mode=ro", uri=True)
        self._reader.row_factory = sqlite3.Row
        self.open_gateways(self.hub)

    # what happens

    def press(self, key: str, label: str | None = None) -> Press:
        """At that house, or at one that has not pressed lately."""
        busy = {press.label for press in self.presses[-len(BUTTONS) // 2 :]}
        label = label or self.rng.choice([label for label, *_ in BUTTONS if label not in busy])
        press = Press(label, self.files[label]["node"], key, self.now_ms)
        self.presses.append(press)
        self.world.press(label, key=key)
        return press

    def press_of(self, node: int, counter: int | None = None) -> Press | None:
        """That button's last press, or the one that had the counter; None."""
        return next(
            (
                press
                for press in reversed(self.presses)
                if press.node == node and (counter is None or counter in press.counters)
            ),
            None,
        )

    def seen_in_world(self, t_us: Us, label: str, what: str, detail: Detail) -> None:
        if what == "tx" and detail["type"] == "ALARM":
            press = self.press_of(detail["src"])
            if press and press.label == label and not self.press_of(press.node, detail["counter"]):
                press.counters.append(detail["counter"])
        elif what == "tx":
            self._answers[detail["tx"]] = detail.get("answers", ())
            self._answers.pop(detail["tx"] - FRAMES_KEPT, None)
        elif what == "rx" and label in self.files:
            for node, counter, stage in self._answers.get(detail["tx"], ()):
                press = self.press_of(node, counter) if node == self.files[label]["node"] else None
                if press:
                    press.stage = max(press.stage, stage)
        elif what == "show" and detail["state"] == "nobody":
            press = self.press_of(self.files[label]["node"])
            if press:
                press.told_nobody = press.key == "uji"
        elif what == "sound" and label in self.houses:
            origin, counter = detail["about"]
            self.plays.append((self.now_ms, origin, counter, detail["pattern"]))

    # the hub and the person at its board

    def _round(self) -> None:
        self.look_at_board()
        if self._people:
            self.answer_all()

    def look_at_board(self) -> None:
        """Note the gateways' troubles and radios that people see there; a radio's every change counts."""
        for row in self.rows("SELECT gateway, name, since_wall FROM troubles"):
            self.seen.add((row["gateway"], f"{row['name']} {row['since_wall']}"))
        for row in self.rows("SELECT gateway, name, changed_wall FROM radios"):
            self.seen.add((row["gateway"], f"radio {row['name']} {row['changed_wall']}"))

    def rows(self, sql: str, *values: Any) -> list[Any]:
        """Return rows of the hub's database, over a connection of our own: this is asked for all the time."""
        return [dict(row) for row in self._reader.execute(sql, values)]

    def close(self) -> None:
        self._reader.close()
        self.world.close()

    def at_hub(self, press: Press) -> list[Alarm]:
        marks = ", ".join("?" * len(press.counters))
        return self.rows(
            f"SELECT * FROM alarms WHERE device = ? AND counter IN ({marks})", press.node, *press.counters
        )
