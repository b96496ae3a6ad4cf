"""A clock that only grows, and the awaitables of the device's port. No pins in here."""

import time
from asyncio import sleep_ms

from kentongan_wire.base.shapes import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any, Protocol

    from kentongan_node.shell.rtcmem import Memory

    class Port(Protocol):
        """See NextEvent."""

        def poll(self) -> Any: ...

        def now_ms(self) -> int: ...

        def settling(self) -> bool: ...


POLL_MS = 5


class Clock:
    """Milliseconds that only grow: wraps of ticks_ms and deep sleep are kept in here.

    `memory`: rtcmem.Memory; `slept`: whether we come from a deep sleep. Ask at least once in six days.
    """

    def __init__(self, memory: "Memory", slept: bool) -> None:
        self._ticks = time.ticks_ms()
        self._ms = 0
        if slept and memory.clock_ms:
            self._ms = memory.clock_ms + max(0, int(time.time()) - memory.chip_s) * 1000

    def now_ms(self) -> int:
        ticks = time.ticks_ms()
        self._ms += max(0, time.ticks_diff(ticks, self._ticks))
        self._ticks = ticks
        return self._ms


class Ready:
    """An awaitable that is over at once."""

    def __init__(self, value: "Any") -> None:
        self._value = value

    def __iter__(self) -> "Generator[Any, Any, Any]":
        return self._value
        yield

    __await__ = __iter__


class NextEvent:
    """An awaitable that looks for events until one comes or the deadline has passed (None).

    `port`: poll(), now_ms(), settling(): while it holds, the deadline waits.
    """

    def __init__(self, port: "Port", deadline_ms: int | None) -> None:
        self._port = port
        self._deadline_ms = deadline_ms

    def __iter__(self) -> "Generator[Any, Any, Any]":
        while True:
            event = self._port.poll()
            if event is not None:
                return event
            due = self._deadline_ms is not None and self._port.now_ms() >= self._deadline_ms
            if due and not self._port.settling():
                return None
            yield from sleep_ms(POLL_MS)  # type: ignore[misc]  # a generator on the device

    __await__ = __iter__
