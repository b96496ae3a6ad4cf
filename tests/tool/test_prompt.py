"""What is wrong at the port is told by its name: no port, no permission, another program that holds it."""

import os

import pytest
import serial
from kentongan_sim.world.bridges import PtyBridge
from kentongan_tool import console
from kentongan_tool.console import Console
from kentongan_tool.failures import ToolError
from kentongan_tool.prompt import Prompt
from tool_kit import need_tools


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
