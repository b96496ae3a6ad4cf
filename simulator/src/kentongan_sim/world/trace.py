"""Trace of a run, line by line, and its hash: `t_us label what {detail}`."""

import json
from hashlib import sha256

from kentongan_sim.physics.shapes import Detail, Event, Report

LINES_AT_ONCE = 1_000  # hashed together

_encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode


class Trace:
    """Appends events and hands each to its listeners. The hash is worked out when somebody asks for it, of
    what was kept; without keeping, as it goes. `keep` None: neither.
    """

    def __init__(self, keep: bool | None = True):
        self.events: list[Event] = []
        self._keep = keep
        self._hash = sha256()
        self._hashed = 0  # of the events
        self._listeners: list[Report] = []

    def listen(self, callback: Report) -> None:
        """Have `callback(t_us, label, what, detail)` called for every event from now on."""
        self._listeners.append(callback)

    def add(self, t_us: int, label: str, what: str, detail: Detail) -> None:
        """`detail` is not to be changed any more."""
        if self._keep:
            self.events.append(Event(t_us, label, what, detail))
        elif self._keep is not None:
            self._hash.update(line(t_us, label, what, detail).encode())
        for callback in self._listeners:
            callback(t_us, label, what, detail)

    def sha256(self) -> str:
        """Hash all lines so far, as hexadecimal."""
        for start in range(self._hashed, len(self.events), LINES_AT_ONCE):
            some = self.events[start : start + LINES_AT_ONCE]
            self._hash.update("".join([line(*event) for event in some]).encode())
        self._hashed = len(self.events)
        return self._hash.hexdigest()

    def write(self, path: str) -> None:
        """All kept events as text, one a line."""
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(line(*event) for event in self.events)


def line(t_us: int, label: str, what: str, detail: Detail) -> str:
    """Write one event as a line of the trace."""
    if what == "rx":  # written out, as most lines are of these two kinds
        text = f'{{"rssi":{detail["rssi"]},"snr_q":{detail["snr_q"]},"tx":{detail["tx"]}}}'
    elif what == "miss":
        by = f'"by":{detail["by"]},' if "by" in detail else ""
        text = f'{{{by}"tx":{detail["tx"]},"why":"{detail["why"]}"}}'
    else:
        text = _encode(detail)
    return f"{t_us} {label} {what} {text}\n"
