"""Two radios: what both heard counts once, what is sent goes through one that works."""

from kentongan_gateway.core.base.actions import Heard, Send
from kentongan_gateway.radio.base import Radio
from kentongan_gateway.radio.pair import KEPT, Doubles, Pair
from kentongan_wire.air.packet import BROADCAST
from kits.gateway.gateway_kit import BUTTON, alarm


class Fake(Radio):
    def __init__(self, name, same_id=True):
        self.names, self.same_id, self.sent, self.dropped = (name,), same_id, [], []
        self.counters = {"rebuilt": 2}

    def start(self, on_heard, on_state):
        self.on_heard, self.on_state = on_heard, on_state

    def send(self, send):
        self.sent.append(send)

    def drop(self, src, packet_id):
        self.dropped.append(packet_id)

    def stop(self):
        return


def heard(radio, packet_id=7, hop_limit=1, relay_node=7):
    return Heard(BUTTON, BROADCAST, packet_id, hop_limit, 1, relay_node, alarm(), -90, 12, radio)


def pair(**more):
    radios = [Fake("modem"), Fake("meshtastic", **more)]
    both, states = Pair(radios), []
    both.start(lambda heard: None, lambda name, up: states.append((name, up)))
    return both, radios, states


SEND = Send(1, 0, b"x" * 20, 0, 30, False)


def test_what_the_second_radio_heard_too_counts_once():
    doubles = Doubles()
    assert [doubles.is_double(heard(radio)) for radio in ("modem", "meshtastic")] == [False, True]


def test_a_frame_that_is_on_the_air_again_counts_again():
    doubles = Doubles()
    assert not doubles.is_double(heard("modem")) and not doubles.is_double(heard("modem"))
    assert doubles.is_double(heard("meshtastic"))


def test_a_relayed_copy_is_another_transmission():
    doubles = Doubles()
    assert not doubles.is_double(heard("modem"))
    assert not doubles.is_double(heard("meshtastic", hop_limit=0, relay_node=9))


def test_the_memory_of_doubles_is_bounded():
    doubles = Doubles()
    for n in range(KEPT * 3):
        doubles.is_double(heard("modem", n))
    assert len(doubles._hearers) == KEPT


def test_frames_go_through_the_first_radio_that_is_up():
    both, (modem, stock), states = pair()
    stock.on_state("meshtastic", True)
    both.send(SEND)
    modem.on_state("modem", True)
    both.send(SEND)
    modem.on_state("modem", False)
    both.send(SEND)
    assert (len(modem.sent), len(stock.sent)) == (1, 2)
    assert states == [("meshtastic", True), ("modem", True), ("modem", False)]


def test_a_radio_that_is_up_and_not_well_sends_only_where_no_other_does():
    both, (modem, stock), _ = pair()
    modem.on_state("modem", True)
    both.avoided = {"modem"}
    both.send(SEND)
    stock.on_state("meshtastic", True)
    both.send(SEND)
    assert (len(modem.sent), len(stock.sent)) == (1, 1)


def test_while_none_is_up_the_first_keeps_what_waits():
    both, (modem, _), _ = pair()
    both.send(SEND)
    assert modem.sent == [SEND]


def test_one_stock_radio_among_them_needs_a_new_id_for_every_repeat():
    assert pair()[0].same_id and not pair(same_id=False)[0].same_id


def test_counters_say_whose_they_are():
    assert pair()[0].counters == {"modem_rebuilt": 2, "meshtastic_rebuilt": 2}
