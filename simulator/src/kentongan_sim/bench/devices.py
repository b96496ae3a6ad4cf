"""Heap and time per received frame of each role on MicroPython, from a burst of the simulated village.

The village runs on CPython and what reached one device of each role is written down; the same events are then
given to that role's .mpy code in a MicroPython of its own, whose heap has the size of a board's.
"""

import ast
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kentongan_sim.bench.grid import Rows
from kentongan_sim.engines.cpython import Engine
from kentongan_sim.engines.micropython import available
from kentongan_sim.engines.mpy_library import library
from kentongan_sim.physics.shapes import Answer, Boot, Chance, Ms, Settings, State
from kentongan_sim.scenarios.catalogue import scenario
from kentongan_sim.world.presses import WARM_UP_S, plan_presses
from kentongan_sim.world.world import World

PRESSES, WITHIN_S, AFTER_S = 10, 3, 60
SEED, LOSS = 1, 0.05
TIMEOUT_S = 120
WORD_RATIO = 2  # objects are made of words: 8 bytes here, 4 on the ESP32
APP = Path(__file__).with_name("device_app.py")
CHILD = """import sys, micropython_run
micropython_run.run_main(['micropython', '-X', 'heapsize=' + sys.argv[1], sys.argv[2]])"""


class Recorder(Engine):
    """Writes down what reached each node since its last boot."""

    def __init__(self) -> None:
        super().__init__()
        self.histories: dict[str, list[tuple[object, ...]]] = {}

    def boot(
        self, label: str, settings: Settings, state: State, boot: Boot, now_ms: Ms, rnd: Chance
    ) -> Answer:
        self.histories[label] = [(dict(settings), dict(state)), ("boot", tuple(boot), now_ms, int(rnd))]
        return super().boot(label, settings, state, boot, now_ms, rnd)

    def deliver(self, label: str, name: str, args: tuple[object, ...], now_ms: Ms, rnd: Chance) -> Answer:
        self.histories[label].append((name, args, now_ms, int(rnd)))
        return super().deliver(label, name, args, now_ms, rnd)

    def receive(self, label: str, frame: bytes, rssi: int, snr_q: int, now_ms: Ms, rnd: Chance) -> Answer:
        return self.deliver(label, "receive", (frame, rssi, snr_q), now_ms, rnd)


def histories() -> dict[str, list[tuple[object, ...]]]:
    """{role: what reached the busiest device of that role in a burst}."""
    engine = Recorder()
    with World(scenario("rt"), SEED, engine, LOSS) as world:
        plan_presses(world, PRESSES, WITHIN_S)
        world.run_until((WARM_UP_S + AFTER_S) * 1_000_000)
        busiest: dict[str, Any] = {}
        for label, history in engine.histories.items():
            role = world.nodes[label].place.role
            if len(history) > len(busiest.get(role, ())):
                busiest[role] = history
    return busiest


def measure() -> dict[str, dict[str, Any]]:
    """{role: figures of device_app}; empty where there is no MicroPython for this machine."""
    if not available():
        return {}
    return {role: play(history) for role, history in sorted(histories().items())}


def play(history: Sequence[tuple[object, ...]]) -> dict[str, Any]:
    """Run one history in a MicroPython process of its own; RuntimeError with its last words when it fails."""
    path, heap = library()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "history")
        file.write_text("".join(f"{event!r}\n" for event in history), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-c", CHILD, heap, str(APP)],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            env={**os.environ, "MICROPYPATH": path, "KENTONGAN_HISTORY": str(file)},
        )
    if done.returncode or not done.stdout.startswith("{"):
        raise RuntimeError(f"the device code failed in MicroPython: {(done.stdout + done.stderr)[-800:]}")
    return ast.literal_eval(done.stdout)


def rows(figures: dict[str, dict[str, Any]]) -> Rows:
    """(role, KB after boot, most KB, KB of heap, frames, mean ms, worst ms) as on a 32-bit chip."""

    def kb(size: float) -> str:
        return f"{size / WORD_RATIO / 1024:.1f}"

    return [
        (
            role,
            kb(f["boot"]),
            kb(f["most"]),
            kb(f["heap"]),
            f["frames"],
            f"{f['mean_us'] / 1000:.2f}",
            f"{f['worst_us'] / 1000:.2f}",
        )
        for role, f in figures.items()
    ]
