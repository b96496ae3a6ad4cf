"""Checks on an emulated ESP32: a table of functions of a life, each of which raises Missed.

An emulator's pads read low, which on lilygo_t3 is nobody at the keys and the lid closed.
How long anything takes is the PC's, not the chip's: every limit here is a PC's patience.
"""

import ast
import json
import time
from collections import namedtuple

from bench.chip.emulator import SPEED
from kentongan_wire.air import link
from kentongan_wire.message import messages as m
from kits.both import random_bytes
from kits.node import nodekit, street
from kits.node.buttonkit import opened
from kits.node.hwkit import NODES

ROLES = ("tombol", "sirene", "penerus", "penerima", "modem")
PATIENCE_S, QUIET_S = 600, 15
HEAP_FLOOR = 40 * 1024
NOISE, PIECE, PIECE_S = 4_000, 100, 0.05
REST_S, GAP_S = 3, 0.3
PIECE_BYTES, OPERATIONS_MAX = 512, 1_500  # of main.py's mount; of a start, from reset to the first frame
BLOCK_MIN = 4_096  # a smaller one stays with IDF, which needs some
CUTS = (1, 5, 10, 20)  # writes to the flash, counted from power-on
STEP_MAX = 1_000  # of its numbers over a sleep: a block or two of 64; 16,384 without RTC memory
STREET_OF_TOMBOL = 40  # it listens for some seconds after each frame of its own only
SIREN, RESET = 4, 23  # pads of lilygo_t3; the radio's reset rests high
BAD_WORDS = (b"Traceback", b"perlu teknisi", b"fatal error", b"abort()")

Heap = namedtuple("Heap", "used free idf blocks")
Check = namedtuple("Check", "name roles run")


class Missed(Exception):
    """Error of a check that did not see what it looks for."""


class Skipped(Exception):
    """Error of a check for which this emulator lacks something."""


class Life:
    """A board's life in an emulator, as the checks look at it."""

    def __init__(self, board, role):
        self.board, self.role = board, role
        self.messages, self._decoder, self._read = [], link.Decoder(), 0

    def need(self, ready, what, meanwhile=lambda: None):
        answer = self.board.wait(
            lambda: ready() or self.bad() or not self.board.alive, PATIENCE_S, lambda: self.stir(meanwhile)
        )
        if self.bad():
            time.sleep(REST_S / SPEED)  # the rest of its words
            raise Missed(f"{what}: {self.bad()}")
        if not answer or not self.board.alive:
            raise Missed(f"{what}: not in {PATIENCE_S} s; it said {bytes(self.board.said[-200:])!r}")
        return answer

    def stir(self, work):
        """Do it; a button that is asleep is woken first, by its timer."""
        if self.board.asleep.is_set():
            self.board.wake(b"T")
        work()

    def bad(self):
        said = bytes(self.board.said)
        if said.count(b"rst:0x") > 1 + self.board.wakes:
            return "it began anew"
        at = min([said.find(word) for word in BAD_WORDS if word in said], default=-1)
        return said[at : at + 600].decode(errors="replace") if at >= 0 else ""

    def inspect(self):
        """The answer to `periksa`; asked anew, since a board that starts does not listen yet."""
        begin = len(self.board.said)
        return self.need(
            lambda: answer_in(bytes(self.board.said[begin:])),
            "no answer to periksa",
            lambda: self.board.type(b"\nperiksa\n"),
        )

    def heard(self, kind):
        """The modem's messages of a kind."""
        data, self._read = bytes(self.board.said[self._read :]), len(self.board.said)
        self.messages += [message for _, message in self._decoder.feed(data)]
        return [message for message in self.messages if isinstance(message, kind)]

    def ask(self, word):
        """Return the answer of radio_line.py."""
        known = len(self.board.told[word])
        self.board.ask(word)
        return self.need(lambda: self.board.told[word][known:], f"no answer to {word}")[-1]

    def output(self, pad):
        """The level that the chip drives at one of its first 32 pads."""
        return int(self.ask(b"P")) >> pad & 1

    def ask_modem(self):
        known = len(self.heard(link.ModemStatus))
        self.need(
            lambda: len(self.heard(link.ModemStatus)) > known,
            "no answer to StatusAsk",
            lambda: self.board.type(link.encode(7, link.StatusAsk())),
        )

    def own(self):
        """Its own frames."""
        return self.frames_of(NODES[self.role])

    def frames_of(self, node):
        return [frame for frame in list(self.board.sent) if nodekit.packet_of(frame).src == node]

    def hear(self, frame):
        self.need(lambda: self.board.hear(frame), "its radio never listens")

    def alarms(self):
        """Each alarm that a button sent, its tag checked."""
        return [one for one in map(opened, self.own()) if one.type == m.ALARM]

    def alarm_of(self, known, meanwhile, what="no three frames of an alarm"):
        """The three next ones."""
        self.need(lambda: len(self.alarms()) >= known + 3, what, meanwhile)
        new = self.alarms()[known:]
        if len({(one.counter, one.body.attempt) for one in new}) < len(new):
            raise Missed("an attempt was sent twice")
        return new


def answer_in(said):
    """The last whole answer to `periksa`, or None: other words of the chip may stand in the middle of one."""
    for line in reversed(said.split(b"\r\n")[:-1]):
        if line.startswith(b"periksa {"):
            try:
                return json.loads(line[8:])
            except ValueError:
                pass
    return None


def start(life):
    if life.role == "modem":
        life.need(lambda: life.heard(link.Hello), "no Hello")
        life.board.type(street.street("modem")[0][1])  # its settings: without them it leaves the radio alone
        return life.ask_modem()
    said = life.inspect()
    wrong = {
        name: said[name]
        for name, right in (("role", life.role), ("node", NODES[life.role]), ("flash_failing", False))
        if said[name] != right
    }
    if wrong:
        raise Missed(f"periksa says {wrong}")


def heap(life):
    """Return the free heap, and what MicroPython can yet take of IDF; our stand-in's share is given back."""
    life.ask(b"H")
    told = life.board.told[b"H"]
    if len(told) < 3:
        raise Missed(f"boot.py's two figures did not come whole: {told}")
    before, begun, now = [heap_of(told[at]) for at in (0, 1, -1)]
    own = begun.used - before.used + before.idf - begun.idf
    left = now.free + sum(now.blocks) + own
    if left < HEAP_FLOOR:
        raise Missed(f"{left} bytes are left, {HEAP_FLOOR} wanted")
    return f"{left} bytes left: {now.free} free, {now.blocks} of IDF, {own} the stand-in's; {now.used} used"


def heap_of(text):
    """Of what radio_line.py tells. MicroPython's "free" holds IDF's largest block already."""
    used, free, regions = text.split(" ", 2)
    regions = ast.literal_eval(regions)
    blocks = sorted((row[2] for row in regions if row[2] >= BLOCK_MIN), reverse=True)
    return Heap(int(used), int(free) - max(row[2] for row in regions), sum(row[1] for row in regions), blocks)


def files(life):
    """main.py's mount was in use; calls of the flash, counted on the chip."""
    calls, to_frame, largest = [int(word) for word in life.ask(b"F").split()]
    if largest != PIECE_BYTES:
        raise Missed(f"pieces of {largest} bytes, {PIECE_BYTES} wanted")
    if not 0 < to_frame <= OPERATIONS_MAX:
        raise Missed(f"{to_frame} calls to the first frame, {OPERATIONS_MAX} allowed")
    return f"{to_frame} calls from the mount to the first frame, {calls} till now"


def busy(life):
    """The frames of firmware/test_heap.py, each as soon as its radio listens; then the heap once more."""
    for what, data in street.street(life.role)[: STREET_OF_TOMBOL if life.role == "tombol" else None]:
        if what == "host":
            life.board.type(data)
        else:
            life.hear(data)
        time.sleep(GAP_S / SPEED)
    return heap(life)


def alarm(life):
    life.alarm_of(0, lambda: life.board.type(b"\nuji\n"))


def key(life):
    """Its RTC memory has outlived the sleep when its numbers go on where they were."""
    known = len(life.alarms())
    if not life.board.wait(life.board.asleep.is_set, PATIENCE_S):
        raise Missed("it does not fall asleep")
    life.board.wake(b"K")
    step = life.alarm_of(known, lambda: None)[0].counter - life.alarms()[known - 1].counter
    if not 0 < step < STEP_MAX:
        raise Missed(f"its numbers go on by {step}")
    receipt(life)


def carry(life):
    life.hear(nodekit.alarm(NODES["tombol"], 78, hop_limit=3))
    life.need(lambda: life.frames_of(NODES["tombol"]), "it carries no alarm")


def speak(life):
    """A frame of its own."""
    life.need(life.own, "no frame of its own", lambda: life.board.type(b"\nuji\n"))


def receipt(life):
    counter = life.alarms()[-1].counter
    frame = nodekit.receipt(NODES["tombol"], counter)
    taken = life.board.said.count(b"receipt_2")
    life.hear(frame)
    life.need(lambda: life.board.said.count(b"receipt_2") > taken, "it took no receipt")
    known = len(life.alarms())
    more = life.board.wait(lambda: len(life.alarms()) > known + 1, QUIET_S / SPEED)  # one may be on its way
    if more:
        raise Missed("it goes on after its receipt")


def siren(life):
    if not life.output(RESET):
        raise Skipped("it keeps no output register of the pads")
    if life.output(SIREN):
        raise Missed("it sounds before any alarm")
    sound(life)


def sound(life):
    life.hear(nodekit.alarm(NODES["tombol"], 77))
    for level, what in ((1, "no sound after an alarm"), (0, "no rhythm"), (1, "no rhythm: one beat")):
        life.need(lambda level=level: life.output(SIREN) == level, what)


def noise(life):
    """Every byte value, then random ones; then the board does what it is for."""
    drawn = random_bytes(14)
    known = len(life.alarms()) if life.role == "tombol" else 0
    data = b"\xff" * 5 + bytes(range(256)) + bytes(next(drawn) for _ in range(NOISE))
    for at in range(0, len(data), PIECE):
        life.board.type(data[at : at + PIECE])
        time.sleep(PIECE_S / SPEED)
    if life.role == "tombol":
        life.need(lambda: len(life.alarms()) >= known + 2, "its alarm ended")
    elif life.role == "modem":
        life.ask_modem()
    else:
        life.inspect()


# In the order in which a life goes through them; docs/bench.md says what each wants.
CHECKS = (
    Check("start", ROLES, start),
    Check("heap", ROLES, heap),
    Check("siren", ("sirene",), siren),
    Check("carry", ("penerus", "penerima"), carry),
    Check("alarm", ("tombol",), alarm),
    Check("bytes", ROLES, noise),
    Check("street", ROLES, busy),
    Check("receipt", ("tombol",), receipt),
    Check("key", ("tombol",), key),
    Check("files", ROLES, files),
)
