"""A World driven by the wall clock in a thread of its own; other threads hand it functions."""

import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from kentongan_sim.physics.shapes import Us
from kentongan_sim.world.bridges import TcpBridge
from kentongan_sim.world.world import World

CALLS_MAX = 1024  # functions that wait for the world's thread
NAP_S = 0.2  # longest sleep without looking at the calls
ANSWER_S = 180.0  # how long `ask` waits for the world's thread
US = 1_000_000
T = TypeVar("T")


class Port(Protocol):
    """A serial port of another program, as bridges.PtyBridge has it."""

    on_data: Callable[[bytes], object]

    def write(self, data: bytes) -> None: ...


class Ear(Protocol):
    """Hears both directions of a line."""

    def down(self, data: bytes) -> None: ...

    def up(self, data: bytes) -> None: ...


class StockNode(Protocol):
    """A stock radio that a program is connected to by TCP."""

    on_reboot: Callable[[], object] | None

    def connected(self) -> object: ...


Outcome = tuple[Any, Exception | None]  # (value, error) of a function
Call = tuple[Callable[..., object], tuple[object, ...], "queue.Queue[Outcome] | None"]


class LiveWorld:
    """Runs `world` at `speed` times real time from its present moment on; `failure` holds what ended it."""

    def __init__(self, world: World, speed: float = 1):
        self.world = world
        self.speed = speed
        self.failure: Exception | None = None
        self._calls: queue.Queue[Call] = queue.Queue(CALLS_MAX)
        self._wake = threading.Event()
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="world", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def call(self, function: Callable[..., object], *args: object) -> None:
        """Have `function(*args)` run in the world's thread, soon; dropped once the world has ended."""
        if self._thread.is_alive():
            self._calls.put((function, args, None))
            self._wake.set()

    def ask(self, function: Callable[..., T], *args: object) -> T:
        """Call and wait for the result; raises the function's error, or the one that ended the world."""
        if self.failure:
            raise self.failure
        answer: queue.Queue[Outcome] = queue.Queue(1)
        self._calls.put((function, args, answer))
        self._wake.set()
        value, error = answer.get(timeout=ANSWER_S)
        if error:
            raise error
        result: T = value
        return result

    def _run(self) -> None:
        start_s, start_us = time.monotonic(), self.world.now_us

        def wanted_us() -> Us:
            return start_us + round((time.monotonic() - start_s) * US * self.speed)

        try:
            while not self._ending:
                self.world.step_to(wanted_us())
                self._do_calls()
                due_us = self.world.next_event_us()
                nap_s = NAP_S if due_us is None else min(NAP_S, (due_us - wanted_us()) / US / self.speed)
                if nap_s > 0:
                    self._wake.wait(nap_s)
                self._wake.clear()
        except Exception as error:
            self.failure = error
            raise
        finally:
            self.world.close()

    def _do_calls(self) -> None:
        while not self._calls.empty():
            function, args, answer = self._calls.get_nowait()
            outcome: Outcome
            try:
                outcome = function(*args), None
            except Exception as caught:
                if answer is None:
                    raise
                outcome = None, caught
            if answer is not None:
                answer.put(outcome)

    def close(self) -> None:
        """End the world and its nodes."""
        self._ending = True
        self._wake.set()
        if self._thread.ident is None:
            self.world.close()
        else:
            self._thread.join(timeout=ANSWER_S)


def plug_pty(live: LiveWorld, label: str, bridge: Port, ear: Ear | None = None) -> None:
    """Join a modem of the world to the pty behind `bridge`; an `ear` has down(bytes) and up(bytes)."""

    def down(data: bytes) -> None:
        if ear:
            ear.down(data)
        live.call(live.world.host_write, label, data)

    def up(data: bytes) -> None:
        if ear:
            ear.up(data)
        bridge.write(data)

    bridge.on_data = down
    live.world.on_host(label, up)


def plug_tcp(live: LiveWorld, label: str, core: StockNode, bridge: TcpBridge) -> None:
    """Join a stock node of the world to the TCP port of `bridge`."""
    core.on_reboot = bridge.drop
    bridge.on_connect = lambda: live.call(core.connected)
    bridge.on_data = lambda data: live.call(live.world.host_write, label, data)
    live.world.on_host(label, bridge.write)
