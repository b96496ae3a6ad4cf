"""Lines of the Pi by name, through the kernel's GPIO interface (gpiod). The value is set in the request.

A line is requested as an output that is inactive in the same system call: no blip at start, and whoever else
holds the line is refused by the kernel.
"""

import glob
from datetime import timedelta
from typing import Any, Self

import gpiod
from gpiod.line import Bias, Direction, Edge, Value

from kentongan_gateway import sections
from kentongan_gateway.outputs.siren_driver import Relay

CONSUMER = "kentongan"
DEBOUNCE = timedelta(milliseconds=30)
CHIPS = "/dev/gpiochip*"


def find_line(name: str, chips: str = CHIPS, api: Any = gpiod) -> tuple[str, int]:
    """(chip path, offset) of the line with exactly this name; OSError names the remedy.

    A chip that cannot be opened hides no other: a kernel may have some that are not for us.
    """
    paths, closed = sorted(glob.glob(chips)), []
    for path in paths:
        try:
            with api.Chip(path) as chip:
                for offset in range(chip.get_info().num_lines):
                    if chip.get_line_info(offset).name == name:
                        return path, offset
        except OSError as error:
            closed.append(f"{path}: {error.strerror or error}")
    unread = f" (not read: {'; '.join(closed)})" if closed else ""
    raise OSError(
        f"no GPIO line is named {name!r} on {len(paths)} chips{unread}; see `gpioinfo` for the names"
    )


def look(name: str) -> str:
    """Say, for a check, where the line is, without taking it from whoever holds it."""
    chip, offset = find_line(name)
    return f"{name}: {chip} line {offset}"


class _Line:
    """One requested line; `api` is the gpiod module, or what stands for it in tests."""

    def __init__(self, name: str, settings: dict[str, Any], chips: str = CHIPS, api: Any = gpiod):
        self._name, self._settings, self._chips, self._api = name, settings, chips, api
        self._request: Any = None  # gpiod's, while the line is ours

    def open(self) -> None:
        self.close()
        path, self._offset = find_line(self._name, self._chips, self._api)
        settings = self._api.LineSettings(**self._settings)
        self._request = self._api.request_lines(path, consumer=CONSUMER, config={self._offset: settings})

    def close(self) -> None:
        request, self._request = self._request, None
        if request is not None:
            request.release()

    def _value(self) -> bool:
        if self._request is None:
            raise OSError(f"line {self._name} is not open")
        return self._request.get_value(self._offset) is Value.ACTIVE


class GpioRelay(_Line, Relay):
    """An output that is inactive unless it is told otherwise, and inactive again before it is released."""

    needs = ("line",)
    shortest_ms = 50

    @classmethod
    def of(cls, siren: sections.Siren) -> Self:
        return cls(siren.line, siren.active_low)

    def __init__(self, name: str, active_low: bool = False, chips: str = CHIPS, api: Any = gpiod):
        settings = {"direction": Direction.OUTPUT, "active_low": active_low, "output_value": Value.INACTIVE}
        super().__init__(name, settings, chips, api)

    def set(self, on: bool) -> None:
        if self._request is None:
            raise OSError(f"line {self._name} is not open")
        self._request.set_value(self._offset, Value.ACTIVE if on else Value.INACTIVE)

    def sense(self) -> bool | None:
        return None

    def look(self) -> str:
        return look(self._name)

    def close(self) -> None:
        if self._request is not None:
            try:
                self.set(False)
            finally:
                super().close()


class SenseLine(_Line):
    """An input that is active while the siren really has power."""

    def __init__(self, name: str, chips: str = CHIPS, api: Any = gpiod):
        super().__init__(name, {"direction": Direction.INPUT}, chips, api)

    def sense(self) -> bool | None:
        return self._value()


class KeyLine(_Line):
    """A push button between the line and ground."""

    def __init__(self, name: str, chips: str = CHIPS, api: Any = gpiod):
        settings = {
            "direction": Direction.INPUT,
            "active_low": True,
            "bias": Bias.PULL_UP,
            "edge_detection": Edge.RISING,
            "debounce_period": DEBOUNCE,
        }
        super().__init__(name, settings, chips, api)

    def wait(self, timeout_s: float) -> bool:
        """Tell whether the key went down within this time."""
        if not self._request.wait_edge_events(timedelta(seconds=timeout_s)):
            return False
        return bool(self._request.read_edge_events())
