"""The unmodified meshtastic library against a served device that is unplugged, frozen, or somebody else's."""

from collections import namedtuple

import pytest
from gateway_kit import BUTTON, GATEWAY, alarm
from gateway_process import wait_for
from kentongan_gateway.core.base.actions import Heard, Send
from kentongan_gateway.radio import meshtastic as radio_module
from kentongan_gateway.radio.meshtastic import MeshtasticRadio
from kentongan_wire.packet import BROADCAST, PORT_PRIVATE, Channel
from radio_kit import CHANNEL, StockDevice

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
        self.heard, self.states = [], []
        self.radio = MeshtasticRadio("127.0.0.1", device.port, KeyFile(node, channel))
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
