# runs: cpython micropython
"""The radio shell against both chips at their pins: what a driver lacks, and every way in which a chip fails.

The driver is a small stand-in, or micropython-lib's own: python tests/firmware/parts/real_lora.py PATH
"""

from kentongan_wire.air import phy
from kentongan_wire.base.errors import LocalError
from kits.board.chips import Sx1262, Sx1276
from kits.both import raises
from kits.node.boardkit import Time, radio_module

SETTINGS = {"preset": "ShortSlow", "freq_hz": 920_625_000, "conducted_dbm": 17, "gain_dbi": 2, "loss_db": 0}
FRAME = bytes(range(45))
STEP_US = 1_000


class Bench:
    """A radio on one chip, and time."""

    def __init__(self, chip, ticks_us=0, **changes):
        self.clock = Time(ticks_us)
        self.name = chip
        self.chip = (Sx1262 if chip == "sx1262" else Sx1276)(self.clock)
        self.module = radio_module(self.clock)
        settings = dict(SETTINGS)
        settings.update(changes)
        self.switch = Switch()
        tcxo = 1800 if chip == "sx1262" else None
        pins = self.chip.pins(chip=chip, tcxo_mv=tcxo, switch=self.switch)
        self.radio = self.module.Radio(pins, settings)
        self.events = []

    def run(self, ms, until=None):
        """Poll for that long, or until such an event came; the events."""
        self.events = []
        end_us = self.clock.us + ms * 1000
        while self.clock.us < end_us:
            self.clock.us += STEP_US
            self.chip.tick()
            event = self.radio.poll()
            if event is not None:
                self.events.append(event)
                if event[0] == until:
                    break
        assert not self.chip.wrongs, self.chip.wrongs
        return self.events

    def send(self, frame=FRAME, ms=1_000):
        self.radio.begin_send(frame)
        return self.run(ms, "sent")

    def check(self):
        self.radio.begin_check()
        return self.run(500, "cad")

    def counted(self, name):
        return self.radio.counters[name]


def tuned(chip, changes):
    return Bench(chip, **changes)


class Switch:
    def __init__(self):
        self.says = "idle"

    def rx(self):
        self.says = "rx"

    def tx(self, _):
        self.says = "tx"

    def idle(self):
        self.says = "idle"


def each(test):
    """The same sentence for both chips, from just after the start and from just before the ticks wrap."""
    for chip in ("sx1262", "sx1276"):
        for ticks_us in (0, ((1 << 30) - 150) * 1000):
            test(chip, ticks_us)


# -- settings -----------------------------------------------------------------------------------------


def test_the_chip_gets_what_the_contract_says():
    for chip in ("sx1262", "sx1276"):
        it = Bench(chip).chip
        assert abs(it.freq_hz - 920_625_000) < 100
        assert (it.sf, it.bw_hz, it.cr) == (8, 250_000, 5)
    bench = Bench("sx1262")
    bench.radio.listen(True)
    chip = bench.chip
    assert (chip.registers[0x0740], chip.registers[0x0741]) == (0x24, 0xB4)
    assert (chip.preamble, chip.explicit, chip.crc_on, chip.rf_switch) == (16, True, True, True)
    chip = Bench("sx1276").chip
    assert chip.registers[0x39] == 0x2B and chip.registers[0x21] == 16
    assert chip.registers[0x09] & 0x8F == 0x8F  # PA_BOOST, 17 dBm
    assert chip.registers[0x1E] & 4 and not chip.registers[0x1D] & 1  # CRC on, explicit header


def test_the_chip_is_calibrated_for_our_band_and_with_its_oscillator_on():
    done = Bench("sx1262").chip.calibrated
    assert done[0][0] == "all" and done[0][1]
    kind, low_mhz, high_mhz = done[1]
    assert kind == "image" and low_mhz <= 920 and high_mhz >= 923
    assert Bench("sx1276").chip.calibrated == [("image", Bench("sx1276").chip.freq_hz)]


def test_what_is_outside_band_power_or_chip_is_refused_with_the_remedy():
    for chip in ("sx1262", "sx1276"):
        for changes, words in (
            ({"freq_hz": 920_124_000}, "920"),
            ({"freq_hz": 922_876_000}, "920"),
            ({"freq_hz": 868_000_000}, "920"),
            ({"conducted_dbm": 17, "gain_dbi": 4}, "EIRP"),
            ({"conducted_dbm": 20, "gain_dbi": 2, "loss_db": 1}, "EIRP"),
            ({"conducted_dbm": 18 if chip == "sx1276" else 23, "gain_dbi": -6}, "dBm"),
        ):
            error = raises(LocalError, tuned, chip, changes)
            assert words in str(error)
    raises(LocalError, tuned, "sx1276", {"conducted_dbm": 0})  # its driver would send 2 dBm
    for freq_hz in (920_125_000, 922_875_000):
        assert Bench("sx1262", freq_hz=freq_hz).radio


def test_a_refused_tune_leaves_the_radio_as_it_was():
    def one(chip, ticks_us):
        bench = Bench(chip, ticks_us)
        resets = bench.chip.resets
        raises(LocalError, bench.radio.tune, dict(SETTINGS, freq_hz=919_000_000))
        assert bench.chip.resets == resets
        assert bench.send() == [("sent", (True,))]

    each(one)


def test_a_wrong_or_missing_chip_is_told_at_the_start():
    def missing(chip, _):
        bench = Bench(chip)
        bench.chip.faults.add("no_chip")
        raises(RuntimeError, bench.module.Radio, bench.chip.pins(chip=chip, tcxo_mv=None), SETTINGS)

    each(missing)
    clock = Time()
    module = radio_module(clock)
    raises(RuntimeError, module.Radio, Sx1262(clock).pins(chip="sx1276"), SETTINGS)
    raises(RuntimeError, module.Radio, Sx1276(clock).pins(chip="sx1262", busy=lambda: 0), SETTINGS)
    other = Sx1276(clock)
    other.registers[0x42] = 0x24  # another silicon at the same pins
    other.VERSION = 0x24
    raises(RuntimeError, module.Radio, other.pins(chip="sx1276"), SETTINGS)


# -- sending ------------------------------------------------------------------------------------------


def test_a_frame_goes_out_whole_and_is_answered_after_its_air_time():
    def one(chip, ticks_us):
        bench = Bench(chip, ticks_us)
        start_us = bench.clock.us
        assert bench.send() == [("sent", (True,))]
        took_ms = (bench.clock.us - start_us) // 1000
        assert bench.chip.sent == [FRAME]
        air_ms = phy.airtime_us(bench.radio.preset, len(FRAME)) // 1000
        assert air_ms <= took_ms <= air_ms + 10
        assert bench.send(bytes(255)) == [("sent", (True,))] and len(bench.chip.sent[1]) == 255

    each(one)


def test_a_lost_tx_done_is_bounded_and_the_next_frame_goes():
    def one(chip, ticks_us):
        bench = Bench(chip, ticks_us)
        bench.radio.listen(True)
        bench.chip.faults.add("lost_tx_done")
        start_us = bench.clock.us
        assert bench.send() == [("sent", (False,))]
        assert (bench.clock.us - start_us) // 1000 <= 350
        assert bench.counted("send_lost") == 1 and bench.counted("restarts") == 1
        bench.chip.faults.clear()
        assert bench.send() == [("sent", (True,))]
        assert bench.chip.hear(FRAME)  # and it listens again

    each(one)


def test_a_chip_that_browns_out_while_it_sends_is_noticed_at_once_and_gets_its_settings_again():
    def one(chip, ticks_us):
        bench = Bench(chip, ticks_us)
        bench.chip.faults.add("reset_in_tx")
        start_us = bench.clock.us
        assert bench.send() == [("sent", (False,))]
        assert (bench.clock.us - start_us) // 1000 <= 60
        assert bench.send() == [("sent", (True,))]
        assert abs(bench.chip.freq_hz - 920_625_000) < 100

    each(one)


def test_a_command_that_the_chip_refused_is_not_taken_for_sent():
    bench = Bench("sx1262")
    bench.chip.faults.add("command_error")
    assert bench.send() == [("sent", (False,))]
    assert bench.check() == [("cad", (True,))]
    assert not bench.chip.sent
    bench.chip.faults.clear()
    assert bench.send() == [("sent", (True,))]


def test_a_stuck_busy_line_costs_milliseconds_and_the_chip_is_tried_again_each_second():
    bench = Bench("sx1262")
    bench.radio.listen(True)
    bench.chip.faults.add("stuck_busy")
    start_us = bench.clock.us
    assert bench.send() == [("sent", (False,))]
    assert (bench.clock.us - start_us) // 1000 <= 100
    assert bench.check() == [("cad", (True,))]
    bench.chip.faults.clear()
    assert bench.run(1_500) == []
    assert bench.send() == [("sent", (True,))]
    assert bench.chip.hear(FRAME)


def test_a_chip_that_never_comes_back_makes_the_board_start_anew():
    def one(chip, ticks_us):
        bench = Bench(chip, ticks_us)
        bench.radio.listen(True)
        bench.chip.faults.add("no_chip")
        bench.run(10_000)
        assert bench.radio.dead
        restarts = bench.counted("restarts")
        assert restarts >= bench.module.FAILURES_MAX
        assert bench.send() == [("sent", (False,))]  # no lie, and no hang
        bench.run(3_000)
        assert bench.counted("restarts") > restarts  # until the board does: a siren may keep it from that

    each(one)


def test_the_antenna_switch_follows_what_the_chip_does():
    def one(chip, ticks_us):
        bench = Bench(chip, ticks_us)
        bench.radio.listen(True)
        assert bench.switch.says == "rx"
        bench.radio.begin_send(FRAME)
        assert bench.switch.says == "tx"
        bench.run(500, "sent")
        assert bench.switch.says == "rx"
        bench.radio.listen(False)
        assert bench.switch.says == "idle"

    each(one)


# -- the channel --------------------------------------------------------------------------------------


def test_the_channel_check_says_free_or_busy_within_a_few_symbols():
    def one(chip, ticks_us):
        bench = Bench(chip, ticks_us)
        for busy in (False, True, False):
            bench.chip.channel_busy = busy
            start_us = bench.clock.us
            assert bench.check() == [("cad", (busy,))]
            assert (bench.clock.us - start_us) // 1000 <= 10

    each(one)
    bench = Bench("sx1262")
    bench.check()
    assert bench.chip.cad_params[:4] == (1, 21, 10, 0)  # 2 symbols, AN1200.48, standby after it


def test_a_check_without_an_answer_counts_as_busy():
    def one(chip, ticks_us):
        bench = Bench(chip, ticks_us)
        bench.chip.faults.add("cad_never")
        assert bench.check() == [("cad", (True,))]
        assert bench.counted("cad_lost") == 1
        bench.chip.faults.clear()
        assert bench.check() == [("cad", (False,))]

    each(one)


def test_a_check_does_not_cut_off_a_frame_that_is_coming_in():
    def one(chip, ticks_us):
        bench = Bench(chip, ticks_us)
        bench.radio.listen(True)
        bench.chip.preamble_heard()
        assert bench.check() == [("cad", (True,))]
        bench.chip.header_heard()
        assert bench.check() == [("cad", (True,))]
        assert bench.chip.hear(FRAME)
        bench.radio.begin_check()  # not read out yet: the check waits for it
        events = bench.run(20)
        assert events[0] == ("cad", (True,)) and events[1][0] == "receive" and events[1][1][0] == FRAME

    each(one)


def test_a_preamble_of_noise_does_not_keep_the_channel_busy_for_ever():
    bench = Bench("sx1262")
    bench.radio.listen(True)
    bench.chip.preamble_heard()
    assert bench.check() == [("cad", (True,))]
    bench.run(100)
    assert bench.check() == [("cad", (False,))]


# -- receiving ----------------------------------------------------------------------------------------


def test_frames_are_heard_one_after_the_other_with_their_strength():
    def one(chip, ticks_us):
        bench = Bench(chip, ticks_us)
        assert bench.run(50) == []  # off until asked for
        bench.radio.listen(True)
        for n in range(20):
            assert bench.chip.hear(bytes((n,)) * (20 + 11 * n % 200), -60 - n, 20)
            (event,) = bench.run(20)
            assert event == ("receive", (bytes((n,)) * (20 + 11 * n % 200), -60 - n, 20))
        bench.chip.hear(FRAME, -120, -40)
        frame, rssi, snr_q = bench.run(20)[0][1]
        assert (frame, snr_q) == (FRAME, -40)
        assert rssi == (-120 if chip == "sx1262" else -130)  # SX1276 5.5.5

    each(one)


def test_two_frames_that_end_between_two_looks_cost_the_first_and_spoil_none_after_them():
    def one(chip, ticks_us):
        bench = Bench(chip, ticks_us)
        bench.radio.listen(True)
        for n in range(12):  # far enough for the SX1276's FIFO to wrap more than once
            assert bench.chip.hear(bytes((n,)) * (30 + n), -60, 20)
            assert bench.chip.hear(bytes((100 + n,)) * (45 + 7 * n), -70, 20)
            assert bench.run(20) == [("receive", (bytes((100 + n,)) * (45 + 7 * n), -70, 20))]
            assert bench.chip.hear(FRAME)
            assert [e[1][0] for e in bench.run(20)] == [FRAME]
        if chip == "sx1276":  # the other does not tell
            assert bench.counted("missed") == 12
        assert bench.counted("restarts") == 0

    each(one)


def test_a_frame_with_a_bad_check_is_counted_told_by_its_length_and_spoils_none_after_it():
    def one(chip, ticks_us):
        bench = Bench(chip, ticks_us)
        bench.radio.listen(True)
        for n in range(5):
            assert bench.chip.hear(bytes(50 + n), crc_ok=False)
            got = bench.run(20)
            assert got == [("garbled", (50 + n,))], (chip, n, got)
            assert bench.counted("crc") == n + 1
            assert bench.chip.hear(FRAME)
            assert [e[1][0] for e in bench.run(20)] == [FRAME]
        assert bench.counted("restarts") == 0

    each(one)


def test_a_bad_header_spoils_no_frame_after_it():
    def one(chip, ticks_us):
        bench = Bench(chip, ticks_us)
        bench.radio.listen(True)
        bench.chip.preamble_heard()
        bench.chip.header_heard(good=False)
        bench.run(50)
        assert bench.chip.hear(FRAME)
        assert [e[1][0] for e in bench.run(20)] == [FRAME]

    each(one)


def test_a_receiver_that_lost_its_supply_is_set_up_again_and_hears():
    def one(chip, ticks_us):
        bench = Bench(chip, ticks_us)
        bench.radio.listen(True)
        bench.chip.power_on()
        assert not bench.chip.hear(FRAME)
        bench.run(100)
        assert bench.counted("driver") + bench.counted("deaf") >= 1
        assert bench.chip.hear(FRAME)
        assert [e[1][0] for e in bench.run(20)] == [FRAME]

    each(one)


def test_a_long_silence_calibrates_the_chip_anew():
    def one(chip, ticks_us):
        bench = Bench(chip, ticks_us)
        bench.radio.listen(True)
        calibrated = len(bench.chip.calibrated)
        for _ in range(30):
            bench.clock.us += 20_000_000
            bench.run(3)
        assert bench.counted("refreshed") == 1 and bench.radio.failures == 0
        # the SX1262's record begins anew with its reset
        assert len(bench.chip.calibrated) == calibrated and bench.chip.resets == 2
        assert bench.chip.hear(FRAME) and bench.run(20)

    each(one)


def test_sleep_is_sleep_and_the_next_check_wakes_it():
    def one(chip, ticks_us):
        bench = Bench(chip, ticks_us)
        bench.radio.listen(True)
        bench.radio.sleep()
        assert bench.chip.mode == 0
        assert bench.run(1_000) == []
        assert bench.chip.mode == 0
        assert bench.check() == [("cad", (False,))]
        assert bench.send() == [("sent", (True,))]

    each(one)


def test_other_settings_of_a_modem_start_the_chip_with_them():
    def one(chip, ticks_us):
        bench = Bench(chip, ticks_us)
        bench.radio.listen(True)
        bench.radio.tune(dict(SETTINGS, preset="MediumFast", freq_hz=922_875_000))
        assert bench.chip.sf == 9 and abs(bench.chip.freq_hz - 922_875_000) < 100
        assert bench.chip.mode == 5
        assert bench.send() == [("sent", (True,))]

    each(one)
