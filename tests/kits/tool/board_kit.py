"""A virtual board on a serial port, alone in the air or beside a real hub: what tests of boards lean on."""

import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path

from kentongan_sim.boards.virtual_board import Board
from kentongan_sim.engines.micropython import available
from kentongan_sim.scenarios.catalogue import Place, scenario
from kentongan_sim.world.realtime import LiveWorld
from kentongan_sim.world.world import World
from kits.patience import LOOK_S, wait_for

LABEL = "papan-1"
BOOTED_US = 1_000_000
LOOKS = 10  # at the command line of a new process


class Alone:
    """One blank board, with nobody who hears it; `speed` is that of its clock beside ours."""

    def __init__(self, folder, role="tombol", speed=1):
        scene = scenario("line3")
        self.world = World(scene, dead=[place.label for place in scene.places], gateway_hosts=False)
        self.events = []
        self.world.listen(self._note)
        self.world.run_until(BOOTED_US)
        self.live = LiveWorld(self.world, speed)
        self.live.start()
        self.board = Board(self.live, folder, folder / "papan")
        self.port = self.board.port
        self.line = b""  # what the board said on its serial port
        self._write = self.board._bridge.write
        self.board._bridge.write = self._overhear
        self.live.ask(self._place, Place(LABEL, role, 0, 5, 21, 0.0, 0.0, 0))
        self.wait("the prompt", lambda: self.said("prompt"))

    def _note(self, t_us, label, what, detail):
        if label == LABEL:
            self.events.append((what, detail))

    def _overhear(self, data):
        self.line += data
        self._write(data)

    def _place(self, place):
        self.board.attach(self.world.host_board(place, self.board))

    def said(self, what):
        return [detail for name, detail in self.events if name == what]

    def wait(self, what, condition):
        wait_for(lambda: self.live.failure or condition(), what)
        assert not self.live.failure, self.live.failure

    def power(self, on):
        self.live.ask(self.world.switch, LABEL, on)

    def close(self):
        self.board.close()
        self.live.close()


def need_board(require):
    require(available(), "MicroPython for this machine", "there is a wheel for x86_64 Linux only")


class CommandLines(threading.Thread):
    """Remembers the command line of every process that begins while it runs, whoever starts it."""

    def __init__(self):
        super().__init__(daemon=True)
        self.seen = set()
        self._looks = dict.fromkeys(self._running(), LOOKS)  # those that run already start with no new words
        self._ending = threading.Event()

    @staticmethod
    def _running():
        return [name for name in os.listdir("/proc") if name.isdecimal()]

    def run(self):
        while not self._ending.is_set():
            for name in self._running():
                looks = self._looks.get(name, 0)
                if looks < LOOKS:  # a fork still shows the words of its parent
                    self._looks[name] = looks + 1
                    with contextlib.suppress(OSError):
                        self.seen.add((Path("/proc") / name / "cmdline").read_bytes())
            self._ending.wait(LOOK_S)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *error):
        self._ending.set()
        self.join()


def technicians_token(data_dir, path):
    """A token as `kentongan-hub technician-token` makes it."""
    program = Path(sys.executable).parent / "kentongan-hub"
    words = [program, "technician-token", "--data", data_dir, "--name", "Teknisi uji", "--out", path]
    subprocess.run(words, check=True, capture_output=True)
    return path
