"""A device that runs gives its prompt to whoever asks for it by the word, and to no Ctrl-C; in every role."""

import json
import time

import pytest
import serial
from kentongan_tool.board import bundle
from kentongan_tool.board.prompt import Prompt
from kits.node import nodekit
from kits.node.hwkit import NODES
from kits.patience import LOOK_S
from kits.tool.board_kit import Alone, need_board
from kits.tool.tool_kit import need_tools


def files_of(role):
    """Return the files that make a board that device."""
    files = bundle.of_checkout().device_files(role, "heltec_v3", need_driver=False)
    return dict(files, **{"device.json": json.dumps(nodekit.settings(role, NODES[role])).encode()})


@pytest.mark.parametrize("role", ["penerus", "modem"])
def test_a_running_device_is_asked_for_its_prompt_and_ctrl_c_is_not(tmp_path, require, role):
    need_board(require)
    need_tools(require, "mpremote")
    alone = Alone(tmp_path, role)
    try:
        prompt = Prompt(alone.port)
        prompt.write(files_of(role))
        alone.board.press_reset()
        alone.wait("the program runs", lambda: alone.board._serving and alone.board.running)
        with serial.Serial(str(alone.port), timeout=LOOK_S) as line:
            for _ in range(20):
                line.write(b"\x03\r\x03\x03")
                time.sleep(LOOK_S)
            assert b">>>" not in line.read(4096)
        assert alone.board.running
        assert prompt.probe().device[0] == role
        assert not alone.board.running
        prompt.stop()
        prompt.clear()
        assert prompt.probe().files == []
    finally:
        alone.close()
