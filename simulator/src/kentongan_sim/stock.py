"""An unmodified Meshtastic node in the simulated air, as a core like any of ours: events in, actions out.

How it treats packets is wire-format section 2, measured on firmware 2.7.26: role CLIENT relays 16 + random
0..2^CW slots after reception, relays a repeated id again while hop_limit == hop_start, drops it otherwise,
and cancels a waiting relay when it overhears another one. `host`/`HostWrite` carry the client stream.
"""
import random
import struct
from collections import OrderedDict, namedtuple

from kentongan_node.actions import Cad, HostWrite, Listen, Transmit
from kentongan_wire import packet as wire
from kentongan_wire import phy
from kentongan_wire.crypto import aes_ctr
from kentongan_wire.errors import LocalError, RemoteError
from meshtastic.protobuf import mesh_pb2

from kentongan_sim.stock_api import HOST_QUEUE_MAX, STATUS_OK, STATUS_QUEUE_FULL, StockApi

CLIENT_RELAY_SLOTS = 16  # 2 * the largest contention window: a CLIENT lets every ROUTER go first
SEEN_MAX = 256  # packets remembered by (from, id)
RELAYS_MAX = 16  # relays waiting for the air at once
OWN_HOPS = 3  # hop limit of a packet whose host gave none
ACK_NONE = mesh_pb2.Routing.Error.NONE

Waiting = namedtuple("Waiting", "src id frame due_ms relay snr_q")


class StockNode:
    """A stock node of role CLIENT or ROUTER; put it on the air with World.host_core.

    `settings`: node, channels (kentongan_wire Channels), and as needed label, preset, hop_limit, role.
    """

    def __init__(self, settings):
        self.node = settings["node"]
        self.channels = settings["channels"]
        self.preset = phy.preset(settings.get("preset", phy.DEFAULT_PRESET))
        self.role = settings.get("role", "CLIENT")
        if self.role not in ("CLIENT", "ROUTER"):
            raise LocalError(f"stock node: role {self.role!r} is not simulated; use CLIENT or ROUTER")
        identity = (self.node, settings.get("label", "stock"), self.role)
        self.api = StockApi(identity, self.channels, self.preset, settings.get("hop_limit", OWN_HOPS))
        self.counters = {}
        self._seen = OrderedDict()
        self._queue = []
        self._on_air = None  # the frame for which the channel is being checked, or which is being sent
        self._wants_ack = OrderedDict()

    def start(self, boot, now_ms, rnd):
        """Power on: whatever waited is forgotten."""
        self.api.connect()
        self._seen.clear()
        self._queue.clear()
        self._on_air = None
        return [Listen(True)]

    def connected(self):
        """A client has connected; a session before it is over, as a stock node serves one at a time."""
        self.api.connect()

    def host(self, data, now_ms, rnd):
        """Bytes from the client."""
        answer, packets = self.api.feed(data)
        actions = [HostWrite(answer)] if answer else []
        for index, packet in enumerate(packets):
            actions.append(HostWrite(self._from_host(packet, now_ms, rnd ^ index)))
        return actions + self.tick(now_ms, rnd)

    def _from_host(self, packet, now_ms, rnd):
        if packet.to == self.node:
            return self.api.queued(packet.id, STATUS_OK, HOST_QUEUE_MAX) + self.api.routing(packet.id)
        own = [w for w in self._queue if not w.relay]
        packet_id = packet.id or (rnd & 0xFFFFFFFF) or 1
        sendable = packet.HasField("decoded") and packet.channel < len(self.channels)
        if len(own) >= HOST_QUEUE_MAX or not sendable:
            self._count("host_refused")
            return self.api.queued(packet_id, STATUS_QUEUE_FULL, 0)
        frame = self._seal(packet, packet_id)
        if frame is None:
            return self.api.queued(packet_id, STATUS_QUEUE_FULL, 0)
        self._remember(self.node, packet_id)
        if packet.want_ack:
            self._wants_ack[packet_id] = True
            while len(self._wants_ack) > HOST_QUEUE_MAX:
                self._wants_ack.popitem(last=False)
        slots = random.Random(rnd).randrange(2 ** phy.CONTENTION_MIN)  # the window of a quiet channel
        self._queue.append(Waiting(self.node, packet_id, frame, now_ms + self._slots_ms(slots), False, 0))
        return self.api.queued(packet_id, STATUS_OK, HOST_QUEUE_MAX - len(own) - 1)

    def _seal(self, packet, packet_id):
        """The frame of a host packet as the firmware builds it; the origin is always this node."""
        hops = min(packet.hop_limit, wire.HOP_MAX)
        channel = self.channels[packet.channel]
        plain = wire.encode_data(wire.Data(packet.decoded.portnum, packet.decoded.payload, 0))
        header = wire.Packet(packet.to, self.node, packet_id, hops, int(packet.want_ack), 0, hops,
                             channel.hash, 0, self.node & 0xFF, b"")
        try:
            block = struct.pack("<QII", packet_id, self.node, 0)
            return wire.build_packet(header._replace(body=aes_ctr(channel.key, block, plain)))
        except LocalError:
            self._count("host_too_long")
            return None

    def receive(self, frame, rssi, snr_q, now_ms, rnd):
        """A whole frame from the air."""
        try:
            packet = wire.parse_packet(frame)
        except RemoteError as error:
            self._count(error.reason)
            return []
        key = (packet.src, packet.id)
        if packet.src == self.node:
            return self._own_heard(packet)
        known = key in self._seen
        self._remember(*key)
        if known:
            if packet.hop_start == packet.hop_limit and packet.hop_start > 0:
                self._plan_relay(packet, snr_q, now_ms, rnd)
            elif self.role == "CLIENT":
                self._cancel(key)
            return []
        self._plan_relay(packet, snr_q, now_ms, rnd)
        handed = self.api.received(self._for_host(packet, rssi, snr_q, now_ms))
        return [HostWrite(handed)] if handed else []

    def _own_heard(self, packet):
        """Somebody relayed a packet of ours: what a stock sender calls an ack of a broadcast."""
        if self._wants_ack.pop(packet.id, None):
            return [HostWrite(self.api.routing(packet.id, ACK_NONE))]
        return []

    def _for_host(self, packet, rssi, snr_q, now_ms):
        message = mesh_pb2.MeshPacket(
            to=packet.to, id=packet.id, rx_time=now_ms // 1000, rx_snr=snr_q / 4, rx_rssi=rssi,
            hop_limit=packet.hop_limit, hop_start=packet.hop_start, want_ack=bool(packet.want_ack),
            via_mqtt=bool(packet.via_mqtt), next_hop=packet.next_hop, relay_node=packet.relay_node)
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

    def _plan_relay(self, packet, snr_q, now_ms, rnd):
        waiting = any(w.relay and (w.src, w.id) == (packet.src, packet.id) for w in self._queue)
        if packet.hop_limit == 0 or packet.to == self.node or waiting:
            return
        if sum(w.relay for w in self._queue) >= RELAYS_MAX:
            self._count("relay_full")
            return
        window, draw = phy.contention_window(snr_q), random.Random(rnd)
        if self.role == "CLIENT":
            slots = CLIENT_RELAY_SLOTS + draw.randrange(2 ** window)
        else:
            slots = draw.randrange(2 * window)
        due_ms, frame = now_ms + self._slots_ms(slots), wire.relayed(packet, self.node & 0xFF)
        self._queue.append(Waiting(packet.src, packet.id, frame, due_ms, True, snr_q))

    def _cancel(self, key):
        before = len(self._queue)
        self._queue = [w for w in self._queue if not w.relay or (w.src, w.id) != key]
        if len(self._queue) < before:
            self._count("relay_cancelled")

    def tick(self, now_ms, rnd):
        """Ask for the channel when a frame is due and none is under way."""
        due = [w for w in self._queue if w.due_ms <= now_ms]
        if self._on_air is not None or not due:
            return []
        self._on_air = min(due, key=lambda w: (w.due_ms, w.relay))
        self._queue.remove(self._on_air)
        return [Cad()]

    def cad(self, busy, now_ms, rnd):
        """The channel check's answer: send, or draw a new delay."""
        waiting = self._on_air
        if waiting is None:
            return []
        if not busy:
            return [Transmit(waiting.frame)]
        slots = 1 + random.Random(rnd).randrange(2 ** phy.contention_window(waiting.snr_q))
        self._queue.append(waiting._replace(due_ms=now_ms + self._slots_ms(slots)))
        self._on_air = None
        return []

    def sent(self, ok, now_ms, rnd):
        """The frame is out, or the radio failed; a stock node does not try again by itself."""
        self._on_air = None
        self._count("sent" if ok else "send_failed")
        return self.tick(now_ms, rnd)

    def sense(self, what, value, now_ms, rnd):
        """A reading of the board; a stock node's are not simulated."""
        return []

    def next_deadline(self):
        """When `tick` is due, or None."""
        if self._on_air is not None or not self._queue:
            return None
        return min(w.due_ms for w in self._queue)

    def _slots_ms(self, slots):
        return -(-slots * phy.slot_us(self.preset) // 1000)

    def _remember(self, src, packet_id):
        self._seen[(src, packet_id)] = True
        self._seen.move_to_end((src, packet_id))
        while len(self._seen) > SEEN_MAX:
            self._seen.popitem(last=False)

    def _count(self, reason):
        self.counters[reason] = self.counters.get(reason, 0) + 1

