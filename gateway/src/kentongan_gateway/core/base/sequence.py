"""Outgoing counters: every frame takes the next value, none is ever used twice, not even over a power cut."""

import struct

from kentongan_gateway.core.base.actions import Action, Persist

RESERVE = 256  # values reserved on disk ahead of use: one write, which the loop waits for, per 256 frames
LOSS_JUMP = 1 << 16  # wire-format 4: what a gateway skips that lost its counters
TRUSTED_MAX = 0xF0000000  # a reported counter above this is refused: it would exhaust ours
LEAP_MAX = 1 << 24  # of what was skipped once more, so that nobody has a message that names what comes now
SETTLED = 1024  # values used since a loss (or a jump): by then every device has reported, over restarts too


class Sequence:
    """take() appends Persist("seq") before it hands out a value beyond the reserved block."""

    def __init__(self, saved: bytes | None, hub_copy: int = 0) -> None:
        self._lost_at: int | None = None  # where we went on after a loss
        saved = saved or b""
        size = len(saved)
        if size == 4:
            self._next = struct.unpack("<I", saved)[0] + 1
        elif size == 8:
            reserved, self._lost_at = struct.unpack("<II", saved)
            self._next = reserved + 1
        else:
            self._next = (hub_copy if hub_copy < TRUSTED_MAX else 0) + LOSS_JUMP
            self._lost_at = self._next
        self._reserved = self._next - 1

    @property
    def lost(self) -> bool:
        """Tell whether counters were lost, and so lately that devices may still know higher ones."""
        return self._lost_at is not None and self._next - self._lost_at < SETTLED

    @property
    def last(self) -> int:
        return self._next - 1

    def take(self, out: list[Action]) -> int:
        if self._next > self._reserved:
            self._reserved = self._next + RESERVE - 1
            lost_at = struct.pack("<I", self._lost_at) if self.lost else b""
            out.append(Persist("seq", struct.pack("<I", self._reserved) + lost_at))
        value = self._next
        self._next += 1
        return value

    def leap(self, rnd: int) -> None:
        """After a loss: go on at a number that nobody can have recorded, not even from a run before it."""
        ahead = rnd % LEAP_MAX
        if self.lost and self._next + ahead < TRUSTED_MAX:
            self._next = self._lost_at = self._next + ahead

    def catch_up(self, counter: int) -> bool:
        """Catch up with our counter as a device last heard it; True: we were behind and jumped ahead."""
        if counter < self._next or counter >= TRUSTED_MAX or not self.lost:
            return False
        self._next = self._lost_at = counter + LOSS_JUMP
        return True
