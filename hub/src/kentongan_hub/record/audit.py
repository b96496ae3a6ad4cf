"""Audit log of actions with person, time and address: a chain that the database refuses to change."""

import logging

from kentongan_hub.base.said import FIELD_LIMIT, Actor, Part, Said, Who, clean, pack
from kentongan_hub.record import chain
from kentongan_hub.storage.store import Db

__all__ = ["FIELD_LIMIT", "clean", "columns", "note", "record"]
log = logging.getLogger("kentongan.hub")


def record(
    db: Db,
    wall_ms: int,
    who: Who,
    what: str,
    subject: str | Said = "",
    detail: Part = "",
    address: str = "",
    said: Part = None,
) -> None:
    """`what`: a code. `who`: a name or an Actor. `subject` and `detail`: what people typed or called it, or a
    Said; `said`: what we say beside a detail that people typed."""
    about = subject if isinstance(subject, Said) else None
    row = columns(who, what, detail, address, said)
    subject = "" if about else clean(subject)
    chain.append(db, "audit", at_wall=wall_ms, subject=subject, about=pack(about), **row)
    log.info("%s: %s %s %s", clean(who), what, subject or pack(about),
             " ".join(filter(None, (row["said"], row["detail"]))))  # fmt: skip


def columns(who: Who, what: str, detail: Part = "", address: str = "", said: Part = None) -> dict[str, str]:
    """Return the columns that timeline and record share."""
    if isinstance(detail, Said | list):
        detail, said = "", detail
    return {
        "actor": who.code if isinstance(who, Actor) else "",
        "who": clean(who.name if isinstance(who, Actor) else who),
        "address": clean(address),
        "what": what,
        "said": pack(said),
        "detail": clean(detail),
    }


def note(step: str, identity: object, detail: object = "") -> None:
    """One step of an alarm's walk, under one identity in every part's log: 'answered tombol-07 #1234'."""
    log.info("%s %s %s", step, clean(identity), clean(detail))
