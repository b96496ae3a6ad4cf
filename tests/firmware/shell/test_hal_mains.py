# runs: cpython micropython
"""The device's shell on the boards of a siren post, a penerima and a modem."""

from kentongan_wire.air import link
from kentongan_wire.message import messages as m
from kits.board.esp32_fake import HARD_RESET
from kits.node import nodekit
from kits.node.buttonkit import opened
from kits.node.hwkit import HEALTHY, NODES, SENSE, SIREN, alarms, device, highs, press

LOAD = 38  # of the battery's test


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
    assert 1 not in [level for _, level in history[starts[-1] :]]


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
    port = board.modules["beat"].Beat(board.pin(SIREN), board._machine().Timer(0), board._machine().Timer(3))
    port.play(((100, 100),), 180_000)
    board.timers[0].init = lambda **names: None  # the rhythm's timer never fires again
    board.timers[0].due_us = None
    board.watchdog_ms = board.until_us = None
    board.pass_ms(179_000)
    assert board.pin(SIREN).driven == 1
    board.pass_ms(2_000)
    assert board.pin(SIREN).driven == 0


def test_timers_are_set_anew_and_never_given_back_so_that_no_edge_takes_another_interrupt():
    board = device("sirene")
    board.at(1_000, board.chip.hear, nodekit.alarm(0x53000009, 77))
    press(board, 41, 10_000)
    board.at(20_000, board.chip.hear, nodekit.alarm(0x53000010, 78))
    board.boot("sirene", 60_000)
    assert board.interrupts == 2 and highs(board)[0] > 5_000_000  # rhythm and limit; a post shows nothing
    board = device("penerima")
    for n in range(5):
        board.at(1_000 + 9_000 * n, board.chip.hear, page(m.KIND_MALING, 50 + n))
        press(board, 4, 6_000 + 9_000 * n)
    board.boot("penerima", 60_000)
    assert board.interrupts == 2 and len(board.pin(48).history) > 12  # lamp and buzzer


def test_the_last_edge_of_a_sounding_that_was_stopped_switches_nothing_on():
    board = device("sirene")
    board.boot("sirene", 1_000)
    beat = board.modules["beat"].Beat(board.pin(SIREN), board._machine().Timer(0), board._machine().Timer(3))
    board.watchdog_ms = board.until_us = None
    beat.play(((100, 100),), 30_000)
    board.pass_ms(150)
    beat.stop()
    board.pin(SIREN).history.clear()
    board.pass_ms(60_000)
    assert 1 not in [level for _, level in board.pin(SIREN).history]
    beat.play(((100, 100),), 30_000)
    board.pass_ms(29_000)
    assert beat.playing
    board.pass_ms(2_000)
    assert not beat.playing and board.pin(SIREN).driven == 0


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
        self.total_ms = self.pin = None
        self.playing = True

    def play(self, steps, total_ms):
        self.total_ms = total_ms

    def forget(self):
        pass

    def sound(self, steps, total_ms):
        from kentongan_node.base.actions import Sound

        self._sounder = self._siren = self._senses = self
        self._hal.Port._sound(self, Sound("titir", steps, total_ms))


def test_the_heartbeat_stops_when_the_program_stops():
    board = device("sirene")
    board.calms = False
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


def test_with_mains_the_battery_is_told_as_it_is_under_a_load_and_never_as_the_charger_makes_it_look():
    board = device("sirene")
    board.hold(7, 1)
    board.adc[2] = 2_386_000  # 13.6 V from the charger
    board.at(500, board.adc.__setitem__, 2, 1_807_000)  # 10.3 V while the load draws
    board.at(2_500, board.adc.__setitem__, 2, 2_386_000)
    board.boot("sirene", 160_000)
    told = [one.body for one in [opened(f) for f in board.chip.sent] if one.type == m.STATUS]
    assert told and {body.battery_mv for body in told} == {10_299}
    total, _, since = highs(board, LOAD)
    assert since is None and 900_000 < total < 1_200_000, "one load of a second in 14 minutes"


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
    body = m.Page(NODES["penerima"], NODES["tombol"], 7, kind, 12, 5, 1 if kind == m.KIND_KEKERASAN else 0)
    return nodekit.frame(
        m.PAGE,
        m.GATEWAY,
        nodekit.GATEWAY,
        number,
        body,
        nodekit.key_c(NODES["penerima"], m.PENERIMA),
        hop_limit=1,
    )


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

    for n in range(0, len(noise), 100):
        board.at(1_000 + n, board.serial.type, noise[n : n + 100])
    board.at(9_000, board.serial.type, configure[:9])  # unplugged in the middle of a frame
    board.at(20_000, board.serial.type, noise[:177] + b"\x00" + configure)
    board.at(21_000, board.chip.hear, nodekit.alarm(0x53000009, 77))
    assert board.boot("modem", 25_000) == "stopped"
    heard = [one for _, one in link.Decoder().feed(board.serial.sent) if isinstance(one, link.Received)]
    assert [bytes(one.frame) for one in heard] == [nodekit.alarm(0x53000009, 77)]
    assert board.serial.lost == 0 and board.serial.out == ""  # nothing but the link on a host's line
