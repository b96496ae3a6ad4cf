"""Confidential alarms have no name but a running number, in every log line, once their kind is known."""

import struct

from kentongan_gateway.core.base.bounded import owner, put
from kentongan_gateway.core.base.units import Node

LIMIT = 256  # alarms whose number is remembered, over restarts too: who has most loses its oldest
ENTRY = "<IIII"  # node, counter, first counter of its incident, number
ENTRY_BYTES = 16
HEAD_BYTES = 4  # the running number


class ConfidentialNames:
    """Numbers confidential incidents; what dump() gave goes back in at the next start."""

    def __init__(self, saved: bytes | None = None) -> None:
        saved = saved or b""
        self._count = struct.unpack_from("<I", saved)[0] if len(saved) >= HEAD_BYTES else 0
        # (src, counter) -> (first counter, number)
        self._numbers: dict[tuple[Node, int], tuple[int, int]] = {}
        # src -> its highest counter without its number: what is older has no name
        self._gone: dict[Node, int] = {}
        for at in range(HEAD_BYTES, len(saved) - ENTRY_BYTES + 1, ENTRY_BYTES):
            src, counter, first, number = struct.unpack_from(ENTRY, saved, at)
            self._numbers[src, counter] = first, number

    def keep_secret(self, src: Node, counter: int, first: int) -> bool:
        """Give this alarm its incident's number; True when it is new and dump() must be kept."""
        if (src, counter) in self._numbers:
            return False
        number = self._number_of(src, first)
        if number is None:
            self._count += 1
            number = self._count
        gone = put(self._numbers, (src, counter), (first, number), LIMIT, owner)
        if gone:
            self._gone[gone[0]] = max(gone[1], self._gone.get(gone[0], 0))
        return True

    def _number_of(self, src: Node, first: int) -> int | None:
        for (known, _), (its_first, number) in self._numbers.items():
            if (known, its_first) == (src, first):
                return number
        return None

    def secret(self, src: Node, counter: int) -> str | None:
        """`rahasia-N`, `rahasia` once its number is forgotten, or None for an alarm that may be named."""
        known = self._numbers.get((src, counter))
        if known:
            return f"rahasia-{known[1]}"
        return "rahasia" if counter <= self._gone.get(src, 0) else None

    def dump(self) -> bytes:
        entries = [struct.pack(ENTRY, *key, *value) for key, value in self._numbers.items()]
        return struct.pack("<I", self._count) + b"".join(entries)
