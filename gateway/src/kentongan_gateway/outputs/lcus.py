"""Serial relay boards of the LCUS kind: four bytes a command, no answer (9600 baud, CH340)."""

from typing import Self

import serial

from kentongan_gateway import sections
from kentongan_gateway.outputs.siren_driver import Relay

BAUD = 9_600
WRITE_TIMEOUT_S = 0.5
HEAD = 0xA0


def frame(channel: int, on: bool) -> bytes:
    """a0, channel from 1, 1 or 0, the low byte of their sum."""
    body = bytes((HEAD, channel, 1 if on else 0))
    return body + bytes((sum(body) & 0xFF,))


class LcusRelay(Relay):
    """One channel of a board; nothing comes back, so that only a sense line proves anything."""

    needs = ("port",)
    shortest_ms = 150

    @classmethod
    def of(cls, siren: sections.Siren) -> Self:
        return cls(siren.port, siren.channel)

    def __init__(self, port: str, channel: int):
        self._port, self._channel = port, channel
        self._line: serial.Serial | None = None

    def open(self) -> None:
        self.close()
        self._line = serial.Serial(self._port, BAUD, write_timeout=WRITE_TIMEOUT_S, exclusive=True)
        self.set(False)

    def set(self, on: bool) -> None:
        if self._line is None:
            raise OSError(f"{self._port} is not open")
        self._line.write(frame(self._channel, on))
        self._line.flush()

    def sense(self) -> bool | None:
        return None

    def look(self) -> str:
        """Check that the line can be opened and is nobody else's; a board of this kind never answers."""
        serial.Serial(self._port, BAUD, write_timeout=WRITE_TIMEOUT_S, exclusive=True).close()
        return "opened; boards of this kind never answer: listen to a test of the siren, or fit a sense_line"

    def close(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            try:
                line.write(frame(self._channel, False))
                line.flush()
            finally:
                line.close()
