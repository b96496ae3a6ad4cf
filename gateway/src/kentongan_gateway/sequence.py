"""Outgoing counters: every frame takes the next value, none is ever used twice, not even over a power cut."""

import struct

from kentongan_gateway.actions import Persist

RESERVE = 64  # values reserved on disk ahead of use: one write per 64 frames
LOSS_JUMP = 1 << 16  # wire-format 4: what a gateway skips that lost its counters
TRUSTED_MAX = 0xF0000000  # a reported counter above this is refused: it would exhaust ours


class Sequence:
    """take() appends Persist("seq") before it hands out a value beyond the reserved block."""

    def __init__(self, saved, hub_copy=0):
        self.lost = saved is None or len(saved) != 4
        if self.lost:
            self._next = (hub_copy if hub_copy < TRUSTED_MAX else 0) + LOSS_JUMP
        else:
            self._next = struct.unpack("<I", saved)[0] + 1
        self._reserved = self._next - 1

    @property
    def last(self) -> int:
        return self._next - 1

    def take(self, out) -> int:
        if self._next > self._reserved:
            self._reserved = self._next + RESERVE - 1
            out.append(Persist("seq", struct.pack("<I", self._reserved)))
        value = self._next
        self._next += 1
        return value

    def reported(self, counter) -> bool:
        """A device last heard this counter of ours; True when we were behind and have jumped ahead of it."""
        if counter < self._next or counter >= TRUSTED_MAX or not self.lost:
            return False
        self._next = counter + LOSS_JUMP
        return True
