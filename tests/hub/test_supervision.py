"""Late before lost, and nothing green without proof."""
import pytest
from kentongan_hub import supervision as s

MINUTE_MS = 60_000


@pytest.mark.parametrize(("role", "silent_ms", "state"), [
    ("sirene", 150_000, s.TERHUBUNG), ("sirene", 160_000, s.TERLAMBAT), ("sirene", 5 * MINUTE_MS, s.TERPUTUS),
    ("tombol", 12 * s.HOUR_MS, s.TERHUBUNG), ("tombol", 13 * s.HOUR_MS, s.TERLAMBAT),
    ("tombol", 26 * s.HOUR_MS, s.TERPUTUS),
    ("gateway", 39_000, s.TERHUBUNG), ("gateway", 40_000, s.TERLAMBAT),
])
def test_a_silent_device_is_late_before_it_is_lost(role, silent_ms, state):
    assert s.link(role, 1_000, 1_000 + silent_ms) == state


def test_a_device_that_was_never_heard_is_not_called_connected():
    assert s.link("tombol", None, 1_000) == s.BELUM


def test_a_gateways_report_makes_a_device_worse_and_never_better():
    assert s.link("sirene", 1_000, 2_000, s.TERPUTUS) == s.TERPUTUS
    assert s.link("sirene", 1_000, 2_000, s.TERLAMBAT) == s.TERLAMBAT
    assert s.link("sirene", 1_000, 1_000 + 6 * MINUTE_MS, s.TERHUBUNG) == s.TERPUTUS


def test_a_battery_reads_nothing_at_the_mark_where_the_button_calls_it_low():
    assert [s.battery_percent(mv) for mv in (4_200, 4_100, 3_700, 3_300, 2_900)] == [100, 100, 50, 0, 0]
    assert s.battery_percent(None) is None and s.battery_percent(0) is None


def test_the_signal_is_named_for_people():
    assert [s.signal(-90, snr_q) for snr_q in (20, -20, -21, None)] == ["kuat", "cukup", "lemah", ""]
