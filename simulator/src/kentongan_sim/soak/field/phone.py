"""A GSM modem on no line at all, well or broken, as the hub's SMS channel opens it."""

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from kentongan_hub.channels import modem, sms

# the waits of the real one, for a modem that answers at once or never
WAITS_S = {"WAKE_S": 0.1, "ANSWER_S": 0.5, "LIST_S": 0.5, "SEND_S": 0.5, "QUIET_S": 0.01}
ANSWERS = {
    "AT+CPIN?": "+CPIN: READY",
    "AT+CMGF?": "+CMGF: 0",
    "AT+CPMS=?": '+CPMS: ("SM"),("SM"),("SM")',
    "AT+CREG?": "+CREG: 0,1",
}
WELL, GONE, SILENT, NOISE, REFUSES, NO_NETWORK = "well", "gone", "silent", "noise", "refuses", "no network"


class Phone:
    """One modem; `fault` is one of the words above, `sent` counts messages that the network confirmed."""

    def __init__(self, rng: random.Random) -> None:
        self._rng, self.fault, self.sent = rng, WELL, 0
        self._out, self._in, self._prompted = b"", b"", False

    def open(self, port: str, baud: int) -> Self:
        if self.fault == GONE:
            raise OSError(2, "No such file or directory")
        self._out = b""  # a line that is opened has forgotten what nobody read
        return self

    def close(self) -> None:
        return

    def read(self, size: int) -> bytes:
        if self.fault == GONE:
            raise OSError(5, "Input/output error")
        if self.fault == NOISE:
            return self._rng.randbytes(self._rng.randrange(1, 30))
        data, self._out = self._out[:size], self._out[size:]
        return data

    def write(self, data: bytes) -> None:
        if self.fault == GONE:
            raise OSError(5, "Input/output error")
        if self.fault in (SILENT, NOISE):
            return
        self._in += data
        while self._take():
            pass

    def leave_prompt_open(self) -> None:
        """As a hub that was killed between number and text left it."""
        self._prompted = True

    def _take(self) -> bool:
        if self._prompted:
            end = re.search(rb"[\x1a\x1b]", self._in)
            if end:
                self._in, self._prompted = self._in[end.end() :], False
                self.sent += end[0] == b"\x1a"
                self._say("+CMGS: 7" if end[0] == b"\x1a" else "", "OK")
            return bool(end)
        line, found, rest = self._in.partition(b"\r")
        if found:
            self._in = rest
            self._answer(line.replace(b"\x1b", b"").decode("ascii", "replace").strip())
        return bool(found)

    def _answer(self, line: str) -> None:
        if self.fault == REFUSES:
            self._say("ERROR" if self._rng.random() < 0.5 else "+CME ERROR: 13")
        elif line == "AT+CREG?" and self.fault == NO_NETWORK:
            self._say("+CREG: 0,2", "OK")
        elif line in ANSWERS:
            self._say(ANSWERS[line], "OK")
        elif line.startswith("AT+CPMS="):
            self._say("+CPMS: 0,10,0,10,0,10", "OK")
        elif line.startswith("AT+CMGS=") and self.fault == NO_NETWORK:
            self._say("+CMS ERROR: 331")
        elif line.startswith("AT+CMGS="):
            self._prompted = True
            self._out += b"\r\n> "
        elif line.endswith(("GREG?", "CEREG?")):
            self._say("ERROR")
        elif line:
            self._say("OK")

    def _say(self, *lines: str) -> None:
        for line in lines:
            self._out += b"\r\n" + line.encode() + b"\r\n" if line else b""


@contextmanager
def plugged_in(phone: Phone) -> Iterator[None]:
    """Have the hub's SMS channel find this modem at whatever port it is told."""
    before = {name: getattr(modem, name) for name in WAITS_S}
    line = sms.Line
    setattr(sms, "Line", phone.open)  # noqa: B010 - a class
    try:
        for name, value in WAITS_S.items():
            setattr(modem, name, value)
        yield
    finally:
        setattr(sms, "Line", line)  # noqa: B010 - a class
        for name, value in before.items():
            setattr(modem, name, value)
