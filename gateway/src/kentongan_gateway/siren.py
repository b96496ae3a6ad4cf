"""Drivers of the siren on this machine: off when made, off when closed, off when the time is over."""
import json
import os
import threading
import time


class SirenDriver:
    """play() and off() return at once; the driver ends a sounding by itself after total_ms."""

    def play(self, pattern, steps, total_ms):
        raise AssertionError("a driver says how it sounds")

    def off(self):
        raise AssertionError("a driver says how it falls silent")

    def close(self):
        self.off()


class NoSiren(SirenDriver):
    """Nothing is fitted."""

    def play(self, pattern, steps, total_ms):
        return

    def off(self):
        return


class VirtualSiren(SirenDriver):
    """Writes one JSON line for every change, for the demo and for tests: a siren that can be read.

    {"at_ms", "state": "on", "pattern", "steps", "total_ms"}, {"at_ms", "state": "off"}; at_ms is monotonic.
    """

    def __init__(self, path):
        self._path = path
        self._lock = threading.Lock()
        self._timer = None
        self._on = False

    def play(self, pattern, steps, total_ms):
        with self._lock:
            self._cancel()
            self._on = True
            self._write({"state": "on", "pattern": pattern, "steps": steps, "total_ms": total_ms})
            self._timer = threading.Timer(total_ms / 1000, self.off)
            self._timer.daemon = True
            self._timer.start()

    def off(self):
        with self._lock:
            self._cancel()
            if self._on:
                self._on = False
                self._write({"state": "off"})

    def _cancel(self):
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _write(self, change):
        line = json.dumps({"at_ms": time.monotonic_ns() // 1_000_000, **change}, separators=(",", ":"))
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(descriptor, line.encode() + b"\n")
        finally:
            os.close(descriptor)


def make(settings) -> SirenDriver:
    """The driver that the [siren] section names."""
    return VirtualSiren(settings.file) if settings.driver == "virtual" else NoSiren()
