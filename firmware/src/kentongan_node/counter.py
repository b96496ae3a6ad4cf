"""The node's one sequence: every frame takes the next value, and no value is ever taken twice.

Flash is written once per block of `reserve` values, before the first of them is handed out; a reset skips
what was left of the block. Two files are written in turn, so that one of them is always whole: an unreadable
one may have held the newer block, so the other's value goes on two blocks further, and both are written then.
State of each: the first value that is not reserved, u32, and its complement.
"""
import struct

from kentongan_node.actions import Persist

NAMES = ("seq", "seq2")
RESERVE = 64  # values per flash write; a reset loses at most so many of 2^32
FIRST = 1
# With both files unreadable nothing is known of what was used: go on far above any value that a node reaches
# in its life (one frame a second for 34 years), and higher by every start that was counted since, so that a
# second such loss does not begin where the first did.
AFTER_LOSS = 1 << 30
LOSS_STEP_BITS, LOSS_STEPS = 20, 1 << 10
MASK = 0xFFFFFFFF


def pack(value):
    """The state file for a sequence whose next value is `value`."""
    return struct.pack("<II", value, value ^ MASK)


def unpack(state):
    """The value of a state file; 0 for one that is torn or foreign."""
    value, complement = struct.unpack("<II", state) if len(state) == 8 else (0, 0)
    return value if value ^ complement == MASK else 0


class Sequence:
    def __init__(self, state, starts=0, reserve=RESERVE):
        """`state`: {name: bytes}, what Persist wrote last; without any of NAMES the device never sent
        anything.

        `starts`: how often it was started, for a go-on after both files are lost.
        """
        self.lost = False
        self._reserve = reserve
        found = [unpack(state[name]) for name in NAMES if name in state]
        value = max(found) if found else FIRST
        if found and value == 0:
            self.lost = True
            value = AFTER_LOSS + (starts % LOSS_STEPS << LOSS_STEP_BITS)
        elif 0 in found:
            value = min(value + 2 * reserve, MASK)
        self._mend = 0 in found
        # the older file is the one to write next
        older = [unpack(state.get(name, b"")) for name in NAMES]
        self._turn = 1 if older[0] > older[1] else 0
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
            actions.append(Persist(NAMES[self._turn], pack(self._limit)))
            if self._mend:  # two blocks at most lie between the files, ever
                self._mend = False
                actions.append(Persist(NAMES[1 - self._turn], pack(self._limit)))
            self._turn = 1 - self._turn
        self._next = value + 1
        return value
