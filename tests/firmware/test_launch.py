# runs: cpython micropython
"""Starts that fail, and programs that stop: no board ends in a prompt, a loop or a sounding siren."""
import nodekit
from board.esp32_fake import HARD_RESET
from hwkit import (
    MAIN,
    SIREN,
    device,
)


def test_without_settings_a_board_shows_that_it_needs_a_technician_and_sends_nothing():
    for text in (None, b"", b"{", b"\xff\xfe", b"[]", b'{"format": 1}'):
        board = device("sirene")
        del board.flash["/device.json"]
        if text is not None:
            board.flash["/device.json"] = text
        assert board.boot("sirene", 700_000) == "reset"  # after ten minutes it tries again
        assert board.clock.us >= 600_000_000
        assert "perlu teknisi: device.json" in board.serial.out
        lamp = [level for _, level in board.pin(48).history]
        assert lamp.count(1) >= 100
        assert not board.chip.sent and 1 not in [level for _, level in board.pin(SIREN).history]


def test_a_button_without_settings_sleeps_until_its_key_and_says_so_again():
    board = device("tombol")
    del board.flash["/device.json"]
    assert board.boot("tombol", 100_000) == "asleep"
    assert board.slept_ms is None and board.wakes[MAIN] == 0
    assert 55_000_000 <= board.clock.us <= 65_000_000


def test_settings_of_another_role_are_refused():
    board = device("sirene")
    board.boot("penerus", 1_000)
    assert "for a sirene" in board.serial.out


def test_a_fault_at_every_start_ends_with_the_technician_not_in_a_loop():
    board = device("penerus")
    board.chip.faults.add("no_chip")
    starts = 0
    while "perlu teknisi" not in board.serial.out:
        assert board.boot("penerus", 30_000) in ("reset", "stopped")
        starts += 1
    assert starts == 3
    board.chip.faults.clear()
    board.boot("penerus", 30_000, HARD_RESET)
    assert board.boot("penerus", 200_000, HARD_RESET) == "stopped" and board.chip.sent


def test_a_radio_that_dies_while_it_runs_restarts_the_board():
    board = device("sirene")
    board.at(5_000, board.chip.faults.add, "no_chip")
    assert board.boot("sirene", 60_000) == "reset"
    assert "radio does not answer" in board.serial.out
    assert board.clock.us < 30_000_000


def test_ctrl_c_gives_the_prompt_with_the_siren_off_and_the_watchdog_takes_the_board_back():
    board = device("sirene")

    def interrupt():
        raise KeyboardInterrupt()

    board.at(3_000, board.chip.hear, nodekit.alarm(0x53000009, 77))
    board.at(4_000, interrupt)
    assert board.boot("sirene", 10_000) == "prompt"
    assert board.pin(SIREN).driven == 0
    assert board.watchdog_ms == 600_000
    try:
        board.until_us = None
        board.pass_ms(700_000)
        raise AssertionError("nobody took it back")
    except BaseException as end:
        assert "watchdog" in repr(end)


def test_a_program_that_hangs_is_ended_by_the_watchdog():
    board = device("sirene")
    board.at(2_000, board.pass_ms, 40_000)  # one event takes for ever
    assert board.boot("sirene", 100_000) == "reset"
    assert board.clock.us < 45_000_000
