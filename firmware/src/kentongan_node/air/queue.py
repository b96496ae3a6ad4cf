"""Frames that wait for the channel: few, in classes, with places that only alarms may take."""

import struct

from kentongan_wire.air.flood import CLASS_ALARM, CLASS_NAMES

LIMIT = 16  # frames; 16 x (255 + about 100) bytes of a 100 KB heap
RESERVED_ALARM = 6  # places that only class 0 takes
# A frame waits at most so long for a free channel, then goes all the same: a jammer must not be an off
# switch (wire-format 3 fixes the first; the others are ours, so that a jammed node still says so).
# On the default preset; the first three are longer where frames are (phy.pace_percent).
WAIT_MAX_MS = (400, 2_000, 5_000, 60_000, 60_000)
# So much longer when whole frames were heard meanwhile: what keeps us waiting then is no jammer. Ten presses
# in 3 s at 8 % loss: all stored within 10 s in 200 of 200 bursts instead of 198, 284 alarm frames destroyed
# instead of 490. Of twenty 98.7 % were with 1.6 s, 96.5 % with 800 ms, no more with 2.4 s.
ALIVE_WAIT_MS = 1_600
# Copies of alarms are held until the gateway's shared receipt has come, its 500 ms and the air of so many
# alarm frames: what another relay seems to have carried (whom that copy reached nobody can prove) while one
# origin is active and while more are; any copy in a crowd (mesh.py), when it takes longer to come. Twenty
# presses in 3 s at 8 % loss had 99.5 % stored within 10 s with 12 and 32, 98.7 % with 8 and 21; in a line of
# relays one press reached the gateway later with 12 than with 8.
HOLD_MS, HOLD_FRAMES = 500, (8, 12, 32)


class Entry:
    """One waiting frame."""

    # What few entries set stands here once: with up to 12 names of its own an entry takes 80 bytes less.
    answer = False  # a cached receipt, byte for byte
    charge: int | None = None  # the purse of our hour that pays for this
    patient = False  # waits ALIVE_WAIT_MS longer already
    again = False  # this copy has gone once already
    old = False  # an alarm of before (carried.py)
    attempt = 0  # of the alarm that this is a copy of
    overheard = False  # another relay seems to have carried it
    tries = 0

    def __init__(
        self,
        frame: bytes,
        klass: int,
        base_ms: int,
        first: bool,
        relay: bool,
        snr_q: int,
        tag: tuple[int, int] | None,
        pace: int = 100,
    ) -> None:
        self.frame = frame
        self.klass = klass
        self.src = struct.unpack("<I", frame[4:8])[0]
        self.base_ms = base_ms  # slots are drawn from here
        wait_ms = WAIT_MAX_MS[klass]
        self.due_ms = base_ms + min(60_000, wait_ms * pace // 100)  # goes then, busy or not
        self.at_ms: int | None = base_ms if first else None  # None: slots not drawn yet
        self.relay = relay  # a copy of somebody's frame
        self.snr_q = snr_q
        self.tag = tag  # (origin, counter) of an alarm, or None

    @property
    def id(self) -> int:
        return struct.unpack("<I", self.frame[8:12])[0]

    def hop_limit(self) -> int:
        return self.frame[12] & 7

    def is_others(self) -> bool:
        """Tell if somebody else makes us send it, and it is no alarm."""
        return self.answer or self.relay and self.tag is None

    def put_off(self, base_ms: int) -> None:
        """Draw slots anew from base_ms; the limit on waiting stays."""
        self.base_ms = base_ms
        self.at_ms = None

    def alive(self, pace: int) -> None:
        """Note a whole frame: the channel is used, not jammed. It pays to wait some longer, once."""
        if not self.patient:
            self.patient = True
            self.due_ms += ALIVE_WAIT_MS * pace // 100

    def hold(self, delay_ms: int) -> None:
        """Wait longer on purpose; the limit moves along."""
        self.due_ms += delay_ms
        self.put_off(self.base_ms + delay_ms)

    def take(self, entry: "Entry") -> None:
        """Count the turn of one that waited."""
        self.base_ms, self.at_ms, self.due_ms = entry.base_ms, entry.at_ms, entry.due_ms
        self.patient = entry.patient
        if entry.overheard:
            self.overheard = True


class SendQueue:
    def __init__(self, limit: int = LIMIT, reserved: int = RESERVED_ALARM) -> None:
        self._limit = limit
        self._open = limit - reserved
        self.entries: list[Entry] = []
        self.drops: dict[str, int] = {}  # "alarm_full": n, by class and reason
        self.lost: list[
            tuple[int, int, str]
        ] = []  # (src, id, reason) since the last take_lost, for a modem's host
        self._lost_limit = limit

    def __len__(self) -> int:
        return len(self.entries)

    def count(self, klass: int, reason: str) -> None:
        name = CLASS_NAMES[klass] + "_" + reason
        self.drops[name] = self.drops.get(name, 0) + 1

    def drop(self, entry: "Entry", reason: str) -> None:
        """Take it out, if it is in, and count it."""
        if entry in self.entries:
            self.entries.remove(entry)
        self.count(entry.klass, reason)
        if len(self.lost) < self._lost_limit:
            self.lost.append((entry.src, entry.id, reason))

    def take_lost(self) -> list[tuple[int, int, str]]:
        lost, self.lost = self.lost, []
        return lost

    def _room(self, klass: int) -> bool:
        """Tell whether a place is free for that class, or could be freed of something less urgent."""
        if len(self.entries) >= self._limit:
            return False
        if klass == CLASS_ALARM:
            return True
        return len([e for e in self.entries if e.klass != CLASS_ALARM]) < self._open

    def holds(self, frame: bytes) -> bool:
        """Tell whether this very frame waits: a receipt for several, once, answers all whom it names."""
        return any([entry.frame == frame for entry in self.entries])

    def put(self, entry: "Entry") -> bool:
        """Return True when it waits now; the least urgent, youngest frame gives way to a more urgent one.

        Among the alarms one that has gone gives way to one that has not.
        """
        if not self._room(entry.klass):
            worst = None
            for other in self.entries:
                if other.again and other.klass == entry.klass:
                    worst = other
                    break
                if other.klass > entry.klass and (worst is None or other.klass >= worst.klass):
                    worst = other
            if worst is None:
                self.count(entry.klass, "full")
                return False
            self.drop(worst, "full")
        self.entries.append(entry)
        return True

    def best(self, now_ms: int, overdue: bool = False) -> "Entry | None":
        """Return the most urgent frame whose time (overdue: longest wait) has come, or None; older first."""
        best = None
        for entry in self.entries:
            ready = entry.at_ms is not None and entry.at_ms <= now_ms
            if overdue and now_ms < entry.due_ms:
                ready = False
            if ready and (best is None or entry.klass < best.klass):
                best = entry
        return best

    def next_ms(self) -> int | None:
        """Return the time of the next frame, or None."""
        first_ms = None
        for entry in self.entries:
            at_ms = entry.base_ms if entry.at_ms is None else entry.at_ms
            if first_ms is None or at_ms < first_ms:
                first_ms = at_ms
        return first_ms
