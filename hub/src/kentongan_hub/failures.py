"""What this program itself failed at: kept, so that a person is told and not only the log.

What failed of a confidential incident is told to its circle alone, on its timeline: a warning that appears
with the press would tell the presser's own house of it. What lasts is told in words that name no press.
"""

import logging
from contextlib import contextmanager
from contextvars import ContextVar

from kentongan_hub import rows, store

log = logging.getLogger("kentongan.hub")

SHOWN_MS = 1_800_000  # a warning stays for so long after the last failure
WHAT, AT = "failure_what", "failure_ms"
LASTS_MS = 600_000  # then a failure is told, whatever it is about
LASTING_MAX = 1_000  # remembered at once
_hushed = ContextVar("hushed", default=False)


@contextmanager
def about(confidential):
    """Of what fails within, nobody outside a confidential incident is told."""
    before = _hushed.set(bool(confidential) or _hushed.get())
    try:
        yield
    finally:
        _hushed.reset(before)


def note(db, now, what, always=False):
    """`what` in words for people; inside a transaction that the failing part did not spoil.

    `always`: although it is about a confidential incident, for else nobody at all would hear of it.
    """
    if _hushed.get() and not always:
        return
    db.set_setting(WHAT, what[:80])
    db.set_setting(AT, now.ms)


def contained(db, now, what, deed, *args):
    """What deed(*args) gives, in a part of its own: it stands or falls by itself, and a person is told.

    Where it fails, values that cannot be are put right first, and it has another try. None when it failed
    again. Only what the disk says goes on to the caller: then the transaction itself is at stake.
    """
    for last in (False, True):
        try:
            with db.part():
                return deed(*args)
        except Exception as error:
            if not db.connection.in_transaction or store.is_of_disk(error):
                raise
            if last or not rows.mend(db, now):
                log.exception("%s failed; the rest goes on", what)
                note(db, now, what)
                return None


def recent(db, now):
    """What failed last, or '' when that is long ago."""
    return db.setting(WHAT) if now.ms - db.number(AT) < SHOWN_MS else ""


class Lasting:
    """Since when which event fails, as this process saw it; from LASTS_MS on people are told of any."""

    def __init__(self):
        self._since = {}  # (gateway, id) -> steady ms

    def worked(self, key):
        self._since.pop(key, None)

    def failed(self, now_ms, key):
        """Whether it has failed for so long by now that people are told."""
        if key not in self._since and len(self._since) >= LASTING_MAX:
            self._since.pop(next(iter(self._since)))
        return now_ms - self._since.setdefault(key, now_ms) >= LASTS_MS
