"""Resets, deep sleep and what wakes from it; MicroPython subset. Sources: README.md beside this file."""

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5
BROWNOUT_RESET = 101  # of the model only: machine.reset_cause() calls it PWRON_RESET, RTC memory is kept
EXT0_WAKE, EXT1_WAKE, TIMER_WAKE = 2, 3, 4


class Reset(BaseException):
    """machine.reset(), the watchdog, an abort."""


class Asleep(BaseException):
    """machine.deepsleep(ms)."""


class Stopped(BaseException):
    """The test has seen enough."""


class Wakes:
    """Wake sources that a program has armed since its start: EXT0, one pad; EXT1, pads with one level."""

    WAKEUP_ALL_LOW, WAKEUP_ANY_HIGH = False, True

    def __init__(self, soc):
        self._soc = soc
        self.ext0, self.ext1 = None, ((), 0)

    def _number(self, pin):
        number = self._soc.find(pin if isinstance(pin, int) else pin.number)
        if number not in self._soc.wake:
            raise ValueError("invalid pin")
        return number

    def wake_on_ext0(self, pin=None, level=False):
        """The one pad; a second call takes its place, None takes it away."""
        self.ext0 = None if pin is None else (self._number(pin), 1 if level else 0)

    def wake_on_ext1(self, pins=None, level=False):
        """Pads that wake together; None leaves them and changes their level."""
        numbers = self.ext1[0] if pins is None else tuple([self._number(pin) for pin in pins])
        self.ext1 = (numbers, 1 if level else 0)

    def levels(self):
        """{pad: the level that it waits for}"""
        armed = {number: self.ext1[1] for number in self.ext1[0]}
        if self.ext0 is not None:
            armed[self.ext0[0]] = self.ext0[1]
        return armed

    def reason(self, pad):
        """EXT0_WAKE or EXT1_WAKE by the levels at the pads, or None. `pad(number)`: a level.

        EXT1 at level 0: the classic chip wakes when all of them are low, an S3 when any is.
        """
        if self.ext0 is not None and pad(self.ext0[0]) == self.ext0[1]:
            return EXT0_WAKE
        numbers, level = self.ext1
        met = [number for number in numbers if pad(number) == level]
        if met and (level or self._soc.any_low or len(met) == len(numbers)):
            return EXT1_WAKE
        return None


class Power:
    """Resets: which one the next start is, and what it leaves. `cause`, `wake`: as machine tells them."""

    def __init__(self):
        self.cause, self.wake = PWRON_RESET, 0

    def begin(self, cause, wake):
        """A start of that cause (None: what the last one ended with); True when the supply was lost."""
        if cause is None:
            cause, wake = self.cause, self.wake if wake is None else wake
        self.cause = cause
        self.wake = (wake or 0) if cause == DEEPSLEEP_RESET else 0
        return cause == PWRON_RESET

    def reset_cause(self):
        return PWRON_RESET if self.cause == BROWNOUT_RESET else self.cause
