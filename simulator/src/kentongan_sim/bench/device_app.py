"""One device's history played again under MicroPython: what its heap holds and how long a frame takes.

MicroPython subset. KENTONGAN_HISTORY names a file of one repr a line: (settings, state), then each event as
(name, args, now_ms, rnd), a boot as ("boot", cause...). Prints one repr of a dictionary.
"""

import gc
import os
import time

from kentongan_sim.port import Hosted

SAMPLE_EVERY = 40  # events between two looks at the heap


def play(path):
    used = most = 0
    frames = spent_us = worst_us = 0
    node = None
    with open(path) as lines:
        settings, state = eval(lines.readline())
        gc.collect()
        before = gc.mem_alloc()
        for at, text in enumerate(lines):
            name, args, now_ms, rnd = eval(text)
            if name == "boot":
                node = Hosted(settings, state)
                node.boot(args, now_ms, rnd)
                gc.collect()
                used = gc.mem_alloc()
                continue
            started = time.ticks_us()
            node.deliver(name, args, now_ms, rnd)
            took_us = time.ticks_diff(time.ticks_us(), started)
            if name == "receive":
                frames += 1
                spent_us += took_us
                worst_us = max(worst_us, took_us)
            if at % SAMPLE_EVERY == 0:
                gc.collect()
                most = max(most, gc.mem_alloc())
    gc.collect()
    total = gc.mem_alloc() + gc.mem_free()
    return {
        "start": before,
        "boot": used,
        "most": max(most, gc.mem_alloc()),
        "heap": total,
        "frames": frames,
        "mean_us": spent_us // frames if frames else 0,
        "worst_us": worst_us,
    }


if __name__ == "__main__":
    print(repr(play(os.getenv("KENTONGAN_HISTORY"))))
