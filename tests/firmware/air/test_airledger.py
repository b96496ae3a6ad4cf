# runs: cpython micropython
"""The hour's air: kept over resets, forgotten when the hour is over, never too little."""

import struct

from kentongan_node.air.airledger import FORGET_MS, AirLedger

MINUTE_MS = 60_000
ROW = "<I61H"


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


def test_it_is_persisted_at_each_full_second_with_one_second_more_for_what_comes_until_the_next():
    ledger, actions = AirLedger(), []
    for step in range(25):
        ledger.spend(100, step * 1_000, actions)
    assert [sum(struct.unpack(ROW, a.data)) for a in actions] == [1_100, 2_100, 3_100]


def test_after_a_power_cut_the_hour_of_before_ends_minute_by_minute_and_is_not_counted_twice():
    """A post or penerus whose start booked all of it into one minute sent no STATUS 25 minutes later."""
    ledger, actions = AirLedger(), []
    for minute in range(60):
        ledger.spend(250, minute * MINUTE_MS, actions)
    again = AirLedger(actions[-1].data)
    for minute in range(61):
        again.spend(250, minute * MINUTE_MS, [])
        assert again.used_ms(minute * MINUTE_MS) <= 15_000 + 2 * 250 + 1_000
    assert again.used_ms(61 * MINUTE_MS) <= 15_250


def test_whenever_the_power_is_cut_no_hour_holds_more_than_the_bins_show():
    spent, ledger, state, now_ms = [], AirLedger(), None, 0
    for step in range(1_500):
        now_ms += 7_000 + step * 7919 % 60_000
        if step % 37 == 36:  # a clock that starts anew, and no time was lost
            offset_ms = now_ms
            ledger = AirLedger(state)
        elif step < 37:
            offset_ms = 0
        actions = []
        ledger.spend(60 + step % 300, now_ms - offset_ms, actions)
        state = actions[-1].data if actions else state
        spent.append((now_ms, 60 + step % 300))
        hour = sum([ms for at_ms, ms in spent[-600:] if at_ms > now_ms - 60 * MINUTE_MS])
        assert hour <= ledger.used_ms(now_ms - offset_ms), step


def test_a_sleep_longer_than_the_hour_forgets_only_when_it_ran_to_its_end():
    for slept_ms, timer, expected in (
        (FORGET_MS, True, 0),
        (FORGET_MS, False, 700),
        (60_000, True, 700),
        (None, True, 700),
    ):
        ledger, actions = AirLedger(), []
        ledger.spend(700, 0, [])
        ledger.park(slept_ms, 1_000, actions)
        again = AirLedger(actions[0].data)
        if timer:
            again.woke_by_timer()
        assert again.used_ms(2_000) == expected


def test_a_torn_file_takes_half_of_the_hour():
    assert AirLedger(b"\x00").used_ms(0) == 18_000
    assert AirLedger(b"\xff" * struct.calcsize(ROW)).used_ms(0) == 18_000


def test_a_clock_that_stands_still_or_steps_back_does_no_harm():
    ledger = AirLedger()
    ledger.spend(100, 10 * MINUTE_MS, [])
    assert ledger.used_ms(2 * MINUTE_MS) == 100
