"""A siren, a lamp and a voice that can be read: JSON lines in a file, for the demo and for tests."""

import json
import os
import threading
import time
from collections.abc import Callable
from typing import Self

from kentongan_gateway import sections
from kentongan_gateway.core.base.actions import Steps
from kentongan_gateway.outputs.siren_driver import SirenDriver


class VirtualSiren(SirenDriver):
    """Writes one JSON line for every change, for the demo and for tests: a siren that can be read.

    {"at_ms", "state": "on", "pattern", "steps", "total_ms"}, {"at_ms", "state": "off"}; at_ms is monotonic.
    """

    needs = ("file",)

    @classmethod
    def of(cls, siren: sections.Siren) -> Self:
        return cls(siren.file)

    def __init__(self, path: str):
        self._path = path
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._on = False

    def play(self, pattern: str, steps: Steps, total_ms: int) -> None:
        with self._lock:
            self._cancel()
            self._on = True
            self._write({"state": "on", "pattern": pattern, "steps": steps, "total_ms": total_ms})
            self._timer = threading.Timer(total_ms / 1000, self.off)
            self._timer.daemon = True
            self._timer.start()

    def off(self) -> None:
        with self._lock:
            self._cancel()
            if self._on:
                self._on = False
                self._write({"state": "off"})

    def _cancel(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _write(self, change: dict[str, object]) -> None:
        write_line(self._path, change)


class VirtualLamp:
    """{"at_ms", "lamp": code} at every change of the code."""

    def __init__(self, path: str):
        self._path = path
        self._code: int | None = None

    def show(self, code: int) -> None:
        if code != self._code:
            self._code = code
            write_line(self._path, {"lamp": code})

    def trouble(self) -> str | None:
        return None

    def close(self) -> None:
        self.show(0)


class VirtualVoice:
    """{"at_ms", "say": text} for every sentence, {"at_ms", "hush": true} where it is cut short."""

    on_trouble: Callable[[str | None], object] = staticmethod(lambda text: None)

    def __init__(self, path: str):
        self._path = path

    def say(self, text: str) -> None:
        write_line(self._path, {"say": text})

    def hush(self) -> None:
        write_line(self._path, {"hush": True})

    def trouble(self) -> str | None:
        return None

    def close(self) -> None:
        return


def write_line(path: str, change: dict[str, object]) -> None:
    """One JSON line in one write: readers never see half of it."""
    line = json.dumps({"at_ms": time.monotonic_ns() // 1_000_000, **change}, separators=(",", ":"))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(descriptor, line.encode() + b"\n")
    finally:
        os.close(descriptor)
