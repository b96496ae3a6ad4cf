"""A person's PIN for "saya datang" on the post's shared screen, and the waits after wrong ones.

The waits belong to one person on one screen and to that screen. Nothing that pages, sounds or escalates
asks them, and neither do buttons, penerima or anybody's own phone: a wrong PIN costs the guesser time.
"""

import re
import threading

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base.language import _

Key = tuple[int, int]  # screen, person; 0: the screen itself
Fails = tuple[int, int, int]  # count, at ms, open again ms

PIN = re.compile(r"[0-9]{4,8}\Z")
FREE_TRIES = 5  # wrong ones in a row before the first wait of one person on one screen
SCREEN_FREE_TRIES = 12  # and of all persons together on one screen
WAIT_MS, WAIT_MAX_MS = 60_000, 3_600_000  # then doubles; ten thousand guesses take over a year
SCREEN_WAIT_MAX_MS = 300_000  # a hand that plays with the screen must not close it for the night
FORGET_MS = 86_400_000  # a day without a wrong one
KEYS_LIMIT = 2_000


def check_new(pin: str) -> None:
    """Raise LocalError with the remedy unless this can be a PIN."""
    if not PIN.match(pin):
        raise LocalError(_("PIN: 4 sampai 8 angka"))
    steps = {int(after) - int(before) for before, after in zip(pin, pin[1:], strict=False)}
    if steps in ({0}, {1}, {-1}):
        raise LocalError(_("PIN: jangan angka sama atau berurutan, orang lain menebaknya"))


class Waits:
    """Wrong PINs in a row, by person and screen, in memory; a restart forgets them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fails: dict[Key, Fails] = {}

    def left_ms(self, now_ms: int, screen: int, person: int) -> int:
        """Return how long this person has to wait on this screen; 0: not at all."""
        with self._lock:
            return max(0, *(self._get(now_ms, key)[2] - now_ms for key in ((screen, person), (screen, 0))))

    def failed(self, now_ms: int, screen: int, person: int) -> None:
        with self._lock:
            self._count(now_ms, (screen, person), FREE_TRIES, WAIT_MAX_MS)
            self._count(now_ms, (screen, 0), SCREEN_FREE_TRIES, SCREEN_WAIT_MAX_MS)

    def worked(self, screen: int, person: int) -> None:
        with self._lock:
            self._fails.pop((screen, person), None)
            self._fails.pop((screen, 0), None)

    def _get(self, now_ms: int, key: Key) -> Fails:
        found = self._fails.get(key, (0, now_ms, 0))
        return (0, now_ms, 0) if now_ms - found[1] > FORGET_MS else found

    def _count(self, now_ms: int, key: Key, free: int, longest_ms: int) -> None:
        count = self._get(now_ms, key)[0] + 1
        wait_ms = min(longest_ms, WAIT_MS << min(20, count - free)) if count >= free else 0
        self._fails.pop(key, None)
        if len(self._fails) >= KEYS_LIMIT:
            self._fails.pop(next(iter(self._fails)))
        self._fails[key] = (count, now_ms, now_ms + wait_ms)
