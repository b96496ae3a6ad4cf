"""The radio driver of a board is its chip's alone, as one file; what is not as expected is refused."""

import ast

import pytest
from kentongan_tool.base.failures import ToolError
from kentongan_tool.board import bundle
from kentongan_tool.code import driver

FILES = {
    "modem": """
import time
from micropython import const
_DEBUG = const(False)
class Base:
    def __init__(self):
        self._mode = 1
    def wake(self):
        self._configure()
    def unused(self):
        return other()
def other():
    return time
""",
    "sync_modem": "class SyncModem:\n    def send(self):\n        pass\n",
    "sx126x": """
from micropython import const
from .modem import Base
_DEBUG = const(False)
_LOW = const(3)
class _Chip(Base):
    def _configure(self):
        return self._mode + _LOW
    def _cmd(self):
        pass
try:
    from .sync_modem import SyncModem
    class SX1262(_Chip, SyncModem):
        pass
except ImportError:
    pass
try:
    from .async_modem import AsyncModem
    class AsyncSX1262(_Chip, AsyncModem):
        pass
except ImportError:
    pass
""",
    "sx127x": "from .modem import Base\nclass SX1276(Base):\n    pass\n",
}
SHELL = "chip.wake()\nchip._cmd()\n"


def given(folder, **other):
    for name, text in {**FILES, **other}.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def test_one_file_holds_the_chips_class_and_what_the_shell_calls_and_no_more(tmp_path):
    text = driver.source(given(tmp_path), "sx1262", SHELL)
    names = {getattr(node, "name", "") for node in ast.walk(ast.parse(text))}
    assert {"SX1262", "wake", "_cmd"} <= names
    assert not {"SX1276", "AsyncSX1262", "unused", "other", "send"} & names
    assert "_LOW = const(3)" in text and text.count("_DEBUG") <= 1 and "from ." not in text


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"sx126x": "from .modem import Base\n"}, "sx126x.py: has no SX1262"),
        (
            {"sync_modem": "class SyncModem:\n    pass\ndef other():\n    return 1\n"},
            "something else in another",
        ),
        ({"modem": "class ("}, "modem.py"),
        (
            {
                "sx127x": "class SX1276:\n    def end(self):\n        self._ant_sw.off()\n",
                "sx126x": "class SX1262:\n    def end(self):\n"
                "        self._ant_sw.tx(1), self._ant_sw.off()\n",
            },
            "calls off of the antenna",
        ),
    ],
)
def test_another_driver_than_the_known_one_is_refused(tmp_path, files, said):
    with pytest.raises(ToolError, match=said):
        driver.source(given(tmp_path, **files), "sx1262", SHELL)


def test_a_board_file_holds_its_roles_pins_alone():
    text = bundle.for_role("CHIP = 'sx1262'\nTOMBOL = {'keys': ()}\nMODEM = {'keys': (1,)}\n", "modem")
    assert text == "CHIP = 'sx1262'\nTOMBOL = None\nMODEM = {'keys': (1,)}\n"
