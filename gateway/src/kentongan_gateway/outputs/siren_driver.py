"""What drives a siren, whatever it is: a driver of its own, or a relay on which a player beats.

A driver's class tells everything about itself, so that a new one is a file and its line in DRIVERS.
"""
from collections.abc import Callable


class Told:
    """What a driver's class says of itself beside what it does."""

    fields: dict = {}  # key of [siren] that it alone has -> (kind, default, remedy) of settings.Field
    needs: tuple = ()  # keys that it cannot do without

    @classmethod
    def of(cls, siren):
        """The driver that this [siren] section means."""
        raise AssertionError("a driver says how it is made")


class Relay(Told):
    """One thing that is on or off, with open(), set(on), sense() and close() as the player wants them."""

    shortest_ms = 50  # shortest stroke that such a board follows for years

    def look(self) -> str:
        """For a check, which switches nothing: what is there; OSError or LocalError with the remedy."""
        raise AssertionError("a relay says what is there")


class SirenDriver(Told):
    """play() and off() return at once; the driver ends a sounding by itself after total_ms.

    `on_trouble(text or None)` is called, from any thread, when the siren can no longer do what it is told,
    and with None when it can again.
    """

    on_trouble: Callable[[str | None], object] = staticmethod(lambda text: None)

    def play(self, pattern, steps, total_ms):
        raise AssertionError("a driver says how it sounds")

    def off(self):
        raise AssertionError("a driver says how it falls silent")

    def hold(self, on):
        """Be quiet for a moment, so that the voice is heard; a hold that is forgotten ends by itself."""

    def trouble(self):
        """What is wrong now, or None: for whoever asks; on_trouble says it at once."""
        return None

    def healthy(self) -> bool:
        """Whether its thread lives; False is for the watchdog."""
        return True

    def close(self):
        self.off()
