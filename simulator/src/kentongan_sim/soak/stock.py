"""The unmodified meshtastic library, a served radio that is unplugged, a spool: nothing receipted is lost.

Real time, real TCP, the gateway's own radio, core, hands and spool. Each packet is an alarm of a button of
its own; buttons go on until they are receipted over the air, as buttons do.
"""

import queue
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from kentongan_gateway.core.gateway_core import CoreConfig, Directory, GatewayCore
from kentongan_gateway.disk.spool import Spool
from kentongan_gateway.disk.state import StateDir
from kentongan_gateway.outputs import NoSiren
from kentongan_gateway.outputs.voice import NoVoice
from kentongan_gateway.radio import meshtastic
from kentongan_gateway.service.clock import Clock
from kentongan_gateway.service.performer import Performer
from kentongan_wire.air import phy
from kentongan_wire.air.packet import BROADCAST, PORT_PRIVATE, Channel
from kentongan_wire.keyring import site_keys
from kentongan_wire.message import messages as m
from kentongan_wire.message.verify import open_message
from meshtastic.protobuf import mesh_pb2

from kentongan_sim.physics.shapes import About
from kentongan_sim.stock.api import HOST_QUEUE_MAX, STATUS_OK, StockApi
from kentongan_sim.world.bridges import TcpBridge

NODE, FIRST_BUTTON = 0x1010, 0x20000
SITE = Channel("kampung", bytes(range(32)))
ROOTS = {0: site_keys.alarm_root(bytes(32), 0)}, {0: site_keys.control_root(bytes(32), 0)}
KEYS = site_keys.SiteKeys(*ROOTS, 0)


class KeyFile(NamedTuple):
    node: int
    channel: Channel
    preset: str
    freq_hz: int


PRESET = "ShortSlow"
WINDOW = 40  # packets on their way; a radio's own queue to its host is about so long
AGAIN_S = 1.5  # a button without an answer goes on
STALLED_S = 120  # without a single receipt for so long, something is lost
QUICK = {
    "HEARTBEAT_S": 0.5,
    "SILENT_S": 3.0,
    "LOOK_S": 0.05,
    "REOPEN_MIN_S": 0.1,
    "REOPEN_MAX_S": 0.3,
    "OPEN_TIMEOUT_S": 8,
}  # the radio's waits, so that 50 unplugs take minutes


class Served:
    """A stock radio behind TCP and the air around it: buttons that go on until they are receipted."""

    def __init__(self) -> None:
        self.api = StockApi((NODE, "gateway-1", "ROUTER"), [SITE], phy.preset(PRESET), 3)
        self.receipted: dict[About, float] = {}
        self._number = 0
        self.bridge = TcpBridge(self._data, self.api.connect)

    def _data(self, data: bytes) -> None:
        answer, packets = self.api.feed(data)
        self.bridge.write(answer)
        for packet in packets:
            self._on_air(packet)
            self.bridge.write(self.api.queued(packet.id, STATUS_OK, HOST_QUEUE_MAX))

    def _on_air(self, packet: mesh_pb2.MeshPacket) -> None:
        opened = open_message(packet.decoded.payload, NODE, BROADCAST, KEYS)
        if opened.type == m.RECEIPTS:
            for entry in opened.body.entries:
                if entry.stage >= m.STAGE_STORED:
                    self.receipted[entry.node, entry.counter] = time.monotonic()

    def hear(self, node: int, counter: int, attempt: int) -> None:
        """Hear an alarm of this button, kind uji: stored and receipted, sounds nowhere."""
        key_c, key_r = KEYS.c(node, m.TOMBOL, 0), KEYS.r(node, m.TOMBOL, 0)
        assert key_c is not None and key_r is not None
        body = m.Alarm(attempt, counter & 0xFFFF, 5, m.KIND_UJI, 0, 150)
        payload = m.encode(m.ALARM, m.TOMBOL, 0, counter, node, body, key_c, key_r, key_c)
        self._number += 1
        packet = mesh_pb2.MeshPacket(
            to=BROADCAST,
            id=self._number,
            hop_limit=1,
            hop_start=1,
            relay_node=node & 0xFF,
            rx_rssi=-97,
            rx_snr=5.0,
            channel=0,
        )
        setattr(packet, "from", node)
        packet.decoded.portnum, packet.decoded.payload = PORT_PRIVATE, payload
        self.bridge.write(self.api.received(packet))


class Post:
    """The gateway's loop around the library's radio, without a hub: what it stores stays in the spool."""

    def __init__(self, folder: str, port: int) -> None:
        self.inbox: queue.Queue[tuple[str, tuple[object, ...]]] = queue.Queue()
        self.radio = meshtastic.MeshtasticRadio(
            "127.0.0.1", port, KeyFile(NODE, SITE, PRESET, phy.DEFAULT_FREQ_HZ)
        )
        self.spool = Spool(Path(folder) / "spool.sqlite3", "gateway-1")
        self.states: list[bool] = []
        clock = Clock()
        core = GatewayCore(CoreConfig(NODE, "gateway-1", 5, same_id=False), KEYS, Directory([]), {})
        self._performer = Performer(
            core, self.spool, StateDir(folder), self.radio, NoSiren(), NoVoice(), self, clock, lambda: 7
        )
        self._ending = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def wake(self) -> None:
        """No hub here."""

    def order_done(self, order_id: int, result: str) -> None:
        """No hub here that would order anything."""

    def _linked(self, name: str, up: bool) -> None:
        self.states.append(up)
        self.inbox.put(("radio", (name, up)))

    def start(self) -> None:
        self._performer.start()
        self.radio.start(lambda heard: self.inbox.put(("heard", (heard,))), self._linked)
        self._thread.start()

    def _run(self) -> None:
        while not self._ending:
            try:
                kind, args = self.inbox.get(timeout=0.02)
                getattr(self._performer, kind)(*args)
            except queue.Empty:
                pass
            self._performer.tick()

    def stop(self) -> None:
        self._ending = True
        self._thread.join()
        self.radio.stop()


def run(packets: int, unplugs: int, say: Callable[[str], object]) -> list[str]:
    """Return the problems; says what was done."""
    saved = {name: getattr(meshtastic, name) for name in QUICK}
    for name, value in QUICK.items():
        setattr(meshtastic, name, value)
    served, begin = Served(), time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as folder:
            post = Post(folder, served.bridge.port)
            post.start()
            sent, done_unplugs, problems = _press_all(served, post, packets, unplugs)
            post.stop()
            kept = {(e["device"], e["counter"]) for _, e in post.spool.unsent(10**6) if e["type"] == "alarm"}
            post.spool.close()
    finally:
        served.bridge.close()
        for name, value in saved.items():
            setattr(meshtastic, name, value)
    lost = set(served.receipted) - kept
    problems += [
        f"lost: {node:08x} #{counter} was receipted and is not in the spool" for node, counter in lost
    ]
    say(
        f"stock: {len(served.receipted):,} alarms receipted over {done_unplugs} unplugs in {sent:,} packets, "
        f"{len(lost)} of them lost; the link was rebuilt {post.radio.counters.get('rebuilt', 0)} times; "
        f"{time.monotonic() - begin:.0f} s"
    )
    return problems


def _press_all(served: Served, post: Post, packets: int, unplugs: int) -> tuple[int, int, list[str]]:
    """Until so many packets have been offered and everything is receipted: (packets, unplugs, problems)."""
    every, pressed, sent, unplugged = max(1, packets // (unplugs + 1)), 0, 0, 0
    waiting: dict[About, tuple[float, int]] = {}  # when it was last sent, attempt
    last_receipt, known = time.monotonic(), 0
    while sent < packets or waiting:
        now = time.monotonic()
        for about in [about for about in waiting if about in served.receipted]:
            del waiting[about]
        if len(served.receipted) > known:
            known, last_receipt = len(served.receipted), now
        if now - last_receipt > STALLED_S:
            return sent, unplugged, [f"lost: {len(waiting)} alarms were never receipted"]
        if unplugged < unplugs and sent >= (unplugged + 1) * every:
            _unplug(served)
            unplugged += 1
        while len(waiting) < WINDOW and sent < packets:
            pressed += 1
            about = FIRST_BUTTON + pressed, 1
            waiting[about] = now, 0
            served.hear(*about, 0)
            sent += 1
        for about, (at, attempt) in list(waiting.items()):
            if now - at > AGAIN_S:
                waiting[about] = now, attempt + 1
                served.hear(*about, attempt + 1)
                sent += 1
        time.sleep(0.005)
    return sent, unplugged, []


def _unplug(served: Served) -> None:
    served.bridge.unplug()
    time.sleep(0.3)
    served.bridge.replug()
