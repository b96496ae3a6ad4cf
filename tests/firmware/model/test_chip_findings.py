# runs: cpython micropython
"""Findings on the real MicroPython of an ESP32, each first as it was there, then with our programs."""

import json
import sys

from kentongan_wire.air import link
from kits.board.esp32_chip import PROMPT_FREE_BYTES, RUNNING_FREE_BYTES
from kits.board.esp32_fake import DEEPSLEEP_RESET, EXT0_WAKE, HARD_RESET, Board
from kits.both import MICROPYTHON, random_bytes, root_path
from kits.node import nodekit
from kits.node.chipkit import CLASSIC, S3_USB, run
from kits.node.hwkit import HOUR_MS, NODES, PowerChip, alarms, device, highs

UART_BOARDS = ("heltec_v3", "lilygo_t3", "tbeam_sx1262", "tbeam_sx1276", "wireless_stick_lite_v3")
ROLES = ("tombol", "sirene", "penerus", "penerima")
OLD_IMPORTS = 33  # modules beside each other, as they were


def boarded(role, name):
    board = device(role, name)
    board.hold(dict(board.numbers.TOMBOL["keys"])["lid"], 1 - board.numbers.KEY_ACTIVE)
    return board


# -- 1: the modem on a board whose host's line is the prompt's --------------------------------------------


def test_1_uart0_cannot_be_made_and_the_prompts_line_carries_the_modem():
    for name in UART_BOARDS:
        board = device("modem", name)
        board.i2c = PowerChip(0x4A)
        fault = run(board, lambda chip: chip.machine.UART(0, baudrate=115_200, rxbuf=1024, txbuf=2048))
        assert isinstance(fault, ValueError)
        board.at(2_000, board.serial.type, link.encode(7, link.StatusAsk()))
        assert board.boot("modem", 10_000, HARD_RESET) == "stopped", name
        said = [one for _, one in link.Decoder().feed(board.serial.sent)]
        assert [one for one in said if isinstance(one, link.Hello)], name
        assert [one for one in said if isinstance(one, link.ModemStatus)], name


# -- 2: one byte on the serial line -----------------------------------------------------------------------


def reads_text(board):
    """The loop as it was: a poll, then a character of text."""

    def program(chip):
        chip.micropython.kbd_intr(-1)
        chip.machine.WDT(0, 30_000)
        frames = 0
        while chip.time.ticks_ms() < 14_000:
            if chip.sys.stdin.poll():
                chip.sys.stdin.read(1)
            chip.time.sleep_ms(5)
            frames += 1
        return frames

    return run(board, program, 14_500)


def test_2_a_text_read_hangs_or_raises_at_a_byte_that_is_no_character():
    assert reads_text(Board(CLASSIC)) == "prompt"
    for byte in (b"\xff", b"\xc3", b"\xe0", b"\xf8"):
        board = Board(CLASSIC)
        board.at(1_000, board.serial.type, byte)
        assert reads_text(board) == "stopped", byte
    board = Board(CLASSIC)
    board.at(1_000, board.serial.type, b"\xff" * 5)
    assert isinstance(reads_text(board), UnicodeError)


def test_2_no_such_byte_stops_an_alarm_or_a_siren():
    for data in (b"\xff", b"\xc3", b"\xff" * 5, bytes(range(128, 256))):
        board = boarded("tombol", CLASSIC)
        board.hold(34, 1)
        board.at(3_000, board.serial.type, data)
        board.boot("tombol", 12_000, DEEPSLEEP_RESET, EXT0_WAKE)
        assert len(alarms(board)) >= 5, data
        board = boarded("sirene", CLASSIC)
        board.at(1_000, board.chip.hear, nodekit.alarm(0x53000009, 77))
        board.at(3_000, board.serial.type, data)
        assert board.boot("sirene", 20_000) == "stopped"
        assert highs(board, board.numbers.SIRENE["siren"])[0] > 6_000_000, data


def test_2_random_bytes_stop_no_role_not_even_one_that_waits_for_a_technician():
    noise = random_bytes(2)
    for role in ROLES:
        for told in (True, False):
            board = boarded(role, CLASSIC)
            if not told:
                del board.flash["/device.json"]
            for ms in range(1_000, 9_000, 25):
                board.at(ms, board.serial.type, bytes([next(noise) for _ in range(40)]))
            ends = ("stopped", "asleep") if role == "tombol" else ("stopped",)
            assert board.boot(role, 10_000) in ends, (role, told)
            assert "Traceback" not in board.serial.out


# -- 3: the heap ------------------------------------------------------------------------------------------


def test_3_the_heap_of_our_tests_is_no_larger_than_the_chips():
    with open(root_path() + "/tests/firmware/test_heap.py") as file:
        text = file.read()
    at = text.index('HEAP = "') + 8
    kilobytes = int(text[at : text.index("wK", at)])
    assert kilobytes * 1024 <= PROMPT_FREE_BYTES * 101 // 100
    assert min(RUNNING_FREE_BYTES.values()) >= 40 * 1024


# -- 4: a reading that fails ------------------------------------------------------------------------------


def test_4_an_adc_without_calibration_raises_and_ends_a_program_that_does_not_expect_it():
    board = Board(CLASSIC)
    board.broken.add("adc")

    def program(chip):
        return chip.machine.ADC(35, atten=chip.machine.ADC.ATTN_11DB).read_uv()

    fault = run(board, program)
    assert isinstance(fault, OSError) and fault.args == (-258, "ESP_ERR_INVALID_ARG")


def test_4_no_reading_that_fails_stops_an_alarm():
    for name, part in ((CLASSIC, "adc"), ("tbeam_sx1276", "i2c"), ("tbeam_sx1262", "i2c stuck")):
        board = boarded("tombol", name)
        board.i2c = PowerChip(0x03)
        board.broken.add(part)
        board.hold(dict(board.numbers.TOMBOL["keys"])["main"], board.numbers.KEY_ACTIVE)
        board.boot("tombol", 12_000, DEEPSLEEP_RESET, EXT0_WAKE)
        assert len(alarms(board)) >= 5 and "Traceback" not in board.serial.out, (name, part)


# -- 5: a start's operations on the flash -----------------------------------------------------------------


def imports(files):
    """Flash operations of importing them all from a folder on littlefs. `files`: {name: text}."""
    from kits.board.esp32_flash import Flash

    flash = Flash()
    flash.mount("/chip")
    for name in files:
        with open("/chip/" + name + ".py", "w") as file:
            file.write(files[name])
    Flash.umount("/chip")
    flash.mount("/chip")
    path, sys.path[:] = list(sys.path), ["", "/chip"]
    try:
        flash.clear()
        for name in files:
            __import__(name)
            del sys.modules[name]
    finally:
        sys.path[:] = path
        Flash.umount("/chip")
    return flash.counts()


def test_5_many_modules_beside_each_other_cost_many_times_the_operations_of_one_file():
    if not MICROPYTHON:
        return  # the file system is MicroPython's own
    text = "# {}\n".format("x" * 70) * 40
    many = imports({"m{:02d}".format(n): text for n in range(OLD_IMPORTS)})
    one = imports({"role": text * OLD_IMPORTS})
    assert many["reads"] > 3 * one["reads"] and many["read_bytes"] > one["read_bytes"], (many, one)
    assert one["read_bytes"] < 5 * len(text) * OLD_IMPORTS


def test_5_a_wake_imports_one_file_on_a_board():
    with open(root_path() + "/firmware/roles/main.py") as file:
        names = [line.split()[1] for line in file if line.strip().startswith("import ")]
    built_in = {"flashbdev", "machine", "micropython", "sys", "vfs"}
    assert sorted(set(names) - built_in) == ["board", "role"]


# -- 6: Ctrl-C --------------------------------------------------------------------------------------------


def test_6_one_byte_ends_a_program_that_leaves_ctrl_c_as_it_is():
    board = Board(CLASSIC)
    board.at(1_000, board.serial.type, b"\x03")
    assert run(board, lambda chip: chip.time.sleep_ms(15_000), 20_000) == "prompt"
    assert board.clock.us == 1_000_000


def test_6_it_ends_none_of_ours():
    for role in ROLES:
        board = boarded(role, CLASSIC)
        board.at(1_000, board.serial.type, b"\x03")
        assert board.boot(role, 5_000) == "stopped", role


# -- 7: pulls, an absent radio, timers --------------------------------------------------------------------


def test_7_no_pull_is_asked_of_an_input_only_pad():
    for role in ROLES:
        board = boarded(role, CLASSIC)
        board.boot(role, 1_000)
        assert not board.asked_pulls and b"input-only pad" not in board.serial.sent, role


def test_7_a_button_without_its_radio_says_at_once_that_nobody_hears():
    board = boarded("tombol", CLASSIC)
    board.chip.faults.add("no_chip")
    board.hold(34, 1)
    board.boot("tombol", 4_000, DEEPSLEEP_RESET, EXT0_WAKE)
    lamp = board.pin(board.numbers.TOMBOL["shows"][0]).history
    assert [us for us, level in lamp if level == 1 and us < 2_000_000]


def test_7_no_rhythm_takes_an_interrupt_anew():
    for role in ("sirene", "tombol"):
        counts = []
        for ms in (15_000, 65_000):
            board = boarded(role, CLASSIC)
            board.hold(34, 1 if role == "tombol" else 0)
            for n in range(ms // 20_000 + 1):
                board.at(1_000 + 20_000 * n, board.chip.hear, nodekit.alarm(0x53000009 + n, 77))
            board.boot(role, ms, *((DEEPSLEEP_RESET, EXT0_WAKE) if role == "tombol" else ()))
            counts.append(board.interrupts)
        assert 0 < counts[0] == counts[1] <= 4, (role, counts)


# -- the chip's own USB -----------------------------------------------------------------------------------


def test_a_usb_modem_whose_host_does_not_read_waits_now_and_then_and_hears_the_host_again():
    board = device("modem", S3_USB)
    board.boot("modem", 3_000)
    board.serial.usb.host = "holds"
    for n in range(20):
        board.at(1_000 + 1_000 * n, board.chip.hear, nodekit.alarm(0x53000009, 77 + n))
    board.at(30_000, setattr, board.serial.usb, "host", "reads")
    board.at(31_000, board.serial.type, link.encode(7, link.StatusAsk()))
    assert board.boot("modem", 40_000, HARD_RESET) == "stopped"
    said = [one for _, one in link.Decoder().feed(board.serial.usb.sent)]
    assert [one for one in said if isinstance(one, link.ModemStatus)]


def test_a_day_asleep_ends_by_the_timer_and_a_button_says_that_it_lives():
    board = boarded("tombol", CLASSIC)
    assert board.boot("tombol", 100_000) == "asleep"
    woken = 0
    for _ in range(4):
        assert board.doze(24 * HOUR_MS) is not None
        board.chip.sent.clear()
        assert board.boot("tombol", 100_000) == "asleep"
        woken += len([f for f in board.chip.sent if nodekit.packet_of(f).src == NODES["tombol"]])
    assert woken == 4 and board.clock.us > 20 * HOUR_MS * 1000
    assert json.loads(board.flash["/device.json"].decode())["role"] == "tombol"
