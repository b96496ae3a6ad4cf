"""Time at a gateway without a clock: decisions use the monotonic one; wall times carry how far to trust them.

A Pi has no clock after a power cut. Its wall time is "sync" while a time server keeps the kernel in step,
"hub" while it agrees with the hub's own, and "unsure" otherwise. An event stored while unsure gets its wall
time when it is sent, once the clock is known in the same boot.
"""

import ctypes
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime

from kentongan_gateway.core.base.stored import Event

SYNC, HUB, UNSURE = "sync", "hub", "unsure"
AGREES_S = 120  # a hub's Date has whole seconds, and a reply may be old
JUMP_S = 60  # a step of the wall clock against the monotonic one that is named to people
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC).timestamp()  # an unset Pi clock lies before this
AGE_MAX_MS = 366 * 86_400_000  # an age beyond a year is a clock's error, not an age
BOOT_ID = "/proc/sys/kernel/random/boot_id"
STA_UNSYNC = 0x40  # adjtimex(2)
TIMEX_BYTES, STATUS_AT = 208, 40  # struct timex on 64-bit Linux


def boot_id() -> str:
    """Return the kernel's id of this boot: monotonic times compare only within one."""
    try:
        with open(BOOT_ID, encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return f"pid-{os.getpid()}-{time.time_ns()}"


def kernel_in_sync() -> bool:
    """Tell whether a time server keeps the kernel's clock; False where the kernel cannot be asked."""
    buffer = ctypes.create_string_buffer(TIMEX_BYTES)
    try:
        if ctypes.CDLL(None).adjtimex(buffer) < 0:
            return False
    except (OSError, AttributeError):
        return False
    return not int.from_bytes(buffer.raw[STATUS_AT : STATUS_AT + 4], "little") & STA_UNSYNC


class Clock:
    """`steady_ns` and `wall_s` are the two clocks, `in_sync` asks the kernel, `boot` names the boot."""

    def __init__(
        self,
        boot: str | None = None,
        steady_ns: Callable[[], int] = time.monotonic_ns,
        wall_s: Callable[[], float] = time.time,
        in_sync: Callable[[], bool] = kernel_in_sync,
    ):
        self.boot = boot or boot_id()
        self._steady_ns, self._wall_s, self._in_sync = steady_ns, wall_s, in_sync
        self._offset_s = self._offset()
        self._hub_offset_s: float | None = None  # hub's wall time minus our steady time

    def now_ms(self) -> int:
        return self._steady_ns() // 1_000_000

    def _offset(self) -> float:
        return self._wall_s() - self._steady_ns() / 1e9

    def hub_says(self, wall_s: float) -> None:
        """Take the hub's wall time, of a reply that has just come; one that is plainly unset says nothing."""
        if wall_s >= EARLIEST:
            self._hub_offset_s = wall_s - self._steady_ns() / 1e9

    def quality(self) -> str:
        if self._wall_s() < EARLIEST:
            return UNSURE
        if self._hub_offset_s is not None and abs(self._hub_offset_s - self._offset()) <= AGREES_S:
            return HUB
        return SYNC if self._hub_offset_s is None and self._in_sync() else UNSURE

    def wall_iso(self) -> str | None:
        """Wall time, or None while the clock is plainly unset."""
        seconds = self._wall_s()
        return iso(seconds) if seconds >= EARLIEST else None

    def jumped_s(self) -> float:
        """By how many seconds the wall clock was stepped since the last look; 0 for less than a minute."""
        before, self._offset_s = self._offset_s, self._offset()
        step = self._offset_s - before
        return step if abs(step) >= JUMP_S else 0

    def stamp(self, event: Event) -> Event:
        """Return the event as it is stored: with wall time, its quality, and this boot."""
        wall = self.wall_iso()
        stamped: Event = {**event, "wall": wall, "clock": self.quality(), "boot_id": self.boot}
        if event["type"] == "alarm":
            stamped["stored_wall"] = wall
        return stamped

    def age_ms(self, event: Event) -> int:
        """Return the age of a stored event; -1 where no clock can tell, or the card has altered its times."""
        if event.get("boot_id") == self.boot:
            at_ms = event.get("at_ms")
            age_ms = max(0, self.now_ms() - at_ms) if type(at_ms) is int else -1
            return age_ms if age_ms <= AGE_MAX_MS else -1
        trusted = event.get("clock") != UNSURE and self.quality() != UNSURE
        wall = event.get("wall")
        if not trusted or not wall:
            return -1
        try:
            then_s = datetime.fromisoformat(wall).timestamp()
        except (TypeError, ValueError, OverflowError):
            return -1
        age_ms = int((self._wall_s() - then_s) * 1000)
        return age_ms if 0 <= age_ms <= AGE_MAX_MS else -1

    def offered(self, event: Event) -> Event:
        """Return the event as it is sent: with its age, and a wall time not known when it was stored."""
        age_ms = self.age_ms(event)
        out: Event = {**event, "age_ms": age_ms}
        of_now = age_ms >= 0 and event.get("boot_id") == self.boot
        if of_now and event.get("clock") == UNSURE and self.quality() != UNSURE:
            out["wall"] = iso(self._wall_s() - age_ms / 1000)
            out["clock"] = self.quality()
            if "stored_wall" in out:
                out["stored_wall"] = out["wall"]
        return out


def iso(seconds: float) -> str | None:
    """UTC, or None for what is no date."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        return None
