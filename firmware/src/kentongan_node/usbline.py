"""The chip's own USB as the line between a modem and its host.

A write to a host that has the port open and does not read waits inside the port (500 ms in MicroPython's
TinyUSB) and is cut off: the radio would be deaf meanwhile. So after one such wait nothing is written until
the host says something, or HOLD_MS have passed. What is lost the host sees by the messages' numbers.
"""
import time

SLOW_MS = 100    # a write into free space takes none
HOLD_MS = 5_000  # the host asks for our status as often
READ_BYTES = 256


class UsbLine:
    """As machine.UART to whoever reads and writes. `poller`: tells whether `source` has a byte."""

    def __init__(self, poller, source, sink):
        self._poller, self._source, self._sink = poller, source, sink
        self._held_ms = None  # ticks of the write that nobody read
        self.dropped = 0      # messages

    def any(self):
        """As many bytes as a read may ask for, 0 when there is none: the port does not count them."""
        return READ_BYTES if self._poller.poll(0) else 0

    def read(self, n):
        """What is there, at most n bytes; the port's own read waits for all of them."""
        data = bytearray()
        while len(data) < n and self._poller.poll(0):
            data.extend(self._source.read(1))
        self._held_ms = None
        return bytes(data)

    def write(self, data):
        begun_ms = time.ticks_ms()
        if self._held_ms is not None and time.ticks_diff(begun_ms, self._held_ms) < HOLD_MS:
            self.dropped += 1
            return
        self._held_ms = None
        self._sink.write(data)
        now_ms = time.ticks_ms()
        if time.ticks_diff(now_ms, begun_ms) >= SLOW_MS:
            self._held_ms = now_ms
