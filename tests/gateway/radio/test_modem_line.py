"""The gateway's session and the modem's own program at the two ends of one line: 115200 baud, a ring of 259
bytes, a modem that looks away, and what its chip writes by itself."""

import random

import pytest
from kentongan_gateway.core.base.actions import Heard, Send
from kentongan_gateway.radio.modem_session import PIECE_PAUSE_MS, LinkState, ModemSession, OnAir
from kentongan_wire.air import link
from kentongan_wire.air.packet import Channel, parse_packet
from kits.gateway.gateway_kit import GATEWAY
from kits.node.hwkit import device

CHANNEL = Channel("kentongan", bytes(range(32)))
CONFIGURE = link.Configure(GATEWAY, "ShortSlow", 920_625_000, 17, 2, 0)
LINE_BYTES_MS = link.BAUD / 10 / 1000
LONGEST = 229  # a payload whose Transmit the ring cannot hold
BOARD_LINE = b"E (4242) gpio: gpio_install_isr_service(502): GPIO isr service already installed\r\n"


class Cable:
    """Carries both ways at the line's speed, a millisecond at a time, while the board runs."""

    def __init__(self, board, session):
        self.board, self.session, self.events = board, session, []
        self._way, self._read, self._credit = bytearray(), 0, 0.0
        board.at(500, self._open)

    def now_ms(self):
        return self.board.clock.us // 1000

    def _open(self):
        self.session.open(self.now_ms())
        self._step()

    def _step(self):
        now_ms = self.now_ms()
        said = bytes(self.board.serial.sent[self._read :])
        self._read += len(said)
        if said:
            self.events += self.session.feed(said, now_ms)
        self.events += self.session.tick(now_ms)
        self._way += self.session.take_bytes()
        self._credit = min(self._credit + LINE_BYTES_MS, LINE_BYTES_MS + 1) if self._way else 0.0
        self.board.serial.type(bytes(self._way[: int(self._credit)]))
        del self._way[: int(self._credit)]
        self._credit -= int(self._credit)
        self.board.at(1, self._step)

    def send(self, number, size):
        self.session.send(Send(number, 2, b"\x18" + bytes(size), 4, 0, False), self.now_ms())

    def on_air(self):
        return [event.id for event in self.events if isinstance(event, OnAir)]


def chip_says(board):
    board.serial.sent += BOARD_LINE


def joined():
    board = device("modem", "lilygo_t3")
    return board, Cable(board, ModemSession(CONFIGURE, CHANNEL))


def look_away(board, at_ms, ms):
    """The program does something else for so long, once."""
    board.at(at_ms, board.pass_ms, ms)


@pytest.mark.parametrize("gap_ms", [0, 20, 60, PIECE_PAUSE_MS])
def test_no_byte_of_the_hosts_is_lost_while_the_modem_looks_away_no_longer_than_the_pause(gap_ms):
    board, cable = joined()
    rng = random.Random(gap_ms)
    sizes = [rng.choice((20, 60, 120, 200, LONGEST)) for _ in range(12)]
    for n, size in enumerate(sizes):
        board.at(1_000 + 900 * (n // 3), cable.send, 900 + n, size)  # three at once
    for ms in range(1_000, 6_000, gap_ms + 7) if gap_ms else ():
        look_away(board, ms, gap_ms)
    assert board.boot("modem", 14_000) == "stopped"
    assert board.serial.lost == 0
    assert sorted(cable.on_air()) == [900 + n for n in range(len(sizes))]
    assert "unanswered" not in cable.session.counters


def test_messages_of_all_lengths_are_sent_once_and_what_is_heard_meanwhile_arrives():
    board, cable = joined()
    heard = []

    def hear(number):
        frame = CHANNEL.seal(0x53000009, number, 1, b"\x18" + bytes([number & 0xFF]) * 40)
        heard.extend([number] * board.chip.hear(frame))

    sizes = range(LONGEST % 4, LONGEST + 1, 4)  # more than these has no room in the hour's air
    for n, size in enumerate(sizes):
        board.at(1_000 + 700 * n, cable.send, 900 + n, size)
        board.at(1_600 + 700 * n, hear, 5_000 + n)
    assert board.boot("modem", 2_000 + 700 * len(sizes)) == "stopped"
    ids = [900 + n for n in range(len(sizes))]
    assert [parse_packet(frame).id for frame in board.chip.sent] == sorted(cable.on_air()) == ids
    told = [event.id for event in cable.events if isinstance(event, Heard)]
    assert told == heard and len(heard) > len(sizes) // 2 and board.serial.lost == 0
    assert "unanswered" not in cable.session.counters


def test_what_a_modem_loses_that_looks_away_for_longer_is_repeated_and_sent_once():
    board, cable = joined()
    for n in range(8):
        board.at(1_000 + 400 * n, cable.send, 900 + n, LONGEST)
        look_away(board, 1_001 + 400 * n, 350)
    assert board.boot("modem", 20_000) == "stopped"
    assert board.serial.lost > 0
    sent = [parse_packet(frame).id for frame in board.chip.sent]
    assert sorted(sent) == sorted(cable.on_air()) == [900 + n for n in range(8)]


def test_lines_of_the_chips_own_on_the_way_to_the_host_cost_no_command():
    board, cable = joined()
    for n in range(20):
        board.at(1_000 + 100 * n, cable.send, 900 + n, 30)
        board.at(1_003 + 97 * n, chip_says, board)
    assert board.boot("modem", 10_000) == "stopped"
    assert [event.up for event in cable.events if isinstance(event, LinkState)] == [True]
    assert sorted(cable.on_air()) == [900 + n for n in range(20)]
    assert cable.session.counters["text"] + cable.session.counters.get("damaged", 0) >= 5
