"""The technician's table of the demo: a blank board on a serial port, and a token to register it with."""

import shlex
import subprocess
import sys
from pathlib import Path

from kentongan_sim.boards.virtual_board import Board
from kentongan_sim.console.arguments import typed
from kentongan_sim.demo import plan
from kentongan_sim.demo.village import ZONE, Village
from kentongan_sim.scenarios.catalogue import INDOOR_DB, Place
from kentongan_sim.world.world import World

TECHNICIAN = "Teknisi demo"
NODE_NONE = 0  # it has no number before it is provisioned


class Bench:
    """Puts a blank board into the running village; its port is `port`, the token's file `token`."""

    def __init__(self, village: Village, hub_data: Path, folder: Path):
        self.village = village
        self.port = folder / "papan"
        self.token = folder / "teknisi.token"
        words: list[str | Path] = [
            Path(sys.executable).parent / "kentongan-hub",
            "technician-token",
            "--data",
            hub_data,
            "--name",
            TECHNICIAN,
            "--out",
            self.token,
        ]
        subprocess.run(words, stdout=subprocess.DEVNULL, check=True)
        self.board = Board(village.live, folder, self.port)

    def start(self) -> None:
        """Switch the board on; from the world's thread, which its MicroPython then lives and dies with."""
        spot, live = plan.BENCH, self.village.live
        place = Place(spot.label, spot.role, NODE_NONE, ZONE, spot.house, spot.x_m, spot.y_m, INDOOR_DB)
        live.ask(self._place, live.world, place)

    def _place(self, world: World, place: Place) -> None:
        self.board.attach(world.host_board(place, self.board))

    def command(self, hub_url: str) -> str:
        """Write the command by which a technician makes the board a button of this village."""
        spot = plan.BENCH
        return shlex.join(
            [
                typed("kentongan-tool"),
                "provision",
                "--port",
                str(self.port),
                "--hub",
                hub_url,
                "--token-file",
                str(self.token),
                "--role",
                "tombol",
                "--label",
                f"tombol-{spot.house}",
                "--zone",
                str(ZONE),
                "--house",
                str(spot.house),
                "--place",
                "Balai RT",
            ]
        )

    def close(self) -> None:
        self.board.close()
