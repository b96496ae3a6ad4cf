# runs: cpython micropython
"""Flooding: what a node carries on, and how urgent that is."""

from kentongan_wire.air import flood
from kentongan_wire.air.flood import class_of, class_of_data, hops_taken, may_relay
from kentongan_wire.air.packet import BROADCAST, PORT_ALERT, PORT_PRIVATE, PORT_TEXT, Data, Packet
from kentongan_wire.message import messages

PAYLOAD = b"\x11\x11" + bytes(20)


def packet(to=BROADCAST, hop_limit=2, hop_start=3):
    return Packet(to, 77, 1, hop_limit, 0, 0, hop_start, 0, 0, 77, b"")


def ours(payload=PAYLOAD, portnum=PORT_PRIVATE, bitfield=0):
    return Data(portnum, payload, bitfield)


def test_only_our_own_broadcasts_with_hops_left_are_carried():
    assert may_relay(packet(), ours())
    assert may_relay(packet(hop_limit=1, hop_start=7), ours())
    assert may_relay(packet(), ours(bitfield=None))
    assert may_relay(packet(), ours(b"\x1f" + PAYLOAD[1:]))  # a type of the future
    assert may_relay(packet(), ours(PAYLOAD[: messages.PAYLOAD_MIN]))
    for other in (
        (packet(hop_limit=0), ours()),
        (packet(to=78), ours()),
        (packet(), ours(portnum=PORT_TEXT)),
        (packet(), ours(portnum=3)),
        (packet(), ours(b"\x21" + PAYLOAD[1:])),
        (packet(), ours(b"\x01" + PAYLOAD[1:])),
        (packet(), ours(PAYLOAD[: messages.PAYLOAD_MIN - 1])),
        (packet(), ours(b"")),
    ):
        assert not may_relay(*other), other


def test_text_for_phones_is_carried_last():
    text = ours(b"KEBAKARAN RT 05", PORT_ALERT)
    assert may_relay(packet(), text)
    assert class_of_data(text) == flood.CLASS_REST


def test_classes_put_alarms_and_receipts_first():
    order = (
        (messages.ALARM, messages.RECEIPTS),
        (messages.SIREN_ORDER, messages.PAGE),
        (messages.EVENT, messages.SIREN_REPORT),
        (messages.STATUS,),
        (messages.CONFIG, 0, 5, 15, 99),
    )
    for klass in range(len(order)):
        for message_type in order[klass]:
            assert class_of(message_type) == klass, message_type
    assert len(flood.CLASS_NAMES) == len(order)
    for message_type in messages.TYPE_NAMES:
        data = ours(bytes([0x10 | message_type]) + PAYLOAD)
        assert class_of_data(data) == class_of(message_type)


def test_hops_are_what_the_origin_had_and_the_packet_has_not():
    assert hops_taken(packet(hop_limit=3, hop_start=3)) == 0
    assert hops_taken(packet(hop_limit=0, hop_start=7)) == 7
