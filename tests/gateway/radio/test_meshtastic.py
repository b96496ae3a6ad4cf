"""The unmodified meshtastic library against a served device that is unplugged, frozen, or somebody else's."""

import logging
from collections import namedtuple

import pytest
from kentongan_gateway.core.base.actions import Heard, Send
from kentongan_gateway.radio import meshtastic as radio_module
from kentongan_gateway.radio.meshtastic import MeshtasticRadio
from kentongan_wire.air.packet import BROADCAST, PORT_PRIVATE, Channel
from kits.gateway.gateway_kit import BUTTON, GATEWAY, alarm
from kits.gateway.gateway_process import wait_for
from kits.gateway.radio_kit import CHANNEL, StockDevice
from meshtastic.protobuf import config_pb2, mesh_pb2

KeyFile = namedtuple("KeyFile", ("node", "channel"))


@pytest.fixture(name="device")
def _device(monkeypatch):
    monkeypatch.setattr(radio_module, "HEARTBEAT_S", 0.3)
    monkeypatch.setattr(radio_module, "SILENT_S", 2.0)
    monkeypatch.setattr(radio_module, "LOOK_S", 0.05)
    monkeypatch.setattr(radio_module, "REOPEN_MIN_S", 0.2)
    monkeypatch.setattr(radio_module, "REOPEN_MAX_S", 0.2)
    monkeypatch.setattr(radio_module, "OPEN_TIMEOUT_S", 5)
    device = StockDevice()
    yield device
    device.bridge.close()


class Ear:
    def __init__(self, device, node=GATEWAY, channel=CHANNEL):
        self.heard, self.states, self.troubles = [], [], []
        self.radio = MeshtasticRadio("127.0.0.1", device.port, KeyFile(node, channel))
        self.radio.on_trouble = lambda *told: self.troubles.append(told)
        self.radio.start(self.heard.append, lambda name, up: self.states.append(up))


@pytest.fixture(name="ear")
def _ear(device):
    ear = Ear(device)
    wait_for(lambda: ear.states == [True], "the radio coming up")
    yield ear
    ear.radio.stop()


def send(number):
    return Send(number, 0, b"\x18" + number.to_bytes(4, "little") * 5, 0, 0, False)


def test_a_packet_comes_out_with_its_header_fields(device, ear):
    device.hear(alarm(), 77)
    (heard,) = wait_for(lambda: ear.heard, "the packet")
    assert heard == Heard(BUTTON, BROADCAST, 77, 2, 3, 0x44, alarm(), -97, -13, "meshtastic")


def test_other_ports_and_other_channels_are_not_ours(device, ear):
    device.hear(b"halo", 1, portnum=1)
    device.hear(alarm(), 2, channel=1)
    device.hear(alarm(), 3)
    wait_for(lambda: ear.heard, "ours")
    assert [h.id for h in ear.heard] == [3] and ear.radio.counters["channel"] == 1


def test_a_send_goes_out_with_our_id_and_hops(device, ear):
    ear.radio.send(send(500))
    (packet,) = wait_for(lambda: device.on_air, "the packet")
    assert (packet.id, packet.hop_limit, packet.to, packet.want_ack) == (500, 0, BROADCAST, False)
    assert packet.decoded.portnum == PORT_PRIVATE and packet.decoded.payload == send(500).payload
    assert packet.decoded.HasField("bitfield") and packet.decoded.bitfield == 0
    assert packet.priority == mesh_pb2.MeshPacket.Priority.HIGH  # it would send its relays first


def test_an_unplugged_radio_is_found_again_and_heard_again(device, ear):
    device.bridge.unplug()
    wait_for(lambda: ear.states[-1] is False, "the loss being noticed")
    ear.radio.send(send(600))
    device.bridge.replug()
    wait_for(lambda: ear.states[-1] is True, "the radio coming back")
    device.hear(alarm(counter=9), 78)
    wait_for(lambda: 78 in [h.id for h in ear.heard], "the packet after it")
    wait_for(lambda: 600 in [p.id for p in device.on_air], "what waited")


def test_a_frozen_radio_that_looks_alive_is_rebuilt(device, ear):
    device.frozen = True
    wait_for(lambda: ear.states[-1] is False, "the silence being noticed")
    device.frozen = False
    wait_for(lambda: ear.states[-1] is True, "the radio coming back")
    assert ear.radio.counters["radio_frozen"] >= 1


def test_a_radio_with_another_number_is_refused(device):
    ear = Ear(device, node=GATEWAY + 1)
    try:
        wait_for(lambda: ear.radio.counters.get("refused", 0) >= 2, "the refusal, and another try")
        assert not ear.states
    finally:
        ear.radio.stop()


def test_a_radio_without_the_sites_channel_is_refused(device):
    ear = Ear(device, channel=Channel("lain", bytes(32)))
    try:
        wait_for(lambda: ear.radio.counters.get("refused", 0) >= 1, "the refusal")
        assert not ear.states
    finally:
        ear.radio.stop()


Device = config_pb2.Config.DeviceConfig


@pytest.mark.parametrize(
    ("role", "mode", "said"),
    [
        ("ROUTER", "ALL", None),
        ("CLIENT_MUTE", "ALL", None),
        ("CLIENT_MUTE", "LOCAL_ONLY", None),
        ("CLIENT", "ALL", "is a CLIENT, which sends receipts seconds late"),
        ("ROUTER", "CORE_PORTNUMS_ONLY", "rebroadcast CORE_PORTNUMS_ONLY, which relays no alarm"),
        ("ROUTER_LATE", "ALL", "is a ROUTER_LATE"),
    ],
)
def test_only_a_router_that_relays_all_and_a_mute_client_are_fit_for_a_gateway(role, mode, said):
    device = Device(role=Device.Role.Value(role), rebroadcast_mode=Device.RebroadcastMode.Value(mode))
    text = radio_module.unfit(device)
    assert (said in text and "kentongan-tool stock --use gateway" in text) if said else text is None


def test_a_role_that_only_a_newer_library_knows_is_told_by_its_number():
    device = Device()
    device.role = 99
    assert "is a 99" in radio_module.unfit(device)


def test_a_radio_that_is_a_client_works_on_and_is_told_of_until_its_role_is_fit(device, ear):
    assert ear.troubles == []
    settings = device.api.settings.configs["device"].device
    settings.role = Device.CLIENT
    device.bridge.drop()  # it has started anew
    wait_for(lambda: ear.troubles, "the word on a CLIENT")
    wait_for(lambda: device.hear(alarm(), 77) or ear.heard, "an alarm all the same")
    settings.role = Device.ROUTER
    device.bridge.drop()
    wait_for(lambda: len(ear.troubles) == 2, "the word on a ROUTER")
    assert [(name, what, bool(text)) for name, what, text in ear.troubles] == [
        ("meshtastic", "role", True),
        ("meshtastic", "role", False),
    ]


def test_a_traceback_of_the_librarys_reader_is_a_line_of_our_log(device, ear, capfd, caplog):
    caplog.set_level(logging.DEBUG, "kentongan.radio")
    interface = ear.radio._session.interface
    interface._handleFromRadio = broken
    device.hear(alarm(), 77)
    wait_for(lambda: "the library's reader" in caplog.text, "the line")
    assert "Traceback" not in "".join(capfd.readouterr())


def broken(_data):
    raise BrokenPipeError("the line broke")
