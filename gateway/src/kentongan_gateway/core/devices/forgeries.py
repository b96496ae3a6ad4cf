"""Messages that only a thief can have made: reported for a day, in which posts' words weigh less.

what                                                            whose keys he has
an alarm under A that is not proved under C, or may not sound   a post's, or those of that very button
a gateway's receipt of stage 2 and above that is not under C    a post's
a recorded entry of ours in a frame that we never sent          a post's
a post beats, by its report, on a receipt that nobody gave      a post's
"""

import struct

from kentongan_gateway.core.base.context import Context
from kentongan_gateway.core.base.troubles import Troubles
from kentongan_gateway.core.base.units import Ms, Node

LAST_MS = 86_400_000  # a forgery is minded for so long after the last one
KEEP_MS = 3_600_000  # what is left of it goes to disk this often: a restart begins no new day
REASONS = ("unproved", "weak_key")
NAME = "forged"
TEXT = "sirene mungkin berbunyi atas alarm yang tidak terbukti; periksa apakah pos dicuri"
TEXT_BUTTON = TEXT + ", atau {}"


class Forgeries:
    def __init__(self, context: Context, troubles: Troubles, saved: bytes | None = None) -> None:
        self._context, self._troubles = context, troubles
        saved = saved or b""
        self._left_ms = min(LAST_MS, struct.unpack("<I", saved)[0]) if len(saved) == 4 else 0
        self._until_ms: Ms | None = None
        self._kept_ms = 0  # when it was last written
        self._button: Node | None = None  # in whose name alone alarms were forged, so far as this run knows

    @property
    def lately(self) -> bool:
        """Tell whether one was heard within a day: what posts say ends no order of ours."""
        return self._until_ms is not None

    def begun(self) -> None:
        if self._left_ms:
            self._begin(self._left_ms)

    def on_forgery(self, src: Node | None = None) -> None:
        """One more; told once, and again when it can have been no button alone. src: of a forged alarm."""
        known = self._until_ms
        if known is None:
            self._button = src
        elif self._button not in (None, src):
            self._button = None
            self._troubles.set(NAME, None)
        self._begin(LAST_MS)
        if known is None or self._context.now_ms - self._kept_ms >= KEEP_MS:
            self._keep()

    def _begin(self, left_ms: Ms) -> None:
        self._until_ms = self._context.now_ms + left_ms
        self._kept_ms = self._kept_ms or self._context.now_ms
        text = TEXT
        if self._button is not None:
            text = TEXT_BUTTON.format(self._context.directory.label(self._button))
        self._troubles.set(NAME, text)

    def _keep(self) -> None:
        self._kept_ms = self._context.now_ms
        left_ms = max(0, (self._until_ms or 0) - self._context.now_ms)
        self._context.persist("forged", struct.pack("<I", left_ms))

    def tick(self) -> None:
        if self._until_ms is None:
            return
        if self._context.now_ms >= self._until_ms:
            self._until_ms = None
            self._troubles.set(NAME, None)
            self._keep()
        elif self._context.now_ms - self._kept_ms >= KEEP_MS:
            self._keep()

    def next_deadline(self) -> Ms | None:
        return None if self._until_ms is None else min(self._until_ms, self._kept_ms + KEEP_MS)
