"""Last counters: which verified messages are new, which repeat, which are refused (wire-format 4)."""

import struct

from kentongan_wire.base import codes
from kentongan_wire.base.crypto import equal, sha256
from kentongan_wire.base.errors import LocalError, RemoteError
from kentongan_wire.base.shapes import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container

    from kentongan_wire.message.verify import Message

    Sender = int | tuple[int, int, int, bytes]  # a number, or a gateway's whole name of one message

NEW, REPEAT = 1, 2
GUARD_SENDERS = 512  # entries kept, about 60 bytes each on a device
WINDOW = 64  # RECEIPTS counters remembered below the highest
REPLY_GAP_MS = 2_000  # a repeat is answered at most this often, on the default preset
REPLY_TIMES = 30  # and at most so many times
REPLY_ENTRIES = 64  # repeated messages whose answers are counted at a time

_ALL_TYPES = 0  # a tombol's one counter for whatever it sends
_ANY_CONTENT = 0  # the counter is known from a table, its content is not
_MAGIC = b"KG1"
_HEAD_BYTES = 5  # magic, count u16
_CHECK_BYTES = 4
_KEY, _KEY_BYTES = "<IB", 5  # src u32, sort u8 = generation << 4 | type
_ROW, _ROW_BYTES = "<IBIQI", 21  # key, counter, content or window, when heard
_FULL_WINDOW = (1 << WINDOW) - 1
# Forgetting one of these lets an old frame act again, so they go last when room is needed.
_ACTING = (_ALL_TYPES, codes.ALARM)
# Made by a gateway for this node alone, under a key that no other device holds: they have their own places.
_CONTROL = (codes.SIREN_ORDER, codes.CONFIG, codes.PAGE)
CONTROL_ROWS = 48  # seven gateways, three types, two generations, and some


class Guard:
    """Last counter per (sender, generation) of a tombol, per (sender, generation, type) of the others.

    Give it verified messages only, and of CONFIG, PAGE and SIREN_ORDER only those addressed to this node.
    RECEIPTS have a window of 64 counters; older ones read as REPEAT and are counted in `.old_receipts`.

    Bounded: when `limit` entries are full, the one heard longest ago is dropped and `.evicted` counts it;
    entries of RECEIPTS go before those of STATUS, SIREN_REPORT and EVENT, and these before those of
    alarms. Entries of SIREN_ORDER, CONFIG and PAGE have `.reserved` places that nothing else can push
    them out of. A frame recorded from a dropped sender would read as new once, so a node that sees
    `.evicted` rise must say so; the other choice, refusing a sender not heard before, would lose a real
    alarm. A gateway chooses a limit above its site's size; on a device 256 is plenty, for all of them are
    in memory from the start: 21 bytes each, in one piece that never moves or grows, so that the heap of a
    small board lasts for years.
    """

    def __init__(self, limit: int = GUARD_SENDERS):
        self.limit = limit
        self.reserved = min(CONTROL_ROWS, limit // 2)
        self.evicted = 0
        self.old_receipts = 0
        # The file as it is written: head, rows, check behind the last row. Rows are rewritten in place.
        self._image = bytearray(_HEAD_BYTES + limit * _ROW_BYTES + _CHECK_BYTES)
        self._count = 0
        self._heard = 0

    def check(self, message: "Message") -> int:
        """NEW or REPEAT; RemoteError replay (older) or altered (same counter, other content).

        Changes nothing but the count of old receipts: accept() records.
        """
        last, content = self._find(_key_of(message))
        if message.counter > last:
            return NEW
        if message.type == codes.RECEIPTS:
            age = last - message.counter
            if age >= WINDOW:
                self.old_receipts += 1
                return REPEAT
            return REPEAT if content >> age & 1 else NEW
        if message.counter < last:
            raise RemoteError("replay")
        if content not in (_ANY_CONTENT, _content(message)):
            raise RemoteError("altered")
        return REPEAT

    def accept(self, message: "Message") -> None:
        """Record a message that check() let pass; an older one never lowers what is known."""
        key = _key_of(message)
        last, known = self._find(key)
        counter, content = message.counter, _content(message)
        if message.type == codes.RECEIPTS:
            ahead = counter - last
            if ahead <= 0:
                counter, content = last, (known | 1 << -ahead) & _FULL_WINDOW
            else:
                content = (known << ahead if ahead < WINDOW else 0) & _FULL_WINDOW | 1
        elif counter < last:
            counter, content = last, known
        self._put(key, counter, content)

    def last(self, src: int, generation: int, type: int) -> int | None:
        """Return the last counter accepted from a sender, or None; a tombol has one for every type."""
        for sort in (generation << 4 | _ALL_TYPES, generation << 4 | type):
            counter = self._find(struct.pack(_KEY, src, sort))[0]
            if counter:
                return counter
        return None

    def raise_to(self, src: int, generation: int, type: int, counter: int) -> None:
        """Take over a counter from a counter table (type 0 for a tombol); it only ever goes up."""
        if not (0 < counter <= 0xFFFFFFFF and 0 <= generation <= 15 and (type == 0 or type in codes.SENDERS)):
            raise LocalError(
                "Guard.raise_to: counter {}, generation {}, type {}: outside the table".format(
                    counter, generation, type
                )
            )
        key = struct.pack(_KEY, src, generation << 4 | type)
        if counter > self._find(key)[0]:
            self._put(key, counter, _FULL_WINDOW if type == codes.RECEIPTS else _ANY_CONTENT)

    def rows(self) -> list[tuple[int, int, int, int]]:
        """[(src, generation, type, last counter)] as a counter table has them; type 0 is a tombol's."""
        out = []
        for row in range(self._count):
            src, sort, counter = self._row(row)[:3]
            out.append((src, sort >> 4, sort & 15, counter))
        return out

    def forget(self, src: int) -> None:
        """Drop every entry of a sender, once its number is revoked: numbers are never used again."""
        for row in range(self._count - 1, -1, -1):
            if self._row(row)[0] == src:
                self._drop(row)

    def keep(self, generations: "Container[int]") -> None:
        """Drop the entries of generations that are no longer accepted, after a rotation is over."""
        for row in range(self._count - 1, -1, -1):
            if self._row(row)[1] >> 4 not in generations:
                self._drop(row)

    def image(self) -> memoryview:
        """All entries: magic, count u16, 21 bytes each, check 4. A view: it changes with the next message.

        The form that a device writes: on its heap there is no room in one piece for a copy.
        """
        end = self._end()
        struct.pack_into("<3sH", self._image, 0, _MAGIC, self._count)
        view = memoryview(self._image)
        view[end : end + _CHECK_BYTES] = sha256(view[:end])[:_CHECK_BYTES]
        return view[: end + _CHECK_BYTES]

    def dump(self) -> bytes:
        """Return a copy of image()."""
        return bytes(self.image())

    def load(self, data: bytes | bytearray) -> None:
        """Replace everything by a dump; RemoteError length, nothing changed, when it is not whole."""
        end = len(data) - _CHECK_BYTES
        if end < _HEAD_BYTES or not equal(sha256(memoryview(data)[:end])[:_CHECK_BYTES], data[end:]):
            raise RemoteError("length")
        magic, count = struct.unpack_from("<3sH", data)
        if magic != _MAGIC or count > self.limit or end != _HEAD_BYTES + count * _ROW_BYTES:
            raise RemoteError("length")
        heard = 0
        for row in range(count):
            at = _HEAD_BYTES + row * _ROW_BYTES
            src, sort, counter, content, when = struct.unpack_from(_ROW, data, at)
            type, good = sort & 15, content & 1 if _is_window(sort) else content >> 32 == 0
            if not counter or not good or (type != _ALL_TYPES and type not in codes.SENDERS):
                raise RemoteError("length")
            if _place(data, data[at : at + _KEY_BYTES], at) is not None:
                raise RemoteError("length")  # the same sender twice
            heard = max(heard, when)
        self._image[:end] = memoryview(data)[:end]
        self._count, self._heard = count, heard

    def _end(self) -> int:
        return _HEAD_BYTES + self._count * _ROW_BYTES

    def _row(self, row: int) -> tuple[int, int, int, int, int]:
        return struct.unpack_from(_ROW, self._image, _HEAD_BYTES + row * _ROW_BYTES)

    def _worth(self, row: int) -> tuple[bool, bool, int]:
        """Rows with the least worth go first: those that cannot act, then those unheard for longest.

        First of all RECEIPTS: under A, a stolen post makes any number of them, of senders that do not exist.
        """
        values = self._row(row)
        type = values[1] & 15
        return type != codes.RECEIPTS, type in _ACTING, values[4]

    def _find(self, key: bytes) -> tuple[int, int]:
        """(last counter, content or window) of a key; (0, 0) when it was never heard."""
        at = _place(self._image, key, self._end())
        return struct.unpack_from(_ROW, self._image, at)[2:4] if at is not None else (0, 0)

    def _put(self, key: bytes, counter: int, content: int) -> None:
        at = _place(self._image, key, self._end())
        if at is None:
            self._make_room(key)
            at = self._end()
            self._count += 1
        self._heard += 1
        src, sort = struct.unpack(_KEY, key)
        struct.pack_into(_ROW, self._image, at, src, sort, counter, content, self._heard)

    def _make_room(self, key: bytes) -> None:
        """Drop an entry when there is no place for this new key."""
        control = _is_control(struct.unpack(_KEY, key)[1])
        others = [row for row in range(self._count) if not _is_control(self._row(row)[1])]
        if self._count < self.limit and (control or len(others) < self.limit - self.reserved):
            return
        self._drop(min(others or range(self._count), key=self._worth))
        self.evicted += 1

    def _drop(self, row: int) -> None:
        """Remove an entry; the last row moves into its place."""
        self._count -= 1
        at, last = _HEAD_BYTES + row * _ROW_BYTES, self._end()
        self._image[at : at + _ROW_BYTES] = self._image[last : last + _ROW_BYTES]


def _place(image: bytes | bytearray, key: bytes | bytearray, end: int) -> int | None:
    """Return the offset of a key's row among those before `end`, or None."""
    at = image.find(key, _HEAD_BYTES, end)
    while at >= 0:
        if (at - _HEAD_BYTES) % _ROW_BYTES == 0:
            return at
        at = image.find(key, at + 1, end)
    return None


def _is_control(sort: int) -> bool:
    return sort & 15 in _CONTROL


def _is_window(sort: int) -> bool:
    return sort & 15 == codes.RECEIPTS


def _key_of(message: "Message") -> bytes:
    type = _ALL_TYPES if message.role == codes.TOMBOL else message.type
    return struct.pack(_KEY, message.src, message.generation << 4 | type)


def _content(message: "Message") -> int:
    return struct.unpack("<I", message.digest)[0] or 1  # 0 stands for any content


class ReplyBudget:
    """Limit on answers to a repeated message: at most one in 2 s, and 30 in all.

    pace: of the preset, phy.pace_percent: where frames are longer the 2 s are, too.

    Bounded: when full, the message answered longest ago is forgotten (its repeats would be counted afresh).
    """

    def __init__(self, limit: int = REPLY_ENTRIES, pace: int = 100):
        self.limit = limit
        self._gap_ms = REPLY_GAP_MS * pace // 100
        self._answers: dict[tuple[Sender, int], tuple[int, int]] = {}  # (src, counter) -> (times, last at ms)

    def allow(self, src: "Sender", counter: int, now_ms: int, most: int = REPLY_TIMES) -> bool:
        """Return True when the message may be answered now, `most` times in all; that answer is counted."""
        times, last_ms = self._answers.get((src, counter), (0, now_ms - self._gap_ms))
        if times >= most or now_ms - last_ms < self._gap_ms:
            return False
        if times == 0 and len(self._answers) >= self.limit:
            del self._answers[min(self._answers.items(), key=_answered)[0]]
        self._answers[(src, counter)] = (times + 1, now_ms)
        return True

    def times(self, src: "Sender", counter: int) -> int:
        """Return the number of answers given."""
        return self._answers.get((src, counter), (0, 0))[0]

    def unsaid(self, src: "Sender", counter: int) -> None:
        """Take back an answer that was counted and never went out; the next still waits for its 2 s."""
        times, last_ms = self._answers.get((src, counter), (0, 0))
        if times:
            self._answers[(src, counter)] = (times - 1, last_ms)


def _answered(item: "tuple[tuple[Sender, int], tuple[int, int]]") -> "tuple[int, tuple[Sender, int]]":
    return item[1][1], item[0]
