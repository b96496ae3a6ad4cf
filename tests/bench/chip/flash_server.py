"""An emulated board's flash: a block device on a socket (NBD), where writes are counted and some can be torn.

Protocol: https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md, of it what QEMU asks for.
"""

import socket
import struct
import threading

HELLO = b"NBDMAGICIHAVEOPT"
OPTION, OPTION_ANSWER, REQUEST, ANSWER = 0x49484156454F5054, 0x3E889045565A9, 0x25609513, 0x67446698
GO, ACKNOWLEDGED, TOLD, UNKNOWN_OPTION = 7, 1, 3, 0x80000001
IS_EXPORT, BLOCK_SIZES = 0, 3
FLAGS = 1 | 4  # has flags; takes a flush
FIXED, NO_ZEROES = 1, 2
READ, WRITE, LEAVE, FLUSH = 0, 1, 2, 3
SECTOR_BYTES, MAX_BYTES = 4096, 1 << 25  # at once; the least is one byte, since a page program is no sector
INVALID = 22


class FlashServer:
    """`data`: the flash's bytes, a bytearray. `torn(n, flash)` tells what it would be had the supply gone in
    the middle of the n-th write, for each n of `cuts` (from 1).
    """

    def __init__(self, path, data, cuts=(), torn=None):
        self.data, self.writes, self._cuts, self._torn = data, 0, cuts, torn
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(1)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self):
        self._listener.close()

    def _serve(self):
        try:
            line, _ = self._listener.accept()
            with line, line.makefile("rwb") as stream:
                self._greet(stream)
                while self._answer(stream):
                    pass
        except (OSError, struct.error):
            pass  # the emulator is gone

    def _greet(self, stream):
        stream.write(HELLO + struct.pack(">H", FIXED | NO_ZEROES))
        stream.flush()
        stream.read(4)
        option = None
        while option != GO:
            _, option, length = struct.unpack(">QII", stream.read(16))
            stream.read(length)
            if option == GO:
                self._option(stream, option, TOLD, struct.pack(">HQH", IS_EXPORT, len(self.data), FLAGS))
                sizes = struct.pack(">HIII", BLOCK_SIZES, 1, SECTOR_BYTES, MAX_BYTES)
                self._option(stream, option, TOLD, sizes)
            self._option(stream, option, ACKNOWLEDGED if option == GO else UNKNOWN_OPTION)
            stream.flush()

    @staticmethod
    def _option(stream, option, kind, data=b""):
        stream.write(struct.pack(">QIII", OPTION_ANSWER, option, kind, len(data)) + data)

    def _answer(self, stream):
        _, _, kind, handle, at, length = struct.unpack(">IHHQQI", stream.read(28))
        data, error = b"", 0
        if kind == READ:
            data = bytes(self.data[at : at + length])
        elif kind == WRITE:
            self._write(at, stream.read(length))
        elif kind != FLUSH:
            error = INVALID
        stream.write(struct.pack(">IIQ", ANSWER, error, handle) + data)
        stream.flush()
        return kind != LEAVE

    def _write(self, at, data):
        self.writes += 1
        if self.writes in self._cuts:
            half = bytearray(self.data)
            half[at : at + len(data) // 2] = data[: len(data) // 2]
            self._torn(self.writes, half)
        self.data[at : at + len(data)] = data
