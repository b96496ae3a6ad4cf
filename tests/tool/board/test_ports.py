"""The ports that are there: board, chip and label of each without stopping it, and the picker of --port."""

import json
import os
import pty
import threading
import tty

import pytest
from kentongan_tool import cli
from kentongan_tool.base.failures import ToolError
from kentongan_tool.board import boards, holders, ports
from kentongan_wire.air import link
from kits.tool.board_kit import Alone, need_board

DEVICE = {"role": "tombol", "label": "tombol-07", "node": 0x6B74F007}
DIES = b"ends"


class Talker:
    """Device at a port: answers `periksa` as told, and remembers all that was typed at it."""

    def __init__(self, answers):
        self.master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.port, self.typed, self._answers = os.ttyname(self._slave), b"", answers
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        line = b""
        while DIES not in line:
            data = os.read(self.master, 999)
            self.typed += data
            line += data
            for word, answer in self._answers.items():
                if word in line:
                    line = line.split(word, 1)[1]
                    os.write(self.master, answer)

    def close(self):
        os.write(self._slave, DIES)
        self._thread.join()
        os.close(self.master)
        os.close(self._slave)


@pytest.fixture
def table(monkeypatch):
    """A device that runs, one that sleeps, and a blank board."""
    blank = {
        b"periksa\r\n": b"NameError\r\n>>> ",
        b"print(": b"\r\nKENTONGAN Generic ESP32S3 module with ESP32S3 ; False\r\n",
    }
    made = [Talker({b"periksa\r\n": f"periksa {json.dumps(DEVICE)}\r\n".encode()}), Talker({}), Talker(blank)]
    there = [ports.Port(one.port, boards.CP2102, "CP2102 USB to UART") for one in made]
    monkeypatch.setattr(ports, "there", lambda: there)
    monkeypatch.setattr(ports, "ANSWER_S", 1.0)
    yield made
    for one in made:
        one.close()


def test_each_port_is_shown_with_label_chip_and_board_and_a_device_goes_on(table, capsys):
    assert cli.main(["ports"]) == 0
    running, asleep, blank = capsys.readouterr().out.splitlines()
    assert running.startswith(f"{table[0].port}  tombol tombol-07 6b74f007; heltec_v3")
    assert "diam" in asleep and "kosong, ESP32-S3; heltec_v3" in blank
    assert table[0].typed == b"\r\nperiksa\r\n"  # no Ctrl-C and no `servis`: it was not stopped


def test_a_radio_is_known_by_its_messages_and_a_port_in_use_is_said(table, monkeypatch):
    radio = Talker({b"periksa": link.encode(1, link.Ack(1)) * 3})
    try:
        assert ports.looked(radio.port) == "radio gateway"
    finally:
        radio.close()
    import serial

    with serial.Serial(table[1].port, exclusive=True):
        assert "sedang dipakai program lain" in ports.looked(table[1].port)


class Stdin:
    def __init__(self, terminal):
        self.isatty = lambda: terminal


def test_a_person_picks_from_a_list_and_a_program_is_told_what_there_is(table, monkeypatch):
    said = []
    monkeypatch.setattr("sys.stdin", Stdin(True))
    monkeypatch.setattr("builtins.input", lambda _: " 3 ")
    assert ports.choose(None, said.append) == table[2].port
    assert [line[:5] for line in said] == ["  1. ", "  2. ", "  3. "] and "tombol-07" in said[0]
    monkeypatch.setattr("builtins.input", lambda _: "4")
    with pytest.raises(ToolError, match=r"1\.\.3"):
        ports.choose(None, said.append)
    monkeypatch.setattr("sys.stdin", Stdin(False))
    with pytest.raises(ToolError, match="--port: .*tombol-07"):
        ports.choose(None, said.append)
    assert ports.choose("/dev/x", said.append) == "/dev/x"


def test_another_kind_of_radio_is_offered_only_where_one_is_wanted(table, monkeypatch):
    radio = ports.Port("/dev/radio", (0x239A, 0x8029), "RAK4631")
    both = [*ports.there()[:1], radio]
    monkeypatch.setattr(ports, "there", lambda: both)
    assert ports.choose(None, print) == table[0].port
    monkeypatch.setattr("sys.stdin", Stdin(True))
    monkeypatch.setattr("builtins.input", lambda _: "2")
    assert ports.choose(None, print, any_kind=True) == "/dev/radio"


def test_the_only_board_is_taken_and_named_and_none_is_said(table, monkeypatch):
    said = []
    only = ports.there()[:1]
    monkeypatch.setattr(ports, "there", lambda: only)
    assert ports.choose(None, said.append) == table[0].port and "tombol-07" in said[0]
    monkeypatch.setattr(ports, "there", list)
    with pytest.raises(ToolError) as caught:
        ports.choose(None, said.append)
    assert caught.value.name == "port_missing"


def test_a_port_that_is_none_of_our_boards_is_not_spoken_to(monkeypatch):
    other = Talker({})
    try:
        assert "bukan papan kita" in ports.described(ports.Port(other.port, (0x1546, 0x01A8), "u-blox GNSS"))
        assert other.typed == b""
    finally:
        other.close()


def test_a_real_blank_board_is_known_at_its_prompt(tmp_path, require):
    need_board(require)
    alone = Alone(tmp_path)
    try:
        assert ports.looked(str(alone.port)).startswith("kosong, linux")
    finally:
        alone.close()


@pytest.mark.parametrize(
    ("names", "missing", "busy"),
    [
        ([], "port_missing", "?"),
        (["brltty"], "port_taken", "brltty"),
        (["ModemManager", "bash"], "port_missing", "ModemManager"),
    ],
)
def test_who_has_a_port_is_named(tmp_path, monkeypatch, names, missing, busy):
    for number, name in enumerate(names, 4711):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "comm").write_text(f"{name}\n")
    monkeypatch.setattr(holders, "PROC", tmp_path)
    assert holders.missing("/dev/ttyUSB0").name == missing
    told = holders.busy("/dev/ttyUSB0")
    assert told.name == "port_busy" and told.what == f"/dev/ttyUSB0: {busy}"


def test_a_program_of_this_account_that_has_the_port_open_is_named_with_its_number(tmp_path, monkeypatch):
    (tmp_path / "4711/fd").mkdir(parents=True)
    (tmp_path / "4711/comm").write_text("thonny\n")
    (tmp_path / "papan").touch()
    (tmp_path / "4711/fd/3").symlink_to(tmp_path / "papan")
    monkeypatch.setattr(holders, "PROC", tmp_path)
    assert holders.busy(str(tmp_path / "papan")).what.endswith("papan: thonny (4711)")
