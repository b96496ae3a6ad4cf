"""Confidential alarms have no name but a running number, in every log line, once their kind is known."""

import struct

LIMIT = 256  # alarms whose number is remembered


class SecretNames:
    """Numbers the confidential alarms; the count survives restarts, the mapping need not."""

    def __init__(self, saved=None):
        self._count = struct.unpack("<I", saved)[0] if saved and len(saved) == 4 else 0
        self._numbers = {}

    def keep_secret(self, src, counter) -> bool:
        """Give this alarm its number; True when it is a new one and dump() should be kept."""
        if (src, counter) in self._numbers:
            return False
        self._count += 1
        if len(self._numbers) >= LIMIT:
            self._numbers.pop(next(iter(self._numbers)))
        self._numbers[src, counter] = self._count
        return True

    def secret(self, src, counter):
        """`rahasia-N`, or None for an alarm that may be named."""
        number = self._numbers.get((src, counter))
        return f"rahasia-{number}" if number else None

    def dump(self) -> bytes:
        return struct.pack("<I", self._count)
