"""What happened, line by line, and its hash: `t_us label what {detail}`."""
import json
from hashlib import sha256

_encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode


class Trace:
    """Appends events, hashes them as it goes and hands each to its listeners."""

    def __init__(self, keep: bool = True):
        self.events = []
        self._keep = keep
        self._hash = sha256()
        self._listeners = []

    def listen(self, callback):
        """Have `callback(t_us, label, what, detail)` called for every event from now on."""
        self._listeners.append(callback)

    def add(self, t_us: int, label: str, what: str, detail: dict):
        self._hash.update(line(t_us, label, what, detail).encode())
        if self._keep:
            self.events.append((t_us, label, what, detail))
        for callback in self._listeners:
            callback(t_us, label, what, detail)

    def sha256(self) -> str:
        return self._hash.hexdigest()

    def write(self, path: str):
        """All kept events as text, one a line."""
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(line(*event) for event in self.events)


def line(t_us: int, label: str, what: str, detail: dict) -> str:
    return f"{t_us} {label} {what} {_encode(detail)}\n"
