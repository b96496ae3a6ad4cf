"""The baseline: the same village with unmodified Meshtastic nodes in place of ours.

    with stock_world(scenario("rt"), seed=1, loss=0.08) as world:
        world.press("tombol-07", t_us=150_000_000)

Buttons are CLIENTs that are always on and send one packet a press, as long as our ALARM and wanting an
acknowledgement: the node sends it three times unless it overhears a relay of it. There are no receipts.
Stored is what the gateway's radio handed its computer; a post sounds for what its radio received.
"""

import struct
from collections.abc import Iterable
from typing import Any

from kentongan_node.base.actions import Note, Persist
from kentongan_wire.air import packet as wire
from kentongan_wire.base.errors import LocalError
from kentongan_wire.message import messages as m

from kentongan_sim.physics.chance import between
from kentongan_sim.physics.shapes import (
    About,
    Action,
    Answer,
    Boot,
    Chance,
    Counters,
    Detail,
    Ms,
    Node,
    Settings,
    State,
    Us,
)
from kentongan_sim.scenarios.catalogue import CHANNEL_KEY, CHANNEL_NAME, Scenario
from kentongan_sim.stock.node import ACKED, StockNode, StockNodeSettings
from kentongan_sim.world.gateways.gateway_host import COMMIT_US, START_US
from kentongan_sim.world.world import POWER_UP_US, SERIAL_BYTE_US, World

ALARM_BYTES = 22  # payload of our ALARM: head 6, attempt 1, masked 7, tag 8
API_BYTES = 60  # of the client protocol around one packet on the serial line
ROUTER_ROLES = ("penerus", "sirene")  # ROUTERs are a site's penerus, or its posts where it has none
NAIVE_SENDS = 4  # measured: 4.2 times the air of a packet that is sent once
SOUND = "stok"
PRESS_KEYS = ("main", "silent")


def stock_world(
    scene: Scenario,
    seed: int = 1,
    loss: float = 0.0,
    dead: Iterable[str] = (),
    *,
    retry_s: float | None = None,
    alarm_bytes: int = ALARM_BYTES,
    **options: Any,
) -> World:
    """Make a World of stock nodes. `retry_s` replaces the acknowledged packet by plain ones: four, each so
    many seconds after the one before; 0: one and no more. `options` as World.
    """
    roles = {place.role for place in scene.places}
    router = next((role for role in ROUTER_ROLES if role in roles), None)
    engine = StockEngine(router, None if retry_s is None else int(retry_s * 1000), alarm_bytes)
    world = World(scene, seed, engine, loss, dead, gateway_hosts=False, **options)
    for place in scene.places:  # a stock node that hears relays of its packets is always on
        if place.role == "tombol" and place.label not in world.dead:
            world.at(between(0, POWER_UP_US, seed, "on", place.label), world.nodes[place.label].power_on)
    Ears(world)
    return world


class StockEngine:
    """Runs stock nodes in the places of ours; the methods of engine_cpython.Engine."""

    name = "stock"

    def __init__(self, router_role: str | None, retry_ms: Ms | None, alarm_bytes: int):
        self.router_role = router_role
        self.retry_ms = retry_ms
        self.alarm_bytes = alarm_bytes
        self.channel = wire.Channel(CHANNEL_NAME, CHANNEL_KEY)
        self._cores: dict[str, StockNode] = {}

    def boot(
        self, label: str, settings: Settings, state: State, boot: Boot, now_ms: Ms, rnd: Chance
    ) -> Answer:
        self._cores[label] = core = self._make(settings, state)
        return core.start(boot, now_ms, int(rnd)), core.next_deadline()

    def _make(self, settings: Settings, state: State) -> StockNode:
        role = settings["role"]
        stock: StockNodeSettings = {
            "node": settings["node"],
            "label": settings["label"],
            "preset": settings["preset"],
            "channels": [self.channel],
            "role": "ROUTER" if role == self.router_role else "CLIENT",
        }
        if role == "tombol":
            return StockButton(stock, state, self.retry_ms, self.alarm_bytes)
        return StockNode(stock)

    def deliver(self, label: str, name: str, args: tuple[object, ...], now_ms: Ms, rnd: Chance) -> Answer:
        core = self._cores[label]
        handler = getattr(core, name, None)  # a stock node has no keys but the button's
        return handler(*args, now_ms, int(rnd)) if handler else [], core.next_deadline()

    def counters(self, label: str) -> Counters:
        return dict(self._cores[label].counters)

    def kill(self, label: str) -> None:
        self._cores.pop(label, None)

    def close(self) -> None:
        self._cores.clear()


class StockButton(StockNode):
    """A CLIENT with one key; `retry_ms` as retry_s of stock_world."""

    def __init__(self, settings: StockNodeSettings, state: State, retry_ms: Ms | None, alarm_bytes: int):
        super().__init__(settings)
        if alarm_bytes < ALARM_BYTES:
            raise LocalError(f"stock button: an alarm has at least {ALARM_BYTES} bytes, not {alarm_bytes}")
        self._label = settings["label"]
        self._count_up = struct.unpack("<I", state.get("presses", bytes(4)))[0]
        self._retry_ms = retry_ms
        self._alarm_bytes = alarm_bytes
        self._packet_id = 0  # of the packet that may still be acknowledged
        self._attempt = 0
        self._again_ms: Ms | None = None

    def key(self, key: str, down: bool, now_ms: Ms, rnd: int) -> list[Action]:
        """Send one packet a press."""
        if key not in PRESS_KEYS or not down:
            return []
        self._count_up += 1
        self._attempt = 0
        self._send(now_ms, rnd)
        return [Persist("presses", struct.pack("<I", self._count_up))]

    def _send(self, now_ms: Ms, rnd: int) -> None:
        self._packet_id = rnd or 1  # a stock node draws its ids
        head = struct.pack("<BBIB", 1 << 4 | m.ALARM, m.TOMBOL << 4, self._count_up, self._attempt)
        payload = head + bytes(self._alarm_bytes - len(head))
        self.send(payload, self._packet_id, self._retry_ms is None, now_ms, rnd)
        self._attempt += 1
        again = self._attempt < NAIVE_SENDS
        self._again_ms = now_ms + self._retry_ms if self._retry_ms and again else None

    def settled(self, packet_id: int, error: int) -> list[Action]:
        """Note the radio's word on a packet: all that a stock presser can be shown."""
        actions = super().settled(packet_id, error)
        if error == ACKED and packet_id == self._packet_id:
            actions.append(Note("stock_ack", self._label, self._count_up, ""))
        return actions

    def tick(self, now_ms: Ms, rnd: int) -> list[Action]:
        if self._again_ms is not None and self._again_ms <= now_ms:
            self._send(now_ms, rnd ^ 1)
        return super().tick(now_ms, rnd)

    def next_deadline(self) -> Ms | None:
        times = [t for t in (super().next_deadline(), self._again_ms) if t is not None]
        return min(times, default=None)


class Ears:
    """Store and sound as gateways' computers and posts do on frames that their stock radios received."""

    def __init__(self, world: World):
        self.world = world
        self._alarms: dict[int, tuple[Node, int, int]] = {}  # tx index -> (node, counter, bytes)
        self._gateways = {gateway.modem: gateway.label for gateway in world.scene.gateways}
        self._posts = {place.label for place in world.scene.places if place.role == "sirene"}
        self._known: set[tuple[str | int, ...]] = (
            set()
        )  # (label, node, counter) stored, or (label,) that sounds
        world.listen(self._event)
        for gateway in world.scene.gateways:
            if gateway.label not in world.dead:
                world.at(START_US, world.report, gateway.label, "boot", {"cause": "power", "key": ""})

    def _event(self, t_us: Us, label: str, what: str, detail: Detail) -> None:
        if what == "tx" and detail["type"] == "ALARM":
            self._alarms[detail["tx"]] = detail["src"], detail["counter"], detail["bytes"]
        elif what == "rx" and detail["tx"] in self._alarms:
            node, counter, size = self._alarms[detail["tx"]]
            if label in self._gateways and self._first(label, node, counter):
                line_us = (size + API_BYTES) * SERIAL_BYTE_US
                self._later(
                    line_us + COMMIT_US,
                    self._gateways[label],
                    "store",
                    {"type": "alarm", "device": node, "counter": counter},
                )
            if label in self._posts and self._first(label):
                self._later(0, label, "sound", {"pattern": SOUND, "steps": (), "total_ms": 0})

    def _first(self, *about: str | int) -> bool:
        new = about not in self._known
        self._known.add(about)
        return new

    def _later(self, after_us: Us, label: str, what: str, detail: Detail) -> None:
        self.world.at(self.world.now_us + after_us, self.world.report, label, what, detail)


def baseline_figures(world: World) -> dict[str, Any]:
    """Gather the figures of a baseline's run beside the usual ones.

    `acked` alarms were shown as delivered, `acked_not_stored` wrongly; `air_s_per_alarm` counts every
    transmission, relays included. No checker judges what promises nothing.
    """
    nodes = {place.label: place.node for place in world.scene.places}
    acked, stored, sent, air_us = set[About](), set[About](), set[About](), 0
    assert isinstance(world.engine, StockEngine)
    retry_ms = world.engine.retry_ms
    for _, label, what, detail in world.trace.events:
        if what == "note" and detail["step"] == "stock_ack":
            acked.add((nodes[label], detail["counter"]))
        elif what == "store":
            stored.add((detail["device"], detail["counter"]))
        elif what == "tx" and detail["type"] == "ALARM":
            sent.add((detail["src"], detail["counter"]))
            air_us += detail["airtime_us"]
    return {
        "checkers": {},
        "baseline": "stock",
        "retry_s": None if retry_ms is None else retry_ms / 1000,
        "acked": len(acked),
        "acked_not_stored": len(acked - stored),
        "air_s_per_alarm": round(air_us / 1e6 / len(sent), 3) if sent else None,
    }


def baseline_sentence(figures: dict[str, Any]) -> str:
    """Write the same for a person to read."""
    f = figures
    how = (
        "one packet a press, sent three times unless a relay of it is heard"
        if f["retry_s"] is None
        else f"{NAIVE_SENDS} plain packets a press, every {f['retry_s']:g} s"
        if f["retry_s"]
        else "one plain packet a press"
    )
    return (
        f"  baseline {f['baseline']}: {how}; {f['air_s_per_alarm']} s of air per alarm\n"
        f"  shown as delivered {f['acked']}, of these never stored {f['acked_not_stored']}; "
        "no checker judges it"
    )
