"""Faults at the port are told by name: no port, no permission, another program that holds it."""

import os
from hashlib import sha256

import pytest
import serial
from kentongan_sim.world.bridges import PtyBridge
from kentongan_tool.base.failures import ToolError
from kentongan_tool.board import console, devicetools, prompt
from kentongan_tool.board.console import Console
from kentongan_tool.board.prompt import Prompt
from kits.tool.board_kit import Alone, need_board
from kits.tool.tool_kit import need_tools


@pytest.fixture
def port(require, tmp_path):
    need_tools(require, "mpremote")
    bridge = PtyBridge(tmp_path / "papan")
    yield bridge.link
    bridge.close()


def told(function):
    with pytest.raises(ToolError) as caught:
        function()
    return caught.value


def test_a_port_that_is_not_there_or_not_allowed_is_named_before_anything_is_tried(port, monkeypatch):
    assert told(lambda: Prompt("/dev/tidak-ada")).name == "port_missing"
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    denied = told(lambda: Prompt(port))
    assert denied.name == "port_denied" and "dialout" in denied.lines()[1]


def test_a_port_that_another_program_holds_is_named(port, monkeypatch):
    monkeypatch.setattr(console, "OPEN_S", 0.5)
    with serial.Serial(str(port), exclusive=True):
        busy = told(lambda: Prompt(port).probe())
        assert busy.name == "port_busy" and "Thonny" in busy.lines()[1]
        assert told(lambda: Console(port).__enter__()).name == "port_busy"


def last_words(monkeypatch, port, said, code=1):
    """Return the tool's error for mpremote's last words."""
    monkeypatch.setattr("kentongan_tool.board.prompt.ask_for_prompt", lambda port: True)
    monkeypatch.setattr(devicetools, "run", lambda *words, **more: devicetools.Done(code, "", said))
    return told(lambda: Prompt(port).reset()).name


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("mpremote: [Errno 5] Input/output error", "cut"),  # this machine's port
        ("mpremote: could not complete raw paste: b''", "cut"),
        ("mpremote: device disconnected", "cut"),
        ("OSError: [Errno 5] EIO", "dead_flash"),  # the board's own
        ("OSError: [Errno 28] ENOSPC", "full_board"),
        ("mpremote: failed to access /dev/ttyUSB0 (it may be in use by another program)", "port_busy"),
        ("mpremote: failed to access /dev/ttyUSB0", "port_missing"),
        ("mpremote: could not enter raw repl", "no_answer"),
        ("anything else", "not_written"),
    ],
)
def test_a_cable_a_flash_and_another_program_are_told_apart_by_what_mpremote_says(monkeypatch, said, name):
    assert last_words(monkeypatch, "socket://x", said) == name


class Board(Prompt):
    """A board whose flash or cable does as told: what each look at it gives, one after the other."""

    def __init__(self, *looks):
        self.port, self.copies, self._looks = "papan", 0, list(looks)

    def _copy(self, files, told=None):
        self.copies += 1

    def ask(self, program, timeout_s=0):
        return [(f"/{path}", digest) for path, digest in self._looks.pop(0).items()]


FILE = {"role.mpy": b"kode"}
RIGHT = {"role.mpy": sha256(b"kode").hexdigest()}
ONE, OTHER = {"role.mpy": "0" * 64}, {"role.mpy": "1" * 64}


@pytest.mark.parametrize(
    ("looks", "copies", "name"),
    [
        ([RIGHT], 1, None),
        ([ONE, RIGHT], 1, None),  # the reading was disturbed
        ([ONE, ONE, RIGHT], 2, None),  # the writing was
        ([ONE, OTHER], 1, "noise"),
        ([ONE, ONE, OTHER], 2, "noise"),
        ([ONE, ONE, ONE], 2, "dead_flash"),
        ([{}, {}], 1, "not_written"),
        ([{**RIGHT, "old.py": "0"}] * 2, 1, "not_written"),
    ],
)
def test_noise_on_the_cable_and_a_dead_flash_are_told_apart_by_looking_and_writing_again(looks, copies, name):
    board = Board(*looks)
    if name is None:
        board.write(FILE)
    else:
        assert told(lambda: board.write(FILE)).name == name
    assert board.copies == copies and not board._looks


def test_how_far_the_writing_is_is_known_while_a_real_board_is_written(require, tmp_path):
    need_board(require)
    need_tools(require, "mpremote")
    alone, shares = Alone(tmp_path), []
    try:
        files = {"board.mpy": bytes(5_000), "role.mpy": bytes(20_000), "device.json": b"{}"}
        Prompt(alone.port).write(files, lambda done, total: shares.append(done / total))
    finally:
        alone.close()
    assert len(shares) > 10 and shares == sorted(shares) and shares[-1] > 0.9


def test_a_power_cut_while_writing_is_a_cut_and_no_broken_board(require, tmp_path, monkeypatch):
    need_board(require)
    need_tools(require, "mpremote")
    monkeypatch.setattr(prompt, "QUIET_S", 5)
    alone, done = Alone(tmp_path), []

    def cut(*so_far):
        if not done:
            alone.power(False)
        done.append(so_far)

    try:
        assert told(lambda: Prompt(alone.port).write({"role.mpy": bytes(50_000)}, cut)).name == "cut"
    finally:
        alone.close()
    assert done
