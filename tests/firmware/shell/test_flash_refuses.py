# runs: cpython micropython
"""A flash that takes no write (full, worn, read-only): every role goes on, says so, uses no counter twice."""

import json

from kentongan_node.shell import keeper
from kentongan_wire.message import messages as m
from kits.board.esp32_fake import DEEPSLEEP_RESET, EXT0_WAKE, HARD_RESET, PWRON_RESET, TIMER_WAKE
from kits.node import nodekit
from kits.node.buttonkit import opened
from kits.node.hwkit import MAIN, SIREN, alarms, device, highs

OTHER = 0x53000009


def refusing(role, name="heltec_v3", nvs=False):
    """A board whose flash takes no write, its NVS neither when `nvs`."""
    board = device(role, name)
    board.refuses = lambda path: nvs or path != "nvs"
    return board


def power_cut(board):
    board.rtc = b""
    board.chip.power_on()
    board.cause = PWRON_RESET


def ids(board):
    return [nodekit.packet_of(frame).id for frame in board.chip.sent]


def flags(board):
    return [one.body.flags for one in [opened(frame) for frame in board.chip.sent] if one.type == m.STATUS]


def strokes(board):
    return [us for us, level in board.pin(SIREN).history if level == 1]


def test_a_running_post_sounds_on_and_sounds_again_after_every_kind_of_start():
    for nvs in (False, True):
        board = device("sirene")

        def spoil(board=board, nvs=nvs):
            board.refuses = lambda path: nvs or path != "nvs"

        board.at(2_000, spoil)
        board.at(3_000, board.chip.hear, nodekit.alarm(OTHER, 77))
        assert board.boot("sirene", 63_000) == "stopped"
        assert highs(board)[0] > 20_000_000 and "perlu teknisi" not in board.serial.out
        for cut in (False, True):
            board.pin(SIREN).history.clear()
            if cut:
                power_cut(board)
            board.at(3_000, board.chip.hear, nodekit.alarm(OTHER + 1 + cut, 77))
            assert board.boot("sirene", 30_000, None if cut else HARD_RESET) == "stopped"
            assert strokes(board)[0] < board.clock.us - 26_000_000


def test_a_post_refuses_after_a_reset_what_is_older_than_it_heard_while_the_flash_took_no_write():
    board = device("sirene")
    board.boot("sirene", 5_000)
    board.refuses = lambda path: True
    board.at(1_000, board.chip.hear, nodekit.alarm(OTHER, 77))
    board.boot("sirene", 400_000, HARD_RESET)
    board.pin(SIREN).history.clear()
    board.at(2_000, board.chip.hear, nodekit.alarm(OTHER, 70))
    board.at(6_000, board.chip.hear, nodekit.alarm(OTHER, 78))
    board.boot("sirene", 10_000, HARD_RESET)
    assert strokes(board)[0] > board.clock.us - 5_000_000


def test_a_post_whose_supply_was_lost_then_asks_for_the_last_counters():
    for cut, asks in ((False, 0), (True, m.STATUS_COUNTERS_LOST)):
        board = device("sirene")
        board.boot("sirene", 5_000)
        board.refuses = lambda path: True
        board.boot("sirene", 5_000, HARD_RESET)
        board.chip.sent.clear()
        if cut:
            power_cut(board)
        board.boot("sirene", 30_000, PWRON_RESET if cut else HARD_RESET)
        assert flags(board)[-1] & m.STATUS_COUNTERS_LOST == asks


def test_a_button_sends_its_alarm_and_goes_on_with_it_after_a_reset():
    for nvs in (False, True):
        board = refusing("tombol", nvs=nvs)
        board.boot("tombol", 60_000)
        board.chip.sent.clear()
        assert board.boot("tombol", 20_000, DEEPSLEEP_RESET, EXT0_WAKE) == "stopped"
        first = alarms(board)
        assert len(first) >= 6
        board.chip.sent.clear()
        board.boot("tombol", 5_000, HARD_RESET)
        assert alarms(board)[0].body.incident == first[0].body.incident


def test_every_role_says_so_and_that_it_is_over():
    whole_ms, keeper.RETRY_MS = keeper.RETRY_MS, 120_000
    try:
        for role in ("tombol", "sirene", "penerus", "penerima"):
            says_so_and_that_it_is_over(role)
    finally:
        keeper.RETRY_MS = whole_ms


def says_so_and_that_it_is_over(role):
    bit = m.TOMBOL_STATUS_FLASH_FAILING if role == "tombol" else m.STATUS_FLASH_FAILING
    board = refusing(role, nvs=True)
    board.boot(role, 30_000)
    assert flags(board) and flags(board)[-1] & bit, role
    board.refuses = None
    for cause, ms in ((DEEPSLEEP_RESET, 60_000), (HARD_RESET, keeper.RETRY_MS + 60_000)):
        board.chip.sent.clear()
        board.boot(role, ms, cause, TIMER_WAKE)
    assert flags(board) and not flags(board)[-1] & bit, role
    assert "/state/boots" in board.flash and "/state/seq" in board.flash


def test_a_technician_reads_it_on_the_serial_line():
    board = refusing("sirene")
    board.at(5_000, board.serial.type, b"periksa\n")
    board.boot("sirene", 10_000)
    (line,) = [line for line in board.serial.out.splitlines() if line.startswith("periksa ")]
    assert json.loads(line[8:])["flash_failing"] is True


def test_no_start_of_any_kind_brings_a_packet_number_back():
    """Resets keep RTC memory, power cuts lose it; the flash fails from some start on, NVS with it or not."""
    for nvs in (False, True):
        for failing_from in (0, 3):
            board = device("tombol")
            used = []
            for n in range(12):
                if n == failing_from:
                    board.refuses = lambda path, nvs=nvs: nvs or path != "nvs"
                board.chip.sent.clear()
                if n % 3 == 2:
                    power_cut(board)
                    board.hold(MAIN, 0)
                    board.boot("tombol", 700 + 137 * n)
                    board.hold(MAIN, None)
                else:
                    board.boot("tombol", 700 + 137 * n, HARD_RESET if n % 3 else DEEPSLEEP_RESET, EXT0_WAKE)
                used += ids(board)
            assert len(used) >= 10 and len(used) == len(set(used)), (nvs, failing_from)
            if not nvs:
                assert used == sorted(used)


def test_a_power_cut_after_a_flash_that_failed_for_a_while_and_works_again_brings_no_number_back():
    board = device("tombol")
    board.boot("tombol", 60_000)
    board.refuses = lambda path: True
    used = []
    for _ in range(20):
        board.chip.sent.clear()
        board.boot("tombol", 30_000, DEEPSLEEP_RESET, EXT0_WAKE)
        used += ids(board)
    board.refuses = None
    power_cut(board)
    board.hold(MAIN, 0)
    board.chip.sent.clear()
    board.boot("tombol", 10_000)
    assert len(used) > 64 and min(ids(board)) > max(used)


def test_without_any_home_it_goes_on_above_what_receivers_know_while_nobody_answers():
    board = refusing("tombol", nvs=True)
    power_cut(board)
    board.hold(MAIN, 0)
    board.boot("tombol", 60_000)
    counters = [one.counter for one in alarms(board)]
    assert counters == sorted(counters) and len(set(counters)) >= 6
    assert len({one.body.incident for one in alarms(board)}) == 1
    assert counters[-1] - counters[0] > 1 << 28
