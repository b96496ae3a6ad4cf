"""The real process with our modem and a stock Meshtastic node: what both hear counts once, either may die."""

import pytest
from kentongan_wire.air import link
from kentongan_wire.air.packet import BROADCAST, parse_packet
from kentongan_wire.base.errors import RemoteError
from kentongan_wire.message import messages as m
from kentongan_wire.message.verify import open_message
from kits.gateway.gateway_kit import BUTTON, GATEWAY, SITE, alarm
from kits.gateway.gateway_process import Gateway, Hub, wait_for
from kits.gateway.radio_kit import CHANNEL, PtyModem, StockDevice


class Street:
    """One button whose frames both radios hear, while they hear."""

    def __init__(self, modem, stock):
        self._modem, self._stock, self._id = modem, stock, 0

    def press(self, counter, modem=True, stock=True):
        """The same transmission at both, the modem's first."""
        self._id += 1
        frame = CHANNEL.seal(BUTTON, self._id, 1, alarm(counter=counter))
        if modem:
            self._modem.say(link.Received(frame, -80, 20, 1))
        if stock:
            self._stock.hear(alarm(counter=counter), self._id, hops=(1, 1), relay_node=BUTTON & 0xFF)

    def answered_by(self, payloads, counter):
        for payload in payloads:
            try:
                opened = open_message(payload, GATEWAY, BROADCAST, SITE)
            except RemoteError:
                continue
            if opened.type == m.RECEIPTS and counter in [e.counter for e in opened.body.entries]:
                return True
        return False

    def modem_answered(self, counter):
        frames = [t.frame for t in self._modem.got if isinstance(t, link.Transmit)]
        return self.answered_by([CHANNEL.open(parse_packet(frame)).payload for frame in frames], counter)

    def stock_answered(self, counter):
        return self.answered_by([packet.decoded.payload for packet in self._stock.on_air], counter)


@pytest.fixture(name="site")
def _site(tmp_path):
    hub, modem, stock = Hub(), PtyModem(tmp_path / "kentongan-modem"), StockDevice()
    gateway = Gateway(tmp_path, hub.port, 1)
    text = gateway.config.read_text().replace(
        'type = "loopback"\nport = 1\n',
        (
            f'type = "serial_modem"\nport = "{modem.path}"\n'
            f'[radio_2]\ntype = "meshtastic"\nport = {stock.port}\n'
        ),
    )
    gateway.config.write_text(text)
    gateway.start()
    yield hub, modem, stock, gateway
    if gateway.process.poll() is None:
        gateway.kill()
    if modem.path.exists():
        modem.unplug()
    stock.bridge.close()
    hub.close()


def states(hub, name):
    return [e["up"] for e in hub.of("radio") if e["name"] == name]


def alarms(hub):
    return sorted({(e["counter"], e["id"]) for e in hub.of("alarm")})


def test_both_radios_hear_one_alarm_and_each_goes_on_when_the_other_dies(site):
    hub, modem, stock, gateway = site
    street = Street(modem, stock)
    wait_for(lambda: states(hub, "modem") == [True], "the modem")
    wait_for(lambda: states(hub, "meshtastic") == [True], "the stock radio")

    street.press(100)
    wait_for(lambda: street.modem_answered(100), "the receipt through the first radio")
    assert not street.stock_answered(100)

    modem.unplug()
    wait_for(lambda: states(hub, "modem") == [True, False], "the hub being told of the modem")
    street.press(101, modem=False)
    wait_for(lambda: street.stock_answered(101), "the receipt through the second radio")

    modem.plug()
    wait_for(lambda: states(hub, "modem") == [True, False, True], "the modem coming back")
    stock.bridge.unplug()
    wait_for(lambda: states(hub, "meshtastic") == [True, False], "the hub being told of the other")
    street.press(102, stock=False)
    wait_for(lambda: street.modem_answered(102), "the receipt through the modem again")

    wait_for(lambda: len(alarms(hub)) >= 3, "all at the hub")
    assert [counter for counter, _ in alarms(hub)] == [100, 101, 102], "each once, whoever heard it"
    log = gateway.log.read_text()
    assert "radio_down modem" in log and "radio_down meshtastic" in log and "Traceback" not in log
