"""docs/tour.md is true: its alarm is run, and the log visits its steps in its order.

The air and the clock are simulated; the devices' cores, the gateway's core, performer, disk and uplink, and
the hub with its pages, database and dispatch are the real ones.
"""

import ast
import json
import logging
import re
from pathlib import Path

import pytest
from kentongan_gateway.service import keyfile
from kentongan_sim.demo.person import COME, CSRF
from kentongan_sim.demo.site import ADMIN, make_site
from kentongan_sim.demo.village import scene
from kentongan_sim.world.gateways.real_hub import Link, RealHub, RealHubHost
from kentongan_sim.world.world import World

ROOT = Path(__file__).resolve().parents[2]
TOUR = ROOT / "docs/tour.md"
STEP = re.compile(r"^### \d+\. `(\w+)`", re.MULTILINE)
LINK = re.compile(r"\[`([\w.]+)`\]\((\.\./[\w/]+\.py)\)")
PRESSER = "tombol-07"
PRESS_US = 60_000_000
ROUND_US = 100_000  # the hub's threads wake up at once
ANSWER_AFTER_US = 8_000_000
END_US = PRESS_US + 30_000_000


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
    browser.post(
        "/masuk",
        data={"csrf": token, "masuk": ADMIN, "sandi": site.password},
        headers={"Origin": "http://localhost"},
    )
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
        hub = RealHub(world, site.hub_data, ROUND_US)
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
            folder, (gateway,) = site.gateway_toml.parent, world.scene.gateways
            link = Link(hub, (folder / "token").read_text().strip())
            host = RealHubHost(world, gateway, keyfile.load(folder / "key.json"), site.spool, link)
            world.at(0, host.power, True)
            world.press(PRESSER, PRESS_US)
            world.at(PRESS_US + ANSWER_AFTER_US, answer, hub.app, site)
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
        assert step in visited[position + 1 :], f"{step} does not follow in {json.dumps(visited)}"
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
