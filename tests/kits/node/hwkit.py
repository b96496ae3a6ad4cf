"""Provisioned boards for the tests of the device's shell, and what they did; MicroPython subset."""

import json

from kentongan_node.roles.siren import new_post_state
from kentongan_wire.message import messages as m
from kits.board.esp32_fake import Board
from kits.node import nodekit
from kits.node.buttonkit import opened

NODES = {
    "tombol": 0x53000007,
    "sirene": 0x52000021,
    "penerus": 0x52000031,
    "penerima": 0x52000041,
    "modem": nodekit.GATEWAY,
}
MAIN, SILENT, LID = 4, 7, 6  # of the button on the Heltec board; pressed and open are low
CONTACT = 5  # the big button's second contact, low while nobody presses
SIREN, HEALTHY, SENSE = 4, 5, 40
HOUR_MS = 3_600_000
BEFORE_AIR_MS = 80


def device(role, name="heltec_v3", ticks_us=0, **changes):
    """A provisioned board, lid closed."""
    board = Board(name, ticks_us)
    board.flash["/device.json"] = json.dumps(nodekit.settings(role, NODES[role], **changes)).encode()
    if role == "sirene":
        board.flash["/state"] = None
        board.flash["/state/guard"] = bytes(new_post_state()["guard"])
        board.hold(7, 1)
        board.hold(SENSE, 0)
    contact = dict(board.numbers.TOMBOL["senses"]).get("contact")
    if role == "tombol" and contact is not None:
        board.hold(contact, 0)  # closed while nobody presses
    board.adc = {1: 857_000}  # 4.2 V through 4.9
    return board


def alarms(board):
    return [one for one in [opened(frame) for frame in board.chip.sent] if one.type == m.ALARM]


def press(board, pin=MAIN, after_ms=0, ms=200):
    for at_ms, no, nc in ((after_ms, 0, None), (after_ms + ms, None, 0)):
        board.at(at_ms, board.hold, pin, no)
        if pin == MAIN:
            board.at(at_ms, board.hold, CONTACT, nc)


def receipt(board, stage, counter):
    key = nodekit.key_a(NODES["tombol"], 1) if stage == 1 else nodekit.key_c(NODES["tombol"], 1)
    board.chip.hear(nodekit.receipt(NODES["tombol"], counter, stage, 900 + stage, key=key))


def highs(board, number=SIREN):
    """Microseconds that the pin was high, in all, and when it went low last."""
    total, since, last = 0, None, None
    for us, level in board.pin(number).history:
        if level == 1 and since is None:
            since = us
        elif level != 1 and since is not None:
            total, since, last = total + us - since, None, us
    return total, last, since


def lamp(board):
    return board.pin(board.numbers.TOMBOL["shows"][0]).history


def said_nobody(board, from_us):
    """Tell whether the lamp began "nobody hears" after that time: 0.1 s on, 0.1 off, three times."""
    edges = [(us, level) for us, level in lamp(board) if us >= from_us and level is not None]
    for i in range(len(edges) - 6):
        times = [(edges[i + n + 1][0] - edges[i + n][0]) // 10_000 for n in range(6)]
        if edges[i][1] == 1 and times[:5] == [10] * 5 and times[5] > 50:
            return True
    return False


class PowerChip:
    """An AXP192 or AXP2101 by its registers."""

    def __init__(self, identity):
        self.registers = bytearray(256)
        self.registers[3] = identity
        self.registers[0x78:0x7A] = bytes((0xE0, 0x05))
        self.registers[0x34:0x36] = bytes((0x0F, 0xA0))

    def readfrom_mem(self, address, register, n):
        assert address == 0x34
        return bytes(self.registers[register : register + n])

    def writeto_mem(self, address, register, data):
        assert address == 0x34 and len(data) == 1
        self.registers[register] = data[0]
