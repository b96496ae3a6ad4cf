# runs: cpython micropython
"""Parts that die beside an alarm, or while one sounds: the siren goes on, frames go out, and it is told."""

import json

from kentongan_node.parts.beside import Beside
from kentongan_wire.message import messages as m
from kits.board.esp32_fake import DEEPSLEEP_RESET, EXT0_WAKE, HARD_RESET
from kits.node import nodekit
from kits.node.hwkit import MAIN, NODES, SIREN, PowerChip, alarms, device, highs

LAMP = 35
HUSH, LID = 41, 7


def on_ms(board, from_ms, to_ms):
    """Return how long the siren was on between two times."""
    total, since = 0, None
    for us, level in board.pin(SIREN).history + [(to_ms * 1000, 0)]:
        if level == 1 and since is None:
            since = us
        elif level != 1 and since is not None:
            total += max(0, min(us, to_ms * 1000) - max(since, from_ms * 1000))
            since = None
    return total // 1000


def silence_ms(board, from_ms, to_ms):
    """The longest time between two strokes."""
    edges = [from_ms * 1000]
    edges += [us for us, level in board.pin(SIREN).history if level == 1 and from_ms * 1000 <= us]
    edges = [us for us in edges if us <= to_ms * 1000] + [to_ms * 1000]
    return max([edges[i + 1] - edges[i] for i in range(len(edges) - 1)]) // 1000


def lives(board, role, ms):
    """Boot again and again until so much time has gone by; what each start ended with."""
    ends = []
    end_us = board.clock.us + ms * 1000
    while board.clock.us < end_us:
        ends.append(board.boot(role, (end_us - board.clock.us) // 1000 + 1, *([HARD_RESET] if ends else [])))
    return ends


def sounding(heard_ms=3_000, name="heltec_v3"):
    """A post that hears an alarm then."""
    board = device("sirene", name)
    board.at(heard_ms, board.chip.hear, nodekit.alarm(0x53000009, 77))
    return board


def statuses(board, node):
    out = []
    for frame in board.chip.sent:
        packet = nodekit.packet_of(frame)
        if packet.src == node:
            one = nodekit.message_of(frame)
            if one.type == m.STATUS:
                out.append(m.decode_body(one.type, one.role, one.body))
    return out


def checked(board, role, ms=1_500):
    """The answer to `periksa` of a board that starts."""
    board.at(ms - 500, setattr, board.serial, "inbox", "periksa\n")
    assert board.boot(role, ms) == "stopped"
    line = board.serial.out[board.serial.out.index("periksa {") :].splitlines()[0]
    return json.loads(line[8:])


# -- while it sounds ----------------------------------------------------------------------------------


def test_a_post_whose_radio_dies_while_it_beats_beats_to_the_end_and_starts_anew_then():
    board = sounding()
    board.at(5_000, board.chip.faults.add, "no_chip")
    ends = lives(board, "sirene", 200_000)
    assert silence_ms(board, 3_100, 183_000) < 500
    assert ends[0] == "reset" and "radio does not answer" in board.serial.out
    assert on_ms(board, 184_500, 200_000) == 0


def test_a_radio_that_comes_back_meanwhile_is_heard_again_and_obeyed():
    board = sounding()
    board.at(5_000, board.chip.faults.add, "no_chip")
    board.at(40_000, board.chip.faults.discard, "no_chip")
    stop = nodekit.alarm(0x53000011, 5, kind=m.KIND_MALING)
    board.at(60_000, board.chip.hear, stop)
    board.boot("sirene", 100_000)
    assert silence_ms(board, 3_100, 100_000) < 1_500
    heard = [nodekit.packet_of(f).src for f in board.chip.sent]
    assert NODES["sirene"] in heard  # it reports by that radio


def test_a_post_that_is_reset_while_it_beats_and_finds_no_radio_finishes_that_first():
    board = sounding()
    board.boot("sirene", 23_500)
    board.chip.faults.add("no_chip")
    began_ms = board.clock.us // 1000
    lives(board, "sirene", 200_000)
    assert silence_ms(board, began_ms + 500, began_ms + 145_000) < 500
    assert "perlu teknisi" in board.serial.out or "Traceback" in board.serial.out
    quiet = device("sirene")
    quiet.chip.faults.add("no_chip")
    assert quiet.boot("sirene", 20_000) == "reset"  # nothing to finish: at once


def test_a_radio_that_is_there_again_after_such_a_start_is_used():
    board = sounding()
    board.boot("sirene", 13_000)
    board.chip.faults.add("no_chip")
    board.chip.sent.clear()
    board.at(20_000, board.chip.faults.discard, "no_chip")
    board.at(60_000, board.hold, 6, 0)  # an opened lid: a STATUS at once
    assert board.boot("sirene", 100_000, HARD_RESET) == "stopped"
    assert silence_ms(board, 14_000, 100_000) < 500 and board.chip.sent


def test_a_program_that_fails_while_it_beats_leaves_the_siren_to_its_end():
    board = sounding()
    board.prepare = lambda: fail_at(board, 6_000)
    ends = lives(board, "sirene", 260_000)
    assert silence_ms(board, 3_100, 183_000) < 500
    assert ends[0] == "reset" and on_ms(board, 184_500, 260_000) == 0  # and once


def test_somebody_at_the_post_can_end_even_that():
    board = sounding()
    board.prepare = lambda: fail_at(board, 6_000)
    board.at(20_000, board.hold, HUSH, 0)
    board.at(20_400, board.hold, HUSH, None)
    lives(board, "sirene", 60_000)
    assert silence_ms(board, 3_100, 19_900) < 500 and on_ms(board, 20_500, 60_000) == 0


def fail_at(board, ms):
    """An error that no part can make: the program's own."""
    sound = board.modules["hal"].Senses.poll

    def poll(self, now_ms):
        if board.clock.us >= ms * 1000 and board.clock.us < ms * 1000 + 500_000:
            raise KeyError("a fault of the program")
        return sound(self, now_ms)

    board.modules["hal"].Senses.poll = poll


def test_no_part_that_dies_while_it_beats_ends_the_sounding_or_the_program():
    for part in ("adc", "temperature", LAMP, HUSH, LID, 40, "line", "flash"):
        board = sounding()
        if part == "line":
            board.at(5_000, setattr, board.serial, "broken", True)
        elif part == "flash":
            board.at(5_000, setattr, board, "refuses", lambda path: True)
        else:
            board.at(5_000, board.broken.add, part)
        assert board.boot("sirene", 170_000) == "stopped", part
        assert silence_ms(board, 3_100, 170_000) < 500, part


# -- readings beside an alarm -------------------------------------------------------------------------


def test_a_power_chip_that_stops_answering_takes_no_role_off_the_air():
    for role in ("penerus", "sirene", "penerima", "modem"):
        for when in (0, 40_000):
            board = device(role, "tbeam_sx1262")
            board.i2c = PowerChip(0x4A)
            board.at(when, board.broken.add, "i2c")
            if not when:
                board.broken.add("i2c")
            board.at(100_000, board.chip.hear, nodekit.alarm(0x53000009, 77))
            assert board.boot(role, 160_000) == "stopped", (role, when)
            assert "rusak: supply" in board.serial.out
            if role == "sirene":
                assert highs(board, board.numbers.SIRENE["siren"])[0]
            assert board.chip.sent or role == "modem", (role, when)


def test_a_button_without_its_power_chip_sends_its_alarm():
    board = device("tombol", "tbeam_sx1262")
    board.i2c = PowerChip(0x4A)
    board.broken.add("i2c")
    board.hold(dict(board.numbers.TOMBOL["keys"])["lid"], 1 - board.numbers.KEY_ACTIVE)
    board.boot("tombol", 10_000, DEEPSLEEP_RESET, EXT0_WAKE)
    assert alarms(board) and "rusak: supply" in board.serial.out


def test_an_adc_without_calibration_costs_the_voltage_and_nothing_else():
    for role in ("penerus", "sirene", "penerima", "tombol"):
        board = device(role)
        board.broken.add("adc")
        if role == "tombol":
            board.hold(MAIN, 0)
        board.boot(role, 20_000, *((DEEPSLEEP_RESET, EXT0_WAKE) if role == "tombol" else ()))
        assert "Traceback" not in board.serial.out, role
        if role == "tombol":
            assert alarms(board) and alarms(board)[0].body.battery == 0
        else:
            assert board.serial.out.count("rusak: battery") == 1


def test_what_cannot_be_read_is_named_and_unknown_in_status_and_periksa():
    board = device("penerus")
    for ms in (2_000, 62_000):
        board.at(ms, setattr, board.serial, "inbox", "uji\n")
    for part in ("adc", "temperature"):
        board.at(30_000, board.broken.add, part)
    board.boot("penerus", 70_000)
    told = [(one.battery_mv, one.temperature) for one in statuses(board, NODES["penerus"])]
    assert (4_199, 31) in told and told[-1] == (0, 0)
    said = checked(board, "penerus")
    assert said["battery_mv"] is None and said["failing"] == ["battery", "temperature"]


def test_a_reading_that_failed_once_is_well_again_and_told_as_such():
    board = device("penerus")
    board.broken.add("adc")
    board.at(30_000, board.broken.discard, "adc")
    board.at(63_000, setattr, board.serial, "inbox", "periksa\n")
    board.boot("penerus", 65_000)
    line = board.serial.out[board.serial.out.index("periksa {") :].splitlines()[0]
    said = json.loads(line[8:])
    assert said["failing"] == [] and said["battery_mv"] == 4_199


def test_a_power_chip_that_answers_again_gets_its_settings_again():
    board = device("penerus", "tbeam_sx1262")
    board.i2c = PowerChip(0x03)
    board.broken.add("i2c")
    board.at(30_000, board.broken.discard, "i2c")
    board.boot("penerus", 70_000)
    assert board.i2c.registers[0x12] & 0x04


def test_the_divider_is_let_go_also_when_its_voltage_cannot_be_read():
    board = device("penerus")
    board.hold(37, 1)
    board.broken.add("adc")
    board.boot("penerus", 500)
    assert board.pin(37).mode == 1


def test_a_key_that_cannot_be_read_is_a_broken_one_and_the_others_work():
    board = device("tombol")
    board.hold(MAIN, 0)
    board.broken.add(6)  # the lid's
    board.boot("tombol", 10_000, DEEPSLEEP_RESET, EXT0_WAKE)
    assert alarms(board)
    said = json.loads(board_line(board))
    assert "lid" in said["stuck"]


def board_line(board):
    board.serial.inbox = "periksa\n"
    board.boot("tombol", 3_000, DEEPSLEEP_RESET, EXT0_WAKE)
    line = board.serial.out[board.serial.out.index("periksa {") :].splitlines()[0]
    return line[8:]


def test_a_dead_lamp_or_line_delays_no_press_and_leaves_no_board_at_its_prompt():
    for part in ("lamp", "line"):
        board = device("tombol")
        board.hold(MAIN, 0)
        if part == "lamp":
            board.broken.add(LAMP)
        else:
            board.serial.broken = True
        assert board.boot("tombol", 10_000, DEEPSLEEP_RESET, EXT0_WAKE) == "stopped"
        assert alarms(board), part


def test_a_part_is_told_once_and_forgotten_when_it_is_well():
    told = []
    beside = Beside(told.append)
    for good in (False, False, True, False):
        beside.do("part", work, good)
    assert len(told) == 2 and list(beside.failing) == ["part"]
    assert beside.do("part", work, True) == 5 and not beside.failing

    def tell(text):
        raise OSError(5)

    assert Beside(tell).do("part", work, False) is None


def work(good):
    if not good:
        raise OSError(-258)
    return 5
