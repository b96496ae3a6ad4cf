"""The kampung of the demo in real time: the plan's devices in simulated air, and what the page is told."""

import time
from collections import OrderedDict
from typing import Any

from kentongan_wire.air import phy

from kentongan_sim.demo import plan
from kentongan_sim.demo.feed import Feed, Message
from kentongan_sim.demo.words import line_for
from kentongan_sim.physics.air import URBAN
from kentongan_sim.physics.shapes import Detail, Ms, Node, Report, Settings, Us
from kentongan_sim.scenarios.catalogue import INDOOR_DB, NODE_BASE, Gateway, Place, Scenario
from kentongan_sim.world.realtime import LiveWorld
from kentongan_sim.world.world import POWER_UP_US, World

ZONE = 5  # RT 05
GATEWAY_LABEL = "gateway-1"
INDOOR_ROLES = ("tombol", "penerima")
CANCEL_HOLD_MS = 3_300  # a little over the 3 s that a cancel takes
FRAMES_KEPT = 256  # transmissions whose receptions may still come
MISSES_SHOWN = ("collision", "captured", "occupied")
SEED = 5
MS = 1_000


def scene(nodes: dict[str, Node] | None = None) -> Scenario:
    """Make the plan a scenario; `nodes` {label: node number} as provisioned."""
    places = []
    for number, spot in enumerate(plan.DEVICES, 1):
        node = (nodes or {}).get(spot.label, NODE_BASE + number)
        wall_db = INDOOR_DB if spot.role in INDOOR_ROLES else 0
        places.append(Place(spot.label, spot.role, node, ZONE, spot.house, spot.x_m, spot.y_m, wall_db))
    gateway = Gateway(GATEWAY_LABEL, plan.GATEWAY.label, ZONE, plan.GATEWAY.x_m, plan.GATEWAY.y_m)
    return Scenario(
        "demo",
        "the kampung of the demo",
        tuple(places),
        None,
        URBAN._replace(layout="demo"),
        phy.DEFAULT_PRESET,
        (gateway,),
    )


def survey() -> dict[str, int]:
    """Return label -> hops to the gateway, as a technician's survey of this plan would find them."""
    with World(scene(), gateway_hosts=False) as world:
        return dict(world.hops[ZONE])


class Village:
    """The running kampung. `settings` {label: device settings}; `engine` as for World.

    `watch(t_us, label, what, detail)` is called in the world's thread for every event.
    """

    def __init__(
        self,
        settings: dict[str, Settings],
        engine: str,
        feed: Feed | None = None,
        watch: Report | None = None,
    ):
        nodes = {label: one["node"] for label, one in settings.items()}
        world = World(scene(nodes), SEED, engine, gateway_hosts=False, settings=settings, keep_trace=False)
        self.world = world
        self.engine_name = world.engine.name
        self.feed = feed or Feed()
        self.names = {spot.label: spot.name for spot in (*plan.DEVICES, plan.BENCH)}
        self._label_of = {node: label for label, node in nodes.items()}
        self._frames: OrderedDict[int, tuple[str, str]] = OrderedDict()  # transmission -> (sender, type)
        self.live = LiveWorld(world)
        world.listen(self._tell)
        if watch:
            world.listen(watch)

    def start(self) -> None:
        """Switch everything on, and go on in real time from the moment when all of it has booted."""
        self.world.run_until(POWER_UP_US + 1_000_000)
        self.live.start()

    def now_ms(self) -> Ms:
        return self.world.now_us // MS

    def press(self, label: str, how: str | int) -> None:
        """Press a box: `how` is a number of strokes, "silent", "cancel", or "come" of a penerima."""
        if how in ("silent", "come"):
            self.live.ask(self.world.press, label, None, 1, how)
        elif how == "cancel":
            self.live.ask(self.world.press, label, None, 1, "main", CANCEL_HOLD_MS)
        else:
            self.live.ask(self.world.press, label, None, how)

    def switch(self, label: str, on: bool) -> None:
        """Cut or restore the power of a device, or of the gateway's radio."""
        self.live.ask(self.world.switch, label, on)

    def part(self, name: str, up: bool) -> None:
        """Tell the page that a part is on or off."""
        self.feed.add({"t": "part", "name": name, "up": up}, self.now_ms())
        self._log_line("part", name, {"up": up})

    def gateway_siren(self, change: dict[str, Any]) -> None:
        """Show a change of the gateway's own siren, as its virtual driver wrote it."""
        event: Message = {"t": "quiet", "at": plan.GATEWAY.label}
        if change["state"] == "on":
            event = {
                "t": "sound",
                "at": plan.GATEWAY.label,
                "pattern": change["pattern"],
                "steps": change["steps"],
                "total_ms": change["total_ms"],
            }
            self._log_line("sound", plan.GATEWAY.label, {"pattern": change["pattern"]})
        self.feed.add(event, self.now_ms())

    def log(self, tone: str, text: str) -> None:
        """Add a line to the page's list of events."""
        now = time.strftime("%H.%M.%S")
        self.feed.add({"t": "log", "time": now, "tone": tone, "text": text}, self.now_ms())

    def close(self) -> None:
        self.live.close()
        self.feed.close()

    # What the world reports, as the page's events; runs in the world's thread

    def _tell(self, t_us: Us, label: str, what: str, detail: Detail) -> None:
        now_ms = t_us // MS
        if what == "tx":
            self._sent(label, detail, now_ms)
        elif what in ("rx", "miss"):
            self._reached(label, what, detail, now_ms)
        elif what == "show":
            self.feed.add({"t": "show", "at": label, "state": detail["state"]}, now_ms)
        elif what == "sound":
            steps = [list(step) for step in detail["steps"]]
            self.feed.add(
                {
                    "t": "sound",
                    "at": label,
                    "pattern": detail["pattern"],
                    "steps": steps,
                    "total_ms": detail["total_ms"],
                },
                now_ms,
            )
        elif what == "prompt":
            self.feed.add({"t": "show", "at": label, "state": "blank"}, now_ms)
        elif what == "quiet":
            self.feed.add({"t": "quiet", "at": label}, now_ms)
            self.world.at(t_us, self._fell_silent, label)
            return
        elif what == "off":
            self.feed.add({"t": "show", "at": label, "state": "off"}, now_ms)
        self._log_line(what, label, detail)

    def _log_line(self, what: str, label: str, detail: Detail) -> None:
        """Log an event, if it is worth a line."""
        line = line_for(what, label, self.names.get(label, label), detail)
        if line:
            self.log(*line)

    def _fell_silent(self, label: str) -> None:
        """Say so in the list, unless another sound began at the same moment."""
        if self.world.nodes[label].siren is None:
            self._log_line("quiet", label, {})

    def _sent(self, label: str, detail: Detail, now_ms: Ms) -> None:
        self._frames[detail["tx"]] = (label, detail["type"])
        if len(self._frames) > FRAMES_KEPT:
            self._frames.popitem(last=False)
        relay = self._label_of.get(detail.get("src", 0)) != label
        self.feed.add(
            {
                "t": "tx",
                "from": label,
                "kind": detail["type"],
                "ms": detail["airtime_us"] // MS,
                "relay": relay,
            },
            now_ms,
        )

    def _reached(self, label: str, what: str, detail: Detail, now_ms: Ms) -> None:
        if what == "miss" and detail["why"] not in MISSES_SHOWN:
            return
        if detail["tx"] in self._frames:
            sender, kind = self._frames[detail["tx"]]
            self.feed.add({"t": "rx", "at": label, "from": sender, "kind": kind, "ok": what == "rx"}, now_ms)
