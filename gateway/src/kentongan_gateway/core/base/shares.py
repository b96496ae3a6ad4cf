"""Shares of the hour's air: each device is charged for messages to it and for all that its alarms cause.

the hour's total    what a button's loud alarms, its silent ones, or another device cause goes
below 9 s           always
below 24 s          while it has caused less than its share: 8 s, the silent ones 2 s
below 24 s          beyond the share answers 0.5 s, orders and pages for the first time 2.5 s, said again
                    0.8 s, stages 0.6 s; pages again nothing
any                 out of the reserve answers 0.3 s, orders and pages for the first time 0.5 s, stages 0.3 s
A house that has pressed before is called for all the same, and told that somebody comes: what an alarm says
again leaves the next one its first words. A silent alarm has a share of its own, so nobody in a house can
spend it by the loud key. So one stolen device takes little more than a third of the hour, a button with its
silent key 20 s; and however many leave a press its first answer, sirens and pages.
Kept in memory: a restart gives everybody a new share, and nobody a second hour (air.py).
"""

from typing import TypeGuard

from kentongan_gateway.core.base.air import ALARM, ANSWER, FIRST, LIMITS_S, MINUTE_MS, MINUTES, STAGE
from kentongan_gateway.core.base.units import Ms, Node

FREE_S = 9.0
SHARE_S, SILENT_SHARE_S = 8.0, 2.0
EXTRA_S = {ANSWER: 0.5, FIRST: 2.5, ALARM: 0.8, STAGE: 0.6}  # beyond the share
RESERVE_S = {ANSWER: 0.3, FIRST: 0.5, STAGE: 0.3}
SILENT, OWN, EXTRA, RESERVE = "silent", "own", "extra", "reserve"
LIMIT = 4_096 * 4  # devices of a site, with their parts beyond the share

Who = Node | tuple[Node, str]  # a device, or (a button, SILENT)
Purse = Who | tuple[Who, str, str]  # beyond the share: (who, EXTRA or RESERVE, kind)


class Shares:
    def __init__(self) -> None:
        self._rows: dict[Purse, dict[int, float]] = {}  # who -> {minute: seconds}

    def spend(self, who: Purse, seconds: float, now_ms: Ms) -> None:
        minute = now_ms // MINUTE_MS
        rows = self._rows.pop(who, None) or {}
        self._rows[who] = {at: s for at, s in rows.items() if minute - at < MINUTES}
        self._rows[who][minute] = self._rows[who].get(minute, 0) + seconds
        if len(self._rows) > LIMIT:
            del self._rows[next(iter(self._rows))]

    def used_s(self, who: Purse, now_ms: Ms) -> float:
        """Return the air that it caused in the last hour."""
        minute = now_ms // MINUTE_MS
        return sum(s for at, s in self._rows.get(who, {}).items() if minute - at < MINUTES)

    def allow(self, who: Who, seconds: float, hour_s: float, now_ms: Ms) -> bool:
        """Tell whether its share pays so much, when hour_s went in the last hour for whatever."""
        share_s = SILENT_SHARE_S if is_silent(who) else SHARE_S
        return hour_s + seconds <= FREE_S or self.used_s(who, now_ms) + seconds <= share_s

    def purse(self, kind: str, who: Who, seconds: float, hour_s: float, now_ms: Ms) -> str | None:
        """Name the purse that pays so much of this kind: OWN, EXTRA or RESERVE; None: nothing."""
        if hour_s + seconds <= LIMITS_S[ALARM]:
            if self.allow(who, seconds, hour_s, now_ms):
                return OWN
            if self.used_s((who, EXTRA, kind), now_ms) + seconds <= EXTRA_S.get(kind, 0):
                return EXTRA
        if self.used_s((who, RESERVE, kind), now_ms) + seconds <= RESERVE_S.get(kind, 0):
            return RESERVE
        return None

    def charge(self, kind: str, who: Who, seconds: float, hour_s: float, now_ms: Ms) -> None:
        purse = self.purse(kind, who, seconds, hour_s, now_ms)
        if purse in (EXTRA, RESERVE):
            self.spend((who, purse, kind), seconds, now_ms)
        self.spend(who, seconds, now_ms)

    def most(self, now_ms: Ms) -> tuple[Node | None, float]:
        """(device, seconds) of whoever caused most, or (None, 0)."""
        own = [who for who in self._rows if isinstance(who, int) or is_silent(who)]
        used = [(who if isinstance(who, int) else who[0], self.used_s(who, now_ms)) for who in own]
        return max(used, key=lambda one: one[1], default=(None, 0.0))


def is_silent(who: Purse) -> TypeGuard[tuple[Node, str]]:
    return isinstance(who, tuple) and who[1] == SILENT
