"""The modem session against a modem that answers as told, byte by byte, torn, silent, or not at all."""

import random

from hypothesis import given
from hypothesis import strategies as st
from kentongan_gateway.core.base.actions import Heard, Send
from kentongan_gateway.radio.modem_session import (
    DEAD_MS,
    PIECE_BYTES,
    PIECE_PAUSE_MS,
    QUEUE_LIMIT,
    AirUsed,
    CableNoise,
    FlashFault,
    Jammed,
    LinkState,
    Lost,
    ModemSession,
)
from kentongan_wire.air import link
from kentongan_wire.air.packet import Channel, parse_packet
from kits.gateway.gateway_kit import BUTTON, GATEWAY, alarm

CHANNEL = Channel("kentongan", bytes(range(32)))
CONFIGURE = link.Configure(GATEWAY, "ShortSlow", 920_625_000, 14, 2, 0)


class FakeModem:
    """Acks everything; `mute` swallows, `nack` refuses Transmits with that reason."""

    def __init__(self):
        self.decoder = link.Decoder()
        self.got = []
        self.mute = False
        self.nack = None
        self.seq = 0

    def say(self, message):
        self.seq += 1
        return link.encode(self.seq, message)

    def answer(self, data):
        out = b""
        for seq, message in self.decoder.feed(data):
            self.got.append((seq, message))
            if self.mute:
                continue
            if self.nack and isinstance(message, link.Transmit):
                out += self.say(link.Nack(seq, self.nack))
            else:
                out += self.say(link.Ack(seq))
        return out

    def of(self, kind):
        return [(seq, m) for seq, m in self.got if isinstance(m, kind)]


def exchange(session, modem, now_ms):
    events = []
    for _ in range(20):
        data = session.take_bytes()
        if not data:
            break
        events += session.feed(modem.answer(data), now_ms)
    return events


def opened(now_ms=1_000):
    session, modem = ModemSession(CONFIGURE, CHANNEL), FakeModem()
    session.open(now_ms)
    assert exchange(session, modem, now_ms) == [LinkState(True)]
    return session, modem


def send(packet_id=500, klass=0):
    return Send(packet_id, 2, b"\x18" + bytes(30), klass, 30, False)


def test_it_configures_the_modem_first():
    session, modem = opened()
    assert session.up and [m for _, m in modem.got] == [CONFIGURE]


def test_a_send_arrives_as_a_sealed_frame_of_ours():
    session, modem = opened()
    session.send(send(), 1_100)
    exchange(session, modem, 1_100)
    ((_, transmit),) = modem.of(link.Transmit)
    packet = parse_packet(transmit.frame)
    assert (packet.src, packet.id, packet.hop_limit, packet.hop_start) == (GATEWAY, 500, 2, 2)
    assert CHANNEL.open(packet).payload == send().payload
    assert (transmit.klass, transmit.not_before_ms) == (0, 30)


def test_what_is_heard_comes_out_opened_even_byte_by_byte():
    session, modem = opened()
    frame = CHANNEL.seal(BUTTON, 77, 3, alarm())
    events = []
    for byte in b"\x13\x37" + modem.say(link.Received(frame, -95, -12, 5)):
        events += session.feed(bytes([byte]), 1_200)
    assert events == [Heard(BUTTON, 0xFFFFFFFF, 77, 3, 3, BUTTON & 0xFF, alarm(), -95, -12, "modem")]


def test_foreign_frames_are_counted():
    session, modem = opened()
    foreign = Channel("tetangga", bytes(32)).seal(BUTTON, 7, 3, b"hello")
    assert session.feed(modem.say(link.Received(foreign, -95, 0, 5)), 1_200) == []
    assert session.counters == {"channel": 1}


def test_an_unanswered_command_is_repeated_with_its_number_and_has_an_end():
    session, modem = opened()
    modem.mute = True
    session.send(send(), 1_100)
    now = 1_100
    for _ in range(40):
        exchange(session, modem, now)
        now = session.next_deadline()
        if now >= 1_100 + 12_000:
            break
        session.feed(modem.say(link.LogLine("hidup")), now)
        session.tick(now)
    transmits = modem.of(link.Transmit)
    assert len(transmits) == 6 and len({seq for seq, _ in transmits}) == 1
    assert session.counters["unanswered"] >= 1


def test_a_silent_modem_is_dead_after_16_s_and_asked_before():
    session, modem = opened()
    modem.mute = True
    now, events = 1_000, []
    while not events:
        now = session.next_deadline()
        events = session.tick(now)
        exchange(session, modem, now)
    assert events == [LinkState(False)] and now == 1_000 + DEAD_MS
    assert modem.of(link.StatusAsk) and session.next_deadline() is None


def test_a_modem_that_restarted_is_configured_again_and_gets_what_waited():
    session, modem = opened()
    modem.nack = link.REASON_NOT_READY
    session.send(send(), 1_100)
    session.feed(modem.answer(session.take_bytes()), 1_100)
    modem.nack = None
    session.feed(modem.say(link.Hello(link.LINK_VERSION, 4, 0)), 1_101)
    exchange(session, modem, 1_101)
    session.tick(1_500)
    exchange(session, modem, 1_500)
    assert len(modem.of(link.Configure)) == 2 and len(modem.of(link.Transmit)) == 2


def test_a_full_modem_is_tried_again_later():
    session, modem = opened()
    modem.nack = link.REASON_FULL
    session.send(send(), 1_100)
    exchange(session, modem, 1_100)
    modem.nack = None
    now = session.next_deadline()
    assert now == 1_600
    session.tick(now)
    exchange(session, modem, now)
    assert len(modem.of(link.Transmit)) == 2 and not session.counters.get("unanswered")


def test_a_frame_that_was_never_sent_is_told():
    session, modem = opened()
    events = session.feed(modem.say(link.Refused(GATEWAY, 500, link.REASON_AIR)), 1_100)
    assert events == [Lost(GATEWAY, 500, "air")]


def test_settings_that_the_modem_refuses_end_the_session():
    session, modem = ModemSession(CONFIGURE, CHANNEL), FakeModem()
    session.open(0)
    ((seq, _),) = link.Decoder().feed(session.take_bytes())
    events = session.feed(modem.say(link.Nack(seq, link.REASON_SETTINGS)), 5)
    assert events[-1] == LinkState(False) and not session.up


def test_the_queue_is_bounded_and_statuses_go_before_receipts():
    session, modem = opened()
    modem.mute = True
    for i in range(200):
        session.send(send(1_000 + i, klass=4), 1_100)
    for i in range(10):
        session.send(send(2_000 + i, klass=0), 1_100)
    assert len(session._waiting) == QUEUE_LIMIT and session.counters["dropped"] > 100
    assert sum(c.klass == 0 for c in session._waiting) == 10


def test_a_relay_copy_has_one_hop_less_and_our_low_byte():
    session, modem = opened()
    heard = Heard(BUTTON, 0xFFFFFFFF, 77, 2, 3, 9, alarm(), -90, 8, "modem")
    session.relay(heard, 0, 1_100)
    exchange(session, modem, 1_100)
    ((_, transmit),) = modem.of(link.Transmit)
    packet = parse_packet(transmit.frame)
    assert (packet.src, packet.id, packet.hop_limit, packet.hop_start) == (BUTTON, 77, 1, 3)
    assert packet.relay_node == GATEWAY & 0xFF and transmit.flags == link.FLAG_RELAY


@given(st.lists(st.binary(max_size=64), max_size=20), st.integers(0, 2**32))
def test_any_bytes_from_the_line_are_survived(pieces, seed):
    session, modem = opened()
    rng = random.Random(seed)
    now = 1_000
    for piece in pieces:
        now += rng.randrange(3_000)
        session.feed(piece, now)
        session.tick(now)
        session.take_bytes()


def test_what_the_modem_says_of_its_hour_and_its_faults_is_told_when_it_changes():
    session, modem = opened()

    def told(air_used_ms, faults):
        return session.feed(modem.say(link.ModemStatus(air_used_ms, 0, 0, 60, faults)), 1_200)

    assert told(700, 0) == [Jammed(False), FlashFault(False), AirUsed(700)], "a gateway that has just started"
    assert told(700, 0) == []
    assert told(900, link.FAULT_FLASH) == [FlashFault(True), AirUsed(900)]
    assert told(900, link.FAULT_FLASH | link.FAULT_JAMMED) == [Jammed(True)]
    assert told(900, 0) == [Jammed(False), FlashFault(False)]


def on_the_line(session, now_ms):
    """Return the bytes that it writes at that time."""
    session.tick(now_ms)
    return session.take_bytes()


def test_no_more_than_the_modems_ring_holds_is_on_the_line_without_an_answer():
    session, modem = opened()
    for n in range(6):
        session.send(send(500 + n), 1_100)
    told = session.take_bytes()
    assert len(told) <= link.RING_BYTES and len(modem.decoder.feed(told)) == 3
    assert session.next_deadline() > 1_100 and on_the_line(session, 1_150) == b""
    session.feed(modem.say(link.Ack(2)), 1_160)
    assert len(modem.decoder.feed(session.take_bytes())) == 1


def test_a_command_that_the_ring_cannot_hold_goes_alone_in_two_pieces_with_a_pause_between():
    session, modem = opened()
    for n, size in enumerate((30, 224, 30)):
        session.send(Send(500 + n, 2, b"\x18" + bytes(size), n, 30, False), 1_100)
    assert len(modem.decoder.feed(session.take_bytes())) == 1, "the short one, and nothing beside the long"
    session.feed(modem.say(link.Ack(2)), 1_110)
    first = session.take_bytes()
    assert len(first) == PIECE_BYTES and session.next_deadline() == 1_110 + PIECE_PAUSE_MS
    assert on_the_line(session, 1_109 + PIECE_PAUSE_MS) == b""
    second = on_the_line(session, 1_110 + PIECE_PAUSE_MS)
    assert len(first + second) > link.RING_BYTES
    ((seq, long),) = modem.decoder.feed(first + second)
    assert len(long.frame) > 240 and session.next_deadline() > 1_300 and session.take_bytes() == b""
    session.feed(modem.say(link.Ack(seq)), 1_250)
    assert len(modem.decoder.feed(session.take_bytes())) == 1


BOOT = (
    b"ets Jul 29 2019 12:21:46\r\n\r\nrst:0x8 (TG1WDT_SYS_RESET),boot:0x17 (SPI_FAST_FLASH_BOOT)\r\n"
    b"configsip: 0, SPIWP:0xee\r\nload:0x3fff0030,len:4892\r\nentry 0x400805f0\r\n"
)
LOGGED = (
    b"E (1123) gpio: gpio_pulldown_en(116): GPIO number error (input-only pad has no internal PD)\r\n",
    b"\x1b[0;31mE (900) ledc: no channel\x1b[0m\r\n",
    b"rusak: battery OSError(-258, 'ESP_ERR_INVALID_ARG')\r\n",
    b"I (29) boot: ESP-IDF v5.4.2 2nd stage bootloader\r\n",
)


def test_lines_that_the_chip_writes_between_messages_are_counted_and_are_no_damage():
    session, modem = opened()
    for n, text in enumerate((*LOGGED, BOOT)):
        frame = CHANNEL.seal(BUTTON, 70 + n, 3, alarm())
        data = text + modem.say(link.Received(frame, -95, -12, 5))
        events = session.feed(data[: 20 * n], 5_000) + session.feed(data[20 * n :], 5_001)
        assert [event.id for event in events] == [70 + n]
    assert session.counters == {"text": 5}


def test_a_line_of_the_chips_in_the_middle_of_a_message_costs_that_message_only():
    session, modem = opened()
    for n, text in enumerate((*LOGGED, BOOT)):
        torn, whole = (
            modem.say(link.Received(CHANNEL.seal(BUTTON, 70 + 2 * n + i, 3, alarm()), -95, -12, 5))
            for i in range(2)
        )
        events = session.feed(torn[: 7 * n + 3] + text + torn[7 * n + 3 :] + whole, 5_000)
        assert [event.id for event in events if isinstance(event, Heard)] == [71 + 2 * n]
        assert bool([event for event in events if isinstance(event, CableNoise)]) == (n == 0)
    assert session.counters["damaged"] == 5


def test_what_a_restart_of_the_modem_tears_is_no_fault_of_the_cable():
    session, modem = opened()
    torn = modem.say(link.Received(CHANNEL.seal(BUTTON, 70, 3, alarm()), -95, -12, 5))[:30]
    assert session.feed(torn + BOOT + modem.say(link.Hello(link.LINK_VERSION, 4, 0)), 60_000) == []
    assert exchange(session, modem, 60_001) == [] and len(modem.of(link.Configure)) == 2
