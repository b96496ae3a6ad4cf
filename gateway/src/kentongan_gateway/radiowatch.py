"""Whether each radio is up, hears, and finds the channel free; what is wrong is known within a minute."""

FIRST_MS = 30_000     # a radio that has not come up by then is down
DEAF_FRAMES = 5       # so many frames heard by another radio while this one heard none, and
DEAF_MS = 45_000      # for so long: deaf
ALONE_MS = 310_000    # the only radio, with mains devices that report every 140 s: deaf


class _Radio:
    def __init__(self, now_ms):
        self.up, self.since_ms = None, now_ms
        self.heard_ms, self.missed = now_ms, 0


class RadioWatch:
    def __init__(self, desk, troubles, listens):
        self._desk, self._troubles = desk, troubles
        self._listens = listens  # () -> whether any mains device ought to be heard
        self._radios = {}

    def begin(self):
        for name in self._desk.config.radios:
            self._radios.setdefault(name, _Radio(self._desk.now_ms))

    def state(self, name, up):
        radio = self._radios.setdefault(name, _Radio(self._desk.now_ms))
        if radio.up is up:
            return
        radio.up, radio.since_ms = up, self._desk.now_ms
        radio.heard_ms, radio.missed = self._desk.now_ms, 0
        if not up:
            self._troubles.set(f"radio_deaf {name}", None)
            self._troubles.set(f"radio_jammed {name}", None)
        self._desk.store({"type": "radio", "name": name, "up": up})
        self._desk.note("radio_up" if up else "radio_down", self._desk.config.label, 0, name)

    def heard(self, name):
        """An authentic frame came in through this radio."""
        now = self._desk.now_ms
        for other, radio in self._radios.items():
            if other == name:
                radio.heard_ms, radio.missed = now, 0
                self._troubles.set(f"radio_deaf {name}", None)
            elif radio.up:
                radio.missed += 1

    def _deaf_ms(self, radio):
        """When it counts as deaf if nothing more is heard, or None."""
        if not radio.up:
            return None
        if sum(bool(r.up) for r in self._radios.values()) > 1:
            return radio.heard_ms + DEAF_MS if radio.missed >= DEAF_FRAMES else None
        return radio.heard_ms + ALONE_MS if self._listens() else None

    def tick(self):
        now = self._desk.now_ms
        for name, radio in list(self._radios.items()):
            if radio.up is None and now - radio.since_ms >= FIRST_MS:
                self.state(name, False)
            deaf_ms = self._deaf_ms(radio)
            if deaf_ms is not None and now >= deaf_ms:
                self._troubles.set(f"radio_deaf {name}", "hears nothing: look at antenna and cable")

    def next_deadline(self):
        active = self._troubles.active()
        times = [r.since_ms + FIRST_MS for r in self._radios.values() if r.up is None]
        times += [self._deaf_ms(r) for name, r in self._radios.items() if f"radio_deaf {name}" not in active]
        return min((t for t in times if t is not None), default=None)
