"""A virtual board does what a technician's programs expect: prompt, files, reset, power cuts."""

import re
import threading
from hashlib import sha256

import pytest
from kentongan_tool.base.failures import ToolError
from kentongan_tool.board import devicetools
from kentongan_tool.board import prompt as prompt_module
from kentongan_tool.board.prompt import Prompt
from kits.patience import PATIENCE_S
from kits.tool.board_kit import Alone, need_board
from kits.tool.tool_kit import need_tools

LOOP = b"import time\nprint('hidup')\nwhile True:\n    time.sleep_ms(20)\n"


@pytest.fixture
def alone(tmp_path, require):
    need_board(require)
    need_tools(require, "mpremote")
    made = Alone(tmp_path)
    yield made
    made.close()


def mpremote(alone, *words):
    done = devicetools.run("mpremote", "connect", alone.port, *words, timeout_s=PATIENCE_S)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_blank_board_has_a_prompt_and_an_empty_file_system(alone):
    found = Prompt(alone.port).probe()
    assert (found.platform, found.files, found.device) == ("linux", [], None)
    assert found.free_bytes > 1_900_000


def test_files_are_written_read_back_and_survive_a_reset_and_a_power_cut(alone):
    prompt = Prompt(alone.port)
    files = {"lib/satu.py": b"A = 1\n", "state/seq": bytes(range(256)) * 40, "data.json": b"{}"}
    prompt.write(files)
    prompt.reset()
    prompt.wait_for_prompt()
    assert sorted(prompt.probe().files) == ["/data.json", "/lib/satu.py", "/state/seq"]
    alone.power(False)
    alone.power(True)
    prompt.wait_for_prompt()
    assert sorted(prompt.probe().files) == ["/data.json", "/lib/satu.py", "/state/seq"]
    prompt.clear()
    assert prompt.probe().files == []


def test_a_file_that_reads_back_differently_is_named(alone):
    prompt = Prompt(alone.port)
    prompt.write({"a.txt": b"benar"})
    there = sha256(b"benar").hexdigest()
    assert prompt._wrong({"a.txt": b"benar"}) == []
    assert prompt._wrong({"a.txt": b"salah"}) == [("a.txt", there)]
    assert prompt._wrong({}) == [("a.txt", there)]
    assert prompt._wrong({"a.txt": b"benar", "b.txt": b""}) == [("b.txt", None)]


def test_ctrl_c_and_a_soft_reset_bring_the_prompt_back_from_a_running_program(alone):
    prompt = Prompt(alone.port)
    prompt.write({"main.py": LOOP})
    prompt.reset()
    alone.wait("main.py runs", lambda: b"hidup" in alone.line)
    assert "main.py" in mpremote(alone, "resume", "ls")  # interrupts it
    assert "main.py" in mpremote(alone, "ls")  # a soft reset, without starting it again
    prompt.stop()
    assert prompt.probe().files == []


def test_a_power_cut_while_a_file_is_written_leaves_a_file_system_that_mounts(alone):
    prompt = Prompt(alone.port)
    prompt.write({"tetap.txt": b"tetap"})
    program = "n = 0\nwhile True:\n    n += 1\n    open('x.bin', 'wb').write(bytes(3000))\n    print(n)\n"
    said = len(alone.line)

    def cut():
        alone.wait("three files", lambda: re.search(rb"3\r?\n", alone.line[said:]))
        alone.power(False)
        alone.board.unplug()  # it was powered by the cable

    cutter = threading.Thread(target=cut)
    cutter.start()
    with pytest.raises(ToolError) as caught:
        prompt.ask(program, PATIENCE_S)
    cutter.join()
    assert caught.value.name == "cut"  # the cable, not a worn flash
    alone.board.replug()
    alone.power(True)
    prompt.wait_for_prompt()
    assert "/tetap.txt" in prompt.probe().files
    assert mpremote(alone, "resume", "cat", "tetap.txt") == "tetap"


def test_a_board_without_power_and_a_port_that_is_gone_say_different_things(alone, tmp_path, monkeypatch):
    alone.power(False)
    monkeypatch.setattr(prompt_module, "ENTRY_TRIES", 1)  # mpremote itself tries for ten seconds
    with pytest.raises(ToolError) as caught:
        Prompt(alone.port).probe()
    assert caught.value.name == "no_answer"
    with pytest.raises(ToolError) as caught:
        Prompt(tmp_path / "tidak-ada").probe()
    assert caught.value.name == "port_missing"
