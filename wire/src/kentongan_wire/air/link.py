"""The modem link: COBS frames with a CRC between a host and its radio (wire-format 5). No keys, no waiting.

On the line: 0x00, COBS(type u8 | seq u16 | fixed fields | tail | crc u16), 0x00; all little-endian.
The leading 0x00 costs a byte and saves the frame that follows a torn one.
"""

import binascii
import struct

from kentongan_wire.base.errors import LocalError
from kentongan_wire.base.shapes import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any

    from kentongan_wire.base.shapes import Bytes

crc_hqx = getattr(binascii, "crc_hqx", None)  # the same CRC in C; MicroPython has none

LINK_VERSION = 1
BAUD = 115_200
RING_BYTES = 259  # of the host's that a modem keeps between two looks: MicroPython's stdin_ringbuf
BUFFER_LIMIT = 1024  # bytes kept between two delimiters; the longest frame of ours takes 273
PRESET_LIMIT = 16  # bytes of a preset's name
TEXT_LIMIT = 120  # bytes of a log line
FRAME_LIMIT = 255  # bytes of a LoRa frame
COBS_BLOCK = 254  # most bytes without a zero behind one code byte
NOT_BEFORE_LIMIT_MS = 60_000  # the host plans anything later itself

# host -> modem
Configure = NamedTuple(
    "Configure",
    (
        ("node", int),
        ("preset", str),
        ("freq_hz", int),
        ("conducted_dbm", int),
        ("gain_dbi", int),
        ("loss_db", int),
    ),
)
# not_before_ms counts from the arrival at the modem, so that a modem that restarted cannot hold a frame back
Transmit = NamedTuple(
    "Transmit", (("frame", bytes), ("klass", int), ("not_before_ms", int), ("flags", int), ("snr_q", int))
)
# forget a frame that waits; answered Ack whether it waited or not
Drop = NamedTuple("Drop", (("src", int), ("id", int)))
StatusAsk = NamedTuple("StatusAsk", ())
# modem -> host
# node 0: not configured since its start
Hello = NamedTuple("Hello", (("version", int), ("role", int), ("node", int)))
# at_ms: modem's clock, modulo 2^32
Received = NamedTuple("Received", (("frame", bytes), ("rssi", int), ("snr_q", int), ("at_ms", int)))
Transmitted = NamedTuple("Transmitted", (("src", int), ("id", int), ("airtime_ms", int)))
# accepted before, and never sent after all
Refused = NamedTuple("Refused", (("src", int), ("id", int), ("reason", int)))
ModemStatus = NamedTuple(
    "ModemStatus",
    (("air_used_ms", int), ("queued", int), ("dropped", int), ("uptime_s", int), ("faults", int)),
)
LogLine = NamedTuple("LogLine", (("text", str),))
Ack = NamedTuple("Ack", (("seq", int),))  # seq of the host message that it answers
Nack = NamedTuple("Nack", (("seq", int), ("reason", int)))

FLAG_FIRST = 1  # Transmit.flags: first frame of an alarm, no back-off
FAULT_JAMMED, FAULT_FLASH = 1, 2  # ModemStatus.faults: others hold the channel; its flash takes no write
FLAG_RELAY = 2  # Transmit.flags: a relay copy, pending until another relay is overheard

# reasons of Refused and Nack
REASON_FRAME = 1  # no LoRa frame that could be sent
REASON_SETTINGS = 2  # Configure outside band, power or known presets
REASON_NOT_READY = 3  # Transmit before Configure
REASON_FULL = 4  # queue of that class is full
REASON_AIR = 5  # the hour's air is spent
REASON_DROPPED = 6  # by Drop, or another relay of it was overheard
REASON_RADIO = 7  # the radio did not finish
REASON_UNKNOWN = 8  # a message that this modem does not take
REASON_NAMES = {
    REASON_FRAME: "frame",
    REASON_SETTINGS: "settings",
    REASON_NOT_READY: "not_ready",
    REASON_FULL: "full",
    REASON_AIR: "air",
    REASON_DROPPED: "dropped",
    REASON_RADIO: "radio",
    REASON_UNKNOWN: "unknown",
}

# type code, message, fixed fields with their struct letters, tail (name, most bytes) or None
LAYOUTS = (
    (
        1,
        Configure,
        (("node", "I"), ("freq_hz", "I"), ("conducted_dbm", "b"), ("gain_dbi", "b"), ("loss_db", "b")),
        ("preset", PRESET_LIMIT),
    ),
    (
        2,
        Transmit,
        (("klass", "B"), ("not_before_ms", "H"), ("flags", "B"), ("snr_q", "b")),
        ("frame", FRAME_LIMIT),
    ),
    (3, Drop, (("src", "I"), ("id", "I")), None),
    (4, StatusAsk, (), None),
    (64, Hello, (("version", "B"), ("role", "B"), ("node", "I")), None),
    (65, Received, (("rssi", "h"), ("snr_q", "b"), ("at_ms", "I")), ("frame", FRAME_LIMIT)),
    (66, Transmitted, (("src", "I"), ("id", "I"), ("airtime_ms", "H")), None),
    (67, Refused, (("src", "I"), ("id", "I"), ("reason", "B")), None),
    (
        68,
        ModemStatus,
        (("air_used_ms", "I"), ("queued", "B"), ("dropped", "H"), ("uptime_s", "I"), ("faults", "B")),
        None,
    ),
    (69, LogLine, (), ("text", TEXT_LIMIT)),
    (70, Ack, (("seq", "H"),), None),
    (71, Nack, (("seq", "H"), ("reason", "B")), None),
)
RANGES = {"B": (0, 0xFF), "b": (-0x80, 0x7F), "H": (0, 0xFFFF), "h": (-0x8000, 0x7FFF), "I": (0, 0xFFFFFFFF)}
TEXT_TAILS = ("preset", "text")
FIRST_MODEM_TYPE = 64  # below: host -> modem
ERRORS = ("cobs", "crc", "short", "long", "type", "length", "text")  # every key of Decoder.errors
TEXT = b"\t\n\r\x1b"  # of a chip's own lines, beside what can be printed


def crc16(data: "Bytes") -> int:
    """CRC-16/CCITT, init 0xFFFF, no reflection: crc16(b"123456789") == 0x29B1."""
    if crc_hqx:
        return crc_hqx(data, 0xFFFF)
    crc = 0xFFFF
    for byte in data:
        x = (crc >> 8) ^ byte
        x ^= x >> 4
        crc = ((crc << 8) ^ (x << 12) ^ (x << 5) ^ x) & 0xFFFF
    return crc


def cobs_encode(data: "Bytes") -> bytes:
    """Return the same bytes without any 0x00, one longer per started 254; no delimiter."""
    out = bytearray()
    for block in bytes(data).split(b"\0"):
        while len(block) >= COBS_BLOCK:
            out.append(COBS_BLOCK + 1)
            out.extend(block[:COBS_BLOCK])
            block = block[COBS_BLOCK:]
        out.append(len(block) + 1)
        out.extend(block)
    return bytes(out)


def cobs_decode(data: bytes | bytearray) -> bytes | None:
    """Return the bytes that cobs_encode was given, or None when no encoder made this (never raises)."""
    length = len(data)
    if not length or data.find(b"\0") >= 0:
        return None
    out = bytearray()
    at = 0
    while at < length:
        code = data[at]
        end = at + code
        if end > length:
            return None
        out.extend(data[at + 1 : end])
        at = end
        if code < 255 and at < length:
            out.append(0)
    return bytes(out)


def _ascii(raw: bytes | list[int]) -> str:
    """Text of printable ASCII; anything else becomes a question mark."""
    return "".join([chr(byte) if 32 <= byte < 127 else "?" for byte in raw])


def _rows() -> "list[tuple[Any, ...]]":
    """LAYOUTS for reading and writing: code, message, struct of the whole head, names, ranges, tail."""
    rows = []
    for code, kind, fields, tail in LAYOUTS:
        head = "<BH" + "".join([letter for _, letter in fields])
        names = tuple([name for name, _ in fields])
        rows.append((code, kind, head, names, tuple([RANGES[letter] for _, letter in fields]), tail))
    return rows


_BY_CODE = {row[0]: row for row in _rows()}
_BY_KIND = {row[1]: row for row in _BY_CODE.values()}


def _tail_bytes(name: str, limit: int, value: "Any") -> bytes:
    if name in TEXT_TAILS:
        if type(value) is not str:
            raise LocalError("link: {} is a string".format(name))
        value = _ascii([min(ord(char), 127) for char in value]).encode()
        return value[:limit]
    if len(value) > limit:
        raise LocalError("link: {} has {} bytes, at most {} fit".format(name, len(value), limit))
    return bytes(value)


def encode(seq: int, message: "tuple[Any, ...]") -> bytes:
    """Return the bytes for the line, delimiters included; LocalError when a value does not fit its field."""
    if not 0 <= seq <= 0xFFFF:
        raise LocalError("link: seq {} is no u16".format(seq))
    row = _BY_KIND.get(type(message))
    if row is None:
        raise LocalError("link: {} is no link message".format(type(message)))
    code, _, head, names, ranges, tail = row
    values = []
    for i in range(len(names)):
        value = getattr(message, names[i])
        low, high = ranges[i]
        if type(value) not in (int, bool) or not low <= value <= high:
            raise LocalError("link: {} {!r} is outside {}..{}".format(names[i], value, low, high))
        values.append(value)
    raw = struct.pack(head, code, seq, *values)
    if tail:
        raw += _tail_bytes(tail[0], tail[1], getattr(message, tail[0]))
    return b"\0" + cobs_encode(raw + struct.pack("<H", crc16(raw))) + b"\0"


def decode(encoded: bytes | bytearray) -> "tuple[int, Any] | str":
    """(seq, message) of the bytes between two delimiters, or the name in ERRORS of what is wrong."""
    found = _decode(encoded)
    return "text" if isinstance(found, str) and _is_text(encoded) else found


def _is_text(data: bytes | bytearray) -> bool:
    """Tell whether these are whole lines, which the chip's software writes by itself."""
    return data.find(b"\n") >= 0 and all(32 <= byte < 127 or byte in TEXT for byte in data)


def _decode(encoded: bytes | bytearray) -> "tuple[int, Any] | str":
    raw = cobs_decode(encoded)
    if raw is None:
        return "cobs"
    if len(raw) < 5:
        return "short"
    if crc16(raw[:-2]) != raw[-2] | raw[-1] << 8:
        return "crc"
    row = _BY_CODE.get(raw[0])
    if row is None:
        return "type"
    _, kind, head, names, _, tail = row
    end = struct.calcsize(head)
    rest = len(raw) - 2 - end
    if rest < 0 or rest > (tail[1] if tail else 0):
        return "length"
    read = struct.unpack(head, raw[:end])
    values = dict(zip(names, read[2:]))  # noqa: B905 - a MicroPython zip knows no strict
    if tail:
        values[tail[0]] = _ascii(raw[end:-2]) if tail[0] in TEXT_TAILS else bytes(raw[end:-2])
    return read[1], kind(**values)


class Decoder:
    """Bytes in, messages out; never raises, holds at most BUFFER_LIMIT bytes, counts what it refused."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._skipping = False  # the frame under way is too long: wait for its end
        self.errors = {}
        for name in ERRORS:
            self.errors[name] = 0

    def feed(self, data: "Bytes") -> "list[tuple[int, Any]]":
        """List of (seq, message) that these bytes completed, in order."""
        out: list[tuple[int, Any]] = []
        data = bytes(data)
        start = 0
        while start < len(data):
            end = data.find(b"\0", start)
            stop = len(data) if end < 0 else end
            self._keep(data[start:stop])
            if end < 0:
                break
            self._complete(out)
            start = end + 1
        return out

    def _keep(self, piece: bytes) -> None:
        if self._skipping:
            return
        if len(self._buffer) + len(piece) > BUFFER_LIMIT:
            self.errors["long"] += 1
            self._skipping = True
            self._buffer = bytearray()
            return
        self._buffer.extend(piece)

    def _complete(self, out: "list[tuple[int, Any]]") -> None:
        encoded = self._buffer
        skipped = self._skipping
        self._buffer = bytearray()
        self._skipping = False
        if skipped or not encoded:
            return
        found = decode(encoded)
        if isinstance(found, str):
            self.errors[found] += 1
        else:
            out.append(found)
