"""Self-test of a board on its serial line, for a technician or kentongan-tool; no key is in it."""

import gc
import json
import sys

from kentongan_wire.base.shapes import TYPE_CHECKING

from kentongan_node.common.node import FIRMWARE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, TextIO

    from kentongan_node.base.actions import Settings

SAID = ("site", "role", "node", "label", "zone", "house", "preset", "freq_hz", "conducted_dbm", "generation")


def report(
    settings: "Settings",
    down: list[str],
    stuck: list[str],
    senses: "Iterable[tuple[str, int]]",
    battery_mv: int | None,
    radio: "dict[str, int] | None",
    files: "Iterable[str]",
    flash_failing: bool = False,
    failing: "Iterable[str]" = (),
) -> "dict[str, Any]":
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


def tell(out: "TextIO", *args: "Any") -> None:
    """One line, `periksa {json}`."""
    out.write("periksa " + json.dumps(report(*args)) + "\n")
