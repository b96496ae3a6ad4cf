# runs: cpython micropython
"""The ESP32 model's serial lines: stdin and stdout on UART0 and on the chip's USB, machine.UART."""

from kits.board.esp32_fake import Board
from kits.both import random_bytes
from kits.node.chipkit import CLASSIC, S3, S3_USB, answer, run

ALL = bytes(range(256))


def later(board, ms, data, *usb):
    board.at(ms, board.serial.type, data, *usb)


# -- reading ------------------------------------------------------------------------------------------


def test_text_waits_for_the_rest_of_a_character_without_an_end():
    for first, rest in ((b"\xc3", b"\xa9"), (b"\xe2", b"\x82\xac"), (b"\xf0", b"\x9f\x94\x94")):
        board = Board(CLASSIC)
        later(board, 10, first)
        assert run(board, lambda chip: chip.sys.stdin.read(1), 3_600_000) == "stopped"
        board = Board(CLASSIC)
        later(board, 10, first)
        later(board, 500, rest)
        assert answer(board, lambda chip: chip.sys.stdin.read(1)) == str(first + rest, "utf-8")


def test_text_raises_at_what_is_no_character():
    for data in (b"\xff12345", b"\x80abcd", b"\xc3A", b"\xfe\xfe\xfe\xfe\xfe"):
        board = Board(CLASSIC)
        later(board, 10, data)
        fault = run(board, lambda chip: chip.sys.stdin.read(1))
        assert isinstance(fault, UnicodeError), data


def test_a_watchdog_ends_a_read_that_waits():
    board = Board(CLASSIC)
    later(board, 10, b"\xff")

    def program(chip):
        chip.machine.WDT(0, 30_000)
        chip.sys.stdin.read(1)

    assert run(board, program, 100_000) == "reset" and 30_000_000 < board.clock.us <= 31_000_000


def test_bytes_are_carried_all_256_once_ctrl_c_is_a_character_like_others():
    for name in (CLASSIC, S3_USB):
        board = Board(name)
        later(board, 10, ALL)

        def program(chip):
            chip.micropython.kbd_intr(-1)
            data = chip.sys.stdin.buffer.read(256)
            chip.sys.stdout.buffer.write(data)
            return data

        assert answer(board, program) == ALL, name
        assert (board.serial.usb.sent if name == S3_USB else board.serial.sent) == ALL


def test_text_takes_a_return_for_a_line_feed_and_bytes_do_not():
    board = Board(CLASSIC)
    later(board, 10, b"\r\r")
    read = answer(board, lambda chip: (chip.sys.stdin.read(1), chip.sys.stdin.buffer.read(1)))
    assert read == ("\n", b"\r")


def test_ctrl_c_ends_a_program_that_did_not_say_otherwise():
    for name in (CLASSIC, S3_USB):
        board = Board(name)
        later(board, 10, b"ab\x03cd")
        assert run(board, lambda chip: chip.time.sleep_ms(500)) == "prompt" and board.clock.us == 10_000
        assert board.serial.inbox == (b"cd" if name == S3_USB else b"abcd")  # USB forgets what came before


def test_the_ring_keeps_259_bytes_of_what_nobody_reads_and_usb_lets_its_host_wait():
    data = bytes([4 + n % 251 for n in range(600)])
    board = Board(CLASSIC)
    board.serial.type(data)
    assert board.serial.inbox == data[:259] and board.serial.lost == 341
    board = Board(S3_USB)
    later(board, 10, data)

    def program(chip):
        chip.micropython.kbd_intr(-1)
        chip.time.sleep_ms(100)
        return chip.sys.stdin.buffer.read(600)

    assert answer(board, program) == data and board.serial.lost == 0


def test_an_s3_hears_its_uart_and_its_usb_in_one_ring():
    board = Board(S3_USB)
    later(board, 10, b"u", False)
    later(board, 20, b"v", True)
    assert answer(board, lambda chip: chip.sys.stdin.buffer.read(2)) == b"uv"
    assert Board(CLASSIC).serial.usb is None


# -- writing ------------------------------------------------------------------------------------------


def test_text_goes_out_with_returns_and_takes_its_time_beyond_the_fifo():
    board = Board(CLASSIC)

    def program(chip):
        chip.sys.stdout.write("a\n")
        first = chip.time.ticks_ms()
        chip.sys.stdout.write("x" * 1_278)
        return first, chip.time.ticks_ms()

    first, last = answer(board, program)
    assert board.serial.sent[:3] == b"a\r\n" and first == 0
    assert 95 <= last <= 105  # 1,152 bytes beyond the FIFO of 128, 87 us each


def test_a_usb_host_that_holds_its_port_open_and_does_not_read_costs_half_a_second_and_the_rest():
    board = Board(S3_USB)

    def program(chip):
        took = []
        for _ in range(4):
            begun = chip.time.ticks_ms()
            took.append((chip.sys.stdout.buffer.write(b"x" * 100), chip.time.ticks_ms() - begun))
        return took

    board.serial.usb.host = "holds"
    assert [n for n, _ in answer(board, program, 9_000)] == [100, 100, 56, 0]
    took = answer(board, program, 9_000)
    assert min([ms for _, ms in took]) >= 500  # its FIFO is full from the start
    for host in ("none", "reads"):
        board.serial.usb.host = host
        took = answer(board, program, 9_000)
        assert [n for n, _ in took] == [100] * 4 and took[0][1] < 20, host


# -- machine.UART -------------------------------------------------------------------------------------


def test_uart0_is_the_prompts_and_cannot_be_made():
    for name in (CLASSIC, S3, S3_USB):
        board = Board(name)
        for how in ({"rxbuf": 1024}, {"txbuf": 2048}, {"rxbuf": 1024, "txbuf": 2048, "baudrate": 115_200}):
            fault = run(board, lambda chip, how=how: chip.machine.UART(0, **how))
            assert isinstance(fault, ValueError) and "buffer size is fixed" in str(fault)
        for how in ({}, {"baudrate": 115_200}, {"rxbuf": 256, "txbuf": 256}):
            fault = run(board, lambda chip, how=how: (chip.os.dupterm(None, 0), chip.machine.UART(0, **how)))
            assert isinstance(fault, OSError) and fault.args == (-259, "ESP_ERR_INVALID_STATE")
        assert answer(board, lambda chip: chip.machine.UART(1, 9_600, rxbuf=1024).any()) == 0
        assert "does not exist" in str(run(board, lambda chip: chip.machine.UART(3)))


def test_random_bytes_neither_hang_nor_end_a_program_that_reads_them_as_bytes():
    board, noise = Board(CLASSIC), random_bytes(14)
    for ms in range(1, 900):
        later(board, ms, bytes([next(noise) for _ in range(11)]))

    def program(chip):
        chip.micropython.kbd_intr(-1)
        got = 0
        while chip.time.ticks_ms() < 950:
            while chip.sys.stdin.poll():
                got += len(chip.sys.stdin.buffer.read(1))
            chip.time.sleep_ms(5)
        return got

    assert answer(board, program) == 899 * 11 and board.serial.lost == 0
