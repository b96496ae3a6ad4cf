"""One device's history played again under MicroPython: what its heap holds and how long a frame takes.

MicroPython subset. KENTONGAN_HISTORY names a file of one repr a line: (settings, state), then each event as
(name, args, now_ms, rnd), a boot as ("boot", cause...). Prints one repr of a dictionary.
"""

import gc
import os
import time

from kentongan_wire.base.shapes import TYPE_CHECKING

from kentongan_sim.port import Hosted

if TYPE_CHECKING:
    from typing import Any

SAMPLE_EVERY = 40  # events between two looks at the heap
heap: "Any" = gc  # MicroPython's, which tells how full it is
ticks: "Any" = time  # MicroPython's, with its microseconds


def play(path: str) -> "dict[str, Any]":
    used = most = 0
    frames = spent_us = worst_us = 0
    node: Hosted | None = None
    with open(path) as lines:
        settings, state = eval(lines.readline())
        gc.collect()
        before = heap.mem_alloc()
        for at, text in enumerate(lines):
            name, args, now_ms, rnd = eval(text)
            if name == "boot":
                node = Hosted(settings, state)
                node.boot(args, now_ms, rnd)
                gc.collect()
                used = heap.mem_alloc()
                continue
            if node is None:
                raise ValueError("a history begins with a boot")
            started = ticks.ticks_us()
            node.deliver(name, args, now_ms, rnd)
            took_us = ticks.ticks_diff(ticks.ticks_us(), started)
            if name == "receive":
                frames += 1
                spent_us += took_us
                worst_us = max(worst_us, took_us)
            if at % SAMPLE_EVERY == 0:
                gc.collect()
                most = max(most, heap.mem_alloc())
    gc.collect()
    total = heap.mem_alloc() + heap.mem_free()
    return {
        "start": before,
        "boot": used,
        "most": max(most, heap.mem_alloc()),
        "heap": total,
        "frames": frames,
        "mean_us": spent_us // frames if frames else 0,
        "worst_us": worst_us,
    }


if __name__ == "__main__":
    print(repr(play(os.getenv("KENTONGAN_HISTORY") or "")))
