"""Failures of this program itself: kept, so that a person is told and not only the log.

A failure within a confidential incident is told to its circle alone, on its timeline: a warning that appears
with the press would tell the presser's own house of it. What lasts is told in words that name no press.
"""

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from kentongan_hub.base import codes
from kentongan_hub.base.clock import Now
from kentongan_hub.base.said import Part, Said, either
from kentongan_hub.record import rows
from kentongan_hub.storage import store
from kentongan_hub.storage.store import Db

log = logging.getLogger("kentongan.hub")

SHOWN_MS = 1_800_000  # a warning stays for so long after the last failure
LASTS_MS = 600_000  # then a failure is told, whatever it is about
AT = "failure_ms"  # setting: steady ms of the last one that was told at once
NOTED = "failures"  # setting: {packed what: steady ms of its last time}, told at once
LATE = "failures_late"  # setting: {event or part: [packed what, ms of its first and last time]}, told later
KEPT_MAX = 20  # things told at once, and late ones of the same `what`: the oldest; the rest shares one word
NAMED_MAX = 5  # in a warning; the rest is counted
OTHERS = str(Said(codes.OTHER_PARTS))
# about a confidential press, told to its circle; perhaps about one, and no circle is known to tell
SECRET, UNKNOWN = "secret", "unknown"
T = TypeVar("T")
_hushed = ContextVar("hushed", default="")


@contextmanager
def about(confidential: object) -> Iterator[None]:
    """Tell failures within to nobody outside a confidential incident; those of UNKNOWN to all, later."""
    inner = confidential if confidential == UNKNOWN else SECRET if confidential else ""
    before = _hushed.set(SECRET if SECRET in (inner, _hushed.get()) else inner or _hushed.get())
    try:
        yield
    finally:
        _hushed.reset(before)


def note(db: Db, now: Now, what: str | Said, always: bool = False, key: str = "") -> None:
    """`what`: a code, or a Said; inside a transaction that the failing part did not spoil.

    `always`: although it is about a confidential incident, for else nobody at all would hear of it.
    `key`: what is tried again under this name; where it is hushed it is told if it still fails by then.
    """
    what = str(what if isinstance(what, Said) else Said(what))
    if _hushed.get() and not always:
        if key or _hushed.get() == UNKNOWN:
            _remember(db, now, what, key or what)
        return
    noted = _noted(db, now)
    noted[what if what in noted or len(noted) < KEPT_MAX else OTHERS] = now.ms
    db.set_setting(NOTED, json.dumps(noted))
    db.set_setting(AT, now.ms)


def _remember(db: Db, now: Now, what: str, key: str) -> None:
    """On disk: a hub that starts again every few minutes would never tell."""
    late = _late(db, now)
    if key not in late and sum(one[0] == what for one in late.values()) >= KEPT_MAX:
        return  # in the place of an older one it would begin its ten minutes anew, and none would end them
    late[key] = [what, late[key][1] if key in late else now.ms, now.ms]
    db.set_setting(LATE, json.dumps(late))


def contained(
    db: Db, now: Now, what: str | Said, deed: Callable[..., T], *args: Any, key: str = ""
) -> T | None:
    """Run deed(*args) in a part of its own: it stands or falls by itself, and a person is told.

    Where it fails, values that cannot be are put right first, and it has another try. None when it failed
    again. Only what the disk says goes on to the caller: then the transaction itself is at stake.
    """
    for last in (False, True):
        try:
            with db.part():
                done = deed(*args)
                if key:
                    _worked(db, now, key)
                return done
        except Exception as error:
            if not db.connection.in_transaction or store.is_of_disk(error):
                raise
            if last or not rows.mend(db, now):
                log.exception("%s failed; the rest goes on", what)
                note(db, now, what, key=key)
                return None
    return None


def recent(db: Db, now: Now) -> Said | None:
    """Tell what failed lately and what has failed for long, the oldest first; None when nothing did."""
    lasting = Counter(what for what, first, _ in _late(db, now).values() if now.ms - first >= LASTS_MS)
    told = [either(what) for what in _noted(db, now)]
    for what, count in lasting.items():
        often = Said(codes.TIMES, what=either(what), count=KEPT_MAX)
        told.append(often if count >= KEPT_MAX else either(what))
    told = list(dict.fromkeys(told))
    rest: list[Part] = [Said(codes.AND_MORE, more=len(told) - NAMED_MAX)] if len(told) > NAMED_MAX else []
    return Said(codes.SEVERAL, things=told[:NAMED_MAX] + rest) if told else None


def _worked(db: Db, now: Now, key: str) -> None:
    """Forget a failure whose work succeeded when tried again: nobody is told of it."""
    late = _late(db, now)
    if late.pop(key, None):
        db.set_setting(LATE, json.dumps(late))


def _noted(db: Db, now: Now) -> dict[str, int]:
    found = store.parsed(db.setting(NOTED))
    return {what: at for what, at in found.items() if isinstance(at, int) and now.ms - at < SHOWN_MS}


def _late(db: Db, now: Now) -> dict[str, list]:
    """Without those that nobody tried for long: the gateway has given them up."""
    whole = {key: one for key, one in store.parsed(db.setting(LATE)).items() if _is_whole(one)}
    return {key: one for key, one in whole.items() if now.ms - one[2] < LASTS_MS + SHOWN_MS}


def _is_whole(one: object) -> bool:
    return isinstance(one, list) and [type(value) for value in one] == [str, int, int]
