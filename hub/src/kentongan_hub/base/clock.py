"""Two clocks: steady time decides, wall time is only shown.

A Pi has no clock after a power cut and NTP may jump hours later, so no decision reads wall time once the
program runs. Steady time is milliseconds that never go back, within a process and over restarts. Only at a
start does it look at the wall, to guess how long the program was away; away.py keeps that guess apart from
the time that has surely passed, and nothing is deleted by a guess.
"""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, Self

from kentongan_hub.base.entries import numerals
from kentongan_hub.base.tables import Database


class Now(NamedTuple):
    """One moment by both clocks, in milliseconds: steady for decisions, wall for showing."""

    ms: int
    wall: int


ZONES = {"WIB": 7, "WITA": 8, "WIT": 9}  # Indonesia's three zones, hours east of UTC; none has summer time
BOOT_FILE = Path("/proc/sys/kernel/random/boot_id")
START_MS = 60_000  # a machine that was switched on anew was away for at least this long
GUESS_MAX_MS = 30 * 86_400_000  # no wall moves steady time further: whatever runs out has run out by then
# counts while the machine sleeps too: a suspended hub was away, and knows for how long
_UPTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def uptime_ms() -> int:
    """Read the milliseconds since the machine was switched on."""
    return time.clock_gettime_ns(_UPTIME) // 1_000_000


def boot_id() -> str:
    """Read what is the same for as long as the machine runs; '' where the system does not tell."""
    try:
        return BOOT_FILE.read_text(encoding="ascii").strip()
    except OSError:
        return ""


class Clock:
    """The machine's clocks. `floor_ms` is the last steady time that an earlier process reached; `mark` is
    what mark() said then.

    `sure`: whether the time since then was measured by the machine itself, which went on running, and not
    guessed from a wall clock that may be years wrong.
    """

    def __init__(self, floor_ms: int = 0, mark: str = ""):
        up_ms, wall_ms = self.uptime_ms(), self.wall_ms()
        boot, _, then = mark.rpartition(" ")
        then_ms = numerals.whole(then, 0, up_ms)
        self.sure = bool(boot) and boot == self.boot_id() and then_ms is not None
        if self.sure and then_ms is not None:
            now_ms = floor_ms + up_ms - then_ms
        elif floor_ms:
            least_ms = floor_ms + max(up_ms, START_MS) if mark else floor_ms
            now_ms = max(least_ms, min(wall_ms, floor_ms + GUESS_MAX_MS))
        else:
            now_ms = wall_ms
        self._base_ms = now_ms - up_ms

    @classmethod
    def of(cls, db: Database) -> Self:
        """Make the clock of the hub whose database this is, also for another process beside it."""
        return cls(db.number("steady_ms"), db.setting("clock_mark"))

    def mark(self) -> str:
        """Spell what the next process needs, beside steady time, to know how long it was away."""
        return f"{self.boot_id()} {self.uptime_ms()}"

    def steady_ms(self) -> int:
        return self._base_ms + self.uptime_ms()

    # the machine, as a rehearsal may replace it

    def uptime_ms(self) -> int:
        return uptime_ms()

    def boot_id(self) -> str:
        return boot_id()

    def wall_ms(self) -> int:
        return int(time.time() * 1000)


class FakeClock:
    """A clock that stands still until moved; for tests and rehearsals."""

    sure = False

    def __init__(self, now_ms: int = 1_790_000_000_000):
        self.now_ms = now_ms

    def mark(self) -> str:
        return ""

    def steady_ms(self) -> int:
        return self.now_ms

    def wall_ms(self) -> int:
        return self.now_ms

    def advance(self, ms: int) -> None:
        self.now_ms += ms


def local_time(wall_ms: int | None, zone: str) -> str:
    """Show '22.30 WIB', as Indonesians write it; '' when the time is not known."""
    if wall_ms is None:
        return ""
    return _local(wall_ms, zone).strftime("%H.%M ") + zone


def local_date_time(wall_ms: int | None, zone: str) -> str:
    """Show '21/11/2026 22.30 WIB'; '' when the time is not known."""
    if wall_ms is None:
        return ""
    return _local(wall_ms, zone).strftime("%d/%m/%Y %H.%M ") + zone


def local_hour(wall_ms: int, zone: str) -> int:
    """Give the hour of a zone's wall clock, 0..23."""
    return _local(wall_ms, zone).hour


def local_minutes(wall_ms: int, zone: str) -> int:
    """Give the minutes since midnight, on the wall clock of that zone."""
    at = _local(wall_ms, zone)
    return at.hour * 60 + at.minute


def _local(wall_ms: int, zone: str) -> datetime:
    """Convert to a zone. An absurd moment is the last one that there is: no page or call fails for it."""
    try:
        return datetime.fromtimestamp(wall_ms / 1000, UTC) + timedelta(hours=hours(zone))
    except (OverflowError, OSError, TypeError, ValueError):
        return datetime(9999, 1, 1, tzinfo=UTC)


def hours(zone: str) -> int:
    """Give the hours east of UTC; of a zone that was damaged, those of the first."""
    return ZONES.get(zone, ZONES["WIB"])


def local_parts(wall_ms: int, zone: str) -> datetime:
    """Give the date and time of a zone, as a datetime without one."""
    return _local(wall_ms, zone).replace(tzinfo=None)


def wall_of(day: str, time: str, zone: str) -> int | None:
    """Read the milliseconds of '2026-12-26' and '10.00' (or '10:00') in a zone; None when unreadable."""
    try:
        moment = datetime.strptime(f"{day} {time.replace(':', '.')}", "%Y-%m-%d %H.%M")
    except ValueError:
        return None
    return int((moment.replace(tzinfo=UTC) - timedelta(hours=hours(zone))).timestamp() * 1000)


def parse_wall(text: object) -> int | None:
    """Read the milliseconds of an ISO 8601 time; None when there is none that can be read."""
    if not isinstance(text, str) or len(text) > 40:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)
