"""A technician's table: a laptop, a blank virtual board, and a real hub that no radio reaches."""

import os
import subprocess

from kentongan_tool.base.failures import ToolError
from kentongan_tool.board.prompt import Prompt
from kentongan_tool.site.hub import Hub, read_token
from kits.hub.hub_kit import HubProcess, make_site
from kits.patience import PATIENCE_S
from kits.tool.board_kit import Alone, technicians_token
from kits.tool.tool_kit import PROGRAM

UJI_S = 3  # nobody hears this board: how long the tool waits for its alarm


class Office:
    """A real hub that no radio reaches; tests kill it and start it again."""

    def __init__(self, folder):
        self.folder = folder
        make_site(folder)
        self.token = technicians_token(folder, folder / "token").read_text()
        self.process = HubProcess(folder)
        self.address = self.process.address

    def alive(self):
        if self.process.process.poll() is not None:
            self.process = HubProcess(self.folder, self.address.rsplit(":", 1)[1])
        return self


class Bench:
    """A blank board beside a hub, and a technician's laptop with its own home."""

    def __init__(self, office, folder, role="tombol", speed=1):
        self.office, self.folder = office, folder
        self.laptop = folder / "laptop"
        self.laptop.mkdir()
        self.token_file = folder / "token"
        self.token_file.touch(0o600)
        self.token_file.write_text(office.token)
        self.hub = Hub(office.address, read_token(self.token_file))
        self.alone = Alone(folder, role, speed)
        names = ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "TMPDIR")
        self.home = dict.fromkeys(names, str(self.laptop))

    @property
    def words(self):
        return [
            PROGRAM,
            "provision",
            "--port",
            self.alone.port,
            "--hub",
            self.hub.url,
            "--token-file",
            self.token_file,
            "--role",
            "tombol",
            "--label",
            "tombol-21",
            "--zone",
            "5",
            "--house",
            "21",
            "--wait",
            str(UJI_S),
        ]

    def start(self, *more):
        words = list(map(str, self.words))
        if "--port" in more:  # one board has one port: another takes the place of the bench's own
            at = words.index("--port")
            del words[at : at + 2]
        return subprocess.Popen(
            [*words, *map(str, more)],
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **self.home},
        )

    def run(self, *more):
        process = self.start(*more)
        said, _ = process.communicate(timeout=PATIENCE_S)
        return process.returncode, said

    def devices(self):
        return {one["label"]: one["state"] for one in self.hub.call("devices")["devices"]}

    def pending_files(self):
        return list(self.laptop.rglob("pending-*.json"))

    def files_on_board(self):
        prompt = Prompt(self.alone.port)
        try:
            prompt.wait_for_prompt()
        except ToolError:  # on a slow machine it has fallen asleep by now: do as the message says
            self.alone.board.press_reset()
            prompt.wait_for_prompt()
        return prompt.probe().files

    def assert_taken_back(self, said):
        """Clean after what the tool said, or after the next start where a button fell asleep before it could
        be cleared, as the tool told then.
        """
        if "belum dapat dikosongkan" in said:
            self.alone.board.press_reset()
            self.run("--erase")
        self.assert_clean()

    def assert_clean(self):
        """Nothing half-registered: not at the hub, not on the board, not on the laptop."""
        assert "tombol-21" not in self.devices()
        assert self.files_on_board() == []
        assert not self.pending_files()
