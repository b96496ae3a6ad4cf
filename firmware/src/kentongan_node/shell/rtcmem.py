"""RTC memory: 2 KB behind a CRC that survive sleep and every reset but a lost supply. Pure bytes.

The fast copy of the files whose loss matters most between a press and the flash; the clock over a deep sleep;
how often the program failed in a row; the key that a boot began with. A foreign or torn content is an empty
one.
"""

import binascii
import struct

from kentongan_wire.base.shapes import TYPE_CHECKING

if TYPE_CHECKING:
    from kentongan_wire.base.shapes import Bytes

    from kentongan_node.base.actions import State

LIMIT_BYTES = 2_000  # the chip has 2048
FIRST = ("seq", "seq2", "incident", "silent")  # written here first, then to flash
# The others are here only while the flash takes no write, as far as there is room, in the order of their
# worth.
FILES = FIRST + ("boots", "air", "hops", "siren", "guard", "config")
_MAGIC = b"KTR1"
_HEAD = "<4sIQIBBBB"  # magic, node, clock ms, chip's clock s, faults, pressed, tries, flags
_HEAD_BYTES = struct.calcsize(_HEAD)
_ARMED, _WORN, _FAILING, _STALE = 1, 2, 4, 8
PRESSED = ("", "main", "silent", "lid", "uji")


class Memory:
    """`files`: {name: bytes} of FILES; `pressed`: the key of a boot that has not reached the core yet."""

    def __init__(self) -> None:
        self.node = 0
        self.clock_ms = 0  # our clock at the start of a deep sleep
        self.chip_s = 0  # and the chip's
        self.faults = 0  # starts in a row that ended in a fault
        self.pressed = ""
        self.tries = 0  # boots that began with it
        self.armed = False  # asleep with the main key held: its release wakes
        self.worn = False  # asleep with a key down, or with contacts that disagree
        self.failing = False  # the flash took no write
        self.stale = False  # last counters were heard that are neither on flash nor here
        self.dark = False  # of this start: nothing was here of this node; not kept
        self.files: State = {}

    def belongs_to(self, node: int) -> bool:
        """Tell whether the files are this node's: those of another identity, or none, are left out. A board
        that was provisioned anew starts without them, and so does one whose supply was lost.
        """
        if self.node == node:
            return True
        self.node, self.files = node, {}
        self.failing = self.stale = False
        return False

    def dump(self) -> bytes:
        kept, size = [], _HEAD_BYTES
        for i in range(len(FILES)):
            content = self.files.get(FILES[i])
            if content is not None and size + len(content) + 7 <= LIMIT_BYTES:
                kept.append(struct.pack("<BH", i, len(content)) + content)
                size += len(kept[-1])
            elif content is not None and FILES[i] == "guard":
                self.stale = True
        flags = (
            (_ARMED if self.armed else 0)
            | (_WORN if self.worn else 0)
            | (_FAILING if self.failing else 0)
            | (_STALE if self.stale else 0)
        )
        head = struct.pack(
            _HEAD,
            _MAGIC,
            self.node,
            self.clock_ms,
            self.chip_s & 0xFFFFFFFF,
            min(self.faults, 255),
            PRESSED.index(self.pressed),
            min(self.tries, 255),
            flags,
        )
        data = head + b"".join(kept)
        return data + struct.pack("<I", binascii.crc32(data) & 0xFFFFFFFF)


def load(data: "Bytes") -> Memory:
    """Return the Memory of a dump; an empty one when it is not whole."""
    data = bytes(data)
    it = Memory()
    if len(data) < _HEAD_BYTES + 4 or data[:4] != _MAGIC:
        return it
    if struct.unpack("<I", data[-4:])[0] != binascii.crc32(data[:-4]) & 0xFFFFFFFF:
        return it
    values = struct.unpack(_HEAD, data[:_HEAD_BYTES])
    it.node, it.clock_ms, it.chip_s, it.faults = values[1:5]
    it.pressed = PRESSED[values[5]] if values[5] < len(PRESSED) else ""
    it.tries, it.armed, it.worn = values[6], bool(values[7] & _ARMED), bool(values[7] & _WORN)
    it.failing, it.stale = bool(values[7] & _FAILING), bool(values[7] & _STALE)
    at = _HEAD_BYTES
    while at + 3 <= len(data) - 4:
        which, size = struct.unpack("<BH", data[at : at + 3])
        at += 3
        if which < len(FILES):
            it.files[FILES[which]] = data[at : at + size]
        at += size
    return it
