"""The serial line of a running device: its notes come, and the words `uji`, `periksa` and `servis` go."""

import contextlib
import json
import os
import time
from typing import Any, Self

from kentongan_wire.air import link

from kentongan_tool.base import progress
from kentongan_tool.base.failures import Say, ToolError
from kentongan_tool.board import holders

Said = dict[str, Any]  # the answer to `periksa`: role, label, node, firmware and what is wrong

BAUD = 115_200
READ_S = 0.2
LINE_MAX = 4096
OPEN_S = 20  # a board's USB may be away for so long after a reset
INSPECT = "periksa "
WAKE_S = 60  # the longest that a person needs to find the RESET key
SILENT_S = 3
MESSAGES_MAX = 64  # kept of a gateway's radio
ASK_AGAIN_S = 1
RESET_S = 0.1  # EN of the chip is held low
# A device gives its prompt to whoever asks for it, and to no Ctrl-C: one word on its line; on the line of a
# gateway's radio the same between two zeros, where no message stands. Ctrl-C goes first, for other programs.
ASK, ASK_RADIO = b"\r\x03\r\nservis\r\n", b"\0servis\0"
GIVEN, PROMPT = b"servis;", b">>> "
ASK_S = 1.5  # from the word to its answer


def check_port(port: str) -> None:
    """Raise ToolError when the port is not there or may not be opened; sockets are left to their openers."""
    if "://" in port:
        return
    if not os.path.exists(port):
        raise holders.missing(port)
    if not os.access(port, os.R_OK | os.W_OK):
        raise ToolError("port_denied", port)


def ask_for_prompt(port: str) -> bool:
    """Ask what runs at the port for its prompt; True when it is there.

    False when nothing speaks: asleep, without power, or a prompt that was left in the middle of something.
    """
    import serial

    try:
        line = serial.serial_for_url(str(port), baudrate=BAUD, timeout=READ_S, do_not_open=True)
        line.dtr = line.rts = True  # as in Console
        with contextlib.suppress(AttributeError):
            line.exclusive = True
        line.open()
    except (serial.SerialException, OSError):
        return False  # whoever comes next says why
    said = b""
    try:
        for word in (ASK, ASK_RADIO):
            line.write(word)
            line.flush()
            until_s = time.monotonic() + ASK_S
            while time.monotonic() < until_s:
                said += line.read(max(1, line.in_waiting))
                if PROMPT in said[max(0, said.rfind(GIVEN)) :]:
                    return True
    except (serial.SerialException, OSError):
        return False
    finally:
        with contextlib.suppress(OSError):
            line.close()
    return False


class Console:
    """An open serial line; use as a context manager. `heard` keeps the last lines that the device said."""

    def __init__(self, port: str):
        self.port = str(port)
        self.heard: list[str] = []
        self._rest = b""
        self._line: Any = None  # pyserial's, between __enter__ and __exit__
        self._link = link.Decoder()  # a gateway's radio speaks messages, no words
        self.messages: list[Any] = []  # those that came and nobody took yet

    def __enter__(self) -> Self:
        import serial

        until_s = time.monotonic() + OPEN_S
        while True:
            try:
                check_port(self.port)
                self._line = serial.serial_for_url(self.port, baudrate=BAUD, timeout=READ_S, do_not_open=True)
                # Both alike leave the chip alone behind a bridge's transistors; and without DTR the chip's
                # own USB takes us for nobody, and drops the beginning of what is longer than its buffer.
                self._line.dtr = self._line.rts = True
                with contextlib.suppress(AttributeError):
                    self._line.exclusive = True
                self._line.open()
                return self
            except (ToolError, serial.SerialException, OSError) as error:
                if time.monotonic() > until_s:
                    if isinstance(error, ToolError):
                        raise
                    raise holders.busy(self.port)
            time.sleep(READ_S)

    def __exit__(self, *error: object) -> None:
        with contextlib.suppress(OSError):
            self._line.close()

    def send(self, word: str) -> None:
        """Type one word and return; the device answers in lines."""
        self._line.write(word.encode() + b"\r\n")
        self._line.flush()

    def lines(self) -> list[str]:
        """Whole lines that came within READ_S."""
        import serial

        try:
            data = self._line.read(max(1, self._line.in_waiting))
        except (serial.SerialException, OSError) as error:
            raise ToolError("cut", f"{self.port}: {error}")
        self.messages = (self.messages + [message for _, message in self._link.feed(data)])[-MESSAGES_MAX:]
        self._rest += data
        *whole, self._rest = self._rest.split(b"\n")
        self._rest = self._rest[-LINE_MAX:]
        said = [line.decode("utf-8", "replace").strip() for line in whole]
        self.heard = (self.heard + [line for line in said if line])[-20:]
        return [line for line in said if line]

    def wake(self, say: Say) -> Said:
        """Start the device anew and return the dict that its `periksa` gives.

        {"role": "modem"} of a gateway's radio, which takes no words.

        A button sleeps between two words of its own. Boards with a USB bridge start by its control lines; for
        the others a person presses RESET. ToolError("no_answer") when nothing speaks within WAKE_S.
        """
        with contextlib.suppress(OSError):  # a port without control lines
            self._line.dtr = False
            time.sleep(RESET_S)
            self._line.dtr = True
        with progress.Progress("Menunggu alat bicara") as waiting:
            return self._wake(say, waiting)

    def _wake(self, say: Say, waiting: progress.Progress) -> Said:
        started_s, told = time.monotonic(), False
        while time.monotonic() < started_s + WAKE_S:
            waiting.left(started_s + WAKE_S - time.monotonic())
            self.send("periksa")
            ask_again_s = time.monotonic() + ASK_AGAIN_S
            while time.monotonic() < ask_again_s:
                for line in self.lines():
                    if line.startswith(INSPECT):
                        with contextlib.suppress(ValueError):
                            return json.loads(line[len(INSPECT) :])
                if self.messages:
                    return {"role": "modem"}
            if not told and time.monotonic() > started_s + SILENT_S:
                say("Alat diam (tombol tidur): tekan RESET pada papan")
                told = True
        raise ToolError("no_answer", f"{self.port}: no device program speaks there")
