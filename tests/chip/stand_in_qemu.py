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

from board import esp32_fake
from chip import emulator, flash_server, run
from hwkit import device

PUMP_MS = 10


def flash_of(path):
    """All bytes of the flash."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(path)
        with line.makefile("rwb") as stream:
            stream.read(len(flash_server.HELLO) + 2)
            stream.write(struct.pack(">IQII", 3, flash_server.OPTION, flash_server.GO, 0))
            stream.flush()
            while (told := struct.unpack(">QIII", stream.read(20)))[2] != flash_server.ACKNOWLEDGED:
                about = stream.read(told[3])
                if struct.unpack(">H", about[:2])[0] == flash_server.IS_EXPORT:
                    size = struct.unpack(">Q", about[2:10])[0]
            stream.write(struct.pack(">IHHQQI", flash_server.REQUEST, 0, flash_server.READ, 0, 0, size))
            stream.flush()
            return stream.read(16 + size)[16:]


def connected(path):
    line = socket.socket(socket.AF_UNIX)
    line.connect(path)
    return line


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

    def _machine(self):
        if self._made is None:
            sys.modules["machine"] = real = super()._machine()
            sys.modules["esp32"] = self._esp32()
            sys.modules["flashbdev"] = SimpleNamespace(bdev=None)
            sys.modules["vfs"] = SimpleNamespace(umount=lambda path: None, mount=lambda *_, **__: None)
            real.UART, real.mem32 = lambda *_, **__: self, self
            gc.mem_alloc, gc.mem_free = lambda: 100_000, lambda: 70_000
            sys.path.append(str(Path(__file__).parent))
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
        time.sleep(max(0, self.clock.us / 1e6 / emulator.SPEED - (time.monotonic() - self._began_s)))
        with contextlib.suppress(BlockingIOError):
            self.serial.type(self._line.recv(4096))

    def __getitem__(self, register):
        """machine.mem32; the radio's reset is high."""
        return 1 << 23 | sum(pin.pad() << number for number, pin in self.pins.items()
                   if number < 32 and isinstance(pin, esp32_fake.Pin) and pin.mode == pin.OUT)


def main(words):
    if "help" in words:
        print("Supported machines are:\nesp32                Espressif ESP32 machine")
        return
    flash, *lines = [word.split("unix:", 1)[1] for word in words if "unix:" in word]
    role = re.search(rb'"role": "([a-z]+)"', flash_of(flash)).group(1).decode()
    board = Paced(role, *[connected(path) for path in lines])
    while board.boot(role, 1 << 40) == "reset":
        pass
    time.sleep(1e6)  # asleep, or at its prompt


if __name__ == "__main__":
    main(sys.argv[1:])
