"""Repeats of a button's alarm: times and hops. Pure and bounded: 21 turns, then none."""

from kentongan_node.base.mix import pick

# Seconds after the press (wire-format 4, start values): dense while somebody may still be starting to
# listen, then sparse enough for the law on the air. On the default preset; later where frames take longer:
# ten presses in 3 s on MediumFast met their repeats, 18 % of such bursts were stored within 10 s, not 80 %.
TURNS_S = (0, 2, 4, 6, 9, 12, 16, 20, 25, 30, 36, 42, 48, 54, 60, 90, 120, 150, 180, 300, 600)
# Once a siren sounds: sparser, but an alarm that no gateway has stored stays a danger. With nothing before
# 60 s ten presses in 3 s at 8 % loss left 1 alarm in 200 unstored for a minute; with nothing from 60 to 120 s
# one of 40 presses in an RW on MediumFast, nine times destroyed, was not stored within two minutes.
SLOW_TURNS_S = (2, 4, 6, 9, 16, 20, 25, 30, 36, 42, 48, 54, 60, 90, 120, 150, 180, 300, 600)
JITTER_PERCENT = 25  # of the gap before a turn, either way
SKIPS_LIMIT = 2  # turns in a row given away to a busy channel
HOP_STEPS = ((7, 5), (3, 3))  # (from this attempt on, counted from 0; at least so many hops)

CROWD_LATER = 4  # attempts by which the steps come later while others alarm as well


def hop_limit(attempt: int, learned: int, crowd: bool = False) -> int:
    """Hops of the attempt-th sending, counted from 0: what was learned first, more when nobody answers.

    In a crowd, once a siren sounds, it is more likely the others that keep the answer away than the distance.
    """
    for first, hops in HOP_STEPS:
        if attempt >= first + (CROWD_LATER if crowd else 0):
            return max(learned, hops)
    return learned


class Repeats:
    """The turns of one message. due_ms is None when they are over."""

    def __init__(self, start_ms: int, pace: int = 100) -> None:
        """pace: of the preset, phy.pace_percent."""
        self._start_ms = start_ms
        self._pace = pace
        self._turn = 0
        self._slow = False
        self._skipped = 0
        self.attempt = 0  # of the next sending
        self.due_ms: int | None = start_ms

    def sent(self, now_ms: int, rnd: int) -> None:
        """Count the turn as used."""
        self.attempt += 1
        self._skipped = 0
        self._advance(now_ms, rnd)

    def skip(self, now_ms: int, rnd: int) -> bool:
        """Give this turn away because the channel is busy; False when it has to be used."""
        if self._skipped >= SKIPS_LIMIT or self._turn == 0:
            return False
        self._skipped += 1
        self._advance(now_ms, rnd)
        return True

    def slow_down(self, now_ms: int, rnd: int) -> None:
        """Keep only the sparse turns: a siren sounds."""
        if not self._slow:
            self._slow = True
            if self.due_ms is not None:
                self._turn -= 1
                self._advance(now_ms, rnd)

    def end(self) -> None:
        self.due_ms = None

    def _advance(self, now_ms: int, rnd: int) -> None:
        """To the next turn that lies ahead; turns that were slept through are not made up for."""
        self.due_ms = None
        while self.due_ms is None and self._turn + 1 < len(TURNS_S):
            self._turn += 1
            if self._slow and TURNS_S[self._turn] not in SLOW_TURNS_S:
                continue
            gap_ms = (TURNS_S[self._turn] - TURNS_S[self._turn - 1]) * 10 * self._pace
            span_ms = gap_ms * JITTER_PERCENT // 100
            due_ms = (
                self._start_ms
                + TURNS_S[self._turn] * 10 * self._pace
                - span_ms
                + pick(rnd, 3, 2 * span_ms + 1)
            )
            if due_ms > now_ms:
                self.due_ms = due_ms
