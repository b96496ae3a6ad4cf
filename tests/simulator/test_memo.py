"""What the simulator remembers of the wire is what the wire would say again."""
import pytest
from kentongan_node import node
from kentongan_sim import memo
from kentongan_sim.scenarios import CHANNEL_KEY, CHANNEL_NAME
from kentongan_wire import messages, packet
from kentongan_wire.errors import RemoteError


def test_nodes_use_the_remembering_functions_and_installing_twice_changes_nothing():
    memo.install()
    before = node.parse_packet
    memo.install()
    assert node.parse_packet is before is packet.parse_packet
    assert before.cache_info().maxsize == memo.LIMIT


def test_what_is_remembered_cannot_be_changed_and_equals_what_is_worked_out():
    channel = packet.Channel(CHANNEL_NAME, CHANNEL_KEY)
    body = messages.Event(1, 2, 3)
    payload = messages.encode(messages.EVENT, messages.SIRENE, 0, 9, 0x6B740001, body, bytes(32))
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
