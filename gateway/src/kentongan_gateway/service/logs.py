"""Logs of the gateway: a line for people, or one JSON object a line with the alarm's identity in `about`.

Lines are written by a thread of their own: a console, pipe or journal that takes nothing holds up no alarm.
A line that finds no room is dropped, and people are told.
"""

import json
import logging
import os
import queue
import sys
import threading
import time
from datetime import UTC, datetime

FIELDS = ("about", "step", "detail")
LINES_LIMIT = 2_000  # that wait to be written
END_S = 2.0  # at the end they are waited for no longer
LOOK_S = 0.01


class Json(logging.Formatter):
    """{"time", "level", "logger", "text"}; of an alarm also "about" (tombol-07 #1234), "step", "detail"."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": record.getMessage(),
        }
        line.update({name: getattr(record, name) for name in FIELDS if hasattr(record, name)})
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class Writer(logging.Handler):
    """emit() never waits and never raises; `descriptor` is written to by one thread."""

    def __init__(self, descriptor: int, limit: int = LINES_LIMIT):
        super().__init__()
        self._descriptor = descriptor
        self._lines: queue.Queue[str] = queue.Queue(limit)
        self._writing = self._failed = False
        self._dropped = self._told = 0
        threading.Thread(target=self._run, name="log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._lines.put_nowait(self.format(record))
        except Exception:  # full, or a line that cannot be made
            self._dropped += 1

    def _run(self) -> None:
        while True:
            line = self._lines.get()
            self._writing = True
            try:
                data = line.encode("utf-8", "backslashreplace") + b"\n"
                while data:
                    data = data[os.write(self._descriptor, data) :]
                self._failed = False
            except Exception:
                self._failed = True
                self._dropped += 1
            self._writing = False

    def trouble(self) -> str | None:
        """Say what is wrong since the last call, or None."""
        lost, self._told = self._dropped - self._told, self._dropped
        stuck = self._failed or self._lines.full()
        return f"it takes no lines; {self._dropped} were dropped" if lost or stuck else None

    def flush(self) -> None:
        """Wait a moment for what is still to be written."""
        until_s = time.monotonic() + END_S
        while (self._writing or not self._lines.empty()) and time.monotonic() < until_s:
            time.sleep(LOOK_S)


def begin(level: str, form: str) -> None:
    """Log to standard error, which systemd keeps."""
    writer = Writer(sys.stderr.fileno() if sys.stderr else -1)  # -1 takes nothing, and that is told
    text = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    writer.setFormatter(Json() if form == "json" else text)
    root = logging.getLogger()
    root.addHandler(writer)
    root.setLevel(level.upper())
    logging.getLogger("meshtastic").setLevel(logging.ERROR)


def trouble() -> str | None:
    """Say what is wrong with the log, or None."""
    said = [handler.trouble() for handler in logging.getLogger().handlers if isinstance(handler, Writer)]
    return next(filter(None, said), None)
