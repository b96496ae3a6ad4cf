"""On a copy with a board `papan_uji`: the tool knows it, and each role starts on its pins."""

from kentongan_hw.parts import pins
from kentongan_tool.board import boards
from kits.board.esp32_fake import DEEPSLEEP_RESET, EXT0_WAKE
from kits.node.hwkit import alarms, device, lamp, press

NAME = "papan_uji"


def test_the_tool_names_it_and_its_firmware_has_the_pins_of_the_source():
    (found,) = boards.candidates(boards.ESP32S3, boards.CH340)
    assert found.name == NAME
    assert pins.firmware_path(NAME).read_text() == pins.board_file(pins.load(NAME))


def test_every_role_starts_on_it_and_a_button_sends():
    for role in boards.BOARDS[NAME].roles:
        board = device(role, NAME)
        assert board.boot(role, 60_000) == ("asleep" if role == "tombol" else "stopped")
        assert "perlu teknisi" not in board.serial.out, (role, board.serial.out)
    board = device("tombol", NAME)
    board.boot("tombol", 60_000)
    press(board)
    board.boot("tombol", 5_000, DEEPSLEEP_RESET, EXT0_WAKE)
    assert alarms(board) and board.numbers.TOMBOL["shows"][0] == 21 and lamp(board)
