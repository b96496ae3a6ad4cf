"""A stock Meshtastic node as a core: how it relays, and what it tells its host."""

import random

import pytest
from kentongan_node.base.actions import Cad, HostWrite, Transmit
from kentongan_sim.stock.api import HOST_QUEUE_MAX, RECENT_IDS, START, FrameReader, framed
from kentongan_sim.stock.node import ROLES, SIGNATURE, StockNode
from kentongan_wire.air import packet as wire
from kentongan_wire.air.phy import DEFAULT_PRESET, airtime_us, preset, slot_us
from kentongan_wire.base.errors import LocalError
from meshtastic.protobuf import mesh_pb2

SITE = wire.Channel("kampung", bytes(range(32)))
OTHER = wire.Channel("lain", bytes(range(1, 33)))
STRONG_Q = 40  # 10 dB: the nearest hearer, so the longest window
BUTTON = 0x6B740101


def stock(node=0x11223344, **settings):
    core = StockNode({"node": node, "channels": [SITE], "preset": DEFAULT_PRESET, **settings})
    core.start(None, 0, 1)
    return core


def alarm(number=7, hops=3, channel=SITE):
    return channel.seal(BUTTON, number, hops, b"halo")


def run_out(core, now_ms=0, until_ms=60_000, busy=()):
    """Let a core send all that it wants; `busy`: times when the channel is taken."""
    out = []
    while (due := core.next_deadline()) is not None and due <= until_ms:
        now_ms = max(now_ms, due)
        for action in core.tick(now_ms, random.Random(now_ms).getrandbits(32)):
            if isinstance(action, HostWrite):
                continue
            assert isinstance(action, Cad)
            for answer in core.cad(any(a <= now_ms < b for a, b in busy), now_ms, 5):
                assert isinstance(answer, Transmit)
                out.append((now_ms, answer.frame))
                core.sent(True, now_ms + 60, 6)
    return out


def handed(actions):
    """MeshPackets among what a core wrote to its host."""
    packets = []
    for body in FrameReader().feed(b"".join(a.data for a in actions if isinstance(a, HostWrite))):
        message = mesh_pb2.FromRadio.FromString(body)
        if message.HasField("packet"):
            packets.append(message.packet)
    return packets


def statuses(actions):
    messages = map(
        mesh_pb2.FromRadio.FromString,
        FrameReader().feed(b"".join(a.data for a in actions if isinstance(a, HostWrite))),
    )
    return [m.queueStatus for m in messages if m.HasField("queueStatus")]


def from_host(core, packet, now_ms=0):
    return core.host(framed(mesh_pb2.ToRadio(packet=packet)), now_ms, 9)


def host_packet(number, payload=b"isi", hops=1, **fields):
    packet = mesh_pb2.MeshPacket(to=wire.BROADCAST, id=number, hop_limit=hops, **fields)
    packet.decoded.portnum = wire.PORT_PRIVATE
    packet.decoded.payload = payload
    return packet


def test_a_client_relays_after_sixteen_slots_and_its_window():
    slot_ms = slot_us(preset(DEFAULT_PRESET)) / 1000
    for rnd in range(40):
        core = stock()
        core.receive(alarm(), -60, STRONG_Q, 1000, rnd)
        ((when, frame),) = run_out(core, 1000)
        assert 16 * slot_ms <= when - 1000 <= (16 + 256) * slot_ms + 1
        relayed = wire.parse_packet(frame)
        assert (relayed.hop_limit, relayed.hop_start, relayed.relay_node) == (2, 3, 0x44)
        assert relayed.body == wire.parse_packet(alarm()).body


def test_a_router_goes_before_every_client():
    slot_ms = slot_us(preset(DEFAULT_PRESET)) / 1000
    for rnd in range(40):
        core = stock(role="ROUTER")
        core.receive(alarm(), -60, STRONG_Q, 1000, rnd)
        assert run_out(core, 1000)[0][0] - 1000 < 16 * slot_ms + 1


def test_a_waiting_relay_is_cancelled_when_another_relay_is_heard_but_not_at_a_router():
    overheard = wire.relayed(wire.parse_packet(alarm()), 0x99)
    for role, frames in (("CLIENT", 0), ("ROUTER", 1)):
        core = stock(role=role)
        core.receive(alarm(), -60, STRONG_Q, 0, 1)
        core.receive(overheard, -60, STRONG_Q, 1, 2)
        assert len(run_out(core)) == frames


def test_a_repeated_first_hop_is_relayed_again_and_a_later_one_is_not():
    core = stock()
    core.receive(alarm(), -60, STRONG_Q, 0, 1)
    assert len(run_out(core)) == 1
    core.receive(alarm(), -60, STRONG_Q, 5000, 2)
    assert len(run_out(core, 5000)) == 1
    core.receive(wire.relayed(wire.parse_packet(alarm()), 0x99), -60, STRONG_Q, 9000, 3)
    assert run_out(core, 9000) == []


def test_the_last_hop_and_its_own_packets_are_not_relayed():
    core = stock()
    core.receive(alarm(hops=0), -60, STRONG_Q, 0, 1)
    core.receive(SITE.seal(core.node, 3, 3, b"aku"), -60, STRONG_Q, 0, 1)
    assert run_out(core) == []


def test_a_busy_channel_only_delays_a_relay():
    core = stock()
    core.receive(alarm(), -60, STRONG_Q, 0, 1)
    ((when, _),) = run_out(core, busy=[(0, 4000)])
    assert when >= 4000


def test_packets_are_handed_over_once_and_only_after_the_handshake():
    core = stock()
    assert handed(core.receive(alarm(1), -60, STRONG_Q, 0, 1)) == []
    core.host(framed(mesh_pb2.ToRadio(want_config_id=5)), 0, 1)
    (packet,) = handed(core.receive(alarm(2), -61, STRONG_Q, 0, 1))
    assert getattr(packet, "from") == BUTTON and packet.id == 2
    assert (packet.decoded.portnum, packet.decoded.payload) == (wire.PORT_PRIVATE, b"halo")
    assert (packet.rx_rssi, packet.rx_snr, packet.hop_limit, packet.hop_start) == (-61, 10.0, 3, 3)
    assert handed(core.receive(alarm(2), -61, STRONG_Q, 5, 1)) == []


def test_a_packet_of_another_channel_is_handed_over_undecoded():
    core = stock()
    core.host(framed(mesh_pb2.ToRadio(want_config_id=5)), 0, 1)
    (packet,) = handed(core.receive(alarm(channel=OTHER), -60, STRONG_Q, 0, 1))
    assert packet.encrypted == wire.parse_packet(alarm(channel=OTHER)).body and not packet.HasField("decoded")


def test_junk_from_the_air_is_counted_and_harmless():
    core = stock()
    for frame in (b"", b"x", b"\xff" * 300, alarm()[:15], bytes(40)):
        assert core.receive(frame, -60, STRONG_Q, 0, 1) == []
    assert core.counters["short"] == 3 and core.counters["long"] == 1 and core.counters["header"] == 1


def test_a_host_packet_goes_out_from_this_node_with_its_own_id():
    core = stock()
    assert [(s.res, s.mesh_packet_id) for s in statuses(from_host(core, host_packet(77)))] == [(0, 77)]
    ((_, frame),) = run_out(core)
    assert frame == SITE.seal(core.node, 77, 1, b"isi")


def test_a_host_that_asks_for_too_much_is_told_so():
    core = stock()
    results = [statuses(from_host(core, host_packet(n)))[0].res for n in range(1, HOST_QUEUE_MAX + 3)]
    assert results == [0] * HOST_QUEUE_MAX + [32, 32]
    assert statuses(from_host(stock(), host_packet(9, payload=bytes(240))))[0].res == 32
    assert statuses(from_host(stock(), host_packet(9, channel=3)))[0].res == 32


def test_relays_and_packets_of_the_host_share_one_queue_of_sixteen():
    core = stock()
    for number in range(1, HOST_QUEUE_MAX):
        core.receive(alarm(number), -60, STRONG_Q, 0, number)
    (last,) = statuses(from_host(core, host_packet(100)))
    assert (last.res, last.free) == (0, 0)
    assert statuses(from_host(core, host_packet(101)))[0].res == 32
    core.receive(alarm(50), -60, STRONG_Q, 0, 5)
    assert core.counters == {"host_refused": 1, "relay_full": 1}


def test_a_client_sends_its_own_relay_of_an_alarm_before_its_hosts_receipt_and_a_mute_one_only_the_receipt():
    order = {}
    for role in ROLES:
        core = stock(role=role)
        core.receive(alarm(), -60, STRONG_Q, 1_000, 1)
        from_host(core, host_packet(77), now_ms=1_000)
        order[role] = [wire.parse_packet(frame).src for _, frame in run_out(core, 1_000)]
    assert order == {"CLIENT": [BUTTON, core.node], "CLIENT_MUTE": [core.node], "ROUTER": [BUTTON, core.node]}


def test_what_a_host_calls_urgent_goes_before_the_relay():
    core = stock()
    core.receive(alarm(), -60, STRONG_Q, 1_000, 1)
    from_host(core, host_packet(77, priority=mesh_pb2.MeshPacket.Priority.HIGH), now_ms=1_050)
    assert [wire.parse_packet(frame).src for _, frame in run_out(core, 1_050)] == [core.node, BUTTON]


def test_a_node_of_2_8_signs_what_it_broadcasts_where_there_is_room_and_is_read_all_the_same():
    for payload, longer in ((bytes(22), len(SIGNATURE)), (bytes(200), 0)):
        frames = []
        for signs in (False, True):
            core = stock(signs=signs)
            from_host(core, host_packet(77, payload))
            frames += [frame for _, frame in run_out(core)]
        assert len(frames[1]) - len(frames[0]) == longer
        assert all(SITE.open(wire.parse_packet(frame)).payload == payload for frame in frames)


def test_an_id_that_the_host_sends_again_is_swallowed_until_twenty_others_or_a_new_client():
    core = stock()
    for number in range(1, RECENT_IDS + 1):
        from_host(core, host_packet(number))
        run_out(core)
    assert statuses(from_host(core, host_packet(1))) == [] and core.api.swallowed == 1
    from_host(core, host_packet(100))
    run_out(core)
    assert len(statuses(from_host(core, host_packet(1)))) == 1
    core.connected()
    assert len(statuses(from_host(core, host_packet(1)))) == 1


def test_an_overheard_relay_acknowledges_a_packet_that_wanted_it():
    core = stock()
    core.host(framed(mesh_pb2.ToRadio(want_config_id=5)), 0, 1)
    from_host(core, host_packet(77, want_ack=True))
    ((_, frame),) = run_out(core, until_ms=1_000)
    back = wire.relayed(wire.parse_packet(frame), 0x99)
    (ack,) = handed(core.receive(back, -60, STRONG_Q, 50, 1))
    assert ack.decoded.request_id == 77
    assert core.receive(back, -60, STRONG_Q, 60, 1) == []


def test_a_packet_that_wants_an_acknowledgement_goes_out_three_times_and_then_fails():
    core = stock()
    core.host(framed(mesh_pb2.ToRadio(want_config_id=5)), 0, 1)
    from_host(core, host_packet(77, want_ack=True))
    times = [when for when, _ in run_out(core)]
    assert len(times) == 3 and core.counters == {"sent": 3, "not_acked": 1}
    assert all(5_000 <= later - earlier <= 7_500 for earlier, later in zip(times, times[1:], strict=False))


def test_every_frame_heard_meanwhile_puts_the_repeat_off():
    core = stock()
    from_host(core, host_packet(77, want_ack=True))
    run_out(core, until_ms=1_000)
    due_ms = core.next_deadline()
    core.receive(alarm(hops=0), -60, STRONG_Q, 1_000, 1)
    assert core.next_deadline() - due_ms == airtime_us(preset(DEFAULT_PRESET), len(alarm())) // 1000


def test_the_stream_resynchronises_on_any_junk():
    good = framed(mesh_pb2.ToRadio(want_config_id=5))
    draw = random.Random(4)
    for _ in range(200):
        junk = draw.randbytes(draw.randrange(40)).replace(START[:1], b"")
        bodies = FrameReader().feed(junk + good)
        assert bodies == [good[4:]]
    reader = FrameReader()
    stream = good + START + b"\xff\xff" + good
    assert [body for byte in stream for body in reader.feed(bytes([byte]))] == [good[4:]] * 2


def test_unknown_roles_are_refused():
    with pytest.raises(LocalError, match="CLIENT, CLIENT_MUTE, ROUTER"):
        stock(role="TRACKER")
