"""A mesh alone, for tests: frames of ours, of others, and a radio that answers every check alike."""

import struct

from kentongan_node.air.carried import KNOWN, SENDER, SENDER_BYTES, Carried
from kentongan_node.air.heads import alarm_head
from kentongan_node.air.mesh import Mesh
from kentongan_node.base import actions as act
from kentongan_node.base.mix import mix
from kentongan_wire.air import phy
from kits.node.nodekit import CHANNEL, alarm, of, packet_of

NODE = 0x52000031
ALARM = 0
# Whom a relay of the tests has known for days.
KNOWN_HERE = (0x53000007, 0x52000044) + tuple([0x53000100 + n for n in range(40)])


def known_since_long(senders):
    """The kept file of a relay that knows these, whose counts are 0."""
    carried = Carried()
    for n, src in enumerate(senders):
        struct.pack_into(SENDER, carried._senders, n * SENDER_BYTES, src, 0, 0, KNOWN)
    return carried.image()


def mesh(preset="ShortSlow", air_state=None, relays=True, counted=None, known=KNOWN_HERE):
    """`known`: whom a relay without a kept file knows all the same."""
    if counted is None:
        counted = known_since_long(known)
    return Mesh(phy.preset(preset), NODE, relays, air_state, counted)


def own(packet_id, n_bytes=45):
    """A frame of ours of that length; its content does not matter here."""
    return struct.pack("<III", 0xFFFFFFFF, NODE, packet_id) + bytes([0x21, 0, 0, 0x31]) + bytes(n_bytes - 16)


def offer(core, frame_bytes, now_ms, snr_q=20, tag=None, klass=ALARM, proved=True):
    packet = packet_of(frame_bytes)
    return core.offer(packet, CHANNEL.open(packet), klass, snr_q, now_ms, tag, proved, mix(4, now_ms))


def hear(core, frame_bytes, now_ms, proved=True):
    packet = packet_of(frame_bytes)
    core.hear(packet, CHANNEL.open(packet), proved, now_ms)


def ask(core, origin, counter, now_ms, attempt=1, hops=3):
    """A frame of an alarm that may be answered from memory, then offered as in a node."""
    heard = alarm(origin, counter, attempt=attempt, packet_id=counter * 100 + attempt, hop_limit=hops)
    packet, rnd = packet_of(heard), mix(4, now_ms)
    data = CHANNEL.open(packet)
    answered = core.answer(packet, data, alarm_head(data), True, 20, now_ms, rnd)
    core.offer(packet, data, ALARM, 20, now_ms, (origin, counter), True, rnd)
    if answered:
        core.doubt_alarm(origin, counter, True)
    return answered


def send_all(core, now_ms, until_ms, busy=False):
    """[(time, frame)] that go out when every check answers `busy`."""
    out = []
    while True:
        deadline = core.next_deadline()
        if deadline is None or deadline > until_ms:
            return out
        now_ms = max(now_ms, deadline)
        actions = []
        core.tick(now_ms, mix(1, now_ms), actions)
        while of(actions, act.Cad) or of(actions, act.Transmit):
            sent = of(actions, act.Transmit)
            actions = []
            if sent:
                out.append((now_ms, sent[0].frame))
                now_ms += core.airtime_ms(len(sent[0].frame))
                core.sent(True, now_ms, mix(2, now_ms), actions)
            else:
                core.cad(busy, now_ms, mix(3, now_ms), actions)
