"""One incident of a button, from its first press to its end: what is being sent, and the highest stage held.

Pure. A stage counts only when the caller has verified it (wire verify.own_entry). Stages only go up.
"""

import binascii
import struct

from kentongan_wire.base.shapes import TYPE_CHECKING
from kentongan_wire.message import messages as m

from kentongan_node.base import feedback
from kentongan_node.base.mix import mix
from kentongan_node.press.repeats import Repeats

if TYPE_CHECKING:
    from kentongan_wire.base.shapes import Bytes

LISTEN_MS = 1_800_000  # after a press: 30 min, or until stage 4 or 5
TEST_MS = 60_000  # a test is over when it is stored, or after this
NOBODY_MS = 10_000  # start value: no stage so long after a press is shown as "nobody hears"
RESUMES_LIMIT = 2  # resets that an unfinished incident survives at full power ...
# ... and then at these: a cell that has not the current for a frame may have it for a weaker one. After that
# it sends no more, and shows for LAST_MS what is true of it.
WEAK_DBM = (10, 2)
LAST_MS = 10_000
CANCEL_AFTER_MS = 5_000  # a cancel hold starts at least so long after the last stroke
CANCEL_WITHIN_MS = 60_000  # and at most so long after it
PRESSES_LIMIT = 8  # presses that are each sent at once; more of them come slower
FOLD_MS = 2_000  # a press so soon after the last one is the same press, hammered
FOLD_LATE_MS = 30_000  # the same from press PRESSES_LIMIT on
TELLS_LIMIT = 4  # STATUS for one stage, each asked for by the gateway's repeat of it
COUNTERS_LIMIT = 32  # of one incident, remembered; the oldest is forgotten

# highest stage held: what the box shows. Stage 0 turns from SENDING to NOBODY with time.
SHOWN = {
    0: feedback.SENDING,
    m.STAGE_SOUNDING: feedback.SOUNDING,
    m.STAGE_STORED: feedback.STORED,
    m.STAGE_COMING: feedback.COMING,
    m.STAGE_CLOSED: feedback.CLOSED,
    m.STAGE_CANCELLED: feedback.CANCELLED,
}

VERSION = 1
_LAYOUT = "<BBBBBBHIIB"  # version, bits, kind, stage, answered, resumes, number, first, counter, battery
_BYTES = struct.calcsize(_LAYOUT) + 4
_SILENT, _CANCEL, _LID = 1, 2, 4


class Incident:
    def __init__(self, kind: int, silent: bool, now_ms: int, pace: int = 100) -> None:
        """pace: of the preset, phy.pace_percent."""
        self.kind = kind
        self.pace = pace
        self.silent = silent
        self.number = 0  # low 16 bits of the counter of its first ALARM
        self.first = 0
        self.counter = 0  # of the alarm that is being sent now
        self.since = 0  # its counter when it was pressed; overtaken repeats take new ones
        self.counters: list[int] = []  # that its alarms had: those in between belong to the other incident
        self.cancel = False
        self.lid = False
        self.battery = 0  # frozen at attempt 0, as everything that the tag covers
        self.stage = 0  # highest held, of any alarm of this incident
        self.answered = 0  # highest held of the alarm that is being sent now
        self.told = 0  # times that a STATUS named its highest stage
        self.resumes = 0
        self.presses = 0
        self.pressed_ms = now_ms
        self.repeats: Repeats | None = None
        self.last_ms: int | None = None  # ends then: its resets are used up

    def press(
        self, counter: int, kind: int, lid: bool, battery: int, now_ms: int, cancel: bool = False
    ) -> None:
        """Another alarm of this incident, from its attempt 0; the first one gives it its number."""
        if not self.first:
            self.first = counter
            self.number = counter & 0xFFFF
        self.since = counter
        self.renumber(counter)
        self.kind = kind
        self.cancel = cancel
        self.lid = lid
        self.battery = battery
        self.answered = 0
        self.presses += 1
        self.pressed_ms = now_ms
        self.repeats = Repeats(now_ms, self.pace)
        if self.last_ms is not None:  # somebody presses again: from the start
            self.last_ms, self.resumes = None, 0

    def renumber(self, counter: int) -> None:
        """Go on under a new counter: something newer was sent since, so this would be refused."""
        self.counter = counter
        self.counters = self.counters[1 - COUNTERS_LIMIT :] + [counter]

    def folds(self, kind: int, now_ms: int) -> bool:
        """Tell whether a press now is the last one hammered, so that it needs no alarm of its own."""
        if self.cancel or kind != self.kind:
            return False
        limit_ms = FOLD_MS if self.presses < PRESSES_LIMIT else FOLD_LATE_MS
        return now_ms - self.pressed_ms < limit_ms

    def may_cancel(self, now_ms: int) -> bool:
        """Tell whether a hold that starts now can become a cancel."""
        since_ms = now_ms - self.pressed_ms
        return (
            not self.silent
            and not self.cancel
            and m.STAGE_SOUNDING <= self.stage < m.STAGE_CLOSED
            and CANCEL_AFTER_MS <= since_ms <= CANCEL_WITHIN_MS
        )

    def owns(self, counter: int) -> bool:
        return counter in self.counters

    def is_of_press(self, counter: int) -> bool:
        """Tell whether its last press went out under that counter."""
        return counter >= self.since and self.owns(counter)

    def answer(self, counter: int, stage: int, now_ms: int, rnd: int) -> bool:
        """Take a verified stage for one of its alarms; True when the highest stage went up."""
        if counter < self.since and stage >= m.STAGE_CLOSED:
            return False  # what was pressed before is over, and what was pressed since is not
        if self.since <= counter and stage > self.answered:
            self.answered = stage
        higher = stage > self.stage
        if higher:
            self.stage = stage
        if self.finished() or (self.answered >= m.STAGE_STORED and not self.cancel):
            self.repeats.end()
        elif self.answered == m.STAGE_SOUNDING and not self.cancel:
            self.repeats.slow_down(now_ms, mix(rnd, 1))
        return higher

    def may_tell(self, higher: bool) -> bool:
        """Tell whether a STATUS names a stage from 3 on now: when it is told again, ours was not heard."""
        self.told = 1 if higher else self.told + 1
        return self.told <= TELLS_LIMIT

    def finished(self) -> bool:
        return self.stage >= m.STAGE_CLOSED or self.stage >= m.STAGE_STORED and self.kind == m.KIND_UJI

    def flags(self) -> int:
        """Flag bits of the ALARM that is being sent."""
        return (
            (m.FLAG_SILENT if self.silent else 0)
            | (m.FLAG_CANCEL if self.cancel else 0)
            | (m.FLAG_LID if self.lid else 0)
        )

    def shown(self, now_ms: int) -> str | None:
        """Return the state that is true now; None for a silent incident, whatever it holds."""
        if self.silent:
            return None
        if self.cancel and self.stage < m.STAGE_CLOSED:
            return feedback.SENDING
        if self.stage == 0 and now_ms >= self.pressed_ms + NOBODY_MS:
            return feedback.NOBODY
        return SHOWN[self.stage]

    def weak_dbm(self) -> int | None:
        """Return the power to send with after so many resets, or None: as set."""
        weaker = self.resumes - RESUMES_LIMIT
        return WEAK_DBM[min(weaker, len(WEAK_DBM)) - 1] if weaker > 0 else None

    def ends_ms(self) -> int:
        if self.last_ms is not None:
            return self.last_ms
        return self.pressed_ms + (TEST_MS if self.kind == m.KIND_UJI else LISTEN_MS)

    def nobody_ms(self) -> int:
        return self.pressed_ms + NOBODY_MS

    def dump(self) -> bytes:
        """Return the bytes for the file that a reset finds."""
        bits = (_SILENT if self.silent else 0) | (_CANCEL if self.cancel else 0) | (_LID if self.lid else 0)
        data = struct.pack(
            _LAYOUT,
            VERSION,
            bits,
            self.kind,
            self.stage,
            self.answered,
            self.resumes,
            self.number,
            self.first,
            self.counter,
            self.battery,
        )
        return data + struct.pack("<I", binascii.crc32(data) & 0xFFFFFFFF)


def load(data: "Bytes | None", now_ms: int, pace: int = 100) -> Incident | None:
    """Return the incident that a reset interrupted, begun again from its first turn; None: there is none.

    A torn, foreign or used-up file is none: the button then stays quiet rather than invent an alarm.
    """
    if data is None or len(data) != _BYTES or data[0] != VERSION:
        return None
    if struct.unpack("<I", data[-4:])[0] != binascii.crc32(data[:-4]) & 0xFFFFFFFF:
        return None
    values = struct.unpack(_LAYOUT, data[:-4])
    bits, kind, stage, answered, resumes, number, first, counter, battery = values[1:]
    most = RESUMES_LIMIT + len(WEAK_DBM)
    over = resumes > most or resumes == most and bits & _SILENT  # of a silent one there is nothing to show
    if over or stage >= m.STAGE_CLOSED or kind == m.KIND_UJI:
        return None
    it = Incident(kind, bool(bits & _SILENT), now_ms, pace)
    it.number, it.first, it.counter, it.battery = number, first, counter, battery
    it.since = counter
    it.counters = [first, counter]
    it.cancel, it.lid = bool(bits & _CANCEL), bool(bits & _LID)
    it.stage, it.answered, it.resumes, it.presses = stage, answered, resumes + 1, 1
    it.repeats = Repeats(now_ms, pace)
    if it.answered >= m.STAGE_STORED and not it.cancel:
        it.repeats.end()
    if resumes == most:
        it.repeats.end()
        it.pressed_ms, it.last_ms = now_ms - NOBODY_MS, now_ms + LAST_MS
    return it
