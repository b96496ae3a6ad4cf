# runs: cpython micropython
"""A modem on the prompt's line, over a bridge and the chip's USB: garbage, an unplugged host, a hung one."""

from kentongan_node.roles.modem import Modem
from kentongan_wire.air import link
from kits.node import nodekit
from kits.node.hwkit import PowerChip, device

FIFO = 256  # bytes that the port keeps for a host
TIMEOUT_MS = 500  # how long its write waits for a host that has the port open and does not read
TOMBOL = 0x53000009
CONFIGURE = link.encode(1, link.Configure(nodekit.GATEWAY, "ShortSlow", 920_625_000, 17, 2, 0))


class Usb:
    """sys.stdin and sys.stdout over TinyUSB's CDC, as MicroPython 1.27 writes: see UsbLine."""

    def __init__(self, board):
        self.board = board
        self.buffer = self
        self.inbox, self.out, self.fifo = b"", b"", b""
        self.open, self.reads = False, True  # the host has the port open, and takes what comes
        self.waited_ms = self.stalls = 0

    def read(self, n):
        assert n <= len(self.inbox), "the port waits for all that it was asked for: the board hangs"
        taken, self.inbox = self.inbox[:n], self.inbox[n:]
        return taken

    def write(self, data):
        assert not isinstance(data, str), "words on a host's line"
        if not self.open:
            self.fifo = (self.fifo + bytes(data))[-FIFO:]  # the newest is kept until somebody opens the port
            return
        if self.reads:
            self.take()
            self.out += bytes(data)
            return
        fits = FIFO - len(self.fifo)
        self.fifo += bytes(data[:fits])
        for _ in range(0 if len(data) <= fits else 2 if fits else 1):  # what was left over is tried once more
            self.stalls += 1
            self.board.pass_ms(TIMEOUT_MS)

    def take(self):
        """The host reads what the port kept."""
        self.out, self.fifo = self.out + self.fifo, b""

    def register(self, *_):
        pass

    def poll(self, _):
        return [1] if self.inbox else []

    def say(self, data):
        self.inbox += data

    def plug(self, is_open, reads=True):
        self.open, self.reads = is_open, reads
        if is_open and reads:
            self.take()

    def told(self, kind):
        return [one for _, one in link.Decoder().feed(self.out) if isinstance(one, kind)]


def modem(name="lilygo_t3s3"):
    board = device("modem", name)
    board.serial = Usb(board)
    return board, board.serial


BOARDS = (
    "heltec_v3",
    "wireless_stick_lite_v3",
    "lilygo_t3",
    "tbeam_sx1262",
    "tbeam_sx1276",
    "lilygo_t3s3",
    "xiao_esp32s3",
    "xiao_esp32s3_header",
)


def told(board):
    return [one for _, one in link.Decoder().feed(board.serial.sent)]


def test_a_modem_starts_on_every_board_and_its_line_carries_every_byte_both_ways():
    for name in BOARDS:
        board = device("modem", name)
        board.i2c = PowerChip(0x4A)
        values = bytes([(n + 3) & 0xFF for n in range(255)])
        frame = values[:4] + values[-251:]
        order = link.encode(2, link.Transmit(values, 0, 0, link.FLAG_RELAY, 0))
        board.at(1_000, board.serial.type, CONFIGURE)
        board.at(2_000, board.chip.hear, frame)
        board.at(3_000, board.serial.type, order[:130])
        board.at(3_100, board.serial.type, order[130:])
        assert board.boot("modem", 5_000) == "stopped", name
        answers = told(board)
        assert answers[0] == link.Hello(link.LINK_VERSION, 4, 0) and link.Ack(2) in answers, name
        assert [bytes(one.frame) for one in answers if isinstance(one, link.Received)] == [frame], name
        assert board.chip.sent == [values] and board.serial.out == "", name


def test_a_power_that_its_chip_or_its_antenna_does_not_allow_is_refused_and_the_modem_goes_on():
    for name, dbm in (("lilygo_t3", 19), ("lilygo_t3", 1), ("heltec_v3", 19)):
        board = device("modem", name)  # its device file: 3 dBi; the host says 0
        order = link.Configure(nodekit.GATEWAY, "ShortSlow", 920_625_000, dbm, 0, 0)
        board.at(1_000, board.serial.type, link.encode(1, order))
        board.at(2_000, board.serial.type, CONFIGURE)
        assert board.boot("modem", 4_000) == "stopped"
        assert told(board).count(link.Nack(1, link.REASON_SETTINGS)) == 1, (name, dbm)
        assert link.Ack(1) in told(board) and board.serial.out == "", (name, dbm)


def test_what_the_ring_of_a_bridge_does_not_hold_is_lost_and_the_next_message_is_found():
    board = device("modem")
    order = link.encode(2, link.Transmit(nodekit.receipt(TOMBOL, 10, packet_id=900) + bytes(200), 0, 0, 0, 0))
    board.at(1_000, board.serial.type, CONFIGURE)
    board.at(2_000, board.serial.type, order + order)
    board.at(2_100, board.serial.type, link.encode(3, link.StatusAsk()))
    board.boot("modem", 3_000)
    assert board.serial.lost and link.Ack(3) in told(board)


def heard(usb):
    return [bytes(one.frame) for one in usb.told(link.Received)]


def test_both_boards_with_usb_of_their_own_survive_garbage_and_an_unplugged_host():
    for name in ("lilygo_t3s3", "xiao_esp32s3"):
        board, usb = modem(name)
        noise = bytes([(n * 37 + 11) & 0xFF for n in range(3_000)])
        board.at(500, usb.plug, True)
        board.at(1_000, usb.say, noise)
        board.at(3_000, usb.say, CONFIGURE[:9])  # unplugged in the middle of a message ...
        board.at(3_100, usb.plug, False)
        board.at(9_000, usb.plug, True)  # ... and back
        board.at(9_100, usb.say, noise[:777] + b"\x00" + CONFIGURE)
        board.at(10_000, board.chip.hear, nodekit.alarm(TOMBOL, 77))
        assert board.boot("modem", 11_000) == "stopped"
        assert heard(usb) == [nodekit.alarm(TOMBOL, 77)]
        assert usb.told(link.Hello) and usb.told(link.Ack)


def test_a_message_is_taken_in_one_piece_not_byte_by_byte():
    board, usb = modem()
    calls = []
    host = Modem.host

    def counted(self, data, *more):
        calls.append(len(data))
        return host(self, data, *more)

    Modem.host = counted
    try:
        usb.plug(True)
        board.at(1_000, usb.say, CONFIGURE)
        board.at(2_000, usb.say, bytes(1_000))
        board.boot("modem", 3_000)
    finally:
        Modem.host = host
    assert calls == [len(CONFIGURE), 256, 256, 256, 232]


def test_a_host_that_hangs_with_the_port_open_costs_the_radio_little_and_is_served_when_it_reads_again():
    board, usb = modem()
    usb.plug(True)
    board.at(500, usb.say, CONFIGURE)
    board.at(1_000, usb.plug, True, False)  # it stops reading
    for n in range(30):
        board.at(1_000 + 500 * n, board.chip.hear, nodekit.alarm(TOMBOL, 100 + n))
    order = link.Transmit(nodekit.receipt(TOMBOL, 10, packet_id=900), 0, 0, 0, 0)
    board.at(17_000, usb.plug, True)  # it reads again ...
    board.at(17_100, usb.say, link.encode(2, order))  # ... and speaks
    board.at(17_500, board.chip.hear, nodekit.alarm(TOMBOL, 300))
    assert board.boot("modem", 19_000) == "stopped"
    # a write that waits each five seconds; else every one does, and the radio is deaf for as long
    assert 2 <= usb.stalls <= 5, usb.stalls
    assert len(board.chip.sent) == 1 and usb.told(link.Transmitted)
    assert heard(usb)[-1] == nodekit.alarm(TOMBOL, 300)


def test_a_host_that_opens_the_port_late_gets_the_newest_and_is_told_that_nothing_is_set():
    board, usb = modem()
    board.at(8_000, usb.plug, True)
    board.boot("modem", 16_000)
    assert usb.told(link.Hello)[-1] == link.Hello(link.LINK_VERSION, 4, 0)
    assert usb.stalls == 0 and usb.told(link.ModemStatus)[-1].uptime_s == 15
