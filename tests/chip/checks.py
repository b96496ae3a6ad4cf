"""What is looked at on an emulated ESP32: a table of checks, each a function of a life that raises Missed.

No key is pressed: an emulator's pads read low, which on lilygo_t3 is nobody at the keys and the lid closed.
How long anything takes is the PC's, not the chip's: every limit here is a PC's patience.
"""
import json
import re
import time
from collections import namedtuple

import nodekit
from both import random_bytes
from buttonkit import opened
from chip.emulator import GPIO_OUT, SPEED
from hwkit import NODES
from kentongan_wire import link
from kentongan_wire import messages as m

ROLES = ("tombol", "sirene", "penerus", "penerima", "modem")
PATIENCE_S, QUIET_S, LOOK_S, SOUNDS_S = 600, 15, 0.05, 10
HEAP_FLOOR = {"sirene": 28 * 1024}
HEAP_FLOOR_OTHERS = 40 * 1024
NOISE, PIECE, PIECE_S = 4_000, 100, 0.05
REST_S = 3
CUTS = (1, 4, 8, 11, 14, 20)  # writes to the flash, counted from power-on
SIREN, NSS = 4, 18            # pads of lilygo_t3; the select rests high
BAD_WORDS = (b"Traceback", b"perlu teknisi", b"Guru Meditation", b"abort()")

Check = namedtuple("Check", "name roles what run")


class Missed(Exception):
    """What a check did not see."""


class Skipped(Exception):
    """What this emulator lacks for a check."""


class Life:
    """A board's life in an emulator, as the checks look at it."""

    def __init__(self, board, role):
        self.board, self.role = board, role
        self.messages, self._decoder, self._read = [], link.Decoder(), 0

    def need(self, ready, what, meanwhile=lambda: None):
        answer = self.board.wait(lambda: ready() or self.bad() or not self.board.alive, PATIENCE_S,
                                 meanwhile)
        if self.bad():
            time.sleep(REST_S / SPEED)  # the rest of its words
            raise Missed(f"{what}: {self.bad()}")
        if not answer or not self.board.alive:
            raise Missed(f"{what}: not in {PATIENCE_S} s; it said {bytes(self.board.said[-200:])!r}")
        return answer

    def bad(self):
        said = bytes(self.board.said)
        at = min([said.find(word) for word in BAD_WORDS if word in said], default=-1)
        return said[at:at + 600].decode(errors="replace") if at >= 0 else ""

    def inspect(self):
        """The answer to `periksa`; asked anew, since a board that starts does not listen yet."""
        begin = len(self.board.said)
        lines = self.need(lambda: [line for line in bytes(self.board.said[begin:]).split(b"\r\n")[:-1]
                                   if line.startswith(b"periksa {")],
                          "no answer to periksa", lambda: self.board.type(b"\nperiksa\n"))
        return json.loads(lines[-1][8:])

    def heard(self, kind):
        """The modem's messages of a kind."""
        data, self._read = bytes(self.board.said[self._read:]), len(self.board.said)
        self.messages += [message for _, message in self._decoder.feed(data)]
        return [message for message in self.messages if isinstance(message, kind)]

    def ask_modem(self):
        known = len(self.heard(link.ModemStatus))
        self.need(lambda: len(self.heard(link.ModemStatus)) > known, "no answer to StatusAsk",
                  lambda: self.board.type(link.encode(7, link.StatusAsk())))

    def alarms(self):
        """The body of each alarm frame that was sent, its tag checked."""
        messages = [opened(frame) for frame in list(self.board.sent)
                    if nodekit.packet_of(frame).src == NODES[self.role]]
        return [one for one in messages if one.type == m.ALARM]


def start(life):
    if life.role == "modem":
        life.need(lambda: life.heard(link.Hello), "no Hello")
        return life.ask_modem()
    said = life.inspect()
    wrong = {name: said[name] for name, right in (("role", life.role), ("node", NODES[life.role]),
                                                  ("flash_failing", False)) if said[name] != right}
    if wrong:
        raise Missed(f"periksa says {wrong}")


def heap(life):
    """Our stand-in's own memory is given back to the figure."""
    floor = HEAP_FLOOR.get(life.role, HEAP_FLOOR_OTHERS)
    own = re.findall(rb"stand-in (\d+)", bytes(life.board.said))
    free = life.inspect()["heap_free"] + int(own[-1])
    if free < floor:
        raise Missed(f"{free} bytes are free, {floor} wanted")
    return f"{free} bytes free"


def alarm(life):
    life.need(lambda: len(life.alarms()) >= 3, "no three frames of an alarm",
              lambda: life.board.type(b"\nuji\n"))
    if len({(one.counter, one.body.attempt) for one in life.alarms()}) < 3:
        raise Missed("an attempt was sent twice")


def receipt(life):
    counter = life.alarms()[-1].counter
    frame = nodekit.receipt(NODES["tombol"], counter)
    life.need(lambda: life.board.hear(frame), "its radio never listens")
    known = len(life.alarms())
    more = life.board.wait(lambda: len(life.alarms()) > known + 1, QUIET_S / SPEED)  # one may be on its way
    if more:
        raise Missed("it goes on after its receipt")


def siren(life):
    board = life.board
    if not board.output(NSS):
        raise Skipped(f"it keeps no output register of the first {GPIO_OUT} pads")
    if board.output(SIREN):
        raise Missed("it sounds before any alarm")
    life.need(lambda: board.hear(nodekit.alarm(NODES["tombol"], 77)), "its radio never listens")
    life.need(lambda: board.output(SIREN), "no sound after an alarm")
    levels = []
    until_s = time.monotonic() + SOUNDS_S / SPEED
    while time.monotonic() < until_s:
        levels.append(board.output(SIREN))
        time.sleep(LOOK_S / SPEED)
    if not 0.1 < sum(levels) / len(levels) < 0.95:
        raise Missed(f"no rhythm: high in {sum(levels)} of {len(levels)} looks")


def noise(life):
    """Every byte value, then random ones; then the board does what it is for."""
    drawn = random_bytes(14)
    known = len(life.alarms()) if life.role == "tombol" else 0
    data = b"\xff" * 5 + bytes(range(256)) + bytes(next(drawn) for _ in range(NOISE))
    for at in range(0, len(data), PIECE):
        life.board.type(data[at:at + PIECE])
        time.sleep(PIECE_S / SPEED)
    if life.role == "tombol":
        life.need(lambda: len(life.alarms()) >= known + 2, "its alarm ended")
    elif life.role == "modem":
        life.ask_modem()
    else:
        life.inspect()


CHECKS = (  # in the order in which a life goes through them
    Check("start", ROLES, "it starts, answers and is who it was made", start),
    Check("heap", ROLES[:4], "what is free after the start", heap),
    Check("siren", ("sirene",), "an alarm on the air makes it sound, in a rhythm", siren),
    Check("alarm", ("tombol",), "uji: three frames with valid tags", alarm),
    Check("bytes", ROLES, "4,261 bytes on its line, all values, stop nothing", noise),
    Check("receipt", ("tombol",), "a receipt ends the alarm", receipt),
)
