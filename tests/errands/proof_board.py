"""On a copy with a board `papan_uji`: the tool knows it, and each role starts on its pins."""
from hwkit import alarms, device
from kentongan_hw import pins
from kentongan_tool import boards


def test_the_tool_names_it_and_it_starts_and_sends():
    assert pins.firmware_path("papan_uji").read_text() == pins.board_file(pins.load("papan_uji"))
    (found,) = boards.candidates(boards.ESP32S3, boards.CH340)
    assert found.name == "papan_uji"
    board = device("tombol", "papan_uji")
    board.boot("tombol", 5_000)
    assert board.pin(21).history, "its lamp is on the pin that the source names"
    for role in boards.BOARDS["papan_uji"].roles:
        board = device(role, "papan_uji")
        assert board.boot(role, 3_000) in ("asleep", "running", "stopped") or not alarms(board)
        assert "perlu teknisi" not in board.serial.out, (role, board.serial.out)
