"""The silence key at the post: a thread that waits for the line, and opens it again when it goes."""

import threading
from collections.abc import Callable
from typing import Protocol

from kentongan_gateway import sections

WAIT_S = 1.0
REOPEN_S = 5.0


class Line(Protocol):
    """A line with a push button; wait() says whether it went down within so many seconds."""

    def open(self) -> None: ...
    def wait(self, timeout_s: float) -> bool: ...
    def close(self) -> None: ...


class Key:
    """on_press() from the key's own thread; on_trouble(text or None) when the line fails and works again."""

    def __init__(
        self, line: Line, on_press: Callable[[], object], on_trouble: Callable[[str | None], object]
    ):
        self._line, self._on_press, self._on_trouble = line, on_press, on_trouble
        self._stopping = threading.Event()
        self._trouble: str | None = None
        self._thread = threading.Thread(target=self._run, name="key", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._line.open()
                self._tell(None)
                while not self._stopping.is_set():
                    if self._line.wait(WAIT_S):
                        self._on_press()
            except (Exception, SystemExit) as error:  # the library raises what it likes
                self._tell(f"{type(error).__name__}: {error}")
                self._stopping.wait(REOPEN_S)
        self._line.close()

    def _tell(self, text: str | None) -> None:
        if bool(text) != bool(self._trouble):
            self._trouble = text
            self._on_trouble(text)

    def trouble(self) -> str | None:
        """Say what is wrong now, or None."""
        ended = not self._thread.is_alive() and not self._stopping.is_set()
        return "its thread has ended" if ended else self._trouble

    def close(self) -> None:
        self._stopping.set()
        self._thread.join(WAIT_S + 1)


class NoKey:
    def __init__(self, why: str | None = None):
        self._why = why

    def trouble(self) -> str | None:
        return self._why

    def close(self) -> None:
        return


def make(
    settings: sections.Button, on_press: Callable[[], object], on_trouble: Callable[[str | None], object]
) -> Key | NoKey:
    """Return the key that the [button] section names."""
    if not settings.line:
        return NoKey()
    from kentongan_gateway.outputs.gpio import KeyLine

    return Key(KeyLine(settings.line), on_press, on_trouble)
