# runs: cpython micropython
"""Parts of the chip that cannot even be made at a start: the alarm goes on without them, and it is told."""

import json

from kentongan_wire.message import messages as m
from kits.board.esp32_fake import DEEPSLEEP_RESET, EXT0_WAKE, HARD_RESET
from kits.node import nodekit
from kits.node.buttonkit import opened
from kits.node.hwkit import (
    LID,
    MAIN,
    NODES,
    SENSE,
    SILENT,
    SIREN,
    PowerChip,
    alarms,
    device,
    highs,
    said_nobody,
)

BUZZER = 48
PINS = (47, BUZZER, 33, LID, SILENT, 5)  # of a button: lamp, buzzer, motor, lid, silent key, second contact
POST_PINS = (48, 47, 42, 41, 5, 7, SENSE)  # of a post: lamp, buzzer, test, hush, heartbeat, mains, its sensor
TIMERS = ("Timer 0", "Timer 1", "Timer 2", "Timer 3")
ALONE = ("I2C", "ADC", "RTC", "WDT") + TIMERS


def pressed(name="heltec_v3", *unmade):
    """A button whose key wakes it while those cannot be made; what the start ended with."""
    board = device("tombol", name)
    if name != "heltec_v3":
        board.i2c = PowerChip(0x4A)
        board.hold(dict(board.numbers.TOMBOL["keys"])["lid"], 1 - board.numbers.KEY_ACTIVE)
    for one in unmade:
        board.unmade.add(one)
    board.hold(dict(board.numbers.TOMBOL["keys"])["main"], board.numbers.KEY_ACTIVE)
    return board, board.boot("tombol", 6_000, DEEPSLEEP_RESET, EXT0_WAKE)


def sounding(*unmade, **changes):
    """A post that hears an alarm after 3 s while those cannot be made."""
    board = device("sirene", **changes)
    for one in unmade:
        board.unmade.add(one)
    board.at(1_000, board.chip.hear, nodekit.alarm(0x53000009, 77))
    return board, board.boot("sirene", 8_000)


def told(board, kind, node=NODES["sirene"]):
    """The bodies of that type that the node sent."""
    out = []
    for frame in board.chip.sent:
        if nodekit.packet_of(frame).src == node:
            one = nodekit.message_of(frame)
            if one.type == kind:
                out.append(m.decode_body(one.type, one.role, one.body))
    return out


# -- a button -----------------------------------------------------------------------------------------


def test_a_press_goes_on_the_air_whatever_beside_the_radio_cannot_be_made():
    for name, parts in (("heltec_v3", ALONE), ("tbeam_sx1262", ("I2C",))):
        for part in parts:
            board, end = pressed(name, part)
            assert end == "stopped" and alarms(board), (name, part)
    for pin in PINS:
        board, end = pressed("heltec_v3", "Pin {}".format(pin))
        assert end == "stopped" and alarms(board), pin
        assert "rusak: " in board.serial.out


def test_without_the_radios_bus_lamp_and_buzzer_say_that_nobody_hears():
    for part in ("SPI", "Pin 8", "Pin 13"):
        board, end = pressed("heltec_v3", part)
        assert end == "reset" and not alarms(board), part
        assert said_nobody(board, 0), part
        assert [level for _, level in board.pin(BUZZER).history].count(1) >= 4, part


def test_one_of_lamp_and_buzzer_says_it_when_the_other_or_its_timer_is_dead_as_well():
    board, _ = pressed("heltec_v3", "SPI", "Pin 47")
    assert [level for _, level in board.pin(BUZZER).history].count(1) >= 4
    board, _ = pressed("heltec_v3", "SPI", "Pin {}".format(BUZZER))
    assert said_nobody(board, 0)
    board, _ = pressed("heltec_v3", "SPI", *TIMERS)
    assert [level for _, level in board.pin(47).history].count(1) >= 6


def test_a_silent_press_without_a_radio_shows_nothing():
    board = device("tombol")
    board.unmade.add("SPI")
    board.hold(SILENT, 0)
    assert board.boot("tombol", 10_000, DEEPSLEEP_RESET, 3) == "reset"
    for pin in (47, BUZZER, 33):
        assert 1 not in [level for _, level in board.pin(pin).history], pin


def test_a_button_with_a_dead_key_sleeps_and_wakes_by_the_other():
    for broken in (LID, SILENT):
        board = device("tombol")
        board.unmade.add("Pin {}".format(broken))
        assert board.boot("tombol", 100_000) == "asleep"
        assert MAIN in board.wakes and broken not in board.wakes
        board.unmade.clear()
        board.broken.add(broken)  # it can be made, and not be read
        assert board.boot("tombol", 100_000, HARD_RESET) == "asleep"


def test_a_dead_key_or_contact_is_a_broken_one_in_the_buttons_status():
    for pin in (LID, SILENT, 5):
        board = device("tombol")
        board.unmade.add("Pin {}".format(pin))
        board.boot("tombol", 100_000)
        flags = [
            m.decode_body(m.STATUS, m.TOMBOL, opened(f).body).flags
            if isinstance(opened(f).body, bytes)
            else opened(f).body.flags
            for f in board.chip.sent
            if opened(f).type == m.STATUS
        ]
        assert flags and flags[-1] & m.TOMBOL_STATUS_KEY_STUCK, pin


# -- a post -------------------------------------------------------------------------------------------


def test_a_post_beats_whatever_beside_the_radio_and_its_output_cannot_be_made():
    for part in ALONE + tuple(["Pin {}".format(pin) for pin in POST_PINS]) + (TIMERS,):
        board, end = sounding(*(part if isinstance(part, tuple) else (part,)))
        assert end == "stopped", part
        first_us = [us for us, level in board.pin(SIREN).history if level == 1][0]
        assert first_us < 1_300_000 and highs(board)[0] > 2_000_000, part


def test_a_post_whose_timers_take_no_order_beats_the_same_rhythm_and_ends_it():
    board = device("sirene")
    board.at(3_000, board.chip.hear, nodekit.alarm(0x53000009, 77))
    board.at(4_000, board.broken.add, "timers")
    assert board.boot("sirene", 200_000) == "stopped"
    assert highs(board)[0] > 60_000_000 and board.pin(SIREN).driven == 0
    assert "rusak: siren's timer" in board.serial.out
    edges = [us for us, level in board.pin(SIREN).history if level == 1 and us > 5_000_000]
    assert max([edges[i + 1] - edges[i] for i in range(100)]) < 500_000


def test_timers_that_take_orders_again_take_the_rhythm_over_and_end_nothing():
    board = device("sirene")
    board.at(3_000, board.chip.hear, nodekit.alarm(0x53000009, 77))
    board.at(4_000, board.broken.add, "timers")
    board.at(9_000, board.broken.discard, "timers")
    assert board.boot("sirene", 200_000) == "stopped"
    assert "Traceback" not in board.serial.out and highs(board)[0] > 10_000_000


def test_a_post_whose_output_cannot_be_made_says_that_its_siren_fails():
    for sense in (False, True):
        board, end = sounding("Pin {}".format(SIREN), has_sense=sense)
        assert end == "stopped"
        states = [body.state for body in told(board, m.SIREN_REPORT)]
        assert m.STATE_FAILED in states, sense
        assert m.STATE_DRIVEN not in states and m.STATE_SOUNDING not in states
        status = device("sirene", has_sense=sense)
        status.unmade.add("Pin {}".format(SIREN))
        status.at(2_000, status.hold, LID, 0)  # an opened lid: a STATUS at once
        status.boot("sirene", 6_000)
        assert told(status, m.STATUS)[-1].flags & m.STATUS_SIREN_FAULT, sense


def test_an_output_that_can_be_made_later_beats_and_is_well():
    board = device("sirene")
    board.unmade.add("Pin {}".format(SIREN))
    board.at(2_000, board.unmade.discard, "Pin {}".format(SIREN))
    board.at(3_000, board.chip.hear, nodekit.alarm(0x53000009, 77))
    board.boot("sirene", 200_000)
    assert highs(board)[0] > 10_000_000
    assert not told(board, m.STATUS)[-1].flags & m.STATUS_SIREN_FAULT


def test_a_post_that_is_reset_while_it_beats_and_finds_no_bus_finishes_that_first():
    board = device("sirene")
    board.at(3_000, board.chip.hear, nodekit.alarm(0x53000009, 77))
    board.boot("sirene", 23_500)
    board.unmade.add("SPI")
    before_us = board.clock.us
    assert board.boot("sirene", 200_000, HARD_RESET) == "reset"
    assert highs(board)[0] > 60_000_000 and board.clock.us - before_us > 100_000_000
    board.unmade.clear()
    assert board.boot("sirene", 200_000, HARD_RESET) == "stopped" and board.chip.sent


def part_told(role, *unmade):
    """Tell whether the last STATUS of a node says that a part fails, of which those cannot be made."""
    board = device(role, "tbeam_sx1262" if "I2C" in unmade else "heltec_v3")
    if "I2C" in unmade:
        board.i2c = PowerChip(0x4A)
        board.hold(dict(board.numbers.TOMBOL["keys"])["lid"], 1 - board.numbers.KEY_ACTIVE)
    for one in unmade:
        board.unmade.add(one)
    if role != "tombol":
        board.at(2_000, board.hold, LID, 0)  # an opened lid: a STATUS at once
    board.boot(role, 20_000 if role == "tombol" else 6_000)
    if role == "tombol":
        flags = [opened(frame).body.flags for frame in board.chip.sent if opened(frame).type == m.STATUS]
        return bool(flags[-1] & m.TOMBOL_STATUS_PART_FAILING)
    return bool(told(board, m.STATUS, NODES[role])[-1].flags & m.STATUS_PART_FAILING)


def test_a_part_that_cannot_be_made_at_a_start_is_told_in_the_status():
    roles = (("sirene", POST_PINS), ("tombol", (47, BUZZER, 33)), ("penerima", ()), ("penerus", ()))
    for role, pins in roles:
        assert not part_told(role), role
        for part in ["Pin {}".format(pin) for pin in pins] + ["RTC"]:
            assert part_told(role, part), (role, part)
    assert part_told("tombol", "I2C"), "of a power chip: no reading makes it well again"


# -- any board ----------------------------------------------------------------------------------------


def test_no_board_ends_at_its_prompt_whatever_cannot_be_made():
    for role in ("tombol", "sirene", "penerus", "penerima", "modem"):
        numbers = sorted({number for _, number in getattr(device(role).numbers, role.upper())["keys"]})
        pins = ["Pin {}".format(number) for number in numbers]
        for part in ["I2C", "ADC", "RTC", "WDT", "SPI", TIMERS[1]] + pins[:1]:
            board = device(role)
            board.unmade.add(part)
            for ms in (3_000, 1_000):
                assert board.boot(role, ms, HARD_RESET) in ("stopped", "reset", "asleep"), (role, part)


def test_a_board_without_rtc_memory_uses_no_packet_number_twice():
    board, ids = device("penerus"), []
    for start in range(6):
        board.unmade.clear()
        if start % 2:
            board.unmade.add("RTC")
        for ms in (2_000, 6_000):
            board.at(ms, setattr, board.serial, "inbox", "uji\n")
        board.chip.sent.clear()
        board.boot("penerus", 20_000, HARD_RESET)
        ids += [nodekit.packet_of(frame).id for frame in board.chip.sent]
    assert len(ids) >= 12 and len(ids) == len(set(ids))


def test_a_watchdog_or_rtc_memory_that_answers_with_an_error_ends_no_program():
    for part in ("wdt", "rtc"):
        board = device("sirene")
        board.at(1_000, board.broken.add, part)
        board.at(5_000, board.chip.hear, nodekit.alarm(0x53000009, 77))
        board.at(12_000, board.broken.discard, part)
        assert board.boot("sirene", 60_000) == "stopped", part
        assert highs(board, SIREN)[0] > 10_000_000, part


# -- a battery that cannot be measured ----------------------------------------------------------------


def test_a_battery_that_cannot_be_measured_is_unknown_in_every_status_and_never_low_or_full():
    for part in ("ADC", "adc"):
        for role in ("penerus", "penerima", "sirene"):
            board = device(role)
            (board.unmade if part == "ADC" else board.broken).add(part)
            board.at(2_000, board.hold, LID, 0)  # an opened lid: a STATUS at once
            board.boot(role, 6_000)
            bodies = told(board, m.STATUS, NODES[role])
            assert bodies and [body.battery_mv for body in bodies] == [0] * len(bodies), (part, role)
        board = device("tombol")
        (board.unmade if part == "ADC" else board.broken).add(part)
        board.boot("tombol", 20_000)
        bodies = [opened(frame).body for frame in board.chip.sent if opened(frame).type == m.STATUS]
        assert bodies and [body.battery for body in bodies] == [0] * len(bodies), part
        assert not [1 for body in bodies if body.flags & m.TOMBOL_STATUS_LOW_BATTERY], part
        assert said(board)["battery_mv"] is None


def said(board):
    board.serial.inbox = "periksa\n"
    board.boot("tombol", 3_000, HARD_RESET)
    line = board.serial.out[board.serial.out.index("periksa {") :].splitlines()[0]
    return json.loads(line[8:])
