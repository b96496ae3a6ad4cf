"""Readings beside the alarm: supply and temperature by the minute, the siren's sensor at once. Pure.

A reading that fails is unknown (0), is told, and keeps nothing else from being read.
"""

from kentongan_wire.base.shapes import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kentongan_node.parts.beat import Beat
    from kentongan_node.parts.beside import Beside
    from kentongan_node.parts.inputs import Pin
    from kentongan_node.parts.supply import Battery

    Sensed = tuple[str, tuple[str, int]]  # ("sense", (what, value))


SENSE_PERIOD_MS = 60_000  # battery, mains and temperature are read so often
ADC_SETTLE_MS = 10  # after the battery's divider was connected
# A charger hides that the battery is gone or worn: with mains it is read under a load only. EN 54-4 wants a
# lost battery told within 15 minutes; the carrier ends a load by itself after 2 to 6 s.
LOAD_PERIOD_MS, LOAD_MS = 840_000, 1_000
SIREN_SETTLE_MS = 50  # after an edge the current sensor says the truth
SIREN_IDLE_MS = 500  # after the end of a sounding it says whether the output is really off
TOLD = ("flash", "output", "battery", "line")  # parts that a STATUS tells otherwise, or that nobody misses


class Senses:
    """`pins`: [(what, pin)]; `battery`: supply.Battery, or None when it could not be made; `temperature()`;
    `stuck(now_ms)`: names of keys; `siren`: its Beat, or None; `beside`: beside.Beside."""

    def __init__(
        self,
        pins: "list[tuple[str, Pin]]",
        battery: "Battery | None",
        temperature: "Callable[[], int]",
        stuck: "Callable[[int], list[str]]",
        siren: "Beat | None",
        beside: "Beside",
        now_ms: int,
    ) -> None:
        self._pins, self.battery, self._temperature = pins, battery, temperature
        self._stuck, self._siren, self._beside = stuck, siren, beside
        self._readings: list[tuple[str, int]] = []
        self._taken_ms: int | None = None  # when the readings are taken that were begun, or None
        self._next_ms = self._load_ms = now_ms  # _load_ms: the next reading under a load
        self._hidden = False  # whether mains hides what the battery is worth until then
        self._said: int | None = None  # what the siren's current sensor said last
        self._failing = False  # whether a part was failing that nothing else tells

    def settling(self) -> bool:
        """Tell whether readings are on their way."""
        return self._taken_ms is not None

    def forget(self) -> None:
        """Forget what was sensed: in a new sounding whatever the sensor says is news."""
        self._said = None

    def levels(self) -> list[tuple[str, int]]:
        """[(what, level)] as they are now, of what can be read."""
        found = [(what, self._beside.do(what, pin.value)) for what, pin in self._pins]
        return [(what, level) for what, level in found if level is not None]

    def battery_mv(self) -> int | None:
        """Read it; None on a board that cannot, and where the reading fails (beside.failing names it)."""
        return None if self.battery is None else self._beside.do("battery", self.battery.read_mv)

    def poll(self, now_ms: int) -> "Sensed | None":
        """Return the next ("sense", (what, value)), or None."""
        if self._taken_ms is None and now_ms >= self._next_ms:
            self._next_ms = now_ms + SENSE_PERIOD_MS
            self._taken_ms = now_ms + self._connect(now_ms)
        elif self._taken_ms is not None and now_ms >= self._taken_ms:
            self._taken_ms = None
            self._take(now_ms)
        if self._readings:
            return "sense", self._readings.pop(0)
        return self._poll_siren()

    def _connect(self, now_ms: int) -> int:
        """Connect the battery, under a load where mains would flatter it; return ms until it can be read."""
        if self.battery is None:
            return ADC_SETTLE_MS
        self._beside.do("supply", self.battery.connect)
        mains = ("mains", 1) in self.levels()
        self._hidden = self.battery.load is not None and mains and now_ms < self._load_ms
        if self.battery.load is None or not mains or self._hidden:
            return ADC_SETTLE_MS
        self._load_ms = now_ms + LOAD_PERIOD_MS
        self._beside.do("supply", self.battery.load, 1)
        return LOAD_MS

    def _take(self, now_ms: int) -> None:
        millivolts = None if self._hidden else self.battery_mv()
        if millivolts is not None or "battery" in self._beside.failing:
            self._readings.append(("battery", millivolts or 0))
        self._readings.append(("temperature", self._beside.do("temperature", self._temperature) or 0))
        for what, level in self.levels():
            if what != "siren":
                self._readings.append((what, level))
        stuck = self._stuck(now_ms)
        failing = bool([part for part in self._beside.failing if part not in TOLD and part not in stuck])
        if failing != self._failing:
            self._failing = failing
            self._readings.append(("part", int(failing)))
        self._readings.append(("stuck", int(bool(stuck))))

    def _poll_siren(self) -> "Sensed | None":
        """("sense", ("siren", 0 or 1)) when the sensor's word changed: while the output is on, or long
        off."""
        for what, pin in self._pins:
            if what == "siren" and self._siren is not None:
                since_ms = self._siren.since_ms()
                on = self._siren.on and since_ms >= SIREN_SETTLE_MS
                idle = not self._siren.playing and since_ms >= SIREN_IDLE_MS
                level = self._beside.do(what, pin.value) if on or idle else self._said
                if level is not None and level != self._said:
                    self._said = level
                    return "sense", ("siren", level)
        return None
