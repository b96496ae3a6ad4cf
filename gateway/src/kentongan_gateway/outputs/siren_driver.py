"""Drivers of any siren: a driver of its own, or a relay on which a player beats.

A driver's class tells everything about itself, so that a new one is a file and its line in DRIVERS.
"""

from collections.abc import Callable
from typing import Any, Protocol, Self

from kentongan_gateway import sections
from kentongan_gateway.core.base.actions import Steps


class Sense(Protocol):
    """A sensor of the output's power; sense() gives None where it cannot say."""

    def open(self) -> None: ...
    def sense(self) -> bool | None: ...
    def close(self) -> None: ...


class Switch(Sense, Protocol):
    """One thing that is on or off."""

    def set(self, on: bool) -> None: ...


class Told:
    """Description that a driver's class gives of itself."""

    # key of [siren] that it alone has -> (kind, default, remedy) of settings.Field
    fields: dict[str, tuple[Any, Any, str]] = {}
    needs: tuple[str, ...] = ()  # keys that it cannot do without

    @classmethod
    def of(cls, siren: sections.Siren) -> Self:
        """Make the driver that this [siren] section means."""
        raise AssertionError("a driver says how it is made")


class Relay(Told, Switch):
    """A board's switch, on which a player beats."""

    shortest_ms = 50  # shortest stroke that such a board follows for years

    def look(self) -> str:
        """Say what is there, for a check that switches nothing; OSError or LocalError with the remedy."""
        raise AssertionError("a relay says what is there")


class SirenDriver(Told):
    """play() and off() return at once; the driver ends a sounding by itself after total_ms.

    `on_trouble(text or None)` is called, from any thread, when the siren can no longer do what it is told,
    and with None when it can again.
    """

    on_trouble: Callable[[str | None], object] = staticmethod(lambda text: None)

    def play(self, pattern: str, steps: Steps, total_ms: int) -> None:
        raise AssertionError("a driver says how it sounds")

    def off(self) -> None:
        raise AssertionError("a driver says how it falls silent")

    def hold(self, on: bool) -> None:
        """Be quiet for a moment, so that the voice is heard; a hold that is forgotten ends by itself."""

    def trouble(self) -> str | None:
        """Say what is wrong now, or None: for callers that ask; on_trouble says it at once."""
        return None

    def healthy(self) -> bool:
        """Tell whether its thread lives; False is for the watchdog."""
        return True

    def close(self) -> None:
        self.off()
