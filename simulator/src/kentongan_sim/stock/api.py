"""Meshtastic's client protocol as a stock device speaks it: bytes in, packets and answers out, no socket.

Measured on firmware 2.7: the order of the handshake, a QueueStatus for every packet and heartbeat, and the
memory of 20 ids in which a packet that the host sends a second time is swallowed without an answer.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from kentongan_wire.air import packet as wire
from kentongan_wire.air import phy
from meshtastic import NODELESS_WANT_CONFIG_ID
from meshtastic.protobuf import mesh_pb2, portnums_pb2

from kentongan_sim.physics.shapes import Node
from kentongan_sim.stock.admin import StockSettings

START = b"\x94\xc3"  # every frame: these two bytes, length u16 big-endian, protobuf
HEADER_BYTES = 4
FRAME_BYTES_MAX = 512  # MAX_TO_FROM_RADIO_SIZE
RECENT_IDS = 20  # ids of host packets that a device remembers per connection
HOST_QUEUE_MAX = 16  # packets a device keeps for the air
FIRMWARE_VERSION = "2.7.26.simulated"
STATUS_OK = 0
STATUS_QUEUE_FULL = 32  # ERRNO_UNKNOWN, what a full transmit queue answers


class Serialises(Protocol):
    """A protobuf message; the library that makes them has no types."""

    def SerializeToString(self) -> bytes: ...


def framed(message: Serialises) -> bytes:
    """Make the bytes on the stream for one protobuf message."""
    body: bytes = message.SerializeToString()
    return START + len(body).to_bytes(2, "big") + body


class FrameReader:
    """Finds frames in a byte stream and skips the rest; the buffer never grows over one frame."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Return the bodies of all frames that are complete now."""
        bodies = []
        for byte in data:
            self._buffer.append(byte)
            size = len(self._buffer)
            if size <= 2 and self._buffer != START[:size]:
                self._buffer[:] = bytes([byte]) if byte == START[0] else b""
            elif size >= HEADER_BYTES:
                length = int.from_bytes(self._buffer[2:HEADER_BYTES], "big")
                if length > FRAME_BYTES_MAX:
                    self._buffer.clear()
                elif size == HEADER_BYTES + length:
                    bodies.append(bytes(self._buffer[HEADER_BYTES:]))
                    self._buffer.clear()
        return bodies


class StockApi:
    """One client's session with a device.

    `identity` is (node, label, role name); `channels` are kentongan_wire Channels with the primary first.
    `feed(data)` -> (bytes to answer, MeshPackets to send); the caller reports each with `queued`.
    """

    def __init__(
        self,
        identity: tuple[Node, str, str],
        channels: Sequence[wire.Channel],
        preset: phy.Preset,
        hop_limit: int,
    ):
        self.node, label, role = identity
        self.settings = StockSettings(label, role, channels, preset, hop_limit)
        self.swallowed = 0  # packets not sent because their id was still remembered
        self.connect()

    def connect(self) -> None:
        """Begin the session of a client that has come; it remembers no packet id."""
        self._reader = FrameReader()
        self._recent: list[int] = []
        self._number = 0
        self.ready = False  # the client has had its configuration and may be handed packets

    def feed(self, data: bytes) -> tuple[bytes, list[mesh_pb2.MeshPacket]]:
        """Take bytes from the client; returns (bytes for it, packets that it wants on the air)."""
        answer, packets = b"", []
        for body in self._reader.feed(data):
            message = mesh_pb2.ToRadio()
            try:
                message.ParseFromString(body)
            except Exception:  # whatever the protobuf library makes of junk: a device ignores it
                continue
            if message.HasField("want_config_id"):
                answer += b"".join(map(framed, self._handshake(message.want_config_id)))
                self.ready = True
            elif message.HasField("heartbeat"):
                answer += self.queued(0, STATUS_OK, HOST_QUEUE_MAX)
            elif message.HasField("packet") and not self._is_repeat(message.packet.id):
                packets.append(message.packet)
            elif message.HasField("disconnect"):
                self.ready = False
        return answer, packets

    def _is_repeat(self, packet_id: int) -> bool:
        if packet_id == 0:
            return False
        if packet_id in self._recent:
            self.swallowed += 1
            return True
        self._recent = [*self._recent[1 - RECENT_IDS :], packet_id]
        return False

    def _from_radio(self, **fields: Any) -> mesh_pb2.FromRadio:
        self._number += 1
        return mesh_pb2.FromRadio(id=self._number, **fields)

    def queued(self, packet_id: int, result: int, free: int) -> bytes:
        """Answer one host packet with its QueueStatus; id 0 answers a heartbeat."""
        status = mesh_pb2.QueueStatus(res=result, free=free, maxlen=HOST_QUEUE_MAX, mesh_packet_id=packet_id)
        return framed(self._from_radio(queueStatus=status))

    def received(self, packet: mesh_pb2.MeshPacket) -> bytes:
        """Hand a MeshPacket to the client, or nothing while none has finished the handshake."""
        return framed(self._from_radio(packet=packet)) if self.ready else b""

    def routing(self, request_id: int, error: int = mesh_pb2.Routing.Error.NONE) -> bytes:
        """Make the device's own answer to a packet that wanted one."""
        packet = mesh_pb2.MeshPacket(to=self.node, id=request_id ^ 0x5A5A5A5A)
        setattr(packet, "from", self.node)
        packet.decoded.portnum = portnums_pb2.PortNum.ROUTING_APP
        packet.decoded.payload = mesh_pb2.Routing(error_reason=error).SerializeToString()
        packet.decoded.request_id = request_id
        return self.received(packet)

    def admin(self, packet: mesh_pb2.MeshPacket) -> tuple[bytes, bool]:
        """Take the host's AdminMessage to this node; returns (bytes to answer, whether the node reboots)."""
        try:
            answer, reboots = self.settings.admin(packet.decoded.payload)
        except Exception:  # as above: junk changes nothing
            return self.routing(packet.id, mesh_pb2.Routing.Error.BAD_REQUEST), False
        if answer is None:
            return self.routing(packet.id), reboots
        reply = mesh_pb2.MeshPacket(to=self.node, id=packet.id ^ 0x3C3C3C3C)
        setattr(reply, "from", self.node)
        reply.decoded.portnum = portnums_pb2.PortNum.ADMIN_APP
        reply.decoded.payload = answer.SerializeToString()
        reply.decoded.request_id = packet.id
        return self.received(reply), reboots

    def rebooted(self) -> bytes:
        """Tell the host that the line goes away."""
        return framed(self._from_radio(rebooted=True))

    def _handshake(self, config_id: int) -> Iterator[mesh_pb2.FromRadio]:
        yield self._from_radio(
            my_info=mesh_pb2.MyNodeInfo(
                my_node_num=self.node, min_app_version=30200, nodedb_count=1, pio_env="native"
            )
        )
        yield self._from_radio(node_info=self._node_info())
        yield self._from_radio(
            metadata=mesh_pb2.DeviceMetadata(
                firmware_version=FIRMWARE_VERSION,
                device_state_version=24,
                role=self.settings.configs["device"].device.role,
                hw_model=mesh_pb2.HardwareModel.PORTDUINO,
            )
        )
        for channel in self.settings.channels:
            yield self._from_radio(channel=channel)
        for config in self.settings.configs.values():
            yield self._from_radio(config=config)
        for module in self.settings.modules.values():
            yield self._from_radio(moduleConfig=module)
        if config_id != NODELESS_WANT_CONFIG_ID:
            yield self._from_radio(node_info=self._node_info())
        yield self._from_radio(config_complete_id=config_id)

    def _node_info(self) -> mesh_pb2.NodeInfo:
        user = mesh_pb2.User(
            id=f"!{self.node:08x}",
            long_name=self.settings.long_name,
            short_name=self.settings.short_name or f"{self.node & 0xFFFF:04x}",
            macaddr=b"\x02\x00" + self.node.to_bytes(4, "big"),
            role=self.settings.configs["device"].device.role,
            hw_model=mesh_pb2.HardwareModel.PORTDUINO,
        )
        return mesh_pb2.NodeInfo(num=self.node, user=user)
