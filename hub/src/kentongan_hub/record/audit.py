"""Who did what, when, from where: a chain of rows that the database refuses to change or delete."""

import logging

from kentongan_hub.base.said import FIELD_LIMIT, Actor, Said, clean, pack
from kentongan_hub.record import chain

__all__ = ["FIELD_LIMIT", "clean", "columns", "note", "record"]
log = logging.getLogger("kentongan.hub")


def record(db, wall_ms, who, what, subject="", detail="", address="", said=None):
    """`what`: a code. `who`: a name or an Actor. `subject` and `detail`: what people typed or called it, or a
    Said; `said`: what we say beside a detail that people typed."""
    about = subject if isinstance(subject, Said) else None
    row = columns(who, what, detail, address, said)
    subject = "" if about else clean(subject)
    chain.append(db, "audit", at_wall=wall_ms, subject=subject, about=pack(about), **row)
    log.info("%s: %s %s %s", clean(who), what, subject or pack(about),
             " ".join(filter(None, (row["said"], row["detail"]))))  # fmt: skip


def columns(who, what, detail="", address="", said=None):
    """The columns that timeline and record share."""
    if isinstance(detail, Said | list):
        detail, said = "", detail
    machine = isinstance(who, Actor)
    return {
        "actor": who.code if machine else "",
        "who": clean(who.name if machine else who),
        "address": clean(address),
        "what": what,
        "said": pack(said),
        "detail": clean(detail),
    }


def note(step, identity, detail=""):
    """One step of an alarm's walk, under one identity in every part's log: 'answered tombol-07 #1234'."""
    log.info("%s %s %s", step, clean(identity), clean(detail))
