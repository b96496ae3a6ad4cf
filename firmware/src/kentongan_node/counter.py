"""The node's one sequence: every frame takes the next value, and no value is ever taken twice.

Flash is written once per block of `reserve` values, before the first of them is handed out; a reset
skips what was left of the block. State: the first value that is not reserved, u32, and its complement.
"""
import struct

from kentongan_node.actions import Persist

NAME = "seq"
RESERVE = 64  # values per flash write; a reset loses at most so many of 2^32
FIRST = 1
# A torn or foreign file says nothing about what was used: go on far above any value that a node
# reaches in its life (one frame a second for 34 years).
AFTER_LOSS = 1 << 30
MASK = 0xFFFFFFFF


def pack(value):
    """The state file for a sequence whose next value is `value`."""
    return struct.pack("<II", value, value ^ MASK)


class Sequence:
    def __init__(self, state, reserve=RESERVE):
        """`state`: what Persist("seq", ..) wrote last, or None on a device that never sent anything."""
        self.lost = False
        self._reserve = reserve
        self._next = FIRST
        if state is not None:
            value, complement = struct.unpack("<II", state) if len(state) == 8 else (0, 0)
            if value == 0 or value ^ complement != MASK:
                self.lost = True
                value = AFTER_LOSS
            self._next = value
        self._limit = self._next

    def peek(self):
        """The value that the next take() hands out."""
        return self._next

    def take(self, actions):
        """The next value; appends the Persist that must be durable before the value is used."""
        value = self._next
        if value >= self._limit:
            self._limit = min(value + self._reserve, MASK)
            actions.append(Persist(NAME, pack(self._limit)))
        self._next = value + 1
        return value
