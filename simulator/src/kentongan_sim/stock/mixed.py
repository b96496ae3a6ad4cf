"""Mixed sites: stock radios at a gateway or as repeaters among our devices, in the same air and places.

    python -m kentongan_sim.stock.mixed rt --seeds 30 --gateway ROUTER --repeaters ROUTER --loss 0.08

The gateway's radio is reached by the client protocol over a line of 115200 baud; a repeater stands where the
scenario has a penerus. Everything else is ours, receipts included, so a press counts until the box shows it.
"""

import argparse
from typing import Any

from kentongan_gateway.core.base.actions import Heard, Send
from kentongan_gateway.radio.base import OnHeard, OnState, Radio
from kentongan_wire.air import packet as wire
from kentongan_wire.air.packet import BROADCAST, PORT_PRIVATE
from meshtastic import NODELESS_WANT_CONFIG_ID
from meshtastic.protobuf import mesh_pb2

from kentongan_sim.checkers import check_all
from kentongan_sim.checkers.summary import first_answer_ms, percentiles
from kentongan_sim.physics.shapes import Ms
from kentongan_sim.scenarios.catalogue import CHANNEL_KEY, CHANNEL_NAME, Scenario, scenario
from kentongan_sim.scenarios.parts import Place
from kentongan_sim.stock.api import FrameReader, framed
from kentongan_sim.stock.node import ROLES, StockNode
from kentongan_sim.world.gateways.model_hub import ModelHubHost
from kentongan_sim.world.history import History
from kentongan_sim.world.node_host import LocalCore
from kentongan_sim.world.presses import WARM_UP_S, plan_presses
from kentongan_sim.world.world import World

AFTER_S = 45
LATE_MS = 5_000
KNOCK_US = 1_000_000


class StockLine(Radio):
    """As MeshtasticRadio, without its threads and its library."""

    same_id = False

    def __init__(self, world: World, label: str):
        self._world, self._label = world, label
        self.names = (label,)
        self.counters = {}

    def start(self, on_heard: OnHeard, on_state: OnState) -> None:
        self._on_heard, self._on_state, self._up = on_heard, on_state, False
        self._reader = FrameReader()
        self._world.on_host(self._label, self._bytes)
        self._knock()

    def _knock(self) -> None:
        """Ask for the handshake until the radio, which may start after us, has given it."""
        if not self._up:
            self._tell(mesh_pb2.ToRadio(want_config_id=NODELESS_WANT_CONFIG_ID))
            self._world.at(self._world.now_us + KNOCK_US, self._knock)

    def stop(self) -> None:
        self._world.nodes[self._label].on_host = None

    def send(self, send: Send) -> None:
        packet = mesh_pb2.MeshPacket(to=BROADCAST, id=send.packet_id, hop_limit=send.hop_limit)
        packet.decoded.portnum, packet.decoded.payload = PORT_PRIVATE, send.payload
        packet.priority = mesh_pb2.MeshPacket.Priority.HIGH
        self._tell(mesh_pb2.ToRadio(packet=packet))

    def _tell(self, message: Any) -> None:
        self._world.host_write(self._label, framed(message))

    def _bytes(self, data: bytes) -> None:
        for body in self._reader.feed(data):
            message = mesh_pb2.FromRadio.FromString(body)
            if message.HasField("config_complete_id") and not self._up:
                self._up = True
                self._on_state(self._label, True)
            elif message.HasField("packet"):
                self._packet(message.packet)

    def _packet(self, raw: mesh_pb2.MeshPacket) -> None:
        if raw.decoded.portnum == PORT_PRIVATE:
            head = (getattr(raw, "from"), raw.to, raw.id, raw.hop_limit, raw.hop_start, raw.relay_node)
            body = bytes(raw.decoded.payload)
            self._on_heard(Heard(*head, body, raw.rx_rssi, round(raw.rx_snr * 4), self._label))


def mixed_world(
    scene: Scenario,
    seed: int = 1,
    gateway: str = "",
    repeaters: str = "",
    signs: bool = False,
    **options: Any,
) -> World:
    """Make a World with stock radios of these roles at its gateways and in the places of its penerus; empty
    names leave ours there. `options` as World.
    """
    world = World(scene, seed, **options)
    for place in scene.places:
        role = {"modem": gateway, "penerus": repeaters}.get(place.role)
        if role:
            world.nodes[place.label].use(LocalCore(_node(place, scene, role, signs)))
    for host in world.gateway_hosts.values() if gateway else ():
        _plug(world, host)
    return world


def _node(place: Place, scene: Scenario, role: str, signs: bool) -> StockNode:
    channel = wire.Channel(CHANNEL_NAME, CHANNEL_KEY)
    return StockNode(
        {
            "node": place.node,
            "label": place.label,
            "preset": scene.preset,
            "channels": [channel],
            "role": role,
            "signs": signs,
        }
    )


def _plug(world: World, host: ModelHubHost) -> None:
    host.same_id = False
    line: Any = StockLine(world, host.modem)
    host._make_radio = lambda: line  # type: ignore[method-assign]


def figures(scene: Scenario, seeds: int, presses: int, within_s: float, **options: Any) -> dict[str, Any]:
    """Run seeds 1..n: shares of presses in percent, times from the press in ms."""
    pressed, stored, shown, broken = 0, list[Ms](), list[Ms](), set[str]()
    for seed in range(1, seeds + 1):
        with mixed_world(scene, seed, **options) as world:
            plan_presses(world, presses, within_s)
            world.run_until(int(WARM_UP_S + within_s + AFTER_S) * 1_000_000)
            history = History.of(world)
        broken |= {name for name, found in check_all(history).items() if found}
        for alarm in history.alarms:
            pressed += 1
            said_ms = first_answer_ms(history, alarm)
            stored += [(alarm.stored_us - alarm.t_us) // 1000] if alarm.stored_us else []
            shown += [said_ms] if said_ms is not None else []
    return {
        "presses": pressed,
        "stored": round(100 * len(stored) / pressed, 1),
        "stored_ms": percentiles(stored),
        "shown_in_5_s": round(100 * sum(ms <= LATE_MS for ms in shown) / pressed, 1),
        "shown": round(100 * len(shown) / pressed, 1),
        "shown_ms": percentiles(shown),
        "broken_promises": sorted(broken),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m kentongan_sim.stock.mixed", description=__doc__)
    parser.add_argument("scenario", metavar="SCENARIO")
    parser.add_argument("--seeds", type=int, default=30, metavar="N")
    parser.add_argument("--presses", type=int, default=1, metavar="N")
    parser.add_argument("--within", type=float, default=3, metavar="SECONDS")
    parser.add_argument("--loss", type=float, default=0.0, metavar="SHARE")
    parser.add_argument("--gateway", choices=ROLES, default="", help="role of a stock radio at the gateway")
    parser.add_argument("--repeaters", choices=ROLES, default="", help="role of stock penerus")
    parser.add_argument("--signs", action="store_true", help="as firmware 2.8")
    args = parser.parse_args()
    how = {"gateway": args.gateway, "repeaters": args.repeaters, "signs": args.signs, "loss": args.loss}
    found = figures(scenario(args.scenario), args.seeds, args.presses, args.within, **how)
    print(", ".join(f"{name} {value}" for name, value in found.items()))


if __name__ == "__main__":
    main()
