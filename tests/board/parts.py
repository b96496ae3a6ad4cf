"""Parts of an ESP32 board for its model: files, serial lines, NVS, I2C; MicroPython subset."""


class File:
    def __init__(self, flash, path, mode, refuses=None):
        self.flash, self.path, self.mode = flash, path, mode
        if "w" in mode and refuses is not None and refuses(path):
            raise OSError(28)
        if "w" in mode:
            self.data = b""
        elif path not in flash:
            raise OSError(2)
        else:
            self.data = flash[path]

    def read(self):
        return self.data if "b" in self.mode else self.data.decode()

    def write(self, data):
        self.data += bytes(data)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        if "w" in self.mode:
            self.flash[self.path] = self.data


class Serial:
    """Standard input and output of a board. `inbox`: bytes or characters that came and wait; `out`: the text
    that was written; `sent`: all of it, as bytes."""

    broken = False             # whoever writes or looks gets an error
    RING_BYTES = 259           # of stdin_ringbuf, in ports/esp32/mphalport.c: one less than its array
    lost = 0                   # bytes that found it full

    def __init__(self):
        self.inbox, self.out, self.sent = b"", "", bytearray()
        self.buffer = Bytes(self)
        self.interrupts = True   # whether Ctrl-C ends the program: micropython.kbd_intr

    def read(self, n):
        raise AssertionError("text: MicroPython's read waits for the rest of a character, for ever")

    def write(self, text):
        if self.broken:
            raise OSError(5)
        self.out += text if isinstance(text, str) else ""
        self.sent.extend(text.encode() if isinstance(text, str) else text)

    def type(self, data):
        """Bytes from outside. The chip looks for Ctrl-C as they come, before anybody reads them, and keeps no
        more than its ring holds."""
        if b"\x03" in data and self.interrupts:
            raise KeyboardInterrupt()
        waiting = self.waiting() + data
        self.inbox = waiting[: self.RING_BYTES]
        self.lost += len(waiting) - len(self.inbox)

    def waiting(self):
        return self.inbox if isinstance(self.inbox, bytes) else bytes([ord(char) for char in self.inbox])

    def take(self, n):
        waiting = self.waiting()
        self.inbox = waiting[n:]
        return waiting[:n]

    def register(self, *_):
        pass

    def poll(self, _):
        if self.broken:
            raise OSError(5)
        return [1] if self.inbox else []


class Flood(Serial):
    """Bytes without an end between two times; each read takes as long as a character on the line."""

    def __init__(self, board, from_ms, ms, byte):
        Serial.__init__(self)
        self._board, self._byte, self._us = board, byte, 0
        self._from_us = board.clock.us + from_ms * 1000
        self._to_us = self._from_us + ms * 1000

    def _flows(self):
        return self._from_us <= self._board.clock.us < self._to_us

    def take(self, n):
        if not self._flows():
            return Serial.take(self, n)
        self._us += 87
        if self._us >= 1000:
            self._board.pass_ms(self._us // 1000)
            self._us %= 1000
        return self._byte

    def poll(self, _):
        return [1] if self._flows() or self.inbox else []


class Bytes:
    """sys.stdin.buffer, sys.stdout.buffer."""

    def __init__(self, serial):
        self._serial = serial

    def read(self, n):
        return self._serial.take(n)

    def write(self, data):
        self._serial.write(data)


class Nvs:
    """esp32.NVS: blobs that are there for good once they were committed."""

    def __init__(self, board):
        self._board, self._new = board, {}

    def get_blob(self, key, data):
        if key not in self._board.nvs:
            raise OSError(-0x1102)
        held = self._board.nvs[key]
        data[: len(held)] = held
        return len(held)

    def set_blob(self, key, data):
        if self._board.refuses is not None and self._board.refuses("nvs"):
            raise OSError(-0x1105)
        self._new[key] = bytes(data)

    def commit(self):
        self._board.nvs.update(self._new)


class Bus:
    """machine.I2C: the board's chip, or nobody."""

    def __init__(self, board):
        self._board = board

    def _chip(self):
        if self._board.i2c is None or "i2c" in self._board.broken:
            raise OSError(19)
        return self._board.i2c

    def readfrom_mem(self, *args):
        return self._chip().readfrom_mem(*args)

    def writeto_mem(self, *args):
        self._chip().writeto_mem(*args)
