"""Messages that wait for air, with reason and time: reported when a wait begins, moves by a minute, or ends.

what              waits for
settings          air of its own kind; the end of the quiet after an alarm (codes and keys are settings, too)
revocation        air of its own kind, which nothing else may use
drill             the same
Words to people wait for nothing of that. Where most of the hour is used, or one device has used its share, so
that repeats wait, that is the trouble `air_low`; where even first words wait, `air`.
"""

from kentongan_wire.message import messages as m

from kentongan_gateway.core.base.context import Context
from kentongan_gateway.core.base.troubles import Troubles
from kentongan_gateway.core.base.units import Ms

TOLD_GAP_MS = 60_000  # a wait shorter than this is not told
SETTINGS, REVOCATION, DRILL = "settings", "revocation", "drill"
AIR, ALARM = "air", "alarm"
LOW_MS = 600_000  # told for so long after the last word that had to wait
LOW = "the hour's air runs low: new alarms are answered, what is said again may wait"
SHORT = "the hour's air is used: buttons and posts get no answer before it is free again"


class Waiting:
    """One per core."""

    def __init__(self, context: Context, troubles: Troubles, saved: bytes | None = None) -> None:
        self._context, self._troubles, self._saved = context, troubles, saved
        self._told: dict[str, tuple[str, Ms]] = {}  # what -> (reason, until_ms)
        self._short_until_ms: Ms | None = None
        self._low_until_ms: Ms | None = None

    def begun(self) -> None:
        """Load the hour's air as the former run left it."""
        if not self._context.air.load(self._saved, self._context.now_ms):
            self._context.count("air_lost")

    def close(self) -> None:
        """End as planned: nothing is sent any more."""
        self._context.persist("air", self._context.air.dump(self._context.now_ms, whole=True))

    def until(self, what: str, reason: str, until_ms: Ms, devices: int) -> None:
        """It waits for this reason; devices: how many do."""
        known, known_ms = self._told.get(what, ("", 0))
        moved = reason != known or until_ms - known_ms >= TOLD_GAP_MS
        if moved and until_ms - self._context.now_ms >= TOLD_GAP_MS:
            self._told[what] = reason, until_ms
            self._tell(what, reason, (until_ms - self._context.now_ms) // 1000, devices)

    def over(self, what: str, devices: int) -> None:
        """It waits no more; devices: how many have still to have it."""
        if self._told.pop(what, None):
            self._tell(what, "", 0, devices)

    def _tell(self, what: str, reason: str, seconds: int, devices: int) -> None:
        self._context.store(
            {"type": "waiting", "what": what, "reason": reason, "seconds": seconds, "devices": devices}
        )

    def short(self, until_ms: Ms) -> None:
        """Even words to people wait for air."""
        self._short_until_ms = until_ms
        self._troubles.set("air", SHORT)

    def low(self) -> None:
        """Report that repeats wait for air. A button's own use is not named: a silent alarm has one, too."""
        if self._low_until_ms is None:
            who, used_s = self._context.shares.most(self._context.now_ms)
            device = None if who is None else self._context.directory.get(who)
            named = f"; {used_s:.0f} s for {device.label}" if device and device.role != m.TOMBOL else ""
            self._troubles.set("air_low", LOW + named)
        self._low_until_ms = self._context.now_ms + LOW_MS

    def tick(self) -> None:
        if self._low_until_ms is not None and self._context.now_ms >= self._low_until_ms:
            self._low_until_ms = None
            self._troubles.set("air_low", None)
        if self._short_until_ms is not None and self._context.now_ms >= self._short_until_ms:
            self._short_until_ms = None
            self._troubles.set("air", None)

    def next_deadline(self) -> Ms | None:
        due = [ms for ms in (self._short_until_ms, self._low_until_ms) if ms is not None]
        return min(due, default=None)
