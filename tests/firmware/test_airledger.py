# runs: cpython micropython
"""The hour's air: kept over resets, forgotten when the hour is over, never too little."""
import struct

from kentongan_node.airledger import FORGET_MS, AirLedger

MINUTE_MS = 60_000


def test_air_counts_for_an_hour_and_is_gone_after_61_minutes():
    ledger = AirLedger()
    ledger.spend(1_500, 30_000, [])
    assert ledger.used_ms(30_000 + 60 * MINUTE_MS) == 1_500
    assert ledger.used_ms(61 * MINUTE_MS + 30_000) == 0
    assert ledger.left_ms(61 * MINUTE_MS + 30_000) == 36_000


def test_no_hour_holds_more_than_the_bins_show():
    ledger, spent = AirLedger(), []
    for step in range(400):
        now_ms = step * 47_000
        ledger.spend(90 + step % 50, now_ms, [])
        spent.append((now_ms, 90 + step % 50))
        hour = sum([ms for at_ms, ms in spent if at_ms > now_ms - 60 * MINUTE_MS])
        assert hour <= ledger.used_ms(now_ms)


def test_it_is_persisted_at_each_full_second_and_counts_as_just_spent_after_a_reset():
    ledger, actions = AirLedger(), []
    for step in range(25):
        ledger.spend(100, step * 1_000, actions)
    assert [struct.unpack("<II", a.data)[0] for a in actions] == [1_000, 2_000]
    again = AirLedger(actions[-1].data)
    assert again.used_ms(5 * MINUTE_MS) == 2_000
    assert again.used_ms(65 * MINUTE_MS) == 2_000  # its own hour begins at its first look
    assert again.used_ms(66 * MINUTE_MS) == 0


def test_what_is_forgotten_is_written_down_as_well():
    ledger, actions = AirLedger(), []
    ledger.spend(5_000, 0, actions)
    ledger.keep(70 * MINUTE_MS, actions)
    assert struct.unpack("<II", actions[-1].data)[0] == 0


def test_a_sleep_longer_than_the_hour_forgets_only_when_it_ran_to_its_end():
    for slept_ms, timer, expected in ((FORGET_MS, True, 0), (FORGET_MS, False, 700), (60_000, True, 700),
                                      (None, True, 700)):
        ledger, actions = AirLedger(), []
        ledger.spend(700, 0, [])
        ledger.park(slept_ms, 1_000, actions)
        again = AirLedger(actions[0].data)
        if timer:
            again.woke_by_timer()
        assert again.used_ms(2_000) == expected


def test_a_torn_file_takes_half_of_the_hour():
    assert AirLedger(b"\x00").used_ms(0) == 18_000
    assert AirLedger(struct.pack("<II", 0xFFFFFFFF, 0)).used_ms(0) == 36_000


def test_a_clock_that_stands_still_or_steps_back_does_no_harm():
    ledger = AirLedger()
    ledger.spend(100, 10 * MINUTE_MS, [])
    assert ledger.used_ms(2 * MINUTE_MS) == 100
