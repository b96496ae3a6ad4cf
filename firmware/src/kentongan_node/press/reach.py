"""Reach of a button: hops to a gateway, learned from its answers, kept over sleep. Pure.

A gateway's stages 3 to 5 start with as many hops as the alarm took to it; where several buttons share a
frame, as the farthest one's. A way that was longer than what we send with is taken at once from a frame of
our own, one that was shorter after LOWER_AFTER such answers in a row, by one hop: a first frame that got
through directly once is no promise. No tag covers the header, so what is learned stays between LEAST and
MOST, and repeats go farther whatever was learned.
"""

from kentongan_wire.base.shapes import TYPE_CHECKING

from kentongan_node.base.actions import Persist

if TYPE_CHECKING:
    from kentongan_wire.base.shapes import Bytes

    from kentongan_node.base.actions import Action

NAME = "hops"
LEAST, MOST = 1, 5  # 1 in a dense RT; beyond 5 the repeats know better
LOWER_AFTER = 2
CHECK = 0xA5


class Reach:
    def __init__(self, setting: int, state: "Bytes | None" = None) -> None:
        """setting: the device file's or CONFIG's hop limit; state: what Persist("hops", ..) wrote last."""
        self._setting = setting
        self.hops = setting
        self._shorter = 0  # answers in a row that came a shorter way
        # Of another setting, torn or foreign: nothing was learned.
        if (
            state
            and len(state) == 4
            and state[0] ^ state[1] ^ state[2] ^ CHECK == state[3]
            and state[0] == setting
            and LEAST <= state[1] <= MOST
        ):
            self.hops, self._shorter = state[1], state[2]

    def told(self, hops: int, shared: bool, actions: "list[Action]") -> None:
        """Learn from an answer that our alarm took so many hops, or, shared with others, so many at most."""
        hops = max(LEAST, min(hops, MOST))
        if shared and hops >= self.hops:
            return
        before = self.hops, self._shorter
        if hops >= self.hops:
            self.hops, self._shorter = hops, 0
        elif self._shorter + 1 < LOWER_AFTER:
            self._shorter += 1
        else:
            self.hops, self._shorter = self.hops - 1, 0
        if (self.hops, self._shorter) != before:
            kept = (self._setting, self.hops, self._shorter)
            actions.append(Persist(NAME, bytes(kept + (kept[0] ^ kept[1] ^ kept[2] ^ CHECK,))))
