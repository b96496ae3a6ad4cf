"""Reads a file that another process appends to, line by line, in a thread."""

import threading
from collections.abc import Callable
from pathlib import Path

LOOK_S = 0.05


class Tail:
    """Calls `on_line(text)` for every whole line of `path`, from its start, also when it appears later."""

    def __init__(self, path: Path, on_line: Callable[[str], object]):
        self._path = path
        self._on_line = on_line
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"tail {path.name}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._path.exists():
            if self._ending.wait(LOOK_S):
                return
        rest = ""
        with self._path.open(encoding="utf-8", errors="replace") as file:
            while not self._ending.wait(LOOK_S):
                *lines, rest = (rest + file.read()).split("\n")
                for line in lines:
                    self._on_line(line)

    def close(self) -> None:
        self._ending.set()
        self._thread.join(timeout=5)
