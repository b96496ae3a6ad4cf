"""Lines of a Pi as gpiod shows them, for machines without: names, one owner a line, values, key presses."""

import queue

from gpiod import LineSettings
from gpiod.line import Direction, Value

CHIP = "/dev/gpiochip-uji"


class Lines:
    """Stands for the gpiod module; `level` is what a meter on the pin would show, by line name."""

    LineSettings = LineSettings

    def __init__(self, *names):
        self.names = names
        self.level = {name: False for name in names}
        self.history = {name: [] for name in names}
        self.edges = {name: queue.Queue() for name in names}
        self.taken = set()
        self.broken = False

    def Chip(self, _path):
        return _Chip(self)

    def request_lines(self, _path, consumer, config):
        ((offset, settings),) = config.items()
        name = self.names[offset]
        assert consumer == "kentongan"
        if self.broken or name in self.taken:
            raise OSError(16, f"{name} is busy")
        self.taken.add(name)
        return _Request(self, name, settings)

    def drive(self, name, level):
        if level != self.level[name]:
            self.level[name] = level
            self.history[name].append(level)


class _Chip:
    def __init__(self, lines):
        self._lines = lines

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return

    def get_info(self):
        return type("Info", (), {"num_lines": len(self._lines.names)})

    def get_line_info(self, offset):
        return type("Info", (), {"name": self._lines.names[offset]})


class _Request:
    def __init__(self, lines, name, settings):
        self._lines, self._name, self._low = lines, name, settings.active_low
        if settings.direction is Direction.OUTPUT:
            self.set_value(None, settings.output_value)

    def set_value(self, _offset, value):
        if self._lines.broken:
            raise OSError(5, "the chip is gone")
        self._lines.drive(self._name, (value is Value.ACTIVE) != self._low)

    def get_value(self, _offset):
        return Value.ACTIVE if self._lines.level[self._name] != self._low else Value.INACTIVE

    def wait_edge_events(self, timeout):
        try:
            self._edge = self._lines.edges[self._name].get(timeout=timeout.total_seconds())
        except queue.Empty:
            return False
        return True

    def read_edge_events(self):
        return [self._edge]

    def release(self):
        self._lines.taken.discard(self._name)
