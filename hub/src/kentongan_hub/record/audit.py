"""Who did what, when, from where: a chain of rows that the database refuses to change or delete."""

import logging
import re

from kentongan_hub.record import chain

log = logging.getLogger("kentongan.hub")
FIELD_LIMIT = 300  # characters kept of any text that came from outside
# control characters, line ends of Unicode, what turns the writing direction round, halves of pairs
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def clean(text):
    """One printable line of bounded length: no text from outside forges a second log line."""
    return _CONTROL.sub(" ", str(text))[:FIELD_LIMIT]


def record(db, wall_ms, who, what, subject="", detail="", address=""):
    chain.append(
        db,
        "audit",
        at_wall=wall_ms,
        who=clean(who),
        address=clean(address),
        what=clean(what),
        subject=clean(subject),
        detail=clean(detail),
    )
    log.info("%s: %s %s %s", clean(who), clean(what), clean(subject), clean(detail))


def note(step, identity, detail=""):
    """One step of an alarm's walk, under one identity in every part's log: 'answered tombol-07 #1234'."""
    log.info("%s %s %s", step, clean(identity), clean(detail))
