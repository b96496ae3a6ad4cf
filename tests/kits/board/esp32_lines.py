"""The prompt's lines of the ESP32 port: sys.stdin and sys.stdout on UART0 and, on an S3, on the chip's USB as
well; machine.UART. MicroPython subset. Sources: README.md beside this file.

Both lines fill one ring. What the UART brings beyond the ring is lost; USB keeps its host waiting instead.
"""

from kits.board.esp32_chip import (
    BYTE_US,
    EIO,
    FIFO_BYTES,
    RING_BYTES,
    UARTS,
    USB_FIFO_BYTES,
    USB_WAIT_MS,
    esp_error,
)

KEPT_BYTES = 1 << 16  # of what went out


def as_bytes(data):
    return data if isinstance(data, bytes) else bytes([ord(char) for char in data])


class Usb:
    """TinyUSB's CDC. `host`: "none", "reads", or "holds": it has the port open and does not read."""

    def __init__(self, host):
        self.host = host
        self.sent = b""
        self.waiting = b""  # what the host could not hand over yet
        self._fifo = 0

    def write(self, board, data):
        """Return the number of bytes taken."""
        if self.host == "none":
            return len(data)  # the FIFO keeps the latest: no wait
        if self.host == "reads":
            self._fifo = 0
            self.sent = (self.sent + data)[-KEPT_BYTES:]
            return len(data)
        taken = min(len(data), USB_FIFO_BYTES - self._fifo)
        self._fifo += taken
        self.sent += data[:taken]
        if taken < len(data):
            board.stall_ms(USB_WAIT_MS)
        return taken


class Serial:
    """sys.stdin and sys.stdout. `inbox`: bytes that came and wait; `out`: text that the program wrote;
    `sent`: all that left at the UART, IDF's own lines included."""

    broken = False  # whoever writes or looks gets an error: a test's fault, not the chip's

    def __init__(self, board):
        self._board = board
        usb = None if board.soc.classic else "reads" if board.soc.usb else "none"
        self.usb = None if usb is None else Usb(usb)
        self._ring = b""
        self.lost = 0  # bytes that found the ring full
        self.out, self.sent = "", b""
        self._drained_us = 0
        self.interrupt_char = 3
        self.buffer = Bytes(self)

    # -- from outside -------------------------------------------------------------------------------------

    @property
    def interrupts(self):
        """Tell whether Ctrl-C ends the program: micropython.kbd_intr."""
        return self.interrupt_char >= 0

    @interrupts.setter
    def interrupts(self, on):
        self.interrupt_char = 3 if on else -1

    @property
    def inbox(self):
        return self._ring

    @inbox.setter
    def inbox(self, data):
        self._ring = b""
        self._put(as_bytes(data))

    def type(self, data, usb=None):
        """Bytes from outside. The chip looks for Ctrl-C as they come, before anybody reads them."""
        data = as_bytes(data)
        usb = self._board.soc.usb if usb is None else usb
        ends = self.interrupts and bytes([self.interrupt_char]) in data
        if usb:
            if ends:
                self._ring, data = b"", data[data.rfind(bytes([self.interrupt_char])) + 1 :]
            self.usb.waiting += data
            self._pump()
        else:
            self._put(data.replace(bytes([self.interrupt_char]), b"") if ends else data)
        if ends:
            raise KeyboardInterrupt()

    def _put(self, data):
        free = RING_BYTES - len(self._ring)
        self._ring += data[:free]
        self.lost += max(0, len(data) - free)

    def _pump(self):
        """USB: what waits at the host comes in as far as there is room."""
        if self.usb is not None and self.usb.waiting:
            free = RING_BYTES - len(self._ring)
            self._ring += self.usb.waiting[:free]
            self.usb.waiting = self.usb.waiting[free:]

    # -- what the program does ----------------------------------------------------------------------------

    def byte(self):
        """The next byte; waits for it without an end, while callbacks go on."""
        self._pump()
        while not self._ring:
            self._board.idle()
            self._pump()
        first, self._ring = self._ring[0], self._ring[1:]
        return first

    def read(self, n):
        """Text: n whole characters. Waits for the rest of one, and raises UnicodeError at what is none."""
        text, data, left = b"", b"", n
        while left:
            data += bytes([self.byte()])
            if len(data) == _length(data[0]):
                text += data
                data = b""
                left -= 1
        return str(text.replace(b"\r", b"\n"), "utf-8")

    def write(self, text):
        if self.broken:
            raise OSError(EIO)
        self.out += text
        self.send(text.replace("\n", "\r\n").encode())
        return len(text)

    def send(self, data):
        """Bytes onto both lines; how many both took. The UART waits for its FIFO, and so does the program."""
        board = self._board
        self.sent = (self.sent + data)[-KEPT_BYTES:]
        self._drained_us = max(self._drained_us, board.clock.us) + len(data) * BYTE_US
        late_us = self._drained_us - board.clock.us - FIFO_BYTES * BYTE_US
        if late_us > 0:
            board.stall_ms(late_us // 1000 + 1)
        return len(data) if self.usb is None else self.usb.write(board, data)

    def log(self, line):
        """One of IDF's own lines: on UART0, whoever its host is."""
        self.sent += "E ({}) {}\r\n".format(self._board.clock.ticks_ms(), line).encode()

    def register(self, *_):
        pass

    def poll(self, _=0):
        if self.broken:
            raise OSError(EIO)
        self._pump()
        return [1] if self._ring else []


def _length(first):
    """Of a UTF-8 character, by its first byte; what can be none is taken for five."""
    if first < 0x80:
        return 1
    if first & 0xE0 == 0xC0:
        return 2
    if first & 0xF0 == 0xE0:
        return 3
    return 4 if first & 0xF8 == 0xF0 else 5


class Bytes:
    """sys.stdin.buffer, sys.stdout.buffer."""

    def __init__(self, serial):
        self._serial = serial

    def read(self, n):
        """All n: it waits for them."""
        return bytes([self._serial.byte() for _ in range(n)])

    def write(self, data):
        """Return the number of bytes taken; the rest is tried once more, until none is taken."""
        if self._serial.broken:
            raise OSError(EIO)
        data, done = bytes(data), 0
        while done < len(data):
            taken = self._serial.send(data[done:])
            if not taken:
                break
            done += taken
        return done


class Flood(Serial):
    """Bytes without an end between two times; each read takes as long as a character on the line."""

    def __init__(self, board, from_ms, ms, byte):
        Serial.__init__(self, board)
        self._byte, self._us = byte, 0
        self._from_us = board.clock.us + from_ms * 1000
        self._to_us = self._from_us + ms * 1000

    def _flows(self):
        return self._from_us <= self._board.clock.us < self._to_us

    def byte(self):
        if not self._flows():
            return Serial.byte(self)
        self._us += BYTE_US
        if self._us >= 1000:
            self._board.pass_ms(self._us // 1000)
            self._us %= 1000
        return self._byte[0]

    def poll(self, _=0):
        return [1] if self._flows() else Serial.poll(self)


class Uart:
    """machine.UART's object on pins of its own."""

    def __init__(self):
        self.inbox, self.out = b"", b""

    def any(self):
        return len(self.inbox)

    def read(self, n):
        taken, self.inbox = self.inbox[:n], self.inbox[n:]
        return taken or None

    def write(self, data):
        self.out += bytes(data)
        return len(data)


class UartMaker:
    """machine.UART. UART0 is the prompt's, and IDF's driver is not installed on it: it cannot be made."""

    def __init__(self, board):
        self._board = board

    def __call__(self, number, baudrate=0, txbuf=-1, rxbuf=-1, **_):
        board = self._board
        board.make("UART")
        if not 0 <= number < UARTS:
            raise ValueError("UART({}) does not exist".format(number))
        if number == 0:
            if txbuf not in (-1, 256) or rxbuf not in (-1, 256):
                raise ValueError("REPL UART buffer size is fixed")
            raise esp_error(0x103)
        return Uart()
