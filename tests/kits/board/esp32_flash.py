"""Operations on the flash, counted under the real littlefs as the ESP32 port mounts it. MicroPython only.

Each call that littlefs makes of its block device is one of the chip, with both caches off while it lasts.
Sources: README.md beside this file.
"""

import vfs
from kits.board.esp32_chip import BLOCK_BYTES, LOOKAHEAD_BYTES, PROGRAM_BYTES, READ_BYTES


class Flash:
    """NOR flash in RAM, which counts: `reads`, `read_bytes`, `programs`, `program_bytes`, `erases`."""

    def __init__(self, blocks=128):
        self._blocks = blocks
        self._data = bytearray(b"\xff" * (blocks * BLOCK_BYTES))
        self._view = memoryview(self._data)
        self.clear()

    def clear(self):
        self.reads = self.read_bytes = self.programs = self.program_bytes = self.erases = 0

    def counts(self):
        return {
            "reads": self.reads,
            "read_bytes": self.read_bytes,
            "programs": self.programs,
            "program_bytes": self.program_bytes,
            "erases": self.erases,
        }

    def readblocks(self, block, buf, offset=0):
        at = block * BLOCK_BYTES + offset
        buf[:] = self._view[at : at + len(buf)]
        self.reads += 1
        self.read_bytes += len(buf)

    def writeblocks(self, block, buf, offset=0):
        at = block * BLOCK_BYTES + offset
        for i in range(len(buf)):
            self._data[at + i] &= buf[i]
        self.programs += 1
        self.program_bytes += len(buf)

    def ioctl(self, op, argument):
        if op == 4:
            return self._blocks
        if op == 5:
            return BLOCK_BYTES
        if op == 6:
            at = argument * BLOCK_BYTES
            self._data[at : at + BLOCK_BYTES] = b"\xff" * BLOCK_BYTES
            self.erases += 1
        return 0

    def mount(self, path):
        """As _boot.py does: formatted when it is empty."""
        how = {"readsize": READ_BYTES, "progsize": PROGRAM_BYTES, "lookahead": LOOKAHEAD_BYTES}
        if self._data[:BLOCK_BYTES] == b"\xff" * BLOCK_BYTES:
            vfs.VfsLfs2.mkfs(self, **how)
        vfs.mount(vfs.VfsLfs2(self, **how), path)

    @staticmethod
    def umount(path):
        vfs.umount(path)
