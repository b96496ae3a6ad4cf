"""The line between a modem and its host: the prompt's own, over a USB bridge or the chip's USB.

There is no other: a bridge hangs on UART0, which is the prompt's, and machine.UART(0) raises. Text that the
chip's software writes (boot lines, IDF's errors) comes on it too. Of the host's bytes the port keeps
link.RING_BYTES between two looks; the host paces itself.

A write to a host that has the chip's USB open and does not read waits inside the port (once or twice 500 ms
in MicroPython's TinyUSB) and is cut off: the radio would be deaf meanwhile. So after one such write nothing
is written until the host says something, or HOLD_MS have passed. The host sees losses by the messages'
numbers.
"""

import time

from kentongan_wire.base.shapes import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, Protocol

    class Sink(Protocol):
        """The host's end, as this writes to it."""

        def write(self, data: bytes) -> object: ...


SLOW_MS = 100  # a bridge takes the longest message in 24
HOLD_MS = 5_000  # the host asks for our status as often


class UsbLine:
    """Writes to the host. `sink`: sys.stdout.buffer."""

    def __init__(self, sink: "Sink") -> None:
        self._sink = sink
        self._held_ms: Any = None  # ticks of the write that nobody read
        self.dropped = 0  # messages

    def heard(self) -> None:
        """Note that the host has said something: it reads, too."""
        self._held_ms = None

    def write(self, data: bytes) -> None:
        begun_ms = time.ticks_ms()
        if self._held_ms is not None and time.ticks_diff(begun_ms, self._held_ms) < HOLD_MS:
            self.dropped += 1
            return
        self._held_ms = None
        self._sink.write(data)
        now_ms = time.ticks_ms()
        if time.ticks_diff(now_ms, begun_ms) >= SLOW_MS:
            self._held_ms = now_ms
