"""An unmodified Meshtastic node in the simulated air, as a core like any of ours: events in, actions out.

How it treats packets is wire-format section 2, measured on firmware 2.7.26: role CLIENT relays 16 + random
0..2^CW slots after reception, relays a repeated id again while hop_limit == hop_start, drops it otherwise,
and cancels a waiting relay when it overhears another one; CLIENT_MUTE relays nothing. A packet that wants an
acknowledgement goes out three times unless a relay of it is overheard. `host`/`HostWrite` carry the client
stream. What the host sends to the node itself waits in a queue of four until the node's loop comes round:
over TCP a fifth pushes the oldest out, and nobody is told. With `signs` it is like 2.8, which signs what it
broadcasts where there is room.
"""

import struct
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import NotRequired, TypedDict

from kentongan_node.base.actions import HostWrite, Listen
from kentongan_wire.air import packet as wire
from kentongan_wire.air import phy
from kentongan_wire.base.crypto import aes_ctr
from kentongan_wire.base.errors import LocalError, RemoteError
from meshtastic.protobuf import mesh_pb2, portnums_pb2

from kentongan_sim.physics.shapes import Action, Boot, Counters, Ms, Node
from kentongan_sim.stock.api import HOST_QUEUE_MAX, STATUS_OK, STATUS_QUEUE_FULL, StockApi
from kentongan_sim.stock.send_queue import DEFAULT, RELIABLE, StockQueue, Waiting

SEEN_MAX = 256  # packets remembered by (from, id)
INBOX_MAX = 4  # of the host's packets to the node itself, MAX_RX_FROMRADIO
LOOP_MS = 100  # until the node's loop comes to them; while a client talks, all its bytes are read before
REBOOT_MS = 7_000  # from saved settings to the restart that uses them, DEFAULT_REBOOT_SECONDS
ROLES = ("CLIENT", "CLIENT_MUTE", "ROUTER")
SIGNATURE = b"\x52\x40" + bytes(64)  # of 2.8: field 10 of Data, 64 bytes of XEdDSA
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
    signs: NotRequired[bool]


class Unacked:
    """A packet of this node of which no relay has been overheard yet."""

    def __init__(self, frame: bytes, due_ms: Ms):
        self.frame = frame
        self.due_ms = due_ms
        self.sends = 1


class StockNode:
    """A stock node of one of ROLES; put it on the air with World.host_core.

    `settings`: node, channels (kentongan_wire Channels), and as needed label, preset, hop_limit, role, signs.
    """

    loop_ms = LOOP_MS

    def __init__(self, settings: StockNodeSettings):
        self.node = settings["node"]
        self.channels = settings["channels"]
        self.preset = phy.preset(settings.get("preset", phy.DEFAULT_PRESET))
        self.role = settings.get("role", "CLIENT")
        if self.role not in ROLES:
            raise LocalError(f"stock node: role {self.role!r} is not simulated; use {', '.join(ROLES)}")
        self._signs = settings.get("signs", False)
        identity = (self.node, settings.get("label", "stock"), self.role)
        self.api = StockApi(identity, self.channels, self.preset, settings.get("hop_limit", OWN_HOPS))
        self.counters: Counters = {}
        self.on_reboot: Callable[[], object] | None = (
            None  # called when the node restarts by itself and its line goes away
        )
        self._inbox: deque[mesh_pb2.MeshPacket] = deque()  # of the host, to this node
        self._inbox_ms: Ms | None = None  # when the node's loop comes to them
        self._reboot_ms: Ms | None = None
        self._seen: OrderedDict[tuple[Node, int], bool] = OrderedDict()
        self._queue = StockQueue(self.preset, self.role)
        self._unacked: dict[int, Unacked] = {}  # packet id -> Unacked, oldest first

    def start(self, boot: Boot | None, now_ms: Ms, rnd: int) -> list[Action]:
        """Start at power on with the settings that were saved; whatever waited is forgotten."""
        self.api.connect()
        self.api.settings.restart()
        self._use_settings()
        self._inbox.clear()
        self._inbox_ms = self._reboot_ms = None
        self._seen.clear()
        self._queue.clear()
        self._unacked.clear()
        return [Listen(True)]

    def _reboot(self) -> list[Action]:
        """Use the settings that were saved; the client's line goes away for a moment."""
        told = [HostWrite(self.api.rebooted())]
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
        return actions + self.tick(now_ms, rnd)

    def _from_host(self, packet: mesh_pb2.MeshPacket, now_ms: Ms, rnd: int) -> bytes:
        if packet.to == self.node:
            return self._take_in(packet, now_ms)
        packet_id = packet.id or (rnd & 0xFFFFFFFF) or 1
        sendable = packet.HasField("decoded") and packet.channel < len(self.channels)
        frame = self._seal(packet, packet_id) if sendable else None
        priority = packet.priority or (RELIABLE if packet.want_ack else DEFAULT)
        if frame and self._queue.add(Waiting(self.node, packet_id, frame, priority, False, 0), now_ms, rnd):
            self._originate(frame, packet_id, packet.want_ack, now_ms)
            return self.api.queued(packet_id, STATUS_OK, self._queue.free())
        self._count("host_refused")
        return self.api.queued(packet_id, STATUS_QUEUE_FULL, 0)

    def _take_in(self, packet: mesh_pb2.MeshPacket, now_ms: Ms) -> bytes:
        """Keep a packet to this node until its loop comes round; its host is told that all is well."""
        if len(self._inbox) == INBOX_MAX:
            self._inbox.popleft()
            self._count("inbox_full")
        self._inbox.append(packet)
        if self._inbox_ms is None:
            self._inbox_ms = now_ms + self.loop_ms
        return self.api.queued(packet.id, STATUS_OK, self._queue.free())

    def _work_off(self, now_ms: Ms) -> list[Action]:
        """Answer what the host sent to this node."""
        told = b""
        self._inbox_ms = None
        while self._inbox:
            packet = self._inbox.popleft()
            if packet.decoded.portnum == portnums_pb2.PortNum.ADMIN_APP:
                answer, reboots = self.api.admin(packet)
                told += answer
                if reboots:
                    self._reboot_ms = now_ms + REBOOT_MS
            else:
                told += self.api.routing(packet.id)
        return [HostWrite(told)] if told else []

    def _originate(self, frame: bytes, packet_id: int, want_ack: bool, now_ms: Ms) -> None:
        """Wait for the acknowledgement of a packet of this node that is on its way."""
        self._remember(self.node, packet_id)
        for other in self._unacked.values():  # while we send we hear no acknowledgement
            other.due_ms += self._queue.airtime_ms(frame)
        if want_ack:
            self._unacked[packet_id] = Unacked(frame, now_ms + self._queue.retry_ms(frame, now_ms))
            while len(self._unacked) > HOST_QUEUE_MAX:
                self._unacked.pop(next(iter(self._unacked)))

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
        block = struct.pack("<QII", packet_id, self.node, 0)
        for tail in (SIGNATURE, b"") if self._signs and packet.to == wire.BROADCAST else (b"",):
            try:
                return wire.build_packet(header._replace(body=aes_ctr(channel.key, block, plain + tail)))
            except LocalError:
                continue
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
        self._queue.heard(now_ms, rnd)
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
        if self.role == "CLIENT_MUTE":
            return
        frame = wire.relayed(packet, self.node & 0xFF)
        priority = RELIABLE if packet.want_ack else DEFAULT
        if not self._queue.add(Waiting(packet.src, packet.id, frame, priority, True, snr_q), now_ms, rnd):
            self._count("relay_full")

    def tick(self, now_ms: Ms, rnd: int) -> list[Action]:
        """Repeat what was not acknowledged, and ask for the channel when the queue's timer has ended."""
        actions: list[Action] = []
        if self._inbox_ms is not None and self._inbox_ms <= now_ms:
            actions += self._work_off(now_ms)
        if self._reboot_ms is not None and self._reboot_ms <= now_ms:
            return actions + self._reboot()
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
                again = Waiting(self.node, number, unacked.frame, RELIABLE, False, 0)
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
        others = (self._queue.next_deadline(), self._inbox_ms, self._reboot_ms)
        return min([*times, *(other for other in others if other is not None)], default=None)

    def _remember(self, src: Node, packet_id: int) -> None:
        self._seen[(src, packet_id)] = True
        self._seen.move_to_end((src, packet_id))
        while len(self._seen) > SEEN_MAX:
            self._seen.popitem(last=False)

    def _count(self, reason: str) -> None:
        self.counters[reason] = self.counters.get(reason, 0) + 1
