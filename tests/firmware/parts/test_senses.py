# runs: cpython micropython
"""Readings beside the alarm: when the battery is read, and when under a load."""

from kentongan_node.parts import senses
from kentongan_node.parts.beside import Beside
from kits.node import nodekit  # noqa: F401  the device's modules on the path


class Level:
    def __init__(self, level):
        self.level = level

    def value(self):
        return self.level


class Battery:
    """Full by its charger, empty under a load."""

    def __init__(self, mains, load=True):
        self.mains, self.loaded, self.loads = mains, 0, []
        if not load:
            self.load = None

    def connect(self):
        pass

    def load(self, level):
        self.loaded = level
        self.loads.append(level)

    def read_mv(self):
        millivolts = 10_300 if self.loaded else 13_600
        self.loaded = 0
        return millivolts


def told(battery, mains, minutes):
    """[(minute, millivolts)] of a post that runs for so long."""
    one = senses.Senses([("mains", mains)], battery, lambda: 30, lambda now_ms: [], None, Beside(print), 0)
    found = []
    for now_ms in range(0, minutes * 60_000, 500):
        for _ in range(8):
            said = one.poll(now_ms)
            if said is not None and said[1][0] == "battery":
                found.append((now_ms // 60_000, said[1][1]))
    return found


def test_a_battery_that_is_lost_is_told_within_fifteen_minutes_and_never_read_as_full():
    battery = Battery(True)
    assert told(battery, Level(1), 30) == [(0, 10_300), (14, 10_300), (28, 10_300)]
    assert battery.loads == [1, 1, 1]
    assert senses.LOAD_PERIOD_MS + senses.SENSE_PERIOD_MS <= 15 * 60_000


def test_without_mains_the_post_itself_is_the_load_and_the_battery_is_read_every_minute():
    battery = Battery(False)
    assert told(battery, Level(0), 3) == [(0, 13_600), (1, 13_600), (2, 13_600)]
    assert battery.loads == []


def test_a_board_that_cannot_load_its_battery_reads_it_every_minute_as_before():
    assert told(Battery(True, load=False), Level(1), 2) == [(0, 13_600), (1, 13_600)]


def test_when_mains_come_back_a_load_that_is_due_is_drawn_at_once():
    battery, mains = Battery(True), Level(0)
    one = senses.Senses([("mains", mains)], battery, lambda: 30, lambda now_ms: [], None, Beside(print), 0)
    for now_ms in range(0, 3_000_000, 500):
        mains.level = int(now_ms >= 2_000_000)
        one.poll(now_ms)
        if battery.loads:
            break
    assert 2_000_000 <= now_ms <= 2_060_000
