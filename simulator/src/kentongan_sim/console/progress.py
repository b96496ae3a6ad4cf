"""Progress, for people who wait for it: said at once, and again while it lasts."""

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from typing import TextIO

EVERY_S = 5  # nothing is silent for longer


@contextlib.contextmanager
def during(what: str, out: TextIO | None = None, every_s: float = EVERY_S) -> Iterator[None]:
    """Say `what` on `out` (standard error by default), then every `every_s` for how long it has gone on."""
    out, began_s, over = out or sys.stderr, time.monotonic(), threading.Event()

    def go_on() -> None:
        while not over.wait(every_s):
            print(f"  {what}: {time.monotonic() - began_s:.0f} s", file=out, flush=True)

    print(f"{what} ...", file=out, flush=True)
    teller = threading.Thread(target=go_on, daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()
