"""The modem thread over a real pty: configured, heard, unplugged, found again by its path."""

from collections import namedtuple

import pytest
from kentongan_gateway.core.base.actions import Heard, Send
from kentongan_gateway.radio import serial_modem
from kentongan_gateway.radio.serial_modem import SerialModem
from kentongan_wire.air import link
from kentongan_wire.air.packet import BROADCAST, parse_packet
from kits.gateway.gateway_kit import BUTTON, GATEWAY, alarm
from kits.gateway.gateway_process import wait_for
from kits.gateway.radio_kit import CHANNEL, PtyModem

KeyFile = namedtuple("KeyFile", ("node", "preset", "freq_hz", "channel"))
Power = namedtuple("Power", ("conducted_dbm", "gain_dbi", "loss_db"))


@pytest.fixture(name="modem")
def _modem(tmp_path, monkeypatch):
    monkeypatch.setattr(serial_modem, "REOPEN_MIN_S", 0.05)
    monkeypatch.setattr(serial_modem, "REOPEN_MAX_S", 0.05)
    modem = PtyModem(tmp_path / "kentongan-modem")
    yield modem
    modem.unplug()


def test_a_modem_is_configured_used_unplugged_and_found_again(modem):
    heard, states = [], []
    radio = SerialModem(str(modem.path), KeyFile(GATEWAY, "ShortSlow", 920_625_000, CHANNEL), Power(14, 2, 0))
    radio.start(heard.append, lambda name, up: states.append(up))
    try:
        wait_for(lambda: states == [True], "the link")
        modem.say(link.Received(CHANNEL.seal(BUTTON, 7, 1, alarm()), -80, 20, 1))
        wait_for(lambda: heard, "the frame")
        assert heard == [Heard(BUTTON, BROADCAST, 7, 1, 1, BUTTON & 0xFF, alarm(), -80, 20, "modem")]
        radio.send(Send(900, 0, b"\x18" + bytes(20), 0, 30, False))
        wait_for(lambda: [m for m in modem.got if isinstance(m, link.Transmit)], "the transmit")
        assert parse_packet(modem.got[-1].frame).id == 900
        modem.unplug()
        wait_for(lambda: states == [True, False], "the loss being noticed")
        modem.plug()
        wait_for(lambda: states == [True, False, True], "the modem coming back")
        modem.say(link.Received(CHANNEL.seal(BUTTON, 8, 1, alarm()), -80, 20, 1))
        wait_for(lambda: len(heard) == 2, "the frame after it")
    finally:
        radio.stop()


def test_a_fault_of_our_own_in_the_link_is_counted_and_the_link_rebuilt(modem):
    heard, states = [], []
    radio = SerialModem(str(modem.path), KeyFile(GATEWAY, "ShortSlow", 920_625_000, CHANNEL), Power(14, 2, 0))

    def stumble_once(one):
        heard.append(one)
        if len(heard) == 1:
            raise KeyError("ours")

    radio.start(stumble_once, lambda name, up: states.append(up))
    try:
        wait_for(lambda: states == [True], "the link")
        modem.say(link.Received(CHANNEL.seal(BUTTON, 7, 1, alarm()), -80, 20, 1))
        wait_for(lambda: states == [True, False, True], "the link being rebuilt")
        assert radio.counters["crashed"] == 1
        modem.say(link.Received(CHANNEL.seal(BUTTON, 8, 1, alarm()), -80, 20, 1))
        wait_for(lambda: len(heard) == 2, "the frame after it")
    finally:
        radio.stop()
