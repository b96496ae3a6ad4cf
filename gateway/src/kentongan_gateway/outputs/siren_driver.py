"""What drives a siren, whatever it is."""




class SirenDriver:
    """play() and off() return at once; the driver ends a sounding by itself after total_ms.

    `on_trouble(text or None)` is called, from any thread, when the siren can no longer do what it is told,
    and with None when it can again.
    """

    on_trouble = staticmethod(lambda text: None)

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
