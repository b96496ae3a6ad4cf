"""The unmodified `meshtastic` library against a stock node that is served over TCP in the simulated air."""

import contextlib
import subprocess
import sys
import threading

import pytest
from kentongan_sim.scenarios.catalogue import CHANNEL_KEY, CHANNEL_NAME, scenario
from kentongan_sim.stock.node import StockNode
from kentongan_sim.world.bridges import TcpBridge
from kentongan_sim.world.realtime import LiveWorld, plug_tcp
from kentongan_sim.world.world import World
from kentongan_wire.air import packet as wire
from kits.patience import PATIENCE_S, wait_for
from meshtastic.protobuf import mesh_pb2
from meshtastic.tcp_interface import TCPInterface
from pubsub import pub

NEAR = {"stok-a": 60.0}
NODE_A, NODE_B = 0x6B74F0A1, 0x6B74F0B2
PACKETS = 200
SPEED = 20  # of the air, in times of real time
BOOTED_US = 1_000_000


class Pair:
    """Two stock nodes that hear each other, each with a TCP port."""

    def __init__(self):
        scene = scenario("line3")
        dead = [place.label for place in scene.places]  # only the two stock nodes are on the air
        world = World(scene, dead=dead, gateway_hosts=False)
        self.live = LiveWorld(world, speed=SPEED)
        channel = wire.Channel(CHANNEL_NAME, CHANNEL_KEY)
        self.bridges, self.cores = [], []
        for label, node, near in (("stok-a", NODE_A, {}), ("stok-b", NODE_B, NEAR)):
            core = StockNode({"node": node, "label": label, "channels": [channel]})
            world.host_core(label, core, 0, 0, loss_db=near)
            bridge = TcpBridge()
            plug_tcp(self.live, label, core, bridge)
            self.bridges.append(bridge)
            self.cores.append(core)
        world.run_until(BOOTED_US)
        self.live.start()

    def close(self):
        for bridge in self.bridges:
            bridge.close()
        self.live.close()


@pytest.fixture
def pair():
    both = Pair()
    yield both
    both.close()


@contextlib.contextmanager
def client(port):
    interface = TCPInterface("127.0.0.1", portNumber=port, timeout=PATIENCE_S)
    try:
        yield interface
    finally:
        interface.close()


class Inbox:
    """Payloads that one interface received; kept as an object because the library holds listeners weakly."""

    def __init__(self, interface):
        self.interface = interface
        self.payloads = []
        self.changed = threading.Condition()
        pub.subscribe(self.take, "meshtastic.receive")

    def take(self, packet, interface):
        if interface is self.interface and packet.get("decoded", {}).get("portnum") == "PRIVATE_APP":
            with self.changed:
                self.payloads.append(packet["decoded"]["payload"])
                self.changed.notify_all()

    def holds(self, count):
        with self.changed:
            return self.changed.wait_for(lambda: len(self.payloads) >= count, PATIENCE_S)


def send(interface, number, payload):
    """Send as a gateway does: a packet with an id of its own through the packet-level call."""
    packet = mesh_pb2.MeshPacket(id=number)
    packet.decoded.portnum = wire.PORT_PRIVATE
    packet.decoded.payload = payload
    interface._sendPacket(packet, hopLimit=0)  # nobody relays it, so nothing collides


def test_the_library_finds_a_device_it_knows(pair):
    with client(pair.bridges[0].port) as interface:
        assert interface.myInfo.my_node_num == NODE_A
        assert interface.metadata.firmware_version.startswith("2.7")
        assert interface.getLongName() == "stok-a"
        lora = interface.localNode.localConfig.lora
        assert (lora.hop_limit, lora.channel_num) == (3, 15)
        assert interface.localNode.channels[0].settings.psk == CHANNEL_KEY
        before = interface.queueStatus
        interface.sendHeartbeat()
        wait_for(lambda: interface.queueStatus is not before, "the answer to a heartbeat")


def test_two_hundred_packets_cross_the_air(pair):
    with client(pair.bridges[0].port) as one, client(pair.bridges[1].port) as other:
        inbox = Inbox(other)
        for number in range(1, PACKETS + 1):
            send(one, number, b"%d" % number)
            assert inbox.holds(number), f"packet {number} was not heard"
        assert inbox.payloads == [b"%d" % number for number in range(1, PACKETS + 1)]


def test_an_unplugged_device_is_noticed_and_a_new_client_finds_it_again(pair):
    lost = threading.Event()

    def away(interface):
        lost.set()

    pub.subscribe(away, "meshtastic.connection.lost")
    interface = TCPInterface("127.0.0.1", portNumber=pair.bridges[0].port, timeout=PATIENCE_S)
    pair.bridges[0].unplug()
    assert lost.wait(PATIENCE_S)
    with contextlib.suppress(OSError):
        interface.close()
    pair.bridges[0].replug()
    with client(pair.bridges[0].port) as again, client(pair.bridges[1].port) as other:
        inbox = Inbox(again)
        send(other, 5, b"masih ada")
        assert inbox.holds(1)


def test_a_second_client_ends_the_first_ones_session(pair):
    lost = threading.Event()

    def away(interface):
        lost.set()

    pub.subscribe(away, "meshtastic.connection.lost")
    first = TCPInterface("127.0.0.1", portNumber=pair.bridges[0].port, timeout=PATIENCE_S)
    first._wantExit = True  # it must not come back and end the second in turn
    with client(pair.bridges[0].port) as second:
        assert second.myInfo.my_node_num == NODE_A
        assert lost.wait(PATIENCE_S)


def test_the_command_line_prints_its_info(pair):
    port = pair.bridges[0].port
    code = (
        "import sys; from meshtastic import util, __main__ as m; util.check_if_newer_version = int\n"
        f"sys.argv = ['meshtastic', '--host', '127.0.0.1:{port}', '--info', '--timeout', '20']; m.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stderr
    assert "Owner: stok-a" in done.stdout and "SHORT_SLOW" in done.stdout
