"""What this program itself failed at: kept, so that a person is told and not only the log.

What failed of a confidential incident is told to its circle alone, on its timeline: a warning that appears
with the press would tell the presser's own house of it. What lasts is told in words that name no press.
"""

import json
import logging
from contextlib import contextmanager
from contextvars import ContextVar

from kentongan_hub import rows, store

log = logging.getLogger("kentongan.hub")

SHOWN_MS = 1_800_000  # a warning stays for so long after the last failure
WHAT, AT = "failure_what", "failure_ms"
LASTS_MS = 600_000  # then a failure is told, whatever it is about
LASTING_MAX = 1_000  # remembered at once
UNSTORED = "unstored_since"  # setting: {gateway and id of an event: steady ms of its first failure}
LATE_WHAT, LATE_AT = "failure_late_what", "failure_late_ms"
# about a confidential press, told to its circle; perhaps about one, and no circle is known to tell
SECRET, UNKNOWN = "secret", "unknown"
_hushed = ContextVar("hushed", default="")


@contextmanager
def about(confidential):
    """Of what fails within, nobody outside a confidential incident is told; of UNKNOWN, everybody later."""
    inner = confidential if confidential == UNKNOWN else SECRET if confidential else ""
    before = _hushed.set(SECRET if SECRET in (inner, _hushed.get()) else inner or _hushed.get())
    try:
        yield
    finally:
        _hushed.reset(before)


def note(db, now, what, always=False):
    """`what` in words for people; inside a transaction that the failing part did not spoil.

    `always`: although it is about a confidential incident, for else nobody at all would hear of it.
    """
    if _hushed.get() and not always:
        told = not db.setting(LATE_WHAT) or now.ms - db.number(LATE_AT) >= LASTS_MS + SHOWN_MS
        if _hushed.get() == UNKNOWN and told:
            db.set_setting(LATE_WHAT, what[:80])
            db.set_setting(LATE_AT, now.ms)
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
    if db.setting(WHAT) and now.ms - db.number(AT) < SHOWN_MS:
        return db.setting(WHAT)
    late = db.setting(LATE_WHAT) and LASTS_MS <= now.ms - db.number(LATE_AT) < LASTS_MS + SHOWN_MS
    return db.setting(LATE_WHAT) if late else ""


def worked(db, key):
    """This event is stored: what was noted of its failures goes."""
    since = _unstored(db)
    if since.pop(key, None) is not None:
        db.set_setting(UNSTORED, json.dumps(since))


def failed(db, now, key):
    """Whether this event has failed for so long by now that people are told.

    On disk: a hub that starts again every few minutes would never tell.
    """
    since = _unstored(db)
    if key not in since:
        if len(since) >= LASTING_MAX:
            since.pop(next(iter(since)))
        since[key] = now.ms
        db.set_setting(UNSTORED, json.dumps(since))
    return now.ms - since[key] >= LASTS_MS


def _unstored(db):
    found = store.parsed(db.setting(UNSTORED))
    return {key: at for key, at in found.items() if isinstance(at, int)}
