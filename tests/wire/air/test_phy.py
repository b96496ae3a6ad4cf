# runs: cpython micropython
"""Time on air against frames measured on the air, contention numbers, and what the law refuses."""

from kentongan_wire.air import phy
from kentongan_wire.base.errors import LocalError
from kits.both import load_json, raises


def test_air_time_equals_what_was_captured():
    count = 0
    for channel in load_json("wire/captures/meshtastic-air.json")["channels"]:
        for frame in channel["frames"]:
            airtime_us = phy.airtime_us(phy.preset(channel["preset"]), len(frame["hex"]) // 2)
            if channel["preset"] == "LongFast":  # these were written down to 0.1 ms
                assert airtime_us // 100 == int(frame["air_ms"] * 10 + 0.5), frame
            else:
                assert airtime_us == int(frame["air_ms"] * 1000 + 0.5), frame
            count += 1
    assert count > 20


def test_air_time_of_an_alarm_on_every_preset():
    # 45 bytes; by the SX1262 datasheet's formula in floating point, worked out apart from this code
    expected = {
        "ShortFast": 50304,
        "ShortSlow": 90368,
        "MediumFast": 170496,
        "MediumSlow": 320512,
        "LongFast": 600064,
        "LongModerate": 1773568,
        "LongSlow": 3284992,
    }
    assert {name: phy.airtime_us(p, 45) for name, p in phy.PRESETS.items()} == expected


def test_the_pace_of_a_preset_is_how_much_longer_an_alarm_is_on_its_air():
    expected = {
        "ShortFast": 100,
        "ShortSlow": 100,
        "MediumFast": 188,
        "MediumSlow": 354,
        "LongFast": 664,
        "LongModerate": 1_962,
        "LongSlow": 3_635,
    }
    assert {name: phy.pace_percent(p) for name, p in phy.PRESETS.items()} == expected


def test_longer_frames_are_never_shorter_on_the_air():
    for p in phy.PRESETS.values():
        times = [phy.airtime_us(p, n) for n in range(phy.MAX_FRAME + 1)]
        assert times == sorted(times)
        assert times[0] > 0
    raises(LocalError, phy.airtime_us, phy.preset("ShortSlow"), 256)
    raises(LocalError, phy.airtime_us, phy.preset("ShortSlow"), -1)


def test_slots_are_those_of_stock_nodes():
    assert phy.slot_us(phy.preset("MediumFast")) == 12_000
    assert phy.slot_us(phy.preset("ShortSlow")) == 10_000


def test_the_farthest_hearer_draws_from_the_smallest_window():
    assert phy.contention_window(-20 * 4) == 3
    assert phy.contention_window(10 * 4) == 8
    windows = [phy.contention_window(snr_q) for snr_q in range(-200, 200)]
    assert windows == sorted(windows)
    assert windows[0] == 3 and windows[-1] == 8
    # Arduino's map(): whole dB, cut toward zero
    assert [phy.contention_window(4 * db) for db in (-15, -14, -9, -8, -3, -2, 3, 4, 9)] == [
        3,
        4,
        4,
        5,
        5,
        6,
        6,
        7,
        7,
    ]


def test_the_default_channel_is_lawful_and_its_neighbours_outside_are_not():
    phy.check_frequency(phy.DEFAULT_FREQ_HZ, 250_000)
    phy.check_frequency(920_125_000, 250_000)
    phy.check_frequency(922_875_000, 250_000)
    raises(LocalError, phy.check_frequency, 920_124_999, 250_000)
    raises(LocalError, phy.check_frequency, 922_875_001, 250_000)
    raises(LocalError, phy.check_frequency, phy.DEFAULT_FREQ_HZ, 500_000)
    raises(LocalError, phy.check_frequency, phy.DEFAULT_FREQ_HZ, 0)


def test_radiated_power_above_twenty_dbm_is_refused():
    phy.check_eirp_dbm(20, 0, 0)
    phy.check_eirp_dbm(17, 5, 2)
    raises(LocalError, phy.check_eirp_dbm, 20, 2, 1)


def test_an_unknown_preset_names_the_known_ones():
    assert "ShortSlow" in str(raises(LocalError, phy.preset, "ShortTurbo"))
    assert phy.preset(phy.DEFAULT_PRESET).sf == 8
    assert all(p.bw_hz <= phy.BANDWIDTH_MAX_HZ for p in phy.PRESETS.values())
