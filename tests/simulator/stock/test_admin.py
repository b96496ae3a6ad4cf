"""Settings that a stock node takes from its host: a queue of four, a role's defaults, a restart."""

from kentongan_node.base.actions import HostWrite
from kentongan_sim.stock.api import FrameReader, framed
from kentongan_sim.stock.node import INBOX_MAX, REBOOT_MS, StockNode
from kentongan_wire.air import packet as wire
from meshtastic.protobuf import admin_pb2, config_pb2, mesh_pb2, portnums_pb2

SITE = wire.Channel("kampung", bytes(range(32)))
NODE = 0x11223344
Device = config_pb2.Config.DeviceConfig


class Host:
    """A client that is connected, with a clock of its own."""

    def __init__(self, **settings):
        self.core = StockNode({"node": NODE, "channels": [SITE], **settings})
        self.core.start(None, 0, 1)
        self.now_ms, self.number, self.answered = 0, 0, []
        self.restarts = []
        self.core.on_reboot = lambda: self.restarts.append(self.now_ms)
        self._take(self.core.host(framed(mesh_pb2.ToRadio(want_config_id=5)), 0, 1))

    @property
    def settings(self):
        return self.core.api.settings

    @property
    def device(self):
        return self.settings.configs["device"].device

    def _take(self, actions):
        data = b"".join(a.data for a in actions if isinstance(a, HostWrite))
        for body in FrameReader().feed(data):
            message = mesh_pb2.FromRadio.FromString(body)
            if message.HasField("packet"):
                self.answered.append(message.packet.decoded.request_id)

    def ask(self, **fields):
        """Send an AdminMessage and wait for nothing; its packet id."""
        self.number += 1
        packet = mesh_pb2.MeshPacket(to=NODE, id=self.number, want_ack=True)
        packet.decoded.portnum = portnums_pb2.PortNum.ADMIN_APP
        packet.decoded.payload = admin_pb2.AdminMessage(**fields).SerializeToString()
        self._take(self.core.host(framed(mesh_pb2.ToRadio(packet=packet)), self.now_ms, 9))
        return self.number

    def ask_and_wait(self, **fields):
        number = self.ask(**fields)
        self.wait(self.core.loop_ms)
        return number in self.answered

    def wait(self, ms):
        until_ms = self.now_ms + ms
        while (due := self.core.next_deadline()) is not None and due <= until_ms:
            self.now_ms = max(self.now_ms, due)
            self._take(self.core.tick(self.now_ms, 7))
        self.now_ms = until_ms


def device(**fields):
    return config_pb2.Config(device=Device(**fields))


def owner(name):
    return mesh_pb2.User(long_name=name, short_name=name[:4])


def test_of_more_than_four_messages_at_once_the_oldest_are_dropped_without_a_word():
    host = Host()
    sent = [host.ask(set_owner=owner(f"nama {n}")) for n in range(INBOX_MAX + 2)]
    host.wait(host.core.loop_ms)
    assert host.answered == sent[2:] and host.core.counters == {"inbox_full": 2}


def test_a_message_at_a_time_loses_nothing():
    host = Host()
    assert all(host.ask_and_wait(set_owner=owner(f"nama {n}")) for n in range(3 * INBOX_MAX))
    assert not host.core.counters


def test_a_changed_role_brings_its_mode_and_intervals_whatever_the_message_said():
    host = Host()
    wanted = device(role=Device.ROUTER, rebroadcast_mode=Device.ALL)
    host.settings.configs["position"].position.position_broadcast_secs = 86_400
    host.ask_and_wait(set_config=wanted)
    assert (host.settings.role, host.device.rebroadcast_mode) == ("ROUTER", Device.CORE_PORTNUMS_ONLY)
    assert host.settings.configs["position"].position.position_broadcast_secs < 86_400
    assert not host.settings.relays(wire.PORT_PRIVATE)
    host.ask_and_wait(set_config=wanted)  # the role is no other now
    assert host.device.rebroadcast_mode == Device.ALL and host.settings.relays(wire.PORT_PRIVATE)


def test_a_role_that_only_hears_changes_no_mode():
    host = Host()
    host.ask_and_wait(set_config=device(role=Device.CLIENT_MUTE, rebroadcast_mode=Device.ALL))
    assert (host.settings.role, host.device.rebroadcast_mode) == ("CLIENT_MUTE", Device.ALL)


def test_settings_are_used_seven_seconds_after_they_were_saved():
    host = Host()
    host.ask_and_wait(begin_edit_settings=True)
    host.ask_and_wait(set_config=device(role=Device.ROUTER))
    host.wait(2 * REBOOT_MS)
    assert not host.restarts and host.core.role == "CLIENT"
    host.ask_and_wait(commit_edit_settings=True)
    saved_ms = host.now_ms
    host.wait(REBOOT_MS - 1)
    assert not host.restarts
    host.wait(1)
    assert host.restarts == [saved_ms + REBOOT_MS] and host.core.role == "ROUTER"


def test_a_power_cut_takes_back_what_was_read_but_never_committed():
    host = Host()
    host.ask_and_wait(begin_edit_settings=True)
    host.ask_and_wait(set_config=device(role=Device.ROUTER))
    assert host.settings.role == "ROUTER"
    host.core.start(None, host.now_ms, 1)
    assert (host.settings.role, host.core.role) == ("CLIENT", "CLIENT")
