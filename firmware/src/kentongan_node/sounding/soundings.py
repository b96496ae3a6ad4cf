"""Soundings of a post: its incidents, their time left, and their number. Pure and bounded.

One siren, several incidents: the one that was begun last is heard, a drill only beside none in earnest; when
it is over, stopped or hushed, the one before it goes on with what is left of its own time.

An incident is named by the whole counter of its first alarm. The 16 bits of it that an alarm carries name a
later one as well: who holds a post's keys could use up beforehand what that may sound.
"""

import binascii
import struct

from kentongan_wire.base.shapes import TYPE_CHECKING

from kentongan_node.sounding.stretch import Stretch

if TYPE_CHECKING:
    from kentongan_wire.base.shapes import Bytes
    from kentongan_wire.message.verify import Message

SOUND_MS = 180_000  # of one sounding, at most (also by hardware)
DRILL_MS = 60_000  # a drill annoys less and teaches as much
TIMES_LIMIT = 3  # soundings of one incident
RESUMES_LIMIT = 2  # resets that a sounding survives
FREE_INCIDENTS = 3  # of one button within RATE_WINDOW_MS; more sound only by order
RATE_WINDOW_MS = 1_800_000
KEEP_MS = 3_600_000  # an incident is remembered so long after its last event
RECORDS_LIMIT = 16  # incidents remembered; the oldest that does not sound gives way
RESUME_MIN_S = 1
KEEP_LEFT_MS = 10_000  # how often the remaining time goes to flash while it sounds

FRESH, LIVE, RESTING, STOPPED = range(4)
ALARM, RECEIPT, ORDER, STOP, HUSH, TIME_UP = range(6)

# (state, event): next state. What is missing changes nothing: an incident that was stopped is silent
# for every further press of it, and only an order makes it sound again. An order always does: Record.order.
NEXT = {
    (FRESH, ALARM): LIVE,
    (FRESH, RECEIPT): LIVE,
    (FRESH, ORDER): LIVE,
    (FRESH, STOP): STOPPED,
    (LIVE, STOP): STOPPED,
    (LIVE, HUSH): STOPPED,
    (LIVE, TIME_UP): RESTING,
    (RESTING, ALARM): LIVE,
    (RESTING, STOP): STOPPED,
}

VERSION = 3
_HEAD, _HEAD_BYTES = "<BBH", 4  # version, records, seconds that the siren has been driven on end
_RECORD = "<IIIIBBBBBBBHH"
_RECORD_BYTES = struct.calcsize(_RECORD)


def first(counter: int, number: int) -> int:
    """Return the whole counter of an incident's first alarm, from a later one's and the 16 bits it names."""
    begun = counter - (counter - number & 0xFFFF)
    return begun if begun > 0 else counter


class Record:
    """One incident at this post."""

    def __init__(self, origin: int, counter: int, number: int, kind: int, zone: int, now_ms: int) -> None:
        self.origin = origin
        self.first = first(counter, number)
        self.last = counter  # the highest that belongs to it, as far as it is known here
        self.number = counter  # the counter under which it is told of: heard, or ordered, last
        self.kind = kind
        self.zone = zone
        self.state = FRESH
        self.times = 0
        self.resumes = 0
        self.source = 0
        self.drill = False
        self.since_ms = now_ms  # first heard of
        self.touched_ms = now_ms
        self.begun_ms = now_ms  # the latest sounding
        self.until_ms = now_ms
        self.stage1_left = 0  # times that we may still tell its presser that a siren sounds

    def event(self, event: int, now_ms: int, total_ms: int = SOUND_MS) -> bool:
        """Apply an event; True when the state changed. A start beyond TIMES_LIMIT changes nothing."""
        state = NEXT.get((self.state, event))
        self.touched_ms = now_ms
        if state is None or (state == LIVE and self.times >= TIMES_LIMIT):
            return False
        if state == LIVE:
            self.times += 1
            self.begun_ms = now_ms
            self.until_ms = now_ms + min(total_ms, SOUND_MS)
        self.state = state
        return True

    def order(self, counter: int, now_ms: int, total_ms: int) -> bool:
        """Take the gateway's order, which begins anew whatever was heard; False: it sounds for as long."""
        self.number = counter
        self.last = max(self.last, counter)
        left_ms = self.left_ms(now_ms)
        if left_ms and left_ms + KEEP_LEFT_MS >= total_ms and not self.drill:
            return False
        self.in_earnest()
        return self.event(ORDER, now_ms, max(left_ms, total_ms))

    def in_earnest(self) -> None:
        """Begin anew in earnest an incident that was beaten as a drill."""
        self.drill = False
        self.state, self.times = FRESH, 0

    def left_ms(self, now_ms: int) -> int:
        return max(0, self.until_ms - now_ms) if self.state == LIVE else 0


class Soundings:
    def __init__(self) -> None:
        self.records: list[Record] = []
        self.stretch = Stretch()
        self._image = bytearray(_HEAD_BYTES + RECORDS_LIMIT * _RECORD_BYTES + 4)  # for dump

    def of_alarm(self, message: "Message") -> Record | None:
        """Return the incident that an ALARM names, or None."""
        begun = first(message.counter, message.body.incident)
        for record in self.records:
            if record.origin == message.src and record.first == begun:
                return record
        return None

    def of_counter(self, origin: int, counter: int) -> Record | None:
        """Return the incident that a receipt or an order names by one of its alarms' counters, or None."""
        for record in self.records:
            if record.origin == origin and record.first <= counter <= record.last:
                return record
        return None

    def add(self, origin: int, counter: int, number: int, kind: int, zone: int, now_ms: int) -> Record:
        """Add an incident; the oldest that does not sound gives way, then the oldest."""
        self.records = [r for r in self.records if r.state == LIVE or now_ms - r.touched_ms < KEEP_MS]
        while len(self.records) >= RECORDS_LIMIT:
            idle = [r for r in self.records if r.state != LIVE] or self.records
            oldest = idle[0]
            for record in idle:
                if record.touched_ms < oldest.touched_ms:
                    oldest = record
            self.records.remove(oldest)
        record = Record(origin, counter, number, kind, zone, now_ms)
        self.records.append(record)
        return record

    def too_many(self, origin: int, now_ms: int) -> bool:
        """Tell whether one more incident of that button sounds only by order."""
        recent = [
            r
            for r in self.records
            if r.origin == origin and r.times and not r.drill and now_ms - r.since_ms < RATE_WINDOW_MS
        ]
        return len(recent) >= FREE_INCIDENTS

    def current(self) -> Record | None:
        """Return the incident that is heard, or None: of those in earnest, else of drills, the last."""
        found = None
        for record in self.records:
            if record.state != LIVE or found is not None and record.drill and not found.drill:
                continue
            if found is None or found.drill and not record.drill or record.begun_ms >= found.begun_ms:
                found = record
        return found

    def joins(self, record: "Record", kind: bool = True) -> bool:
        """Tell whether the siren beat the same (or anything) in earnest for another one when this came."""
        for other in self.records:
            if (
                other is not record
                and other.state == LIVE
                and other.begun_ms <= record.begun_ms
                and (other.kind == record.kind or not kind)
                and not other.drill
                and not record.drill
            ):
                return True
        return False

    def expire(self, now_ms: int) -> list[Record]:
        """Return the incidents whose time was up by now."""
        over = [r for r in self.records if r.state == LIVE and now_ms >= r.until_ms]
        for record in over:
            record.event(TIME_UP, now_ms)
        return over

    def next_end(self) -> int | None:
        """Return the first end of those that sound, or None."""
        first_ms = None
        for record in self.records:
            if record.state == LIVE and (first_ms is None or record.until_ms < first_ms):
                first_ms = record.until_ms
        return first_ms

    def dump(self, now_ms: int) -> memoryview:
        """Return a view of the file for a reset, until the next dump: it keeps no clock, only durations."""
        image, end = self._image, _HEAD_BYTES
        struct.pack_into(_HEAD, image, 0, VERSION, len(self.records), min(self.stretch.age_s(now_ms), 0xFFFF))
        for r in self.records:
            age_s = min((now_ms - r.since_ms) // 1000, 0xFFFF)
            struct.pack_into(
                _RECORD,
                image,
                end,
                r.origin,
                r.first,
                r.last,
                r.number,
                r.kind,
                r.zone,
                r.state,
                r.times,
                r.resumes,
                r.source,
                1 if r.drill else 0,
                age_s,
                r.left_ms(now_ms) // 1000,
            )
            end += _RECORD_BYTES
        view = memoryview(image)
        struct.pack_into("<I", image, end, binascii.crc32(view[:end]) & 0xFFFFFFFF)
        return view[: end + 4]


def load(data: "Bytes | None", now_ms: int) -> Soundings:
    """Soundings as a reset left them; those that sounded go on for what was left, RESUMES_LIMIT times.

    A torn or foreign file gives none: silence is safe here, the alarm's repeats start it again.
    """
    soundings = Soundings()
    rest = _HEAD_BYTES + 4
    if data is None or len(data) < rest or data[0] != VERSION or len(data) != rest + data[1] * _RECORD_BYTES:
        return soundings
    if struct.unpack("<I", data[-4:])[0] != binascii.crc32(data[:-4]) & 0xFFFFFFFF:
        return soundings
    for i in range(min(data[1], RECORDS_LIMIT)):
        at = _HEAD_BYTES + i * _RECORD_BYTES
        values = struct.unpack(_RECORD, data[at : at + _RECORD_BYTES])
        r = Record(values[0], values[1], values[1], values[4], values[5], now_ms - values[11] * 1000)
        r.last, r.number = values[2], values[3]
        r.state, r.times, r.resumes, r.source = values[6], values[7], values[8], values[9]
        r.drill, r.touched_ms, r.begun_ms = bool(values[10]), now_ms, now_ms
        if r.state == LIVE:
            _resume(r, values[12], now_ms)
        soundings.records.append(r)
    if soundings.current():
        soundings.stretch.recall(struct.unpack(_HEAD, data[:_HEAD_BYTES])[2] * 1000 + KEEP_LEFT_MS, now_ms)
    return soundings


def _resume(record: "Record", left_s: int, now_ms: int) -> None:
    if record.resumes >= RESUMES_LIMIT or left_s < RESUME_MIN_S:
        record.state = RESTING
        return
    record.resumes += 1
    record.until_ms = now_ms + min(left_s * 1000, SOUND_MS)
