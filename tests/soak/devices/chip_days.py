"""A day on the ESP32 model: random bytes on the line, every part beside the alarm fails. On MicroPython.

usage: micropython chip_days.py ROLE HOURS BYTES SEED

Prints one line of JSON; exit 1 on any miss, each of which was printed. A role on mains runs without a reset,
and sounds or answers after all of it; a button sleeps, wakes, and each press of it is on the air. The loop is
looked at every 100 ms, or a day would take an hour; a button's, which is awake for minutes of it, every 20.
"""

import json
import sys

from kentongan_wire.message import messages as m
from kits.board.esp32_fake import DEEPSLEEP_RESET, EXT0_WAKE
from kits.both import random_bytes
from kits.node import nodekit
from kits.node.hwkit import HOUR_MS, NODES, PowerChip, alarms, device, highs, receipt

POLL_MS, TOMBOL_POLL_MS = 100, 20
PIECE = 100  # bytes at a time: the ring holds them
FAILS_MS = 60_000  # that a part fails
UNFED_MS = 10_000  # a watchdog that is not fed for longer restarts the board, rightly
BOARDS = {
    "tombol": "tbeam_sx1276",
    "sirene": "lilygo_t3",
    "penerus": "tbeam_sx1262",
    "penerima": "heltec_v3",
    "modem": "xiao_esp32s3",
}


class Day:
    def __init__(self, role, hours, count, seed):
        self.role, self.hours, self.count = role, hours, count
        self.bytes = random_bytes(seed)
        self.board = device(role, BOARDS[role])
        self.board.i2c = PowerChip(0x4A)
        self.pins = getattr(self.board.numbers, role.upper())
        active = self.board.numbers.KEY_ACTIVE
        for _, number in self.pins["keys"]:
            self.board.hold(number, 1 - active)
        for _, number in self.pins["senses"]:
            self.board.hold(number, 0 if role == "tombol" else 1)
        self.board.prepare = self._prepare
        self.misses, self.said = [], 0

    def miss(self, text):
        print("miss of a {} after {} s: {}".format(self.role, self.board.clock.us // 1_000_000, text))
        self.misses.append(text)

    def _prepare(self):
        self.board.modules["timing"].POLL_MS = TOMBOL_POLL_MS if self.role == "tombol" else POLL_MS

    def parts(self):
        """List the parts beside the alarm: names for board.broken, or the line, or the flash."""
        numbers = [number for number in self.pins["shows"] if number is not None]
        numbers += [number for name, number in self.pins["keys"] if name != "main"]
        numbers += [number for _, number in self.pins["senses"]]
        return ["adc", "i2c", "i2c stuck", "temperature", "timers", "line", "flash", "rtc", "wdt"] + numbers

    def babble(self, ms, count):
        """So many random bytes, evenly over that time from now."""
        pieces = -(-count // PIECE)
        for n in range(pieces):
            piece = bytes([next(self.bytes) for _ in range(PIECE)])
            self.board.at(1 + n * ms // pieces, self.board.serial.type, piece)
        self.said += pieces * PIECE

    def fail(self, ms):
        """Each part in turn, over that time from now."""
        board, parts = self.board, self.parts()
        for i in range(len(parts)):
            begin, part = i * ms // len(parts), parts[i]
            fails_ms = UNFED_MS if part == "wdt" else FAILS_MS
            end = begin + min(fails_ms, ms // len(parts) // 2)
            if part == "line":
                board.at(begin, setattr, board.serial, "broken", True)
                board.at(end, setattr, board.serial, "broken", False)
            elif part == "flash":
                board.at(begin, setattr, board, "refuses", lambda path: True)
                board.at(end, setattr, board, "refuses", None)
            else:
                board.at(begin, board.broken.add, part)
                board.at(end, board.broken.discard, part)

    def mains(self):
        board, ms = self.board, self.hours * HOUR_MS
        self.babble(ms, self.count)
        self.fail(ms // 2)
        heard_ms = ms - 60_000
        board.at(heard_ms, self._last)
        end = board.boot(self.role, ms)
        if end != "stopped":
            self.miss("it ended: {}".format(end))
        self._told()
        if self.role == "sirene" and (highs(board, self.pins["siren"])[0] or 0) < 10_000_000:
            self.miss("its siren is silent")
        sent = [nodekit.packet_of(frame).src for frame in board.chip.sent]
        if self.role != "modem" and NODES[self.role] not in sent:
            self.miss("it says nothing")
        if self.role == "modem" and not board.serial.usb.sent:
            self.miss("it tells its host nothing")

    def _told(self):
        """Nothing was raised but by a callback at a pad that failed."""
        board = self.board
        faults = [fault for fault in board.callback_faults if not isinstance(fault, OSError)]
        if faults or board.serial.out.count("Traceback") > len(board.callback_faults):
            self.miss("it raised: {!r} {}".format(faults, board.serial.out[-300:]))

    def _last(self):
        self.board.chip.sent.clear()
        self.board.chip.hear(nodekit.alarm(0x53000009, 77))
        lid = dict(self.pins["keys"]).get("lid")
        if lid is not None:
            self.board.hold(lid, self.board.numbers.KEY_ACTIVE)  # a STATUS at once

    def button(self):
        """Sleeps; every part failed at one press each, with bytes on its line meanwhile."""
        board, active = self.board, self.board.numbers.KEY_ACTIVE
        main = dict(self.pins["keys"])["main"]
        parts, end_us = self.parts(), self.hours * HOUR_MS * 1000
        each = -(-self.count // (len(parts) - 1))  # what comes while the line fails is lost
        board.boot("tombol", 200_000)
        for i in range(len(parts)):
            part = parts[i]
            ends_us = board.clock.us + (end_us - board.clock.us) // (len(parts) - i)
            board.at(HOUR_MS // 4, board.hold, main, active)
            if board.doze(HOUR_MS) != EXT0_WAKE:
                self.miss("it did not wake")
            board.chip.sent.clear()
            self.babble(20_000, each)
            board.at(200, board.hold, main, 1 - active)
            board.at(20_000, self._answer, part)
            self._spoil(part, True)
            if board.boot("tombol", 600_000, DEEPSLEEP_RESET, EXT0_WAKE) != "asleep":
                self.miss("it did not go to sleep after {}".format(part))
            board.script.clear()
            board.clock.us = max(board.clock.us, ends_us)
        self._told()

    def _answer(self, part):
        """20 s after a press: were there frames? Then the part is well, and the gateway ends it."""
        heard = alarms(self.board)
        if len(heard) < 3:
            self.miss("{} fails, and so does its alarm".format(part))
        self._spoil(part, False)
        for counter in {one.counter for one in heard}:
            for ms in (0, 1_300, 3_100, 7_700):  # its radio hears none while it sends
                self.board.at(ms, receipt, self.board, m.STAGE_CLOSED, counter)

    def _spoil(self, part, on):
        board = self.board
        if part == "line":
            board.serial.broken = on
        elif part == "flash":
            board.refuses = (lambda path: True) if on else None
        elif on:
            board.broken.add(part)
        else:
            board.broken.discard(part)


def main():
    role, hours, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    day = Day(role, hours, count, seed)
    if role == "tombol":
        day.button()
    else:
        day.mains()
    print(
        json.dumps(
            {
                "role": role,
                "hours": day.board.clock.us // 3_600_000_000,
                "bytes": day.said,
                "lost": day.board.serial.lost,
                "failed": len(day.parts()),
                "misses": len(day.misses),
            }
        )
    )
    sys.exit(1 if day.misses else 0)


if __name__ == "__main__":
    main()
