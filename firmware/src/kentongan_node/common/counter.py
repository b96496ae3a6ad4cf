"""The node's one sequence: every frame takes the next value, and no value is ever taken twice.

Flash is written once per block of `reserve` values, before the first of them is handed out; a reset skips
what was left of the block. Two files are written in turn, so that one of them is always whole: an unreadable
one may have held the newer block, so the other's value goes on two blocks further, and both are written then.
State of each: the first value that is not reserved, u32, and its complement.

While the flash takes no write the blocks are reserved in RTC memory, which outlives every reset, and in a
second home (hal.py: NVS). A start that finds RTC memory empty is a dark one (after_dark): what was used since
the last write that a home took is not known, but it was less than DARK_STEP values, so it goes on so many
further and reserves that before the first frame. Where no home takes that either, two such starts cannot know
of each other: each takes a random place among DARK_PLACES, so that two of them meet less than once in 100,000
times, and goes on from there to higher ones while nobody answers (`leap`): receivers take what is higher.
"""

import struct

from kentongan_wire.base.shapes import TYPE_CHECKING

from kentongan_node.base.actions import Persist

if TYPE_CHECKING:
    from collections.abc import Callable

    from kentongan_wire.base.shapes import Bytes

    from kentongan_node.base.actions import Action, State

NAMES = ("seq", "seq2")
RESERVE = 64  # values per flash write; a reset loses at most so many of 2^32
FIRST = 1
# With both files unreadable nothing is known of what was used: go on far above any value that a node reaches
# in its life (one frame a second for 34 years), and higher by every start that was counted since, so that a
# second such loss does not begin where the first did.
AFTER_LOSS = 1 << 30
LOSS_STEP_BITS, LOSS_STEPS = 20, 1 << 10
MASK = 0xFFFFFFFF
# More than a node uses in the months until somebody has come for a flash that fails; 2^18 dark starts fit.
DARK_STEP = 1 << 14
DARK_PLACES = 1 << 30
LEAP_PLACES = 1 << 28  # twenty leaps or so are there before the end
UNSURE = "unsure"  # in `state`: no home kept what this start begins with


def pack(value: int) -> bytes:
    """Return the state file for a sequence whose next value is `value`."""
    return struct.pack("<II", value, value ^ MASK)


def unpack(state: "Bytes") -> int:
    """Return the value of a state file; 0 for one that is torn or foreign."""
    value, complement = struct.unpack("<II", state) if len(state) == 8 else (0, 0)
    return value if value ^ complement == MASK else 0


class Sequence:
    def __init__(self, state: "State", starts: int = 0, reserve: int = RESERVE) -> None:
        """`state`: {name: bytes}, what Persist wrote last; without any of NAMES the device never sent
        anything.

        `starts`: how often it was started, for a go-on after both files are lost.
        """
        self.lost = False
        self.unsure = UNSURE in state
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

    def leap(self, rnd: int) -> None:
        """Go on at a random place above; `rnd`: u32."""
        if self._next + LEAP_PLACES < MASK:
            self._next += 1 + rnd % LEAP_PLACES
            self._limit = self._next

    def write_next(self) -> tuple[str, ...]:
        """List the names of the files that the next reservation goes to."""
        return (NAMES[self._turn], NAMES[1 - self._turn]) if self._mend else (NAMES[self._turn],)

    def peek(self) -> int:
        """Return the value that the next take() hands out."""
        return self._next

    def take(self, actions: "list[Action]") -> int:
        """Return the next value; appends the Persist that must be durable before the value is used."""
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


def after_dark(
    state: "State", starts: int, rnd: int, write: "Callable[[str, bytes], bool]", spare: bytes
) -> bool:
    """Prepare state after a start without RTC memory, before its Sequence; True when a home took it.

    `state`: {name: bytes} of the flash, changed here; `spare`: bytes of the second home, or b""; `rnd`: u32;
    `write(name, data)`: True when that is durable, in a file or in the second home.
    """
    sequence = Sequence(state, starts)
    value = max(sequence.peek(), unpack(spare))
    if spare or [name for name in NAMES if name in state]:
        value = min(value + DARK_STEP, MASK - DARK_STEP)
    for name in sequence.write_next():
        if not write(name, pack(value)):
            value = min(value + rnd % DARK_PLACES, MASK - DARK_STEP)
            state[NAMES[0]] = state[NAMES[1]] = pack(value)
            state[UNSURE] = b"1"
            return False
    if not sequence.lost:  # of lost ones it says so itself, and begins higher by itself
        for name in sequence.write_next():
            state[name] = pack(value)
    return True
