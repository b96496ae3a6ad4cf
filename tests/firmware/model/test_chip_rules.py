# runs: cpython micropython
"""The ESP32 model keeps the port's rules: pads, timers, watchdog, memory, resets, sleep."""

from kits.board.esp32_fake import (
    BROWNOUT_RESET,
    DEEPSLEEP_RESET,
    EXT0_WAKE,
    EXT1_WAKE,
    HARD_RESET,
    PWRON_RESET,
    SOFT_RESET,
    TIMER_WAKE,
    WDT_RESET,
    Board,
)
from kits.both import raises
from kits.node.chipkit import CLASSIC, S3, answer, both_chips, run

# -- pads -------------------------------------------------------------------------------------------------


def test_a_pad_that_is_none_cannot_be_had_and_one_of_the_flash_stops_the_chip():
    for board, none in ((Board(CLASSIC), (-1, 24, 28, 31, 40)), (Board(S3), (22, 25, 27, 32, 49))):
        for number in none:
            fault = run(board, lambda chip, number=number: chip.machine.Pin(number))
            assert isinstance(fault, ValueError) and "invalid pin" in str(fault), number
    touched = [run(board, lambda chip: chip.machine.Pin(6, chip.machine.Pin.IN)) for board in both_chips()]
    assert isinstance(touched[0], AssertionError) and touched[1] == "prompt"


def test_an_input_only_pad_is_no_output_and_a_pull_asked_of_it_is_an_error_line():
    board = Board(CLASSIC)
    for number in (34, 36, 39):

        def drive(chip, number=number):
            chip.machine.Pin(number, chip.machine.Pin.OUT, value=0)

        fault = run(board, drive)
        assert isinstance(fault, ValueError) and "pin can only be input" in str(fault)

        def pull(chip, number=number):
            pin = chip.machine.Pin
            return pin(number, pin.IN, pin.PULL_DOWN), pin(number, pin.IN, pin.PULL_UP).value()

        assert answer(board, pull)[1] == 0  # no exception, and no pull
        assert answer(board, lambda chip, number=number: chip.machine.Pin(number, 1, None).value()) == 0
    assert board.asked_pulls == [34, 34, 36, 36, 39, 39]
    assert board.serial.sent.count(b"input-only pad has no internal PD") == 3
    board = Board(S3)
    assert answer(board, lambda chip: chip.machine.Pin(39, 3, value=1).value()) == 1
    assert not board.asked_pulls


def test_what_a_pad_reads_in_each_mode():
    for board in both_chips():
        board.floating = 1

        def reads(chip):
            pin = chip.machine.Pin
            out = [pin(15).value()]
            for how in ((pin.IN, pin.PULL_DOWN), (pin.IN,), (pin.IN, None), (pin.IN, pin.PULL_UP)):
                out.append(pin(15, *how).value())
            return out + [
                pin(15, pin.OUT, value=0).value(),
                pin(15, pin.OUT, value=1)(),
                pin(15, pin.OPEN_DRAIN, value=0).value(),
            ]

        # no input yet; pulled down; the pull is kept where none is named; None takes it away
        assert answer(board, reads) == [0, 0, 0, 1, 1, 0, 1, 0]
        board.hold(15, 0)
        assert answer(board, lambda chip: chip.machine.Pin(15, 7, 2, value=1).value()) == 0


def test_a_level_stands_before_the_direction_and_a_reset_lets_go():
    board = Board(S3)
    run(board, lambda chip: chip.machine.Pin(5, chip.machine.Pin.OUT, value=1))
    assert [level for _, level in board.pin(5).history] == [1]
    run(board, lambda chip: None, 10, HARD_RESET)
    assert [level for _, level in board.pin(5).history] == [1, None]
    assert board.pin(5).mode is None


def test_a_held_output_keeps_its_level_until_the_supply_is_lost():
    board = Board(S3)
    run(board, lambda chip: chip.machine.Pin(5, chip.machine.Pin.OUT, value=1, hold=True))
    for cause in (HARD_RESET, DEEPSLEEP_RESET, WDT_RESET, BROWNOUT_RESET):
        run(board, lambda chip: chip.machine.Pin(5).value(0), 10, cause)
        assert board.pin(5).pad() == 1
    run(board, lambda chip: chip.machine.Pin(5, chip.machine.Pin.OUT, value=0, hold=False), 10, HARD_RESET)
    assert board.pin(5).held is False
    run(board, lambda chip: chip.machine.Pin(5, chip.machine.Pin.OUT, value=1, hold=True))
    run(board, lambda chip: None, 10, PWRON_RESET)
    assert board.pin(5).pad() == 0


def test_an_edge_that_was_asked_for_calls_back_and_wake_levels_need_a_pad_that_can_wake():
    board, seen = Board(S3), []

    def watch(chip):
        pin = chip.machine.Pin(5, chip.machine.Pin.IN, chip.machine.Pin.PULL_UP)
        pin.irq(handler=lambda pin: seen.append(pin.value()), trigger=chip.machine.Pin.IRQ_FALLING)
        chip.time.sleep_ms(100)

    board.at(10, board.hold, 5, 0)
    board.at(20, board.hold, 5, None)
    assert run(board, watch) == "prompt" and seen == [0]
    fault = run(board, lambda chip: chip.machine.Pin(40, 1).irq(lambda pin: None, 4, 4))
    assert isinstance(fault, ValueError) and "invalid pin for wake" in str(fault)


def test_the_adc_has_pads_of_its_own_reads_whole_millivolts_and_needs_calibration():
    for board, pad, other, code in ((Board(CLASSIC), 35, 5, -258), (Board(S3), 1, 33, 95)):
        fault = run(board, lambda chip, other=other: chip.machine.ADC(other))
        assert isinstance(fault, ValueError) and "invalid pin" in str(fault)
        fault = run(board, lambda chip, pad=pad: chip.machine.ADC(pad, atten=4))
        assert "invalid attenuation" in str(fault)
        board.adc[pad] = 1_234_567
        assert answer(board, lambda chip, pad=pad: chip.machine.ADC(pad).read_uv()) == 1_234_000
        board.broken.add("adc")
        fault = run(board, lambda chip, pad=pad: chip.machine.ADC(pad).read_uv())
        assert isinstance(fault, OSError) and fault.args[0] == code
        assert (
            answer(
                board,
                lambda chip, pad=pad: [
                    chip.machine.Pin(pad, 1, 2),
                    chip.machine.ADC(pad),
                    chip.machine.Pin(pad).value(),
                ][2],
            )
            == 0
        )


# -- timers and watchdog ----------------------------------------------------------------------------------


def test_there_are_four_timers_and_one_object_of_each():
    for board in both_chips():
        for number in (-1, 4):
            fault = run(board, lambda chip, number=number: chip.machine.Timer(number))
            assert isinstance(fault, ValueError) and "invalid Timer number" in str(fault)
        assert answer(board, lambda chip: chip.machine.Timer(3) is chip.machine.Timer(3))


def test_a_timer_is_periodic_unless_told_and_what_its_callback_raises_ends_nothing():
    board, rings = Board(S3), []

    def program(chip):
        def fail(timer):
            rings.append(chip.time.ticks_ms())
            raise TypeError("a callback's own")

        timer = chip.machine.Timer(0)
        timer.init(period=100, callback=fail)
        chip.time.sleep_ms(350)
        timer.init(mode=timer.ONE_SHOT, period=100, callback=fail)
        chip.time.sleep_ms(400)
        return timer.value

    assert callable(answer(board, program))
    assert rings == [100, 200, 300, 450] and len(board.callback_faults) == 4
    assert board.serial.out.count("Traceback") == 4
    fault = run(board, lambda chip: chip.machine.Timer(0).value())
    assert isinstance(fault, ValueError) and "timer not set" in str(fault)


def test_a_timers_init_after_deinit_takes_an_interrupt_anew_and_a_chip_without_one_aborts():
    board = Board(S3)

    def program(chip, deinit):
        timer = chip.machine.Timer(0)
        for _ in range(5):
            timer.init(mode=timer.ONE_SHOT, period=10, callback=lambda timer: None)
            if deinit:
                timer.deinit()

    run(board, lambda chip: program(chip, False))
    assert board.interrupts == 1
    run(board, lambda chip: program(chip, True))
    assert board.interrupts == 6
    board.interrupts_left = 0
    assert run(board, lambda chip: program(chip, True)) == "reset" and board.cause == HARD_RESET


def test_a_callback_waits_while_the_program_waits_inside_the_port_and_the_ninth_is_lost():
    board, rings = Board(S3), []

    def program(chip):
        chip.machine.Timer(0).init(period=10, callback=lambda timer: rings.append(chip.time.ticks_ms()))
        board.stall_ms(200)

    run(board, program)
    assert rings == [200] * 8


def test_nothing_stops_the_watchdog_and_a_second_call_gives_it_another_time():
    board = Board(S3)
    for how in ({"id": 1}, {"timeout": 0}):
        assert isinstance(run(board, lambda chip, how=how: chip.machine.WDT(**how)), ValueError)

    def feeds(chip):
        dog = chip.machine.WDT(0, 1_000)
        assert not hasattr(dog, "deinit") and not hasattr(dog, "stop")
        for _ in range(5):
            chip.time.sleep_ms(900)
            dog.feed()
        chip.machine.WDT(0, 3_000)
        chip.time.sleep_ms(2_900)

    assert run(board, feeds, 60_000) == "prompt"
    board.until_us = None
    raised = raises(BaseException, board.pass_ms, 3_000)  # at the prompt as well
    assert "watchdog" in repr(raised) and board.cause == WDT_RESET


# -- memory -----------------------------------------------------------------------------------------------


def test_rtc_memory_takes_2048_bytes_and_outlives_every_reset_but_a_lost_supply():
    board = Board(S3)
    fault = run(board, lambda chip: chip.machine.RTC().memory(bytes(2_049)))
    assert isinstance(fault, ValueError) and "buffer too long" in str(fault)
    run(board, lambda chip: chip.machine.RTC().memory(b"k" * 2_048))
    for cause in (HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET, BROWNOUT_RESET):
        assert answer(board, lambda chip: len(chip.machine.RTC().memory()), 10, cause) == 2_048, cause
    assert answer(board, lambda chip: chip.machine.RTC().memory(), 10, PWRON_RESET) == b""


def test_nvs_errors_have_idfs_numbers_and_a_full_one_is_erased_at_the_next_start():
    board = Board(S3)

    def missing(chip):
        chip.esp32.NVS("kentongan").get_blob("7", bytearray(8))

    fault = run(board, missing)
    assert fault.args == (-0x1102, "ESP_ERR_NVS_NOT_FOUND")

    def keep(chip):
        nvs = chip.esp32.NVS("kentongan")
        nvs.set_blob("7", b"12345678")
        nvs.commit()
        into = bytearray(9)
        return nvs.get_blob("7", into), bytes(into), nvs

    assert answer(board, keep)[:2] == (8, b"12345678\0")
    fault = run(board, lambda chip: chip.esp32.NVS("kentongan").get_blob("7", bytearray(7)))
    assert fault.args == (-0x110C, "ESP_ERR_NVS_INVALID_LENGTH")
    fault = run(board, lambda chip: chip.esp32.NVS("kentongan").set_blob("k" * 16, b""))
    assert fault.args == (-0x1109, "ESP_ERR_NVS_KEY_TOO_LONG")
    board.refuses = lambda path: path == "nvs"
    assert run(board, keep).args == (-0x1105, "ESP_ERR_NVS_NOT_ENOUGH_SPACE")
    board.nvs_full = True
    assert run(board, missing).args[0] == -0x1102


def test_a_bus_without_a_chip_says_enodev_and_one_that_hangs_etimedout():
    for part, code in ((None, 19), ("i2c stuck", 116)):
        board = Board(S3)
        board.broken.add(part)
        fault = run(board, lambda chip: chip.machine.I2C(0).readfrom_mem(0x34, 3, 1))
        assert isinstance(fault, OSError) and fault.args[0] == code
    assert "doesn't exist" in str(run(board, lambda chip: chip.machine.I2C(2)))
    assert "doesn't exist" in str(run(board, lambda chip: chip.machine.SPI(0)))


def test_random_bytes_come_in_any_count_and_never_the_same():
    for board in both_chips():
        drawn = answer(board, lambda chip: [chip.os.urandom(n) for n in (0, 1, 4, 7, 32, 32)])
        assert [len(one) for one in drawn] == [0, 1, 4, 7, 32, 32] and drawn[4] != drawn[5]


# -- resets, time and sleep -------------------------------------------------------------------------------


def test_reset_causes_and_wake_reasons_are_those_of_the_last_reset():
    board = Board(S3)

    def why(chip):
        return chip.machine.reset_cause(), chip.machine.wake_reason()

    assert answer(board, why) == (PWRON_RESET, 0)
    assert answer(board, why) == (SOFT_RESET, 0)
    assert answer(board, why, 10, BROWNOUT_RESET) == (PWRON_RESET, 0)
    assert answer(board, why, 10, DEEPSLEEP_RESET, EXT1_WAKE) == (DEEPSLEEP_RESET, EXT1_WAKE)
    assert answer(board, why, 10, HARD_RESET, EXT1_WAKE) == (HARD_RESET, 0)
    assert run(board, lambda chip: chip.machine.reset()) == "reset" and board.cause == HARD_RESET


def test_ticks_begin_at_every_start_and_time_at_power_on():
    board = Board(S3)

    def times(chip):
        chip.time.sleep_ms(5_000)
        chip.time.sleep_ms(-1)
        return chip.time.ticks_ms(), chip.time.time()

    assert answer(board, times, 9_000) == (5_000, 5)
    assert answer(board, times, 9_000, DEEPSLEEP_RESET) == (5_000, 10)
    assert answer(board, times, 9_000, PWRON_RESET) == (5_000, 5)
    board = Board(S3, ticks_us=((1 << 30) - 1) * 1000)
    wrapped = answer(board, lambda chip: [chip.time.ticks_ms(), chip.time.sleep_ms(2), chip.time.ticks_ms()])
    assert wrapped == [(1 << 30) - 1, None, 1]


def arm(board, keys, level, ext0=None, ms=None):
    def sleep(chip):
        pin = chip.machine.Pin
        pulls = pin.PULL_DOWN if level else pin.PULL_UP
        if ext0 is not None:
            chip.esp32.wake_on_ext0(pin(ext0, pin.IN, pulls), level)
        chip.esp32.wake_on_ext1(tuple([pin(key, pin.IN, pulls) for key in keys]), level)
        if ms is None:
            chip.machine.deepsleep()
        chip.machine.deepsleep(ms)

    assert run(board, sleep) == "asleep"


def test_ext1_at_level_0_needs_all_pads_low_on_the_classic_chip_and_any_on_an_s3():
    for name, wakes in ((CLASSIC, None), (S3, EXT1_WAKE)):
        board = Board(name)
        arm(board, (2, 15), 0)
        board.at(500, board.hold, 2, 0)
        assert board.doze(2_000) == wakes, name
        board.hold(15, 0)
        assert board.doze(2_000) == EXT1_WAKE
        board = Board(name)
        arm(board, (2, 15), 1)
        board.at(500, board.hold, 2, 1)
        assert board.doze(2_000) == EXT1_WAKE, name


def test_a_sleeper_wakes_by_its_key_or_its_timer_whichever_comes_first_and_says_which():
    board = Board(S3)
    arm(board, (6,), 0, ext0=4, ms=10_000)
    assert board.doze(60_000) == TIMER_WAKE and 10_000_000 <= board.clock.us <= 10_010_000
    arm(board, (6,), 0, ext0=4, ms=10_000)
    board.at(3_000, board.hold, 4, 0)
    assert board.doze(60_000) == EXT0_WAKE
    assert answer(board, lambda chip: chip.machine.wake_reason(), 10) == EXT0_WAKE
    arm(board, (6,), 0, ext0=4)  # still down: it wakes at once, for ever
    assert board.doze(60_000) == EXT0_WAKE


def test_only_pads_that_can_wake_are_taken_and_ext0_has_one():
    for board, bad in ((Board(CLASSIC), 5), (Board(S3), 33)):
        for arms in (
            lambda chip, bad=bad: chip.esp32.wake_on_ext0(chip.machine.Pin(bad), 0),
            lambda chip, bad=bad: chip.esp32.wake_on_ext1((chip.machine.Pin(bad),), 0),
        ):
            fault = run(board, arms)
            assert isinstance(fault, ValueError) and "invalid pin" in str(fault)

        def twice(chip):
            chip.esp32.wake_on_ext0(chip.machine.Pin(4), 0)
            chip.esp32.wake_on_ext0(chip.machine.Pin(15), 1)
            chip.machine.deepsleep()

        assert run(board, twice) == "asleep" and board.wakes == {15: 1}


def test_an_output_lets_go_in_deep_sleep_and_a_key_keeps_its_pull():
    board = Board(S3)

    def sleep(chip):
        pin = chip.machine.Pin
        pin(21, pin.OUT, value=1)
        chip.esp32.wake_on_ext0(pin(4, pin.IN, pin.PULL_UP), 0)
        chip.machine.deepsleep()

    assert run(board, sleep) == "asleep"
    assert board.pin(21).history[-1][1] is None and board.pin(4).pad() == 1


def test_the_temperature_is_celsius_on_an_s3_and_raw_on_the_classic_chip():
    classic, s3 = both_chips()
    assert answer(
        classic, lambda chip: (hasattr(chip.esp32, "mcu_temperature"), chip.esp32.raw_temperature())
    ) == (False, 88)
    assert answer(
        s3, lambda chip: (hasattr(chip.esp32, "raw_temperature"), chip.esp32.mcu_temperature())
    ) == (False, 31)
