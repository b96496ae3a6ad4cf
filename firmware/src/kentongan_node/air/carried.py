"""Frames that a relay has carried, by content, and the last counter of each sender: new or old.

A frame's header is anybody's word, its carry tag is not: rows of proved frames and of the others never meet,
so that nobody can mark another's frame as carried before it comes. Nor with fewer hops left than it has: who
plays one with few left ahead of the true one must not end its way there.
"""

import binascii
import struct

from kentongan_wire.base.shapes import TYPE_CHECKING

if TYPE_CHECKING:
    from kentongan_wire.base.shapes import Bytes

ROWS = 96  # contents remembered; the oldest gives way
# Sender, content (its lowest bit: proved), low half of the last id, minute of the first; in one byte times
# (bits 0-2), the most hops left that it was carried with (3-5), under whatever id, for the channel key is
# enough to give one, and how often more came after it had gone (6-7).
ROW = "<IIHHB"
ROW_BYTES = struct.calcsize(ROW)
SENDERS = 96  # whose counters are remembered
KNOWN_MAX = 80  # of them known; what comes new takes no known one's place
# Sender, highest counter, highest attempt under it, standing: the half days since it came, or KNOWN and those
# since it said something later. From AGED on a later word makes it known, at STALE another takes its place.
SENDER = "<IIBB"
SENDER_BYTES = struct.calcsize(SENDER)
AGED, STALE, KNOWN, LAPSED = 2, 3, 8, 15
HALF_DAY_MS = 12 * 3_600_000
FILE = "counted"  # the senders and their counters, minutes of the present half day, CRC-32
TAIL = "<HI"
TAIL_BYTES = struct.calcsize(TAIL)
REPEAT_MINUTES = 3  # a sender repeats one content for so long (orders, pages: 60 s)
REPEATS = 6  # and so many times
REORDERED = 64  # counters that frames of one mains sender may overtake each other by
MINUTE_MS = 60_000


class Carried:
    def __init__(self, state: "Bytes | None" = None) -> None:
        """`state`: what Persist(FILE, ..) wrote last; a torn one says nothing."""
        # Whole from the start: growing would need room in one piece of a device's heap.
        self._rows = bytearray(ROWS * ROW_BYTES)
        self._next = 0
        self._next_sender = 0
        self._half_day = self._before_ms = self._last_ms = 0
        self._senders = bytearray(SENDERS * SENDER_BYTES)
        if state is not None and len(state) == SENDERS * SENDER_BYTES + TAIL_BYTES:
            self._senders[:] = state[:-TAIL_BYTES]
            self._before_ms = self._last_ms = struct.unpack(TAIL, state[-TAIL_BYTES:])[0] * MINUTE_MS
            if self.image() != state:
                self._senders[:] = bytes(len(self._senders))
        self.changed = False  # since the senders were last written
        self._ring = bytearray(40 * 5)  # alarms that no purse paid: sender xor counter, the first attempt

    def known(self, src: int, proved: bool, content: int, packet_id: int) -> tuple[int, bool, int]:
        """(1 + the most hops left that this content was carried with, 0: it was not; under this id last; how
        often it went again with more)."""
        at = self._find(src, proved, content)
        if at is None:
            return 0, False, 0
        _, _, last, _, flags = struct.unpack_from(ROW, self._rows, at)
        return (flags >> 3 & 7) + 1, last == packet_id & 0xFFFF, flags >> 6

    def image(self) -> bytes:
        """Return the senders, for Persist(FILE, ..)."""
        self.changed = False
        body = bytes(self._senders) + struct.pack("<H", self._last_ms % HALF_DAY_MS // MINUTE_MS)
        return body + struct.pack("<I", binascii.crc32(body))

    def is_known(self, src: int) -> bool:
        """Tell whether it has had time to say its counter, so that earlier messages are known as old.

        Every button reports once a day. Of any other sender a recording may look new, and one more each time.
        """
        return self.row(src)[3] >= KNOWN

    def forget(self) -> None:
        """Forget counts under keys that hold no more: also those of whoever had stolen them, or a recording.

        A known sender is so again by its next word, and one that a thief invented is not.
        """
        for at in range(4, len(self._senders), SENDER_BYTES):
            self._senders[at : at + 6] = bytes(5) + bytes([min(self._senders[at + 5], AGED)])
        self.changed = True

    def is_old(self, src: int, content: int, counter: int, attempt: int, now_ms: int) -> bool:
        """Tell whether a proved alarm frame is old: its sender has said later things, or this long ago.

        Somebody has recorded it, or a thief of a relay has counted on in its sender's name.
        """
        at = self._find(src, True, content)
        if at is None:
            return (counter, attempt) <= self.row(src)[1:3]
        minute = struct.unpack_from(ROW, self._rows, at)[3]
        return (now_ms // MINUTE_MS - minute) & 0xFFFF > REPEAT_MINUTES

    def is_new(
        self, src: int, content: int, counter: int, attempt: int, strict: bool, now_ms: int, farther: bool
    ) -> bool:
        """Tell whether a proved frame is its sender's latest, and not an old one played again.

        strict: frames of this sender do not overtake each other nor say one thing twice, as a tombol's.
        farther: it has more hops left than any that was carried, which is nothing old.
        """
        _, last, highest, _ = self.row(src)
        at = self._find(src, True, content)
        if at is not None:
            _, _, _, minute, flags = struct.unpack_from(ROW, self._rows, at)
            if (now_ms // MINUTE_MS - minute) & 0xFFFF > REPEAT_MINUTES:
                return False
            if farther:
                return not strict or (counter, attempt) == (last, highest)
            return not strict and flags & 7 < REPEATS
        if counter == last:
            return attempt > highest or not strict
        return counter > last if strict else counter + REORDERED > last

    def add(
        self,
        src: int,
        proved: bool,
        content: int,
        packet_id: int,
        counter: int,
        attempt: int,
        now_ms: int,
        hops: int,
        first: bool = False,
        old: bool = False,
    ) -> None:
        """This frame is carried now with so many hops left; first: it has not gone yet with fewer; old: it
        stays old, although it is carried."""
        at = self._find(src, proved, content)
        minute, flags, last = now_ms // MINUTE_MS - old * (REPEAT_MINUTES + 1) & 0xFFFF, 0, None
        if at is None:
            at = self._next * ROW_BYTES
            self._next = (self._next + 1) % ROWS
        else:
            last, minute, flags = struct.unpack_from(ROW, self._rows, at)[2:]
        times, most, more = flags & 7, flags >> 3 & 7, flags >> 6
        if last is not None and hops > most and not first:
            more = min(more + 1, 3)
        if last != packet_id & 0xFFFF:
            times = min(times + 1, 7)
        struct.pack_into(
            ROW,
            self._rows,
            at,
            src,
            _marked(content, proved),
            packet_id & 0xFFFF,
            minute,
            times | max(hops, most) << 3 | more << 6,
        )
        if proved:
            self._count(src, counter, attempt, now_ms)

    def heard(self, src: int, counter: int, attempt: int) -> bool:
        """Tell whether another attempt of this alarm came here, too, while no purse paid it.

        To push one out of 40 takes a thief more air than he has between two attempts of a button.
        """
        key = struct.pack("<I", src ^ counter)
        at = place(self._ring, key, 5)
        if at is not None:
            return self._ring[at + 4] != attempt
        self._ring[:] = self._ring[5:] + key + bytes([attempt])
        return False

    def _count(self, src: int, counter: int, attempt: int, now_ms: int) -> None:
        self._last_ms = now_ms + self._before_ms
        while self._half_day < self._last_ms // HALF_DAY_MS:
            self._half_day += 1
            self._age()
        rows = self._senders
        at, last, highest, standing = self.row(src)
        if at is None:
            at, standing = self._room(), 0
            if at is None:
                return
        elif (counter, attempt) <= (last, highest):
            return
        elif standing >= KNOWN:
            standing = KNOWN
        elif standing >= AGED and counter > last:
            known = sum([rows[i] >= KNOWN for i in range(SENDER_BYTES - 1, len(rows), SENDER_BYTES)])
            standing = KNOWN if known < KNOWN_MAX else AGED
        struct.pack_into(SENDER, rows, at, src, counter, min(attempt, 255), standing)
        self.changed = True

    def _age(self) -> None:
        for at in range(SENDER_BYTES - 1, len(self._senders), SENDER_BYTES):
            standing = self._senders[at] + 1
            if standing == LAPSED:
                standing = STALE
            if standing != STALE + 1:
                self._senders[at] = standing

    def _room(self) -> int | None:
        """Find a place for a newcomer: an empty row, or of one who had a day and said nothing later."""
        at = place(self._senders, bytes(4), SENDER_BYTES)
        for _ in range(SENDERS):
            if at is not None:
                break
            self._next_sender = (self._next_sender + 1) % SENDERS
            if self._senders[self._next_sender * SENDER_BYTES + SENDER_BYTES - 1] == STALE:
                at = self._next_sender * SENDER_BYTES
        return at

    def row(self, src: int) -> tuple[int | None, int, int, int]:
        """(where, highest counter, highest attempt under it, standing); (None, 0, 0, 0) of whom it knows
        nothing."""
        at = place(self._senders, struct.pack("<I", src), SENDER_BYTES)
        if at is None:
            return None, 0, 0, 0
        return (at,) + struct.unpack_from("<IBB", self._senders, at + 4)

    def _find(self, src: int, proved: bool, content: int) -> int | None:
        return place(self._rows, struct.pack("<II", src, _marked(content, proved)), ROW_BYTES)


def _marked(content: int, proved: bool) -> int:
    """Hash the content, the proof as its lowest bit: in the sender's number, his choice, it was none."""
    return content | 1 if proved else content & ~1


def place(rows: "bytes | bytearray", key: bytes, row_bytes: int) -> int | None:
    """Return the offset of the row that begins with this key, or None."""
    at = rows.find(key)
    while at >= 0:
        if at % row_bytes == 0:
            return at
        at = rows.find(key, at + 1)
    return None
