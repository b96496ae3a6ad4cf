"""Drivers against what they drive: pymodbus as a real server, bytes of an LCUS board, GPIO lines by name.

GPIO runs on the kernel's gpio-sim where configfs has it, and otherwise on a fake at the level of lines; the
test's name says which ran.
"""

import asyncio
import glob
import os
import threading
from pathlib import Path

import gpiod
import pytest
from kentongan_gateway.outputs import gpio
from kentongan_gateway.outputs.lcus import LcusRelay, frame
from kentongan_gateway.outputs.modbus import ModbusRelay
from kentongan_gateway.outputs.player import Player
from kentongan_sim.world.bridges import PtyBridge
from kits.gateway.gateway_process import wait_for
from kits.gateway.gpio_fake import CHIP, Lines
from kits.patience import PATIENCE_S
from pymodbus.framer import FramerRTU
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

CONFIGFS = Path("/sys/kernel/config/gpio-sim")


# Modbus: pymodbus serves a board of eight relays at one end of a pty pair


class Board:
    """A relay board on RS-485; `coils` is what it was told, in its own words."""

    def __init__(self, tmp_path, address=3, relays=8):
        self.ours = PtyBridge(tmp_path / "rs485")
        self.theirs = PtyBridge(tmp_path / "board")
        self.ours.on_data, self.theirs.on_data = self._garble, self.ours.write
        self.deaf, self.eat, self.coils, self.port = False, 0, {}, str(tmp_path / "rs485")
        self.echo = False  # the adapter hears itself
        bits = [SimData(0, count=relays, values=False, datatype=DataType.BITS)]
        words = [SimData(0, count=8, datatype=DataType.REGISTERS)]
        self._device = SimDevice(address, (bits, bits, words, words))
        self._ready, self._loop = threading.Event(), asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=lambda: self._loop.run_until_complete(self._serve()), daemon=True
        )
        self._thread.start()
        assert self._ready.wait(PATIENCE_S)

    def _garble(self, data):
        if self.echo:
            self.ours.write(data)
        if self.eat:
            self.eat -= 1
            data = b"\x00" + data[1:]
        if not self.deaf:
            self.theirs.write(data)

    async def _serve(self):
        self._server = ModbusSerialServer(
            self._device, port=str(self.theirs.link), baudrate=9600, trace_pdu=self._trace
        )
        await self._server.serve_forever(background=True)
        self._ended = asyncio.Event()
        self._ready.set()
        await self._ended.wait()
        await self._server.shutdown()

    def _trace(self, sending, pdu):
        if not sending and pdu.function_code == 5:
            self.coils[pdu.address] = pdu.bits[0]
        return pdu

    def close(self):
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(PATIENCE_S)
        self.ours.close()
        self.theirs.close()


@pytest.fixture(name="board")
def _board(tmp_path):
    board = Board(tmp_path)
    yield board
    board.close()


def test_a_coil_of_a_real_modbus_server_is_switched_and_read_back(board):
    relay = ModbusRelay(board.port, 9_600, 3, 5)
    relay.open()
    assert board.coils == {4: False}, "opening switches off before anything else"
    relay.set(True)
    assert board.coils == {4: True} and relay.sense() is True
    relay.set(False)
    assert board.coils == {4: False} and relay.sense() is False
    relay.set(True)
    relay.close()
    assert board.coils == {4: False}, "closing leaves it off"


def test_a_frame_that_noise_ate_is_sent_again(board):
    relay = ModbusRelay(board.port, 9_600, 3, 1)
    relay.open()
    board.eat = 2
    relay.set(True)
    assert board.coils == {0: True}
    relay.close()


def test_a_board_that_does_not_answer_is_an_error_that_names_it(board):
    relay = ModbusRelay(board.port, 9_600, 3, 1)
    relay.open()
    board.deaf = True
    with pytest.raises(OSError, match="board 3"):
        relay.set(True)
    relay.close()
    with pytest.raises(OSError, match="board 9"):
        ModbusRelay(board.port, 9_600, 9, 1).open()


@pytest.mark.parametrize(("relays", "channel"), [(1, 1), (2, 2), (4, 3), (8, 8), (16, 3), (16, 12)])
def test_boards_of_every_size_that_keep_to_the_standard_are_read_back(tmp_path, relays, channel):
    """One with fewer than eight relays refuses a question for eight."""
    board = Board(tmp_path, relays=relays)
    relay = ModbusRelay(board.port, 9_600, 3, channel)
    relay.open()
    assert relay.sense() is False
    relay.set(True)
    assert relay.sense() is True and board.coils == {channel - 1: True}
    relay.close()
    board.close()


def test_an_adapter_that_hears_itself_is_recognised_and_its_echo_is_no_answer(board):
    board.echo = True
    relay = ModbusRelay(board.port, 9_600, 3, 5)
    relay.open()
    assert relay.echoes
    relay.set(True)
    assert board.coils == {4: True} and relay.sense() is True
    relay.set(False)
    assert relay.sense() is False
    relay.close()
    relay = ModbusRelay(board.port, 9_600, 3, 5)
    board.deaf = True
    with pytest.raises(OSError, match="board 3 .*only repeats what it is told"):
        relay.open()


def test_a_board_that_falls_silent_behind_an_echo_is_missed_at_the_next_stroke(board):
    board.echo = True
    relay = ModbusRelay(board.port, 9_600, 3, 5)
    relay.open()
    board.deaf = True
    with pytest.raises(OSError, match="board 3"):
        relay.set(True)
    relay.close()


def test_a_check_asks_the_board_and_switches_nothing(board):
    relay = ModbusRelay(board.port, 9_600, 3, 5)
    relay.open()
    relay.set(True)
    relay._board.serial.close()  # as if another program had left it on
    board.coils.clear()
    text = ModbusRelay(board.port, 9_600, 3, 5).look()
    assert text == "board 3 answers, relay 5 is on" and board.coils == {}
    with pytest.raises(OSError, match="board 9 .* does not answer; check A and B"):
        ModbusRelay(board.port, 9_600, 9, 5).look()
    assert board.coils == {}


def test_two_programs_do_not_talk_to_one_board(board):
    relay = ModbusRelay(board.port, 9_600, 3, 5)
    relay.open()
    with pytest.raises(OSError):
        ModbusRelay(board.port, 9_600, 3, 5).look()
    relay.close()


class Waveshare:
    """A board as its manual has it (waveshare.com/wiki/Modbus_RTU_Relay): bytes, no library's idea of them.

    "Read States of Relays" is 01 01 00 00 00 08 3D CC, answered by 01 01 01 00 51 88 with every relay off and
    one bit for each in the fourth byte. Firmware answers that way whatever place and number are asked for, or
    nothing at all unless it is eight from the first.
    """

    def __init__(self, tmp_path, strict=False, tail=b""):
        self.on, self.strict, self.tail, self.asked = 0, strict, tail, []
        self.line = PtyBridge(tmp_path / "waveshare", self._take)
        self.port = str(self.line.link)

    def _take(self, data):
        for at in range(0, len(data) - 7, 8):
            frame_8 = data[at : at + 8]
            self.asked.append(frame_8.hex(" "))
            if frame_8[1] == 5:
                bit = 1 << frame_8[3]
                self.on = self.on | bit if frame_8[4] else self.on & ~bit
                self.line.write(frame_8)
            elif not self.strict or frame_8 == bytes.fromhex("0101000000083dcc"):
                answer = bytes((1, 1, 1 + len(self.tail), self.on)) + self.tail
                self.line.write(answer + FramerRTU.compute_CRC(answer).to_bytes(2, "big"))


@pytest.mark.parametrize("strict", [False, True], ids=["whatever is asked", "to its one question"])
@pytest.mark.parametrize("channel", [1, 2, 4, 8])
def test_a_waveshare_board_is_read_back_whatever_its_other_relays_do(tmp_path, channel, strict):
    board = Waveshare(tmp_path, strict)
    relay = ModbusRelay(board.port, 9_600, 1, channel)
    relay.open()
    for others in (0, 0xFF & ~(1 << channel - 1)):
        board.on = others
        relay.set(True)
        assert relay.sense() is True and board.on == others | 1 << channel - 1
        relay.set(False)
        assert relay.sense() is False and board.on == others
    relay.close()
    board.line.close()


def test_the_frames_are_those_of_the_manual(tmp_path):
    board = Waveshare(tmp_path)
    relay = ModbusRelay(board.port, 9_600, 1, 1)
    relay.open()
    relay.set(True)
    board.asked.clear()
    relay.sense()
    assert board.asked == ["01 01 00 00 00 08 3d cc"]
    assert FramerRTU.compute_CRC(bytes.fromhex("01010100")) == 0x5188, "the manual's answer, every relay off"
    relay.close()
    board.line.close()


def test_a_sounding_on_a_waveshare_board_is_no_trouble(tmp_path):
    board, heard = Waveshare(tmp_path), []
    player = Player(ModbusRelay(board.port, 9_600, 1, 4), 60)
    player.on_trouble = heard.append
    player.play("maling", ((300, 100),), None)
    wait_for(lambda: board.on & 8, "a stroke")
    began = len(board.asked)
    wait_for(lambda: len(board.asked) > began + 60, "five seconds and more of it")
    player.close()
    assert not [text for text in heard if text] and board.on == 0
    board.line.close()


def test_of_a_board_that_sends_its_bytes_turned_nothing_is_claimed(tmp_path):
    """Waveshare's with 32 relays answers 00 00 08 00 with relay 12 on; by the standard that is relay 20."""
    board = Waveshare(tmp_path, tail=b"\x00\x08\x00")
    relay = ModbusRelay(board.port, 9_600, 1, 12)
    relay.open()
    assert relay.sense() is None
    relay.close()
    board.line.close()


def test_a_pattern_is_beaten_on_a_real_modbus_server(board):
    heard = []
    player = Player(ModbusRelay(board.port, 9_600, 3, 2), 60)
    player.on_trouble = heard.append
    player.play("maling", ((30, 30), (30, 60)), None)
    wait_for(lambda: board.coils.get(1) is True, "a stroke")
    player.close()
    assert board.coils[1] is False and not [text for text in heard if text]


# Serial relay boards: the bytes are all there is


def test_lcus_frames_are_the_boards_own():
    assert frame(1, True) == bytes.fromhex("a00101a2") and frame(1, False) == bytes.fromhex("a00100a1")
    assert frame(4, True) == bytes.fromhex("a00401a5")


def test_an_lcus_board_is_off_when_opened_and_when_closed(tmp_path):
    got = bytearray()
    port = PtyBridge(tmp_path / "lcus", got.extend)
    try:
        relay = LcusRelay(str(port.link), 2)
        relay.open()
        relay.set(True)
        relay.close()
        wait_for(lambda: len(got) == 12, "three frames")
        assert bytes(got) == frame(2, False) + frame(2, True) + frame(2, False)
        with pytest.raises(OSError):
            relay.set(True)
    finally:
        port.close()
    with pytest.raises(OSError):
        LcusRelay(str(port.link), 2).open()


# GPIO


def test_lines_are_found_by_name_and_never_by_number(monkeypatch):
    lines = Lines("GPIO16", "", "SIRENE")
    monkeypatch.setattr(glob, "glob", lambda pattern: [CHIP])
    assert gpio.find_line("SIRENE", api=lines) == (CHIP, 2)
    for name in ("1", "GPIO17", "sirene"):
        with pytest.raises(OSError, match="gpioinfo"):
            gpio.find_line(name, api=lines)


def test_a_chip_that_may_not_be_opened_hides_no_other(monkeypatch):
    """Kernels have chips that only root may open, before or behind the one with our line."""
    lines = Lines("GPIO16", "SIRENE")
    chips = ["/dev/gpiochip0", CHIP, "/dev/gpiochip99"]
    monkeypatch.setattr(glob, "glob", lambda pattern: chips)
    real = lines.Chip

    def chip(path):
        if path != CHIP:
            raise PermissionError(13, "Permission denied")
        return real(path)

    lines.Chip = chip
    assert gpio.find_line("SIRENE", api=lines) == (CHIP, 1)
    with pytest.raises(OSError, match="gpiochip0: Permission denied.*gpioinfo"):
        gpio.find_line("GPIO17", api=lines)


@pytest.mark.parametrize("low", [False, True], ids=["active high", "active low"])
def test_on_fake_lines_a_relay_is_off_from_its_request_on(monkeypatch, low):
    lines = Lines("SIRENE")
    lines.level["SIRENE"] = low  # a pull-up holds the input of an active-low board high: its relay is off
    monkeypatch.setattr(glob, "glob", lambda pattern: [CHIP])
    relay = gpio.GpioRelay("SIRENE", low, api=lines)
    relay.open()
    assert lines.history["SIRENE"] == [], "not even for a moment on"
    relay.set(True)
    relay.close()
    assert lines.history["SIRENE"] == [not low, low] and not lines.taken
    with pytest.raises(OSError, match="not open"):
        relay.set(True)


def test_on_fake_lines_a_line_that_somebody_else_holds_is_refused(monkeypatch):
    lines = Lines("SIRENE")
    monkeypatch.setattr(glob, "glob", lambda pattern: [CHIP])
    gpio.GpioRelay("SIRENE", api=lines).open()
    with pytest.raises(OSError, match="busy"):
        gpio.GpioRelay("SIRENE", api=lines).open()


class SimulatedChip:
    """The kernel's gpio-sim with three named lines."""

    def __init__(self):
        self.path = CONFIGFS / f"kentongan-{os.getpid()}"
        bank = self.path / "bank0"
        bank.mkdir(parents=True)
        (bank / "num_lines").write_text("3")
        for number, name in enumerate(("SIRENE", "SENSOR", "TOMBOL")):
            (bank / f"line{number}").mkdir()
            (bank / f"line{number}" / "name").write_text(name)
        (self.path / "live").write_text("1")
        device = (self.path / "dev_name").read_text().strip()
        chip = (bank / "chip_name").read_text().strip()
        self.sysfs, self.dev = Path("/sys/devices/platform") / device / chip, f"/dev/{chip}"

    def value(self, number):
        return (self.sysfs / f"sim_gpio{number}" / "value").read_text().strip() == "1"

    def pull(self, number, up):
        (self.sysfs / f"sim_gpio{number}" / "pull").write_text("pull-up" if up else "pull-down")

    def close(self):
        (self.path / "live").write_text("0")
        for line in sorted(self.path.glob("bank0/line*")):
            line.rmdir()
        (self.path / "bank0").rmdir()
        self.path.rmdir()


@pytest.mark.skipif(
    not (CONFIGFS.is_dir() and os.access(CONFIGFS, os.W_OK)),
    reason="this kernel has no gpio-sim: the fake lines above ran in its place",
)
def test_on_the_kernels_own_gpio_sim_relay_sense_and_key_work():
    chip = SimulatedChip()
    try:
        relay = gpio.GpioRelay("SIRENE", chips=chip.dev, api=gpiod)
        relay.open()
        relay.set(True)
        assert chip.value(0)
        relay.close()
        sense = gpio.SenseLine("SENSOR", chips=chip.dev, api=gpiod)
        sense.open()
        chip.pull(1, True)
        assert sense.sense() is True
        sense.close()
        key = gpio.KeyLine("TOMBOL", chips=chip.dev, api=gpiod)
        chip.pull(2, True)
        key.open()
        chip.pull(2, False)
        assert key.wait(PATIENCE_S) is True
        key.close()
    finally:
        chip.close()
