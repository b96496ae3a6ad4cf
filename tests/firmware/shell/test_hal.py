# runs: cpython micropython
"""The device's shell on a button's whole board: keys, sleep, wake, flash, serial line, supply."""

import json

from kentongan_node.base import feedback
from kentongan_wire.message import messages as m
from kits.board.esp32_fake import (
    BROWNOUT_RESET,
    DEEPSLEEP_RESET,
    EXT0_WAKE,
    EXT1_WAKE,
    HARD_RESET,
    PWRON_RESET,
    TIMER_WAKE,
    Reset,
)
from kits.both import raises
from kits.node import nodekit
from kits.node.buttonkit import opened
from kits.node.hwkit import (
    BEFORE_AIR_MS,
    CONTACT,
    HOUR_MS,
    LID,
    MAIN,
    NODES,
    SILENT,
    PowerChip,
    alarms,
    device,
    highs,
    lamp,
    press,
    receipt,
    said_nobody,
)


def test_a_press_wakes_it_and_is_on_the_air_at_once_also_when_let_go_before_the_boot_ended():
    for held in (False, True):
        board = device("tombol")
        assert board.boot("tombol", 60_000) == "asleep"
        board.hold(MAIN, 0 if held else None)
        board.chip.sent.clear()
        board.chip.began_us.clear()
        start_us = board.clock.us
        board.boot("tombol", 500, DEEPSLEEP_RESET, EXT0_WAKE)
        assert [a.body.kind for a in alarms(board)] == [m.KIND_BAHAYA]
        # waits of driver, oscillator, calibration and three channel checks; the chip's boot comes before
        assert (board.chip.began_us[0] - start_us) // 1000 <= BEFORE_AIR_MS


def test_every_key_wakes_it_and_a_timer_for_the_next_status():
    for name, down in (
        ("heltec_v3", 0),
        ("wireless_stick_lite_v3", 0),
        ("lilygo_t3s3", 0),
        ("xiao_esp32s3", 0),
        ("lilygo_t3", 1),
        ("tbeam_sx1262", 1),
        ("tbeam_sx1276", 1),
    ):
        board = device("tombol", name)
        board.i2c = PowerChip(3 if name == "tbeam_sx1276" else 0x4A)
        board.hold(dict(board.numbers.TOMBOL["keys"])["lid"], 1 - down)
        assert board.boot("tombol", 60_000) == "asleep", name
        keys = dict(board.numbers.TOMBOL["keys"])
        assert board.wakes == {keys["main"]: down, keys["silent"]: down, keys["lid"]: down}, name
        assert 5 * HOUR_MS < board.slept_ms < 7 * HOUR_MS
        assert board.chip.mode == 0  # the radio sleeps as well


def test_a_key_that_stays_down_wakes_on_its_release_and_that_is_no_press():
    board = device("tombol")
    board.hold(MAIN, 0)
    board.at(3_000, receipt, board, 4, 1)
    assert board.boot("tombol", 60_000, DEEPSLEEP_RESET, EXT0_WAKE) == "asleep"
    assert board.wakes[MAIN] == 1
    board.chip.sent.clear()
    board.hold(MAIN, None)
    assert board.boot("tombol", 60_000, DEEPSLEEP_RESET, EXT0_WAKE) == "asleep"
    assert not alarms(board)
    board.hold(MAIN, 0)  # let go and pressed again while it boots: a press
    board.rtc = armed(board)
    board.boot("tombol", 1_000, DEEPSLEEP_RESET, EXT0_WAKE)
    assert len(alarms(board)) == 1


def armed(board):
    memory = board.modules["hal"].rtcmem.load(board.rtc)
    memory.armed = True
    return memory.dump()


def test_a_stuck_key_is_named_in_the_status():
    board = device("tombol")
    board.boot("tombol", 100)
    board.hold(SILENT, 0)
    board.chip.sent.clear()
    press(board, LID, 125_000)  # opened: a STATUS, once the incident is over
    board.at(124_000, receipt, board, 4, 1)
    board.boot("tombol", 200_000, DEEPSLEEP_RESET, EXT1_WAKE)
    flags = [one.body.flags for one in [opened(f) for f in board.chip.sent] if one.type == m.STATUS]
    assert flags and flags[-1] & m.TOMBOL_STATUS_KEY_STUCK


def statuses(board):
    return [one.body for one in [opened(f) for f in board.chip.sent] if one.type == m.STATUS]


def next_status(board):
    """The STATUS of the next wake by the timer, with the board asleep again."""
    board.chip.sent.clear()
    assert board.boot("tombol", 60_000, DEEPSLEEP_RESET, TIMER_WAKE) == "asleep"
    assert len(statuses(board)) == 1
    return statuses(board)[0]


def test_a_status_after_sleep_has_battery_and_temperature():
    board = device("tombol")
    board.boot("tombol", 60_000)
    body = next_status(board)
    assert (body.battery, body.temperature, body.flags) == (4_199 // 20, 31, 0)


def test_a_key_that_was_down_from_one_wake_to_the_next_is_stuck():
    board = device("tombol")
    board.boot("tombol", 60_000)
    board.hold(SILENT, 0)
    told = [next_status(board).flags & m.TOMBOL_STATUS_KEY_STUCK for _ in range(2)]
    assert told == [0, m.TOMBOL_STATUS_KEY_STUCK]
    board.hold(SILENT, None)
    assert not next_status(board).flags & m.TOMBOL_STATUS_KEY_STUCK


def test_contacts_that_disagree_from_one_wake_to_the_next_are_told_and_alarms_go_on():
    board = device("tombol")
    board.boot("tombol", 60_000)
    board.hold(CONTACT, 1)  # its cable came off: the carrier's pull-up, and nobody presses
    told = [next_status(board).flags & m.TOMBOL_STATUS_KEY_STUCK for _ in range(2)]
    assert told == [0, m.TOMBOL_STATUS_KEY_STUCK]
    board.hold(CONTACT, 0)
    assert not next_status(board).flags & m.TOMBOL_STATUS_KEY_STUCK
    board.hold(CONTACT, 1)
    board.chip.sent.clear()
    press(board)
    board.boot("tombol", 500, DEEPSLEEP_RESET, EXT0_WAKE)
    assert [a.body.kind for a in alarms(board)] == [m.KIND_BAHAYA]


def test_an_open_lid_is_no_stuck_key():
    board = device("tombol")
    board.hold(LID, 0)
    board.boot("tombol", 60_000)
    for _ in range(2):
        assert next_status(board).flags == m.TOMBOL_STATUS_LID


def test_a_bouncing_contact_is_one_press():
    board = device("tombol")
    board.boot("tombol", 60_000)
    board.chip.sent.clear()
    board.at(100, board.hold, MAIN, 0)
    for n in range(12):
        board.at(101 + n, board.hold, MAIN, (None, 0)[n % 2])
    board.boot("tombol", 1_500, DEEPSLEEP_RESET, TIMER_WAKE)
    found = alarms(board)
    assert len({a.counter for a in found}) == 1 and found[0].body.attempt == 0


def test_a_press_during_a_transmission_is_sent_after_it():
    board = device("tombol")
    board.boot("tombol", 60_000)
    board.chip.sent.clear()
    board.at(60, board.hold, SILENT, 0)  # the first frame of the big button flies
    board.at(200, board.hold, SILENT, None)
    board.boot("tombol", 1_000, DEEPSLEEP_RESET, EXT0_WAKE)
    assert sorted({a.body.kind for a in alarms(board)}) == [m.KIND_BAHAYA, m.KIND_KEKERASAN]


def test_a_key_held_while_power_comes_is_a_press_unless_the_lid_is_open():
    for lid, count in ((None, 1), (0, 0)):
        board = device("tombol")
        board.hold(MAIN, 0)
        board.hold(LID, lid)
        board.boot("tombol", 1_000, PWRON_RESET)
        assert len(alarms(board)) == count


def test_both_keys_held_while_it_starts_are_a_test_and_no_alarm():
    board = device("tombol")
    board.hold(MAIN, 0)
    board.hold(SILENT, 0)
    board.boot("tombol", 1_000, PWRON_RESET)
    assert [a.body.kind for a in alarms(board)] == [m.KIND_UJI]


def test_a_press_whose_start_failed_is_not_lost():
    board = device("tombol")
    board.boot("tombol", 60_000)
    board.chip.sent.clear()
    board.chip.faults.add("no_chip")
    assert board.boot("tombol", 60_000, DEEPSLEEP_RESET, EXT0_WAKE) == "reset"
    board.chip.faults.clear()
    board.boot("tombol", 500, HARD_RESET)
    assert len(alarms(board)) == 1


def test_an_incident_goes_on_after_resets_twice_at_full_power_twice_weaker_and_then_says_that_nobody_hears():
    board = device("tombol")
    board.boot("tombol", 100)
    board.boot("tombol", 1_000, DEEPSLEEP_RESET, EXT0_WAKE)
    counter = alarms(board)[-1].counter
    for power in (17, 17, 10, 2, None):
        board.chip.sent.clear()
        board.modules = {}
        board.boot("tombol", 1_500, HARD_RESET)
        assert bool(alarms(board)) == (power is not None)
        assert all([a.body.incident == counter & 0xFFFF for a in alarms(board)])
        assert power is None or board.chip.power == power
    assert 1 in [level for us, level in lamp(board) if us > board.clock.us - 1_400_000]
    assert board.boot("tombol", 60_000, HARD_RESET) == "asleep" and not alarms(board)
    press(board)
    board.boot("tombol", 1_000, DEEPSLEEP_RESET, EXT0_WAKE)
    assert alarms(board) and board.chip.power == 17


def test_an_interrupted_incident_does_not_go_on_with_the_lid_open():
    board = device("tombol")
    board.boot("tombol", 100)
    board.boot("tombol", 1_000, DEEPSLEEP_RESET, EXT0_WAKE)
    board.chip.sent.clear()
    board.hold(LID, 0)
    board.boot("tombol", 1_500, HARD_RESET)
    assert not alarms(board)


def test_a_cell_that_sags_at_every_frame_is_never_met_with_a_dark_lamp():
    """Brown-outs at each transmission, key held or not, RTC memory kept or lost."""
    for held in (False, True):
        for kept in (True, False):
            board = device("tombol")
            board.boot("tombol", 60_000)
            sends = board.chip._op_83

            def sag(args, board=board, sends=sends):
                sends(args)
                board.at(5, fail)

            board.chip._op_83 = sag
            board.hold(MAIN, 0 if held else None)
            cause, wake, powers, said = DEEPSLEEP_RESET, EXT0_WAKE, [], []
            for _ in range(8):
                began_us = board.clock.us
                end = board.boot("tombol", 30_000, cause, wake)
                said.append(said_nobody(board, began_us))
                cause, wake = BROWNOUT_RESET, None
                board.script.clear()
                powers.append(board.chip.power)
                board.chip.power_on()
                board.rtc = board.rtc if kept else b""
                if end != "reset":
                    break
            assert end in ("asleep", "stopped") and any(said), (held, kept, end)
            assert powers[:4] == [17, 17, 17, 10], (held, kept, powers)


def fail():
    raise Reset("brown-out")


def test_a_radio_that_is_absent_is_told_by_the_lamp_at_each_press():
    for chip in ("heltec_v3", "lilygo_t3"):
        board = device("tombol", chip)
        board.hold(dict(board.numbers.TOMBOL["keys"])["lid"], 1 - board.numbers.KEY_ACTIVE)
        board.boot("tombol", 60_000)
        board.chip.faults.add("no_chip")
        cause, wake = DEEPSLEEP_RESET, EXT0_WAKE
        for _ in range(8):
            began_us = board.clock.us
            end = board.boot("tombol", 80_000, cause, wake)
            assert said_nobody(board, began_us), (chip, end)
            cause, wake = (DEEPSLEEP_RESET, EXT0_WAKE) if end == "asleep" else (HARD_RESET, None)


def test_a_radio_that_dies_during_an_alarm_is_told_by_the_lamp_and_nothing_is_told_of_a_silent_one():
    for wake, pin, tells in ((EXT0_WAKE, MAIN, True), (EXT1_WAKE, SILENT, False)):
        board = device("tombol")
        board.boot("tombol", 60_000)
        board.hold(pin, 0)
        board.at(3_000, board.chip.faults.add, "no_chip")
        began_us = board.clock.us
        assert board.boot("tombol", 60_000, DEEPSLEEP_RESET, wake) == "reset"
        assert said_nobody(board, began_us) == tells


def test_no_reset_brings_a_counter_back_whatever_was_on_flash_by_then():
    board = device("tombol")
    ids = []
    for n in range(12):
        board.chip.sent.clear()
        board.boot("tombol", 700 + 137 * n, HARD_RESET if n % 3 else DEEPSLEEP_RESET, EXT0_WAKE)
        ids += [nodekit.packet_of(frame).id for frame in board.chip.sent]
    assert len(ids) >= 11 and len(ids) == len(set(ids))


def test_the_incident_is_in_rtc_memory_before_the_frame_and_on_flash_while_it_flies():
    board = device("tombol")
    board.boot("tombol", 60_000)
    board.flash.pop("/state/incident", None)
    board.chip.sent.clear()
    seen = []

    def look():
        seen.append((len(board.chip.sent), "/state/incident" in board.flash))

    for ms in range(1, 200, 4):
        board.at(ms, look)
    board.boot("tombol", 300, DEEPSLEEP_RESET, EXT0_WAKE)
    assert (0, True) in seen  # written before the frame had gone out whole
    memory = board.modules["hal"].rtcmem.load(board.rtc)
    assert memory.node == NODES["tombol"] and memory.files["incident"] == board.flash["/state/incident"]


def test_rtc_memory_of_another_identity_or_a_torn_one_is_not_taken():
    board = device("tombol")
    board.boot("tombol", 1_000, DEEPSLEEP_RESET, EXT0_WAKE)
    board.flash["/device.json"] = json.dumps(nodekit.settings("tombol", NODES["tombol"] + 1)).encode()
    for name in [name for name in board.flash if name.startswith("/state/")]:
        del board.flash[name]
    board.chip.sent.clear()
    board.boot("tombol", 3_000, HARD_RESET)
    assert not alarms(board)
    board.rtc = board.rtc[:-1] + b"\x00"
    assert board.boot("tombol", 3_000, HARD_RESET) == "stopped"


def test_the_last_of_a_battery_is_for_alarms():
    board = device("tombol")
    board.adc = {1: 590_000}  # 2.9 V
    board.boot("tombol", 60_000, PWRON_RESET)
    assert not board.chip.sent
    board.boot("tombol", 4_000, DEEPSLEEP_RESET, EXT0_WAKE)
    assert len(alarms(board)) >= 2
    assert len(board.pin(48).history) <= 6  # the buzzer's tick before the voltage was known, and no more


def test_a_silent_alarm_moves_no_lamp_no_buzzer_and_no_motor():
    board = device("tombol")
    board.boot("tombol", 60_000)
    outputs = [number for number in board.numbers.TOMBOL["shows"] if number is not None]
    for number in outputs:
        board.pin(number).history.clear()
    board.hold(SILENT, 0)
    board.at(5_000, receipt, board, 2, 1)
    board.boot("tombol", 60_000, DEEPSLEEP_RESET, EXT1_WAKE)
    assert alarms(board)[0].body.kind == m.KIND_KEKERASAN
    for number in outputs:
        assert not [level for _, level in board.pin(number).history if level == 1]
    assert "press" not in board.serial.out


# -- serial line and supply ---------------------------------------------------------------------------


def test_a_technicians_words_on_the_serial_line():
    board = device("tombol")
    board.serial.inbox = "\x00\xffgaduh\n UJI\r\nperiksa\n"
    for n in range(5):  # no more than the chip's ring at a time
        board.at(1_000 + 100 * n, board.serial.type, b"x" * 100 + b"\n" * (n == 4))
    board.at(2_000, receipt, board, 2, 65)
    board.boot("tombol", 5_000)
    out = board.serial.out
    assert "tidak dikenal" in out and "press" in out and "sent" in out
    report = json.loads([line for line in out.splitlines() if line.startswith("periksa ")][0][8:])
    assert report["role"] == "tombol" and 4_100 <= report["battery_mv"] <= 4_300
    assert report["radio"]["send_lost"] == 0
    keys = (nodekit.key_a(NODES["tombol"], 1), nodekit.key_c(NODES["tombol"], 1), nodekit.CHANNEL_KEY)
    from binascii import hexlify

    assert not [key for key in keys if hexlify(key).decode() in out]
    assert [a.body.kind for a in alarms(board)][:1] == [m.KIND_UJI]


def test_a_stored_test_is_told_and_over():
    board = device("tombol")
    board.serial.inbox = "uji\n"
    board.boot("tombol", 700)
    counter = alarms(board)[0].counter
    board = device("tombol")
    board.serial.inbox = "uji\n"
    board.at(600, receipt, board, 2, counter)
    assert board.boot("tombol", 120_000) == "asleep"
    assert "#{} receipt_2".format(counter) in board.serial.out
    for role, word in (("sirene", "test"), ("penerus", "status"), ("penerima", "status")):
        board = device(role)
        board.serial.inbox = "uji\n"
        board.boot(role, 3_000)
        assert " " + word in board.serial.out and board.chip.sent, role
        assert not highs(board)[0]


def test_the_battery_of_both_revisions_is_read_and_the_divider_is_let_go_again():
    for rest in (1, 0):
        board = device("penerus")
        board.hold(37, rest)
        board.boot("penerus", 500)
        enable = board.pin(37)
        assert [level for _, level in enable.history if level is not None] == [1 - rest]
        assert enable.mode == 1


def test_a_t_beams_power_chip_feeds_the_radio_and_reads_the_battery():
    for identity, millivolts, outputs in ((0x03, 3_947, (0x12, 0x04)), (0x4A, 4_000, (0x90, 0x02))):
        board = device("penerus", "tbeam_sx1262")
        board.i2c = PowerChip(identity)
        board.serial.inbox = "periksa\n"
        assert board.boot("penerus", 500) == "stopped"
        assert board.i2c.registers[outputs[0]] & outputs[1]
        report = json.loads(board.serial.out[board.serial.out.index("{") :].splitlines()[0])
        assert report["battery_mv"] == millivolts
    assert raises(OSError, failing)


def failing():
    raise OSError(116)


def test_time_goes_on_over_deep_sleep_and_the_wrap_of_the_ticks():
    board = device("tombol", ticks_us=((1 << 30) - 20_000) * 1000)
    assert board.boot("tombol", 60_000) == "asleep"
    slept_ms = board.slept_ms
    board.clock.us += slept_ms * 1000
    board.chip.sent.clear()
    assert board.boot("tombol", 60_000, DEEPSLEEP_RESET, TIMER_WAKE) == "asleep"
    assert [one.type for one in [opened(f) for f in board.chip.sent]] == [m.STATUS]
    memory = board.modules["hal"].rtcmem.load(board.rtc)
    assert memory.clock_ms >= slept_ms


def test_the_technicians_lamp_is_unlike_all_others():
    lamps = [feedback.STEPS[state][0] for state in feedback.STEPS if state != feedback.TECHNICIAN]
    assert feedback.STEPS[feedback.TECHNICIAN][0] not in lamps
