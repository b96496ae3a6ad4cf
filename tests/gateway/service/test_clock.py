"""Time without a clock: ages by the monotonic one, wall times with how far to trust them, jumps named."""

import pytest
from kentongan_gateway.service.clock import HUB, SYNC, UNSURE, Clock

YEARS_10 = 3_652 * 86_400
NOW = 1_800_000_000


class Times:
    def __init__(self, wall=NOW, synced=False, boot="b1"):
        self.steady_s, self.wall_s, self.synced = 50.0, float(wall), synced
        self.clock = Clock(boot, lambda: int(self.steady_s * 1e9), lambda: self.wall_s, lambda: self.synced)

    def pass_s(self, seconds):
        self.steady_s += seconds
        self.wall_s += seconds


def event(times, **more):
    return times.clock.stamp({"type": "alarm", "at_ms": times.clock.now_ms(), **more})


@pytest.mark.parametrize("jump", [YEARS_10, -YEARS_10])
def test_an_age_of_this_boot_does_not_care_what_the_wall_clock_does(jump):
    times = Times()
    stored = event(times)
    times.pass_s(7)
    times.wall_s += jump
    assert times.clock.age_ms(stored) == 7_000


@pytest.mark.parametrize("jump", [YEARS_10, -YEARS_10])
def test_a_jump_is_noticed_once_and_a_drift_never(jump):
    times = Times()
    times.pass_s(3_600)
    times.wall_s += 5
    assert times.clock.jumped_s() == 0
    times.wall_s += jump
    assert times.clock.jumped_s() == pytest.approx(jump) and times.clock.jumped_s() == 0


def test_a_clock_is_unsure_until_a_time_server_or_the_hub_vouches_for_it():
    assert Times(wall=0).clock.quality() == UNSURE
    assert Times().clock.quality() == UNSURE
    assert Times(synced=True).clock.quality() == SYNC
    times = Times()
    times.clock.hub_says(NOW + 30)
    assert times.clock.quality() == HUB
    times.wall_s -= YEARS_10
    assert times.clock.quality() == UNSURE


def test_a_hub_whose_own_clock_is_unset_vouches_for_nothing():
    times = Times(wall=0)
    times.clock.hub_says(1.0)
    assert times.clock.quality() == UNSURE


def test_an_event_of_a_time_without_a_clock_gets_its_wall_time_when_it_is_sent():
    times = Times(wall=0)
    stored = event(times)
    assert stored["wall"] is None and stored["clock"] == UNSURE and stored["stored_wall"] is None
    times.pass_s(60)
    times.wall_s = NOW
    times.clock.hub_says(NOW)
    sent = times.clock.offered(stored)
    assert sent["age_ms"] == 60_000 and sent["clock"] == HUB
    assert sent["wall"] == sent["stored_wall"] == "2027-01-15T07:59:00.000+00:00"


def test_over_a_power_cut_only_clocks_that_are_trusted_tell_an_age():
    before, after = Times(synced=True), Times(wall=NOW + 900, synced=True, boot="b2")
    stored = event(before)
    assert after.clock.age_ms(stored) == 900_000
    assert Times(wall=NOW + 900, boot="b2").clock.age_ms(stored) == -1, "this clock is unsure"
    assert after.clock.age_ms({**stored, "clock": UNSURE}) == -1, "that one was"
    for odd in (None, "gestern", 5):
        assert after.clock.age_ms({**stored, "wall": odd}) == -1


@pytest.mark.parametrize("jump", [YEARS_10, -YEARS_10, -1])
def test_an_age_that_cannot_be_is_no_age(jump):
    stored = event(Times(synced=True))
    assert Times(wall=NOW + jump, synced=True, boot="b2").clock.age_ms(stored) == -1
