"""The far ends of radios: a modem behind a pty, a stock device behind TCP; both can be unplugged."""

import os
import pty
import select
import threading
import tty

from kentongan_sim.stock.api import HOST_QUEUE_MAX, STATUS_OK, StockApi
from kentongan_sim.world.bridges import TcpBridge
from kentongan_wire.air import link, phy
from kentongan_wire.air.packet import BROADCAST, PORT_PRIVATE, Channel
from kits.gateway.gateway_kit import BUTTON, GATEWAY
from meshtastic.protobuf import mesh_pb2

CHANNEL = Channel("kentongan", bytes(range(32)))


class PtyModem:
    """A modem behind a pty whose device path is a stable link, as udev makes one."""

    def __init__(self, path):
        self.path, self.got, self._seq = path, [], 0
        self.plug()

    def plug(self):
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        self._slave = slave
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(slave))
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(self._master, self._ending), daemon=True)
        self._thread.start()

    def unplug(self):
        self.path.unlink()
        self._ending.set()
        self._thread.join()
        os.close(self._slave)
        os.close(self._master)

    def say(self, message):
        self._seq += 1
        os.write(self._master, link.encode(self._seq, message))

    def _run(self, master, ending):
        decoder = link.Decoder()
        while not ending.is_set():
            if not select.select([master], [], [], 0.02)[0]:
                continue
            data = os.read(master, 4096)
            for seq, message in decoder.feed(data):
                self.got.append(message)
                self.say(link.Ack(seq))


class StockDevice:
    """A stock radio behind TCP: answers its client, keeps what it is to send; `frozen` swallows all."""

    def __init__(self, node=GATEWAY, channel=CHANNEL, role="ROUTER"):
        self.api = StockApi((node, "gateway-1", role), [channel], phy.preset("ShortSlow"), 3)
        self.on_air, self.frozen = [], False
        self.bridge = TcpBridge(self._data, self.api.connect)
        self.port = self.bridge.port

    def _data(self, data):
        answer, packets = self.api.feed(data)
        if self.frozen:
            return
        self.bridge.write(answer)
        for packet in packets:
            self.on_air.append(packet)
            self.bridge.write(self.api.queued(packet.id, STATUS_OK, HOST_QUEUE_MAX))

    def hear(self, payload, number, portnum=PORT_PRIVATE, channel=0, hops=(2, 3), relay_node=0x44):
        packet = mesh_pb2.MeshPacket(
            to=BROADCAST,
            id=number,
            hop_limit=hops[0],
            hop_start=hops[1],
            relay_node=relay_node,
            rx_rssi=-97,
            rx_snr=-3.25,
            channel=channel,
        )
        setattr(packet, "from", BUTTON)
        packet.decoded.portnum, packet.decoded.payload = portnum, payload
        self.bridge.write(self.api.received(packet))
