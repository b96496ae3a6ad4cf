"""One life of an emulated board: QEMU, its line, its flash, and the SX1276 model behind radio_line.py."""

import contextlib
import ctypes
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from bench.chip.flash_server import FlashServer
from kits.board.chips import Sx1276

START_S, END_S = 120, 10
MARK = b"radio_line\n"  # of radio_line.py
TOLD = {b"H": rb"\d+ \d+ (\[.*\])\n", b"P": rb"\d+\n", b"F": rb"\d+ \d+ \d+\n"}  # its answers, whole
WATCHDOGS_OFF = "driver=timer.esp32.timg,property=wdt_disable,value=true"  # a slow PC ends them
BY_INSTRUCTIONS = "shift=5,sleep=on"  # 32 ns each while it works: a busy PC makes no limit pass
SPEED = int(os.environ.get("CHIP_SPEED", "1"))  # of the tests' stand-in for QEMU


def ends_with_us():
    """In the new process: Linux kills it when the one that began it ends, whatever ended that."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class RealTime:
    """The model's clock. Its own steps of microseconds are left out: they go by anyway."""

    us = property(lambda self: time.monotonic_ns() * SPEED // 1000, lambda self, _: None)


class Emulator:
    """`said`: all that the board wrote; `sent`: frames that it sent; `torn`: for each n of `cuts` that has
    come the flash in the middle of its n-th write, and the frames of before. Ends with the with-block.
    """

    def __init__(self, qemu, flash, cuts=()):
        self.said, self.torn, self.model = bytearray(), {}, Sx1276(RealTime())
        self.sent, self.told, self._asked = self.model.sent, {word: [] for word in TOLD}, b"-"
        self.asleep, self.wakes, self._woken_by = threading.Event(), 0, b"-"
        self._words, self._flash, self._cuts = [str(qemu)], flash, cuts
        self._lock, self._ends = threading.Lock(), contextlib.ExitStack()

    def __enter__(self):
        folder = Path(self._ends.enter_context(tempfile.TemporaryDirectory(prefix="chip-")))
        self.flash = FlashServer(folder / "flash", self._flash, self._cuts, self._cut)
        self._ends.callback(self.flash.close)
        lines = [self._listen() for _ in range(2)]
        at = ["tcp:{}:{},nodelay=on".format(*line.getsockname()) for line in lines]
        self._process = subprocess.Popen(
            [
                *self._words,
                "-machine",
                "esp32",
                "-display",
                "none",
                "-icount",
                BY_INSTRUCTIONS,
                "-global",
                WATCHDOGS_OFF,
                "-drive",
                f"if=mtd,format=raw,file=nbd:unix:{folder / 'flash'}",
                "-serial",
                at[0],
                "-serial",
                "null",
                "-serial",
                at[1],
                "-monitor",
                "none",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=ends_with_us,
        )
        self._ends.callback(self._stop)
        try:
            self._line, self._radio = [line.accept()[0] for line in lines]
        except TimeoutError:
            self._stop()
            text = self._process.stdout.read().decode(errors="replace").strip()
            self._ends.close()
            raise RuntimeError(f"the emulator did not start: {text or 'it said nothing'}") from None
        for line in (self._line, self._radio):
            self._ends.callback(line.close)
            line.settimeout(None)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for work in (self._read, self._serve_radio, self._process.stdout.read):
            threading.Thread(target=work, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._ends.close()

    def _listen(self):
        """TCP: a Unix socket keeps 278 bytes that came one by one, and QEMU drops what is not taken."""
        listener = self._ends.enter_context(socket.create_server(("127.0.0.1", 0)))
        listener.settimeout(START_S)
        return listener

    def _stop(self):
        self._process.kill()
        self._process.wait(END_S)

    def _cut(self, number, flash):
        with self._lock:
            self.torn[number] = flash, list(self.sent)

    # -- from outside -------------------------------------------------------------------------------------

    @property
    def alive(self):
        return self._process.poll() is None

    def type(self, data):
        with contextlib.suppress(OSError):  # it has crashed: whoever waits for its answer says so
            self._line.sendall(data)

    def hear(self, frame):
        """A frame ends on the air; whether the radio was listening."""
        with self._lock:
            return self.model.hear(frame)

    def ask(self, word):
        """Ask radio_line.py: in a moment its answer is the last of `told[word]`."""
        self._asked = word

    def wake(self, by):
        """End its deep sleep by its main key (K), which is let go before it looks, or its timer (T)."""
        self.asleep.clear()
        self._woken_by, self.wakes = by, self.wakes + 1
        self._radio.sendall(by)

    def wait(self, ready, seconds, meanwhile=lambda: None, every_s=1.0):
        """Until ready(), at most so long; its answer. `meanwhile` is done each second."""
        until_s, next_s = time.monotonic() + seconds, 0.0
        while not (answer := ready()) and time.monotonic() < until_s:
            if time.monotonic() >= next_s:
                meanwhile()
                next_s = time.monotonic() + every_s
            time.sleep(0.02)
        return answer

    # -- threads ------------------------------------------------------------------------------------------

    def _read(self):
        with contextlib.suppress(OSError):
            while data := self._line.recv(4096):
                self.said += data

    def _serve_radio(self):
        with contextlib.suppress(OSError), self._radio.makefile("rb") as stream:
            self._begin(stream)
            while word := stream.read(1):
                if word == b"Z":
                    self.asleep.set()
                    self._begin(stream)
                if word in TOLD and re.fullmatch(TOLD[word], text := stream.readline()):
                    self.told[word].append(text.decode())
                if word not in b"TSR":
                    continue
                number = int.from_bytes(stream.read(1), "big")
                out = stream.read(number) if word == b"T" else b""
                if word == b"T" and len(out) < max(number, 1):
                    return  # it ended in the middle of its word
                with self._lock:
                    answer = bytearray(len(out))
                    if word == b"T":
                        self.model.write_readinto(out, answer)
                    else:
                        (self.model.cs if word == b"S" else self.model.reset)(number)
                if out:
                    asked, self._asked = self._asked, b"-"
                    self._radio.sendall(answer + asked)

    def _begin(self, stream):
        """A start of the board: the chip's own noise as the pad becomes a line, then what woke it."""
        while not stream.readline().endswith(MARK):
            pass
        self._radio.sendall(self._woken_by)
