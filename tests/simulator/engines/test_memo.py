"""Memory of the simulator: what it remembers of the wire, or puts off, is what would have been worked out."""

import pytest
from kentongan_gateway.core.base.context import mix as gateway_mix
from kentongan_node.base.mix import mix as node_mix
from kentongan_node.common import node
from kentongan_sim.engines import memo
from kentongan_sim.physics.chance import Draws, drawn
from kentongan_sim.scenarios.catalogue import CHANNEL_KEY, CHANNEL_NAME
from kentongan_wire.air import link, packet
from kentongan_wire.base.errors import RemoteError
from kentongan_wire.message import messages


def test_nodes_use_the_remembering_functions_and_installing_twice_changes_nothing():
    memo.install()
    before = node.parse_packet
    memo.install()
    assert node.parse_packet is before is packet.parse_packet
    assert before.cache_info().maxsize == memo.LIMIT


def test_what_is_remembered_cannot_be_changed_and_equals_what_is_worked_out():
    channel = packet.Channel(CHANNEL_NAME, CHANNEL_KEY)
    body = messages.Event(1, 2, 0, 0)
    payload = messages.encode(messages.EVENT, messages.SIRENE, 0, 9, 0x6B740001, body, bytes(32), bytes(32))
    frame = channel.seal(0x6B740001, 9, 3, payload)
    for _ in range(2):
        parsed = packet.parse_packet(frame)
        opened = channel.open(parsed)
        envelope = messages.parse(opened.payload)
        assert parsed == packet.parse_packet.__wrapped__(frame)
        assert opened == packet.Data(packet.PORT_PRIVATE, payload, 0)
        assert envelope == messages.parse.__wrapped__(payload)
        for value in (*parsed, *opened, *envelope):
            assert isinstance(value, int | bytes)


def test_refusals_are_made_anew_each_time():
    errors = []
    for _ in range(2):
        with pytest.raises(RemoteError) as caught:
            packet.parse_packet(b"short")
        errors.append(caught.value)
    assert errors[0] is not errors[1]


def test_a_line_to_a_modem_is_decoded_as_it_was_encoded_and_a_torn_one_is_counted():
    memo.install()
    for message in (
        link.Received(b"\0\1\2" * 20, -90, 12, 7),
        link.Transmit(b"\0" * 17, 1, 30, 0, -4),
        link.Received(bytearray(b"\5" * 17), -90, 12, 7),
        link.LogLine("mulai"),
        link.Ack(9),
    ):
        line = link.encode(3, message)
        for _ in range(2):  # the second time it is worked out
            decoder = link.Decoder()
            ((seq, decoded),) = decoder.feed(line)
            assert (seq, decoded) == (3, message) and type(decoded) is type(message)
            assert decoder.feed(line[:5] + line[6:]) == [] and sum(decoder.errors.values()) == 1


def test_a_draw_is_the_number_of_its_call_and_of_no_other():
    def number(call):
        return drawn(b"7/pos-1/call/%d" % call)

    draws = Draws(7, "pos-1")
    for call in (1, 2, 3):
        rnd = draws.next()
        assert int(rnd) == number(call)
        assert node_mix(rnd, 5) == node_mix(number(call), 5)
        assert gateway_mix(rnd, 5) == gateway_mix(number(call), 5)
