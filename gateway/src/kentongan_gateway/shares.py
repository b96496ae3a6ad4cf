"""Whose doing the hour's air is: every word to a device, and what an alarm sets going, is charged to it.

the hour's total    what a device causes goes
below 12 s          always
above               while it has caused less than its share of 8 s, within the limit of the kind (air.py)
any                 as a first word, siren or page of an alarm also out of the reserve: 1 s for each device
So one stolen device takes a third of the hour, and four leave a press its first answer, sirens and pages.
Kept in memory: a restart gives everybody a new share, and nobody a second hour (air.py).
"""

from kentongan_gateway.air import MINUTE_MS, MINUTES

FREE_S = 12.0
SHARE_S = 8.0
RESERVE_S = 1.0
RESERVE = "reserve"
LIMIT = 4_096 * 2  # devices of a site, twice: with their part of the reserve


class Shares:
    def __init__(self):
        self._rows = {}  # who -> {minute: seconds}

    def spend(self, who, seconds, now_ms):
        minute = now_ms // MINUTE_MS
        rows = self._rows.pop(who, None) or {}
        self._rows[who] = {at: s for at, s in rows.items() if minute - at < MINUTES}
        self._rows[who][minute] = self._rows[who].get(minute, 0) + seconds
        if len(self._rows) > LIMIT:
            del self._rows[next(iter(self._rows))]

    def used_s(self, who, now_ms) -> float:
        """What it caused in the last hour."""
        minute = now_ms // MINUTE_MS
        return sum(s for at, s in self._rows.get(who, {}).items() if minute - at < MINUTES)

    def allow(self, who, seconds, hour_s, now_ms) -> bool:
        """Whether so much may be sent for its sake, when hour_s went in the last hour for whatever."""
        return hour_s + seconds <= FREE_S or self.used_s(who, now_ms) + seconds <= SHARE_S

    def reserve(self, who, seconds, now_ms) -> bool:
        """Whether it has so much of the reserve left, for first words."""
        return self.used_s((who, RESERVE), now_ms) + seconds <= RESERVE_S

    def most(self, now_ms):
        """(device, seconds) of whoever caused most, or (None, 0)."""
        used = ((who, self.used_s(who, now_ms)) for who in self._rows if type(who) is int)
        return max(used, key=lambda one: one[1], default=(None, 0.0))
