"""An unmodified Meshtastic node in the simulated air, as a core like any of ours: events in, actions out.

How it treats packets is wire-format section 2, measured on firmware 2.7.26: role CLIENT relays 16 + random
0..2^CW slots after reception, relays a repeated id again while hop_limit == hop_start, drops it otherwise,
and cancels a waiting relay when it overhears another one. A packet that wants an acknowledgement goes out
three times unless a relay of it is overheard. `host`/`HostWrite` carry the client stream.
"""

import struct
from collections import OrderedDict
from collections.abc import Callable
from typing import NotRequired, TypedDict

from kentongan_node.actions import HostWrite, Listen
from kentongan_wire import packet as wire
from kentongan_wire import phy
from kentongan_wire.crypto import aes_ctr
from kentongan_wire.errors import LocalError, RemoteError
from meshtastic.protobuf import mesh_pb2, portnums_pb2

from kentongan_sim.physics.shapes import Action, Boot, Counters, Ms, Node
from kentongan_sim.stock.api import HOST_QUEUE_MAX, STATUS_OK, STATUS_QUEUE_FULL, StockApi
from kentongan_sim.stock.send_queue import StockQueue, Waiting

SEEN_MAX = 256  # packets remembered by (from, id)
RELAYS_MAX = 16  # relays waiting for the air at once
OWN_HOPS = 3  # hop limit of a packet whose host gave none
SENDS = 3  # of a packet that wants an acknowledgement, the first included: NUM_RELIABLE_RETX
ACKED = mesh_pb2.Routing.Error.NONE
NOT_ACKED = mesh_pb2.Routing.Error.MAX_RETRANSMIT


class StockNodeSettings(TypedDict):
    """Settings of one stock node."""

    node: Node
    channels: list[wire.Channel]
    label: NotRequired[str]
    preset: NotRequired[str]
    hop_limit: NotRequired[int]
    role: NotRequired[str]


class Unacked:
    """A packet of this node of which no relay has been overheard yet."""

    def __init__(self, frame: bytes, due_ms: Ms):
        self.frame = frame
        self.due_ms = due_ms
        self.sends = 1


class StockNode:
    """A stock node of role CLIENT or ROUTER; put it on the air with World.host_core.

    `settings`: node, channels (kentongan_wire Channels), and as needed label, preset, hop_limit, role.
    """

    def __init__(self, settings: StockNodeSettings):
        self.node = settings["node"]
        self.channels = settings["channels"]
        self.preset = phy.preset(settings.get("preset", phy.DEFAULT_PRESET))
        self.role = settings.get("role", "CLIENT")
        if self.role not in ("CLIENT", "ROUTER"):
            raise LocalError(f"stock node: role {self.role!r} is not simulated; use CLIENT or ROUTER")
        identity = (self.node, settings.get("label", "stock"), self.role)
        self.api = StockApi(identity, self.channels, self.preset, settings.get("hop_limit", OWN_HOPS))
        self.counters: Counters = {}
        self.on_reboot: Callable[[], object] | None = (
            None  # called when the node restarts by itself and its line goes away
        )
        self._reboots = False
        self._seen: OrderedDict[tuple[Node, int], bool] = OrderedDict()
        self._queue = StockQueue(self.preset, self.role)
        self._unacked: dict[int, Unacked] = {}  # packet id -> Unacked, oldest first

    def start(self, boot: Boot | None, now_ms: Ms, rnd: int) -> list[Action]:
        """Start at power on; whatever waited is forgotten."""
        self.api.connect()
        self._seen.clear()
        self._queue.clear()
        self._unacked.clear()
        return [Listen(True)]

    def _reboot(self) -> list[Action]:
        """Use the settings as they are now; the client's line goes away for a moment."""
        self._reboots = False
        told = [HostWrite(self.api.rebooted())]
        self._use_settings()
        if self.on_reboot:
            self.on_reboot()
        return told + self.start(None, 0, 0)

    def _use_settings(self) -> None:
        settings = self.api.settings
        self.channels, self.preset, self.role = settings.site_channels(), settings.preset(), settings.role
        self._queue = StockQueue(self.preset, self.role)

    def connected(self) -> None:
        """Begin a client's session; the one before is over, as a stock node serves one at a time."""
        self.api.connect()

    def host(self, data: bytes, now_ms: Ms, rnd: int) -> list[Action]:
        """Take bytes from the client."""
        answer, packets = self.api.feed(data)
        actions = [HostWrite(answer)] if answer else []
        for index, packet in enumerate(packets):
            actions.append(HostWrite(self._from_host(packet, now_ms, rnd ^ index)))
            if self._reboots:
                return actions + self._reboot()
        return actions + self.tick(now_ms, rnd)

    def _from_host(self, packet: mesh_pb2.MeshPacket, now_ms: Ms, rnd: int) -> bytes:
        if packet.to == self.node:
            queued = self.api.queued(packet.id, STATUS_OK, HOST_QUEUE_MAX)
            if packet.decoded.portnum == portnums_pb2.PortNum.ADMIN_APP:
                answer, self._reboots = self.api.admin(packet)
                return queued + answer
            return queued + self.api.routing(packet.id)
        own = [w for w in self._queue.waiting if not w.relay]
        packet_id = packet.id or (rnd & 0xFFFFFFFF) or 1
        sendable = packet.HasField("decoded") and packet.channel < len(self.channels)
        if len(own) >= HOST_QUEUE_MAX or not sendable:
            self._count("host_refused")
            return self.api.queued(packet_id, STATUS_QUEUE_FULL, 0)
        frame = self._seal(packet, packet_id)
        if frame is None:
            return self.api.queued(packet_id, STATUS_QUEUE_FULL, 0)
        self._originate(frame, packet_id, packet.want_ack, now_ms, rnd)
        return self.api.queued(packet_id, STATUS_OK, HOST_QUEUE_MAX - len(own) - 1)

    def _originate(self, frame: bytes, packet_id: int, want_ack: bool, now_ms: Ms, rnd: int) -> None:
        """Put a packet of this node on its way."""
        self._remember(self.node, packet_id)
        for other in self._unacked.values():  # while we send we hear no acknowledgement
            other.due_ms += self._queue.airtime_ms(frame)
        if want_ack:
            self._unacked[packet_id] = Unacked(frame, now_ms + self._queue.retry_ms(frame, now_ms))
            while len(self._unacked) > HOST_QUEUE_MAX:
                self._unacked.pop(next(iter(self._unacked)))
        self._queue.add(Waiting(self.node, packet_id, frame, bool(want_ack), False, 0), now_ms, rnd)

    def send(self, payload: bytes, packet_id: int, want_ack: bool, now_ms: Ms, rnd: int) -> None:
        """Broadcast `payload` on the primary channel, as software on the device does."""
        packet = mesh_pb2.MeshPacket(to=wire.BROADCAST, id=packet_id, hop_limit=OWN_HOPS, want_ack=want_ack)
        packet.decoded.portnum = wire.PORT_PRIVATE
        packet.decoded.payload = payload
        self._from_host(packet, now_ms, rnd)

    def _seal(self, packet: mesh_pb2.MeshPacket, packet_id: int) -> bytes | None:
        """Build the frame of a host packet as the firmware does; the origin is always this node."""
        hops = min(packet.hop_limit, wire.HOP_MAX)
        channel = self.channels[packet.channel]
        plain = wire.encode_data(wire.Data(packet.decoded.portnum, packet.decoded.payload, 0))
        header = wire.Packet(
            packet.to,
            self.node,
            packet_id,
            hops,
            int(packet.want_ack),
            0,
            hops,
            channel.hash,
            0,
            self.node & 0xFF,
            b"",
        )
        try:
            block = struct.pack("<QII", packet_id, self.node, 0)
            return wire.build_packet(header._replace(body=aes_ctr(channel.key, block, plain)))
        except LocalError:
            self._count("host_too_long")
            return None

    def receive(self, frame: bytes, rssi: int, snr_q: int, now_ms: Ms, rnd: int) -> list[Action]:
        """Take a whole frame from the air."""
        try:
            packet = wire.parse_packet(frame)
        except RemoteError as error:
            self._count(error.reason)
            return []
        self._queue.used(frame, now_ms)
        self._queue.start_timer(now_ms, rnd)
        key = (packet.src, packet.id)
        acked = self._own_heard(packet) if packet.src == self.node else []
        for other in self._unacked.values():  # while we received we heard no acknowledgement
            other.due_ms += self._queue.airtime_ms(frame)
        if packet.src == self.node:
            return acked
        known = key in self._seen
        self._remember(*key)
        if known:
            if packet.hop_start == packet.hop_limit and packet.hop_start > 0:
                self._plan_relay(packet, snr_q, now_ms, rnd)
            elif self.role == "CLIENT" and self._queue.cancel(*key):
                self._count("relay_cancelled")
            return []
        self._plan_relay(packet, snr_q, now_ms, rnd)
        handed = self.api.received(self._for_host(packet, rssi, snr_q, now_ms))
        return [HostWrite(handed)] if handed else []

    def _own_heard(self, packet: wire.Packet) -> list[Action]:
        """Settle a packet of ours that somebody relayed: a stock sender calls it an ack of a broadcast."""
        unacked = self._unacked.pop(packet.id, None)
        if unacked is None:
            return []
        if unacked.sends > 1:
            self._queue.cancel(self.node, packet.id)
        return self.settled(packet.id, ACKED)

    def settled(self, packet_id: int, error: int) -> list[Action]:
        """Tell the host whether a packet of this node was acknowledged."""
        self._count("acked" if error == ACKED else "not_acked")
        told = self.api.routing(packet_id, error)
        return [HostWrite(told)] if told else []

    def _for_host(self, packet: wire.Packet, rssi: int, snr_q: int, now_ms: Ms) -> mesh_pb2.MeshPacket:
        message = mesh_pb2.MeshPacket(
            to=packet.to,
            id=packet.id,
            rx_time=now_ms // 1000,
            rx_snr=snr_q / 4,
            rx_rssi=rssi,
            hop_limit=packet.hop_limit,
            hop_start=packet.hop_start,
            want_ack=bool(packet.want_ack),
            via_mqtt=bool(packet.via_mqtt),
            next_hop=packet.next_hop,
            relay_node=packet.relay_node,
        )
        setattr(message, "from", packet.src)
        for index, channel in enumerate(self.channels):
            if channel.hash != packet.channel_hash:
                continue
            try:
                data = channel.open(packet)
            except RemoteError as error:
                self._count(error.reason)
                continue
            message.channel = index
            message.decoded.portnum = data.portnum
            message.decoded.payload = data.payload
            if data.bitfield is not None:
                message.decoded.bitfield = data.bitfield
            return message
        message.channel = packet.channel_hash
        message.encrypted = packet.body
        return message

    def _is_private(self, packet: wire.Packet) -> bool:
        for channel in self.channels:
            if channel.hash == packet.channel_hash:
                try:
                    return channel.open(packet).portnum == wire.PORT_PRIVATE
                except RemoteError:
                    continue
        return False

    def _plan_relay(self, packet: wire.Packet, snr_q: int, now_ms: Ms, rnd: int) -> None:
        if not self.api.settings.relays(wire.PORT_PRIVATE) and self._is_private(packet):
            self._count("not_core_port")
            return
        if packet.hop_limit == 0 or packet.to == self.node or self._queue.has(packet.src, packet.id):
            return
        if sum(w.relay for w in self._queue.waiting) >= RELAYS_MAX:
            self._count("relay_full")
            return
        frame = wire.relayed(packet, self.node & 0xFF)
        relay = Waiting(packet.src, packet.id, frame, bool(packet.want_ack), True, snr_q)
        self._queue.add(relay, now_ms, rnd)

    def tick(self, now_ms: Ms, rnd: int) -> list[Action]:
        """Repeat what was not acknowledged, and ask for the channel when the queue's timer has ended."""
        actions = []
        due = [number for number, unacked in self._unacked.items() if unacked.due_ms <= now_ms]
        for index, number in enumerate(due):
            unacked = self._unacked[number]
            if unacked.sends == SENDS:
                del self._unacked[number]
                actions += self.settled(number, NOT_ACKED)
                continue
            unacked.sends += 1
            unacked.due_ms = now_ms + self._queue.retry_ms(unacked.frame, now_ms)
            if not self._queue.has(self.node, number):
                again = Waiting(self.node, number, unacked.frame, True, False, 0)
                self._queue.add(again, now_ms, rnd ^ index)
        return actions + self._queue.tick(now_ms, rnd)

    def cad(self, busy: bool, now_ms: Ms, rnd: int) -> list[Action]:
        """Take the channel check's answer."""
        return self._queue.cad(busy, now_ms, rnd)

    def sent(self, ok: bool, now_ms: Ms, rnd: int) -> list[Action]:
        """Go on after the frame is out, or the radio has failed."""
        self._count("sent" if ok else "send_failed")
        self._queue.sent(now_ms, rnd)
        return []

    def sense(self, what: str, value: int, now_ms: Ms, rnd: int) -> list[Action]:
        """Take a reading of the board; a stock node's are not simulated."""
        return []

    def next_deadline(self) -> Ms | None:
        """Return when `tick` is due, or None."""
        times = [unacked.due_ms for unacked in self._unacked.values()]
        if (timer_ms := self._queue.next_deadline()) is not None:
            times.append(timer_ms)
        return min(times, default=None)

    def _remember(self, src: Node, packet_id: int) -> None:
        self._seen[(src, packet_id)] = True
        self._seen.move_to_end((src, packet_id))
        while len(self._seen) > SEEN_MAX:
            self._seen.popitem(last=False)

    def _count(self, reason: str) -> None:
        self.counters[reason] = self.counters.get(reason, 0) + 1
