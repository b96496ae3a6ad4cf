"""A virtual board on a serial port, alone in the air or beside a real hub: what tests of boards lean on."""
import subprocess
import sys
import threading
import time
from pathlib import Path

from kentongan_sim.board import Board
from kentongan_sim.engine_micropython import available
from kentongan_sim.realtime import LiveWorld
from kentongan_sim.scenarios import Place, scenario
from kentongan_sim.world import World

LABEL = "papan-1"
WAIT_S = 60
BOOTED_US = 1_000_000


class Alone:
    """One blank board, with nobody who hears it."""

    def __init__(self, folder, role="tombol"):
        scene = scenario("line3")
        self.world = World(scene, dead=[place.label for place in scene.places], gatehouses=False)
        self.events = []
        self.world.listen(self._note)
        self.world.run_until(BOOTED_US)
        self.live = LiveWorld(self.world)
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
        until_s = time.monotonic() + WAIT_S
        while not condition():
            assert not self.live.failure, self.live.failure
            assert time.monotonic() < until_s, f"did not happen: {what}"
            time.sleep(0.02)

    def power(self, on):
        self.live.ask(self.world.switch, LABEL, on)

    def close(self):
        self.board.close()
        self.live.close()


def need_board(require):
    require(available(), "MicroPython for this machine", "there is a wheel for x86_64 Linux only")


class CommandLines(threading.Thread):
    """Remembers every command line and environment that any process shows while it runs."""

    def __init__(self):
        super().__init__(daemon=True)
        self.seen = set()
        self._ending = threading.Event()

    def run(self):
        while not self._ending.is_set():
            for entry in Path("/proc").iterdir():
                if entry.name.isdecimal():
                    try:
                        self.seen.add((entry / "cmdline").read_bytes())
                    except OSError:
                        continue
            self._ending.wait(0.03)

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
