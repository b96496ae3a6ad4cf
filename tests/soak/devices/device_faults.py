"""Devices on the board model, while what stands beside an alarm fails: flash, line, cell, radio, supply,
readings, lamp and keys.

usage: python device_faults.py FAULTS SEED [careless]

Each fault is drawn from the seed: its kind, the role, when it comes, which starts follow. Whatever it is,
a press goes on the air, or the lamp says that nobody hears; a post that hears an alarm sounds at once, and
on to the end when its radio or another part dies while it sounds; no packet number is used twice; a flash
that fails, and what the chip does not give at a start, is told in a STATUS; no program ends at its prompt.
Prints one line of JSON; exit 1 on any miss, each of which was printed with its number. `careless`: a flash
error ends the program, to be found.
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / part) for part in ("tests", "wire/src", "firmware/src")]
from kentongan_wire.message import messages as m  # noqa: E402
from kits.board.esp32_fake import (  # noqa: E402
    BROWNOUT_RESET,
    DEEPSLEEP_RESET,
    EXT0_WAKE,
    HARD_RESET,
    PWRON_RESET,
    TIMER_WAKE,
    Reset,
)
from kits.board.esp32_lines import Flood  # noqa: E402
from kits.both import random_bytes  # noqa: E402
from kits.node import nodekit  # noqa: E402
from kits.node.buttonkit import opened  # noqa: E402
from kits.node.hwkit import NODES, PowerChip, alarms, device, receipt, said_nobody  # noqa: E402

KINDS = (
    "flash",
    "flash_and_nvs",
    "flood",
    "ctrl_c",
    "brown_out",
    "no_radio",
    "cut",
    "radio_later",
    "part",
    "unmade",
)
PARTS = ("i2c", "adc", "temperature", "line", "lamp", "lid")
UNMADE = ("I2C", "ADC", "RTC", "WDT", "Timer 0", "Timer 1", "Timer 2", "Timer 3")  # and pins beside the alarm
UNTOLD = ("ADC", "SPI")  # a battery that is unknown, and no radio that could tell
SOUND_MS = 1_000  # from the end of an alarm's first frame to the siren
REPEAT_MS = 1_500  # a button's first repeat
STARTS = 8  # that one fault may cost


class Scene:
    """One board, one fault."""

    def __init__(self, seed, careless):
        self._heard_us = None  # when the post's radio took the alarm
        self._bytes = random_bytes(seed)
        self.kind = KINDS[self.draw(len(KINDS))]
        self.role = "tombol" if self.kind in ("brown_out", "no_radio") or self.draw(2) else "sirene"
        if self.kind == "radio_later":
            self.role = "sirene"
        self.part = PARTS[self.draw(len(PARTS))] if self.kind == "part" else ""
        if self.kind == "unmade":
            self.part = self._unmade()
        self.board = device(self.role, "tbeam_sx1262" if self.part.lower() == "i2c" else "heltec_v3")
        if self.part.lower() == "i2c":
            self.board.i2c = PowerChip((0x03, 0x4A)[self.draw(2)])
            self.board.hold(dict(self.board.numbers.TOMBOL["keys"])["lid"], 1 - self.board.numbers.KEY_ACTIVE)
        self.pins = getattr(self.board.numbers, self.role.upper())
        if careless:
            self.board.prepare = self._careless
        self.misses = []
        self.ids = []
        self.statuses = []

    def draw(self, n):
        return (next(self._bytes) << 16 | next(self._bytes) << 8 | next(self._bytes)) % n

    def _unmade(self):
        """Draw what the chip does not give from the next start on: a peripheral, pin, button's radio bus."""
        pins = getattr(device(self.role).numbers, self.role.upper())
        numbers = [number for name, number in pins["keys"] if name != "main"] + list(pins["shows"])
        parts = [f"Pin {number}" for number in sorted({n for n in numbers if n is not None})]
        parts += [*UNMADE, *(("SPI",) if self.role == "tombol" else ())]
        return parts[self.draw(len(parts))]

    def _careless(self):
        keeper = self.board.modules["hal"].Keeper

        class Careless(keeper):
            def _refused(self, name, data):
                raise OSError(28)

        self.board.modules["hal"].Keeper = Careless

    def boot(self, ms, cause, wake=None):
        self.board.chip.sent.clear()
        end = self.board.boot(self.role, ms, cause, wake)
        for frame in self.board.chip.sent:
            packet = nodekit.packet_of(frame)
            if packet.src != NODES[self.role]:
                continue  # carried on for another node
            self.ids.append(packet.id)
            one = opened(frame) if self.role == "tombol" else nodekit.message_of(frame)
            if one.type == m.STATUS:
                self.statuses.append(frame)
        return end

    def strike(self, ms):
        """The fault, so long from now."""
        board = self.board
        if self.kind.startswith("flash"):
            everything = self.kind == "flash_and_nvs"
            board.at(ms, lambda: setattr(board, "refuses", lambda path: everything or path != "nvs"))
        elif self.kind == "flood":
            board.serial = Flood(board, ms, 1_000 + self.draw(60_000), bytes([self.draw(256)]))
        elif self.kind == "ctrl_c":
            for n in range(1 + self.draw(30)):
                board.at(ms + n * self.draw(200), board.serial.type, b"\x03")
        elif self.kind == "no_radio":
            board.at(ms, board.chip.faults.add, "no_chip")
            board.at(ms + 100 + self.draw(20_000), board.chip.faults.discard, "no_chip")
        elif self.kind == "cut":
            board.at(ms, self._cut)
        elif self.kind == "part":
            board.at(ms, self._break)
        elif self.kind == "unmade":
            board.unmade.add(self.part)
        else:
            self._sags = 1 + self.draw(6)
            sends = board.chip._op_83
            board.chip._op_83 = lambda args: self._sag(sends, args)

    def _break(self):
        """A part that answers with an error from now on, or for a while."""
        board = self.board
        if self.part == "line":
            board.serial.broken = True
            return
        number = {"lamp": self.pins["shows"][0], "lid": dict(self.pins["keys"]).get("lid")}
        part = number.get(self.part, self.part)
        board.broken.add(part)
        if self.draw(2):
            board.at(100 + self.draw(60_000), board.broken.discard, part)

    def _cut(self):
        self.board.rtc = b""
        raise Reset("supply")

    def _sag(self, sends, args):
        sends(args)
        if self._sags:
            self._sags -= 1
            self.board.at(1 + self.draw(60), self._brown_out)

    def _brown_out(self):
        self.board.rtc = b"" if self.draw(4) == 0 else self.board.rtc
        raise Reset("brown-out")

    def starts(self, ms, cause, wake, seen):
        """Starts until one of them stays; True when `seen` was in one of them."""
        answer = False
        for _ in range(STARTS):
            from_us = self.board.clock.us
            end = self.boot(ms, cause, wake)
            answer = seen(from_us) or answer
            if end != "reset":
                break
            cause, wake = {"cut": PWRON_RESET, "brown_out": BROWNOUT_RESET}.get(self.kind, HARD_RESET), None
            if cause != HARD_RESET:
                self.board.chip.power_on()
        return answer

    def run(self):
        self.boot(60_000 if self.role == "tombol" else 3_000, PWRON_RESET)
        if self.role == "tombol":
            self._press()
        else:
            self._hear()
        if len(self.ids) != len(set(self.ids)):
            self.misses.append("a packet number twice")
        if self.board.serial.interrupts:
            self.misses.append("the prompt")
        return self.misses

    def _press(self):
        board = self.board
        self._key(self.draw(2))
        self.strike(self.draw(4_000))
        cause = PWRON_RESET if self.draw(6) == 0 else DEEPSLEEP_RESET
        if cause == PWRON_RESET:
            self._key(True)
        told = self.starts(
            30_000, cause, EXT0_WAKE, lambda from_us: bool(alarms(board)) or said_nobody(board, from_us)
        )
        if not told:
            self.misses.append("a press without a frame and without a word")
        self._key(False)
        board.script.clear()
        board.chip.faults.clear()
        to_tell = self.kind == "unmade" and self.part not in UNTOLD
        if to_tell or self.kind.startswith("flash"):
            self._reset_or_cut()
            board.at(3_000, self._answered)
            self.boot(60_000, self.cause)
            self.boot(60_000, DEEPSLEEP_RESET, TIMER_WAKE)
        if to_tell:
            self._told(m.TOMBOL_STATUS_PART_FAILING | m.TOMBOL_STATUS_KEY_STUCK, self.part)
        elif self.kind.startswith("flash"):
            self._told(m.TOMBOL_STATUS_FLASH_FAILING, "a failing flash")

    def _key(self, down):
        active = self.board.numbers.KEY_ACTIVE
        self.board.hold(self.pins["keys"][0][1], active if down else 1 - active)

    def _answered(self):
        """The gateway tells that it is over: the button sleeps soon."""
        for counter in {one.counter for one in alarms(self.board)}:
            receipt(self.board, m.STAGE_CLOSED, counter)

    def _hear(self):
        board = self.board
        at_ms = 3_000 + self.draw(5_000)
        if self.kind == "radio_later":
            board.at(at_ms + 200 + self.draw(15_000), board.chip.faults.add, "no_chip")
        else:
            self.strike(self.draw(at_ms - 100))
        self._alarm(at_ms, nodekit.alarm(0x53000009, 77))
        self.starts(at_ms + 20_000, HARD_RESET, None, lambda from_us: False)
        if self.kind.startswith("flash"):
            self._reset_or_cut()
            self._alarm(5_000, nodekit.alarm(0x53000011, 5))
            self.boot(60_000, self.cause)
            self._told(m.STATUS_FLASH_FAILING, "a failing flash")
        sounds = [us for us, level in board.pin(self.pins["siren"]).history if level == 1]
        goes_on = self.kind in ("radio_later", "part", "unmade")
        if goes_on and board.clock.us - max(sounds or [0]) > SOUND_MS * 1000:
            self.misses.append("a siren that fell silent")
        if self._heard_us is None:
            self.misses.append("a post that was deaf")
        elif not [us for us in sounds if 0 <= us - self._heard_us <= SOUND_MS * 1000]:
            self.misses.append("a siren that did not sound at once")
        if self.kind == "unmade" and self.part not in UNTOLD:
            board.script.clear()
            self.boot(160_000, PWRON_RESET)
            self._told(m.STATUS_PART_FAILING, self.part)

    def _alarm(self, ms, frame):
        """A button's, so long from now; again until the radio takes it, which may be sending itself."""
        self._heard_us = None
        self.board.at(ms, self._sends, frame)

    def _sends(self, frame):
        if self.board.chip.hear(frame):
            self._heard_us = self.board.clock.us
        else:
            self.board.at(REPEAT_MS, self._sends, frame)

    def _reset_or_cut(self):
        self.cause = HARD_RESET
        if self.draw(2):
            self.board.rtc, self.cause = b"", PWRON_RESET
            self.board.chip.power_on()

    def _told(self, bit, what):
        flags = []
        for frame in self.statuses[-1:]:
            one = opened(frame) if self.role == "tombol" else nodekit.message_of(frame)
            body = one.body if self.role == "tombol" else m.decode_body(one.type, one.role, one.body)
            flags.append(body.flags)
        if not flags or not flags[0] & bit:
            self.misses.append(f"{what} that no STATUS told")


def main():
    faults, seed = int(sys.argv[1]), int(sys.argv[2])
    careless = sys.argv[3:] == ["careless"]
    kinds, misses = {}, 0
    for n in range(faults):
        scene = Scene(seed * 100_000 + n, careless)
        for miss in scene.run():
            misses += 1
            print(f"fault {n} of seed {seed}: {scene.role} {scene.kind} {scene.part}: {miss}")
        key = f"{scene.role} {scene.kind}"
        kinds[key] = kinds.get(key, 0) + 1
    print(json.dumps({"faults": faults, "seed": seed, "misses": misses, "kinds": kinds}))
    sys.exit(1 if misses else 0)


if __name__ == "__main__":
    main()
