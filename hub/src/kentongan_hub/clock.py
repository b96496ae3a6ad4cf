"""Two clocks: steady time decides, wall time is only shown.

A Pi has no clock after a power cut and NTP may jump hours later, so no decision reads wall time.
Steady time is milliseconds that never go back, within a process and over restarts.
"""

import time
from datetime import UTC, datetime, timedelta

ZONES = {"WIB": 7, "WITA": 8, "WIT": 9}  # Indonesia's three zones, hours east of UTC; none has summer time


class Clock:
    """The machine's clocks; `floor_ms` is the last steady time that an earlier process reached."""

    def __init__(self, floor_ms=0):
        self._base_ms = max(floor_ms, int(time.time() * 1000)) - time.monotonic_ns() // 1_000_000

    def steady_ms(self):
        return self._base_ms + time.monotonic_ns() // 1_000_000

    def wall_ms(self):
        return int(time.time() * 1000)


class FakeClock:
    """A clock that stands still until moved; for tests and rehearsals."""

    def __init__(self, now_ms=1_790_000_000_000):
        self.now_ms = now_ms

    def steady_ms(self):
        return self.now_ms

    def wall_ms(self):
        return self.now_ms

    def advance(self, ms):
        self.now_ms += ms


def local_time(wall_ms, zone):
    """'22.30 WIB', as Indonesians write it; '' when the time is not known."""
    if wall_ms is None:
        return ""
    return _local(wall_ms, zone).strftime("%H.%M ") + zone


def local_date_time(wall_ms, zone):
    """'21/11/2026 22.30 WIB'; '' when the time is not known."""
    if wall_ms is None:
        return ""
    return _local(wall_ms, zone).strftime("%d/%m/%Y %H.%M ") + zone


def local_hour(wall_ms, zone):
    """0..23."""
    return _local(wall_ms, zone).hour


def local_minutes(wall_ms, zone):
    """Minutes since midnight, on the wall clock of that zone."""
    at = _local(wall_ms, zone)
    return at.hour * 60 + at.minute


def _local(wall_ms, zone):
    return datetime.fromtimestamp(wall_ms / 1000, UTC) + timedelta(hours=ZONES[zone])


def local_parts(wall_ms, zone):
    """The date and time of that zone, as a datetime without one."""
    return _local(wall_ms, zone).replace(tzinfo=None)


def wall_of(day, time, zone):
    """Milliseconds of '2026-12-26' and '10.00' (or '10:00') in that zone; None when they are unreadable."""
    try:
        moment = datetime.strptime(f"{day} {time.replace(':', '.')}", "%Y-%m-%d %H.%M")
    except ValueError:
        return None
    return int((moment.replace(tzinfo=UTC) - timedelta(hours=ZONES[zone])).timestamp() * 1000)


def parse_wall(text):
    """Milliseconds of an ISO time, or None when it is missing or unreadable (a gateway without a clock)."""
    if not isinstance(text, str) or len(text) > 40:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)
