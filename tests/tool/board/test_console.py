"""The control lines of a port, as a bridge's transistors and the chip's own USB read them."""

import json

import pytest
import serial
from kentongan_tool.base.failures import ToolError
from kentongan_tool.board import console
from kentongan_tool.board.console import Console
from kentongan_tool.commands.board_commands import described, problems_of

SAID = {"role": "tombol", "label": "tombol-07", "files": "x" * 600}
ANSWER = b"periksa " + json.dumps(SAID).encode() + b"\r\n"
FIFO = 256  # of TinyUSB's CDC: what a host without DTR does not fetch in time is overwritten


class Line:
    """A port whose DTR and RTS go to both kinds of board."""

    def __init__(self, answers=True):
        self.answers = answers
        self.states = [(True, True)]  # Linux raises both when it opens
        self.resets, self.bootloader, self.inbox = 0, False, b""
        self._dtr = self._rts = True

    def _moved(self, dtr, rts):
        was_dtr, was_rts = self._dtr, self._rts
        self._dtr, self._rts = dtr, rts
        self.states.append((dtr, rts))
        self.resets += rts and not dtr  # the bridge: EN is low
        self.bootloader |= dtr and not rts and was_rts and not was_dtr  # MicroPython's own USB
        assert not (dtr and not rts), "GPIO0 is low: a chip that starts now waits for a flash"

    dtr = property(lambda self: self._dtr, lambda self, up: self._moved(up, self._rts))
    rts = property(lambda self: self._rts, lambda self, up: self._moved(self._dtr, up))

    @property
    def in_waiting(self):
        return len(self.inbox)

    def open(self):
        pass

    close = flush = open

    def write(self, data):
        if self.answers and data.startswith(b"periksa"):
            self.inbox += ANSWER if self._dtr else ANSWER[-FIFO:]

    def read(self, n):
        taken, self.inbox = self.inbox[:n], self.inbox[n:]
        return taken


@pytest.fixture
def line(monkeypatch, tmp_path):
    made = Line()
    (tmp_path / "port").touch()
    made.port = tmp_path / "port"
    monkeypatch.setattr(serial, "serial_for_url", lambda *args, **names: made)
    monkeypatch.setattr(console, "RESET_S", 0)
    return made


def test_a_board_is_woken_by_one_reset_and_all_that_it_says_is_read(line):
    with Console(line.port) as opened:
        assert line.resets == 0
        assert opened.wake(print)["label"] == "tombol-07"
    assert line.resets == 1 and not line.bootloader and line.states[-1] == (True, True)


def test_a_board_that_stays_silent_asks_for_the_reset_key_once(line, monkeypatch):
    line.answers = False
    for name, seconds in (("WAKE_S", 0.3), ("SILENT_S", 0.05), ("ASK_AGAIN_S", 0.05)):
        monkeypatch.setattr(console, name, seconds)
    said = []
    with Console(line.port) as opened, pytest.raises(ToolError) as caught:
        opened.wake(said.append)
    assert caught.value.name == "no_answer" and len(said) == 1 and "RESET" in said[0]


SAYS = {
    "role": "tombol",
    "label": "tombol-07",
    "node": 0x6B74F007,
    "firmware": "0.1.0",
    "battery_mv": 3900,
    "down": [],
    "stuck": [],
    "radio": {"crc": 0, "stuck_busy": 0},
}


def test_what_a_device_says_of_itself_is_told_in_a_line_and_its_troubles_below():
    assert described(SAYS) == "tombol tombol-07 6b74f007, firmware 0.1.0, 3.90 V" and not [*problems_of(SAYS)]
    radio = {"crc": 2, "refreshed": 5}
    bad = {
        **SAYS,
        "battery_mv": None,
        "down": ["lid"],
        "stuck": ["main"],
        "radio": radio,
        "failing": ["battery"],
    }
    assert described(bad).endswith("baterai tidak terukur")  # a XIAO has no divider
    assert [*problems_of(bad)] == [
        "tombol macet: main",
        "bagian rusak: battery",
        "tutup alat terbuka",
        "radio: crc 2",
    ]
    assert not [*problems_of({**SAYS, "radio": None})]
