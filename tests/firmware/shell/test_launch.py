# runs: cpython micropython
"""Starts that fail, and programs that stop: no board ends in a prompt, a loop or a sounding siren."""

from kentongan_node.base import feedback
from kentongan_wire.air import link
from kentongan_wire.message import messages as m
from kits.board.esp32_fake import DEEPSLEEP_RESET, EXT0_WAKE, EXT1_WAKE, HARD_RESET, Reset
from kits.board.esp32_lines import Flood
from kits.both import raises, random_bytes
from kits.node import nodekit
from kits.node.hwkit import BEFORE_AIR_MS, MAIN, SILENT, SIREN, PowerChip, alarms, device, highs, lamp


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


def blinks(board, role):
    """Times in ms between the edges of its lamp."""
    edges = [
        us
        for us, level in board.pin(getattr(board.numbers, role.upper())["shows"][0]).history
        if level is not None
    ]
    return [(edges[i + 1] - edges[i]) // 1000 for i in range(len(edges) - 1)]


def test_a_radio_that_is_absent_is_told_by_the_lamp_at_the_first_start_also_to_nobody_who_pressed():
    for name in ("heltec_v3", "lilygo_t3"):
        for role in ("tombol", "sirene", "penerus", "penerima", "modem"):
            board = device(role, name)
            lid = dict(board.numbers.TOMBOL["keys"])["lid"]
            board.hold(lid, 1 - board.numbers.KEY_ACTIVE)
            board.chip.faults.add("no_chip")
            assert board.boot(role, 10_000) == "reset", (name, role)
            rhythm = [steps for step in feedback.STEPS[feedback.TECHNICIAN][0] for steps in step]
            found = blinks(board, role)
            assert rhythm in [found[i : i + 6] for i in range(len(found))], (name, role, found)


def test_a_silent_alarm_that_a_reset_meets_without_a_radio_shows_nothing_for_as_long():
    board = device("tombol")
    board.boot("tombol", 60_000)
    board.hold(SILENT, 0)
    board.boot("tombol", 3_000, DEEPSLEEP_RESET, EXT1_WAKE)
    board.hold(SILENT, None)
    board.chip.faults.add("no_chip")
    began_us = board.clock.us
    assert alarms(board) and board.boot("tombol", 10_000, HARD_RESET) == "reset"
    assert 1 not in [level for us, level in lamp(board) if us >= began_us]


def test_no_pull_is_asked_of_a_pin_that_has_none():
    for name in ("lilygo_t3", "tbeam_sx1262", "tbeam_sx1276"):
        for role in ("tombol", "sirene", "penerus", "penerima"):
            board = device(role, name)
            board.i2c = PowerChip(0x4A)
            board.boot(role, 500)
            assert not board.asked_pulls and b"gpio" not in board.serial.sent, (name, role)
            for number in board.numbers.INPUT_ONLY:
                assert board.pin(number).pull is None


def test_a_radio_that_dies_while_it_runs_restarts_the_board():
    board = device("sirene")
    board.at(5_000, board.chip.faults.add, "no_chip")
    assert board.boot("sirene", 60_000) == "reset"
    assert "radio does not answer" in board.serial.out
    assert board.clock.us < 30_000_000


def typed(board, ms, data):
    board.at(ms, board.serial.type, data)


def test_the_word_servis_gives_the_prompt_with_the_siren_off_and_the_watchdog_takes_the_board_back():
    board = device("sirene")
    board.at(3_000, board.chip.hear, nodekit.alarm(0x53000009, 77))
    typed(board, 4_000, b"\r\nservis\r\n")
    assert board.boot("sirene", 10_000) == "prompt"
    assert "servis" in board.serial.out and board.serial.interrupts
    assert board.pin(SIREN).driven == 0 and [t for t in board.timers.values() if t.due_us] == []
    assert board.watchdog_ms == 600_000
    board.until_us = None
    error = raises(Reset, board.pass_ms, 700_000)
    assert "watchdog" in repr(error) and board.pin(SIREN).driven == 0


def test_the_word_servis_is_taken_in_every_role_also_by_a_board_that_waits_for_a_technician():
    for role in ("tombol", "sirene", "penerus", "penerima"):
        board = device(role)
        typed(board, 1_000, b"\r\x03\r\nservis\r\n")
        assert board.boot(role, 10_000) == "prompt", role
        del board.flash["/device.json"]
        typed(board, 3_000, b"servis\r\n")
        assert board.boot(role, 20_000, HARD_RESET) == "prompt", role
    board = device("modem", "xiao_esp32s3")
    typed(board, 1_000, b"\r\nservis\r\n")  # its host's line: that is no message, and no word either
    assert board.boot("modem", 3_000) == "stopped"
    typed(board, 1_000, link.encode(7, link.StatusAsk()) + b"\0servis\0")
    assert board.boot("modem", 3_000, HARD_RESET) == "prompt"
    board = device("modem", "xiao_esp32s3")
    del board.flash["/device.json"]
    typed(board, 1_000, b"\0servis\0")
    assert board.boot("modem", 3_000) == "prompt"


def test_no_frame_that_a_host_passes_on_brings_a_modem_to_its_prompt():
    frame = nodekit.frame(
        m.STATUS,
        3,
        0x52000050,
        10,
        m.NodeStatus(1, 12_000, 30, -80, 20, 3, 5, 100, 7, 1, (0, 1, 0)),
        hop_limit=2,
    )
    board = device("modem", "xiao_esp32s3")
    for n in range(3):
        wicked = frame[:20] + b"\0servis\0"[n:] + b"\0servis\0" * 2
        typed(board, 1_000 + 100 * n, link.encode(n, link.Transmit(wicked, 4, 0, 0, 0)))
    assert board.boot("modem", 5_000) == "stopped"


def test_a_stray_ctrl_c_ends_no_program_in_any_role():
    for role in ("tombol", "sirene", "penerus", "penerima", "modem"):
        board = device(role, "xiao_esp32s3" if role == "modem" else "heltec_v3")
        for ms in range(0, 3_000, 50):
            typed(board, ms + 1, b"\x03")
        assert board.boot(role, 4_000) == "stopped", role
    board = device("sirene")
    board.at(1_000, board.chip.hear, nodekit.alarm(0x53000009, 77))
    typed(board, 1_500, b"\x03")
    board.boot("sirene", 20_000)
    assert highs(board)[0] > 5_000_000
    board = device("tombol")
    board.boot("tombol", 60_000)
    board.chip.sent.clear()
    typed(board, 30, b"\x03")
    board.boot("tombol", 30_000, DEEPSLEEP_RESET, EXT0_WAKE)
    assert len(alarms(board)) >= 5


def test_a_line_that_never_stops_delays_no_frame_and_no_siren():
    for byte in (b"\0", b"\xff", b"\x03"):
        board = device("tombol")
        board.boot("tombol", 60_000)
        board.chip.sent.clear()
        board.chip.began_us.clear()
        start_us = board.clock.us
        board.serial = Flood(board, 0, 60_000, byte)
        board.boot("tombol", 30_000, DEEPSLEEP_RESET, EXT0_WAKE)
        assert (board.chip.began_us[0] - start_us) // 1000 <= 2 * BEFORE_AIR_MS
        assert len(alarms(board)) >= 8
        board = device("sirene")
        board.serial = Flood(board, 500, 60_000, byte)
        board.at(3_000, board.chip.hear, nodekit.alarm(0x53000009, 77))
        assert board.boot("sirene", 60_000) == "stopped"
        first_us = [us for us, level in board.pin(SIREN).history if level == 1][0]
        assert first_us < 3_200_000 and highs(board)[0] > 20_000_000


def babble(board, ms, number):
    """So many random bytes on its line, in pieces of up to 256, from then on."""
    values = random_bytes(number)
    while number > 0:
        piece = bytes([next(values) for _ in range(next(values) + 1)])
        board.at(ms, board.serial.type, piece)
        number, ms = number - len(piece), ms + 20


def test_random_bytes_on_its_line_stop_no_role_and_no_alarm():
    for role in ("tombol", "sirene", "penerus", "penerima", "modem"):
        board = device(role)
        board.hold(MAIN, 0 if role == "tombol" else None)
        babble(board, 0, 20_000)
        board.at(1_000, board.chip.hear, nodekit.alarm(0x53000009, 77))
        assert board.boot(role, 8_000) == "stopped", role
        assert "Traceback" not in board.serial.out
        assert role != "tombol" or len(alarms(board)) >= 3
        assert role != "sirene" or highs(board)[0] > 2_000_000


def test_random_bytes_do_not_end_the_wait_for_a_technician():
    for role in ("sirene", "modem"):
        board = device(role)
        del board.flash["/device.json"]
        babble(board, 0, 20_000)
        assert board.boot(role, 8_000) == "stopped" and "perlu teknisi" in board.serial.out, role


def test_a_program_that_hangs_is_ended_by_the_watchdog():
    board = device("sirene")
    board.at(2_000, board.pass_ms, 40_000)  # one event takes for ever
    assert board.boot("sirene", 100_000) == "reset"
    assert board.clock.us < 45_000_000
