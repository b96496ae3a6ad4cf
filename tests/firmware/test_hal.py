# runs: cpython micropython
"""The device's shell on a whole board: starts, faults, sleep, keys, siren output, supply, serial line."""
import json

import nodekit
from board.esp32_fake import (
    DEEPSLEEP_RESET,
    EXT0_WAKE,
    EXT1_WAKE,
    HARD_RESET,
    PWRON_RESET,
    TIMER_WAKE,
    Board,
)
from both import raises
from buttonkit import opened
from kentongan_node import feedback
from kentongan_node.siren import new_post_state
from kentongan_wire import link
from kentongan_wire import messages as m

NODES = {"tombol": 0x53000007, "sirene": 0x52000021, "penerus": 0x52000031, "penerima": 0x52000041,
         "modem": nodekit.GATEWAY}
MAIN, SILENT, LID = 4, 7, 6     # of the button on the Heltec board; pressed and open are low
SIREN, HEALTHY, SENSE = 4, 5, 40
HOUR_MS = 3_600_000
BEFORE_AIR_MS = 80


def device(role, name="heltec_v3", ticks_us=0, **changes):
    """A provisioned board, lid closed."""
    board = Board(name, ticks_us)
    board.flash["/device.json"] = json.dumps(nodekit.settings(role, NODES[role], **changes)).encode()
    if role == "sirene":
        board.flash["/state"] = None
        board.flash["/state/guard"] = bytes(new_post_state()["guard"])
        board.hold(7, 1)
        board.hold(SENSE, 0)
    board.adc = {1: 857_000}     # 4.2 V through 4.9
    return board


def alarms(board):
    return [one for one in [opened(frame) for frame in board.chip.sent] if one.type == m.ALARM]


def press(board, pin=MAIN, after_ms=0, ms=200):
    board.at(after_ms, board.hold, pin, 0)
    board.at(after_ms + ms, board.hold, pin, None)


def receipt(board, stage, counter):
    key = nodekit.key_a(NODES["tombol"], 1) if stage == 1 else nodekit.key_c(NODES["tombol"], 1)
    board.chip.hear(nodekit.receipt(NODES["tombol"], counter, stage, 900 + stage, key=key))


# -- tombol: press, sleep, wake -----------------------------------------------------------------------


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
    for name, down in (("heltec_v3", 0), ("wireless_stick_lite_v3", 0), ("lilygo_t3s3", 0),
                       ("xiao_esp32s3", 0), ("lilygo_t3", 1), ("tbeam_sx1262", 1), ("tbeam_sx1276", 1)):
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


def test_an_incident_goes_on_after_resets_twice_and_not_with_the_lid_open():
    board = device("tombol")
    board.boot("tombol", 100)
    board.boot("tombol", 1_000, DEEPSLEEP_RESET, EXT0_WAKE)
    counter = alarms(board)[-1].counter
    for expected in (True, True, False):
        board.chip.sent.clear()
        board.boot("tombol", 1_500, HARD_RESET)
        assert bool(alarms(board)) == expected
        assert all([a.body.incident == counter & 0xFFFF for a in alarms(board)])
    board = device("tombol")
    board.boot("tombol", 100)
    board.boot("tombol", 1_000, DEEPSLEEP_RESET, EXT0_WAKE)
    board.chip.sent.clear()
    board.hold(LID, 0)
    board.boot("tombol", 1_500, HARD_RESET)
    assert not alarms(board)


def test_no_reset_brings_a_counter_back_whatever_was_on_flash_by_then():
    board = device("tombol")
    ids = []
    for n in range(12):
        board.chip.sent.clear()
        board.boot("tombol", 700 + 137 * n, HARD_RESET if n % 3 else DEEPSLEEP_RESET, EXT0_WAKE)
        ids += [nodekit.packet_of(frame).id for frame in board.chip.sent]
    assert len(ids) >= 12 and len(ids) == len(set(ids))


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


# -- starts that fail ---------------------------------------------------------------------------------


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


# -- sirene -------------------------------------------------------------------------------------------


def highs(board, number=SIREN):
    """Microseconds that the pin was high, in all, and when it went low last."""
    total, since, last = 0, None, None
    for us, level in board.pin(number).history:
        if level == 1 and since is None:
            since = us
        elif level != 1 and since is not None:
            total, since, last = total + us - since, None, us
    return total, last, since


def test_the_siren_pin_is_low_from_the_first_line_and_floats_into_the_pull_down_at_every_reset():
    board = device("sirene")
    first = []

    def prepare():
        first.append(board.pin(SIREN).history[-1:])

    board.prepare = prepare
    board.boot("sirene", 3_000)
    assert board.pin(SIREN).mode == 3 and board.pin(SIREN).history[-1][1] == 0
    board.at(1_000, board.chip.hear, nodekit.alarm(0x53000009, 77))
    board.boot("sirene", 3_000, HARD_RESET)
    assert highs(board)[0] > 500_000
    board.flash["/state/siren"] = b"torn"  # nothing to resume
    board.boot("sirene", 3_000, HARD_RESET)
    history = board.pin(SIREN).history
    starts = [i for i in range(len(history)) if history[i][1] is None]
    assert history[starts[-1] + 1][1] == 0  # the first that the program does with it
    assert 1 not in [level for _, level in history[starts[-1]:]]


def test_an_alarm_sounds_at_once_and_at_most_180_seconds():
    board = device("sirene")
    board.at(1_000, board.chip.hear, nodekit.alarm(0x53000009, 77))
    board.boot("sirene", 2_000)
    begun = [us for us, level in board.pin(SIREN).history if level == 1]
    assert begun and begun[0] <= 1_100_000
    board = device("sirene")
    board.at(1_000, board.chip.hear, nodekit.alarm(0x53000009, 77))
    board.boot("sirene", 240_000)
    total, last, since = highs(board)
    assert since is None and 175_000_000 < last <= 181_200_000 and total > 80_000_000


def test_the_limit_timer_ends_a_sounding_whose_own_timer_and_program_are_gone():
    board = device("sirene")
    board.boot("sirene", 1_000)
    port = board.modules["hal"].Beat(board.pin(SIREN), board._machine().Timer(0), board._machine().Timer(3))
    port.play(((100, 100),), 180_000)
    board.timers[0].init = lambda **names: None  # the rhythm's timer never fires again
    board.timers[0].due_us = None
    board.watchdog_ms = board.until_us = None
    board.pass_ms(179_000)
    assert board.pin(SIREN).driven == 1
    board.pass_ms(2_000)
    assert board.pin(SIREN).driven == 0


def test_a_longer_sounding_than_the_law_allows_is_cut_by_the_shell():
    board = device("sirene")
    board.boot("sirene", 1_000)
    hal = board.modules["hal"]
    assert hal.SIREN_LIMIT_MS == 180_000
    port = FakePort(hal, board)
    port.sound(((65, 65),), 999_000)
    assert port.total_ms == 180_000


class FakePort:
    """hal.Port with a siren that only notes what it is told."""

    def __init__(self, hal, board):
        self._hal, self._board = hal, board
        self.total_ms = None

    def play(self, steps, total_ms):
        self.total_ms = total_ms

    def sound(self, steps, total_ms):
        from kentongan_node.actions import Sound
        self._sounder = self._siren = self
        self._sensed = None
        self._hal.Port._sound(self, Sound("titir", steps, total_ms))


def test_the_heartbeat_stops_when_the_program_stops():
    board = device("sirene")
    board.boot("sirene", 1_000)
    beats = board.pin(HEALTHY).history
    assert len(beats) > 150
    gaps = [beats[i + 1][0] - beats[i][0] for i in range(5, len(beats) - 1)]
    assert max(gaps) <= 60_000


def test_what_is_sensed_of_the_output_reaches_the_report():
    for works in (True, False):
        board = device("sirene", has_sense=True)
        follow(board, works)
        board.at(1_000, board.chip.hear, nodekit.alarm(0x53000009, 77))
        board.boot("sirene", 6_000)
        states = [r.body.state for r in reports(board)]
        assert states and states[-1] == (m.STATE_SOUNDING if works else m.STATE_FAILED), (works, states)


def follow(board, works):
    """A siren that draws current while its pin is high; a dead one that does not."""
    def step():
        board.hold(SENSE, board.pin(SIREN).driven if works else 0)
        board.at(5, step)
    step()


def reports(board):
    return [one for one in [opened(f) for f in board.chip.sent] if one.type == m.SIREN_REPORT]


def test_current_without_a_sounding_is_a_fault():
    board = device("sirene", has_sense=True)
    board.hold(SENSE, 1)
    board.boot("sirene", 160_000)
    flags = [one.body.flags for one in [opened(f) for f in board.chip.sent] if one.type == m.STATUS]
    assert flags and flags[-1] & m.STATUS_SIREN_FAULT


def test_mains_and_the_posts_battery_are_in_its_status():
    board = device("sirene")
    board.adc[2] = 2_200_000  # 12.54 V through 5.7
    board.hold(7, 0)
    board.boot("sirene", 160_000)
    body = [one.body for one in [opened(f) for f in board.chip.sent] if one.type == m.STATUS][-1]
    assert body.battery_mv == 12_540 and not body.flags & m.STATUS_MAINS


def test_the_silence_key_stops_what_is_heard_and_the_test_key_tests():
    board = device("sirene")
    board.at(1_000, board.chip.hear, nodekit.alarm(0x53000009, 77))
    press(board, 41, 3_000)
    board.boot("sirene", 6_000)
    assert highs(board)[2] is None and highs(board)[1] <= 3_100_000
    board = device("sirene")
    press(board, 42, 3_000)
    board.boot("sirene", 12_000)
    assert 3_500_000 < highs(board)[0] < 4_500_000  # two steady tones of 2 s
    assert [a.body.kind for a in alarms(board)][:1] == [m.KIND_UJI]


def test_a_sounding_goes_on_after_a_reset_with_what_was_left_of_it():
    board = device("sirene")
    board.at(1_000, board.chip.hear, nodekit.alarm(0x53000009, 77))
    board.boot("sirene", 60_000)
    board.boot("sirene", 300_000, HARD_RESET)
    assert highs(board)[2] is None
    assert highs(board)[1] <= 250_000_000


# -- penerima, modem ----------------------------------------------------------------------------------


def page(kind, number):
    body = m.Page(NODES["penerima"], 7, kind, 12, 5, 1 if kind == m.KIND_KEKERASAN else 0)
    return nodekit.frame(m.PAGE, m.GATEWAY, nodekit.GATEWAY, number, body,
                         nodekit.key_c(NODES["penerima"], m.PENERIMA), hop_limit=1)


def test_a_penerima_chimes_and_lights_by_kind_and_a_silent_page_is_a_dim_blink():
    rhythms = []
    for kind in (m.KIND_MALING, m.KIND_KEBAKARAN, m.KIND_KEKERASAN):
        board = device("penerima")
        board.at(1_000, board.chip.hear, page(kind, 50))
        board.boot("penerima", 12_000)
        buzzer = [level for _, level in board.pin(48).history]
        motor = [level for _, level in board.pin(33).history]
        rhythms.append(len([us for us, level in board.pin(47).history if level == 1]))
        assert (1 in buzzer) == (kind != m.KIND_KEKERASAN)
        assert 1 not in motor
    assert rhythms[0] != rhythms[1] and 1 <= rhythms[2] < min(rhythms[:2])


def test_its_key_says_i_am_coming_and_ends_the_chime():
    board = device("penerima")
    board.at(1_000, board.chip.hear, page(m.KIND_MALING, 50))
    press(board, 4, 3_000)
    board.boot("penerima", 8_000)
    events = [one.body.event for one in [opened(f) for f in board.chip.sent] if one.type == m.EVENT]
    assert events[:1] == [m.EVENT_COMING]
    assert highs(board, 48)[1] <= 3_100_000


def test_a_modem_survives_garbage_and_an_unplugged_host():
    board = device("modem")
    noise = bytes([(n * 37 + 11) & 0xFF for n in range(3_000)])
    configure = link.encode(0, link.Configure(nodekit.GATEWAY, "ShortSlow", 920_625_000, 17, 2, 0))

    def say(data):
        board.uart.inbox += data

    board.at(1_000, say, noise)
    board.at(3_000, say, configure[:9])           # unplugged in the middle of a frame
    board.at(20_000, say, noise[:777] + b"\x00" + configure)
    board.at(21_000, board.chip.hear, nodekit.alarm(0x53000009, 77))
    assert board.boot("modem", 25_000) == "stopped"
    heard = [one for _, one in link.Decoder().feed(board.uart.out) if isinstance(one, link.Received)]
    assert [bytes(one.frame) for one in heard] == [nodekit.alarm(0x53000009, 77)]
    assert board.serial.out == ""  # nothing but the link on a host's line


# -- serial line and supply ---------------------------------------------------------------------------


def test_a_technicians_words_on_the_serial_line():
    board = device("tombol")
    board.serial.inbox = "\x00\xffgaduh\n UJI\r\nperiksa\n" + "x" * 500 + "\n"
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


class PowerChip:
    """An AXP192 or AXP2101 by its registers."""

    def __init__(self, identity):
        self.registers = bytearray(256)
        self.registers[3] = identity
        self.registers[0x78:0x7A] = bytes((0xE0, 0x05))
        self.registers[0x34:0x36] = bytes((0x0F, 0xA0))

    def readfrom_mem(self, address, register, n):
        assert address == 0x34
        return bytes(self.registers[register : register + n])

    def writeto_mem(self, address, register, data):
        assert address == 0x34 and len(data) == 1
        self.registers[register] = data[0]


def test_a_t_beams_power_chip_feeds_the_radio_and_reads_the_battery():
    for identity, millivolts, outputs in ((0x03, 3_947, (0x12, 0x04)), (0x4A, 4_000, (0x90, 0x02))):
        board = device("penerus", "tbeam_sx1262")
        board.i2c = PowerChip(identity)
        board.serial.inbox = "periksa\n"
        assert board.boot("penerus", 500) == "stopped"
        assert board.i2c.registers[outputs[0]] & outputs[1]
        report = json.loads(board.serial.out[board.serial.out.index("{"):].splitlines()[0])
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
