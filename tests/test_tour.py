"""docs/tour.md is true: its alarm is run, and the log visits its steps in its order.

The air, the devices and the clock are simulated; the gateway's core and spool, and the hub with its pages,
database and dispatch, are the real ones, joined by the API's own JSON.
"""
import ast
import json
import logging
import re
from pathlib import Path

import pytest
from kentongan_gateway.core.gateway_core import CoreConfig, GatewayCore
from kentongan_gateway.service import keyfile
from kentongan_hub.app import create_app
from kentongan_sim.demo.person import COME, CSRF
from kentongan_sim.demo.site import ADMIN, make_site
from kentongan_sim.demo.village import scene
from kentongan_sim.world.gateway_host import GatewayHost
from kentongan_sim.world.world import World

ROOT = Path(__file__).resolve().parent.parent
TOUR = ROOT / "docs/tour.md"
STEP = re.compile(r"^### \d+\. `(\w+)`", re.MULTILINE)
LINK = re.compile(r"\[`([\w.]+)`\]\((\.\./[\w/]+\.py)\)")
PRESSER = "tombol-07"
PRESS_US = 60_000_000
LOOK_US = 200_000
ANSWER_AFTER_US = 8_000_000
END_US = PRESS_US + 30_000_000


class WorldClock:
    """The hub's clocks, moved by the world."""

    START_MS = 1_800_000_000_000

    def __init__(self, world):
        self._world = world

    def steady_ms(self):
        return self.START_MS + self._world.now_us // 1000

    wall_ms = steady_ms


class TourGatewayHost(GatewayHost):
    """The gateway in the world with a real site's keys and a real hub behind it."""

    def __init__(self, world, site, app):
        self.key_file = keyfile.load(site.gateway_toml.parent / "key.json")
        token = (site.gateway_toml.parent / "token").read_text().strip()
        self._headers = {"Authorization": f"Bearer {token}"}
        self._client = app.test_client()
        self._app = app
        self._after = 0
        super().__init__(world, world.scene.gateways[0], 0)
        self.channel = self.key_file.channel

    def _make_core(self):
        config = CoreConfig(node=self.key_file.node, label=self.label, zone=self.key_file.zone)
        return GatewayCore(config, self.key_file.keys, self.key_file.directory, self.state)

    def _uplink(self):
        rows = {event_id: event for event_id, event in self.spool.unsent()}
        if not rows:
            return
        events = [{**event, "id": event_id, "at_ms": self._now_ms()} for event_id, event in rows.items()]
        answer = self._client.post("/api/v1/events", headers=self._headers,
                                   json={"gateway": self.label, "boot_id": "tour", "events": events})
        assert answer.status_code == 200 and not answer.json["rejected"], answer.json
        self.spool.mark_sent(answer.json["accepted"])
        taken, new = ([row for row, (event_id, _) in self._unsent.items() if event_id in answer.json[name]]
                      for name in ("accepted", "new"))
        self._perform(self._core.hub_ok(taken, self._now_ms(), new))

    def _poll(self):
        self._app.hub.dispatch.step()
        reply = self._client.get(f"/api/v1/orders?after={self._after}&wait=0", headers=self._headers)
        orders = reply.json["orders"]
        self._perform(self._core.hub_ok("poll", self._now_ms()))
        for order in orders:
            self._after = max(self._after, order["id"])
            self._perform(self._core.order(order, self._now_ms(), self._draws.next()))
        self._at(LOOK_US, self._poll)


class HubLog(logging.Handler):
    """Steps that the hub logs, as (t_us, step, identity)."""

    def __init__(self, world, log):
        super().__init__()
        self._world, self._log = world, log

    def emit(self, record):
        words = record.getMessage().split()
        if len(words) >= 3:
            self._log.append((self._world.now_us, words[0], " ".join(words[1:3])))


def answer(app, site):
    """The neighbour's browser: log in, look at the board, 'Saya datang'."""
    browser = app.test_client()
    token = CSRF.search(browser.get("/masuk").text).group(1)
    browser.post("/masuk", data={"csrf": token, "masuk": ADMIN, "sandi": site.password},
                 headers={"Origin": "http://localhost"})
    board = browser.get("/papan").text
    form = {"csrf": CSRF.search(board).group(1), "dari": "papan"}
    done = browser.post(COME.search(board).group(1), data=form, headers={"Origin": "http://localhost"})
    assert done.status_code in (302, 303), done.text


@pytest.fixture(scope="module", name="walk")
def walk_fixture(tmp_path_factory):
    """[(t_us, step, identity)] of one alarm, in the order of the log."""
    site = make_site(tmp_path_factory.mktemp("tour"))
    log = []
    with World(scene(site.nodes), seed=5, gateway_hosts=False, settings=site.settings) as world:
        app = create_app(site.hub_data, WorldClock(world), dispatch=False)
        names = {f"{node:08x}": label for label, node in site.nodes.items()}

        def listen(t_us, _label, what, detail):
            if what == "note":
                device = names.get(detail["device"], detail["device"])
                log.append((t_us, detail["step"], f"{device} #{detail['counter']}"))

        world.listen(listen)
        handler = HubLog(world, log)
        hub_log = logging.getLogger("kentongan.hub")
        hub_log.addHandler(handler)
        level = hub_log.level
        hub_log.setLevel(logging.INFO)
        try:
            gateway_host = TourGatewayHost(world, site, app)
            world.gateway_hosts[gateway_host.label] = gateway_host
            world.at(0, gateway_host.power, True)
            world.press(PRESSER, PRESS_US)
            world.at(PRESS_US + ANSWER_AFTER_US, answer, app, site)
            world.run_until(END_US)
        finally:
            hub_log.removeHandler(handler)
            hub_log.setLevel(level)
    first = next(identity for _, step, identity in log if step == "press")
    return [entry for entry in log if entry[2] == first]


def test_the_log_visits_the_steps_of_the_tour_in_its_order(walk):
    steps = STEP.findall(TOUR.read_text(encoding="utf-8"))
    assert len(steps) >= 12
    visited = [step for _, step, _ in walk]
    position = -1
    for step in steps:
        assert step in visited[position + 1:], f"{step} does not follow in {json.dumps(visited)}"
        position = visited.index(step, position + 1)


def test_one_identity_goes_all_the_way(walk):
    assert re.fullmatch(PRESSER + r" #\d+", walk[0][2])
    assert {"press", "stored", "hub_logged", "shown_coming"} <= {step for _, step, _ in walk}


def test_the_links_of_the_tour_lead_to_code_that_exists():
    links = LINK.findall(TOUR.read_text(encoding="utf-8"))
    assert len(links) >= 12
    for name, target in links:
        tree = ast.parse((TOUR.parent / target).read_text(encoding="utf-8"))
        for part in name.split("."):
            defined = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef))
            named = [n for n in defined if n.name == part]
            assert named, f"{target} has no {name}"
            tree = named[0]
