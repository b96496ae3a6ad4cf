"""Self-test of a board on its serial line, for a technician or kentongan-tool; no key is in it."""

import gc
import json
import sys

from kentongan_node.node import FIRMWARE

SAID = ("site", "role", "node", "label", "zone", "house", "preset", "freq_hz", "conducted_dbm", "generation")


def report(settings, down, stuck, senses, battery_mv, radio, files, flash_failing=False, failing=()):
    """Return the dict of `periksa`. radio: error counters, or None without a radio."""
    said = {name: settings[name] for name in SAID}
    gc.collect()
    said.update(
        {
            "firmware": ".".join([str(part) for part in FIRMWARE]),
            "machine": sys.platform,
            "down": down,
            "stuck": stuck,
            "senses": dict(senses),
            "battery_mv": battery_mv,
            "radio": radio,
            "state": sorted(files),
            "flash_failing": flash_failing,
            "failing": failing,
            "heap_free": gc.mem_free() if hasattr(gc, "mem_free") else None,
        }
    )
    return said


def tell(out, *args):
    """One line, `periksa {json}`."""
    out.write("periksa " + json.dumps(report(*args)) + "\n")
