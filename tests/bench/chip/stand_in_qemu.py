"""In place of QEMU in the tests: the board model runs the firmware behind the same sockets, faster than life.

It proves nothing of the chip, but that the runner runs. The flash is read, and nothing is written to it.
"""

import contextlib
import gc
import re
import socket
import struct
import sys
import time
from pathlib import Path
from types import SimpleNamespace

from bench.chip import emulator, flash_server, run
from kits.board import esp32_fake
from kits.node.hwkit import device

PUMP_MS = 10
MODULES = {
    "flashbdev": SimpleNamespace(bdev=None),
    "vfs": SimpleNamespace(umount=lambda path: None, mount=lambda *_, **__: None),
}


def greeted(path):
    """(stream, size) of the flash at that socket."""
    line = socket.socket(socket.AF_UNIX)
    line.connect(path)
    stream = line.makefile("rwb")
    stream.read(len(flash_server.HELLO) + 2)
    stream.write(struct.pack(">IQII", 3, flash_server.OPTION, flash_server.GO, 0))
    stream.flush()
    size = struct.unpack(">QIIIHQH", stream.read(20 + 12))[5]
    stream.read(20 + 14 + 20)  # its block sizes, and that it goes on
    return stream, size


def asked(stream, kind, at, size, data=b""):
    """A request's answer, its head left out."""
    stream.write(struct.pack(">IHHQQI", flash_server.REQUEST, 0, kind, 5, at, size) + data)
    stream.flush()
    assert struct.unpack(">IIQ", stream.read(16)) == (flash_server.ANSWER, 0, 5)
    return stream.read(size if kind == flash_server.READ else 0)


class Paced(esp32_fake.Board):
    """A board in real time, at the emulator's sockets, with radio_line.py before its `machine`."""

    def __init__(self, role, line, radio):
        super().__init__("lilygo_t3")
        self.flash = device(role, "lilygo_t3").flash
        self._line, self._began_s, self._made = line, time.monotonic(), None
        self._radio = radio.makefile("rwb")
        kept = self.serial.send
        self.serial.send = lambda data: (line.sendall(data), kept(data))[1]
        line.setblocking(False)
        self._pump()

    def boot(self, *how):
        self._made = None
        sys.modules.pop("radio_line", None)
        return super().boot(*how)

    def _machine(self):
        if self._made is None:
            sys.modules["machine"] = real = super()._machine()
            sys.modules.update(MODULES, esp32=self._esp32())
            real.UART, real.mem32 = lambda *_, **__: self, self
            gc.mem_alloc, gc.mem_free = lambda: 100_000, lambda: 70_000
            exec(run.BOOT, {})
            self._made = sys.modules.pop("machine")
        return self._made

    def write(self, data):
        self._radio.write(data.encode() if isinstance(data, str) else data)
        self._radio.flush()

    def readinto(self, into):
        return self._radio.readinto(into)

    def read(self, size):
        return self._radio.read(size)

    def _pump(self):
        self.at(PUMP_MS, self._pump)
        ahead_s = self.clock.us / 1e6 / emulator.SPEED - (time.monotonic() - self._began_s)
        if ahead_s > 0:
            time.sleep(ahead_s)
        else:  # a stall of the PC is not caught up: that would pass the radio's limits in no time
            self._began_s -= ahead_s
        with contextlib.suppress(BlockingIOError):
            self.serial.type(self._line.recv(4096))

    def __getitem__(self, register):
        """machine.mem32; the radio's reset is high."""
        return 1 << 23 | sum(
            pin.pad() << number
            for number, pin in self.pins.items()
            if number < 32 and isinstance(pin, esp32_fake.Pin) and pin.mode == pin.OUT
        )


def main(words):
    if "help" in words:
        print("Supported machines are:\nesp32                Espressif ESP32 machine")
        return
    sys.path.append(str(Path(__file__).parent))
    stream, size = greeted(*[word.split("unix:")[1] for word in words if "unix:" in word])
    ports = [word.split(":")[2].split(",")[0] for word in words if word.startswith("tcp:")]
    role = re.search(rb'"role": "([a-z]+)"', asked(stream, flash_server.READ, 0, size)).group(1).decode()
    lines = [socket.create_connection(("127.0.0.1", int(port))) for port in ports]
    for line in lines:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    board = Paced(role, *lines)
    while board.boot(role, 1 << 40) == "reset":
        pass
    time.sleep(1e6)  # asleep, or at its prompt


if __name__ == "__main__":
    main(sys.argv[1:])
