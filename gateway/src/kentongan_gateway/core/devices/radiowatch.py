"""Watch over the radios: each is up, hears, and finds the channel free, or the fault is known in a minute.

A quiet night and a deaf radio sound alike. So a radio that has heard nothing for a while is given something
to hear: mains devices are asked for their STATUS by a quiet test. One that hears none of the answers is deaf.

    down    its link fails, does not answer (radio/), or it has not come up in FIRST_MS
    deaf    nothing heard for DEAF_MS though devices were asked at ASK_AT_MS, or
            DEAF_FRAMES frames that another radio heard in OTHER_MS while this one heard none
"""

from collections.abc import Callable

from kentongan_wire.air import phy

from kentongan_gateway.core.base.context import Context
from kentongan_gateway.core.base.troubles import Troubles
from kentongan_gateway.core.base.units import Ms

FIRST_MS = 30_000  # a radio that has not come up by then is down
DEAF_FRAMES, OTHER_MS = 5, 45_000
# of hearing nothing -> how many devices are asked; an answer takes 2 s and its time on the air
ASK_AT_MS, ASKED = (42_000, 48_000, 53_000), (1, 1, 4)
DEAF_MS = 58_000
NO_AIR_MS = 60_000  # when there was no air to ask, it is looked at again then
ASK_BYTES = 62  # an order for one device on the air
ASK_AIR_MS = 120  # where a frame takes longer, everything waits as many times longer
DEAF_DEVICES = 2  # of one that is silent nobody can say whether it or the radio is dead
AWAY_MS = 60_000  # no radio for so long: people are told afterwards, for AWAY_TOLD_MS
AWAY_TOLD_MS = 1_800_000
WORKS_ON = ("radio_away", "radio_flash")  # troubles of a radio that hears and sends all the same
DEAF = "hears nothing, not even devices that were asked: look at antenna, cable and their power"


class _Radio:
    def __init__(self, now_ms: Ms) -> None:
        self.up: bool | None = None  # None: not known yet
        self.since_ms = now_ms
        self.heard_ms, self.missed, self.asked = now_ms, 0, 0


class RadioWatch:
    def __init__(
        self, context: Context, troubles: Troubles, ask: Callable[[int], int], on_deaf: Callable[[bool], None]
    ) -> None:
        self._context, self._troubles = context, troubles
        self._ask = ask  # (count) -> whether that many devices, or fewer, are asked; 0: how many could be
        self._on_deaf = on_deaf  # (whether no radio works), at every change
        self._away_ms: Ms | None = None  # since when none works
        self._told_ms: Ms | None = None  # until when people are told that none worked
        self._not_before_ms = 0  # nobody is asked earlier
        air_ms = phy.airtime_us(phy.preset(context.config.preset), ASK_BYTES) // 1000
        self._slower = 1 + air_ms // ASK_AIR_MS
        self._radios: dict[str, _Radio] = {}

    def begin(self) -> None:
        for name in self._context.config.radios:
            self._radios.setdefault(name, _Radio(self._context.now_ms))

    def note_state(self, name: str, up: bool) -> None:
        radio = self._radios.setdefault(name, _Radio(self._context.now_ms))
        if radio.up is up:
            return
        radio.up, radio.since_ms = up, self._context.now_ms
        radio.heard_ms, radio.missed, radio.asked = self._context.now_ms, 0, 0
        if not up:
            self._troubles.set(f"radio_deaf {name}", None)
            self._troubles.set(f"radio_jammed {name}", None)
        self._context.store({"type": "radio", "name": name, "up": up})
        self._context.note("radio_up" if up else "radio_down", self._context.config.label, 0, name)
        self._look_whether_away()

    def _look_whether_away(self) -> None:
        """Look whether a watcher had no radio: it has seen nothing, and says so when it sees again."""
        now = self._context.now_ms
        away = all(radio.up is False for radio in self._radios.values()) or self._all_deaf()
        if away and self._away_ms is None:
            self._away_ms = now
            self._on_deaf(True)
        elif not away and self._away_ms is not None:
            gone_ms, self._away_ms = now - self._away_ms, None
            self._on_deaf(False)
            if gone_ms >= AWAY_MS:
                self._told_ms = now + AWAY_TOLD_MS
                self._troubles.set(
                    "radio_away",
                    f"no radio worked for {gone_ms // 60_000} min; whoever was "
                    "silent then has their time again",
                )

    def _all_deaf(self) -> bool:
        """Tell whether none of them hears, and that is likelier than the death of so many devices at once."""
        bad = self._troubles.active()
        nobody = all(radio.up is False or f"radio_deaf {n}" in bad for n, radio in self._radios.items())
        return nobody and self._ask(0) >= DEAF_DEVICES

    def note_frame(self, name: str) -> None:
        """Something came in through this radio; anybody's frame proves that it hears."""
        radio = self._radios.get(name)
        if radio:
            radio.heard_ms, radio.missed, radio.asked = self._context.now_ms, 0, 0
            self._troubles.set(f"radio_deaf {name}", None)
            if self._away_ms is not None:
                self._look_whether_away()

    def note_missed(self, name: str) -> None:
        """Note a new authentic frame of this radio, which the others ought to have heard as well."""
        for other, radio in self._radios.items():
            if other != name and radio.up:
                radio.missed += 1

    def _ask_ms(self, radio: _Radio) -> Ms | None:
        """Return the time when devices are asked for this radio's sake, or None."""
        if not radio.up or radio.asked >= len(ASK_AT_MS) or not self._ask(0):
            return None
        return max(self._not_before_ms, radio.heard_ms + ASK_AT_MS[radio.asked] * self._slower)

    def _deaf_ms(self, radio: _Radio) -> Ms | None:
        """Return the time when it counts as deaf if nothing more is heard, or None."""
        if radio.up and radio.missed >= DEAF_FRAMES:
            return radio.heard_ms + OTHER_MS
        if radio.up and radio.asked >= len(ASK_AT_MS):
            return radio.heard_ms + DEAF_MS * self._slower
        return None

    def tick(self) -> None:
        now = self._context.now_ms
        if self._told_ms is not None and now >= self._told_ms:
            self._told_ms = None
            self._troubles.set("radio_away", None)
        for name, radio in list(self._radios.items()):
            if radio.up is None and now - radio.since_ms >= FIRST_MS:
                self.note_state(name, False)
            deaf_ms = self._deaf_ms(radio)
            if deaf_ms is not None and now >= deaf_ms:
                self._troubles.set(f"radio_deaf {name}", DEAF)
                self._look_whether_away()
        due = [r for r in self._radios.values() if now >= (self._ask_ms(r) or now + 1)]
        if not due:
            return
        if self._ask(max(ASKED[radio.asked] for radio in due)):
            for radio in due:
                radio.asked += 1
        else:
            self._not_before_ms = now + NO_AIR_MS

    def next_deadline(self) -> Ms | None:
        first = self._told_ms
        for name, radio in self._radios.items():
            deaf_ms = self._deaf_ms(radio)
            if deaf_ms is not None and f"radio_deaf {name}" in self._troubles.active():
                deaf_ms = None
            down_ms = radio.since_ms + FIRST_MS if radio.up is None else None
            for due_ms in (down_ms, self._ask_ms(radio), deaf_ms):
                if due_ms is not None and (first is None or due_ms < first):
                    first = due_ms
        return first
