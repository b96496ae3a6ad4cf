"""Progress of a step and its time left: one line that is rewritten; where output goes to a file or
another program, a line now and then.
"""

import contextlib
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Self

Told = Callable[[float, float], None]  # (done, of how much)

REWRITE_S, LINES_S, LINES_MAX_S = 0.2, 5.0, 60.0
SURE_S = 1.0  # earlier there is nothing to reckon from
ALMOST = 0.99  # of what is only reckoned: 100 % is said by its end
PERCENT = re.compile(r"(\d{1,3})(?:\.\d+)?%")
BAR_BYTES = 2_048  # mpremote shows none for smaller files


def nowhere(_done: float, _total: float) -> None:
    """For whoever shows no progress."""


class Line:
    """The line on the terminal that is written again and again."""

    shown = 0  # characters that stand there now

    @classmethod
    def show(cls, text: str) -> None:
        sys.stdout.write("\r" + text.ljust(cls.shown))
        sys.stdout.flush()
        cls.shown = len(text)

    @classmethod
    def clear(cls) -> None:
        """Before anything else is printed."""
        if cls.shown:
            sys.stdout.write("\r" + " " * cls.shown + "\r")
            sys.stdout.flush()
            cls.shown = 0


def words(what: str, share: float, elapsed_s: float) -> str:
    """ "  Menulis: 42 %, 12 s lagi"; no time left before there is something to reckon it from."""
    share = min(max(share, 0.0), 1.0)
    text = f"  {what}: {int(100 * share)} %"
    if share and elapsed_s >= SURE_S:
        text += f", {duration(elapsed_s * (1 - share) / share)} lagi"
    return text


def duration(seconds: float) -> str:
    whole = int(seconds + 0.5)
    return f"{whole} s" if whole < 100 else f"{(whole + 30) // 60} menit"


class Progress:
    """Tells of one step while it goes on; use as a context manager, and call it with (done, total)."""

    def __init__(self, what: str, now_s: Callable[[], float] = time.monotonic):
        self.what, self._now_s = what, now_s
        self._began_s = now_s()
        self._told_s, self._lines_s = self._began_s, LINES_S

    def __call__(self, done: float, total: float) -> None:
        now_s = self._now_s()
        self._tell(now_s, lambda: words(self.what, done / total if total else 0, now_s - self._began_s))

    def left(self, limit_s: float) -> None:
        """Of waiting for something that may come at any moment: for how long at most."""
        now_s = self._now_s()
        self._tell(now_s, lambda: f"  {self.what}: paling lama {duration(max(0, limit_s))} lagi")

    def _tell(self, now_s: float, text: Callable[[], str]) -> None:
        terminal = sys.stdout.isatty()
        if now_s - self._told_s < (REWRITE_S if terminal else self._lines_s):
            return
        self._told_s = now_s
        if terminal:
            Line.show(text())
        else:
            print(text(), flush=True)
            self._lines_s = min(2 * self._lines_s, LINES_MAX_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        Line.clear()


@contextlib.contextmanager
def reckoned(what: str, usual_s: float) -> Iterator[None]:
    """Around a step that tells nothing of itself: reckoned from how long it usually takes."""
    ended = threading.Event()
    with Progress(what) as told:

        def tick() -> None:
            began_s = time.monotonic()
            while not ended.wait(REWRITE_S):
                told(min((time.monotonic() - began_s) / usual_s, ALMOST), 1)

        thread = threading.Thread(target=tick, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def of_percents(told: Told) -> Callable[[str], None]:
    """Reads a program's output for its percentages."""

    def heard(text: str) -> None:
        found = PERCENT.findall(text)
        if found:
            told(int(found[-1]), 100)

    return heard


def of_copies(sizes: Sequence[int], told: Told) -> Callable[[str], None]:
    """Follow the same of several files one after the other; a percentage that falls is that of the next."""
    large = [size for size in sizes if size >= BAR_BYTES]
    done, last = 0, 0

    def heard(text: str) -> None:
        nonlocal done, last
        for percent in map(int, PERCENT.findall(text)):
            if percent < last:
                done = min(done + 1, len(large) - 1)
            last = percent
            if large:
                told(sum(large[:done]) + large[done] * percent / 100, sum(large))

    return heard
