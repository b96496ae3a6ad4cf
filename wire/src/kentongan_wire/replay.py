"""Last counters: which verified messages are new, which repeat, which are refused (wire-format 4)."""
import struct

from kentongan_wire import codes
from kentongan_wire.crypto import equal, sha256
from kentongan_wire.errors import LocalError, RemoteError

NEW, REPEAT = 1, 2
GUARD_SENDERS = 512  # entries kept, about 90 bytes each on a device
WINDOW = 64  # RECEIPTS counters remembered below the highest
REPLY_GAP_MS = 2_000  # a repeat is answered at most this often
REPLY_TIMES = 30  # and at most so many times
REPLY_ENTRIES = 64  # repeated messages whose answers are counted at a time

_ALL_TYPES = 0  # a tombol's one counter for whatever it sends
_ANY_CONTENT = 0  # the counter is known from a table, its content is not
_MAGIC = b"KG1"
_RECORD, _RECORD_BYTES, _WINDOW_BYTES = "<IBI", 9, 8
_FULL_WINDOW = (1 << WINDOW) - 1
# Forgetting one of these lets an old frame act again, so they go last when room is needed.
_ACTING = (_ALL_TYPES, codes.ALARM, codes.SIREN_ORDER, codes.CONFIG, codes.PAGE)


class Guard:
    """Last counter per (sender, generation) of a tombol, per (sender, generation, type) of the others.

    Give it verified messages only, and of CONFIG, PAGE and SIREN_ORDER only those addressed to this node.
    RECEIPTS have a window of 64 counters; older ones read as REPEAT and are counted in `.old_receipts`.

    Bounded: when `limit` entries are full, the one heard longest ago is dropped and `.evicted` counts it;
    entries of STATUS, SIREN_REPORT, EVENT and RECEIPTS go before those that can make something act. A frame
    recorded from a dropped sender would read as new once, so a node that sees `.evicted` rise must say so;
    the other choice, refusing a sender not heard before, would lose a real alarm. Choose a limit above
    the site's size where memory allows it.
    """

    def __init__(self, limit: int = GUARD_SENDERS):
        self.limit = limit
        self.evicted = 0
        self.old_receipts = 0
        self._entries = {}  # (src, generation << 4 | type) -> (counter, content or window, when heard)
        self._heard = 0

    def check(self, message) -> int:
        """NEW or REPEAT; RemoteError replay (older) or altered (same counter, other content).

        Changes nothing but the count of old receipts: accept() records.
        """
        entry = self._entries.get(_key_of(message))
        if entry is None or message.counter > entry[0]:
            return NEW
        if message.type == codes.RECEIPTS:
            age = entry[0] - message.counter
            if age >= WINDOW:
                self.old_receipts += 1
                return REPEAT
            return REPEAT if entry[1] >> age & 1 else NEW
        if message.counter < entry[0]:
            raise RemoteError("replay")
        if entry[1] not in (_ANY_CONTENT, _content(message)):
            raise RemoteError("altered")
        return REPEAT

    def accept(self, message) -> None:
        """Record a message that check() let pass; an older one never lowers what is known."""
        key = _key_of(message)
        entry = self._entries.get(key)
        counter, content = message.counter, _content(message)
        if message.type == codes.RECEIPTS:
            content = 1
            if entry is not None:
                age = entry[0] - counter
                if age > 0:
                    counter = entry[0]
                    content = (entry[1] | 1 << age) & _FULL_WINDOW
                else:
                    content = (entry[1] << -age if -age < WINDOW else 0) & _FULL_WINDOW | 1
        elif entry is not None and counter < entry[0]:
            counter, content = entry[0], entry[1]
        self._put(key, counter, content)

    def last(self, src: int, generation: int, type: int):
        """The highest counter accepted from a sender, or None; for a tombol every type has the same."""
        entry = self._entries.get((src, generation << 4)) or self._entries.get((src, generation << 4 | type))
        return entry[0] if entry else None

    def raise_to(self, src: int, generation: int, type: int, counter: int) -> None:
        """Take over a counter from a counter table (type 0 for a tombol); it only ever goes up."""
        if not (0 < counter <= 0xFFFFFFFF and 0 <= generation <= 15 and (type == 0 or type in codes.SENDERS)):
            raise LocalError("Guard.raise_to: counter {}, generation {}, type {}: outside the table".format(
                counter, generation, type))
        entry = self._entries.get((src, generation << 4 | type))
        if entry is None or entry[0] < counter:
            content = _FULL_WINDOW if type == codes.RECEIPTS else _ANY_CONTENT
            self._put((src, generation << 4 | type), counter, content)

    def forget(self, src: int) -> None:
        """Drop every entry of a sender, once its number is revoked: numbers are never used again."""
        for key in [k for k in self._entries if k[0] == src]:
            del self._entries[key]

    def keep(self, generations) -> None:
        """Drop the entries of generations that are no longer accepted, after a rotation is over."""
        for key in [k for k in self._entries if k[1] >> 4 not in generations]:
            del self._entries[key]

    def dump(self) -> bytes:
        """All entries, the longest unheard first: magic, count u16, 13 bytes each (17 a window), check 4."""
        parts = [_MAGIC, struct.pack("<H", len(self._entries))]
        for key, entry in sorted(self._entries.items(), key=_heard):
            parts.append(struct.pack(_RECORD, key[0], key[1], entry[0]))
            parts.append(struct.pack("<Q" if key[1] & 15 == codes.RECEIPTS else "<I", entry[1]))
        data = b"".join(parts)
        return data + sha256(data)[:4]

    def load(self, data: bytes) -> None:
        """Replace everything by a dump; RemoteError length, nothing changed, when it is not whole."""
        data = bytes(data)
        end = len(data) - 4
        if end < 5 or data[:3] != _MAGIC or not equal(sha256(data[:end])[:4], data[end:]):
            raise RemoteError("length")
        records = _read_records(data, end)
        if len(records) != struct.unpack_from("<H", data, 3)[0] or len(records) > self.limit:
            raise RemoteError("length")
        self._entries = {}
        for key, counter, content in records:
            self._put(key, counter, content)

    def _put(self, key, counter, content):
        if key not in self._entries and len(self._entries) >= self.limit:
            oldest = min(self._entries.items(), key=_worth)
            del self._entries[oldest[0]]
            self.evicted += 1
        self._heard += 1
        self._entries[key] = (counter, content, self._heard)


def _key_of(message):
    type = _ALL_TYPES if message.role == codes.TOMBOL else message.type
    return message.src, message.generation << 4 | type


def _content(message):
    return struct.unpack("<I", message.digest)[0] or 1  # 0 stands for any content


def _heard(item):
    return item[1][2]


def _worth(item):
    return (item[0][1] & 15) in _ACTING, item[1][2]


def _read_records(data, end):
    """[(key, counter, content)] up to `end`; RemoteError length for what dump() never writes."""
    records, known, at = [], set(), 5
    while at < end:
        if end - at < _RECORD_BYTES + 4:
            raise RemoteError("length")
        src, sort, counter = struct.unpack_from(_RECORD, data, at)
        at += _RECORD_BYTES
        window = sort & 15 == codes.RECEIPTS
        if window and end - at < _WINDOW_BYTES:
            raise RemoteError("length")
        content = struct.unpack_from("<Q" if window else "<I", data, at)[0]
        at += _WINDOW_BYTES if window else 4
        type = sort & 15
        if (src, sort) in known or not counter or (type and type not in codes.SENDERS):
            raise RemoteError("length")
        if window and not content & 1:
            raise RemoteError("length")
        known.add((src, sort))
        records.append(((src, sort), counter, content))
    return records


class ReplyBudget:
    """How often a repeated message is answered: at most once per 2 s and 30 times.

    Bounded: when full, the message answered longest ago is forgotten (its repeats would be counted afresh).
    """

    def __init__(self, limit: int = REPLY_ENTRIES):
        self.limit = limit
        self._answers = {}  # (src, counter) -> (times, last at ms)

    def allow(self, src: int, counter: int, now_ms: int) -> bool:
        """True when the message may be answered now; that answer is counted."""
        times, last_ms = self._answers.get((src, counter), (0, now_ms - REPLY_GAP_MS))
        if times >= REPLY_TIMES or now_ms - last_ms < REPLY_GAP_MS:
            return False
        if times == 0 and len(self._answers) >= self.limit:
            del self._answers[min(self._answers.items(), key=_answered)[0]]
        self._answers[(src, counter)] = (times + 1, now_ms)
        return True


def _answered(item):
    return item[1][1], item[0]
