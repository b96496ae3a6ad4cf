"""A World driven by the wall clock in a thread of its own; other threads hand it functions."""

import queue
import threading
import time

CALLS_MAX = 1024  # functions that wait for the world's thread
NAP_S = 0.2  # longest sleep without looking at the calls
ANSWER_S = 180.0  # how long `ask` waits for the world's thread
US = 1_000_000


class LiveWorld:
    """Runs `world` at `speed` times real time from its present moment on; `failure` holds what ended it."""

    def __init__(self, world, speed=1):
        self.world = world
        self.speed = speed
        self.failure = None
        self._calls = queue.Queue(CALLS_MAX)
        self._wake = threading.Event()
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="world", daemon=True)

    def start(self):
        self._thread.start()

    def call(self, function, *args):
        """Have `function(*args)` run in the world's thread, soon; dropped once the world has ended."""
        if self._thread.is_alive():
            self._calls.put((function, args, None))
            self._wake.set()

    def ask(self, function, *args):
        """Like `call`, and wait for the result; raises what the function raised, or what ended the world."""
        if self.failure:
            raise self.failure
        answer = queue.Queue(1)
        self._calls.put((function, args, answer))
        self._wake.set()
        value, error = answer.get(timeout=ANSWER_S)
        if error:
            raise error
        return value

    def _run(self):
        start_s, start_us = time.monotonic(), self.world.now_us

        def wanted_us():
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

    def _do_calls(self):
        while not self._calls.empty():
            function, args, answer = self._calls.get_nowait()
            try:
                value, error = function(*args), None
            except Exception as caught:
                if answer is None:
                    raise
                value, error = None, caught
            if answer is not None:
                answer.put((value, error))

    def close(self):
        """End the world and its nodes."""
        self._ending = True
        self._wake.set()
        if self._thread.ident is None:
            self.world.close()
        else:
            self._thread.join(timeout=ANSWER_S)


def plug_pty(live, label, bridge, ear=None):
    """Join a modem of the world to the pty behind `bridge`; an `ear` has down(bytes) and up(bytes)."""

    def down(data):
        if ear:
            ear.down(data)
        live.call(live.world.host_write, label, data)

    def up(data):
        if ear:
            ear.up(data)
        bridge.write(data)

    bridge.on_data = down
    live.world.on_host(label, up)


def plug_tcp(live, label, core, bridge):
    """Join a stock node of the world to the TCP port of `bridge`."""
    core.on_reboot = bridge.drop
    bridge.on_connect = lambda: live.call(core.connected)
    bridge.on_data = lambda data: live.call(live.world.host_write, label, data)
    live.world.on_host(label, bridge.write)
