"""Planned air: what each kind may take of the hour's 36 s, when there will be enough again, over restarts.

kind      what                                           while the hour's total is below   of its own
ANSWER    of an alarm the first answer                   29 s: what is left is for two     -
FIRST     of an alarm the first order and pages          27 s: 20 more buttons are answered -
STAGE     to a button that somebody comes, or it is over 27 s                              -
ALARM     all other words to people, orders again or   24 s: what is left is for those    -
          to stop
DRILL     begin and end of a drill                       36 s, the law                     3 s, 1 s for ends
SHUT      a number that posts are to refuse              36 s, the law                     4 s
AGAIN     answers to posts' reports                      20 s                              -
CALL      pages again, or of one more alarm to a chime   16 s                              -
          that rang for three buttons within five minutes
REPLAY    answers to what has been answered before       20 s                              2 s
COPY      copies for other gateways (copies.py)          20 s                              4 s
SETTING   settings, codes, keys                          18 s                              8 s
REST      quiet tests                                    18 s                              -
What a device causes is charged to it as well (shares.py). Air of one's own fills up evenly over the hour.
The ledger is kept on disk: a restart forgets nothing and gives no second hour. Unknown air counts as
just spent: the second that may not have been kept, half of the hour when the file is damaged, what a radio
says that it sent beyond what is known here.
"""

import json

from kentongan_wire.air import phy

from kentongan_gateway.core.base.units import Ms

MINUTE_MS = 60_000
MINUTES = 62  # of the ledger: a radio of ours counts up to 61 (airledger.py), and a frame may have waited
HOUR_MS = 3_600_000
LAW_S = phy.AIR_LIMIT_MS / 1_000
HALF_S = LAW_S / 2  # beyond it a radio sends alarms, receipts, orders and pages only (mesh.py)
SHUT_S, DRILL_S, SETTINGS_AIR_S = 4.0, 3.0, 8.0
DRILL_END_S = 1.0  # of DRILL_S, which begins leave
COPY_S = 4.0
REPLAY_S = 2.0
ANSWER, FIRST, STAGE, ALARM, DRILL, SHUT = "answer", "first", "stage", "alarm", "drill", "shut"
AGAIN, CALL, REPLAY, COPY, SETTING = "again", "call", "replay", "copy", "setting"
REST, UNKNOWN = "rest", "unknown"
LIMITS_S = {  # kind -> the hour's total beyond which it waits
    ANSWER: LAW_S - SHUT_S - DRILL_S,
    FIRST: 27.0,
    STAGE: 27.0,
    ALARM: 24.0,
    DRILL: LAW_S,
    SHUT: LAW_S,
    AGAIN: 20.0,
    CALL: 16.0,
    REPLAY: 20.0,
    COPY: 20.0,
    SETTING: HALF_S,
    REST: HALF_S,
}
OWN_S = {DRILL: DRILL_S, SHUT: SHUT_S, COPY: COPY_S, REPLAY: REPLAY_S, SETTING: SETTINGS_AIR_S}
PLANNED = frozenset(OWN_S)  # asked for as a whole before it is sent
KEEP_S = 1.0  # so much may be sent before it is on disk


class Ledger:
    """Seconds that we sent in the last hour, by minute and kind."""

    def __init__(self) -> None:
        self._rows: dict[tuple[int, str], float] = {}  # (minute, kind) -> seconds, in order of time
        # kind -> (seconds left, as of when)
        self._own: dict[str, tuple[float, Ms | None]] = {kind: (own_s, None) for kind, own_s in OWN_S.items()}
        self._beyond_s, self._beyond_ms = 0.0, 0  # what radios sent beyond that, and when that was news
        self._unkept_s = 0.0

    def spend(self, seconds: float, now_ms: Ms, kind: str = ALARM) -> bool:
        """Book it; True when it is time to keep the ledger."""
        key = now_ms // MINUTE_MS, kind
        self._rows[key] = self._rows.get(key, 0) + seconds
        if kind in self._own:
            self._own[kind] = self._left_s(kind, now_ms) - seconds, now_ms
        self._unkept_s += seconds
        return self._unkept_s >= KEEP_S

    def used_s(self, now_ms: Ms) -> float:
        return self._booked_s(now_ms) + self._beyond_s

    def _booked_s(self, now_ms: Ms) -> float:
        for key in [key for key in self._rows if now_ms // MINUTE_MS - key[0] >= MINUTES]:
            del self._rows[key]
        return sum(self._rows.values())

    def radio_used(self, seconds: float, now_ms: Ms) -> None:
        """Take a radio's word on its last hour: what is beyond ours was sent by a run that is not known."""
        beyond_s = max(0.0, seconds - self._booked_s(now_ms))
        if beyond_s > self._beyond_s + KEEP_S:
            self._beyond_ms = now_ms
        self._beyond_s = beyond_s

    def _left_s(self, kind: str, now_ms: Ms) -> float:
        left_s, at_ms = self._own[kind]
        if at_ms is None:
            return left_s
        return min(OWN_S[kind], left_s + (now_ms - at_ms) * OWN_S[kind] / HOUR_MS)

    def ready_ms(self, kind: str, seconds: float, now_ms: Ms, kept_s: float = 0.0) -> Ms:
        """Return the time when this kind may send so much with kept_s of its own air left; now_ms: at once.

        A message larger than the kind's whole allowance goes when all of that is there.
        """
        limit_s = LIMITS_S[kind]
        over_s = self.used_s(now_ms) + min(seconds, OWN_S.get(kind, limit_s)) - limit_s
        ready_ms = now_ms
        if over_s > 0:
            beyond = (self._beyond_ms // MINUTE_MS, UNKNOWN), self._beyond_s
            for (minute, _), spent_s in sorted([*self._rows.items(), beyond]):
                over_s, ready_ms = over_s - spent_s, max(ready_ms, (minute + MINUTES) * MINUTE_MS)
                if over_s <= 0:
                    break
        if kind in OWN_S:
            missing_s = min(seconds + kept_s, OWN_S[kind]) - self._left_s(kind, now_ms)
            if missing_s > 0:
                ready_ms = max(ready_ms, now_ms + int(missing_s * HOUR_MS / OWN_S[kind]) + 1)
        return ready_ms

    # over restarts

    def dump(self, now_ms: Ms, whole: bool = False) -> bytes:
        """Return the bytes that load() takes; whole: nothing is sent any more before the end of this run."""
        self._unkept_s = 0.0
        self._booked_s(now_ms)  # what is older than an hour is forgotten
        minute = now_ms // MINUTE_MS
        rows = [[minute - at, kind, round(spent_s, 3)] for (at, kind), spent_s in self._rows.items()]
        if not whole:
            rows.append([0, UNKNOWN, KEEP_S])
        left = {kind: round(self._left_s(kind, now_ms), 3) for kind in self._own}
        return json.dumps({"rows": rows, "left": left}, separators=(",", ":")).encode()

    def load(self, saved: bytes | None, now_ms: Ms) -> bool:
        """Load the ledger of a former run; the time between the runs counts as none. False: it is damaged."""
        if saved is None:
            return True
        try:
            kept = json.loads(saved)
            rows = [
                (now_ms // MINUTE_MS - age, kind, float(spent_s))
                for age, kind, spent_s in kept["rows"]
                if 0 <= age < MINUTES and 0 <= spent_s <= LAW_S and kind in (*LIMITS_S, UNKNOWN)
            ]
            own: dict[str, tuple[float, Ms | None]] = {
                kind: (min(OWN_S[kind], float(kept["left"][kind])), now_ms) for kind in OWN_S
            }
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            self._rows = {(now_ms // MINUTE_MS, UNKNOWN): HALF_S}
            return False
        for minute, kind, spent_s in sorted(rows):
            self._rows[minute, kind] = self._rows.get((minute, kind), 0) + spent_s
        self._own = own
        return True
